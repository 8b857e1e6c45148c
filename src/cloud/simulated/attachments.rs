//! What is attached to what in the simulated organization, and which policy types are on.

use tokio::time::Instant;

use crate::cloud::Reply;
use crate::cloud::simulated::refusal::{Code, Refusal, constraint, invalid};
use crate::cloud::simulated::world::{TypeState, World};
use crate::org::{PolicyId, PolicyType, PolicyTypeStatus, RootId, TargetId};

impl World {
    pub(super) fn attach_policy(
        &mut self,
        id: &PolicyId,
        target: &TargetId,
    ) -> Result<Reply, Refusal> {
        let policy = self.require_policy(id)?;
        self.require_target(target)?;
        self.require_enabled(&policy.policy_type)?;
        if policy.targets.contains(target) {
            return Err(Code::DuplicatePolicyAttachmentException
                .because("The selected policy is already attached to the specified target."));
        }
        let attached_max = self.quota(&policy.policy_type).attached_max;
        if self.attached(target, &policy.policy_type).count() >= attached_max {
            return Err(constraint(
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                &format!("The target already has {attached_max} policies of this type."),
            ));
        }
        if let Some(policy) = self.policies.get_mut(id) {
            policy.targets.insert(target.clone());
        }
        Ok(Reply::Done)
    }

    pub(super) fn detach_policy(
        &mut self,
        id: &PolicyId,
        target: &TargetId,
    ) -> Result<Reply, Refusal> {
        let policy = self.require_policy(id)?;
        self.require_target(target)?;
        if !policy.targets.contains(target) {
            return Err(Code::PolicyNotAttachedException.because(
                "The policy isn't attached to the specified target in the specified root.",
            ));
        }
        if policy.aws_managed && policy.policy_type == PolicyType::resource_control() {
            return Err(invalid(
                "NON_DETACHABLE_POLICY",
                "You can't detach this AWS Managed Policy.",
            ));
        }
        if policy.policy_type.needs_one_attached()
            && self.attached(target, &policy.policy_type).count() == 1
        {
            return Err(constraint(
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                "You attempted to detach a policy from an entity that would cause the entity to have \
                 fewer than the minimum number of policies of a certain type required.",
            ));
        }
        if let Some(policy) = self.policies.get_mut(id) {
            policy.targets.remove(target);
        }
        Ok(Reply::Done)
    }

    pub(super) fn enable_policy_type(
        &mut self,
        root: &RootId,
        policy_type: &PolicyType,
    ) -> Result<Reply, Refusal> {
        self.require_root(root)?;
        self.require_all_features()?;
        if let Some(state) = self.types.get(policy_type) {
            return Err(match state.status {
                PolicyTypeStatus::Enabled => Code::PolicyTypeAlreadyEnabledException
                    .because("The specified policy type is already enabled in the specified root."),
                PolicyTypeStatus::PendingEnable | PolicyTypeStatus::PendingDisable => {
                    changes_in_progress()
                }
            });
        }
        if let Some(service) = policy_type.facts().trusted_service
            && !self.trusted.contains(service)
        {
            return Err(constraint(
                "SERVICE_ACCESS_NOT_ENABLED",
                "You attempted to enable a policy type before you enabled service access. Call the \
                 EnableAWSServiceAccess API first.",
            ));
        }
        let ready_at = Instant::now() + self.enabling_takes;
        let state = TypeState { status: PolicyTypeStatus::PendingEnable, ready_at };
        self.types.insert(policy_type.clone(), state);
        self.settle(Instant::now());
        Ok(Reply::Done)
    }

    pub(super) fn disable_policy_type(
        &mut self,
        root: &RootId,
        policy_type: &PolicyType,
    ) -> Result<Reply, Refusal> {
        self.require_root(root)?;
        self.require_enabled(policy_type)?;
        self.types.remove(policy_type);
        for policy in self.policies.values_mut().filter(|one| one.policy_type == *policy_type) {
            policy.targets.clear();
        }
        Ok(Reply::Done)
    }

    /// Has something that takes time come to its end by `now`?
    pub(super) fn is_unsettled(&self, now: Instant) -> bool {
        self.has_due_stacks(now)
            || self.has_regions_due(now)
            || self.types.values().any(|state| is_due(*state, now))
    }

    /// Ends what takes time and is over by `now`: a type that was being switched on is on, and AWS's
    /// own policy of that type is on everything.
    pub(super) fn settle(&mut self, now: Instant) {
        self.settle_stacks(now);
        self.settle_regions(now);
        let due: Vec<PolicyType> = self
            .types
            .iter()
            .filter(|(_, state)| is_due(**state, now))
            .map(|(policy_type, _)| policy_type.clone())
            .collect();
        for policy_type in due {
            let targets: Vec<TargetId> = self.all_targets().collect();
            if let Some(policy) = self.default_policy(&policy_type) {
                policy.targets.extend(targets);
            }
            let state = TypeState { status: PolicyTypeStatus::Enabled, ready_at: now };
            self.types.insert(policy_type, state);
        }
    }

    /// Puts AWS's own policies on a new OU or account.
    pub(super) fn attach_defaults(&mut self, target: &TargetId) {
        let enabled: Vec<PolicyType> = self
            .types
            .iter()
            .filter(|(_, state)| state.status == PolicyTypeStatus::Enabled)
            .map(|(policy_type, _)| policy_type.clone())
            .collect();
        for policy_type in enabled {
            if let Some(policy) = self.default_policy(&policy_type) {
                policy.targets.insert(target.clone());
            }
        }
    }

    /// The root, every OU and every account.
    pub fn all_targets(&self) -> impl Iterator<Item = TargetId> {
        let root = std::iter::once(TargetId::Root(self.tree.root.clone()));
        let units = self.tree.units.keys().cloned().map(TargetId::Ou);
        let accounts = self.tree.accounts.keys().cloned().map(TargetId::Account);
        root.chain(units).chain(accounts)
    }

    fn require_root(&self, root: &RootId) -> Result<(), Refusal> {
        if *root == self.tree.root {
            Ok(())
        } else {
            Err(Code::RootNotFoundException
                .because("We can't find a root with the RootId that you specified."))
        }
    }

    fn require_enabled(&self, policy_type: &PolicyType) -> Result<(), Refusal> {
        match self.types.get(policy_type).map(|state| state.status) {
            Some(PolicyTypeStatus::Enabled) => Ok(()),
            Some(PolicyTypeStatus::PendingEnable | PolicyTypeStatus::PendingDisable) => {
                Err(changes_in_progress())
            }
            None => Err(Code::PolicyTypeNotEnabledException
                .because("The specified policy type isn't currently enabled in this root.")),
        }
    }
}

fn is_due(state: TypeState, now: Instant) -> bool {
    state.status == PolicyTypeStatus::PendingEnable && state.ready_at <= now
}

fn changes_in_progress() -> Refusal {
    Code::PolicyChangesInProgressException
        .because("Changes to the effective policy are in progress, and its contents can't be returned. Try the operation again later.")
}
