//! The JSON Schema of the documents, made from the types of `raw`. Editors and the loader read the
//! same value.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use schemars::generate::SchemaSettings;
use schemars::transform::{RemoveRefSiblings, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::desired::kinds::{KINDS, ORGANIZATION, kinds, policy_kinds};
use crate::desired::raw::{API_VERSION, RawDocument, RawOrganization, RawPolicy};
use crate::org::PolicyTypeFacts;
use crate::policy::Language;

/// Where draft 7 keeps its definitions.
const DEFINITIONS: &str = "definitions";

/// The JSON Schema of one document of desired state: draft 7, the one that editors know best.
pub fn json_schema() -> Value {
    shared().clone()
}

/// The schema, built once.
pub(crate) fn shared() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(build);
    &SCHEMA
}

/// The schema's patterns, compiled once: compiling takes longer than checking a document.
pub(crate) fn patterns() -> &'static BTreeMap<&'static str, Regex> {
    static PATTERNS: LazyLock<BTreeMap<&'static str, Regex>> = LazyLock::new(|| {
        let mut patterns = BTreeMap::new();
        compile_patterns(shared(), &mut patterns);
        patterns
    });
    &PATTERNS
}

fn compile_patterns(schema: &'static Value, patterns: &mut BTreeMap<&'static str, Regex>) {
    match schema {
        Value::Object(object) => {
            let pattern = object.get("pattern").and_then(Value::as_str);
            if let Some((pattern, Ok(regex))) = pattern.map(|text| (text, Regex::new(text))) {
                patterns.insert(pattern, regex);
            }
            object.values().for_each(|below| compile_patterns(below, patterns));
        }
        Value::Array(items) => items.iter().for_each(|below| compile_patterns(below, patterns)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn build() -> Value {
    let mut generator = SchemaGenerator::new(SchemaSettings::draft07());
    let mut specs = vec![(ORGANIZATION, spec::<RawOrganization>(&mut generator))];
    specs.extend(policy_kinds().map(|kind| (kind, policy_spec(kind, &mut generator))));
    specs.extend(KINDS.iter().map(|kind| (kind.name, (kind.spec)(&mut generator).to_value())));
    let documents: Vec<_> = specs
        .into_iter()
        .map(|(kind, spec)| (kind.to_owned(), document(kind, spec, &mut generator)))
        .collect();
    let mut definitions = generator.take_definitions(true);
    definitions.extend(documents);
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "palisade desired state",
        "description": "A document of palisade's desired state of an AWS Organization.",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {
            "apiVersion": {"description": "The version of the format.", "const": API_VERSION},
            "kind": {
                "description": "What the document describes.",
                "enum": kinds().collect::<Vec<_>>(),
            },
        },
        "allOf": kinds().map(choose).collect::<Vec<_>>(),
        DEFINITIONS: definitions,
    });
    forbid_null_fields(&mut schema);
    // In draft 7 a `$ref` hides the description beside it; in an `allOf` it does not.
    match Schema::try_from(schema.clone()) {
        Ok(mut root) => {
            RemoveRefSiblings::default().transform(&mut root);
            root.to_value()
        }
        Err(_) => schema,
    }
}

/// The rule that a document of `kind` follows the definition of that kind.
fn choose(kind: &str) -> Value {
    json!({
        "if": {"required": ["kind"], "properties": {"kind": {"const": kind}}},
        "then": {"$ref": format!("#/{DEFINITIONS}/{kind}")},
    })
}

fn spec<S: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    S::json_schema(generator).to_value()
}

/// A policy's spec without the fields that the kind does not have.
fn policy_spec(kind: &str, generator: &mut SchemaGenerator) -> Value {
    let mut schema = spec::<RawPolicy>(generator);
    let facts = PolicyTypeFacts::of_kind(kind);
    if let Some(facts) = facts {
        schema["description"] = json!(format!("A policy of type `{}`.", facts.name));
    }
    let takes_exceptions = facts.is_some_and(|facts| facts.language == Language::Iam);
    if let Some(properties) = schema["properties"].as_object_mut() {
        if facts.is_some() {
            properties.shift_remove("type");
        }
        if !takes_exceptions {
            properties.shift_remove("except");
        }
    }
    if let (None, Some(required)) = (facts, schema["required"].as_array_mut()) {
        required.push(json!("type"));
    }
    schema
}

/// The envelope that every document has, around `spec`.
fn document(kind: &str, spec: Value, generator: &mut SchemaGenerator) -> Value {
    let mut schema = RawDocument::<()>::json_schema(generator).to_value();
    schema["description"] = spec["description"].clone();
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.insert("apiVersion".to_owned(), json!({"const": API_VERSION}));
        properties.insert("kind".to_owned(), json!({"const": kind}));
        properties.insert("spec".to_owned(), spec);
    }
    schema["required"] = json!(["apiVersion", "kind", "metadata", "spec"]);
    schema
}

/// A field that may be left out may not be null: half-written documents say nothing by accident.
///
/// Values of maps (an OU that holds nothing) keep their null.
fn forbid_null_fields(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                properties.values_mut().for_each(forbid_null);
            }
            object.values_mut().for_each(forbid_null_fields);
        }
        Value::Array(items) => items.iter_mut().for_each(forbid_null_fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn forbid_null(field: &mut Value) {
    let Value::Object(field) = field else { return };
    if let Some(Value::Array(types)) = field.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            field.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(branches)) = field.get_mut("anyOf") else { return };
    branches.retain(|branch| *branch != json!({"type": "null"}));
    if let [only] = branches.as_slice() {
        let only = json!([only]);
        field.shift_remove("anyOf");
        field.insert("allOf".to_owned(), only);
    }
}

/// What `reference` (`#/definitions/…`) names in `root`.
pub(crate) fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Map<String, Value>> {
    root.pointer(reference.strip_prefix('#')?)?.as_object()
}
