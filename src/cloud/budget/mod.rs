//! Keeps palisade below a share of the API rates that the whole organization has to live on.
//!
//! AWS counts calls per account and every tool in it draws on the same rates, so palisade takes a share
//! and leaves the rest. Callers wait their turn, first come, first served, whoever they are. When AWS
//! throttles all the same, somebody else is drawing too: palisade then takes half as much and comes back
//! slowly, as TCP does (additive increase, multiplicative decrease).

mod bucket;
mod share;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

pub use crate::cloud::budget::share::{BudgetShare, InvalidShare};

use crate::cloud::budget::bucket::TokenBucket;
use crate::cloud::{Answer, Bucket, Call, Cloud, CloudError, CloudErrorKind};
use crate::org::AccountId;

/// How often a read is sent before its throttling is the caller's problem. The four pauses between the
/// tries add up to at least 7 seconds, in which the slowest row of AWS's table regains 7 tokens.
const READ_TRIES_MAX: u32 = 5;
/// Pause after the first throttled try; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// A cloud that is called no more often than the budget allows. Clones share the budget.
///
/// Reads that are throttled are tried again here, a few times; changes never are.
pub struct Budgeted<C> {
    inner: Arc<Inner<C>>,
}

type Buckets = BTreeMap<(Option<AccountId>, Bucket), Arc<TokenBucket>>;

struct Inner<C> {
    cloud: C,
    share: BudgetShare,
    /// A bucket for every account whose rates are drawn on: nothing stands for the caller's own.
    buckets: Mutex<Buckets>,
    jitter: Mutex<fastrand::Rng>,
}

impl<C> Clone for Budgeted<C> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<C> Budgeted<C> {
    /// `cloud`, held to `share` of the documented rates. `seed` spreads the pauses of several daemons.
    pub fn new(cloud: C, share: BudgetShare, seed: u64) -> Self {
        let buckets = Mutex::default();
        let jitter = Mutex::new(fastrand::Rng::with_seed(seed));
        Self { inner: Arc::new(Inner { cloud, share, buckets, jitter }) }
    }

    /// The share this cloud is held to.
    pub fn share(&self) -> BudgetShare {
        self.inner.share
    }

    /// How much of what AWS documents for a minute was used in the last one: the calls of the last
    /// minute, of all operations of `bucket`, by what AWS would serve from a full bucket in that time. Of
    /// several accounts' buckets the fullest counts.
    pub fn used_ratio(&self, bucket: Bucket) -> f64 {
        let buckets = self.inner.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let same = buckets.iter().filter(|((_, other), _)| *other == bucket);
        same.map(|(_, bucket)| bucket.used_ratio()).fold(0.0, f64::max)
    }
}

impl<C> Inner<C> {
    /// The bucket that `call` draws on.
    fn bucket(&self, call: &Call) -> Arc<TokenBucket> {
        let rate = call.operation().rate();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry((call.account().cloned(), rate.bucket));
        Arc::clone(bucket.or_insert_with(|| Arc::new(TokenBucket::new(rate, self.share))))
    }

    /// The pause after the `tries`-th throttled try: doubled each time, and up to half of it more, so
    /// that those who were throttled together do not come back together.
    fn pause(&self, tries: u32) -> Duration {
        let jitter = self.jitter.lock().unwrap_or_else(PoisonError::into_inner).f64();
        FIRST_PAUSE.saturating_mul(1 << (tries - 1)).mul_f64(1.0 + jitter / 2.0)
    }
}

#[async_trait]
impl<C: Cloud> Cloud for Budgeted<C> {
    async fn call(&self, call: Call) -> Result<Answer, CloudError> {
        let operation = call.operation();
        let inner = &self.inner;
        let bucket = inner.bucket(&call);
        let mut tries = 1;
        loop {
            bucket.take().await;
            let error = match inner.cloud.call(call.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let CloudErrorKind::Throttled { after } = error.kind else { return Err(error) };
            bucket.throttled(after);
            if operation.is_mutating() || tries == READ_TRIES_MAX {
                return Err(error);
            }
            tokio::time::sleep(inner.pause(tries)).await;
            tries += 1;
        }
    }
}

#[cfg(test)]
mod tests;
