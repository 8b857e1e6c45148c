//! The order of a plan: what must have succeeded before what.
//!
//! The edges keep every prefix of the plan safe. Guardrails arrive before accounts do and before the
//! guardrails they replace go:
//!
//! ```text
//! trusted service ─► policy type ─► OU ─► policy ─► strengthening update ─► attach ─► weakening update
//!                                                                             │              │
//!                                                                             ▼              ▼
//!                                                                       move account ─► detach ─► delete
//! ```

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::plan::action::{Action, Change, Hold};
use crate::plan::draft::{Danger, Proposal};
use crate::plan::edges::Index;
use crate::plan::view::View;

/// Why an update is held that nothing in the plan can come before.
const GAP: &str = "for a moment, what it takes away is not yet said by what replaces it";

/// Puts proposals into order and says what each waits for; and, by action, which others must not be
/// missing if it is done.
pub(super) fn order(
    view: &View<'_>,
    proposals: Vec<Proposal>,
) -> (Vec<Action>, Vec<BTreeSet<usize>>) {
    let index = Index::of(view, &proposals);
    let waits: Vec<BTreeSet<usize>> = (0..proposals.len()).map(|at| index.waits(at)).collect();
    let gaps: BTreeSet<usize> = (0..proposals.len()).filter(|at| index.has_gap(*at)).collect();
    let sequence = sequence(&proposals, &waits);
    let mut position = vec![0; proposals.len()];
    for (new, old) in sequence.iter().enumerate() {
        position[*old] = new;
    }
    let renumber = |old: BTreeSet<usize>| old.iter().map(|at| position[*at]).collect();
    let tied = sequence.iter().map(|old| renumber(index.tied(*old))).collect();
    let mut proposals: Vec<Option<Proposal>> = proposals.into_iter().map(Some).collect();
    let take = |old: usize| proposals.get_mut(old).and_then(Option::take);
    let actions = sequence
        .iter()
        .copied()
        .map(take)
        .zip(&sequence)
        .filter_map(|(proposal, old)| {
            let Proposal { document, guardrails, change, reason, weight } = proposal?;
            // In a cycle, which the edges below cannot make, only what comes earlier counts.
            let earlier = |other: &usize| *other < position[*old];
            let after = waits[*old].iter().map(|other| position[*other]).filter(earlier).collect();
            let because = match weight.danger {
                Danger::Because(because) => Some(because),
                Danger::No => gaps.contains(old).then_some(GAP),
            };
            let hold = because.map(|_| Hold::Dangerous);
            let hold_reason = because.map(str::to_owned);
            Some(Action { document, guardrails, change, reason, after, hold, hold_reason })
        })
        .collect();
    (actions, tied)
}

/// A topological order; among what is ready, by kind and then as proposed.
fn sequence(proposals: &[Proposal], waits: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); proposals.len()];
    let mut missing: Vec<usize> = waits.iter().map(BTreeSet::len).collect();
    for (at, waits) in waits.iter().enumerate() {
        for other in waits {
            followers[*other].push(at);
        }
    }
    let key = |at: usize| Reverse((rank(&proposals[at].change), at));
    let mut ready: BinaryHeap<_> =
        (0..proposals.len()).filter(|at| missing[*at] == 0).map(key).collect();
    let mut sequence = Vec::with_capacity(proposals.len());
    let mut placed = BTreeSet::new();
    while sequence.len() < proposals.len() {
        let next = match ready.pop() {
            Some(Reverse((_, at))) => at,
            None => match (0..proposals.len()).find(|at| !placed.contains(at)) {
                Some(at) => at,
                None => break,
            },
        };
        if !placed.insert(next) {
            continue;
        }
        sequence.push(next);
        for follower in &followers[next] {
            missing[*follower] = missing[*follower].saturating_sub(1);
            if missing[*follower] == 0 {
                ready.push(key(*follower));
            }
        }
    }
    sequence
}

fn rank(change: &Change) -> u8 {
    match change {
        Change::EnableTrustedService { .. } => 0,
        Change::EnablePolicyType { .. } => 1,
        Change::DeregisterAdministrator { .. } => 2,
        Change::RegisterAdministrator { .. } => 3,
        Change::CreateUnit { .. } => 4,
        Change::Object(change) if change.after.is_some() => 5,
        Change::CreatePolicy { .. } => 6,
        Change::UpdatePolicy { .. } => 7,
        Change::AttachPolicy { .. } => 8,
        Change::MoveAccount { .. } => 9,
        Change::DetachPolicy { .. } => 10,
        Change::DeletePolicy { .. } => 11,
        Change::DeleteUnit { .. } => 12,
        Change::Object(_) => 13,
    }
}
