//! Equality by meaning.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policy::tests::cases;
use crate::policy::tests::generate::{document, rewritten};
use crate::policy::{Language, canonical, minify, parse};

fn scp(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn deny(condition: &Value) -> Value {
    scp(&json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": condition}))
}

#[track_caller]
fn same(one: &Value, other: &Value) {
    assert_eq!(canonical(Language::Iam, one), canonical(Language::Iam, other));
}

#[track_caller]
fn different(one: &Value, other: &Value) {
    assert_ne!(canonical(Language::Iam, one), canonical(Language::Iam, other));
}

#[test]
fn order_lists_case_and_sids_do_not_matter() {
    let plain = scp(&json!([
        {"Effect": "Deny", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"},
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
    ]));
    let odd = scp(&json!([
        {"Sid": "A", "Resource": ["*", "*"], "Action": "*", "Effect": "Allow", "Condition": {}},
        {"Sid": "B", "Effect": "Deny", "Resource": ["*"],
         "Action": ["S3:PUTOBJECT", "s3:getobject", "s3:GetObject"]},
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
    ]));
    same(&plain, &odd);
    same(
        &scp(&json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})),
        &scp(&json!([{"Effect": "Deny", "Action": ["s3:*"], "Resource": "*"}])),
    );
}

#[test]
fn conditions_are_compared_by_folded_names_and_plain_values() {
    same(
        &deny(&json!({"StringLike": {"aws:PrincipalArn": ["b", "a"]}, "Null": {"aws:x": true}})),
        &deny(&json!({"Null": {"aws:X": "TRUE"}, "Stringlike": {"aws:PrincipalARN": ["a", "b"]}})),
    );
    same(
        &deny(&json!({"NumericLessThan": {"s3:max-keys": 5}, "Bool": {"aws:x": false}})),
        &deny(&json!({"NumericLessThan": {"s3:max-keys": "5"}, "Bool": {"aws:x": "False"}})),
    );
    different(
        &deny(&json!({"StringLike": {"aws:PrincipalArn": "a"}})),
        &deny(&json!({"StringLike": {"aws:PrincipalArn": "A"}})),
    );
    different(
        &deny(&json!({"StringLike": {"aws:x": "a"}})),
        &deny(&json!({"StringLikeIfExists": {"aws:x": "a"}})),
    );
    different(
        &deny(&json!({"StringLike": {"aws:x": "a"}})),
        &deny(&json!({"ForAnyValue:StringLike": {"aws:x": "a"}})),
    );
}

#[test]
fn a_key_written_twice_in_different_case_restricts_twice() {
    different(
        &deny(&json!({"StringLike": {"aws:x": "a", "aws:X": "b"}})),
        &deny(&json!({"StringLike": {"aws:x": ["a", "b"]}})),
    );
    same(
        &deny(&json!({"StringLike": {"aws:x": "a", "aws:X": "b"}})),
        &deny(&json!({"StringLike": {"aws:X": "b"}, "stringlike": {"aws:x": "a"}})),
    );
}

#[test]
fn not_actions_are_never_joined() {
    let not = |action: &Value| json!({"Effect": "Deny", "NotAction": action, "Resource": "*"});
    different(
        &scp(&json!([not(&json!("s3:*")), not(&json!("ec2:*"))])),
        &scp(&not(&json!(["s3:*", "ec2:*"]))),
    );
    different(
        &scp(&not(&json!("s3:*"))),
        &scp(&json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})),
    );
}

#[test]
fn resources_effects_and_versions_are_compared_exactly() {
    let one = |effect: &str, resource: &str| {
        scp(&json!({"Effect": effect, "Action": "*", "Resource": resource}))
    };
    different(&one("Deny", "*"), &one("Allow", "*"));
    different(&one("Deny", "arn:aws:s3:::a"), &one("Deny", "arn:aws:s3:::A"));
    let mut old = one("Deny", "*");
    old["Version"] = json!("2008-10-17");
    different(&old, &one("Deny", "*"));
    let mut without = old.clone();
    without.as_object_mut().unwrap().remove("Version");
    same(&old, &without);
}

#[test]
fn what_is_not_understood_is_compared_as_it_is() {
    for (one, other) in [
        (json!({"Statement": [1]}), json!({"Statement": [2]})),
        (deny(&json!({"StringLike": 1})), deny(&json!({"StringLike": 2}))),
        (deny(&json!("x")), deny(&json!("y"))),
        (json!({"Statement": {"Odd": [{"a": 1}]}}), json!({"Statement": {"Odd": [{"a": 2}]}})),
    ] {
        same(&one, &one);
        different(&one, &other);
    }
}

#[test]
fn a_document_contains_another_when_it_has_each_of_its_statements() {
    let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let denies = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"});
    let of = |value: &Value| canonical(Language::Iam, value);
    let both = of(&scp(&json!([allow, denies])));
    let only =
        of(&scp(&json!([{"Sid": "X", "Effect": "Deny", "Action": ["S3:*"], "Resource": "*"}])));
    assert!(both.contains(&only) && both.contains(&both));
    assert!(!only.contains(&both));
    assert!(both.has_allow() && !only.has_allow());
    assert_eq!((both.statements().len(), only.statements().len()), (2, 1));
    let older = of(&json!({"Version": "2008-10-17", "Statement": [allow, denies]}));
    assert!(!older.contains(&only));
    assert!(older.contains(&of(&scp(&json!([])))));
}

#[test]
fn management_policies_are_compared_as_objects_with_sets() {
    let of = |text: &str| canonical(Language::Inheritance, &parse(text).unwrap());
    let one = of(r#"{"tags": {"a": {"tag_value": {"@@assign": ["x", "y"]}, "on": true}}}"#);
    assert_eq!(one, of(r#"{"tags":{"a":{"on":true,"tag_value":{"@@assign":["y","x","x"]}}}}"#));
    assert_ne!(one, of(r#"{"tags":{"a":{"on":"true","tag_value":{"@@assign":["y","x"]}}}}"#));
    assert_ne!(of(r#"{"a": "x"}"#), of(r#"{"a": ["x"]}"#));
    assert_ne!(of(r#"{"a": [{"x": 1}, {"y": 1}]}"#), of(r#"{"a": [{"y": 1}, {"x": 1}]}"#));
    assert!(!one.has_allow() && one.contains(&one) && !one.contains(&of(r#"{"a": "x"}"#)));
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn rewriting_a_document_does_not_change_its_meaning(document in document(), seed: u64) {
        let other = rewritten(&document, seed);
        prop_assert_eq!(canonical(Language::Iam, &document), canonical(Language::Iam, &other));
    }

    #[test]
    fn minifying_keeps_the_meaning_and_is_never_longer(document in document()) {
        let short = minify(&document);
        prop_assert_eq!(
            canonical(Language::Iam, &parse(&short).unwrap()),
            canonical(Language::Iam, &document)
        );
        prop_assert!(short.len() <= serde_json::to_string_pretty(&document).unwrap().len());
        prop_assert_eq!(minify(&parse(&short).unwrap()), short);
    }

    #[test]
    fn a_document_made_of_canonical_statements_is_canonical_already(document in document()) {
        let form = canonical(Language::Iam, &document);
        let again: Vec<Value> =
            form.statements().iter().map(|text| readable(serde_json::from_str(text).unwrap())).collect();
        prop_assert_eq!(canonical(Language::Iam, &scp(&Value::Array(again))), form);
    }

    #[test]
    fn dropping_any_statement_is_noticed(document in document(), at: prop::sample::Index) {
        let form = canonical(Language::Iam, &document);
        let mut rest: Vec<&String> = form.statements().iter().collect();
        rest.remove(at.index(rest.len()));
        let rest: Vec<Value> =
            rest.into_iter().map(|text| readable(serde_json::from_str(text).unwrap())).collect();
        let smaller = canonical(Language::Iam, &scp(&Value::Array(rest)));
        prop_assert!(form.contains(&smaller) && !smaller.contains(&form));
    }
}

/// A canonical statement as a statement: its conditions are `[operator, key, values]`.
fn readable(mut statement: Value) -> Value {
    if let Some(entries) = statement.get("Condition").and_then(Value::as_array).cloned() {
        let mut condition = json!({});
        for entry in entries {
            let (operator, key) = (entry[0].as_str().unwrap(), entry[1].as_str().unwrap());
            condition[operator][key] = entry[2].clone();
        }
        statement["Condition"] = condition;
    }
    statement
}
