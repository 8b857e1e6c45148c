//! What the planner decides in cases a reader can follow: one organization, one wish, one plan.

use std::collections::{BTreeMap, BTreeSet};

use palisade::catalog;
use palisade::cloud::simulated::{SimulatedCloud, SimulationBuilder};
use palisade::compile::{Resources, compile};
use palisade::desired::load;
use palisade::org::Mark;
use palisade::plan::{Guards, Hold, Plan, plan};

const ORGANIZATION: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  accounts: {shop: "222222222222", bank: "333333333333"}
  organizationalUnits: {Workloads: {accounts: [shop]}}
  policyTypes: [SERVICE_CONTROL_POLICY]
  trustedServices: []
"#;

pub(super) fn policy(name: &str, targets: &str, extra: &str, service: &str) -> String {
    format!(
        r#"---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {{name: {name}}}
spec:
  description: A guardrail.
  targets: [{targets}]
  {extra}
  document: {{Version: "2012-10-17", Statement: {{Effect: Deny, Action: "{service}:*", Resource: "*"}}}}
"#
    )
}

pub(super) fn deny(service: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"{service}:*","Resource":"*"}}}}"#
    )
}

fn mark(name: &str) -> String {
    let document =
        palisade::org::DocumentRef { kind: "ServiceControlPolicy".into(), name: name.into() };
    Mark { owner: "acme".into(), document, prune: true }.describe("A guardrail.")
}

pub(super) const SCP: &str = "SERVICE_CONTROL_POLICY";

pub(super) trait Having {
    fn having(self, name: &str, description: &str, content: &str) -> Self;
}

impl Having for SimulationBuilder {
    fn having(self, name: &str, description: &str, content: &str) -> Self {
        self.described_policy(SCP, name, content, description, BTreeMap::new())
    }
}

/// The organization that `ORGANIZATION` describes, without policies of ours.
pub(super) fn observed() -> SimulationBuilder {
    SimulatedCloud::builder(7)
        .organization("o-a1b2c3d4e5", "111111111111", "r-root")
        .unit("/Workloads")
        .account("Shop", "222222222222", "/Workloads")
        .account("Bank", "333333333333", "/")
        .enable(SCP)
}

pub(super) fn resources(documents: &[String]) -> Resources {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("all.yaml"), documents.concat()).unwrap();
    std::fs::write(directory.path().join("idp.xml"), idp_metadata()).unwrap();
    let today = "2026-01-01".parse().unwrap();
    let loaded = load(directory.path(), today, catalog::built_in());
    let problems: Vec<_> = loaded.problems.iter().map(|problem| &problem.message).collect();
    assert!(problems.is_empty(), "{problems:?}");
    compile(&loaded.org.unwrap(), today)
}

/// What an identity provider says of itself, as long as IAM demands.
fn idp_metadata() -> String {
    let padding = " ".repeat(1000);
    format!(
        "<EntityDescriptor><IDPSSODescriptor><X509Certificate>MII</X509Certificate></IDPSSODescriptor></EntityDescriptor>{padding}<!-- -->"
    )
}

pub(super) fn planned(documents: &[String], cloud: SimulationBuilder) -> Plan {
    let guards = Guards { max_changes: 100, max_deletes: 10, approved: BTreeSet::new() };
    plan(&resources(documents), &cloud.build().unwrap().truth(), &guards)
}

/// The plan in short: one line an action, `!` where it waits for approval.
fn lines(plan: &Plan) -> Vec<String> {
    let line = |action: &palisade::plan::Action| {
        let held = if action.hold == Some(Hold::Dangerous) { "! " } else { "" };
        format!("{held}{}", action.change.kind())
    };
    plan.actions.iter().map(line).collect()
}

pub(super) fn organization() -> String {
    ORGANIZATION.to_owned()
}

#[test]
fn naming_a_policy_adopts_it_without_a_write() {
    let cloud =
        observed().having("deny-ec2", "A guardrail.", &deny("ec2")).attach(SCP, "deny-ec2", "/");
    let plan = planned(&[organization(), policy("deny-ec2", r#""/""#, "", "ec2")], cloud);
    assert!(plan.is_empty(), "{plan:#?}");
}

/// Found in review: a space at the end of a description was a difference for ever.
#[test]
fn white_space_at_the_end_of_a_description_is_no_difference() {
    let cloud =
        observed().having("deny-ec2", "A guardrail. ", &deny("ec2")).attach(SCP, "deny-ec2", "/");
    let plan = planned(&[organization(), policy("deny-ec2", r#""/""#, "", "ec2")], cloud);
    assert!(plan.is_empty(), "{plan:#?}");
}

#[test]
fn an_adopted_policy_that_differs_is_updated_where_it_is() {
    let cloud = observed().having("deny-ec2", "", &deny("s3")).attach(SCP, "deny-ec2", "/");
    let plan = planned(&[organization(), policy("deny-ec2", r#""/""#, "", "ec2")], cloud);
    assert_eq!(lines(&plan), ["UpdatePolicy"]);
}

#[test]
fn a_document_renamed_in_git_keeps_its_policy() {
    let cloud =
        observed().having("old-name", &mark("old-name"), &deny("ec2")).attach(SCP, "old-name", "/");
    let plan = planned(&[organization(), policy("new-name", r#""/""#, "", "ec2")], cloud);
    assert_eq!(lines(&plan), ["UpdatePolicy"]);
}

#[test]
fn a_policy_renamed_in_aws_is_renamed_back() {
    let cloud =
        observed().having("hidden", &mark("deny-ec2"), &deny("ec2")).attach(SCP, "hidden", "/");
    let plan = planned(&[organization(), policy("deny-ec2", r#""/""#, "", "ec2")], cloud);
    assert_eq!(lines(&plan), ["UpdatePolicy"]);
}

#[test]
fn the_policy_of_a_deleted_document_goes_with_approval() {
    let cloud =
        observed().having("gone", &mark("gone"), &deny("ec2")).attach(SCP, "gone", "/Workloads");
    let plan = planned(&[organization()], cloud);
    assert_eq!(lines(&plan), ["! DetachPolicy", "! DeletePolicy"]);
    assert!(plan.held.is_some_and(|held| !held.approved));
}

#[test]
fn a_policy_moves_up_before_it_goes_below() {
    let cloud = observed().having("deny-ec2", &mark("deny-ec2"), &deny("ec2")).attach(
        SCP,
        "deny-ec2",
        "/Workloads",
    );
    let plan = planned(&[organization(), policy("deny-ec2", r#""/""#, "", "ec2")], cloud);
    assert_eq!(lines(&plan), ["AttachPolicy", "DetachPolicy"]);
    assert_eq!(plan.actions[1].after, BTreeSet::from([0]));
}

#[test]
fn a_full_target_turns_the_old_policy_into_the_new_one() {
    let quotas = "  quotas: {SERVICE_CONTROL_POLICY: {attached: 2, characters: 5120}}\n";
    let cloud = observed().having("old", &mark("old"), &deny("s3")).attach(SCP, "old", "/");
    let plan = planned(&[organization() + quotas, policy("new", r#""/""#, "", "ec2")], cloud);
    assert_eq!(lines(&plan), ["! UpdatePolicy"]);
}

#[test]
fn a_full_target_swaps_living_policies_only_with_approval() {
    let quotas = "  quotas: {SERVICE_CONTROL_POLICY: {attached: 2, characters: 5120}}\n";
    let cloud = observed()
        .having("one", &mark("one"), &deny("s3"))
        .having("two", &mark("two"), &deny("ec2"))
        .attach(SCP, "one", "/")
        .attach(SCP, "two", "/Workloads");
    let documents = [
        organization() + quotas,
        policy("one", r#""/Workloads""#, "", "s3"),
        policy("two", r#""/""#, "", "ec2"),
    ];
    let plan = planned(&documents, cloud);
    assert_eq!(lines(&plan), ["! DetachPolicy", "AttachPolicy", "! DetachPolicy", "AttachPolicy"]);
    assert!(plan.actions[0].hold_reason.as_ref().unwrap().contains("for a moment"));
}

#[test]
fn a_full_target_without_anything_to_take_away_is_blocked() {
    let quotas = "  quotas: {SERVICE_CONTROL_POLICY: {attached: 2, characters: 5120}}\n";
    let cloud = observed().policy(SCP, "foreign", &deny("s3")).attach(SCP, "foreign", "/");
    let plan = planned(&[organization() + quotas, policy("new", r#""/""#, "", "ec2")], cloud);
    assert_eq!(lines(&plan), ["CreatePolicy"]);
    assert_eq!(plan.blocked[0].reason, palisade::plan::BlockedReason::SlotsFull);
}

#[test]
fn an_observed_document_is_only_reported() {
    for extra in ["mode: observe", "suspend: {until: 2026-02-01, reason: migration}"] {
        let plan =
            planned(&[organization(), policy("deny-ec2", r#""/""#, extra, "ec2")], observed());
        assert!(plan.actions.is_empty());
        assert_eq!(plan.reported.len(), 2, "{extra}");
    }
}

#[test]
fn a_suspension_that_is_over_is_enforced() {
    let extra = "suspend: {until: 2026-01-01, reason: migration}";
    let plan = planned(&[organization(), policy("deny-ec2", r#""/""#, extra, "ec2")], observed());
    assert_eq!(lines(&plan), ["CreatePolicy", "AttachPolicy"]);
}

#[test]
fn a_policy_type_that_was_disabled_comes_back_with_every_attachment() {
    let cloud = SimulatedCloud::builder(7)
        .organization("o-a1b2c3d4e5", "111111111111", "r-root")
        .unit("/Workloads")
        .account("Shop", "222222222222", "/Workloads")
        .account("Bank", "333333333333", "/")
        .having("deny-ec2", &mark("deny-ec2"), &deny("ec2"));
    let plan =
        planned(&[organization(), policy("deny-ec2", r#""/", "/Workloads""#, "", "ec2")], cloud);
    assert_eq!(lines(&plan), ["EnablePolicyType", "AttachPolicy", "AttachPolicy"]);
}

#[test]
fn an_account_that_leaves_the_file_stays_where_it_is() {
    let without = ORGANIZATION.replace("{accounts: [shop]}", "{}");
    let plan = planned(&[without], observed());
    assert!(plan.actions.is_empty());
    let left: BTreeSet<&str> =
        plan.unmanaged.iter().map(|unmanaged| unmanaged.id.as_str()).collect();
    assert!(left.contains("222222222222"));
}

#[test]
fn a_held_plan_is_approved_by_an_annotation_in_git() {
    let cloud = || observed().having("gone", &mark("gone"), &deny("ec2")).attach(SCP, "gone", "/");
    let hash = planned(&[organization()], cloud()).held.unwrap().hash;
    let annotated = ORGANIZATION.replace(
        "{name: acme}",
        &format!("{{name: acme, annotations: {{palisade/approved-plan: \"{hash}\"}}}}"),
    );
    assert!(planned(&[annotated], cloud()).held.unwrap().approved);
}

#[test]
fn policies_of_control_tower_and_of_others_are_not_taken() {
    use palisade::plan::BlockedReason::{ForeignOwner, Protected};
    let other = mark("deny-ec2").replace("palisade acme", "palisade other");
    let cloud = observed().policy(SCP, "aws-guardrails-abc", &deny("s3")).having(
        "deny-ec2",
        &other,
        &deny("s3"),
    );
    let named = policy("control", r#""/""#, "policyName: aws-guardrails-abc", "ec2");
    let plan = planned(&[organization(), named, policy("deny-ec2", r#""/""#, "", "ec2")], cloud);
    assert!(plan.actions.is_empty(), "{plan:#?}");
    let reasons: BTreeSet<_> = plan.blocked.iter().map(|blocked| blocked.reason).collect();
    assert_eq!(reasons, BTreeSet::from([ForeignOwner, Protected]));
}

/// Found by simulation: deleting the OU would have taken the attachment of a policy that is not ours.
#[test]
fn an_ou_with_a_foreign_policy_is_not_deleted() {
    let document = palisade::org::DocumentRef { kind: "Organization".into(), name: "acme".into() };
    let mark = Mark { owner: "acme".into(), document, prune: true };
    let old = || {
        let unit = observed().unit("/Old");
        mark.tags().into_iter().fold(unit, |unit, (key, value)| unit.tag("/Old", &key, &value))
    };
    assert_eq!(lines(&planned(&[organization()], old())), ["DeleteUnit"]);
    let plan = planned(
        &[organization()],
        old().policy(SCP, "foreign", &deny("s3")).attach(SCP, "foreign", "/Old"),
    );
    assert!(plan.actions.is_empty());
    assert_eq!(plan.blocked[0].reason, palisade::plan::BlockedReason::NotEmpty);
}
