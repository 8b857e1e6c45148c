//! The series of trails. They go when their document goes.

use crate::metrics::Metrics;
use crate::metrics::family::{Building, Family, amount, seconds};

/// The trail of one document, as a pass left it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trail<'a> {
    /// The document's name.
    pub name: &'a str,
    /// Does it record, as last known? Nothing while that was never seen.
    pub logging: Option<bool>,
    /// When log files were last delivered, in seconds since 1970; nothing if they never were.
    pub last_delivery: Option<i64>,
    /// How long ago that may be, in seconds.
    pub delivery_age_max: u32,
    /// Kinds of files that do not arrive as they should.
    pub delivery_failures: usize,
}

#[derive(Debug)]
pub(in crate::metrics) struct TrailFamilies {
    logging: Family,
    last_delivery: Family,
    delivery_age_max: Family,
    delivery_failures: Family,
}

impl TrailFamilies {
    pub(in crate::metrics) fn new(new: &Building<'_>) -> prometheus::Result<Self> {
        const NAME: &[&str] = &["name"];
        Ok(Self {
            logging: new.family(
                "trail_logging",
                "1 while the trail records, as last known.",
                NAME,
            )?,
            last_delivery: new.family(
                "trail_last_delivery_timestamp_seconds",
                "When the trail last delivered log files.",
                NAME,
            )?,
            delivery_age_max: new.family(
                "trail_delivery_max_age_seconds",
                "How long ago the last delivery of log files may be.",
                NAME,
            )?,
            delivery_failures: new.family(
                "trail_delivery_failures",
                "Kinds of files, of logs and of digests, that are late or cannot be delivered.",
                NAME,
            )?,
        })
    }
}

impl Metrics {
    /// Replaces what is said of trails. The series of a document that is not in `all` go.
    pub fn record_trails(&self, all: &[Trail<'_>]) {
        let families = &self.trails;
        let by = |value: fn(&Trail<'_>) -> Option<f64>| {
            all.iter().filter_map(move |each| Some((vec![each.name], value(each)?)))
        };
        families.logging.replace(by(|each| Some(f64::from(u8::from(each.logging?)))));
        families.last_delivery.replace(by(|each| Some(seconds(each.last_delivery?))));
        families.delivery_age_max.replace(by(|each| Some(f64::from(each.delivery_age_max))));
        families.delivery_failures.replace(by(|each| Some(amount(each.delivery_failures))));
    }
}
