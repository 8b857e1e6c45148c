//! The budget in virtual time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use strum::IntoEnumIterator;
use tokio::time::{Instant, advance, sleep, timeout};

use super::{BudgetShare, Budgeted, READ_TRIES_MAX};
use crate::cloud::simulated::{SimulatedCloud, SimulationOptions, Throttling};
use crate::cloud::{Answer, Bucket, Call, Cloud, CloudError, CloudErrorKind, Operation, Reply};
use crate::org::{PolicyId, PolicyType, RootId};

/// How the next call fails, if it does.
type Mood = Box<dyn FnMut() -> Option<CloudErrorKind> + Send>;

/// Notes when it is called, and fails as it is told.
#[derive(Clone)]
struct Stopwatch {
    calls: Arc<Mutex<Vec<(Operation, Instant)>>>,
    mood: Arc<Mutex<Mood>>,
    latency: Duration,
}

impl Stopwatch {
    fn new(mood: impl FnMut() -> Option<CloudErrorKind> + Send + 'static) -> Self {
        let mood: Mood = Box::new(mood);
        Self { calls: Arc::default(), mood: Arc::new(Mutex::new(mood)), latency: Duration::ZERO }
    }

    fn times(&self, bucket: Bucket) -> Vec<Instant> {
        let calls = self.calls.lock().unwrap();
        let of_bucket = calls.iter().filter(|(operation, _)| operation.rate().bucket == bucket);
        of_bucket.map(|(_, at)| *at).collect()
    }
}

#[async_trait]
impl Cloud for Stopwatch {
    async fn call(&self, call: Call) -> Result<Answer, CloudError> {
        self.calls.lock().unwrap().push((call.operation(), Instant::now()));
        if !self.latency.is_zero() {
            sleep(self.latency).await;
        }
        let mood = (self.mood.lock().unwrap())();
        match mood {
            Some(kind) => Err(CloudError::new(kind, call.operation(), "Throttling", "slow down")),
            None => Ok(Reply::Done.into()),
        }
    }
}

const THROTTLED: Option<CloudErrorKind> = Some(CloudErrorKind::Throttled { after: None });

fn policy() -> PolicyId {
    "p-example111".parse().unwrap()
}

fn read() -> Call {
    Call::DescribePolicy { policy: policy() }
}

fn write() -> Call {
    Call::DeletePolicy { policy: policy() }
}

/// One call of every row of Organizations' rate table; both kinds where a row has both.
fn calls() -> Vec<Call> {
    let root: RootId = "r-ab12".parse().unwrap();
    let (page, parent) = (None::<String>, root.to_string().parse().unwrap());
    let (policy_type, service) = (PolicyType::service_control(), "a.amazonaws.com".to_owned());
    vec![
        Call::DescribeOrganization,
        Call::CreateOrganizationalUnit {
            parent: root.to_string().parse().unwrap(),
            name: "a".to_owned(),
            tags: BTreeMap::new(),
        },
        Call::ListRoots { page: page.clone() },
        Call::ListAccounts { page: page.clone() },
        Call::ListAccountsForParent { parent, page: page.clone() },
        Call::ListPolicies { policy_type: policy_type.clone(), page: page.clone() },
        read(),
        Call::ListTagsForResource { resource: root.to_string(), page: page.clone() },
        Call::ListAwsServiceAccessForOrganization { page: page.clone() },
        Call::ListDelegatedAdministrators { service: service.clone(), page },
        Call::EnablePolicyType { root: root.clone(), policy_type },
        write(),
        Call::UpdatePolicy { policy: policy(), name: None, description: None, content: None },
        Call::DeleteOrganizationalUnit { unit: "ou-ab12-11111111".parse().unwrap() },
        Call::TagResource { resource: root.to_string(), tags: BTreeMap::new() },
        Call::EnableAwsServiceAccess { service },
    ]
}

/// Three callers a row call as fast as they are let, for `seconds` of virtual time.
async fn greed(cloud: &Budgeted<Stopwatch>, seconds: u64) {
    let callers: Vec<_> = calls()
        .into_iter()
        .flat_map(|call| std::iter::repeat_n(call, 3))
        .map(|call| {
            let cloud = cloud.clone();
            tokio::spawn(async move {
                loop {
                    if cloud.call(call.clone()).await.is_err() {
                        sleep(Duration::from_millis(100)).await;
                    }
                }
            })
        })
        .collect();
    sleep(Duration::from_secs(seconds)).await;
    callers.iter().for_each(tokio::task::JoinHandle::abort);
}

/// The most calls any window holds beyond what it may: `calls - per_second × seconds`, at its worst.
fn worst_burst(times: &[Instant], per_second: f64) -> f64 {
    let (mut worst, mut least) = (0.0_f64, f64::INFINITY);
    for (number, at) in (0_u32..).zip(times) {
        let ahead = f64::from(number) - per_second * at.duration_since(times[0]).as_secs_f64();
        least = least.min(ahead);
        worst = worst.max(ahead - least + 1.0);
    }
    worst
}

/// Checks every window of every row against the share; answers how many calls a row made.
fn hold_to(stopwatch: &Stopwatch, fraction: f64) -> BTreeMap<Bucket, usize> {
    let rates: BTreeMap<Bucket, _> =
        Operation::iter().map(|one| (one.rate().bucket, one.rate())).collect();
    let mut counted = BTreeMap::new();
    for (bucket, rate) in rates {
        let times = stopwatch.times(bucket);
        let burst = worst_burst(&times, fraction * rate.per_second);
        let burst_max = (fraction * rate.burst).max(1.0);
        assert!(burst <= burst_max + 1e-6, "{bucket:?}: {burst} of {burst_max}");
        counted.insert(bucket, times.len());
    }
    counted
}

/// Greed stays within the share in every window, and uses it up.
async fn check_greed(percent: u8, seconds: u32) {
    let fraction = f64::from(percent) / 100.0;
    let stopwatch = Stopwatch::new(|| None);
    let cloud = Budgeted::new(stopwatch.clone(), percent.to_string().parse().unwrap(), 1);
    greed(&cloud, seconds.into()).await;
    let counted = hold_to(&stopwatch, fraction);
    for rate in calls().iter().map(|call| call.operation().rate()) {
        let used = f64::from(u32::try_from(counted[&rate.bucket]).unwrap());
        let due = fraction * rate.per_second * f64::from(seconds);
        assert!(used > 0.98 * due, "{:?}: {used} of {due}", rate.bucket);
        let ratio = cloud.used_ratio(rate.bucket) / fraction;
        assert!((0.8..=1.1).contains(&ratio), "{:?}: {ratio}", rate.bucket);
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_of_greed_stays_within_a_tenth() {
    check_greed(10, 3_600).await;
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_of_greed_stay_within_a_half() {
    check_greed(50, 600).await;
}

#[tokio::test(start_paused = true)]
async fn greed_that_is_throttled_now_and_then_stays_within_the_share_too() {
    let mut generator = fastrand::Rng::with_seed(5);
    let stopwatch = Stopwatch::new(move || THROTTLED.filter(|_| generator.u8(..10) == 0));
    let cloud = Budgeted::new(stopwatch.clone(), "30%".parse().unwrap(), 1);
    greed(&cloud, 600).await;
    hold_to(&stopwatch, 0.3);
}

#[tokio::test(start_paused = true)]
async fn a_throttling_halves_the_rate_and_a_quiet_half_minute_brings_it_back() {
    let mut throttlings = 1;
    let stopwatch = Stopwatch::new(move || {
        let throttle = throttlings > 0;
        throttlings -= i32::from(throttle);
        if throttle { THROTTLED } else { None }
    });
    let cloud = Budgeted::new(stopwatch.clone(), "100".parse().unwrap(), 1);
    assert!(cloud.call(write()).await.is_err());
    let started = Instant::now();
    let mut seconds = Vec::new();
    for _ in 0..120 {
        cloud.call(write()).await.unwrap();
        seconds.push(started.elapsed().as_secs());
    }
    // 2 a second are documented: one a second at first, all of it after 30 seconds.
    let in_range = |range: std::ops::Range<u64>| {
        seconds.iter().filter(|second| range.contains(second)).count()
    };
    assert!((4..=6).contains(&in_range(0..5)), "{seconds:?}");
    assert!((38..=42).contains(&in_range(35..55)), "{seconds:?}");
}

#[tokio::test(start_paused = true)]
async fn throttlings_that_come_together_count_once() {
    let latency = Duration::from_millis(100);
    let stopwatch = Stopwatch { latency, ..Stopwatch::new(|| THROTTLED) };
    let cloud = Budgeted::new(stopwatch.clone(), "100".parse().unwrap(), 1);
    futures::future::join_all((0..3).map(|_| cloud.call(write()))).await;
    *stopwatch.mood.lock().unwrap() = Box::new(|| None);
    let started = Instant::now();
    cloud.call(write()).await.unwrap();
    // Half of 2 a second: one second for a token, were it not for the recovery meanwhile.
    let waited = started.elapsed().saturating_sub(latency);
    assert!((950..=1_000).contains(&waited.as_millis()), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn aws_is_left_alone_for_as_long_as_it_asks() {
    let mut first = true;
    let stopwatch = Stopwatch::new(move || {
        let after = Some(Duration::from_secs(20));
        std::mem::take(&mut first).then_some(CloudErrorKind::Throttled { after })
    });
    let cloud = Budgeted::new(stopwatch.clone(), BudgetShare::HALF, 1);
    let started = Instant::now();
    assert!(cloud.call(read()).await.is_ok());
    assert_eq!(started.elapsed().as_secs(), 20);
    assert_eq!(stopwatch.times(Bucket::PolicyDocuments).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_read_is_tried_a_few_times_and_a_change_never() {
    for (call, tries) in [(read(), READ_TRIES_MAX as usize), (write(), 1)] {
        for share in [BudgetShare::HALF, BudgetShare::UNLIMITED] {
            let stopwatch = Stopwatch::new(|| THROTTLED);
            let cloud = Budgeted::new(stopwatch.clone(), share, 1);
            let error = cloud.call(call.clone()).await.unwrap_err();
            assert_eq!(error.kind, CloudErrorKind::Throttled { after: None });
            assert_eq!(stopwatch.times(call.operation().rate().bucket).len(), tries);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn other_failures_are_not_tried_again() {
    let stopwatch = Stopwatch::new(|| Some(CloudErrorKind::Unavailable));
    let cloud = Budgeted::new(stopwatch.clone(), BudgetShare::HALF, 1);
    assert!(cloud.call(read()).await.is_err());
    assert_eq!(stopwatch.times(Bucket::PolicyDocuments).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn callers_are_served_as_they_came() {
    let cloud = Budgeted::new(Stopwatch::new(|| None), BudgetShare::HALF, 1);
    let served = Arc::new(Mutex::new(Vec::new()));
    let callers = (0..8).map(|number| {
        let (cloud, served) = (cloud.clone(), Arc::clone(&served));
        async move {
            cloud.call(write()).await.unwrap();
            served.lock().unwrap().push(number);
        }
    });
    futures::future::join_all(callers).await;
    assert_eq!(*served.lock().unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_waiting_takes_nothing() {
    let stopwatch = Stopwatch::new(|| None);
    let cloud = Budgeted::new(stopwatch.clone(), "50".parse().unwrap(), 1);
    cloud.call(read()).await.unwrap();
    let impatient = timeout(Duration::from_millis(900), cloud.call(read())).await;
    assert!(impatient.is_err());
    let started = Instant::now();
    cloud.call(read()).await.unwrap();
    assert!(started.elapsed() <= Duration::from_millis(101), "{:?}", started.elapsed());
    assert_eq!(stopwatch.times(Bucket::PolicyDocuments).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_used_is_forgotten_after_a_minute() {
    let cloud = Budgeted::new(Stopwatch::new(|| None), BudgetShare::UNLIMITED, 1);
    for _ in 0..61 {
        cloud.call(write()).await.unwrap();
    }
    // 2 a second for a minute and a burst of 3 make 123.
    assert!((cloud.used_ratio(Bucket::PolicyWrites) - 61.0 / 123.0).abs() < 1e-9);
    advance(Duration::from_secs(61)).await;
    assert!(cloud.used_ratio(Bucket::PolicyWrites).abs() < 1e-9);
}

#[tokio::test(start_paused = true)]
async fn a_cloud_with_the_documented_rates_never_throttles_the_whole_of_them() {
    let options =
        SimulationOptions { throttling: Throttling::Documented, ..SimulationOptions::quiet() };
    let cloud = SimulatedCloud::builder(1).options(options).build().unwrap();
    let budgeted = Budgeted::new(cloud.clone(), "99".parse().unwrap(), 1);
    for _ in 0..200 {
        assert!(budgeted.call(Call::DescribeOrganization).await.is_ok());
        assert!(budgeted.call(Call::ListAccounts { page: None }).await.is_ok());
    }
    assert!(cloud.history().iter().all(|call| call.outcome == Some(Ok(()))));
}
