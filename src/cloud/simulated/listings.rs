//! The questions the simulated organization answers.

use crate::cloud::simulated::pages::Pager;
use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::cloud::simulated::world::{AccountPaths, StoredPolicy, World};
use crate::cloud::{Account, PageToken, PolicySummary, Reply, Unit};
use crate::org::{
    AccountId, ObservedAccount, ObservedUnit, OuId, ParentId, PolicyId, PolicyType, TargetId,
};

type Answered = Result<Reply, Refusal>;

impl World {
    pub(super) fn list_roots(&self, page: &PageToken, pager: Pager) -> Answered {
        let roots = [(self.tree.root.as_str(), self)];
        pager.page("ListRoots", roots, page, World::root).map(Reply::Roots)
    }

    pub(super) fn list_accounts(&self, page: &PageToken, pager: Pager) -> Answered {
        let accounts = self.tree.accounts.iter().map(|entry| (entry.0.as_str(), entry));
        let show = |(id, account): (&AccountId, &ObservedAccount)| {
            let parent = match self.account_paths {
                AccountPaths::Given => Some(account.parent.clone()),
                AccountPaths::Missing => None,
            };
            listed_account(id, account, parent)
        };
        pager.page("ListAccounts", accounts, page, show).map(Reply::Accounts)
    }

    pub(super) fn list_accounts_in(
        &self,
        parent: &ParentId,
        page: &PageToken,
        pager: Pager,
    ) -> Answered {
        self.require_parent(parent, Code::ParentNotFoundException)?;
        let accounts = self.tree.accounts.iter().filter(|(_, account)| account.parent == *parent);
        let accounts = accounts.map(|entry| (entry.0.as_str(), entry));
        let listing = format!("ListAccountsForParent {parent}");
        let show = |(id, account)| listed_account(id, account, Some(parent.clone()));
        pager.page(&listing, accounts, page, show).map(Reply::Accounts)
    }

    pub(super) fn list_units_in(
        &self,
        parent: &ParentId,
        page: &PageToken,
        pager: Pager,
    ) -> Answered {
        self.require_parent(parent, Code::ParentNotFoundException)?;
        let units = self.tree.units.iter().filter(|(_, unit)| unit.parent == *parent);
        let units = units.map(|entry| (entry.0.as_str(), entry));
        let listing = format!("ListOrganizationalUnitsForParent {parent}");
        let show =
            |(id, unit): (&OuId, &ObservedUnit)| Unit { id: id.clone(), name: unit.name.clone() };
        pager.page(&listing, units, page, show).map(Reply::Units)
    }

    pub(super) fn list_policies(
        &self,
        policy_type: &PolicyType,
        page: &PageToken,
        pager: Pager,
    ) -> Answered {
        let policies =
            self.policies.iter().filter(|(_, policy)| policy.policy_type == *policy_type);
        let policies = policies.map(|entry| (entry.0.as_str(), entry));
        let listing = format!("ListPolicies {policy_type}");
        pager.page(&listing, policies, page, summary).map(Reply::Policies)
    }

    pub(super) fn describe_policy(&self, id: &PolicyId) -> Answered {
        let policy = self.require_policy(id)?;
        Ok(Reply::Policy(summary((id, policy)), policy.content.clone()))
    }

    pub(super) fn list_targets(&self, id: &PolicyId, page: &PageToken, pager: Pager) -> Answered {
        let targets = self.require_policy(id)?.targets.iter();
        let targets = targets.map(|target| (target.as_str(), target));
        let listing = format!("ListTargetsForPolicy {id}");
        pager.page(&listing, targets, page, TargetId::clone).map(Reply::Targets)
    }

    pub(super) fn list_policies_on(
        &self,
        target: &TargetId,
        policy_type: &PolicyType,
        page: &PageToken,
        pager: Pager,
    ) -> Answered {
        self.require_target(target)?;
        let policies = self.attached(target, policy_type).map(|entry| (entry.0.as_str(), entry));
        let listing = format!("ListPoliciesForTarget {target} {policy_type}");
        pager.page(&listing, policies, page, summary).map(Reply::Policies)
    }

    pub(super) fn list_tags(&self, resource: &str, page: &PageToken, pager: Pager) -> Answered {
        self.require_resource(resource)?;
        let tags = self.tags_of(resource);
        let tags = tags.iter().map(|tag| (tag.0.as_str(), tag));
        let listing = format!("ListTagsForResource {resource}");
        let show = |(key, value): (&String, &String)| (key.clone(), value.clone());
        pager.page(&listing, tags, page, show).map(Reply::Tags)
    }

    pub(super) fn list_trusted_services(&self, page: &PageToken, pager: Pager) -> Answered {
        let services = self.trusted.iter().map(|service| (service.as_str(), service));
        let listing = "ListAWSServiceAccessForOrganization";
        pager.page(listing, services, page, String::clone).map(Reply::Services)
    }

    pub(super) fn list_administrators(
        &self,
        service: &str,
        page: &PageToken,
        pager: Pager,
    ) -> Answered {
        let accounts = self.administrators.get(service).into_iter().flatten();
        let accounts = accounts.map(|id| (id.as_str(), id));
        let listing = format!("ListDelegatedAdministrators {service}");
        pager.page(&listing, accounts, page, AccountId::clone).map(Reply::Administrators)
    }
}

fn listed_account(id: &AccountId, account: &ObservedAccount, parent: Option<ParentId>) -> Account {
    Account { id: id.clone(), name: account.name.clone(), state: account.state, parent }
}

fn summary((id, policy): (&PolicyId, &StoredPolicy)) -> PolicySummary {
    PolicySummary {
        id: id.clone(),
        policy_type: policy.policy_type.clone(),
        name: policy.name.clone(),
        description: policy.description.clone(),
        aws_managed: policy.aws_managed,
    }
}
