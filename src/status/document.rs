//! What is to be said of one document.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{Document, Enforcement};
use crate::desired::Mode;
use crate::org::{DocumentRef, OrgSnapshot};
use crate::plan::BlockedReason;
use crate::status::condition::Finding;
use crate::status::difference::Sighting;
use crate::status::history::turns;
use crate::status::{
    Cause, Circumstances, Condition, ConditionStatus, ConditionType, Difference, DifferenceState,
    DocumentReport, EmergencyReport, ObjectReport, Pass, PolicyReport, Reason, Report, TrailReport,
    scrub,
};

/// What one pass says about one document.
pub(in crate::status) struct Evidence<'a> {
    pub(in crate::status) reference: &'a DocumentRef,
    /// Nothing for a document that is gone and has left something behind.
    pub(in crate::status) document: Option<&'a Document>,
    /// What it differs in.
    pub(in crate::status) sightings: BTreeMap<String, Sighting>,
    /// What concerns it and could not be read, for people.
    pub(in crate::status) unknown: Option<&'a String>,
    pub(in crate::status) size_used: Option<f64>,
    /// What it lies on.
    pub(in crate::status) targets: BTreeSet<String>,
    /// The policies in AWS that say what it says.
    pub(in crate::status) policies: Vec<PolicyReport>,
    /// The objects in accounts that are there for it.
    pub(in crate::status) objects: Vec<ObjectReport>,
    /// Of emergency access: would it work?
    pub(in crate::status) emergency: Option<EmergencyReport>,
    /// Of a trail: does it record, and does that arrive?
    pub(in crate::status) trail: Option<TrailReport>,
}

/// What could not be read, by the documents it concerns; for each the first reason.
pub(in crate::status) fn unknown_by_document<'a>(
    pass: &Pass<'a>,
) -> BTreeMap<&'a DocumentRef, String> {
    let mut unknown = BTreeMap::new();
    let everyone = unknown_to_everyone(pass.snapshot);
    let resources = pass.resources;
    for document in resources.documents.keys() {
        if let Some(why) = &everyone {
            unknown.insert(document, why.clone());
        }
    }
    for (key, policy) in &resources.policies {
        let why = match pass.snapshot.policies.get(&key.policy_type) {
            None => None,
            Some(part) => part.unknown().map(ToString::to_string).or_else(|| {
                let named = part.known()?.values().find(|observed| observed.name == key.name)?;
                let why = named.document.unknown().or_else(|| named.targets.unknown())?;
                Some(why.to_string())
            }),
        };
        if let Some(why) = why {
            for document in policy.served() {
                unknown.entry(document).or_insert_with(|| scrub(&why));
            }
        }
    }
    let services = pass.snapshot.trusted_services.unknown();
    let administrators =
        pass.snapshot.delegated_administrators.values().filter_map(|part| part.unknown());
    if let Some(why) = services.into_iter().chain(administrators).next() {
        let document = &resources.organization_document;
        unknown.entry(document).or_insert_with(|| scrub(&why.to_string()));
    }
    for blocked in &pass.plan.blocked {
        if blocked.reason == BlockedReason::Unknown {
            for document in blocked.documents() {
                unknown.entry(document).or_insert_with(|| scrub(&blocked.message));
            }
        }
    }
    unknown
}

/// Nothing can be said of any document while these are not known.
fn unknown_to_everyone(snapshot: &OrgSnapshot) -> Option<String> {
    let parts = [
        snapshot.caller.unknown(),
        snapshot.organization.unknown(),
        snapshot.root.unknown(),
        snapshot.tree.unknown(),
    ];
    parts.into_iter().flatten().next().map(|why| scrub(&why.to_string()))
}

/// The report on the document that `evidence` is about.
pub(in crate::status) fn report(
    evidence: Evidence<'_>,
    circumstances: &Circumstances,
    previous: Option<&Report>,
) -> DocumentReport {
    let before = previous.and_then(|report| report.document(evidence.reference));
    let cause = cause_of_new(circumstances, previous, before);
    let mut differences: Vec<Difference> = evidence
        .sightings
        .into_iter()
        .map(|(object, sighting)| {
            let known = before.and_then(|report| difference(report, &object));
            Difference {
                change: sighting.change.map(str::to_owned),
                cause: known.map_or(cause, |known| known.cause),
                since: known.map_or(circumstances.now, |known| known.since),
                state: sighting.state,
                detail: sighting.detail,
                by: circumstances
                    .attributions
                    .get(&object)
                    .or(known.and_then(|known| known.by.as_ref()))
                    .cloned(),
                parts: sighting.parts,
                object,
            }
        })
        .collect();
    // What differed before and cannot be seen now has not been seen to be right.
    if evidence.unknown.is_some() {
        let seen: BTreeSet<String> =
            differences.iter().map(|difference| difference.object.clone()).collect();
        let unseen = before.into_iter().flat_map(|report| &report.differences);
        differences.extend(unseen.filter(|each| !seen.contains(&each.object)).cloned());
    }
    let never_known = evidence.unknown.is_some() && before.is_none_or(|report| !report.in_sync);
    let (emergency, trail) = (evidence.emergency, evidence.trail);
    let unready =
        emergency.as_ref().and_then(unready).or_else(|| trail.as_ref().and_then(undelivered));
    let findings = findings(evidence.unknown, evidence.document, &differences, unready);
    let conditions_before = before.map_or(&[][..], |report| &report.conditions);
    let (suspended_until, suspended_because) = suspension(evidence.document);
    let conditions: Vec<Condition> = findings
        .map(|finding| finding.since(conditions_before, &circumstances.digest, circumstances.now))
        .into();
    DocumentReport {
        kind: evidence.reference.kind.clone(),
        name: evidence.reference.name.clone(),
        source: evidence.document.map(|document| document.source.to_string()),
        mode: evidence.document.map_or(Mode::Enforce, |document| document.mode),
        suspended_until,
        suspended_because,
        annotations: annotations(evidence.document),
        in_sync: differences.is_empty() && !never_known,
        differences,
        size_used: evidence.size_used,
        targets: evidence.targets,
        policies: evidence.policies,
        objects: evidence.objects,
        history: turns(&conditions, before, circumstances.now),
        emergency,
        trail,
        conditions,
    }
}

/// A difference that was not there before is drift if nothing but AWS can have caused it: desired
/// state is the same, and the document was in sync or had nothing but drift.
fn cause_of_new(
    circumstances: &Circumstances,
    previous: Option<&Report>,
    before: Option<&DocumentReport>,
) -> Cause {
    let same = previous.is_some_and(|report| report.desired_state.digest == circumstances.digest);
    let explained = before.is_none_or(|report| {
        let drift = report.differences.iter().all(|each| each.cause == Cause::Drift);
        !report.in_sync && (report.differences.is_empty() || !drift)
    });
    if same && !explained { Cause::Drift } else { Cause::Change }
}

fn difference<'a>(report: &'a DocumentReport, object: &str) -> Option<&'a Difference> {
    report.differences.iter().find(|difference| difference.object == object)
}

fn suspension(document: Option<&Document>) -> (Option<jiff::civil::Date>, Option<String>) {
    match document.map(|document| &document.enforcement) {
        Some(Enforcement::Suspended { until, reason }) => (Some(*until), Some(scrub(reason))),
        Some(Enforcement::Enforced | Enforcement::Observed) | None => (None, None),
    }
}

fn annotations(document: Option<&Document>) -> BTreeMap<String, String> {
    let annotations = document.into_iter().flat_map(|document| &document.annotations);
    annotations.map(|(key, value)| (key.clone(), scrub(value))).collect()
}

fn findings(
    unknown: Option<&String>,
    document: Option<&Document>,
    differences: &[Difference],
    unready: Option<String>,
) -> [Finding; 3] {
    let worst = differences.iter().max_by_key(|difference| difference.state);
    let reason = worst.map(|worst| reason(worst.state, document));
    let message = worst.map(|worst| describe(differences.len(), worst)).unwrap_or_default();
    let ready = match (unknown, reason) {
        (Some(why), _) => Finding::new(
            ConditionType::Ready,
            ConditionStatus::Unknown,
            Reason::ObservationIncomplete,
            why.as_str(),
        ),
        (None, Some(reason)) => {
            Finding::new(ConditionType::Ready, ConditionStatus::False, reason, message.as_str())
        }
        (None, None) => match unready {
            Some(why) => {
                let (status, reason) = (ConditionStatus::False, Reason::NotReady);
                Finding::new(ConditionType::Ready, status, reason, why)
            }
            None => Finding::new(ConditionType::Ready, ConditionStatus::True, Reason::InSync, ""),
        },
    };
    [ready, reconciling(unknown, differences), stalled(reason, worst, message)]
}

/// What keeps emergency access from working although every object is as declared.
fn unready(emergency: &EmergencyReport) -> Option<String> {
    let first = emergency.reasons.first().map(String::as_str).unwrap_or_default();
    match emergency.lacking {
        _ if emergency.ready => None,
        0 | 1 => Some(format!("emergency access would not work: {first}")),
        many => Some(format!("emergency access would not work for {many} reasons: {first}")),
    }
}

/// What keeps what a trail records from arriving although every object is as declared.
fn undelivered(trail: &TrailReport) -> Option<String> {
    (!trail.reasons.is_empty()).then(|| trail.reasons.join("; "))
}

fn reconciling(unknown: Option<&String>, differences: &[Difference]) -> Finding {
    let is = |state| differences.iter().any(|difference| difference.state == state);
    let (status, reason) = if is(DifferenceState::Retrying) || unknown.is_some() {
        (ConditionStatus::True, Reason::ProgressingWithRetry)
    } else if differences.iter().any(|difference| difference.state.is_settling()) {
        (ConditionStatus::True, Reason::Progressing)
    } else {
        (ConditionStatus::False, Reason::Idle)
    };
    Finding::new(ConditionType::Reconciling, status, reason, "")
}

fn stalled(reason: Option<Reason>, worst: Option<&Difference>, message: String) -> Finding {
    let stalled = worst.is_some_and(|worst| worst.state.needs_person());
    match (stalled, reason) {
        (true, Some(reason)) => {
            Finding::new(ConditionType::Stalled, ConditionStatus::True, reason, message)
        }
        (true | false, _) => {
            Finding::new(ConditionType::Stalled, ConditionStatus::False, Reason::NotStalled, "")
        }
    }
}

fn reason(state: DifferenceState, document: Option<&Document>) -> Reason {
    match state {
        DifferenceState::Reported => match document.map(|document| &document.enforcement) {
            Some(Enforcement::Suspended { .. }) => Reason::Suspended,
            Some(Enforcement::Observed | Enforcement::Enforced) | None => Reason::ObserveOnly,
        },
        DifferenceState::Pending => Reason::Drifted,
        DifferenceState::Changed | DifferenceState::Confirming | DifferenceState::InProgress => {
            Reason::Progressing
        }
        DifferenceState::Retrying => Reason::ProgressingWithRetry,
        DifferenceState::AwaitingApproval => Reason::AwaitingApproval,
        DifferenceState::Blocked => Reason::Blocked,
        DifferenceState::Refused => Reason::Refused,
    }
}

fn describe(count: usize, worst: &Difference) -> String {
    let objects = if count == 1 { "1 object differs" } else { &format!("{count} objects differ") };
    let waits = match worst.state {
        DifferenceState::AwaitingApproval => "waits for approval: ",
        DifferenceState::Reported
        | DifferenceState::Pending
        | DifferenceState::Confirming
        | DifferenceState::Changed
        | DifferenceState::InProgress
        | DifferenceState::Retrying
        | DifferenceState::Blocked
        | DifferenceState::Refused => "",
    };
    format!("{objects}: `{}`: {waits}{}", worst.object, worst.detail)
}
