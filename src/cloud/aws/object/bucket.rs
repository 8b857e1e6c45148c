//! Buckets of S3. Every request says whose the bucket must be: names are the world's, and one that somebody
//! else took must not pass for the archive.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::RequestId;
use aws_sdk_s3::operation::get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationOutput;
use aws_sdk_s3::operation::get_bucket_tagging::GetBucketTaggingOutput;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, DefaultRetention,
    ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode, ObjectLockRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging,
    VersioningConfiguration,
};

use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::object::{Answered, lifecycle};
use crate::cloud::{CloudError, CloudErrorKind, Operation, Question, Reading};
use crate::org::{
    BucketState, BucketStep, LockMode, ObjectKey, ObjectState, PublicBlock, Retention, Versioning,
};

/// The Region that `CreateBucket` wants unnamed.
const UNNAMED_REGION: &str = "us-east-1";

/// The next request of reading a bucket.
pub(super) async fn read(
    client: &Client,
    key: &ObjectKey,
    mut reading: Reading,
) -> Answered<Reading> {
    let Some(question) = reading.left.pop_front() else { return exists(client, key).await };
    let Some(ObjectState::Bucket(bucket)) = &mut reading.found else {
        return Err(unreadable(question.operation, "a reading without a bucket"));
    };
    let operation = question.operation;
    let request_id = if operation == Operation::GetPublicAccessBlock {
        public_access(client, key, bucket).await?
    } else if operation == Operation::GetBucketPolicy {
        policy(client, key, bucket).await?
    } else if operation == Operation::GetBucketVersioning {
        versioning(client, key, bucket).await?
    } else if operation == Operation::GetObjectLockConfiguration {
        retention(client, key, bucket).await?
    } else if operation == Operation::GetBucketEncryption {
        encryption(client, key, bucket).await?
    } else if operation == Operation::GetBucketLifecycleConfiguration {
        rules(client, key, bucket).await?
    } else {
        // Nothing else is ever asked: see `exists`.
        tags(client, key, bucket).await?
    };
    Ok((reading, request_id))
}

/// The answer, or nothing where AWS says with this code that there is none of it.
macro_rules! asked {
    ($operation:ident, $none:literal, $request:expr, $key:expr) => {{
        let request = $request.bucket(&$key.name).expected_bucket_owner($key.account.as_str());
        match request.send().await {
            Ok(answer) => (answer.request_id().map(str::to_owned), Some(answer)),
            Err(error) => {
                let error = failure(Operation::$operation, &error);
                if error.code != $none {
                    return Err(error);
                }
                (error.request_id, None)
            }
        }
    }};
}

async fn exists(client: &Client, key: &ObjectKey) -> Answered<Reading> {
    const OPERATION: Operation = Operation::GetBucketLocation;
    let (request_id, answer) =
        asked!(GetBucketLocation, "NoSuchBucket", client.get_bucket_location(), key);
    let Some(answer) = answer else { return Ok((Reading::nothing(), request_id)) };
    let found = answer.location_constraint().map_or("", BucketLocationConstraint::as_str);
    let found = if found.is_empty() { UNNAMED_REGION } else { found };
    let wanted = key.region.as_ref().map_or(UNNAMED_REGION, |region| region.as_str());
    if found != wanted {
        let message = format!("the bucket is in {found}, and desired state says {wanted}");
        return Err(CloudError::new(CloudErrorKind::Invalid, OPERATION, "WrongRegion", &message));
    }
    let mut reading = Reading::whole(ObjectState::Bucket(BucketState::default()));
    let questions = [
        Operation::GetPublicAccessBlock,
        Operation::GetBucketPolicy,
        Operation::GetBucketVersioning,
        Operation::GetObjectLockConfiguration,
        Operation::GetBucketEncryption,
        Operation::GetBucketLifecycleConfiguration,
        Operation::GetBucketTagging,
    ];
    reading.left.extend(questions.map(Question::of));
    Ok((reading, request_id))
}

async fn public_access(
    client: &Client,
    key: &ObjectKey,
    bucket: &mut BucketState,
) -> Result<Option<String>, CloudError> {
    let (request_id, answer) = asked!(
        GetPublicAccessBlock,
        "NoSuchPublicAccessBlockConfiguration",
        client.get_public_access_block(),
        key
    );
    let found = answer.and_then(|answer| answer.public_access_block_configuration);
    let blocks = found.as_ref().map(|found| {
        [
            (PublicBlock::BlockPublicAcls, found.block_public_acls()),
            (PublicBlock::IgnorePublicAcls, found.ignore_public_acls()),
            (PublicBlock::BlockPublicPolicy, found.block_public_policy()),
            (PublicBlock::RestrictPublicBuckets, found.restrict_public_buckets()),
        ]
    });
    let on = blocks.into_iter().flatten().filter(|(_, is_on)| *is_on == Some(true));
    bucket.public_access = on.map(|(block, _)| block).collect();
    Ok(request_id)
}

async fn policy(
    client: &Client,
    key: &ObjectKey,
    bucket: &mut BucketState,
) -> Result<Option<String>, CloudError> {
    let (request_id, answer) =
        asked!(GetBucketPolicy, "NoSuchBucketPolicy", client.get_bucket_policy(), key);
    bucket.policy = answer.and_then(|answer| answer.policy);
    Ok(request_id)
}

async fn versioning(
    client: &Client,
    key: &ObjectKey,
    bucket: &mut BucketState,
) -> Result<Option<String>, CloudError> {
    let (request_id, answer) = asked!(GetBucketVersioning, "", client.get_bucket_versioning(), key);
    bucket.versioning = match answer.and_then(|answer| answer.status) {
        Some(BucketVersioningStatus::Enabled) => Versioning::Enabled,
        Some(BucketVersioningStatus::Suspended) => Versioning::Suspended,
        Some(_) | None => Versioning::Off,
    };
    Ok(request_id)
}

async fn retention(
    client: &Client,
    key: &ObjectKey,
    bucket: &mut BucketState,
) -> Result<Option<String>, CloudError> {
    const DAYS_A_YEAR: i32 = 365;
    let (request_id, answer) = asked!(
        GetObjectLockConfiguration,
        "ObjectLockConfigurationNotFoundError",
        client.get_object_lock_configuration(),
        key
    );
    let found = answer.and_then(|answer| answer.object_lock_configuration);
    let found = found.and_then(|lock| lock.rule).and_then(|rule| rule.default_retention);
    bucket.retention = found.and_then(|found| {
        let is_compliance = *found.mode()? == ObjectLockRetentionMode::Compliance;
        let mode = if is_compliance { LockMode::Compliance } else { LockMode::Governance };
        let years = found.years().map(|years| years.saturating_mul(DAYS_A_YEAR));
        let days = found.days().filter(|days| *days > 0).or(years)?;
        Some(Retention { mode, days: u32::try_from(days).ok()? })
    });
    Ok(request_id)
}

async fn encryption(
    client: &Client,
    key: &ObjectKey,
    bucket: &mut BucketState,
) -> Result<Option<String>, CloudError> {
    let (request_id, answer) = asked!(
        GetBucketEncryption,
        "ServerSideEncryptionConfigurationNotFoundError",
        client.get_bucket_encryption(),
        key
    );
    let found = answer.and_then(|answer| answer.server_side_encryption_configuration);
    let rules = found.as_ref().map(ServerSideEncryptionConfiguration::rules).unwrap_or_default();
    bucket.key = rules
        .iter()
        .filter_map(ServerSideEncryptionRule::apply_server_side_encryption_by_default)
        .find_map(|rule| rule.kms_master_key_id().map(str::to_owned));
    Ok(request_id)
}

async fn rules(
    client: &Client,
    key: &ObjectKey,
    bucket: &mut BucketState,
) -> Result<Option<String>, CloudError> {
    let (request_id, answer) = asked!(
        GetBucketLifecycleConfiguration,
        "NoSuchLifecycleConfiguration",
        client.get_bucket_lifecycle_configuration(),
        key
    );
    let rules: BTreeSet<_> = answer
        .iter()
        .flat_map(GetBucketLifecycleConfigurationOutput::rules)
        .map(lifecycle::read)
        .collect();
    bucket.lifecycle = Some(rules).filter(|rules| !rules.is_empty());
    Ok(request_id)
}

async fn tags(
    client: &Client,
    key: &ObjectKey,
    bucket: &mut BucketState,
) -> Result<Option<String>, CloudError> {
    let (request_id, answer) =
        asked!(GetBucketTagging, "NoSuchTagSet", client.get_bucket_tagging(), key);
    let tags = answer.iter().flat_map(GetBucketTaggingOutput::tag_set);
    bucket.tags = tags.map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    Ok(request_id)
}

/// Makes one change of a bucket.
pub(super) async fn write(
    client: &Client,
    key: &ObjectKey,
    step: BucketStep,
) -> Result<Option<String>, CloudError> {
    macro_rules! sent {
        ($operation:ident, $request:expr) => {{
            let request = $request.bucket(&key.name).expected_bucket_owner(key.account.as_str());
            let sent = request.send().await;
            let answer = sent.map_err(|error| failure(Operation::$operation, &error))?;
            Ok(answer.request_id().map(str::to_owned))
        }};
    }
    match step {
        BucketStep::Create { has_lock } => create(client, key, has_lock).await,
        BucketStep::BlockPublicAccess { public_access } => {
            let has = |block| public_access.contains(&block);
            let blocks = PublicAccessBlockConfiguration::builder()
                .block_public_acls(has(PublicBlock::BlockPublicAcls))
                .ignore_public_acls(has(PublicBlock::IgnorePublicAcls))
                .block_public_policy(has(PublicBlock::BlockPublicPolicy))
                .restrict_public_buckets(has(PublicBlock::RestrictPublicBuckets))
                .build();
            let request = client.put_public_access_block();
            sent!(PutPublicAccessBlock, request.public_access_block_configuration(blocks))
        }
        BucketStep::PutPolicy { policy } => {
            sent!(PutBucketPolicy, client.put_bucket_policy().policy(policy))
        }
        BucketStep::PutVersioning { versioning } => {
            let status = match versioning {
                Versioning::Enabled => BucketVersioningStatus::Enabled,
                Versioning::Suspended | Versioning::Off => BucketVersioningStatus::Suspended,
            };
            let versioning = VersioningConfiguration::builder().status(status).build();
            let request = client.put_bucket_versioning();
            sent!(PutBucketVersioning, request.versioning_configuration(versioning))
        }
        BucketStep::PutRetention { retention } => {
            let request = client.put_object_lock_configuration();
            sent!(PutObjectLockConfiguration, request.object_lock_configuration(lock(retention)))
        }
        BucketStep::PutEncryption { key: kms_key } => {
            let encryption = sdk_encryption(kms_key)?;
            let request = client.put_bucket_encryption();
            sent!(PutBucketEncryption, request.server_side_encryption_configuration(encryption))
        }
        BucketStep::PutLifecycle { lifecycle: rules } => {
            let rules = lifecycle::write(&rules)?;
            let request = client.put_bucket_lifecycle_configuration();
            sent!(PutBucketLifecycleConfiguration, request.lifecycle_configuration(rules))
        }
        BucketStep::Tag { tags } => {
            let tags = sdk_tags(tags)?;
            sent!(PutBucketTagging, client.put_bucket_tagging().tagging(tags))
        }
    }
}

/// It has no owner yet whom one could expect.
async fn create(
    client: &Client,
    key: &ObjectKey,
    has_lock: bool,
) -> Result<Option<String>, CloudError> {
    let region = key.region.as_ref().map_or(UNNAMED_REGION, |region| region.as_str());
    let place = (region != UNNAMED_REGION).then(|| {
        let constraint = BucketLocationConstraint::from(region);
        CreateBucketConfiguration::builder().location_constraint(constraint).build()
    });
    let request = client.create_bucket().bucket(&key.name);
    let request = request.set_create_bucket_configuration(place);
    let request = request.set_object_lock_enabled_for_bucket(has_lock.then_some(true));
    let sent = request.send().await;
    let answer = sent.map_err(|error| failure(Operation::CreateBucket, &error))?;
    Ok(answer.request_id().map(str::to_owned))
}

fn lock(retention: Retention) -> ObjectLockConfiguration {
    let mode = match retention.mode {
        LockMode::Compliance => ObjectLockRetentionMode::Compliance,
        LockMode::Governance => ObjectLockRetentionMode::Governance,
    };
    let days = i32::try_from(retention.days).unwrap_or(i32::MAX);
    let default = DefaultRetention::builder().mode(mode).days(days).build();
    ObjectLockConfiguration::builder()
        .object_lock_enabled(ObjectLockEnabled::Enabled)
        .rule(ObjectLockRule::builder().default_retention(default).build())
        .build()
}

fn sdk_encryption(key: Option<String>) -> Result<ServerSideEncryptionConfiguration, CloudError> {
    const OPERATION: Operation = Operation::PutBucketEncryption;
    let algorithm = match key {
        Some(_) => ServerSideEncryption::AwsKms,
        None => ServerSideEncryption::Aes256,
    };
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(algorithm)
        .set_kms_master_key_id(key)
        .build()
        .map_err(|error| unreadable(OPERATION, &error.to_string()))?;
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .build();
    ServerSideEncryptionConfiguration::builder()
        .rules(rule)
        .build()
        .map_err(|error| unreadable(OPERATION, &error.to_string()))
}

fn sdk_tags(tags: BTreeMap<String, String>) -> Result<Tagging, CloudError> {
    let tags: Result<Vec<Tag>, _> =
        tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    tags.and_then(|tags| Tagging::builder().set_tag_set(Some(tags)).build())
        .map_err(|error| unreadable(Operation::PutBucketTagging, &error.to_string()))
}
