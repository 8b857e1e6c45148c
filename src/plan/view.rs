//! The known part of a snapshot, by the names desired state uses.

use std::collections::BTreeMap;

use crate::compile::{DesiredTarget, Resources};
use crate::org::{AccountId, AccountState, OrgSnapshot, OuPath, ParentId, Root, TargetId, Tree};
use crate::plan::action::{BlockedReason, TargetRef, UnitRef};

/// A snapshot of the right organization whose root and tree are known.
pub(super) struct View<'a> {
    pub(super) resources: &'a Resources,
    pub(super) snapshot: &'a OrgSnapshot,
    pub(super) root: &'a Root,
    pub(super) tree: &'a Tree,
    by_path: BTreeMap<OuPath, ParentId>,
    paths: BTreeMap<ParentId, OuPath>,
}

impl<'a> View<'a> {
    /// The view, or why nothing may be planned at all.
    pub(super) fn of(
        resources: &'a Resources,
        snapshot: &'a OrgSnapshot,
    ) -> Result<Self, (BlockedReason, String)> {
        let unknown = |what: &str, why: &crate::org::Unknown| {
            (BlockedReason::Unknown, format!("{what} is not known: {why}"))
        };
        let organization = match (snapshot.organization.known(), snapshot.organization.unknown()) {
            (Some(organization), _) => organization,
            (None, Some(why)) => return Err(unknown("the organization", why)),
            (None, None) => return Err((BlockedReason::Unknown, String::new())),
        };
        if organization.id != resources.organization_id {
            let message = format!(
                "these credentials belong to {}, desired state is about {}: nothing is read further or changed",
                organization.id, resources.organization_id
            );
            return Err((BlockedReason::WrongOrganization, message));
        }
        if organization.management_account != resources.management_account {
            let message = format!(
                "the management account of {} is {}, desired state says {}",
                organization.id, organization.management_account, resources.management_account
            );
            return Err((BlockedReason::WrongOrganization, message));
        }
        if !organization.all_features {
            let message = "only consolidated billing is enabled: enable all features first \
                           (AWS Organizations User Guide, `Enabling all features`)";
            return Err((BlockedReason::FeaturesMissing, message.to_owned()));
        }
        let root = part(&snapshot.root).map_err(|why| unknown("the root", why))?;
        let tree = part(&snapshot.tree).map_err(|why| unknown("the tree of accounts", why))?;
        let by_path = tree.by_path();
        let paths = by_path.iter().map(|(path, id)| (id.clone(), path.clone())).collect();
        Ok(Self { resources, snapshot, root, tree, by_path, paths })
    }

    /// The OU at `path`, or the root; nothing if there is none.
    pub(super) fn unit_at(&self, path: &OuPath) -> Option<&ParentId> {
        self.by_path.get(path)
    }

    /// Every OU and the root by path.
    pub(super) fn units(&self) -> impl Iterator<Item = (&OuPath, &ParentId)> {
        self.by_path.iter()
    }

    /// Where `parent` is.
    pub(super) fn path_of(&self, parent: &ParentId) -> Option<&OuPath> {
        self.paths.get(parent)
    }

    /// Where an account is.
    pub(super) fn account_path(&self, account: &AccountId) -> Option<&OuPath> {
        self.path_of(&self.tree.accounts.get(account)?.parent)
    }

    /// An observed target in desired state's terms; nothing if it is not in the tree.
    pub(super) fn place(&self, target: &TargetId) -> Option<DesiredTarget> {
        match target {
            TargetId::Root(id) => {
                self.path_of(&ParentId::Root(id.clone())).cloned().map(DesiredTarget::Unit)
            }
            TargetId::Ou(id) => {
                self.path_of(&ParentId::Ou(id.clone())).cloned().map(DesiredTarget::Unit)
            }
            TargetId::Account(id) => {
                self.tree.accounts.contains_key(id).then(|| DesiredTarget::Account(id.clone()))
            }
        }
    }

    /// A reference to the OU at `path`, there or not.
    pub(super) fn unit_ref(&self, path: &OuPath) -> UnitRef {
        UnitRef { path: path.clone(), id: self.unit_at(path).cloned() }
    }

    /// A reference to a target.
    pub(super) fn target_ref(&self, place: &DesiredTarget) -> TargetRef {
        match place {
            DesiredTarget::Unit(path) => TargetRef::Unit(self.unit_ref(path)),
            DesiredTarget::Account(id) => {
                TargetRef::Account(id.clone(), self.resources.account_names.get(id).cloned())
            }
        }
    }

    /// Can the account be moved and given policies? Closed ones cannot.
    pub(super) fn is_usable(&self, account: &AccountId) -> bool {
        self.tree.accounts.get(account).is_some_and(|account| match account.state {
            AccountState::Closed | AccountState::PendingClosure => false,
            AccountState::PendingActivation
            | AccountState::Active
            | AccountState::Suspended
            | AccountState::Other => true,
        })
    }

    /// How people call an account: its name in desired state and its id, or its id alone.
    pub(super) fn account_label(&self, account: &AccountId) -> String {
        match self.resources.account_names.get(account) {
            Some(name) => format!("`{name}` ({account})"),
            None => format!("`{account}`"),
        }
    }
}

fn part<T>(part: &crate::org::Part<T>) -> Result<&T, &crate::org::Unknown> {
    match part {
        crate::org::Part::Known(value) => Ok(value),
        crate::org::Part::Unknown(why) => Err(why),
    }
}
