//! Everything that documents keep in accounts at once: trail, archive, Regions, contacts, root access, StackSets
//! and emergency access. Tampered with, killed after any call, lied to and raced, it ends where it should.

use std::fs;

use fastrand::Rng;
use palisade::cloud::simulated::{CrashPoint, Deed, SimulatedCloud, SimulationOptions, Vandal};
use palisade::compile::{Resources, compile};
use palisade::desired::load;
use palisade::org::{KmsKeyState, KmsKeyStatus, ObjectState};

use super::run::{Approver, Counter, pass, plan_for, truth};
use super::{HOSTILE_PASSES_MAX, assert_unbroken, converge, seeds, watch};

/// Random mixtures of tampering.
const CASES: u64 = 40;
/// StackSets work off one operation at a time, and a trail waits for its bucket.
const PASSES_MAX: usize = 12;

const DOCUMENTS: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  accounts: {break-glass: "333333333333", log-archive: "444444444444", shop: "555555555555", till: "666666666666"}
  organizationalUnits: {Workloads: {accounts: [shop, till]}, Security: {accounts: [break-glass, log-archive]}}
  policyTypes: [SERVICE_CONTROL_POLICY]
  trustedServices:
    - account.amazonaws.com
    - cloudtrail.amazonaws.com
    - iam.amazonaws.com
    - member.org.stacksets.cloudformation.amazonaws.com
  alternateContacts:
    security: {name: Security, title: On call, emailAddress: security@acme.example, phoneNumber: "+00 000 0001"}
  rootAccess: {credentialsManagement: true, sessions: true}
---
apiVersion: palisade/v1
kind: LoggingTrail
metadata: {name: organization-trail}
spec:
  trailName: acme-trail
  homeRegion: eu-west-1
  archive:
    {account: log-archive, bucket: acme-trail, region: eu-west-1, queryable: 365d, retain: 2555d, objectLock: {mode: GOVERNANCE, days: 30},
     kmsKey: {arn: "arn:aws:kms:eu-west-1:444444444444:key/1234abcd-12ab-34cd-56ef-1234567890ab"}}
---
apiVersion: palisade/v1
kind: RegionRestriction
metadata: {name: regions}
spec:
  targets: ["/"]
  allowed: [eu-west-1]
  optIn: {enabled: [eu-central-2, eu-south-2], allowDisable: true}
---
apiVersion: palisade/v1
kind: Baseline
metadata: {name: topic}
spec:
  template: '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
  targets: [/Workloads]
  regions: [eu-west-1]
---
apiVersion: palisade/v1
kind: BreakGlassRole
metadata: {name: emergency}
spec:
  emergencyAccount: break-glass
  targets: ["/"]
  operators: [{user: alice-break-glass}, {user: bob-break-glass}]
  roles: [{name: BREAK-GLASS-ROLE, managedPolicies: [AdministratorAccess]}]
  alerts:
    targets:
      - "arn:aws:sns:us-east-1:222222222222:alerts"
      - "arn:aws:events:eu-central-1:222222222222:event-bus/security"
    regions: [us-east-1]
"#;

fn wanted() -> Resources {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("all.yaml"), DOCUMENTS).unwrap();
    let today = "2026-11-22".parse().unwrap();
    let loaded = load(directory.path(), today, palisade::catalog::built_in());
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    compile(&loaded.org.unwrap(), today)
}

/// The accounts are there; nothing else is.
fn cloud(seed: u64) -> SimulatedCloud {
    let builder = SimulatedCloud::builder(seed)
        .organization("o-a1b2c3d4e5", "111111111111", "r-root")
        .unit("/Workloads")
        .unit("/Security")
        .account("break-glass", "333333333333", "/Security")
        .account("log-archive", "444444444444", "/Security")
        .account("shop", "555555555555", "/Workloads")
        .account("till", "666666666666", "/Workloads")
        .enable("SERVICE_CONTROL_POLICY");
    let cloud = builder.build().unwrap();
    cloud.meddle(|world| {
        for region in ["eu-central-2", "eu-south-2"] {
            world.open_region(region);
        }
        world.set_calendar("2026-11-22T00:00:00Z".parse().unwrap());
        let key =
            "kmsKey:444444444444:eu-west-1:1234abcd-12ab-34cd-56ef-1234567890ab".parse().unwrap();
        world.set_object(&key, Some(ObjectState::KmsKey(own_key())));
    });
    cloud
}

/// A key as somebody made it, for their own account alone.
fn own_key() -> KmsKeyState {
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Own","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444444444444:root"},"Action":"kms:*","Resource":"*"}]}"#;
    KmsKeyState { status: KmsKeyStatus::Enabled, policy: policy.to_owned() }
}

/// In its desired state.
async fn settled(seed: u64, wanted: &Resources) -> SimulatedCloud {
    let cloud = cloud(seed);
    converge(&cloud, wanted, Approver::Everybody, PASSES_MAX).await.unwrap();
    cloud
}

async fn assert_rests(what: &str, cloud: &SimulatedCloud, wanted: &Resources) {
    let plan = plan_for(wanted, &truth(cloud, wanted), Approver::Everybody);
    assert!(plan.actions.is_empty() && plan.blocked.is_empty(), "{what}: {plan:#?}");
    let (before, journal) = (cloud.counts().mutating(), Counter::default());
    pass(cloud, wanted, Approver::Everybody, &journal).await;
    let after = (cloud.counts().mutating(), journal.entries());
    assert_eq!(after, (before, 0), "{what}: a second pass changes nothing");
}

/// Some of everything that can be done, of policies too.
fn ruin(cloud: &SimulatedCloud, seed: u64, deeds: usize) {
    let mut vandal = Vandal::new(cloud, "dana", seed);
    let all: Vec<Deed> = Deed::all().collect();
    for _ in 0..deeds {
        assert!(vandal.tamper(&all).is_some());
        vandal.strike();
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_done_to_an_object_is_found_named_and_healed() {
    let wanted = wanted();
    for deed in Deed::all() {
        let cloud = settled(1, &wanted).await;
        assert_rests("before", &cloud, &wanted).await;
        let tampering = Vandal::new(&cloud, "dana", 1).tamper(&[deed]).expect("a victim");
        let plan = plan_for(&wanted, &truth(&cloud, &wanted), Approver::Everybody);
        let object = tampering.object.to_string();
        let named = |action: &palisade::plan::Action| action.change.object() == object;
        assert!(plan.actions.iter().any(named), "{tampering}: {plan:#?}");
        let passes = converge(&cloud, &wanted, Approver::Everybody, PASSES_MAX).await;
        assert!(passes.is_ok(), "{tampering}: {}", passes.unwrap_err());
        assert_rests(&tampering.to_string(), &cloud, &wanted).await;
    }
}

/// Promises 1 and 2, from any mixture.
#[tokio::test(start_paused = true)]
async fn whatever_is_done_to_all_of_it_together_is_healed_and_then_it_rests() {
    let wanted = wanted();
    for seed in seeds(CASES) {
        let cloud = settled(seed, &wanted).await;
        ruin(&cloud, seed, 1 + Rng::with_seed(seed).usize(0..8));
        let passes = converge(&cloud, &wanted, Approver::Everybody, PASSES_MAX).await;
        assert!(passes.is_ok(), "seed {seed}: {}", passes.unwrap_err());
        assert_rests(&format!("seed {seed}"), &cloud, &wanted).await;
    }
}

/// Promise 9, from nothing and from ruins.
#[tokio::test(start_paused = true)]
async fn killed_after_any_change_the_estate_is_finished_by_whoever_comes_next() {
    let wanted = wanted();
    for deeds in [0, 8] {
        let start = async || {
            if deeds == 0 {
                return cloud(1);
            }
            let cloud = settled(1, &wanted).await;
            ruin(&cloud, 1, deeds);
            cloud
        };
        let clean = start().await;
        let before = clean.counts().mutating();
        converge(&clean, &wanted, Approver::Everybody, PASSES_MAX).await.unwrap();
        let changes = clean.counts().mutating() - before;
        assert!(changes > 10, "{changes}");
        for change in 1..=changes {
            let cloud = start().await;
            let rules = watch(&cloud, &wanted);
            cloud.crash_at(CrashPoint::Change(before + change));
            let journal = Counter::default();
            tokio::select! {
                () = cloud.crashed() => {}
                _ = pass(&cloud, &wanted, Approver::Everybody, &journal) => {}
            }
            cloud.restart();
            let passes = converge(&cloud, &wanted, Approver::Everybody, PASSES_MAX).await;
            assert!(passes.is_ok(), "change {change}: {}", passes.unwrap_err());
            assert_unbroken(change, &cloud, &rules);
            assert_rests(&format!("change {change}"), &cloud, &wanted).await;
        }
    }
}

/// Promise 9: throttled, refused, lied to, without answers.
#[tokio::test(start_paused = true)]
async fn on_a_hostile_cloud_the_estate_converges() {
    let wanted = wanted();
    for seed in seeds(CASES / 4) {
        let cloud = cloud(seed);
        cloud.adjust(|options| *options = SimulationOptions::hostile());
        let passes = converge(&cloud, &wanted, Approver::Everybody, HOSTILE_PASSES_MAX).await;
        assert!(passes.is_ok(), "seed {seed}: {}", passes.unwrap_err());
    }
}

/// Promise 9: two processes that both believe they lead.
#[tokio::test(start_paused = true)]
async fn two_actors_at_once_do_the_estate_no_harm() {
    let wanted = wanted();
    for seed in seeds(CASES / 4) {
        let cloud = settled(seed, &wanted).await;
        ruin(&cloud, seed, 4);
        cloud.adjust(|options| *options = SimulationOptions::realistic());
        let other = cloud.as_caller(cloud.who().account.clone(), "second");
        let (one, two) = tokio::join!(
            converge(&cloud, &wanted, Approver::Everybody, HOSTILE_PASSES_MAX),
            converge(&other, &wanted, Approver::Everybody, HOSTILE_PASSES_MAX),
        );
        assert!(one.is_ok() && two.is_ok(), "seed {seed}: {one:?} {two:?}");
    }
}

/// Promise 9: somebody tampers between any two passes, and then stops.
#[tokio::test(start_paused = true)]
async fn raced_by_somebody_who_tampers_the_estate_converges_once_that_stops() {
    let wanted = wanted();
    for seed in seeds(CASES / 4) {
        let cloud = cloud(seed);
        let journal = Counter::default();
        let mut vandal = Vandal::new(&cloud, "dana", seed);
        let deeds: Vec<Deed> = Deed::all().collect();
        for _ in 0..6 {
            pass(&cloud, &wanted, Approver::Everybody, &journal).await;
            // At first there is little to tamper with.
            vandal.tamper(&deeds);
        }
        let passes = converge(&cloud, &wanted, Approver::Everybody, PASSES_MAX).await;
        assert!(passes.is_ok(), "seed {seed}: {}", passes.unwrap_err());
        assert_rests(&format!("seed {seed}"), &cloud, &wanted).await;
    }
}
