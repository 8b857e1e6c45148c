//! KMS keys: they stay in use, and CloudTrail may use them. What else their policies say is other people's.

use serde_json::Value;

use crate::org::{KmsKeyState, KmsKeyStatus, KmsKeyStep, ObjectStep};
use crate::plan::action::BlockedReason;
use crate::policy::{self, WildcardPattern};

/// Conditions that a statement for `CloudTrail` may carry, if they let the trail pass.
const OPERATORS: &[&str] = &["stringequals", "stringlike", "arnequals", "arnlike"];

/// What the key becomes: everything that it was and what is wanted besides.
pub(super) fn toward(before: &KmsKeyState, wanted: &KmsKeyState) -> KmsKeyState {
    let status = match before.status {
        // Nothing that palisade may do brings back a key whose material is missing.
        KmsKeyStatus::Unavailable => before.status,
        KmsKeyStatus::Enabled | KmsKeyStatus::Disabled | KmsKeyStatus::PendingDeletion => {
            wanted.status
        }
    };
    let policy = merged(&before.policy, &wanted.policy).unwrap_or_else(|| before.policy.clone());
    KmsKeyState { status, policy }
}

/// From `before` to `after`. Nothing is more urgent than a key that is about to be deleted.
pub(super) fn steps(before: Option<&KmsKeyState>, after: &KmsKeyState) -> Vec<ObjectStep> {
    let Some(before) = before else { return Vec::new() };
    let mut steps = Vec::new();
    if before.status != after.status {
        if before.status == KmsKeyStatus::PendingDeletion {
            steps.push(KmsKeyStep::CancelDeletion);
        }
        steps.push(KmsKeyStep::Enable);
    }
    if before.policy != after.policy {
        steps.push(KmsKeyStep::PutPolicy { policy: after.policy.clone() });
    }
    steps.into_iter().map(ObjectStep::KmsKey).collect()
}

/// What is not as it should be and no step mends.
pub(super) fn complaints(before: Option<&KmsKeyState>) -> Vec<(BlockedReason, String)> {
    let Some(before) = before else {
        let message = "there is no such key: what it encrypted cannot be read, and CloudTrail delivers nothing \
                       with it; name one that is there with `archive.kmsKey`";
        return vec![(BlockedReason::ChangedOutside, message.to_owned())];
    };
    let mut messages = Vec::new();
    if before.status == KmsKeyStatus::Unavailable {
        messages.push(
            "it cannot be used: its material is missing, or its store is not reachable; import the material, or \
             reconnect the store",
        );
    }
    if statements(&before.policy).iter().any(is_open) {
        messages.push(
            "its policy lets everybody use it, in any account: give the statement with the principal `*` a \
             condition such as `aws:PrincipalOrgID`, or take it out",
        );
    }
    messages
        .into_iter()
        .map(|message| (BlockedReason::ChangedOutside, message.to_owned()))
        .collect()
}

/// `policy` with the statements of `wanted` that it lacks; nothing where it lacks none, or cannot be read.
fn merged(policy: &str, wanted: &str) -> Option<String> {
    let mut document: Value = serde_json::from_str(policy).ok()?;
    let found = statements(policy);
    let is_missing = |wanted: &Value| !found.iter().any(|found| allows(found, wanted));
    let mut missing = statements(wanted);
    missing.retain(is_missing);
    if missing.is_empty() {
        return None;
    }
    // A statement of the same name is the one that somebody changed.
    let is_other = |found: &Value| !missing.iter().any(|missing| missing["Sid"] == found["Sid"]);
    let kept = found.iter().filter(|found| is_other(found)).cloned();
    let all: Vec<Value> = kept.chain(missing.iter().cloned()).collect();
    document.as_object_mut()?.insert("Statement".to_owned(), Value::Array(all));
    Some(policy::minify(&document))
}

fn statements(policy: &str) -> Vec<Value> {
    let document: Option<Value> = serde_json::from_str(policy).ok();
    match document.and_then(|mut document| document.get_mut("Statement").map(Value::take)) {
        Some(Value::Array(statements)) => statements,
        Some(statement @ Value::Object(_)) => vec![statement],
        Some(_) | None => Vec::new(),
    }
}

/// Does the statement allow what `wanted` allows? What it allows besides does not matter, and a condition that
/// is not known to let the trail pass counts as one that does not.
fn allows(found: &Value, wanted: &Value) -> bool {
    let action = wanted["Action"].as_str().unwrap_or_default().trim_end_matches('*');
    let sources = texts(&wanted["Condition"]["StringEquals"]["aws:SourceArn"]);
    let services = texts(&found["Principal"]["Service"]);
    found["Effect"] == "Allow"
        && texts(&wanted["Principal"]["Service"]).iter().all(|service| services.contains(service))
        && texts(&found["Action"]).iter().any(|pattern| matches_action(pattern, action))
        && found.get("Resource").is_some()
        && conditions(&found["Condition"]).all(|(operator, key, values)| {
            let account = |source: &&str| source.split(':').nth(4).unwrap_or_default().to_owned();
            let asked: Vec<String> = match key.as_str() {
                "aws:sourcearn" | "kms:encryptioncontext:aws:cloudtrail:arn" => {
                    sources.iter().map(|source| (*source).to_owned()).collect()
                }
                "aws:sourceaccount" => sources.iter().map(account).collect(),
                _ => return false,
            };
            OPERATORS.contains(&operator.as_str())
                && asked.iter().all(|asked| {
                    values.iter().any(|value| WildcardPattern::new(value).matches(asked))
                })
        })
}

fn matches_action(pattern: &str, action: &str) -> bool {
    WildcardPattern::new(&pattern.to_ascii_lowercase()).matches(&action.to_ascii_lowercase())
}

/// Operator, key and values of every condition, the first two in lower case.
fn conditions(block: &Value) -> impl Iterator<Item = (String, String, Vec<&str>)> {
    let operators = block.as_object().into_iter().flatten();
    operators.flat_map(|(operator, keys)| {
        let operator = operator.to_ascii_lowercase();
        let keys = keys.as_object().into_iter().flatten();
        keys.map(move |(key, values)| (operator.clone(), key.to_ascii_lowercase(), texts(values)))
    })
}

/// Does it let everybody in the world do something?
fn is_open(statement: &Value) -> bool {
    let principal = &statement["Principal"];
    let is_everybody = texts(principal).contains(&"*") || texts(&principal["AWS"]).contains(&"*");
    statement["Effect"] == "Allow"
        && is_everybody
        && conditions(&statement["Condition"]).next().is_none()
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{complaints, steps, toward};
    use crate::org::{KmsKeyState, KmsKeyStatus};

    const TRAIL: &str = "arn:aws:cloudtrail:eu-west-1:111111111111:trail/acme";

    fn wanted() -> KmsKeyState {
        key(KmsKeyStatus::Enabled, &[encrypt("aws:SourceArn", TRAIL)])
    }

    fn key(status: KmsKeyStatus, statements: &[Value]) -> KmsKeyState {
        let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        KmsKeyState { status, policy }
    }

    fn root() -> Value {
        let root = json!({"AWS": "arn:aws:iam::222222222222:root"});
        json!({"Sid": "Root", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"})
    }

    fn encrypt(key: &str, value: &str) -> Value {
        json!({
            "Sid": "CloudTrailEncrypt",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "kms:GenerateDataKey*",
            "Resource": "*",
            "Condition": {"StringEquals": {key: value}},
        })
    }

    fn planned(before: &KmsKeyState) -> Vec<String> {
        let after = toward(before, &wanted());
        steps(Some(before), &after).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_key_that_is_about_to_go_is_kept_and_taken_into_use() {
        let statements = [root(), encrypt("aws:SourceArn", TRAIL)];
        for (status, expect) in [
            (KmsKeyStatus::Enabled, &[][..]),
            (KmsKeyStatus::Disabled, &["enable"]),
            (KmsKeyStatus::PendingDeletion, &["cancel the deletion", "enable"]),
            (KmsKeyStatus::Unavailable, &[]),
        ] {
            assert_eq!(planned(&key(status, &statements)), expect, "{status}");
        }
    }

    #[test]
    fn statements_of_others_stay_and_a_changed_one_of_ours_goes() {
        let elsewhere = TRAIL.replace("acme", "other");
        let before = key(KmsKeyStatus::Enabled, &[root(), encrypt("aws:SourceArn", &elsewhere)]);
        assert_eq!(planned(&before), ["write the key policy"]);
        let after: Value = serde_json::from_str(&toward(&before, &wanted()).policy).unwrap();
        assert_eq!(after["Statement"], json!([root(), encrypt("aws:SourceArn", TRAIL)]));
        assert_eq!(planned(&toward(&before, &wanted())), [""; 0]);
    }

    #[test]
    fn what_lets_the_trail_pass_is_as_good() {
        let context = "kms:EncryptionContext:aws:cloudtrail:arn";
        for (key_name, value, is_enough) in [
            ("aws:SourceAccount", "111111111111", true),
            ("AWS:SourceArn", "arn:aws:cloudtrail:*:111111111111:trail/*", true),
            (context, "arn:aws:cloudtrail:*:111111111111:trail/*", true),
            (context, "arn:aws:cloudtrail:*:333333333333:trail/*", false),
            ("aws:SourceOrgID", "o-a1b2c3d4e5", false),
        ] {
            let before = key(KmsKeyStatus::Enabled, &[root(), encrypt(key_name, value)]);
            assert_eq!(planned(&before).is_empty(), is_enough, "{key_name} {value}");
        }
        let mut broad = encrypt("aws:SourceArn", TRAIL);
        broad["Action"] = json!(["kms:Decrypt", "KMS:*"]);
        assert_eq!(planned(&key(KmsKeyStatus::Enabled, &[broad])), [""; 0]);
    }

    #[test]
    fn a_key_that_is_gone_or_open_to_everybody_is_told() {
        assert_eq!(complaints(None).len(), 1);
        let mut open = root();
        for (principal, condition, told) in [
            (json!("*"), json!(null), 1),
            (json!({"AWS": ["*"]}), json!({}), 1),
            (json!({"AWS": "*"}), json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), 0),
        ] {
            open["Principal"] = principal;
            open["Condition"] = condition;
            let found = complaints(Some(&key(KmsKeyStatus::Enabled, std::slice::from_ref(&open))));
            assert_eq!(found.len(), told, "{open}");
        }
        assert_eq!(complaints(Some(&key(KmsKeyStatus::Unavailable, &[root()]))).len(), 1);
    }

    #[test]
    fn a_policy_that_cannot_be_read_is_left_alone() {
        let before = KmsKeyState { status: KmsKeyStatus::Enabled, policy: "{".to_owned() };
        assert_eq!(planned(&before), [""; 0]);
    }
}
