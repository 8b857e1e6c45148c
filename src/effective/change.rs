//! The changes of an organization that change which policies bind whom.
//!
//! Each does what AWS does, side effects included: a new OU or account gets the policy that allows
//! everything, and so does every target of a type that is switched on.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::compile::DesiredTarget;
use crate::effective::{CONTROL_TYPES, Effective, EffectivePolicy, Policies, PolicyIndex, Writing};
use crate::org::{AccountId, OuPath, PolicyId, PolicyType};
use crate::policy;
use crate::policy::{ControlType, Document};

/// A policy that is to be there.
#[derive(Debug, Clone, Copy)]
pub struct NewPolicy<'a> {
    /// Its type.
    pub policy_type: ControlType,
    /// Its name.
    pub name: &'a str,
    /// Its document.
    pub content: &'a str,
    /// Where it is written.
    pub writing: &'a Writing,
}

/// The control type among all policy types: nothing for types that decide no requests.
pub fn control_type(policy_type: &PolicyType) -> Option<ControlType> {
    CONTROL_TYPES.into_iter().find(|control| <&str>::from(control) == policy_type.as_str())
}

/// What AWS attaches by itself to every target of a type.
pub fn default_policy(policy_type: ControlType) -> NewPolicy<'static> {
    let (name, content) = match policy_type {
        ControlType::ServiceControl => (
            "FullAWSAccess",
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        ),
        ControlType::ResourceControl => (
            "RCPFullAWSAccess",
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#,
        ),
    };
    NewPolicy { policy_type, name, content, writing: &Writing::Aws }
}

/// A document, or why it is none.
pub(super) fn read(content: &str) -> Result<Arc<Document>, String> {
    let value = policy::parse(content).map_err(|problem| problem.to_string())?;
    let read = Document::read(&value);
    read.map(Arc::new).map_err(|problems| {
        let first = problems.first().map(ToString::to_string);
        first.unwrap_or_else(|| "its document is not understood".to_owned())
    })
}

impl Effective {
    /// The policy of this type called `name`.
    pub fn find(&self, policy_type: ControlType, name: &str) -> Option<PolicyIndex> {
        self.policies.by_name.get(&(policy_type, name.to_owned())).copied()
    }

    /// The policy with the id.
    pub fn find_by_id(&self, id: &PolicyId) -> Option<PolicyIndex> {
        self.policies.by_id.get(id).copied()
    }

    /// Creates a policy, attached to nothing. One of the same name is replaced by it in place.
    pub fn create_policy(&mut self, policy: NewPolicy<'_>) -> PolicyIndex {
        let policies = Arc::make_mut(&mut self.policies);
        policies.insert(EffectivePolicy::new(policy, read(policy.content)))
    }

    /// Changes name and document of a policy where it is.
    pub fn set_policy(&mut self, index: PolicyIndex, policy: NewPolicy<'_>) {
        let policies = Arc::make_mut(&mut self.policies);
        policies.replace(index, EffectivePolicy::new(policy, read(policy.content)));
    }

    /// Deletes a policy, its attachments included.
    pub fn delete_policy(&mut self, index: PolicyIndex) {
        Arc::make_mut(&mut self.policies).remove(index);
        for attached in Arc::make_mut(&mut self.attached).values_mut() {
            attached.remove(&index);
        }
    }

    /// Attaches a policy; being attached already is fine.
    pub fn attach(&mut self, index: PolicyIndex, target: &DesiredTarget) {
        Arc::make_mut(&mut self.attached).entry(target.clone()).or_default().insert(index);
    }

    /// Detaches a policy; being detached already is fine.
    pub fn detach(&mut self, index: PolicyIndex, target: &DesiredTarget) {
        if let Some(attached) = Arc::make_mut(&mut self.attached).get_mut(target) {
            attached.remove(&index);
        }
    }

    /// Moves an account, or brings it into the organization.
    pub fn move_account(&mut self, account: &AccountId, to: &OuPath) {
        Arc::make_mut(&mut self.places).accounts.insert(account.clone(), to.clone());
    }

    /// Creates an account in an OU; AWS attaches what allows everything.
    pub fn create_account(&mut self, account: &AccountId, at: &OuPath) {
        self.move_account(account, at);
        self.attach_defaults(&DesiredTarget::Account(account.clone()));
    }

    /// Creates an OU; AWS attaches what allows everything.
    pub fn create_unit(&mut self, path: &OuPath) {
        if Arc::make_mut(&mut self.places).units.insert(path.clone()) {
            self.attach_defaults(&DesiredTarget::Unit(path.clone()));
        }
    }

    /// Attaches to a new target what AWS attaches by itself.
    fn attach_defaults(&mut self, target: &DesiredTarget) {
        for policy_type in CONTROL_TYPES {
            if self.is_enabled(policy_type) {
                let index = self.default_index(policy_type);
                self.attach(index, target);
            }
        }
    }

    /// Deletes an empty OU with its attachments.
    pub fn delete_unit(&mut self, path: &OuPath) {
        Arc::make_mut(&mut self.places).units.remove(path);
        Arc::make_mut(&mut self.attached).remove(&DesiredTarget::Unit(path.clone()));
    }

    /// Switches a type on; AWS attaches what allows everything to every target.
    pub fn enable_type(&mut self, policy_type: ControlType) {
        if !self.enabled.insert(policy_type) {
            return;
        }
        let index = self.default_index(policy_type);
        for target in self.targets() {
            self.attach(index, &target);
        }
    }

    /// The root, every OU and every account.
    fn targets(&self) -> BTreeSet<DesiredTarget> {
        let units = self.places.units.iter().cloned().chain([OuPath::root()]);
        let accounts = self.places.accounts.keys().cloned().map(DesiredTarget::Account);
        units.map(DesiredTarget::Unit).chain(accounts).collect()
    }

    fn default_index(&mut self, policy_type: ControlType) -> PolicyIndex {
        let policy = default_policy(policy_type);
        match self.find(policy_type, policy.name) {
            Some(index) => index,
            None => self.create_policy(policy),
        }
    }
}

// === impl Policies ===

impl Policies {
    /// Adds a policy, or replaces the one of the same name.
    pub(super) fn insert(&mut self, policy: EffectivePolicy) -> PolicyIndex {
        let key = (policy.policy_type, policy.name.clone());
        let index = self.by_name.get(&key).copied().unwrap_or_else(|| {
            self.next += 1;
            PolicyIndex(self.next)
        });
        self.replace(index, policy);
        index
    }

    fn replace(&mut self, index: PolicyIndex, policy: EffectivePolicy) {
        if let Some(before) = self.by_index.get(&index) {
            self.by_name.remove(&(before.policy_type, before.name.clone()));
        }
        self.by_name.insert((policy.policy_type, policy.name.clone()), index);
        self.by_index.insert(index, Arc::new(policy));
    }

    fn remove(&mut self, index: PolicyIndex) {
        if let Some(before) = self.by_index.remove(&index) {
            self.by_name.remove(&(before.policy_type, before.name.clone()));
        }
        self.by_id.retain(|_, known| *known != index);
    }
}

// === impl EffectivePolicy ===

impl EffectivePolicy {
    pub(super) fn new(policy: NewPolicy<'_>, document: Result<Arc<Document>, String>) -> Self {
        Self {
            policy_type: policy.policy_type,
            name: policy.name.to_owned(),
            may_deny: document.as_ref().is_ok_and(|document| document.has_denies())
                || document.is_err(),
            document,
            content: policy.content.into(),
            writing: policy.writing.clone(),
        }
    }
}
