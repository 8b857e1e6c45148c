//! What is measured of policy types.

use crate::metrics::Metrics;
use crate::metrics::family::{Building, Family};

#[derive(Debug)]
pub(in crate::metrics) struct PolicyTypeFamilies {
    slots_used: Family,
    enabled: Family,
}

impl PolicyTypeFamilies {
    pub(in crate::metrics) fn new(new: &Building<'_>) -> prometheus::Result<Self> {
        Ok(Self {
            slots_used: new.family(
                "policy_slots_used_ratio",
                "Policies attached to the fullest target, as a share of what is allowed.",
                &["type"],
            )?,
            enabled: new.family(
                "policy_type_enabled",
                "1 while a policy type that desired state needs is switched on.",
                &["type"],
            )?,
        })
    }
}

impl Metrics {
    /// The fullest target of every policy type.
    pub fn record_slots<'a>(&self, used: impl IntoIterator<Item = (&'a str, f64)>) {
        self.policy_types
            .slots_used
            .replace(used.into_iter().map(|(policy_type, ratio)| (vec![policy_type], ratio)));
    }

    /// Which policy types that desired state needs are switched on: 1, or 0.
    pub fn record_policy_types<'a>(&self, enabled: impl IntoIterator<Item = (&'a str, u8)>) {
        let enabled = enabled.into_iter();
        self.policy_types
            .enabled
            .replace(enabled.map(|(policy_type, enabled)| (vec![policy_type], f64::from(enabled))));
    }
}
