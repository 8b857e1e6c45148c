//! The form of `BreakGlassRole` documents.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::desired::raw::{RawMode, RawSuspension, TargetText};

/// Emergency access: roles in many accounts that named people can assume from one account kept for it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawBreakGlassRole {
    /// The account, by its name, in which operators sign in during an emergency and at no other time.
    pub(crate) emergency_account: String,
    /// Where the roles are: every account in or below these, accounts that are created tomorrow and the
    /// management account included, the emergency account left out.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) targets: Vec<TargetText>,
    /// The people who may assume the roles, as IAM users of the emergency account. They need MFA.
    pub(crate) operators: Vec<RawOperator>,
    /// The role of the emergency account through which command lines reach the roles: an operator with
    /// MFA assumes it, and from it the others. `BREAK-GLASS-EMERGENCY` unless said otherwise.
    pub(crate) emergency_role: Option<RoleName>,
    /// The roles, one for each playbook.
    pub(crate) roles: Vec<RawEmergencyRole>,
    /// Does palisade heal drift, or only report it?
    pub(crate) mode: Option<RawMode>,
    /// Not enforced until a date; drift is still reported.
    pub(crate) suspend: Option<RawSuspension>,
    /// Do the roles go when a document no longer names them? True unless said otherwise.
    pub(crate) prune: Option<bool>,
}

/// Somebody who may use emergency access.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Operator")]
pub(crate) struct RawOperator {
    /// The name of the IAM user.
    pub(crate) user: RoleName,
    /// Whose it is: every operator has one of their own.
    #[schemars(length(min = 1))]
    pub(crate) owner: Option<String>,
}

/// A role that operators can assume.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EmergencyRole")]
pub(crate) struct RawEmergencyRole {
    /// Its name, one that nobody mistakes.
    pub(crate) name: RoleName,
    /// What it is for, in a sentence.
    #[schemars(length(max = 800))]
    pub(crate) description: Option<String>,
    /// Policies that AWS manages, such as `AdministratorAccess`, or ARNs of managed policies.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) managed_policies: Vec<ManagedPolicy>,
    /// What the role may do beside that: a policy document.
    pub(crate) policy: Option<Map<String, Value>>,
    /// The longest session, `1h` unless said otherwise. AWS ends sessions that were reached through
    /// another role after one hour.
    pub(crate) max_session: Option<TimeText>,
    /// How long ago an operator may have shown an MFA code, `15m` unless said otherwise.
    pub(crate) mfa_max_age: Option<TimeText>,
}

/// A name in IAM: letters, digits and `+=,.@_-`, at most 64.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[A-Za-z0-9+=,.@_-]{1,64}$",
    "patternErrorMessage" = "must be a name in IAM: 1 to 64 letters, digits or `+=,.@_-`"
))]
pub(crate) struct RoleName(pub(crate) String);

/// The name of a policy that AWS manages, or the ARN of a managed policy.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^(arn:[a-z-]+:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]+|[A-Za-z0-9+=,.@_/-]{1,128})$",
    "patternErrorMessage" = "must be the name of a policy of AWS's, such as `ReadOnlyAccess`, or the ARN of a managed policy"
))]
pub(crate) struct ManagedPolicy(pub(crate) String);

/// A time such as `15m` or `1h`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[1-9][0-9]{0,4}[mhd]$",
    "patternErrorMessage" = "must be a time such as `15m`, `1h` or `90d`"
))]
pub(crate) struct TimeText(pub(crate) String);

impl TimeText {
    /// The time in seconds.
    pub(crate) fn seconds(&self) -> u32 {
        let digits = self.0.trim_end_matches(['m', 'h', 'd']);
        let unit = match self.0.chars().last() {
            Some('d') => 24 * 60 * 60,
            Some('h') => 60 * 60,
            Some(_) | None => 60,
        };
        digits.parse::<u32>().unwrap_or_default().saturating_mul(unit)
    }
}
