//! What a change does to a bucket, setting by setting.

use std::collections::BTreeSet;

use crate::cli::render::diff::Line;
use crate::cli::render::object_diff::{field, members, policy_lines};
use crate::org::{BucketState, PublicBlock};

pub(super) fn bucket_lines(before: Option<&BucketState>, after: Option<&BucketState>) -> Vec<Line> {
    // What nobody asks for stays as it is, and is no difference.
    let kept = |asked: fn(&BucketState) -> bool| after.is_some_and(|after| !asked(after));
    let text = |of: fn(&BucketState) -> String| (before.map(of), after.map(of));
    let mut lines = field("public access", text(public_access));
    if !kept(|bucket| bucket.policy.is_some()) {
        let policy = |bucket: Option<&BucketState>| bucket.and_then(|bucket| bucket.policy.clone());
        let (old, new) = (policy(before), policy(after));
        lines.extend(policy_lines("bucket policy", old.as_ref(), new.as_ref()));
    }
    let versioning = |bucket: &BucketState| <&str>::from(bucket.versioning).to_owned();
    lines.extend(field("versioning", text(versioning)));
    if !kept(|bucket| bucket.retention.is_some()) {
        lines.extend(field("new objects are locked", text(lock)));
    }
    if !kept(|bucket| bucket.key.is_some()) {
        lines.extend(field("KMS key", text(|bucket| bucket.key.clone().unwrap_or_default())));
    }
    if !kept(|bucket| bucket.lifecycle.is_some()) {
        lines.extend(members("lifecycle", before, after, |bucket: &BucketState| {
            let rules = bucket.lifecycle.iter().flatten();
            rules.map(ToString::to_string).collect::<BTreeSet<_>>()
        }));
    }
    lines
}

fn public_access(bucket: &BucketState) -> String {
    let blocks: Vec<&str> =
        bucket.public_access.iter().map(<&PublicBlock as Into<&str>>::into).collect();
    match blocks.len() {
        0 => "not blocked".to_owned(),
        4 => "blocked".to_owned(),
        _ => format!("only {}", blocks.join(", ")),
    }
}

fn lock(bucket: &BucketState) -> String {
    bucket.retention.map_or(String::new(), |lock| {
        let mode: &str = lock.mode.into();
        format!("{} days, {mode}", lock.days)
    })
}
