//! The port to AWS: what palisade can ask and order, and what can go wrong. Knows no SDK.
//!
//! Adapters and decorators implement [`Cloud`]; everything above sees only the trait. Adapters are
//! chosen in `cli`.

mod ask;
pub mod aws;
pub mod budget;
mod call;
pub mod counted;
mod error;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
mod lease;
mod messenger;
mod object;
mod operation;
mod queue;
pub mod simulated;
mod webhook;

use async_trait::async_trait;

pub use crate::cloud::call::{Account, Answer, Call, Page, PageToken, PolicySummary, Reply, Unit};
pub use crate::cloud::error::{CloudError, CloudErrorKind};
pub use crate::cloud::lease::{LeaseError, LeaseRecord, LeaseStore, LeaseVersion};
pub use crate::cloud::messenger::{Message, Messenger, SendError};
pub use crate::cloud::object::{Question, Reading};
pub use crate::cloud::operation::{Bucket, Operation, Rate};
pub use crate::cloud::queue::{EventQueue, QueueError, QueuedMessage};
pub use crate::cloud::webhook::{InvalidUrl, SecretUrl, Webhook};

/// Somewhere an AWS Organization can be read and changed.
///
/// Implementations do not retry changes: a change without an answer is
/// [`CloudErrorKind::Unclear`], and the next pass finds out.
#[async_trait]
pub trait Cloud: Send + Sync {
    /// Sends one request and waits for the answer.
    async fn call(&self, call: Call) -> Result<Answer, CloudError>;
}

/// Whoever shares a cloud, or does not know which it is, has one.
#[async_trait]
impl<C: Cloud + ?Sized> Cloud for std::sync::Arc<C> {
    async fn call(&self, call: Call) -> Result<Answer, CloudError> {
        self.as_ref().call(call).await
    }
}
