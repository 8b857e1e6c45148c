//! The port to whatever says which replica acts. Knows no store and no clock.
//!
//! A store keeps one small record and replaces it only if nobody else has meanwhile. That is all a lease
//! needs: times are measured by whoever looks, on its own clock, and are never written down to be compared.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What a lease says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseRecord {
    /// Who holds it; nobody after a clean stop.
    pub holder: Option<String>,
    /// How long it is the holder's after each renewal, in seconds. Whoever takes over waits this long.
    pub duration_seconds: u64,
    /// How often it has changed hands.
    pub transitions: u64,
    /// Grows with every renewal, so that no two records are the same.
    pub renewals: u64,
}

/// Names one state of the record: an `ETag`, a resource version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseVersion(pub String);

/// Why the record could not be read or replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else replaced it first.
    #[error("somebody else has changed the lease")]
    Conflict,
    /// The store may not be used, or is not there; trying again will not help.
    #[error("the lease cannot be used: {0}")]
    Refused(String),
    /// The store did not answer, or not in time. A write may or may not have happened.
    #[error("the lease cannot be reached: {0}")]
    Unavailable(String),
}

/// Somewhere a lease is kept.
#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// The record and its version; nothing if there is none yet.
    async fn read(&self) -> Result<Option<(LeaseRecord, LeaseVersion)>, LeaseError>;

    /// Writes the record if the one there is still `replacing`: nothing means that there must be none.
    async fn write(
        &self,
        record: &LeaseRecord,
        replacing: Option<&LeaseVersion>,
    ) -> Result<LeaseVersion, LeaseError>;
}
