//! What Prometheus reads.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::metrics::{Guardrail, KnownLabels, Metrics};

fn metrics() -> Metrics {
    let known = KnownLabels {
        unmanaged_kinds: vec!["policy"],
        blocked_reasons: vec!["SlotsFull"],
        pass_results: vec!["in_sync"],
        drift_sources: vec!["sweep"],
        message_results: vec!["woke"],
        phases: vec!["observe"],
        components: vec!["journal"],
        actions: vec!["AttachPolicy"],
        outcomes: vec!["done"],
        operations: vec![("organizations", "ListRoots")],
    };
    Metrics::new(&known, "1.2.3", "abc").unwrap()
}

fn guardrail(name: &str) -> Guardrail<'_> {
    Guardrail {
        kind: "TagPolicy",
        name,
        mode: "enforce",
        in_sync: true,
        drifted_objects: 0,
        drift_age: None,
        suspended: false,
        suspended_until: Some(1_800_000_000),
        detected: 0,
        repaired: 0,
        size_used: Some(0.5),
    }
}

fn text(metrics: &Metrics) -> String {
    String::from_utf8(metrics.render().unwrap()).unwrap()
}

#[track_caller]
fn has(metrics: &Metrics, line: &str) {
    let text = text(metrics);
    assert!(text.lines().any(|each| each == line), "no `{line}` in\n{text}");
}

#[test]
fn what_can_be_known_exists_before_the_first_pass() {
    let metrics = metrics();
    for line in [
        r#"palisade_unmanaged_objects{kind="policy"} 0"#,
        r#"palisade_blocked_actions{reason="SlotsFull"} 0"#,
        r#"palisade_passes_total{result="in_sync"} 0"#,
        r#"palisade_actions_total{action="AttachPolicy",outcome="done"} 0"#,
        r#"palisade_aws_requests_total{code="OK",operation="ListRoots",service="organizations"} 0"#,
        r#"palisade_aws_throttled_total{operation="ListRoots",service="organizations"} 0"#,
        r#"palisade_aws_budget_used_ratio{operation="ListRoots",service="organizations"} 0"#,
        r#"palisade_aws_request_duration_seconds_count{operation="ListRoots",service="organizations"} 0"#,
        r#"palisade_pass_duration_seconds_count{phase="observe"} 0"#,
        "palisade_held_plan 0",
        r#"palisade_daemon_troubles{component="journal"} 0"#,
        "palisade_leader 0",
        "palisade_last_successful_pass_timestamp_seconds 0",
        r#"palisade_build_info{revision="abc",version="1.2.3"} 1"#,
    ] {
        has(&metrics, line);
    }
}

#[test]
fn desired_state_is_not_called_invalid_before_it_was_read() {
    let metrics = metrics();
    assert!(!text(&metrics).contains("palisade_desired_state_valid "));
    assert!(!text(&metrics).contains("palisade_desired_state_in_force "));
    metrics.record_problems(0);
    has(&metrics, "palisade_desired_state_valid 1");
    metrics.record_problems(1);
    metrics.record_in_force(0);
    has(&metrics, "palisade_desired_state_valid 0");
    has(&metrics, "palisade_desired_state_in_force 0");
}

#[test]
fn the_series_of_a_document_go_with_it() {
    let metrics = metrics();
    metrics.record_guardrails(&[guardrail("kept"), guardrail("old-rule")]);
    has(&metrics, r#"palisade_drift_detected_total{kind="TagPolicy",name="old-rule"} 0"#);
    metrics.record_guardrails(&[guardrail("kept")]);
    has(&metrics, r#"palisade_guardrail_in_sync{kind="TagPolicy",mode="enforce",name="kept"} 1"#);
    assert!(!text(&metrics).contains("old-rule"));
}

#[test]
fn a_change_of_mode_leaves_no_second_series() {
    let metrics = metrics();
    metrics.record_guardrails(&[guardrail("a")]);
    metrics.record_guardrails(&[Guardrail { mode: "observe", ..guardrail("a") }]);
    assert_eq!(text(&metrics).matches("palisade_guardrail_in_sync{").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn drift_ages_between_passes() {
    let metrics = metrics();
    metrics.record_guardrails(&[
        Guardrail { drift_age: Some(Duration::ZERO), drifted_objects: 1, ..guardrail("a") },
        guardrail("b"),
    ]);
    tokio::time::advance(Duration::from_secs(90)).await;
    has(&metrics, r#"palisade_guardrail_drift_age_seconds{kind="TagPolicy",name="a"} 90"#);
    has(&metrics, r#"palisade_guardrail_drift_age_seconds{kind="TagPolicy",name="b"} 0"#);
}

#[test]
fn counters_of_drift_add_up_over_passes() {
    let metrics = metrics();
    for _ in 0..2 {
        metrics.record_guardrails(&[Guardrail { detected: 2, repaired: 1, ..guardrail("a") }]);
    }
    has(&metrics, r#"palisade_drift_detected_total{kind="TagPolicy",name="a"} 4"#);
    has(&metrics, r#"palisade_drift_repaired_total{kind="TagPolicy",name="a"} 2"#);
}

#[test]
fn only_the_revision_in_force_is_shown() {
    let metrics = metrics();
    metrics.record_desired_state("rev-1", &BTreeMap::from([("TagPolicy", 3)]));
    metrics.record_desired_state("rev-2", &BTreeMap::new());
    has(&metrics, r#"palisade_desired_state_info{revision="rev-2"} 1"#);
    assert!(!text(&metrics).contains("rev-1"));
    assert!(!text(&metrics).contains("desired_state_documents{"));
}
