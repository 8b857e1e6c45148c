//! A bucket of S3 that keeps logs: what palisade keeps as it should be of it, and the calls that change it.
//! None of them deletes anything: not the bucket, not an object, not the policy.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// A bucket. In what is wanted, nothing for `policy`, `retention`, `key` or `lifecycle` means whatever it has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BucketState {
    /// Its policy document.
    pub policy: Option<String>,
    /// How it is kept from becoming public.
    pub public_access: BTreeSet<PublicBlock>,
    /// Are versions kept?
    pub versioning: Versioning,
    /// How long what is put into it is locked, which needs Object Lock.
    pub retention: Option<Retention>,
    /// The ARN of the KMS key that encrypts what is put into it.
    pub key: Option<String>,
    /// What happens to old objects.
    pub lifecycle: Option<BTreeSet<LifecycleRule>>,
    /// Its tags, among which other people's may be.
    pub tags: BTreeMap<String, String>,
}

/// One of the four settings that block public access (`PublicAccessBlockConfiguration`).
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
#[expect(missing_docs, reason = "named and documented by AWS")]
pub enum PublicBlock {
    BlockPublicAcls,
    IgnorePublicAcls,
    BlockPublicPolicy,
    RestrictPublicBuckets,
}

/// Are versions kept?
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Versioning {
    /// They never were.
    #[default]
    Off,
    /// Yes.
    Enabled,
    /// No longer.
    Suspended,
}

/// How long an object is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retention {
    /// Who may end it.
    pub mode: LockMode,
    /// In days.
    pub days: u32,
}

/// Who may end a lock.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
pub enum LockMode {
    /// Who has a permission for it.
    Governance,
    /// Nobody, not even root.
    Compliance,
}

/// What happens to the objects of a bucket when they grow old.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LifecycleRule {
    /// Its name.
    pub id: String,
    /// Is it in force?
    pub is_enabled: bool,
    /// The storage classes that objects move to, by age in days.
    pub transitions: BTreeMap<u32, String>,
    /// The age in days at which objects go.
    pub expire_days: Option<u32>,
    /// How long, in days, what was overwritten or deleted stays as an old version.
    pub expire_old_days: Option<u32>,
    /// The age in days at which parts of uploads go that were never finished.
    pub abort_days: Option<u32>,
    /// What else the rule says; nothing in what is wanted.
    pub more: Option<String>,
}

/// One change of a bucket.
#[expect(
    missing_docs,
    reason = "the fields are the parameters of the API, named as `BucketState` names them"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum BucketStep {
    /// `CreateBucket`.
    Create { has_lock: bool },
    /// `PutPublicAccessBlock`.
    BlockPublicAccess { public_access: BTreeSet<PublicBlock> },
    /// `PutBucketPolicy`.
    PutPolicy { policy: String },
    /// `PutBucketVersioning`.
    PutVersioning { versioning: Versioning },
    /// `PutObjectLockConfiguration`.
    PutRetention { retention: Retention },
    /// `PutBucketEncryption`.
    PutEncryption { key: Option<String> },
    /// `PutBucketLifecycleConfiguration`.
    PutLifecycle { lifecycle: BTreeSet<LifecycleRule> },
    /// `PutBucketTagging`, which takes all tags.
    Tag { tags: BTreeMap<String, String> },
}

/// Enough for a journal's reader to tell steps apart.
impl fmt::Display for BucketStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Create { .. } => "create",
            Self::BlockPublicAccess { .. } => "block public access",
            Self::PutPolicy { .. } => "write the bucket policy",
            Self::PutVersioning { .. } => "write versioning",
            Self::PutRetention { .. } => "write the lock of new objects",
            Self::PutEncryption { .. } => "write encryption",
            Self::PutLifecycle { .. } => "write the lifecycle",
            Self::Tag { .. } => "tag",
        })
    }
}

impl fmt::Display for LifecycleRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, is_enabled, transitions, expire_days, expire_old_days, abort_days, more } =
            self;
        write!(formatter, "{id}{}", if *is_enabled { ":" } else { " (not in force):" })?;
        for (days, class) in transitions {
            write!(formatter, " after {days} days {class},")?;
        }
        match expire_days {
            Some(days) => write!(formatter, " kept {days} days")?,
            None => write!(formatter, " kept for ever")?,
        }
        if let Some(days) = expire_old_days {
            write!(formatter, ", old versions {days} days more")?;
        }
        if let Some(days) = abort_days {
            write!(formatter, ", unfinished uploads {days} days")?;
        }
        match more {
            Some(more) => write!(formatter, ", {more}"),
            None => Ok(()),
        }
    }
}
