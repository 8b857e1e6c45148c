//! Policies: which observed policy is which document's, and how its text differs.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::compile::{PolicyKey, PolicyResource};
use crate::org::{DocumentRef, Mark, ObservedPolicy, Part, PolicyType, PolicyTypeStatus};
use crate::plan::action::{BlockedReason, Change, PolicyText};
use crate::plan::attachments;
use crate::plan::draft::{Danger, Draft, Role, Weight};
use crate::plan::packs;
use crate::plan::packs::Wanted;
use crate::plan::unmanaged::UnmanagedKind;
use crate::plan::view::View;
use crate::policy::{self, Canonical};

/// A policy that is wanted, observed, or both.
pub(super) struct Item<'a> {
    /// The document: the one that wants it, or the one its mark names.
    pub(super) document: DocumentRef,
    /// Its name as it will be.
    pub(super) name: String,
    pub(super) resource: Option<&'a PolicyResource>,
    pub(super) observed: Option<&'a ObservedPolicy>,
    /// What it means now, if that is known.
    pub(super) meaning: Option<Canonical>,
    /// Its text could not be brought into line, so nothing else about it is touched either.
    pub(super) is_stuck: bool,
}

/// Compares the policies of every type that is wanted or was observed.
pub(super) fn compare(view: &View<'_>, draft: &mut Draft<'_>) {
    let wanted = view.resources.policies.keys().map(|key| &key.policy_type);
    let types: BTreeSet<&PolicyType> = wanted.chain(view.snapshot.policies.keys()).collect();
    for policy_type in types {
        compare_type(view, draft, policy_type);
    }
}

fn compare_type(view: &View<'_>, draft: &mut Draft<'_>, policy_type: &PolicyType) {
    let wanted = packs::wanted(view, draft, policy_type);
    let observed = match view.snapshot.policies.get(policy_type) {
        Some(Part::Known(observed)) => observed,
        Some(Part::Unknown(why)) => {
            block_all(draft, &wanted, BlockedReason::Unknown, &why.to_string());
            return;
        }
        None => {
            block_all(draft, &wanted, BlockedReason::Unknown, "policies of the type were not read");
            return;
        }
    };
    if let Some((reason, why)) = unavailable(view, draft, policy_type) {
        block_all(draft, &wanted, reason, &why);
        return;
    }
    let mut items = pair(view, draft, policy_type, &wanted, observed.values());
    packs::adopt_what_is_said(view, draft, policy_type, &mut items);
    attachments::repurpose_where_slots_are_full(view, draft, policy_type, &mut items);
    for item in &mut items {
        compare_text(view, draft, policy_type, item);
    }
    attachments::compare(view, draft, policy_type, &items);
    for item in items.iter().filter(|item| item.resource.is_none() && !item.is_stuck) {
        delete(view, draft, policy_type, item);
    }
    packs::weigh(view, draft, policy_type, &items);
}

fn block_all(draft: &mut Draft<'_>, wanted: &Wanted<'_>, reason: BlockedReason, why: &str) {
    for (key, resource) in wanted {
        draft.block(&resource.document, reason, &key.name, why);
    }
}

/// Why nothing of the type can be attached, if so.
fn unavailable(
    view: &View<'_>,
    draft: &Draft<'_>,
    policy_type: &PolicyType,
) -> Option<(BlockedReason, String)> {
    match view.root.policy_types.get(policy_type) {
        Some(PolicyTypeStatus::Enabled) => None,
        Some(PolicyTypeStatus::PendingEnable | PolicyTypeStatus::PendingDisable) => {
            let why = format!("AWS is still switching {policy_type}; the next pass looks again");
            Some((BlockedReason::InProgress, why))
        }
        None => {
            let coming = view.resources.policy_types.contains(policy_type)
                && draft.is_enforced(&view.resources.organization_document);
            let why = || {
                format!(
                    "{policy_type} is disabled: add it to `spec.policyTypes` of the Organization document and enforce that document"
                )
            };
            (!coming).then(|| (BlockedReason::Dependency, why()))
        }
    }
}

/// Finds for every wanted policy the observed one that is meant, and sorts out the rest.
fn pair<'a>(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    policy_type: &PolicyType,
    wanted: &'a Wanted<'_>,
    observed: impl Iterator<Item = &'a ObservedPolicy>,
) -> Vec<Item<'a>> {
    let mut rest: Vec<&ObservedPolicy> = observed.collect();
    let mut items = Vec::new();
    let mut take = |found: &dyn Fn(&ObservedPolicy) -> bool| {
        let at = rest.iter().position(|policy| found(policy))?;
        Some(rest.remove(at))
    };
    let mut unpaired: Vec<(&PolicyKey, &PolicyResource)> = Vec::new();
    for (key, resource) in wanted.iter().map(|(key, resource)| (key, resource.as_ref())) {
        match take(&|policy| policy.name == key.name) {
            Some(policy) => items.push(item(policy_type, &key.name, Some(resource), Some(policy))),
            None => unpaired.push((key, resource)),
        }
    }
    // Renamed: by somebody in AWS, or in git by a new `policyName`.
    for (key, resource) in unpaired {
        let is_its = |policy: &ObservedPolicy| {
            mark_of(policy)
                .is_some_and(|mark| mark == resource.mark || same_document(&mark, resource))
        };
        let policy = take(&|policy| !policy.aws_managed && is_its(policy));
        items.push(item(policy_type, &key.name, Some(resource), policy));
    }
    for item in &mut items {
        refuse_what_is_not_ours(view, draft, item);
    }
    for policy in rest {
        items.extend(surplus(view, draft, policy_type, policy));
    }
    pair_renamed_documents(draft, &mut items);
    items
}

fn same_document(mark: &Mark, resource: &PolicyResource) -> bool {
    mark.owner == resource.mark.owner && mark.document == resource.document
}

fn item<'a>(
    policy_type: &PolicyType,
    name: &str,
    resource: Option<&'a PolicyResource>,
    observed: Option<&'a ObservedPolicy>,
) -> Item<'a> {
    let marked = || observed.and_then(mark_of).map(|mark| mark.document);
    let unnamed =
        || DocumentRef { kind: policy_type.facts().kind.to_owned(), name: name.to_owned() };
    Item {
        document: resource
            .map(|resource| resource.document.clone())
            .or_else(marked)
            .unwrap_or_else(unnamed),
        name: name.to_owned(),
        resource,
        observed,
        meaning: observed.and_then(|policy| match resource {
            // Reading a thousand documents anew every pass would be most of its work.
            Some(resource) if policy.document.known() == Some(&resource.content) => {
                Some(resource.canonical.clone())
            }
            Some(_) | None => meaning_of(policy_type, policy),
        }),
        is_stuck: false,
    }
}

/// The mark a policy carries, if it carries one.
pub(super) fn mark_of(policy: &ObservedPolicy) -> Option<Mark> {
    Mark::read_description(&policy.description).1
}

/// What an observed policy means; nothing if its document is unknown or no JSON.
pub(super) fn meaning_of(policy_type: &PolicyType, policy: &ObservedPolicy) -> Option<Canonical> {
    let document: Value = serde_json::from_str(policy.document.known()?).ok()?;
    Some(policy::canonical(policy_type.facts().language, &document))
}

/// Control Tower calls its policies so and puts them back when they change.
fn is_control_towers(policy: &ObservedPolicy) -> bool {
    policy.name.starts_with("aws-guardrails-")
}

fn refuse_what_is_not_ours(view: &View<'_>, draft: &mut Draft<'_>, item: &mut Item<'_>) {
    let Some(policy) = item.observed else { return };
    let obstacle = if policy.aws_managed {
        Some((
            BlockedReason::Protected,
            format!("`{}` belongs to AWS and cannot be changed", policy.name),
        ))
    } else if is_control_towers(policy) {
        let message =
            "Control Tower owns policies called `aws-guardrails-…`: change the control there";
        Some((BlockedReason::Protected, message.to_owned()))
    } else {
        mark_of(policy).filter(|mark| mark.owner != view.resources.installation).map(|mark| {
            let message = format!(
                "`{}` belongs to the installation `{}` of palisade: give the document another `policyName`, or remove the mark from the description",
                policy.id, mark.owner
            );
            (BlockedReason::ForeignOwner, message)
        })
    };
    if let Some((reason, message)) = obstacle {
        draft.block(&item.document, reason, policy.id.as_str(), message);
        item.is_stuck = true;
    }
}

/// An observed policy that no document names: to be pruned if it is ours, left alone if not.
fn surplus<'a>(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    policy_type: &PolicyType,
    policy: &'a ObservedPolicy,
) -> Option<Item<'a>> {
    let mut leave = |note: &str| {
        draft.leave(UnmanagedKind::Policy, policy.id.as_str(), &policy.name, note);
        None
    };
    if policy.aws_managed {
        return leave("AWS manages it");
    }
    if is_control_towers(policy) {
        return leave("Control Tower manages it");
    }
    if let Some(document) = packs::shares_now(view, policy_type, policy).cloned() {
        let ours = mark_of(policy).is_none_or(|mark| mark.owner == view.resources.installation);
        if ours {
            return Some(Item { document, ..item(policy_type, &policy.name, None, Some(policy)) });
        }
    }
    match mark_of(policy) {
        None => leave("in no document"),
        Some(mark) if mark.owner != view.resources.installation => {
            leave(&format!("belongs to the installation `{}` of palisade", mark.owner))
        }
        Some(mark) if has_policy(view, policy_type, &mark.document) => leave(&format!(
            "carries the mark of `{}`, which has another policy: somebody copied it",
            mark.document
        )),
        Some(mark) if !mark.prune => {
            leave("its document is gone; kept, as its `prune: false` says")
        }
        Some(_) => Some(item(policy_type, &policy.name, None, Some(policy))),
    }
}

/// Does the document want a policy of the type? One that has others only, or none any more, has left this
/// one behind.
fn has_policy(view: &View<'_>, policy_type: &PolicyType, document: &DocumentRef) -> bool {
    let policies = view.resources.policies.iter();
    let mut of_type = policies.filter(|(key, _)| key.policy_type == *policy_type);
    of_type.any(|(_, policy)| policy.served().contains(&document))
}

/// A document that was renamed in git keeps its policy: the same meaning under another name is an
/// update in place, which leaves every attachment where it is.
fn pair_renamed_documents(draft: &Draft<'_>, items: &mut Vec<Item<'_>>) {
    let new: Vec<usize> = (0..items.len())
        .filter(|&index| {
            items[index].observed.is_none() && draft.is_enforced(&items[index].document)
        })
        .collect();
    let mut gone = BTreeSet::new();
    for index in new {
        let wanted = items[index].resource.map(|resource| resource.canonical.clone());
        let same = (0..items.len()).find(|&other| {
            items[other].resource.is_none()
                && !gone.contains(&other)
                && items[other].meaning.is_some()
                && items[other].meaning == wanted
        });
        if let Some(other) = same {
            adopt(items, index, other);
            gone.insert(other);
        }
    }
    remove(items, &gone);
}

/// Gives the new item `to` the observed policy of the item `from`.
pub(super) fn adopt(items: &mut [Item<'_>], to: usize, from: usize) {
    items[to].observed = items[from].observed;
    let meaning = items[from].meaning.clone();
    items[to].meaning = meaning;
}

/// Removes the items at `indices`.
pub(super) fn remove(items: &mut Vec<Item<'_>>, indices: &BTreeSet<usize>) {
    let mut index = 0;
    items.retain(|_| {
        index += 1;
        !indices.contains(&(index - 1))
    });
}

fn compare_text(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    policy_type: &PolicyType,
    item: &mut Item<'_>,
) {
    let Some(resource) = item.resource.filter(|_| !item.is_stuck) else { return };
    let quota =
        view.resources.quotas.get(policy_type).map_or(usize::MAX, |quota| quota.characters_max);
    let size = resource.content.chars().count();
    if size > quota {
        let message =
            format!("the document has {size} characters, {policy_type} takes {quota}: split it");
        draft.block(&item.document, BlockedReason::TooLarge, &item.name, message);
        item.is_stuck = true;
        return;
    }
    let after = PolicyText {
        name: item.name.clone(),
        description: resource.description.clone(),
        content: resource.content.clone(),
    };
    let (policy_type, tags) = (policy_type.clone(), resource.mark.tags());
    let Some(policy) = item.observed else {
        let change = Change::CreatePolicy { policy_type, policy: after, tags };
        draft.propose(&item.document, change, "the policy does not exist", Weight::PLAIN);
        return;
    };
    let content = match &policy.document {
        Part::Known(content) => content.clone(),
        Part::Unknown(why) => {
            draft.block(
                &item.document,
                BlockedReason::Unknown,
                policy.id.as_str(),
                why.to_string(),
            );
            item.is_stuck = true;
            return;
        }
    };
    let Some((reason, weight)) = difference(item, resource, policy) else {
        if content != resource.content {
            draft.reword(&item.document, &policy.id);
        }
        return;
    };
    let before =
        PolicyText { name: policy.name.clone(), description: policy.description.clone(), content };
    let change = Change::UpdatePolicy { policy_type, id: policy.id.clone(), before, after, tags };
    draft.propose(&item.document, change, reason, weight);
}

/// How a policy differs from what it should be, and what that means for safety; nothing if it is right.
fn difference(
    item: &Item<'_>,
    resource: &PolicyResource,
    policy: &ObservedPolicy,
) -> Option<(&'static str, Weight)> {
    let (text, mark) = Mark::read_description(&policy.description);
    let (wanted_text, _) = Mark::read_description(&resource.description);
    // White space at the end is lost when a mark is put behind it, so it means nothing without one.
    let described = text.trim_end() == wanted_text.trim_end();
    // A mark that is missing is no reason to write: it comes with the next real change.
    let marked = mark.as_ref().is_none_or(|mark| *mark == resource.mark);
    if item.meaning.as_ref() == Some(&resource.canonical) {
        let reason = match (policy.name == item.name, described, marked) {
            (true, true, true) => return None,
            (true, true, false) => {
                "only the mark in its description differs: whose it is, not what it says"
            }
            (true, false, _) => "its description differs",
            (false, _, _) => "its name differs",
        };
        return Some((reason, Weight::PLAIN));
    }
    let loses_nothing =
        item.meaning.as_ref().is_some_and(|before| resource.canonical.contains(before));
    // Another document's policy is taken over: what it said so far is gone for good.
    let is_taken_over = mark.is_some_and(|mark| mark.document != resource.document);
    let weight = match (loses_nothing, is_taken_over) {
        (true, _) => Weight::PLAIN,
        (false, false) => Weight::WEAKENING,
        (false, true) => Weight { danger: Danger::Because(TAKEN_OVER), role: Role::Weakens },
    };
    Some(("its meaning differs", weight))
}

/// Why taking a policy over needs approval.
const TAKEN_OVER: &str = "the policy is another document's, and what it said so far is lost";

/// Why deleting a policy needs approval.
const DELETED: &str = "a deleted policy does not come back";

fn delete(view: &View<'_>, draft: &mut Draft<'_>, policy_type: &PolicyType, item: &Item<'_>) {
    let Some(policy) = item.observed else { return };
    let (Some(content), Some(targets)) = (policy.document.known(), policy.targets.known()) else {
        let message =
            "no document names it any more, but what it says or is attached to is not known";
        draft.block(&item.document, BlockedReason::Unknown, policy.id.as_str(), message);
        return;
    };
    if targets.iter().any(|target| view.place(target).is_none()) {
        let message = "it is attached to something that is not in the observed tree";
        draft.block(&item.document, BlockedReason::Unknown, policy.id.as_str(), message);
        return;
    }
    let still_attached = draft.blocked.iter().any(|blocked| {
        blocked.reason == BlockedReason::LastPolicy
            && blocked.object.starts_with(policy.id.as_str())
    });
    if still_attached {
        return;
    }
    if mark_of(policy).is_none_or(|mark| !mark.prune) {
        // Named by a document, so it may be detached; only what is marked so is ever deleted.
        let note = "its guardrail shares another policy now; no mark says that it may be deleted: delete it by hand";
        return draft.leave(UnmanagedKind::Policy, policy.id.as_str(), &policy.name, note);
    }
    let before = PolicyText {
        name: policy.name.clone(),
        description: policy.description.clone(),
        content: content.clone(),
    };
    let change =
        Change::DeletePolicy { policy_type: policy_type.clone(), id: policy.id.clone(), before };
    let reason = packs::reason_to_go(view, policy_type, policy);
    draft.propose(&item.document, change, &reason, Weight::dangerous(DELETED));
}
