//! The form of `BreakGlassRole` documents.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::desired::raw::{EndText, RawMode, RawSuspension, TargetText};

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
    /// The way in for when IAM Identity Center or its Region is away: an identity provider that IAM of the
    /// emergency account trusts directly.
    pub(crate) saml: Option<RawEmergencySaml>,
    /// The failures for which this is there, so that nobody has to decide that in an emergency.
    #[serde(default)]
    pub(crate) failure_modes: Vec<RawFailureMode>,
    /// Who may say that it is an emergency, by name or by role in the company.
    #[serde(default)]
    pub(crate) approvers: Vec<String>,
    /// Who is told of every sign-in and every use, successful or not.
    pub(crate) alerts: Option<RawEmergencyAlerts>,
    /// The emergency that is going on. While there is one, use is expected: it is counted and told as ever, and
    /// wakes nobody.
    pub(crate) incident: Option<RawIncident>,
    /// How often it is tried whether this would work.
    pub(crate) drill: Option<RawDrill>,
    /// What else is in the emergency account on purpose. Anything that is neither made by this document nor
    /// named here is reported.
    pub(crate) others: Option<RawOthers>,
    /// Do service control policies keep the roles and the emergency account as they are? True unless said
    /// otherwise; false where documents of your own see to it with the guardrails
    /// `protect-break-glass-roles` and `protect-break-glass-account`.
    #[expect(dead_code, reason = "read where the policies are made")]
    pub(crate) protect: Option<bool>,
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
    /// The first day, in UTC, on which they may no longer, for who was let in for one incident: `2027-01-31`,
    /// or a time of RFC 3339. One operator at least stays.
    pub(crate) expires_at: Option<EndText>,
}

/// An emergency that somebody declared.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Incident")]
pub(crate) struct RawIncident {
    /// What the incidents are called where they are tracked, such as `INC-4711`.
    #[schemars(extend(
        "pattern" = "^[A-Za-z0-9][A-Za-z0-9._/#-]{0,63}$",
        "patternErrorMessage" = "must be 1 to 64 letters, digits or `._/#-`, such as `INC-4711`"
    ))]
    pub(crate) id: String,
    /// The first day, in UTC, on which use is no longer expected: `2027-01-31`, or a time of RFC 3339; at most
    /// two weeks from now.
    pub(crate) until: EndText,
}

/// An identity provider that IAM of the emergency account trusts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EmergencySaml")]
pub(crate) struct RawEmergencySaml {
    /// The name of the SAML provider in IAM.
    pub(crate) provider: RoleName,
    /// A file with the metadata that the identity provider gives out, relative to this one.
    pub(crate) metadata_file: String,
    /// The role that people get; in the identity provider it belongs to a group that is empty in normal
    /// times.
    pub(crate) role: RoleName,
}

/// A failure for which emergency access is there.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "FailureMode")]
pub(crate) struct RawFailureMode {
    /// What people call it, such as `idp-down`.
    #[schemars(length(min = 1, max = 64))]
    pub(crate) id: String,
    /// What happens, and what this assumes still works.
    #[schemars(length(min = 1))]
    pub(crate) description: String,
    /// What fails; it must be said of a failure that `saml` is to be used in.
    pub(crate) fails: Option<RawFailing>,
    /// The way in: `operators` unless said otherwise.
    pub(crate) through: Option<RawThrough>,
    /// How somebody makes sure that it is this failure.
    #[schemars(length(min = 1))]
    pub(crate) confirmation: String,
    /// The URL of what to do, step by step.
    pub(crate) runbook: UrlText,
}

/// What fails: the identity provider; what AWS knows of it (a certificate, a setting); IAM Identity Center or its
/// Region; or a pipeline or palisade itself.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Failing")]
pub(crate) enum RawFailing {
    // No `///` here: with descriptions of their own these would no longer be an `enum` in the schema.
    // The identity provider.
    IdentityProvider,
    // What AWS knows of the identity provider: an expired certificate, a setting somebody changed.
    IdentityProviderConfiguration,
    // IAM Identity Center, or its Region.
    IdentityCenter,
    // A pipeline, or palisade itself.
    Automation,
}

/// A way in.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Through")]
pub(crate) enum RawThrough {
    // The operators' IAM users.
    Operators,
    // The SAML provider.
    Saml,
}

/// Who is told of every use.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EmergencyAlerts")]
pub(crate) struct RawEmergencyAlerts {
    /// Topics, queues, functions and event buses, at least two for every Region. EventBridge delivers to
    /// another Region's event bus, and to nothing else there.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) targets: Vec<TargetArn>,
    /// The Regions in which somebody can sign in or call AWS STS. Sign-ins that name no Region land in
    /// us-east-1.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) regions: Vec<RegionCode>,
}

/// How often emergency access is tried.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Drill")]
pub(crate) struct RawDrill {
    /// How long ago the last drill may be: `90d` unless said otherwise.
    pub(crate) max_age: TimeText,
}

/// What is in the emergency account on purpose.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Others")]
pub(crate) struct RawOthers {
    /// Names of users; `*` and `?` stand for anything.
    #[serde(default)]
    pub(crate) users: Vec<NamePattern>,
    /// Names of roles; `*` and `?` stand for anything. The roles of palisade, `StackSets` and Control Tower, and
    /// service-linked roles, need not be named.
    #[serde(default)]
    pub(crate) roles: Vec<NamePattern>,
    /// Names of SAML providers, and OIDC providers by their URLs without `https://`; `*` and `?` stand for
    /// anything. Those of IAM Identity Center need not be named.
    #[serde(default)]
    pub(crate) identity_providers: Vec<ProviderPattern>,
}

/// The name of an identity provider with `*` and `?` for anything.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[A-Za-z0-9+=,.@_-][A-Za-z0-9+=,.@_/:*?-]{2,254}$",
    "patternErrorMessage" = "must be the name of a SAML provider, the URL of an OIDC provider without `https://`, or a pattern of one that begins with at least one letter"
))]
pub(crate) struct ProviderPattern(pub(crate) String);

/// A name in IAM with `*` and `?` for anything.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[A-Za-z0-9+=,.@_-][A-Za-z0-9+=,.@_*?-]{2,127}$",
    "patternErrorMessage" = "must be a name in IAM or a pattern of one that begins with at least one letter, such as `aws-controltower-*`"
))]
pub(crate) struct NamePattern(pub(crate) String);

/// The ARN of something that EventBridge delivers to.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^arn:aws[a-z-]*:(sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+|sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+|lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+|events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9/_.-]+)$",
    "patternErrorMessage" = "must be the ARN of an SNS topic, an SQS queue, a Lambda function or an event bus, such as `arn:aws:sns:us-east-1:222222222222:alerts`"
))]
pub(crate) struct TargetArn(pub(crate) String);

/// A Region by its code.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[a-z]{2}(-[a-z]+)+-[0-9]$",
    "patternErrorMessage" = "must be the code of a Region, such as `eu-west-1`"
))]
pub(crate) struct RegionCode(pub(crate) String);

/// A URL that a browser opens.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^https?://[^ ]+$",
    "patternErrorMessage" = "must be a URL, such as `https://runbooks.example.com/idp-down`"
))]
pub(crate) struct UrlText(pub(crate) String);

/// A role that operators can assume.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EmergencyRole")]
pub(crate) struct RawEmergencyRole {
    /// Its name, one that nobody mistakes.
    pub(crate) name: RoleName,
    /// Where it is, if not everywhere in the document's `targets`: the account of IAM Identity Center alone, say,
    /// for what mends that.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) targets: Option<Vec<TargetText>>,
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
