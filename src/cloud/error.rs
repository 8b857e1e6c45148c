//! What can go wrong when AWS is asked: a closed list, so that every caller decides every case.

use std::time::Duration;

use crate::cloud::Operation;

/// A call that did not do what it was asked.
///
/// The message is AWS's own; it may name ids and ARNs and goes to logs and status, so adapters take
/// e-mail addresses out of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {code}: {message}{}", request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default())]
pub struct CloudError {
    /// What kind of failure it is; this decides what happens next.
    pub kind: CloudErrorKind,
    /// The operation that failed.
    pub operation: Operation,
    /// AWS's error code, such as `AccessDeniedException`, or palisade's own, such as `Timeout`.
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// AWS's request id, for support cases.
    pub request_id: Option<String>,
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::Display)]
pub enum CloudErrorKind {
    /// Too many requests; `after`, if AWS said so, is when to try again.
    Throttled {
        /// How long AWS asked to wait.
        after: Option<Duration>,
    },
    /// Somebody else is changing the same thing, or AWS has not finished an earlier change:
    /// `ConcurrentModificationException`, `PolicyChangesInProgressException`,
    /// `FinalizingOrganizationException`.
    Busy,
    /// The object is not there, or not in that state: `PolicyNotAttachedException`, `…NotFoundException`.
    NotFound,
    /// It is there already: `DuplicatePolicyException`, `DuplicatePolicyAttachmentException`.
    Exists,
    /// The caller may not, or its credentials have expired.
    Denied,
    /// The request itself is wrong: a malformed policy, a bad parameter.
    Invalid,
    /// A quota or a rule of the service stands in the way: `ConstraintViolationException`.
    Limit,
    /// The service, the network or the endpoint did not answer, and nothing can have changed.
    Unavailable,
    /// A change was sent and no answer came: it may or may not have happened.
    Unclear,
}

impl CloudError {
    /// A failure without a request id.
    pub fn new(kind: CloudErrorKind, operation: Operation, code: &str, message: &str) -> Self {
        Self {
            kind,
            operation,
            code: code.to_owned(),
            message: message.to_owned(),
            request_id: None,
        }
    }
}
