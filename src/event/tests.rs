//! Messages of EventBridge, and messages that only look like some.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::event::{Event, Identity, IdentityKind, MESSAGE_BYTES_MAX, Rejected, Subject, read};
use crate::org::AccountId;

const ACCOUNT: &str = "111111111111";

fn account() -> AccountId {
    ACCOUNT.parse().unwrap()
}

/// A call as EventBridge tells of it.
#[expect(clippy::needless_pass_by_value, reason = "callers write them in place")]
fn message(source: &str, name: &str, parameters: Value) -> Value {
    json!({
        "version": "0",
        "id": "e7f2",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.organizations",
        "account": ACCOUNT,
        "time": "2026-11-22T12:00:05Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.09",
            "userIdentity": {
                "type": "AssumedRole",
                "arn": "arn:aws:sts::111111111111:assumed-role/Admin/jo",
                "accountId": ACCOUNT,
                "sessionContext": {
                    "sessionIssuer": {"arn": "arn:aws:iam::111111111111:role/people/Admin"},
                },
            },
            "eventTime": "2026-11-22T12:00:00Z",
            "eventSource": source,
            "eventName": name,
            "awsRegion": "us-east-1",
            "sourceIPAddress": "203.0.113.7",
            "requestParameters": parameters,
            "responseElements": null,
            "requestID": "0f1e2d3c-1111-2222-3333-444455556666",
            "eventID": "a1b2c3d4-5555-6666-7777-888899990000",
            "recipientAccountId": ACCOUNT,
        },
    })
}

fn detach() -> Value {
    let parameters = json!({"policyId": "p-examplepolicy1", "targetId": "ou-ab12-11111111"});
    message("organizations.amazonaws.com", "DetachPolicy", parameters)
}

fn event(message: &Value) -> Event {
    read(&message.to_string()).unwrap()
}

#[test]
fn a_message_says_who_did_what_when_and_from_where() {
    let event = event(&detach());
    assert_eq!(event.call, "organizations:DetachPolicy");
    assert_eq!(event.at.to_string(), "2026-11-22T12:00:00Z");
    assert_eq!(event.from.as_deref(), Some("203.0.113.7"));
    assert_eq!(event.account, account());
    assert_eq!(event.principal.arn, "arn:aws:sts::111111111111:assumed-role/Admin/jo");
    let admin = Identity { account: account(), kind: IdentityKind::Role, name: "Admin".into() };
    assert_eq!(event.principal.identity, Some(admin));
    let attachment = Subject::Attachment(
        "p-examplepolicy1".parse().unwrap(),
        "ou-ab12-11111111".to_owned().try_into().unwrap(),
    );
    assert_eq!(event.subjects, BTreeSet::from([attachment]));
    assert_eq!(event.entered, None);
}

#[test]
fn every_kind_of_call_names_what_it_was_made_on() {
    let object = |name: &str| Subject::Object(account(), name.to_owned());
    for (source, name, parameters, expected) in [
        ("organizations", "UpdatePolicy", json!({"policyId": "p-examplepolicy1"}), {
            Subject::Policy("p-examplepolicy1".parse().unwrap())
        }),
        ("organizations", "MoveAccount", json!({"accountId": "555555555555"}), {
            Subject::Account("555555555555".parse().unwrap())
        }),
        (
            "organizations",
            "DeleteOrganizationalUnit",
            json!({"organizationalUnitId": "ou-ab12-11111111"}),
            { Subject::Unit("ou-ab12-11111111".parse().unwrap()) },
        ),
        (
            "organizations",
            "DisableAWSServiceAccess",
            json!({"servicePrincipal": "a.amazonaws.com"}),
            { Subject::TrustedService("a.amazonaws.com".to_owned()) },
        ),
        ("organizations", "CreateAccount", json!(null), Subject::Tree),
        (
            "iam",
            "DeleteRolePolicy",
            json!({"roleName": "BREAK-GLASS-ROLE"}),
            object("BREAK-GLASS-ROLE"),
        ),
        (
            "cloudtrail",
            "StopLogging",
            json!({"name": "arn:aws:cloudtrail:us-east-1:1:trail/main"}),
            object("main"),
        ),
        ("s3", "PutBucketPolicy", json!({"bucketName": "archive"}), object("archive")),
        ("cloudformation", "UpdateStackSet", json!({"stackSetName": "base:0a1b"}), object("base")),
    ] {
        let found = event(&message(&format!("{source}.amazonaws.com"), name, parameters)).subjects;
        assert!(found.contains(&expected), "{source}:{name}: {found:?}");
    }
    let regions = json!({"accountId": "555555555555", "regionName": "eu-central-2"});
    let found = event(&message("account.amazonaws.com", "DisableRegion", regions)).subjects;
    let there = Subject::Object("555555555555".parse().unwrap(), "eu-central-2".into());
    assert!(found.contains(&there), "{found:?}");
}

#[test]
fn who_enters_a_role_is_told_by_the_call_or_by_signing_in() {
    let arn = "arn:aws:iam::555555555555:role/BREAK-GLASS-ROLE";
    let assumed = event(&message("sts.amazonaws.com", "AssumeRole", json!({"roleArn": arn})));
    assert_eq!(assumed.entered, Identity::of_arn(arn));
    let mut signed_in = message("signin.amazonaws.com", "ConsoleLogin", json!(null));
    signed_in["detail-type"] = json!("AWS Console Sign In via CloudTrail");
    assert_eq!(read(&signed_in.to_string()), Err(Rejected::Irrelevant), "a failed sign-in");
    signed_in["detail"]["responseElements"] = json!({"ConsoleLogin": "Success"});
    assert_eq!(event(&signed_in).entered.unwrap().name, "Admin");
}

#[test]
fn what_changes_nothing_is_irrelevant() {
    for (source, name, parameters) in [
        ("organizations", "ListPolicies", json!({"filter": "SERVICE_CONTROL_POLICY"})),
        ("iam", "GetRole", json!({"roleName": "a"})),
        ("ec2", "RunInstances", json!({"name": "a"})),
        ("organizations", "DescribePolicy", json!({"policyId": "p-examplepolicy1"})),
        ("organizations", "AttachPolicy", json!({"policyId": "nonsense", "targetId": "x"})),
    ] {
        let message = message(&format!("{source}.amazonaws.com"), name, parameters);
        assert_eq!(read(&message.to_string()), Err(Rejected::Irrelevant), "{source}:{name}");
    }
    let mut refused = detach();
    refused["detail"]["errorCode"] = json!("AccessDenied");
    assert_eq!(read(&refused.to_string()), Err(Rejected::Irrelevant));
    let other = json!({"detail-type": "Scheduled Event", "account": ACCOUNT, "detail": {}});
    assert_eq!(read(&other.to_string()), Err(Rejected::Irrelevant));
}

#[test]
fn what_contradicts_itself_or_is_no_message_is_malformed() {
    let changed = |path: &[&str], value: Value| {
        let mut message = detach();
        let last = path.iter().fold(&mut message, |at, key| &mut at[*key]);
        *last = value;
        message.to_string()
    };
    let deep = "[".repeat(100_000);
    let twice =
        detach().to_string().replacen("\"eventName\"", "\"eventName\":\"A\",\"eventName\"", 1);
    for text in [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "{\"detail-type\":".to_owned(),
        deep.clone(),
        detach().to_string().replace("\"resources\":[]", &format!("\"detail\":{deep}")),
        format!("{}{}", " ".repeat(MESSAGE_BYTES_MAX), detach()),
        twice,
        changed(&["account"], json!("222222222222")),
        changed(&["account"], json!("1")),
        changed(&["account"], json!(null)),
        changed(&["detail"], json!(null)),
        changed(&["detail"], json!("text")),
        changed(&["detail", "eventTime"], json!("yesterday")),
        changed(&["detail", "eventName"], json!("Detach\nPolicy")),
        changed(&["detail", "eventName"], json!("A".repeat(1000))),
        changed(&["detail", "eventSource"], json!("example.com")),
        changed(&["detail", "eventSource"], json!({"a": 1})),
        changed(&["detail", "eventID"], json!("<script>")),
        changed(&["detail", "userIdentity"], json!("me")),
        changed(&["detail", "requestParameters"], json!("p-1")),
    ] {
        let start: String = text.chars().take(80).collect();
        assert_eq!(read(&text), Err(Rejected::Malformed), "{start}");
    }
}

#[test]
fn texts_of_strangers_are_bounded_and_hold_no_control_characters() {
    let mut message = detach();
    let long = format!("arn:aws:iam::1:user/\u{1b}[2J\r\n{}", "x".repeat(100_000));
    message["detail"]["userIdentity"]["arn"] = json!(long);
    message["detail"]["sourceIPAddress"] = json!("<img src=x>");
    let event = event(&message);
    assert!(event.principal.arn.chars().count() <= 1024);
    assert!(!event.principal.arn.chars().any(char::is_control));
    assert_eq!(event.from, None, "neither an address nor a service");
}

#[test]
fn an_identity_is_read_from_every_arn_that_names_one() {
    for (arn, expected) in [
        ("arn:aws:iam::111111111111:role/a/b/Admin", Some((IdentityKind::Role, "Admin"))),
        ("arn:aws-cn:iam::111111111111:user/jo", Some((IdentityKind::User, "jo"))),
        ("arn:aws:sts::111111111111:assumed-role/Admin/a:b/c", Some((IdentityKind::Role, "Admin"))),
        ("arn:aws:iam::111111111111:root", None),
        ("arn:aws:iam::1:role/Admin", None),
        ("arn:aws:iam::111111111111:role/", None),
        ("Admin", None),
        ("", None),
    ] {
        let found = Identity::of_arn(arn);
        let found = found.as_ref().map(|identity| (identity.kind, identity.name.as_str()));
        assert_eq!(found, expected, "{arn}");
    }
}

proptest! {
    #[test]
    fn no_text_does_harm(text in ".{0,300}") {
        let _any = read(&text);
    }

    /// One place of a good message holds anything instead.
    #[test]
    fn no_value_in_any_place_does_harm(place in 0..400_usize, value in "[\\x00-\\x7f\u{80}-\u{2fff}]{0,40}") {
        let text = detach().to_string();
        let start = (0..=place % text.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let _any = read(&format!("{}{value}{}", &text[..start], &text[start..]));
        let _any = read(&format!("{}{value}", &text[..start]));
    }
}
