//! What somebody with a console does to objects in accounts: a vandal's other trade.

use std::fmt;

use strum::IntoEnumIterator;

use crate::cloud::simulated::world::World;
use crate::org::{
    Contact, ContactDetails, KmsKeyStatus, ObjectKey, ObjectKind, ObjectState, RegionStatus,
    RoleState, RootFeatureState,
};

const WORLD_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
const OPEN_BUCKET: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}"#;
const OTHER_TEMPLATE: &str = r#"{"Resources":{"Other":{"Type":"AWS::SNS::Topic"}}}"#;
const SEIZED_KEY: &str = "AKIASIMULATEDKEY0001";

/// One bad thing that was done to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tampering {
    /// What it was done to.
    pub object: ObjectKey,
    /// What it was.
    pub deed: Deed,
}

/// A bad thing that can be done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter)]
pub enum Deed {
    /// Lets the whole world assume a role.
    OpenTrust,
    /// Deletes a role and everything on it.
    DeleteRole,
    /// Gives a user an access key.
    MakeKey,
    /// Takes the password policy of an account away.
    DropPasswordPolicy,
    /// Disables a rule of EventBridge.
    DisableRule,
    /// Stops a trail.
    StopTrail,
    /// Opens a bucket to everybody.
    OpenBucket,
    /// Schedules a KMS key for deletion.
    DoomKey,
    /// Gives a StackSet another template.
    ReplaceTemplate,
    /// Disables a Region in an account.
    DisableRegion,
    /// Puts somebody else where an account had its contact.
    ReplaceContact,
    /// Ends the central management of root access.
    EndRootAccess,
}

impl Deed {
    /// Every deed.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// The objects of `world` that it can be done to.
    pub(super) fn victims(self, world: &World) -> Vec<ObjectKey> {
        if self == Self::DisableRegion {
            let regions = world.regions_of_accounts();
            let enabled = regions.filter(|(_, state)| is_enabled(state));
            return enabled.map(|(key, _)| key).collect();
        }
        let objects = world.objects().iter();
        let hurt = objects.filter(|(key, state)| {
            self.kind() == key.kind && self.after(state).as_ref() != Some(*state)
        });
        hurt.map(|(key, _)| key.clone()).collect()
    }

    /// Does it, by nobody's leave.
    pub(super) fn befall(self, world: &mut World, key: &ObjectKey) {
        if self == Self::DisableRegion {
            return world.set_region(&key.account, &key.name, RegionStatus::Disabled);
        }
        let after = world.objects().get(key).and_then(|state| self.after(state));
        world.set_object(key, after);
    }

    fn kind(self) -> ObjectKind {
        match self {
            Self::OpenTrust | Self::DeleteRole => ObjectKind::Role,
            Self::MakeKey => ObjectKind::User,
            Self::DropPasswordPolicy => ObjectKind::PasswordPolicy,
            Self::DisableRule => ObjectKind::EventRule,
            Self::StopTrail => ObjectKind::Trail,
            Self::OpenBucket => ObjectKind::Bucket,
            Self::DoomKey => ObjectKind::KmsKey,
            Self::ReplaceTemplate => ObjectKind::StackSet,
            Self::DisableRegion => ObjectKind::Region,
            Self::ReplaceContact => ObjectKind::AlternateContact,
            Self::EndRootAccess => ObjectKind::RootFeature,
        }
    }

    /// What is left of an object; nothing when it is gone. What it cannot be done to stays as it was.
    fn after(self, before: &ObjectState) -> Option<ObjectState> {
        match (self, before.clone()) {
            (Self::OpenTrust, ObjectState::Role(role)) => {
                Some(ObjectState::Role(RoleState { trust: WORLD_TRUST.to_owned(), ..role }))
            }
            (Self::DeleteRole, ObjectState::Role(_))
            | (Self::DropPasswordPolicy, ObjectState::PasswordPolicy(_)) => None,
            (Self::MakeKey, ObjectState::User(mut user)) => {
                user.keys.insert(SEIZED_KEY.to_owned(), true);
                Some(ObjectState::User(user))
            }
            (Self::DisableRule, ObjectState::EventRule(mut rule)) => {
                "DISABLED".clone_into(&mut rule.state);
                Some(ObjectState::EventRule(rule))
            }
            (Self::StopTrail, ObjectState::Trail(mut trail)) => {
                trail.is_logging = false;
                Some(ObjectState::Trail(trail))
            }
            (Self::OpenBucket, ObjectState::Bucket(mut bucket)) => {
                bucket.policy = Some(OPEN_BUCKET.to_owned());
                bucket.public_access.clear();
                Some(ObjectState::Bucket(bucket))
            }
            (Self::DoomKey, ObjectState::KmsKey(mut key)) => {
                key.status = KmsKeyStatus::PendingDeletion;
                Some(ObjectState::KmsKey(key))
            }
            (Self::ReplaceTemplate, ObjectState::StackSet(mut set)) => {
                OTHER_TEMPLATE.clone_into(&mut set.template);
                Some(ObjectState::StackSet(set))
            }
            (Self::ReplaceContact, ObjectState::AlternateContact(_)) => {
                Some(ObjectState::AlternateContact(somebody_else()))
            }
            (Self::EndRootAccess, ObjectState::RootFeature(feature)) => {
                Some(ObjectState::RootFeature(RootFeatureState { enabled: false, ..feature }))
            }
            (_, before) => Some(before),
        }
    }
}

fn somebody_else() -> Contact {
    Contact::new(ContactDetails {
        name: "Somebody Else".to_owned(),
        title: "Nobody".to_owned(),
        email_address: "somebody@else.example".to_owned(),
        phone_number: "+00 000 9999".to_owned(),
    })
}

fn is_enabled(state: &ObjectState) -> bool {
    matches!(state, ObjectState::Region(region) if region.status == RegionStatus::Enabled)
}

impl fmt::Display for Tampering {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, deed } = self;
        match deed {
            Deed::OpenTrust => write!(formatter, "let the whole world assume {object}"),
            Deed::DeleteRole => write!(formatter, "deleted {object}"),
            Deed::MakeKey => write!(formatter, "gave {object} an access key"),
            Deed::DropPasswordPolicy => write!(formatter, "took {object} away"),
            Deed::DisableRule | Deed::DisableRegion => write!(formatter, "disabled {object}"),
            Deed::StopTrail => write!(formatter, "stopped {object}"),
            Deed::OpenBucket => write!(formatter, "opened {object} to everybody"),
            Deed::DoomKey => write!(formatter, "scheduled {object} for deletion"),
            Deed::ReplaceTemplate => write!(formatter, "replaced the template of {object}"),
            Deed::ReplaceContact => write!(formatter, "replaced {object}"),
            Deed::EndRootAccess => write!(formatter, "ended {object}"),
        }
    }
}
