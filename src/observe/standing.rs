//! What stands where: the tree and what is attached to it, which tell on each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::observe::MANAGED_FRESH_TIMES;
use crate::observe::memory::{Kept, Look};
use crate::observe::policies::{self, KeptTargets, Lists};
use crate::observe::reader::Reader;
use crate::observe::sight::Sight;
use crate::observe::tree;
use crate::org::{Part, PolicyId, TargetId, Tree};

type Targets = BTreeMap<PolicyId, Look<BTreeSet<TargetId>>>;

/// What is kept of the tree and of targets.
pub(super) struct Standing<'a> {
    pub(super) tree: &'a mut Kept<Tree>,
    pub(super) strangers: &'a mut BTreeSet<TargetId>,
    pub(super) targets: &'a mut KeptTargets,
}

impl Standing<'_> {
    /// Reads the tree and the targets of policies at once, and where one shows that the other is out of
    /// date, that again. What AWS attaches to everything is read last: it depends on the tree. Says in
    /// the end whether an older answer was good enough for that.
    pub(super) async fn look(
        self,
        reader: &Reader<'_>,
        sight: &Sight,
        lists: &Lists,
    ) -> (Part<Tree>, Targets, bool) {
        let Standing { tree, strangers, targets: kept } = self;
        let (customers, managed) = policies::by_owner(lists, &sight.root);
        let expected = sight.expected(tree.last(), &BTreeSet::new());
        let (mut look, mut targets) = tokio::join!(
            tree.look(reader.fresh_for, tree::read(reader, expected)),
            policies::targets(kept, reader, &customers, reader.fresh_for),
        );
        let mut again = BTreeSet::new();
        if let (Part::Known(now), Some(before)) = (&look.part, &look.before) {
            let touched = policies::touch_targets_after(kept, &managed, before, now);
            again.extend(touched.intersection(&customers).cloned());
        }
        targets.extend(policies::targets(kept, reader, &again, reader.fresh_for).await);
        let longer = reader.fresh_for.saturating_mul(MANAGED_FRESH_TIMES);
        let is_old =
            |policy| kept.get(policy).is_some_and(|kept| kept.is_old(reader.fresh_for, longer));
        let is_managed_old = managed.iter().any(is_old);
        targets.extend(policies::targets(kept, reader, &managed, longer).await);
        let attached_to = targets.values().map(|look| &look.part);
        let unaccounted = tree::strangers(look.part.known(), attached_to);
        if !unaccounted.is_subset(strangers) {
            tree.touch();
            let expected = sight.expected(tree.last(), &unaccounted);
            look = tree.look(reader.fresh_for, tree::read(reader, expected)).await;
        }
        *strangers = unaccounted;
        (look.part, targets, is_managed_old)
    }
}
