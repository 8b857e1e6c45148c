//! The form of `GuardrailTest` documents. Ready-made guardrails carry their own tests in the same form.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// Calls, and what the guardrails must make of them: `palisade test` tells whether they do.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawGuardrailTest {
    /// What the cases are about, in a sentence.
    #[serde(rename = "description")]
    pub(crate) _description: Option<String>,
    /// What a case says that does not say otherwise. `context` and `absent` are joined with the
    /// case's own, in which the case has the last word; every other field is replaced.
    #[serde(default)]
    pub(crate) defaults: RawCase,
    /// The cases.
    pub(crate) cases: Vec<RawCase>,
}

/// One call, or a table of calls, and what must become of it.
///
/// Where `account`, `ou`, `principal`, `action`, `resource` or `resourceAccount` is a list, and for
/// every list in `forEach`, there is one call for each value, and one for each combination of them.
/// A list in `context` is something else: one call with a key that has several values.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Case")]
pub(crate) struct RawCase {
    /// What the case shows, in a sentence; the report uses it as the case's name.
    #[schemars(length(min = 1))]
    pub(crate) name: Option<String>,
    /// The account in which the principal lives, by its name; a list: one call for each. An account
    /// outside the organization by its id. For services and `*` it is the resource's account.
    pub(crate) account: Option<RawOneOrMore<CaseAccount>>,
    /// Instead of `account`: any account directly in this OU, such as one created tomorrow; a list:
    /// one call for each.
    pub(crate) ou: Option<RawOneOrMore<CaseUnit>>,
    /// Who calls: a full ARN; or `role/dev`, `user/x`, `root`, `assumed-role/dev/session` in the
    /// account; or a service such as `cloudtrail.amazonaws.com`; or `*` for a caller without
    /// credentials. A list: one call for each.
    pub(crate) principal: Option<RawOneOrMore<CasePrincipal>>,
    /// The action, such as `s3:GetObject`; a list: one call for each.
    pub(crate) action: Option<RawOneOrMore<CaseAction>>,
    /// The resource's ARN, in which `{account}` stands for the id of its account; a list: one call for
    /// each. Wildcards stand for all that they match, and `*` for every resource, or for none where the
    /// action has none: where a guardrail is about a part of them the verdict is unknown.
    pub(crate) resource: Option<RawOneOrMore<CaseResource>>,
    /// The account that owns the resource, by its name, or by its id if it is outside the
    /// organization; a list: one call for each. Left out it is the account in the resource's ARN,
    /// and else the principal's.
    pub(crate) resource_account: Option<RawOneOrMore<CaseAccount>>,
    /// The condition keys that come with the call. A list is a key with several values, all in the
    /// same call; for one call for each value see `forEach`.
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
    /// Condition keys and the values to try: one call for each value, combined with every other list.
    /// A value that is itself a list is a key with several values.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {
        "pattern": "^[A-Za-z0-9-]+:[^\\t\\r\\n]+$",
        "patternErrorMessage": "must be a condition key such as `aws:RequestedRegion`"
    }))]
    pub(crate) for_each: BTreeMap<String, Vec<RawContextValue>>,
    /// What must become of every one of the calls: `allowed` if no guardrail stands in the way,
    /// `denied`, or `unknown` if that depends on condition keys about which the case says nothing.
    pub(crate) expect: Option<RawExpectation>,
    /// With `expect: denied`: the guardrail that must be the one to deny, by its document's name, and
    /// if need be the statement, such as `regions` or `regions/OnlyEurope`.
    #[schemars(extend(
        "pattern" = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(/[A-Za-z0-9]+)?$",
        "patternErrorMessage" = "must be a document's name such as `regions`, or that and a Sid, such as `regions/OnlyEurope`"
    ))]
    pub(crate) by: Option<String>,
}

/// One value, or a list of values that are tried one by one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "OneOrMore{T}")]
pub(crate) enum RawOneOrMore<T> {
    /// One.
    One(T),
    /// A call for each.
    More(#[schemars(extend("uniqueItems" = true))] Vec<T>),
}

/// The value of a condition key, or the values of one that has several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "ContextValue")]
pub(crate) enum RawContextValue {
    /// A value.
    Text(String),
    /// `true` or `false`.
    Truth(bool),
    /// All the values that the key has at once.
    Several(Vec<String>),
}

/// The name of an account, or the id of one outside the organization.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
    "patternErrorMessage" = "must be the name of an account, or the id of one outside the organization"
))]
pub(crate) struct CaseAccount(pub(crate) String);

/// The path of an OU from the root, such as `/Workloads/Prod`; `/` for the root itself.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^(/|(/[^/]+)+)$",
    "patternErrorMessage" = "must be an OU path from the root such as `/Workloads/Prod`, or `/`"
))]
pub(crate) struct CaseUnit(pub(crate) String);

/// Who calls.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^(\\*|root|(role|user|assumed-role|federated-user)/[^ *?]+|arn:[a-z-]+:(iam|sts)::[0-9]{12}:[^ *?]+|[a-z0-9-]+(\\.[a-z0-9-]+)*\\.amazonaws\\.com(\\.cn)?)$",
    "patternErrorMessage" = "must be one caller: an ARN, `role/NAME`, `user/NAME`, `root`, `assumed-role/NAME/SESSION`, a service such as `cloudtrail.amazonaws.com`, or `*` for a caller without credentials"
))]
pub(crate) struct CasePrincipal(pub(crate) String);

/// One action, such as `s3:GetObject`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[A-Za-z0-9-]+:[A-Za-z0-9]+$",
    "patternErrorMessage" = "must be one action such as `s3:GetObject`: a call is no pattern"
))]
pub(crate) struct CaseAction(pub(crate) String);

/// A resource's ARN, or `*`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^(\\*|arn:[a-z-]+:[a-z0-9-]+:[^: ]*:([0-9]{12}|\\{account\\}|aws)?:[^\\t\\r\\n]+)$",
    "patternErrorMessage" = "must be a resource's ARN such as `arn:aws:s3:::acme-logs/a` or `arn:aws:sqs:eu-west-1:{account}:orders`, or `*`"
))]
pub(crate) struct CaseResource(pub(crate) String);

/// A condition key such as `aws:RequestedRegion`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[A-Za-z0-9-]+:[^\\t\\r\\n]+$",
    "patternErrorMessage" = "must be a condition key such as `aws:RequestedRegion`"
))]
pub(crate) struct ConditionKey(pub(crate) String);

/// What must become of a call.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Expectation")]
pub(crate) enum RawExpectation {
    // No `///` here: with descriptions of their own these would no longer be an `enum` in the schema.
    Allowed,
    Denied,
    Unknown,
}
