//! Changes as a reviewer reads them.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policy::tests::cases;
use crate::policy::tests::generate::{document, rewritten};
use crate::policy::{ChangeKind, Language, canonical, diff};

fn scp(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

#[track_caller]
fn reads(language: Language, before: &Value, after: &Value, expected: &[&str]) {
    let lines: Vec<String> = diff(language, before, after)
        .iter()
        .flat_map(|change| change.to_string().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn statements_come_and_go() {
    let leave = json!({"Sid": "Leave", "Effect": "Deny", "Action": "organizations:LeaveOrganization",
                       "Resource": "*"});
    let root = json!({"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*",
                      "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}});
    let came = [
        "+ Deny (statement 2)",
        "    + Condition ArnLike aws:PrincipalArn arn:aws:iam::*:root",
        "    + NotAction iam:*",
        "    + NotAction sts:*",
        "    + Resource *",
    ];
    reads(Language::Iam, &scp(&leave), &scp(&json!([leave, root])), &came);
    let went =
        ["- Deny `Leave`", "    - Action organizations:LeaveOrganization", "    - Resource *"];
    reads(Language::Iam, &scp(&json!([leave, root])), &scp(&json!([root])), &went);
}

#[test]
fn a_statement_is_followed_by_its_sid() {
    let before = scp(&json!([
        {"Sid": "A", "Effect": "Deny", "Action": ["s3:Get*", "s3:Put*"], "Resource": "*",
         "Condition": {"ArnNotLike": {"aws:PrincipalArn": ["arn:x", "arn:y"]}}},
        {"Sid": "B", "Effect": "Deny", "Action": "ec2:*", "Resource": "*"},
    ]));
    let after = scp(&json!([
        {"Sid": "B", "Effect": "Deny", "Action": ["EC2:*"], "Resource": "*"},
        {"Sid": "A", "Effect": "Deny", "Action": ["s3:Put*", "kms:*"], "Resource": ["*"],
         "Condition": {"arnnotlike": {"aws:PrincipalARN": ["arn:y", "arn:z"]}}},
    ]));
    let expected = [
        "~ Deny `A`",
        "    + Action kms:*",
        "    - Action s3:Get*",
        "    - Condition ArnNotLike aws:PrincipalArn arn:x",
        "    + Condition arnnotlike aws:PrincipalARN arn:z",
    ];
    reads(Language::Iam, &before, &after, &expected);
}

#[test]
fn statements_without_a_common_sid_are_paired_by_what_they_share() {
    let of = |sid: &str, actions: &Value, resource: &str| json!({"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": resource});
    let before = scp(&json!([
        of("A", &json!(["s3:A", "s3:B", "s3:C"]), "*"),
        of("B", &json!("kms:*"), "arn:aws:kms:*"),
    ]));
    let after = scp(&json!([
        of("C", &json!("sqs:*"), "arn:aws:sqs:*"),
        of("D", &json!(["s3:A", "s3:B", "s3:D"]), "*"),
    ]));
    let expected = [
        "+ Deny `C`",
        "    + Action sqs:*",
        "    + Resource arn:aws:sqs:*",
        "~ Deny `D`",
        "    - Action s3:C",
        "    + Action s3:D",
        "- Deny `B`",
        "    - Action kms:*",
        "    - Resource arn:aws:kms:*",
    ];
    reads(Language::Iam, &before, &after, &expected);
}

#[test]
fn effects_and_versions_are_shown() {
    let of = |effect: &str| json!({"Sid": "A", "Effect": effect, "Action": "*", "Resource": "*"});
    let before = json!({"Version": "2008-10-17", "Statement": of("Allow")});
    let expected = [
        "~ Version",
        "    - 2008-10-17",
        "    + 2012-10-17",
        "~ Deny `A`",
        "    - Effect Allow",
        "    + Effect Deny",
    ];
    reads(Language::Iam, &before, &scp(&of("Deny")), &expected);
}

#[test]
fn settings_of_management_policies_are_named_by_their_place() {
    let before =
        json!({"tags": {"team": {"tag_value": {"@@assign": ["a", "b"]}, "old": 1, "x": "y"}}});
    let after =
        json!({"tags": {"team": {"tag_value": {"@@assign": ["c", "b"]}, "new": [], "x": ["y"]}}});
    let expected = [
        "+ /tags/team/new",
        "- /tags/team/old",
        "    - 1",
        "~ /tags/team/tag_value/@@assign",
        "    - \"a\"",
        "    + \"c\"",
        "~ /tags/team/x",
        "    - \"y\"",
        "    + \"y\"",
    ];
    reads(Language::Inheritance, &before, &after, &expected);
    reads(Language::Inheritance, &before, &before, &[]);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn another_way_of_writing_is_no_change(document in document(), seed: u64) {
        prop_assert_eq!(diff(Language::Iam, &document, &rewritten(&document, seed)), vec![]);
    }

    #[test]
    fn a_change_of_meaning_is_always_shown(before in document(), after in document()) {
        let changes = diff(Language::Iam, &before, &after);
        let is_same = canonical(Language::Iam, &before) == canonical(Language::Iam, &after);
        prop_assert_eq!(changes.is_empty(), is_same);
    }

    #[test]
    fn the_way_back_gains_what_the_way_there_loses(before in document(), after in document()) {
        let count = |from: &Value, to: &Value, kind: ChangeKind| {
            diff(Language::Iam, from, to).iter().filter(|change| change.kind == kind).count()
        };
        prop_assert_eq!(
            count(&before, &after, ChangeKind::Gained),
            count(&after, &before, ChangeKind::Lost)
        );
    }
}
