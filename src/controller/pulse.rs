//! The pulse of a pass: every answer from AWS shows that it moves.

use async_trait::async_trait;

use crate::cloud::{Answer, Call, Cloud, CloudError};
use crate::status::Publisher;

/// A cloud whose answers are taken as signs of life. A first look at ten thousand accounts takes
/// minutes and is no reason to be killed; a call that never returns is.
pub(in crate::controller) struct Pulse<'a> {
    pub(in crate::controller) cloud: &'a dyn Cloud,
    pub(in crate::controller) publisher: &'a Publisher,
}

#[async_trait]
impl Cloud for Pulse<'_> {
    async fn call(&self, call: Call) -> Result<Answer, CloudError> {
        let answer = self.cloud.call(call).await;
        self.publisher.move_on();
        answer
    }
}
