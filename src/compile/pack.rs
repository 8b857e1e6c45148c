//! Policies that several guardrails share, and which statement is whose.

use std::collections::BTreeSet;

use crate::compile::{Member, PolicyKey, PolicyResource, origins};
use crate::desired::{DesiredOrg, DesiredPolicy, Pack};
use crate::org::{DESCRIPTION_CHARACTERS_MAX, DocumentRef, Mark, Members};
use crate::policy;

/// The policy that the members of `pack` share.
pub(super) fn compile_pack(
    desired: &DesiredOrg,
    policies: &[&DesiredPolicy],
    pack: &Pack,
) -> (PolicyKey, PolicyResource) {
    let language = pack.policy_type.facts().language;
    let packed: Vec<&DesiredPolicy> = pack.members.iter().map(|at| policies[*at]).collect();
    let documents: Vec<serde_json::Value> = packed.iter().map(|policy| policy.document()).collect();
    let members: Vec<Member> = packed
        .iter()
        .zip(&documents)
        .map(|(policy, document)| Member {
            document: policy.header.document.clone(),
            policy_name: policy.policy_name.clone(),
            canonical: policy::canonical(language, document),
            characters: policy::minify(document).chars().count(),
        })
        .collect();
    let joined = policy::join(&documents);
    let document =
        DocumentRef { kind: pack.policy_type.facts().kind.to_owned(), name: pack.name.clone() };
    let mark =
        Mark { owner: desired.installation().to_owned(), document: document.clone(), prune: true };
    let resource = PolicyResource {
        document,
        description: describe(&mark, members.iter().map(|member| &member.document)),
        mark,
        content: policy::minify(&joined),
        canonical: policy::canonical(language, &joined),
        targets: pack.targets.clone(),
        source: packed
            .first()
            .map_or_else(|| desired.header.source.clone(), |one| one.content_source.clone()),
        statements: packed.iter().flat_map(|policy| origins(policy)).collect(),
        members,
    };
    let key = PolicyKey { policy_type: pack.policy_type.clone(), name: pack.name.clone() };
    (key, resource)
}

/// The description of a shared policy: as many names as there is room for, all members, the mark.
pub fn describe<'a>(mark: &Mark, documents: impl IntoIterator<Item = &'a DocumentRef>) -> String {
    let documents: BTreeSet<&DocumentRef> = documents.into_iter().collect();
    let members = Members::of(documents.iter().copied());
    let names: Vec<&str> = documents.iter().map(|document| document.name.as_str()).collect();
    let written = |shown: usize| {
        let rest = names.len() - shown;
        let list = names[..shown].join(", ");
        let text = match (shown, rest) {
            (_, 0) => format!("Shared by {list}."),
            (0, _) => format!("Shared by {rest} guardrails."),
            (_, _) => format!("Shared by {list} and {rest} more."),
        };
        mark.describe(&members.describe(&text))
    };
    let fits = |text: &String| text.chars().count() <= DESCRIPTION_CHARACTERS_MAX;
    (1..=names.len()).rev().map(written).find(fits).unwrap_or_else(|| written(0))
}
