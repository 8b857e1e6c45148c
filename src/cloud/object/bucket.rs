//! The operations of buckets.

use crate::cloud::Operation;
use crate::org::BucketStep;

pub(super) const FIRST: Operation = Operation::GetBucketLocation;
/// Never sent: see `ObjectKind::is_listed`.
pub(super) const LISTING: Operation = FIRST;

pub(super) fn operation(step: &BucketStep) -> Operation {
    match step {
        BucketStep::Create { .. } => Operation::CreateBucket,
        BucketStep::BlockPublicAccess { .. } => Operation::PutPublicAccessBlock,
        BucketStep::PutPolicy { .. } => Operation::PutBucketPolicy,
        BucketStep::PutVersioning { .. } => Operation::PutBucketVersioning,
        BucketStep::PutRetention { .. } => Operation::PutObjectLockConfiguration,
        BucketStep::PutEncryption { .. } => Operation::PutBucketEncryption,
        BucketStep::PutLifecycle { .. } => Operation::PutBucketLifecycleConfiguration,
        BucketStep::Tag { .. } => Operation::PutBucketTagging,
    }
}
