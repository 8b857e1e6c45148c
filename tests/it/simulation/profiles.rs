//! Every profile of the catalogue on one target: it fits, is reached without a gap, locks nobody out,
//! and then rests.

use std::fs;

use palisade::catalog::built_in;
use palisade::cloud::simulated::SimulatedCloud;
use palisade::compile::{Resources, compile};
use palisade::desired::load;
use palisade::plan::BlockedReason;

use super::run::{Approver, Counter, pass, plan_for, truth};
use super::{QUIET_PASSES_MAX, assert_unbroken, converge, watch};
use crate::catalog::profiles::everything_of;

const ORGANIZATION: &str = "o-a1b2c3d4e5";
const MANAGEMENT: &str = "111111111111";

fn resources(text: &str) -> Resources {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("all.yaml"), text).unwrap();
    let today = "2026-11-22".parse().unwrap();
    let loaded = load(directory.path(), today, built_in());
    assert!(loaded.problems.is_empty(), "{:#?}", loaded.problems);
    compile(&loaded.org.unwrap(), today)
}

fn cloud() -> SimulatedCloud {
    SimulatedCloud::builder(1)
        .organization(ORGANIZATION, MANAGEMENT, "r-root")
        .unit("/Workloads")
        .account("shop", "555555555555", "/Workloads")
        .account("tools", "666666666666", "/")
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_profile_is_reached_on_one_target_and_then_rests() {
    for profile in built_in().profiles() {
        let cloud = cloud();
        let resources = resources(&everything_of(profile, ORGANIZATION, MANAGEMENT));
        let rules = watch(&cloud, &resources);
        // Nobody approves anything: a profile that is new takes nothing away.
        converge(&cloud, &resources, Approver::Nobody, QUIET_PASSES_MAX).await.unwrap();
        assert_unbroken(0, &cloud, &rules);
        let plan = plan_for(&resources, &truth(&cloud, &resources), Approver::Nobody);
        assert_eq!(plan.actions.len() + plan.blocked.len() + plan.reported.len(), 0, "{plan:#?}");
        let before = cloud.counts().mutating();
        pass(&cloud, &resources, Approver::Nobody, &Counter::default()).await;
        assert_eq!(cloud.counts().mutating(), before, "{}", profile.id);
    }
}

/// The prover can say no: with exemptions for roles that nobody has, profiles lock people out.
#[tokio::test(start_paused = true)]
async fn a_profile_that_exempts_other_roles_is_blocked() {
    let others =
        "  governanceRoles: {palisade: [nobody], stackSets: [nobody], breakGlass: [nobody]}\n---\n";
    for profile in built_in().profiles() {
        let text = everything_of(profile, ORGANIZATION, MANAGEMENT).replacen("---\n", others, 1);
        let resources = resources(&text);
        let plan = plan_for(&resources, &cloud().truth(), Approver::Everybody);
        let lockouts: Vec<&str> = plan
            .blocked
            .iter()
            .filter(|blocked| blocked.reason == BlockedReason::Lockout)
            .map(|blocked| blocked.message.as_str())
            .collect();
        let is_hit = lockouts.iter().any(|message| message.contains("`emergency`"));
        assert!(is_hit, "{}: {lockouts:#?}", profile.id);
    }
}
