//! Drift and health as Prometheus series. Takes plain values; knows nothing of what they mean.
//!
//! Label values come from closed sets or from the names of documents in desired state. Every series
//! whose labels are known exists from the start with 0, so that alerts need no `or vector(0)`; the
//! series of a document go when the document goes.

mod emergency;
mod events;
mod family;
mod guardrails;
mod policy_types;
mod regions;
mod trails;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use prometheus::{Encoder, Gauge, GaugeVec, HistogramVec, IntCounterVec, Registry, TextEncoder};
use tokio::time::Instant;

pub use crate::metrics::emergency::Emergency;
pub use crate::metrics::guardrails::Guardrail;
pub use crate::metrics::trails::Trail;

use crate::metrics::emergency::EmergencyFamilies;
use crate::metrics::events::EventFamilies;
use crate::metrics::family::{Building, Family, amount, lock, seconds};
use crate::metrics::guardrails::GuardrailFamilies;
use crate::metrics::policy_types::PolicyTypeFamilies;
use crate::metrics::regions::RegionFamilies;
use crate::metrics::trails::TrailFamilies;

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// From 5 ms (a pass on cached observations) to 10 minutes (first look at ten thousand accounts).
const PASS_BUCKETS: &[f64] =
    &[0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0];

/// AWS Organizations answers in 50 to 500 ms; the SDK gives up after half a minute.
const REQUEST_BUCKETS: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// All series of the daemon.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    guardrails: GuardrailFamilies,
    emergency: EmergencyFamilies,
    drifting: Mutex<BTreeMap<(String, String), Instant>>,
    refreshers: Mutex<Vec<Refresher>>,
    unmanaged_objects: GaugeVec,
    blocked_actions: GaugeVec,
    held_plan: Gauge,
    troubles: GaugeVec,
    passes: IntCounterVec,
    pass_duration: HistogramVec,
    last_successful_pass: Gauge,
    actions: IntCounterVec,
    drift_events: IntCounterVec,
    events: EventFamilies,
    notifications: IntCounterVec,
    aws: AwsFamilies,
    desired_state: DesiredStateFamilies,
    policy_types: PolicyTypeFamilies,
    regions: RegionFamilies,
    trails: TrailFamilies,
    leader: Gauge,
}

#[derive(Debug)]
struct DesiredStateFamilies {
    valid: Family,
    in_force: Family,
    revision: Family,
    documents: Family,
}

#[derive(Debug)]
struct AwsFamilies {
    requests: IntCounterVec,
    request_duration: HistogramVec,
    throttled: IntCounterVec,
    budget_used: GaugeVec,
}

/// The label values that are known before anything has happened.
#[derive(Debug, Clone, Default)]
pub struct KnownLabels {
    /// Of `unmanaged_objects{kind}`.
    pub unmanaged_kinds: Vec<&'static str>,
    /// Of `blocked_actions{reason}`.
    pub blocked_reasons: Vec<&'static str>,
    /// Of `passes_total{result}`.
    pub pass_results: Vec<&'static str>,
    /// Of `pass_duration_seconds{phase}`.
    pub phases: Vec<&'static str>,
    /// Of `daemon_troubles{component}`.
    pub components: Vec<&'static str>,
    /// Of `drift_events_total{source}`.
    pub drift_sources: Vec<&'static str>,
    /// Of `event_messages_total{result}`.
    pub message_results: Vec<&'static str>,
    /// Of `actions_total{action}`.
    pub actions: Vec<&'static str>,
    /// Of `actions_total{outcome}`.
    pub outcomes: Vec<&'static str>,
    /// Service and operation of everything that starts with `aws_`.
    pub operations: Vec<(&'static str, &'static str)>,
}

/// Updates what changes between passes.
struct Refresher(Box<dyn Fn(&Metrics) + Send + Sync>);

impl std::fmt::Debug for Refresher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Refresher")
    }
}

// === impl Metrics ===

impl Metrics {
    /// All series, in a registry of their own. `version` and `revision` are those of the build.
    pub fn new(known: &KnownLabels, version: &str, revision: &str) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let new = Building::new(&registry);
        let metrics = Self {
            guardrails: GuardrailFamilies::new(&new)?,
            emergency: EmergencyFamilies::new(&new)?,
            drifting: Mutex::default(),
            refreshers: Mutex::default(),
            unmanaged_objects: new.gauges(
                "unmanaged_objects",
                "Objects in AWS that no document names.",
                &["kind"],
            )?,
            blocked_actions: new.gauges(
                "blocked_actions",
                "Changes that should be made and are not, by what stands in the way.",
                &["reason"],
            )?,
            held_plan: new.gauge("held_plan", "1 while a plan waits for approval.")?,
            troubles: new.gauges(
                "daemon_troubles",
                "What is wrong with a part of the daemon itself; 0 while nothing is.",
                &["component"],
            )?,
            passes: new.counters("passes_total", "Passes by how they ended.", &["result"])?,
            pass_duration: new.histograms(
                "pass_duration_seconds",
                "Time a phase of a pass took.",
                &["phase"],
                PASS_BUCKETS,
            )?,
            last_successful_pass: new.gauge(
                "last_successful_pass_timestamp_seconds",
                "When a pass last observed everything and did all it could; 0 before the first.",
            )?,
            actions: new.counters(
                "actions_total",
                "Changes tried, by what became of them.",
                &["action", "outcome"],
            )?,
            drift_events: new.counters(
                "drift_events_total",
                "Differences that appeared in AWS without a change in git, by what told of them.",
                &["source"],
            )?,
            events: EventFamilies::new(&new)?,
            notifications: new.counters(
                "notifications_total",
                "Attempts to tell a channel of what happened, by what became of them.",
                &["channel", "result"],
            )?,
            aws: AwsFamilies::new(&new)?,
            desired_state: DesiredStateFamilies::new(&new)?,
            policy_types: PolicyTypeFamilies::new(&new)?,
            regions: RegionFamilies::new(&new)?,
            trails: TrailFamilies::new(&new)?,
            leader: new.gauge("leader", "1 while this replica is the one that acts.")?,
            registry: registry.clone(),
        };
        let help = "The build that is running.";
        let build = new.gauges("build_info", help, &["version", "revision"])?;
        build.with_label_values(&[version, revision]).set(1.0);
        metrics.start_at_zero(known);
        metrics.register_process();
        Ok(metrics)
    }

    fn start_at_zero(&self, known: &KnownLabels) {
        for kind in &known.unmanaged_kinds {
            self.unmanaged_objects.with_label_values(&[kind]).set(0.0);
        }
        for reason in &known.blocked_reasons {
            self.blocked_actions.with_label_values(&[reason]).set(0.0);
        }
        for result in &known.pass_results {
            self.passes.with_label_values(&[result]).reset();
        }
        for phase in &known.phases {
            let _exists = self.pass_duration.with_label_values(&[phase]);
        }
        for component in &known.components {
            self.record_trouble(component, 0);
        }
        for source in &known.drift_sources {
            self.drift_events.with_label_values(&[source]).reset();
        }
        self.events.start_at_zero(&known.message_results);
        for action in &known.actions {
            for outcome in &known.outcomes {
                self.actions.with_label_values(&[action, outcome]).reset();
            }
        }
        for (service, operation) in &known.operations {
            self.aws.requests.with_label_values(&[service, operation, "OK"]).reset();
            self.aws.throttled.with_label_values(&[service, operation]).reset();
            self.aws.budget_used.with_label_values(&[service, operation]).set(0.0);
            let _exists = self.aws.request_duration.with_label_values(&[service, operation]);
        }
    }

    /// Memory, CPU and file descriptors, on systems that have `/proc`.
    #[cfg(target_os = "linux")]
    fn register_process(&self) {
        let process = prometheus::process_collector::ProcessCollector::for_self();
        // Refused only when it is there already, and the registry is new.
        let _registered = self.registry.register(Box::new(process));
    }

    #[cfg(not(target_os = "linux"))]
    fn register_process(&self) {}

    /// Replaces what is said of documents. The series of a document that is not in `guardrails` go.
    pub fn record_guardrails(&self, guardrails: &[Guardrail<'_>]) {
        let families = &self.guardrails;
        let by = |value: fn(&Guardrail<'_>) -> f64| {
            guardrails.iter().map(move |each| (vec![each.kind, each.name], value(each)))
        };
        families.in_sync.replace(guardrails.iter().map(|each| {
            (vec![each.kind, each.name, each.mode], f64::from(u8::from(each.in_sync)))
        }));
        families.drifted_objects.replace(by(|each| amount(each.drifted_objects)));
        families.suspended.replace(by(|each| f64::from(u8::from(each.suspended))));
        families.suspended_until.replace(
            guardrails.iter().filter_map(|each| {
                Some((vec![each.kind, each.name], seconds(each.suspended_until?)))
            }),
        );
        families.size_used.replace(
            guardrails
                .iter()
                .filter_map(|each| Some((vec![each.kind, each.name], each.size_used?))),
        );
        families.count(guardrails);
        let now = Instant::now();
        *lock(&self.drifting) = guardrails
            .iter()
            .filter_map(|each| {
                let since = now.checked_sub(each.drift_age?).unwrap_or(now);
                Some(((each.kind.to_owned(), each.name.to_owned()), since))
            })
            .collect();
        self.refresh_drift_ages();
    }

    /// Drift gets older between passes too: an alert on its age must not wait for the next one.
    fn refresh_drift_ages(&self) {
        let drifting = lock(&self.drifting);
        let present = self.guardrails.drifted_objects.present();
        self.guardrails.drift_age.replace(present.iter().map(|labels| {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let since = match labels.as_slice() {
                [kind, name] => drifting.get(&((*kind).to_owned(), (*name).to_owned())),
                _ => None,
            };
            (labels, since.map_or(0.0, |since| since.elapsed().as_secs_f64()))
        }));
    }

    /// How many objects of a kind no document names.
    pub fn record_unmanaged(&self, kind: &str, objects: usize) {
        self.unmanaged_objects.with_label_values(&[kind]).set(amount(objects));
    }

    /// How many changes an obstacle of this kind stands in the way of.
    pub fn record_blocked(&self, reason: &str, actions: usize) {
        self.blocked_actions.with_label_values(&[reason]).set(amount(actions));
    }

    /// Does a plan wait for approval?
    pub fn record_held(&self, plans: usize) {
        self.held_plan.set(amount(plans));
    }

    /// How much is wrong with a part of the daemon.
    pub fn record_trouble(&self, component: &str, troubles: usize) {
        self.troubles.with_label_values(&[component]).set(amount(troubles));
    }

    /// A pass ended.
    pub fn count_pass(&self, result: &str) {
        self.passes.with_label_values(&[result]).inc();
    }

    /// A phase of a pass took this long.
    pub fn record_phase(&self, phase: &str, duration: Duration) {
        self.pass_duration.with_label_values(&[phase]).observe(duration.as_secs_f64());
    }

    /// A pass was successful at `unix_seconds`.
    pub fn record_success(&self, unix_seconds: i64) {
        self.last_successful_pass.set(seconds(unix_seconds));
    }

    /// So many differences appeared in AWS without a change in git; `source` told of them.
    pub fn count_drift_events(&self, source: &str, events: u64) {
        self.drift_events.with_label_values(&[source]).inc_by(events);
    }

    /// An attempt to tell a channel came to this end.
    pub fn count_notification(&self, channel: &str, result: &str) {
        self.notifications.with_label_values(&[channel, result]).inc();
    }

    /// There is a channel: its series begin at 0.
    pub fn expect_notifications<'a>(
        &self,
        channel: &str,
        results: impl IntoIterator<Item = &'a str>,
    ) {
        for result in results {
            let _exists = self.notifications.with_label_values(&[channel, result]);
        }
    }

    /// An action was tried.
    pub fn count_action(&self, action: &str, outcome: &str) {
        self.actions.with_label_values(&[action, outcome]).inc();
    }

    /// AWS answered; `code` is its error code or `OK`.
    pub fn record_request(&self, service: &str, operation: &str, code: &str, took: Duration) {
        self.aws.requests.with_label_values(&[service, operation, code]).inc();
        self.aws
            .request_duration
            .with_label_values(&[service, operation])
            .observe(took.as_secs_f64());
    }

    /// AWS throttled a request.
    pub fn count_throttled(&self, service: &str, operation: &str) {
        self.aws.throttled.with_label_values(&[service, operation]).inc();
    }

    /// Share of an operation's budget that is used up.
    pub fn record_budget(&self, service: &str, operation: &str, used: f64) {
        self.aws.budget_used.with_label_values(&[service, operation]).set(used);
    }

    /// How many problems the desired state in the directory has; valid means none.
    pub fn record_problems(&self, problems: usize) {
        let valid = f64::from(u8::from(problems == 0));
        self.desired_state.valid.replace([(Vec::new(), valid)]);
    }

    /// How many desired states are in force: 1 or 0.
    pub fn record_in_force(&self, states: u8) {
        self.desired_state.in_force.replace([(Vec::new(), f64::from(states))]);
    }

    /// The desired state in force: its revision, and its documents by kind.
    pub fn record_desired_state(&self, revision: &str, documents: &BTreeMap<&str, usize>) {
        self.desired_state.revision.replace([(vec![revision], 1.0)]);
        self.desired_state
            .documents
            .replace(documents.iter().map(|(kind, count)| (vec![*kind], amount(*count))));
    }

    /// How many leaders this replica is: 1 or 0.
    pub fn record_leader(&self, leaders: u8) {
        self.leader.set(f64::from(leaders));
    }

    /// Lets `refresh` update what changes between passes, each time before the text is made.
    pub fn before_rendering(&self, refresh: impl Fn(&Self) + Send + Sync + 'static) {
        lock(&self.refreshers).push(Refresher(Box::new(refresh)));
    }

    /// The text Prometheus reads.
    pub fn render(&self) -> prometheus::Result<Vec<u8>> {
        self.refresh_drift_ages();
        for Refresher(refresh) in lock(&self.refreshers).iter() {
            refresh(self);
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

// === impl DesiredStateFamilies ===

impl DesiredStateFamilies {
    fn new(new: &Building<'_>) -> prometheus::Result<Self> {
        Ok(Self {
            valid: new.family(
                "desired_state_valid",
                "1 while desired state in the directory is valid. None before it was read.",
                &[],
            )?,
            in_force: new.family(
                "desired_state_in_force",
                "1 while there is a desired state to work with, 0 while nothing is watched.",
                &[],
            )?,
            revision: new.family(
                "desired_state_info",
                "The revision of the desired state in force.",
                &["revision"],
            )?,
            documents: new.family(
                "desired_state_documents",
                "Documents in the desired state in force.",
                &["kind"],
            )?,
        })
    }
}

// === impl AwsFamilies ===

impl AwsFamilies {
    fn new(new: &Building<'_>) -> prometheus::Result<Self> {
        let operation = &["service", "operation"];
        Ok(Self {
            requests: new.counters(
                "aws_requests_total",
                "Requests to AWS by error code, `OK` for none.",
                &["service", "operation", "code"],
            )?,
            request_duration: new.histograms(
                "aws_request_duration_seconds",
                "Time until AWS answered.",
                operation,
                REQUEST_BUCKETS,
            )?,
            throttled: new.counters(
                "aws_throttled_total",
                "Requests that AWS throttled.",
                operation,
            )?,
            budget_used: new.gauges(
                "aws_budget_used_ratio",
                "Share of the request budget of an operation that is used up.",
                operation,
            )?,
        })
    }
}

#[cfg(test)]
mod tests;
