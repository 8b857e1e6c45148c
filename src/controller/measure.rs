//! From what is said to what is measured: a report as metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use strum::IntoEnumIterator;

use crate::act::Outcome;
use crate::cloud::Operation;
use crate::controller::events::{BREAK_GLASS, MessageResult};
use crate::controller::trouble::Component;
use crate::desired::Mode;
use crate::metrics::{Emergency, Guardrail, KnownLabels, Metrics, Trail};
use crate::org::DocumentRef;
use crate::plan::{BlockedReason, Change, Plan, UnmanagedKind};
use crate::status::{
    Acted, Cause, DocumentReport, DriftReport, PassResult, PhaseSeconds, Report, WakeReason,
};

/// The metrics of the daemon, every series that can be known in place.
pub fn metrics() -> prometheus::Result<Arc<Metrics>> {
    let known = KnownLabels {
        unmanaged_kinds: UnmanagedKind::iter().map(Into::into).collect(),
        blocked_reasons: BlockedReason::iter().map(Into::into).collect(),
        pass_results: PassResult::iter().map(Into::into).collect(),
        drift_sources: vec![SWEEP, EVENT],
        message_results: MessageResult::iter().map(Into::into).collect(),
        phases: vec![OBSERVE, PLAN, ACT],
        components: Component::iter().map(Into::into).collect(),
        actions: Change::kinds().collect(),
        outcomes: Outcome::iter().map(|outcome| outcome.word()).collect(),
        operations: Operation::iter()
            .map(|operation| (operation.service(), operation.name()))
            .collect(),
    };
    // The build's own git revision, where whoever builds gives it.
    let revision = option_env!("PALISADE_BUILD_REVISION").unwrap_or("unknown");
    Ok(Arc::new(Metrics::new(&known, env!("CARGO_PKG_VERSION"), revision)?))
}

/// A pass that looked at AWS on its own account found the drift.
const SWEEP: &str = "sweep";

/// An event woke the pass that found it.
const EVENT: &str = "event";

const OBSERVE: &str = "observe";
const PLAN: &str = "plan";
const ACT: &str = "act";

/// Measures what a report says.
pub(in crate::controller) fn measure(metrics: &Metrics, report: &Report) {
    metrics.count_pass(report.last_pass.result.into());
    let PhaseSeconds { observe, plan, act } = report.last_pass.took;
    for (phase, seconds) in [(OBSERVE, observe), (PLAN, plan), (ACT, act)] {
        metrics.record_phase(phase, Duration::from_secs_f64(seconds));
    }
    if let Some(at) = report.last_success {
        metrics.record_success(at.as_second());
    }
    for kind in UnmanagedKind::iter() {
        let objects = report.unmanaged.get(&kind).map_or(0, |unmanaged| unmanaged.count);
        metrics.record_unmanaged(kind.into(), objects);
    }
    for reason in BlockedReason::iter() {
        let blocked = report.blocked.iter().filter(|blocked| blocked.reason == reason).count();
        metrics.record_blocked(reason.into(), blocked);
    }
    for component in Component::iter() {
        let troubles = report.troubles.iter().filter(|trouble| component.has(trouble)).count();
        metrics.record_trouble(component.into(), troubles);
    }
    metrics.record_held(report.held.iter().filter(|held| !held.approved).count());
    let unclassified: BTreeSet<&str> = report
        .blocked
        .iter()
        .filter(|blocked| blocked.reason == BlockedReason::UnclassifiedRegion)
        .map(|blocked| blocked.object.as_str())
        .collect();
    metrics.record_unclassified_regions(unclassified.len());
    let list = report.region_list.as_ref();
    metrics.record_region_list(list.map(|list| (list.age_days, list.age_days_max)));
    metrics.record_slots(
        report.policy_slots_used.iter().map(|(policy_type, used)| (policy_type.as_str(), *used)),
    );
    metrics.record_policy_types(
        report
            .policy_types_enabled
            .iter()
            .map(|(policy_type, enabled)| (policy_type.as_str(), u8::from(*enabled))),
    );
    measure_documents(metrics, report);
    measure_emergency(metrics, report);
    measure_trails(metrics, report);
}

/// A document that is gone is not measured: its name comes from a mark in AWS, which anybody who may
/// tag could invent.
fn measure_documents(metrics: &Metrics, report: &Report) {
    let written: Vec<&DocumentReport> =
        report.documents.iter().filter(|document| document.source.is_some()).collect();
    let mut by_kind: BTreeMap<&str, usize> = BTreeMap::new();
    for document in &written {
        *by_kind.entry(document.kind.as_str()).or_default() += 1;
    }
    let emergency = written.iter().filter(|document| document.kind == BREAK_GLASS);
    metrics.record_break_glass(emergency.map(|document| document.name.as_str()));
    let revision = report.desired_state.revision.as_deref().unwrap_or_default();
    metrics.record_desired_state(revision, &by_kind);
    let detected = drift_by_document(&report.last_pass.detected);
    let source = if report.last_pass.wake == WakeReason::Event { EVENT } else { SWEEP };
    metrics.count_drift_events(source, detected.values().sum());
    let repaired = drift_by_document(&report.last_pass.repaired);
    let guardrails: Vec<Guardrail<'_>> = written
        .into_iter()
        .map(|document| Guardrail {
            kind: &document.kind,
            name: &document.name,
            mode: effective(report.mode, document.mode).into(),
            in_sync: document.in_sync,
            drifted_objects: document.drifted().count(),
            drift_age: document.oldest().map(|oldest| age(report, oldest)),
            suspended: document.suspended_until.is_some(),
            suspended_until: document.suspended_until.and_then(midnight),
            detected: detected.get(&document.document()).copied().unwrap_or_default(),
            repaired: repaired.get(&document.document()).copied().unwrap_or_default(),
            size_used: document.size_used,
        })
        .collect();
    metrics.record_guardrails(&guardrails);
}

/// What is said of emergency access.
fn measure_emergency(metrics: &Metrics, report: &Report) {
    let written = report.documents.iter().filter(|document| document.source.is_some());
    let all: Vec<Emergency<'_>> = written
        .filter_map(|document| {
            let emergency = document.emergency.as_ref()?;
            let seconds = |at: Option<jiff::Timestamp>| at.map(jiff::Timestamp::as_second);
            Some(Emergency {
                name: &document.name,
                ready: emergency.ready,
                accounts: emergency.accounts,
                accounts_ready: emergency.accounts_ready,
                last_drill: seconds(emergency.last_drill),
                drill_age_max: emergency.drill_age_seconds_max,
                last_sign_in: seconds(emergency.last_sign_in),
                incident_open: emergency.incident.is_some(),
                certificate_ends: seconds(emergency.certificate_ends),
                next_expiry: emergency.next_expiry.and_then(midnight),
            })
        })
        .collect();
    metrics.record_emergency(&all);
}

/// What is said of trails.
fn measure_trails(metrics: &Metrics, report: &Report) {
    let written = report.documents.iter().filter(|document| document.source.is_some());
    let all: Vec<Trail<'_>> = written
        .filter_map(|document| {
            let trail = document.trail.as_ref()?;
            Some(Trail {
                name: &document.name,
                logging: trail.logging,
                last_delivery: trail.last_delivery.map(jiff::Timestamp::as_second),
                delivery_age_max: trail.delivery_age_seconds_max,
                delivery_failures: trail.reasons.len(),
            })
        })
        .collect();
    metrics.record_trails(&all);
}

/// What is done about drift: a daemon that observes heals nothing, whatever a document says.
fn effective(daemon: Mode, document: Mode) -> Mode {
    match daemon {
        Mode::Enforce => document,
        Mode::Observe => Mode::Observe,
    }
}

/// Seconds since 1970 of the first moment of a day, in UTC.
fn midnight(day: jiff::civil::Date) -> Option<i64> {
    Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

fn age(report: &Report, since: jiff::Timestamp) -> Duration {
    // Negative when the clock was set back: then it is new.
    Duration::try_from(report.last_pass.at.duration_since(since)).unwrap_or_default()
}

fn drift_by_document(events: &[DriftReport]) -> BTreeMap<DocumentRef, u64> {
    let mut counts = BTreeMap::new();
    for event in events.iter().filter(|event| event.cause == Cause::Drift) {
        *counts.entry(event.document.clone()).or_default() += 1;
    }
    counts
}

/// Counts what became of the actions of a plan.
pub(in crate::controller) fn count_actions(metrics: &Metrics, plan: &Plan, acted: &Acted) {
    if let Acted::Tried(outcomes) = acted {
        for (action, outcome) in plan.actions.iter().zip(outcomes) {
            metrics.count_action(action.change.kind(), outcome.word());
        }
    }
}
