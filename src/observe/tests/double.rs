//! A small organization that answers questions, counts them, and misbehaves as it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;

use crate::cloud::{
    Account, Answer, Call, Cloud, CloudError, CloudErrorKind, Operation, Page, PageToken,
    PolicySummary, Reply, Unit,
};
use crate::org::{
    AccountId, AccountState, Caller, ObservedAccount, ObservedUnit, Organization, OuId, ParentId,
    PolicyId, PolicyType, PolicyTypeStatus, Root, TargetId, Tree,
};

/// What to answer instead, given the call and how many of its operation came before.
type Fault = Box<dyn Fn(&Call, usize) -> Option<Result<Reply, CloudError>> + Send + Sync>;

pub(super) struct Double {
    pub(super) caller: AccountId,
    pub(super) organization: Organization,
    pub(super) root: Root,
    pub(super) tree: Tree,
    pub(super) has_paths: bool,
    pub(super) policies: BTreeMap<PolicyId, (PolicySummary, String, BTreeSet<TargetId>)>,
    pub(super) services: BTreeSet<String>,
    pub(super) administrators: BTreeSet<AccountId>,
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) fault: Fault,
    calls: Mutex<BTreeMap<Operation, usize>>,
}

pub(super) const MANAGEMENT: &str = "111111111111";
pub(super) const SHOP: &str = "555555555555";
pub(super) const WORKLOADS: &str = "ou-ab12-11111111";
pub(super) const PROD: &str = "ou-ab12-22222222";
pub(super) const GUARDRAIL: &str = "p-guardrail1";
pub(super) const FULL_ACCESS: &str = "p-FullAWSAccess";

const PAGE_ITEMS: usize = 2;

impl Double {
    /// `/Workloads/Prod` with an account in it and one in the root, `FullAWSAccess` everywhere and a
    /// guardrail on `/Workloads`.
    pub(super) fn new() -> Self {
        let root: crate::org::RootId = "r-ab12".parse().unwrap();
        let mut tree = Tree::bare(root.clone());
        let at_root = ParentId::Root(root.clone());
        for (id, name, parent) in
            [(WORKLOADS, "Workloads", at_root.clone()), (PROD, "Prod", unit(WORKLOADS))]
        {
            tree.units.insert(id.parse().unwrap(), ObservedUnit { name: name.into(), parent });
        }
        let mut double = Self {
            caller: account(MANAGEMENT),
            organization: Organization {
                id: "o-a1b2c3d4e5".parse().unwrap(),
                management_account: account(MANAGEMENT),
                all_features: true,
            },
            root: Root {
                id: root,
                policy_types: [(PolicyType::service_control(), PolicyTypeStatus::Enabled)].into(),
            },
            tree,
            has_paths: true,
            policies: BTreeMap::new(),
            services: ["cloudtrail.amazonaws.com".to_owned()].into(),
            administrators: BTreeSet::new(),
            tags: BTreeMap::new(),
            fault: Box::new(|_, _| None),
            calls: Mutex::default(),
        };
        double.put_account(MANAGEMENT, &at_root);
        double.put_account(SHOP, &unit(PROD));
        double.put_policy(GUARDRAIL, &[WORKLOADS]);
        let everything = ["r-ab12", WORKLOADS, PROD, MANAGEMENT, SHOP];
        double.put_policy(FULL_ACCESS, &everything);
        double
    }

    pub(super) fn put_account(&mut self, id: &str, parent: &ParentId) {
        let name = format!("account {id}");
        let state = AccountState::Active;
        self.tree
            .accounts
            .insert(account(id), ObservedAccount { name, parent: parent.clone(), state });
    }

    pub(super) fn put_policy(&mut self, id: &str, targets: &[&str]) {
        let id = policy(id);
        let summary = PolicySummary {
            id: id.clone(),
            policy_type: PolicyType::service_control(),
            name: id.as_str().to_owned(),
            description: String::new(),
            aws_managed: id.as_str() == FULL_ACCESS,
        };
        let targets = targets.iter().map(|target| target.parse().unwrap()).collect();
        self.policies.insert(id, (summary, "{}".to_owned(), targets));
    }

    /// From now on `operation` is refused.
    pub(super) fn deny(&mut self, operation: Operation) {
        self.fault = Box::new(move |call, _| {
            (call.operation() == operation).then(|| Err(denied(operation)))
        });
    }

    /// The calls since the last time, by operation.
    pub(super) fn counted(&self) -> BTreeMap<Operation, usize> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn answer(&self, call: Call) -> Reply {
        match call {
            Call::GetCallerIdentity => {
                let account = self.caller.clone();
                Reply::Caller(Caller {
                    arn: format!("arn:aws:iam::{account}:role/p"),
                    account,
                    member_role: None,
                })
            }
            Call::DescribeOrganization => Reply::Organization(self.organization.clone()),
            Call::ListRoots { page } => Reply::Roots(cut(vec![self.root.clone()], page)),
            Call::ListAccounts { page } => {
                Reply::Accounts(cut(self.accounts(|_| true, self.has_paths), page))
            }
            Call::ListAccountsForParent { parent, page } => {
                Reply::Accounts(cut(self.accounts(|at| *at == parent, true), page))
            }
            Call::ListOrganizationalUnitsForParent { parent, page } => {
                let children = self.tree.units.iter().filter(|(_, unit)| unit.parent == parent);
                let units = children
                    .map(|(id, unit)| Unit { id: id.clone(), name: unit.name.clone() })
                    .collect();
                Reply::Units(cut(units, page))
            }
            Call::ListPolicies { policy_type, page } => {
                let listed = self.policies.values().map(|(summary, _, _)| summary);
                let of_type = listed.filter(|summary| summary.policy_type == policy_type);
                Reply::Policies(cut(of_type.cloned().collect(), page))
            }
            Call::DescribePolicy { policy } => {
                let (summary, document, _) = self.policies[&policy].clone();
                Reply::Policy(summary, document)
            }
            Call::ListTargetsForPolicy { policy, page } => {
                Reply::Targets(cut(self.policies[&policy].2.iter().cloned().collect(), page))
            }
            Call::ListTagsForResource { resource, page } => {
                let tags = self.tags.get(&resource).cloned().unwrap_or_default();
                Reply::Tags(cut(tags.into_iter().collect(), page))
            }
            Call::ListAwsServiceAccessForOrganization { page } => {
                Reply::Services(cut(self.services.iter().cloned().collect(), page))
            }
            Call::ListDelegatedAdministrators { page, .. } => {
                Reply::Administrators(cut(self.administrators.iter().cloned().collect(), page))
            }
            other => panic!("observing never sends {other:?}"),
        }
    }

    fn accounts(&self, is_in: impl Fn(&ParentId) -> bool, says_parent: bool) -> Vec<Account> {
        let listed = self.tree.accounts.iter().filter(|(_, account)| is_in(&account.parent));
        listed
            .map(|(id, account)| Account {
                id: id.clone(),
                name: account.name.clone(),
                state: account.state,
                parent: says_parent.then(|| account.parent.clone()),
            })
            .collect()
    }
}

#[async_trait]
impl Cloud for Double {
    async fn call(&self, call: Call) -> Result<Answer, CloudError> {
        let before = {
            let mut calls = self.calls.lock().unwrap();
            let count = calls.entry(call.operation()).or_default();
            *count += 1;
            *count - 1
        };
        // Everybody else gets a turn, as over a network.
        tokio::task::yield_now().await;
        match (self.fault)(&call, before) {
            Some(answer) => answer.map(Answer::from),
            None => Ok(self.answer(call).into()),
        }
    }
}

pub(super) fn denied(operation: Operation) -> CloudError {
    CloudError::new(CloudErrorKind::Denied, operation, "AccessDeniedException", "not authorized")
}

pub(super) fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

pub(super) fn policy(id: &str) -> PolicyId {
    id.parse().unwrap()
}

pub(super) fn unit(id: &str) -> ParentId {
    ParentId::Ou(id.parse::<OuId>().unwrap())
}

fn cut<T>(items: Vec<T>, page: PageToken) -> Page<T> {
    let start: usize = page.map_or(0, |token| token.parse().unwrap());
    let end = start + PAGE_ITEMS;
    let next = (end < items.len()).then(|| end.to_string());
    Page { items: items.into_iter().skip(start).take(PAGE_ITEMS).collect(), next }
}
