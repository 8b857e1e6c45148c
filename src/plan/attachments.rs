//! What each policy is attached to, and how to get there without a moment below what is wanted.
//!
//! A target has few slots. New policies are attached before old ones go as long as the slots allow it.
//! Where they do not, palisade tries, in this order: turn a policy that goes into the one that comes, in
//! place; detach first a policy that says nothing which is not said by others that stay. If neither is
//! possible the attach is blocked, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::DesiredTarget;
use crate::org::{Part, PolicyType, PolicyTypeStatus};
use crate::plan::action::{BlockedReason, Change, PolicyRef};
use crate::plan::draft::{Danger, Draft, Role, Weight};
use crate::plan::organization::{block_account, will_exist};
use crate::plan::packs;
use crate::plan::policies::{Item, adopt, remove};
use crate::plan::view::View;
use crate::policy::Canonical;

/// What should happen on one target, by indices of items.
#[derive(Default)]
struct Wishes {
    attach: BTreeSet<usize>,
    detach: BTreeSet<usize>,
    /// Of `detach`: the ones that go first, to make room.
    first: BTreeSet<usize>,
    /// Of `first`: the ones that leave a moment in which what they say is not said.
    with_gap: BTreeSet<usize>,
    /// Of `attach`: the ones that wait for that room.
    waiting: BTreeSet<usize>,
}

/// Turns policies that go into policies that come, where a full target leaves no other way.
pub(super) fn repurpose_where_slots_are_full(
    view: &View<'_>,
    draft: &Draft<'_>,
    policy_type: &PolicyType,
    items: &mut Vec<Item<'_>>,
) {
    let mut gone = BTreeSet::new();
    for (place, wishes) in gather(view, &mut Draft::new(view.resources), policy_type, items) {
        let mut used = occupied(view, policy_type, &place).len() + wishes.attach.len();
        for &coming in &wishes.attach {
            if used <= slots(view, policy_type) || items[coming].observed.is_some() {
                continue;
            }
            if !draft.is_enforced(&items[coming].document) {
                continue;
            }
            let going = wishes.detach.iter().copied().find(|index| {
                let item = &items[*index];
                item.resource.is_none()
                    && item.meaning.is_some()
                    && !gone.contains(index)
                    && !says_nothing_new(view, draft, items, *index, &place, &wishes)
            });
            if let Some(going) = going {
                adopt(items, coming, going);
                gone.insert(going);
                used -= 1;
            }
        }
    }
    remove(items, &gone);
}

/// Proposes the attachments and detachments of one policy type.
pub(super) fn compare(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    policy_type: &PolicyType,
    items: &[Item<'_>],
) {
    for (place, mut wishes) in gather(view, draft, policy_type, items) {
        report_unenforced(view, draft, policy_type, items, &place, &mut wishes);
        make_room(view, draft, policy_type, items, &place, &mut wishes);
        keep_one(view, draft, policy_type, items, &place, &mut wishes);
        propose(view, draft, policy_type, items, &place, &wishes);
    }
}

fn propose(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    policy_type: &PolicyType,
    items: &[Item<'_>],
    place: &DesiredTarget,
    wishes: &Wishes,
) {
    for &index in &wishes.attach {
        let role = if wishes.waiting.contains(&index) { Role::NeedsRoom } else { Role::Plain };
        let weight = Weight { danger: Danger::No, role };
        let change = attach(view, policy_type, &items[index], place);
        draft.propose(&items[index].document, change, "it is not attached there", weight);
    }
    for &index in &wishes.detach {
        let has_gap = wishes.with_gap.contains(&index);
        let makes_room_safely =
            wishes.first.contains(&index) && packs::is_passing(view, policy_type, &items[index]);
        let danger = if has_gap {
            Danger::Because(GAP)
        } else if makes_room_safely {
            Danger::No
        } else {
            danger(policy_type, &items[index])
        };
        let role = if wishes.first.contains(&index) { Role::MakesRoom } else { Role::Plain };
        let reason = match (items[index].resource, items[index].observed) {
            (None, Some(policy)) => packs::reason_to_go(view, policy_type, policy),
            (Some(_), _) | (None, None) => "its document does not name this target".to_owned(),
        };
        if let Some(change) = detach(view, policy_type, items, index, place, wishes) {
            draft.propose(&items[index].document, change, &reason, Weight { danger, role });
        }
    }
}

/// Why a detachment needs approval when nothing can come before it.
const GAP: &str =
    "the slots are full: for a moment neither this policy nor the one that replaces it is attached";

/// Detaching an allow list can deny everything below; a policy whose document is gone goes as a
/// whole, and deleting needs approval.
fn danger(policy_type: &PolicyType, item: &Item<'_>) -> Danger {
    let allows = item.meaning.as_ref().is_none_or(Canonical::has_allow);
    if policy_type.needs_one_attached() && allows {
        Danger::Because("it allows, and what nothing else allows there is denied from then on")
    } else if item.resource.is_none() {
        Danger::Because("its document is gone: what it says ends there")
    } else {
        Danger::No
    }
}

/// Compares wanted and observed targets of every item.
fn gather(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    policy_type: &PolicyType,
    items: &[Item<'_>],
) -> BTreeMap<DesiredTarget, Wishes> {
    let mut wishes: BTreeMap<DesiredTarget, Wishes> = BTreeMap::new();
    for (index, item) in items.iter().enumerate().filter(|(_, item)| !item.is_stuck) {
        let Some(observed) = observed_places(view, draft, policy_type, item) else { continue };
        let wanted = item.resource.map(|resource| &resource.targets);
        for place in wanted.into_iter().flatten().filter(|place| !observed.contains(place)) {
            if is_there(view, draft, item, place) {
                wishes.entry(place.clone()).or_default().attach.insert(index);
            }
        }
        for place in observed {
            if !wanted.is_some_and(|wanted| wanted.contains(&place)) {
                wishes.entry(place).or_default().detach.insert(index);
            }
        }
    }
    wishes
}

/// Where a policy is attached now; nothing, and blocked, if that is not known.
fn observed_places(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    policy_type: &PolicyType,
    item: &Item<'_>,
) -> Option<BTreeSet<DesiredTarget>> {
    let Some(policy) = item.observed else { return Some(BTreeSet::new()) };
    if !is_enabled(view, policy_type) {
        // Switching a type off detached everything.
        return Some(BTreeSet::new());
    }
    let targets = match &policy.targets {
        Part::Known(targets) => targets,
        Part::Unknown(why) => {
            draft.block(
                &item.document,
                BlockedReason::Unknown,
                policy.id.as_str(),
                why.to_string(),
            );
            return None;
        }
    };
    let places: Option<BTreeSet<DesiredTarget>> =
        targets.iter().map(|target| view.place(target)).collect();
    if places.is_none() && item.resource.is_some() {
        let message = "it is attached to something that is not in the observed tree; the next pass looks again";
        draft.block(&item.document, BlockedReason::Unknown, policy.id.as_str(), message);
    }
    places
}

fn is_enabled(view: &View<'_>, policy_type: &PolicyType) -> bool {
    view.root.policy_types.get(policy_type) == Some(&PolicyTypeStatus::Enabled)
}

/// Is the target there, or will it be? If not, says so.
fn is_there(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    item: &Item<'_>,
    place: &DesiredTarget,
) -> bool {
    match place {
        DesiredTarget::Unit(path) => {
            let there = will_exist(view, draft, path);
            if !there {
                let message =
                    format!("target `{path}` does not exist and is not going to be created now");
                draft.block(&item.document, BlockedReason::Dependency, &item.name, message);
            }
            there
        }
        DesiredTarget::Account(id) => {
            let there = view.is_usable(id);
            if !there {
                block_account(view, draft, id, "have policies attached");
            }
            there
        }
    }
}

/// Names of the policies of a type that sit on a target now, AWS's own included.
fn occupied(
    view: &View<'_>,
    policy_type: &PolicyType,
    place: &DesiredTarget,
) -> BTreeSet<PolicyRef> {
    let target = view.target_ref(place).id();
    let (Some(target), true) = (target, is_enabled(view, policy_type)) else {
        return default_policy(policy_type).into_iter().collect();
    };
    let policies = view.snapshot.policies_of(policy_type);
    policies
        .into_iter()
        .flat_map(BTreeMap::values)
        .filter(|policy| policy.targets.known().is_some_and(|targets| targets.contains(&target)))
        .map(|policy| PolicyRef { name: policy.name.clone(), id: Some(policy.id.clone()) })
        .collect()
}

/// What AWS attaches by itself to every target of a type that has just been enabled, or that has
/// just been created.
fn default_policy(policy_type: &PolicyType) -> Option<PolicyRef> {
    policy_type.attached_by_aws().map(|name| PolicyRef { name: name.to_owned(), id: None })
}

fn slots(view: &View<'_>, policy_type: &PolicyType) -> usize {
    view.resources.quotas.get(policy_type).map_or(usize::MAX, |quota| quota.attached_max)
}

/// Takes out what is only reported, so that it neither takes nor frees a slot.
fn report_unenforced(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    policy_type: &PolicyType,
    items: &[Item<'_>],
    place: &DesiredTarget,
    wishes: &mut Wishes,
) {
    let unenforced: BTreeSet<usize> =
        (0..items.len()).filter(|index| !draft.is_enforced(&items[*index].document)).collect();
    for index in wishes.attach.intersection(&unenforced).copied().collect::<Vec<_>>() {
        wishes.attach.remove(&index);
        let change = attach(view, policy_type, &items[index], place);
        draft.propose(&items[index].document, change, "it is not attached there", Weight::PLAIN);
    }
    for index in wishes.detach.intersection(&unenforced).copied().collect::<Vec<_>>() {
        wishes.detach.remove(&index);
        if let Some(change) = detach(view, policy_type, items, index, place, wishes) {
            let reason = "its document does not name this target";
            draft.propose(&items[index].document, change, reason, Weight::PLAIN);
        }
    }
}

/// Finds the order that fits the slots: usually any does, sometimes a detach comes first.
fn make_room(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    policy_type: &PolicyType,
    items: &[Item<'_>],
    place: &DesiredTarget,
    wishes: &mut Wishes,
) {
    let (slots, now) = (slots(view, policy_type), occupied(view, policy_type, place).len());
    let over = (now + wishes.attach.len()).saturating_sub(slots);
    if over == 0 {
        return;
    }
    let is_allow_list = |index: &usize| {
        policy_type.needs_one_attached()
            && items[*index].meaning.as_ref().is_none_or(Canonical::has_allow)
    };
    let (safe, with_gap): (Vec<usize>, Vec<usize>) = wishes
        .detach
        .iter()
        .copied()
        .filter(|index| !is_allow_list(index))
        .partition(|index| says_nothing_new(view, draft, items, *index, place, wishes));
    wishes.first = safe.iter().chain(&with_gap).copied().take(over).collect();
    wishes.with_gap = with_gap.into_iter().filter(|index| wishes.first.contains(index)).collect();
    // The attaches that come last in the alphabet wait, or cannot be done at all.
    let last: Vec<usize> = wishes.attach.iter().rev().take(over).copied().collect();
    let without_room = over.saturating_sub(wishes.first.len()).min(last.len());
    let (blocked, waiting) = last.split_at(without_room);
    wishes.waiting = waiting.iter().copied().collect();
    for index in blocked {
        wishes.attach.remove(index);
        let message = format!(
            "`{}` has {now} of {slots} slots for {policy_type} in use: detach a policy there, or merge documents",
            label(place)
        );
        draft.block(
            &items[*index].document,
            BlockedReason::SlotsFull,
            &items[*index].name,
            message,
        );
    }
}

/// Is everything the policy says also said, on the target or above it, by policies that stay, or that
/// an update will only add to?
fn says_nothing_new(
    view: &View<'_>,
    draft: &Draft<'_>,
    items: &[Item<'_>],
    index: usize,
    place: &DesiredTarget,
    wishes: &Wishes,
) -> bool {
    let (Some(target), Some(meaning)) = (view.target_ref(place).id(), &items[index].meaning) else {
        return false;
    };
    let lineage = view.tree.lineage(&target);
    let staying = items.iter().enumerate().filter(|(other, item)| {
        *other != index
            && !wishes.detach.contains(other)
            && item.resource.zip(item.meaning.as_ref()).is_some_and(|(resource, meaning)| {
                let grows = !item.is_stuck
                    && draft.is_enforced(&item.document)
                    && resource.canonical.contains(meaning);
                grows || *meaning == resource.canonical
            })
            && item
                .observed
                .and_then(|policy| policy.targets.known())
                .is_some_and(|targets| lineage.iter().any(|above| targets.contains(above)))
            && item.resource.is_some_and(|resource| {
                lineage
                    .iter()
                    .filter_map(|above| view.place(above))
                    .any(|above| resource.targets.contains(&above))
            })
    });
    let said: BTreeSet<&String> = staying
        .filter_map(|(_, item)| item.resource)
        .flat_map(|resource| resource.canonical.statements())
        .collect();
    meaning.statements().iter().all(|statement| said.contains(statement))
}

/// The last SCP of a target never goes: a target without one allows nothing.
fn keep_one(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    policy_type: &PolicyType,
    items: &[Item<'_>],
    place: &DesiredTarget,
    wishes: &mut Wishes,
) {
    if !policy_type.needs_one_attached() {
        return;
    }
    let now = occupied(view, policy_type, place).len();
    if now + wishes.attach.len() > wishes.detach.len() || wishes.detach.is_empty() {
        return;
    }
    let Some(last) = wishes.detach.pop_last() else { return };
    wishes.first.remove(&last);
    wishes.with_gap.remove(&last);
    let id = items[last].observed.map_or("", |policy| policy.id.as_str());
    let message = format!(
        "it is the last SCP on `{}`, and a target without one allows nothing: attach `FullAWSAccess` or another first",
        label(place)
    );
    draft.block(
        &items[last].document,
        BlockedReason::LastPolicy,
        format!("{id} on {}", label(place)),
        message,
    );
}

fn label(place: &DesiredTarget) -> String {
    match place {
        DesiredTarget::Unit(path) => path.to_string(),
        DesiredTarget::Account(id) => id.to_string(),
    }
}

fn policy_ref(item: &Item<'_>) -> PolicyRef {
    PolicyRef { name: item.name.clone(), id: item.observed.map(|policy| policy.id.clone()) }
}

fn attach(
    view: &View<'_>,
    policy_type: &PolicyType,
    item: &Item<'_>,
    place: &DesiredTarget,
) -> Change {
    Change::AttachPolicy {
        policy_type: policy_type.clone(),
        policy: policy_ref(item),
        target: view.target_ref(place),
    }
}

fn detach(
    view: &View<'_>,
    policy_type: &PolicyType,
    items: &[Item<'_>],
    index: usize,
    place: &DesiredTarget,
    wishes: &Wishes,
) -> Option<Change> {
    let policy = items[index].observed?;
    let going = |id: &PolicyRef| {
        wishes
            .detach
            .iter()
            .chain([&index])
            .any(|other| items[*other].observed.map(|policy| &policy.id) == id.id.as_ref())
    };
    let mut keeps: BTreeSet<PolicyRef> =
        occupied(view, policy_type, place).into_iter().filter(|id| !going(id)).collect();
    if !wishes.first.contains(&index) {
        keeps.extend(wishes.attach.iter().map(|other| policy_ref(&items[*other])));
    }
    Some(Change::DetachPolicy {
        policy_type: policy_type.clone(),
        policy: policy.id.clone(),
        name: policy.name.clone(),
        target: view.target_ref(place),
        keeps,
    })
}
