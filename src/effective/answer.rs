//! What is answered to a question about a request: as the policies say, as far as they are known.

use crate::policy::{ControlType, Denial, Hierarchy, Missing, Request, Verdict};

/// The policies that a request meets, and what is not known of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bindings {
    /// The policies that are known.
    pub hierarchy: Hierarchy,
    /// What is not known.
    pub unseen: Vec<Unseen>,
}

/// Something that is not known and would decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The type of the policies it is about.
    pub policy_type: ControlType,
    /// The condition key that would tell, if a key would.
    pub key: Option<String>,
    /// What is not known, and why.
    pub reason: String,
}

/// What becomes of a request, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<'b> {
    /// No guardrail stands in the way.
    Allowed,
    /// A guardrail forbids it.
    Denied(Denial<'b>),
    /// The request, or what was seen of the organization, does not say enough.
    Unknown {
        /// What the request does not say.
        missing: Missing,
        /// What is not known of the policies.
        unseen: Vec<&'b Unseen>,
    },
}

impl Bindings {
    /// What becomes of `request`.
    ///
    /// A Deny that is known applies whatever the unknown policies say. Without one, anything
    /// unknown about policies that bind the request makes the answer unknown: a policy that was
    /// not seen may deny, and an SCP that was not seen may be the one that allows.
    pub fn decide(&self, request: &Request) -> Answer<'_> {
        let counts = |unseen: &&Unseen| self.hierarchy.is_bound(unseen.policy_type, request);
        let unseen: Vec<&Unseen> = self.unseen.iter().filter(counts).collect();
        let mut missing = match self.hierarchy.decide(request) {
            Verdict::Denied(denial @ Denial::Explicit(_)) => return Answer::Denied(denial),
            Verdict::Denied(denial) if unseen.is_empty() => return Answer::Denied(denial),
            Verdict::Allowed if unseen.is_empty() => return Answer::Allowed,
            Verdict::Denied(_) | Verdict::Allowed => Missing::default(),
            Verdict::Unknown(missing) => missing,
        };
        missing.keys.extend(unseen.iter().filter_map(|unseen| unseen.key.clone()));
        Answer::Unknown { missing, unseen }
    }
}
