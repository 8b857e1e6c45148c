//! What is to be said of trails: do they record, and does what they record arrive?

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::compile::DesiredTrail;
use crate::org::{
    DocumentRef, ObjectKey, ObjectKind, ObjectState, OrgSnapshot, TrailDelivery, TrailState,
};
use crate::status::{Circumstances, Pass, Report, scrub};

/// Digest files come once an hour, also when no log file came ("`CloudTrail` digest file structure").
const DIGEST_SECONDS: u32 = 60 * 60;

/// How a trail stands, as last known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrailReport {
    /// Does it record? Nothing while that was never seen.
    pub logging: Option<bool>,
    /// When it last began to record.
    pub started: Option<Timestamp>,
    /// When it last ceased to; nothing was recorded from then until `started`, if that is later.
    pub stopped: Option<Timestamp>,
    /// When log files were last delivered.
    pub last_delivery: Option<Timestamp>,
    /// When a digest file was last delivered.
    pub last_digest: Option<Timestamp>,
    /// How long ago log files may last have been delivered, in seconds.
    pub delivery_age_seconds_max: u32,
    /// What S3 or KMS answered when files were last delivered, for people.
    #[serde(default)]
    pub errors: Vec<String>,
    /// What is wrong with its deliveries although it records, for people: `errors`, and what is late.
    pub reasons: Vec<String>,
}

impl TrailReport {
    /// Between which times it last recorded nothing, if it records again.
    pub fn gap(&self) -> Option<(Timestamp, Timestamp)> {
        let gap = self.stopped.zip(self.started);
        gap.filter(|(stopped, started)| self.logging == Some(true) && stopped < started)
    }
}

/// How the trail of every document stands.
pub(in crate::status) fn reports(
    pass: &Pass<'_>,
    circumstances: &Circumstances,
    previous: Option<&Report>,
) -> BTreeMap<DocumentRef, TrailReport> {
    let declared = pass.resources.logging_trails.iter();
    declared
        .map(|desired| {
            let document = &desired.header.document;
            let before = previous.and_then(|report| report.document(document));
            let before = before.and_then(|report| report.trail.as_ref());
            let management = pass.resources.management_account.clone();
            let key = ObjectKey {
                account: management,
                region: Some(desired.home_region.clone()),
                kind: ObjectKind::Trail,
                name: desired.trail_name.clone(),
            };
            (document.clone(), report(desired, &key, pass.snapshot, circumstances.now, before))
        })
        .collect()
}

fn report(
    desired: &DesiredTrail,
    key: &ObjectKey,
    snapshot: &OrgSnapshot,
    now: Timestamp,
    before: Option<&TrailReport>,
) -> TrailReport {
    let found = snapshot.objects.get(key).and_then(|part| part.known());
    let trail = match found {
        // What cannot be read is as it was when it last could.
        None => return unseen(desired, now, before),
        Some(Some(ObjectState::Trail(trail))) => Some(trail),
        Some(_) => None,
    };
    let delivery = trail.and_then(|trail| trail.delivery.as_ref());
    let mut report = TrailReport {
        logging: Some(trail.is_some_and(|trail: &TrailState| trail.is_logging)),
        started: delivery.and_then(|delivery| delivery.started),
        stopped: delivery.and_then(|delivery| delivery.stopped),
        last_delivery: delivery.and_then(|delivery| delivery.delivered),
        last_digest: delivery.and_then(|delivery| delivery.digested),
        delivery_age_seconds_max: desired.delivery_age_seconds_max,
        errors: delivery.map(errors).unwrap_or_default(),
        reasons: Vec::new(),
    };
    report.reasons = reasons(&report, desired, now);
    report
}

fn unseen(desired: &DesiredTrail, now: Timestamp, before: Option<&TrailReport>) -> TrailReport {
    let unknown = TrailReport {
        logging: None,
        started: None,
        stopped: None,
        last_delivery: None,
        last_digest: None,
        delivery_age_seconds_max: desired.delivery_age_seconds_max,
        errors: Vec::new(),
        reasons: Vec::new(),
    };
    let before = before.cloned().unwrap_or(unknown);
    let delivery_age_seconds_max = desired.delivery_age_seconds_max;
    let mut report = TrailReport { delivery_age_seconds_max, ..before };
    report.reasons = reasons(&report, desired, now);
    report
}

fn reasons(report: &TrailReport, desired: &DesiredTrail, now: Timestamp) -> Vec<String> {
    report.errors.iter().cloned().chain(lateness(report, desired, now)).collect()
}

/// What S3 or KMS answers when files are delivered. Their codes only: what AWS adds names other things.
fn errors(delivery: &TrailDelivery) -> Vec<String> {
    let said = |what: &str, code: &Option<String>| {
        let code = code.as_ref()?;
        Some(scrub(&format!("{what} cannot be delivered: {code}")))
    };
    let all = [said("log files", &delivery.error), said("digest files", &delivery.digest_error)];
    all.into_iter().flatten().collect()
}

/// What has not come for too long, counted from when the trail last began to record: what was not recorded
/// cannot come. Says nothing of a trail that does not record, which is drift.
fn lateness(
    report: &TrailReport,
    desired: &DesiredTrail,
    now: Timestamp,
) -> impl Iterator<Item = String> {
    let records = report.logging == Some(true);
    let late = |what: &str, last: Option<Timestamp>, age_seconds_max: u32| {
        let since = last.max(report.started)?;
        let age = now.duration_since(since);
        if !records || age <= SignedDuration::from_secs(age_seconds_max.into()) {
            return None;
        }
        let limit = SignedDuration::from_secs(age_seconds_max.into());
        Some(match last {
            Some(last) => format!("{what} were last delivered at {last}, more than {limit:#} ago"),
            None => format!("no {what} were delivered since it was started at {since}"),
        })
    };
    let age_max = report.delivery_age_seconds_max;
    let digest_age_max = age_max.saturating_add(DIGEST_SECONDS);
    let digests =
        desired.validates_files.then(|| late("digest files", report.last_digest, digest_age_max));
    [late("log files", report.last_delivery, age_max), digests.flatten()].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::Timestamp;

    use crate::compile::DesiredTrail;
    use crate::desired::{DesiredArchive, DocumentHeader, Mode, Source};
    use crate::org::{
        DocumentRef, EventSelector, ObjectKey, ObjectKind, ObjectState, OrgSnapshot, Part, Region,
        TrailCover, TrailDelivery, TrailSettings, TrailState, Unknown,
    };
    use crate::status::trail::{TrailReport, report};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
    }

    fn desired() -> DesiredTrail {
        DesiredTrail {
            header: DocumentHeader {
                document: DocumentRef { kind: "LoggingTrail".into(), name: "trail".into() },
                annotations: BTreeMap::new(),
                mode: Mode::Enforce,
                suspend: None,
                prune: true,
                source: Source { file: "trail.yaml".into(), line: 1, column: 1 },
            },
            trail_name: "acme".into(),
            home_region: Region::new("eu-west-1"),
            selectors: [EventSelector::management()].into(),
            insights: BTreeSet::new(),
            validates_files: true,
            delivery_age_seconds_max: 3600,
            is_verified_only: false,
            archive: DesiredArchive {
                account: "222222222222".parse().unwrap(),
                bucket: "acme-logs".into(),
                region: Region::new("eu-west-1"),
                prefix: None,
                kms_key: None,
                queryable_days: None,
                retain_days: None,
                retention: None,
            },
        }
    }

    fn trail(is_logging: bool, delivery: TrailDelivery) -> Part<Option<ObjectState>> {
        Part::Known(Some(ObjectState::Trail(TrailState {
            settings: TrailSettings {
                bucket: "acme-logs".into(),
                prefix: None,
                kms_key: None,
                covers: [TrailCover::Organization].into(),
                validates_files: true,
            },
            selectors: BTreeSet::new(),
            insights: BTreeSet::new(),
            is_logging,
            tags: BTreeMap::new(),
            delivery: Some(delivery),
        })))
    }

    /// Delivers both kinds of files since a while, the last at `minute`.
    fn delivering(minute: i64) -> TrailDelivery {
        let last = Some(at(minute));
        TrailDelivery {
            started: Some(at(0)),
            delivered: last,
            digested: last,
            ..Default::default()
        }
    }

    fn seen(
        found: Part<Option<ObjectState>>,
        minute: i64,
        before: Option<&TrailReport>,
    ) -> TrailReport {
        let key = ObjectKey {
            account: "111111111111".parse().unwrap(),
            region: Some(Region::new("eu-west-1")),
            kind: ObjectKind::Trail,
            name: "acme".into(),
        };
        let mut snapshot = OrgSnapshot::unread();
        snapshot.objects.insert(key.clone(), found);
        report(&desired(), &key, &snapshot, at(minute), before)
    }

    #[test]
    fn a_trail_that_delivers_in_time_is_well() {
        let report = seen(trail(true, delivering(100)), 150, None);
        assert_eq!((report.logging, report.reasons), (Some(true), vec![]));
        assert_eq!(report.last_delivery, Some(at(100)));
    }

    #[test]
    fn log_files_are_late_after_the_age_that_the_document_allows() {
        let on_time = seen(trail(true, delivering(100)), 160, None);
        assert_eq!(on_time.reasons, Vec::<String>::new());
        let late = seen(trail(true, delivering(100)), 161, None);
        assert_eq!(late.reasons.len(), 1, "{late:?}");
        assert!(late.reasons[0].starts_with("log files were last delivered at "), "{late:?}");
    }

    #[test]
    fn digest_files_have_an_hour_more() {
        let digested = TrailDelivery { digested: Some(at(0)), ..delivering(121) };
        let late = seen(trail(true, digested.clone()), 121, None);
        assert_eq!(late.reasons.len(), 1, "{late:?}");
        assert!(late.reasons[0].starts_with("digest files "), "{late:?}");
        assert!(seen(trail(true, digested), 120, None).reasons.is_empty());
    }

    #[test]
    fn a_trail_that_has_just_been_started_is_not_late() {
        let old = TrailDelivery { started: Some(at(1000)), ..delivering(0) };
        assert!(seen(trail(true, old.clone()), 1060, None).reasons.is_empty());
        let never = TrailDelivery { delivered: None, digested: None, ..old };
        let late = seen(trail(true, never), 1061, None);
        assert!(late.reasons[0].starts_with("no log files were delivered since"), "{late:?}");
    }

    #[test]
    fn a_trail_that_does_not_record_is_drift_and_not_late() {
        let stopped = TrailDelivery { stopped: Some(at(100)), ..delivering(90) };
        let report = seen(trail(false, stopped), 5000, None);
        assert_eq!((report.logging, report.reasons), (Some(false), vec![]));
        assert_eq!(seen(Part::Known(None), 0, None).logging, Some(false));
    }

    #[test]
    fn what_s3_and_kms_refuse_is_told() {
        let error = Some("AccessDenied".to_owned());
        let refused = TrailDelivery { error, ..delivering(100) };
        let report = seen(trail(true, refused), 101, None);
        assert_eq!(report.reasons, ["log files cannot be delivered: AccessDenied"]);
        let unread =
            Part::Unknown(Unknown { operation: "GetTrailStatus".into(), reason: "no".into() });
        assert_eq!(seen(unread, 102, Some(&report)).reasons, report.reasons, "nobody saw it cured");
    }

    #[test]
    fn the_gap_is_told_once_the_trail_records_again() {
        let stopped = TrailDelivery { stopped: Some(at(10)), ..delivering(9) };
        assert_eq!(seen(trail(false, stopped.clone()), 11, None).gap(), None);
        let again = TrailDelivery { started: Some(at(15)), ..stopped };
        assert_eq!(seen(trail(true, again), 16, None).gap(), Some((at(10), at(15))));
    }

    #[test]
    fn a_trail_that_cannot_be_read_is_as_it_was_last_seen_and_gets_late() {
        let unread = || {
            Part::Unknown(Unknown { operation: "GetTrailStatus".into(), reason: "denied".into() })
        };
        assert_eq!(seen(unread(), 0, None).logging, None, "never seen");
        let before = seen(trail(true, delivering(100)), 101, None);
        let report = seen(unread(), 110, Some(&before));
        assert_eq!((report.logging, report.last_delivery), (Some(true), Some(at(100))));
        assert!(report.reasons.is_empty());
        assert_eq!(seen(unread(), 1000, Some(&before)).reasons.len(), 2);
    }
}
