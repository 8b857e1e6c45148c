//! Policies of the simulated organization: create, change, delete.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cloud::Reply;
use crate::cloud::simulated::refusal::{Code, Refusal, constraint, invalid};
use crate::cloud::simulated::tree::require_name;
use crate::cloud::simulated::world::{StoredPolicy, World};
use crate::org::{DESCRIPTION_CHARACTERS_MAX, PolicyId, PolicyQuota, PolicyType};
use crate::policy::Language;

const FULL_ACCESS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}"#;

const RESOURCE_FULL_ACCESS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": "*",
      "Action": "*",
      "Resource": "*"
    }
  ]
}"#;

/// `(id, type, name, description, document)` of the policies AWS puts on every root, OU and account.
const AWS_MANAGED: [(&str, &str, &str, &str, &str); 2] = [
    (
        "p-FullAWSAccess",
        "SERVICE_CONTROL_POLICY",
        "FullAWSAccess",
        "Allows access to every operation",
        FULL_ACCESS,
    ),
    (
        "p-RCPFullAWSAccess",
        "RESOURCE_CONTROL_POLICY",
        "RCPFullAWSAccess",
        "Allows access to every resource",
        RESOURCE_FULL_ACCESS,
    ),
];

impl World {
    pub(super) fn create_policy(
        &mut self,
        policy_type: &PolicyType,
        name: &str,
        description: &str,
        content: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<Reply, Refusal> {
        self.require_all_features()?;
        require_name(name)?;
        require_description(description)?;
        World::require_tags(&BTreeMap::new(), tags)?;
        self.require_document(policy_type, content)?;
        self.require_free_name(policy_type, name, None)?;
        let of_type = self.policies.values().filter(|policy| policy.policy_type == *policy_type);
        if of_type.count() >= policies_max(policy_type) {
            return Err(constraint(
                "POLICY_NUMBER_LIMIT_EXCEEDED",
                "You attempted to exceed the number of policies that you can have in an organization.",
            ));
        }
        let id = loop {
            let id = self.ids.policy();
            if !self.policies.contains_key(&id) {
                break id;
            }
        };
        let policy = StoredPolicy {
            policy_type: policy_type.clone(),
            name: name.to_owned(),
            description: description.to_owned(),
            content: content.to_owned(),
            aws_managed: false,
            targets: BTreeSet::new(),
        };
        self.policies.insert(id.clone(), policy);
        self.set_tags(id.as_str(), tags);
        Ok(Reply::CreatedPolicy(id))
    }

    pub(super) fn update_policy(
        &mut self,
        id: &PolicyId,
        name: Option<&String>,
        description: Option<&String>,
        content: Option<&String>,
    ) -> Result<Reply, Refusal> {
        let mut policy = self.require_own_policy(id)?.clone();
        if let Some(name) = name {
            require_name(name)?;
            self.require_free_name(&policy.policy_type, name, Some(id))?;
            policy.name.clone_from(name);
        }
        if let Some(description) = description {
            require_description(description)?;
            policy.description.clone_from(description);
        }
        if let Some(content) = content {
            self.require_document(&policy.policy_type, content)?;
            policy.content.clone_from(content);
        }
        self.policies.insert(id.clone(), policy);
        Ok(Reply::Done)
    }

    pub(super) fn delete_policy(&mut self, id: &PolicyId) -> Result<Reply, Refusal> {
        if !self.require_own_policy(id)?.targets.is_empty() {
            return Err(Code::PolicyInUseException.because(
                "The policy is attached to one or more entities. You must detach it from all roots, \
                 OUs, and accounts before performing this operation.",
            ));
        }
        self.policies.remove(id);
        self.tags.remove(id.as_str());
        Ok(Reply::Done)
    }

    /// The policies AWS owns exist in every organization.
    pub(super) fn store_aws_managed_policies(&mut self) {
        for (id, policy_type, name, description, content) in AWS_MANAGED {
            let Ok(id) = id.parse::<PolicyId>() else { continue };
            self.policies.entry(id).or_insert_with(|| StoredPolicy {
                policy_type: PolicyType::named(policy_type),
                name: name.to_owned(),
                description: description.to_owned(),
                content: content.to_owned(),
                aws_managed: true,
                targets: BTreeSet::new(),
            });
        }
    }

    /// The policy of this type that AWS puts on everything new.
    pub(super) fn default_policy(&mut self, policy_type: &PolicyType) -> Option<&mut StoredPolicy> {
        let (id, ..) = AWS_MANAGED.iter().find(|(_, of, ..)| *of == policy_type.as_str())?;
        self.policies.get_mut(&id.parse().ok()?)
    }

    /// The quota of a type in this organization.
    pub(super) fn quota(&self, policy_type: &PolicyType) -> PolicyQuota {
        self.quotas.get(policy_type).copied().unwrap_or(policy_type.facts().quota)
    }

    pub(super) fn require_policy(&self, id: &PolicyId) -> Result<&StoredPolicy, Refusal> {
        self.policies.get(id).ok_or_else(|| {
            Code::PolicyNotFoundException.because(format!(
                "We can't find a policy with the PolicyId `{id}` that you specified."
            ))
        })
    }

    pub(super) fn require_all_features(&self) -> Result<(), Refusal> {
        if self.organization.all_features {
            return Ok(());
        }
        Err(Code::PolicyTypeNotAvailableForOrganizationException.because(
            "You can't use the specified policy type with the feature set currently enabled for this \
             organization.",
        ))
    }

    fn require_own_policy(&self, id: &PolicyId) -> Result<&StoredPolicy, Refusal> {
        let policy = self.require_policy(id)?;
        if policy.aws_managed {
            return Err(invalid(
                "IMMUTABLE_POLICY",
                "You specified a policy that is managed by AWS and can't be modified.",
            ));
        }
        Ok(policy)
    }

    fn require_free_name(
        &self,
        policy_type: &PolicyType,
        name: &str,
        except: Option<&PolicyId>,
    ) -> Result<(), Refusal> {
        match self.policy_named(policy_type, name) {
            Some((id, _)) if Some(id) != except => Err(Code::DuplicatePolicyException
                .because("A policy with the same name already exists.")),
            Some(_) | None => Ok(()),
        }
    }

    /// AWS looks at the grammar of a document too; the simulation only at its outermost shape.
    fn require_document(&self, policy_type: &PolicyType, content: &str) -> Result<(), Refusal> {
        let malformed = || {
            Code::MalformedPolicyDocumentException.because(
                "The provided policy document doesn't meet the requirements of the specified policy type.",
            )
        };
        let document: Value = serde_json::from_str(content).map_err(|_| malformed())?;
        let well_formed = match policy_type.facts().language {
            Language::Iam => document.get("Statement").is_some(),
            Language::Inheritance => document.is_object(),
        };
        if !well_formed {
            return Err(malformed());
        }
        let characters_max = self.quota(policy_type).characters_max;
        if content.chars().count() > characters_max {
            return Err(constraint(
                "POLICY_CONTENT_LIMIT_EXCEEDED",
                &format!("The policy is larger than {characters_max} characters."),
            ));
        }
        Ok(())
    }
}

fn require_description(description: &str) -> Result<(), Refusal> {
    if description.chars().count() > DESCRIPTION_CHARACTERS_MAX {
        return Err(invalid(
            "MAX_LENGTH_EXCEEDED",
            "The description can have at most 512 characters.",
        ));
    }
    Ok(())
}

/// Policies of one type in an organization ("Quotas and service limits", read 2026-11).
fn policies_max(policy_type: &PolicyType) -> usize {
    match policy_type.as_str() {
        "SERVICE_CONTROL_POLICY" => 10_000,
        "RESOURCE_CONTROL_POLICY" => 2_000,
        _ => 1_000,
    }
}
