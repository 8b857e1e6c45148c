//! The series of each document of desired state. They go when the document goes.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use prometheus::IntCounterVec;

use crate::metrics::family::{Building, Family, lock};

/// One document of desired state, as a pass left it.
#[derive(Debug, Clone, PartialEq)]
pub struct Guardrail<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its mode.
    pub mode: &'a str,
    /// Is AWS as it says?
    pub in_sync: bool,
    /// Objects that are not.
    pub drifted_objects: usize,
    /// Age of the oldest difference.
    pub drift_age: Option<Duration>,
    /// Is it suspended?
    pub suspended: bool,
    /// When its suspension ends, in seconds since 1970.
    pub suspended_until: Option<i64>,
    /// Differences that appeared since the pass before.
    pub detected: u64,
    /// Differences that palisade removed since the pass before.
    pub repaired: u64,
    /// Size of its policy, as a share of what is allowed.
    pub size_used: Option<f64>,
}

#[derive(Debug)]
pub(in crate::metrics) struct GuardrailFamilies {
    pub(in crate::metrics) in_sync: Family,
    pub(in crate::metrics) drifted_objects: Family,
    pub(in crate::metrics) drift_age: Family,
    pub(in crate::metrics) suspended: Family,
    pub(in crate::metrics) suspended_until: Family,
    pub(in crate::metrics) size_used: Family,
    pub(in crate::metrics) detected: IntCounterVec,
    pub(in crate::metrics) repaired: IntCounterVec,
    pub(in crate::metrics) counted: Mutex<BTreeSet<Vec<String>>>,
}

impl GuardrailFamilies {
    pub(in crate::metrics) fn new(new: &Building<'_>) -> prometheus::Result<Self> {
        let document = &["kind", "name"];
        Ok(Self {
            in_sync: new.family(
                "guardrail_in_sync",
                "1 while AWS is as the document says, as last known. The mode is `observe` too while the daemon observes.",
                &["kind", "name", "mode"],
            )?,
            drifted_objects: new.family(
                "guardrail_drifted_objects",
                "Objects that are not as the document says.",
                document,
            )?,
            drift_age: new.family(
                "guardrail_drift_age_seconds",
                "Age of the oldest difference from the document, 0 without one.",
                document,
            )?,
            suspended: new.family(
                "guardrail_suspended",
                "1 while the document is suspended.",
                document,
            )?,
            suspended_until: new.family(
                "guardrail_suspended_until_timestamp_seconds",
                "When the suspension of the document ends.",
                document,
            )?,
            size_used: new.family(
                "policy_size_used_ratio",
                "Size of the policy, as a share of what is allowed.",
                document,
            )?,
            detected: new.counters(
                "drift_detected_total",
                "Differences that appeared in AWS without a change in git.",
                document,
            )?,
            repaired: new.counters(
                "drift_repaired_total",
                "Differences that palisade removed and a later pass found gone.",
                document,
            )?,
            counted: Mutex::default(),
        })
    }

    pub(in crate::metrics) fn count(&self, guardrails: &[Guardrail<'_>]) {
        let mut present = BTreeSet::new();
        for each in guardrails {
            let labels = [each.kind, each.name];
            self.detected.with_label_values(&labels).inc_by(each.detected);
            self.repaired.with_label_values(&labels).inc_by(each.repaired);
            present.insert(labels.map(str::to_owned).to_vec());
        }
        let mut counted = lock(&self.counted);
        for gone in counted.difference(&present) {
            let _absent = self.detected.remove_label_values(gone);
            let _absent = self.repaired.remove_label_values(gone);
        }
        *counted = present;
    }
}
