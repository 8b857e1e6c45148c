//! The rules of password policies.

use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::org::{PasswordPolicyState, PasswordPolicyStep};

/// What the policy is after `step`; nothing when there is none.
pub(super) fn change(
    before: Option<&PasswordPolicyState>,
    step: &PasswordPolicyStep,
) -> Result<Option<PasswordPolicyState>, Refusal> {
    match step {
        PasswordPolicyStep::Update(policy) => Ok(Some(policy.clone())),
        PasswordPolicyStep::Delete if before.is_some() => Ok(None),
        PasswordPolicyStep::Delete => {
            Err(Code::NoSuchEntity.because("The account has no password policy."))
        }
    }
}
