//! What is measured of the requests to AWS.

use palisade::cloud::budget::BudgetShare;
use palisade::cloud::simulated::{SimulatedCloud, SimulationOptions, Throttling};
use palisade::cloud::{Call, Cloud};
use palisade::controller::{measured, metrics};

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
        format!(r#"palisade_aws_requests_total{{code="TooManyRequestsException",{operation}}} 2"#),
        format!("palisade_aws_throttled_total{{{operation}}} 2"),
        format!("palisade_aws_request_duration_seconds_count{{{operation}}} 5"),
    ] {
        assert!(text.lines().any(|each| each == line), "no `{line}` in\n{text}");
    }
    let used = format!("palisade_aws_budget_used_ratio{{{operation}}} 0\n");
    assert!(!text.contains(&used), "the budget was used");
}
