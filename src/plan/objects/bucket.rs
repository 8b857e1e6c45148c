//! Buckets that keep logs, setting by setting. Nothing here makes logs go sooner than they would.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::org::{
    BucketState, BucketStep, LifecycleRule, OWNER_TAG, ObjectStep, Retention, Versioning,
};
use crate::plan::objects::trail::UNNAMED_KEY;
use crate::policy;
use crate::policy::{Canonical, Language};

/// From `before` to `after`. A bucket is closed first. Its policy follows at once, because deliveries hang on
/// it, but on a new one it comes last: while there is none, nothing is in it.
pub(super) fn steps(before: Option<&BucketState>, after: &BucketState) -> Vec<ObjectStep> {
    let mut steps = Vec::new();
    let new = BucketState::default();
    if before.is_none() {
        steps.push(BucketStep::Create { has_lock: after.retention.is_some() });
    }
    let is_new = before.is_none_or(is_bare);
    let before = before.unwrap_or(&new);
    if !before.public_access.is_superset(&after.public_access) {
        steps.push(BucketStep::BlockPublicAccess { public_access: after.public_access.clone() });
    }
    let policy = after.policy.as_ref().filter(|policy| !is_said(before.policy.as_ref(), policy));
    let policy = policy.map(|policy| BucketStep::PutPolicy { policy: policy.clone() });
    let (early, late) = if is_new { (None, policy) } else { (policy, None) };
    steps.extend(early);
    if before.versioning != after.versioning {
        steps.push(BucketStep::PutVersioning { versioning: after.versioning });
    }
    if let Some(retention) = after.retention.filter(|_| before.retention != after.retention) {
        steps.push(BucketStep::PutRetention { retention });
    }
    if after.key.is_some() && before.key != after.key {
        steps.push(BucketStep::PutEncryption { key: after.key.clone() });
    }
    if let Some(lifecycle) =
        after.lifecycle.as_ref().filter(|_| before.lifecycle != after.lifecycle)
    {
        steps.push(BucketStep::PutLifecycle { lifecycle: lifecycle.clone() });
    }
    // The mark alone is no reason to write: it comes with the next real change.
    let mut missing = after.tags.clone();
    missing.retain(|key, value| before.tags.get(key) != Some(value));
    let is_due = !steps.is_empty() || late.is_some() || !is_mark(&missing);
    if !missing.is_empty() && is_due {
        let tags = before.tags.clone().into_iter().chain(missing).collect();
        steps.push(BucketStep::Tag { tags });
    }
    steps.extend(late);
    steps.into_iter().map(ObjectStep::Bucket).collect()
}

/// What can be made of `before` on the way to `wanted` without a log that goes sooner, and why not more.
pub(super) fn attainable(
    before: &BucketState,
    wanted: &BucketState,
) -> (BucketState, Vec<&'static str>) {
    let mut after = wanted.clone();
    let mut obstacles = Vec::new();
    if let Some(rules) = &wanted.lifecycle
        && ends_sooner(before, wanted, rules)
    {
        after.lifecycle.clone_from(&before.lifecycle);
        obstacles.push(
            "logs would be deleted sooner than by the lifecycle it has: palisade never shortens what is kept; write the lifecycle by hand, or a longer `retain`",
        );
    }
    if let (Some(now), Some(then)) = (before.retention, wanted.retention)
        && is_weaker(now, then)
    {
        after.retention = Some(now);
        obstacles.push(
            "new logs would be locked for less time or less strictly: palisade never weakens a lock, and COMPLIANCE cannot be shortened for what it holds; write what the bucket has into `objectLock`",
        );
    }
    if wanted.key.is_none() && before.key.is_some() {
        obstacles.push(UNNAMED_KEY);
    }
    (after, obstacles)
}

/// Why it changes only with approval, if it does.
pub(super) fn danger(before: &BucketState, after: &BucketState) -> Option<&'static str> {
    let is_ours = before.tags.contains_key(OWNER_TAG);
    let is_replaced = before.policy.is_some()
        && after.policy.as_ref().is_some_and(|policy| !is_said(before.policy.as_ref(), policy));
    (!is_ours && is_replaced).then_some(
        "the bucket is somebody else's so far: whoever delivers to it or reads it by its policy could not any more",
    )
}

/// A bucket as `CreateBucket` leaves it. Without a policy nothing is delivered to it.
fn is_bare(bucket: &BucketState) -> bool {
    bucket.policy.is_none() && bucket.tags.is_empty()
}

fn ends_sooner(
    before: &BucketState,
    wanted: &BucketState,
    rules: &BTreeSet<LifecycleRule>,
) -> bool {
    let none = BTreeSet::new();
    let now = before.lifecycle.as_ref().unwrap_or(&none);
    let is_ours = before.tags.contains_key(OWNER_TAG)
        && before.tags.get(OWNER_TAG) == wanted.tags.get(OWNER_TAG);
    let sooner = |of: fn(&LifecycleRule) -> Option<u32>| match (days(now, of), days(rules, of)) {
        (Some(now), Some(then)) => then < now,
        // Kept for ever: by somebody who wants it so, unless palisade made the bucket.
        (None, Some(_)) => !is_ours && !is_bare(before),
        (_, None) => false,
    };
    sooner(|rule| rule.expire_days) || sooner(|rule| rule.expire_old_days)
}

/// After how many days the first objects go; nothing if they stay.
fn days(rules: &BTreeSet<LifecycleRule>, of: fn(&LifecycleRule) -> Option<u32>) -> Option<u32> {
    rules.iter().filter(|rule| rule.is_enabled).filter_map(of).min()
}

fn is_weaker(now: Retention, then: Retention) -> bool {
    then.days < now.days || then.mode < now.mode
}

/// Does the policy say it already, whatever its spelling?
fn is_said(before: Option<&String>, after: &str) -> bool {
    before.is_some_and(|before| meaning(before) == meaning(after))
}

fn meaning(text: &str) -> Result<Canonical, &str> {
    let document: Value = serde_json::from_str(text).map_err(|_| text)?;
    Ok(policy::canonical(Language::Iam, &document))
}

fn is_mark(tags: &BTreeMap<String, String>) -> bool {
    tags.keys().all(|key| key.starts_with("palisade:"))
}

/// Why it has to be changed, in the words of whoever is woken by it.
pub(super) fn reason(before: &BucketState, after: &BucketState) -> &'static str {
    let lets = after.policy.as_ref().is_none_or(|policy| is_said(before.policy.as_ref(), policy));
    if !before.public_access.is_superset(&after.public_access) {
        "public access is not blocked"
    } else if !lets {
        "its policy differs"
    } else if after.versioning == Versioning::Enabled && before.versioning != Versioning::Enabled {
        "versions are not kept"
    } else {
        "it differs"
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::IntoEnumIterator;

    use super::{attainable, danger, steps};
    use crate::org::{BucketState, LifecycleRule, LockMode, PublicBlock, Retention, Versioning};

    const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*"}]}"#;

    fn kept(days: u32) -> BTreeSet<LifecycleRule> {
        let rule = LifecycleRule {
            id: "logs".into(),
            is_enabled: true,
            expire_days: Some(days),
            ..LifecycleRule::default()
        };
        [rule].into()
    }

    fn bucket() -> BucketState {
        BucketState {
            policy: Some(POLICY.into()),
            public_access: PublicBlock::iter().collect(),
            versioning: Versioning::Enabled,
            retention: Some(Retention { mode: LockMode::Compliance, days: 365 }),
            key: Some("arn:aws:kms:eu-west-1:222222222222:key/1".into()),
            lifecycle: Some(kept(2555)),
            tags: [("palisade:owner".to_owned(), "acme".to_owned())].into(),
        }
    }

    fn check(before: Option<&BucketState>, expect: &[&str]) {
        let found: Vec<String> = steps(before, &bucket()).iter().map(ToString::to_string).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn a_new_bucket_takes_deliveries_when_everything_else_is_right() {
        let rest = [
            "block public access",
            "write versioning",
            "write the lock of new objects",
            "write encryption",
            "write the lifecycle",
            "tag",
            "write the bucket policy",
        ];
        let all: Vec<&str> = std::iter::once("create").chain(rest).collect();
        check(None, &all);
        check(Some(&BucketState::default()), &rest);
    }

    #[test]
    fn what_others_change_is_put_back_and_nothing_else() {
        let mut open = bucket();
        open.public_access.remove(&PublicBlock::BlockPublicPolicy);
        check(Some(&open), &["block public access"]);
        check(Some(&BucketState { policy: None, ..bucket() }), &["write the bucket policy"]);
        check(
            Some(&BucketState { versioning: Versioning::Suspended, ..bucket() }),
            &["write versioning"],
        );
        let spaced = BucketState { policy: Some(POLICY.replace(',', ", ")), ..bucket() };
        let mut tagged = BucketState { tags: [].into(), ..bucket() };
        tagged.tags.insert("team".into(), "security".into());
        for right in [bucket(), spaced, tagged] {
            check(Some(&right), &[]);
        }
    }

    #[test]
    fn logs_never_go_sooner() {
        let attained = |before: &BucketState| {
            let (after, obstacles) = attainable(before, &bucket());
            (steps(Some(before), &after).len(), obstacles.len())
        };
        let longer = BucketState { lifecycle: Some(kept(4000)), ..bucket() };
        assert_eq!(attained(&longer), (0, 1));
        let shorter = BucketState { lifecycle: Some(kept(30)), ..bucket() };
        assert_eq!(attained(&shorter), (1, 0), "longer is put right");
        let removed = BucketState { lifecycle: None, ..bucket() };
        assert_eq!(attained(&removed), (1, 0), "of a bucket of ours it is what git says");
        let adopted = BucketState { lifecycle: None, tags: [].into(), ..bucket() };
        assert_eq!(attained(&adopted), (0, 1), "somebody keeps for ever what is in it");
        assert_eq!(attained(&BucketState::default()).1, 0, "there is nothing in it");
        let locked = Some(Retention { mode: LockMode::Compliance, days: 3650 });
        assert_eq!(attained(&BucketState { retention: locked, ..bucket() }), (0, 1));
    }

    #[test]
    fn a_key_that_no_document_names_is_told_and_stays() {
        let wanted = BucketState { key: None, ..bucket() };
        let evil = Some("arn:aws:kms:eu-west-1:666666666666:key/evil".to_owned());
        let before = BucketState { key: evil, ..wanted.clone() };
        let (after, obstacles) = attainable(&before, &wanted);
        assert_eq!((steps(Some(&before), &after).len(), obstacles.len()), (0, 1));
        assert_eq!(attainable(&wanted, &wanted).1.len(), 0);
    }

    #[test]
    fn the_policy_of_a_bucket_of_somebody_else_goes_only_with_approval() {
        let other = Some(r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned());
        let theirs = BucketState { tags: [].into(), policy: other.clone(), ..bucket() };
        assert!(danger(&theirs, &bucket()).is_some());
        let opened = BucketState { policy: other, ..bucket() };
        assert!(danger(&opened, &bucket()).is_none(), "what is ours is healed at once");
        let new = BucketState { tags: [].into(), policy: None, ..bucket() };
        assert!(danger(&new, &bucket()).is_none(), "nobody delivers to it");
    }
}
