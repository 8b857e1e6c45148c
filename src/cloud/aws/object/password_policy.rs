//! The password policy of an account.

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::RequestId;

use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::object::{Answered, nothing_if_missing};
use crate::cloud::{CloudError, Operation, Reading};
use crate::org::{ObjectState, PasswordPolicyState, PasswordPolicyStep};

/// The length where IAM does not say: its default (`UpdateAccountPasswordPolicy`, API reference).
const LENGTH_DEFAULT: u32 = 6;

pub(super) async fn read(client: &Client) -> Answered<Reading> {
    const OPERATION: Operation = Operation::GetAccountPasswordPolicy;
    let answer = match client.get_account_password_policy().send().await {
        Ok(answer) => answer,
        Err(error) => return nothing_if_missing(failure(OPERATION, &error)),
    };
    let policy = answer
        .password_policy()
        .ok_or_else(|| unreadable(OPERATION, "no `PasswordPolicy` in the answer"))?;
    let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    let found = PasswordPolicyState {
        length_min: number(policy.minimum_password_length()).unwrap_or(LENGTH_DEFAULT),
        needs_symbol: policy.require_symbols(),
        needs_number: policy.require_numbers(),
        needs_uppercase: policy.require_uppercase_characters(),
        needs_lowercase: policy.require_lowercase_characters(),
        users_may_change: policy.allow_users_to_change_password(),
        // 0 is how IAM writes that passwords do not expire.
        age_days_max: number(policy.max_password_age()).filter(|days| *days > 0),
        reuse_prevented: number(policy.password_reuse_prevention()).unwrap_or_default(),
        locks_out_expired: policy.hard_expiry().unwrap_or_default(),
    };
    let reading = Reading::whole(ObjectState::PasswordPolicy(found));
    Ok((reading, answer.request_id().map(str::to_owned)))
}

pub(super) async fn write(
    client: &Client,
    step: PasswordPolicyStep,
) -> Result<Option<String>, CloudError> {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    match step {
        PasswordPolicyStep::Update(policy) => {
            let reuse = Some(policy.reuse_prevented).filter(|earlier| *earlier > 0);
            let request = client
                .update_account_password_policy()
                .minimum_password_length(number(policy.length_min))
                .require_symbols(policy.needs_symbol)
                .require_numbers(policy.needs_number)
                .require_uppercase_characters(policy.needs_uppercase)
                .require_lowercase_characters(policy.needs_lowercase)
                .allow_users_to_change_password(policy.users_may_change)
                .set_max_password_age(policy.age_days_max.map(number))
                .set_password_reuse_prevention(reuse.map(number))
                .hard_expiry(policy.locks_out_expired);
            let answer = request
                .send()
                .await
                .map_err(|error| failure(Operation::UpdateAccountPasswordPolicy, &error))?;
            Ok(answer.request_id().map(str::to_owned))
        }
        PasswordPolicyStep::Delete => {
            let sent = client.delete_account_password_policy().send().await;
            let answer =
                sent.map_err(|error| failure(Operation::DeleteAccountPasswordPolicy, &error))?;
            Ok(answer.request_id().map(str::to_owned))
        }
    }
}
