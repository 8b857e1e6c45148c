//! One observer over many passes: what it was told is old is all that it has to look at again.

use std::collections::BTreeSet;
use std::time::Duration;

use palisade::act::Unconditional;
use palisade::clock::Clock;
use palisade::cloud::simulated::SimulatedCloud;
use palisade::compile::{Resources, compile};
use palisade::config::JournalTarget;
use palisade::controller::{Hands, LineJournal, pass, wanted};
use palisade::observe::Observer;
use palisade::org::{OrgSnapshot, Part};
use palisade::plan::Guards;

use super::stage::organization;

/// A document of every sort; what differs between the two uses every kind of change.
fn desired(units: &str, more_types: &str, administrator: &str, policies: &str) -> Resources {
    let text = format!(
        r#"apiVersion: palisade/v1
kind: Organization
metadata: {{name: acme}}
spec:
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  accounts: {{shop: "555555555555", audit: "666666666666"}}
  organizationalUnits: {units}
  policyTypes: [SERVICE_CONTROL_POLICY{more_types}]
  trustedServices: [guardduty.amazonaws.com]
  delegatedAdministrators: {{guardduty.amazonaws.com: {administrator}}}
{policies}"#
    );
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("all.yaml"), text).unwrap();
    let today = "2026-11-22".parse().unwrap();
    let loaded = palisade::desired::load(home.path(), today, palisade::catalog::built_in());
    assert_eq!(loaded.problems, []);
    compile(&loaded.org.unwrap(), today)
}

fn policy(kind: &str, name: &str, action: &str, target: &str) -> String {
    let principal = if kind == "ResourceControlPolicy" { "Principal: \"*\", " } else { "" };
    format!(
        r#"---
apiVersion: palisade/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
  targets: ["{target}"]
  document:
    Version: "2012-10-17"
    Statement: [{{Effect: Deny, {principal}Action: "{action}", Resource: "*"}}]
"#
    )
}

fn first() -> Resources {
    let policies = policy("ServiceControlPolicy", "one", "iam:CreateUser", "/Work/Prod")
        + &policy("ServiceControlPolicy", "two", "ec2:CreateVpc", "/Work");
    desired("{Work: {organizationalUnits: {Prod: {accounts: [shop]}}}}", "", "audit", &policies)
}

fn second() -> Resources {
    let policies = policy("ServiceControlPolicy", "one", "ec2:DeleteVpc", "account:shop")
        + &policy("ServiceControlPolicy", "three", "ec2:RunInstances", "/Work/Test")
        + &policy("ResourceControlPolicy", "rcp", "s3:PutObject", "/Work/Test");
    let units = "{Work: {organizationalUnits: {Test: {accounts: [shop]}}}}";
    desired(units, ", RESOURCE_CONTROL_POLICY", "shop", &policies)
}

/// Passes until the plan is empty, every held plan approved; the kinds of change that were made.
async fn converge(
    cloud: &SimulatedCloud,
    observer: &mut Observer,
    resources: &Resources,
) -> (OrgSnapshot, BTreeSet<&'static str>) {
    let journal = LineJournal::open(&JournalTarget::Nowhere, Clock::System).unwrap();
    let mut guards = Guards { max_changes: 100, max_deletes: 100, approved: BTreeSet::new() };
    let mut made = BTreeSet::new();
    for _ in 0..12 {
        let hands = Hands::Free { permit: &Unconditional, journal: &journal };
        let passed = pass(cloud, observer, resources, &guards, hands).await;
        if passed.plan.is_empty() {
            return (passed.snapshot, made);
        }
        guards.approved.extend(passed.plan.held.iter().map(|held| held.hash.clone()));
        made.extend(passed.plan.actions.iter().map(|action| action.change.kind()));
        // What AWS takes a while for is done by then; nothing observed gets old.
        tokio::time::sleep(Duration::from_secs(90)).await;
    }
    panic!("not converged");
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_is_told_what_changed_sees_what_a_new_one_sees() {
    let cloud = organization();
    cloud.meddle(|world| world.add_account(&"666666666666".parse().unwrap(), "audit"));
    let mut observer = Observer::new(Duration::from_hours(100));
    let mut made = BTreeSet::new();
    for resources in [first(), second()] {
        let (seen, kinds) = converge(&cloud, &mut observer, &resources).await;
        made.extend(kinds);
        let fresh = Observer::new(Duration::ZERO).observe(&cloud, &wanted(&resources)).await;
        assert_eq!(seen.unknown_parts(), []);
        assert_eq!(seen, fresh);
        assert!(matches!(fresh.tree, Part::Known(_)));
    }
    let every: BTreeSet<&str> = [
        "EnableTrustedService",
        "EnablePolicyType",
        "RegisterAdministrator",
        "DeregisterAdministrator",
        "CreateUnit",
        "DeleteUnit",
        "MoveAccount",
        "CreatePolicy",
        "UpdatePolicy",
        "DeletePolicy",
        "AttachPolicy",
        "DetachPolicy",
    ]
    .into();
    assert_eq!(made, every, "every kind of change was made at least once");
}
