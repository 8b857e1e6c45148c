//! Levels, exemptions, and who is to blame.

use serde_json::{Value, json};

use crate::policy::tests::verdict::{deny, full_access, policy};
use crate::policy::{
    ControlType, Denial, Doubt, Hierarchy, Level, Request, RequestProblem, Truth, Verdict,
};

fn level(name: &str, documents: &[Value]) -> Level {
    Level { name: name.to_owned(), policies: documents.iter().map(policy).collect() }
}

fn allow(action: &str, condition: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition}})
}

fn scps(levels: Vec<Level>) -> Hierarchy {
    Hierarchy {
        management_account: Some("111111111111".to_owned()),
        service_control: levels,
        resource_control: Vec::new(),
    }
}

/// A deny-everything RCP of the account 222222222222.
fn rcps() -> Hierarchy {
    let mut nothing = deny(&json!({"Sid": "Nothing"}));
    nothing["Statement"][0]["Principal"] = json!("*");
    Hierarchy {
        management_account: Some("111111111111".to_owned()),
        service_control: Vec::new(),
        resource_control: vec![level("ou", &[nothing])],
    }
}

fn dev(action: &str) -> Request {
    Request::new("arn:aws:iam::555555555555:role/dev", action).unwrap()
}

fn verdict(hierarchy: &Hierarchy, request: &Request) -> String {
    match hierarchy.decide(request) {
        Verdict::Allowed => "allowed".to_owned(),
        Verdict::Denied(Denial::Implicit { level }) => format!("nothing allows at {level}"),
        Verdict::Denied(Denial::Explicit(by)) => {
            format!("{} {}/{}/{}/{:?}", by.policy_type, by.level, by.policy, by.statement, by.sid)
        }
        Verdict::Unknown(missing) => format!("unknown: {missing}"),
    }
}

#[test]
fn every_level_must_allow_and_any_of_its_policies_may() {
    let nothing = json!({});
    let both = level("root", &[allow("s3:*", &nothing), allow("ec2:*", &nothing)]);
    let one = level("account", &[allow("s3:*", &nothing)]);
    let hierarchy = scps(vec![both, one]);
    assert_eq!(verdict(&hierarchy, &dev("s3:GetObject")), "allowed");
    assert_eq!(verdict(&hierarchy, &dev("ec2:RunInstances")), "nothing allows at account");
    assert_eq!(verdict(&hierarchy, &dev("iam:GetRole")), "nothing allows at root");
    assert_eq!(verdict(&scps(vec![level("ou", &[])]), &dev("s3:X")), "nothing allows at ou");
    assert_eq!(verdict(&scps(Vec::new()), &dev("s3:X")), "allowed");
}

#[test]
fn a_deny_anywhere_wins_and_the_first_is_named() {
    let mut document = deny(&json!({"Sid": "NoS3", "Action": "s3:*"}));
    let list = document["Statement"].as_array_mut().unwrap();
    list.insert(0, json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let unnamed = deny(&json!({"Action": ["s3:*", "ec2:*"], "Sid": ""}));
    let hierarchy = scps(vec![level("root", &[document]), level("account", &[unnamed])]);
    let by = "SERVICE_CONTROL_POLICY root/policy/1/Some(\"NoS3\")";
    assert_eq!(verdict(&hierarchy, &dev("s3:GetObject")), by);
    let by = "SERVICE_CONTROL_POLICY account/policy/0/None";
    assert_eq!(verdict(&hierarchy, &dev("ec2:RunInstances")), by);
    assert_eq!(verdict(&hierarchy, &dev("iam:GetRole")), "nothing allows at account");
}

#[test]
fn what_is_not_known_leaves_open_only_what_depends_on_it() {
    let only_eu = json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}});
    let no_tag =
        deny(&json!({"Action": "ec2:*", "Condition": {"Null": {"aws:RequestTag/team": "true"}}}));
    let hierarchy = scps(vec![
        Level { name: "root".to_owned(), policies: vec![full_access(), policy(&no_tag)] },
        level("ou", &[allow("ec2:*", &only_eu), allow("s3:*", &json!({}))]),
    ]);
    assert_eq!(verdict(&hierarchy, &dev("s3:GetObject")), "allowed");
    assert_eq!(verdict(&hierarchy, &dev("iam:GetRole")), "nothing allows at ou");
    let asked = dev("ec2:RunInstances");
    assert_eq!(
        verdict(&hierarchy, &asked),
        "unknown: `aws:RequestTag/team`, `aws:RequestedRegion`"
    );
    let tagged = asked.clone().with("aws:RequestTag/team", ["red"]);
    assert_eq!(verdict(&hierarchy, &tagged), "unknown: `aws:RequestedRegion`");
    let away = asked.clone().with("aws:RequestedRegion", ["us-east-1"]);
    assert_eq!(verdict(&hierarchy, &away), "nothing allows at ou");
    assert_eq!(verdict(&hierarchy, &tagged.with("aws:RequestedRegion", ["eu-west-1"])), "allowed");
    let untagged = asked.without("aws:RequestTag/team");
    let by = "SERVICE_CONTROL_POLICY root/policy/0/None";
    assert_eq!(verdict(&hierarchy, &untagged), by);
}

#[test]
fn keys_that_cannot_matter_any_more_are_not_asked_for() {
    let settled = deny(&json!({"Condition": {
        "StringEquals": {"aws:a": "1"}, "Bool": {"aws:SecureTransport": "false"}}}));
    let open = deny(&json!({"Condition": {"StringEquals": {"aws:b": "1"}}}));
    let mut root = level("root", &[settled, open, allow("*", &json!({"Null": {"aws:c": "true"}}))]);
    root.policies.push(full_access());
    let asked = dev("s3:X").with("aws:SecureTransport", ["true"]);
    assert_eq!(verdict(&scps(vec![root]), &asked), "unknown: `aws:b`");
}

#[test]
fn scps_bind_neither_the_management_account_nor_those_without_an_account() {
    let hierarchy = scps(vec![level("root", &[])]);
    for (principal, expected) in [
        ("arn:aws:iam::111111111111:root", "allowed"),
        ("arn:aws:iam::111111111111:role/admin", "allowed"),
        ("arn:aws:sts::111111111111:assumed-role/admin/me", "allowed"),
        ("cloudtrail.amazonaws.com", "allowed"),
        ("*", "allowed"),
        ("arn:aws:iam::555555555555:root", "nothing allows at root"),
        ("arn:aws:iam::555555555555:user/me", "nothing allows at root"),
        ("arn:aws:sts::555555555555:federated-user/me", "nothing allows at root"),
    ] {
        let request = Request::new(principal, "s3:GetObject").unwrap();
        assert_eq!(verdict(&hierarchy, &request), expected, "{principal}");
    }
}

#[test]
fn service_linked_roles_are_bound_by_nothing() {
    let role = "arn:aws:iam::555555555555:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig";
    let session = "arn:aws:sts::555555555555:assumed-role/AWSServiceRoleForConfig/config";
    let ask = |principal: &str| {
        Request::new(principal, "s3:PutObject")
            .unwrap()
            .on("arn:aws:s3:::b")
            .in_account("222222222222")
    };
    for hierarchy in [scps(vec![level("root", &[])]), rcps()] {
        assert_eq!(verdict(&hierarchy, &ask(role)), "allowed");
        assert_eq!(hierarchy.hits(&ask(role)), []);
        assert_eq!(verdict(&hierarchy, &ask(session)), "unknown: `aws:PrincipalArn`");
        let known = ask(session).with("aws:PrincipalArn", [role]);
        assert_eq!(verdict(&hierarchy, &known), "allowed");
        let plain = "arn:aws:iam::555555555555:role/AWSServiceRoleForConfig";
        let impostor = ask(session).with("aws:PrincipalArn", [plain]);
        assert!(matches!(hierarchy.decide(&impostor), Verdict::Denied(_)));
    }
    let open = scps(vec![Level { name: "root".to_owned(), policies: vec![full_access()] }]);
    assert_eq!(verdict(&open, &ask(session)), "allowed", "allowed either way");
}

#[test]
fn rcps_bind_everyone_at_the_resources_of_some_services() {
    let hierarchy = rcps();
    let denied = "RESOURCE_CONTROL_POLICY ou/policy/0/Some(\"Nothing\")";
    for (principal, action, resource, account, expected) in [
        (
            "arn:aws:iam::555555555555:role/dev",
            "s3:GetObject",
            "arn:aws:s3:::b/x",
            "222222222222",
            denied,
        ),
        (
            "arn:aws:iam::222222222222:root",
            "s3:GetObject",
            "arn:aws:s3:::b/x",
            "222222222222",
            denied,
        ),
        (
            "arn:aws:iam::111111111111:root",
            "s3:GetObject",
            "arn:aws:s3:::b/x",
            "222222222222",
            denied,
        ),
        ("*", "s3:GetObject", "arn:aws:s3:::b/x", "222222222222", denied),
        ("logging.s3.amazonaws.com", "S3:PutObject", "arn:aws:s3:::b/x", "222222222222", denied),
        ("*", "s3:GetObject", "arn:aws:s3:::b/x", "111111111111", "allowed"),
        ("*", "ec2:RunInstances", "*", "222222222222", "allowed"),
        ("*", "kms:RetireGrant", "arn:aws:kms:r:222222222222:key/1", "222222222222", "allowed"),
        ("*", "kms:Decrypt", "arn:aws:kms:r:222222222222:key/1", "222222222222", denied),
        ("*", "kms:Decrypt", "arn:aws:kms:r:222222222222:alias/aws/s3", "222222222222", "allowed"),
    ] {
        let request = Request::new(principal, action).unwrap().on(resource).in_account(account);
        assert_eq!(verdict(&hierarchy, &request), expected, "{principal} {action} {resource}");
    }
    let of_arn = Request::new("*", "sqs:SendMessage").unwrap().on("arn:aws:sqs:r:111111111111:q");
    assert_eq!(verdict(&hierarchy, &of_arn), "allowed", "the account is in the ARN");
}

#[test]
fn both_kinds_of_policy_must_let_a_request_pass() {
    let mut hierarchy = scps(vec![level("root", &[deny(&json!({"Action": "s3:PutObject"}))])]);
    hierarchy.service_control[0].policies.push(full_access());
    hierarchy.resource_control = rcps().resource_control;
    let on = |action: &str| dev(action).on("arn:aws:s3:::b").in_account("222222222222");
    assert!(verdict(&hierarchy, &on("s3:PutObject")).starts_with("SERVICE_CONTROL_POLICY"));
    assert!(verdict(&hierarchy, &on("s3:GetObject")).starts_with("RESOURCE_CONTROL_POLICY"));
    assert_eq!(verdict(&hierarchy, &dev("ec2:RunInstances")), "allowed");
}

#[test]
fn keys_that_follow_from_the_principal_need_not_be_given() {
    let when = |condition: Value, principal: &str| {
        let hierarchy = {
            let mut hierarchy = rcps();
            let mut document = deny(&json!({"Condition": condition}));
            document["Statement"][0]["Principal"] = json!("*");
            hierarchy.resource_control = vec![level("ou", &[document])];
            hierarchy
        };
        let request = Request::new(principal, "s3:GetObject").unwrap().on("arn:aws:s3:::b");
        match hierarchy.decide(&request.in_account("222222222222")) {
            Verdict::Allowed => Truth::False,
            Verdict::Denied(_) => Truth::True,
            Verdict::Unknown(_) => Truth::Unknown,
        }
    };
    let role = "arn:aws:iam::555555555555:role/path/dev";
    let session = "arn:aws:sts::555555555555:assumed-role/dev/me";
    let service = "cloudtrail.amazonaws.com";
    let arn = || json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/path/*"}});
    assert_eq!(when(arn(), role), Truth::True);
    assert_eq!(when(arn(), session), Truth::Unknown, "a session does not show the role's path");
    assert_eq!(when(arn(), service), Truth::False);
    assert_eq!(when(arn(), "*"), Truth::False);
    let account = || json!({"StringEquals": {"aws:PrincipalAccount": "555555555555"}});
    assert_eq!(when(account(), session), Truth::True);
    assert_eq!(when(account(), service), Truth::False);
    let is_service = || json!({"Bool": {"aws:PrincipalIsAWSService": "true"}});
    assert_eq!(
        (when(is_service(), service), when(is_service(), role)),
        (Truth::True, Truth::False)
    );
    let name = || json!({"StringEquals": {"aws:PrincipalServiceName": service}});
    assert_eq!((when(name(), service), when(name(), role)), (Truth::True, Truth::False));
    let owner = || json!({"StringEquals": {"aws:ResourceAccount": "222222222222"}});
    assert_eq!(when(owner(), role), Truth::True);
}

#[test]
fn hits_name_every_statement_that_has_a_say() {
    let maybe = deny(&json!({"Sid": "Maybe", "Condition": {"StringEquals": {"aws:x": "y"}}}));
    let never = deny(&json!({"Action": "ec2:*"}));
    let hierarchy = scps(vec![
        level("root", &[allow("*", &json!({})), maybe]),
        level("ou", &[never, allow("s3:*", &json!({}))]),
    ]);
    let request = dev("s3:GetObject");
    let hits: Vec<_> = hierarchy
        .hits(&request)
        .into_iter()
        .map(|hit| (hit.statement.level, hit.statement.sid, hit.is_deny, hit.truth))
        .collect();
    assert_eq!(
        hits,
        [
            ("root", None, false, Truth::True),
            ("root", Some("Maybe"), true, Truth::Unknown),
            ("ou", None, false, Truth::True),
        ]
    );
    assert_eq!(hierarchy.hits(&request)[0].statement.policy_type, ControlType::ServiceControl);
}

#[test]
fn doubts_are_told_from_missing_keys() {
    let doubtful = deny(&json!({"Resource": "arn:aws:rds:*:db:x"}));
    let mut hierarchy = scps(vec![level("root", &[doubtful])]);
    hierarchy.service_control[0].policies.push(full_access());
    let request = dev("rds:X").on("arn:aws:rds:r:1:db:x");
    let Verdict::Unknown(missing) = hierarchy.decide(&request) else { panic!("definite") };
    assert!(missing.keys.is_empty());
    assert_eq!(missing.doubts, [Doubt::WildcardOverColon].into());
}

#[test]
fn what_is_no_request_is_refused() {
    for action in ["s3", "", ":Get", "s3:"] {
        let problem = RequestProblem::Action(action.to_owned());
        assert_eq!(Request::new("*", action), Err(problem), "{action}");
    }
    for principal in
        ["", "dev", "arn:aws:iam::1:root", "arn:aws:s3:::b", "arn:aws:iam::555555555555:"]
    {
        let problem = RequestProblem::Principal(principal.to_owned());
        assert_eq!(Request::new(principal, "s3:X"), Err(problem), "{principal}");
    }
}

/// A key whose value could not be compared was once named as missing.
#[test]
fn a_key_that_is_given_is_never_missing() {
    let document = deny(&json!({"Action": "*", "Condition": {"NumericLessThan": {"x:key": "10"}}}));
    let hierarchy = scps(vec![level("root", &[allow("*", &json!({})), document])]);
    let Verdict::Unknown(missing) = hierarchy.decide(&dev("s3:X").with("x:key", ["abc"])) else {
        panic!("not unknown")
    };
    assert!(missing.keys.is_empty(), "{missing}");
    assert_eq!(missing.doubts, [Doubt::UnreadableValue].into());
}
