//! What a daemon remembers of the passes before: how passes ended, how documents stood, what happened to
//! objects. All of it is bounded, newest first, and left in the data directory for the process after this one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::org::DocumentRef;
use crate::status::{
    Attribution, Cause, Circumstances, Condition, ConditionStatus, ConditionType, Difference,
    DocumentReport, PassReport, PassResult, Reason, Report, WakeReason,
};

/// Entries of passes that are kept. Quiet passes share one, so that these reach back over days.
const PASSES_MAX: usize = 50;

/// Happenings that are kept: more than one person reads after an incident, in 60 kB.
const HAPPENINGS_MAX: usize = 200;

/// Changes of a document's condition that are kept.
const TURNS_MAX: usize = 20;

/// Outcome of an action that changed AWS.
const DONE: &str = "done";

/// One pass that did something, or quiet ones that followed each other and ended alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PassSpan {
    /// When the first of them ended.
    pub first: Timestamp,
    /// When the last of them ended.
    pub last: Timestamp,
    /// How many they are.
    pub passes: usize,
    /// What caused the last.
    pub wake: WakeReason,
    /// How each of them ended.
    pub result: PassResult,
    /// Seconds that the last took.
    pub seconds: f64,
    /// Actions in the plan of each.
    pub actions: usize,
    /// Actions that changed AWS.
    pub done: usize,
    /// Differences that appeared.
    pub detected: usize,
    /// Differences that were found gone after palisade had acted.
    pub repaired: usize,
    /// The git revision in force, if that is known.
    pub revision: Option<String>,
}

/// Drift of one object, from the pass that saw it first to the one that saw it gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Happening {
    /// The document it concerns.
    pub document: DocumentRef,
    /// The object.
    pub object: String,
    /// What would make it right, such as `AttachPolicy`.
    pub change: Option<String>,
    /// When it was first seen.
    pub since: Timestamp,
    /// When it was seen gone; nothing while it is there.
    pub until: Option<Timestamp>,
    /// Was it palisade that made it right?
    pub healed: bool,
    /// Who did it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Attribution>,
}

/// A document stood otherwise from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// When.
    pub at: Timestamp,
    /// Was AWS as the document says?
    pub status: ConditionStatus,
    /// Why.
    pub reason: Reason,
    /// Why, for people.
    pub message: String,
}

/// The passes so far, `pass` included.
pub(in crate::status) fn passes(
    pass: &PassReport,
    revision: Option<&String>,
    previous: Option<&Report>,
) -> Vec<PassSpan> {
    let mut passes = previous.map(|report| report.passes.clone()).unwrap_or_default();
    let new = span(pass, revision);
    match passes.first_mut().filter(|newest| is_alike(newest, &new)) {
        Some(newest) => {
            *newest = PassSpan { first: newest.first, passes: newest.passes + 1, ..new };
        }
        None => passes.insert(0, new),
    }
    passes.truncate(PASSES_MAX);
    passes
}

fn span(pass: &PassReport, revision: Option<&String>) -> PassSpan {
    PassSpan {
        first: pass.at,
        last: pass.at,
        passes: 1,
        wake: pass.wake,
        result: pass.result,
        seconds: pass.took.observe + pass.took.plan + pass.took.act,
        actions: pass.actions,
        done: pass.outcomes.get(DONE).copied().unwrap_or_default(),
        detected: pass.detected.len(),
        repaired: pass.repaired.len(),
        revision: revision.cloned(),
    }
}

/// Did both do nothing, and find the same?
fn is_alike(one: &PassSpan, other: &PassSpan) -> bool {
    let is_quiet = |pass: &PassSpan| pass.done == 0 && pass.detected == 0 && pass.repaired == 0;
    is_quiet(one)
        && is_quiet(other)
        && one.result == other.result
        && one.actions == other.actions
        && one.revision == other.revision
}

/// What happened to objects, given how `documents` stand after `pass`.
pub(in crate::status) fn happenings(
    pass: &PassReport,
    documents: &[DocumentReport],
    circumstances: &Circumstances,
    previous: Option<&Report>,
) -> Vec<Happening> {
    let seen = |document: &DocumentRef, object: &str| -> Option<&Difference> {
        let report = documents.iter().find(|report| report.document() == *document)?;
        report.differences.iter().find(|difference| difference.object == object)
    };
    let before = previous.map(|report| report.happenings.as_slice()).unwrap_or_default();
    let known = before.iter().cloned().map(|mut happening| {
        if let Some(until) = happening.until {
            let late = circumstances.attributions.get(&happening.object);
            happening.by = happening.by.or(late.filter(|by| by.at <= until).cloned());
            return happening;
        }
        if let Some(difference) = seen(&happening.document, &happening.object) {
            happening.by = difference.by.clone().or(happening.by);
        } else {
            happening.until = Some(circumstances.now);
            happening.healed = pass.repaired.iter().any(|event| {
                event.document == happening.document && event.object == happening.object
            });
        }
        happening
    });
    let new =
        pass.detected.iter().filter(|event| event.cause == Cause::Drift).map(|event| Happening {
            document: event.document.clone(),
            object: event.object.clone(),
            change: event.change.clone(),
            since: event.since,
            until: None,
            healed: false,
            by: seen(&event.document, &event.object).and_then(|difference| difference.by.clone()),
        });
    new.chain(known).take(HAPPENINGS_MAX).collect()
}

/// How a document stood over time, given its `conditions` now.
pub(in crate::status) fn turns(
    conditions: &[Condition],
    previous: Option<&DocumentReport>,
    now: Timestamp,
) -> Vec<Turn> {
    let mut turns = previous.map(|report| report.history.clone()).unwrap_or_default();
    let ready = conditions.iter().find(|each| each.condition_type == ConditionType::Ready);
    if let Some(ready) = ready {
        let same = turns
            .first()
            .is_some_and(|last| last.status == ready.status && last.reason == ready.reason);
        if !same {
            let message = ready.message.clone();
            turns.insert(0, Turn { at: now, status: ready.status, reason: ready.reason, message });
        }
    }
    turns.truncate(TURNS_MAX);
    turns
}
