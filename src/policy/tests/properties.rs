//! What holds of verdicts whatever the policies.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use crate::policy::canonical::items;
use crate::policy::tests::cases;
use crate::policy::tests::generate::{document, rewritten};
use crate::policy::tests::verdict::{applies, deny, policy, under};
use crate::policy::{
    Comparison, Hierarchy, Language, Level, Operator, Request, Truth, Verdict, canonical, minify,
    parse, with_exceptions,
};

/// What a request may say about a key.
type Fact = (&'static str, Option<Vec<&'static str>>);

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let fact = |key, values: &'static [&'static str]| {
        let values = subsequence(values, 0..=values.len().min(2));
        values.prop_map(move |values| (key, (!values.is_empty()).then_some(values)))
    };
    let first = (
        fact("aws:RequestedRegion", &["eu-west-1", "us-east-1", "eu-"]),
        fact("aws:TagKeys", &["eu-west-1", "x", ""]),
        fact("aws:SecureTransport", &["true", "false", "odd"]),
        fact("aws:PrincipalTag/team", &["red", "*"]),
    );
    let others = (
        fact("aws:MultiFactorAuthAge", &["300", "7.5", "301", "odd"]),
        fact("aws:CurrentTime", &["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "1796040001"]),
        fact("aws:SourceIp", &["10.1.2.3", "203.0.113.8", "2001:db8::1"]),
        fact("aws:SourceIdentity", &["red", "blue", "r"]),
        fact("aws:SourceArn", &["arn:aws:s3:::a", "arn:aws:s3:::red", "arn:aws:sqs:r:1:ab"]),
        fact("aws:SourceVpc", &["QQ==", "qq=="]),
        fact("aws:ViaAWSService", &["true", "false"]),
    );
    // In any order, since properties tell some of them first.
    let all = (first, others)
        .prop_map(|((a, b, c, d), (e, f, g, h, i, j, k))| vec![a, b, c, d, e, f, g, h, i, j, k]);
    all.prop_shuffle()
}

/// As many facts as there are.
const FACTS: usize = 11;

fn request() -> impl Strategy<Value = Request> {
    let principals = select(vec![
        "arn:aws:iam::555555555555:role/admin",
        "arn:aws:iam::555555555555:role/ops-1",
        "arn:aws:iam::555555555555:role/dev",
        "arn:aws:sts::555555555555:assumed-role/dev/me",
    ]);
    principals.prop_flat_map(request_of)
}

fn request_of(principal: &'static str) -> impl Strategy<Value = Request> {
    let parts = (
        select(vec!["s3:GetObject", "s3:PutObject", "ec2:RunInstances", "iam:PassRole"]),
        prop::option::of(select(vec![
            "*",
            "arn:aws:s3:::a/b",
            "arn:aws:s3:::b",
            "arn:aws:iam::555555555555:role/red",
        ])),
    );
    parts.prop_map(move |(action, resource)| {
        let request = Request::new(principal, action).unwrap();
        resource.map_or(request.clone(), |resource| request.on(resource))
    })
}

fn told(request: &Request, facts: &[Fact]) -> Request {
    facts.iter().fold(request.clone(), |request, (key, values)| match values {
        Some(values) => request.with(key, values.iter().copied()),
        None => request.without(key),
    })
}

/// The verdict without who is to blame.
fn outcome(hierarchy: &Hierarchy, request: &Request) -> &'static str {
    match hierarchy.decide(request) {
        Verdict::Allowed => "allowed",
        Verdict::Denied(_) => "denied",
        Verdict::Unknown(_) => "unknown",
    }
}

/// Two levels; the lower one has only what is given.
fn levels(above: &Value, below: &Value) -> Hierarchy {
    let mut hierarchy = under(&[above]);
    let policies = vec![policy(below)];
    hierarchy.service_control.push(Level { name: "account".to_owned(), policies });
    hierarchy
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn more_facts_never_change_a_definite_verdict(
        above in document(), below in document(), request in request(), facts in facts(),
        known in 0_usize..FACTS,
    ) {
        let hierarchy = levels(&above, &below);
        let some = told(&request, &facts[..known]);
        let before = outcome(&hierarchy, &some);
        let after = outcome(&hierarchy, &told(&some, &facts[known..]));
        prop_assert!(before == "unknown" || before == after, "{before} became {after}");
    }

    #[test]
    fn an_unknown_verdict_names_what_it_waits_for(
        above in document(), below in document(), request in request(), facts in facts(),
    ) {
        let hierarchy = levels(&above, &below);
        if let Verdict::Unknown(missing) = hierarchy.decide(&told(&request, &facts)) {
            prop_assert!(!missing.keys.is_empty() || !missing.doubts.is_empty());
        }
    }

    #[test]
    fn an_added_deny_never_allows(
        above in document(), below in document(), more in document(), request in request(),
        facts in facts(), known in 0_usize..=FACTS,
    ) {
        let request = told(&request, &facts[..known]);
        let mut hierarchy = levels(&above, &below);
        let before = outcome(&hierarchy, &request);
        let mut denies = more;
        let statements = denies["Statement"].as_array_mut();
        for statement in statements.into_iter().flatten() {
            statement["Effect"] = "Deny".into();
        }
        if denies["Statement"].is_object() {
            denies["Statement"]["Effect"] = "Deny".into();
        }
        hierarchy.service_control[1].policies.push(policy(&denies));
        let after = outcome(&hierarchy, &request);
        prop_assert!(before == after || after == "denied" || before == "allowed", "{before} became {after}");
    }

    #[test]
    fn documents_of_one_meaning_give_one_verdict(
        above in document(), below in document(), seed: u64, request in request(),
        facts in facts(), known in 0_usize..=FACTS,
    ) {
        let request = told(&request, &facts[..known]);
        let hierarchy = levels(&above, &below);
        let other = levels(&rewritten(&above, seed), &rewritten(&below, seed.rotate_left(7)));
        prop_assert_eq!(outcome(&hierarchy, &request), outcome(&other, &request));
        let short = levels(&parse(&minify(&above)).unwrap(), &below);
        prop_assert_eq!(hierarchy.decide(&request), short.decide(&request));
    }

    /// Not by rewriting, as above, but wherever two documents happen to have one form.
    #[test]
    fn equal_forms_decide_alike(
        one in document(), other in document(), request in request(), facts in facts(),
    ) {
        let of = |document: &Value, statement: &Value| {
            let document = json!({"Version": document["Version"], "Statement": [statement]});
            (canonical(Language::Iam, &document), outcome(&under(&[&document]), &told(&request, &facts)))
        };
        let all = [&one, &other].into_iter().flat_map(|document| {
            items(&document["Statement"]).iter().map(move |statement| of(document, statement))
        });
        let mut known: BTreeMap<_, &str> = BTreeMap::new();
        for (form, verdict) in all {
            prop_assert_eq!(*known.entry(form).or_insert(verdict), verdict);
        }
    }

    #[test]
    fn an_exception_frees_its_principal_and_no_one_else(
        document in document(),
        admin in request_of("arn:aws:iam::555555555555:role/admin"),
        other in request_of("arn:aws:iam::555555555555:role/dev"),
        facts in facts(), known in 0_usize..=FACTS,
    ) {
        let free = with_exceptions(&document, &["arn:aws:iam::*:role/admin".to_owned()]);
        prop_assert_eq!(outcome(&under(&[&free]), &told(&admin, &facts[..known])), "allowed");
        let other = told(&other, &facts[..known]);
        prop_assert_eq!(outcome(&under(&[&document]), &other), outcome(&under(&[&free]), &other));
    }
}

/// Generators that miss the edges prove nothing: every verdict is met often, and every comparison decides
/// both ways.
#[test]
fn the_generated_cases_hit_what_they_are_for() {
    let mut runner = TestRunner::new(cases());
    let mut sample = |strategy: &BoxedStrategy<(Value, Request, Vec<Fact>)>| {
        strategy.new_tree(&mut runner).unwrap().current()
    };
    let strategy = (document(), request(), facts()).boxed();
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut decided: BTreeMap<(String, Truth), usize> = BTreeMap::new();
    for _ in 0..3_000 {
        let (document, request, facts) = sample(&strategy);
        let request = told(&request, &facts);
        *verdicts.entry(outcome(&under(&[&document]), &request)).or_default() += 1;
        for statement in items(&document["Statement"]) {
            for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
                for (key, values) in keys.as_object().unwrap() {
                    let alone = deny(&json!({"Condition": {operator: {key: values}}}));
                    let comparison = Operator::parse(operator).unwrap().comparison;
                    let name: &str = comparison.into();
                    let truth = applies(&alone, &request);
                    *decided.entry((name.to_owned(), truth)).or_default() += 1;
                }
            }
        }
    }
    for verdict in ["allowed", "denied", "unknown"] {
        assert!(verdicts[verdict] >= 300, "{verdicts:?}");
    }
    for comparison in Comparison::iter() {
        let name: &str = comparison.into();
        for truth in [Truth::True, Truth::False] {
            let found = decided.get(&(name.to_owned(), truth)).copied().unwrap_or_default();
            assert!(found >= 5, "{name} is {truth:?} {found} times: {decided:?}");
        }
    }
}
