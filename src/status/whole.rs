//! What is to be said of all documents together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::desired::Mode;
use crate::org::DocumentRef;
use crate::plan::{Blocked, Plan, UnmanagedKind};
use crate::status::condition::Finding;
use crate::status::difference::find;
use crate::status::document::{Evidence, report, unknown_by_document};
use crate::status::practice::practices;
use crate::status::{
    Abstention, Acted, BlockedReport, Cause, Circumstances, Condition, ConditionStatus,
    ConditionType, DesiredStateReport, Difference, DifferenceState, DocumentReport, DriftReport,
    HeldReport, Pass, PassReport, PassResult, PhaseSeconds, Problem, Reason, RegionListReport,
    Report, UnknownReport, UnmanagedReport, capacity, emergency, history, objects, policies, scrub,
    trail, tree,
};

/// Ids of unmanaged objects that are listed. Enough to recognize what they are; `plan` lists all.
const UNMANAGED_IDS_MAX: usize = 100;

/// Parts that are listed when many cannot be read for one reason.
const UNKNOWN_PARTS_MAX: usize = 10;

/// Documents that a condition of the whole names. Their own conditions say the rest.
const DOCUMENTS_NAMED_MAX: usize = 5;

pub(in crate::status) fn summarize(
    pass: &Pass<'_>,
    circumstances: &Circumstances,
    previous: Option<&Report>,
) -> Report {
    let documents = documents(pass, circumstances, previous);
    let unknown = unknown(pass);
    let result = result(pass, &documents, &unknown);
    let last_success = match previous {
        _ if result.is_success() => Some(circumstances.now),
        Some(report) => report.last_success,
        None => None,
    };
    let last_pass = PassReport {
        at: circumstances.now,
        wake: circumstances.wake,
        result,
        took: pass.took,
        actions: pass.plan.actions.len(),
        outcomes: outcomes(pass.acted),
        reported: pass.plan.reported.len(),
        detected: detected(&documents, previous),
        repaired: repaired(&documents, previous),
    };
    Report {
        organization_id: Some(pass.resources.organization_id.clone()),
        mode: circumstances.mode,
        leader: circumstances.leader,
        in_sync: documents.iter().all(|document| document.in_sync),
        conditions: conditions(&documents, circumstances, previous),
        desired_state: desired_state(circumstances),
        tree: tree::tree(pass),
        passes: history::passes(&last_pass, circumstances.revision.as_ref(), previous),
        happenings: history::happenings(&last_pass, &documents, circumstances, previous),
        practices: practices(&circumstances.practices, &documents),
        last_pass,
        last_success,
        held: held(pass.plan, circumstances.mode),
        blocked: blocked(pass.plan),
        unknown,
        unmanaged: unmanaged(pass.plan),
        policy_slots_used: capacity::slots_used(pass, previous),
        policy_types_enabled: capacity::types_enabled(pass, previous),
        region_list: region_list(pass, circumstances),
        troubles: circumstances.troubles.clone(),
        documents,
    }
}

pub(in crate::status) fn without_desired_state(
    circumstances: &Circumstances,
    previous: Option<&Report>,
) -> Report {
    let message = circumstances.problems.first().map_or_else(
        || "no desired state has been read".to_owned(),
        |problem| format!("{}: {}", problem.at, problem.message),
    );
    let find = |kind, status| Finding::new(kind, status, Reason::NoDesiredState, message.clone());
    let last_pass = PassReport {
        at: circumstances.now,
        wake: circumstances.wake,
        result: PassResult::NoDesiredState,
        took: PhaseSeconds::default(),
        actions: 0,
        outcomes: BTreeMap::new(),
        reported: 0,
        detected: Vec::new(),
        repaired: Vec::new(),
    };
    Report {
        organization_id: None,
        mode: circumstances.mode,
        leader: circumstances.leader,
        in_sync: false,
        conditions: dated(
            [
                find(ConditionType::Ready, ConditionStatus::False),
                find(ConditionType::Reconciling, ConditionStatus::False),
                find(ConditionType::Stalled, ConditionStatus::True),
            ],
            circumstances,
            previous,
        ),
        desired_state: desired_state(circumstances),
        tree: None,
        passes: history::passes(&last_pass, circumstances.revision.as_ref(), previous),
        happenings: previous.map(|report| report.happenings.clone()).unwrap_or_default(),
        practices: Vec::new(),
        last_pass,
        last_success: None,
        held: None,
        blocked: Vec::new(),
        unknown: Vec::new(),
        unmanaged: BTreeMap::new(),
        policy_slots_used: BTreeMap::new(),
        policy_types_enabled: BTreeMap::new(),
        region_list: None,
        troubles: circumstances.troubles.clone(),
        documents: Vec::new(),
    }
}

fn region_list(pass: &Pass<'_>, circumstances: &Circumstances) -> Option<RegionListReport> {
    let list = pass.resources.region_list?;
    let today = circumstances.now.to_zoned(TimeZone::UTC).date();
    let (version, date, age_days_max) = (list.version, list.date, list.age_days_max);
    Some(RegionListReport { version, date, age_days: list.age_days(today), age_days_max })
}

fn documents(
    pass: &Pass<'_>,
    circumstances: &Circumstances,
    previous: Option<&Report>,
) -> Vec<DocumentReport> {
    let mut found = find(pass.plan, pass.acted);
    let unknown = unknown_by_document(pass);
    let sizes = capacity::sizes_used(pass.resources);
    let mut targets = tree::targets(pass);
    let mut emergency = emergency::reports(pass, circumstances, previous);
    let mut trails = trail::reports(pass, circumstances, previous);
    let mut seen = policies::reports(pass);
    let mut objects = objects::reports(pass);
    let references: BTreeSet<&DocumentRef> =
        pass.resources.documents.keys().chain(found.keys().copied()).collect();
    references
        .into_iter()
        .map(|reference| {
            let evidence = Evidence {
                reference,
                document: pass.resources.documents.get(reference),
                sightings: found.remove(reference).unwrap_or_default(),
                unknown: unknown.get(reference),
                size_used: sizes.get(reference).copied(),
                targets: targets.remove(reference).unwrap_or_default(),
                policies: seen.remove(reference).unwrap_or_default(),
                objects: objects.remove(reference).unwrap_or_default(),
                emergency: emergency.remove(reference),
                trail: trails.remove(reference),
            };
            report(evidence, circumstances, previous)
        })
        .collect()
}

fn result(pass: &Pass<'_>, documents: &[DocumentReport], unknown: &[UnknownReport]) -> PassResult {
    if pass.snapshot.organization.known().is_none() {
        return PassResult::Unobserved;
    }
    if !unknown.is_empty() {
        return PassResult::Incomplete;
    }
    if *pass.acted == Acted::Abstained(Abstention::Unconfirmed) {
        return PassResult::Failed;
    }
    let states: BTreeSet<DifferenceState> = documents
        .iter()
        .flat_map(|document| &document.differences)
        .map(|difference| difference.state)
        .collect();
    let has = |state| states.contains(&state);
    if states.is_empty() {
        PassResult::InSync
    } else if has(DifferenceState::Refused) || has(DifferenceState::Retrying) {
        PassResult::Failed
    } else if states.iter().all(|state| state.is_settling()) {
        PassResult::Changed
    } else {
        PassResult::Drifted
    }
}

fn unknown(pass: &Pass<'_>) -> Vec<UnknownReport> {
    let groups = pass.snapshot.unknown_by_reason();
    groups
        .into_iter()
        .map(|(parts, why)| UnknownReport {
            count: parts.len(),
            parts: parts.into_iter().take(UNKNOWN_PARTS_MAX).collect(),
            reason: scrub(&why.to_string()),
        })
        .collect()
}

fn conditions(
    documents: &[DocumentReport],
    circumstances: &Circumstances,
    previous: Option<&Report>,
) -> Vec<Condition> {
    let invalid = circumstances.problems.first();
    let ready = if let Some(problem) = invalid {
        let message = format!("{}: {}", problem.at, problem.message);
        let reason = Reason::InvalidDesiredState;
        Finding::new(ConditionType::Ready, ConditionStatus::False, reason, message)
    } else {
        gather(documents, ConditionType::Ready, ConditionStatus::False)
            .or_else(|| gather(documents, ConditionType::Ready, ConditionStatus::Unknown))
            .unwrap_or_else(|| {
                let (status, reason) = (ConditionStatus::True, Reason::InSync);
                Finding::new(ConditionType::Ready, status, reason, "")
            })
    };
    let reconciling = gather(documents, ConditionType::Reconciling, ConditionStatus::True)
        .unwrap_or_else(|| {
            let (status, reason) = (ConditionStatus::False, Reason::Idle);
            Finding::new(ConditionType::Reconciling, status, reason, "")
        });
    let stalled = gather(documents, ConditionType::Stalled, ConditionStatus::True);
    let stalled = stalled.unwrap_or_else(|| {
        let (status, reason) = if invalid.is_some() {
            (ConditionStatus::True, Reason::InvalidDesiredState)
        } else {
            (ConditionStatus::False, Reason::NotStalled)
        };
        Finding::new(ConditionType::Stalled, status, reason, "")
    });
    dated([ready, reconciling, stalled], circumstances, previous)
}

/// The documents whose condition of this type has this status, as one finding; nothing if none has.
fn gather(
    documents: &[DocumentReport],
    condition_type: ConditionType,
    status: ConditionStatus,
) -> Option<Finding> {
    let concerned: Vec<(&DocumentReport, &Condition)> = documents
        .iter()
        .filter_map(|document| {
            let condition = document
                .conditions
                .iter()
                .find(|each| each.condition_type == condition_type && each.status == status)?;
            Some((document, condition))
        })
        .collect();
    let (_, worst) = concerned.iter().max_by_key(|(_, condition)| condition.reason)?;
    let names: Vec<String> = concerned
        .iter()
        .take(DOCUMENTS_NAMED_MAX)
        .map(|(document, _)| document.document().to_string())
        .collect();
    let more = if concerned.len() > names.len() { ", …" } else { "" };
    let message =
        format!("{} of {} documents: {}{more}", concerned.len(), documents.len(), names.join(", "));
    Some(Finding::new(condition_type, status, worst.reason, message))
}

fn dated(
    findings: [Finding; 3],
    circumstances: &Circumstances,
    previous: Option<&Report>,
) -> Vec<Condition> {
    let before = previous.map_or(&[][..], |report| &report.conditions);
    findings.map(|finding| finding.since(before, &circumstances.digest, circumstances.now)).into()
}

fn desired_state(circumstances: &Circumstances) -> DesiredStateReport {
    DesiredStateReport {
        revision: circumstances.revision.clone(),
        digest: circumstances.digest.clone(),
        valid: circumstances.problems.is_empty(),
        problems: scrubbed(&circumstances.problems),
        warnings: scrubbed(&circumstances.warnings),
    }
}

fn scrubbed(problems: &[Problem]) -> Vec<Problem> {
    let scrubbed =
        |problem: &Problem| Problem { at: problem.at.clone(), message: scrub(&problem.message) };
    problems.iter().map(scrubbed).collect()
}

fn outcomes(acted: &Acted) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    if let Acted::Tried(outcomes) = acted {
        for outcome in outcomes {
            *counts.entry(outcome.word().to_owned()).or_default() += 1;
        }
    }
    counts
}

/// Drift that the report before did not show.
fn detected(documents: &[DocumentReport], previous: Option<&Report>) -> Vec<DriftReport> {
    let new = |document: &DocumentReport, difference: &Difference| {
        let before = previous.and_then(|report| report.document(&document.document()));
        difference.cause == Cause::Drift
            && difference.state.is_drift()
            && !before.is_some_and(|before| holds(before, &difference.object))
    };
    drift(documents).filter(|(document, difference)| new(document, difference)).map(event).collect()
}

/// Differences that palisade acted upon and that are gone.
fn repaired(documents: &[DocumentReport], previous: Option<&Report>) -> Vec<DriftReport> {
    let before = previous.map_or(&[][..], |report| &report.documents);
    let gone = |document: &DocumentReport, difference: &Difference| {
        let now = documents.iter().find(|now| now.document() == document.document());
        difference.state.is_acted_upon() && !now.is_some_and(|now| holds(now, &difference.object))
    };
    drift(before).filter(|(document, difference)| gone(document, difference)).map(event).collect()
}

fn drift(documents: &[DocumentReport]) -> impl Iterator<Item = (&DocumentReport, &Difference)> {
    documents
        .iter()
        .flat_map(|document| document.differences.iter().map(move |each| (document, each)))
}

fn holds(document: &DocumentReport, object: &str) -> bool {
    document.differences.iter().any(|difference| difference.object == object)
}

fn event((document, difference): (&DocumentReport, &Difference)) -> DriftReport {
    DriftReport {
        document: document.document(),
        object: difference.object.clone(),
        change: difference.change.clone(),
        cause: difference.cause,
        since: difference.since,
        by: difference.by.clone(),
    }
}

/// What waits for approval. Nothing does where an approval would change nothing.
fn held(plan: &Plan, mode: Mode) -> Option<HeldReport> {
    let held = plan.held.as_ref().filter(|_| mode == Mode::Enforce);
    held.map(|held| HeldReport {
        hash: held.hash.clone(),
        actions: held.actions,
        approved: held.approved,
        approve: format!("palisade approve {}", held.hash),
        reasons: plan.hold_reasons(),
    })
}

fn blocked(plan: &Plan) -> Vec<BlockedReport> {
    let report = |blocked: &Blocked, document: &DocumentRef| BlockedReport {
        document: document.clone(),
        reason: blocked.reason,
        object: scrub(&blocked.object),
        message: scrub(&blocked.message),
    };
    let each = |blocked| Blocked::documents(blocked).map(move |document| report(blocked, document));
    plan.blocked.iter().flat_map(each).collect()
}

fn unmanaged(plan: &Plan) -> BTreeMap<UnmanagedKind, UnmanagedReport> {
    let mut reports: BTreeMap<UnmanagedKind, UnmanagedReport> = BTreeMap::new();
    for unmanaged in &plan.unmanaged {
        let report = reports.entry(unmanaged.kind).or_default();
        report.count += 1;
        if report.ids.len() < UNMANAGED_IDS_MAX {
            report.ids.push(unmanaged.id.clone());
        }
    }
    reports
}
