//! What the daemon does when something is wrong.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use palisade::cloud::Call;
use palisade::cloud::simulated::{Endpoint, SimulatedCloud, SimulationOptions};
use palisade::config::JournalTarget;
use palisade::status::{ConditionStatus, PassResult, Reason};

use super::stage::{Stage, Staging, desired, organization, organization_document, policy};

#[tokio::test(start_paused = true)]
async fn desired_state_that_does_not_load_leaves_the_last_good_one_in_force() {
    let mut stage = Stage::of(organization(), &desired(&["deny-leave"])).await;
    stage.until_in_sync().await;
    stage.write("kind: Organisation\n");
    let invalid = stage.until(|report| !report.desired_state.valid).await;
    assert!(invalid.in_sync, "the last good one is in force");
    let problems = &invalid.desired_state.problems;
    assert!(problems.iter().any(|problem| problem.at.starts_with("all.yaml:1:")), "{problems:?}");
    assert_eq!(invalid.conditions[0].reason, Reason::InvalidDesiredState);
    stage.measures("palisade_desired_state_valid 0");
    let (policy, targets) = stage.scp("deny-leave").unwrap();
    let detach = Call::DetachPolicy { policy, target: targets[0].clone() };
    stage.cloud.meddle(|world| world.change(&detach).map(drop)).unwrap();
    stage.until(|report| !report.last_pass.repaired.is_empty()).await;
    assert_eq!(stage.scp("deny-leave").unwrap().1, targets);
    stage.write(&desired(&["deny-leave"]));
    stage.until(|report| report.desired_state.valid).await;
    stage.measures("palisade_desired_state_valid 1");
}

#[tokio::test(start_paused = true)]
async fn at_the_start_with_invalid_desired_state_aws_is_not_even_asked() {
    let mut stage = Stage::of(organization(), "kind: Nothing\n").await;
    for _ in 0..3 {
        let report = stage.next().await;
        assert_eq!(report.last_pass.result, PassResult::NoDesiredState);
        assert!(!report.desired_state.problems.is_empty());
    }
    assert_eq!(stage.cloud.history(), []);
    stage.measures("palisade_desired_state_valid 0");
    stage.measures("palisade_desired_state_in_force 0");
    stage.write(&desired(&["deny-leave"]));
    stage.until_in_sync().await;
    stage.measures("palisade_desired_state_in_force 1");
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_is_empty_or_gone_deletes_nothing() {
    let mut stage = Stage::of(organization(), &desired(&["deny-leave"])).await;
    stage.until_in_sync().await;
    let changes = stage.cloud.counts().mutating();
    let directory = stage.home.path().join("desired");
    fs::remove_file(directory.join("all.yaml")).unwrap();
    stage.until(|report| !report.desired_state.valid).await;
    fs::remove_dir(&directory).unwrap();
    for _ in 0..3 {
        let report = stage.next().await;
        assert!(!report.desired_state.valid);
        assert!(report.held.is_none());
    }
    assert_eq!(stage.cloud.counts().mutating(), changes);
    assert!(stage.scp("deny-leave").is_some());
}

#[tokio::test(start_paused = true)]
async fn another_organization_is_not_touched() {
    let text = organization_document("o-somethingelse") + &policy("deny-leave", "");
    let mut stage = Stage::of(organization(), &text).await;
    for _ in 0..3 {
        let report = stage.next().await;
        assert!(!report.in_sync);
        assert!(!report.blocked.is_empty() || !report.unknown.is_empty(), "{report:#?}");
    }
    assert_eq!(stage.cloud.counts().mutating(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_dead_is_asked_less_and_less_and_its_return_is_noticed() {
    for endpoint in [Endpoint::Down, Endpoint::CredentialsExpired] {
        let mut stage = Stage::of(organization(), &desired(&["deny-leave"])).await;
        stage.until_in_sync().await;
        stage.adjust(|options| options.endpoint = endpoint);
        let blind = stage.until(|report| !report.last_pass.result.is_observed()).await;
        assert_eq!(blind.last_pass.result, PassResult::Unobserved);
        assert_eq!(blind.conditions[0].status, ConditionStatus::Unknown);
        assert!(blind.in_sync, "as last known");
        assert!(!blind.unknown.is_empty());
        let before = stage.cloud.counts().reads();
        tokio::time::sleep(Duration::from_hours(1)).await;
        let asked = stage.cloud.counts().reads() - before;
        assert!((6..60).contains(&asked), "asked {asked} times in an hour");
        stage.adjust(|options| options.endpoint = Endpoint::Up);
        tokio::time::sleep(Duration::from_mins(6)).await;
        let seen = stage.until(|report| report.last_pass.result == PassResult::InSync).await;
        assert_eq!(seen.conditions[0].status, ConditionStatus::True);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_journal_that_can_be_written_nothing_is_changed() {
    let mut staging = Staging::new(organization(), &desired(&["deny-leave"]));
    staging.settings.journal = JournalTarget::File(PathBuf::from("/dev/full"));
    let mut stage = staging.start().await;
    for _ in 0..3 {
        let report = stage.next().await;
        assert_eq!(report.last_pass.result, PassResult::Failed);
        let trouble = report.troubles.iter().find(|trouble| trouble.component == "journal");
        assert!(trouble.unwrap().message.contains("No space left"), "{trouble:?}");
    }
    assert_eq!(stage.cloud.counts().mutating(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_data_directory_that_cannot_be_made_is_said_and_stops_nothing() {
    let mut staging = Staging::new(organization(), &desired(&["deny-leave"]));
    let file = staging.home.path().join("file");
    fs::write(&file, "").unwrap();
    staging.settings.data_directory = file.join("data");
    let mut stage = staging.start().await;
    let report = stage.until_in_sync().await;
    assert!(report.troubles.iter().any(|trouble| trouble.component == "data directory"));
}

#[tokio::test(start_paused = true)]
async fn what_aws_refuses_stalls_and_the_rest_goes_on() {
    let mut staging = Staging::new(organization(), &desired(&["deny-leave", "deny-other"]));
    staging.settings.interval = Duration::from_mins(5);
    let cloud = staging.cloud.clone();
    let mut stage = staging.start().await;
    stage.until_in_sync().await;
    let (policy, targets) = stage.scp("deny-leave").unwrap();
    let detach = Call::DetachPolicy { policy, target: targets[0].clone() };
    cloud.meddle(|world| world.change(&detach).map(drop)).unwrap();
    let attach = palisade::cloud::Operation::AttachPolicy;
    stage.adjust(|options| options.denied = [attach].into());
    let report = stage.until(|report| report.last_pass.result == PassResult::Failed).await;
    let stalled = &report.conditions[2];
    assert_eq!((stalled.status, stalled.reason), (ConditionStatus::True, Reason::Refused));
    let before = cloud.counts().of(attach);
    tokio::time::sleep(Duration::from_mins(29)).await;
    let tried = cloud.counts().of(attach) - before;
    assert!(tried <= 7, "a refusal is not retried faster than the interval: {tried}");
    stage.adjust(|options| options.denied.clear());
    stage.until(|report| !report.last_pass.repaired.is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn in_a_hostile_cloud_it_gets_there_all_the_same() {
    for seed in 0..10 {
        let cloud = SimulatedCloud::builder(seed)
            .organization("o-a1b2c3d4e5", "111111111111", "r-ab12")
            .account("shop", "555555555555", "/")
            .options(SimulationOptions::hostile())
            .build()
            .unwrap();
        let mut stage = Stage::of(cloud.clone(), &desired(&["deny-leave", "deny-other"])).await;
        stage.until_in_sync().await;
        stage.adjust(|options| *options = SimulationOptions::quiet());
        tokio::time::sleep(Duration::from_mins(11)).await;
        let (_, targets) = stage.scp("deny-leave").unwrap();
        assert_eq!(targets.len(), 1, "seed {seed}");
        let changes = cloud.counts().mutating();
        stage.until_in_sync().await;
        tokio::time::sleep(Duration::from_mins(11)).await;
        assert_eq!(cloud.counts().mutating(), changes, "seed {seed}: it is at rest");
    }
}
