//! The best practices of the Security Pillar, as data.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::catalog::{Guardrail, built_in};
use crate::desired::DocumentHeader;

/// A best practice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Practice {
    /// Its id, such as `SEC03-BP05`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How high the pillar takes the risk of doing without it.
    pub risk: Risk,
    /// Whose matter it is.
    pub reach: Reach,
    /// What can be done about it on the level of an organization, or who else must do it.
    pub says: String,
}

/// How high the pillar takes the risk of doing without a practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Risk {
    /// High.
    High,
    /// Medium.
    Medium,
    /// Low.
    Low,
}

/// Whose matter a practice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Guardrails of the organization enforce or watch a part of it.
    Organization,
    /// Each workload does it.
    Workload,
    /// People do it.
    Process,
}

/// Every practice, in the order of the pillar.
pub fn practices() -> &'static [Practice] {
    static PRACTICES: LazyLock<Vec<Practice>> = LazyLock::new(|| {
        // A test reads the file: there are 66.
        serde_yaml::from_str(include_str!("practices.yaml")).unwrap_or_default()
    });
    &PRACTICES
}

/// The annotation that names practices a document serves.
const CONTROLS: &str = "palisade/controls";

/// The practices that a document serves: those its annotation names, and those of the ready-made
/// guardrail it uses. One that is no policy and names none serves what entries of its kind are for.
pub fn served_by(header: &DocumentHeader, guardrail: Option<&Guardrail>) -> BTreeSet<String> {
    let annotated = header.annotations.get(CONTROLS).map(String::as_str).unwrap_or_default();
    let annotated = annotated.split([',', ' ', ';']).filter(|control| !control.is_empty());
    let ready_made = guardrail.map(|guardrail| guardrail.practices.as_slice()).unwrap_or_default();
    let served: BTreeSet<String> =
        annotated.map(str::to_owned).chain(ready_made.iter().cloned()).collect();
    if !served.is_empty() {
        return served;
    }
    // A baseline can be for anything.
    let is_whole = |entry: &&Guardrail| {
        let is_of_kind = entry.kind == header.document.kind && entry.kind != "Baseline";
        let written = entry.written_as.as_ref();
        is_of_kind && written.is_some_and(|it| it.starts_with("apiVersion:"))
    };
    let entries = built_in().guardrails().filter(is_whole);
    entries.flat_map(|entry| entry.practices.iter().cloned()).collect()
}
