//! The form of `LoggingTrail` documents.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::desired::raw::regions::RegionText;
use crate::desired::raw::{RawExcept, RawMode, RawSuspension, TargetText, TimeText};

/// The organization's trail: what is recorded in every account and Region, and where it is kept.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawLoggingTrail {
    /// The trail's name in AWS. It belongs to the management account, also when palisade runs from a
    /// delegated administrator.
    #[schemars(extend(
        "pattern" = "^[A-Za-z0-9]([A-Za-z0-9]|[._-][A-Za-z0-9]){1,126}[A-Za-z0-9]?$",
        "patternErrorMessage" = "must be the name of a trail: 3 to 128 letters, digits, `.`, `_` or `-`, beginning and ending with a letter or digit"
    ))]
    pub(crate) trail_name: String,
    /// The Region the trail is kept in. It records every Region, but only there can it be changed.
    pub(crate) home_region: RegionText,
    /// Which management events are recorded: `all` unless said otherwise.
    pub(crate) management_events: Option<RawManagementEvents>,
    /// Services whose management events are left out because there are so many of them.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) exclude_management_events: Vec<RawExcludedSource>,
    /// Data events, such as reads and writes of objects in S3; none unless said so. A list of event
    /// selectors: an event is recorded if one of them lets it through.
    #[serde(default)]
    pub(crate) data_events: Vec<RawDataEvents>,
    /// Insights that `CloudTrail` derives from management events.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) insights: Vec<RawInsight>,
    /// Digest files every hour that show whether log files were changed or deleted: true unless said
    /// otherwise.
    pub(crate) log_file_validation: Option<bool>,
    /// How long ago log files may last have been delivered before it is a fault: `1h` unless said
    /// otherwise. `CloudTrail` needs about five minutes.
    pub(crate) delivery_max_age: Option<TimeText>,
    /// Whose trail it is. `manage`, unless said otherwise: palisade makes it and keeps it so. `verify`:
    /// another tool does, or Control Tower, and palisade reports what differs and changes nothing.
    pub(crate) adopt: Option<RawAdoption>,
    /// Where the logs are kept.
    pub(crate) archive: RawArchive,
    /// Service control policies that protect the trail and the archive. A trail that is only verified has
    /// none unless they are asked for: they would bind the tool that keeps it.
    pub(crate) protect: Option<RawProtect>,
    /// Does palisade heal drift, or only report it?
    pub(crate) mode: Option<RawMode>,
    /// Not enforced until a date; drift is still reported.
    pub(crate) suspend: Option<RawSuspension>,
    /// May the trail be deleted when this document is gone? True unless said otherwise. It waits for
    /// approval all the same, and what has been recorded stays in any case.
    pub(crate) prune: Option<bool>,
}

/// `all`, `write` for those that change something, `read` for those that do not, or `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ManagementEvents")]
pub(crate) enum RawManagementEvents {
    All,
    Write,
    Read,
    None,
}

/// A service whose management events can be left out (`PutEventSelectors`, API reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "ExcludedSource")]
pub(crate) enum RawExcludedSource {
    #[serde(rename = "kms.amazonaws.com")]
    Kms,
    #[serde(rename = "rdsdata.amazonaws.com")]
    RdsData,
}

/// Data events that are recorded: those that every field selector lets through.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DataEvents")]
pub(crate) struct RawDataEvents {
    /// What people call them.
    #[schemars(length(max = 1000))]
    pub(crate) name: Option<String>,
    /// The fields that decide. `resources.type` must be among them; `eventCategory` is added.
    pub(crate) field_selectors: Vec<RawFieldSelector>,
}

/// What a field of an event must be, in `CloudTrail`'s own terms (`AdvancedFieldSelector`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "FieldSelector")]
pub(crate) struct RawFieldSelector {
    /// The field, such as `resources.type`, `resources.ARN`, `readOnly` or `eventName`.
    #[schemars(extend(
        "pattern" = "^[A-Za-z]([A-Za-z._]{0,999})$",
        "patternErrorMessage" = "must be a field of an event, such as `resources.type`"
    ))]
    pub(crate) field: String,
    /// The field is one of these.
    #[serde(default)]
    pub(crate) equals: Vec<String>,
    /// The field begins with one of these.
    #[serde(default)]
    pub(crate) starts_with: Vec<String>,
    /// The field ends with one of these.
    #[serde(default)]
    pub(crate) ends_with: Vec<String>,
    /// The field is none of these.
    #[serde(default)]
    pub(crate) not_equals: Vec<String>,
    /// The field begins with none of these.
    #[serde(default)]
    pub(crate) not_starts_with: Vec<String>,
    /// The field ends with none of these.
    #[serde(default)]
    pub(crate) not_ends_with: Vec<String>,
}

/// Insights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema, strum::IntoStaticStr)]
#[schemars(rename = "Insight")]
pub(crate) enum RawInsight {
    ApiCallRateInsight,
    ApiErrorRateInsight,
}

/// Whose a trail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Adoption")]
pub(crate) enum RawAdoption {
    Manage,
    Verify,
}

/// Where logs are kept.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Archive")]
pub(crate) struct RawArchive {
    /// The account, by its name: one that is used for nothing else.
    pub(crate) account: String,
    /// The bucket.
    #[schemars(extend(
        "pattern" = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        "patternErrorMessage" = "must be the name of a bucket: 3 to 63 lower-case letters, digits, `.` or `-`"
    ))]
    pub(crate) bucket: String,
    /// The bucket's Region.
    pub(crate) region: RegionText,
    /// What the names of the files begin with, if not with `AWSLogs/`.
    #[schemars(extend(
        "pattern" = "^[A-Za-z0-9!_.*'()/-]{1,199}[A-Za-z0-9!_.*'()-]$",
        "patternErrorMessage" = "must be a prefix of names of files without a `/` at the end"
    ))]
    pub(crate) prefix: Option<String>,
    /// The KMS key that encrypts the files, in the bucket's Region. Without one S3 encrypts them with a
    /// key of its own. palisade keeps it enabled, cancels its deletion, and adds to its policy what
    /// `CloudTrail` needs; it makes no key and takes no statement out.
    pub(crate) kms_key: Option<RawArchiveKey>,
    /// How long logs stay where they can be queried: `365d` unless said otherwise. Then they move to
    /// `DEEP_ARCHIVE`. What is overwritten or deleted stays as an old version for as long again.
    pub(crate) queryable: Option<DaysText>,
    /// How long logs are kept: `2555d` unless said otherwise. Longer can be written at any time; shorter is
    /// never done from here.
    pub(crate) retain: Option<DaysText>,
    /// Locks what is delivered against everybody for a time; not locked unless said so, because nobody can
    /// take `COMPLIANCE` back.
    pub(crate) object_lock: Option<RawObjectLock>,
}

/// How long what is delivered is locked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ObjectLock")]
pub(crate) struct RawObjectLock {
    /// `COMPLIANCE`: nobody can delete it or shorten the lock, not even root. `GOVERNANCE`: who has a
    /// permission for it can.
    pub(crate) mode: RawLockMode,
    /// In days.
    #[schemars(range(min = 1, max = 36500))]
    pub(crate) days: u32,
}

/// Who may end a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(rename = "LockMode")]
pub(crate) enum RawLockMode {
    Governance,
    Compliance,
}

/// A time in days, such as `365d`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[1-9][0-9]{0,4}d$",
    "patternErrorMessage" = "must be a time in days such as `365d`"
))]
pub(crate) struct DaysText(pub(crate) String);

impl DaysText {
    /// The days.
    pub(crate) fn days(&self) -> u32 {
        self.0.trim_end_matches('d').parse().unwrap_or_default()
    }
}

/// Service control policies that keep others from changing the trail and the archive.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Protect")]
pub(crate) struct RawProtect {
    /// What they are attached to: `/` unless said otherwise. An empty list means that there are none.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) targets: Option<Vec<TargetText>>,
    /// Who is exempt, besides the roles that always are.
    pub(crate) except: Option<RawExcept>,
}

/// A KMS key.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ArchiveKey")]
pub(crate) struct RawArchiveKey {
    /// Its ARN. palisade adds to its policy the two statements by which the trail may use it ("Configure AWS
    /// KMS key policies for `CloudTrail`"), unless it says that already.
    #[schemars(extend(
        "pattern" = "^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}$",
        "patternErrorMessage" = "must be the ARN of a KMS key, such as `arn:aws:kms:eu-west-1:222222222222:key/1234abcd-12ab-34cd-56ef-1234567890ab`"
    ))]
    pub(crate) arn: String,
}
