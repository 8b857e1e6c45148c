//! What changes between two documents, in the terms of the language, for people who review.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::policy::canonical::{
    canonical, canonical_statement, condition_entries, condition_value, items, statements_of,
    version_of,
};
use crate::policy::grammar::Language;
use crate::policy::problem::child;

/// Two statements without a common Sid are the same one changed when they share at least one in
/// this many of their entries; with less in common, one came and another went.
const OVERLAP_MIN_ONE_IN: usize = 3;

/// A statement, or a setting of a management policy, that came, went or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyChange {
    /// Whether it came, went or changed.
    pub kind: ChangeKind,
    /// What changed, such as ``Deny `DenyLeave` ``; for a setting, its JSON pointer.
    pub subject: String,
    /// What came and went inside it.
    pub details: Vec<ChangeDetail>,
}

/// How something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// It is new.
    Gained,
    /// It is gone.
    Lost,
    /// It is another.
    Changed,
}

/// One action, resource, principal or condition value that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeDetail {
    /// Whether it came or went.
    pub kind: ChangeKind,
    /// The element it belongs to, such as `Action` or `Condition ArnNotLike aws:PrincipalArn`.
    pub part: String,
    /// The value, as written.
    pub value: String,
}

/// What changes in meaning from `before` to `after`; empty exactly when nothing does, as
/// [`canonical`] sees it.
///
/// Statements are paired by Sid, the rest by what they have in common.
pub fn diff(language: Language, before: &Value, after: &Value) -> Vec<PolicyChange> {
    if canonical(language, before) == canonical(language, after) {
        return Vec::new();
    }
    match language {
        Language::Iam => diff_statements(before, after),
        Language::Inheritance => diff_settings(before, after),
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gained => "+",
            Self::Lost => "-",
            Self::Changed => "~",
        })
    }
}

impl fmt::Display for PolicyChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind, self.subject)?;
        self.details.iter().try_for_each(|detail| write!(formatter, "\n    {detail}"))
    }
}

impl fmt::Display for ChangeDetail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind, self.part)?;
        if self.part.is_empty() || self.value.is_empty() {
            return formatter.write_str(&self.value);
        }
        write!(formatter, " {}", self.value)
    }
}

/// A statement with what is compared of it.
struct Side<'a> {
    index: usize,
    statement: &'a Value,
    /// `(part, folded value)` to `(part, value)` as written.
    entries: BTreeMap<(String, String), (String, String)>,
}

fn diff_statements(before: &Value, after: &Value) -> Vec<PolicyChange> {
    let mut changes = Vec::new();
    if version_of(before) != version_of(after) {
        changes.push(PolicyChange {
            kind: ChangeKind::Changed,
            subject: "Version".to_owned(),
            details: vec![
                detail(ChangeKind::Lost, "", version_of(before)),
                detail(ChangeKind::Gained, "", version_of(after)),
            ],
        });
    }
    let mut old = sides(before, after);
    let mut new = sides(after, before);
    let mut found: Vec<(usize, PolicyChange)> = paired(&mut old, &mut new)
        .into_iter()
        .map(|(one, other)| (other.index, changed(&one, &other)))
        .collect();
    found.extend(new.iter().map(|side| (side.index, whole(ChangeKind::Gained, side))));
    found.sort_by_key(|(index, _)| *index);
    changes.extend(found.into_iter().map(|(_, change)| change));
    changes.extend(old.iter().map(|side| whole(ChangeKind::Lost, side)));
    changes
}

/// The statements of `document` that `other` does not have, each meaning once.
fn sides<'a>(document: &'a Value, other: &Value) -> Vec<Side<'a>> {
    let mut known: BTreeSet<String> =
        statements_of(other).into_iter().map(canonical_statement).collect();
    statements_of(document)
        .into_iter()
        .enumerate()
        .filter(|(_, statement)| known.insert(canonical_statement(statement)))
        .map(|(index, statement)| Side { index, statement, entries: entries(statement) })
        .collect()
}

/// Takes the pairs out of both lists: same Sid first, then the most in common first.
fn paired<'a>(old: &mut Vec<Side<'a>>, new: &mut Vec<Side<'a>>) -> Vec<(Side<'a>, Side<'a>)> {
    let mut candidates = Vec::new();
    for one in old.iter() {
        for other in new.iter() {
            let score = closeness(one, other);
            candidates.extend(score.map(|score| (Reverse(score), one.index, other.index)));
        }
    }
    candidates.sort_unstable();
    let mut take = |one: usize, other: usize| {
        let one = old.iter().position(|side| side.index == one)?;
        let other = new.iter().position(|side| side.index == other)?;
        Some((old.remove(one), new.remove(other)))
    };
    candidates.into_iter().filter_map(|(_, one, other)| take(one, other)).collect()
}

/// How close two statements are, per mille and above 1,000 for the same Sid; nothing when they are
/// strangers.
fn closeness(one: &Side<'_>, other: &Side<'_>) -> Option<usize> {
    if sid(one.statement).is_some() && sid(one.statement) == sid(other.statement) {
        return Some(1_001);
    }
    if one.statement.get("Effect") != other.statement.get("Effect") {
        return None;
    }
    let shared = one.entries.keys().filter(|key| other.entries.contains_key(*key)).count();
    let all = one.entries.len() + other.entries.len() - shared;
    (shared > 0 && shared * OVERLAP_MIN_ONE_IN >= all).then(|| shared * 1_000 / all.max(1))
}

fn changed(one: &Side<'_>, other: &Side<'_>) -> PolicyChange {
    let lost = one.entries.iter().filter(|(key, _)| !other.entries.contains_key(*key));
    let gained = other.entries.iter().filter(|(key, _)| !one.entries.contains_key(*key));
    let mut details: Vec<ChangeDetail> = lost
        .map(|(_, (part, value))| detail(ChangeKind::Lost, part, value))
        .chain(gained.map(|(_, (part, value))| detail(ChangeKind::Gained, part, value)))
        .collect();
    // By element and value, so that what replaces something stands beside it.
    details.sort_by(|one, other| (&one.part, &one.value).cmp(&(&other.part, &other.value)));
    PolicyChange { kind: ChangeKind::Changed, subject: label(other), details }
}

fn whole(kind: ChangeKind, side: &Side<'_>) -> PolicyChange {
    let details = side.entries.values().filter(|(part, _)| part != "Effect");
    PolicyChange {
        kind,
        subject: label(side),
        details: details.map(|(part, value)| detail(kind, part, value)).collect(),
    }
}

fn label(side: &Side<'_>) -> String {
    let effect = side.statement.get("Effect").and_then(Value::as_str).unwrap_or("statement");
    match sid(side.statement) {
        Some(sid) => format!("{effect} `{sid}`"),
        None => format!("{effect} (statement {})", side.index + 1),
    }
}

fn sid(statement: &Value) -> Option<&str> {
    statement.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty())
}

fn detail(kind: ChangeKind, part: &str, value: &str) -> ChangeDetail {
    ChangeDetail { kind, part: part.to_owned(), value: value.to_owned() }
}

/// Everything a statement holds but its Sid, by folded part and value.
fn entries(statement: &Value) -> BTreeMap<(String, String), (String, String)> {
    let mut entries = BTreeMap::new();
    let mut add = |part: &str, folded: String, value: String| {
        entries.insert((part.to_ascii_lowercase(), folded), (part.to_owned(), value));
    };
    let Some(map) = statement.as_object() else {
        add("", statement.to_string(), statement.to_string());
        return entries;
    };
    for (part, value) in map.iter().filter(|(part, _)| *part != "Sid") {
        let condition = (part == "Condition").then(|| condition_entries(value)).flatten();
        for entry in condition.iter().flatten() {
            let part = format!("Condition {} {}", entry.operator, entry.key);
            for value in items(entry.values) {
                add(&part, condition_value(entry.operator, value), plain(value));
            }
        }
        if condition.is_some() {
            continue;
        }
        for item in items(value) {
            let text = plain(item);
            let folded =
                if part.ends_with("Action") { text.to_ascii_lowercase() } else { text.clone() };
            add(part, folded, text);
        }
    }
    entries
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn diff_settings(before: &Value, after: &Value) -> Vec<PolicyChange> {
    let (old, new) = (settings(before), settings(after));
    let pointers: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |pointer: &&String| {
        let (kind, details) = match (old.get(*pointer), new.get(*pointer)) {
            (None, None) => return None,
            (None, Some(setting)) => (ChangeKind::Gained, setting.details(ChangeKind::Gained)),
            (Some(setting), None) => (ChangeKind::Lost, setting.details(ChangeKind::Lost)),
            (Some(one), Some(other)) if one == other => return None,
            (Some(one), Some(other)) => (ChangeKind::Changed, one.changes_to(other)),
        };
        Some(PolicyChange { kind, subject: (*pointer).clone(), details })
    };
    pointers.iter().filter_map(change).collect()
}

/// A leaf of a management policy.
#[derive(PartialEq)]
struct Setting {
    /// A list of scalars is a set, and not the same as its only item.
    is_list: bool,
    values: BTreeSet<String>,
}

impl Setting {
    fn details(&self, kind: ChangeKind) -> Vec<ChangeDetail> {
        self.values.iter().map(|value| detail(kind, "", value)).collect()
    }

    fn changes_to(&self, other: &Self) -> Vec<ChangeDetail> {
        let values = |one: &Self, other: &Self| {
            let is_kept =
                |value: &String| one.is_list == other.is_list && other.values.contains(value);
            let values = one.values.iter().filter(|value| !is_kept(value)).cloned().collect();
            Self { is_list: one.is_list, values }
        };
        let mut details = values(self, other).details(ChangeKind::Lost);
        details.extend(values(other, self).details(ChangeKind::Gained));
        details
    }
}

/// The leaves of a management policy by JSON pointer.
fn settings(document: &Value) -> BTreeMap<String, Setting> {
    let mut leaves = BTreeMap::new();
    let mut open = vec![(String::new(), document)];
    while let Some((pointer, value)) = open.pop() {
        let holds_more = items(value).iter().any(|item| item.is_object() || item.is_array());
        match (value.as_object(), value.as_array()) {
            (Some(map), _) if !map.is_empty() => {
                open.extend(map.iter().map(|(key, value)| (child(&pointer, key), value)));
            }
            (_, Some(list)) if holds_more => {
                let items = list.iter().enumerate();
                open.extend(items.map(|(index, value)| (child(&pointer, index), value)));
            }
            (_, list) => {
                let values = items(value).iter().map(Value::to_string).collect();
                leaves.insert(pointer, Setting { is_list: list.is_some(), values });
            }
        }
    }
    leaves
}
