//! The port to whoever is told of things. Knows no protocol, and nothing of what messages say.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// In a few words of ASCII, for what has a subject line.
    pub subject: String,
    /// All of it, as the receiver reads it.
    pub body: String,
}

/// Why a message did not arrive. Says nothing of where it should have gone: that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The receiver does not want it, and would not want it again.
    #[error("refused: {0}")]
    Refused(String),
    /// The receiver did not answer, or asked to be left alone for now. It may have the message all the same.
    #[error("not taken: {0}")]
    Unavailable(String),
}

/// Somebody who is told.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Hands a message over, once.
    async fn send(&self, message: &Message) -> Result<(), SendError>;
}
