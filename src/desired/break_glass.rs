//! `BreakGlassRole` documents that have been read and checked.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

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
    /// The way in through an identity provider, if there is one.
    pub saml: Option<EmergencySaml>,
    /// What counts as an emergency.
    pub failure_modes: Vec<FailureMode>,
    /// Who may say that it is one.
    pub approvers: Vec<String>,
    /// Who is told of every use, if anybody is.
    pub alerts: Option<EmergencyAlerts>,
    /// The emergency that is going on, as far as somebody declared one.
    pub incident: Option<Incident>,
    /// How long ago the last drill may be, in seconds.
    pub drill_age_seconds_max: u32,
    /// What else is in the emergency account on purpose.
    pub others: Others,
}

/// The way in through an identity provider that IAM trusts directly (failure mode 3: IAM Identity Center or
/// its Region is away).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencySaml {
    /// The name of the SAML provider.
    pub provider: String,
    /// Its metadata: XML.
    pub metadata: String,
    /// The role that people get.
    pub role: String,
    /// When the certificate ends with which the identity provider signs, as far as that can be read.
    pub certificate_ends: Option<Timestamp>,
}

/// A failure for which emergency access is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureMode {
    /// Its id.
    pub id: String,
    /// What happens.
    pub description: String,
    /// How somebody makes sure of it.
    pub confirmation: String,
    /// What fails, where it is one of the failures that decide which way in works.
    pub fails: Option<Failing>,
    /// The way in.
    pub through: Through,
    /// Where it is written what to do.
    pub runbook: String,
}

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum Failing {
    /// The identity provider.
    #[strum(serialize = "identityProvider")]
    IdentityProvider,
    /// What AWS knows of the identity provider: a certificate, a setting.
    #[strum(serialize = "identityProviderConfiguration")]
    IdentityProviderConfiguration,
    /// IAM Identity Center, or its Region.
    #[strum(serialize = "identityCenter")]
    IdentityCenter,
    /// A pipeline, or palisade.
    #[strum(serialize = "automation")]
    Automation,
}

/// The way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// The operators' IAM users.
    Operators,
    /// The SAML provider.
    Saml,
}

/// An emergency that somebody declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// What it is called where incidents are tracked.
    pub id: String,
    /// The first day (UTC) on which use is no longer expected.
    pub until: Date,
}

/// Who is told of every use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyAlerts {
    /// ARNs of topics, queues, functions and event buses.
    pub targets: BTreeSet<String>,
    /// The Regions in which rules listen.
    pub regions: BTreeSet<String>,
}

/// What is in the emergency account on purpose beside what its document makes: patterns of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Others {
    /// Of users.
    pub users: BTreeSet<String>,
    /// Of roles.
    pub roles: BTreeSet<String>,
    /// Of SAML and OIDC providers.
    pub identity_providers: BTreeSet<String>,
}

/// Somebody who may use emergency access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// The name of the IAM user.
    pub user: String,
    /// Whose it is.
    pub owner: Option<String>,
    /// The first day (UTC) on which they may no longer.
    pub expires_at: Option<Date>,
}

/// A role that operators can assume.
#[derive(Debug, Clone, PartialEq)]
pub struct EmergencyRole {
    /// Its name.
    pub name: String,
    /// Where it is, if not in the targets of its document.
    pub targets: Option<BTreeSet<DesiredTarget>>,
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

impl Operator {
    /// May they use emergency access on the day `today` (UTC)?
    pub fn is_in(&self, today: Date) -> bool {
        self.expires_at.is_none_or(|end| today < end)
    }
}

impl DesiredBreakGlass {
    /// Where a role is.
    pub fn targets_of<'a>(&'a self, role: &'a EmergencyRole) -> &'a BTreeSet<DesiredTarget> {
        role.targets.as_ref().unwrap_or(&self.targets)
    }

    /// What is wanted on the day `today` (UTC): without the operators whose access has ended, and without an incident
    /// that has.
    #[must_use = "what was written holds people whose access has ended"]
    pub fn as_of(&self, today: Date) -> Self {
        let mut current = self.clone();
        current.operators.retain(|operator| operator.is_in(today));
        current.incident = current.incident.filter(|incident| today < incident.until);
        current
    }

    /// The day on which the access of the next operator ends.
    pub fn next_expiry(&self) -> Option<Date> {
        self.operators.iter().filter_map(|operator| operator.expires_at).min()
    }

    /// The roles of the emergency account through which the others are reached.
    pub fn entrances(&self) -> impl Iterator<Item = &str> {
        let federated = self.saml.iter().map(|saml| saml.role.as_str());
        std::iter::once(self.emergency_role.as_str()).chain(federated)
    }

    /// The name of the rules that tell of its use.
    pub fn alert_rule_name(&self) -> String {
        format!("palisade-break-glass-{}", self.header.document.name)
    }

    /// The name of the role with which they deliver.
    pub fn alert_role_name(&self) -> String {
        format!("BREAK-GLASS-ALERTS-{}", self.header.document.name)
    }

    /// Which events of the emergency account are told.
    ///
    /// In an account that nobody uses, every sign-in and every act of a user is worth telling. What a call asks
    /// for is not recorded when AWS denies it, so that every call to STS that fails is told too.
    pub fn alert_pattern(&self) -> Value {
        let entrances: Vec<&str> = self.entrances().collect();
        let roles = self.roles.iter().map(|role| role.name.as_str());
        let assumed: Vec<Value> = roles
            .chain(entrances.iter().copied())
            .map(|role| json!({"wildcard": format!("*:role/{role}")}))
            .collect();
        json!({"$or": [
            {"source": ["aws.signin"]},
            {"detail": {"userIdentity": {"type": ["IAMUser", "Root"]}}},
            {"detail": {"userIdentity": {"sessionContext": {"sessionIssuer": {"userName": entrances}}}}},
            {"source": ["aws.sts"], "detail": {"requestParameters": {"roleArn": assumed}}},
            {"source": ["aws.sts"], "detail": {"errorCode": [{"exists": true}]}},
        ]})
    }
}

impl EmergencyAlerts {
    /// The targets that a rule in `region` delivers to.
    pub fn targets_in<'a>(&'a self, region: &'a str) -> impl Iterator<Item = &'a String> {
        self.targets.iter().filter(move |arn| Self::reaches(region, arn))
    }

    /// Can a rule in `region` deliver to `target`? Another Region's event bus, and nothing else there
    /// ("Event bus targets in Amazon EventBridge").
    pub fn reaches(region: &str, target: &str) -> bool {
        let mut parts = target.split(':').skip(2);
        parts.next() == Some("events") || parts.next() == Some(region)
    }
}
