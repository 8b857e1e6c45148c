//! Passes over many accounts in virtual time: closed ones, thousands of them, and the order of things.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use palisade::catalog;
use palisade::cloud::Operation;
use palisade::cloud::simulated::{SimulatedCloud, SimulationBuilder};
use palisade::compile::{Resources, compile};
use palisade::controller::survey;
use palisade::desired::load;
use palisade::observe::{Observer, Touched};
use palisade::org::{AccountId, ObjectKey, ObjectKind, OrgSnapshot};
use palisade::plan::{BlockedReason, Change, Guards, Plan, plan};

const DESIRED: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  accounts: {break-glass: "333333333333"}
  organizationalUnits: {Workloads: {}, Sandbox: {}}
  policyTypes: [SERVICE_CONTROL_POLICY]
---
apiVersion: palisade/v1
kind: BreakGlassRole
metadata: {name: emergency}
spec:
  emergencyAccount: break-glass
  targets: ["/Workloads"]
  operators: [{user: alice}]
  roles: [{name: BREAK-GLASS-ROLE, managedPolicies: [AdministratorAccess]}]
---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {name: deny-leave}
spec:
  targets: ["/Workloads", "/Sandbox"]
  document:
    Version: "2012-10-17"
    Statement: {Effect: Deny, Action: organizations:LeaveOrganization, Resource: "*"}
"#;

fn resources() -> Resources {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("desired.yaml"), DESIRED).unwrap();
    let today = "2026-11-25".parse().unwrap();
    let loaded = load(directory.path(), today, catalog::built_in());
    compile(&loaded.org.unwrap_or_else(|| panic!("{:?}", loaded.problems)), today)
}

fn account(number: usize) -> AccountId {
    format!("5{number:011}").parse().unwrap()
}

/// An organization with so many accounts in `/Workloads`, and one for emergencies.
fn organization(accounts: usize) -> SimulationBuilder {
    let builder = SimulatedCloud::builder(1)
        .organization("o-a1b2c3d4e5", "111111111111", "r-ab12")
        .account("break-glass", "333333333333", "/")
        .unit("/Sandbox")
        .enable("SERVICE_CONTROL_POLICY");
    (0..accounts).fold(builder, |builder, number| {
        builder.account(&format!("shop-{number}"), account(number).as_str(), "/Workloads")
    })
}

fn plan_of(resources: &Resources, snapshot: &OrgSnapshot) -> Plan {
    let (max_changes, max_deletes) = (usize::MAX, usize::MAX);
    plan(resources, snapshot, &Guards { max_changes, max_deletes, approved: BTreeSet::new() })
}

#[tokio::test(start_paused = true)]
async fn an_account_that_cannot_be_entered_is_unknown_and_holds_up_nobody_else() {
    let (cloud, resources) = (organization(3).build().unwrap(), resources());
    cloud.adjust(|options| options.closed = [account(1)].into());
    let snapshot = survey(&cloud, &mut Observer::new(Duration::ZERO), &resources).await;
    let unknown = snapshot.unknown_parts();
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert_eq!(unknown[0].0, format!("objects in account {}", account(1)));
    assert!(unknown[0].1.reason.contains("sts:AssumeRole"), "{unknown:?}");
    assert_eq!(cloud.counts().of(Operation::ListRoles), 4, "one question shows that it is closed");

    let plan = plan_of(&resources, &snapshot);
    let [blocked] = plan.blocked.as_slice() else { panic!("{:?}", plan.blocked) };
    assert_eq!(blocked.reason, BlockedReason::Unknown);
    assert_eq!(blocked.object, format!("account {}", account(1)));
    let created: BTreeSet<String> = plan
        .actions
        .iter()
        .filter(|action| action.change.kind() == "CreateObject")
        .map(|action| action.change.object())
        .collect();
    let role = |number: usize| format!("role BREAK-GLASS-ROLE in account {}", account(number));
    let home = ["role BREAK-GLASS-EMERGENCY", "user alice", "password policy account"];
    let home = home.map(|object| format!("{object} in account 333333333333"));
    assert_eq!(created, home.into_iter().chain([role(0), role(2)]).collect());
}

#[tokio::test(start_paused = true)]
async fn roles_come_before_the_policies_that_bind_their_accounts() {
    let (cloud, resources) = (organization(2).build().unwrap(), resources());
    let snapshot = survey(&cloud, &mut Observer::new(Duration::ZERO), &resources).await;
    let plan = plan_of(&resources, &snapshot);
    let roles: BTreeSet<usize> = (0..plan.actions.len())
        .filter(|index| plan.actions[*index].change.object().contains("BREAK-GLASS-ROLE"))
        .collect();
    assert_eq!(roles.len(), 2);
    for action in &plan.actions {
        let Change::AttachPolicy { target, .. } = &action.change else { continue };
        // What protects the roles comes after them, wherever it is attached.
        let protects = action.document.kind == "BreakGlassRole";
        if protects || target.to_string() == "/Workloads" {
            assert!(roles.is_subset(&action.after), "{action:?}");
        } else {
            assert!(roles.is_disjoint(&action.after), "{action:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_many_accounts_the_oldest_are_read_again_a_few_at_a_time() {
    const ACCOUNTS: usize = 450;
    let (cloud, resources) = (organization(ACCOUNTS).build().unwrap(), resources());
    let mut observer = Observer::new(Duration::from_mins(4));
    let mut reads = Vec::new();
    for _ in 0..4 {
        let before = cloud.counts().of(Operation::GetRole);
        let snapshot = survey(&cloud, &mut observer, &resources).await;
        assert_eq!(snapshot.unknown_parts(), [], "what is old is used until its turn comes");
        reads.push(cloud.counts().of(Operation::GetRole) - before);
        tokio::time::sleep(Duration::from_mins(5)).await;
    }
    assert_eq!(reads, [451, 200, 200, 200], "the first look is a whole one");

    let key = ObjectKey::global(ObjectKind::Role, account(7), "BREAK-GLASS-ROLE");
    tokio::time::sleep(Duration::from_mins(1)).await;
    let mut fresh = Observer::new(Duration::from_hours(1));
    survey(&cloud, &mut fresh, &resources).await;
    fresh.touch(&Touched::Object(key));
    let before = cloud.counts().of(Operation::GetRole);
    survey(&cloud, &mut fresh, &resources).await;
    assert_eq!(
        cloud.counts().of(Operation::GetRole) - before,
        1,
        "what was touched is read at once"
    );
}
