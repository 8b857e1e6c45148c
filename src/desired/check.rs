//! Reads a document by the JSON Schema and says everything that is wrong with its form.
//!
//! Knows the schema only as a value, so that what editors check and what palisade accepts cannot
//! differ. A keyword it does not know would be a rule it does not enforce: a test forbids those.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::desired::node::{Key, Node, NodeKind};
use crate::desired::problem::{Finding, ProblemCode, Span, did_you_mean, listed, shown};
use crate::desired::schema;
use crate::desired::unsupported;

type Schema = Map<String, Value>;

/// Where a value stands, for messages about what it lacks.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The key or item that leads to it.
    owner: Span,
    /// The key that leads to it; nothing for the document itself.
    name: Option<&'a str>,
}

/// Everything that is wrong with the form of `node`.
pub(crate) fn check(node: &Node) -> Vec<(Span, Finding)> {
    let root = schema::shared();
    let mut checker = Checker { root, findings: Vec::new() };
    if let Some(schema) = root.as_object() {
        checker.visit(schema, node, Place { owner: node.span, name: None });
    }
    checker.findings
}

struct Checker<'a> {
    root: &'a Value,
    findings: Vec<(Span, Finding)>,
}

impl<'a> Checker<'a> {
    fn visit(&mut self, schema: &'a Schema, node: &Node, place: Place<'_>) {
        if let Some(referenced) = reference(self.root, schema) {
            self.visit(referenced, node, place);
            return;
        }
        if let Some(Value::Array(branches)) = schema.get("anyOf") {
            self.visit_branch(branches, node, place);
        }
        if !self.has_type(schema, node) || !self.is_listed(schema, node) {
            return;
        }
        match &node.kind {
            NodeKind::String(text) => self.visit_text(schema, text, node.span),
            NodeKind::Number(..) => self.visit_number(schema, node),
            NodeKind::Seq(items) => self.visit_items(schema, items, place),
            NodeKind::Map(entries) => self.visit_entries(schema, entries, place),
            NodeKind::Null | NodeKind::Bool(_) => {}
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            let Some(part) = part.as_object() else { continue };
            match (object(part, "if"), object(part, "then")) {
                (Some(condition), Some(then)) => {
                    if self.holds(condition, node) {
                        self.visit(then, node, place);
                    }
                }
                _ => self.visit(part, node, place),
            }
        }
    }

    fn holds(&self, condition: &'a Schema, node: &Node) -> bool {
        let mut probe = Checker { root: self.root, findings: Vec::new() };
        probe.visit(condition, node, Place { owner: node.span, name: None });
        probe.findings.is_empty()
    }

    /// Alternatives differ by type, so that what is wrong can be said of the one that was meant.
    fn visit_branch(&mut self, branches: &'a [Value], node: &Node, place: Place<'_>) {
        let mut expected = Vec::new();
        for branch in branches.iter().filter_map(Value::as_object) {
            let Some(name) = type_of(self.root, branch) else { continue };
            if is_of_type(node, name) {
                self.visit(branch, node, place);
                return;
            }
            expected.push(name);
        }
        self.report_type(&expected, node);
    }

    fn has_type(&mut self, schema: &'a Schema, node: &Node) -> bool {
        let Some(name) = schema.get("type").and_then(Value::as_str) else { return true };
        let fits = is_of_type(node, name);
        if !fits {
            self.report_type(&[name], node);
        }
        fits
    }

    fn report_type(&mut self, expected: &[&str], node: &Node) {
        let words: Vec<&str> = expected.iter().map(|name| type_words(name)).collect();
        let message = format!("expected {}, found {}", words.join(" or "), found_words(node));
        let finding = Finding::new(ProblemCode::WrongType, message);
        let finding = match (&node.kind, expected) {
            (NodeKind::Number(_, text), names) if names.contains(&"string") => {
                finding.help(format!("quote it: \"{text}\""))
            }
            (NodeKind::Bool(value), names) if names.contains(&"string") => {
                finding.help(format!("quote it: \"{value}\""))
            }
            (NodeKind::String(text), ["array"]) => {
                finding.help(format!("make it a list: [{}]", shown(text).trim_matches('`')))
            }
            (NodeKind::String(_), ["boolean"]) => finding.help("write `true` or `false`"),
            (NodeKind::Null, _) => finding.help("give it a value, or leave it out"),
            _ => finding,
        };
        self.findings.push((node.span, finding));
    }

    fn is_listed(&mut self, schema: &'a Schema, node: &Node) -> bool {
        let allowed: Vec<&Value> = match (schema.get("enum"), schema.get("const")) {
            (Some(Value::Array(allowed)), _) => allowed.iter().collect(),
            (_, Some(only)) => vec![only],
            (_, None) => return true,
        };
        let value = node.to_json();
        if allowed.contains(&&value) {
            return true;
        }
        let names: Vec<&str> = allowed.iter().filter_map(|value| value.as_str()).collect();
        let message = format!("{} is not allowed here", found_words(node));
        let near = node.as_str().and_then(|text| did_you_mean(text, names.iter().copied()));
        let help = match (names.as_slice(), near) {
            ([only], _) => format!("write `{only}`"),
            (_, None) => format!("allowed: {}", listed(names)),
            (_, Some(near)) => format!("{near} (allowed: {})", listed(names)),
        };
        let finding = Finding::new(ProblemCode::InvalidValue, message).help(help);
        self.findings.push((node.span, finding));
        false
    }

    fn visit_text(&mut self, schema: &'a Schema, text: &str, span: Span) {
        let characters = text.chars().count();
        if limit(schema, "minLength").is_some_and(|min| characters < min) {
            let finding = Finding::new(ProblemCode::InvalidValue, "must not be empty");
            self.findings.push((span, finding));
        }
        if let Some(max) = limit(schema, "maxLength").filter(|max| characters > *max) {
            let message = format!("has {characters} characters; at most {max} are allowed");
            self.findings.push((span, Finding::new(ProblemCode::InvalidValue, message)));
        }
        let Some(pattern) = schema.get("pattern").and_then(Value::as_str) else { return };
        if !schema::patterns().get(pattern).is_some_and(|regex| regex.is_match(text)) {
            let rule = schema.get("patternErrorMessage").and_then(Value::as_str);
            let rule = rule.map_or_else(|| format!("must match `{pattern}`"), str::to_owned);
            let message = format!("{} {rule}", shown(text));
            self.findings.push((span, Finding::new(ProblemCode::InvalidValue, message)));
        }
    }

    fn visit_number(&mut self, schema: &'a Schema, node: &Node) {
        let value = node.to_json().as_f64().unwrap_or_default();
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let (min, max) = (bound("minimum"), bound("maximum"));
        if min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max) {
            let message = match (min, max) {
                (Some(min), Some(max)) => format!("must be from {min} to {max}"),
                (Some(min), None) => format!("must be at least {min}"),
                (None, max) => format!("must be at most {}", max.unwrap_or_default()),
            };
            self.findings.push((node.span, Finding::new(ProblemCode::InvalidValue, message)));
        }
    }

    fn visit_items(&mut self, schema: &'a Schema, items: &[Node], place: Place<'_>) {
        if let Some(of_items) = object(schema, "items") {
            for item in items {
                self.visit(of_items, item, Place { owner: item.span, name: place.name });
            }
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            let mut seen = BTreeSet::new();
            for item in items {
                if !seen.insert(item.to_json().to_string()) {
                    let message = format!("{} is there twice", found_words(item));
                    let finding = Finding::new(ProblemCode::DuplicateName, message);
                    self.findings.push((item.span, finding));
                }
            }
        }
    }

    fn visit_entries(&mut self, schema: &'a Schema, entries: &[(Key, Node)], place: Place<'_>) {
        static NONE: LazyLock<Schema> = LazyLock::new(Schema::new);
        let properties = object(schema, "properties").unwrap_or(&NONE);
        let before = self.findings.len();
        for (key, value) in entries {
            if let Some(names) = object(schema, "propertyNames") {
                self.visit_text(names, &key.text, key.span);
            }
            let below = Place { owner: key.span, name: Some(&key.text) };
            match (object(properties, &key.text), schema.get("additionalProperties")) {
                (Some(property), _) => self.visit(property, value, below),
                (None, Some(Value::Object(rest))) => self.visit(rest, value, below),
                (None, Some(Value::Bool(false))) => self.report_unknown(properties, key, place),
                (None, _) => {}
            }
        }
        let unsupported = |(_, finding): &(Span, Finding)| finding.code == ProblemCode::Unsupported;
        if !self.findings[before..].iter().any(unsupported) {
            self.report_missing(schema, entries, place);
        }
    }

    fn report_unknown(&mut self, properties: &Schema, key: &Key, place: Place<'_>) {
        let finding = unsupported::field(&key.text).unwrap_or_else(|| {
            let names: Vec<&str> = properties.keys().map(String::as_str).collect();
            let message = format!("unknown field {} in {}", shown(&key.text), name_of(place));
            let allowed = format!("allowed: {}", listed(names.iter().copied()));
            let near = unsupported::misplaced(&key.text)
                .or_else(|| did_you_mean(&key.text, names.iter().copied()));
            let help = near.map_or(allowed.clone(), |near| format!("{near} ({allowed})"));
            Finding::new(ProblemCode::UnknownField, message).help(help)
        });
        self.findings.push((key.span, finding));
    }

    fn report_missing(&mut self, schema: &'a Schema, entries: &[(Key, Node)], place: Place<'_>) {
        let is_there = |name: &str| entries.iter().any(|(key, _)| key.text == name);
        for name in names(schema.get("required")).filter(|name| !is_there(name)) {
            let message = format!("{} lacks `{name}`", name_of(place));
            let finding = Finding::new(ProblemCode::MissingField, message);
            let description = object(schema, "properties")
                .and_then(|properties| object(properties, name))
                .and_then(|property| property.get("description").and_then(Value::as_str));
            let finding = match description {
                Some(text) => finding.help(format!("`{name}`: {}", one_line(text))),
                None => finding,
            };
            self.findings.push((place.owner, finding));
        }
        let Some(Value::Array(branches)) = schema.get("oneOf") else { return };
        let choices: Vec<&str> =
            branches.iter().flat_map(|one| names(one.get("required"))).collect();
        match choices.iter().filter(|name| is_there(name)).count() {
            1 => {}
            0 => {
                let message = format!("{} lacks {}", name_of(place), joined(&choices, " or "));
                self.findings.push((place.owner, Finding::new(ProblemCode::MissingField, message)));
            }
            _ => {
                let message = format!("{} exclude each other", joined(&choices, " and "));
                self.findings.push((place.owner, Finding::new(ProblemCode::InvalidValue, message)));
            }
        }
    }
}

fn reference<'a>(root: &'a Value, schema: &'a Schema) -> Option<&'a Schema> {
    schema::resolve(root, schema.get("$ref")?.as_str()?)
}

/// The type that a schema asks for, directly or through the definition it names.
fn type_of<'a>(root: &'a Value, schema: &'a Schema) -> Option<&'a str> {
    if let Some(referenced) = reference(root, schema) {
        return type_of(root, referenced);
    }
    let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
    let mut parts = parts.filter_map(Value::as_object);
    let own = schema.get("type").and_then(Value::as_str);
    own.or_else(|| parts.find_map(|part| type_of(root, part)))
}

fn object<'a>(schema: &'a Schema, name: &str) -> Option<&'a Schema> {
    schema.get(name).and_then(Value::as_object)
}

fn names(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn limit(schema: &Schema, name: &str) -> Option<usize> {
    schema.get(name).and_then(Value::as_u64).and_then(|value| usize::try_from(value).ok())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn name_of(place: Place<'_>) -> String {
    place.name.map_or_else(|| "the document".to_owned(), shown)
}

fn joined(names: &[&str], with: &str) -> String {
    names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(with)
}

fn is_of_type(node: &Node, name: &str) -> bool {
    match (&node.kind, name) {
        (NodeKind::Null, "null")
        | (NodeKind::Bool(_), "boolean")
        | (NodeKind::Number(..), "number")
        | (NodeKind::String(_), "string")
        | (NodeKind::Seq(_), "array")
        | (NodeKind::Map(_), "object") => true,
        (NodeKind::Number(..), "integer") => !node.to_json().is_f64(),
        _ => false,
    }
}

fn type_words(name: &str) -> &str {
    match name {
        "null" => "nothing",
        "boolean" => "true or false",
        "number" => "a number",
        "integer" => "a whole number",
        "string" => "a text",
        "array" => "a list",
        "object" => "a mapping",
        other => other,
    }
}

fn found_words(node: &Node) -> String {
    match &node.kind {
        NodeKind::Null => "nothing".to_owned(),
        NodeKind::Bool(value) => format!("`{value}`"),
        NodeKind::Number(_, text) => format!("the number {}", shown(text)),
        NodeKind::String(text) => shown(text),
        NodeKind::Seq(_) => "a list".to_owned(),
        NodeKind::Map(_) => "a mapping".to_owned(),
    }
}
