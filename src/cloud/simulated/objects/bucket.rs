//! The rules of buckets (Amazon S3 API reference, each operation's "Errors").

use strum::IntoEnumIterator;

use serde_json::Value;

use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::org::{BucketState, BucketStep, PublicBlock, Versioning};

/// What a bucket is after `step`. None of the steps deletes one.
pub(super) fn change(
    before: Option<BucketState>,
    step: &BucketStep,
) -> Result<Option<BucketState>, Refusal> {
    if let BucketStep::Create { has_lock } = step {
        if before.is_some() {
            return Err(Code::BucketAlreadyOwnedByYou.because("You own this bucket already."));
        }
        // Since April 2023 a new bucket is closed.
        return Ok(Some(BucketState {
            public_access: PublicBlock::iter().collect(),
            versioning: if *has_lock { Versioning::Enabled } else { Versioning::Off },
            ..BucketState::default()
        }));
    }
    let unknown = || Code::NoSuchBucket.because("The specified bucket does not exist");
    let mut bucket = before.ok_or_else(unknown)?;
    match step {
        BucketStep::Create { .. } => {}
        BucketStep::BlockPublicAccess { public_access } => {
            bucket.public_access.clone_from(public_access);
        }
        BucketStep::PutPolicy { policy } => {
            if !serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy.is_object()) {
                return Err(Code::MalformedPolicy.because("This policy contains invalid Json"));
            }
            bucket.policy = Some(policy.clone());
        }
        BucketStep::PutVersioning { versioning } => {
            if bucket.retention.is_some() && *versioning != Versioning::Enabled {
                let message = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.";
                return Err(Code::InvalidBucketState.because(message));
            }
            bucket.versioning = *versioning;
        }
        BucketStep::PutRetention { retention } => {
            if bucket.versioning != Versioning::Enabled {
                let message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration";
                return Err(Code::InvalidBucketState.because(message));
            }
            bucket.retention = Some(*retention);
        }
        BucketStep::PutEncryption { key } => bucket.key.clone_from(key),
        BucketStep::PutLifecycle { lifecycle } => bucket.lifecycle = Some(lifecycle.clone()),
        BucketStep::Tag { tags } => bucket.tags.clone_from(tags),
    }
    Ok(Some(bucket))
}
