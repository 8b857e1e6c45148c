//! A cloud that is counted, timed and held to its budget, and metrics that know of it.

use std::sync::Arc;

use strum::IntoEnumIterator;

use crate::cloud::budget::{BudgetShare, Budgeted};
use crate::cloud::counted::{CallRecord, Counted};
use crate::cloud::{Cloud, CloudErrorKind, Operation};
use crate::metrics::Metrics;

/// `cloud` held to `share` of the API rates, every request that is really sent measured.
pub fn measured<C: Cloud + 'static>(
    cloud: C,
    share: BudgetShare,
    seed: u64,
    metrics: &Arc<Metrics>,
) -> Budgeted<Counted<C>> {
    // Weak, since the metrics own what asks the budget, and the budget owns the listener.
    let told = Arc::downgrade(metrics);
    let listener = Box::new(move |record: &CallRecord| {
        if let Some(metrics) = told.upgrade() {
            note(&metrics, record);
        }
    });
    let cloud = Budgeted::new(Counted::new(cloud, listener), share, seed);
    let budget = cloud.clone();
    metrics.before_rendering(move |metrics| {
        for operation in Operation::iter() {
            let used = budget.used_ratio(operation.rate().bucket);
            metrics.record_budget(operation.service(), operation.name(), used);
        }
    });
    cloud
}

fn note(metrics: &Metrics, record: &CallRecord) {
    let (service, operation) = (record.operation.service(), record.operation.name());
    metrics.record_request(service, operation, &record.code, record.duration);
    if let Some(CloudErrorKind::Throttled { .. }) = record.failure {
        metrics.count_throttled(service, operation);
    }
}
