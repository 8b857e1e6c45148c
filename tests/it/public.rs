//! Policies as people really write them, as desired state: planned, applied, left alone, imported.
//!
//! A few odd ones are written down here. Who has a collection of published policies gives all of it:
//!
//! ```text
//! PALISADE_TEST_POLICIES=policies.json tests/run public --no-capture
//! ```
//!
//! The file is a JSON array of objects with `kind` (`scp` or `rcp`), `raw` (the document as its author
//! wrote it, a string) and `path` (where it was found). Thirty go into one organization of a hundred
//! accounts; what `validate` refuses, such as a template with a placeholder, is told and left out.
#![expect(clippy::print_stderr, reason = "a developer wants to know what was left out")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use serde::Deserialize;

use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

/// Policies in one organization.
const POLICIES: usize = 30;

/// A hundred accounts, the management account among them.
const ACCOUNTS: &[(&str, usize)] = &[
    ("/", 3),
    ("/Security", 6),
    ("/Workloads", 0),
    ("/Workloads/Prod/EU", 40),
    ("/Workloads/Prod/US", 25),
    ("/Workloads/Dev", 20),
    ("/Sandbox", 5),
];

/// A policy that somebody published.
#[derive(Debug, Deserialize)]
struct Public {
    kind: Kind,
    raw: String,
    path: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Scp,
    Rcp,
}

impl Public {
    fn new(kind: Kind, path: &str, raw: &str) -> Self {
        Self { kind, path: path.to_owned(), raw: raw.to_owned() }
    }

    /// Its document, numbered.
    fn document(&self, number: usize, target: &str) -> String {
        let kind = match self.kind {
            Kind::Scp => "ServiceControlPolicy",
            Kind::Rcp => "ResourceControlPolicy",
        };
        let description: String = self.path.chars().take(200).collect();
        let description = serde_json::to_string(&description).unwrap();
        format!(
            "---\napiVersion: palisade/v1\nkind: {kind}\nmetadata: {{name: public-{number}}}\nspec:\n  \
             description: {description}\n  targets: [\"{target}\"]\n  documentFile: documents/{number}.json\n"
        )
    }
}

/// Shapes that the language allows and a program may stumble over.
fn odd() -> Vec<Public> {
    vec![
        Public::new(
            Kind::Scp,
            "a statement that is no list, and lists of one",
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":["iam:CreateUser"],"Resource":["*"]}}"#,
        ),
        Public::new(
            Kind::Scp,
            "an empty Sid, and `NotAction`",
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Deny","NotAction":["a4b:*","iam:*","s3:GetObject"],"Resource":"*",
                "Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1"]}}}]}"#,
        ),
        Public::new(
            Kind::Scp,
            "the keys in another order, and a variable with a default",
            r#"{"Statement":[{"Resource":"arn:aws:s3:::${aws:PrincipalTag/team, 'none'}/*","Action":"s3:*",
                "Effect":"Deny","Sid":"Own"}],"Version":"2012-10-17"}"#,
        ),
        Public::new(
            Kind::Scp,
            "numbers and booleans without quotes, one key in two spellings",
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{
                "Bool":{"aws:MultiFactorAuthPresent":false},"NumericGreaterThan":{"aws:MultiFactorAuthAge":3600},
                "StringEquals":{"AWS:PrincipalAccount":"111111111111"}}}]}"#,
        ),
        Public::new(
            Kind::Rcp,
            "a condition on what may be missing",
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRoleWithSAML",
                "Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},
                "BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}]}"#,
        ),
        Public::new(
            Kind::Scp,
            "words that are not ASCII: Zugänge – nur für Berechtigte",
            "{\n\t\"Version\": \"2012-10-17\",\r\n\t\"Statement\": [\n\t\t{\"Effect\": \"Deny\", \"Action\": \"ec2:*Vpc*\",\n\t\t\"Resource\": \"arn:aws:ec2:*:*:vpc/*\"}]}\n\n",
        ),
    ]
}

/// The policies that somebody gives.
fn published() -> Vec<Public> {
    let Some(file) = std::env::var_os("PALISADE_TEST_POLICIES") else { return Vec::new() };
    let text = fs::read_to_string(&file).expect("`PALISADE_TEST_POLICIES` names a file");
    serde_json::from_str(&text).expect("the file holds policies")
}

fn organization(site: &Site) -> String {
    let EmulatedOrganization { organization, management_account, .. } = &site.organization;
    format!(
        "apiVersion: palisade/v1\nkind: Organization\nmetadata: {{name: acme}}\nspec:\n  \
         organizationId: {organization}\n  managementAccountId: \"{management_account}\"\n  \
         organizationalUnits: {{Security: {{}}, Sandbox: {{}}, Workloads: {{organizationalUnits: {{Dev: {{}}, \
         Prod: {{organizationalUnits: {{EU: {{}}, US: {{}}}}}}}}}}}}\n  \
         policyTypes: [SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY]\n"
    )
}

/// Writes the documents and leaves out those that `validate` refuses; which these are.
fn write(site: &Site, policies: &[Public]) -> BTreeSet<usize> {
    let written = |refused: &BTreeSet<usize>| {
        let mut text = organization(site);
        for (number, policy) in policies.iter().enumerate() {
            if !refused.contains(&number) {
                let (target, _) = ACCOUNTS[1 + number % (ACCOUNTS.len() - 1)];
                write!(text, "{}", policy.document(number, target)).unwrap();
            }
        }
        site.write("all.yaml", &text);
        site.palisade(&["validate"])
    };
    for (number, policy) in policies.iter().enumerate() {
        site.write(&format!("documents/{number}.json"), &policy.raw);
    }
    let first = written(&BTreeSet::new());
    // What is only warned of is taken.
    let errors: String =
        first.data.split("\n\n").filter(|said| said.starts_with("error")).collect();
    let is_refused = |number: &usize| errors.contains(&format!("documents/{number}.json:"));
    let refused = (0..policies.len()).filter(is_refused).collect();
    let said = written(&refused);
    assert_eq!(said.code, 0, "{said}");
    refused
}

#[test]
fn public_policies_are_made_left_alone_and_imported() {
    assert_eq!(live_through(&odd()), BTreeSet::new(), "`validate` refuses what AWS accepts");
    for policies in published().chunks(POLICIES) {
        for number in live_through(policies) {
            eprintln!("left out, because `validate` refuses it: {}", policies[number].path);
        }
    }
}

/// Makes the policies, finds nothing more to do, and finds them again; those that are refused.
fn live_through(policies: &[Public]) -> BTreeSet<usize> {
    let site = Site::new(EmulatedOrganization::with_paths(ACCOUNTS));
    let refused = write(&site, policies);
    let plan = site.plan();
    assert_eq!(plan.code, 2, "{plan}");
    let changes = site.apply().len();
    let made = policies.len() - refused.len();
    assert!(changes >= 2 * made, "{changes} changes make and attach {made} policies");
    assert_eq!(site.apply(), [], "a second pass changes nothing");
    let plan = site.plan();
    assert_eq!(plan.code, 0, "{plan}");
    let imported = site.palisade(&["import", "--out", "imported", "--api-budget", "unlimited"]);
    assert_eq!(imported.code, 0, "{imported}");
    let plan = site.palisade(&["plan", "imported", "--api-budget", "unlimited"]);
    assert_eq!(plan.code, 0, "{plan}");
    eprintln!("{made} policies: {changes} changes, and none after that");
    refused
}
