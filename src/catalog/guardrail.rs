//! The form of a catalogue entry, and nothing but the form: what the files in `guardrails/` hold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A ready-made guardrail.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Guardrail {
    /// What documents call it.
    pub id: String,
    /// What it achieves, in a line.
    pub title: String,
    /// Why it is there and how it works, in a few sentences.
    pub purpose: String,
    /// The kind of document it is for; `outside` when it is not written in desired state.
    pub kind: String,
    /// The practices of the Security Pillar that it serves.
    pub practices: Vec<String>,
    /// The controls of the CIS benchmark that it serves, such as `1.4.0/1.7`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cis: Vec<String>,
    /// How bad it is when it is missing or altered.
    pub severity: Severity,
    /// How free an organization is to do without it.
    pub tier: Tier,
    /// What to do when it drifted, or when it denies what should work.
    pub runbook: String,
    /// What it does not do, for who reads a green report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
    /// Whom every Deny leaves alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exempt: Vec<Exempt>,
    /// Whom it binds on purpose, of those who hold the organization together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binds: Vec<Bound>,
    /// What can be set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Parameter>,
    /// Arguments with which it makes a good example: what has no default at least.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub example: Map<String, Value>,
    /// The policy document with placeholders; none when the kind is not a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Value>,
    /// How it is written in desired state when it is no policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_as: Option<String>,
    /// Its own tests: the `spec` of a `GuardrailTest` whose cases name no account.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub tests: Value,
}

/// How bad it is when a guardrail is missing or altered.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Deserialize,
    Serialize,
    strum::Display,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Severity {
    /// Somebody gets up for it.
    Critical,
    /// Today.
    High,
    /// This week.
    Medium,
}

/// How free an organization is to do without a guardrail.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Deserialize,
    Serialize,
    strum::Display,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Tier {
    /// On for every account.
    Mandatory,
    /// On unless there is a reason.
    StronglyRecommended,
    /// For who needs it.
    Elective,
}

/// Roles that a guardrail leaves alone.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Deserialize,
    Serialize,
    strum::Display,
    strum::EnumIter,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Exempt {
    /// Those of palisade.
    Palisade,
    /// Those with which `StackSets` deploy.
    StackSets,
    /// Those of AWS Control Tower.
    ControlTower,
    /// Those for emergencies.
    BreakGlass,
}

/// Parties that a guardrail binds on purpose.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bound {
    /// Who.
    pub who: Vec<Party>,
    /// Why, in a sentence.
    pub why: String,
}

/// Those who hold an organization together: what they do must work, unless a guardrail says why not.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Deserialize,
    Serialize,
    strum::Display,
    strum::EnumIter,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Party {
    /// The roles of palisade.
    Palisade,
    /// The roles with which `StackSets` deploy.
    StackSets,
    /// The roles of AWS Control Tower.
    ControlTower,
    /// The roles for emergencies.
    BreakGlass,
    /// AWS services and the roles linked to them.
    Services,
    /// Sessions of `sts:AssumeRoot` that the management account begins.
    CentralRoot,
}

/// What can be set of a guardrail.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameter {
    /// What it takes.
    pub r#type: ParameterType,
    /// What a text must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The texts that are allowed, when they are few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// The smallest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// The field of records in which no two may be the same, whatever the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique: Option<String>,
    /// The fields of records.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Parameter>,
    /// What it is when it is not set; without one it must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The services whose delegated administrators are its default, where the organization names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub administrators_of: Vec<String>,
    /// The list that is its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_from: Option<DefaultFrom>,
    /// What it does.
    pub description: String,
}

/// A list that ships with palisade and is the default of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DefaultFrom {
    /// What an allow list of Regions leaves alone.
    GlobalServices,
}

/// What a parameter takes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, strum::Display, strum::IntoStaticStr,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum ParameterType {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// True or false.
    Flag,
    /// A list of texts.
    List,
    /// A list of mappings.
    Records,
}

/// What a text must look like.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, strum::Display, strum::EnumIter,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Format {
    /// An account: its name in desired state, or its id.
    Account,
    /// An action such as `s3:GetObject`, or a pattern of actions.
    Action,
    /// The ARN of a resource, or a pattern.
    Arn,
    /// The ARN of a principal, or a pattern.
    Principal,
    /// A Region such as `eu-west-1`.
    Region,
    /// A Region, or `ALL_SUPPORTED` for all of them.
    RegionOrAll,
    /// The name of an IAM role or user, or a pattern.
    Name,
    /// The name of an S3 bucket, or a pattern.
    Bucket,
    /// The prefix of a service's actions, such as `s3`.
    Service,
    /// The key of a tag.
    TagKey,
    /// A day such as `2027-06-30`.
    Day,
    /// A type of resources as tag policies name them, such as `ec2:instance`.
    ResourceType,
    /// An IP network such as `203.0.113.0/24`.
    Network,
    /// The id of a VPC.
    Vpc,
    /// Who publishes images of EC2, as declarative policies name it.
    ImageProvider,
}
