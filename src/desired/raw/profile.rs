//! The form of `GuardrailProfile` documents.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::desired::raw::{RawExcept, RawMode, RawSuspension, TargetText};

/// Many ready-made guardrails at once: a profile of the catalogue, and how this organization differs
/// from it. Each guardrail of the profile is as if it had a document of its own; a document that has
/// the guardrail's kind and name takes its place.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawGuardrailProfile {
    /// The profile: `minimum`, `recommended` or `strict`.
    pub(crate) profile: String,
    /// What its guardrails are attached to: `/` for the root, OU paths, accounts.
    #[serde(rename = "targets")]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) _targets: Vec<TargetText>,
    /// Who is exempt from all service control policies of the profile, besides the roles that always
    /// are.
    #[serde(rename = "except")]
    pub(crate) _except: Option<RawExcept>,
    /// Guardrails of the profile that differ, by id.
    #[serde(default)]
    pub(crate) guardrails: BTreeMap<String, RawProfileEntry>,
    /// Guardrails of the profile that are left out, by id, each with the reason.
    #[serde(default)]
    pub(crate) exclude: BTreeMap<String, String>,
    /// Does palisade heal drift, or only report it?
    #[serde(rename = "mode")]
    pub(crate) _mode: Option<RawMode>,
    /// Not enforced until a date; drift is still reported.
    #[serde(rename = "suspend")]
    pub(crate) _suspend: Option<RawSuspension>,
    /// Do the policies go when this document goes? True unless said otherwise.
    #[serde(rename = "prune")]
    pub(crate) _prune: Option<bool>,
}

/// How one guardrail differs from the profile.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ProfileEntry")]
pub(crate) struct RawProfileEntry {
    /// Its parameters; `palisade catalog show` explains them.
    #[serde(rename = "with", default)]
    pub(crate) _with: Map<String, Value>,
    /// What it is attached to instead.
    #[serde(rename = "targets")]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) _targets: Option<Vec<TargetText>>,
    /// Who is exempt from it instead of whom the profile exempts.
    #[serde(rename = "except")]
    pub(crate) _except: Option<RawExcept>,
    /// Does palisade heal drift, or only report it?
    #[serde(rename = "mode")]
    pub(crate) _mode: Option<RawMode>,
    /// Not enforced until a date; drift is still reported.
    #[serde(rename = "suspend")]
    pub(crate) _suspend: Option<RawSuspension>,
    /// Does the policy go when it leaves the profile? True unless said otherwise.
    #[serde(rename = "prune")]
    pub(crate) _prune: Option<bool>,
}
