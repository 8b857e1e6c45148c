//! The form of `RegionRestriction` documents.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::desired::raw::{PrincipalPattern, RawMode, RawSuspension, TargetText, TimeText};

/// Which Regions can be used. Becomes a service control policy, which also forbids accounts to switch
/// Regions on or off. Where several apply to an account, it can use the Regions that all of them allow.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawRegionRestriction {
    /// The policy's name in AWS, if it is not the document's name.
    #[schemars(length(min = 1, max = 128))]
    pub(crate) policy_name: Option<String>,
    /// What the document achieves, in a sentence; shown in the AWS console too.
    pub(crate) description: Option<String>,
    /// The OUs and accounts it is about: `/` for the root, OU paths, accounts such as
    /// `account:shop-prod`.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) targets: Vec<TargetText>,
    /// The Regions that can be used. Without it all can; accounts still cannot switch them on or off.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) allowed: Option<Vec<RegionText>>,
    /// The list of services that have no Region, which ships with palisade, and how it differs here.
    pub(crate) global_services: Option<RawGlobalServices>,
    /// Who and what is exempt. Detective services, emergency roles, and the roles that hold the
    /// organization together always are.
    pub(crate) except: Option<RawRegionExcept>,
    /// Which Regions the accounts have enabled, of those that somebody has to enable. Left alone without it.
    /// Needs `account.amazonaws.com` among `trustedServices`.
    pub(crate) opt_in: Option<RawOptIn>,
    /// Does palisade heal drift, or only report it?
    pub(crate) mode: Option<RawMode>,
    /// Not enforced until a date; drift is still reported.
    pub(crate) suspend: Option<RawSuspension>,
    /// Does the policy go when this document goes? True unless said otherwise.
    pub(crate) prune: Option<bool>,
}

/// The list of services that have no Region, and how it differs here.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "GlobalServices")]
pub(crate) struct RawGlobalServices {
    /// Actions that the list lacks, such as `quicksight:*`.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) add: Vec<ActionPattern>,
    /// Entries of the list that are not wanted, such as `chatbot:*`.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) remove: Vec<ActionPattern>,
    /// How old the list may become before it is warned of, `365d` unless said otherwise.
    pub(crate) max_age: Option<TimeText>,
}

/// Which Regions accounts have enabled: those in `enabled` and `allowed`, and no others.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "OptIn")]
pub(crate) struct RawOptIn {
    /// Regions that are enabled, beside those in `allowed`.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) enabled: Vec<RegionText>,
    /// Regions that are not enabled. Those that palisade knows need not be named: this is for a Region that
    /// AWS has opened since, which is drift until somebody decides.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) disabled: Vec<RegionText>,
    /// May palisade disable a Region, which cuts the account off from what is in it? Each time it asks for
    /// approval. False unless said otherwise: it only reports.
    #[serde(default)]
    pub(crate) allow_disable: bool,
}

/// Who and what is exempt.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RegionExcept")]
pub(crate) struct RawRegionExcept {
    /// Patterns of principal ARNs, such as `arn:aws:iam::*:role/OrgAdmin`.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) principals: Vec<PrincipalPattern>,
    /// Services that can be used in every Region, by the prefix of their actions, such as `bedrock`.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) services: Vec<ServicePrefix>,
}

/// A Region such as `eu-west-1`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[a-z]{2,}(-[a-z]+)+-[0-9]+$",
    "patternErrorMessage" = "must be a Region such as `eu-west-1`"
))]
pub(crate) struct RegionText(pub(crate) String);

/// An action such as `s3:GetObject`, or a pattern of actions of one service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[a-z0-9-]+:[A-Za-z0-9*?]+$",
    "patternErrorMessage" = "must be an action such as `s3:GetObject`, or a pattern of actions of one service such as `chatbot:*`"
))]
pub(crate) struct ActionPattern(pub(crate) String);

/// The prefix of a service's actions, such as `bedrock`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[a-z0-9][a-z0-9-]*$",
    "patternErrorMessage" = "must be the prefix of a service's actions, such as `bedrock`"
))]
pub(crate) struct ServicePrefix(pub(crate) String);
