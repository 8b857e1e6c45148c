//! Templates of policy documents: trees with places for arguments. Values go into trees and never
//! into text that is parsed again, so that no argument can add a statement.
//!
//! - `"{{name}}"` is the argument: in a list, a list joins the list.
//! - `"arn:*:iam::*:role/{{name}}"` is one text for each value of the argument.
//! - `$when: name` (or a list of names) keeps what holds it only if they are all set: not empty, not
//!   false. `!name` is the opposite.
//! - `$value` is what is there instead of the mapping that holds it, for a `$when` on a list or a text.
//! - `$each: name` repeats what holds it for every record; `{{item.field}}` is a field of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

const WHEN: &str = "$when";
const EACH: &str = "$each";
const VALUE: &str = "$value";

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Argument {
    /// A text, or a number as both policy languages write it.
    Text(String),
    /// True or false.
    Flag(bool),
    /// Texts.
    List(Vec<String>),
    /// Mappings.
    Records(Vec<BTreeMap<String, Argument>>),
}

/// Arguments by name.
pub(crate) type Scope = BTreeMap<String, Argument>;

/// The document that a template makes of arguments. A name that nothing has stays in its braces.
pub(crate) fn expand(template: &Value, scope: &Scope) -> Value {
    match template {
        Value::Object(map) => match map.get(VALUE) {
            Some(value) => expand(value, scope),
            None => Value::Object(expand_map(map, scope)),
        },
        Value::Array(items) => Value::Array(expand_items(items, scope)),
        Value::String(text) => expand_value(text, scope),
        Value::Null | Value::Bool(_) | Value::Number(_) => template.clone(),
    }
}

fn expand_map(map: &Map<String, Value>, scope: &Scope) -> Map<String, Value> {
    let mut expanded = Map::new();
    for scope in scopes(map, scope) {
        for (key, value) in map.iter().filter(|(key, _)| !key.starts_with('$')) {
            if is_kept(value, &scope) {
                expanded.insert(texts(key, &scope).concat(), expand(value, &scope));
            }
        }
    }
    expanded
}

fn expand_items(items: &[Value], scope: &Scope) -> Vec<Value> {
    let mut expanded = Vec::new();
    for item in items {
        match item {
            Value::String(text) => expanded.extend(texts(text, scope).into_iter().map(Value::from)),
            Value::Object(map) if map.contains_key(EACH) => {
                for scope in scopes(map, scope) {
                    let mut once = map.clone();
                    once.shift_remove(EACH);
                    expanded.extend(expand_items(&[Value::Object(once)], &scope));
                }
            }
            Value::Object(_) if !is_kept(item, scope) => {}
            Value::Object(_)
            | Value::Array(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_) => expanded.push(expand(item, scope)),
        }
    }
    expanded
}

/// The scope, or one scope for every record that is gone through.
fn scopes(map: &Map<String, Value>, scope: &Scope) -> Vec<Scope> {
    let Some(name) = map.get(EACH).and_then(Value::as_str) else { return vec![scope.clone()] };
    let Some(Argument::Records(records)) = scope.get(name) else { return Vec::new() };
    let with = |record: &BTreeMap<String, Argument>| {
        let fields = record.iter().map(|(field, value)| (format!("item.{field}"), value.clone()));
        scope.clone().into_iter().chain(fields).collect()
    };
    records.iter().map(with).collect()
}

fn is_kept(value: &Value, scope: &Scope) -> bool {
    let names = match value.get(WHEN) {
        Some(Value::Array(names)) => names.as_slice(),
        Some(name) => std::slice::from_ref(name),
        None => return true,
    };
    names.iter().filter_map(Value::as_str).all(|name| match name.strip_prefix('!') {
        Some(name) => !is_set(name, scope),
        None => is_set(name, scope),
    })
}

fn is_set(name: &str, scope: &Scope) -> bool {
    match scope.get(name) {
        Some(Argument::Text(text)) => !text.is_empty(),
        Some(Argument::Flag(flag)) => *flag,
        Some(Argument::List(list)) => !list.is_empty(),
        Some(Argument::Records(records)) => !records.is_empty(),
        None => false,
    }
}

/// A text that is a value of a mapping: many texts are a list.
fn expand_value(text: &str, scope: &Scope) -> Value {
    let mut made = texts(text, scope);
    let is_list = placeholders(text).any(|name| matches!(scope.get(name), Some(Argument::List(_))));
    if is_list { Value::from(made) } else { Value::from(made.pop().unwrap_or_default()) }
}

/// One text for every combination of the values of its placeholders.
fn texts(text: &str, scope: &Scope) -> Vec<String> {
    let Some(name) = placeholders(text).find(|name| scope.contains_key(*name)) else {
        return vec![text.to_owned()];
    };
    let values: Vec<String> = match scope.get(name) {
        Some(Argument::Text(value)) => vec![value.clone()],
        Some(Argument::List(values)) => values.clone(),
        Some(Argument::Flag(flag)) => vec![flag.to_string()],
        Some(Argument::Records(_)) | None => Vec::new(),
    };
    let place = format!("{{{{{name}}}}}");
    let (before, after) = text.split_once(&place).unwrap_or((text, ""));
    let rest = texts(after, scope);
    let join = |value: &String| -> Vec<String> {
        rest.iter().map(|rest| format!("{before}{value}{rest}")).collect()
    };
    values.iter().flat_map(join).collect()
}

fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}").map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(template: &Value, expected: &Value) {
        let text = |text: &str| Argument::Text(text.to_owned());
        let list = |list: &[&str]| Argument::List(list.iter().map(ToString::to_string).collect());
        let key = |name: &str, values: &[&str]| {
            [("name".to_owned(), text(name)), ("values".to_owned(), list(values))].into()
        };
        let scope: Scope = [
            ("days", text("30")),
            ("regions", list(&["eu-west-1", "eu-central-1"])),
            ("none", list(&[])),
            ("on", Argument::Flag(true)),
            ("off", Argument::Flag(false)),
            ("hostile", text("{{days}}\"]}")),
            ("keys", Argument::Records(vec![key("owner", &[]), key("stage", &["prod", "dev"])])),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        assert_eq!(expand(template, &scope), *expected);
    }

    #[test]
    fn a_placeholder_is_its_argument() {
        check(&json!({"a": "{{days}}"}), &json!({"a": "30"}));
        check(&json!({"a": "{{regions}}"}), &json!({"a": ["eu-west-1", "eu-central-1"]}));
        check(&json!({"a": "within {{days}} days"}), &json!({"a": "within 30 days"}));
    }

    #[test]
    fn a_list_joins_the_list_it_is_in() {
        check(
            &json!(["us-east-1", "{{regions}}", "x:{{regions}}", "{{none}}"]),
            &json!(["us-east-1", "eu-west-1", "eu-central-1", "x:eu-west-1", "x:eu-central-1"]),
        );
    }

    #[test]
    fn what_depends_on_something_that_is_not_set_goes() {
        check(
            &json!([{"$when": "none", "a": 1}, {"$when": ["on", "!off"], "b": 2}, {"$when": "off"}]),
            &json!([{"b": 2}]),
        );
        check(
            &json!({"a": {"$when": "none", "x": "y"}, "b": {"$when": "!none"}}),
            &json!({"b": {}}),
        );
    }

    #[test]
    fn a_value_that_is_no_mapping_can_depend_on_something_too() {
        let value = |name: &str| json!({"a": {"$when": name, "$value": "{{regions}}"}});
        check(&value("on"), &json!({"a": ["eu-west-1", "eu-central-1"]}));
        check(&value("off"), &json!({}));
    }

    #[test]
    fn records_repeat_what_is_in_a_list_or_a_mapping() {
        let tag = json!({"$each": "keys", "{{item.name}}": {"of": {"$when": "item.values", "is": "{{item.values}}"}}});
        check(&tag, &json!({"owner": {}, "stage": {"of": {"is": ["prod", "dev"]}}}));
        let statement = json!([{"$each": "keys", "$when": "item.values", "Sid": "{{item.name}}"}]);
        check(&statement, &json!([{"Sid": "stage"}]));
    }

    #[test]
    fn an_argument_is_never_read_as_a_template() {
        check(&json!(["{{hostile}}"]), &json!(["{{days}}\"]}"]));
    }

    #[test]
    fn a_name_that_nothing_has_stays_to_be_seen() {
        check(&json!(["{{nobody}} and {{days}}"]), &json!(["{{nobody}} and 30"]));
    }
}
