//! IAM roles, field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::org::{ObjectStep, RoleState, RoleStep};
use crate::plan::objects::marked::{is_same_description, tags_to_write};
use crate::policy;
use crate::policy::{Canonical, Language};

/// From `before` to `after`. What gives is taken away before anything is added, and who may assume the role
/// is settled first of all.
pub(super) fn steps(before: Option<&RoleState>, after: &RoleState) -> Vec<ObjectStep> {
    let Some(before) = before else { return create(after) };
    let mut steps = Vec::new();
    if meaning(&before.trust) != meaning(&after.trust) {
        steps.push(RoleStep::UpdateTrust { trust: after.trust.clone() });
    }
    for policy in before.attached.difference(&after.attached) {
        steps.push(RoleStep::Detach { policy: policy.clone() });
    }
    for name in before.inline.keys().filter(|name| !after.inline.contains_key(*name)) {
        steps.push(RoleStep::DeleteInline { name: name.clone() });
    }
    steps.extend(contents(before, after));
    if before.boundary.is_some() && after.boundary.is_none() {
        steps.push(RoleStep::DeleteBoundary);
    }
    if !is_same_description(&before.description, &after.description)
        || before.max_session_seconds != after.max_session_seconds
    {
        steps.push(RoleStep::Update {
            description: after.description.clone(),
            max_session_seconds: after.max_session_seconds,
        });
    }
    if let Some(tags) = tags_to_write(&before.tags, &after.tags, !steps.is_empty()) {
        steps.insert(0, RoleStep::Tag { tags });
    }
    steps.into_iter().map(ObjectStep::Role).collect()
}

fn create(role: &RoleState) -> Vec<ObjectStep> {
    let RoleState {
        path,
        description,
        max_session_seconds,
        trust,
        inline: _,
        attached: _,
        boundary: _,
        tags,
    } = role.clone();
    let empty = RoleState { inline: BTreeMap::new(), attached: BTreeSet::new(), ..role.clone() };
    let created = RoleStep::Create { path, description, max_session_seconds, trust, tags };
    std::iter::once(created).chain(contents(&empty, role)).map(ObjectStep::Role).collect()
}

/// What gives the role its rights.
fn contents(before: &RoleState, after: &RoleState) -> Vec<RoleStep> {
    let differs = |(name, document): &(&String, &String)| {
        before.inline.get(*name).is_none_or(|before| meaning(before) != meaning(document))
    };
    let inline = after.inline.iter().filter(differs).map(|(name, document)| RoleStep::PutInline {
        name: name.clone(),
        document: document.clone(),
    });
    let attached = after
        .attached
        .difference(&before.attached)
        .map(|policy| RoleStep::Attach { policy: policy.clone() });
    inline.chain(attached).collect()
}

/// AWS deletes no role that still has policies.
pub(super) fn remove(role: &RoleState) -> Vec<ObjectStep> {
    let detach = role.attached.iter().map(|policy| RoleStep::Detach { policy: policy.clone() });
    let delete = role.inline.keys().map(|name| RoleStep::DeleteInline { name: name.clone() });
    detach.chain(delete).chain(std::iter::once(RoleStep::Delete)).map(ObjectStep::Role).collect()
}

/// What a document says; a text that is no document only equals itself.
pub(super) fn meaning(text: &str) -> Result<Canonical, &str> {
    let document: Value = serde_json::from_str(text).map_err(|_| text)?;
    Ok(policy::canonical(Language::Iam, &document))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{remove, steps};
    use crate::org::RoleState;

    const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"sts:AssumeRole"}]}"#;
    const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}"#;

    fn role() -> RoleState {
        RoleState {
            path: "/".into(),
            description: "For emergencies. [palisade acme BreakGlassRole/emergency]".into(),
            max_session_seconds: 3600,
            trust: TRUST.into(),
            inline: [("playbook".to_owned(), OPEN.to_owned())].into(),
            attached: ["arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()].into(),
            boundary: None,
            tags: [("palisade:owner".to_owned(), "acme".to_owned())].into(),
        }
    }

    fn check(before: Option<&RoleState>, after: &RoleState, expect: &[&str]) {
        let found: Vec<String> = steps(before, after).iter().map(ToString::to_string).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn a_missing_role_is_created_and_then_filled() {
        let fill = [
            "create",
            "write inline policy playbook",
            "attach arn:aws:iam::aws:policy/ReadOnlyAccess",
        ];
        check(None, &role(), &fill);
    }

    #[test]
    fn a_role_that_is_right_needs_nothing_whatever_its_spelling() {
        let spaced = RoleState { trust: TRUST.replace(',', ", "), ..role() };
        let listed = RoleState {
            trust: TRUST.replace("\"sts:AssumeRole\"", "[\"sts:AssumeRole\"]"),
            ..role()
        };
        let elsewhere = RoleState { path: "/teams/".into(), ..role() };
        let mut tagged = role();
        tagged.tags.insert("team".into(), "red".into());
        let unmarked =
            RoleState { tags: BTreeMap::new(), description: "For emergencies.".into(), ..role() };
        for before in [role(), spaced, listed, elsewhere, tagged, unmarked] {
            check(Some(&before), &role(), &[]);
        }
    }

    #[test]
    fn who_may_assume_a_role_is_settled_before_what_it_gives() {
        let mut before = RoleState {
            trust: OPEN.into(),
            max_session_seconds: 43_200,
            boundary: Some("arn:aws:iam::aws:policy/Nothing".into()),
            tags: BTreeMap::new(),
            ..role()
        };
        before.inline = [("more".to_owned(), OPEN.to_owned())].into();
        before.attached = ["arn:aws:iam::aws:policy/PowerUserAccess".to_owned()].into();
        check(
            Some(&before),
            &role(),
            &[
                "tag",
                "write the trust policy",
                "detach arn:aws:iam::aws:policy/PowerUserAccess",
                "delete inline policy more",
                "write inline policy playbook",
                "attach arn:aws:iam::aws:policy/ReadOnlyAccess",
                "remove the permissions boundary",
                "write description and session length",
            ],
        );
    }

    #[test]
    fn a_role_is_emptied_before_it_is_deleted() {
        let found: Vec<String> = remove(&role()).iter().map(ToString::to_string).collect();
        let expect = [
            "detach arn:aws:iam::aws:policy/ReadOnlyAccess",
            "delete inline policy playbook",
            "delete",
        ];
        assert_eq!(found, expect);
    }
}
