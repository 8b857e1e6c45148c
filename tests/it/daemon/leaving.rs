//! How the daemon ends.

use std::time::Duration;

use palisade::cloud::simulated::CrashPoint;
use palisade::config::OperatingMode;
use palisade::controller::{Daemon, StartError, Stopped, Urgency, alone, approve, metrics};
use palisade::status::DifferenceState;

use super::stage::{Stage, Staging, desired, organization};

/// Thirty OUs: more than can be in flight at once.
fn many() -> String {
    let units: Vec<String> = (0..30).map(|number| format!("Team{number}: {{}}")).collect();
    let workloads = "organizationalUnits: {Workloads:";
    desired(&[])
        .replace(workloads, &format!("organizationalUnits: {{{}, Workloads:", units.join(", ")))
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_is_idle_leaves_at_once() {
    let mut stage = Stage::of(organization(), &desired(&["deny-leave"])).await;
    stage.until_in_sync().await;
    stage.ask(Urgency::Leave);
    assert_eq!(stage.ended().await, Stopped::Cleanly);
}

#[tokio::test(start_paused = true)]
async fn in_the_middle_of_a_pass_the_actions_in_hand_are_finished_and_said() {
    let cloud = organization();
    let second = Duration::from_secs(1);
    cloud.adjust(|options| options.latency = second..=second);
    let mut stage = Stage::of(cloud.clone(), &many()).await;
    while cloud.counts().mutating() == 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stage.ask(Urgency::Leave);
    let report = stage.next().await;
    let done = report.last_pass.outcomes["done"];
    assert!((1..=8).contains(&done), "{done} were in hand");
    assert_eq!(report.last_pass.outcomes["interrupted"], 30 - done);
    assert_eq!(stage.journal().len(), done, "every change that was made is written down");
    let pending = report.documents.iter().flat_map(|document| &document.differences);
    let pending = pending.filter(|each| each.state == DifferenceState::Pending).count();
    assert_eq!(pending, 30 - done);
    assert_eq!(stage.ended().await, Stopped::Cleanly);
    assert_eq!(cloud.counts().mutating(), u64::try_from(done).unwrap());
}

#[tokio::test(start_paused = true)]
async fn while_it_looks_it_leaves_without_waiting_for_aws() {
    let cloud = organization();
    cloud.crash_at(CrashPoint::Call(2));
    let stage = Stage::of(cloud.clone(), &desired(&["deny-leave"])).await;
    cloud.crashed().await;
    stage.ask(Urgency::Leave);
    assert_eq!(stage.ended().await, Stopped::Cleanly);
}

#[tokio::test(start_paused = true)]
async fn the_second_time_it_is_asked_it_leaves_in_the_middle_of_an_action() {
    let cloud = organization();
    cloud.crash_at(CrashPoint::Change(1));
    let stage = Stage::of(cloud.clone(), &desired(&["deny-leave"])).await;
    cloud.crashed().await;
    stage.ask(Urgency::Leave);
    tokio::time::sleep(Duration::from_mins(1)).await;
    stage.ask(Urgency::LeaveNow);
    assert_eq!(stage.ended().await, Stopped::AtOnce);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_takes_over_finishes_what_another_began() {
    let cloud = organization();
    cloud.crash_at(CrashPoint::Change(1));
    let first = Stage::of(cloud.clone(), &desired(&["deny-leave"])).await;
    cloud.crashed().await;
    first.ask(Urgency::LeaveNow);
    assert_eq!(first.ended().await, Stopped::AtOnce);
    cloud.restart();
    let mut second = Stage::of(cloud.clone(), &desired(&["deny-leave"])).await;
    second.until_in_sync().await;
    assert_eq!(second.scp("deny-leave").unwrap().1.len(), 1);
    assert_eq!(cloud.counts().mutating(), 2, "one policy, created once, attached once");
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_taken_is_said_clearly() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut staging = Staging::new(organization(), &desired(&[]));
    staging.settings.listen = taken.local_addr().unwrap();
    let error = open(staging).await.err().unwrap();
    assert!(error.to_string().starts_with("can't listen on `127.0.0.1:"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_data_directory_has_one_daemon_and_approvals_beside_it() {
    let mut first = Stage::of(organization(), &desired(&["deny-leave", "deny-other"])).await;
    first.until_in_sync().await;
    let shared = first.data_directory.clone();
    let second = |mode| {
        let mut staging = Staging::new(organization(), &desired(&["deny-leave"]));
        staging.settings.data_directory = shared.clone();
        staging.settings.mode = mode;
        staging
    };
    for mode in [OperatingMode::Enforce, OperatingMode::Observe] {
        let error = open(second(mode)).await.err().unwrap().to_string();
        let process = format!("another palisade (process {}) works with", std::process::id());
        assert!(error.starts_with(&process), "{error}");
        assert!(error.contains("stop it first"), "{error}");
    }
    first.write(&desired(&["deny-leave"]));
    let held = first.until(|report| report.held.is_some()).await.held.clone().unwrap();
    approve(&first.data_directory, &held.hash).unwrap();
    first.until_in_sync().await;
    assert_eq!(first.scp("deny-other"), None, "approved while the daemon has the directory");
    let third = second(OperatingMode::Enforce);
    first.ask(Urgency::Leave);
    assert_eq!(first.ended().await, Stopped::Cleanly);
    assert!(open(third).await.is_ok(), "the lock goes with the daemon");
}

#[tokio::test(start_paused = true)]
async fn what_the_daemon_writes_may_not_lie_in_what_it_watches() {
    let mut staging = Staging::new(organization(), &desired(&[]));
    staging.settings.data_directory = staging.settings.directory.join("data");
    let error = open(staging).await.err().unwrap();
    assert!(matches!(error, StartError::Overlap { .. }), "{error}");
    let mut staging = Staging::new(organization(), &desired(&[]));
    staging.settings.data_directory = staging.settings.directory.join(".palisade/data");
    assert!(open(staging).await.is_ok(), "what is hidden is not watched");
}

async fn open(staging: Staging) -> Result<Daemon, StartError> {
    let cloud = std::sync::Arc::new(staging.cloud);
    let clock = palisade::clock::Clock::System;
    Daemon::open(staging.settings, cloud, clock, metrics().unwrap(), alone()).await
}
