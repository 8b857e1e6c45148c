//! Desired state from the outside: directories in, desired state or problems out.

mod files;
mod form;
mod meaning;

use std::fs;
use std::path::Path;

use jiff::civil::{Date, date};
use palisade::catalog;
use palisade::desired::{self, Colour, DesiredOrg, Loaded};

/// The day on which every test takes place.
const TODAY: Date = date(2026, 11, 22);

/// A small organization that is right in everything.
const ORGANIZATION: &str = r#"apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  accounts:
    log-archive: "222222222222"
    shop-prod: {id: "555555555555", owner: team-shop, purpose: storefront production}
  organizationalUnits:
    Security: {accounts: [log-archive]}
    Workloads: {organizationalUnits: {Prod: {accounts: [shop-prod]}, Dev: {}}}
    Quarantine:
  policyTypes: [SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY]
  trustedServices: [guardduty.amazonaws.com]
  delegatedAdministrators: {guardduty.amazonaws.com: log-archive}
"#;

/// A policy that is right in everything.
const POLICY: &str = r#"apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata:
  name: deny-leave-organization
  annotations: {palisade/controls: "SEC01-BP01", palisade/owner: platform-security}
spec:
  description: Member accounts cannot leave the organization.
  targets: [/Security, /Workloads/Dev, "account:shop-prod"]
  except: {principals: ["arn:aws:iam::*:role/OrgAdmin"]}
  document:
    Version: "2012-10-17"
    Statement:
      - {Sid: Leave, Effect: Deny, Action: "organizations:LeaveOrganization", Resource: "*"}
"#;

/// Writes files into a new directory; names may have folders.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn load(directory: &Path, today: Date) -> Loaded {
    desired::load(directory, today, catalog::built_in())
}

fn load_files(files: &[(&str, &str)]) -> Loaded {
    load(directory(files).path(), TODAY)
}

/// Loads and expects no problem.
fn org(directory: &Path) -> DesiredOrg {
    let loaded = load(directory, TODAY);
    assert_eq!(rendered(&loaded), "");
    loaded.org.unwrap()
}

/// Every problem and warning as the command line shows them, without colour.
fn rendered(loaded: &Loaded) -> String {
    let all = loaded.problems.iter().chain(&loaded.warnings);
    let texts: Vec<String> = all.map(|problem| problem.render(Colour::Plain)).collect();
    texts.join("\n\n")
}

/// Loads one file and compares everything there is to say about it.
#[track_caller]
fn expect(file: &str, expected: &str) {
    let found = rendered(&load_files(&[("acme.yaml", file)]));
    assert_eq!(found, expected.trim_matches('\n'), "\n--- found:\n{found}\n---");
}

/// A form that is wrong in places does not hide what is wrong elsewhere in the same document.
#[test]
fn problems_of_form_and_of_meaning_come_in_one_run() {
    let text = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  unknownField: 1
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  policyTypes: [SERVICE_CONTROL_POLICY]
---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {name: p}
spec:
  description: 5
  suspend: {reason: x}
  targets: ["/", "account:nobody", "/Nowhere"]
  documentFile: ../outside.json
"#;
    let loaded = load_files(&[("all.yaml", text)]);
    let all = rendered(&loaded);
    for expected in ["unknownField", "`until`", "nobody", "/Nowhere", "outside.json"] {
        assert!(all.contains(expected), "{expected} is missing in\n{all}");
    }
    assert!(loaded.org.is_none());
}

/// What is wrong in a test is said, and keeps no guardrail from being in force.
#[test]
fn a_typo_in_a_test_leaves_out_its_case_and_nothing_else() {
    let test = r"apiVersion: palisade/v1
kind: GuardrailTest
metadata: {name: t}
spec:
  defaults: {account: log-archive, principal: role/x, action: 's3:GetObject', expect: allowed}
  cases:
    - {name: good}
    - {name: bad, expect: denied, by: deny-laeve}
";
    let loaded = load_files(&[("acme.yaml", ORGANIZATION), ("test.yaml", test)]);
    assert_eq!((loaded.problems.len(), loaded.is_valid()), (1, false));
    let org = loaded.org.unwrap();
    let cases: Vec<_> = org.tests[0].cases.iter().map(|case| case.name.as_deref()).collect();
    assert_eq!(cases, [Some("good")]);

    let form = test.replace("expect: allowed", "expcet: allowed");
    let loaded = load_files(&[("acme.yaml", ORGANIZATION), ("test.yaml", &form)]);
    assert!(loaded.org.is_some() && !loaded.is_valid());

    let both = ORGANIZATION.replace("o-", "x-");
    assert!(load_files(&[("acme.yaml", &both), ("test.yaml", test)]).org.is_none());
}
