//! What a change does to users, password policies, SAML providers, event rules and keys, field by field.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::render::diff::{Line, LineKind};
use crate::cli::render::object_diff::{field, line, policy_lines};
use crate::org::{
    EventRuleState, EventTarget, KmsKeyState, ObjectState, PasswordPolicyState, SamlProviderState,
    UserState,
};
use crate::plan::ObjectChange;

/// The lines of a change of one of these; nothing for another kind.
pub(super) fn lines(change: &ObjectChange) -> Option<Vec<Line>> {
    macro_rules! both {
        ($kind:ident, $lines:path) => {{
            let of = |state: &Option<ObjectState>| match state {
                Some(ObjectState::$kind(state)) => Some(state.clone()),
                Some(_) | None => None,
            };
            Some($lines(of(&change.before).as_ref(), of(&change.after).as_ref()))
        }};
    }
    match change.after.as_ref().or(change.before.as_ref()) {
        Some(ObjectState::User(_)) => both!(User, user_lines),
        Some(ObjectState::PasswordPolicy(_)) => both!(PasswordPolicy, password_policy_lines),
        Some(ObjectState::SamlProvider(_)) => both!(SamlProvider, saml_provider_lines),
        Some(ObjectState::EventRule(_)) => both!(EventRule, event_rule_lines),
        Some(ObjectState::KmsKey(_)) => both!(KmsKey, kms_key_lines),
        Some(_) | None => None,
    }
}

fn user_lines(before: Option<&UserState>, after: Option<&UserState>) -> Vec<Line> {
    let boundary = |user: &UserState| user.boundary.clone().unwrap_or_default();
    let mut lines = field("permissions boundary", (before.map(boundary), after.map(boundary)));
    let keys = |user: Option<&UserState>| -> BTreeSet<String> {
        let keys = user.into_iter().flat_map(|user| &user.keys);
        keys.map(|(id, is_active)| activity(*is_active, &format!("access key {id}"))).collect()
    };
    lines.extend(set_lines(&keys(before), &keys(after)));
    let credentials = |user: Option<&UserState>| -> BTreeSet<String> {
        let credentials = user.into_iter().flat_map(|user| &user.credentials);
        credentials.map(|(it, is_active)| activity(*is_active, &it.to_string())).collect()
    };
    lines.extend(set_lines(&credentials(before), &credentials(after)));
    let rights = |user: Option<&UserState>| -> BTreeSet<String> {
        let groups = user.into_iter().flat_map(|user| &user.groups);
        let policies = user.into_iter().flat_map(|user| &user.attached);
        let groups = groups.map(|group| format!("group {group}"));
        groups.chain(policies.map(|policy| format!("managed policy {policy}"))).collect()
    };
    lines.extend(set_lines(&rights(before), &rights(after)));
    let inline = |user: Option<&UserState>| -> BTreeMap<String, String> {
        user.map(|user| user.inline.clone()).unwrap_or_default()
    };
    let (old, new) = (inline(before), inline(after));
    for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let title = format!("inline policy {name}");
        lines.extend(policy_lines(&title, old.get(name), new.get(name)));
    }
    lines
}

fn activity(is_active: bool, what: &str) -> String {
    format!("{} {what}", if is_active { "active" } else { "inactive" })
}

fn password_policy_lines(
    before: Option<&PasswordPolicyState>,
    after: Option<&PasswordPolicyState>,
) -> Vec<Line> {
    let said = |policy: Option<&PasswordPolicyState>| -> BTreeSet<String> {
        let Some(policy) = policy else { return BTreeSet::new() };
        let PasswordPolicyState {
            length_min,
            needs_symbol,
            needs_number,
            needs_uppercase,
            needs_lowercase,
            users_may_change,
            age_days_max,
            reuse_prevented,
            locks_out_expired,
        } = policy;
        let flags = [
            (*needs_symbol, "a symbol is needed"),
            (*needs_number, "a digit is needed"),
            (*needs_uppercase, "a capital letter is needed"),
            (*needs_lowercase, "a small letter is needed"),
            (*users_may_change, "users may change their own"),
            (*locks_out_expired, "whoever lets it expire is locked out"),
        ];
        let flags = flags.into_iter().filter(|(is_set, _)| *is_set);
        let mut said: BTreeSet<String> = flags.map(|(_, words)| words.to_owned()).collect();
        said.insert(format!("at least {length_min} characters"));
        said.extend(age_days_max.map(|days| format!("expires after {days} days")));
        said.insert(format!("differs from the last {reuse_prevented}"));
        said
    };
    set_lines(&said(before), &said(after))
}

fn kms_key_lines(before: Option<&KmsKeyState>, after: Option<&KmsKeyState>) -> Vec<Line> {
    let status = |key: &KmsKeyState| key.status.to_string();
    let mut lines = field("state", (before.map(status), after.map(status)));
    let (old, new) = (before.map(|key| &key.policy), after.map(|key| &key.policy));
    lines.extend(policy_lines("key policy", old, new));
    lines
}

/// The metadata is a file in git and kilobytes of certificates here: that it differs is all there is to show.
fn saml_provider_lines(
    before: Option<&SamlProviderState>,
    after: Option<&SamlProviderState>,
) -> Vec<Line> {
    let size =
        |provider: &SamlProviderState| format!("{} characters", provider.metadata.chars().count());
    let (old, new) = (before.map(size), after.map(size));
    let same_size = old == new && before.map(|it| &it.metadata) != after.map(|it| &it.metadata);
    if same_size {
        let kind = LineKind::Changed;
        return vec![line(kind, &format!("metadata: other {}", new.unwrap_or_default()))];
    }
    field("metadata", (old, new))
}

fn event_rule_lines(before: Option<&EventRuleState>, after: Option<&EventRuleState>) -> Vec<Line> {
    let text = |of: fn(&EventRuleState) -> String| (before.map(of), after.map(of));
    let mut lines = field("state", text(|rule| rule.state.clone()));
    lines.extend(field("pattern", text(|rule| rule.pattern.clone())));
    let targets = |rule: Option<&EventRuleState>| -> BTreeSet<String> {
        let targets = rule.into_iter().flat_map(|rule| &rule.targets);
        let say = |(id, target): (&String, &EventTarget)| {
            let EventTarget { arn, role, is_rewritten } = target;
            let role = role.as_ref().map(|role| format!(" with {role}")).unwrap_or_default();
            let rewritten = if *is_rewritten { ", which is told something else" } else { "" };
            format!("target {id}: {arn}{role}{rewritten}")
        };
        targets.map(say).collect()
    };
    lines.extend(set_lines(&targets(before), &targets(after)));
    lines
}

fn set_lines(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Vec<Line> {
    let removed = before.difference(after).map(|text| line(LineKind::Removed, text));
    removed.chain(after.difference(before).map(|text| line(LineKind::Added, text))).collect()
}
