//! What a change does to a policy that guardrails share: guardrail by guardrail.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cli::render::diff::{Extent, Line, LineKind, excerpt, lines, lines_of};
use crate::cli::render::paint::inert;
use crate::compile::{PolicyResource, Resources};
use crate::org::{DocumentRef, PolicyType};
use crate::plan::{Change, PolicyText};
use crate::policy;

/// Guardrails that are named where a shared policy is mentioned.
const NAMED_MAX: usize = 8;

/// What a guardrail says in the policy before the change and after it.
#[derive(Default)]
struct Part<'a> {
    before: Vec<&'a Value>,
    after: Vec<&'a Value>,
}

/// The policy that several guardrails share under the name of `document`, if it is one.
pub(crate) fn shared<'a>(
    document: &DocumentRef,
    resources: &'a Resources,
) -> Option<&'a PolicyResource> {
    let mut all = resources.policies.values();
    all.find(|policy| policy.document == *document && !policy.members.is_empty())
}

/// Who shares the policy, in words.
pub(crate) fn shared_by(policy: &PolicyResource) -> String {
    let names: Vec<&str> =
        policy.members.iter().take(NAMED_MAX).map(|one| one.document.name.as_str()).collect();
    let more = match policy.members.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("one policy for {} guardrails: {}{more}", policy.members.len(), names.join(", "))
}

/// What `change`, of `document`, does to a policy; of a shared policy to each of its guardrails.
pub(crate) fn lines_by_guardrail(
    document: &DocumentRef,
    change: &Change,
    resources: &Resources,
    extent: Extent,
) -> Vec<Line> {
    let by_guardrail = || match extent {
        Extent::Whole => None,
        Extent::Excerpt => told(change, shared(document, resources)?, resources),
    };
    by_guardrail().unwrap_or_else(|| lines(change, extent))
}

fn told(change: &Change, shared: &PolicyResource, resources: &Resources) -> Option<Vec<Line>> {
    let (policy_type, before, after) = sides(change)?;
    let empty = || json!({"Version": "2012-10-17", "Statement": []});
    let parse = |text: &PolicyText| serde_json::from_str::<Value>(&text.content).ok();
    let before = before.map_or_else(|| Some(empty()), parse)?;
    let after = parse(after)?;
    let mut told = Vec::new();
    for (guardrail, part) in parts(policy_type, &before, &after, shared) {
        let document =
            |statements: &[&Value]| json!({"Version": "2012-10-17", "Statement": statements});
        let language = policy_type.facts().language;
        let changes = policy::diff(language, &document(&part.before), &document(&part.after));
        if changes.is_empty() {
            continue;
        }
        let kind = match (part.before.is_empty(), part.after.is_empty()) {
            (true, _) => LineKind::Added,
            (false, true) => LineKind::Removed,
            (false, false) => LineKind::Changed,
        };
        let text = guardrail.map_or_else(
            || "said by none of its guardrails".to_owned(),
            |guardrail| match resources.documents.get(guardrail) {
                Some(document) => format!("{} ({})", guardrail.name, document.source),
                None => guardrail.name.clone(),
            },
        );
        told.push(Line { kind, text: inert(&text) });
        told.extend(
            changes
                .iter()
                .flat_map(lines_of)
                .map(|line| Line { text: format!("  {}", line.text), ..line }),
        );
    }
    Some(if matches!(change, Change::CreatePolicy { .. }) { excerpt(told) } else { told })
}

fn sides(change: &Change) -> Option<(&PolicyType, Option<&PolicyText>, &PolicyText)> {
    if let Change::CreatePolicy { policy_type, policy, .. } = change {
        return Some((policy_type, None, policy));
    }
    if let Change::UpdatePolicy { policy_type, before, after, .. } = change {
        return Some((policy_type, Some(before), after));
    }
    None
}

/// The statements by the guardrail they belong to: those after the change by their place, those before
/// it by what they say or, edited, by their Sid.
fn parts<'a>(
    policy_type: &PolicyType,
    before: &'a Value,
    after: &'a Value,
    shared: &'a PolicyResource,
) -> BTreeMap<Option<&'a DocumentRef>, Part<'a>> {
    let meaning = |statement: &Value| {
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        policy::canonical(policy_type.facts().language, &document)
    };
    let mut parts: BTreeMap<Option<&DocumentRef>, Part<'_>> = BTreeMap::new();
    let mut owners = Vec::new();
    for (index, statement) in statements(after).iter().enumerate() {
        let owner = shared.statements.get(index).map(|origin| &origin.document);
        parts.entry(owner).or_default().after.push(statement);
        owners.push((meaning(statement), statement.get("Sid"), owner));
    }
    for statement in statements(before) {
        let (said, name) = (meaning(statement), statement.get("Sid"));
        let same = owners.iter().find(|(meaning, ..)| *meaning == said);
        let named = || owners.iter().find(|(_, other, _)| other.is_some() && *other == name);
        let owner = same.or_else(named).and_then(|(.., owner)| *owner);
        parts.entry(owner).or_default().before.push(statement);
    }
    parts
}

fn statements(document: &Value) -> &[Value] {
    let statement = &document["Statement"];
    statement.as_array().map_or(std::slice::from_ref(statement), Vec::as_slice)
}
