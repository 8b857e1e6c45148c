//! Objects in accounts: which documents want which, and in which accounts of the tree that is observed.
//!
//! Compiling says what is wanted where in desired state's terms ([`ObjectRule`]); which accounts that is, only
//! the tree says, so that an account that is created or moved tomorrow is included. One file a kind of
//! document.

mod baseline;
mod break_glass;
mod break_glass_alerts;
mod contacts;
mod emergency_account;
mod gone;
mod logging_trail;
mod regions;
mod root;

use std::collections::{BTreeMap, BTreeSet};

pub use crate::compile::objects::gone::remember;

use crate::compile::Resources;
use crate::desired::{DesiredBreakGlass, DesiredOrg, DesiredTarget};
use crate::org::{
    AccountId, AccountState, DocumentRef, Mark, ObjectKey, ObjectKind, ObjectQuery, ObjectState,
    Region, TargetId, Tree,
};

/// Stands for the partition (`aws`, `aws-us-gov`, …) in everything compiled from documents, since only the
/// caller's ARN says which it is.
pub const PARTITION: &str = "${palisade:partition}";

/// Stands for the host at which people of the partition sign in.
const SIGN_IN: &str = "${palisade:sign-in}";

/// Where people sign in ("Configure SAML assertions for the authentication response", IAM User Guide).
fn sign_in(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "signin.amazonaws.cn",
        "aws-us-gov" => "signin.amazonaws-us-gov.com",
        _ => "signin.aws.amazon.com",
    }
}

/// An object that a document wants, in one account or in many.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectRule {
    /// The document.
    pub document: DocumentRef,
    /// Its mark.
    pub mark: Mark,
    /// In which accounts.
    pub spread: Spread,
    /// In which Region; nothing for what is global.
    pub region: Option<Region>,
    /// What kind of object.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// What it should be, with [`PARTITION`] for the partition.
    pub state: ObjectState,
}

/// The accounts in which an object is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spread {
    /// One account.
    Account(AccountId),
    /// Every active account in or below the targets, the management account included, without some.
    Below {
        /// The targets.
        targets: BTreeSet<DesiredTarget>,
        /// The accounts left out.
        except: BTreeSet<AccountId>,
    },
}

/// An object as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectResource {
    /// The document that wants it.
    pub document: DocumentRef,
    /// Its mark.
    pub mark: Mark,
    /// What it should be.
    pub state: ObjectState,
}

/// The objects of one pass.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Estate {
    /// What should be.
    pub objects: BTreeMap<ObjectKey, ObjectResource>,
    /// Where to look for objects of ours that nobody wants any more.
    pub queries: BTreeSet<ObjectQuery>,
    /// Where nothing may be but what is wanted.
    pub closed: Vec<ClosedPlace>,
}

/// All objects of a kind in one place, among which none may be that nobody declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPlace {
    /// The document that says so.
    pub document: DocumentRef,
    /// The place and the kind.
    pub query: ObjectQuery,
    /// Patterns of names that may be there all the same.
    pub allowed: BTreeSet<String>,
}

/// The objects that documents want, emergency access as it is today.
pub(super) fn rules(desired: &DesiredOrg, break_glass: &[DesiredBreakGlass]) -> Vec<ObjectRule> {
    let owner = desired.installation();
    let ways = break_glass.iter().flat_map(|document| break_glass::rules(document, owner));
    // Where root access is managed centrally, the `Organization` document says it of every account, and more.
    let is_said = desired.root_access.credentials_management == Some(true);
    let roots = break_glass.iter().filter(|_| !is_said);
    let roots = roots.map(|document| emergency_account::root(document, owner));
    let trails = desired.logging_trails.iter();
    let trails = trails.flat_map(|document| logging_trail::rules(document, desired));
    let management = &desired.management_account;
    let baselines = desired.baselines.iter();
    let baselines = baselines.map(|document| baseline::rule(document, owner, management));
    let regions = desired.regions.iter().flat_map(|document| regions::rules(document, owner));
    let objects = ways.chain(roots).chain(trails).chain(baselines).chain(regions);
    objects.chain(contacts::rules(desired)).chain(root::rules(desired)).collect()
}

/// The places in which nothing may be but what is wanted.
pub(super) fn closed(desired: &DesiredOrg) -> Vec<ClosedPlace> {
    let documents = desired.break_glass.iter();
    documents.flat_map(|document| emergency_account::closed(document, &desired.roles)).collect()
}

/// The objects that `resources` want in the accounts of `tree`.
pub fn estate(resources: &Resources, tree: &Tree, partition: &str) -> Estate {
    let mut estate = Estate::default();
    for place in &resources.closed {
        if !accounts(tree, &Spread::Account(place.query.account.clone())).is_empty() {
            estate.queries.insert(place.query.clone());
            estate.closed.push(place.clone());
        }
    }
    for rule in &resources.objects {
        let mut state = in_partition(&rule.state, partition);
        if let ObjectState::StackSet(set) = &mut state
            && let Some(reach) = &mut set.reach
        {
            baseline::resolve(reach, tree, &resources.management_account);
        }
        for account in accounts(tree, &rule.spread) {
            let (region, kind) = (rule.region.clone(), rule.kind);
            if kind.is_listed() {
                let (account, region) = (account.clone(), region.clone());
                estate.queries.insert(ObjectQuery { account, region, kind });
            }
            let key = ObjectKey { account, region, kind, name: rule.name.clone() };
            // Two documents that want one object do not validate; the first has it all the same.
            estate.objects.entry(key).or_insert_with(|| ObjectResource {
                document: rule.document.clone(),
                mark: rule.mark.clone(),
                state: state.clone(),
            });
        }
    }
    estate.queries.extend(baseline::query(resources, tree, partition));
    estate
}

fn accounts(tree: &Tree, spread: &Spread) -> BTreeSet<AccountId> {
    let is_active = |account: &AccountId| {
        let account = tree.accounts.get(account);
        account.is_some_and(|account| account.state == AccountState::Active)
    };
    match spread {
        Spread::Account(account) => [account.clone()].into_iter().filter(is_active).collect(),
        Spread::Below { targets, except } => {
            let by_path = tree.by_path();
            let targets = targets.iter().filter_map(|target| match target {
                DesiredTarget::Unit(path) => by_path.get(path).cloned().map(TargetId::from),
                DesiredTarget::Account(account) => Some(TargetId::Account(account.clone())),
            });
            let below = targets.flat_map(|target| tree.accounts_under(&target));
            below.filter(|account| is_active(account) && !except.contains(account)).collect()
        }
    }
}

fn in_partition(state: &ObjectState, partition: &str) -> ObjectState {
    // A state that serializes reads back; if it did not, what AWS refuses would be sent, and nothing else.
    let replaced = serde_json::to_string(state).ok().filter(|text| text.contains(PARTITION));
    let replaced = replaced.and_then(|text| {
        let text = text.replace(PARTITION, partition).replace(SIGN_IN, sign_in(partition));
        serde_json::from_str(&text).ok()
    });
    replaced.unwrap_or_else(|| state.clone())
}

#[cfg(test)]
mod tests {
    use super::{PARTITION, in_partition};
    use crate::org::{ObjectState, RoleState};

    #[test]
    fn the_partition_is_put_into_every_text() {
        let role = |partition: &str| {
            ObjectState::Role(RoleState {
                path: "/".into(),
                description: String::new(),
                max_session_seconds: 3600,
                trust: format!(r#"{{"AWS":"arn:{partition}:iam::111111111111:root"}}"#),
                inline: [("a".to_owned(), format!("arn:{partition}:s3:::b"))].into(),
                attached: [format!("arn:{partition}:iam::aws:policy/A")].into(),
                boundary: None,
                tags: [].into(),
            })
        };
        assert_eq!(in_partition(&role(PARTITION), "aws-cn"), role("aws-cn"));
    }
}
