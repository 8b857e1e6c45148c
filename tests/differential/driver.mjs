// Asks @cloud-copilot/iam-simulate what it makes of requests, for tests/it/differential. See README.md beside this.
//
//   node driver.mjs DIRECTORY      the directory in which the package is installed
//
// A line in, a line out:
//   {"kind": "scp" | "rcp", "document": {…}, "requests": [{"principal", "action", "resource", "account", "context"}]}
//   ["allowed" | "denied" | "ungranted" | "error: …", …]
//
// An SCP that allows something is the only one there is; every other policy is beside one that allows everything.
// `ungranted`: the services of some resources want a policy of their own before they allow anything.
import path from 'node:path'
import readline from 'node:readline'
import { createRequire } from 'node:module'

const require = createRequire(path.resolve(process.argv[2], 'package.json'))
const { runUnsafeSimulation } = require('@cloud-copilot/iam-simulate')

const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
const everyone = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] }

const level = (...policies) => [
  { orgIdentifier: 'r-root', policies: policies.map((policy, at) => ({ name: `policy-${at}`, policy })) },
]
const allows = (document) => [document.Statement].flat().some((statement) => statement.Effect === 'Allow')

function result(scps, rcps, { principal, action, resource, account, context }) {
  const simulation = {
    request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
    identityPolicies: [{ name: 'identity', policy: everything }],
    serviceControlPolicies: scps,
    resourceControlPolicies: rcps,
  }
  return runUnsafeSimulation(simulation, {})
}

function ask(kind, document, request) {
  const scps = kind === 'rcp' ? level(everything) : allows(document) ? level(document) : level(everything, document)
  const rcps = kind === 'rcp' ? level(everyone, document) : level(everyone)
  try {
    switch (result(scps, rcps, request)) {
      case 'Allowed':
        return 'allowed'
      case 'ExplicitlyDenied':
        return 'denied'
      default:
        return result(level(everything), level(everyone), request) === 'Allowed' ? 'denied' : 'ungranted'
    }
  } catch (error) {
    return `error: ${error.message}`
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { kind, document, requests } = JSON.parse(line)
  console.log(JSON.stringify(requests.map((request) => ask(kind, document, request))))
}
