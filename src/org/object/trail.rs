//! A trail of `CloudTrail`: what palisade keeps as it should be of it, and the calls that change it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A trail. Everything in it is exactly so, but for a key that nobody asked for, `tags`, among which other
/// people's may be, and `delivery`, which is an observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrailState {
    /// Where it delivers, and what of the organization it covers.
    pub settings: TrailSettings,
    /// Which events it records.
    pub selectors: BTreeSet<EventSelector>,
    /// The insights it derives, such as `ApiCallRateInsight`.
    pub insights: BTreeSet<String>,
    /// Does it record?
    pub is_logging: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// How its deliveries go; nothing in what is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<TrailDelivery>,
}

/// What `CreateTrail` and `UpdateTrail` set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrailSettings {
    /// The bucket it delivers to.
    pub bucket: String,
    /// What the names of its files begin with, if anything but `AWSLogs/`.
    pub prefix: Option<String>,
    /// The ARN of the KMS key that encrypts its files; nothing in what is wanted means whichever it has.
    pub kms_key: Option<String>,
    /// What it covers.
    pub covers: BTreeSet<TrailCover>,
    /// Are there digest files that show whether log files were changed?
    pub validates_files: bool,
}

/// What a trail covers beyond one account in one Region.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::EnumIter,
)]
#[serde(rename_all = "camelCase")]
pub enum TrailCover {
    /// Every account of the organization.
    Organization,
    /// Every Region.
    Regions,
    /// Services that are not of any Region, such as IAM.
    GlobalServices,
}

/// Events that a trail records: those that every field selector lets through.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventSelector {
    /// The fields that decide.
    pub fields: BTreeSet<FieldSelector>,
    /// What people call it; means nothing to `CloudTrail`.
    pub name: Option<String>,
}

/// What a field of an event must be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldSelector {
    /// The field, such as `resources.type`.
    pub field: String,
    /// The values it is compared with.
    pub values: BTreeMap<Comparison, BTreeSet<String>>,
}

/// How a field is compared.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::EnumIter,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
#[expect(missing_docs, reason = "named and documented by AWS (`AdvancedFieldSelector`)")]
pub enum Comparison {
    Equals,
    StartsWith,
    EndsWith,
    NotEquals,
    NotStartsWith,
    NotEndsWith,
}

/// How the deliveries of a trail go (`GetTrailStatus`, API reference).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrailDelivery {
    /// When it last began to record.
    pub started: Option<Timestamp>,
    /// When it last ceased to.
    pub stopped: Option<Timestamp>,
    /// When log files were last delivered.
    pub delivered: Option<Timestamp>,
    /// When a digest file was last delivered.
    pub digested: Option<Timestamp>,
    /// The error code of S3 or KMS with which a delivery of log files failed.
    pub error: Option<String>,
    /// The same of digest files.
    pub digest_error: Option<String>,
}

/// One change of a trail.
#[expect(
    missing_docs,
    reason = "the fields are the parameters of the API, named as `TrailState` names them"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TrailStep {
    /// `CreateTrail`. The trail records management events and does not log yet.
    Create { settings: TrailSettings, tags: BTreeMap<String, String> },
    /// `AddTags`.
    Tag { tags: BTreeMap<String, String> },
    /// `StartLogging`.
    Start,
    /// `UpdateTrail`.
    Update { settings: TrailSettings },
    /// `PutEventSelectors`.
    PutSelectors { selectors: BTreeSet<EventSelector> },
    /// `PutInsightSelectors`.
    PutInsights { insights: BTreeSet<String> },
    /// `DeleteTrail`. What it has delivered stays.
    Delete,
}

impl TrailState {
    /// Is it the same, whatever has been delivered meanwhile?
    pub fn is_same(&self, other: &Self) -> bool {
        let Self { settings, selectors, insights, is_logging, tags, delivery: _ } = self;
        *settings == other.settings
            && *selectors == other.selectors
            && *insights == other.insights
            && *is_logging == other.is_logging
            && *tags == other.tags
    }
}

impl EventSelector {
    /// The selector with which a new trail begins: every management event.
    pub fn management() -> Self {
        let category = FieldSelector::equals("eventCategory", ["Management"]);
        Self { fields: [category].into(), name: None }
    }
}

impl FieldSelector {
    /// The field must be one of `values`.
    pub fn equals<'a>(field: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        Self::compared(field, Comparison::Equals, values)
    }

    /// The field must compare so with `values`.
    pub fn compared<'a>(
        field: &str,
        comparison: Comparison,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let values = values.into_iter().map(str::to_owned).collect();
        Self { field: field.to_owned(), values: [(comparison, values)].into() }
    }
}

/// As `eventCategory equals Management, readOnly equals false`.
impl fmt::Display for EventSelector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, field) in self.fields.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(formatter, "{separator}{field}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.field)?;
        for (comparison, values) in &self.values {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let comparison: &str = comparison.into();
            write!(formatter, " {comparison} {}", values.join(" or "))?;
        }
        Ok(())
    }
}

impl TrailStep {
    /// Does it take something away?
    pub fn is_removal(&self) -> bool {
        match self {
            Self::Delete => true,
            Self::Create { .. }
            | Self::Tag { .. }
            | Self::Start
            | Self::Update { .. }
            | Self::PutSelectors { .. }
            | Self::PutInsights { .. } => false,
        }
    }
}

/// Enough for a journal's reader to tell steps apart.
impl fmt::Display for TrailStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Create { .. } => "create",
            Self::Tag { .. } => "tag",
            Self::Start => "start logging",
            Self::Update { .. } => "write settings",
            Self::PutSelectors { .. } => "write event selectors",
            Self::PutInsights { .. } => "write insight selectors",
            Self::Delete => "delete",
        })
    }
}
