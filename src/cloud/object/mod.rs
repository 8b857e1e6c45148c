//! Objects in accounts as requests: which operations read, list and change each kind.
//!
//! An object is rarely one request. Reading one is therefore done request by request, as a listing is read
//! page by page: each answer says what is known so far and what is left to ask. So budgets, counting,
//! recording and fault injection see every single request and know nothing of objects.

mod bucket;
mod contact;
mod event_rule;
mod kms_key;
mod oidc_provider;
mod password_policy;
mod region;
mod role;
mod root;
mod saml_provider;
mod stack_set;
mod trail;
mod user;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::cloud::Operation;
use crate::org::{ObjectKind, ObjectState, ObjectStep};

/// How far the reading of an object has come. A new one has come nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// What is known of the object; nothing if there is none, or nothing is known yet.
    pub found: Option<ObjectState>,
    /// What is left to ask, in order.
    pub left: VecDeque<Question>,
}

/// One request of a reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What to call.
    pub operation: Operation,
    /// What of the object to ask for, where the operation takes a name.
    pub name: Option<String>,
    /// Where the next page starts, where the operation has pages.
    pub page: Option<String>,
}

impl Question {
    /// A question about the object as a whole.
    pub fn of(operation: Operation) -> Self {
        Self { operation, name: None, page: None }
    }

    /// A question about what is called `name` in the object.
    pub fn about(operation: Operation, name: &str) -> Self {
        Self { operation, name: Some(name.to_owned()), page: None }
    }

    /// The same question, about the page that starts at `page`; nothing after the last page.
    pub fn next_page(&self, page: Option<String>) -> Option<Self> {
        let page = page.filter(|page| !page.is_empty())?;
        Some(Self { page: Some(page), ..self.clone() })
    }
}

impl Reading {
    /// There is no such object.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The whole object.
    pub fn whole(found: ObjectState) -> Self {
        Self { found: Some(found), left: VecDeque::new() }
    }

    /// Is there nothing left to ask? Meant for an answer: a reading that has not begun looks so too.
    pub fn is_complete(&self) -> bool {
        self.left.is_empty()
    }

    /// The next request.
    pub fn operation(&self, kind: ObjectKind) -> Operation {
        self.left.front().map_or_else(|| first(kind), |question| question.operation)
    }
}

/// The request with which reading an object begins.
pub(in crate::cloud) fn first(kind: ObjectKind) -> Operation {
    match kind {
        ObjectKind::Role => role::FIRST,
        ObjectKind::Trail => trail::FIRST,
        ObjectKind::StackSet => stack_set::FIRST,
        ObjectKind::Region => region::FIRST,
        ObjectKind::AlternateContact => contact::FIRST,
        ObjectKind::User => user::FIRST,
        ObjectKind::PasswordPolicy => password_policy::FIRST,
        ObjectKind::SamlProvider => saml_provider::FIRST,
        // Listed, and never read one by one.
        ObjectKind::OidcProvider => oidc_provider::LISTING,
        ObjectKind::EventRule => event_rule::FIRST,
        ObjectKind::RootFeature => root::FEATURES,
        ObjectKind::RootCredentials => root::CREDENTIALS,
        ObjectKind::Bucket => bucket::FIRST,
        ObjectKind::KmsKey => kms_key::FIRST,
    }
}

/// The request that lists objects of a kind.
pub(in crate::cloud) fn listing(kind: ObjectKind) -> Operation {
    match kind {
        ObjectKind::Role => role::LISTING,
        ObjectKind::Trail => trail::LISTING,
        ObjectKind::StackSet => stack_set::LISTING,
        ObjectKind::Region => region::LISTING,
        ObjectKind::AlternateContact => contact::FIRST,
        ObjectKind::User => user::LISTING,
        // There is one, which is read and never listed.
        ObjectKind::PasswordPolicy => password_policy::FIRST,
        ObjectKind::SamlProvider => saml_provider::LISTING,
        ObjectKind::OidcProvider => oidc_provider::LISTING,
        ObjectKind::EventRule => event_rule::LISTING,
        ObjectKind::RootFeature => root::FEATURES,
        ObjectKind::RootCredentials => root::CREDENTIALS,
        ObjectKind::Bucket => bucket::LISTING,
        ObjectKind::KmsKey => kms_key::LISTING,
    }
}

/// The request that a step is.
pub(in crate::cloud) fn operation(step: &ObjectStep) -> Operation {
    match step {
        ObjectStep::Role(step) => role::operation(step),
        ObjectStep::Trail(step) => trail::operation(step),
        ObjectStep::StackSet(step) => stack_set::operation(step),
        ObjectStep::Region(step) => region::operation(step),
        ObjectStep::AlternateContact(step) => contact::operation(step),
        ObjectStep::User(step) => user::operation(step),
        ObjectStep::PasswordPolicy(step) => password_policy::operation(step),
        ObjectStep::SamlProvider(step) => saml_provider::operation(step),
        ObjectStep::EventRule(step) => event_rule::operation(step),
        ObjectStep::RootFeature(step) => root::operation(*step),
        ObjectStep::Bucket(step) => bucket::operation(step),
        ObjectStep::KmsKey(step) => kms_key::operation(step),
    }
}
