//! What has been seen, and when: a part that is young enough is used as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use crate::cloud::{CloudError, CloudErrorKind, PolicySummary};
use crate::observe::Touched;
use crate::observe::objects::AccountMemory;
use crate::observe::reader::unknown;
use crate::org::{
    AccountId, Caller, Organization, Part, PolicyId, PolicyType, Root, TargetId, Tree,
};

/// How long after a change AWS may still answer as if it had not happened. What is read in that time
/// is used once and read again the next time, so that one stale answer is not believed for long.
///
/// AWS Organizations promises eventual consistency without a number; its changes are normally seen
/// within seconds.
pub(super) const SETTLE: Duration = Duration::from_secs(30);

/// One part: the last good answer, when it was asked for, and when something was last known to have
/// changed it.
pub(super) struct Kept<T> {
    seen: Option<(T, Instant)>,
    touched: Option<Instant>,
}

/// What a look at a part found.
pub(super) struct Look<T> {
    /// The part.
    pub(super) part: Part<T>,
    /// What a new answer took the place of.
    pub(super) before: Option<T>,
    /// Did AWS say that the object asked about is not there?
    pub(super) gone: bool,
}

/// Everything kept between passes.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) caller: Option<Caller>,
    pub(super) organization: Kept<Organization>,
    pub(super) root: Kept<Root>,
    pub(super) tree: Kept<Tree>,
    /// Targets of policies that the tree did not hold when it was last read because of them. It is not
    /// read again for the same ones: an endpoint may never clear them away.
    pub(super) strangers: BTreeSet<TargetId>,
    pub(super) policies: PolicyMemory,
    /// Did the last observation use an older answer for what AWS's own policies are attached to?
    pub(super) is_managed_old: bool,
    pub(super) trusted_services: Kept<BTreeSet<String>>,
    pub(super) administrators: BTreeMap<String, Kept<BTreeSet<AccountId>>>,
    pub(super) tags: BTreeMap<String, Kept<BTreeMap<String, String>>>,
    pub(super) estate: BTreeMap<AccountId, AccountMemory>,
}

/// What is kept of policies: their listings, and each one's document and targets, which change
/// apart from each other.
#[derive(Default)]
pub(super) struct PolicyMemory {
    pub(super) lists: BTreeMap<PolicyType, Kept<BTreeMap<PolicyId, PolicySummary>>>,
    pub(super) documents: BTreeMap<PolicyId, Kept<String>>,
    pub(super) targets: BTreeMap<PolicyId, Kept<BTreeSet<TargetId>>>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { seen: None, touched: None }
    }
}

impl<T: Clone> Kept<T> {
    /// The part, read with `read` unless what is kept is younger than `fresh_for`.
    pub(super) async fn look(
        &mut self,
        fresh_for: Duration,
        read: impl Future<Output = Result<T, CloudError>>,
    ) -> Look<T> {
        if let Some(value) = self.fresh(fresh_for) {
            return Look { part: Part::Known(value.clone()), before: None, gone: false };
        }
        // The age counts from before the question: an answer may be as old as that.
        let asked = Instant::now();
        match read.await {
            Ok(value) => {
                let before = self.seen.replace((value.clone(), asked)).map(|(before, _)| before);
                Look { part: Part::Known(value), before, gone: false }
            }
            Err(error) => Look {
                part: Part::Unknown(unknown(&error)),
                before: None,
                gone: error.kind == CloudErrorKind::NotFound,
            },
        }
    }

    /// Would a look now use an answer that is older than `fresh_for`, if it may be as old as `longer`?
    pub(super) fn is_old(&self, fresh_for: Duration, longer: Duration) -> bool {
        self.fresh(longer).is_some() && self.fresh(fresh_for).is_none()
    }

    /// The last good answer, whatever its age.
    pub(super) fn last(&self) -> Option<&T> {
        self.seen.as_ref().map(|(value, _)| value)
    }

    /// An answer that was asked for just now.
    #[cfg(test)]
    pub(super) fn new(value: T) -> Self {
        Self { seen: Some((value, Instant::now())), touched: None }
    }

    /// When the last good answer was asked for.
    pub(super) fn asked(&self) -> Option<Instant> {
        self.seen.as_ref().map(|(_, asked)| *asked)
    }

    /// Something changed the part, or may have.
    pub(super) fn touch(&mut self) {
        self.touched = Some(Instant::now());
    }

    fn fresh(&self, fresh_for: Duration) -> Option<&T> {
        let (value, asked) = self.seen.as_ref()?;
        let has_settled = self.touched.is_none_or(|touched| *asked >= touched + SETTLE);
        (has_settled && asked.elapsed() < fresh_for).then_some(value)
    }
}

/// Looks at `wanted`, all at once, each read with `read` unless what is kept of it is young enough.
pub(super) async fn look_at_each<K, T, Answered>(
    kept: &mut BTreeMap<K, Kept<T>>,
    wanted: &BTreeSet<K>,
    fresh_for: Duration,
    read: impl Fn(K) -> Answered,
) -> BTreeMap<K, Look<T>>
where
    K: Ord + Clone,
    T: Clone,
    Answered: Future<Output = Result<T, CloudError>>,
{
    for key in wanted {
        kept.entry(key.clone()).or_default();
    }
    let looks = kept.iter_mut().filter(|(key, _)| wanted.contains(key)).map(|(key, kept)| {
        let answer = read(key.clone());
        async move { (key.clone(), kept.look(fresh_for, answer).await) }
    });
    join_all(looks).await.into_iter().collect()
}

/// Looks, reduced to what they found.
pub(super) fn parts<K: Ord, T>(looks: BTreeMap<K, Look<T>>) -> BTreeMap<K, Part<T>> {
    looks.into_iter().map(|(key, look)| (key, look.part)).collect()
}

impl Memory {
    pub(super) fn touch(&mut self, touched: &Touched) {
        match touched {
            Touched::Tree => self.tree.touch(),
            Touched::PolicyTypes => self.root.touch(),
            Touched::Policies(policy_type) => {
                self.policies.lists.entry(policy_type.clone()).or_default().touch();
            }
            Touched::Policy(policy) => self.policies.touch_policy(policy),
            Touched::Document(policy) => {
                self.policies.documents.entry(policy.clone()).or_default().touch();
            }
            Touched::Targets(policy) => {
                self.policies.targets.entry(policy.clone()).or_default().touch();
            }
            Touched::TrustedServices => self.trusted_services.touch(),
            Touched::Administrators(service) => {
                self.administrators.entry(service.clone()).or_default().touch();
            }
            Touched::Tags(resource) => self.tags.entry(resource.clone()).or_default().touch(),
            Touched::Object(key) => {
                self.estate.entry(key.account.clone()).or_default().touch(key);
            }
        }
    }
}

impl PolicyMemory {
    /// What policies of AWS are attached to is not known any more.
    pub(super) fn forget_managed_targets(&mut self) {
        let listed = self.lists.values().filter_map(Kept::last).flat_map(BTreeMap::values);
        for policy in listed.filter(|policy| policy.aws_managed) {
            self.targets.remove(&policy.id);
        }
    }

    /// All of a policy has changed, or may have. Where no listing holds it, every one may.
    fn touch_policy(&mut self, policy: &PolicyId) {
        let holds = |list: &Kept<BTreeMap<PolicyId, PolicySummary>>| {
            list.last().is_some_and(|list| list.contains_key(policy))
        };
        let is_listed = self.lists.values().any(holds);
        for list in self.lists.values_mut().filter(|list| !is_listed || holds(list)) {
            list.touch();
        }
        self.documents.entry(policy.clone()).or_default().touch();
        self.targets.entry(policy.clone()).or_default().touch();
    }

    /// The targets of every policy of `policy_type` have changed, or may have.
    pub(super) fn touch_targets_of(&mut self, policy_type: &PolicyType) {
        let listed = self.lists.get(policy_type).and_then(Kept::last);
        for policy in listed.into_iter().flat_map(BTreeMap::keys) {
            self.targets.entry(policy.clone()).or_default().touch();
        }
    }
}
