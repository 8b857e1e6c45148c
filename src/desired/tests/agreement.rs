//! `palisade schema` and the loader accept the same documents.

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::desired::check;
use crate::desired::kinds::{KINDS, ORGANIZATION, kinds};
use crate::desired::raw::{RawDocument, RawOrganization, RawPolicy};
use crate::desired::schema;
use crate::desired::tests::{DOCUMENTS, parse};

/// The schema keywords that `check` enforces.
const ENFORCED: &[&str] = &[
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "enum",
    "if",
    "items",
    "maxLength",
    "maximum",
    "minLength",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "then",
    "type",
    "uniqueItems",
];

/// The keywords that enforce nothing.
const NOTES: &[&str] =
    &["$schema", "default", "definitions", "description", "format", "patternErrorMessage", "title"];

/// Values that a mistake puts in place of another.
fn wrong_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(5.0),
        json!(2.5),
        json!(-1),
        json!(222_222_222_222_u64),
        json!(1e300),
        json!(""),
        json!("/"),
        json!("/Workloads"),
        json!("Workloads"),
        json!("account:"),
        json!("account:shop-prod"),
        json!("222222222222"),
        json!("o-a1b2c3d4e5"),
        json!("2027-01-31"),
        json!("2027-01-31 "),
        json!("Größe\n"),
        json!("observe"),
        json!("guardduty.amazonaws.com"),
        json!("SERVICE_CONTROL_POLICY"),
        json!("arn:aws:iam::*:role/x"),
        json!("x".repeat(129)),
        json!([]),
        json!(["/", "/"]),
        json!([1, 1.0]),
        json!([null]),
        json!({}),
        json!({"": 1}),
        json!({"id": "222222222222"}),
        json!({"aws:TagKeys": ["a", true], "aws:Via": [["a"], "b", true]}),
        json!("role/x"),
        json!("s3:Get*"),
        json!("denied"),
        json!({"a b": "222222222222", "principals": []}),
        json!({"accounts": [], "organizationalUnits": {" x": null}}),
    ]
}

/// Names that a mistake gives to a field.
const NAMES: &[&str] = &[
    "",
    "Kind",
    "kind",
    "apiVersion",
    "metadata",
    "spec",
    "name",
    "target",
    "targets",
    "except",
    "document",
    "documentFile",
    "type",
    "policyName",
    "mode",
    "use",
    "rootAccess",
    "owner",
    "~1/",
    "GUARDDUTY_POLICY",
    "config.amazonaws.com",
    "aws:RequestedRegion",
    "account",
    "context",
    "forEach",
    "by",
];

#[derive(Debug, Clone)]
enum Mistake {
    Replace(Value),
    Remove,
    Rename(&'static str),
    Add(&'static str, Value),
    Repeat,
    Wrap,
}

fn mistakes() -> impl Strategy<Value = Vec<(prop::sample::Index, Mistake)>> {
    let value = || prop::sample::select(wrong_values());
    let name = || prop::sample::select(NAMES);
    let mistake = prop_oneof![
        value().prop_map(Mistake::Replace),
        Just(Mistake::Remove),
        name().prop_map(Mistake::Rename),
        (name(), value()).prop_map(|(name, value)| Mistake::Add(name, value)),
        Just(Mistake::Repeat),
        Just(Mistake::Wrap),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), mistake), 0..4)
}

fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, format!("{at}/{index}"), found);
            }
        }
        Value::Object(entries) => {
            for (name, item) in entries {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(item, format!("{at}/{name}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push(at);
}

fn make(mistake: Mistake, index: prop::sample::Index, document: &mut Value) {
    let mut found = Vec::new();
    pointers(document, String::new(), &mut found);
    let pointer = index.get(&found).clone();
    let (above, token) = pointer.rsplit_once('/').unwrap_or_default();
    let token = token.replace("~1", "/").replace("~0", "~");
    match mistake {
        Mistake::Replace(value) => *document.pointer_mut(&pointer).unwrap() = value,
        Mistake::Wrap => {
            let value = document.pointer_mut(&pointer).unwrap();
            *value = json!([value.take()]);
        }
        Mistake::Add(name, value) => {
            if let Some(map) = document.pointer_mut(&pointer).and_then(Value::as_object_mut) {
                map.insert(name.to_owned(), value);
            }
        }
        Mistake::Remove => match document.pointer_mut(above) {
            Some(Value::Object(map)) => drop(map.shift_remove(&token)),
            Some(Value::Array(items)) if !items.is_empty() => drop(items.pop()),
            _ => {}
        },
        Mistake::Rename(name) => {
            if let Some(Value::Object(map)) = document.pointer_mut(above)
                && let Some(value) = map.shift_remove(&token)
            {
                map.insert(name.to_owned(), value);
            }
        }
        Mistake::Repeat => {
            if let Some(Value::Array(items)) = document.pointer_mut(above) {
                let again = items.first().cloned();
                items.extend(again);
            }
        }
    }
}

/// Asks both sides about one document, and checks that what passes becomes a value.
fn compare(validator: &Validator, document: &Value) -> Result<(), TestCaseError> {
    let written = document.to_string();
    let (nodes, report) = parse(&written);
    prop_assert_eq!(&report.problems, &vec![], "JSON is YAML: {}", written);
    let findings = check::check(&nodes[0]);
    let by_schema = validator.is_valid(&nodes[0].to_json());
    prop_assert_eq!(by_schema, findings.is_empty(), "{}\n{:#?}", written, findings);
    if by_schema {
        let json = nodes[0].to_json();
        let error = if let Some(kind) = KINDS.iter().find(|kind| json["kind"] == kind.name) {
            (kind.deserialize)(json).err()
        } else if json["kind"] == ORGANIZATION {
            serde_json::from_value::<RawDocument<RawOrganization>>(json).err()
        } else {
            serde_json::from_value::<RawDocument<RawPolicy>>(json).err()
        };
        prop_assert!(error.is_none(), "{}\n{:?}", written, error);
    }
    Ok(())
}

fn validator() -> Validator {
    jsonschema::draft7::new(schema::shared()).unwrap()
}

fn documents() -> Vec<Value> {
    let (nodes, report) = parse(DOCUMENTS);
    assert_eq!(report.problems, []);
    nodes.iter().map(crate::desired::node::Node::to_json).collect()
}

#[test]
fn both_take_the_examples() {
    let validator = validator();
    for document in documents() {
        assert!(validator.is_valid(&document), "{document:#}");
        compare(&validator, &document).unwrap();
    }
}

/// A schema without bounds took 1e+300 for a whole number, and the loader did not.
#[test]
fn both_take_the_same_whole_numbers() {
    let validator = validator();
    let mut baseline =
        documents().into_iter().find(|document| document["kind"] == "Baseline").unwrap();
    for (number, expected) in [
        (json!(5), true),
        (json!(5.0), true),
        (json!(2.5), false),
        (json!(-9_007_199_254_740_991_i64), true),
        (json!(9_007_199_254_740_992_i64), false),
        (json!(9_007_199_254_740_993_i64), false),
        (json!(i64::MAX), false),
        (json!(u64::MAX), false),
        (json!(1e300), false),
        (json!(-1e300), false),
    ] {
        baseline["spec"]["parameters"] = json!({"Days": number});
        let (nodes, _) = parse(&baseline.to_string());
        assert_eq!(validator.is_valid(&nodes[0].to_json()), expected, "{number}");
        compare(&validator, &baseline).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_give_the_same_verdict_on_mistaken_documents(
        which in any::<prop::sample::Index>(),
        kind in prop::option::of(prop::sample::select(kinds().collect::<Vec<_>>())),
        mistakes in mistakes(),
    ) {
        thread_local!(static BOTH: (Validator, Vec<Value>) = (validator(), documents()));
        BOTH.with(|(validator, documents)| {
            let mut document = which.get(documents).clone();
            if let Some(kind) = kind {
                document["kind"] = json!(kind);
            }
            for (index, mistake) in mistakes {
                make(mistake, index, &mut document);
            }
            compare(validator, &document)
        })?;
    }
}

#[test]
fn every_rule_of_the_schema_is_one_that_the_loader_knows() {
    let mut unknown = Vec::new();
    visit(schema::shared(), &mut |keyword, value| {
        if !ENFORCED.contains(&keyword) && !NOTES.contains(&keyword) {
            unknown.push(keyword.to_owned());
        }
        if keyword == "pattern" {
            assert!(schema::patterns().contains_key(value.as_str().unwrap()), "{value}");
        }
        if keyword == "oneOf" {
            let lists = value.as_array().unwrap().iter();
            assert!(lists.into_iter().all(|one| one.as_object().unwrap().keys().eq(["required"])));
        }
        if keyword == "$ref" {
            assert!(schema::resolve(schema::shared(), value.as_str().unwrap()).is_some());
        }
    });
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn every_field_says_what_it_is_for() {
    let mut silent = Vec::new();
    visit(schema::shared(), &mut |keyword, value| {
        if keyword == "properties" {
            let fields: &Map<String, Value> = value.as_object().unwrap();
            for (name, field) in fields {
                if field.get("description").is_none()
                    && field.get("const").is_none()
                    && name != "kind"
                {
                    silent.push(name.clone());
                }
            }
        }
    });
    assert_eq!(silent, Vec::<String>::new());
}

/// Calls `see` with every keyword of every schema in `schema`.
fn visit(schema: &Value, see: &mut dyn FnMut(&str, &Value)) {
    let Some(schema) = schema.as_object() else { return };
    for (keyword, value) in schema {
        see(keyword, value);
        match keyword.as_str() {
            "properties" | "definitions" => {
                value.as_object().unwrap().values().for_each(|below| visit(below, see));
            }
            "allOf" | "anyOf" | "oneOf" => {
                value.as_array().unwrap().iter().for_each(|below| visit(below, see));
            }
            "additionalProperties" | "if" | "items" | "propertyNames" | "then" => visit(value, see),
            _ => {}
        }
    }
}
