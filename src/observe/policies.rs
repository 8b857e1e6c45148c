//! Reads policies: a listing a type, then documents and targets a policy.
//!
//! Attachments are asked for by policy and never by target: by target an organization of 1,000
//! accounts takes 2,200 calls, by policy about 120.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::cloud::PolicySummary;
use crate::observe::memory::{Kept, Look, PolicyMemory, look_at_each, parts};
use crate::observe::reader::Reader;
use crate::org::{ObservedPolicy, Part, PolicyId, PolicyType, Root, TargetId, Tree};

/// The documents of the policies AWS manages, which never change (AWS Organizations User Guide,
/// "SCP syntax" and "RCP evaluation"). Reading them would cost a call each of AWS's scarcest.
const MANAGED_DOCUMENTS: &[(&str, &str)] =
    &[("p-FullAWSAccess", FULL_ACCESS), ("p-RCPFullAWSAccess", RESOURCE_FULL_ACCESS)];

const FULL_ACCESS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}"#;

const RESOURCE_FULL_ACCESS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": "*",
      "Action": "*",
      "Resource": "*"
    }
  ]
}"#;

/// The policies of each type, as listed.
pub(super) type Lists = BTreeMap<PolicyType, Part<BTreeMap<PolicyId, PolicySummary>>>;

/// What is kept of targets.
pub(super) type KeptTargets = BTreeMap<PolicyId, Kept<BTreeSet<TargetId>>>;

/// Lists the policies of `types`. A policy that is new or has another name or description than
/// before counts as changed altogether.
pub(super) async fn lists(
    memory: &mut PolicyMemory,
    reader: &Reader<'_>,
    types: &BTreeSet<PolicyType>,
) -> Lists {
    memory.lists.retain(|policy_type, _| types.contains(policy_type));
    let read = |policy_type| async move { reader.policies(&policy_type).await };
    let looks = look_at_each(&mut memory.lists, types, reader.fresh_for, read).await;
    for look in looks.values() {
        let (Part::Known(now), Some(before)) = (&look.part, &look.before) else { continue };
        for (id, _) in now.iter().filter(|(id, policy)| before.get(*id) != Some(*policy)) {
            memory.documents.entry(id.clone()).or_default().touch();
            memory.targets.entry(id.clone()).or_default().touch();
        }
    }
    forget_what_is_gone(memory);
    parts(looks)
}

/// Reads the documents of what was listed.
pub(super) async fn documents(
    kept: &mut BTreeMap<PolicyId, Kept<String>>,
    reader: &Reader<'_>,
    lists: &Lists,
) -> BTreeMap<PolicyId, Look<String>> {
    let wanted = listed(lists).filter(|policy| managed_document(policy).is_none());
    let wanted = wanted.map(|policy| policy.id.clone()).collect();
    let read = |policy| async move { reader.document(&policy).await };
    look_at_each(kept, &wanted, reader.fresh_for, read).await
}

/// Reads what each policy in `wanted` is attached to, unless that is known and younger than `fresh_for`.
pub(super) async fn targets(
    kept: &mut KeptTargets,
    reader: &Reader<'_>,
    wanted: &BTreeSet<PolicyId>,
    fresh_for: Duration,
) -> BTreeMap<PolicyId, Look<BTreeSet<TargetId>>> {
    let read = |policy| async move { reader.targets(&policy).await };
    look_at_each(kept, wanted, fresh_for, read).await
}

/// The policies whose targets the tree decides alone or not at all: first those of customers, then
/// those of AWS, which take slots too and which AWS attaches to everything new. A type that is disabled
/// is in neither: its policies are attached to nothing (`DisablePolicyType`, API reference).
pub(super) fn by_owner(lists: &Lists, root: &Root) -> (BTreeSet<PolicyId>, BTreeSet<PolicyId>) {
    let enabled = listed(lists).filter(|it| root.policy_types.contains_key(&it.policy_type));
    let (managed, customers): (Vec<_>, Vec<_>) = enabled.partition(|policy| policy.aws_managed);
    let ids =
        |policies: Vec<&PolicySummary>| policies.into_iter().map(|it| it.id.clone()).collect();
    (ids(customers), ids(managed))
}

/// What a changed tree says about targets: to a new OU or account AWS attaches the policies it
/// manages, and from one that is gone everything is detached. Returns what has to be looked at again.
pub(super) fn touch_targets_after(
    kept: &mut KeptTargets,
    managed: &BTreeSet<PolicyId>,
    before: &Tree,
    now: &Tree,
) -> BTreeSet<PolicyId> {
    let (before, now) = (nodes(before), nodes(now));
    let mut touched = BTreeSet::new();
    if before == now {
        return touched;
    }
    for (policy, targets) in kept {
        let was_on = |target| before.contains(target) && !now.contains(target);
        let is_stale = targets.last().is_some_and(|targets| targets.iter().any(was_on));
        if is_stale || managed.contains(policy) {
            targets.touch();
            touched.insert(policy.clone());
        }
    }
    touched
}

/// Puts listings, documents and targets together.
pub(super) fn assemble(
    root: &Root,
    lists: Lists,
    mut documents: BTreeMap<PolicyId, Part<String>>,
    mut targets: BTreeMap<PolicyId, Part<BTreeSet<TargetId>>>,
) -> BTreeMap<PolicyType, Part<BTreeMap<PolicyId, ObservedPolicy>>> {
    let mut observed = |policy: PolicySummary| {
        let known = managed_document(&policy).map(|text| Part::Known(text.to_owned()));
        let document = known.or_else(|| documents.remove(&policy.id));
        let PolicySummary { id, policy_type, name, description, aws_managed } = policy;
        let targets = if root.policy_types.contains_key(&policy_type) {
            targets.remove(&id).unwrap_or_else(|| Part::unread("ListTargetsForPolicy"))
        } else {
            Part::Known(BTreeSet::new())
        };
        let policy = ObservedPolicy {
            id: id.clone(),
            name,
            description,
            aws_managed,
            document: document.unwrap_or_else(|| Part::unread("DescribePolicy")),
            targets,
        };
        (id, policy)
    };
    lists
        .into_iter()
        .map(|(policy_type, part)| {
            let part = match part {
                Part::Known(list) => Part::Known(list.into_values().map(&mut observed).collect()),
                Part::Unknown(why) => Part::Unknown(why),
            };
            (policy_type, part)
        })
        .collect()
}

fn listed(lists: &Lists) -> impl Iterator<Item = &PolicySummary> {
    lists.values().filter_map(Part::known).flat_map(BTreeMap::values)
}

fn managed_document(policy: &PolicySummary) -> Option<&'static str> {
    let known = MANAGED_DOCUMENTS.iter().find(|(id, _)| policy.id.as_str() == *id)?;
    policy.aws_managed.then_some(known.1)
}

/// A policy that is listed and, when asked about, not there shows that its listing is out of date.
pub(super) fn touch_lists_with_gone<T>(
    memory: &mut PolicyMemory,
    lists: &Lists,
    looks: &BTreeMap<PolicyId, Look<T>>,
) {
    for policy in listed(lists) {
        if looks.get(&policy.id).is_some_and(|look| look.gone) {
            memory.lists.entry(policy.policy_type.clone()).or_default().touch();
        }
    }
}

fn nodes(tree: &Tree) -> BTreeSet<TargetId> {
    let units = tree.units.keys().cloned().map(TargetId::Ou);
    units.chain(tree.accounts.keys().cloned().map(TargetId::Account)).collect()
}

fn forget_what_is_gone(memory: &mut PolicyMemory) {
    let lists = memory.lists.values().filter_map(Kept::last);
    let there: BTreeSet<&PolicyId> = lists.flat_map(BTreeMap::keys).collect();
    memory.documents.retain(|id, _| there.contains(id));
    memory.targets.retain(|id, _| there.contains(id));
}
