//! The lifecycle of a bucket's objects. What palisade never writes is told as text, so that it is a difference.

use std::collections::BTreeSet;

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus,
    LifecycleExpiration, LifecycleRule as SdkRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration, Transition, TransitionStorageClass,
};

use crate::cloud::aws::failure::unreadable;
use crate::cloud::{CloudError, Operation};
use crate::org::LifecycleRule;

/// A rule as S3 gives it.
pub(super) fn read(rule: &SdkRule) -> LifecycleRule {
    let days = |days: Option<i32>| days.and_then(|days| u32::try_from(days).ok());
    let transitions = rule.transitions().iter().filter_map(|transition| {
        let class = transition.storage_class()?.as_str().to_owned();
        Some((days(transition.days())?, class))
    });
    let old = rule.noncurrent_version_expiration();
    let abort = rule.abort_incomplete_multipart_upload();
    LifecycleRule {
        id: rule.id().unwrap_or_default().to_owned(),
        is_enabled: *rule.status() == ExpirationStatus::Enabled,
        transitions: transitions.collect(),
        expire_days: rule.expiration().and_then(|expiration| days(expiration.days())),
        expire_old_days: old.and_then(|old| days(old.noncurrent_days())),
        abort_days: abort.and_then(|abort| days(abort.days_after_initiation())),
        more: more(rule),
    }
}

fn more(rule: &SdkRule) -> Option<String> {
    #[expect(deprecated, reason = "rules written long ago have their prefix there")]
    let prefix = rule.prefix().filter(|prefix| !prefix.is_empty());
    let filter = rule.filter().is_some_and(|filter| {
        let LifecycleRuleFilter {
            prefix,
            tag,
            object_size_greater_than,
            object_size_less_than,
            and,
            ..
        } = filter;
        prefix.as_ref().is_some_and(|prefix| !prefix.is_empty())
            || tag.is_some()
            || object_size_greater_than.is_some()
            || object_size_less_than.is_some()
            || and.is_some()
    });
    let dated = rule.transitions().iter().any(|transition| transition.date().is_some())
        || rule.expiration().is_some_and(|expiration| expiration.date().is_some());
    let old = !rule.noncurrent_version_transitions().is_empty()
        || rule
            .noncurrent_version_expiration()
            .is_some_and(|old| old.newer_noncurrent_versions().is_some());
    let words = [
        (prefix.is_some() || filter, "for some objects only"),
        (dated, "from a certain day on"),
        (old, "with more rules for old versions"),
    ];
    let words: Vec<&str> = words.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Rules as S3 takes them.
pub(super) fn write(
    rules: &BTreeSet<LifecycleRule>,
) -> Result<BucketLifecycleConfiguration, CloudError> {
    const OPERATION: Operation = Operation::PutBucketLifecycleConfiguration;
    let rules = rules.iter().map(write_rule).collect::<Result<_, _>>();
    rules
        .and_then(|rules| BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build())
        .map_err(|error| unreadable(OPERATION, &error.to_string()))
}

fn write_rule(
    rule: &LifecycleRule,
) -> Result<SdkRule, aws_smithy_types::error::operation::BuildError> {
    let LifecycleRule {
        id,
        is_enabled,
        transitions,
        expire_days,
        expire_old_days,
        abort_days,
        more: _,
    } = rule;
    let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    let transitions: Vec<Transition> = transitions
        .iter()
        .map(|(after, class)| {
            let class = TransitionStorageClass::from(class.as_str());
            Transition::builder().days(days(*after)).storage_class(class).build()
        })
        .collect();
    let expiration =
        expire_days.map(|after| LifecycleExpiration::builder().days(days(after)).build());
    let old = expire_old_days
        .map(|after| NoncurrentVersionExpiration::builder().noncurrent_days(days(after)).build());
    let abort = abort_days.map(|after| {
        AbortIncompleteMultipartUpload::builder().days_after_initiation(days(after)).build()
    });
    let status = if *is_enabled { ExpirationStatus::Enabled } else { ExpirationStatus::Disabled };
    SdkRule::builder()
        .id(id)
        .status(status)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .set_transitions(Some(transitions).filter(|transitions| !transitions.is_empty()))
        .set_expiration(expiration)
        .set_noncurrent_version_expiration(old)
        .set_abort_incomplete_multipart_upload(abort)
        .build()
}
