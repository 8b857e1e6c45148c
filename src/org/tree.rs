//! The tree of OUs and accounts as observed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::org::{AccountId, OuId, OuPath, ParentId, RootId, TargetId};

/// OUs and accounts, each with what it lies in. Complete or not there at all: a tree with holes would
/// make accounts look as if they had left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tree {
    /// The root.
    pub root: RootId,
    /// Every OU.
    pub units: BTreeMap<OuId, ObservedUnit>,
    /// Every account, closed ones included as long as AWS lists them.
    pub accounts: BTreeMap<AccountId, ObservedAccount>,
}

/// One OU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObservedUnit {
    /// Its name, unique among its siblings.
    pub name: String,
    /// What it lies in.
    pub parent: ParentId,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObservedAccount {
    /// The name given in AWS: free text, so only ever shown by commands, never in metrics or status.
    pub name: String,
    /// What it lies in.
    pub parent: ParentId,
    /// Where it is in its life.
    pub state: AccountState,
}

/// Where an account is in its life (`Account.State`, API reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccountState {
    /// Being set up.
    PendingActivation,
    /// In use.
    Active,
    /// Suspended by AWS or by closing.
    Suspended,
    /// Being closed.
    PendingClosure,
    /// Closed, listed until AWS removes it after 90 days.
    Closed,
    /// A state this version of palisade does not know. Left alone.
    Other,
}

impl Tree {
    /// A tree with nothing but its root.
    pub fn bare(root: RootId) -> Self {
        Self { root, units: BTreeMap::new(), accounts: BTreeMap::new() }
    }

    /// The path of `parent`, and nothing if the tree does not hold it.
    pub fn path_of(&self, parent: &ParentId) -> Option<OuPath> {
        let mut names = Vec::new();
        let mut at = parent;
        // An OU is at most 5 deep; the bound keeps a cycle in hostile input from looping for ever.
        for _ in 0..=self.units.len() {
            match at {
                ParentId::Root(root) if *root == self.root => {
                    return Some(
                        names
                            .iter()
                            .rev()
                            .fold(OuPath::root(), |path, name: &String| path.child(name)),
                    );
                }
                ParentId::Root(_) => return None,
                ParentId::Ou(id) => {
                    let unit = self.units.get(id)?;
                    names.push(unit.name.clone());
                    at = &unit.parent;
                }
            }
        }
        None
    }

    /// Every OU and the root by path.
    pub fn by_path(&self) -> BTreeMap<OuPath, ParentId> {
        let root = ParentId::Root(self.root.clone());
        let units = self.units.keys().map(|id| ParentId::Ou(id.clone()));
        std::iter::once(root).chain(units).filter_map(|id| Some((self.path_of(&id)?, id))).collect()
    }

    /// `target` and what it lies in, from itself up to the root.
    pub fn lineage(&self, target: &TargetId) -> Vec<TargetId> {
        let mut lineage = vec![target.clone()];
        let mut parent = match target {
            TargetId::Root(_) => None,
            TargetId::Ou(id) => self.units.get(id).map(|unit| unit.parent.clone()),
            TargetId::Account(id) => self.accounts.get(id).map(|account| account.parent.clone()),
        };
        while let Some(id) = parent {
            parent = match &id {
                ParentId::Ou(ou) if lineage.len() <= self.units.len() => {
                    self.units.get(ou).map(|unit| unit.parent.clone())
                }
                ParentId::Ou(_) | ParentId::Root(_) => None,
            };
            lineage.push(id.into());
        }
        lineage
    }

    /// Every account in or below `target`.
    pub fn accounts_under(&self, target: &TargetId) -> BTreeSet<AccountId> {
        self.accounts
            .keys()
            .filter(|id| self.lineage(&TargetId::Account((*id).clone())).contains(target))
            .cloned()
            .collect()
    }

    /// Is the target in the tree?
    pub fn holds(&self, target: &TargetId) -> bool {
        match target {
            TargetId::Root(id) => *id == self.root,
            TargetId::Ou(id) => self.units.contains_key(id),
            TargetId::Account(id) => self.accounts.contains_key(id),
        }
    }
}
