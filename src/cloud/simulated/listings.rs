//! The questions the simulated organization answers.

use crate::cloud::simulated::pages::Pager;
use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::cloud::simulated::world::{AccountPaths, StoredPolicy, World};
use crate::cloud::{Account, PageToken, PolicySummary, Reply, Unit};
use crate::org::{AccountId, ObservedAccount, ParentId, PolicyId, PolicyType, TargetId};

type Answered = Result<Reply, Refusal>;

impl World {
    pub(super) fn list_roots(&self, page: &PageToken, pager: Pager) -> Answered {
        let roots = [(self.tree.root.to_string(), self.root())];
        pager.page("ListRoots", roots, page).map(Reply::Roots)
    }

    pub(super) fn list_accounts(&self, page: &PageToken, pager: Pager) -> Answered {
        let accounts = self.tree.accounts.iter().map(|(id, account)| {
            let parent = match self.account_paths {
                AccountPaths::Given => Some(account.parent.clone()),
                AccountPaths::Missing => None,
            };
            (id.to_string(), listed_account(id, account, parent))
        });
        pager.page("ListAccounts", accounts, page).map(Reply::Accounts)
    }

    pub(super) fn list_accounts_in(
        &self,
        parent: &ParentId,
        page: &PageToken,
        pager: Pager,
    ) -> Answered {
        self.require_parent(parent, Code::ParentNotFoundException)?;
        let accounts = self.tree.accounts.iter().filter(|(_, account)| account.parent == *parent);
        let accounts = accounts.map(|(id, account)| {
            (id.to_string(), listed_account(id, account, Some(parent.clone())))
        });
        let listing = format!("ListAccountsForParent {parent}");
        pager.page(&listing, accounts, page).map(Reply::Accounts)
    }

    pub(super) fn list_units_in(
        &self,
        parent: &ParentId,
        page: &PageToken,
        pager: Pager,
    ) -> Answered {
        self.require_parent(parent, Code::ParentNotFoundException)?;
        let units = self.tree.units.iter().filter(|(_, unit)| unit.parent == *parent);
        let units = units
            .map(|(id, unit)| (id.to_string(), Unit { id: id.clone(), name: unit.name.clone() }));
        let listing = format!("ListOrganizationalUnitsForParent {parent}");
        pager.page(&listing, units, page).map(Reply::Units)
    }

    pub(super) fn list_policies(
        &self,
        policy_type: &PolicyType,
        page: &PageToken,
        pager: Pager,
    ) -> Answered {
        let policies =
            self.policies.iter().filter(|(_, policy)| policy.policy_type == *policy_type);
        let policies = policies.map(|(id, policy)| (id.to_string(), summary(id, policy)));
        pager.page(&format!("ListPolicies {policy_type}"), policies, page).map(Reply::Policies)
    }

    pub(super) fn describe_policy(&self, id: &PolicyId) -> Answered {
        let policy = self.require_policy(id)?;
        Ok(Reply::Policy(summary(id, policy), policy.content.clone()))
    }

    pub(super) fn list_targets(&self, id: &PolicyId, page: &PageToken, pager: Pager) -> Answered {
        let targets = &self.require_policy(id)?.targets;
        let targets = targets.iter().map(|target| (target.to_string(), target.clone()));
        pager.page(&format!("ListTargetsForPolicy {id}"), targets, page).map(Reply::Targets)
    }

    pub(super) fn list_policies_on(
        &self,
        target: &TargetId,
        policy_type: &PolicyType,
        page: &PageToken,
        pager: Pager,
    ) -> Answered {
        self.require_target(target)?;
        let policies = self
            .attached(target, policy_type)
            .map(|(id, policy)| (id.to_string(), summary(id, policy)));
        let listing = format!("ListPoliciesForTarget {target} {policy_type}");
        pager.page(&listing, policies, page).map(Reply::Policies)
    }

    pub(super) fn list_tags(&self, resource: &str, page: &PageToken, pager: Pager) -> Answered {
        self.require_resource(resource)?;
        let tags = self.tags_of(resource).into_iter().map(|tag| (tag.0.clone(), tag));
        pager.page(&format!("ListTagsForResource {resource}"), tags, page).map(Reply::Tags)
    }

    pub(super) fn list_trusted_services(&self, page: &PageToken, pager: Pager) -> Answered {
        let services = self.trusted.iter().map(|service| (service.clone(), service.clone()));
        pager.page("ListAWSServiceAccessForOrganization", services, page).map(Reply::Services)
    }

    pub(super) fn list_administrators(
        &self,
        service: &str,
        page: &PageToken,
        pager: Pager,
    ) -> Answered {
        let accounts = self.administrators.get(service).into_iter().flatten();
        let accounts = accounts.map(|id| (id.to_string(), id.clone()));
        let listing = format!("ListDelegatedAdministrators {service}");
        pager.page(&listing, accounts, page).map(Reply::Administrators)
    }
}

fn listed_account(id: &AccountId, account: &ObservedAccount, parent: Option<ParentId>) -> Account {
    Account { id: id.clone(), name: account.name.clone(), state: account.state, parent }
}

fn summary(id: &PolicyId, policy: &StoredPolicy) -> PolicySummary {
    PolicySummary {
        id: id.clone(),
        policy_type: policy.policy_type.clone(),
        name: policy.name.clone(),
        description: policy.description.clone(),
        aws_managed: policy.aws_managed,
    }
}
