//! Policy types of AWS Organizations and their quotas, as dated data.
//!
//! Source: AWS Organizations User Guide, "Quotas and service limits" (`orgs_reference_limits`), read
//! 2026-11. The list is open: a type that is not in the table works by its name, with the
//! quotas of [`PolicyTypeFacts::UNLISTED`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::policy::Language;

/// A policy type by the name the API uses, such as `SERVICE_CONTROL_POLICY`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyType(String);

/// What palisade knows of a policy type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyTypeFacts {
    /// The API's name.
    pub name: &'static str,
    /// The document kind in desired state.
    pub kind: &'static str,
    /// The quotas.
    pub quota: PolicyQuota,
    /// Which language the documents are written in.
    pub language: Language,
    /// The service principal that needs trusted access before the type can be enabled.
    pub trusted_service: Option<&'static str>,
}

/// How much a policy type can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyQuota {
    /// Characters in one document, white space included: the API stores what it is sent.
    pub characters_max: usize,
    /// Policies attached directly to one root, OU or account; inherited ones do not count.
    pub attached_max: usize,
}

impl PolicyType {
    /// Service control policies.
    pub fn service_control() -> Self {
        Self("SERVICE_CONTROL_POLICY".to_owned())
    }

    /// Resource control policies.
    pub fn resource_control() -> Self {
        Self("RESOURCE_CONTROL_POLICY".to_owned())
    }

    /// The type the API calls `name`, whether palisade knows it or not.
    pub fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The API's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is known of it.
    pub fn facts(&self) -> PolicyTypeFacts {
        POLICY_TYPES
            .iter()
            .find(|facts| facts.name == self.0)
            .copied()
            .unwrap_or(PolicyTypeFacts::UNLISTED)
    }

    /// The policy that AWS attaches to every target of its own accord; it takes a slot.
    pub fn attached_by_aws(&self) -> Option<&'static str> {
        match self.as_str() {
            "SERVICE_CONTROL_POLICY" => Some("FullAWSAccess"),
            "RESOURCE_CONTROL_POLICY" => Some("RCPFullAWSAccess"),
            _ => None,
        }
    }

    /// May the last policy of this type never leave a target? True of SCPs only: a target without
    /// one allows nothing (`DetachPolicy`, API reference).
    pub fn needs_one_attached(&self) -> bool {
        self.0 == "SERVICE_CONTROL_POLICY"
    }
}

impl fmt::Display for PolicyType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl PolicyTypeFacts {
    /// The facts assumed of a type that is not in the table. The sizes are those of most management
    /// policies; AWS itself has the last word, and its refusal is reported as what it is.
    pub const UNLISTED: Self = Self {
        name: "",
        kind: "OrganizationPolicy",
        quota: PolicyQuota { characters_max: 10_000, attached_max: 10 },
        language: Language::Inheritance,
        trusted_service: None,
    };

    /// The facts of the document kind `kind`, and nothing for `OrganizationPolicy`.
    pub fn of_kind(kind: &str) -> Option<&'static Self> {
        POLICY_TYPES.iter().find(|facts| facts.kind == kind)
    }
}

const fn inheritance(
    name: &'static str,
    kind: &'static str,
    characters_max: usize,
    attached_max: usize,
) -> PolicyTypeFacts {
    PolicyTypeFacts {
        name,
        kind,
        quota: PolicyQuota { characters_max, attached_max },
        language: Language::Inheritance,
        trusted_service: None,
    }
}

/// The policy types of `aws-sdk-organizations` 1.137 and botocore 1.44.5. Types without a published
/// quota carry 10,000 characters and 10 attachments, like most of the published ones.
pub const POLICY_TYPES: &[PolicyTypeFacts] = &[
    PolicyTypeFacts {
        name: "SERVICE_CONTROL_POLICY",
        kind: "ServiceControlPolicy",
        quota: PolicyQuota { characters_max: 10_240, attached_max: 10 },
        language: Language::Iam,
        trusted_service: None,
    },
    PolicyTypeFacts {
        name: "RESOURCE_CONTROL_POLICY",
        kind: "ResourceControlPolicy",
        quota: PolicyQuota { characters_max: 5_120, attached_max: 5 },
        language: Language::Iam,
        trusted_service: None,
    },
    inheritance("TAG_POLICY", "TagPolicy", 10_000, 10),
    inheritance("BACKUP_POLICY", "BackupPolicy", 10_000, 10),
    inheritance("AISERVICES_OPT_OUT_POLICY", "AiServicesOptOutPolicy", 2_500, 5),
    inheritance("DECLARATIVE_POLICY_EC2", "DeclarativePolicy", 10_000, 10),
    inheritance("CHATBOT_POLICY", "ChatbotPolicy", 10_000, 5),
    inheritance("SECURITYHUB_POLICY", "SecurityHubPolicy", 10_000, 10),
    inheritance("SECURITYHUB_CSPM_POLICY", "SecurityHubCspmPolicy", 10_000, 10),
    inheritance("INSPECTOR_POLICY", "InspectorPolicy", 10_000, 10),
    inheritance("UPGRADE_ROLLOUT_POLICY", "UpgradeRolloutPolicy", 10_000, 10),
    inheritance("BEDROCK_POLICY", "BedrockPolicy", 10_000, 10),
    inheritance("S3_POLICY", "S3Policy", 10_000, 10),
    inheritance("NETWORK_SECURITY_DIRECTOR_POLICY", "NetworkSecurityDirectorPolicy", 10_000, 10),
    inheritance("GUARDDUTY_POLICY", "GuardDutyPolicy", 10_000, 10),
];
