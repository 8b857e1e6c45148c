//! Principals that the denies of a document leave alone.

use serde_json::{Map, Value};

use crate::policy::canonical::items;

const OPERATOR: &str = "ArnNotLike";
const KEY: &str = "aws:PrincipalArn";

/// The document with every Deny leaving `principals` (patterns of ARNs) alone.
///
/// Adds `ArnNotLike` on `aws:PrincipalArn` to each Deny. Where a Deny has that already, the patterns
/// join its list: a negated operator holds only when no value matches, so a longer list exempts
/// more. Other conditions stay and must still hold for the Deny to apply. Doing it twice is doing it
/// once. Statements that are not understood stay as they are.
pub fn with_exceptions(document: &Value, principals: &[String]) -> Value {
    let mut document = document.clone();
    if principals.is_empty() {
        return document;
    }
    match document.get_mut("Statement") {
        None => {}
        Some(Value::Array(statements)) => {
            for statement in statements {
                exempt(statement, principals);
            }
        }
        Some(statement) => exempt(statement, principals),
    }
    document
}

fn exempt(statement: &mut Value, principals: &[String]) {
    let Some(map) = statement.as_object_mut() else { return };
    if map.get("Effect").is_none_or(|effect| effect != "Deny") {
        return;
    }
    let Some(condition) = object_at(map, "Condition") else { return };
    let Some(keys) = object_at(condition, &spelling(condition, OPERATOR)) else { return };
    let key = spelling(keys, KEY);
    let mut patterns = keys.get(&key).map(|values| items(values).to_vec()).unwrap_or_default();
    for principal in principals {
        if !patterns.iter().any(|pattern| pattern == principal) {
            patterns.push(principal.as_str().into());
        }
    }
    keys.insert(key, Value::Array(patterns));
}

/// The object at `key`, put there when nothing is.
fn object_at<'a>(map: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    map.entry(key).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}

/// `name` as `map` spells it already, else as it is.
fn spelling(map: &Map<String, Value>, name: &str) -> String {
    map.keys().find(|key| key.eq_ignore_ascii_case(name)).map_or(name, String::as_str).to_owned()
}
