//! Ids that were seen lately. The oldest go first.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Ids that are remembered. A pass makes some hundred changes, and CloudTrail tells of them within minutes.
const IDS_MAX: usize = 10_000;

/// A bounded set of ids.
#[derive(Debug, Default)]
pub(super) struct Recent {
    order: VecDeque<String>,
    ids: BTreeSet<String>,
}

/// The ids that AWS gave to requests of this process.
#[derive(Debug)]
pub(in crate::controller) struct OwnRequests {
    since: Timestamp,
    ids: Mutex<Recent>,
}

impl Recent {
    /// Remembers an id; says if it is new.
    pub(super) fn insert(&mut self, id: &str) -> bool {
        let is_new = self.ids.insert(id.to_owned());
        if is_new {
            self.order.push_back(id.to_owned());
            if self.order.len() > IDS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.ids.remove(&oldest);
            }
        }
        is_new
    }

    fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

impl OwnRequests {
    /// Those of a process that began at `since`.
    pub(in crate::controller) fn since(since: Timestamp) -> Self {
        Self { since, ids: Mutex::default() }
    }

    /// Is what was done then known, if it was ours?
    pub(super) fn cover(&self, at: Timestamp) -> bool {
        at >= self.since
    }

    /// A request was ours.
    pub(in crate::controller) fn note(&self, id: &str) {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// Was it?
    pub(super) fn contains(&self, id: &str) -> bool {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::{IDS_MAX, Recent};

    #[test]
    fn the_oldest_ids_are_forgotten() {
        let mut recent = Recent::default();
        assert!(recent.insert("first") && !recent.insert("first"));
        for number in 0..IDS_MAX {
            assert!(recent.insert(&number.to_string()));
        }
        assert!(recent.insert("first"));
        assert_eq!((recent.order.len(), recent.ids.len()), (IDS_MAX, IDS_MAX));
    }
}
