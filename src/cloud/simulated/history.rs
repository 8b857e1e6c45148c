//! Who called what, when, and what came of it.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use crate::cloud::{Call, CloudError, Operation};

/// Calls the history keeps; older ones are forgotten, so that a demo can run for days. A million calls
/// of simulation need no more: counts are kept apart and are exact.
pub const HISTORY_CALLS_MAX: usize = 100_000;

/// One call that the simulated cloud saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The principal that called.
    pub who: String,
    /// What it asked for.
    pub call: Call,
    /// What it was told; nothing when it was told nothing.
    pub outcome: Option<Result<(), CloudError>>,
    /// Did it change the organization?
    pub took_effect: bool,
    /// When.
    pub at: Instant,
}

/// How many calls there were, by operation, whatever came of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallCounts {
    by_operation: BTreeMap<Operation, u64>,
}

impl CallCounts {
    /// Calls of one operation.
    pub fn of(&self, operation: Operation) -> u64 {
        self.by_operation.get(&operation).copied().unwrap_or(0)
    }

    /// Calls that can change something.
    pub fn mutating(&self) -> u64 {
        self.sum(Operation::is_mutating)
    }

    /// Calls that cannot.
    pub fn reads(&self) -> u64 {
        self.sum(|operation| !operation.is_mutating())
    }

    /// Every operation that was called, and how often.
    pub fn by_operation(&self) -> &BTreeMap<Operation, u64> {
        &self.by_operation
    }

    fn sum(&self, counted: impl Fn(Operation) -> bool) -> u64 {
        self.by_operation
            .iter()
            .filter(|(operation, _)| counted(**operation))
            .map(|(_, count)| count)
            .sum()
    }
}

/// The calls so far.
#[derive(Debug, Default)]
pub(super) struct History {
    recent: VecDeque<Recorded>,
    counts: BTreeMap<String, CallCounts>,
}

impl History {
    pub(super) fn record(&mut self, recorded: Recorded) {
        let counts = self.counts.entry(recorded.who.clone()).or_default();
        *counts.by_operation.entry(recorded.call.operation()).or_default() += 1;
        if self.recent.len() == HISTORY_CALLS_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(recorded);
    }

    pub(super) fn recent(&self) -> Vec<Recorded> {
        self.recent.iter().cloned().collect()
    }

    pub(super) fn counts_of(&self, who: &str) -> CallCounts {
        self.counts.get(who).cloned().unwrap_or_default()
    }
}
