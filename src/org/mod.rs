//! The vocabulary: ids, paths, policy types, the observed organization. No I/O, nothing of AWS's SDK.

mod hex;
mod id;
mod mark;
mod members;
mod object;
mod part;
mod path;
mod policy_type;
mod snapshot;
mod tree;

pub use crate::org::hex::hex;
pub use crate::org::id::{
    AccountId, InvalidId, OrganizationId, OuId, ParentId, PolicyId, RootId, TargetId,
};
pub use crate::org::mark::{
    DESCRIPTION_CHARACTERS_MAX, DOCUMENT_TAG, DocumentRef, Mark, OWNER_TAG, PRUNE_TAG,
};
pub use crate::org::members::Members;
pub use crate::org::object::{
    AutoDeployment, BucketState, BucketStep, Comparison, Contact, ContactDetails, ContactStep,
    Credential, CredentialKind, Deployed, EventRuleState, EventRuleStep, EventSelector,
    EventTarget, FieldSelector, Instance, InstanceStatus, InvalidCredential, InvalidKey,
    KmsKeyState, KmsKeyStatus, KmsKeyStep, LifecycleRule, ListedObject, LockMode, ObjectKey,
    ObjectKind, ObjectQuery, ObjectState, ObjectStep, OperationStatus, PasswordPolicyState,
    PasswordPolicyStep, Piece, PublicBlock, Reach, Region, RegionConcurrency, RegionState,
    RegionStatus, RegionStep, Retention, RoleState, RoleStep, Rollout, RootCredentialsState,
    RootFeature, RootFeatureState, RootFeatureStep, SamlProviderState, SamlProviderStep, Settings,
    Share, SignIn, StackSetOperation, StackSetPermissions, StackSetState, StackSetStep, TrailCover,
    TrailDelivery, TrailSettings, TrailState, TrailStep, UserState, UserStep, Versioning,
    even_lines, operation_id, read_stamp, stamp_template, template_stamp,
};
pub use crate::org::part::{Part, Unknown};
pub use crate::org::path::{InvalidPath, OuPath};
pub use crate::org::policy_type::{POLICY_TYPES, PolicyQuota, PolicyType, PolicyTypeFacts};
pub use crate::org::snapshot::{
    Caller, ObservedPolicy, OrgSnapshot, Organization, PolicyTypeStatus, Root,
};
pub use crate::org::tree::{AccountState, ObservedAccount, ObservedUnit, Tree};
