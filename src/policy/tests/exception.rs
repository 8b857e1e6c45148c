//! Exceptions for principals.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policy::tests::cases;
use crate::policy::tests::generate::document;
use crate::policy::with_exceptions;

fn principals() -> Vec<String> {
    vec!["arn:aws:iam::*:role/ops".to_owned(), "arn:aws:iam::*:role/boss".to_owned()]
}

fn with_condition(condition: Option<Value>) -> Value {
    let mut statement = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"});
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

#[track_caller]
fn becomes(before: Option<Value>, after: Value) {
    assert_eq!(
        with_exceptions(&with_condition(before), &principals()),
        with_condition(Some(after))
    );
}

#[test]
fn every_deny_leaves_the_principals_alone() {
    let both = json!(["arn:aws:iam::*:role/ops", "arn:aws:iam::*:role/boss"]);
    becomes(None, json!({"ArnNotLike": {"aws:PrincipalArn": both}}));
    becomes(
        Some(json!({"StringEquals": {"aws:x": "y"}})),
        json!({"StringEquals": {"aws:x": "y"}, "ArnNotLike": {"aws:PrincipalArn": both}}),
    );
    becomes(
        Some(json!({"ArnNotLike": {"aws:SourceArn": "x"}})),
        json!({"ArnNotLike": {"aws:SourceArn": "x", "aws:PrincipalArn": both}}),
    );
}

#[test]
fn a_list_that_is_there_is_extended_in_its_own_spelling() {
    becomes(
        Some(json!({"arnnotlike": {"aws:PrincipalARN": "arn:aws:iam::*:role/boss"}})),
        json!({"arnnotlike": {"aws:PrincipalARN":
            ["arn:aws:iam::*:role/boss", "arn:aws:iam::*:role/ops"]}}),
    );
}

#[test]
fn operators_that_only_resemble_it_are_left_alone() {
    let both = json!(["arn:aws:iam::*:role/ops", "arn:aws:iam::*:role/boss"]);
    for name in ["ArnNotLikeIfExists", "ForAllValues:ArnNotLike", "ArnLike", "StringNotLike"] {
        becomes(
            Some(json!({name: {"aws:PrincipalArn": "x"}})),
            json!({name: {"aws:PrincipalArn": "x"}, "ArnNotLike": {"aws:PrincipalArn": both}}),
        );
    }
}

#[test]
fn what_is_not_understood_stays() {
    for odd in [
        json!("text"),
        json!({"Statement": "text"}),
        with_condition(Some(json!("text"))),
        with_condition(Some(json!({"ArnNotLike": 3}))),
    ] {
        assert_eq!(with_exceptions(&odd, &principals()), odd);
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn exceptions_are_added_once_and_to_denies_only(document in document()) {
        let once = with_exceptions(&document, &principals());
        prop_assert_eq!(&with_exceptions(&once, &principals()), &once);
        prop_assert_eq!(&with_exceptions(&document, &[]), &document);
        let list = |document: &Value| {
            let statement = &document["Statement"];
            statement.as_array().cloned().unwrap_or_else(|| vec![statement.clone()])
        };
        for (before, after) in list(&document).iter().zip(list(&once)) {
            if before["Effect"] == "Allow" {
                prop_assert_eq!(before, &after);
                continue;
            }
            let operators = after["Condition"].as_object().unwrap();
            let patterns: Vec<&Value> = operators
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("ArnNotLike"))
                .flat_map(|(_, keys)| keys.as_object().unwrap().values())
                .flat_map(|values| values.as_array().unwrap())
                .collect();
            for principal in principals() {
                prop_assert!(patterns.iter().any(|pattern| **pattern == principal));
            }
            for (name, keys) in before.get("Condition").and_then(Value::as_object).into_iter().flatten() {
                prop_assert!(name.eq_ignore_ascii_case("ArnNotLike") || operators[name] == *keys);
            }
            let (mut before, mut after) = (before.clone(), after);
            before.as_object_mut().unwrap().remove("Condition");
            after.as_object_mut().unwrap().remove("Condition");
            prop_assert_eq!(before, after);
        }
    }
}
