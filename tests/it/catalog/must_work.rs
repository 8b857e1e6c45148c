//! Whoever must not be locked out is a case in the tests of every entry that could hit them: every call
//! that an entry denies is made again as each of them. Either a case says that it works, or the entry says
//! why it does not.

use std::collections::BTreeSet;

use palisade::catalog::{Guardrail, Party, built_in};
use palisade::judge::{CaseReport, Verdict};
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use crate::judging::{alone, judge_all};

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

const SERVICE_ROLE: &str =
    "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";

const ASSUMED_ROOT: &str = "aws:AssumedRoot";

/// What a case says of the caller, which is another when somebody else makes the call.
const OF_THE_CALLER: &[&str] = &[ASSUMED_ROOT, "aws:PrincipalAccount", "aws:PrincipalOrgID"];

/// As whom the calls of a party are made, and from which account.
fn callers(party: Party, is_rcp: bool) -> Vec<(&'static str, &'static str)> {
    let mut callers = vec![match party {
        Party::Palisade => ("role/OrganizationAccountAccessRole", "member"),
        Party::StackSets => ("role/stacksets-exec-0a1b2c3d", "member"),
        Party::ControlTower => ("role/AWSControlTowerExecution", "member"),
        Party::BreakGlass => ("role/BREAK-GLASS-ROLE", "member"),
        // A resource control policy binds what services do as themselves, and not their roles.
        Party::Services if is_rcp => ("cloudtrail.amazonaws.com", "member"),
        Party::Services => (SERVICE_ROLE, "member"),
        Party::CentralRoot => ("root", "member"),
    }];
    // A service control policy binds nobody in the management account.
    if party == Party::Palisade && is_rcp {
        callers.push(("arn:aws:iam::111111111111:role/palisade", "management"));
    }
    callers
}

/// The calls that only some of a party make: those it may make at all, or does by itself.
fn own_calls(party: Party, is_rcp: bool) -> Option<&'static [(&'static str, &'static str)]> {
    match party {
        Party::CentralRoot => Some(CENTRAL_ROOT),
        Party::Services if !is_rcp => Some(SERVICE_ROLES),
        Party::Palisade
        | Party::StackSets
        | Party::ControlTower
        | Party::BreakGlass
        | Party::Services => None,
    }
}

/// Is the party meant by a principal of a case?
fn is_meant(party: Party, principal: &str, case: &Value) -> bool {
    match party {
        Party::Palisade => {
            principal == "role/OrganizationAccountAccessRole"
                || principal.ends_with("role/palisade")
        }
        Party::StackSets => principal.starts_with("role/stacksets-exec-"),
        Party::ControlTower => principal == "role/AWSControlTowerExecution",
        Party::BreakGlass => principal.starts_with("role/BREAK-GLASS-"),
        Party::Services => {
            principal.starts_with("role/aws-service-role/") || principal.ends_with(".amazonaws.com")
        }
        Party::CentralRoot => principal == "root" && case["context"][ASSUMED_ROOT] == "true",
    }
}

/// The case with calls of somebody else.
fn made_by(case: &Value, (principal, account): (&str, &str), is_rcp: bool) -> Value {
    let mut made = case.clone();
    made["principal"] = json!(principal);
    made["account"] = json!(account);
    if is_rcp {
        made["resourceAccount"] = json!("member");
    }
    if let Some(absent) = made.get_mut("absent").and_then(Value::as_array_mut) {
        absent.retain(|key| !OF_THE_CALLER.iter().any(|of| key == of));
    }
    let Some(context) = made.get_mut("context").and_then(Value::as_object_mut) else { return made };
    context.retain(|key, _| !OF_THE_CALLER.contains(&key.as_str()));
    // CloudFormation makes the calls of StackSets.
    if principal.starts_with("role/stacksets-exec-") && context.contains_key("aws:ViaAWSService") {
        context.insert("aws:ViaAWSService".to_owned(), json!("true"));
    }
    made
}

/// What calls of a central root session never come with: no instance has one, and its tasks set no tags.
const NOT_OF_CENTRAL_ROOT: &[&str] = &["aws:TagKeys", "ec2:RoleDelivery"];

/// The case with nothing of whose the resource is: what a party does by itself, it does to ours.
fn of_ours(case: &Value, party: Party) -> Value {
    let mut case = case.clone();
    if let Some(fields) = case.as_object_mut() {
        fields.shift_remove("resourceAccount");
    }
    if let Some(context) = case.get_mut("context").and_then(Value::as_object_mut) {
        context.shift_remove("aws:ResourceOrgID");
        if party == Party::CentralRoot {
            context.retain(|key, _| !NOT_OF_CENTRAL_ROOT.contains(&key.as_str()));
            let absent: BTreeSet<&str> = texts(&case["absent"])
                .into_iter()
                .chain(NOT_OF_CENTRAL_ROOT.iter().copied())
                .collect();
            case["absent"] = json!(absent);
        }
    }
    case
}

/// The case, made by somebody of the party, and expected to work.
fn remade(case: &Value, party: Party, caller: (&str, &str), is_rcp: bool) -> Value {
    let mut made = made_by(case, caller, is_rcp);
    made["expect"] = json!("allowed");
    if party == Party::CentralRoot {
        made["context"][ASSUMED_ROOT] = json!("true");
    }
    made
}

/// The case, made by somebody whom the entry is against, and expected to be denied.
fn ordinary(case: &Value, principal: &str) -> Value {
    let mut made = made_by(case, (principal, "member"), false);
    made["expect"] = json!("denied");
    if principal == "root" {
        match made.get_mut("absent").and_then(Value::as_array_mut) {
            Some(absent) => absent.push(json!(ASSUMED_ROOT)),
            None => made["absent"] = json!([ASSUMED_ROOT]),
        }
    }
    made
}

/// What a made case is there for.
enum Meaning {
    /// A call that others may not make.
    Remade(Party),
    /// May others make the call of the next case? If so, it says nothing.
    Ordinary,
    /// A case of the entry's own that proves something about a party if others may not make its calls.
    Proof(Party),
}

/// Cases that show how an entry treats each party.
fn made(guardrail: &Guardrail) -> Vec<(Meaning, Value)> {
    let is_rcp = guardrail.kind == "ResourceControlPolicy";
    let cases = guardrail.tests["cases"].as_array().expect(&guardrail.id);
    let (denied, allowed): (Vec<&Value>, Vec<&Value>) =
        cases.iter().partition(|case| case["expect"] == "denied");
    let others: BTreeSet<&str> =
        denied.iter().filter_map(|case| texts(&case["principal"]).first().copied()).collect();
    let mut made = Vec::new();
    for party in Party::iter() {
        let callers = callers(party, is_rcp);
        for case in &denied {
            let Some(calls) = own_calls(party, is_rcp) else {
                let remade = callers.iter().map(|caller| remade(case, party, *caller, is_rcp));
                made.extend(remade.map(|case| (Meaning::Remade(party), case)));
                continue;
            };
            let other = texts(&case["principal"])[0];
            for (action, resource) in calls {
                let mut case = of_ours(case, party);
                (case["action"], case["resource"]) = (json!(action), json!(resource));
                let may_others = if is_rcp { case.clone() } else { ordinary(&case, other) };
                made.push((Meaning::Ordinary, may_others));
                made.push((Meaning::Remade(party), remade(&case, party, callers[0], is_rcp)));
            }
        }
        for case in &allowed {
            if !texts(&case["principal"]).iter().any(|name| is_meant(party, name, case)) {
                continue;
            }
            if is_rcp {
                // Whom it is against is known by more than a name.
                made.push((Meaning::Proof(party), (*case).clone()));
            } else {
                let by_others = others.iter().map(|other| ordinary(case, other));
                made.extend(by_others.map(|case| (Meaning::Proof(party), case)));
            }
        }
    }
    made
}

/// What the entry does to parties and does not say, in words.
fn unsaid(guardrail: &Guardrail) -> Vec<String> {
    let made = made(guardrail);
    let mut asked = guardrail.clone();
    let numbered = made.iter().enumerate().map(|(index, (_, case))| {
        let mut case = case.clone();
        case["name"] = json!(index.to_string());
        case
    });
    asked.tests["cases"] = numbered.collect();
    let reports = judge_all(&alone(&asked)).cases;
    let mut unsaid = Vec::new();
    let (mut denied, mut allowed, mut proved) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_free_to_all = false;
    for ((meaning, _), report) in made.iter().zip(&reports) {
        match meaning {
            Meaning::Ordinary => is_free_to_all = !report.failures.is_empty(),
            Meaning::Remade(party) if !std::mem::take(&mut is_free_to_all) => {
                unsaid.extend(undecided(guardrail, *party, report));
                if report.failures.len() < report.calls {
                    allowed.push(*party);
                }
                denied.extend(report.failures.iter().map(|it| (*party, &it.call)));
            }
            Meaning::Proof(party) if report.failures.len() < report.calls => proved.push(*party),
            Meaning::Remade(_) | Meaning::Proof(_) => {}
        }
    }
    let id = &guardrail.id;
    for party in Party::iter() {
        let is_said = guardrail.binds.iter().any(|bound| bound.who.contains(&party));
        match denied.iter().find(|(denied, _)| *denied == party) {
            Some((_, call)) if !is_said => unsaid.push(format!("{id} binds {party}: {call:?}")),
            None if is_said => unsaid.push(format!("{id} does not bind {party}")),
            Some(_) | None => {}
        }
        if allowed.contains(&party) && !proved.contains(&party) {
            unsaid.push(format!("{id}: no case proves that it leaves {party} alone"));
        }
    }
    unsaid
}

fn undecided(guardrail: &Guardrail, party: Party, report: &CaseReport) -> Vec<String> {
    let failures = report.failures.iter();
    let undecided = failures.filter(|it| it.found.verdict != Some(Verdict::Denied));
    undecided.map(|it| format!("{}: {party} is undecided: {it:?}", guardrail.id)).collect()
}

#[test]
fn whoever_must_not_be_locked_out_is_a_case_in_every_entry_that_could_hit_them() {
    let policies = built_in().guardrails().filter(|guardrail| !guardrail.tests.is_null());
    let unsaid: Vec<String> = policies.flat_map(unsaid).collect();
    assert!(unsaid.is_empty(), "{}", unsaid.join("\n"));
}

#[test]
fn an_entry_that_does_not_say_whom_it_binds_is_found() {
    let mut guardrail = built_in().find("protect-log-archive").unwrap().clone();
    assert_eq!(unsaid(&guardrail), Vec::<String>::new());
    guardrail.binds.clear();
    let found = unsaid(&guardrail);
    assert!(found[0].starts_with("protect-log-archive binds breakGlass"), "{found:?}");
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn an_entry_without_a_case_for_whom_it_leaves_alone_is_found() {
    let mut guardrail = built_in().find("region-allow-list").unwrap().clone();
    let cases = guardrail.tests["cases"].as_array_mut().unwrap();
    cases.retain(|case| case["principal"] == "role/dev");
    let left_alone = Party::iter()
        .map(|party| format!("region-allow-list: no case proves that it leaves {party} alone"));
    assert_eq!(unsaid(&guardrail), left_alone.collect::<Vec<_>>());
}

#[test]
fn an_entry_that_says_that_it_binds_whom_it_leaves_alone_is_found() {
    let mut guardrail = built_in().find("protect-config").unwrap().clone();
    let bound = json!({"who": ["breakGlass"], "why": "Nobody changes a recorder."});
    guardrail.binds = vec![serde_json::from_value(bound).unwrap()];
    assert_eq!(unsaid(&guardrail), ["protect-config does not bind breakGlass"]);
}

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().filter_map(Value::as_str).collect()
}
