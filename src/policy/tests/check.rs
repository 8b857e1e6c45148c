//! Grammar: what is allowed, what is not, and where.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policy::tests::cases;
use crate::policy::tests::generate::document;
use crate::policy::{Grammar, check};

fn scp(statement: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn edited(mut statement: Value, edits: &[(&str, Value)]) -> Value {
    for (key, value) in edits {
        statement[*key] = value.clone();
    }
    statement
}

fn scp_statement(edits: &[(&str, Value)]) -> Value {
    edited(json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}), edits)
}

fn rcp_statement(edits: &[(&str, Value)]) -> Value {
    let plain = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"});
    edited(plain, edits)
}

/// `expected` is `(pointer, words of the message)`, in order.
#[track_caller]
fn finds(grammar: Grammar, document: &Value, expected: &[(&str, &str)]) {
    let problems = check(grammar, document);
    let found: Vec<(&str, &str)> = problems
        .iter()
        .map(|problem| (problem.pointer.as_str(), problem.message.as_str()))
        .collect();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for ((pointer, message), (at, words)) in found.iter().zip(expected) {
        assert_eq!(pointer, at, "{message}");
        assert!(message.contains(words), "`{message}` does not say `{words}`");
    }
}

#[track_caller]
fn scp_finds(edits: &[(&str, Value)], expected: &[(&str, &str)]) {
    finds(Grammar::Scp, &scp(&scp_statement(edits)), expected);
}

#[test]
fn a_plain_policy_has_no_problem() {
    finds(Grammar::Scp, &scp(&scp_statement(&[])), &[]);
    finds(Grammar::Rcp, &scp(&rcp_statement(&[])), &[]);
    let single = json!({"Version": "2012-10-17", "Statement": scp_statement(&[])});
    finds(Grammar::Scp, &single, &[]);
}

#[test]
fn the_document_has_a_version_and_statements_and_nothing_else() {
    finds(Grammar::Scp, &json!([]), &[("", "expected one JSON object, found a list")]);
    finds(
        Grammar::Scp,
        &json!({"Id": "x", "version": "2012-10-17", "Statement": []}),
        &[
            ("/Id", "unknown key `Id`; allowed are `Version`, `Statement`"),
            ("/version", "write `Version`"),
            ("", "`Version` is missing"),
            ("/Statement", "at least one"),
        ],
    );
    finds(
        Grammar::Rcp,
        &json!({"Version": "2008-10-17"}),
        &[("/Version", "must be \"2012-10-17\""), ("", "`Statement` is missing")],
    );
    let odd = json!({"Version": "2012-10-17", "Statement": ["x"]});
    finds(Grammar::Scp, &odd, &[("/Statement/0", "must be an object, not a string")]);
    let odd = json!({"Version": "2012-10-17", "Statement": 7});
    finds(Grammar::Scp, &odd, &[("/Statement", "must be an object, not a number")]);
}

#[test]
fn statements_have_an_effect_and_one_of_each_pair() {
    let at = "/Statement/0";
    finds(
        Grammar::Scp,
        &scp(&json!({})),
        &[
            (at, "`Effect` is missing"),
            (at, "`Action` or `NotAction` is missing"),
            (at, "`Resource` or `NotResource` is missing"),
        ],
    );
    scp_finds(
        &[("Effect", json!("deny")), ("NotAction", json!("a:b")), ("NotResource", json!("*"))],
        &[
            ("/Statement/0/Effect", "it must be \"Allow\" or \"Deny\""),
            ("/Statement/0/NotAction", "`Action` and `NotAction` exclude each other"),
            ("/Statement/0/NotResource", "exclude each other"),
        ],
    );
    scp_finds(
        &[("Resources", json!("*"))],
        &[("/Statement/0/Resources", "unknown key `Resources`")],
    );
    scp_finds(&[("effect", json!("Deny"))], &[("/Statement/0/effect", "write `Effect`")]);
}

#[test]
fn sids_are_alphanumeric_and_unique() {
    scp_finds(&[("Sid", json!("Az09"))], &[]);
    scp_finds(&[("Sid", json!(""))], &[]);
    for bad in [json!("a b"), json!("a-b"), json!("é"), json!(1)] {
        scp_finds(&[("Sid", bad)], &[("/Statement/0/Sid", "only letters")]);
    }
    let with = |sid: &str| scp_statement(&[("Sid", json!(sid))]);
    let document =
        json!({"Version": "2012-10-17", "Statement": [with("A"), with(""), with("A"), with("")]});
    finds(Grammar::Scp, &document, &[("/Statement/2/Sid", "taken by statement 1")]);
}

#[test]
fn actions_name_a_service_and_wildcards_come_after_it() {
    for good in ["*", "s3:*", "S3:GetObject", "execute-api:In?oke*", "a4b:X", "ec2:*Instances*"] {
        scp_finds(&[("Action", json!(good))], &[]);
        scp_finds(&[("Action", json!([good, "s3:*"]))], &[]);
    }
    for (bad, words) in [
        ("s3", "has no service"),
        ("GetObject*", "has no service"),
        ("s*:GetObject", "wildcards are allowed after the colon only"),
        ("*:*", "wildcards are allowed after the colon only"),
        (":GetObject", "not a service prefix"),
        ("s 3:GetObject", "not a service prefix"),
        ("s3:", "letters, digits"),
        ("s3:Get Object", "letters, digits"),
        ("s3:${x}", "letters, digits"),
        ("s3:a:b", "letters, digits"),
    ] {
        scp_finds(&[("Action", json!(bad))], &[("/Statement/0/Action", words)]);
        scp_finds(&[("Action", json!(["s3:*", bad]))], &[("/Statement/0/Action/1", words)]);
    }
    scp_finds(&[("Action", json!([]))], &[("/Statement/0/Action", "is empty")]);
    scp_finds(&[("Action", json!({}))], &[("/Statement/0/Action", "not an object")]);
    scp_finds(&[("Action", json!(["s3:*", 1]))], &[("/Statement/0/Action/1", "not a number")]);
}

#[test]
fn resources_are_a_star_or_arns() {
    for good in ["*", "arn:aws:s3:::a/*", "arn:*:iam::*:role/x", "arn:aws:ec2:*", "arn:${P}:s3:::a"]
    {
        scp_finds(&[("Resource", json!([good]))], &[]);
    }
    for bad in ["", "bucket", "arn:aws:s3", "**", "s3:*"] {
        scp_finds(
            &[("Resource", json!(bad))],
            &[("/Statement/0/Resource", "must be `*` or an ARN")],
        );
    }
}

#[test]
fn service_control_policies_name_no_principals() {
    scp_finds(
        &[("Principal", json!("*")), ("NotPrincipal", json!("*"))],
        &[
            ("/Statement/0/Principal", "an SCP cannot name principals"),
            ("/Statement/0/NotPrincipal", "an SCP cannot name principals"),
        ],
    );
}

#[test]
fn resource_control_policies_only_deny_and_for_everyone() {
    let rcp_finds = |edits: &[(&str, Value)], expected: &[(&str, &str)]| {
        finds(Grammar::Rcp, &scp(&rcp_statement(edits)), expected);
    };
    rcp_finds(&[("Effect", json!("Allow"))], &[("/Statement/0/Effect", "an RCP only denies")]);
    rcp_finds(&[("Action", json!("*"))], &[("/Statement/0/Action", "write `service:*`")]);
    rcp_finds(
        &[("Action", json!(["s3:*", "*"]))],
        &[("/Statement/0/Action/1", "write `service:*`")],
    );
    for principal in [json!({"AWS": "*"}), json!(["*"]), json!("arn:aws:iam::1:root")] {
        rcp_finds(&[("Principal", principal)], &[("/Statement/0/Principal", "exactly \"*\"")]);
    }
    rcp_finds(
        &[("NotAction", json!("s3:*")), ("NotPrincipal", json!("*"))],
        &[
            ("/Statement/0/NotAction", "cannot have `NotAction`"),
            ("/Statement/0/NotPrincipal", "cannot have `NotPrincipal`"),
        ],
    );
    let bare = json!({"Effect": "Deny", "NotResource": "arn:aws:s3:::a"});
    let expected =
        [("/Statement/0", "`Principal` is missing"), ("/Statement/0", "`Action` is missing")];
    finds(Grammar::Rcp, &scp(&bare), &expected);
}

#[test]
fn conditions_have_known_operators_keys_and_plain_values() {
    let condition = "/Statement/0/Condition";
    let finds = |value: Value, expected: &[(&str, &str)]| {
        let expected: Vec<(String, &str)> =
            expected.iter().map(|(at, words)| (format!("{condition}{at}"), *words)).collect();
        let expected: Vec<(&str, &str)> =
            expected.iter().map(|(at, words)| (at.as_str(), *words)).collect();
        scp_finds(&[("Condition", value)], &expected);
    };
    finds(json!({}), &[]);
    finds(json!({"stringlike": {"aws:RequestTag/Cost Center": ["a", 1, true]}}), &[]);
    finds(
        json!({"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": "a"}, "Null": {"a:b": false}}),
        &[],
    );
    finds(json!([]), &[("", "must be an object, not a list")]);
    finds(
        json!({"StringEqual": {"aws:x": "a"}, "NullIfExists": {"aws:x": "a"}, "Bool": "aws:x"}),
        &[
            (
                "/StringEqual",
                "unknown condition operator `StringEqual`; the nearest is `StringEquals`",
            ),
            ("/NullIfExists", "unknown condition operator"),
            ("/Bool", "must be an object of condition keys"),
        ],
    );
    finds(
        json!({"Null": {"a:b": "yes", "word": true}, "StringLike": {"a:b": [], "a:c": [["x"]], "A:C": null}}),
        &[
            ("/Null/a:b", "`Null` takes"),
            ("/Null/word", "not a condition key"),
            ("/StringLike/a:b", "at least one value"),
            ("/StringLike/a:c/0", "not a list"),
            ("/StringLike/A:C", "are the same condition key"),
            ("/StringLike/A:C", "not null"),
        ],
    );
}

#[test]
fn management_policies_are_objects_that_say_something() {
    finds(Grammar::Inheritance, &json!({"tags": {}}), &[]);
    finds(Grammar::Inheritance, &json!({}), &[("", "empty")]);
    finds(Grammar::Inheritance, &json!([1]), &[("", "expected a JSON object, found a list")]);
}

#[test]
fn a_policy_type_has_the_grammar_of_its_name() {
    assert_eq!(Grammar::of("SERVICE_CONTROL_POLICY"), Grammar::Scp);
    assert_eq!(Grammar::of("RESOURCE_CONTROL_POLICY"), Grammar::Rcp);
    assert_eq!(Grammar::of("TAG_POLICY"), Grammar::Inheritance);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn generated_policies_are_grammatical(document in document()) {
        prop_assert_eq!(check(Grammar::Scp, &document), vec![]);
    }

    #[test]
    fn every_problem_points_into_the_document(document in document(), at: prop::sample::Index) {
        let mut odd = document;
        let statement = if odd["Statement"].is_array() {
            at.get_mut(odd["Statement"].as_array_mut().unwrap())
        } else {
            &mut odd["Statement"]
        };
        let map = statement.as_object_mut().unwrap();
        let key = map.keys().nth(at.index(map.len())).unwrap().clone();
        map.insert(key, json!([{"odd": 1}]));
        for grammar in [Grammar::Scp, Grammar::Rcp] {
            let problems = check(grammar, &odd);
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(odd.pointer(&problem.pointer).is_some(), "{}", problem.pointer);
            }
        }
    }
}
