//! Objects that live in accounts: what they are called, what they are, and the steps that change them.
//!
//! One file a kind: its state, and its steps, each of them one call to AWS. Knows no operation of any API
//! (`cloud` maps steps to those) and no order of steps (`plan` decides it).

mod bucket;
mod contact;
mod event_rule;
mod key;
mod kms_key;
mod password_policy;
mod region;
mod role;
mod root;
mod saml_provider;
mod stack_set;
mod trail;
mod user;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use crate::org::object::bucket::{
    BucketState, BucketStep, LifecycleRule, LockMode, PublicBlock, Retention, Versioning,
};
pub use crate::org::object::contact::{Contact, ContactDetails, ContactStep};
pub use crate::org::object::event_rule::{EventRuleState, EventRuleStep, EventTarget};
pub use crate::org::object::key::{InvalidKey, ObjectKey, ObjectKind, ObjectQuery, Region};
pub use crate::org::object::kms_key::{KmsKeyState, KmsKeyStatus, KmsKeyStep};
pub use crate::org::object::password_policy::{PasswordPolicyState, PasswordPolicyStep};
pub use crate::org::object::region::{RegionState, RegionStatus, RegionStep};
pub use crate::org::object::role::{RoleState, RoleStep};
pub use crate::org::object::root::{
    RootCredentialsState, RootFeature, RootFeatureState, RootFeatureStep,
};
pub use crate::org::object::saml_provider::{SamlProviderState, SamlProviderStep};
pub use crate::org::object::stack_set::{
    AutoDeployment, Deployed, Instance, InstanceStatus, OperationStatus, Piece, Reach,
    RegionConcurrency, Rollout, Settings, Share, StackSetOperation, StackSetPermissions,
    StackSetState, StackSetStep, even_lines, operation_id, read_stamp, stamp_template,
    template_stamp,
};
pub use crate::org::object::trail::{
    Comparison, EventSelector, FieldSelector, TrailCover, TrailDelivery, TrailSettings, TrailState,
    TrailStep,
};
pub use crate::org::object::user::{
    Credential, CredentialKind, InvalidCredential, SignIn, UserState, UserStep,
};

/// What an object is. Policy documents in it are text, as AWS keeps them or as they are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ObjectState {
    /// An IAM role.
    Role(RoleState),
    /// A trail of `CloudTrail`.
    Trail(TrailState),
    /// A CloudFormation StackSet.
    StackSet(StackSetState),
    /// A Region as an account has it.
    Region(RegionState),
    /// An alternate contact of an account.
    AlternateContact(Contact),
    /// An IAM user.
    User(UserState),
    /// The password policy of an account.
    PasswordPolicy(PasswordPolicyState),
    /// A SAML provider of IAM.
    SamlProvider(SamlProviderState),
    /// A rule of `EventBridge`.
    EventRule(EventRuleState),
    /// A feature of central root access.
    RootFeature(RootFeatureState),
    /// The credentials of an account's root user.
    RootCredentials(RootCredentialsState),
    /// A bucket of S3.
    Bucket(BucketState),
    /// A key of KMS.
    KmsKey(KmsKeyState),
}

/// One change of an object: one call to AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ObjectStep {
    /// Of an IAM role.
    Role(RoleStep),
    /// Of a trail.
    Trail(TrailStep),
    /// Of a CloudFormation StackSet.
    StackSet(StackSetStep),
    /// Of a Region as an account has it.
    Region(RegionStep),
    /// Of an alternate contact of an account.
    AlternateContact(ContactStep),
    /// Of an IAM user.
    User(UserStep),
    /// Of a password policy.
    PasswordPolicy(PasswordPolicyStep),
    /// Of a SAML provider.
    SamlProvider(SamlProviderStep),
    /// Of a rule of `EventBridge`.
    EventRule(EventRuleStep),
    /// Of a feature of central root access.
    RootFeature(RootFeatureStep),
    /// Of a bucket.
    Bucket(BucketStep),
    /// Of a KMS key.
    KmsKey(KmsKeyStep),
}

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListedObject {
    /// Which.
    pub key: ObjectKey,
    /// Its description, with palisade's mark if it is ours; empty for a kind that has none. Of a Region its
    /// opt-in state.
    pub description: String,
}

impl ListedObject {
    /// What the object is, where a listing says that.
    pub fn state(&self) -> Option<ObjectState> {
        match self.key.kind {
            ObjectKind::Region => {
                let status = self.description.parse().ok()?;
                Some(ObjectState::Region(RegionState::of(status)))
            }
            ObjectKind::Role
            | ObjectKind::Trail
            | ObjectKind::Bucket
            | ObjectKind::KmsKey
            | ObjectKind::StackSet
            | ObjectKind::AlternateContact
            | ObjectKind::User
            | ObjectKind::PasswordPolicy
            | ObjectKind::SamlProvider
            | ObjectKind::OidcProvider
            | ObjectKind::EventRule
            | ObjectKind::RootFeature
            | ObjectKind::RootCredentials => None,
        }
    }
}

impl ObjectState {
    /// Is AWS at work on it, so that it will soon be something else?
    pub fn is_in_transition(&self) -> bool {
        match self {
            Self::StackSet(set) => set.is_in_transition(),
            Self::Region(region) => region.status.is_in_transition(),
            Self::Role(_)
            | Self::Trail(_)
            | Self::AlternateContact(_)
            | Self::User(_)
            | Self::KmsKey(_)
            | Self::PasswordPolicy(_)
            | Self::SamlProvider(_)
            | Self::EventRule(_)
            | Self::Bucket(_)
            | Self::RootFeature(_)
            | Self::RootCredentials(_) => false,
        }
    }

    /// Its tags, if the kind has tags.
    pub fn tags(&self) -> Option<&std::collections::BTreeMap<String, String>> {
        match self {
            Self::Role(role) => Some(&role.tags),
            Self::Trail(trail) => Some(&trail.tags),
            Self::StackSet(set) => Some(&set.tags),
            Self::User(user) => Some(&user.tags),
            Self::SamlProvider(provider) => Some(&provider.tags),
            Self::EventRule(rule) => Some(&rule.tags),
            Self::PasswordPolicy(_)
            | Self::KmsKey(_)
            | Self::Region(_)
            | Self::AlternateContact(_)
            | Self::RootFeature(_)
            | Self::RootCredentials(_) => None,
            Self::Bucket(bucket) => Some(&bucket.tags),
        }
    }

    /// Is it the same in everything that somebody decides? What AWS observes may differ.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Trail(one), Self::Trail(other)) => one.is_same(other),
            (_, _) => self == other,
        }
    }

    /// The role that it is.
    pub fn as_role(&self) -> Option<&RoleState> {
        if let Self::Role(role) = self { Some(role) } else { None }
    }

    /// The StackSet that it is.
    pub fn as_stack_set(&self) -> Option<&StackSetState> {
        if let Self::StackSet(set) = self { Some(set) } else { None }
    }

    /// The bucket that it is.
    pub fn as_bucket(&self) -> Option<&BucketState> {
        if let Self::Bucket(bucket) = self { Some(bucket) } else { None }
    }

    /// The KMS key that it is.
    pub fn as_kms_key(&self) -> Option<&KmsKeyState> {
        if let Self::KmsKey(key) = self { Some(key) } else { None }
    }

    /// The trail that it is.
    pub fn as_trail(&self) -> Option<&TrailState> {
        if let Self::Trail(trail) = self { Some(trail) } else { None }
    }
}

impl ObjectStep {
    /// Does a failure with this code of AWS's say that the step was made before?
    pub fn is_so_already(&self, code: &str) -> bool {
        match self {
            Self::StackSet(step) => step.is_so_already(code),
            Self::Role(_)
            | Self::KmsKey(_)
            | Self::Trail(_)
            | Self::Region(_)
            | Self::AlternateContact(_)
            | Self::User(_)
            | Self::PasswordPolicy(_)
            | Self::SamlProvider(_)
            | Self::EventRule(_)
            | Self::Bucket(_)
            | Self::RootFeature(_) => false,
        }
    }

    /// Do the steps after it tell whether it was needed?
    pub fn may_fail(&self) -> bool {
        matches!(self, Self::StackSet(StackSetStep::ActivateAccess))
    }

    /// Does it take something away, so that it is as good as done when AWS does not find it?
    pub fn is_removal(&self) -> bool {
        match self {
            Self::Role(step) => step.is_removal(),
            Self::Trail(step) => step.is_removal(),
            Self::StackSet(step) => step.is_removal(),
            Self::User(step) => step.is_removal(),
            Self::PasswordPolicy(step) => step.is_removal(),
            Self::SamlProvider(step) => step.is_removal(),
            Self::EventRule(step) => step.is_removal(),
            Self::Region(_)
            | Self::AlternateContact(_)
            | Self::Bucket(_)
            | Self::KmsKey(_)
            | Self::RootFeature(_) => false,
        }
    }
}

impl fmt::Display for ObjectStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(step) => step.fmt(formatter),
            Self::Trail(step) => step.fmt(formatter),
            Self::StackSet(step) => step.fmt(formatter),
            Self::User(step) => step.fmt(formatter),
            Self::PasswordPolicy(step) => step.fmt(formatter),
            Self::SamlProvider(step) => step.fmt(formatter),
            Self::EventRule(step) => step.fmt(formatter),
            Self::Region(step) => step.fmt(formatter),
            Self::AlternateContact(step) => step.fmt(formatter),
            Self::RootFeature(step) => step.fmt(formatter),
            Self::Bucket(step) => step.fmt(formatter),
            Self::KmsKey(step) => step.fmt(formatter),
        }
    }
}
