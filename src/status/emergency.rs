//! What is to be said of emergency access: would it work, was it used, when was that last tried.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::compile::DesiredBreakGlass;
use crate::desired::FailureMode;
use crate::org::DocumentRef;
use crate::readiness::{Check, Readiness, examine};
use crate::status::{Circumstances, DocumentReport, Pass, Report, scrub};

/// The annotation in which git keeps the day, or the time, of the last drill.
pub const LAST_DRILL_ANNOTATION: &str = "palisade/last-drill";

/// Reasons that are listed. `palisade drill break-glass` lists all.
const LACKING_MAX: usize = 20;

/// How emergency access stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmergencyReport {
    /// Would it work, as far as can be seen?
    pub ready: bool,
    /// Accounts that it is to reach.
    pub accounts: usize,
    /// Those of them that it reaches.
    pub accounts_ready: usize,
    /// How many parts of the chain do not hold, or could not be seen.
    pub lacking: usize,
    /// The first of them, and why.
    pub reasons: Vec<String>,
    /// When an operator last signed in, as far as IAM tells.
    pub last_sign_in: Option<Timestamp>,
    /// Has somebody signed in since the pass before?
    pub used: bool,
    /// When it was last shown to work.
    pub last_drill: Option<Timestamp>,
    /// How long ago that may be, in seconds.
    pub drill_age_seconds_max: u32,
    /// The day on which the access of the next operator ends, if anybody's does.
    pub next_expiry: Option<Date>,
    /// The incident in which its use is expected, if one is declared.
    pub incident: Option<String>,
    /// When the certificate of the identity provider ends, if there is one that can be read.
    pub certificate_ends: Option<Timestamp>,
    /// The failures for which it is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failure_modes: Vec<FailureModeReport>,
    /// Who may say that it is an emergency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
}

/// A failure for which emergency access is there, as its document has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureModeReport {
    /// Its id.
    pub id: String,
    /// What happens.
    pub description: String,
    /// How somebody makes sure of it.
    pub confirmation: String,
    /// Where it is written what to do.
    pub runbook: String,
}

/// How the emergency access of every document stands.
pub(in crate::status) fn reports(
    pass: &Pass<'_>,
    circumstances: &Circumstances,
    previous: Option<&Report>,
) -> BTreeMap<DocumentRef, EmergencyReport> {
    let examined = examine(pass.resources, pass.snapshot, circumstances.now);
    let declared = pass.resources.break_glass.iter();
    declared
        .map(|desired| {
            let document = &desired.header.document;
            let readiness = examined.iter().find(|readiness| readiness.document == *document);
            let before = previous
                .and_then(|report| report.document(document))
                .and_then(|report: &DocumentReport| report.emergency.as_ref());
            (document.clone(), report(desired, readiness, circumstances, before))
        })
        .collect()
}

fn report(
    desired: &DesiredBreakGlass,
    readiness: Option<&Readiness>,
    circumstances: &Circumstances,
    before: Option<&EmergencyReport>,
) -> EmergencyReport {
    let last_drill = last_drill(desired, circumstances);
    let drill_age_seconds_max = desired.drill_age_seconds_max;
    let certificate_ends = desired.saml.as_ref().and_then(|saml| saml.certificate_ends);
    let incident = desired.incident.as_ref().map(|incident| incident.id.clone());
    let failure_modes: Vec<FailureModeReport> =
        desired.failure_modes.iter().map(declared).collect();
    let approvers: Vec<String> = desired.approvers.iter().map(|each| scrub(each)).collect();
    let known_sign_in = before.and_then(|before| before.last_sign_in);
    let Some(readiness) = readiness else {
        return EmergencyReport {
            ready: false,
            accounts: before.map_or(0, |before| before.accounts),
            accounts_ready: 0,
            lacking: 1,
            reasons: vec!["the accounts of the organization are not known".to_owned()],
            last_sign_in: known_sign_in,
            used: false,
            last_drill,
            drill_age_seconds_max,
            next_expiry: desired.next_expiry(),
            incident,
            certificate_ends,
            failure_modes,
            approvers,
        };
    };
    let seen = readiness.last_sign_in.and_then(|at| Timestamp::from_second(at).ok());
    // Users that cannot be read now have not unsigned.
    let last_sign_in = seen.max(known_sign_in);
    let lacking: Vec<&Check> = readiness.lacking().collect();
    EmergencyReport {
        ready: lacking.is_empty(),
        accounts: readiness.accounts,
        accounts_ready: readiness.accounts_ready,
        lacking: lacking.len(),
        reasons: lacking.iter().take(LACKING_MAX).map(|check| said(check)).collect(),
        last_sign_in,
        // What was there when the daemon began was not used under its eyes.
        used: before.is_some() && last_sign_in > known_sign_in,
        last_drill,
        drill_age_seconds_max,
        next_expiry: desired.next_expiry(),
        incident,
        certificate_ends,
        failure_modes,
        approvers,
    }
}

fn declared(mode: &FailureMode) -> FailureModeReport {
    FailureModeReport {
        id: mode.id.clone(),
        description: scrub(&mode.description),
        confirmation: scrub(&mode.confirmation),
        runbook: mode.runbook.clone(),
    }
}

fn said(Check { subject, verdict }: &Check) -> String {
    scrub(&format!("{subject}: {}", verdict.reason().unwrap_or_default()))
}

/// The later of what git and the data directory say.
fn last_drill(desired: &DesiredBreakGlass, circumstances: &Circumstances) -> Option<Timestamp> {
    let written = desired.header.annotations.get(LAST_DRILL_ANNOTATION);
    let written = written.and_then(|text| moment(text));
    let recorded = circumstances.drills.get(&desired.header.document).copied();
    // One that is still to come proves nothing.
    let past = [written, recorded].into_iter().flatten().filter(|at| *at <= circumstances.now);
    past.max()
}

fn moment(text: &str) -> Option<Timestamp> {
    let of_day = |day: Date| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
    text.parse().ok().or_else(|| of_day(text.parse().ok()?))
}
