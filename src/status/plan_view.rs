//! The plan as `/plan` shows it: without policy bodies and without text that AWS users write.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::org::hex;
use crate::plan::Plan;
use crate::status::scrub;

/// Fields whose text is replaced by its digest and size.
const BODIES: &[&str] = &["content", "description", "template"];

/// `plan` as JSON, every policy body and description replaced by its SHA-256 and its size.
pub fn plan_view(plan: &Plan) -> serde_json::Result<Value> {
    let mut view = serde_json::to_value(plan)?;
    let unmanaged = view.get_mut("unmanaged").and_then(Value::as_array_mut);
    for fields in unmanaged.into_iter().flatten().filter_map(Value::as_object_mut) {
        fields.shift_remove("name");
    }
    without_bodies(&mut view);
    Ok(view)
}

fn without_bodies(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, field)| {
            if let Some(text) = field.as_str().filter(|_| BODIES.contains(&name.as_str())) {
                *field = digest(text);
            } else {
                without_bodies(field);
            }
        }),
        Value::Array(items) => items.iter_mut().for_each(without_bodies),
        Value::String(text) => *text = scrub(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn digest(text: &str) -> Value {
    json!({ "sha256": hex(&Sha256::digest(text)), "characters": text.chars().count() })
}
