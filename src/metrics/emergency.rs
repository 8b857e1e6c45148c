//! The series of emergency access. They go when its document goes.

use crate::metrics::Metrics;
use crate::metrics::family::{Building, Family, amount, seconds};

/// The emergency access of one document, as a pass left it.
#[derive(Debug, Clone, PartialEq)]
pub struct Emergency<'a> {
    /// The document's name.
    pub name: &'a str,
    /// Would it work?
    pub ready: bool,
    /// Accounts that it is to reach.
    pub accounts: usize,
    /// Those of them that it reaches.
    pub accounts_ready: usize,
    /// When it was last shown to work, in seconds since 1970; nothing if never.
    pub last_drill: Option<i64>,
    /// How long ago that may be, in seconds.
    pub drill_age_max: u32,
    /// When an operator last signed in, in seconds since 1970; nothing if never.
    pub last_sign_in: Option<i64>,
    /// When the access of the next operator ends, in seconds since 1970; nothing if nobody's does.
    pub next_expiry: Option<i64>,
    /// Has somebody declared an incident in which use is expected?
    pub incident_open: bool,
    /// When the certificate of the identity provider ends, in seconds since 1970; nothing if none is known.
    pub certificate_ends: Option<i64>,
}

#[derive(Debug)]
pub(in crate::metrics) struct EmergencyFamilies {
    ready: Family,
    accounts: Family,
    accounts_ready: Family,
    last_drill: Family,
    drill_age_max: Family,
    last_sign_in: Family,
    next_expiry: Family,
    certificate_ends: Family,
    incident_open: Family,
}

impl EmergencyFamilies {
    pub(in crate::metrics) fn new(new: &Building<'_>) -> prometheus::Result<Self> {
        const NAME: &[&str] = &["name"];
        Ok(Self {
            ready: new.family(
                "break_glass_ready",
                "1 while emergency access would work, as far as can be seen.",
                NAME,
            )?,
            accounts: new.family(
                "break_glass_accounts",
                "Accounts that emergency access is to reach.",
                NAME,
            )?,
            accounts_ready: new.family(
                "break_glass_accounts_ready",
                "Accounts that emergency access would reach.",
                NAME,
            )?,
            last_drill: new.family(
                "break_glass_last_drill_timestamp_seconds",
                "When emergency access was last shown to work; 0 if never.",
                NAME,
            )?,
            drill_age_max: new.family(
                "break_glass_drill_max_age_seconds",
                "How long ago the last drill may be.",
                NAME,
            )?,
            last_sign_in: new.family(
                "break_glass_last_sign_in_timestamp_seconds",
                "When an operator last signed in, as far as IAM tells; 0 if never.",
                NAME,
            )?,
            next_expiry: new.family(
                "break_glass_operator_expiry_timestamp_seconds",
                "When the access of the next operator ends; no series while nobody's does.",
                NAME,
            )?,
            incident_open: new.family(
                "break_glass_incident_open",
                "1 while an incident is declared in which the use of emergency access is expected.",
                NAME,
            )?,
            certificate_ends: new.family(
                "break_glass_certificate_expiry_timestamp_seconds",
                "When the certificate of the identity provider ends; no series where none can be read.",
                NAME,
            )?,
        })
    }
}

impl Metrics {
    /// Replaces what is said of emergency access. The series of a document that is not in `all` go.
    pub fn record_emergency(&self, all: &[Emergency<'_>]) {
        let families = &self.emergency;
        let by = |value: fn(&Emergency<'_>) -> f64| {
            all.iter().map(move |each| (vec![each.name], value(each)))
        };
        families.ready.replace(by(|each| f64::from(u8::from(each.ready))));
        families.accounts.replace(by(|each| amount(each.accounts)));
        families.accounts_ready.replace(by(|each| amount(each.accounts_ready)));
        families.last_drill.replace(by(|each| seconds(each.last_drill.unwrap_or_default())));
        families.drill_age_max.replace(by(|each| f64::from(each.drill_age_max)));
        let known = |time: fn(&Emergency<'_>) -> Option<i64>| {
            all.iter().filter_map(move |each| Some((vec![each.name], seconds(time(each)?))))
        };
        // From 0 on, since `changes()` of a series that is new is 0: the first use would alert nobody.
        families.last_sign_in.replace(by(|each| seconds(each.last_sign_in.unwrap_or_default())));
        families.next_expiry.replace(known(|each| each.next_expiry));
        families.incident_open.replace(by(|each| f64::from(u8::from(each.incident_open))));
        families.certificate_ends.replace(known(|each| each.certificate_ends));
    }
}
