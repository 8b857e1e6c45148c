//! In which parts an object differs, without saying what it says: a diff for those who may see that a policy
//! was changed, and not what is in it.
//!
//! `/status` and the page answer whoever reaches the port, and a policy names roles, networks and services
//! that an attacker would like to know. So a diff names statements by the `Sid` that git gives them, elements
//! by the closed set of the policy language, and how many values come and go. Whoever has credentials or the
//! repository sees the text with `palisade plan`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::org::ObjectState;
use crate::plan::{Change, PolicyText};

/// Parts that are listed of one object. A policy has rarely more statements.
const PARTS_MAX: usize = 30;

/// The elements of a statement that may be named.
const ELEMENTS: [&str; 8] = [
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// One part in which AWS is not as git says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartDifference {
    /// Which part, such as `statement DenyLeave`.
    pub part: String,
    /// What of it differs, such as `Action`; empty for the part as a whole.
    pub element: String,
    /// Values that only git has.
    pub missing: usize,
    /// Values that only AWS has.
    pub surplus: usize,
}

/// The parts that `change` would make right; none for a change that makes or removes a whole object.
pub(in crate::status) fn parts(change: &Change) -> Vec<PartDifference> {
    let mut parts = match change {
        Change::UpdatePolicy { before, after, .. } => policy(before, after),
        Change::Object(change) => match (&change.before, &change.after) {
            (Some(before), Some(after)) => object(before, after),
            (None, _) | (_, None) => Vec::new(),
        },
        Change::EnableTrustedService { .. }
        | Change::EnablePolicyType { .. }
        | Change::RegisterAdministrator { .. }
        | Change::DeregisterAdministrator { .. }
        | Change::CreateUnit { .. }
        | Change::DeleteUnit { .. }
        | Change::MoveAccount { .. }
        | Change::CreatePolicy { .. }
        | Change::DeletePolicy { .. }
        | Change::AttachPolicy { .. }
        | Change::DetachPolicy { .. } => Vec::new(),
    };
    parts.truncate(PARTS_MAX);
    parts
}

fn policy(before: &PolicyText, after: &PolicyText) -> Vec<PartDifference> {
    let mut parts = Vec::new();
    if before.name != after.name {
        parts.push(whole("name", 1, 1));
    }
    if before.description != after.description {
        parts.push(whole("description", 1, 1));
    }
    let read = |text: &PolicyText| serde_json::from_str::<Value>(&text.content);
    match (read(before), read(after)) {
        (Ok(before), Ok(after)) => parts.extend(content(&before, &after)),
        (Err(_), _) | (_, Err(_)) => parts.push(whole("document", 1, 1)),
    }
    parts
}

fn content(before: &Value, after: &Value) -> Vec<PartDifference> {
    match (statements(before), statements(after)) {
        (before, Some(after)) => statement_parts(&before.unwrap_or_default(), &after),
        (_, None) => values("document", "", before, after).into_iter().collect(),
    }
}

/// The statements of a policy that has some: one alone needs no list.
fn statements(policy: &Value) -> Option<Vec<&Value>> {
    let statements = policy.get("Statement")?;
    let listed = statements.as_array().map(|statements| statements.iter().collect());
    Some(listed.unwrap_or_else(|| vec![statements]))
}

fn statement_parts(before: &[&Value], after: &[&Value]) -> Vec<PartDifference> {
    let mut left: Vec<&Value> = before.to_vec();
    let mut parts = Vec::new();
    for (at, statement) in after.iter().enumerate() {
        let sid = statement.get("Sid").and_then(Value::as_str);
        let name =
            sid.map_or_else(|| format!("statement {}", at + 1), |sid| format!("statement {sid}"));
        let found =
            left.iter().position(|other| leaves(other) == leaves(statement)).or_else(|| {
                left.iter()
                    .position(|other| sid.is_some() && other.get("Sid") == statement.get("Sid"))
            });
        match found {
            None => parts.push(whole(&name, 1, 0)),
            Some(found) => {
                let other = left.remove(found);
                let elements = ELEMENTS.iter().filter_map(|element| {
                    let of =
                        |statement: &Value| statement.get(*element).cloned().unwrap_or_default();
                    values(&name, element, &of(other), &of(statement))
                });
                parts.extend(elements);
            }
        }
    }
    if !left.is_empty() {
        parts.push(whole("statements that git does not have", 0, left.len()));
    }
    parts
}

fn object(before: &ObjectState, after: &ObjectState) -> Vec<PartDifference> {
    // The variant's name is the one key; its fields are named in this program.
    let fields = |state: &ObjectState| -> BTreeMap<String, Value> {
        let value = serde_json::to_value(state).unwrap_or_default();
        let inner = value.as_object().and_then(|object| object.values().next()).cloned();
        inner.and_then(|inner| serde_json::from_value(inner).ok()).unwrap_or_default()
    };
    let (before, after) = (fields(before), fields(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let of =
                |fields: &BTreeMap<String, Value>| fields.get(name).cloned().unwrap_or_default();
            values(name, "", &of(&before), &of(&after))
        })
        .collect()
}

/// How many values `before` and `after` do not share; nothing if there are none.
fn values(part: &str, element: &str, before: &Value, after: &Value) -> Option<PartDifference> {
    let (before, after) = (leaves(before), leaves(after));
    let difference = PartDifference {
        part: part.to_owned(),
        element: element.to_owned(),
        missing: after.difference(&before).count(),
        surplus: before.difference(&after).count(),
    };
    (difference.missing + difference.surplus > 0).then_some(difference)
}

fn whole(part: &str, missing: usize, surplus: usize) -> PartDifference {
    PartDifference { part: part.to_owned(), element: String::new(), missing, surplus }
}

/// Every single value in `value` with the keys that lead to it. A list of one and the one alone are the same,
/// and lists have no order, as in the policy language.
fn leaves(value: &Value) -> BTreeSet<String> {
    let mut leaves = BTreeSet::new();
    let mut open = vec![(String::new(), value)];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(fields) => {
                open.extend(fields.iter().map(|(name, field)| (format!("{path}/{name}"), field)));
            }
            Value::Array(items) => open.extend(items.iter().map(|item| (path.clone(), item))),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                leaves.insert(format!("{path}={text}"));
            }
        }
    }
    leaves
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{content, leaves};

    #[track_caller]
    fn check(before: &serde_json::Value, after: &serde_json::Value, expected: &[&str]) {
        let shown: Vec<String> = content(before, after)
            .into_iter()
            .map(|part| {
                format!("{} {} -{} +{}", part.part, part.element, part.missing, part.surplus)
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_diff_names_statements_and_elements_and_no_values() {
        let after = json!({"Statement": [
            {"Sid": "A", "Effect": "Deny", "Action": ["x:1", "x:2"], "Resource": "*"},
            {"Sid": "B", "Effect": "Deny", "Action": "y:1", "Resource": ["*"]},
        ]});
        let before = json!({"Statement": {"Sid": "A", "Effect": "Deny", "Action": "x:1", "Resource": "secret",
            "Condition": {"StringEquals": {"aws:PrincipalArn": "secret"}}}});
        check(
            &before,
            &after,
            &[
                "statement A Action -1 +0",
                "statement A Resource -1 +1",
                "statement A Condition -0 +1",
                "statement B  -1 +0",
            ],
        );
        check(&after, &after, &[]);
    }

    #[test]
    fn what_somebody_added_is_counted_and_its_name_is_not_shown() {
        let after = json!({"Statement": [{"Effect": "Deny", "Action": "x:1"}]});
        let before = json!({"Statement": [{"Sid": "hostile", "Effect": "Allow", "Action": "*"},
            {"Effect": "Deny", "Action": ["x:1"]}]});
        check(&before, &after, &["statements that git does not have  -0 +1"]);
    }

    #[test]
    fn policies_without_statements_count_their_values() {
        let policy = |value: &str| json!({"tags": {"owner": {"tag_key": {"@@assign": value}}}});
        check(&policy("a"), &policy("b"), &["document  -1 +1"]);
    }

    #[test]
    fn order_and_lists_of_one_do_not_differ() {
        assert_eq!(leaves(&json!({"a": ["x", "y"]})), leaves(&json!({"a": ["y", "x"]})));
        assert_eq!(leaves(&json!({"a": "x"})), leaves(&json!({"a": ["x"]})));
    }
}
