//! What one message of the events queue tells: who made which call, when, from where, and on what.
//!
//! Pure, and distrustful: a message is somebody else's text. It can wake a pass and name somebody; what is
//! to be done, no message says. Texts in an [`Event`] are bounded and hold no control characters, and may
//! still hold names of people: whoever shows them scrubs them first.

mod record;
mod subject;
mod text;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::org::{AccountId, OuId, PolicyId, PolicyType, TargetId};

/// Largest message that is read. SQS takes 1 MiB (Amazon SQS Developer Guide, "message quotas"), EventBridge
/// sends at most 256 KiB ("`PutEvents`").
pub const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// A call that somebody made, as CloudTrail recorded it and EventBridge handed it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// CloudTrail's id of it.
    pub id: String,
    /// The same for the records that one call leaves in several accounts.
    pub shared_id: Option<String>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
    /// Service and operation, such as `organizations:DetachPolicy`.
    pub call: String,
    /// When it was made.
    pub at: Timestamp,
    /// Who made it.
    pub principal: Principal,
    /// The address or the service it came from.
    pub from: Option<String>,
    /// The account it was made in.
    pub account: AccountId,
    /// What it was made on.
    pub subjects: BTreeSet<Subject>,
    /// Whose place the caller has taken with it.
    pub entered: Option<Identity>,
}

/// Who made a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Principal {
    /// Its ARN, or the service that it is.
    pub arn: String,
    /// The user, or the role behind the session, if it is one of IAM.
    pub identity: Option<Identity>,
}

/// A user or role of IAM, without its path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Its account.
    pub account: AccountId,
    /// Which of the two it is.
    pub kind: IdentityKind,
    /// Its name.
    pub name: String,
}

/// What an identity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdentityKind {
    /// An IAM user.
    User,
    /// An IAM role.
    Role,
}

/// What a call was made on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// OUs and accounts, whichever.
    Tree,
    /// An account, and where it is.
    Account(AccountId),
    /// An OU.
    Unit(OuId),
    /// A policy type.
    PolicyType(PolicyType),
    /// A policy that has been created, of this type.
    NewPolicy(PolicyType),
    /// A policy itself.
    Policy(PolicyId),
    /// A policy on a target.
    Attachment(PolicyId, TargetId),
    /// Trusted access of a service.
    TrustedService(String),
    /// The delegated administrators of a service.
    Administrators(String),
    /// The tags of an OU.
    Tags(String),
    /// Something in an account that has this name.
    Object(AccountId, String),
}

/// Why a message is no event to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    /// It is not what EventBridge sends of CloudTrail, or it contradicts itself.
    Malformed,
    /// It is, and concerns nothing that palisade looks after, or the call was refused.
    Irrelevant,
}

/// Reads a message.
pub fn read(message: &str) -> Result<Event, Rejected> {
    record::read(message)
}

impl Identity {
    /// The user or role that an ARN of IAM or STS names, without path and session.
    pub fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let (prefix, _partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (_region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        if prefix != "arn" {
            return None;
        }
        let (what, rest) = resource.split_once('/')?;
        let (kind, name) = match (service, what) {
            ("iam", "user") => (IdentityKind::User, rest.rsplit('/').next()?),
            ("iam", "role") => (IdentityKind::Role, rest.rsplit('/').next()?),
            ("sts", "assumed-role") => (IdentityKind::Role, rest.split('/').next()?),
            _ => return None,
        };
        (!name.is_empty()).then_some(Self {
            account: account.parse().ok()?,
            kind,
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
