//! What ordinary calls come with, for cases that say nothing of what other guardrails ask for; and why a case
//! does not hold, in words.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::desired::DesiredOrg;
use crate::judge::{CaseReport, Finding, PlacedStatement, Verdict};

/// Keys that calls come with when somebody does what everybody does.
const ORDINARY: &[(&str, &str)] = &[
    ("aws:PrincipalIsAWSService", "false"),
    ("aws:SecureTransport", "true"),
    ("aws:ViaAWSService", "false"),
    ("ec2:Encrypted", "true"),
    ("ec2:MetadataHttpTokens", "required"),
    ("kms:ScheduleKeyDeletionPendingWindowInDays", "30"),
    ("s3:TlsVersion", "1.3"),
];

/// Keys, or what keys begin with, that ordinary calls come without.
const ABSENT: &[&str] = &[
    "aws:AssumedRoot",
    "aws:RequestTag/",
    "aws:ResourceTag/",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:TagKeys",
    "ec2:Add/",
    "ec2:RoleDelivery",
    "sts:ExternalId",
];

const REQUESTED_REGION: &str = "aws:RequestedRegion";

const RESOURCE_ORGANIZATION: &str = "aws:ResourceOrgID";

/// What ordinary calls of an organization come with.
pub(super) struct Ordinary {
    /// A Region that its guardrails leave alone.
    region: String,
    /// Its id: what is used is mostly its own.
    id: String,
}

// === impl Ordinary ===

impl Ordinary {
    pub(super) fn of(org: &DesiredOrg) -> Self {
        let mut allowed = org.policies.iter().filter_map(|policy| allowed_region(&policy.content));
        let region = org.regions.iter().find_map(|it| it.allowed.iter().flatten().next().cloned());
        let id = org.organization_id.to_string();
        Self {
            id,
            region: region.or_else(|| allowed.next()).unwrap_or_else(|| "us-east-1".to_owned()),
        }
    }

    /// Adds what `case` does not say of `missing` keys; nothing is changed of what it says. Tells whether
    /// something was added.
    pub(super) fn tell(&self, case: &mut Value, missing: &BTreeSet<String>) -> bool {
        let mut is_told = false;
        for key in missing {
            let named = |name: &str| key.eq_ignore_ascii_case(name);
            let value = ORDINARY.iter().find(|(name, _)| named(name)).map(|(_, value)| *value);
            let value = value.or_else(|| named(REQUESTED_REGION).then_some(&self.region));
            let value = value.or_else(|| named(RESOURCE_ORGANIZATION).then_some(&self.id));
            let lower = key.to_ascii_lowercase();
            if let Some(value) = value {
                case["context"][key] = json!(value);
                is_told = true;
            } else if ABSENT.iter().any(|start| lower.starts_with(&start.to_ascii_lowercase())) {
                match case["absent"].as_array_mut() {
                    Some(absent) => absent.push(json!(key)),
                    None => case["absent"] = json!([key]),
                }
                is_told = true;
            }
        }
        is_told
    }
}

/// The first Region that a policy's conditions leave alone.
fn allowed_region(content: &Value) -> Option<String> {
    match content {
        Value::Object(map) => map.iter().find_map(|(name, value)| {
            if !name.starts_with("StringNotEquals") && !name.starts_with("StringNotLike") {
                return allowed_region(value);
            }
            let regions = value.get(REQUESTED_REGION)?;
            regions.get(0).unwrap_or(regions).as_str().map(str::to_owned)
        }),
        Value::Array(items) => items.iter().find_map(allowed_region),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The condition keys that would decide calls of the case.
pub(super) fn missing(report: &CaseReport) -> BTreeSet<String> {
    report.failures.iter().flat_map(|failure| failure.found.missing_keys.clone()).collect()
}

/// Why a case does not hold; empty if it does.
pub(super) fn why(report: &CaseReport) -> String {
    let reasons: BTreeSet<String> =
        report.failures.iter().map(|failure| reason(&failure.found)).collect();
    reasons.into_iter().collect::<Vec<_>>().join("; ")
}

fn reason(found: &Finding) -> String {
    match (found.verdict, &found.problem) {
        (Some(Verdict::Denied), _) => match (found.denied_by.first(), &found.implicit_at) {
            (Some(statement), _) => format!("denied by {}", shown(statement)),
            (None, level) => {
                format!("nothing allows it at `{}`", level.as_deref().unwrap_or_default())
            }
        },
        (Some(Verdict::Allowed), _) if found.is_unbound => {
            "allowed, since no guardrail binds the caller or the resource".to_owned()
        }
        (Some(Verdict::Allowed), _) => {
            "allowed: no statement of the guardrail, as it is set here, \
                                        denies this call"
                .to_owned()
        }
        (Some(Verdict::Unknown), _) if found.missing_keys.is_empty() => found.unknown.join(", "),
        (Some(Verdict::Unknown), _) => {
            let keys: Vec<String> = found.missing_keys.iter().map(|it| format!("`{it}`")).collect();
            let by = found.may_be_denied_by.first().map(shown).unwrap_or_default();
            format!("{by} depends on {}", keys.join(", "))
        }
        (None, problem) => problem.clone().unwrap_or_default(),
    }
}

/// The statement as a test names it.
fn shown(statement: &PlacedStatement) -> String {
    let document = statement.document.as_ref().map_or(&statement.policy, |it| &it.name);
    match &statement.sid {
        Some(sid) => format!("`{document}/{sid}`"),
        None => format!("`{document}`"),
    }
}
