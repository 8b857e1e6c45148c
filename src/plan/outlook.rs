//! The guardrails once a plan has been carried out.

use crate::compile::{PolicyKey, Resources};
use crate::effective::{Effective, NewPolicy, PolicyIndex, Writing, control_type};
use crate::org::PolicyType;
use crate::plan::action::{Change, Plan, PolicyRef, PolicyText};
use crate::plan::edges::place_of;

impl Plan {
    /// Which policies bind whom once every action is done, held ones included, where `before` is
    /// what the plan was made from. What is blocked or only reported stays as it is.
    #[must_use]
    pub fn outlook(&self, before: &Effective, resources: &Resources) -> Effective {
        let mut outlook = Outlook { effective: before.clone(), resources };
        for action in &self.actions {
            outlook.carry_out(&action.change);
        }
        outlook.effective
    }
}

struct Outlook<'a> {
    effective: Effective,
    resources: &'a Resources,
}

impl Outlook<'_> {
    fn carry_out(&mut self, change: &Change) {
        match change {
            Change::EnablePolicyType { policy_type, .. } => {
                if let Some(control) = control_type(policy_type) {
                    self.effective.enable_type(control);
                }
            }
            Change::CreateUnit { path, .. } => self.effective.create_unit(path),
            Change::DeleteUnit { path, .. } => self.effective.delete_unit(path),
            Change::MoveAccount { account, to, .. } => {
                self.effective.move_account(account, &to.path);
            }
            Change::CreatePolicy { policy_type, policy, .. } => {
                self.write(policy_type, None, policy);
            }
            Change::UpdatePolicy { policy_type, id, after, .. } => {
                self.write(policy_type, self.effective.find_by_id(id), after);
            }
            Change::DeletePolicy { id, .. } => {
                if let Some(index) = self.effective.find_by_id(id) {
                    self.effective.delete_policy(index);
                }
            }
            Change::AttachPolicy { policy_type, policy, target } => {
                if let Some(index) = self.find(policy_type, policy) {
                    self.effective.attach(index, &place_of(target));
                }
            }
            Change::DetachPolicy { policy, target, .. } => {
                if let Some(index) = self.effective.find_by_id(policy) {
                    self.effective.detach(index, &place_of(target));
                }
            }
            Change::EnableTrustedService { .. }
            | Change::RegisterAdministrator { .. }
            | Change::DeregisterAdministrator { .. }
            | Change::Object(_) => {}
        }
    }

    /// Writes a policy anew, or where it is.
    fn write(&mut self, policy_type: &PolicyType, at: Option<PolicyIndex>, text: &PolicyText) {
        let Some(control) = control_type(policy_type) else { return };
        let key = PolicyKey { policy_type: policy_type.clone(), name: text.name.clone() };
        let wanted = self.resources.policies.get(&key);
        let writing = wanted.map_or(Writing::Foreign, Writing::of);
        let (name, content) = (text.name.as_str(), text.content.as_str());
        let policy = NewPolicy { policy_type: control, name, content, writing: &writing };
        match at {
            Some(index) => self.effective.set_policy(index, policy),
            None => {
                self.effective.create_policy(policy);
            }
        }
    }

    fn find(&self, policy_type: &PolicyType, policy: &PolicyRef) -> Option<PolicyIndex> {
        let by_id = policy.id.as_ref().and_then(|id| self.effective.find_by_id(id));
        by_id.or_else(|| self.effective.find(control_type(policy_type)?, &policy.name))
    }
}
