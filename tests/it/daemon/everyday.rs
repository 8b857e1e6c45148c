//! What the daemon does all day.

use palisade::cloud::{Call, Operation};
use palisade::config::OperatingMode;
use palisade::controller::{Claim, Leadership, approve, held};
use palisade::status::{DifferenceState, PassResult, Report, WakeReason};
use tokio::sync::watch;

use super::stage::{Stage, Staging, desired, organization, organization_document, policy};

#[tokio::test(start_paused = true)]
async fn the_organization_becomes_what_git_says_and_then_is_left_alone() {
    let mut stage = Stage::of(organization(), &desired(&["deny-leave"])).await;
    let first = stage.next().await;
    assert_eq!(first.last_pass.wake, WakeReason::Start);
    assert_eq!(first.last_pass.result, PassResult::Changed);
    assert!(!first.in_sync, "not before it has been seen");
    stage.until_in_sync().await;
    assert_eq!(stage.scp("deny-leave").unwrap().1.len(), 1);
    let changes = stage.cloud.counts().mutating();
    for _ in 0..5 {
        assert_eq!(stage.next().await.last_pass.result, PassResult::InSync);
    }
    assert_eq!(stage.cloud.counts().mutating(), changes, "a pass with nothing to do does nothing");
    let actions: Vec<_> = stage.journal().iter().map(|line| line["action"].clone()).collect();
    assert_eq!(actions, ["CreatePolicy", "AttachPolicy"]);
    assert!(stage.journal().iter().all(|line| line["revision"] == "abc"));
    stage.measures(r#"palisade_desired_state_info{revision="abc"} 1"#);
    stage.measures(r#"palisade_actions_total{action="AttachPolicy",outcome="done"} 1"#);
    stage.measures(
        r#"palisade_drift_detected_total{kind="ServiceControlPolicy",name="deny-leave"} 0"#,
    );
}

#[tokio::test(start_paused = true)]
async fn drift_is_found_healed_and_counted() {
    let mut stage = Stage::of(organization(), &desired(&["deny-leave"])).await;
    stage.until_in_sync().await;
    let (policy, targets) = stage.scp("deny-leave").unwrap();
    let detach = Call::DetachPolicy { policy, target: targets[0].clone() };
    stage.cloud.meddle(|world| world.change(&detach).map(drop)).unwrap();
    let found = stage.until(|report| !report.last_pass.detected.is_empty()).await;
    assert_eq!(found.last_pass.wake, WakeReason::Timer);
    let healed = stage.until(|report| !report.last_pass.repaired.is_empty()).await;
    assert!(healed.in_sync);
    assert_eq!(healed.last_pass.wake, WakeReason::FollowUp);
    assert_eq!(healed.last_pass.repaired[0].change.as_deref(), Some("AttachPolicy"));
    assert_eq!(stage.scp("deny-leave").unwrap().1, targets);
    for name in ["drift_detected_total", "drift_repaired_total"] {
        stage.measures(&format!(
            r#"palisade_{name}{{kind="ServiceControlPolicy",name="deny-leave"}} 1"#
        ));
    }
    stage.measures(r#"palisade_drift_events_total{source="sweep"} 1"#);
    stage.measures(r#"palisade_guardrail_in_sync{kind="ServiceControlPolicy",mode="enforce",name="deny-leave"} 1"#);
}

#[tokio::test(start_paused = true)]
async fn with_mode_observe_nothing_is_changed() {
    let mut staging = Staging::new(organization(), &desired(&["deny-leave"]));
    staging.settings.mode = OperatingMode::Observe;
    let mut stage = staging.start().await;
    for _ in 0..3 {
        let report = stage.next().await;
        assert_eq!(report.last_pass.result, PassResult::Drifted);
        assert!(!report.in_sync);
    }
    assert_eq!(stage.cloud.counts().mutating(), 0);
    stage.measures(r#"palisade_guardrail_in_sync{kind="ServiceControlPolicy",mode="observe",name="deny-leave"} 0"#);
}

#[tokio::test(start_paused = true)]
async fn a_lockout_is_blocked_counted_and_gone_when_it_is_mended() {
    let locking = |more: &str| {
        let policy = policy("deny-iam", more).replace("organizations:LeaveOrganization", "iam:*");
        organization_document("o-a1b2c3d4e5") + &policy
    };
    let mut stage = Stage::of(organization(), &locking("")).await;
    let report = stage.until(|report| !report.blocked.is_empty()).await;
    assert!(!report.in_sync);
    let exemption = "arn:aws:iam::*:role/OrganizationAccountAccessRole";
    let message = &report.blocked[0].message;
    assert!(message.contains("`member-role` could not call"), "{message}");
    assert!(message.contains(exemption), "{message}");
    stage.measures(r#"palisade_blocked_actions{reason="Lockout"} 1"#);
    assert_eq!(stage.scp("deny-iam").map(|(_, targets)| targets), Some(vec![]));
    stage.write(&locking(&format!("  except: {{principals: [\"{exemption}\"]}}\n")));
    stage.until_in_sync().await;
    stage.measures(r#"palisade_blocked_actions{reason="Lockout"} 0"#);
}

#[tokio::test(start_paused = true)]
async fn what_is_dangerous_waits_for_approval_and_then_is_done() {
    let mut stage = Stage::of(organization(), &desired(&["deny-leave", "deny-other"])).await;
    stage.until_in_sync().await;
    stage.write(&desired(&["deny-leave"]));
    let report = stage.until(|report| report.held.is_some()).await;
    let hash = report.held.clone().unwrap().hash;
    assert!(stage.scp("deny-other").is_some());
    stage.measures("palisade_held_plan 1");
    let waiting = held(&stage.data_directory).unwrap().unwrap();
    assert_eq!(waiting.hash, hash);
    approve(&stage.data_directory, &hash).unwrap();
    stage.until_in_sync().await;
    assert_eq!(stage.scp("deny-other"), None);
    assert_eq!(held(&stage.data_directory).unwrap(), None);
    stage.measures("palisade_held_plan 0");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_an_approved_plan_is_not_asked_for_again() {
    let mut stage = Stage::of(organization(), &desired(&["deny-leave", "deny-other"])).await;
    stage.until_in_sync().await;
    stage.write(&desired(&["deny-leave"]));
    let report = stage.until(|report| report.held.is_some()).await;
    let hash = report.held.clone().unwrap().hash;
    stage.adjust(|options| options.denied = [Operation::DeletePolicy].into());
    approve(&stage.data_directory, &hash).unwrap();
    let rest = |report: &Report| report.held.as_ref().is_some_and(|held| held.hash != hash);
    let report = stage.until(rest).await;
    assert!(report.held.as_ref().unwrap().approved, "the rest of what was approved");
    assert_eq!(stage.scp("deny-other").unwrap().1, []);
    stage.adjust(|options| options.denied.clear());
    stage.until_in_sync().await;
    assert_eq!(stage.scp("deny-other"), None);
}

#[tokio::test(start_paused = true)]
async fn a_suspension_ends_on_its_day() {
    let suspended = "  suspend: {until: 2026-11-24, reason: migration}\n";
    let text = organization_document("o-a1b2c3d4e5") + &policy("deny-leave", suspended);
    let mut staging = Staging::new(organization(), &text);
    staging.settings.interval = std::time::Duration::from_hours(1);
    let mut stage = staging.start().await;
    let report = stage.until(|report| report.last_pass.result == PassResult::Drifted).await;
    let document = report.documents.iter().find(|each| each.name == "deny-leave").unwrap();
    assert_eq!(document.differences[0].state, DifferenceState::Reported);
    assert!(document.suspended_until.is_some());
    stage.measures(
        r#"palisade_guardrail_suspended{kind="ServiceControlPolicy",name="deny-leave"} 1"#,
    );
    let ends = "2026-11-24T00:00:00Z".parse().unwrap();
    tokio::time::sleep(std::time::Duration::from_hours(35)).await;
    assert!(stage.scp("deny-leave").is_none(), "not before its day");
    let report = stage.until(|report| report.in_sync).await;
    assert!(report.last_pass.at >= ends);
    assert!(stage.scp("deny-leave").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_follower_plans_and_acts_as_soon_as_it_leads() {
    let (lease, claim) = watch::channel(Claim::Follower);
    let leadership = Leadership::given(claim);
    let staging = Staging { leadership, ..Staging::new(organization(), &desired(&["deny-leave"])) };
    let mut stage = staging.start().await;
    for _ in 0..2 {
        let report = stage.next().await;
        assert!(!report.leader);
        assert_eq!(report.last_pass.actions, 2);
    }
    assert_eq!(stage.cloud.counts().mutating(), 0);
    lease.send(Claim::Leader).unwrap();
    let report = stage.next().await;
    assert_eq!(report.last_pass.wake, WakeReason::Leadership);
    assert_eq!(report.last_pass.outcomes["done"], 2);
    stage.measures("palisade_leader 1");
}

#[tokio::test(start_paused = true)]
async fn what_aws_attaches_to_everything_is_read_again_before_a_change_and_not_at_rest() {
    let mut stage = Stage::of(organization(), &desired(&["deny-leave"])).await;
    stage.until_in_sync().await;
    stage.next().await;
    let listed = |stage: &Stage| stage.cloud.counts().of(Operation::ListTargetsForPolicy);
    let before = listed(&stage);
    stage.next().await;
    assert_eq!(listed(&stage) - before, 1, "the one guardrail's targets");
    let (policy, targets) = stage.scp("deny-leave").unwrap();
    let detach = Call::DetachPolicy { policy, target: targets[0].clone() };
    stage.cloud.meddle(|world| world.change(&detach).map(drop)).unwrap();
    let before = listed(&stage);
    stage.until(|report| !report.last_pass.detected.is_empty()).await;
    assert_eq!(listed(&stage) - before, 2, "and what takes slots beside it");
    stage.until_in_sync().await;
}

#[tokio::test(start_paused = true)]
async fn observations_are_used_again_within_an_interval() {
    let mut stage = Stage::of(organization(), &desired(&["deny-leave"])).await;
    stage.until_in_sync().await;
    let list = |stage: &Stage| stage.cloud.counts().of(Operation::ListAccounts);
    let listed = list(&stage);
    stage.write(&desired(&["deny-leave", "deny-other"]));
    let report = stage.until(|report| report.in_sync && report.documents.len() == 3).await;
    // On a busy machine a second notice of the one write comes late.
    let wakes = [WakeReason::FollowUp, WakeReason::Files];
    assert!(wakes.contains(&report.last_pass.wake), "{:?}", report.last_pass.wake);
    assert!(list(&stage) <= listed + 1, "accounts were listed again and again");
}
