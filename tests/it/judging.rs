//! Tests of guardrails from the outside: documents in, verdicts on their cases out.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::civil::{Date, date};
use palisade::catalog::{Exempt, Guardrail, built_in};
use palisade::compile::compile;
use palisade::desired::{Case, DesiredOrg, Expectation, Site, load};
use palisade::judge::{CaseReport, Report, Verdict, judge};
use serde_json::json;

const TODAY: Date = date(2026, 11, 22);

/// Two guardrails that overlap, an allow list, and a resource control policy on `/Workloads`.
const GUARDRAILS: &str = r#"apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  accounts: {shop: "555555555555", logs: "222222222222", boss: "111111111111"}
  organizationalUnits:
    Workloads: {accounts: [shop]}
    Security: {accounts: [logs]}
  policyTypes: [SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY]
---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {name: first}
spec:
  targets: ["/"]
  except: {principals: ["arn:aws:iam::*:role/Exempt"]}
  document:
    Version: "2012-10-17"
    Statement: {Sid: NoDelete, Effect: Deny, Action: "s3:Delete*", Resource: "*"}
---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {name: second}
spec:
  targets: [/Workloads]
  mode: observe
  document:
    Version: "2012-10-17"
    Statement:
      - {Sid: NoBuckets, Effect: Deny, Action: "s3:*Bucket", Resource: "*"}
      - {Sid: Tagged, Effect: Deny, Action: "sqs:CreateQueue", Resource: "*", Condition: {"ForAllValues:StringEquals": {aws:TagKeys: [a]}}}
---
apiVersion: palisade/v1
kind: ResourceControlPolicy
metadata: {name: perimeter}
spec:
  targets: [/Workloads]
  document:
    Version: "2012-10-17"
    Statement:
      - Sid: OnlyUs
        Effect: Deny
        Principal: "*"
        Action: "s3:GetObject"
        Resource: "*"
        Condition: {StringNotEqualsIfExists: {aws:PrincipalOrgID: o-a1b2c3d4e5}}
"#;

/// The guardrails with one test whose `spec` is given.
fn organization(spec: &str) -> DesiredOrg {
    let directory = tempfile::tempdir().unwrap();
    let test =
        format!("apiVersion: palisade/v1\nkind: GuardrailTest\nmetadata: {{name: t}}\n{spec}");
    fs::write(directory.path().join("all.yaml"), format!("{GUARDRAILS}---\n{test}")).unwrap();
    let loaded = load(directory.path(), TODAY, built_in());
    assert_eq!(loaded.problems, []);
    loaded.org.unwrap()
}

pub(crate) fn judge_all(org: &DesiredOrg) -> Report {
    judge(&org.tests, &compile(org, TODAY), |_, _| true)
}

/// Judges cases in flow style, one a line, and expects that all hold.
#[track_caller]
fn expect(cases: &[&str]) {
    let cases: Vec<String> = cases.iter().map(|case| format!("    - {{{case}}}\n")).collect();
    let report = judge_all(&organization(&format!("spec:\n  cases:\n{}", cases.concat())));
    assert_eq!(report.cases.len(), cases.len());
    let failed: Vec<_> = report.failed().collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn any_of_the_guardrails_that_deny_may_be_the_one_expected() {
    let call = "account: shop, principal: role/x, action: s3:DeleteBucket, expect: denied";
    expect(&[
        &format!("{call}, by: first"),
        &format!("{call}, by: first/NoDelete"),
        &format!("{call}, by: second"),
        &format!("{call}, by: second/NoBuckets"),
    ]);
}

#[test]
fn a_case_that_names_the_wrong_guardrail_does_not_hold() {
    let spec = "spec:\n  cases: [{account: logs, principal: role/x, action: 's3:DeleteBucket', expect: denied, by: second}]\n";
    let report = judge_all(&organization(spec));
    let found = &report.cases[0].failures[0].found;
    assert_eq!(found.verdict, Some(Verdict::Denied));
    assert!(found.is_not_attached, "second is not attached to /Security");
    let by: Vec<_> = found.denied_by.iter().map(|statement| statement.policy.as_str()).collect();
    assert_eq!(by, ["first"]);
    let source = found.denied_by[0].source.as_ref().unwrap();
    assert_eq!((source.file.as_str(), source.line), ("all.yaml", 21));
}

#[test]
fn a_place_decides_which_guardrails_bind() {
    let delete = "action: s3:DeleteBucket, expect";
    expect(&[
        &format!("account: logs, principal: role/x, {delete}: denied"),
        &format!("account: logs, principal: role/Exempt, {delete}: allowed"),
        &format!("account: shop, principal: role/Exempt, {delete}: denied, by: second"),
        &format!("ou: /Workloads, principal: role/Exempt, {delete}: denied, by: second"),
        &format!("ou: /Security, principal: role/Exempt, {delete}: allowed"),
        &format!("ou: /, principal: [root, user/x], {delete}: denied, by: first"),
        &format!("account: boss, principal: role/x, {delete}: allowed"),
        &format!(
            "account: '999999999999', principal: role/x, resourceAccount: shop, {delete}: allowed"
        ),
        &format!("principal: 'arn:aws:iam::555555555555:role/x', {delete}: denied"),
        &format!(
            "principal: 'arn:aws:iam::777777777777:role/x', ou: /Workloads, {delete}: denied, by: second"
        ),
        &format!("principal: '*', account: shop, {delete}: allowed"),
        &format!(
            "principal: 'arn:aws:iam::777777777777:role/x', ou: /Workloads, resource: 'arn:aws:s3:x:777777777777:b', {delete}: denied"
        ),
        // The session of an exempt role may be anybody's until the role's ARN is given.
        &format!("account: logs, principal: assumed-role/Exempt/s, {delete}: unknown"),
        &format!(
            "account: logs, principal: assumed-role/Exempt/s, context: {{aws:PrincipalArn: 'arn:aws:iam::222222222222:role/Exempt'}}, {delete}: allowed"
        ),
    ]);
}

#[test]
fn the_resource_s_account_brings_its_own_guardrails() {
    let get = "action: s3:GetObject, expect";
    expect(&[
        // Members carry the organization's id without anybody saying so.
        &format!("account: [logs, shop], principal: role/x, resourceAccount: shop, {get}: allowed"),
        &format!("ou: /Security, principal: role/x, resourceAccount: shop, {get}: allowed"),
        // Whose organization an account outside belongs to is not known.
        &format!(
            "account: '999999999999', principal: role/x, resourceAccount: shop, {get}: unknown"
        ),
        &format!(
            "account: '999999999999', principal: role/x, resourceAccount: shop, context: {{AWS:principalorgid: o-other}}, {get}: denied, by: perimeter/OnlyUs"
        ),
        &format!(
            "account: '999999999999', principal: role/x, resourceAccount: logs, {get}: allowed"
        ),
        &format!(
            "account: shop, principal: role/x, resourceAccount: '999999999999', {get}: allowed"
        ),
        // Services and callers without credentials never carry it.
        &format!("principal: '*', account: shop, {get}: denied, by: perimeter"),
        &format!("principal: logs.amazonaws.com, account: shop, {get}: denied, by: perimeter"),
        &format!(
            "principal: logs.amazonaws.com, resource: 'arn:aws:s3:::b/{{account}}', resourceAccount: logs, {get}: allowed"
        ),
    ]);
}

/// A test on `*` was once green although the guardrail denies the calls that the action makes.
#[test]
fn a_star_is_every_resource_or_none_where_the_action_has_none() {
    let spec = "spec:
  defaults: {account: shop, principal: role/x, resource: '*'}
  cases:
    - {action: 'sqs:SendMessage', expect: unknown}
    - {action: 'sqs:ListQueues', expect: allowed}
---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {name: queues}
spec:
  targets: ['/']
  document: {Version: '2012-10-17', Statement: {Effect: Deny, Action: 'sqs:*', Resource: 'arn:aws:sqs:*:*:orders'}}
";
    assert!(judge_all(&organization(spec)).holds());
}

#[test]
fn a_list_in_the_context_is_one_call_and_a_list_to_try_is_many() {
    let spec = "spec:
  defaults: {account: shop, principal: role/x, action: 'sqs:CreateQueue', forEach: {'aws:TagKeys': [a, b]}}
  cases:
    - {context: {'aws:TagKeys': [a, b]}, expect: allowed}
    - {forEach: {'AWS:TagKeys': [a, [a, a]]}, expect: denied}
    - {absent: ['aws:TagKeys'], expect: denied}
    - {expect: allowed}
";
    let report = judge_all(&organization(spec));
    let calls: Vec<_> = report.cases.iter().map(|case| (case.calls, case.failures.len())).collect();
    assert_eq!(calls, [(1, 0), (2, 0), (1, 0), (2, 1)]);
    let call = &report.cases[3].failures[0].call;
    assert_eq!(call.context["aws:TagKeys"], ["a"]);
}

#[test]
fn lists_multiply() {
    let spec = "spec:
  defaults: {principal: [role/x, root], forEach: {'aws:SourceVpc': [a, b]}}
  cases:
    - account: [shop, logs]
      action: ['s3:DeleteObject', 's3:DeleteBucket', 's3:DeleteObjectVersion']
      resource: ['arn:aws:s3:::a/{account}', '*']
      resourceAccount: [shop, logs]
      forEach: {'aws:SourceIp': [192.0.2.1, 192.0.2.2]}
      expect: denied
";
    let org = organization(spec);
    let calls = &org.tests[0].cases[0].calls;
    assert_eq!(calls.len(), 2 * 2 * 3 * 2 * 2 * 2 * 2);
    let distinct: std::collections::BTreeSet<_> =
        calls.iter().map(|call| format!("{call:?}")).collect();
    assert_eq!(distinct.len(), calls.len());
    assert!(
        calls.iter().any(|call| call.resource.as_deref() == Some("arn:aws:s3:::a/222222222222"))
    );
    assert!(judge_all(&org).holds());
}

/// Where many guardrails share policies, a Sid that two of them have gets a number there.
#[test]
fn a_statement_goes_by_the_sid_of_its_document_in_a_shared_policy() {
    let mut spec = String::from("spec:\n  cases:\n");
    for number in 0..12 {
        writeln!(
            spec,
            "    - {{account: logs, principal: role/x, action: 'sqs:Action{number}', expect: denied, by: g{number}/Same}}"
        )
        .unwrap();
    }
    for number in 0..12 {
        write!(
            spec,
            "---\napiVersion: palisade/v1\nkind: ServiceControlPolicy\nmetadata: {{name: g{number}}}\nspec:\n  targets: [/]\n  \
             document: {{Version: '2012-10-17', Statement: {{Sid: Same, Effect: Deny, Action: 'sqs:Action{number}', Resource: '*'}}}}\n"
        )
        .unwrap();
    }
    let org = organization(&spec);
    let compiled = compile(&org, TODAY);
    assert!(compiled.policies.values().any(|policy| !policy.members.is_empty()), "none is shared");
    let report = judge_all(&org);
    assert!(report.holds(), "{:#?}", report.failed().collect::<Vec<_>>());
    let sids: Vec<_> = report.coverage.untested.iter().map(|it| it.sid.as_deref()).collect();
    assert!(!sids.contains(&Some("Same2")), "{sids:?}");
}

#[test]
fn coverage_names_the_statements_that_no_call_meets() {
    let spec = "spec:\n  cases: [{account: logs, principal: role/x, action: 's3:DeleteBucket', expect: denied}]\n";
    let coverage = judge_all(&organization(spec)).coverage;
    let untested: Vec<_> = coverage
        .untested
        .iter()
        .map(|statement| format!("{}/{}", statement.document.name, statement.sid.as_ref().unwrap()))
        .collect();
    assert_eq!((coverage.statements, coverage.exercised), (4, 1));
    assert_eq!(untested, ["second/NoBuckets", "second/Tagged", "perimeter/OnlyUs"]);
}

#[test]
fn the_example_organization_s_tests_hold_and_exercise_every_statement() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("desired-state");
    let org = load(&example, TODAY, built_in()).org.unwrap();
    let report = judge_all(&org);
    let failed: Vec<_> = report.failed().collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(report.coverage.untested, []);
}

/// A case that held whatever the verdict is would be worth nothing.
#[test]
fn every_call_has_exactly_one_verdict() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("desired-state");
    let mut org = load(&example, TODAY, built_in()).org.unwrap();
    let calls: usize =
        org.tests.iter().flat_map(|test| &test.cases).map(|case| case.calls.len()).sum();
    for test in &mut org.tests {
        let cases = std::mem::take(&mut test.cases);
        test.cases = cases.iter().flat_map(with_every_expectation).collect();
    }
    let report = judge_all(&org);
    assert_eq!(report.cases.len(), 3 * calls);
    assert_eq!(report.failed().count(), 2 * calls);
}

fn with_every_expectation(case: &Case) -> Vec<Case> {
    let expectations =
        [Expectation::Allowed, Expectation::Denied { by: None }, Expectation::Unknown];
    let calls = case.calls.iter();
    calls
        .flat_map(|call| {
            expectations.clone().map(|expect| Case {
                expect,
                calls: vec![call.clone()],
                ..case.clone()
            })
        })
        .collect()
}

/// In an organization that has nothing but the entry, on its root.
#[test]
fn every_entry_of_the_catalogue_does_what_its_own_tests_say() {
    let (mut calls, mut wrong) = (0, Vec::new());
    for guardrail in built_in().guardrails().filter(|guardrail| !guardrail.tests.is_null()) {
        let report = judge_all(&alone(guardrail));
        wrong.extend(report.failed().map(|failed| format!("{}: {failed:#?}", guardrail.id)));
        let untested = report.coverage.untested.iter();
        wrong.extend(untested.map(|untested| format!("{}: {:?}", guardrail.id, untested.sid)));
        calls += report.calls();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(calls > 100, "{calls} calls");
}

/// Without it some call of its own tests, which the exemption is there for, would be denied.
#[test]
fn every_exemption_of_the_catalogue_is_proved_by_a_case() {
    let site = site();
    let mut unproved = Vec::new();
    for guardrail in built_in().guardrails().filter(|guardrail| !guardrail.tests.is_null()) {
        for exempt in &guardrail.exempt {
            let mut without = guardrail.clone();
            without.exempt.retain(|other| other != exempt);
            if without.exempt.is_empty() {
                // A condition needs a value; it exempts somebody else.
                let others = [Exempt::ControlTower, Exempt::StackSets];
                without.exempt.extend(others.into_iter().find(|other| other != exempt));
            }
            let document = without.render(&guardrail.example, &site).unwrap();
            let report =
                judge_all(&attached(guardrail, json!({"targets": ["/"], "document": document})));
            let is_needed = |case: &CaseReport| case.expected.verdict == Verdict::Allowed;
            if !report.failed().any(is_needed) {
                unproved.push(format!("{}: {exempt}", guardrail.id));
            }
        }
    }
    assert!(unproved.is_empty(), "no case needs the exemption of\n{}", unproved.join("\n"));
}

/// What entries may ask of the organization that is made for them.
fn site() -> Site {
    Site {
        organization_id: "o-a1b2c3d4e5".to_owned(),
        management_account: "111111111111".to_owned(),
        accounts: [("log-archive", "222222222222"), ("security-tooling", "210000000002")]
            .map(|(name, id)| (name.to_owned(), id.to_owned()))
            .into(),
        ..Site::default()
    }
}

pub(crate) fn alone(guardrail: &Guardrail) -> DesiredOrg {
    let used = json!({"guardrail": guardrail.id, "with": guardrail.example});
    attached(guardrail, json!({"targets": ["/"], "use": used}))
}

/// An organization with one policy, and the tests of the entry that it is of.
fn attached(guardrail: &Guardrail, policy: serde_json::Value) -> DesiredOrg {
    let document = |kind: &str, name: &str, spec: serde_json::Value| json!({"apiVersion": "palisade/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    let organization = json!({
        "organizationId": "o-a1b2c3d4e5",
        "managementAccountId": "111111111111",
        "accounts": {
            "member": "555555555555",
            "log-archive": "222222222222",
            "security-tooling": "210000000002",
            "management": "111111111111",
        },
        "organizationalUnits": {"Members": {"accounts": ["member", "log-archive", "security-tooling"]}},
        "policyTypes": ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"],
    });
    let mut tests = guardrail.tests_for(&guardrail.example, &site());
    tests["defaults"]["account"] = json!("member");
    tests["defaults"]["by"] = json!(guardrail.id);
    let documents = [
        document("Organization", "acme", organization),
        document(&guardrail.kind, &guardrail.id, policy),
        document("GuardrailTest", &guardrail.id, tests),
    ];
    let directory = tempfile::tempdir().unwrap();
    for (index, document) in documents.iter().enumerate() {
        fs::write(directory.path().join(format!("{index}.yaml")), document.to_string()).unwrap();
    }
    let loaded = load(directory.path(), TODAY, built_in());
    assert_eq!(loaded.problems, [], "{}", guardrail.id);
    loaded.org.unwrap()
}
