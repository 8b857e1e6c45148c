//! What objects that stay wait for.

use crate::org::{ObjectKind, ObjectStep, TrailStep};
use crate::plan::action::{Change, ObjectChange};
use crate::plan::edges::{Index, Indices};

impl Index<'_> {
    /// The trail of an organization comes after `CloudTrail` is trusted in it, and after the bucket that takes
    /// its deliveries. One that only has to record again waits for nothing. A StackSet comes after its
    /// service is trusted.
    pub(super) fn before_kept(&self, at: usize, change: &ObjectChange) -> Indices {
        let delivers = |step: &ObjectStep| {
            let ObjectStep::Trail(step) = step else { return false };
            matches!(step, TrailStep::Create { .. } | TrailStep::Update { .. })
        };
        let needs_bucket = change.steps.iter().any(delivers);
        if !needs_bucket {
            let needs_trust = change.key.kind == ObjectKind::StackSet;
            return self.services.values().copied().filter(|_| needs_trust).collect();
        }
        let is_bucket = |other: &&usize| {
            let change = &self.proposals[**other].change;
            matches!(change, Change::Object(change) if change.key.kind == ObjectKind::Bucket)
        };
        let beside = self.kept_objects.get(&self.proposals[at].document);
        let buckets = beside.into_iter().flatten().filter(is_bucket);
        buckets.chain(self.services.values()).copied().collect()
    }
}
