//! Objects in accounts: which differ from what is wanted, and the steps that lead there.

mod bucket;
mod closed;
mod event_rule;
mod kms_key;
mod marked;
mod password_policy;
mod region;
mod role;
mod root;
mod saml_provider;
mod stack_set;
mod toward;
mod trail;
mod user;

use std::collections::BTreeSet;

pub use crate::plan::objects::toward::is_as_wanted;

use crate::compile::{Estate, ObjectResource, estate, remember};
use crate::org::{
    AccountId, ContactStep, DocumentRef, ListedObject, Mark, ObjectKey, ObjectKind, ObjectState,
    ObjectStep, Part,
};
use crate::plan::action::{BlockedReason, Change, ObjectChange};
use crate::plan::draft::{Draft, Weight};
use crate::plan::unmanaged::UnmanagedKind;
use crate::plan::view::View;

/// The steps from `before` to `after`, in an order in which every one can be made and none opens what the
/// last one closes. Nothing when `before` is as `after` wants it.
pub fn object_steps(before: Option<&ObjectState>, after: Option<&ObjectState>) -> Vec<ObjectStep> {
    match (before, after) {
        (Some(ObjectState::Role(before)), None) => role::remove(before),
        (Some(ObjectState::Trail(_)), None) => trail::remove(),
        (before, Some(ObjectState::Role(after))) => {
            role::steps(before.and_then(ObjectState::as_role), after)
        }
        (before, Some(ObjectState::Trail(after))) => {
            trail::steps(before.and_then(ObjectState::as_trail), after)
        }
        (Some(ObjectState::StackSet(before)), None) => stack_set::remove(before),
        (before, Some(ObjectState::StackSet(after))) => {
            stack_set::steps(before.and_then(ObjectState::as_stack_set), after)
        }
        (Some(ObjectState::Region(before)), Some(ObjectState::Region(after))) => {
            region::steps(before, after)
        }
        (before, Some(after @ ObjectState::AlternateContact(contact))) if before != Some(after) => {
            vec![ObjectStep::AlternateContact(ContactStep::Put { contact: contact.clone() })]
        }
        (Some(ObjectState::RootFeature(before)), Some(ObjectState::RootFeature(after))) => {
            root::steps(Some(before), after)
        }
        // Regions are there or not, nobody takes a contact away, and what has been recorded stays.
        (
            None
            | Some(
                ObjectState::Region(_)
                | ObjectState::Bucket(_)
                | ObjectState::KmsKey(_)
                | ObjectState::AlternateContact(_)
                | ObjectState::RootFeature(_)
                | ObjectState::RootCredentials(_),
            ),
            None,
        )
        | (
            _,
            Some(
                ObjectState::Region(_)
                | ObjectState::AlternateContact(_)
                | ObjectState::RootFeature(_)
                | ObjectState::RootCredentials(_),
            ),
        ) => Vec::new(),
        (before, Some(ObjectState::Bucket(after))) => {
            bucket::steps(before.and_then(ObjectState::as_bucket), after)
        }
        (before, after) => toward::steps(before, after),
    }
}

/// Compares what is wanted with what is there.
pub(super) fn compare(view: &View<'_>, draft: &mut Draft<'_>) {
    let mut estate = estate(view.resources, view.tree, view.snapshot.partition());
    remember(&mut estate, view.resources, view.snapshot);
    let mut unseen = Unseen::default();
    let mut room = region::Room::left(view.snapshot);
    for (key, resource) in &estate.objects {
        if !has_own_comparison(&resource.state) {
            compare_one(view, draft, &mut unseen, key, resource);
            continue;
        }
        let Ok(found) = seen(view, draft, &mut unseen, key, resource) else { continue };
        let document = &resource.document;
        match &resource.state {
            ObjectState::Region(wanted) => {
                region::compare(draft, &mut room, key, document, (found, wanted));
            }
            ObjectState::RootFeature(wanted) => {
                root::compare_feature(draft, key, document, (found, wanted));
            }
            ObjectState::RootCredentials(allowed) => {
                root::compare_credentials(draft, key, document, (found, allowed));
            }
            ObjectState::Role(_)
            | ObjectState::Trail(_)
            | ObjectState::Bucket(_)
            | ObjectState::StackSet(_)
            | ObjectState::User(_)
            | ObjectState::PasswordPolicy(_)
            | ObjectState::SamlProvider(_)
            | ObjectState::EventRule(_)
            | ObjectState::KmsKey(_)
            | ObjectState::AlternateContact(_) => {}
        }
    }
    region::unclassified(view, draft, &estate);
    surplus(view, draft, &mut unseen, &estate);
    closed::compare(view, draft, &mut unseen, &estate);
}

/// Accounts of whose objects a document was told already that they are not known: they are not known for
/// one reason, and telling it for every object would bury it.
#[derive(Default)]
struct Unseen(BTreeSet<(DocumentRef, AccountId)>);

impl Unseen {
    fn block(&mut self, draft: &mut Draft<'_>, document: &DocumentRef, key: &ObjectKey, why: &str) {
        self.block_account(draft, document, &key.account, why);
    }

    fn block_account(
        &mut self,
        draft: &mut Draft<'_>,
        document: &DocumentRef,
        account: &AccountId,
        why: &str,
    ) {
        self.tell(draft, document, account, (BlockedReason::Unknown, why));
    }

    /// It will be known after what this plan does first.
    fn wait(&mut self, draft: &mut Draft<'_>, document: &DocumentRef, key: &ObjectKey, why: &str) {
        self.tell(draft, document, &key.account, (BlockedReason::Dependency, why));
    }

    fn tell(
        &mut self,
        draft: &mut Draft<'_>,
        document: &DocumentRef,
        account: &AccountId,
        (reason, why): (BlockedReason, &str),
    ) {
        if self.0.insert((document.clone(), account.clone())) {
            draft.block(document, reason, format!("account {account}"), why);
        }
    }
}

/// Is there more to comparing it than that it differs?
fn has_own_comparison(state: &ObjectState) -> bool {
    matches!(
        state,
        ObjectState::Region(_) | ObjectState::RootFeature(_) | ObjectState::RootCredentials(_)
    )
}

/// What an object is is not known, and its document was told.
struct Unknown;

/// What an object is now, if that is known; if not, its document is told.
fn seen<'a>(
    view: &View<'a>,
    draft: &mut Draft<'_>,
    unseen: &mut Unseen,
    key: &ObjectKey,
    resource: &ObjectResource,
) -> Result<Option<&'a ObjectState>, Unknown> {
    let why = match view.snapshot.objects.get(key) {
        Some(Part::Known(found)) => return Ok(found.as_ref()),
        Some(Part::Unknown(why)) => why.to_string(),
        None => "its objects were not read".to_owned(),
    };
    match awaited(view, key.kind) {
        Some(service) => {
            let why = format!(
                "read when `{service}` has its trusted access, which this plan gives it; until then: {why}"
            );
            unseen.wait(draft, &resource.document, key, &why);
        }
        None => unseen.block(draft, &resource.document, key, &why),
    }
    Err(Unknown)
}

/// The service without whose trusted access such objects cannot be read, if it is about to get it.
fn awaited(view: &View<'_>, kind: ObjectKind) -> Option<&'static str> {
    let service = match kind {
        ObjectKind::Region | ObjectKind::AlternateContact => "account.amazonaws.com",
        ObjectKind::RootFeature | ObjectKind::RootCredentials => "iam.amazonaws.com",
        ObjectKind::Role
        | ObjectKind::Trail
        | ObjectKind::Bucket
        | ObjectKind::KmsKey
        | ObjectKind::StackSet
        | ObjectKind::User
        | ObjectKind::PasswordPolicy
        | ObjectKind::SamlProvider
        | ObjectKind::OidcProvider
        | ObjectKind::EventRule => return None,
    };
    let trusted = view.snapshot.trusted_services.known()?;
    let is_coming = view.resources.trusted_services.contains(service) && !trusted.contains(service);
    is_coming.then_some(service)
}

fn compare_one(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    unseen: &mut Unseen,
    key: &ObjectKey,
    resource: &ObjectResource,
) {
    let document = &resource.document;
    let Ok(before) = seen(view, draft, unseen, key, resource) else { return };
    let foreign = before.and_then(mark_of).filter(|mark| mark.owner != resource.mark.owner);
    if let Some(mark) = foreign {
        let message = format!(
            "it belongs to the installation `{}` of palisade: give it another name, or remove its tags",
            mark.owner
        );
        draft.block(document, BlockedReason::ForeignOwner, key.to_string(), message);
        return;
    }
    let (after, own_weight) = toward::next(before, &resource.state);
    let (after, obstacles) = attainable(before, after);
    for obstacle in obstacles {
        draft.block(document, BlockedReason::Retention, key.to_string(), obstacle);
    }
    let steps = object_steps(before, Some(&after));
    if let Some(step) = check(view, before, &resource.state, &steps) {
        draft.check(document, key, step);
    }
    for (reason, message) in complaints(before, &resource.state) {
        draft.block(document, reason, key.to_string(), message);
    }
    if let Some((reason, message)) = obstacle(view, before, Some(&resource.state), &steps) {
        draft.block(document, reason, key.to_string(), message);
        return;
    }
    let weight = own_weight.unwrap_or_else(|| weight(before, &after, &steps));
    if steps.is_empty() {
        return;
    }
    let reason = reason(before, &after);
    let change = Change::Object(Box::new(ObjectChange {
        key: key.clone(),
        before: before.cloned(),
        after: Some(after),
        steps,
    }));
    draft.propose(document, change, &reason, weight);
}

/// What may be made of `before` on the way to `wanted`, and why not more.
fn attainable(
    before: Option<&ObjectState>,
    wanted: ObjectState,
) -> (ObjectState, Vec<&'static str>) {
    match (before, wanted) {
        (Some(ObjectState::Bucket(before)), ObjectState::Bucket(wanted)) => {
            let (after, obstacles) = bucket::attainable(before, &wanted);
            (ObjectState::Bucket(after), obstacles)
        }
        (Some(ObjectState::Trail(before)), ObjectState::Trail(wanted)) => {
            let obstacles = trail::obstacle(before, &wanted).into_iter().collect();
            (ObjectState::Trail(wanted), obstacles)
        }
        (_, wanted) => (wanted, Vec::new()),
    }
}

fn reason(before: Option<&ObjectState>, after: &ObjectState) -> String {
    match (before, after) {
        (None, _) => "it does not exist".to_owned(),
        (Some(ObjectState::Trail(before)), ObjectState::Trail(after)) => {
            trail::reason(before, after)
        }
        (Some(ObjectState::Bucket(before)), ObjectState::Bucket(after)) => {
            bucket::reason(before, after).to_owned()
        }
        (Some(_), _) => "it differs".to_owned(),
    }
}

fn weight(before: Option<&ObjectState>, after: &ObjectState, steps: &[ObjectStep]) -> Weight {
    let danger = match (before, after) {
        (Some(ObjectState::Bucket(before)), ObjectState::Bucket(after)) => {
            bucket::danger(before, after)
        }
        (Some(ObjectState::Trail(before)), ObjectState::Trail(after)) => {
            trail::danger(before, after)
        }
        (Some(ObjectState::StackSet(before)), ObjectState::StackSet(after)) => {
            stack_set::danger(before, after, steps)
        }
        _ => None,
    };
    danger.map_or(Weight::PLAIN, Weight::dangerous)
}

/// Why nothing is done about an object now, although there is something to do or AWS is at work on it.
fn obstacle(
    view: &View<'_>,
    before: Option<&ObjectState>,
    after: Option<&ObjectState>,
    steps: &[ObjectStep],
) -> Option<(BlockedReason, String)> {
    let before = before.and_then(ObjectState::as_stack_set)?;
    let after = after.and_then(ObjectState::as_stack_set);
    stack_set::obstacle(before, after, steps, view.resources.today)
}

/// The comparison that is due, if there is nothing else to do.
fn check(
    view: &View<'_>,
    before: Option<&ObjectState>,
    after: &ObjectState,
    steps: &[ObjectStep],
) -> Option<ObjectStep> {
    let (before, after) = (before?.as_stack_set()?, after.as_stack_set()?);
    let step = stack_set::check(before, after, view.resources.today).filter(|_| steps.is_empty());
    step.map(ObjectStep::StackSet)
}

/// What is not as it should be and no step mends.
fn complaints(before: Option<&ObjectState>, after: &ObjectState) -> Vec<(BlockedReason, String)> {
    match (before, after) {
        (Some(ObjectState::StackSet(before)), ObjectState::StackSet(after)) => {
            stack_set::complaints(before, after)
        }
        (before, ObjectState::KmsKey(_)) => {
            kms_key::complaints(before.and_then(ObjectState::as_kms_key))
        }
        _ => Vec::new(),
    }
}

/// Objects of ours that nobody wants any more go; nobody else's are even mentioned.
fn surplus(view: &View<'_>, draft: &mut Draft<'_>, unseen: &mut Unseen, estate: &Estate) {
    for query in &estate.queries {
        let Some(listed) = view.snapshot.listings.get(query).and_then(Part::known) else {
            continue;
        };
        for object in listed {
            let (key, mark) = (&object.key, mark_of_listed(view, object));
            let Some(mark) = mark.filter(|mark| mark.owner == view.resources.installation) else {
                continue;
            };
            if !estate.objects.contains_key(key) {
                remove(view, draft, unseen, key, &mark);
            }
        }
    }
}

fn remove(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    unseen: &mut Unseen,
    key: &ObjectKey,
    mark: &Mark,
) {
    let leave = |draft: &mut Draft<'_>, note: &str| {
        draft.leave(UnmanagedKind::Object, &String::from(key.clone()), &key.name, note);
    };
    if !mark.prune {
        return leave(draft, "no document wants it any more; kept, as its `prune: false` says");
    }
    let document = &mark.document;
    let before = match view.snapshot.objects.get(key) {
        Some(Part::Known(Some(before))) => before,
        Some(Part::Known(None)) => return,
        Some(Part::Unknown(why)) => return unseen.block(draft, document, key, &why.to_string()),
        None => return unseen.block(draft, document, key, "its objects were not read"),
    };
    // The description is free text; what is deleted must carry the mark in its tags as well.
    if mark_of(before).as_ref() != Some(mark) {
        return leave(draft, "its description carries a mark that its tags do not confirm");
    }
    let steps = object_steps(Some(before), None);
    if let Some((reason, message)) = obstacle(view, Some(before), None, &steps) {
        draft.block(document, reason, key.to_string(), message);
        return;
    }
    let change = Change::Object(Box::new(ObjectChange {
        key: key.clone(),
        before: Some(before.clone()),
        after: None,
        steps,
    }));
    let weight = Weight::dangerous(if before.as_stack_set().is_some() {
        stack_set::STACKS_STAY
    } else {
        "whoever counts on it loses it, and its settings are gone"
    });
    draft.propose(document, change, "no document wants it any more", weight);
}

/// The mark of an object that a listing shows: in its description, or, where a listing shows none, in its tags.
fn mark_of_listed(view: &View<'_>, object: &ListedObject) -> Option<Mark> {
    if !object.key.kind.is_unmarked_in_listing() {
        return Mark::read_description(&object.description).1;
    }
    let found = view.snapshot.objects.get(&object.key).and_then(Part::known)?;
    found.as_ref().and_then(mark_of)
}

fn mark_of(state: &ObjectState) -> Option<Mark> {
    state.tags().and_then(Mark::read_tags)
}
