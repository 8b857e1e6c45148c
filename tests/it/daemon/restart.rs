//! What a daemon knows of the one before it.

use palisade::cloud::Call;
use palisade::config::OperatingMode;
use palisade::status::{Cause, WakeReason};

use super::stage::{Stage, Staging, desired, organization};

/// Takes the guardrail off, as somebody else.
fn detach(stage: &Staging) {
    let truth = stage.cloud.truth();
    let policies = truth.policies_of(&palisade::org::PolicyType::service_control()).unwrap();
    let policy = policies.values().find(|policy| policy.name == "deny-leave").unwrap();
    let target = policy.targets.known().unwrap().first().unwrap().clone();
    let detach = Call::DetachPolicy { policy: policy.id.clone(), target };
    stage.cloud.meddle(|world| world.change(&detach).map(drop)).unwrap();
}

#[tokio::test(start_paused = true)]
async fn drift_that_came_while_no_daemon_ran_is_drift() {
    let mut stage = Stage::of(organization(), &desired(&["deny-leave"])).await;
    stage.until_in_sync().await;
    let between = stage.stopped().await;
    detach(&between);
    let mut stage = between.start().await;
    let first = stage.next().await;
    assert_eq!(first.last_pass.wake, WakeReason::Start);
    assert_eq!(first.last_pass.detected.len(), 1, "{first:#?}");
    assert_eq!(first.last_pass.detected[0].cause, Cause::Drift);
    let healed = stage.until(|report| !report.last_pass.repaired.is_empty()).await;
    assert!(healed.happenings[0].healed);
    stage.measures(
        r#"palisade_drift_detected_total{kind="ServiceControlPolicy",name="deny-leave"} 1"#,
    );
}

#[tokio::test(start_paused = true)]
async fn a_restart_makes_no_drift_younger() {
    let mut staging = Staging::new(organization(), &desired(&["deny-leave"]));
    staging.settings.mode = OperatingMode::Observe;
    let mut stage = staging.start().await;
    let before = stage.until(|report| report.last_pass.wake == WakeReason::Timer).await;
    let differences = &before.documents[1].differences;
    assert!(before.last_pass.at > differences[0].since);
    let mut stage = stage.stopped().await.start().await;
    let after = stage.next().await;
    assert_eq!(after.documents[1].differences[0].since, differences[0].since);
    assert_eq!(after.documents[1].history, before.documents[1].history);
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_of_another_organization_or_broken_says_nothing() {
    for spoil in [
        |text: &str| text.replace("o-a1b2c3d4e5", "o-zyxwvutsrq"),
        |text: &str| text[..text.len() / 2].to_owned(),
    ] {
        let mut stage = Stage::of(organization(), &desired(&["deny-leave"])).await;
        stage.until_in_sync().await;
        let between = stage.stopped().await;
        detach(&between);
        let path = between.settings.data_directory.join("last-report.json");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, spoil(&text)).unwrap();
        let mut stage = between.start().await;
        let first = stage.next().await;
        assert_eq!(first.last_pass.detected, []);
        assert_eq!(first.happenings, []);
        stage.until_in_sync().await;
    }
}
