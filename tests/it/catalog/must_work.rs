//! Whoever must not be locked out is a case in the tests of every entry that could hit them: either the
//! call works, or the entry says on purpose that it does not.

use palisade::catalog::{Guardrail, built_in};
use palisade::desired::Site;
use serde_json::{Value, json};

/// Roles that hold an organization together. All of them may do everything in an account, so that every
/// Deny could hit them.
const GOVERNANCE: &[&str] =
    &["role/OrganizationAccountAccessRole", "role/stacksets-exec-", "role/BREAK-GLASS-"];

/// What the task policies of `sts:AssumeRoot` allow that changes something ("`AssumeRoot`", STS API
/// Reference): `IAMCreateRootUserPassword`, `IAMDeleteRootUserCredentials`, `S3UnlockBucketPolicy`,
/// `SQSUnlockQueuePolicy`.
const CENTRAL_ROOT: &[(&str, &str)] = &[
    ("iam:CreateLoginProfile", "arn:aws:iam::555555555555:root"),
    ("iam:DeactivateMFADevice", "arn:aws:iam::555555555555:root"),
    ("iam:DeleteAccessKey", "arn:aws:iam::555555555555:root"),
    ("iam:DeleteLoginProfile", "arn:aws:iam::555555555555:root"),
    ("iam:DeleteSigningCertificate", "arn:aws:iam::555555555555:root"),
    ("s3:DeleteBucketPolicy", "arn:aws:s3:::acme-logs-trail"),
    ("s3:PutBucketPolicy", "arn:aws:s3:::acme-logs-trail"),
    ("sqs:SetQueueAttributes", "arn:aws:sqs:eu-west-1:555555555555:queue"),
];

/// What roles of AWS services do by themselves that guardrails are about.
const SERVICE_ROLES: &[(&str, &str)] = &[
    ("autoscaling-plans:CreateScalingPlan", "*"),
    ("backup:DeleteRecoveryPoint", "*"),
    ("config:DeleteConfigRule", "*"),
    ("ec2:CreateTags", "*"),
    ("ec2:RunInstances", "arn:aws:ec2:eu-west-1:555555555555:instance/*"),
    ("ec2:RunInstances", "arn:aws:ec2:eu-west-1:555555555555:volume/*"),
    ("iam:AttachRolePolicy", "arn:aws:iam::555555555555:role/stacksets-exec-0a1b2c3d"),
    ("iam:CreateSAMLProvider", "*"),
];

/// The tests that `guardrail` lacks, in words.
fn lacking(guardrail: &Guardrail) -> Vec<String> {
    let site = Site { organization_id: "o-a1b2c3d4e5".to_owned(), ..Site::default() };
    let document = guardrail.render(&guardrail.example, &site).expect(&guardrail.id);
    let Some(statements) = document["Statement"].as_array() else { return Vec::new() };
    let cases = guardrail.tests["cases"].as_array().expect(&guardrail.id);
    let has = |is_meant: &dyn Fn(&str, &Value) -> bool| {
        cases.iter().any(|case| texts(&case["principal"]).iter().any(|name| is_meant(name, case)))
    };
    let could_hit = |calls: &[(&str, &str)]| {
        calls.iter().any(|call| statements.iter().any(|statement| covers(statement, *call)))
    };
    let mut lacking = Vec::new();
    for role in GOVERNANCE {
        if !has(&|name, _| name.contains(role)) {
            lacking.push(format!("{}: {role}", guardrail.id));
        }
    }
    let is_central = |name: &str, case: &Value| {
        name == "root"
            && case["context"]["aws:AssumedRoot"] == "true"
            && case["expect"] == "allowed"
    };
    if could_hit(CENTRAL_ROOT) && !has(&is_central) {
        lacking.push(format!("{}: a central root session", guardrail.id));
    }
    // A resource control policy binds what services do as themselves, and not their roles.
    let is_service = |name: &str, case: &Value| {
        let is_role = name.contains("role/aws-service-role/");
        (is_role || name.ends_with(".amazonaws.com")) && case["expect"] == "allowed"
    };
    if could_hit(SERVICE_ROLES) && !has(&is_service) {
        lacking.push(format!("{}: a role of an AWS service", guardrail.id));
    }
    lacking
}

#[test]
fn whoever_must_not_be_locked_out_is_a_case_in_every_entry_that_could_hit_them() {
    let policies = built_in().guardrails().filter(|guardrail| !guardrail.tests.is_null());
    let lacking: Vec<String> = policies.flat_map(lacking).collect();
    assert!(lacking.is_empty(), "no case for\n{}", lacking.join("\n"));
}

#[test]
fn an_entry_without_these_cases_is_found() {
    let mut guardrail = built_in().find("region-allow-list").unwrap().clone();
    guardrail.tests = json!({"cases": [{"principal": ["root", "role/dev"], "expect": "allowed"}]});
    let found = lacking(&guardrail);
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(matches("arn:*:iam::*:role/x-*", "arn:aws:iam::1:role/x-y") && !matches("a*b", "abc"));
}

/// Does a Deny cover the call, its conditions aside?
fn covers(statement: &Value, (action, resource): (&str, &str)) -> bool {
    let any =
        |key: &str, text: &str| texts(&statement[key]).iter().any(|pattern| matches(pattern, text));
    let is_named = |name: &str, not: &str, text: &str| match statement.get(not) {
        Some(_) => !any(not, text),
        None => any(name, text),
    };
    statement["Effect"] == "Deny"
        && is_named("Action", "NotAction", action)
        && (resource == "*" || is_named("Resource", "NotResource", resource))
}

/// Does `text` fit a pattern in which `*` is any text?
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(last)
}

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().filter_map(Value::as_str).collect()
}
