//! The organization as a tree: which guardrails lie on each OU and account, and what differs there.
//!
//! Says names from desired state only. An OU or account that no document names is called by its id.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::compile::{DesiredTarget, ObjectRule, PolicyKey, PolicyResource, Spread};
use crate::org::{
    AccountId, AccountState, DocumentRef, ObjectState, ObservedPolicy, OuPath, ParentId,
    PolicyType, TargetId, Tree,
};
use crate::plan::{Change, Plan, TargetRef};
use crate::status::Pass;

/// OUs and accounts, each with what lies on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeReport {
    /// The root and every OU, parents before children.
    pub units: Vec<UnitReport>,
    /// Every account, by OU and id.
    pub accounts: Vec<AccountReport>,
}

/// The root or an OU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnitReport {
    /// Where it is; an OU that no document names has its id for a name.
    pub path: String,
    /// Its id; nothing while it has still to be created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Is it in desired state?
    pub declared: bool,
    /// What lies on it.
    #[serde(flatten)]
    pub here: Here,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountReport {
    /// Its id.
    pub id: String,
    /// Its name in desired state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The path of the OU it lies in.
    pub unit: String,
    /// Is it in use? Not while it is suspended, being closed, or closed.
    pub active: bool,
    /// What lies on it.
    #[serde(flatten)]
    pub here: Here,
}

/// What lies on a node itself; what lies above it is in force there too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Here {
    /// Guardrails that documents want here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guardrails: Vec<GuardrailHere>,
    /// Policies attached here that no document names and AWS does not own.
    #[serde(default, skip_serializing_if = "is_none")]
    pub others: usize,
    /// Documents that differ in this very node.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub differing: BTreeSet<DocumentRef>,
}

/// A guardrail on a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GuardrailHere {
    /// Its document.
    pub document: DocumentRef,
    /// Is it in force here?
    pub force: Force,
}

/// Is a guardrail in force on a node?
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Force {
    /// Not there.
    Missing,
    /// There, and not as the document says.
    Differing,
    /// It could not be read.
    Unknown,
    /// There, as the document says.
    InForce,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

/// The tree that `pass` saw; nothing if it saw none.
pub(in crate::status) fn tree(pass: &Pass<'_>) -> Option<TreeReport> {
    let observed = pass.snapshot.tree.known()?;
    let surveyor = Surveyor::new(pass, observed);
    Some(TreeReport { units: surveyor.units(), accounts: surveyor.accounts() })
}

/// A node by what is known of it before and after it exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Unit(OuPath),
    Account(AccountId),
}

struct Surveyor<'a> {
    pass: &'a Pass<'a>,
    tree: &'a Tree,
    ids: BTreeMap<OuPath, ParentId>,
    here: BTreeMap<Node, Here>,
}

impl<'a> Surveyor<'a> {
    fn new(pass: &'a Pass<'a>, tree: &'a Tree) -> Self {
        let mut surveyor = Self { pass, tree, ids: tree.by_path(), here: BTreeMap::new() };
        surveyor.lay_policies();
        surveyor.lay_objects();
        surveyor.count_others();
        surveyor.mark_differences();
        for here in surveyor.here.values_mut() {
            here.guardrails.sort();
            here.guardrails.dedup_by(|one, other| one.document == other.document);
        }
        surveyor
    }

    fn at(&mut self, node: Node) -> &mut Here {
        self.here.entry(node).or_default()
    }

    fn lay_policies(&mut self) {
        let pass = self.pass;
        let edited = edited(pass.plan);
        for (key, policy) in &pass.resources.policies {
            let found = observed(pass, &key.policy_type, &key.name);
            for target in &policy.targets {
                let node = node_of(target);
                let force = self.force(found, &node);
                for document in policy.served() {
                    let force = match force {
                        Force::InForce if edited.contains(document) => Force::Differing,
                        Force::InForce | Force::Missing | Force::Differing | Force::Unknown => {
                            force
                        }
                    };
                    let document = document.clone();
                    self.at(node.clone()).guardrails.push(GuardrailHere { document, force });
                }
            }
        }
    }

    /// Is the policy attached to `node`?
    fn force(&self, found: Found<'_>, node: &Node) -> Force {
        let policy = match found {
            Found::Policy(policy) => policy,
            Found::Nothing => return Force::Missing,
            Found::Unknown => return Force::Unknown,
        };
        let Some(targets) = policy.targets.known() else { return Force::Unknown };
        match self.target(node) {
            Some(target) if targets.contains(&target) => Force::InForce,
            Some(_) | None => Force::Missing,
        }
    }

    fn target(&self, node: &Node) -> Option<TargetId> {
        match node {
            Node::Unit(path) => self.ids.get(path).cloned().map(TargetId::from),
            Node::Account(id) => Some(TargetId::Account(id.clone())),
        }
    }

    /// Objects in accounts, where their documents put them.
    fn lay_objects(&mut self) {
        let pass = self.pass;
        let differing: BTreeSet<&DocumentRef> = changes(pass.plan)
            .filter(|(change, _)| matches!(change, Change::Object(_)))
            .flat_map(|(_, documents)| documents)
            .collect();
        for rule in &pass.resources.objects {
            let is_differing = differing.contains(&rule.document);
            let force = if is_differing { Force::Differing } else { Force::InForce };
            for node in lies_on(rule).iter().map(node_of) {
                let document = rule.document.clone();
                self.at(node).guardrails.push(GuardrailHere { document, force });
            }
        }
    }

    fn count_others(&mut self) {
        let pass = self.pass;
        let paths: BTreeMap<ParentId, OuPath> =
            self.ids.iter().map(|(path, id)| (id.clone(), path.clone())).collect();
        for (policy_type, policies) in &pass.snapshot.policies {
            for policy in policies.known().into_iter().flat_map(BTreeMap::values) {
                let key = PolicyKey { policy_type: policy_type.clone(), name: policy.name.clone() };
                if policy.aws_managed || pass.resources.names(&key) {
                    continue;
                }
                for target in policy.targets.known().into_iter().flatten() {
                    let unit = |id: &ParentId| paths.get(id).cloned().map(Node::Unit);
                    let node = match target {
                        TargetId::Root(id) => unit(&ParentId::Root(id.clone())),
                        TargetId::Ou(id) => unit(&ParentId::Ou(id.clone())),
                        TargetId::Account(id) => Some(Node::Account(id.clone())),
                    };
                    if let Some(node) = node {
                        self.at(node).others += 1;
                    }
                }
            }
        }
    }

    fn mark_differences(&mut self) {
        let pass = self.pass;
        for (change, documents) in changes(pass.plan) {
            if let Some(node) = node_of_change(change) {
                self.at(node).differing.extend(documents.into_iter().cloned());
            }
        }
    }

    fn units(&self) -> Vec<UnitReport> {
        // Paths sort name by name, so that parents come before their children.
        let paths: BTreeSet<&OuPath> = self.ids.keys().chain(&self.pass.resources.units).collect();
        let report = |path: &OuPath| UnitReport {
            path: self.shown(path),
            id: self.ids.get(path).map(ToString::to_string),
            declared: self.is_declared(path),
            here: self.here.get(&Node::Unit(path.clone())).cloned().unwrap_or_default(),
        };
        paths.into_iter().map(report).collect()
    }

    fn accounts(&self) -> Vec<AccountReport> {
        let shown: BTreeMap<&ParentId, String> =
            self.ids.iter().map(|(path, id)| (id, self.shown(path))).collect();
        let names = &self.pass.resources.account_names;
        let accounts = self.tree.accounts.iter().map(|(id, account)| AccountReport {
            id: id.to_string(),
            name: names.get(id).cloned(),
            unit: shown.get(&account.parent).cloned().unwrap_or_else(|| account.parent.to_string()),
            active: account.state == AccountState::Active,
            here: self.here.get(&Node::Account(id.clone())).cloned().unwrap_or_default(),
        });
        let mut accounts: Vec<AccountReport> = accounts.collect();
        accounts.sort_by(|one, other| (&one.unit, &one.id).cmp(&(&other.unit, &other.id)));
        accounts
    }

    fn is_declared(&self, path: &OuPath) -> bool {
        path.depth() == 0 || self.pass.resources.units.contains(path)
    }

    /// The path with names that documents give, and ids where none does.
    fn shown(&self, path: &OuPath) -> String {
        let mut above = OuPath::root();
        let mut shown = String::new();
        for name in path.names() {
            above = above.child(name);
            let id = self.ids.get(&above).filter(|_| !self.is_declared(&above));
            shown.push('/');
            shown.push_str(id.map_or(name.as_str(), ParentId::as_str));
        }
        if shown.is_empty() { "/".to_owned() } else { shown }
    }
}

/// What there is of a name.
#[derive(Clone, Copy)]
enum Found<'a> {
    Policy(&'a ObservedPolicy),
    Nothing,
    Unknown,
}

fn observed<'a>(pass: &Pass<'a>, policy_type: &PolicyType, name: &str) -> Found<'a> {
    let Some(policies) = pass.snapshot.policies_of(policy_type) else { return Found::Unknown };
    let named = policies.values().find(|policy| policy.name == name);
    named.map_or(Found::Nothing, Found::Policy)
}

fn node_of(target: &DesiredTarget) -> Node {
    match target {
        DesiredTarget::Unit(path) => Node::Unit(path.clone()),
        DesiredTarget::Account(account) => Node::Account(account.clone()),
    }
}

/// Where an object has its effect: that of a StackSet, which is kept in one account, is in others.
fn lies_on(rule: &ObjectRule) -> Vec<DesiredTarget> {
    if let ObjectState::StackSet(set) = &rule.state
        && let Some(reach) = &set.reach
    {
        let units = reach.paths.iter().cloned().map(DesiredTarget::Unit);
        return units.chain(reach.only.iter().cloned().map(DesiredTarget::Account)).collect();
    }
    match &rule.spread {
        Spread::Account(account) => vec![DesiredTarget::Account(account.clone())],
        Spread::Below { targets, .. } => targets.iter().cloned().collect(),
    }
}

/// The documents whose text differs.
fn edited(plan: &Plan) -> BTreeSet<&DocumentRef> {
    changes(plan)
        .filter(|(change, _)| matches!(change, Change::UpdatePolicy { .. }))
        .flat_map(|(_, documents)| documents)
        .collect()
}

/// Everything that differs, with the documents it concerns.
fn changes(plan: &Plan) -> impl Iterator<Item = (&Change, Vec<&DocumentRef>)> {
    let actions = plan.actions.iter().map(|each| (&each.change, each.documents().collect()));
    let reported = plan.reported.iter().map(|each| (&each.change, each.documents().collect()));
    actions.chain(reported)
}

/// The node on which a change is made; nothing where it concerns the organization or a policy as a whole.
fn node_of_change(change: &Change) -> Option<Node> {
    match change {
        Change::AttachPolicy { target, .. } | Change::DetachPolicy { target, .. } => {
            Some(match target {
                TargetRef::Unit(unit) => Node::Unit(unit.path.clone()),
                TargetRef::Account(id, _) => Node::Account(id.clone()),
            })
        }
        Change::EnablePolicyType { .. } => Some(Node::Unit(OuPath::root())),
        Change::CreateUnit { path, .. } | Change::DeleteUnit { path, .. } => {
            Some(Node::Unit(path.clone()))
        }
        Change::MoveAccount { account, .. }
        | Change::RegisterAdministrator { account, .. }
        | Change::DeregisterAdministrator { account, .. } => Some(Node::Account(account.clone())),
        Change::Object(change) => Some(Node::Account(change.key.account.clone())),
        Change::EnableTrustedService { .. }
        | Change::CreatePolicy { .. }
        | Change::UpdatePolicy { .. }
        | Change::DeletePolicy { .. } => None,
    }
}

/// The targets of every document that lies on nodes.
pub(in crate::status) fn targets<'a>(
    pass: &Pass<'a>,
) -> BTreeMap<&'a DocumentRef, BTreeSet<String>> {
    let names = &pass.resources.account_names;
    let word = |target: &DesiredTarget| match target {
        DesiredTarget::Unit(path) => path.to_string(),
        DesiredTarget::Account(id) => account_word(id, names),
    };
    let mut targets: BTreeMap<&DocumentRef, BTreeSet<String>> = BTreeMap::new();
    let served = |policy: &'a PolicyResource| policy.served();
    for policy in pass.resources.policies.values() {
        for document in served(policy) {
            targets.entry(document).or_default().extend(policy.targets.iter().map(word));
        }
    }
    for rule in &pass.resources.objects {
        targets.entry(&rule.document).or_default().extend(lies_on(rule).iter().map(word));
    }
    targets
}

fn account_word(id: &AccountId, names: &BTreeMap<AccountId, String>) -> String {
    names.get(id).map_or_else(|| format!("account {id}"), |name| format!("account {name}"))
}
