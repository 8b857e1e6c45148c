//! Regions in accounts: which are enabled, so many at once as AWS takes, and which nobody has decided about.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::Estate;
use crate::org::{
    AccountId, DocumentRef, ObjectKey, ObjectKind, ObjectState, ObjectStep, OrgSnapshot, Part,
    RegionState, RegionStatus, RegionStep,
};
use crate::plan::action::{BlockedReason, Change, ObjectChange};
use crate::plan::draft::{Draft, Weight};
use crate::plan::view::View;

/// Regions that AWS enables or disables at once in one account, and in one organization ("Quotas for AWS
/// Account Management", read 2026-11).
const AT_ONCE_IN_ACCOUNT: usize = 6;
const AT_ONCE_IN_ORGANIZATION: usize = 50;

const DANGER: &str = "the account loses access to what it has in the Region";

/// How many more Regions AWS takes to enable or disable.
pub(super) struct Room {
    organization: usize,
    accounts: BTreeMap<AccountId, usize>,
}

/// From `before` to `after`. AWS is left alone with what it is at work on.
pub(super) fn steps(before: &RegionState, after: &RegionState) -> Vec<ObjectStep> {
    let step = match (before.status, after.status) {
        (RegionStatus::Disabled, RegionStatus::Enabled) => RegionStep::Enable,
        (RegionStatus::Enabled, RegionStatus::Disabled) => RegionStep::Disable,
        (
            RegionStatus::Enabled
            | RegionStatus::EnabledByDefault
            | RegionStatus::Enabling
            | RegionStatus::Disabled
            | RegionStatus::Disabling,
            _,
        ) => return Vec::new(),
    };
    vec![ObjectStep::Region(step)]
}

/// Compares a Region with what is wanted.
pub(super) fn compare(
    draft: &mut Draft<'_>,
    room: &mut Room,
    key: &ObjectKey,
    document: &DocumentRef,
    (found, wanted): (Option<&ObjectState>, &RegionState),
) {
    let object = key.to_string();
    let Some(ObjectState::Region(before)) = found else {
        // What AWS does not list is not enabled.
        if wanted.status == RegionStatus::Enabled {
            let message = "AWS lists no such Region for the account: see that it is spelt right";
            draft.block(document, BlockedReason::Protected, object, message);
        }
        return;
    };
    if before.status.is_in_transition() {
        let doing = if before.status == RegionStatus::Enabling { "enabling" } else { "disabling" };
        let message = format!("AWS is {doing} it, which takes minutes to hours");
        return draft.block(document, BlockedReason::InProgress, object, message);
    }
    let steps = steps(before, wanted);
    let Some(ObjectStep::Region(step)) = steps.first() else { return };
    if *step == RegionStep::Disable && !wanted.may_be_disabled {
        let message = "it is enabled, and no document wants it: disable it by hand, put it into `optIn.enabled`, or set `optIn.allowDisable`";
        return draft.block(document, BlockedReason::NotAsked, object, message);
    }
    if draft.is_enforced(document) && !room.take(&key.account) {
        let message = format!(
            "AWS changes {AT_ONCE_IN_ACCOUNT} Regions of an account at once, and {AT_ONCE_IN_ORGANIZATION} of an organization: this one follows"
        );
        return draft.block(document, BlockedReason::InProgress, object, message);
    }
    let (reason, weight) = match step {
        RegionStep::Enable => ("it is not enabled", Weight::PLAIN),
        RegionStep::Disable => ("it is enabled", Weight::dangerous(DANGER)),
    };
    let change = Change::Object(Box::new(ObjectChange {
        key: key.clone(),
        before: found.cloned(),
        after: Some(ObjectState::Region(wanted.clone())),
        steps,
    }));
    draft.propose(document, change, reason, weight);
}

/// Regions that AWS lists and no document decides about: told once, however many accounts have them.
pub(super) fn unclassified(view: &View<'_>, draft: &mut Draft<'_>, estate: &Estate) {
    let regions = |key: &ObjectKey| key.kind == ObjectKind::Region;
    let mut documents: BTreeMap<&AccountId, &DocumentRef> = BTreeMap::new();
    for (key, resource) in estate.objects.iter().filter(|(key, _)| regions(key)) {
        documents.insert(&key.account, &resource.document);
    }
    let mut found: BTreeMap<(&DocumentRef, &str), BTreeSet<&AccountId>> = BTreeMap::new();
    for query in estate.queries.iter().filter(|query| query.kind == ObjectKind::Region) {
        let listed = view.snapshot.listings.get(query).and_then(Part::known);
        let Some(document) = documents.get(&query.account) else { continue };
        for listed in listed.into_iter().flatten() {
            if !estate.objects.contains_key(&listed.key) {
                let accounts = found.entry((document, &listed.key.name)).or_default();
                accounts.insert(&query.account);
            }
        }
    }
    for ((document, region), accounts) in found {
        let count = accounts.len();
        let of = if count == 1 { "account" } else { "accounts" };
        let message = format!(
            "AWS has opened it, {count} {of} may enable it, and nobody has decided: put it into `allowed`, `optIn.enabled` or `optIn.disabled`"
        );
        draft.block(
            document,
            BlockedReason::UnclassifiedRegion,
            format!("Region {region}"),
            message,
        );
    }
}

impl Room {
    /// What is left beside what AWS is at work on, as far as that is seen.
    pub(super) fn left(snapshot: &OrgSnapshot) -> Self {
        let mut room = Self { organization: AT_ONCE_IN_ORGANIZATION, accounts: BTreeMap::new() };
        let listed = snapshot.listings.iter().filter(|(query, _)| query.kind == ObjectKind::Region);
        for listed in listed.filter_map(|(_, part)| part.known()).flatten() {
            if listed.state().as_ref().is_some_and(ObjectState::is_in_transition) {
                room.take(&listed.key.account);
            }
        }
        room
    }

    fn take(&mut self, account: &AccountId) -> bool {
        let of_account = self.accounts.entry(account.clone()).or_insert(AT_ONCE_IN_ACCOUNT);
        let is_free = self.organization > 0 && *of_account > 0;
        if is_free {
            self.organization -= 1;
            *of_account -= 1;
        }
        is_free
    }
}
