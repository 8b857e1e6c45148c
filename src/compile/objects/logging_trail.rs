//! `LoggingTrail`: the trail of the organization, the bucket that takes what it records, and the key that encrypts it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use strum::IntoEnumIterator;

use crate::compile::objects::{ObjectRule, PARTITION, Spread};
use crate::desired::{DesiredArchive, DesiredOrg, DesiredTrail};
use crate::org::{
    AccountId, BucketState, KmsKeyState, KmsKeyStatus, LifecycleRule, Mark, ObjectKind,
    ObjectState, PublicBlock, Region, TrailCover, TrailSettings, TrailState, Versioning,
};
use crate::policy;

/// Where logs go that nobody queries any more: the cheapest class, read within half a day.
const ARCHIVE_CLASS: &str = "DEEP_ARCHIVE";

/// The name of the one lifecycle rule.
const LIFECYCLE: &str = "palisade-logs";

/// Uploads that were never finished are no logs.
const ABORT_DAYS: u32 = 7;

/// The objects that a document wants.
pub(in crate::compile) fn rules(desired: &DesiredTrail, org: &DesiredOrg) -> Vec<ObjectRule> {
    let mark = Mark {
        owner: org.installation().to_owned(),
        document: desired.header.document.clone(),
        prune: desired.header.prune,
    };
    let rule = |(account, region): (&AccountId, &Region), kind, name: &str, state| ObjectRule {
        document: desired.header.document.clone(),
        mark: mark.clone(),
        spread: Spread::Account(account.clone()),
        region: Some(region.clone()),
        kind,
        name: name.to_owned(),
        state,
    };
    // What is somebody else's carries no mark of ours.
    let tags = if desired.is_verified_only { BTreeMap::new() } else { mark.tags() };
    let DesiredArchive { account, bucket: name, region, .. } = &desired.archive;
    let bucket = ObjectState::Bucket(bucket(desired, org, tags.clone()));
    let trail = ObjectState::Trail(trail(desired, tags));
    let home = (&org.management_account, &desired.home_region);
    let key = desired.archive.kms_key.as_deref().and_then(|arn| {
        let (account, region, id) = parts_of_key(arn)?;
        Some(rule((&account, &region), ObjectKind::KmsKey, id, ObjectState::KmsKey(key(arn, org))))
    });
    let bucket = rule((account, region), ObjectKind::Bucket, name, bucket);
    let trail = rule(home, ObjectKind::Trail, &desired.trail_name, trail);
    key.into_iter().chain([bucket, trail]).collect()
}

/// Account, Region and id in the ARN of a KMS key.
fn parts_of_key(arn: &str) -> Option<(AccountId, Region, &str)> {
    let mut parts = arn.split(':').skip(3);
    let (region, account, key) = (parts.next()?, parts.next()?, parts.next()?);
    Some((account.parse().ok()?, Region::new(region), key.strip_prefix("key/")?))
}

/// A key that every trail that names it may use ("Configure AWS KMS key policies for `CloudTrail`").
fn key(arn: &str, org: &DesiredOrg) -> KmsKeyState {
    let named = org.logging_trails.iter();
    let named = named.filter(|trail| trail.archive.kms_key.as_deref() == Some(arn));
    let trails: BTreeSet<String> = named.map(|trail| trail_arn(trail, org)).collect();
    let management = &org.management_account;
    let context = format!("arn:{PARTITION}:cloudtrail:*:{management}:trail/*");
    let source = json!({"StringEquals": {"aws:SourceArn": trails}});
    let mut encrypts = source.clone();
    encrypts["StringLike"] = json!({"kms:EncryptionContext:aws:cloudtrail:arn": context});
    let statements = [
        statement("AWSCloudTrailEncrypt", "kms:GenerateDataKey*", "*", &encrypts),
        statement("AWSCloudTrailDescribeKey", "kms:DescribeKey", "*", &source),
    ];
    let policy = policy::minify(&json!({"Version": "2012-10-17", "Statement": statements}));
    KmsKeyState { status: KmsKeyStatus::Enabled, policy }
}

/// The trail is the management account's, also where a delegated administrator made it.
fn trail_arn(desired: &DesiredTrail, org: &DesiredOrg) -> String {
    let (region, name) = (&desired.home_region, &desired.trail_name);
    format!("arn:{PARTITION}:cloudtrail:{region}:{}:trail/{name}", org.management_account)
}

fn trail(desired: &DesiredTrail, tags: BTreeMap<String, String>) -> TrailState {
    TrailState {
        settings: TrailSettings {
            bucket: desired.archive.bucket.clone(),
            prefix: desired.archive.prefix.clone(),
            kms_key: desired.archive.kms_key.clone(),
            covers: TrailCover::iter().collect(),
            validates_files: desired.validates_files,
        },
        selectors: desired.selectors.clone(),
        insights: desired.insights.clone(),
        is_logging: true,
        tags,
        delivery: None,
    }
}

fn bucket(desired: &DesiredTrail, org: &DesiredOrg, tags: BTreeMap<String, String>) -> BucketState {
    let archive = &desired.archive;
    let policy = (!desired.is_verified_only).then(|| policy_of(desired, org));
    BucketState {
        policy,
        public_access: PublicBlock::iter().collect(),
        versioning: Versioning::Enabled,
        retention: archive.retention,
        key: archive.kms_key.clone(),
        lifecycle: lifecycle(archive),
        tags,
    }
}

/// What was overwritten or deleted stays for as long as logs can be queried: who finds that a log is not what
/// it was looks for what it was.
fn lifecycle(archive: &DesiredArchive) -> Option<BTreeSet<LifecycleRule>> {
    let (queryable, retain) = (archive.queryable_days?, archive.retain_days?);
    let moves = (queryable < retain).then(|| (queryable, ARCHIVE_CLASS.to_owned()));
    let rule = LifecycleRule {
        id: LIFECYCLE.to_owned(),
        is_enabled: true,
        transitions: moves.into_iter().collect(),
        expire_days: Some(retain),
        expire_old_days: Some(queryable),
        abort_days: Some(ABORT_DAYS),
        more: None,
    };
    Some([rule].into())
}

/// The three statements that an organization trail needs ("Amazon S3 bucket policy for `CloudTrail`"), each for
/// this trail only, and one that refuses whoever does not encrypt on the way.
fn policy_of(desired: &DesiredTrail, org: &DesiredOrg) -> String {
    let archive = &desired.archive;
    let (management, organization) = (&org.management_account, &org.organization_id);
    let trail = trail_arn(desired, org);
    let bucket = format!("arn:{PARTITION}:s3:::{}", archive.bucket);
    let prefix = archive.prefix.as_ref().map(|prefix| format!("{prefix}/")).unwrap_or_default();
    let write = |sid: &str, below: &str| {
        let resource = format!("{bucket}/{prefix}AWSLogs/{below}/*");
        let condition = json!({"StringEquals": {
            "aws:SourceArn": trail,
            "s3:x-amz-acl": "bucket-owner-full-control",
        }});
        statement(sid, "s3:PutObject", &resource, &condition)
    };
    let source = json!({"StringEquals": {"aws:SourceArn": trail}});
    let statements = [
        statement("AWSCloudTrailAclCheck", "s3:GetBucketAcl", &bucket, &source),
        write("AWSCloudTrailWrite", management.as_str()),
        write("AWSCloudTrailOrganizationWrite", organization.as_str()),
        json!({
            "Sid": "EncryptedTransportOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, format!("{bucket}/*")],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }),
    ];
    policy::minify(&json!({"Version": "2012-10-17", "Statement": statements}))
}

fn statement(sid: &str, action: &str, resource: &str, condition: &Value) -> Value {
    json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    })
}
