//! What is found, and what is left alone: each kind of finding beside what nearly is one.

#![expect(clippy::needless_pass_by_value, reason = "a table reads better with `json!` in place")]

use std::collections::BTreeSet;
use std::str::FromStr;

use serde_json::{Value, json};
use strum::IntoEnumIterator;

use crate::lint::{Lint, LintCode, lint};
use crate::policy::{Grammar, check};

fn of_statements(grammar: Grammar, statements: &Value) -> Vec<Lint> {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    assert_eq!(check(grammar, &document), [], "{document}");
    lint(grammar, &document, &[])
}

/// A Deny of something harmless with other parts in place of some of it.
fn deny(parts: &Value) -> Value {
    let mut statement = json!({"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"});
    for (key, value) in parts.as_object().unwrap() {
        match key.as_str() {
            "NotAction" => statement.as_object_mut().unwrap().remove("Action"),
            "NotResource" => statement.as_object_mut().unwrap().remove("Resource"),
            _ => None,
        };
        statement[key] = value.clone();
    }
    statement
}

/// The code and pointer, below the statement, of everything found in one Deny.
fn found(parts: &Value) -> Vec<(LintCode, String)> {
    let lints = of_statements(Grammar::Scp, &deny(parts));
    let below = |lint: Lint| {
        (lint.code, lint.pointer.strip_prefix("/Statement").unwrap_or_default().to_owned())
    };
    lints.into_iter().map(below).collect()
}

#[track_caller]
fn finds(parts: Value, code: LintCode, pointer: &str) {
    assert_eq!(found(&parts), [(code, pointer.to_owned())], "{parts}");
}

#[track_caller]
fn finds_nothing(parts: Value) {
    assert_eq!(found(&parts), [], "{parts}");
}

fn condition(operator: &str, key: &str, values: Value) -> Value {
    json!({"Condition": {operator: {key: values}}})
}

fn at(operator: &str, key: &str) -> String {
    format!("/Condition/{operator}/{}", key.replace('/', "~1"))
}

#[test]
fn names_that_aws_does_not_have_are_found() {
    finds(
        json!({"Action": ["s3:DeleteBucket", "s4:Put*", "s4:Get*"]}),
        LintCode::UnknownService,
        "/Action/1",
    );
    finds(json!({"Action": "s3:DeleteBuckets"}), LintCode::UnknownAction, "/Action");
    finds(json!({"Action": "s3:Erase*"}), LintCode::UnknownAction, "/Action");
    finds_nothing(json!({"Action": ["s3:DeleteBucket", "s3:PutBucket*"]}));
    let key = "aws:PrincipalOrgId2";
    finds(
        condition("StringEquals", key, json!("o-a1b2c3d4e5")),
        LintCode::UnknownConditionKey,
        &at("StringEquals", key),
    );
    finds_nothing(condition("StringEquals", "aws:PrincipalOrgID", json!("o-a1b2c3d4e5")));
    // Whoever has an identity provider has keys of his own.
    finds_nothing(condition("StringEquals", "id.acme.example:sub", json!("x")));
    let region = "aws:RequestedRegion";
    finds(
        condition("StringNotEquals", region, json!(["eu-west-1", "eu-west-11"])),
        LintCode::UnknownRegion,
        "/Condition/StringNotEquals/aws:RequestedRegion/1",
    );
    finds(
        condition("StringLike", region, json!("EU-*")),
        LintCode::UnknownRegion,
        &at("StringLike", region),
    );
    finds_nothing(condition("StringLike", region, json!(["eu-*", "us-gov-?ast-1"])));
    finds(
        json!({"Resource": "arn:aws:s3:eu-north-2:*:accesspoint/*"}),
        LintCode::UnknownRegion,
        "/Resource",
    );
}

#[test]
fn the_nearest_name_is_offered() {
    let help = |parts: Value| of_statements(Grammar::Scp, &deny(&parts))[0].help.clone();
    assert_eq!(help(json!({"Action": "s3:DeleteBuckets"})), "did you mean `DeleteBucket`?");
    assert_eq!(help(json!({"Action": "cloudtrial:*"})), "did you mean `cloudtrail`?");
    assert_eq!(
        help(condition("StringEquals", "aws:PrincipalOrgI", json!("x"))),
        "did you mean `aws:PrincipalOrgID`?"
    );
}

#[test]
fn operators_that_do_not_fit_their_key_are_found() {
    let wrong = |operator: &str, key: &str, value: Value| {
        finds(condition(operator, key, value), LintCode::WrongKeyType, &at(operator, key));
    };
    wrong("StringEquals", "aws:SecureTransport", json!("false"));
    wrong("StringLike", "s3:TlsVersion", json!("1.?"));
    wrong("NumericLessThan", "aws:PrincipalAccount", json!(5));
    wrong("StringEquals", "aws:SourceIp", json!("203.0.113.1"));
    wrong("ArnLike", "aws:PrincipalOrgID", json!("*"));
    finds_nothing(condition("StringLike", "aws:PrincipalArn", json!("arn:aws:iam::*:role/a*")));
    finds_nothing(condition("ArnLike", "aws:SourceVpcArn", json!("arn:aws:ec2:*:*:vpc/*")));
    finds_nothing(condition("NumericLessThan", "s3:TlsVersion", json!("1.2")));
    finds_nothing(condition("DateLessThan", "aws:TokenIssueTime", json!("2026-11-30T00:00:00Z")));
    finds_nothing(condition("NumericLessThan", "aws:TokenIssueTime", json!(1_700_000_000)));
    finds_nothing(condition("Null", "aws:SecureTransport", json!("true")));
}

#[test]
fn quantifiers_are_for_keys_with_several_values() {
    let orgs = "aws:PrincipalOrgPaths";
    let value = || json!("o-a1b2c3d4e5/*");
    let wrong = |operator: &str, key: &str| {
        finds(condition(operator, key, value()), LintCode::WrongQuantifier, &at(operator, key));
    };
    wrong("StringLike", orgs);
    wrong("ForAnyValue:StringLike", "aws:userid");
    finds_nothing(condition("ForAnyValue:StringLike", orgs, value()));
    finds_nothing(condition("Null", orgs, json!("true")));
    let all = "ForAllValues:StringNotLike";
    finds(condition(all, orgs, value()), LintCode::ForAllValuesMissingKey, &at(all, orgs));
    finds_nothing(condition("ForAllValues:StringNotLikeIfExists", orgs, value()));
    finds_nothing(json!({"Condition": {all: {orgs: value()}, "Null": {orgs: "false"}}}));
}

#[test]
fn odd_spelling_is_found() {
    finds(json!({"Action": "S3:deletebucket"}), LintCode::OddSpelling, "/Action");
    let value = || json!("arn:aws:iam::*:root");
    let odd = |operator: &str, key: &str| {
        finds(condition(operator, key, value()), LintCode::OddSpelling, &at(operator, key));
    };
    odd("arnlike", "aws:PrincipalArn");
    odd("ArnLike", "aws:PrincipalARN");
    finds_nothing(condition("ArnLike", "aws:PrincipalArn", value()));
    let tag = "aws:PrincipalTag/Any Case";
    finds_nothing(condition("StringEquals", tag, json!("x")));
}

#[test]
fn wildcards_that_reach_further_or_less_far_than_they_seem_are_found() {
    let key = "aws:PrincipalTag/team";
    finds(
        condition("StringNotEquals", key, json!(["red", "blue-*"])),
        LintCode::WildcardWithoutLike,
        "/Condition/StringNotEquals/aws:PrincipalTag~1team/1",
    );
    finds_nothing(condition("StringNotLike", key, json!("blue-*")));
    finds_nothing(condition("StringEquals", key, json!("${*}")));
    finds(json!({"Action": "s3:DeleteBucke?"}), LintCode::WildcardTrap, "/Action");
    let region = json!({"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}});
    let except = |actions: Value| json!({"NotAction": actions, "Condition": region});
    finds(
        except(json!(["iam:*", "cloudformation:*", "organizations:*", "s3:Get*"])),
        LintCode::WildcardTrap,
        "/NotAction/3",
    );
    finds_nothing(except(json!(["iam:*", "cloudformation:*", "organizations:*", "s3:GetObject"])));
}

#[test]
fn what_matches_nothing_is_found() {
    finds(
        json!({"Action": ["s3:DeleteBucket", "s3:ListAllMyBuckets"], "Resource": "arn:aws:s3:::a"}),
        LintCode::NeverMatches,
        "/Action/1",
    );
    finds_nothing(json!({"Action": "s3:ListAllMyBuckets"}));
    let never = |operator: &str, key: &str, value: Value| {
        finds(condition(operator, key, value), LintCode::NeverMatches, &at(operator, key));
    };
    never("ArnLike", "aws:PrincipalArn", json!("arn:aws:sts::*:assumed-role/dev/*"));
    never("ArnNotLike", "aws:PrincipalArn", json!("arn:aws:iam::12345:role/dev"));
    never("ArnNotLike", "aws:PrincipalArn", json!("role/dev"));
    never("StringNotEquals", "aws:PrincipalAccount", json!(12_345_678));
    never("StringNotEquals", "aws:PrincipalOrgID", json!("a1b2c3d4e5"));
    never("IpAddress", "aws:SourceIp", json!("172.31.0.0/16"));
    finds_nothing(condition("ArnNotLike", "aws:PrincipalArn", json!("arn:aws:iam::*:role/dev")));
    finds_nothing(condition("StringEquals", "aws:PrincipalAccount", json!("012345678901")));
    finds_nothing(condition("IpAddress", "aws:SourceIp", json!("172.32.0.0/16")));
    // `Null` asks that the key be missing and the other that it be there.
    finds(
        json!({"Condition": {
            "Null": {"aws:PrincipalTag/team": "true"},
            "StringEquals": {"aws:PrincipalTag/team": "red"},
        }}),
        LintCode::NeverMatches,
        "/Condition/StringEquals/aws:PrincipalTag~1team",
    );
}

#[test]
fn an_rcp_on_a_service_that_rcps_do_not_bind_is_found() {
    let statement = |action: &str| json!([{"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}]);
    let codes = |action: &str| -> Vec<LintCode> {
        let lints = of_statements(Grammar::Rcp, &statement(action));
        lints.into_iter().map(|lint| lint.code).collect()
    };
    assert_eq!(codes("ec2:RunInstances"), [LintCode::NeverMatches]);
    assert_eq!(codes("s3:GetObject"), []);
}

#[test]
fn a_condition_on_a_key_that_the_action_does_not_have_is_found() {
    let instance_type = |operator: &str, actions: Value| json!({"Action": actions, "Condition": {operator: {"ec2:InstanceType": "t3.micro"}}});
    let both = || json!(["ec2:RunInstances", "ec2:CreateVpc"]);
    finds(instance_type("StringEquals", both()), LintCode::NeverMatches, "/Action/1");
    finds(instance_type("StringNotEquals", both()), LintCode::ConditionIgnored, "/Action/1");
    finds_nothing(instance_type("StringNotEqualsIfExists", both()));
    finds_nothing(instance_type("StringNotEquals", json!("ec2:Run*")));
    finds_nothing(instance_type("StringEquals", json!("ec2:*")));
    let null = "/Condition/Null/aws:userid";
    finds(condition("Null", "aws:userid", json!([true, false])), LintCode::ConditionIgnored, null);
}

#[test]
fn statements_and_values_that_add_nothing_are_found() {
    let of = |statements: Value| -> Vec<(LintCode, String)> {
        let lints = of_statements(Grammar::Scp, &statements);
        lints.into_iter().map(|lint| (lint.code, lint.pointer)).collect()
    };
    let wide = json!({"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"});
    let narrow = deny(
        &json!({"Resource": "arn:aws:s3:::a", "Condition": {"Bool": {"aws:SecureTransport": false}}}),
    );
    let shadowed = |at: &str| vec![(LintCode::Shadowed, at.to_owned())];
    assert_eq!(of(json!([wide, narrow])), shadowed("/Statement/1"));
    assert_eq!(of(json!([narrow, wide])), shadowed("/Statement/0"));
    assert_eq!(of(json!([wide, wide])), shadowed("/Statement/1"));
    let allowed = json!({"Effect": "Allow", "Action": "s3:DeleteBucket", "Resource": "*"});
    assert_eq!(of(json!([wide, allowed])), shadowed("/Statement/1"));
    assert_eq!(of(json!([allowed])), [(LintCode::AllowDoesNothing, "/Statement/0".to_owned())]);
    // The wide one applies over TLS only, the narrow one does not ask.
    let over_tls = deny(&condition("Bool", "aws:SecureTransport", json!(true)));
    assert_eq!(of(json!([over_tls, deny(&json!({"Resource": "arn:aws:s3:::a"}))])), []);
    finds(
        json!({"Action": ["s3:DeleteBucket", "s3:Delete*"]}),
        LintCode::CoveredValue,
        "/Action/0",
    );
    finds(
        json!({"Action": ["s3:DeleteBucket", "s3:DeleteBucket"]}),
        LintCode::CoveredValue,
        "/Action/1",
    );
    finds_nothing(json!({"Resource": ["arn:aws:s3:::a?", "arn:aws:s3:::a*b"]}));
    finds_nothing(json!({"Resource": ["arn:aws:s3:::A*", "arn:aws:s3:::ab"]}));
}

#[test]
fn negated_lists_cover_only_what_is_sure() {
    let of = |one: Value, other: Value| -> usize {
        let with = |actions: Value| {
            let mut statement = json!({"Effect": "Deny", "Resource": "arn:aws:s3:::a/*"});
            statement.as_object_mut().unwrap().extend(actions.as_object().unwrap().clone());
            statement
        };
        let lints = of_statements(Grammar::Scp, &json!([with(one), with(other)]));
        lints.iter().filter(|lint| lint.code == LintCode::Shadowed).count()
    };
    assert_eq!(
        of(json!({"NotAction": "s3:Get*"}), json!({"NotAction": ["s3:Get*", "s3:Put*"]})),
        1
    );
    assert_eq!(of(json!({"NotAction": "s3:Get*"}), json!({"Action": "s3:PutObject"})), 1);
    assert_eq!(of(json!({"NotAction": "s3:Get*"}), json!({"Action": "s3:GetObject"})), 0);
    assert_eq!(of(json!({"NotAction": "s3:GetObject"}), json!({"Action": "s3:*Object"})), 0);
    assert_eq!(of(json!({"NotAction": "s3:Get*"}), json!({"NotAction": "s3:Put*"})), 0);
}

#[test]
fn denies_that_hit_those_who_keep_the_organization_are_found() {
    let all = || json!({"Action": "*"});
    finds(all(), LintCode::DeniesManagement, "");
    finds(json!({"Action": "organizations:*"}), LintCode::DeniesManagement, "");
    finds(json!({"Action": "iam:*Role"}), LintCode::DeniesManagement, "");
    finds_nothing(json!({"Action": "organizations:LeaveOrganization"}));
    finds_nothing(json!({"Action": "iam:*Role", "Resource": "arn:aws:iam::*:role/protected"}));
    let except = |roles: Value| json!({"Action": "*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": roles}}});
    finds(except(json!("arn:aws:iam::*:role/palisade*")), LintCode::DeniesManagement, "");
    let keepers: Vec<String> = ["palisade*", "stacksets-exec-*", "OrganizationAccountAccessRole"]
        .map(|role| format!("arn:aws:iam::*:role/{role}"))
        .to_vec();
    finds_nothing(except(json!(keepers)));
    let document = json!({"Version": "2012-10-17", "Statement": deny(&all())});
    assert_eq!(lint(Grammar::Scp, &document, &keepers), []);
}

#[test]
fn conditions_on_mfa_that_do_not_do_what_they_say_are_found() {
    let key = "aws:MultiFactorAuthPresent";
    let narrow = |operator: &str| {
        json!({"Condition": {
            operator: {key: "false"},
            "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"},
        }})
    };
    finds(narrow("Bool"), LintCode::MfaKeyMissing, &at("Bool", key));
    finds_nothing(narrow("BoolIfExists"));
    let wide = condition("BoolIfExists", key, json!(false));
    finds(wide, LintCode::MfaKeyMissing, &at("BoolIfExists", key));
    let age = "aws:MultiFactorAuthAge";
    finds(
        condition("NumericGreaterThan", age, json!(900)),
        LintCode::MfaKeyMissing,
        &at("NumericGreaterThan", age),
    );
    finds_nothing(condition("NumericGreaterThanIfExists", age, json!(900)));
    let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"Bool": {key: true}}});
    let lints = of_statements(Grammar::Scp, &allow);
    assert!(lints.iter().any(|lint| lint.code == LintCode::MfaKeyMissing), "{lints:?}");
}

#[test]
fn addresses_that_aws_services_do_not_have_are_found() {
    let key = "aws:SourceIp";
    let value = || json!("203.0.113.0/24");
    finds(
        condition("NotIpAddress", key, value()),
        LintCode::SourceIpOfService,
        &at("NotIpAddress", key),
    );
    finds_nothing(json!({"Condition": {
        "NotIpAddress": {key: value()},
        "Bool": {"aws:ViaAWSService": "false"},
    }}));
    finds_nothing(condition("IpAddress", key, value()));
}

#[test]
fn text_that_was_to_be_replaced_is_found() {
    let arn = "aws:PrincipalArn";
    let value = |text: &str| condition("ArnLike", arn, json!(text));
    finds(value("arn:aws:iam::<account-id>:role/a"), LintCode::Placeholder, &at("ArnLike", arn));
    finds(value("arn:${PARTITION}:iam::*:role/a"), LintCode::Placeholder, &at("ArnLike", arn));
    finds(
        condition("StringEquals", "aws:RequestedRegion", json!("{example-region}")),
        LintCode::Placeholder,
        &at("StringEquals", "aws:RequestedRegion"),
    );
    finds(json!({"Resource": "arn:aws:s3:::[bucket]/*"}), LintCode::Placeholder, "/Resource");
    finds_nothing(json!({"Resource": "arn:aws:s3:::${aws:PrincipalAccount}-${*}/*"}));
    finds(
        json!({"Resource": "arn:aws:s3::${aws:PrincipalAccount}:a"}),
        LintCode::LiteralVariable,
        "/Resource",
    );
    finds(
        json!({"Resource": "arn:aws:s3:::${aws:username2}"}),
        LintCode::UnknownConditionKey,
        "/Resource",
    );
    finds_nothing(condition(
        "ArnLike",
        arn,
        json!("arn:aws:iam::*:role/${aws:PrincipalTag/team, 'a'}"),
    ));
}

#[test]
fn conditions_on_the_clock_are_found() {
    let key = "aws:CurrentTime";
    finds(
        condition("DateGreaterThan", key, json!("2026-11-30T00:00:00Z")),
        LintCode::DateCondition,
        &at("DateGreaterThan", key),
    );
}

#[test]
fn management_policies_have_no_findings() {
    let document = json!({"tags": {"team": {"tag_key": {"@@assign": "<team>"}}}});
    assert_eq!(lint(Grammar::Inheritance, &document, &[]), []);
}

#[test]
fn every_code_has_a_name_of_its_own_and_an_explanation() {
    let names: BTreeSet<&str> = LintCode::iter().map(<&str>::from).collect();
    assert_eq!(names.len(), LintCode::iter().count());
    for code in LintCode::iter() {
        assert_eq!(LintCode::from_str(code.into()), Ok(code));
        assert!(code.explanation().len() > 60, "{code}");
        assert_eq!(serde_json::to_value(code).unwrap(), code.to_string());
    }
}
