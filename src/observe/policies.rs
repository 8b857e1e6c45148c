//! Reads policies: a listing a type, then documents and targets a policy.
//!
//! Attachments are asked for by policy and never by target: by target an organization of 1,000
//! accounts takes 2,200 calls, by policy about 120.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::cloud::PolicySummary;
use crate::observe::memory::{Kept, Look, PolicyMemory, look_at_each};
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

/// Lists the policies of `types`. A policy that is new or has another name or description than
/// before counts as changed altogether.
pub(super) async fn lists(
    memory: &mut PolicyMemory,
    reader: &Reader<'_>,
    fresh_for: Duration,
    types: &BTreeSet<PolicyType>,
) -> Lists {
    memory.lists.retain(|policy_type, _| types.contains(policy_type));
    let read = |policy_type| async move { reader.policies(&policy_type).await };
    let looks = look_at_each(&mut memory.lists, types, fresh_for, read).await;
    for look in looks.values() {
        let (Part::Known(now), Some(before)) = (&look.part, &look.before) else { continue };
        for (id, _) in now.iter().filter(|(id, policy)| before.get(*id) != Some(*policy)) {
            memory.documents.entry(id.clone()).or_default().touch();
            memory.targets.entry(id.clone()).or_default().touch();
        }
    }
    forget_what_is_gone(memory);
    looks.into_iter().map(|(policy_type, look)| (policy_type, look.part)).collect()
}

/// Reads the documents of what was listed.
pub(super) async fn documents(
    memory: &mut PolicyMemory,
    reader: &Reader<'_>,
    fresh_for: Duration,
    lists: &Lists,
) -> BTreeMap<PolicyId, Part<String>> {
    let wanted = listed(lists).filter(|policy| managed_document(policy).is_none());
    let wanted: BTreeSet<PolicyId> = wanted.map(|policy| policy.id.clone()).collect();
    let read = |policy| async move { reader.document(&policy).await };
    let looks = look_at_each(&mut memory.documents, &wanted, fresh_for, read).await;
    settle(memory, lists, looks)
}

/// Reads what each listed policy is attached to. AWS-managed ones too: they take slots. The policies
/// of a type that is disabled are attached to nothing (`DisablePolicyType`, API reference).
pub(super) async fn targets(
    memory: &mut PolicyMemory,
    reader: &Reader<'_>,
    fresh_for: Duration,
    lists: &Lists,
    root: &Root,
) -> BTreeMap<PolicyId, Part<BTreeSet<TargetId>>> {
    let (wanted, unattached): (BTreeSet<_>, BTreeSet<_>) = listed(lists)
        .map(|policy| (root.policy_types.contains_key(&policy.policy_type), policy.id.clone()))
        .partition(|(is_enabled, _)| *is_enabled);
    let wanted = wanted.into_iter().map(|(_, id)| id).collect();
    let read = |policy| async move { reader.targets(&policy).await };
    let looks = look_at_each(&mut memory.targets, &wanted, fresh_for, read).await;
    let mut targets = settle(memory, lists, looks);
    targets.extend(unattached.into_iter().map(|(_, id)| (id, Part::Known(BTreeSet::new()))));
    targets
}

/// What a changed tree says about targets: on a new OU or account AWS attaches its own policies, and
/// from one that is gone everything is detached.
pub(super) fn touch_targets_after(
    memory: &mut PolicyMemory,
    lists: &Lists,
    before: &Tree,
    now: &Tree,
) {
    let (before, now) = (nodes(before), nodes(now));
    if before == now {
        return;
    }
    for policy in listed(lists) {
        let kept = memory.targets.entry(policy.id.clone()).or_default();
        let was_on = |target| before.contains(target) && !now.contains(target);
        if policy.aws_managed || kept.last().is_some_and(|targets| targets.iter().any(was_on)) {
            kept.touch();
        }
    }
}

/// Puts listings, documents and targets together.
pub(super) fn assemble(
    lists: Lists,
    mut documents: BTreeMap<PolicyId, Part<String>>,
    mut targets: BTreeMap<PolicyId, Part<BTreeSet<TargetId>>>,
) -> BTreeMap<PolicyType, Part<BTreeMap<PolicyId, ObservedPolicy>>> {
    let mut observed = |policy: PolicySummary| {
        let known = managed_document(&policy).map(|text| Part::Known(text.to_owned()));
        let document = known.or_else(|| documents.remove(&policy.id));
        let PolicySummary { id, policy_type: _, name, description, aws_managed } = policy;
        let policy = ObservedPolicy {
            document: document.unwrap_or_else(|| Part::unread("DescribePolicy")),
            targets: targets.remove(&id).unwrap_or_else(|| Part::unread("ListTargetsForPolicy")),
            id: id.clone(),
            name,
            description,
            aws_managed,
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
fn settle<T>(
    memory: &mut PolicyMemory,
    lists: &Lists,
    looks: BTreeMap<PolicyId, Look<T>>,
) -> BTreeMap<PolicyId, Part<T>> {
    for policy in listed(lists) {
        if looks.get(&policy.id).is_some_and(|look| look.gone) {
            memory.lists.entry(policy.policy_type.clone()).or_default().touch();
        }
    }
    looks.into_iter().map(|(id, look)| (id, look.part)).collect()
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
