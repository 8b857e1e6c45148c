//! The form of `Baseline` documents.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::desired::raw::{RawMode, RawSuspension, TargetText};

/// A CloudFormation template in every account of some OUs, accounts that are created tomorrow included:
/// a StackSet of the management account, kept by AWS Organizations' own permissions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["template"]}, {"required": ["templateFile"]}]))]
pub(crate) struct RawBaseline {
    /// What it is for, in a sentence; shown in the AWS console too.
    #[schemars(length(max = 800))]
    pub(crate) description: Option<String>,
    /// The template as a text, JSON or YAML: `template: |` and indented below it.
    #[schemars(length(min = 1))]
    pub(crate) template: Option<String>,
    /// A file with the template, relative to this file and inside the desired-state directory.
    #[schemars(length(min = 1))]
    pub(crate) template_file: Option<String>,
    /// Values of the template's parameters.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {
        "pattern": "^[A-Za-z0-9]{1,255}$",
        "patternErrorMessage": "must be the name of a parameter: letters and digits"
    }))]
    pub(crate) parameters: BTreeMap<String, RawParameter>,
    /// What the template may do that AWS wants acknowledged: `CAPABILITY_IAM`, or `CAPABILITY_NAMED_IAM` for
    /// a template that gives names to roles, users or policies.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) capabilities: Vec<RawCapability>,
    /// Where it goes: OU paths such as `/Workloads`, with every account in and below them, the management
    /// account left out; or accounts such as `account:audit`.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) targets: Vec<TargetText>,
    /// The Regions in which every account has it, in the order of deployment.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) regions: Vec<RegionText>,
    /// The Region of the management account in which the StackSet is kept, `us-east-1` unless said otherwise.
    pub(crate) home_region: Option<RegionText>,
    /// The name of the StackSet, `palisade-` and the document's name unless said otherwise. A StackSet of this
    /// name that is there already is taken over.
    #[schemars(extend(
        "pattern" = "^[A-Za-z][A-Za-z0-9-]{0,127}$",
        "patternErrorMessage" = "must be 1 to 128 letters, digits or `-`, and begin with a letter"
    ))]
    pub(crate) stack_set_name: Option<String>,
    /// How operations proceed.
    #[serde(default)]
    pub(crate) deployment: RawDeployment,
    /// How often AWS compares the stacks with what is in the accounts, `7d` unless said otherwise: a number of
    /// days, or `never`.
    #[schemars(extend(
        "pattern" = "^([1-9][0-9]{0,2}d|never)$",
        "patternErrorMessage" = "must be a number of days such as `7d`, or `never`"
    ))]
    pub(crate) drift_check: Option<String>,
    /// Does palisade heal drift, or only report it?
    pub(crate) mode: Option<RawMode>,
    /// Not enforced until a date; drift is still reported.
    pub(crate) suspend: Option<RawSuspension>,
    /// Does the StackSet go when this document goes? True unless said otherwise. Its stacks stay in any case.
    pub(crate) prune: Option<bool>,
}

/// The value of a parameter.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "ParameterValue")]
pub(crate) enum RawParameter {
    /// A text.
    Text(String),
    /// A whole number, as far as doubles hold every one: what reads JSON elsewhere often has nothing else.
    Number(
        #[schemars(range(min = -9_007_199_254_740_991_i64, max = 9_007_199_254_740_991_i64))] i64,
    ),
    /// `true` or `false`.
    Truth(bool),
    /// The values of a list.
    List(Vec<String>),
}

/// What AWS wants acknowledged.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema, strum::IntoStaticStr)]
#[schemars(rename = "Capability")]
pub(crate) enum RawCapability {
    // No `///` here: with descriptions of their own these would no longer be an `enum` in the schema.
    #[serde(rename = "CAPABILITY_IAM")]
    #[strum(serialize = "CAPABILITY_IAM")]
    Iam,
    #[serde(rename = "CAPABILITY_NAMED_IAM")]
    #[strum(serialize = "CAPABILITY_NAMED_IAM")]
    NamedIam,
}

/// A Region by its code, such as `eu-west-1`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[a-z]{2,4}(-[a-z]{2,10})+-[0-9]{1,2}$",
    "patternErrorMessage" = "must be the code of a Region, such as `eu-west-1`"
))]
pub(crate) struct RegionText(pub(crate) String);

/// How operations proceed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Deployment")]
pub(crate) struct RawDeployment {
    /// In how many accounts of a Region an operation may fail before it stops there: a number, or a share such
    /// as `10%`, which it is unless said otherwise. Accounts in which it failed are tried again last.
    pub(crate) failure_tolerance: Option<RawShare>,
    /// In how many accounts of a Region an operation works at once: a number, or a share such as `10%`, which
    /// it is unless said otherwise. AWS takes no more than one above the tolerance.
    pub(crate) max_concurrent: Option<RawShare>,
    /// Region by Region (`sequential`, unless said otherwise), or in all at once (`parallel`)?
    pub(crate) region_concurrency: Option<RawRegionConcurrency>,
}

/// A number of accounts, or a share of them such as `10%`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Share")]
pub(crate) enum RawShare {
    /// A number.
    Count(#[schemars(range(max = 100_000))] u32),
    /// A share.
    Percent(
        #[schemars(extend(
            "pattern" = "^([0-9]|[1-9][0-9]|100)%$",
            "patternErrorMessage" = "must be a share such as `10%`"
        ))]
        String,
    ),
}

/// Region by Region, or in all at once.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RegionConcurrency")]
pub(crate) enum RawRegionConcurrency {
    // No `///` here either.
    Sequential,
    Parallel,
}
