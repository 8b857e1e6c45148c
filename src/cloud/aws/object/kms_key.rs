//! Keys of KMS, asked for by id in the account and Region that they are in.

use aws_sdk_kms::Client;
use aws_sdk_kms::operation::RequestId;
use aws_sdk_kms::types::KeyState;

use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::object::{Answered, changed_if_gone, nothing_if_missing};
use crate::cloud::{CloudError, Operation, Question, Reading};
use crate::org::{KmsKeyState, KmsKeyStatus, KmsKeyStep, ObjectState};

/// The one name that a key policy has (`PutKeyPolicy`, API reference).
const POLICY: &str = "default";

/// The next request of reading a key.
pub(super) async fn read(client: &Client, id: &str, mut reading: Reading) -> Answered<Reading> {
    let Some(question) = reading.left.pop_front() else { return exists(client, id).await };
    let Some(ObjectState::KmsKey(key)) = &mut reading.found else {
        return Err(unreadable(question.operation, "a reading without a key"));
    };
    let sent = client.get_key_policy().key_id(id).policy_name(POLICY).send().await;
    let answer = sent.map_err(|error| changed_if_gone(failure(Operation::GetKeyPolicy, &error)))?;
    answer.policy().unwrap_or_default().clone_into(&mut key.policy);
    Ok((reading, answer.request_id().map(str::to_owned)))
}

async fn exists(client: &Client, id: &str) -> Answered<Reading> {
    let answer = match client.describe_key().key_id(id).send().await {
        Ok(answer) => answer,
        Err(error) => return nothing_if_missing(failure(Operation::DescribeKey, &error)),
    };
    let state = answer.key_metadata().and_then(|key| key.key_state());
    let status = match state {
        // While AWS writes what is said of a key elsewhere, it can be used.
        Some(KeyState::Enabled | KeyState::Updating) => KmsKeyStatus::Enabled,
        Some(KeyState::Disabled) => KmsKeyStatus::Disabled,
        Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion) => {
            KmsKeyStatus::PendingDeletion
        }
        Some(_) => KmsKeyStatus::Unavailable,
        None => return Err(unreadable(Operation::DescribeKey, "a key without a state")),
    };
    let found = KmsKeyState { status, policy: String::new() };
    let mut reading = Reading::whole(ObjectState::KmsKey(found));
    reading.left.push_back(Question::of(Operation::GetKeyPolicy));
    Ok((reading, answer.request_id().map(str::to_owned)))
}

/// Makes one change of the key.
pub(super) async fn write(
    client: &Client,
    id: &str,
    step: KmsKeyStep,
) -> Result<Option<String>, CloudError> {
    match step {
        KmsKeyStep::CancelDeletion => {
            sent!(CancelKeyDeletion, client.cancel_key_deletion().key_id(id))
        }
        KmsKeyStep::Enable => sent!(EnableKey, client.enable_key().key_id(id)),
        KmsKeyStep::PutPolicy { policy } => {
            let request = client.put_key_policy().key_id(id).policy_name(POLICY);
            sent!(PutKeyPolicy, request.policy(policy))
        }
    }
}
