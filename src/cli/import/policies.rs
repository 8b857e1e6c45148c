//! One document a policy, with what it says in a JSON file beside it.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::import::names::unique_names;
use crate::cli::import::yaml::{quoted, scalar};
use crate::cli::import::{Imported, Names};
use crate::org::{
    Mark, ObservedPolicy, OrgSnapshot, ParentId, Part, PolicyId, PolicyType, PolicyTypeFacts,
    TargetId,
};

/// How Control Tower calls the policies it manages; they are its own affair.
const CONTROL_TOWER_PREFIX: &str = "aws-guardrails-";

/// A policy that can be written.
struct Writable<'a> {
    policy: &'a ObservedPolicy,
    mark: Option<Mark>,
    description: &'a str,
    document: serde_json::Value,
    targets: BTreeSet<String>,
}

/// Adds the documents of every policy of every type.
pub(super) fn add(names: &Names, snapshot: &OrgSnapshot, imported: &mut Imported) {
    for (policy_type, part) in &snapshot.policies {
        match part {
            Part::Known(policies) if names.policy_types.contains(policy_type) => {
                add_type(names, policy_type, policies, imported);
            }
            Part::Known(policies) => imported.left_out.extend(
                policies
                    .values()
                    .filter(|policy| !policy.aws_managed)
                    .map(|policy| left_out(policy_type, policy, "the policy type is not enabled")),
            ),
            Part::Unknown(why) => {
                imported.left_out.push(format!("policies of type {policy_type}: {why}"));
            }
        }
    }
}

fn add_type(
    names: &Names,
    policy_type: &PolicyType,
    policies: &BTreeMap<PolicyId, ObservedPolicy>,
    imported: &mut Imported,
) {
    let mut writable = BTreeMap::new();
    for (id, policy) in policies {
        match read(names, policy) {
            Ok(policy) => {
                writable.insert(id, policy);
            }
            Err(why) => imported.left_out.push(left_out(policy_type, policy, &why)),
        }
    }
    let facts = policy_type.facts();
    let document_names = document_names(&writable, &facts);
    let folder =
        format!("policies/{}", policy_type.as_str().to_ascii_lowercase().replace('_', "-"));
    for (id, policy) in &writable {
        let name = &document_names[id];
        let file = format!("{folder}/{name}");
        imported.files.insert(format!("{file}.yaml"), yaml(policy_type, &facts, name, policy));
        imported.files.insert(format!("{file}.json"), format!("{:#}\n", policy.document));
    }
}

/// A name for each policy's document. The one in a mark is kept to the letter: metrics and alerts know
/// it, and nobody who calls a policy the same in AWS may take it away.
fn document_names<'a>(
    writable: &BTreeMap<&'a PolicyId, Writable<'_>>,
    facts: &PolicyTypeFacts,
) -> BTreeMap<&'a PolicyId, String> {
    let mut names = BTreeMap::new();
    let mut reserved = BTreeSet::new();
    let mut others = BTreeMap::new();
    for (id, policy) in writable {
        match &policy.mark {
            // The mark on a copy of a policy names a document that has its policy already.
            Some(mark)
                if mark.document.kind == facts.kind
                    && reserved.insert(mark.document.name.clone()) =>
            {
                names.insert(*id, mark.document.name.clone());
            }
            Some(_) | None => {
                others.insert(*id, (policy.policy.name.clone(), id.as_str().to_owned()));
            }
        }
    }
    names.extend(unique_names(&others, "policy", &reserved));
    names
}

/// What there is to write, or why it is left out.
fn read<'a>(names: &Names, policy: &'a ObservedPolicy) -> Result<Writable<'a>, String> {
    if policy.aws_managed {
        return Err("AWS manages it".to_owned());
    }
    if policy.name.starts_with(CONTROL_TOWER_PREFIX) {
        return Err("Control Tower manages it".to_owned());
    }
    let (description, mark) = Mark::read_description(&policy.description);
    if let Some(mark) = mark.as_ref().filter(|mark| mark.owner != names.installation) {
        return Err(format!("the palisade called {} owns it", quoted(&mark.owner)));
    }
    let content = known(&policy.document)?;
    let document: serde_json::Value =
        serde_json::from_str(content).map_err(|error| format!("it is not JSON: {error}"))?;
    if !document.is_object() {
        return Err("it is not a JSON object".to_owned());
    }
    let targets = known(&policy.targets)?.iter().map(|target| write_target(names, target));
    let targets = targets.collect::<Result<_, _>>()?;
    Ok(Writable { policy, mark, description, document, targets })
}

fn known<T>(part: &Part<T>) -> Result<&T, String> {
    match part {
        Part::Known(value) => Ok(value),
        Part::Unknown(why) => Err(why.to_string()),
    }
}

fn write_target(names: &Names, target: &TargetId) -> Result<String, String> {
    let unit = |id: ParentId| names.units.get(&id).map(ToString::to_string);
    let written = match target {
        TargetId::Root(id) => unit(ParentId::Root(id.clone())),
        TargetId::Ou(id) => unit(ParentId::Ou(id.clone())),
        TargetId::Account(id) => names.accounts.get(id).map(|name| format!("account:{name}")),
    };
    written.ok_or_else(|| format!("its target {target} cannot be written in desired state"))
}

fn left_out(policy_type: &PolicyType, policy: &ObservedPolicy, why: &str) -> String {
    format!("{policy_type} {} ({}): {why}", policy.id, quoted(&policy.name))
}

fn yaml(
    policy_type: &PolicyType,
    facts: &PolicyTypeFacts,
    name: &str,
    policy: &Writable<'_>,
) -> String {
    let mut lines = vec![
        "apiVersion: palisade/v1".to_owned(),
        format!("kind: {}", facts.kind),
        format!("metadata: {{name: {}}}", scalar(name)),
        "spec:".to_owned(),
    ];
    if facts.name.is_empty() {
        lines.push(format!("  type: {policy_type}"));
    }
    if policy.policy.name != name {
        lines.push(format!("  policyName: {}", scalar(&policy.policy.name)));
    }
    if !policy.description.is_empty() {
        lines.push(format!("  description: {}", scalar(policy.description)));
    }
    if policy.targets.is_empty() {
        // Desired state that is enforced has to be in force somewhere.
        lines.push("  mode: observe  # it is attached to nothing".to_owned());
        lines.push("  targets: []".to_owned());
    } else {
        lines.push("  targets:".to_owned());
        lines.extend(policy.targets.iter().map(|target| format!("    - {}", scalar(target))));
    }
    if policy.mark.as_ref().is_some_and(|mark| !mark.prune) {
        lines.push("  prune: false".to_owned());
    }
    lines.push(format!("  documentFile: ./{name}.json"));
    lines.push(String::new());
    lines.join("\n")
}
