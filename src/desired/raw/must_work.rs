//! The form of `mustWork` and `acceptLockouts`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::desired::raw::guardrail_test::{
    CaseAction, CaseResource, ConditionKey, RawContextValue,
};
use crate::desired::raw::{DocumentName, EndText, TargetText};

/// A call that must go on working. No change that would deny it is made, at no step on the way.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "MustWork")]
pub(crate) struct RawMustWork {
    /// What the call is called in messages and in `acceptLockouts`.
    pub(crate) name: DocumentName,
    /// In which accounts it must work: `/` for all, OU paths, single accounts such as
    /// `account:shop-prod`. Every account when it is left out.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) targets: Option<Vec<TargetText>>,
    /// Who calls: `role/NAME` or `user/NAME` in the account itself, `root`, a whole ARN for a
    /// principal of one certain account, or a service such as `cloudtrail.amazonaws.com`.
    pub(crate) principal: ProbePrincipal,
    /// The actions, such as `s3:GetObject`.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) actions: Vec<CaseAction>,
    /// The resource's ARN, in which `{account}` stands for the id of the account; or `*`, as when it is
    /// left out: no resource, or one that no guardrail thinks of. What denies certain resources only
    /// does not stand in its way.
    pub(crate) resource: Option<CaseResource>,
    /// The condition keys that come with the call.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {
        "pattern": "^[A-Za-z0-9-]+:[^\\t\\r\\n]+$",
        "patternErrorMessage": "must be a condition key such as `aws:RequestedRegion`"
    }))]
    pub(crate) context: BTreeMap<String, RawContextValue>,
    /// Condition keys that do not come with the call. A key that is neither given nor absent is
    /// unknown.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) absent: Vec<ConditionKey>,
    /// What it means if that depends on a key about which nothing is said: `fail`, as if it were
    /// denied (unless said otherwise), or `pass`.
    pub(crate) on_unknown: Option<RawOnUnknown>,
}

/// A call that must work and may be locked out all the same, until a day. Without it a change that
/// locks it out is blocked, and no approval lifts that.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "AcceptedLockout")]
pub(crate) struct RawAcceptedLockout {
    /// The name of the call: one of `mustWork`, or `palisade`, `member-role`, `stacksets-role`,
    /// `break-glass`.
    #[schemars(length(min = 1))]
    pub(crate) probe: String,
    /// Where it may be locked out; everywhere when it is left out.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) targets: Option<Vec<TargetText>>,
    /// The first day on which it must work again, in UTC: `2027-01-31`, or a time of RFC 3339.
    pub(crate) until: EndText,
    /// Why.
    #[schemars(length(min = 1))]
    pub(crate) reason: String,
}

/// Who calls.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^(root|(role|user)/[^ *?:]+|arn:[a-z-]+:iam::[0-9]{12}:(root|(role|user)/[^ *?]+)|[a-z0-9-]+(\\.[a-z0-9-]+)*\\.amazonaws\\.com(\\.cn)?)$",
    "patternErrorMessage" = "must be `role/NAME`, `user/NAME` or `root` in the account itself, the ARN of a role or user, or a service such as `cloudtrail.amazonaws.com`"
))]
pub(crate) struct ProbePrincipal(pub(crate) String);

/// What an answer means that nobody can give.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OnUnknown")]
pub(crate) enum RawOnUnknown {
    // No `///` here: with descriptions of their own these would no longer be an `enum` in the schema.
    Fail,
    Pass,
}
