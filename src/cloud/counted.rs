//! Tells somebody about every call: for metrics, and for counting in tests and benches.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::cloud::{Answer, Call, Cloud, CloudError, CloudErrorKind, Operation};

/// One call that has come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// What was called.
    pub operation: Operation,
    /// `OK`, or the error code: a word of AWS's or palisade's, never free text.
    pub code: String,
    /// The kind of failure, if it failed.
    pub failure: Option<CloudErrorKind>,
    /// How long it took.
    pub duration: Duration,
}

/// Whom to tell.
pub type Listener = Box<dyn Fn(&CallRecord) + Send + Sync>;

/// A cloud whose every call is told to a listener when it comes back. Calls that are given up before that
/// are not told.
///
/// Goes inside the budget, so that it sees each request that is really sent and no time spent waiting.
#[derive(Clone)]
pub struct Counted<C> {
    inner: C,
    listener: Arc<Listener>,
}

impl<C> Counted<C> {
    /// `inner`, with `listener` told.
    pub fn new(inner: C, listener: Listener) -> Self {
        Self { inner, listener: Arc::new(listener) }
    }
}

#[async_trait]
impl<C: Cloud> Cloud for Counted<C> {
    async fn call(&self, call: Call) -> Result<Answer, CloudError> {
        let (operation, started) = (call.operation(), Instant::now());
        let answer = self.inner.call(call).await;
        let error = answer.as_ref().err();
        (self.listener)(&CallRecord {
            operation,
            code: error.map_or("OK", |error| &error.code).to_owned(),
            failure: error.map(|error| error.kind),
            duration: started.elapsed(),
        });
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::Counted;
    use crate::cloud::simulated::{SimulatedCloud, SimulationOptions};
    use crate::cloud::{Call, Cloud, Operation};

    #[tokio::test(start_paused = true)]
    async fn every_call_is_told_with_its_code_and_its_time() {
        let second = Duration::from_secs(1);
        let options = SimulationOptions { latency: second..=second, ..SimulationOptions::quiet() };
        let cloud = SimulatedCloud::builder(1).options(options).build().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let counted =
            Counted::new(cloud, Box::new(move |record| heard.lock().unwrap().push(record.clone())));
        let unknown = Call::DescribePolicy { policy: "p-nothing1".parse().unwrap() };
        assert!(counted.call(Call::DescribeOrganization).await.is_ok());
        assert!(counted.call(unknown).await.is_err());
        let told: Vec<_> = told
            .lock()
            .unwrap()
            .iter()
            .map(|record| (record.operation, record.code.clone(), record.duration))
            .collect();
        assert_eq!(
            told,
            [
                (Operation::DescribeOrganization, "OK".to_owned(), second),
                (Operation::DescribePolicy, "PolicyNotFoundException".to_owned(), second),
            ]
        );
    }
}
