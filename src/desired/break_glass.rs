//! `BreakGlassRole` documents that have been read and checked.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::desired::model::{DesiredTarget, DocumentHeader};
use crate::org::AccountId;

/// Emergency access: who, from where, to what.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredBreakGlass {
    /// Kind, name, mode and so on.
    pub header: DocumentHeader,
    /// The account in which operators sign in.
    pub emergency_account: AccountId,
    /// Where the roles are.
    pub targets: BTreeSet<DesiredTarget>,
    /// The operators, by name of their IAM users.
    pub operators: Vec<Operator>,
    /// The role of the emergency account from which the others are assumed.
    pub emergency_role: String,
    /// The roles.
    pub roles: Vec<EmergencyRole>,
}

/// Somebody who may use emergency access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// The name of the IAM user.
    pub user: String,
    /// Whose it is.
    pub owner: Option<String>,
}

/// A role that operators can assume.
#[derive(Debug, Clone, PartialEq)]
pub struct EmergencyRole {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Names of policies of AWS's own, and ARNs of managed policies.
    pub managed_policies: BTreeSet<String>,
    /// What it may do beside that.
    pub policy: Option<Value>,
    /// The longest session.
    pub max_session_seconds: u32,
    /// How long ago an operator may have shown an MFA code.
    pub mfa_age_seconds_max: u32,
}
