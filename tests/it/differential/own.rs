//! The catalogue's own cases, asked of the other engine: what an entry says it denies and leaves alone.

use std::collections::BTreeMap;
use std::path::Path;

use palisade::catalog::{Guardrail, built_in};
use palisade::org::PolicyTypeFacts;
use palisade::policy::{Grammar, Language};
use serde_json::Value;

use crate::differential::edges::{Case, Fact};
use crate::differential::engines::{Other, Outcome, Subject};
use crate::differential::{known, site};

/// The account of both engines' principal.
const ACCOUNT: &str = "555555555555";

#[test]
fn another_engine_holds_the_catalogue_to_its_own_cases() {
    let Some(directory) = std::env::var_os("PALISADE_TEST_IAM_SIMULATE") else { return };
    let mut other = Other::start(Path::new(&directory));
    let (mut asked, mut wrong) = (0, Vec::new());
    for guardrail in built_in().guardrails().filter(|guardrail| !guardrail.tests.is_null()) {
        let facts = PolicyTypeFacts::of_kind(&guardrail.kind).unwrap();
        assert_eq!(facts.language, Language::Iam, "{}", guardrail.id);
        let subject = Subject {
            name: guardrail.id.clone(),
            grammar: Grammar::of(facts.name),
            document: guardrail.render(&guardrail.example, &site()).unwrap(),
        };
        let cases = cases_of(guardrail);
        let requests: Vec<Case> = cases.iter().map(|(case, _)| case.clone()).collect();
        let answers = other.ask(subject.grammar, &subject.document, &requests);
        asked += requests.len();
        let differing = cases
            .into_iter()
            .zip(answers)
            .filter(|((_, expected), theirs)| expected.contradicts(*theirs))
            .map(|((case, expected), theirs)| (case, expected, theirs))
            .collect();
        for (case, reason, expected, theirs) in known::explain(&mut other, &subject, differing) {
            if reason.is_none() {
                wrong.push(format!("{}: {case:?}: {expected:?}, theirs {theirs:?}", subject.name));
            }
        }
    }
    eprintln!("{asked} calls of the catalogue's own cases");
    assert!(asked > 300, "{asked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The calls of an entry's cases that one principal of the member account makes there, and what must
/// become of them. What services do, what others do, and roles that policies do not bind, the other engine
/// does not tell apart.
fn cases_of(guardrail: &Guardrail) -> Vec<(Case, Outcome)> {
    let mut cases = Vec::new();
    let defaults = &guardrail.tests["defaults"];
    for case in guardrail.tests["cases"].as_array().unwrap() {
        let field = |name: &str| case.get(name).or_else(|| defaults.get(name));
        let elsewhere = ["account", "resourceAccount"];
        if elsewhere.iter().any(|name| field(name).is_some_and(|it| it != "member")) {
            continue;
        }
        let expected = match case["expect"].as_str().unwrap() {
            "allowed" => Outcome::Allowed,
            "denied" => Outcome::Denied,
            _ => continue,
        };
        let mut facts: BTreeMap<String, Fact> = BTreeMap::new();
        for said in [defaults, case] {
            for key in texts(&said["absent"]) {
                facts.insert(key.to_lowercase(), Fact::new());
            }
            for (key, value) in said["context"].as_object().into_iter().flatten() {
                facts.insert(key.to_lowercase(), texts(value));
            }
        }
        let mut tried = vec![facts];
        for (key, values) in field("forEach").and_then(Value::as_object).into_iter().flatten() {
            let each = values.as_array().unwrap();
            let with = |facts: &BTreeMap<String, Fact>, value: &Value| {
                let mut facts = facts.clone();
                facts.insert(key.to_lowercase(), texts(value));
                facts
            };
            tried = tried
                .iter()
                .flat_map(|facts| each.iter().map(|value| with(facts, value)).collect::<Vec<_>>())
                .collect();
        }
        let local = |name: &String| {
            let is_local = name == "root" || name.starts_with("role/") || name.starts_with("user/");
            is_local && !name.starts_with("role/aws-service-role/")
        };
        for principal in texts(field("principal").unwrap()).iter().filter(|name| local(name)) {
            for action in texts(field("action").unwrap()) {
                for resource in texts(field("resource").unwrap()) {
                    for facts in &tried {
                        let mut facts = facts.clone();
                        let arn = format!("arn:aws:iam::{ACCOUNT}:{principal}");
                        facts.insert("aws:principalarn".to_owned(), vec![arn]);
                        let resource = resource.replace("{account}", ACCOUNT);
                        cases.push((Case { action: action.clone(), resource, facts }, expected));
                    }
                }
            }
        }
    }
    cases
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let text = |item: &Value| match item {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    items.iter().filter_map(text).collect()
}
