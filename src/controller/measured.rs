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

#[cfg(test)]
mod tests {
    use crate::cloud::budget::BudgetShare;
    use crate::cloud::simulated::{SimulatedCloud, SimulationOptions, Throttling};
    use crate::cloud::{Call, Cloud};
    use crate::controller::{measured, metrics};

    #[tokio::test(start_paused = true)]
    async fn requests_throttles_and_the_budget_are_measured() {
        let options =
            SimulationOptions { throttling: Throttling::Documented, ..SimulationOptions::quiet() };
        let cloud = SimulatedCloud::builder(1).options(options).build().unwrap();
        let metrics = metrics().unwrap();
        let cloud = measured(cloud, BudgetShare::UNLIMITED, 1, &metrics);
        for _ in 0..3 {
            cloud.call(Call::DescribeOrganization).await.unwrap();
        }
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        let operation = r#"operation="DescribeOrganization",service="organizations""#;
        for line in [
            format!(r#"palisade_aws_requests_total{{code="OK",{operation}}} 3"#),
            format!(
                r#"palisade_aws_requests_total{{code="TooManyRequestsException",{operation}}} 1"#
            ),
            format!("palisade_aws_throttled_total{{{operation}}} 1"),
            format!("palisade_aws_request_duration_seconds_count{{{operation}}} 4"),
        ] {
            assert!(text.lines().any(|each| each == line), "no `{line}` in\n{text}");
        }
        let used = format!("palisade_aws_budget_used_ratio{{{operation}}} 0\n");
        assert!(!text.contains(&used), "the budget was used");
    }
}
