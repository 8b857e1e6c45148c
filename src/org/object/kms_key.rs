//! A key of KMS that encrypts logs: what palisade keeps as it should be of it, and the calls that change it.
//! It is never made, and never taken out of use.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A KMS key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KmsKeyState {
    /// Can it be used?
    pub status: KmsKeyStatus,
    /// Its policy document. In what is wanted, the statements that must be among those it has.
    pub policy: String,
}

/// Can a key be used ("Key states of AWS KMS keys", KMS Developer Guide)?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "title_case")]
pub enum KmsKeyStatus {
    /// Yes.
    Enabled,
    /// Not until somebody enables it.
    Disabled,
    /// No, and when its waiting time is over nothing that it encrypted can be read again.
    PendingDeletion,
    /// No: its material is missing or its store cannot be reached, or AWS is still making it.
    Unavailable,
}

/// One change of a key.
#[expect(missing_docs, reason = "the fields are the parameters of the API")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum KmsKeyStep {
    /// `CancelKeyDeletion`, which leaves it disabled.
    CancelDeletion,
    /// `EnableKey`.
    Enable,
    /// `PutKeyPolicy`.
    PutPolicy { policy: String },
}

impl fmt::Display for KmsKeyStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::CancelDeletion => "cancel the deletion",
            Self::Enable => "enable",
            Self::PutPolicy { .. } => "write the key policy",
        })
    }
}
