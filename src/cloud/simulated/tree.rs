//! OUs and accounts of the simulated organization.

use std::collections::BTreeMap;

use crate::cloud::Reply;
use crate::cloud::simulated::refusal::{Code, Refusal, constraint, invalid};
use crate::cloud::simulated::world::World;
use crate::org::{
    AccountId, AccountState, ObservedAccount, ObservedUnit, OuId, ParentId, TargetId,
};

/// Levels of OUs under a root ("Quotas and service limits").
pub const UNIT_DEPTH_MAX: usize = 5;
/// OUs in an organization (same page).
pub const UNITS_MAX: usize = 2_000;
/// Characters in the name of an OU or a policy (`CreateOrganizationalUnit`, `CreatePolicy`).
const NAME_CHARACTERS_MAX: usize = 128;

impl World {
    pub(super) fn create_unit(
        &mut self,
        parent: &ParentId,
        name: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<Reply, Refusal> {
        require_name(name)?;
        World::require_tags(&BTreeMap::new(), tags)?;
        self.require_parent(parent, Code::ParentNotFoundException)?;
        if self.unit_named(parent, name).is_some() {
            return Err(Code::DuplicateOrganizationalUnitException
                .because("An OU with the same name already exists."));
        }
        if self.tree.path_of(parent).is_none_or(|path| path.depth() >= UNIT_DEPTH_MAX) {
            return Err(constraint(
                "OU_DEPTH_LIMIT_EXCEEDED",
                "You attempted to create an OU tree that is too many levels deep.",
            ));
        }
        if self.tree.units.len() >= UNITS_MAX {
            return Err(constraint(
                "OU_NUMBER_LIMIT_EXCEEDED",
                "You attempted to exceed the number of OUs that you can have in an organization.",
            ));
        }
        let id = loop {
            let id = self.ids.unit(&self.tree.root);
            if !self.tree.units.contains_key(&id) {
                break id;
            }
        };
        let unit = ObservedUnit { name: name.to_owned(), parent: parent.clone() };
        self.tree.units.insert(id.clone(), unit);
        self.set_tags(id.as_str(), tags);
        self.attach_defaults(&TargetId::Ou(id.clone()));
        Ok(Reply::CreatedUnit(id))
    }

    pub(super) fn delete_unit(&mut self, id: &OuId) -> Result<Reply, Refusal> {
        if !self.tree.units.contains_key(id) {
            return Err(Code::OrganizationalUnitNotFoundException
                .because("We can't find an OU with the OrganizationalUnitId that you specified."));
        }
        let parent = ParentId::Ou(id.clone());
        if self.tree.units.values().any(|unit| unit.parent == parent)
            || self.tree.accounts.values().any(|account| account.parent == parent)
        {
            return Err(Code::OrganizationalUnitNotEmptyException.because(
                "The specified OU is not empty. Move all accounts to another root or to other OUs, \
                 remove all child OUs, and try the operation again.",
            ));
        }
        self.tree.units.remove(id);
        self.tags.remove(id.as_str());
        for policy in self.policies.values_mut() {
            policy.targets.remove(&TargetId::Ou(id.clone()));
        }
        Ok(Reply::Done)
    }

    pub(super) fn move_account(
        &mut self,
        id: &AccountId,
        from: &ParentId,
        to: &ParentId,
    ) -> Result<Reply, Refusal> {
        let lies_in = self.require_account(id)?.parent.clone();
        self.require_parent(from, Code::SourceParentNotFoundException)?;
        self.require_parent(to, Code::DestinationParentNotFoundException)?;
        if lies_in == *to {
            return Err(Code::DuplicateAccountException
                .because("That account is already present in the specified destination."));
        }
        if lies_in != *from {
            return Err(account_not_found(id));
        }
        if let Some(account) = self.tree.accounts.get_mut(id) {
            account.parent = to.clone();
        }
        self.note_move();
        Ok(Reply::Done)
    }

    /// An account comes into being, as `CreateAccount` makes it: active, in the root, with the default
    /// policies. Nothing happens when the id is taken.
    pub fn add_account(&mut self, id: &AccountId, name: &str) {
        if self.tree.accounts.contains_key(id) {
            return;
        }
        let account = ObservedAccount {
            name: name.to_owned(),
            parent: ParentId::Root(self.tree.root.clone()),
            state: AccountState::Active,
        };
        self.tree.accounts.insert(id.clone(), account);
        self.attach_defaults(&TargetId::Account(id.clone()));
        self.note_move();
    }

    /// An account goes on in its life, for example because somebody closes it.
    pub fn set_account_state(&mut self, id: &AccountId, state: AccountState) {
        if let Some(account) = self.tree.accounts.get_mut(id) {
            account.state = state;
        }
        self.note_move();
    }

    /// The OU with this name directly in `parent`.
    pub(super) fn unit_named(&self, parent: &ParentId, name: &str) -> Option<ParentId> {
        self.tree
            .units
            .iter()
            .find(|(_, unit)| unit.parent == *parent && unit.name == name)
            .map(|(id, _)| ParentId::Ou(id.clone()))
    }

    pub(super) fn require_parent(&self, parent: &ParentId, code: Code) -> Result<(), Refusal> {
        if self.tree.holds(&TargetId::from(parent.clone())) {
            Ok(())
        } else {
            Err(code.because(format!(
                "We can't find a root or OU with the ParentId `{parent}` that you specified."
            )))
        }
    }

    pub(super) fn require_account(&self, id: &AccountId) -> Result<&ObservedAccount, Refusal> {
        self.tree.accounts.get(id).ok_or_else(|| account_not_found(id))
    }

    pub(super) fn require_target(&self, target: &TargetId) -> Result<(), Refusal> {
        if self.tree.holds(target) { Ok(()) } else { Err(target_not_found(target.as_str())) }
    }
}

pub(super) fn target_not_found(target: &str) -> Refusal {
    Code::TargetNotFoundException.because(format!(
        "We can't find a root, OU, account, or policy with the TargetId `{target}` that you specified."
    ))
}

fn account_not_found(id: &AccountId) -> Refusal {
    Code::AccountNotFoundException.because(format!(
        "We can't find an AWS account with the AccountId `{id}` that you specified."
    ))
}

pub(super) fn require_name(name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(invalid("MIN_LENGTH_EXCEEDED", "The name must have at least 1 character."));
    }
    if name.chars().count() > NAME_CHARACTERS_MAX {
        return Err(invalid("MAX_LENGTH_EXCEEDED", "The name can have at most 128 characters."));
    }
    Ok(())
}
