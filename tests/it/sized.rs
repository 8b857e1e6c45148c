//! Organizations of a given size, and how few reads one can be observed with.

use palisade::cloud::simulated::{AccountPaths, PAGE_ITEMS_MAX, SimulatedCloud};
use palisade::observe::Wanted;
use palisade::org::{OrgSnapshot, ParentId, Part, PolicyType};

const SCP: &str = "SERVICE_CONTROL_POLICY";
/// A small policy document.
pub(crate) const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}"#;

/// How much an organization holds, `FullAWSAccess` and the management account left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) accounts: usize,
    pub(crate) units: usize,
    pub(crate) policies: usize,
}

/// An organization of that size: OUs two deep, accounts spread over them, a policy on every OU in turn.
pub(crate) fn organization(size: Size, account_paths: AccountPaths) -> SimulatedCloud {
    let units: Vec<String> = (0..size.units)
        .map(|unit| match unit % 10 {
            0 => format!("/unit-{unit}"),
            below => format!("/unit-{}/unit-{below}", unit - below),
        })
        .collect();
    let mut builder = SimulatedCloud::builder(7)
        .organization("o-a1b2c3d4e5", "111111111111", "r-ab12")
        .account_paths(account_paths);
    for unit in &units {
        builder = builder.unit(unit);
    }
    builder = builder.enable(SCP);
    for account in 0..size.accounts.saturating_sub(1) {
        let id = format!("{:012}", 200_000_000_000_usize + account);
        builder = builder.account(&format!("account-{account}"), &id, &units[account % size.units]);
    }
    for policy in 0..size.policies {
        let name = format!("policy-{policy}");
        builder = builder.policy(SCP, &name, DOCUMENT);
        builder = builder.attach(SCP, &name, &units[policy % size.units]);
    }
    builder.build().unwrap()
}

/// What a desired state that names everything in `truth` wants to see.
pub(crate) fn wanted(truth: &OrgSnapshot) -> Wanted {
    let tree = truth.tree.known().unwrap();
    Wanted {
        policy_types: [PolicyType::service_control()].into(),
        services: [].into(),
        units: tree.by_path().into_keys().collect(),
    }
}

/// The fewest reads that show `truth`, [`as_observed`]: every question once, every page of every answer.
pub(crate) fn reads_min(truth: &OrgSnapshot, account_paths: AccountPaths) -> usize {
    let tree = truth.tree.known().unwrap();
    let root = ParentId::Root(tree.root.clone());
    let parents = std::iter::once(root).chain(tree.units.keys().cloned().map(ParentId::Ou));
    let (mut unit_pages, mut walk_pages) = (0, 0);
    for parent in parents {
        unit_pages += pages(tree.units.values().filter(|unit| unit.parent == parent).count());
        let accounts = tree.accounts.values().filter(|account| account.parent == parent);
        walk_pages += pages(accounts.count());
    }
    let account_pages = match account_paths {
        AccountPaths::Given => pages(tree.accounts.len()),
        AccountPaths::Missing => 1 + walk_pages,
    };
    let identity_organization_root = 3;
    let trusted_services = 1;
    let policies: usize = truth
        .policies
        .values()
        .map(|part| {
            let listed = part.known().unwrap();
            let documents = listed.values().filter(|policy| !policy.aws_managed).count();
            let targets = listed.values().filter_map(|policy| policy.targets.known());
            let target_pages: usize = targets.map(|targets| pages(targets.len())).sum();
            pages(listed.len()) + documents + target_pages
        })
        .sum();
    identity_organization_root + account_pages + unit_pages + policies + trusted_services
}

/// What an observer is to see of `truth`: not every policy type, and tags only of OUs nobody names.
pub(crate) fn as_observed(truth: &OrgSnapshot, wanted: &Wanted) -> OrgSnapshot {
    let mut observed = truth.clone();
    let enabled = &truth.root.known().unwrap().policy_types;
    observed.policies.retain(|policy_type, _| {
        enabled.contains_key(policy_type) || wanted.policy_types.contains(policy_type)
    });
    let administrators = |service: &String| {
        let known = truth.delegated_administrators.get(service).cloned();
        (service.clone(), known.unwrap_or(Part::Known([].into())))
    };
    observed.delegated_administrators = wanted.services.iter().map(administrators).collect();
    let tree = truth.tree.known().unwrap();
    let unnamed = tree.by_path().into_iter().filter(|(path, _)| !wanted.units.contains(path));
    observed.tags = unnamed
        .filter(|(path, _)| path.depth() > 0)
        .map(|(_, id)| {
            let id = id.as_str().to_owned();
            let known = truth.tags.get(&id).cloned();
            (id, known.unwrap_or(Part::Known([].into())))
        })
        .collect();
    observed
}

fn pages(items: usize) -> usize {
    items.div_ceil(PAGE_ITEMS_MAX).max(1)
}
