//! What is measured of Regions.

use prometheus::Gauge;

use crate::metrics::Metrics;
use crate::metrics::family::{Building, Family, amount};

const DAY_SECONDS: f64 = 24.0 * 60.0 * 60.0;

#[derive(Debug)]
pub(in crate::metrics) struct RegionFamilies {
    list_age: Family,
    list_age_max: Family,
    unclassified: Gauge,
}

impl RegionFamilies {
    pub(in crate::metrics) fn new(new: &Building<'_>) -> prometheus::Result<Self> {
        Ok(Self {
            list_age: new.family(
                "region_list_age_seconds",
                "Age of the list of services without a Region, if a document uses it.",
                &[],
            )?,
            list_age_max: new.family(
                "region_list_max_age_seconds",
                "Age that the documents allow that list to have.",
                &[],
            )?,
            unclassified: new.gauge(
                "region_unclassified",
                "Regions that AWS has opened and that no document decides about.",
            )?,
        })
    }
}

impl Metrics {
    /// How many Regions there are that no document decides about.
    pub fn record_unclassified_regions(&self, regions: usize) {
        self.regions.unclassified.set(amount(regions));
    }

    /// How old the list of services without a Region is and may be, in days; nothing if no document uses it.
    pub fn record_region_list(&self, days: Option<(u32, u32)>) {
        let age = days.map(|(age, _)| (Vec::new(), f64::from(age) * DAY_SECONDS));
        let age_max = days.map(|(_, age_max)| (Vec::new(), f64::from(age_max) * DAY_SECONDS));
        self.regions.list_age.replace(age);
        self.regions.list_age_max.replace(age_max);
    }
}
