//! `LoggingTrail` documents that have been read and checked.

use std::collections::BTreeSet;

use crate::desired::model::DocumentHeader;
use crate::org::{AccountId, EventSelector, Region, Retention};

/// A trail of the organization and where it keeps what it records.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredTrail {
    /// Kind, name, mode and so on. Of a trail that is somebody else's the mode is to observe.
    pub header: DocumentHeader,
    /// Its name in AWS.
    pub trail_name: String,
    /// Where it is kept.
    pub home_region: Region,
    /// What it records.
    pub selectors: BTreeSet<EventSelector>,
    /// The insights it derives.
    pub insights: BTreeSet<String>,
    /// Are there digest files?
    pub validates_files: bool,
    /// How long ago log files may last have been delivered.
    pub delivery_age_seconds_max: u32,
    /// Is it somebody else's, and only looked at?
    pub is_verified_only: bool,
    /// Where the logs are kept.
    pub archive: DesiredArchive,
}

/// Where logs are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredArchive {
    /// The account.
    pub account: AccountId,
    /// The bucket.
    pub bucket: String,
    /// Its Region.
    pub region: Region,
    /// What the names of files begin with, if anything but `AWSLogs/`.
    pub prefix: Option<String>,
    /// The ARN of the key that encrypts them.
    pub kms_key: Option<String>,
    /// After how many days logs need not be queried any more; nothing for an archive that is only looked
    /// at and of which the document does not say it.
    pub queryable_days: Option<u32>,
    /// For how many days they are kept; nothing as above.
    pub retain_days: Option<u32>,
    /// How long what is delivered is locked.
    pub retention: Option<Retention>,
}
