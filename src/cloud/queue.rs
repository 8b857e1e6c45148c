//! The port to the queue in which AWS tells of changes. Knows no SDK, and nothing of what messages say.

use async_trait::async_trait;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMessage {
    /// The queue's id of it: the same when it is handed out again.
    pub id: String,
    /// What deletes it; another one every time.
    pub receipt: String,
    /// What it says.
    pub body: String,
}

/// Why a queue gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// It may not be used, or is not there; a person has to do something.
    #[error("the queue cannot be used: {0}")]
    Refused(String),
    /// It did not answer.
    #[error("the queue cannot be reached: {0}")]
    Unavailable(String),
}

/// A queue of messages. Each may come late, twice, or never.
#[async_trait]
pub trait EventQueue: Send + Sync {
    /// Waits for messages, some seconds long; none is an answer too. What is not deleted comes again.
    async fn receive(&self) -> Result<Vec<QueuedMessage>, QueueError>;

    /// Deletes messages, by their receipts. One that has run out deletes nothing, and is no error.
    async fn delete(&self, receipts: &[String]) -> Result<(), QueueError>;
}
