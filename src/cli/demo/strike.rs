//! What people do in the demo, and how it is told.

use std::collections::BTreeMap;

use crate::cloud::simulated::{Deed, Mischief, MischiefKind, SimulatedCloud, Tampering, Vandal};
use crate::org::{AccountId, ObjectKey, ParentId, TargetId, Tree};

/// A kind of bad thing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Strike {
    /// To the organization: its policies, its tree, what it trusts.
    Organization(MischiefKind),
    /// To an object in an account.
    Object(Deed),
}

/// A bad thing that was done.
pub(super) struct Struck {
    /// What it was, without ids.
    pub(super) told: String,
    /// Is it something that no document forbids? palisade counts it and leaves it alone.
    pub(super) is_harmless: bool,
}

impl Strike {
    /// Lets `who` do it; nothing when it cannot be done.
    pub(super) fn by(
        self,
        who: &str,
        seed: u64,
        cloud: &SimulatedCloud,
        accounts: &BTreeMap<AccountId, String>,
    ) -> Option<Struck> {
        let names = Names { tree: cloud.inspect(|world| world.tree().clone()), accounts };
        let mut vandal = Vandal::new(cloud, who, seed);
        match self {
            Self::Organization(kind) => {
                let mischief = vandal.strike_with(&[kind])?;
                let told = names.tell(&mischief);
                Some(Struck { told, is_harmless: is_harmless(&mischief) })
            }
            Self::Object(deed) => {
                let told = names.tell_of_object(&vandal.tamper(&[deed])?);
                Some(Struck { told, is_harmless: false })
            }
        }
    }
}

/// What things are called, as far as they are there.
struct Names<'a> {
    /// OUs and accounts.
    tree: Tree,
    /// Names of accounts in desired state.
    accounts: &'a BTreeMap<AccountId, String>,
}

impl Names<'_> {
    /// What somebody did, without ids.
    fn tell(&self, mischief: &Mischief) -> String {
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

    /// What somebody did to an object in an account.
    fn tell_of_object(&self, tampering: &Tampering) -> String {
        let ObjectKey { account, region: _, kind: _, name } = &tampering.object;
        let account = self.account(account);
        match tampering.deed {
            Deed::OpenTrust => format!("lets the whole world assume role `{name}` in {account}"),
            Deed::DeleteRole => format!("deletes role `{name}` in {account}"),
            Deed::MakeKey => format!("gives user `{name}` in {account} an access key"),
            Deed::DropPasswordPolicy => format!("takes the password policy of {account} away"),
            Deed::DisableRule => format!("disables the alerts `{name}` in {account}"),
            Deed::StopTrail => format!("stops trail `{name}`"),
            Deed::OpenBucket => format!("opens bucket `{name}` in {account} to everybody"),
            Deed::DoomKey => format!("schedules KMS key `{name}` in {account} for deletion"),
            Deed::ReplaceTemplate => format!("gives StackSet `{name}` another template"),
            Deed::DisableRegion => format!("disables Region {name} in {account}"),
            Deed::ReplaceContact => {
                format!("puts somebody else where {account} had its contact for {name}")
            }
            Deed::EndRootAccess => format!("ends the central management of root access ({name})"),
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

fn is_harmless(mischief: &Mischief) -> bool {
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
