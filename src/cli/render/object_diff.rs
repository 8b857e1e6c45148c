//! What a change does to an object in an account, field by field; policies in the terms of their language.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cli::render::bucket_diff::bucket_lines;
use crate::cli::render::diff::{Line, LineKind, emptied, lines_of};
use crate::cli::render::object_fields;
use crate::cli::render::paint::inert;
use crate::cli::render::stack_set_diff::stack_set_lines;
use crate::cli::render::trail_diff::trail_lines;
use crate::org::{Mark, ObjectState, RoleState};
use crate::plan::ObjectChange;
use crate::policy;
use crate::policy::Language;

/// The lines of a change.
pub(super) fn object_lines(change: &ObjectChange) -> Vec<Line> {
    match (&change.before, &change.after) {
        (Some(ObjectState::Role(before)), None) => role_lines(Some(before), None),
        (before, Some(ObjectState::Role(after))) => {
            role_lines(before.as_ref().and_then(ObjectState::as_role), Some(after))
        }
        (Some(ObjectState::Trail(before)), None) => trail_lines(Some(before), None),
        (before, Some(ObjectState::Trail(after))) => {
            trail_lines(before.as_ref().and_then(ObjectState::as_trail), Some(after))
        }
        (_, Some(ObjectState::StackSet(_))) | (Some(ObjectState::StackSet(_)), None) => {
            stack_set_lines(change)
        }
        (Some(ObjectState::Bucket(before)), None) => bucket_lines(Some(before), None),
        (before, Some(ObjectState::Bucket(after))) => {
            bucket_lines(before.as_ref().and_then(ObjectState::as_bucket), Some(after))
        }
        (before, after) => match object_fields::lines(change) {
            Some(lines) => lines,
            None => field("is", (short(before.as_ref()), short(after.as_ref()))),
        },
    }
}

fn role_lines(before: Option<&RoleState>, after: Option<&RoleState>) -> Vec<Line> {
    let text = |of: fn(&RoleState) -> String| (before.map(of), after.map(of));
    let description = |role: &RoleState| Mark::read_description(&role.description).0.to_owned();
    let session = |role: &RoleState| format!("{} seconds", role.max_session_seconds);
    let boundary = |role: &RoleState| role.boundary.clone().unwrap_or_default();
    let mut lines = field("description", text(description));
    lines.extend(field("longest session", text(session)));
    lines.extend(field("permissions boundary", text(boundary)));
    let trust = |role: &'_ RoleState| role.trust.clone();
    let (old, new) = (before.map(trust), after.map(trust));
    lines.extend(policy_lines("trust policy", old.as_ref(), new.as_ref()));
    let nothing = BTreeSet::new();
    let attached =
        |role: Option<&RoleState>| role.map_or(nothing.clone(), |role| role.attached.clone());
    let (old, new) = (attached(before), attached(after));
    for arn in old.symmetric_difference(&new) {
        let kind = if new.contains(arn) { LineKind::Added } else { LineKind::Removed };
        lines.push(line(kind, &format!("managed policy {arn}")));
    }
    let inline = |role: Option<&RoleState>| -> BTreeMap<String, String> {
        role.map(|role| role.inline.clone()).unwrap_or_default()
    };
    let (old, new) = (inline(before), inline(after));
    for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let title = format!("inline policy {name}");
        lines.extend(policy_lines(&title, old.get(name), new.get(name)));
    }
    lines
}

/// An object that is said in a word.
fn short(state: Option<&ObjectState>) -> Option<String> {
    match state? {
        ObjectState::Region(region) => Some(region.status.to_string()),
        // What is in a contact is private.
        ObjectState::AlternateContact(contact) => Some(format!("contact {contact}")),
        ObjectState::RootFeature(root) => Some(if root.enabled { "on" } else { "off" }.to_owned()),
        ObjectState::Role(_)
        | ObjectState::Trail(_)
        | ObjectState::StackSet(_)
        | ObjectState::User(_)
        | ObjectState::PasswordPolicy(_)
        | ObjectState::SamlProvider(_)
        | ObjectState::EventRule(_)
        | ObjectState::Bucket(_)
        | ObjectState::KmsKey(_)
        | ObjectState::RootCredentials(_) => None,
    }
}

/// A field that is one text; empty is the same as not there.
pub(super) fn field(name: &str, (before, after): (Option<String>, Option<String>)) -> Vec<Line> {
    if before == after {
        return Vec::new();
    }
    let shown = |kind, text: Option<String>| {
        let text = text.filter(|text| !text.is_empty())?;
        Some(line(kind, &format!("{name}: {text}")))
    };
    let lines = [shown(LineKind::Removed, before), shown(LineKind::Added, after)];
    lines.into_iter().flatten().collect()
}

/// What is in one of two sets and not in the other, a line each.
pub(super) fn members<S>(
    name: &str,
    before: Option<&S>,
    after: Option<&S>,
    of: impl Fn(&S) -> BTreeSet<String>,
) -> Vec<Line> {
    let [old, new] = [before, after].map(|state| state.map(&of).unwrap_or_default());
    let changed = old.symmetric_difference(&new);
    changed
        .map(|member| {
            let kind = if new.contains(member) { LineKind::Added } else { LineKind::Removed };
            line(kind, &format!("{name} {member}"))
        })
        .collect()
}

pub(super) fn policy_lines(
    title: &str,
    before: Option<&String>,
    after: Option<&String>,
) -> Vec<Line> {
    let kind = match (before, after) {
        (None, _) => LineKind::Added,
        (_, None) => LineKind::Removed,
        (Some(_), Some(_)) => LineKind::Changed,
    };
    let parse = |text: Option<&String>| serde_json::from_str::<Value>(text?).ok();
    let (before, after) = match (parse(before), parse(after)) {
        (Some(before), Some(after)) => (before, after),
        (Some(before), None) => (before.clone(), emptied(&before)),
        (None, Some(after)) => (emptied(&after), after),
        (None, None) => return Vec::new(),
    };
    let changes = policy::diff(Language::Iam, &before, &after);
    if changes.is_empty() {
        return Vec::new();
    }
    let inside = changes.iter().flat_map(lines_of);
    let inside = inside.map(|line| Line { text: format!("  {}", line.text), ..line });
    std::iter::once(line(kind, title)).chain(inside).collect()
}

pub(super) fn line(kind: LineKind, text: &str) -> Line {
    Line { kind, text: inert(text) }
}
