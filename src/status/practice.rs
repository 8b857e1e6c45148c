//! How a practice of the Well-Architected Security Pillar stands, by the guardrails that serve it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::desired::Mode;
use crate::org::DocumentRef;
use crate::status::DocumentReport;

/// How a guardrail, or a practice as a whole, stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumIter,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum PracticeState {
    /// Something is not as desired state says.
    Drifted,
    /// All is as written, and what it is for would not work: emergency access, or the delivery of logs.
    NotReady,
    /// It could not be seen.
    Unknown,
    /// Nothing serves it.
    Absent,
    /// Switched off until a day.
    Suspended,
    /// Reported and not enforced.
    Observed,
    /// In desired state; nobody looked at AWS.
    Declared,
    /// AWS is as desired state says.
    InSync,
    /// Not a matter of guardrails.
    Outside,
}

/// A practice and the documents that serve it, as whoever knows the catalogue says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedPractice {
    /// Its id, such as `SEC01-BP01`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Can guardrails of an organization serve it?
    pub is_for_guardrails: bool,
    /// The documents.
    pub documents: BTreeSet<DocumentRef>,
}

/// How a practice stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PracticeReport {
    /// Its id, such as `SEC01-BP01`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: PracticeState,
    /// The documents that serve it.
    pub documents: BTreeSet<DocumentRef>,
}

impl PracticeState {
    /// How a document stands.
    pub fn of(report: &DocumentReport) -> Self {
        if !report.differences.is_empty() {
            Self::Drifted
        } else if report.suspended_until.is_some() {
            Self::Suspended
        } else if !report.in_sync {
            Self::Unknown
        } else if report.unready().is_some() {
            Self::NotReady
        } else {
            match report.mode {
                Mode::Observe => Self::Observed,
                Mode::Enforce => Self::InSync,
            }
        }
    }

    /// The worst of what serves a practice, since a chain holds as its weakest link: what differs counts also
    /// where it is only observed. What is observed and holds, or is suspended, takes nothing away from something
    /// that is enforced beside it. Nothing at all is a gap only where guardrails could serve it.
    pub fn of_all(states: &BTreeSet<Self>, is_for_guardrails: bool) -> Self {
        let order = [
            Self::Drifted,
            Self::NotReady,
            Self::Unknown,
            Self::InSync,
            Self::Declared,
            Self::Observed,
            Self::Suspended,
        ];
        let found = order.into_iter().find(|state| states.contains(state));
        found.unwrap_or(if is_for_guardrails { Self::Absent } else { Self::Outside })
    }
}

/// How practices stand, given how documents do.
pub(in crate::status) fn practices(
    served: &[ServedPractice],
    documents: &[DocumentReport],
) -> Vec<PracticeReport> {
    served
        .iter()
        .map(|practice| {
            let serving =
                documents.iter().filter(|report| practice.documents.contains(&report.document()));
            let states = serving.map(PracticeState::of).collect();
            PracticeReport {
                id: practice.id.clone(),
                name: practice.name.clone(),
                state: PracticeState::of_all(&states, practice.is_for_guardrails),
                documents: practice.documents.clone(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::PracticeState;
    use super::PracticeState::{Drifted, InSync, NotReady, Unknown};

    /// It once was called in sync, because no object differed.
    #[test]
    fn what_would_not_work_is_not_in_force() {
        let states = |states: &[PracticeState]| {
            PracticeState::of_all(&states.iter().copied().collect::<BTreeSet<_>>(), true)
        };

        assert_eq!(states(&[InSync, NotReady]), NotReady);
        assert_eq!(states(&[Unknown, NotReady]), NotReady);
        assert_eq!(states(&[Drifted, NotReady]), Drifted);
    }
}
