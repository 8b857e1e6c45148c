//! The simulated organization of the demo, and how its parts are called.

use std::collections::BTreeMap;

use crate::cloud::simulated::{BuildError, Mischief, SimulatedCloud, SimulationOptions};
use crate::compile::Resources;
use crate::org::{AccountId, ParentId, TargetId, Tree};

/// The root of the demo's organization.
const ROOT: &str = "r-demo";

/// The accounts that `resources` knows, all of them in the root: nothing else is there yet.
pub(super) fn organization(
    resources: &Resources,
    seed: u64,
    options: SimulationOptions,
) -> Result<SimulatedCloud, BuildError> {
    let management = &resources.management_account;
    let builder = SimulatedCloud::builder(seed).options(options).organization(
        resources.organization_id.as_str(),
        management.as_str(),
        ROOT,
    );
    let members = resources.account_names.iter().filter(|(id, _)| *id != management);
    members.fold(builder, |builder, (id, name)| builder.account(name, id.as_str(), "/")).build()
}

/// What things are called, as far as they are there.
pub(super) struct Names<'a> {
    /// OUs and accounts.
    pub(super) tree: Tree,
    /// Names of accounts in desired state.
    pub(super) accounts: &'a BTreeMap<AccountId, String>,
}

impl Names<'_> {
    /// What somebody did, without ids.
    pub(super) fn tell(&self, mischief: &Mischief) -> String {
        match mischief {
            Mischief::DetachPolicy { policy: _, name, target } => {
                format!("detaches `{name}` from {}", self.target(target))
            }
            Mischief::EditPolicy { policy: _, name } => {
                format!("edits `{name}` until it says next to nothing")
            }
            Mischief::RenamePolicy { policy: _, before, after } => {
                format!("renames `{before}` to `{after}`")
            }
            Mischief::DeletePolicy { policy: _, name } => {
                format!("takes `{name}` off everything and deletes it")
            }
            Mischief::MoveAccount { account, from, to } => {
                let (from, to) = (self.parent(from), self.parent(to));
                format!("moves {} from {from} to {to}", self.account(account))
            }
            Mischief::DisablePolicyType { policy_type } => {
                format!("disables {policy_type}, which detaches every policy of the type")
            }
            Mischief::CreateForeignPolicy { policy_type, name } => {
                format!("creates `{name}` of type {policy_type}")
            }
            Mischief::AttachForeign { policy: _, name, target } => {
                format!("attaches `{name}` to {}", self.target(target))
            }
            Mischief::RemoveTrustedService { service } => {
                format!("ends the trusted access of {service}")
            }
            Mischief::RemoveAdministrator { service, account } => {
                format!("dismisses {} as administrator of {service}", self.account(account))
            }
        }
    }

    fn target(&self, target: &TargetId) -> String {
        match target {
            TargetId::Root(id) => self.parent(&ParentId::Root(id.clone())),
            TargetId::Ou(id) => self.parent(&ParentId::Ou(id.clone())),
            TargetId::Account(id) => self.account(id),
        }
    }

    fn parent(&self, parent: &ParentId) -> String {
        self.tree.path_of(parent).map_or_else(|| parent.to_string(), |path| path.to_string())
    }

    fn account(&self, id: &AccountId) -> String {
        match self.accounts.get(id) {
            Some(name) => format!("account {name}"),
            None => format!("account {id}"),
        }
    }
}

/// Is it something that no document forbids? palisade counts it and leaves it alone.
pub(super) fn is_harmless(mischief: &Mischief) -> bool {
    match mischief {
        Mischief::CreateForeignPolicy { .. } | Mischief::AttachForeign { .. } => true,
        Mischief::DetachPolicy { .. }
        | Mischief::EditPolicy { .. }
        | Mischief::RenamePolicy { .. }
        | Mischief::DeletePolicy { .. }
        | Mischief::MoveAccount { .. }
        | Mischief::DisablePolicyType { .. }
        | Mischief::RemoveTrustedService { .. }
        | Mischief::RemoveAdministrator { .. } => false,
    }
}
