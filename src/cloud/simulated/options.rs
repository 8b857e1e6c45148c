//! What can go wrong in the simulated cloud, and how often. Everything is seeded.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::cloud::Operation;
use crate::org::AccountId;

/// How the simulated cloud misbehaves. Chances are from 0.0 (never) to 1.0 (always).
#[derive(Debug, Clone, PartialEq)]
pub struct SimulationOptions {
    /// Does it answer at all?
    pub endpoint: Endpoint,
    /// Does it throttle by the rate table of [`Operation::rate`]?
    pub throttling: Throttling,
    /// How long a call takes; half of it before it takes effect.
    pub latency: RangeInclusive<Duration>,
    /// A read may return the organization as it was up to this long ago.
    pub staleness_max: Duration,
    /// Chance that a page holds fewer items than it could, perhaps none, and is not the last.
    pub short_page_chance: f64,
    /// Chance that a read fails with `ServiceException`.
    pub unavailable_chance: f64,
    /// Chance that a change is refused because of another change going on.
    pub busy_chance: f64,
    /// Chance that a change takes effect and its answer never comes.
    pub lost_answer_chance: f64,
    /// Chance that a change never arrives, and nobody can tell.
    pub lost_request_chance: f64,
    /// Operations that no caller may use.
    pub denied: BTreeSet<Operation>,
    /// Accounts whose role for palisade is missing or trusts nobody: they cannot be entered.
    pub closed: BTreeSet<AccountId>,
}

/// What the endpoint does with every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// It answers.
    Up,
    /// Nothing listens.
    Down,
    /// It refuses the credentials, which have expired.
    CredentialsExpired,
}

/// Does the cloud count calls?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttling {
    /// Every call is served.
    Off,
    /// A token bucket for every calling account and row of the rate table.
    Documented,
}

impl SimulationOptions {
    /// A cloud in which everything works, at once.
    pub fn quiet() -> Self {
        Self {
            endpoint: Endpoint::Up,
            throttling: Throttling::Off,
            latency: Duration::ZERO..=Duration::ZERO,
            staleness_max: Duration::ZERO,
            short_page_chance: 0.0,
            unavailable_chance: 0.0,
            busy_chance: 0.0,
            lost_answer_chance: 0.0,
            lost_request_chance: 0.0,
            denied: BTreeSet::new(),
            closed: BTreeSet::new(),
        }
    }

    /// A cloud like the real one on a good day: latency and the documented rates.
    pub fn realistic() -> Self {
        Self {
            throttling: Throttling::Documented,
            latency: Duration::from_millis(40)..=Duration::from_millis(180),
            ..Self::quiet()
        }
    }

    /// A cloud on its worst day: everything that can go wrong does, now and then, and time cures it.
    pub fn hostile() -> Self {
        Self {
            staleness_max: Duration::from_secs(3),
            short_page_chance: 0.2,
            unavailable_chance: 0.01,
            busy_chance: 0.1,
            lost_answer_chance: 0.03,
            lost_request_chance: 0.03,
            ..Self::realistic()
        }
    }
}
