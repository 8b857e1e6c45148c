//! Root access: what the organization has switched on to manage the root users of its members centrally, and
//! which credentials the root user of an account still has.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A feature of central root access, as IAM calls it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
pub enum RootFeature {
    /// The management account may remove root credentials of members.
    RootCredentialsManagement,
    /// The management account may act as root in members, for minutes.
    RootSessions,
}

/// A feature of central root access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RootFeatureState {
    /// Which.
    pub feature: RootFeature,
    /// Is it on?
    pub enabled: bool,
}

/// One change of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RootFeatureStep {
    /// `EnableOrganizationsRootCredentialsManagement`.
    EnableCredentialsManagement,
    /// `DisableOrganizationsRootCredentialsManagement`.
    DisableCredentialsManagement,
    /// `EnableOrganizationsRootSessions`.
    EnableSessions,
    /// `DisableOrganizationsRootSessions`.
    DisableSessions,
}

/// What the root user of an account has to sign in with. Of what should be: what it may have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RootCredentialsState {
    /// Access keys.
    pub access_keys: bool,
    /// A password.
    pub password: bool,
    /// Signing certificates.
    pub certificates: bool,
}

impl RootFeatureStep {
    /// What the feature is after it.
    pub fn after(self) -> RootFeatureState {
        let (feature, enabled) = match self {
            Self::EnableCredentialsManagement => (RootFeature::RootCredentialsManagement, true),
            Self::DisableCredentialsManagement => (RootFeature::RootCredentialsManagement, false),
            Self::EnableSessions => (RootFeature::RootSessions, true),
            Self::DisableSessions => (RootFeature::RootSessions, false),
        };
        RootFeatureState { feature, enabled }
    }
}

impl RootCredentialsState {
    /// What it has and `allowed` has not, in words.
    pub fn beyond(&self, allowed: &Self) -> Vec<&'static str> {
        let found = [
            (self.access_keys && !allowed.access_keys, "access keys"),
            (self.password && !allowed.password, "a password"),
            (self.certificates && !allowed.certificates, "signing certificates"),
        ];
        found.into_iter().filter(|(is_found, _)| *is_found).map(|(_, what)| what).collect()
    }
}

impl fmt::Display for RootFeatureStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::EnableCredentialsManagement | Self::EnableSessions => "enable",
            Self::DisableCredentialsManagement | Self::DisableSessions => "disable",
        })
    }
}
