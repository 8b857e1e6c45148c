//! Lockouts that desired state itself brings about, told without AWS: what would be blocked in an organization
//! with the tree that desired state wants and none of its policies. What others attached is not known here.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{Resources, Source};
use crate::effective::default_policy;
use crate::org::{
    AccountState, Caller, ObservedAccount, ObservedPolicy, ObservedUnit, OrgSnapshot, Organization,
    OuPath, ParentId, Part, PolicyType, PolicyTypeStatus, Root, TargetId, Tree,
};
use crate::plan::draft::Draft;
use crate::plan::lockout;
use crate::plan::order;
use crate::plan::policies;
use crate::plan::view::View;
use crate::policy::ControlType;

/// A lockout that a plan would be blocked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Foreseen {
    /// Where the statement is written that brings it about.
    pub source: Option<Source>,
    /// Which call, in which accounts, by which statement.
    pub message: String,
    /// The smallest change that mends it.
    pub help: String,
}

/// The lockouts of `resources`, those left out that somebody accepts.
pub fn forecast(resources: &Resources) -> Vec<Foreseen> {
    let Some(snapshot) = blank(resources) else { return Vec::new() };
    let Ok(view) = View::of(resources, &snapshot) else { return Vec::new() };
    let mut draft = Draft::new(resources);
    policies::compare(&view, &mut draft);
    let (ordered, tied) = order::order(&view, std::mem::take(&mut draft.proposals));
    let mut foreseen = lockout::prove(&view, ordered, tied).refused;
    foreseen.sort();
    foreseen.dedup();
    foreseen
}

/// The organization before its first plan; nothing if ids were no longer written as they are.
fn blank(resources: &Resources) -> Option<OrgSnapshot> {
    let root = "r-abcd".parse().ok()?;
    let mut tree = Tree::bare(root);
    let mut ids: BTreeMap<OuPath, ParentId> =
        BTreeMap::from([(OuPath::root(), ParentId::Root(tree.root.clone()))]);
    for (number, path) in resources.units.iter().enumerate() {
        let id = format!("ou-abcd-{number:08}").parse().ok()?;
        let parent = path.parent().and_then(|parent| ids.get(&parent))?.clone();
        let name = path.to_string().rsplit('/').next().unwrap_or_default().to_owned();
        ids.insert(path.clone(), ParentId::Ou(Clone::clone(&id)));
        tree.units.insert(id, ObservedUnit { name, parent });
    }
    let known = resources.account_names.keys().chain([&resources.management_account]);
    for account in known {
        let path = resources.placements.get(account).cloned().unwrap_or_else(OuPath::root);
        let parent = ids.get(&path)?.clone();
        let (name, state) = (account.to_string(), AccountState::Active);
        tree.accounts.insert(account.clone(), ObservedAccount { name, parent, state });
    }
    let arn = format!("arn:aws:iam::{}:role/palisade", resources.management_account);
    Some(OrgSnapshot {
        caller: Part::Known(Caller {
            account: resources.management_account.clone(),
            arn,
            member_role: None,
        }),
        organization: Part::Known(Organization {
            id: resources.organization_id.clone(),
            management_account: resources.management_account.clone(),
            all_features: true,
        }),
        root: Part::Known(Root { id: tree.root.clone(), policy_types: enabled(resources) }),
        policies: policies_of(resources, &tree)?,
        trusted_services: Part::Known(resources.trusted_services.clone()),
        tree: Part::Known(tree),
        ..OrgSnapshot::unread()
    })
}

fn types(resources: &Resources) -> BTreeSet<PolicyType> {
    let wanted = resources.policies.keys().map(|key| key.policy_type.clone());
    wanted.chain([PolicyType::service_control()]).collect()
}

fn enabled(resources: &Resources) -> BTreeMap<PolicyType, PolicyTypeStatus> {
    types(resources).into_iter().map(|one| (one, PolicyTypeStatus::Enabled)).collect()
}

/// What AWS attaches to everything, and nothing else.
fn policies_of(
    resources: &Resources,
    tree: &Tree,
) -> Option<BTreeMap<PolicyType, Part<BTreeMap<crate::org::PolicyId, ObservedPolicy>>>> {
    let mut policies: BTreeMap<PolicyType, Part<BTreeMap<_, _>>> =
        types(resources).into_iter().map(|one| (one, Part::Known(BTreeMap::new()))).collect();
    let units = tree.units.keys().cloned().map(TargetId::Ou);
    let accounts = tree.accounts.keys().cloned().map(TargetId::Account);
    let targets = units.chain(accounts).chain([TargetId::Root(tree.root.clone())]).collect();
    let id: crate::org::PolicyId = "p-FullAWSAccess".parse().ok()?;
    let full = ObservedPolicy {
        id: id.clone(),
        name: "FullAWSAccess".to_owned(),
        description: String::new(),
        aws_managed: true,
        document: Part::Known(default_policy(ControlType::ServiceControl).content.to_owned()),
        targets: Part::Known(targets),
    };
    policies.insert(PolicyType::service_control(), Part::Known(BTreeMap::from([(id, full)])));
    Some(policies)
}
