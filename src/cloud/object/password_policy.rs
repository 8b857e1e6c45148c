//! The operations of password policies.

use crate::cloud::Operation;
use crate::org::PasswordPolicyStep;

pub(super) const FIRST: Operation = Operation::GetAccountPasswordPolicy;

pub(super) fn operation(step: &PasswordPolicyStep) -> Operation {
    match step {
        PasswordPolicyStep::Update(_) => Operation::UpdateAccountPasswordPolicy,
        PasswordPolicyStep::Delete => Operation::DeleteAccountPasswordPolicy,
    }
}
