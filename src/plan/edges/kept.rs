//! What objects that stay wait for.

use crate::org::{ObjectKind, ObjectStep, TrailStep};
use crate::plan::action::{Change, ObjectChange};
use crate::plan::edges::{Index, Indices};

impl Index<'_> {
    /// The trail of an organization comes after `CloudTrail` is trusted in it, and after the bucket that takes
    /// its deliveries and the key that encrypts them. One that only has to record again waits for nothing. A StackSet comes after its
    /// service is trusted.
    pub(super) fn before_kept(&self, at: usize, change: &ObjectChange) -> Indices {
        let delivers = |step: &ObjectStep| {
            let ObjectStep::Trail(step) = step else { return false };
            matches!(step, TrailStep::Create { .. } | TrailStep::Update { .. })
        };
        let is_redirected = change.steps.iter().any(delivers);
        if !is_redirected {
            let needs_trust = change.key.kind == ObjectKind::StackSet;
            return self.services.values().copied().filter(|_| needs_trust).collect();
        }
        let takes_deliveries = |other: &&usize| {
            let change = &self.proposals[**other].change;
            matches!(change, Change::Object(change)
                if matches!(change.key.kind, ObjectKind::Bucket | ObjectKind::KmsKey))
        };
        let beside = self.kept_objects.get(&self.proposals[at].document);
        let buckets = beside.into_iter().flatten().filter(takes_deliveries);
        buckets.chain(self.services.values()).copied().collect()
    }
}
