//! Requests at the edges of a policy's statements: all elements just inside, then each in turn just
//! outside, absent, or odd, and some combinations.

use std::collections::{BTreeMap, BTreeSet};

use palisade::policy::{Comparison, Operator, Quantifier};
use serde_json::Value;

/// Patterns of a long list that are tried.
const PATTERNS_MAX: usize = 12;

/// Combinations of several elements that are tried for each statement.
const COMBINATIONS: usize = 100;

/// A request: what it does to what, and for every condition key of the policy its values, or that it
/// is absent. Keys are in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Case {
    pub(super) action: String,
    pub(super) resource: String,
    pub(super) facts: BTreeMap<String, Fact>,
}

/// The values of a key; none when it is absent.
pub(super) type Fact = Vec<String>;

/// One operator on one key.
pub(super) struct Clause {
    pub(super) operator: Operator,
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

/// The requests at the edges of all statements, each once.
pub(super) fn edges(document: &Value) -> Vec<Case> {
    let keys = keys(document);
    let mut cases = BTreeSet::new();
    for (at, statement) in items(&document["Statement"]).iter().enumerate() {
        around(statement, &keys, at, &mut cases);
    }
    cases.into_iter().collect()
}

fn around(statement: &Value, keys: &BTreeSet<String>, seed: usize, cases: &mut BTreeSet<Case>) {
    let clauses = clauses(statement);
    let actions = action_edges(&strings(statement, &["Action", "NotAction"]));
    let resources = resource_edges(&strings(statement, &["Resource", "NotResource"]));
    let mut inside = Case {
        action: pick(&actions, statement.get("NotAction").is_some()),
        resource: pick(&resources, statement.get("NotResource").is_some()),
        facts: keys.iter().map(|key| (key.clone(), Fact::new())).collect(),
    };
    for key in variables(&statement.to_string()) {
        inside.facts.insert(key, vec!["red".to_owned()]);
    }
    // `Null` first: what another operator wants of the same key is more exact.
    let (nulls, others): (Vec<&Clause>, Vec<&Clause>) =
        clauses.iter().partition(|clause| clause.operator.comparison == Comparison::Null);
    for clause in nulls.into_iter().chain(others) {
        inside.facts.insert(clause.key.clone(), satisfying(clause));
    }
    let mut choices: Vec<(String, Vec<Fact>)> =
        clauses.iter().map(|clause| (clause.key.clone(), fact_edges(clause))).collect();
    for key in variables(&statement.to_string()) {
        let several = vec!["red".to_owned(), "blue".to_owned()];
        choices.push((key, vec![vec![], vec!["*".to_owned()], vec!["Red".to_owned()], several]));
    }
    cases.extend(actions.iter().map(|action| Case { action: action.clone(), ..inside.clone() }));
    let on = |resource: &String| Case { resource: resource.clone(), ..inside.clone() };
    cases.extend(resources.iter().map(on));
    for (key, facts) in &choices {
        cases.extend(facts.iter().map(|fact| inside.with(key, fact)));
    }
    let mut dice = seed.wrapping_mul(0x9e37_79b9).wrapping_add(7);
    let mut below = |bound: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % bound
    };
    for _ in 0..COMBINATIONS * usize::from(!choices.is_empty()) {
        let mut case = inside.clone();
        for _ in 0..2 {
            let (key, facts) = &choices[below(choices.len())];
            case = case.with(key, &facts[below(facts.len())]);
        }
        if below(4) == 0 {
            case.action.clone_from(&actions[below(actions.len())]);
        }
        if below(4) == 0 {
            case.resource.clone_from(&resources[below(resources.len())]);
        }
        cases.insert(case);
    }
}

impl Case {
    fn with(&self, key: &str, fact: &Fact) -> Self {
        let mut case = self.clone();
        case.facts.insert(key.to_owned(), fact.clone());
        case
    }
}

/// The first is inside what is listed, the last is not.
fn pick(edges: &[String], is_negated: bool) -> String {
    let edge = if is_negated { edges.last() } else { edges.first() };
    edge.cloned().unwrap_or_default()
}

fn action_edges(patterns: &[String]) -> Vec<String> {
    let mut edges = Vec::new();
    for pattern in sampled(patterns) {
        if pattern == "*" {
            edges.extend(["s3:GetObject", "iam:PassRole"].map(str::to_owned));
            continue;
        }
        let hit = pattern.replace(['*', '?'], "X");
        edges.push(hit.clone());
        edges.push(pattern.replace('*', "").replace('?', "Y"));
        edges.push(hit.to_uppercase().replacen(&service(&hit).to_uppercase(), service(&hit), 1));
        edges.push(format!("{hit}y"));
        edges.push(hit[..hit.len() - 1].to_owned());
    }
    edges.push("sqs:SendMessage".to_owned());
    edges.retain(|edge| edge.split_once(':').is_some_and(|(_, name)| !name.is_empty()));
    edges
}

fn service(action: &str) -> &str {
    action.split(':').next().unwrap_or_default()
}

fn resource_edges(patterns: &[String]) -> Vec<String> {
    let mut edges = Vec::new();
    for pattern in sampled(patterns) {
        if pattern == "*" {
            edges.push("arn:aws:s3:::photos/cat".to_owned());
        } else {
            edges.extend(arns(pattern));
        }
    }
    edges.extend(["*", "arn:aws:sqs:eu-west-1:555555555555:jobs"].map(str::to_owned));
    edges
}

/// What an ARN pattern matches, and what it just does not.
fn arns(pattern: &str) -> Vec<String> {
    let hit = instance(pattern, "x");
    vec![
        hit.clone(),
        instance(pattern, ""),
        instance(pattern, "a/b"),
        instance(pattern, "a:b"),
        format!("{hit}y"),
        hit[..hit.floor_char_boundary(hit.len().saturating_sub(1))].to_owned(),
        swapped(&hit),
        hit.replacen(":aws:", ":aws-cn:", 1),
        "arn:aws:iam::999999999999:role/other".to_owned(),
    ]
}

/// A text that `pattern` matches when its variables are `red`.
fn instance(pattern: &str, star: &str) -> String {
    filled(pattern, "red").replace('*', star).replace('?', "q").replace('\u{1}', "*")
}

/// `pattern` with `value` in the place of its variables; `${*}` becomes a mark.
fn filled(pattern: &str, value: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, (inside, after))) =
        rest.split_once("${").and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        text.push_str(before);
        text.push_str(match inside {
            "*" => "\u{1}",
            "?" | "$" => inside,
            _ => value,
        });
        rest = after;
    }
    text + rest
}

/// The keys of the variables in a text, in lower case.
pub(super) fn variables(text: &str) -> BTreeSet<String> {
    let parts = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    let names = parts.filter_map(|(inside, _)| inside.split(',').next());
    names
        .map(|name| name.trim().to_lowercase())
        .filter(|name| name.contains(':') || name.len() > 1)
        .collect()
}

fn swapped(text: &str) -> String {
    let Some((start, name)) = text.rsplit_once(':') else { return text.to_uppercase() };
    let upper = name.to_uppercase();
    format!("{start}:{}", if upper == name { name.to_lowercase() } else { upper })
}

/// Values with which the clause holds.
fn satisfying(clause: &Clause) -> Fact {
    let comparison = clause.operator.comparison;
    let first = clause.values.first().map_or("", String::as_str);
    let name: &str = comparison.into();
    if comparison == Comparison::Null {
        let is_absent = clause.values.iter().any(|value| value.eq_ignore_ascii_case("true"));
        return if is_absent { Fact::new() } else { vec!["x".to_owned()] };
    }
    vec![if comparison.is_negated() {
        outside(comparison).to_owned()
    } else if name.starts_with("NumericLessThan") {
        moved(first, -1)
    } else if name.starts_with("NumericGreaterThan") {
        moved(first, 1)
    } else if name.starts_with("DateLessThan") {
        LONG_AGO.to_owned()
    } else if name.starts_with("DateGreaterThan") {
        FAR_AWAY.to_owned()
    } else if comparison == Comparison::IpAddress {
        first.split('/').next().unwrap_or_default().to_owned()
    } else if name.starts_with("Arn") || name.ends_with("Like") {
        instance(first, "x")
    } else {
        filled(first, "red").replace('\u{1}', "*")
    }]
}

const LONG_AGO: &str = "2001-01-01T00:00:00Z";
const FAR_AWAY: &str = "2099-01-01T00:00:00Z";

/// A value that no policy names.
fn outside(comparison: Comparison) -> &'static str {
    let name: &str = comparison.into();
    if name.starts_with("Numeric") {
        "987654321"
    } else if name.starts_with("Date") {
        LONG_AGO
    } else if name.contains("Ip") {
        "192.0.2.77"
    } else if name.starts_with("Arn") {
        "arn:aws:iam::999999999999:role/other"
    } else if comparison == Comparison::Bool {
        "false"
    } else {
        "other"
    }
}

/// The value plus `by`.
fn moved(value: &str, by: i64) -> String {
    value.parse::<i64>().map_or_else(|_| by.to_string(), |number| (number + by).to_string())
}

fn fact_edges(clause: &Clause) -> Vec<Fact> {
    let comparison = clause.operator.comparison;
    let other = outside(comparison).to_owned();
    if comparison == Comparison::Null {
        return vec![Fact::new(), vec!["x".to_owned()]];
    }
    let mut singles: Vec<String> = Vec::new();
    for value in sampled(&clause.values) {
        singles.extend(value_edges(comparison, value));
    }
    singles.push(other.clone());
    let mut facts: Vec<Fact> = vec![Fact::new()];
    let first = singles[0].clone();
    facts.extend(singles.into_iter().map(|value| vec![value]));
    facts.push(vec![first.clone(), other.clone()]);
    facts.push(vec![other.clone(), other]);
    let all = clause.values.iter().map(|value| filled(value, "red").replace('*', "x")).collect();
    facts.push(all);
    if clause.operator.quantifier == Quantifier::ForAllValues {
        facts.push(vec![String::new()]);
        facts.push(vec![first, String::new()]);
    }
    facts
}

fn value_edges(comparison: Comparison, value: &str) -> Vec<String> {
    let name: &str = comparison.into();
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    if name.starts_with("Numeric") {
        return vec![value.to_owned(), moved(value, -1), moved(value, 1), format!("{value}.5")];
    }
    if name.starts_with("Date") {
        return own(&[value, LONG_AGO, FAR_AWAY, "1796040000"]);
    }
    if name.starts_with("Arn") {
        return arns(value);
    }
    if comparison == Comparison::Bool {
        return own(&["true", "false", "TRUE"]);
    }
    if name.contains("Ip") {
        let address = value.split('/').next().unwrap_or_default();
        return own(&[address, "192.0.2.77", "2001:db8::1", "255.255.255.255"]);
    }
    let hit = instance(value, "x");
    let less = hit[..hit.floor_char_boundary(hit.len().saturating_sub(1))].to_owned();
    let mut edges = vec![hit.clone(), instance(value, ""), format!("{hit}y"), less, swapped(&hit)];
    edges.push(filled(value, "red"));
    edges.retain(|edge| !edge.is_empty());
    edges
}

/// The clauses of a statement's condition.
pub(super) fn clauses(statement: &Value) -> Vec<Clause> {
    let mut clauses = Vec::new();
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let text =
                |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let Some(operator) = Operator::parse(operator) else { continue };
            let values = items(values).iter().map(text).collect();
            clauses.push(Clause { operator, key: key.to_lowercase(), values });
        }
    }
    clauses
}

/// The keys that the document's conditions and variables name.
fn keys(document: &Value) -> BTreeSet<String> {
    let mut keys = variables(&document.to_string());
    for statement in items(&document["Statement"]) {
        keys.extend(clauses(statement).into_iter().map(|clause| clause.key));
    }
    keys
}

/// Some of a long list: the ends and what lies between at even distances.
fn sampled(patterns: &[String]) -> impl Iterator<Item = &String> {
    patterns.iter().step_by(patterns.len().div_ceil(PATTERNS_MAX).max(1))
}

fn strings(statement: &Value, keys: &[&str]) -> Vec<String> {
    let found = keys.iter().filter_map(|key| statement.get(*key));
    found.flat_map(items).filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) fn items(value: &Value) -> &[Value] {
    if value.is_null() {
        return &[];
    }
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}
