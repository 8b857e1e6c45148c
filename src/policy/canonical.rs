//! What a document means, as a value to compare: order, spelling and Sids left out.
//!
//! Two documents with the same canonical form decide every request alike. The reverse does not
//! hold: patterns that contain one another, or a list split over two statements, stay distinct,
//! since joining `NotAction` or negated conditions is where such reasoning goes wrong.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::policy::grammar::Language;
use crate::policy::operator::{Comparison, Operator};

/// A policy document reduced to what it means, so that equality ignores how it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Canonical {
    /// Versions differ in meaning: only one has policy variables.
    version: String,
    statements: BTreeSet<String>,
    allows: bool,
}

impl Canonical {
    /// The canonical text of every statement; of a management policy, the one text it is.
    pub fn statements(&self) -> &BTreeSet<String> {
        &self.statements
    }

    /// Is every statement of `other` a statement of this document? Then nothing is lost when this
    /// one stays and `other` goes. A document in another version contains nothing of this one.
    pub fn contains(&self, other: &Self) -> bool {
        let same_version = self.version == other.version || other.statements.is_empty();
        same_version && other.statements.is_subset(&self.statements)
    }

    /// Does it hold an Allow statement, so that taking it away may deny?
    pub fn has_allow(&self) -> bool {
        self.allows
    }
}

/// The canonical form of a document.
pub fn canonical(language: Language, document: &Value) -> Canonical {
    match language {
        Language::Inheritance => Canonical {
            version: String::new(),
            statements: BTreeSet::from([settled(document).to_string()]),
            allows: false,
        },
        Language::Iam => {
            let statements = statements_of(document);
            Canonical {
                version: version_of(document).to_owned(),
                allows: statements.iter().any(|statement| {
                    statement.get("Effect").is_some_and(|effect| effect == "Allow")
                }),
                statements: statements.into_iter().map(canonical_statement).collect(),
            }
        }
    }
}

/// The shortest text of a document: what is sent, since AWS counts white space. Keys keep the order
/// in which they were written.
pub fn minify(document: &Value) -> String {
    document.to_string()
}

/// The statements, whether they were written as one object or as a list.
pub(crate) fn statements_of(document: &Value) -> Vec<&Value> {
    match document.get("Statement") {
        None => Vec::new(),
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement) => vec![statement],
    }
}

/// The version of the language. A document without one is in the first ("IAM JSON policy elements:
/// Version").
pub(crate) fn version_of(document: &Value) -> &str {
    document.get("Version").and_then(Value::as_str).unwrap_or("2008-10-17")
}

/// One `operator`, `key`, `values` of a `Condition`; all of them must hold.
pub(crate) struct ConditionEntry<'a> {
    /// The operator as written.
    pub(crate) operator: &'a str,
    /// The key as written.
    pub(crate) key: &'a str,
    /// The values as the document holds them.
    pub(crate) values: &'a Value,
}

/// The entries of a `Condition`, or nothing when it does not have the shape of one.
pub(crate) fn condition_entries(condition: &Value) -> Option<Vec<ConditionEntry<'_>>> {
    let mut entries = Vec::new();
    for (operator, keys) in condition.as_object()? {
        for (key, values) in keys.as_object()? {
            entries.push(ConditionEntry { operator, key, values });
        }
    }
    Some(entries)
}

/// One condition value as text: JSON true is "true" and 5 is "5"; of operators that compare without
/// regard to case for every key, in lower case.
pub(crate) fn condition_value(operator: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    };
    match Operator::parse(operator).map(|operator| operator.comparison) {
        Some(Comparison::Bool | Comparison::Null) => text.to_ascii_lowercase(),
        _ => text,
    }
}

/// The items of a list, or the one value that stands for a list of itself.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// The canonical text of one statement.
pub(crate) fn canonical_statement(statement: &Value) -> String {
    let Some(map) = statement.as_object() else { return settled(statement).to_string() };
    let mut parts: Vec<(&str, Value)> = map
        .iter()
        .filter(|(key, _)| *key != "Sid")
        .filter_map(|(key, value)| Some((key.as_str(), canonical_part(key, value)?)))
        .collect();
    parts.sort_by_key(|(key, _)| *key);
    let sorted: Map<String, Value> =
        parts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Value::Object(sorted).to_string()
}

fn canonical_part(key: &str, value: &Value) -> Option<Value> {
    match key {
        "Action" | "NotAction" => Some(set(items(value).iter().map(lower))),
        "Resource" | "NotResource" => Some(set(items(value).iter().cloned())),
        "Condition" => canonical_condition(value),
        _ => Some(settled(value)),
    }
}

/// Entries as a set: an operator or a key written twice in different case restricts twice, so its
/// values must not be joined. A condition without entries restricts nothing and is left out.
fn canonical_condition(condition: &Value) -> Option<Value> {
    let Some(entries) = condition_entries(condition) else { return Some(settled(condition)) };
    let texts = entries.iter().map(|entry| {
        let values = items(entry.values).iter().map(|value| condition_value(entry.operator, value));
        Value::Array(vec![
            entry.operator.to_ascii_lowercase().into(),
            entry.key.to_ascii_lowercase().into(),
            set(values.map(Value::String)),
        ])
    });
    let entries = set(texts);
    (!items(&entries).is_empty()).then_some(entries)
}

fn lower(value: &Value) -> Value {
    value.as_str().map_or_else(|| settled(value), |text| text.to_ascii_lowercase().into())
}

/// Objects by key, lists of scalars as sets, other lists as they are.
fn settled(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            entries.into_iter().map(|(key, value)| (key.clone(), settled(value))).collect()
        }
        Value::Array(items) if items.iter().all(is_scalar) => set(items.iter().cloned()),
        Value::Array(items) => items.iter().map(settled).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

/// The values sorted by their text, each once.
fn set(values: impl Iterator<Item = Value>) -> Value {
    let mut texts: Vec<(String, Value)> = values.map(|value| (value.to_string(), value)).collect();
    texts.sort_by(|one, other| one.0.cmp(&other.0));
    texts.dedup_by(|one, other| one.0 == other.0);
    texts.into_iter().map(|(_, value)| value).collect()
}
