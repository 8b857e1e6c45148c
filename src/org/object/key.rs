//! What objects are called: kind, account, Region and name together are unique.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::org::AccountId;

/// A kind of object.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum ObjectKind {
    /// An IAM role.
    Role,
    /// A trail of `CloudTrail`.
    Trail,
    /// A CloudFormation StackSet.
    StackSet,
    /// A Region as an account has it.
    Region,
    /// An alternate contact of an account.
    AlternateContact,
    /// An IAM user.
    User,
    /// The password policy of an account, called `account`.
    PasswordPolicy,
    /// A SAML provider of IAM.
    SamlProvider,
    /// An `OpenID` Connect provider of IAM, called by its URL without the scheme.
    OidcProvider,
    /// A rule of `EventBridge` on the default bus.
    EventRule,
    /// A feature of central root access.
    RootFeature,
    /// The credentials of an account's root user.
    RootCredentials,
    /// A bucket of S3.
    Bucket,
    /// A key of KMS.
    KmsKey,
}

/// An AWS Region by its code, such as `eu-west-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Region(String);

/// Which object. As text `kind:account:region:name`, with nothing for the Region of what is global.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectKey {
    /// The account it lives in.
    pub account: AccountId,
    /// The Region it lives in; nothing for what is global.
    pub region: Option<Region>,
    /// What it is.
    pub kind: ObjectKind,
    /// Its name, unique within kind and place.
    pub name: String,
}

/// All objects of a kind in one place. As text `kind:account:region`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectQuery {
    /// The account.
    pub account: AccountId,
    /// The Region; nothing for what is global.
    pub region: Option<Region>,
    /// The kind.
    pub kind: ObjectKind,
}

/// Text that is no key of an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the key of an object, such as `role:555555555555::admin`")]
pub struct InvalidKey(String);

impl ObjectKind {
    /// Can objects of ours be found by a listing, which shows our mark? Then the ones that nobody wants any
    /// more are found and removed.
    pub fn is_listed(self) -> bool {
        match self {
            Self::Role
            | Self::StackSet
            | Self::Region
            | Self::User
            | Self::SamlProvider
            | Self::EventRule => true,
            // Listings of trails show no mark, and OIDC providers are never ours.
            Self::Trail
            | Self::OidcProvider
            | Self::AlternateContact
            | Self::PasswordPolicy
            | Self::RootFeature
            | Self::Bucket
            | Self::KmsKey
            | Self::RootCredentials => false,
        }
    }

    /// Does a listing say all there is to say of objects of the kind? Then they are not read one by one.
    pub fn is_told_by_listing(self) -> bool {
        match self {
            Self::Region => true,
            Self::Role
            | Self::Trail
            | Self::StackSet
            | Self::AlternateContact
            | Self::User
            | Self::PasswordPolicy
            | Self::SamlProvider
            | Self::OidcProvider
            | Self::EventRule
            | Self::Bucket
            | Self::KmsKey
            | Self::RootFeature
            | Self::RootCredentials => false,
        }
    }

    /// Is it read and changed with the caller's own credentials, whichever account it is in? Its requests
    /// then count against the caller's rates.
    pub fn is_reached_from_home(self) -> bool {
        match self {
            Self::Region | Self::AlternateContact | Self::RootFeature => true,
            Self::Role
            | Self::Trail
            | Self::StackSet
            | Self::User
            | Self::PasswordPolicy
            | Self::SamlProvider
            | Self::OidcProvider
            | Self::EventRule
            | Self::Bucket
            | Self::KmsKey
            | Self::RootCredentials => false,
        }
    }

    /// Can what is ours only be known by reading, because a listing shows no mark?
    pub fn is_unmarked_in_listing(self) -> bool {
        match self {
            Self::User | Self::SamlProvider => true,
            Self::Role
            | Self::StackSet
            | Self::EventRule
            | Self::OidcProvider
            | Self::PasswordPolicy
            | Self::Trail
            | Self::Region
            | Self::AlternateContact
            | Self::RootFeature
            | Self::Bucket
            | Self::KmsKey
            | Self::RootCredentials => false,
        }
    }

    /// What people call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
            Self::PasswordPolicy => "password policy",
            Self::SamlProvider => "SAML provider",
            Self::OidcProvider => "OIDC provider",
            Self::EventRule => "event rule",
            Self::Trail => "trail",
            Self::StackSet => "stack set",
            Self::Region => "Region",
            Self::AlternateContact => "alternate contact",
            Self::RootFeature => "root access feature",
            Self::RootCredentials => "credentials of",
            Self::Bucket => "bucket",
            Self::KmsKey => "KMS key",
        }
    }
}

impl Region {
    /// The Region with this code.
    pub fn new(code: &str) -> Self {
        Self(code.to_owned())
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

// === impl ObjectKey ===

impl ObjectKey {
    /// A global object.
    pub fn global(kind: ObjectKind, account: AccountId, name: &str) -> Self {
        Self { account, region: None, kind, name: name.to_owned() }
    }
}

/// For people, and free of text that AWS users control: names are desired state's.
impl fmt::Display for ObjectKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} in account {}", self.kind.words(), self.name, self.account)?;
        match &self.region {
            Some(region) => write!(formatter, ", {region}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ObjectKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let read = || {
            let (place, name) = split_place(text)?;
            let ObjectQuery { account, region, kind } = read_place(place)?;
            (!name.is_empty()).then(|| Self { account, region, kind, name: name.to_owned() })
        };
        read().ok_or_else(|| InvalidKey(text.to_owned()))
    }
}

impl TryFrom<String> for ObjectKey {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        text.parse()
    }
}

impl From<ObjectKey> for String {
    fn from(key: ObjectKey) -> String {
        let ObjectKey { account, region, kind, name } = key;
        format!("{}:{name}", String::from(ObjectQuery { account, region, kind }))
    }
}

// === impl ObjectQuery ===

impl fmt::Display for ObjectQuery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}s in account {}", self.kind.words(), self.account)?;
        match &self.region {
            Some(region) => write!(formatter, ", {region}"),
            None => Ok(()),
        }
    }
}

impl TryFrom<String> for ObjectQuery {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        read_place(&text).ok_or(InvalidKey(text))
    }
}

impl From<ObjectQuery> for String {
    fn from(query: ObjectQuery) -> String {
        let region = query.region.as_ref().map_or("", Region::as_str);
        format!("{}:{}:{region}", query.kind, query.account)
    }
}

/// The text before the third colon and after it: names may hold colons.
fn split_place(text: &str) -> Option<(&str, &str)> {
    let (at, _) = text.match_indices(':').nth(2)?;
    Some((&text[..at], &text[at + 1..]))
}

fn read_place(text: &str) -> Option<ObjectQuery> {
    let mut parts = text.split(':');
    let (kind, account, region) = (parts.next()?, parts.next()?, parts.next()?);
    Some(ObjectQuery {
        account: account.parse().ok()?,
        region: (!region.is_empty()).then(|| Region::new(region)),
        kind: kind.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{ObjectKey, ObjectKind, ObjectQuery, Region};

    #[test]
    fn keys_and_queries_read_back_from_their_text() {
        let key = ObjectKey::global(ObjectKind::Role, "555555555555".parse().unwrap(), "a:b/c");
        let regional = ObjectKey { region: Some(Region::new("eu-west-1")), ..key.clone() };
        for (key, text) in
            [(key, "role:555555555555::a:b/c"), (regional, "role:555555555555:eu-west-1:a:b/c")]
        {
            assert_eq!(String::from(key.clone()), text);
            assert_eq!(text.parse(), Ok(key.clone()));
            let ObjectKey { account, region, kind, name: _ } = key;
            let query = ObjectQuery { account, region, kind };
            assert_eq!(ObjectQuery::try_from(String::from(query.clone())), Ok(query));
        }
        for text in ["", "role", "role:5::a", "role:555555555555:", "role:555555555555::"] {
            assert!(text.parse::<ObjectKey>().is_err(), "{text}");
        }
    }
}
