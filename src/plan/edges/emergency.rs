//! The edges of emergency access: roles and alerts, then what protects them, then what restricts; and back in
//! reverse.

use crate::compile::DesiredTarget;
use crate::org::PolicyType;
use crate::plan::edges::{Index, Indices};

impl Index<'_> {
    /// Is it about a policy that protects emergency access?
    pub(super) fn protects(&self, at: usize) -> bool {
        self.proposals[at].document.kind == "BreakGlassRole"
    }

    /// The attaches of what protects emergency access, which come before one that restricts; but for those that
    /// wait for what restricts themselves.
    pub(super) fn protecting_first(
        &self,
        at: usize,
        policy_type: &PolicyType,
        place: &DesiredTarget,
    ) -> Indices {
        if self.protects(at) {
            return Indices::new();
        }
        let around = self.attaches.around(policy_type, place, &self.lineages[place]);
        around.into_iter().filter(|other| self.protects(*other) && !self.is_bound(*other)).collect()
    }

    /// What restricts on a place or below it, and goes.
    pub(super) fn restrictions_going(&self, place: &DesiredTarget) -> impl Iterator<Item = usize> {
        let below = |(other, _): &(&DesiredTarget, &Indices)| {
            self.lineages.get(*other).is_some_and(|lineage| lineage.contains(place))
        };
        let going = self.detaches_at.iter().filter(below).flat_map(|(_, detaches)| detaches);
        going.copied().filter(|other| !self.protects(*other))
    }

    /// The removals before which the policy that came with their document stays: it tells that there was one.
    pub(super) fn removals_first(&self, at: usize) -> Indices {
        let removals = self.removals.get(&self.proposals[at].document);
        removals.filter(|_| self.protects(at)).cloned().unwrap_or_default()
    }
}
