//! What goes wrong, when it is asked to.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, advance};

use super::{DENY, SCP, TAG, acme, all, code, create, policy, target};
use crate::cloud::simulated::{
    CrashPoint, Endpoint, SimulatedCloud, SimulationOptions, Throttling,
};
use crate::cloud::{Call, Cloud, CloudErrorKind, Operation, Reply};
use crate::org::PolicyType;

fn with(change: impl FnOnce(&mut SimulationOptions)) -> SimulatedCloud {
    let mut options = SimulationOptions::quiet();
    change(&mut options);
    acme().options(options).build().unwrap()
}

fn scp_names(cloud: &SimulatedCloud) -> BTreeSet<String> {
    let truth = cloud.truth();
    let policies = truth.policies_of(&PolicyType::service_control()).unwrap();
    policies.values().map(|policy| policy.name.clone()).collect()
}

fn list() -> Call {
    Call::ListPolicies { policy_type: PolicyType::service_control(), page: None }
}

#[test]
fn the_same_seed_gives_the_same_organization() {
    assert_eq!(acme().build().unwrap().truth(), acme().build().unwrap().truth());
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_documented_rate_are_throttled() {
    let cloud = with(|options| options.throttling = Throttling::Documented);
    let describe = Call::DescribePolicy { policy: policy(&cloud, SCP, "deny-leave") };
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(code(&cloud, describe.clone()).await);
    }
    assert_eq!(codes, ["OK", "OK", "TooManyRequestsException"]);
    assert_eq!(code(&cloud, list()).await, "OK", "another row of the table");
    let other = cloud.as_caller("333333333333".parse().unwrap(), "auditor");
    assert_eq!(code(&other, describe.clone()).await, "AccessDeniedException", "another account");
    advance(Duration::from_millis(500)).await;
    assert_eq!(code(&cloud, describe).await, "OK");
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_its_time_and_has_its_effect_in_the_middle() {
    let second = Duration::from_secs(1);
    let cloud = with(|options| options.latency = second..=second);
    let started = Instant::now();
    let writer = cloud.clone();
    let write = tokio::spawn(async move { code(&writer, create(SCP, "new", DENY)).await });
    tokio::time::sleep(Duration::from_millis(499)).await;
    assert!(!scp_names(&cloud).contains("new"));
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert!(scp_names(&cloud).contains("new"));
    assert_eq!(write.await.unwrap(), "OK");
    assert_eq!(started.elapsed(), second);
}

#[tokio::test(start_paused = true)]
async fn a_stale_read_shows_the_past_and_time_cures_it() {
    let cloud = with(|options| options.staleness_max = Duration::from_secs(3));
    advance(Duration::from_secs(10)).await;
    assert_eq!(code(&cloud, create(SCP, "new", DENY)).await, "OK");
    let mut seen = BTreeSet::new();
    for _ in 0..50 {
        let Reply::Policies(page) = cloud.call(list()).await.unwrap().reply else { panic!() };
        seen.insert(page.items.iter().any(|policy| policy.name == "new"));
        advance(Duration::from_millis(20)).await;
    }
    assert_eq!(seen, BTreeSet::from([false, true]));
    advance(Duration::from_secs(2)).await;
    for _ in 0..50 {
        let Reply::Policies(page) = cloud.call(list()).await.unwrap().reply else { panic!() };
        assert!(page.items.iter().any(|policy| policy.name == "new"));
    }
}

#[tokio::test]
async fn short_pages_hide_nothing() {
    let mut builder =
        acme().options(SimulationOptions { short_page_chance: 0.7, ..SimulationOptions::quiet() });
    for number in 0..60 {
        builder = builder.policy(SCP, &format!("policy-{number}"), DENY);
    }
    let cloud = builder.build().unwrap();
    let ask = |page| Call::ListPolicies { policy_type: PolicyType::service_control(), page };
    let listed = all(&cloud, ask, |reply| {
        let Reply::Policies(page) = reply else { panic!("{reply:?}") };
        page
    });
    assert_eq!(listed.await.len(), 62);
    assert!(cloud.counts().of(Operation::ListPolicies) > 4);
}

#[tokio::test]
async fn a_busy_cloud_refuses_changes_and_nothing_changes() {
    let cloud = with(|options| options.busy_chance = 1.0);
    let error = cloud.call(create(SCP, "new", DENY)).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::Busy);
    assert!(!scp_names(&cloud).contains("new"));
    assert_eq!(code(&cloud, list()).await, "OK");
}

#[tokio::test]
async fn a_change_without_an_answer_may_have_happened_or_not() {
    for (answer_lost, happened) in [(true, true), (false, false)] {
        let cloud = with(|options| {
            options.lost_answer_chance = 1.0;
            options.lost_request_chance = if answer_lost { 0.0 } else { 1.0 };
        });
        let error = cloud.call(create(SCP, "new", DENY)).await.unwrap_err();
        assert_eq!((error.kind, error.request_id), (CloudErrorKind::Unclear, None));
        assert_eq!(scp_names(&cloud).contains("new"), happened);
        assert_eq!(cloud.history()[0].took_effect, happened);
    }
}

#[tokio::test]
async fn a_cloud_out_of_reach_fails_every_call_with_its_own_kind() {
    let denied = BTreeSet::from([Operation::ListPolicies, Operation::CreatePolicy]);
    let quiet = SimulationOptions::quiet();
    for (options, kind) in [
        (
            SimulationOptions { endpoint: Endpoint::Down, ..quiet.clone() },
            CloudErrorKind::Unavailable,
        ),
        (
            SimulationOptions { endpoint: Endpoint::CredentialsExpired, ..quiet.clone() },
            CloudErrorKind::Denied,
        ),
        (SimulationOptions { denied, ..quiet }, CloudErrorKind::Denied),
    ] {
        let cloud = acme().options(options).build().unwrap();
        assert_eq!(cloud.call(list()).await.unwrap_err().kind, kind);
        assert_eq!(cloud.call(create(SCP, "new", DENY)).await.unwrap_err().kind, kind);
        assert!(!scp_names(&cloud).contains("new"));
        cloud.adjust(|options| *options = SimulationOptions::quiet());
        assert_eq!(code(&cloud, create(SCP, "new", DENY)).await, "OK");
    }
}

#[tokio::test]
async fn a_read_fails_now_and_then_when_it_is_asked_to() {
    let cloud = with(|options| options.unavailable_chance = 1.0);
    assert_eq!(cloud.call(list()).await.unwrap_err().kind, CloudErrorKind::Unavailable);
    assert_eq!(code(&cloud, create(SCP, "new", DENY)).await, "OK");
}

#[tokio::test(start_paused = true)]
async fn a_caller_dies_after_its_nth_change_and_lives_again() {
    let cloud = acme().build().unwrap();
    cloud.crash_at(CrashPoint::Change(2));
    let caller = cloud.clone();
    let life = async move {
        for name in ["one", "deny-leave", "two", "three"] {
            code(&caller, create(SCP, name, DENY)).await;
            code(&caller, list()).await;
        }
    };
    tokio::select! {
        () = life => panic!("it should have died"),
        () = cloud.crashed() => {}
    }
    let names = scp_names(&cloud);
    assert_eq!(
        (names.contains("one"), names.contains("two"), names.contains("three")),
        (true, true, false)
    );
    let still = tokio::time::timeout(Duration::from_secs(9), cloud.call(list())).await;
    assert!(still.is_err(), "the dead stay dead");
    let other = cloud.as_caller("111111111111".parse().unwrap(), "second");
    assert_eq!(code(&other, list()).await, "OK", "others live on");
    cloud.restart();
    assert_eq!(code(&cloud, list()).await, "OK");
}

#[tokio::test(start_paused = true)]
async fn a_caller_dies_after_its_nth_call_of_any_kind() {
    let cloud = acme().build().unwrap();
    cloud.crash_at(CrashPoint::Call(2));
    assert_eq!(code(&cloud, list()).await, "OK");
    let second = tokio::time::timeout(Duration::from_secs(9), cloud.call(list())).await;
    assert!(second.is_err());
    cloud.crashed().await;
}

#[tokio::test]
async fn others_act_before_every_kth_call() {
    let cloud = acme().build().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    cloud.interleave(2, move |world, call| {
        heard.lock().unwrap().push(call.operation());
        world.add_account(&"777777777777".parse().unwrap(), "late");
    });
    let late = || cloud.truth().tree.known().unwrap().accounts.len() == 4;
    assert_eq!(code(&cloud, list()).await, "OK");
    assert!(!late());
    assert_eq!(code(&cloud, Call::DescribeOrganization).await, "OK");
    assert!(late());
    assert_eq!(*told.lock().unwrap(), [Operation::DescribeOrganization]);
}

#[tokio::test]
async fn history_and_counts_tell_callers_apart() {
    let cloud = acme().policy(TAG, "tags", "{}").build().unwrap();
    let dana = cloud.as_caller("111111111111".parse().unwrap(), "dana");
    assert_eq!(code(&cloud, list()).await, "OK");
    assert_eq!(code(&cloud, create(SCP, "new", DENY)).await, "OK");
    let detach = Call::DetachPolicy {
        policy: policy(&cloud, SCP, "deny-leave"),
        target: target(&cloud, "/Workloads"),
    };
    dana.act(detach).unwrap();
    assert_eq!((cloud.counts().mutating(), cloud.counts().reads()), (1, 1));
    assert_eq!((dana.counts().mutating(), dana.counts().reads()), (1, 0));
    let last = cloud.history().pop().unwrap();
    assert_eq!(last.who, "arn:aws:sts::111111111111:assumed-role/dana/dana");
    assert_eq!((last.outcome, last.took_effect), (Some(Ok(())), true));
}
