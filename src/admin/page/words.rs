//! The words of the page for what the report says in its own.

use super::html::Look;
use crate::status::{
    Condition, ConditionStatus, ConditionType, DifferenceState, DocumentReport, Force,
    PartDifference, PracticeState, Reason, Report,
};

/// What is wrong with an object, by what would make it right.
pub(super) fn wrong(change: Option<&str>) -> &str {
    match change {
        None => "cannot be made right",
        Some("AttachPolicy") => "is not attached",
        Some("DetachPolicy") => "is attached and should not be",
        Some("CreatePolicy" | "CreateObject" | "CreateUnit") => "is missing",
        Some("UpdatePolicy" | "UpdateObject") => "does not say what git says",
        Some("DeletePolicy" | "DeleteObject" | "DeleteUnit") => "is there and should not be",
        Some("MoveAccount") => "is in another OU",
        Some("EnablePolicyType") => "is switched off",
        Some("EnableTrustedService") => "has no trusted access",
        Some("RegisterAdministrator") => "is not the administrator",
        Some("DeregisterAdministrator") => "is administrator and should not be",
        Some(other) => other,
    }
}

/// What is done about it.
pub(super) fn done_about(state: DifferenceState) -> (Look, &'static str) {
    match state {
        DifferenceState::Reported => (Look::Wait, "only reported"),
        DifferenceState::Pending => (Look::Wait, "not acted upon"),
        DifferenceState::Confirming => (Look::Good, "found right, next pass confirms"),
        DifferenceState::Changed => (Look::Good, "changed, next pass confirms"),
        DifferenceState::Retrying => (Look::Wait, "is tried again"),
        DifferenceState::InProgress => (Look::Wait, "AWS is at work on it"),
        DifferenceState::AwaitingApproval => (Look::Bad, "waits for approval"),
        DifferenceState::Blocked => (Look::Bad, "blocked"),
        DifferenceState::Refused => (Look::Bad, "refused by AWS"),
    }
}

/// How a document stands.
pub(super) fn standing(document: &DocumentReport) -> (Look, &'static str) {
    match ready(&document.conditions) {
        None => (Look::Unknown, "not known"),
        Some(ready) => turned(ready.status, ready.reason),
    }
}

/// Documents that are as git says and would all the same not do what they are for: an operator has no second
/// factor, log files do not arrive.
pub(super) fn unready(report: &Report) -> impl Iterator<Item = &DocumentReport> {
    report.documents.iter().filter(|document| {
        ready(&document.conditions).is_some_and(|ready| ready.reason == Reason::NotReady)
    })
}

/// How a document stood.
pub(super) fn turned(status: ConditionStatus, reason: Reason) -> (Look, &'static str) {
    match reason {
        Reason::InSync | Reason::Idle | Reason::NotStalled => match status {
            ConditionStatus::True => (Look::Good, "in force"),
            ConditionStatus::False => (Look::Bad, "not in force"),
            ConditionStatus::Unknown => (Look::Unknown, "not known"),
        },
        Reason::NotReady => (Look::Bad, "would not work"),
        Reason::Drifted => (Look::Wait, "drifted"),
        Reason::ObserveOnly => (Look::Wait, "differs, only observed"),
        Reason::Suspended => (Look::Wait, "differs, suspended"),
        Reason::ObservationIncomplete => (Look::Unknown, "not known"),
        Reason::Progressing => (Look::Wait, "healing"),
        Reason::ProgressingWithRetry => (Look::Wait, "healing, with retries"),
        Reason::AwaitingApproval => (Look::Bad, "waits for approval"),
        Reason::Refused => (Look::Bad, "refused by AWS"),
        Reason::Blocked => (Look::Bad, "blocked"),
        Reason::InvalidDesiredState => (Look::Bad, "git does not load"),
        Reason::NoDesiredState => (Look::Bad, "no desired state"),
    }
}

pub(super) fn ready(conditions: &[Condition]) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.condition_type == ConditionType::Ready)
}

/// Is a guardrail in force on a node?
pub(super) fn force(force: Force) -> (Look, &'static str) {
    match force {
        Force::InForce => (Look::Good, "in force"),
        Force::Differing => (Look::Wait, "differs"),
        Force::Missing => (Look::Wait, "not attached"),
        Force::Unknown => (Look::Unknown, "not known"),
    }
}

/// How a practice stands.
pub(super) fn practice(state: PracticeState) -> (Look, &'static str) {
    match state {
        PracticeState::InSync => (Look::Good, "in force"),
        PracticeState::Drifted => (Look::Wait, "drifted"),
        PracticeState::NotReady => (Look::Wait, "would not work"),
        PracticeState::Unknown => (Look::Unknown, "not known"),
        PracticeState::Absent => (Look::Quiet, "not served"),
        PracticeState::Suspended => (Look::Wait, "suspended"),
        PracticeState::Observed => (Look::Quiet, "only observed"),
        PracticeState::Declared => (Look::Quiet, "declared"),
        PracticeState::Outside => (Look::Quiet, "not a matter of guardrails"),
    }
}

/// One line of a diff without values.
pub(super) fn part(part: &PartDifference) -> String {
    let PartDifference { part, element, missing, surplus } = part;
    let of = if element.is_empty() { String::new() } else { format!(": {element}") };
    let what = match (missing, surplus) {
        (1, 0) if element.is_empty() => "missing in AWS".to_owned(),
        (0, surplus) if element.is_empty() => format!("{surplus} only in AWS"),
        (missing, 0) => format!("{missing} missing in AWS"),
        (0, surplus) => format!("{surplus} only in AWS"),
        (missing, surplus) => format!("{missing} missing in AWS, {surplus} only there"),
    };
    format!("{part}{of}: {what}")
}
