//! An answer as it is written.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::effective::Answer;
use crate::policy::{Denial, Missing, StatementRef};

/// A verdict.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reply<'a> {
    id: Option<&'a RawValue>,
    verdict: &'static str,
    by: Option<By<'a>>,
    /// There when a level allows nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    implicit: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'a str>,
    missing_keys: Vec<String>,
    /// Questions that AWS's pages leave open: no key settles them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    doubts: Vec<String>,
    /// What is not known of the organization.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unseen: Vec<&'a str>,
}

/// A statement that denies.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct By<'a> {
    r#type: &'static str,
    level: &'a str,
    policy: &'a str,
    sid: Option<&'a str>,
}

/// A line that cannot be answered.
#[derive(Debug, Serialize)]
pub(super) struct Failure<'a> {
    /// Its id, if that can be told.
    pub(super) id: Option<&'a RawValue>,
    /// What is wrong.
    pub(super) error: String,
}

impl<'a> Reply<'a> {
    /// The reply to the line with the id.
    pub(super) fn new(id: Option<&'a RawValue>, answer: Answer<'a>) -> Self {
        let mut reply = Self {
            id,
            verdict: "allowed",
            by: None,
            implicit: None,
            level: None,
            missing_keys: Vec::new(),
            doubts: Vec::new(),
            unseen: Vec::new(),
        };
        match answer {
            Answer::Allowed => {}
            Answer::Denied(denial) => {
                reply.verdict = "denied";
                match denial {
                    Denial::Explicit(statement) => reply.by = Some(By::of(statement)),
                    Denial::Implicit { level } => {
                        reply.implicit = Some(true);
                        reply.level = Some(level);
                    }
                }
            }
            Answer::Unknown { missing: Missing { keys, doubts }, unseen } => {
                reply.verdict = "unknown";
                reply.missing_keys = keys.into_iter().collect();
                reply.doubts = doubts.iter().map(ToString::to_string).collect();
                reply.unseen = unseen.iter().map(|unseen| unseen.reason.as_str()).collect();
            }
        }
        reply
    }
}

impl<'a> By<'a> {
    fn of(statement: StatementRef<'a>) -> Self {
        Self {
            r#type: statement.policy_type.into(),
            level: statement.level,
            policy: statement.policy,
            sid: statement.sid,
        }
    }
}
