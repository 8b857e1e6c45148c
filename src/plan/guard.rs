//! The limits of one pass: what waits for a person, and the hash by which a person approves it.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::org::{OrganizationId, hex};
use crate::plan::action::{Action, Held, Hold};

/// The limits of one pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guards {
    /// More changes than this in one plan are held.
    pub max_changes: usize,
    /// More deletions than this in one plan are held.
    pub max_deletes: usize,
    /// Hashes of plans that a person approved.
    pub approved: BTreeSet<String>,
}

/// Hex digits of a hash that a person copies. 64 bits: plans are compared one at a time, and who
/// could make a second plan with the same hash could write desired state already.
const HASH_DIGITS: usize = 16;

/// Marks what waits, and names it.
pub(super) fn hold(
    organization: &OrganizationId,
    actions: &mut [Action],
    guards: &Guards,
    approved_in_git: &BTreeSet<String>,
) -> Option<Held> {
    let deletions = actions.iter().filter(|action| action.change.is_deletion()).count();
    let (changes, too_many_deletes) = (actions.len(), deletions > guards.max_deletes);
    for action in actions.iter_mut().filter(|action| action.hold.is_none()) {
        if changes > guards.max_changes {
            let max = guards.max_changes;
            action.hold = Some(Hold::TooManyChanges);
            action.hold_reason =
                Some(format!("the plan has {changes} changes, and `--max-changes` is {max}"));
        } else if too_many_deletes && action.change.is_deletion() {
            let max = guards.max_deletes;
            action.hold = Some(Hold::TooManyDeletes);
            action.hold_reason =
                Some(format!("the plan has {deletions} deletions, and `--max-deletes` is {max}"));
        }
    }
    let held: Vec<&Action> = actions.iter().filter(|action| action.hold.is_some()).collect();
    if held.is_empty() {
        return None;
    }
    let hash = hash(organization, &held);
    let approved = guards.approved.contains(&hash) || approved_in_git.contains(&hash);
    Some(Held { actions: held.len(), approved, hash })
}

fn hash(organization: &OrganizationId, held: &[&Action]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(organization.as_str());
    for action in held {
        // A value that serializes cannot fail to; an empty string would only change the hash.
        let change = serde_json::to_string(&(&action.document, &action.change)).unwrap_or_default();
        hasher.update(change.as_bytes());
        hasher.update([0]);
    }
    hex(&hasher.finalize()[..HASH_DIGITS / 2])
}
