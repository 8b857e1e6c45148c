//! The organization as desired state says it is: nothing but what git holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::compile::Resources;
use crate::effective::change::{control_type, default_policy};
use crate::effective::{CONTROL_TYPES, Effective, NewPolicy, Outsiders, Places, Policies, Writing};
use crate::org::OuPath;

impl Effective {
    /// The policies that `resources` want, on the accounts they place; what AWS attaches by itself
    /// is everywhere.
    ///
    /// Documents that are only observed, or suspended, count: the question is what they say. An
    /// account that nobody places may lie anywhere, so that questions about it are unknown.
    pub fn desired(resources: &Resources) -> Self {
        let mut accounts = resources.placements.clone();
        accounts.entry(resources.management_account.clone()).or_insert_with(OuPath::root);
        let mut effective = Self {
            organization_id: Some(resources.organization_id.clone()),
            management_account: Some(resources.management_account.clone()),
            places: Arc::new(Places {
                accounts,
                names: resources.account_names.clone(),
                units: resources.units.clone(),
                outsiders: Outsiders::Unplaced,
            }),
            policies: Arc::new(Policies::default()),
            attached: Arc::new(BTreeMap::new()),
            enabled: BTreeSet::new(),
            unseen: Arc::new(Vec::new()),
        };
        for policy_type in CONTROL_TYPES {
            let known = |name: &crate::org::PolicyType| control_type(name) == Some(policy_type);
            // Every organization that uses a type has its default policy, wanted by no document.
            if resources.policy_types.iter().any(known) {
                effective.create_policy(default_policy(policy_type));
                effective.enable_type(policy_type);
            }
        }
        for (key, policy) in &resources.policies {
            let Some(policy_type) = control_type(&key.policy_type) else { continue };
            let writing = Writing::of(policy);
            let index = effective.create_policy(NewPolicy {
                policy_type,
                name: &key.name,
                content: &policy.content,
                writing: &writing,
            });
            for target in &policy.targets {
                effective.attach(index, target);
            }
        }
        effective
    }
}
