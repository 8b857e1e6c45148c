//! Reads the tree of OUs and accounts: complete, or not at all.
//!
//! Where `ListAccounts` says what an account lies in (`Account.Paths`), it gives the whole tree but
//! for the names of OUs. Where it does not (other partitions, emulators), every OU is asked for its
//! accounts instead. A tree that changes while it is read is read again once, more carefully: changes
//! are rare, and one that changes through both readings is unknown until the next pass.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{try_join, try_join_all};

use crate::cloud::{Account, CloudError, CloudErrorKind, Operation};
use crate::observe::reader::Reader;
use crate::org::{
    AccountId, ObservedAccount, ObservedUnit, OuId, ParentId, Part, RootId, TargetId, Tree,
};

/// Levels of OUs, at most. AWS allows five; an emulator may allow more, a defect may have no end.
const LEVELS_MAX: usize = 32;

/// What is known before the tree is read.
pub(super) struct Expected<'a> {
    pub(super) root: &'a RootId,
    pub(super) caller: &'a AccountId,
    pub(super) management_account: &'a AccountId,
    /// The accounts that were there the last time, or that something else speaks of.
    pub(super) accounts: BTreeSet<AccountId>,
}

/// Why a reading gave no tree.
enum Fault {
    /// Something moved in the meantime: reading again may help.
    Raced(&'static str),
    Failed(CloudError),
}

/// How carefully the tree is read.
enum Reading<'a> {
    /// With the fewest calls. These accounts must be found; one that is missing has left, or has moved
    /// behind the reader's back.
    Quick(&'a BTreeSet<AccountId>),
    /// A walk is held against the listing of all accounts.
    Thorough,
}

/// The tree, without holes.
pub(super) async fn read(reader: &Reader<'_>, expected: Expected<'_>) -> Result<Tree, CloudError> {
    let mut raced = "";
    for reading in [Reading::Quick(&expected.accounts), Reading::Thorough] {
        match read_once(reader, expected.root, reading).await {
            Ok(tree) => return whole(tree, &expected),
            Err(Fault::Failed(error)) => return Err(error),
            Err(Fault::Raced(what)) => raced = what,
        }
    }
    Err(partial("RacedTree", &format!("the tree changed while it was read, twice: {raced}")))
}

/// What policies are attached to and the tree does not hold: it came, or moved behind the walker's
/// back, while the tree was read. AWS attaches a policy to every account of an organization with SCPs,
/// so this finds an account that a walk has missed.
pub(super) fn strangers<'a>(
    tree: Option<&Tree>,
    targets: impl Iterator<Item = &'a Part<BTreeSet<TargetId>>>,
) -> BTreeSet<TargetId> {
    let Some(tree) = tree else { return BTreeSet::new() };
    let named = targets.filter_map(Part::known).flatten();
    named.filter(|target| !tree.holds(target)).cloned().collect()
}

/// Every organization holds its management account. A tree without it is what a caller without the
/// right to see it can get from some endpoints instead of a refusal.
fn whole(tree: Tree, expected: &Expected<'_>) -> Result<Tree, CloudError> {
    if tree.accounts.contains_key(expected.management_account) {
        return Ok(tree);
    }
    let message = format!(
        "the listing lacks the management account `{}`: account `{}` does not see the organization; \
         use credentials of the management account or of a delegated administrator",
        expected.management_account, expected.caller
    );
    Err(partial("PartialTree", &message))
}

async fn read_once(
    reader: &Reader<'_>,
    root: &RootId,
    reading: Reading<'_>,
) -> Result<Tree, Fault> {
    let none = BTreeSet::new();
    let must_find = match reading {
        Reading::Quick(accounts) => accounts,
        Reading::Thorough => &none,
    };
    let listing = async {
        let listed = match reading {
            Reading::Quick(_) => reader.accounts_while_placed().await,
            Reading::Thorough => reader.accounts().await,
        };
        listed.map_err(Fault::from)
    };
    let (units, listed) = try_join(units(reader, root), listing).await?;
    let bare = Tree { units, ..Tree::bare(root.clone()) };
    let tree = if listed.iter().all(|account| account.parent.is_some()) {
        place(bare, listed)?
    } else {
        let tree = walk(reader, bare).await?;
        find_all(&tree, listed.iter().map(|account| &account.id))?;
        tree
    };
    find_all(&tree, must_find)?;
    Ok(tree)
}

/// Asks every OU for its accounts.
async fn walk(reader: &Reader<'_>, bare: Tree) -> Result<Tree, Fault> {
    let root = ParentId::Root(bare.root.clone());
    let units = bare.units.keys().cloned().map(ParentId::Ou);
    let parents: Vec<ParentId> = std::iter::once(root).chain(units).collect();
    let walked = try_join_all(parents.iter().map(|parent| reader.accounts_in(parent))).await?;
    place(bare, walked.into_iter().flatten())
}

fn find_all<'a>(
    tree: &Tree,
    accounts: impl IntoIterator<Item = &'a AccountId>,
) -> Result<(), Fault> {
    match accounts.into_iter().find(|account| !tree.accounts.contains_key(account)) {
        Some(_) => Err(Fault::Raced("an account is in none of the OUs")),
        None => Ok(()),
    }
}

/// Every OU, level by level, one listing a parent.
async fn units(reader: &Reader<'_>, root: &RootId) -> Result<BTreeMap<OuId, ObservedUnit>, Fault> {
    let mut units: BTreeMap<OuId, ObservedUnit> = BTreeMap::new();
    let mut level = vec![ParentId::Root(root.clone())];
    for _ in 0..LEVELS_MAX {
        if level.is_empty() {
            return Ok(units);
        }
        let listed = try_join_all(level.iter().map(|parent| reader.units_in(parent))).await?;
        let mut below = Vec::new();
        for (parent, children) in level.into_iter().zip(listed) {
            for child in children {
                let unit = ObservedUnit { name: child.name, parent: parent.clone() };
                match units.insert(child.id.clone(), unit) {
                    None => below.push(ParentId::Ou(child.id)),
                    Some(before) if before.parent == parent => {}
                    Some(_) => return Err(Fault::Raced("an OU is in two places")),
                }
            }
        }
        level = below;
    }
    Err(Fault::Failed(CloudError::new(
        CloudErrorKind::Unavailable,
        Operation::ListOrganizationalUnitsForParent,
        "EndlessListing",
        &format!("the OUs go on below {LEVELS_MAX} levels"),
    )))
}

fn place(mut tree: Tree, accounts: impl IntoIterator<Item = Account>) -> Result<Tree, Fault> {
    for Account { id, name, state, parent } in accounts {
        let parent = parent.ok_or(Fault::Raced("an account does not say what it is in"))?;
        let is_there = match &parent {
            ParentId::Root(root) => *root == tree.root,
            ParentId::Ou(unit) => tree.units.contains_key(unit),
        };
        if !is_there {
            return Err(Fault::Raced("an account is in an OU that is not in the tree"));
        }
        let account = ObservedAccount { name, parent, state };
        if let Some(before) = tree.accounts.get(&id)
            && before.parent != account.parent
        {
            return Err(Fault::Raced("an account is in two places"));
        }
        tree.accounts.insert(id, account);
    }
    Ok(tree)
}

fn partial(code: &str, message: &str) -> CloudError {
    CloudError::new(CloudErrorKind::Unavailable, Operation::ListAccounts, code, message)
}

impl From<CloudError> for Fault {
    fn from(error: CloudError) -> Self {
        match error.kind {
            CloudErrorKind::NotFound => Self::Raced("an OU went away"),
            CloudErrorKind::Throttled { .. }
            | CloudErrorKind::Busy
            | CloudErrorKind::Exists
            | CloudErrorKind::Denied
            | CloudErrorKind::Invalid
            | CloudErrorKind::Limit
            | CloudErrorKind::Unavailable
            | CloudErrorKind::Unclear => Self::Failed(error),
        }
    }
}
