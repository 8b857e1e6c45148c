//! What the `Organization` document wants: types, services, administrators, OUs, placements.

use std::collections::BTreeSet;

use crate::compile::PolicyKey;
use crate::org::{
    AccountId, Mark, ObservedPolicy, OuPath, ParentId, Part, PolicyId, PolicyType,
    PolicyTypeStatus, TargetId,
};
use crate::plan::action::{BlockedReason, Change};
use crate::plan::draft::{Draft, Weight};
use crate::plan::unmanaged::UnmanagedKind;
use crate::plan::view::View;

/// Compares everything but policies.
pub(super) fn compare(view: &View<'_>, draft: &mut Draft<'_>) {
    trusted_services(view, draft);
    policy_types(view, draft);
    administrators(view, draft);
    missing_units(view, draft);
    placements(view, draft);
    surplus_units(view, draft);
    surplus_accounts(view, draft);
}

fn trusted_services(view: &View<'_>, draft: &mut Draft<'_>) {
    let document = &view.resources.organization_document;
    let trusted = match &view.snapshot.trusted_services {
        Part::Known(trusted) => trusted,
        Part::Unknown(_) if view.resources.trusted_services.is_empty() => return,
        Part::Unknown(why) => {
            draft.block(document, BlockedReason::Unknown, "trusted services", why.to_string());
            return;
        }
    };
    for service in view.resources.trusted_services.difference(trusted) {
        let change = Change::EnableTrustedService { service: service.clone() };
        draft.propose(document, change, "it has no trusted access", Weight::PLAIN);
    }
    for service in trusted.difference(&view.resources.trusted_services) {
        let note =
            "not in `spec.trustedServices`; disabling trusted access is never done from here";
        draft.leave(UnmanagedKind::TrustedService, service, service, note);
    }
}

fn policy_types(view: &View<'_>, draft: &mut Draft<'_>) {
    let document = &view.resources.organization_document;
    for policy_type in &view.resources.policy_types {
        match view.root.policy_types.get(policy_type) {
            Some(PolicyTypeStatus::Enabled) => {}
            Some(PolicyTypeStatus::PendingEnable | PolicyTypeStatus::PendingDisable) => {
                let message = "AWS is still switching the policy type; the next pass looks again";
                draft.block(document, BlockedReason::InProgress, policy_type.as_str(), message);
            }
            None => {
                let change = Change::EnablePolicyType {
                    root: view.root.id.clone(),
                    policy_type: policy_type.clone(),
                };
                draft.propose(document, change, "the policy type is disabled", Weight::PLAIN);
            }
        }
    }
    for policy_type in view.root.policy_types.keys() {
        if !view.resources.policy_types.contains(policy_type) {
            let note = "enabled and not in `spec.policyTypes`; disabling it would detach every policy of the type";
            draft.leave(
                UnmanagedKind::PolicyType,
                policy_type.as_str(),
                policy_type.as_str(),
                note,
            );
        }
    }
}

fn administrators(view: &View<'_>, draft: &mut Draft<'_>) {
    let document = &view.resources.organization_document;
    for (service, wanted) in &view.resources.delegated_administrators {
        let found = match view.snapshot.delegated_administrators.get(service) {
            Some(Part::Known(found)) => found,
            Some(Part::Unknown(why)) => {
                draft.block(document, BlockedReason::Unknown, service, why.to_string());
                continue;
            }
            None => {
                draft.block(
                    document,
                    BlockedReason::Unknown,
                    service,
                    "its administrators were not read",
                );
                continue;
            }
        };
        if !view.is_usable(wanted) {
            block_account(view, draft, wanted, "be its delegated administrator");
            continue;
        }
        for account in found.iter().filter(|account| *account != wanted) {
            let change = Change::DeregisterAdministrator {
                service: service.clone(),
                account: account.clone(),
            };
            draft.propose(
                document,
                change,
                "desired state names another account",
                Weight::dangerous(
                    "what the account does for the service in the organization ends at once",
                ),
            );
        }
        if !found.contains(wanted) {
            let change =
                Change::RegisterAdministrator { service: service.clone(), account: wanted.clone() };
            draft.propose(document, change, "it is not registered", Weight::PLAIN);
        }
    }
}

fn missing_units(view: &View<'_>, draft: &mut Draft<'_>) {
    let document = &view.resources.organization_document;
    let mark = Mark {
        owner: view.resources.installation.clone(),
        document: document.clone(),
        prune: true,
    };
    // Paths sort parents before children.
    for path in view.resources.units.iter().filter(|path| view.unit_at(path).is_none()) {
        let parent = path.parent().unwrap_or_default();
        let change = Change::CreateUnit {
            path: path.clone(),
            parent: view.unit_ref(&parent),
            tags: mark.tags(),
        };
        draft.propose(document, change, "the OU does not exist", Weight::PLAIN);
    }
}

fn placements(view: &View<'_>, draft: &mut Draft<'_>) {
    let document = &view.resources.organization_document;
    for account in view.resources.account_names.keys() {
        if !view.tree.accounts.contains_key(account) {
            block_account(view, draft, account, "be managed");
        }
    }
    for (account, path) in &view.resources.placements {
        let Some(observed) = view.tree.accounts.get(account) else { continue };
        let Some(from_path) = view.path_of(&observed.parent) else { continue };
        if from_path == path {
            continue;
        }
        if !view.is_usable(account) {
            block_account(view, draft, account, "be moved");
            continue;
        }
        if !will_exist(view, draft, path) {
            let message = format!("`{path}` does not exist and is not going to be created now");
            draft.block(document, BlockedReason::Dependency, account.as_str(), message);
            continue;
        }
        let change = Change::MoveAccount {
            account: account.clone(),
            from: observed.parent.clone(),
            from_path: from_path.clone(),
            to: view.unit_ref(path),
        };
        draft.propose(document, change, &format!("it is in `{from_path}`"), Weight::PLAIN);
    }
}

/// Is the OU there, or about to be created by this plan?
pub(super) fn will_exist(view: &View<'_>, draft: &Draft<'_>, path: &OuPath) -> bool {
    view.unit_at(path).is_some()
        || (view.resources.units.contains(path)
            && draft.is_enforced(&view.resources.organization_document))
}

/// OUs that no document names: ours go when they are empty, the others stay.
fn surplus_units(view: &View<'_>, draft: &mut Draft<'_>) {
    let surplus: Vec<(&OuPath, &ParentId)> = view
        .units()
        .filter(|(path, _)| path.depth() > 0 && !view.resources.units.contains(*path))
        .collect();
    // Children first: whether a parent becomes empty depends on them.
    let mut going: BTreeSet<&OuPath> = BTreeSet::new();
    for (path, id) in surplus.iter().rev() {
        let ParentId::Ou(unit) = id else { continue };
        let name = path.to_string();
        let leave = |draft: &mut Draft<'_>, note: &str| {
            draft.leave(UnmanagedKind::Unit, unit.as_str(), &name, note);
        };
        let tags = match view.snapshot.tags.get(unit.as_str()) {
            Some(Part::Known(tags)) => tags,
            Some(Part::Unknown(_)) | None => {
                leave(draft, "in no document; its tags are not known, so it stays");
                continue;
            }
        };
        match Mark::read_tags(tags) {
            Some(mark) if mark.owner == view.resources.installation && mark.prune => {}
            Some(mark) if mark.owner == view.resources.installation => {
                leave(draft, "in no document any more; kept, as its `prune: false` says");
                continue;
            }
            Some(_) | None => {
                leave(draft, "in no document");
                continue;
            }
        }
        let document = &view.resources.organization_document;
        if !attachments_are_known(view) {
            let message =
                "no document names the OU any more, but what is attached to it is not known";
            draft.block(document, BlockedReason::Unknown, path.to_string(), message);
            continue;
        }
        if let Some(obstacle) = obstacle_to_deletion(view, path, id, &going) {
            draft.block(document, BlockedReason::NotEmpty, path.to_string(), obstacle);
            continue;
        }
        going.insert(path);
        let change = Change::DeleteUnit { unit: unit.clone(), path: (*path).clone() };
        draft.propose(
            document,
            change,
            "no document names it any more, and it is empty",
            Weight::PLAIN,
        );
    }
}

fn obstacle_to_deletion(
    view: &View<'_>,
    path: &OuPath,
    id: &ParentId,
    going: &BTreeSet<&OuPath>,
) -> Option<String> {
    let child = view
        .units()
        .find(|(other, _)| other.parent().as_ref() == Some(path) && !going.contains(other));
    if let Some((child, _)) = child {
        return Some(format!("no document names the OU any more, but `{child}` is still in it"));
    }
    if let Some(policy) = foreign_policy_on(view, id) {
        return Some(format!(
            "no document names the OU any more, but `{policy}`, which is not ours, is attached to it: detach it first"
        ));
    }
    let staying = |account: &&AccountId| {
        let wanted = view.resources.placements.get(*account);
        wanted.is_none_or(|wanted| wanted == path) || !view.is_usable(account)
    };
    let inside = view.tree.accounts.iter().filter(|(_, account)| account.parent == *id);
    let account = inside.map(|(account, _)| account).find(staying)?;
    Some(format!(
        "no document names the OU any more, but account {} is still in it: place it elsewhere in `spec.organizationalUnits`",
        view.account_label(account)
    ))
}

/// Is it known of every policy what it is attached to? Deleting an OU takes its attachments with it.
fn attachments_are_known(view: &View<'_>) -> bool {
    view.snapshot.policies.values().all(|policies| {
        policies.known().is_some_and(|policies| {
            policies.values().all(|policy| policy.targets.known().is_some())
        })
    })
}

/// A policy on the OU that palisade may not detach.
fn foreign_policy_on<'a>(view: &'a View<'_>, id: &ParentId) -> Option<&'a PolicyId> {
    let target = TargetId::from(id.clone());
    let installation = &view.resources.installation;
    let is_ours = |policy_type: &PolicyType, policy: &ObservedPolicy| {
        let key = PolicyKey { policy_type: policy_type.clone(), name: policy.name.clone() };
        match Mark::read_description(&policy.description).1 {
            Some(mark) => mark.owner == *installation,
            None => view.resources.names(&key),
        }
    };
    view.snapshot
        .policies
        .iter()
        .find_map(|(policy_type, policies)| {
            policies.known()?.values().find(|policy| {
                let is_there =
                    policy.targets.known().is_some_and(|targets| targets.contains(&target));
                is_there && !policy.aws_managed && !is_ours(policy_type, policy)
            })
        })
        .map(|policy| &policy.id)
}

fn surplus_accounts(view: &View<'_>, draft: &mut Draft<'_>) {
    for (id, account) in &view.tree.accounts {
        if *id == view.resources.management_account || view.resources.placements.contains_key(id) {
            continue;
        }
        let note = if view.resources.account_names.contains_key(id) {
            "declared, but placed in no OU; it stays where it is"
        } else {
            "in no document; it stays where it is"
        };
        draft.leave(UnmanagedKind::Account, id.as_str(), &account.name, note);
    }
}

/// Says that an account desired state needs is not there, once an account.
pub(super) fn block_account(view: &View<'_>, draft: &mut Draft<'_>, account: &AccountId, to: &str) {
    let label = view.account_label(account);
    let message = if view.tree.accounts.contains_key(account) {
        format!("account {label} is closed or being closed and cannot {to}")
    } else {
        format!(
            "account {label} is not in the organization and cannot {to}: invite or create it, or remove it from `spec.accounts`"
        )
    };
    let document = view.resources.organization_document.clone();
    let known = draft.blocked.iter().any(|blocked| {
        blocked.reason == BlockedReason::UnknownAccount && blocked.object == account.as_str()
    });
    if !known {
        draft.block(&document, BlockedReason::UnknownAccount, account.as_str(), message);
    }
}
