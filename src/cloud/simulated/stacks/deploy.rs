//! What an operation does in the accounts, and what AWS does by itself when accounts come and go.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::simulated::stacks::{Tolerance, Work};
use crate::cloud::simulated::world::World;
use crate::org::{
    AccountId, AccountState, AutoDeployment, Instance, InstanceStatus, ObjectKey, ObjectState,
    OperationStatus, Region, Share, TargetId,
};

/// What AWS says of an account in which nothing succeeds.
const REFUSED: &str = "Account gate failed: the role stacksets-exec cannot be assumed";

impl World {
    /// Every account in or below `units` but the management account.
    pub(super) fn accounts_in_units(&self, units: &BTreeSet<String>) -> BTreeSet<AccountId> {
        let is_in = |id: &AccountId| {
            let lineage = self.tree.lineage(&TargetId::Account(id.clone()));
            lineage.iter().any(|above| units.contains(above.as_str()))
        };
        let accounts = self.tree.accounts.keys();
        let members = accounts.filter(|id| **id != self.organization.management_account);
        members.filter(|id| is_in(id)).cloned().collect()
    }

    pub(super) fn mark_pending(&mut self, set: &ObjectKey, work: &Work) {
        let (Work::Create(accounts, _) | Work::Update(accounts, _)) = work else { return };
        let Some(deployed) = self.stack_set(set).and_then(|set| set.deployed.as_mut()) else {
            return;
        };
        for (account, regions) in accounts {
            let instances = deployed.instances.entry(account.clone()).or_default();
            for region in regions {
                let drifted = instances.get(region).is_some_and(|instance| instance.drifted);
                let instance = Instance { status: InstanceStatus::Pending, drifted, reason: None };
                instances.insert(region.clone(), instance);
            }
        }
    }

    pub(super) fn carry_out(&mut self, set: &ObjectKey, work: &Work) -> OperationStatus {
        match work {
            Work::Create(accounts, tolerance) | Work::Update(accounts, tolerance) => {
                self.roll_out(set, accounts, *tolerance)
            }
            Work::Forget(accounts) => {
                if let Some(deployed) = self.stack_set(set).and_then(|set| set.deployed.as_mut()) {
                    for (account, regions) in accounts {
                        let instances = deployed.instances.entry(account.clone()).or_default();
                        instances.retain(|region, _| !regions.contains(region));
                    }
                    deployed.instances.retain(|_, instances| !instances.is_empty());
                }
                OperationStatus::Succeeded
            }
            Work::DetectDrift => {
                let changed = self.stacks.changed.clone();
                if let Some(deployed) = self.stack_set(set).and_then(|set| set.deployed.as_mut()) {
                    for (account, instances) in &mut deployed.instances {
                        for instance in instances.values_mut() {
                            instance.drifted = changed.contains(account);
                        }
                    }
                }
                OperationStatus::Succeeded
            }
        }
    }

    /// Account by account; a Region in which too many have failed is given up.
    fn roll_out(
        &mut self,
        set: &ObjectKey,
        accounts: &BTreeMap<AccountId, Vec<Region>>,
        Tolerance(tolerance): Tolerance,
    ) -> OperationStatus {
        let regions: BTreeSet<Region> = accounts.values().flatten().cloned().collect();
        let mut is_over = false;
        for region in regions {
            let here: Vec<AccountId> = accounts
                .iter()
                .filter(|(_, regions)| regions.contains(&region))
                .map(|(account, _)| account.clone())
                .collect();
            let may_fail = match tolerance {
                Share::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
                Share::Percent(percent) => {
                    here.len() * usize::try_from(percent).unwrap_or_default() / 100
                }
            };
            let mut failed = 0;
            for account in here {
                let status = if is_over || failed > may_fail {
                    InstanceStatus::Outdated
                } else {
                    self.deploy_one(&account)
                };
                failed += usize::from(status == InstanceStatus::Failed);
                let reason = (status == InstanceStatus::Failed).then(|| REFUSED.to_owned());
                if let Some(deployed) = self.stack_set(set).and_then(|set| set.deployed.as_mut()) {
                    let instances = deployed.instances.entry(account).or_default();
                    let drifted = instances.get(&region).is_some_and(|instance| instance.drifted);
                    instances.insert(region.clone(), Instance { status, drifted, reason });
                }
            }
            is_over |= failed > may_fail;
        }
        if is_over { OperationStatus::Failed } else { OperationStatus::Succeeded }
    }

    fn deploy_one(&mut self, account: &AccountId) -> InstanceStatus {
        let state = self.tree.accounts.get(account).map(|account| account.state);
        if state != Some(AccountState::Active) {
            InstanceStatus::Suspended
        } else if self.stacks.failing.contains(account) {
            InstanceStatus::Failed
        } else {
            InstanceStatus::Current
        }
    }

    /// Accounts that have come into the OUs of a StackSet get a stack; those that have left are given up.
    pub(super) fn deploy_by_itself(&mut self) {
        let sets: Vec<ObjectKey> = self
            .objects
            .iter()
            .filter(|(_, state)| {
                state.as_stack_set().is_some_and(|set| set.auto_deployment != AutoDeployment::Off)
            })
            .map(|(key, _)| key.clone())
            .collect();
        for set in sets {
            let Some(ObjectState::StackSet(state)) = self.objects.get(&set) else { continue };
            let deployed = state.deployed.as_deref().cloned().unwrap_or_default();
            let regions: BTreeSet<Region> =
                deployed.instances.values().flat_map(BTreeMap::keys).cloned().collect();
            let regions: Vec<Region> = regions.into_iter().collect();
            let under = self.accounts_in_units(&deployed.units);
            let is_active = |id: &AccountId| {
                self.tree.accounts.get(id).is_some_and(|it| it.state == AccountState::Active)
            };
            let left: BTreeMap<AccountId, Vec<Region>> = deployed
                .instances
                .iter()
                .filter(|(account, _)| !under.contains(*account))
                .map(|(account, instances)| (account.clone(), instances.keys().cloned().collect()))
                .collect();
            let come: BTreeMap<AccountId, Vec<Region>> = under
                .iter()
                .filter(|account| !deployed.instances.contains_key(*account) && is_active(account))
                .map(|account| (account.clone(), regions.clone()))
                .collect();
            if !left.is_empty() {
                let id = self.own_id();
                self.enqueue(&set, &id, Work::Forget(left));
            }
            if !come.is_empty() && !regions.is_empty() {
                let id = self.own_id();
                self.enqueue(&set, &id, Work::Create(come, Tolerance(Share::Percent(100))));
            }
        }
    }
}
