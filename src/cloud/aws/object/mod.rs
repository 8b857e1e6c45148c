//! Objects in accounts: which file speaks for which kind.

mod role;
mod text;

use std::sync::Arc;

use crate::cloud::aws::AwsCloud;
use crate::cloud::aws::member::Session;
use crate::cloud::{Answer, CloudError, PageToken, Reading, Reply};
use crate::org::{AccountId, ObjectKey, ObjectKind, ObjectQuery, ObjectStep};

/// What was answered, and the id of the request.
type Answered<T> = Result<(T, Option<String>), CloudError>;

impl AwsCloud {
    pub(super) async fn read_object(
        &self,
        key: &ObjectKey,
        reading: Reading,
    ) -> Result<Answer, CloudError> {
        let session = self.enter(&key.account).await?;
        let (reading, request_id) = match key.kind {
            ObjectKind::Role => role::read(&session.iam().reads, &key.name, reading).await?,
        };
        Ok(Answer { reply: Reply::Reading(Box::new(reading)), request_id })
    }

    pub(super) async fn list_objects(
        &self,
        query: &ObjectQuery,
        page: PageToken,
    ) -> Result<Answer, CloudError> {
        let session = self.enter(&query.account).await?;
        let (page, request_id) = match query.kind {
            ObjectKind::Role => role::list(&session.iam().reads, query, page).await?,
        };
        Ok(Answer { reply: Reply::Objects(page), request_id })
    }

    pub(super) async fn write_object(
        &self,
        key: &ObjectKey,
        step: ObjectStep,
    ) -> Result<Answer, CloudError> {
        let session = self.enter(&key.account).await?;
        let request_id = match step {
            ObjectStep::Role(step) => role::write(&session.iam().writes, &key.name, step).await?,
        };
        Ok(Answer { reply: Reply::Done, request_id })
    }

    async fn enter(&self, account: &AccountId) -> Result<Arc<Session>, CloudError> {
        let caller = async { Ok(self.identify().await?.0) };
        // Boxed: nearly always there is nothing to wait for, and every call would carry its size.
        Box::pin(self.members.enter(account, caller)).await
    }
}
