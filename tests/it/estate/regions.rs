//! The opt-in state of Regions: over HTTP, and in virtual time.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use palisade::catalog;
use palisade::cloud::simulated::SimulatedCloud;
use palisade::cloud::{Cloud, Operation};
use palisade::compile::{Resources, compile};
use palisade::controller::survey;
use palisade::desired::load;
use palisade::observe::{Observer, Touched};
use palisade::org::{
    AccountId, ObjectKey, ObjectKind, ObjectState, ObjectStep, RegionStatus, RegionStep,
};
use palisade::plan::{BlockedReason, Change, Guards, Hold, Plan, plan};

use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

/// Desired state; `{…}` are ids of the organization.
const DESIRED: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: {organization}
  managementAccountId: "{management}"
  organizationalUnits: {Workloads: {}}
  policyTypes: [SERVICE_CONTROL_POLICY]
  trustedServices: [account.amazonaws.com]
---
apiVersion: palisade/v1
kind: RegionRestriction
metadata: {name: regions}
spec:
  targets: ["/"]
  allowed: [eu-west-1, eu-central-2]
  optIn: {enabled: [eu-south-1], allowDisable: {disable}}
"#;

fn site(disable: bool) -> Site {
    let site = Site::new(EmulatedOrganization::with(&[("/Workloads", 2)]));
    write(&site, disable);
    site
}

fn write(site: &Site, disable: bool) {
    let organization = &site.organization;
    let text = DESIRED
        .replace("{organization}", organization.organization.as_str())
        .replace("{management}", organization.management_account.as_str())
        .replace("{disable}", &disable.to_string());
    site.write("organization.yaml", &text);
}

fn key(account: &AccountId, region: &str) -> ObjectKey {
    ObjectKey::global(ObjectKind::Region, account.clone(), region)
}

async fn status(site: &Site, account: &AccountId, region: &str) -> RegionStatus {
    let cloud = site.organization.cloud().await;
    match (&cloud as &dyn Cloud).object(&key(account, region)).await.unwrap() {
        Some(ObjectState::Region(region)) => region.status,
        other => panic!("{other:?}"),
    }
}

async fn turn(site: &Site, account: &AccountId, region: &str, step: RegionStep) {
    let cloud = site.organization.cloud().await;
    let port = &cloud as &dyn Cloud;
    port.write_object(&key(account, region), &ObjectStep::Region(step)).await.unwrap();
}

/// Looks until AWS has finished with what it is at work on.
fn settle(site: &Site) {
    for _ in 0..3 {
        site.plan();
    }
}

#[tokio::test]
async fn the_regions_that_git_names_are_enabled_everywhere_and_a_second_pass_changes_nothing() {
    let site = site(false);
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    settle(&site);
    site.apply();
    settle(&site);
    let plan = site.plan();
    assert_eq!(plan.code, 0, "{plan}");
    let organization = &site.organization;
    for account in [organization.management_account.clone(), organization.account("/Workloads", 1)]
    {
        for (region, expect) in [
            ("eu-central-2", RegionStatus::Enabled),
            ("eu-south-1", RegionStatus::Enabled),
            ("af-south-1", RegionStatus::Disabled),
        ] {
            assert_eq!(status(&site, &account, region).await, expect, "{account} {region}");
        }
    }
    assert_eq!(site.apply(), []);
}

#[tokio::test]
async fn a_region_that_somebody_disables_or_enables_is_drift() {
    let site = site(false);
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    settle(&site);
    site.apply();
    settle(&site);
    let account = site.organization.account("/Workloads", 0);
    turn(&site, &account, "eu-central-2", RegionStep::Disable).await;
    let plan = site.plan();
    assert!(plan.data.contains("AWS is disabling it"), "in progress is told apart: {plan}");
    settle(&site);
    let plan = site.plan();
    assert!(plan.data.contains("change Region `eu-central-2`"), "{plan}");
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    settle(&site);
    assert_eq!(status(&site, &account, "eu-central-2").await, RegionStatus::Enabled);

    turn(&site, &account, "af-south-1", RegionStep::Enable).await;
    settle(&site);
    let plan = site.plan();
    assert_eq!(plan.code, 2, "{plan}");
    assert!(plan.data.contains("no document wants it"), "{plan}");
    let before = site.organization.changes().len();
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    assert_eq!(site.organization.changes().len(), before);
    assert_eq!(status(&site, &account, "af-south-1").await, RegionStatus::Enabled);

    write(&site, true);
    let plan = site.plan();
    assert!(plan.data.contains("waits for approval"), "{plan}");
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    settle(&site);
    assert_eq!(status(&site, &account, "af-south-1").await, RegionStatus::Disabled);
    assert_eq!(site.plan().code, 0);
}

#[tokio::test]
async fn a_region_that_aws_opens_is_drift_until_somebody_decides() {
    let site = site(false);
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    settle(&site);
    site.apply();
    settle(&site);
    site.organization.open_region("eu-north-9");
    let plan = site.plan();
    assert_eq!(plan.code, 2, "{plan}");
    assert_eq!(plan.data.matches("Region eu-north-9").count(), 1, "told once: {plan}");
    assert!(plan.data.contains("3 accounts may enable it"), "{plan}");
    let text = fs::read_to_string(site.path("desired-state/organization.yaml")).unwrap();
    site.write(
        "organization.yaml",
        &text.replace("enabled: [", "disabled: [eu-north-9], enabled: ["),
    );
    assert_eq!(site.plan().code, 0);
}

fn resources(allow_disable: bool) -> Resources {
    let directory = tempfile::tempdir().unwrap();
    let text = DESIRED
        .replace("{organization}", "o-a1b2c3d4e5")
        .replace("{management}", "111111111111")
        .replace("{disable}", &allow_disable.to_string());
    fs::write(directory.path().join("desired.yaml"), text).unwrap();
    let today = "2026-11-26".parse().unwrap();
    let loaded = load(directory.path(), today, catalog::built_in());
    compile(&loaded.org.unwrap_or_else(|| panic!("{:?}", loaded.problems)), today)
}

fn account(number: usize) -> AccountId {
    format!("5{number:011}").parse().unwrap()
}

const HOUR: Duration = Duration::from_hours(1);

/// An organization of so many accounts, and the Regions that AWS has for them.
fn organization(accounts: usize) -> SimulatedCloud {
    let builder = SimulatedCloud::builder(1)
        .organization("o-a1b2c3d4e5", "111111111111", "r-ab12")
        .enable("SERVICE_CONTROL_POLICY")
        .trust("account.amazonaws.com")
        .opt_in_regions(&["af-south-1", "eu-central-2", "eu-south-1"])
        .regions_take(HOUR);
    let builder = (0..accounts).fold(builder, |builder, number| {
        builder.account(&format!("shop-{number}"), account(number).as_str(), "/Workloads")
    });
    builder.build().unwrap()
}

async fn plan_of(cloud: &SimulatedCloud, resources: &Resources, observer: &mut Observer) -> Plan {
    let snapshot = survey(cloud, observer, resources).await;
    let (max_changes, max_deletes) = (usize::MAX, usize::MAX);
    plan(resources, &snapshot, &Guards { max_changes, max_deletes, approved: BTreeSet::new() })
}

/// Makes every change of Regions that a plan holds and does not hold back.
async fn carry_out(cloud: &SimulatedCloud, observer: &mut Observer, plan: &Plan) -> usize {
    let mut made = 0;
    for action in plan.actions.iter().filter(|action| action.hold.is_none()) {
        let Change::Object(change) = &action.change else { continue };
        for step in &change.steps {
            (cloud as &dyn Cloud).write_object(&change.key, step).await.unwrap();
            observer.touch(&Touched::Object(change.key.clone()));
            made += 1;
        }
    }
    made
}

fn blocked(plan: &Plan, reason: BlockedReason) -> usize {
    plan.blocked.iter().filter(|blocked| blocked.reason == reason).count()
}

#[tokio::test(start_paused = true)]
async fn fifty_regions_are_enabled_at_once_and_the_rest_follows() {
    const ACCOUNTS: usize = 40;
    let (cloud, resources) = (organization(ACCOUNTS), resources(false));
    let mut observer = Observer::new(Duration::from_mins(4));
    let all = (ACCOUNTS + 1) * 2;
    let first = plan_of(&cloud, &resources, &mut observer).await;
    assert_eq!(carry_out(&cloud, &mut observer, &first).await, 50);
    assert_eq!(blocked(&first, BlockedReason::InProgress), all - 50);
    // Nothing more, as long as AWS is at work; what it is at work on is no drift.
    tokio::time::sleep(Duration::from_mins(10)).await;
    let second = plan_of(&cloud, &resources, &mut observer).await;
    assert_eq!(carry_out(&cloud, &mut observer, &second).await, 0);
    assert_eq!(blocked(&second, BlockedReason::InProgress), all);
    tokio::time::sleep(HOUR).await;
    let third = plan_of(&cloud, &resources, &mut observer).await;
    assert_eq!(carry_out(&cloud, &mut observer, &third).await, all - 50);
    tokio::time::sleep(HOUR).await;
    let last = plan_of(&cloud, &resources, &mut observer).await;
    assert_eq!(last.blocked, []);
    for number in 0..ACCOUNTS {
        let status = cloud.inspect(|world| world.region_status(&account(number), "eu-central-2"));
        assert_eq!(status, Some(RegionStatus::Enabled));
    }
    assert_eq!(cloud.counts().of(Operation::GetRegionOptStatus), 0, "a listing says it all");
}

#[tokio::test(start_paused = true)]
async fn disabling_waits_for_approval_and_is_not_even_proposed_unless_asked_for() {
    let cloud = organization(1);
    cloud.meddle(|world| {
        for region in ["eu-central-2", "eu-south-1"] {
            world.set_region(&account(0), region, RegionStatus::Enabled);
            let management = "111111111111".parse().unwrap();
            world.set_region(&management, region, RegionStatus::Enabled);
        }
        world.set_region(&account(0), "af-south-1", RegionStatus::Enabled);
    });
    let mut observer = Observer::new(Duration::ZERO);
    let of_regions = |plan: &Plan| -> Vec<Option<Hold>> {
        let actions = plan.actions.iter();
        let regions = actions.filter(|action| action.change.object().starts_with("Region "));
        regions.map(|action| action.hold).collect()
    };
    let unasked = plan_of(&cloud, &resources(false), &mut observer).await;
    assert_eq!((of_regions(&unasked), blocked(&unasked, BlockedReason::NotAsked)), (vec![], 1));
    let asked = plan_of(&cloud, &resources(true), &mut observer).await;
    assert_eq!(of_regions(&asked), [Some(Hold::Dangerous)]);
    assert_eq!(asked.blocked, []);
}

#[tokio::test(start_paused = true)]
async fn before_trusted_access_regions_wait_for_it_and_are_not_absent() {
    let (cloud, resources) = (organization(1), resources(false));
    cloud.meddle(|world| world.remove_trusted_service("account.amazonaws.com"));
    let plan = plan_of(&cloud, &resources, &mut Observer::new(Duration::ZERO)).await;
    // Not unknown: a first plan that enables what it reads through is no plan that saw too little.
    assert_eq!(blocked(&plan, BlockedReason::Unknown), 0, "{:?}", plan.blocked);
    assert_eq!(blocked(&plan, BlockedReason::Dependency), 1, "{:?}", plan.blocked);
    assert!(plan.blocked[0].message.contains("`account.amazonaws.com` has its trusted access"));
    let changes: BTreeSet<String> = plan.actions.iter().map(|it| it.change.object()).collect();
    assert!(changes.contains("service account.amazonaws.com"), "{changes:?}");
    // The Regions of its own account the management account reads without.
    let others = changes.iter().filter(|object| object.contains("in account 5"));
    assert_eq!(others.count(), 0, "{changes:?}");
}
