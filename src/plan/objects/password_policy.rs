//! Password policies: one call writes all of it.

use crate::org::{ObjectStep, PasswordPolicyState, PasswordPolicyStep};

pub(super) fn steps(
    before: Option<&PasswordPolicyState>,
    after: &PasswordPolicyState,
) -> Vec<ObjectStep> {
    let differs = before != Some(after);
    let update = || ObjectStep::PasswordPolicy(PasswordPolicyStep::Update(after.clone()));
    differs.then(update).into_iter().collect()
}

pub(super) fn remove() -> Vec<ObjectStep> {
    vec![ObjectStep::PasswordPolicy(PasswordPolicyStep::Delete)]
}
