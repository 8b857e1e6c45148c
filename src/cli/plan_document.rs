//! The plan as a document: what `plan --output json` prints, `plan --out` writes and `apply --plan`
//! reads. One format, `palisade.plan/v1`; fields are added, never renamed or removed, within `v1`.
//!
//! ```json
//! {
//!   "apiVersion": "palisade.plan/v1",
//!   "desiredState": { "digest": "sha256:…" },
//!   "observed": { "fingerprint": "sha256:…" },
//!   "summary": { "create": 3, "change": 1, "delete": 2, "held": 1, "blocked": 0, "reported": 0, "unmanaged": 4 },
//!   "plan": { "organizationId": "o-…", "actions": [], "held": null, "reported": [], "blocked": [], "unmanaged": [] }
//! }
//! ```
//!
//! Where several guardrails share a policy, `document` of an action, a report or an obstacle is the name of
//! the shared policy, and `guardrails` lists the documents that it concerns; otherwise there is no
//! `guardrails`.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cli::render::Effect;
use crate::cli::sources::Desired;
use crate::org::{Caller, OrgSnapshot, Part, hex};
use crate::plan::Plan;
use crate::replay::Replayed;

/// The name and version of the format.
const API_VERSION: &str = "palisade.plan/v1";

/// A plan, what it was made from, and its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanDocument {
    api_version: String,
    /// The desired state it was made from.
    pub(crate) desired_state: DesiredState,
    /// The organization it was made from.
    pub(crate) observed: Observed,
    /// Its numbers.
    pub(crate) summary: Summary,
    /// The plan itself.
    pub(crate) plan: Plan,
    /// What it would make of calls that were recorded, if that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replay: Option<Replayed>,
}

/// Which desired state a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DesiredState {
    /// Changes when what is wanted changes.
    pub(crate) digest: String,
}

/// Which observation a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Observed {
    /// Changes when anything observed changes.
    pub(crate) fingerprint: String,
}

/// How much of what is in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// Actions that create something, attachments included.
    pub(crate) create: usize,
    /// Actions that change something.
    pub(crate) change: usize,
    /// Actions that take something away, attachments included.
    pub(crate) delete: usize,
    /// How many of these wait for approval.
    pub(crate) held: usize,
    /// What should be done and is not.
    pub(crate) blocked: usize,
    /// Differences that are only reported.
    pub(crate) reported: usize,
    /// Objects that no document names.
    pub(crate) unmanaged: usize,
}

impl PlanDocument {
    /// The document of `plan`, made from `desired` and `snapshot`.
    pub(crate) fn new(plan: Plan, desired: &Desired, snapshot: &OrgSnapshot) -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            desired_state: DesiredState { digest: format!("sha256:{}", desired.digest) },
            observed: Observed { fingerprint: fingerprint_of(snapshot) },
            summary: Summary::of(&plan),
            plan,
            replay: None,
        }
    }

    /// Reads a document; text of another format or version is refused.
    pub(crate) fn read(text: &str) -> anyhow::Result<Self> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        match value.get("apiVersion").and_then(serde_json::Value::as_str) {
            Some(API_VERSION) => Ok(serde_json::from_value(value)?),
            Some(other) => {
                anyhow::bail!("`apiVersion` is `{other}`, and this version reads `{API_VERSION}`")
            }
            None => anyhow::bail!("it has no `apiVersion`"),
        }
    }

    /// The document as text.
    pub(crate) fn to_json(&self) -> anyhow::Result<String> {
        Ok(format!("{}\n", serde_json::to_string_pretty(self)?))
    }
}

impl Summary {
    /// Counts what is in `plan`.
    pub(crate) fn of(plan: &Plan) -> Self {
        let count = |effect| {
            plan.actions.iter().filter(|action| Effect::of(&action.change) == effect).count()
        };
        let held = plan.held.as_ref().filter(|held| !held.approved);
        Self {
            create: count(Effect::Create),
            change: count(Effect::Change),
            delete: count(Effect::Delete),
            held: held.map_or(0, |held| held.actions),
            blocked: plan.blocked.len(),
            reported: plan.reported.len(),
            unmanaged: plan.unmanaged.len(),
        }
    }
}

/// A digest of what was observed, whoever observed it: a session's name is not the organization's
/// affair.
fn fingerprint_of(snapshot: &OrgSnapshot) -> String {
    let mut snapshot = snapshot.clone();
    if let Part::Known(Caller { account: _, arn, member_role: _ }) = &mut snapshot.caller {
        arn.clear();
    }
    sha256(format!("{snapshot:?}").as_bytes())
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}
