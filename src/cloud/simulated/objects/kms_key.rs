//! The rules of KMS keys ("Key states of AWS KMS keys", KMS Developer Guide).

use serde_json::Value;

use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::org::{KmsKeyState, KmsKeyStatus, KmsKeyStep};

/// What a key is after `step`. None of the steps makes or deletes one.
pub(super) fn change(
    before: Option<KmsKeyState>,
    step: &KmsKeyStep,
) -> Result<Option<KmsKeyState>, Refusal> {
    let mut key =
        before.ok_or_else(|| Code::NotFoundException.because("The key does not exist"))?;
    match step {
        KmsKeyStep::CancelDeletion if key.status == KmsKeyStatus::PendingDeletion => {
            key.status = KmsKeyStatus::Disabled;
        }
        KmsKeyStep::Enable
            if matches!(key.status, KmsKeyStatus::Enabled | KmsKeyStatus::Disabled) =>
        {
            key.status = KmsKeyStatus::Enabled;
        }
        KmsKeyStep::CancelDeletion | KmsKeyStep::Enable => {
            let message = format!("the key is {}", key.status);
            return Err(Code::KmsInvalidStateException.because(message));
        }
        KmsKeyStep::PutPolicy { policy } => {
            if !serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy.is_object()) {
                let message = "The new key policy is not valid JSON.";
                return Err(Code::MalformedPolicyDocumentException.because(message));
            }
            key.policy.clone_from(policy);
        }
    }
    Ok(Some(key))
}
