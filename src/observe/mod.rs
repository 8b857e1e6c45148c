//! From the cloud to an [`OrgSnapshot`]: every part known or unknown, with the fewest calls.
//!
//! A full observation asks each question once: the identity, the organization and its root; every
//! account page; one listing an OU; one listing a policy type; one document and one listing of targets
//! a policy. Between full observations a part that is young and that nothing touched is used as it is.
//!
//! An answer is believed only if the one who asked can see the organization: some endpoints answer a
//! member account with empty lists instead of a refusal, and an empty list must never be mistaken for
//! an empty organization. Throttling and transient failures are retried below, in `cloud`; what still
//! fails makes its own part unknown and no other.

mod file;
mod memory;
mod objects;
mod policies;
mod reader;
mod sight;
mod standing;
mod tree;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

pub use crate::observe::file::{SnapshotFileError, read, render, write};
pub use crate::observe::objects::WantedObjects;

use crate::cloud::Cloud;
use crate::observe::memory::{Memory, PolicyMemory, look_at_each, parts};
use crate::observe::reader::{Reader, unknown};
use crate::observe::sight::Sight;
use crate::observe::standing::Standing;
use crate::org::{
    Caller, ObjectKey, OrgSnapshot, Organization, OuPath, ParentId, Part, PolicyId, PolicyType,
    Root, Tree, Unknown,
};

/// Tags stay fresh this many times longer than everything else: they only say whose an OU is that
/// desired state does not name, nobody but palisade writes them, and what palisade writes it touches.
const TAGS_FRESH_TIMES: u32 = 12;

/// What policies of AWS are attached to, which is everything, takes as many calls to read as accounts
/// do and decides nothing while there is nothing to change: the tree tells what is new, and before a
/// change it is read anew. See [`Observer::forget_older`].
const MANAGED_FRESH_TIMES: u32 = 12;

/// What desired state speaks of, and therefore must be seen besides what every organization has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Policy types. The ones enabled on the root are observed too.
    pub policy_types: BTreeSet<PolicyType>,
    /// Service principals whose delegated administrators matter. Trusted access is always observed
    /// whole.
    pub services: BTreeSet<String>,
    /// OUs that desired state names. The tags of all others are read: their mark decides whether they
    /// may go.
    pub units: BTreeSet<OuPath>,
}

/// A part that has changed, or may have: by an action of our own, whatever its outcome, or by an
/// event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// OUs and accounts.
    Tree,
    /// Which policy types are enabled.
    PolicyTypes,
    /// Which policies of a type there are, and their names and descriptions.
    Policies(PolicyType),
    /// All there is to a policy: name, document, targets.
    Policy(PolicyId),
    /// A policy's document.
    Document(PolicyId),
    /// What a policy is attached to.
    Targets(PolicyId),
    /// Trusted access.
    TrustedServices,
    /// The delegated administrators of a service principal.
    Administrators(String),
    /// The tags of an object, by its id.
    Tags(String),
    /// An object in an account.
    Object(ObjectKey),
}

/// Observes one organization again and again and keeps what it has seen, each part with its age.
pub struct Observer {
    fresh_for: Duration,
    memory: Memory,
}

impl Observer {
    /// An observer that has seen nothing yet and uses again what is younger than `fresh_for`.
    ///
    /// With [`Duration::ZERO`] every observation reads everything. The caller's identity is read every
    /// time: when the credentials turn into somebody else's, nothing seen before counts.
    pub fn new(fresh_for: Duration) -> Self {
        Self { fresh_for, memory: Memory::default() }
    }

    /// Observes the organization. What cannot be read is unknown in the snapshot, never missing.
    pub async fn observe(&mut self, cloud: &dyn Cloud, wanted: &Wanted) -> OrgSnapshot {
        let reader = Reader::new(cloud, self.fresh_for);
        let mut snapshot = OrgSnapshot::unread();
        match self.identify(&reader, &mut snapshot).await {
            Ok(sight) => {
                self.look_at_parts(&reader, wanted, &sight, &mut snapshot).await;
                sight.doubt(&mut snapshot);
            }
            Err(why) => sight::blind(&mut snapshot, wanted, &why),
        }
        snapshot
    }

    /// What the last observation used although it was older than everything else is read again the next
    /// time; says whether there was any. For whoever is about to change something.
    pub fn forget_older(&mut self) -> bool {
        let is_managed_old = std::mem::take(&mut self.memory.is_managed_old);
        if is_managed_old {
            self.memory.policies.forget_managed_targets();
        }
        is_managed_old
    }

    /// `touched` is read again the next time.
    pub fn touch(&mut self, touched: &Touched) {
        self.memory.touch(touched);
    }

    /// Everything is read again the next time.
    pub fn forget(&mut self) {
        self.memory = Memory::default();
    }

    /// Who asks, and which organization answers. Nothing else means anything without it.
    async fn identify(
        &mut self,
        reader: &Reader<'_>,
        snapshot: &mut OrgSnapshot,
    ) -> Result<Sight, Unknown> {
        snapshot.caller = self.look_at_caller(reader).await;
        let caller = value(&snapshot.caller)?;
        snapshot.organization = self.look_at_organization(reader).await;
        let organization = value(&snapshot.organization)?;
        snapshot.root = self.look_at_root(reader, &organization).await;
        let root = value(&snapshot.root)?;
        Ok(Sight { caller, organization, root })
    }

    async fn look_at_caller(&mut self, reader: &Reader<'_>) -> Part<Caller> {
        let caller = match reader.caller().await {
            Ok(caller) => caller,
            Err(error) => return Part::Unknown(unknown(&error)),
        };
        // Compared by account: the ARN names a session, which changes with every renewal.
        let kept = self.memory.caller.as_ref();
        if kept.is_some_and(|kept| kept.account != caller.account) {
            self.forget();
        }
        self.memory.caller = Some(caller.clone());
        Part::Known(caller)
    }

    async fn look_at_organization(&mut self, reader: &Reader<'_>) -> Part<Organization> {
        let look = self.memory.organization.look(self.fresh_for, reader.organization()).await;
        if let (Part::Known(now), Some(before)) = (&look.part, &look.before)
            && now.id != before.id
        {
            let kept = std::mem::take(&mut self.memory);
            self.memory.caller = kept.caller;
            self.memory.organization = kept.organization;
        }
        look.part
    }

    async fn look_at_root(
        &mut self,
        reader: &Reader<'_>,
        organization: &Organization,
    ) -> Part<Root> {
        let look = self.memory.root.look(self.fresh_for, reader.root(&organization.id)).await;
        if let (Part::Known(now), Some(before)) = (&look.part, &look.before) {
            let types = before.policy_types.keys().chain(now.policy_types.keys());
            for policy_type in types {
                // Switching a type off detaches all its policies; switching it on attaches AWS's own.
                if before.policy_types.get(policy_type) != now.policy_types.get(policy_type) {
                    self.memory.policies.touch_targets_of(policy_type);
                }
            }
        }
        look.part
    }

    async fn look_at_parts(
        &mut self,
        reader: &Reader<'_>,
        wanted: &Wanted,
        sight: &Sight,
        snapshot: &mut OrgSnapshot,
    ) {
        let fresh_for = reader.fresh_for;
        let memory = &mut self.memory;
        let types = sight.root.policy_types.keys().chain(&wanted.policy_types).cloned().collect();
        let lists = policies::lists(&mut memory.policies, reader, &types).await;
        let PolicyMemory { documents, targets, lists: _ } = &mut memory.policies;
        let standing =
            Standing { tree: &mut memory.tree, strangers: &mut memory.strangers, targets };
        memory.administrators.retain(|service, _| wanted.services.contains(service));
        let administrators_of =
            |service: String| async move { reader.administrators(&service).await };
        let (documents, (tree, targets, is_managed_old), services, administrators) = tokio::join!(
            policies::documents(documents, reader, &lists),
            standing.look(reader, sight, &lists),
            memory.trusted_services.look(fresh_for, reader.trusted_services()),
            look_at_each(
                &mut memory.administrators,
                &wanted.services,
                fresh_for,
                administrators_of
            ),
        );
        memory.is_managed_old = is_managed_old;
        policies::touch_lists_with_gone(&mut memory.policies, &lists, &documents);
        policies::touch_lists_with_gone(&mut memory.policies, &lists, &targets);
        let unnamed = unnamed_units(tree.known(), &wanted.units);
        memory.tags.retain(|unit, _| unnamed.contains(unit));
        let tags_of = |resource: String| async move { reader.tags(&resource).await };
        let fresh_for = fresh_for.saturating_mul(TAGS_FRESH_TIMES);
        let tags = look_at_each(&mut memory.tags, &unnamed, fresh_for, tags_of).await;
        snapshot.tree = tree;
        snapshot.policies =
            policies::assemble(&sight.root, lists, parts(documents), parts(targets));
        snapshot.trusted_services = services.part;
        snapshot.delegated_administrators = parts(administrators);
        snapshot.tags = parts(tags);
    }
}

/// The ids of the OUs that desired state does not name.
fn unnamed_units(tree: Option<&Tree>, named: &BTreeSet<OuPath>) -> BTreeSet<String> {
    let by_path = tree.map(Tree::by_path).unwrap_or_default();
    by_path
        .into_iter()
        .filter(|(path, _)| !named.contains(path))
        .filter_map(|(_, id)| match id {
            ParentId::Root(_) => None,
            ParentId::Ou(unit) => Some(unit.as_str().to_owned()),
        })
        .collect()
}

fn value<T: Clone>(part: &Part<T>) -> Result<T, Unknown> {
    match part {
        Part::Known(value) => Ok(value.clone()),
        Part::Unknown(why) => Err(why.clone()),
    }
}
