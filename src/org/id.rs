//! Identifiers of AWS Organizations, parsed once. Patterns are those of the API reference.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Text that is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not {expected}")]
pub struct InvalidId {
    /// What was found.
    pub found: String,
    /// What an identifier of this kind looks like.
    pub expected: &'static str,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What text of this kind looks like, for messages.
            pub const EXPECTED: &'static str = $expected;

            /// The identifier as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { found: text.to_owned(), expected: $expected })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// An AWS account.
    AccountId,
    "an account id of 12 digits",
    |text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
);
identifier!(
    /// An organization, `o-…`.
    OrganizationId,
    "an organization id such as `o-a1b2c3d4e5` (`o-` and 10 to 32 lower-case letters or digits)",
    |text| text.strip_prefix("o-").is_some_and(|rest| lower_alphanumeric(rest, 10, 32))
);
identifier!(
    /// The root of an organization, `r-…`.
    RootId,
    "a root id such as `r-ab12`",
    |text| text.strip_prefix("r-").is_some_and(|rest| lower_alphanumeric(rest, 4, 32))
);
identifier!(
    /// An organizational unit, `ou-…-…`.
    OuId,
    "an OU id such as `ou-ab12-11111111`",
    |text| {
        text.strip_prefix("ou-").and_then(|rest| rest.split_once('-')).is_some_and(|(root, rest)| {
            lower_alphanumeric(root, 4, 32) && lower_alphanumeric(rest, 8, 32)
        })
    }
);
identifier!(
    /// A policy, `p-…`; the ones AWS manages are called `p-FullAWSAccess` and the like.
    PolicyId,
    "a policy id such as `p-examplepolicyid111`",
    |text| {
        text.strip_prefix("p-").is_some_and(|rest| {
            (8..=128).contains(&rest.len())
                && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    }
);

fn lower_alphanumeric(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// What accounts and OUs lie in: the root or an OU.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ParentId {
    /// Directly under the root.
    Root(RootId),
    /// In an OU.
    Ou(OuId),
}

/// What a policy is attached to: the root, an OU or an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TargetId {
    /// The root: every member account.
    Root(RootId),
    /// An OU: every account in and below it.
    Ou(OuId),
    /// One account.
    Account(AccountId),
}

// === impl ParentId ===

impl ParentId {
    /// The id as AWS writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Root(id) => id.as_str(),
            Self::Ou(id) => id.as_str(),
        }
    }
}

impl FromStr for ParentId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.starts_with("r-") {
            text.parse().map(Self::Root)
        } else {
            text.parse().map(Self::Ou)
        }
    }
}

impl TryFrom<String> for ParentId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<ParentId> for String {
    fn from(id: ParentId) -> String {
        id.as_str().to_owned()
    }
}

impl fmt::Display for ParentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

// === impl TargetId ===

impl TargetId {
    /// The id as AWS writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Root(id) => id.as_str(),
            Self::Ou(id) => id.as_str(),
            Self::Account(id) => id.as_str(),
        }
    }
}

impl FromStr for TargetId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.starts_with("r-") {
            text.parse().map(Self::Root)
        } else if text.starts_with("ou-") {
            text.parse().map(Self::Ou)
        } else {
            text.parse().map(Self::Account)
        }
    }
}

impl TryFrom<String> for TargetId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<TargetId> for String {
    fn from(id: TargetId) -> String {
        id.as_str().to_owned()
    }
}

impl From<ParentId> for TargetId {
    fn from(id: ParentId) -> TargetId {
        match id {
            ParentId::Root(id) => Self::Root(id),
            ParentId::Ou(id) => Self::Ou(id),
        }
    }
}

impl fmt::Display for TargetId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
