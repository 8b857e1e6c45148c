//! An IAM user: what palisade keeps as it should be of it, what it only looks at, and the calls that change it.
//!
//! There is no step that sets a password, registers an MFA device or makes a key: palisade must not know what
//! somebody signs in with.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

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
    /// What else lets somebody in without the console: is it active?
    #[serde(default)]
    pub credentials: BTreeMap<Credential, bool>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// How the person behind it signs in.
    pub sign_in: SignIn,
}

/// What lets somebody in without the console and is no access key. As text `kind:id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// The id that AWS gave it.
    pub id: String,
}

/// A kind of credential beside passwords and access keys.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::EnumIter,
)]
#[strum(serialize_all = "camelCase")]
pub enum CredentialKind {
    /// An SSH public key, for `CodeCommit`.
    SshKey,
    /// A user name and password, or an API key, for one service: `CodeCommit`, Keyspaces, Bedrock.
    ServiceCredential,
    /// An X.509 certificate that signs requests of the old kind.
    SigningCertificate,
}

/// Text that is no credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no credential, such as `sshKey:APKAEXAMPLE`")]
pub struct InvalidCredential(String);

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
    /// `UpdateSSHPublicKey`, `UpdateServiceSpecificCredential` or `UpdateSigningCertificate`, to `Inactive`.
    DeactivateCredential { credential: Credential },
    /// `DeleteSSHPublicKey`, `DeleteServiceSpecificCredential` or `DeleteSigningCertificate`.
    DeleteCredential { credential: Credential },
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
            | Self::DeactivateCredential { .. }
            | Self::DeleteCredential { .. }
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
            Self::DeactivateCredential { credential } => {
                write!(formatter, "deactivate {credential}")
            }
            Self::DeleteCredential { credential } => write!(formatter, "delete {credential}"),
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

// === impl Credential ===

impl Credential {
    /// A credential of a kind.
    pub fn new(kind: CredentialKind, id: &str) -> Self {
        Self { kind, id: id.to_owned() }
    }
}

/// For people.
impl fmt::Display for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.kind {
            CredentialKind::SshKey => "SSH public key",
            CredentialKind::ServiceCredential => "service-specific credential",
            CredentialKind::SigningCertificate => "signing certificate",
        };
        write!(formatter, "{words} {}", self.id)
    }
}

impl From<Credential> for String {
    fn from(credential: Credential) -> Self {
        format!("{}:{}", <&str>::from(credential.kind), credential.id)
    }
}

impl TryFrom<String> for Credential {
    type Error = InvalidCredential;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parts = text.split_once(':');
        let read = parts.and_then(|(kind, id)| {
            Some(Self::new(CredentialKind::from_str(kind).ok()?, id)).filter(|_| !id.is_empty())
        });
        read.ok_or(InvalidCredential(text))
    }
}

#[cfg(test)]
mod tests {
    use super::{Credential, CredentialKind};
    use strum::IntoEnumIterator;

    #[test]
    fn a_credential_is_read_from_the_text_it_is_written_as() {
        for kind in CredentialKind::iter() {
            let credential = Credential::new(kind, "APKA1");
            let text = String::from(credential.clone());
            assert_eq!(Credential::try_from(text), Ok(credential));
        }
        for text in ["", "sshKey", "sshKey:", "other:APKA1"] {
            assert!(Credential::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
