//! The password policy of an account: there is one, and one call writes all of it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the console passwords of an account's users must be like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the fields of `UpdateAccountPasswordPolicy`")]
pub struct PasswordPolicyState {
    /// Shortest password, in characters.
    pub length_min: u32,
    /// Is a symbol needed?
    pub needs_symbol: bool,
    /// Is a digit needed?
    pub needs_number: bool,
    /// Is a capital letter needed?
    pub needs_uppercase: bool,
    /// Is a small letter needed?
    pub needs_lowercase: bool,
    /// May users change their own password?
    pub users_may_change: bool,
    /// Days after which a password must be changed, if ever.
    pub age_days_max: Option<u32>,
    /// Earlier passwords that cannot be used again.
    pub reuse_prevented: u32,
    /// Is whoever lets a password expire locked out until an administrator helps?
    pub locks_out_expired: bool,
}

/// One change of a password policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PasswordPolicyStep {
    /// `UpdateAccountPasswordPolicy`.
    Update(PasswordPolicyState),
    /// `DeleteAccountPasswordPolicy`.
    Delete,
}

impl PasswordPolicyState {
    /// As strict as both: what is stricter already stays.
    ///
    /// Two things only ever become milder: whoever needs a password in an emergency must be able to change
    /// it, and must not find that it has locked them out meanwhile.
    #[must_use]
    pub fn at_least(&self, wanted: &Self) -> Self {
        let age = [self.age_days_max, wanted.age_days_max];
        Self {
            length_min: self.length_min.max(wanted.length_min),
            needs_symbol: self.needs_symbol || wanted.needs_symbol,
            needs_number: self.needs_number || wanted.needs_number,
            needs_uppercase: self.needs_uppercase || wanted.needs_uppercase,
            needs_lowercase: self.needs_lowercase || wanted.needs_lowercase,
            users_may_change: self.users_may_change || wanted.users_may_change,
            age_days_max: age.into_iter().flatten().min(),
            reuse_prevented: self.reuse_prevented.max(wanted.reuse_prevented),
            locks_out_expired: self.locks_out_expired && wanted.locks_out_expired,
        }
    }
}

impl PasswordPolicyStep {
    /// Does it take something away?
    pub fn is_removal(&self) -> bool {
        match self {
            Self::Update(_) => false,
            Self::Delete => true,
        }
    }
}

impl fmt::Display for PasswordPolicyStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Update(_) => "write the password policy",
            Self::Delete => "delete",
        })
    }
}
