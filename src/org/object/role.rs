//! An IAM role: what palisade keeps as it should be of it, and the calls that change it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// An IAM role. Everything in it is exactly so, but for `path`, which cannot be changed, and `tags`, among
/// which other people's may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleState {
    /// Its path, `/` for most.
    pub path: String,
    /// Its description, with palisade's mark.
    pub description: String,
    /// The longest session that may be asked for.
    pub max_session_seconds: u32,
    /// Who may assume it: a policy document.
    pub trust: String,
    /// Policy documents in it, by name.
    pub inline: BTreeMap<String, String>,
    /// ARNs of the managed policies attached to it.
    pub attached: BTreeSet<String>,
    /// The ARN of its permissions boundary, which takes away what the policies give.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// One change of a role.
#[expect(
    missing_docs,
    reason = "the fields are the parameters of the API, named as `RoleState` names them"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RoleStep {
    /// `CreateRole`.
    Create {
        path: String,
        description: String,
        max_session_seconds: u32,
        trust: String,
        tags: BTreeMap<String, String>,
    },
    /// `TagRole`.
    Tag { tags: BTreeMap<String, String> },
    /// `UpdateAssumeRolePolicy`.
    UpdateTrust { trust: String },
    /// `UpdateRole`.
    Update { description: String, max_session_seconds: u32 },
    /// `PutRolePolicy`.
    PutInline { name: String, document: String },
    /// `DeleteRolePolicy`.
    DeleteInline { name: String },
    /// `AttachRolePolicy`.
    Attach { policy: String },
    /// `DetachRolePolicy`.
    Detach { policy: String },
    /// `DeleteRolePermissionsBoundary`.
    DeleteBoundary,
    /// `DeleteRole`.
    Delete,
}

impl RoleStep {
    /// Does it take something away?
    pub fn is_removal(&self) -> bool {
        match self {
            Self::DeleteInline { .. }
            | Self::Detach { .. }
            | Self::DeleteBoundary
            | Self::Delete => true,
            Self::Create { .. }
            | Self::Tag { .. }
            | Self::UpdateTrust { .. }
            | Self::Update { .. }
            | Self::PutInline { .. }
            | Self::Attach { .. } => false,
        }
    }
}

/// What is left when the tags and policy bodies are left out: enough for a journal's reader to tell steps
/// apart.
impl fmt::Display for RoleStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { .. } => formatter.write_str("create"),
            Self::Tag { .. } => formatter.write_str("tag"),
            Self::UpdateTrust { .. } => formatter.write_str("write the trust policy"),
            Self::Update { .. } => formatter.write_str("write description and session length"),
            Self::PutInline { name, .. } => write!(formatter, "write inline policy {name}"),
            Self::DeleteInline { name } => write!(formatter, "delete inline policy {name}"),
            Self::Attach { policy } => write!(formatter, "attach {policy}"),
            Self::Detach { policy } => write!(formatter, "detach {policy}"),
            Self::DeleteBoundary => formatter.write_str("remove the permissions boundary"),
            Self::Delete => formatter.write_str("delete"),
        }
    }
}
