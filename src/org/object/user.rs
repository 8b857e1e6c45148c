//! An IAM user: what palisade keeps as it should be of it, what it only looks at, and the calls that change it.
//!
//! There is no step that sets a password, registers an MFA device or makes a key: palisade must not know what
//! somebody signs in with.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// An IAM user. Rights and keys are exactly so; `path` cannot be changed, among `tags` other people's may be,
/// and what is in [`SignIn`] is only looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserState {
    /// Its path, `/` for most.
    pub path: String,
    /// Policy documents in it, by name.
    pub inline: BTreeMap<String, String>,
    /// ARNs of the managed policies attached to it.
    pub attached: BTreeSet<String>,
    /// Names of the groups it is in.
    pub groups: BTreeSet<String>,
    /// The ARN of its permissions boundary, which takes away what the policies give.
    pub boundary: Option<String>,
    /// Its access keys by id: is the key active?
    pub keys: BTreeMap<String, bool>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// How the person behind it signs in.
    pub sign_in: SignIn,
}

/// How a person signs in: looked at, never written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignIn {
    /// Is there a console password?
    pub has_password: bool,
    /// Serial numbers of the MFA devices.
    pub mfa_devices: BTreeSet<String>,
    /// When the password was last used, in seconds since 1970.
    pub last: Option<i64>,
}

/// One change of a user.
#[expect(
    missing_docs,
    reason = "the fields are the parameters of the API, named as `UserState` names them"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum UserStep {
    /// `CreateUser`.
    Create { path: String, tags: BTreeMap<String, String> },
    /// `TagUser`.
    Tag { tags: BTreeMap<String, String> },
    /// `UpdateAccessKey`, to `Inactive`: nothing is lost, and nobody gets in.
    DeactivateKey { id: String },
    /// `DeleteAccessKey`.
    DeleteKey { id: String },
    /// `RemoveUserFromGroup`.
    LeaveGroup { group: String },
    /// `DetachUserPolicy`.
    Detach { policy: String },
    /// `PutUserPolicy`.
    PutInline { name: String, document: String },
    /// `DeleteUserPolicy`.
    DeleteInline { name: String },
    /// `DeleteUserPermissionsBoundary`.
    DeleteBoundary,
    /// `DeleteLoginProfile`.
    DeletePassword,
    /// `DeactivateMFADevice`.
    DeactivateMfa { serial: String },
    /// `DeleteUser`.
    Delete,
}

impl UserStep {
    /// Does it take something away?
    pub fn is_removal(&self) -> bool {
        match self {
            Self::DeactivateKey { .. }
            | Self::DeleteKey { .. }
            | Self::LeaveGroup { .. }
            | Self::Detach { .. }
            | Self::DeleteInline { .. }
            | Self::DeleteBoundary
            | Self::DeletePassword
            | Self::DeactivateMfa { .. }
            | Self::Delete => true,
            Self::Create { .. } | Self::Tag { .. } | Self::PutInline { .. } => false,
        }
    }
}

impl fmt::Display for UserStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { .. } => formatter.write_str("create"),
            Self::Tag { .. } => formatter.write_str("tag"),
            Self::DeactivateKey { id } => write!(formatter, "deactivate access key {id}"),
            Self::DeleteKey { id } => write!(formatter, "delete access key {id}"),
            Self::LeaveGroup { group } => write!(formatter, "take out of group {group}"),
            Self::Detach { policy } => write!(formatter, "detach {policy}"),
            Self::PutInline { name, .. } => write!(formatter, "write inline policy {name}"),
            Self::DeleteInline { name } => write!(formatter, "delete inline policy {name}"),
            Self::DeleteBoundary => formatter.write_str("remove the permissions boundary"),
            Self::DeletePassword => formatter.write_str("delete the console password"),
            Self::DeactivateMfa { .. } => formatter.write_str("deactivate an MFA device"),
            Self::Delete => formatter.write_str("delete"),
        }
    }
}
