//! What came of a replay: groups with counts and one example each, for people and programs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::replay::call::{Call, Skipped};

/// How many groups of a kind are kept apart. More are no report that anybody reads, and memory must
/// have a bound.
const GROUPS_MAX: usize = 10_000;

/// How many reasons of a group are kept.
const MISSING_MAX: usize = 20;

/// What came of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// Files that were read.
    pub files: u64,
    /// Bytes that were read, unpacked.
    pub bytes: u64,
    /// Events.
    pub events: u64,
    /// Things in the files that are no events, or lack what events have.
    pub malformed: u64,
    /// Events that are no calls which guardrails decide, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Calls of accounts for which nothing changes.
    pub unaffected: u64,
    /// Calls that no guardrail will deny.
    pub allowed: u64,
    /// Calls that are denied and stay so, or were refused when they were made.
    pub denied_before: u64,
    /// Calls that will be denied and were not.
    pub newly_denied: Vec<Group>,
    /// Calls that will be allowed and were not.
    pub newly_allowed: Vec<Group>,
    /// Calls whose verdict hangs on what events do not tell.
    pub undetermined: Vec<Group>,
}

/// Calls that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The account.
    pub account: String,
    /// Its name in desired state.
    pub account_name: Option<String>,
    /// Who.
    pub principal: String,
    /// What.
    pub action: String,
    /// How often.
    pub count: u64,
    /// The first of them.
    pub example: Example,
    /// What denies the example.
    pub by: Option<Cause>,
    /// What would have to be known.
    pub missing: BTreeSet<String>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Example {
    /// The event.
    pub event_id: String,
    /// When.
    pub time: String,
    /// On what, when the event says.
    pub resource: Option<String>,
}

/// What denies a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// The level.
    pub level: String,
    /// The policy; nothing when no SCP of the level allows the action.
    pub policy: Option<String>,
    /// The statement's Sid.
    pub sid: Option<String>,
    /// The document that the statement is from.
    pub document: Option<String>,
    /// The file and line it is written in.
    pub source: Option<String>,
}

/// Groups of one kind while they grow.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: BTreeMap<(String, String, String), Group>,
}

impl Replayed {
    /// Calls that will be denied and were not.
    pub fn newly_denied_calls(&self) -> u64 {
        self.newly_denied.iter().map(|group| group.count).sum()
    }

    /// Notes an event that is no call.
    pub(super) fn skip(&mut self, why: Skipped) {
        *self.skipped.entry(why.to_string()).or_default() += 1;
    }
}

impl Groups {
    /// Counts a call.
    pub(super) fn add(
        &mut self,
        call: Call,
        cause: impl FnOnce() -> Option<Cause>,
        missing: BTreeSet<String>,
    ) {
        let mut key = (call.account, call.principal, call.action);
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&key) {
            let others = "others".to_owned();
            key = (others.clone(), others.clone(), others);
        }
        let (account, principal, action) = key.clone();
        let example = Example { event_id: call.event_id, time: call.time, resource: call.resource };
        let group = self.groups.entry(key).or_insert_with(|| Group {
            account,
            account_name: None,
            principal,
            action,
            count: 0,
            example,
            by: cause(),
            missing: BTreeSet::new(),
        });
        group.count += 1;
        let room = MISSING_MAX.saturating_sub(group.missing.len());
        group.missing.extend(missing.into_iter().take(room));
    }

    /// The groups, those with the most calls first.
    pub(super) fn sorted(self, name: impl Fn(&str) -> Option<String>) -> Vec<Group> {
        let mut groups: Vec<Group> = self.groups.into_values().collect();
        for group in &mut groups {
            group.account_name = name(&group.account);
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}
