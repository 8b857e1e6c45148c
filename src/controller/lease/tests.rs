//! Elections in virtual time, over a store that fails, hangs, and loses answers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, advance, sleep};

use crate::cloud::{LeaseError, LeaseRecord, LeaseStore, LeaseVersion};
use crate::controller::lease::{Claim, Election, stand};

const DURATION: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(100);

/// What the store does to requests of one replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    Fair,
    /// Nothing arrives.
    Cut,
    /// Everything arrives, no answer comes back.
    Mute,
    /// Everything arrives, and the answer takes a quarter of a minute.
    Slow,
}

#[derive(Debug, Default)]
struct Record {
    lease: Option<(LeaseRecord, u64)>,
}

struct Store {
    record: Arc<Mutex<Record>>,
    weather: Arc<Mutex<Weather>>,
}

impl Store {
    async fn pass<T>(&self, act: impl FnOnce(&mut Record) -> T) -> Result<T, LeaseError> {
        let weather = *self.weather.lock().unwrap();
        if weather == Weather::Cut {
            return Err(LeaseError::Unavailable("cut".to_owned()));
        }
        sleep(Duration::from_millis(50)).await;
        let result = act(&mut self.record.lock().unwrap());
        match weather {
            Weather::Mute => std::future::pending().await,
            Weather::Slow => sleep(Duration::from_secs(15)).await,
            Weather::Fair | Weather::Cut => {}
        }
        Ok(result)
    }
}

#[async_trait]
impl LeaseStore for Store {
    async fn read(&self) -> Result<Option<(LeaseRecord, LeaseVersion)>, LeaseError> {
        let read = |record: &mut Record| record.lease.clone();
        let lease = self.pass(read).await?;
        Ok(lease.map(|(record, version)| (record, LeaseVersion(version.to_string()))))
    }

    async fn write(
        &self,
        record: &LeaseRecord,
        replacing: Option<&LeaseVersion>,
    ) -> Result<LeaseVersion, LeaseError> {
        let write = |there: &mut Record| {
            let version =
                there.lease.as_ref().map(|(_, version)| LeaseVersion(version.to_string()));
            if version.as_ref() != replacing {
                return Err(LeaseError::Conflict);
            }
            let next = there.lease.as_ref().map_or(1, |(_, version)| version + 1);
            there.lease = Some((record.clone(), next));
            Ok(LeaseVersion(next.to_string()))
        };
        self.pass(write).await?
    }
}

struct Replica {
    election: Election,
    weather: Arc<Mutex<Weather>>,
}

impl Replica {
    fn leads(&self) -> bool {
        self.election.leadership.leads()
    }

    fn meets(&self, weather: Weather) {
        *self.weather.lock().unwrap() = weather;
    }
}

fn replicas(count: usize) -> (Arc<Mutex<Record>>, Vec<Replica>) {
    let record = Arc::new(Mutex::new(Record::default()));
    let replica = |number: usize| {
        let weather = Arc::new(Mutex::new(Weather::Fair));
        let store = Store { record: Arc::clone(&record), weather: Arc::clone(&weather) };
        Replica { election: stand(Arc::new(store), format!("replica-{number}"), DURATION), weather }
    };
    let replicas = (0..count).map(replica).collect();
    (record, replicas)
}

/// Lets time pass in small steps, and holds that never two lead.
async fn live(replicas: &[Replica], time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        sleep(TICK).await;
        let leaders = replicas.iter().filter(|replica| replica.leads()).count();
        assert!(leaders <= 1, "{leaders} lead");
    }
}

fn leader(replicas: &[Replica]) -> Option<usize> {
    replicas.iter().position(Replica::leads)
}

#[tokio::test(start_paused = true)]
async fn one_of_many_leads_and_goes_on_leading() {
    let (_, replicas) = replicas(3);
    live(&replicas, Duration::from_secs(2)).await;
    let first = leader(&replicas).expect("a free lease is taken at once");
    live(&replicas, Duration::from_mins(10)).await;
    assert_eq!(leader(&replicas), Some(first));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_cut_off_stops_before_another_starts_and_within_the_lease() {
    let (_, replicas) = replicas(2);
    live(&replicas, Duration::from_secs(2)).await;
    let first = leader(&replicas).unwrap();
    for weather in [Weather::Cut, Weather::Mute] {
        let old = leader(&replicas).unwrap();
        replicas[old].meets(weather);
        live(&replicas, DURATION * 2 / 3 + Duration::from_secs(6)).await;
        assert!(!replicas[old].leads());
        live(&replicas, DURATION).await;
        assert_eq!(leader(&replicas), Some(1 - old), "{weather:?}");
        replicas[old].meets(Weather::Fair);
        live(&replicas, DURATION * 2).await;
        assert_eq!(leader(&replicas), Some(1 - old), "an old leader does not take it back");
    }
    assert_eq!(leader(&replicas), Some(first));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_whose_answer_was_lost_is_recognized() {
    let (record, replicas) = replicas(1);
    live(&replicas, Duration::from_secs(2)).await;
    // A step of the election is due every five seconds; the answer to one of them is lost.
    let renewals = |record: &Mutex<Record>| record.lock().unwrap().lease.clone().unwrap().1;
    let before = renewals(&record);
    replicas[0].meets(Weather::Slow);
    while renewals(&record) == before {
        live(&replicas, TICK).await;
    }
    replicas[0].meets(Weather::Fair);
    live(&replicas, DURATION * 3).await;
    assert!(replicas[0].leads());
    assert_eq!(record.lock().unwrap().lease.clone().unwrap().0.transitions, 0);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_was_paused_does_not_lead_when_it_wakes() {
    let (_, replicas) = replicas(1);
    live(&replicas, Duration::from_secs(2)).await;
    assert!(replicas[0].leads());
    // Time passes without a chance for the election to notice.
    let leadership = replicas[0].election.leadership();
    let paused = async {
        advance(DURATION).await;
        leadership.leads()
    };
    let claim = *leadership.changes().borrow();
    assert_eq!(claim, Claim::Leader);
    assert!(!paused.await);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_given_back_is_taken_at_the_next_look() {
    let (_, mut replicas) = replicas(2);
    live(&replicas, Duration::from_secs(2)).await;
    let first = replicas.remove(leader(&replicas).unwrap());
    first.election.release().await;
    live(&replicas, DURATION / 6 + TICK * 2).await;
    assert_eq!(leader(&replicas), Some(0));
}

#[tokio::test(start_paused = true)]
async fn in_any_weather_never_two_lead_and_in_fair_weather_one_does() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..30 {
        let (_, replicas) = replicas(3);
        for _ in 0..20 {
            let weathers = [Weather::Fair, Weather::Cut, Weather::Mute, Weather::Slow];
            let weather = *random.choice(&weathers).unwrap();
            replicas[random.usize(..replicas.len())].meets(weather);
            live(&replicas, Duration::from_secs(random.u64(1..40))).await;
        }
        for replica in &replicas {
            replica.meets(Weather::Fair);
        }
        live(&replicas, DURATION * 3).await;
        assert!(leader(&replicas).is_some());
    }
}
