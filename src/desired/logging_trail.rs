//! `LoggingTrail` documents that have been read and checked.

use std::collections::BTreeSet;

use crate::desired::model::DocumentHeader;
use crate::org::{AccountId, EventSelector, Region};

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
}
