//! `palisade import`: desired state written from the organization as it is, so that `palisade plan`
//! after it is empty.
//!
//! What is written is named and so adopted; what cannot be written exactly is left out, and so left
//! alone: AWS's and Control Tower's policies, and whatever has a name or a target that desired state
//! has no words for. `organization.yaml` lists it all in comments.

mod names;
mod organization;
mod policies;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::cli::args::ImportArgs;
use crate::cli::aws::{Connection, runtime};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::import::names::{plain_name, unique_names};
use crate::cli::render::counted;
use crate::cli::sources;
use crate::observe;
use crate::observe::Wanted;
use crate::org::{
    AccountId, AccountState, Mark, ObservedAccount, OrgSnapshot, OuPath, ParentId, Part,
    PolicyType, PolicyTypeStatus, Root, TargetId, Tree, Unknown,
};

/// Files of desired state, and what is not in them.
struct Imported {
    /// Text by path below the directory.
    files: BTreeMap<String, String>,
    /// What is left out and why, for people.
    left_out: Vec<String>,
}

/// What an import does not look at. Each is adopted by a document that names it.
const IN_ACCOUNTS: &str = "not imported: trails, buckets, roles, StackSets, Regions and contacts; a document that \
    names one adopts it (`trailName`, `stackSetName`, the role's `name`), and `palisade plan` shows first what \
    it would change";

/// What things are called in desired state.
struct Names {
    /// The `Organization` document, and so the owner in every mark.
    installation: String,
    accounts: BTreeMap<AccountId, String>,
    units: BTreeMap<ParentId, OuPath>,
    policy_types: BTreeSet<PolicyType>,
}

pub(crate) fn run(args: &ImportArgs, console: Console) -> anyhow::Result<Exit> {
    refuse_full(&args.out)?;
    let snapshot = match &args.snapshot {
        Some(file) => observe::read(file)?,
        None => runtime()?.block_on(async {
            let connection = Connection::open(&args.aws).await;
            let wanted = Wanted::default();
            let observation = Box::pin(sources::observe_all(&connection.cloud, &wanted));
            connection.progress(console).during(observation).await
        }),
    };
    let imported = import(&snapshot)?;
    write(&args.out, &imported.files)?;
    for what in &imported.left_out {
        console.say(&format!("left out: {what}"));
    }
    let directory = args.out.display();
    console.say(&format!(
        "wrote {} to `{directory}`; `palisade plan {directory}` should find nothing to do",
        counted(imported.files.len(), "file")
    ));
    console.say(IN_ACCOUNTS);
    Ok(Exit::Good)
}

/// Desired state of the organization in `snapshot`.
fn import(snapshot: &OrgSnapshot) -> anyhow::Result<Imported> {
    let organization = known("the organization", &snapshot.organization)?;
    let root = known("the root", &snapshot.root)?;
    let tree = known("the tree of accounts", &snapshot.tree)?;
    let accounts = tree.accounts.iter().filter(|(id, account)| is_named(snapshot, id, account));
    let texts =
        accounts.map(|(id, account)| (id.clone(), (account.name.clone(), id.as_str().to_owned())));
    let names = Names {
        installation: installation(snapshot, tree.accounts.get(&organization.management_account)),
        accounts: unique_names(&texts.collect(), "account", &BTreeSet::new()),
        units: organization::writable_units(tree),
        policy_types: enabled_types(root),
    };
    let mut imported = Imported { files: BTreeMap::new(), left_out: closed(tree, &names) };
    let document =
        organization::document(&names, snapshot, organization, root, tree, &mut imported.left_out);
    policies::add(&names, snapshot, &mut imported);
    let text = format!("{}{document}", preface(&imported.left_out));
    imported.files.insert("organization.yaml".to_owned(), text);
    Ok(imported)
}

fn known<'a, T>(what: &str, part: &'a Part<T>) -> anyhow::Result<&'a T> {
    match part {
        Part::Known(value) => Ok(value),
        Part::Unknown(Unknown { operation, reason }) => anyhow::bail!(
            "{what} is not known, so nothing is written: `{operation}` failed: {reason}"
        ),
    }
}

/// Closed accounts disappear within 90 days and would be missed then; they are named only where a
/// policy is attached to them.
fn is_named(snapshot: &OrgSnapshot, id: &AccountId, account: &ObservedAccount) -> bool {
    match account.state {
        AccountState::PendingActivation
        | AccountState::Active
        | AccountState::Suspended
        | AccountState::Other => true,
        AccountState::PendingClosure | AccountState::Closed => {
            let target = TargetId::Account(id.clone());
            snapshot
                .policies
                .values()
                .filter_map(Part::known)
                .flat_map(BTreeMap::values)
                .filter(|policy| !policy.aws_managed)
                .filter_map(|policy| policy.targets.known())
                .any(|targets| targets.contains(&target))
        }
    }
}

fn closed(tree: &Tree, names: &Names) -> Vec<String> {
    let unnamed = tree.accounts.keys().filter(|id| !names.accounts.contains_key(*id));
    unnamed.map(|id| format!("account {id}: it is closed or being closed")).collect()
}

fn enabled_types(root: &Root) -> BTreeSet<PolicyType> {
    let enabled = root.policy_types.iter().filter(|(_, status)| match status {
        PolicyTypeStatus::Enabled | PolicyTypeStatus::PendingEnable => true,
        PolicyTypeStatus::PendingDisable => false,
    });
    enabled.map(|(policy_type, _)| policy_type.clone()).collect()
}

/// The owner in the marks that are there already; in a new organization, the management account's
/// name.
fn installation(snapshot: &OrgSnapshot, management: Option<&ObservedAccount>) -> String {
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    let policies = snapshot.policies.values().filter_map(Part::known).flat_map(BTreeMap::values);
    for policy in policies {
        if let (_, Some(mark)) = Mark::read_description(&policy.description) {
            *owners.entry(mark.owner).or_default() += 1;
        }
    }
    let most = owners.into_iter().max_by_key(|(_, count)| *count).map(|(owner, _)| owner);
    let owner = most.or_else(|| management.map(|account| account.name.clone()));
    plain_name(&owner.unwrap_or_default(), "organization")
}

fn preface(left_out: &[String]) -> String {
    let mut text = "# Written by `palisade import` from the organization as it was.\n".to_owned();
    if !left_out.is_empty() {
        text.push_str("# Not in desired state, and so left alone:\n");
        text.extend(left_out.iter().map(|what| format!("# - {what}\n")));
    }
    text
}

/// A directory that holds anything is somebody's work.
fn refuse_full(directory: &Path) -> anyhow::Result<()> {
    match fs::read_dir(directory) {
        Ok(mut entries) => {
            let is_empty = entries.next().is_none();
            anyhow::ensure!(
                is_empty,
                "`{}` is not empty: give a new directory with `--out`",
                directory.display()
            );
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", directory.display())),
    }
}

fn write(directory: &Path, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
    for (name, text) in files {
        let file = directory.join(name);
        let parent = file.parent().unwrap_or(directory);
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create `{}`", parent.display()))?;
        sources::write_file(&file, text)?;
    }
    Ok(())
}
