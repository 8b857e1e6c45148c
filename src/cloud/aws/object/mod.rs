//! Objects in accounts: which file speaks for which kind.

mod role;
mod selector;
mod stack_set;
mod text;
mod trail;

use std::sync::Arc;

use crate::cloud::aws::AwsCloud;
use crate::cloud::aws::member::Session;
use crate::cloud::{Answer, CloudError, CloudErrorKind, Page, PageToken, Reading, Reply};
use crate::org::{AccountId, ObjectKey, ObjectKind, ObjectQuery, ObjectStep};

/// What was answered, and the id of the request.
type Answered<T> = Result<(T, Option<String>), CloudError>;

impl AwsCloud {
    pub(super) async fn read_object(
        &self,
        key: &ObjectKey,
        reading: Reading,
    ) -> Result<Answer, CloudError> {
        let (session, partition) = self.reach(key).await?;
        let answered = match key.kind {
            ObjectKind::Role => role::read(&session.iam().reads, &key.name, reading).await,
            ObjectKind::Trail => {
                let clients = session.cloudtrail(key.region.as_ref());
                trail::read(&clients.reads, &trail::arn(&partition, key), reading).await
            }
            ObjectKind::StackSet => {
                let client = session.cloudformation(key.region.as_ref());
                stack_set::read(&client.reads, &key.name, reading).await
            }
        };
        let (reading, request_id) = self.told(&key.account, answered).await?;
        Ok(Answer { reply: Reply::Reading(Box::new(reading)), request_id })
    }

    pub(super) async fn list_objects(
        &self,
        query: &ObjectQuery,
        page: PageToken,
    ) -> Result<Answer, CloudError> {
        let session = self.enter(&query.account).await?;
        let answered = match query.kind {
            ObjectKind::Role => role::list(&session.iam().reads, query, page).await,
            // Not listed: see `ObjectKind::is_listed`.
            ObjectKind::Trail => Ok((Page { items: Vec::new(), next: None }, None)),
            ObjectKind::StackSet => {
                let client = session.cloudformation(query.region.as_ref());
                stack_set::list(&client.reads, query, page).await
            }
        };
        let (page, request_id) = self.told(&query.account, answered).await?;
        Ok(Answer { reply: Reply::Objects(page), request_id })
    }

    pub(super) async fn write_object(
        &self,
        key: &ObjectKey,
        step: ObjectStep,
    ) -> Result<Answer, CloudError> {
        let (session, partition) = self.reach(key).await?;
        let answered = match step {
            ObjectStep::Role(step) => role::write(&session.iam().writes, &key.name, step).await,
            ObjectStep::Trail(step) => {
                let clients = session.cloudtrail(key.region.as_ref());
                let arn = trail::arn(&partition, key);
                trail::write(&clients.writes, &arn, &key.name, step).await
            }
            ObjectStep::StackSet(step) => {
                let client = session.cloudformation(key.region.as_ref());
                stack_set::write(&client.writes, &key.name, step).await
            }
        };
        let request_id = self.told(&key.account, answered).await?;
        Ok(Answer { reply: Reply::Done, request_id })
    }

    /// A session that reaches an object, and the partition: a session in its account, but for the trail of
    /// an organization, which is the management account's and which a delegated administrator keeps from
    /// where it is.
    async fn reach(&self, key: &ObjectKey) -> Result<(Arc<Session>, String), CloudError> {
        let caller = async { Ok(self.identify().await?.0) };
        let account = match key.kind {
            ObjectKind::Role | ObjectKind::StackSet => Some(&key.account),
            ObjectKind::Trail => None,
        };
        Box::pin(self.members.reach(account, caller)).await
    }

    async fn enter(&self, account: &AccountId) -> Result<Arc<Session>, CloudError> {
        let caller = async { Ok(self.identify().await?.0) };
        // Boxed: nearly always there is nothing to wait for, and every call would carry its size.
        Box::pin(self.members.enter(account, caller)).await
    }

    /// What was told in `account`; if it is that the credentials have ended, the next call gets new ones.
    async fn told<T>(
        &self,
        account: &AccountId,
        answered: Result<T, CloudError>,
    ) -> Result<T, CloudError> {
        if let Err(error) = &answered
            && error.kind == CloudErrorKind::Denied
            && error.code.starts_with("ExpiredToken")
        {
            self.members.leave(account).await;
        }
        answered
    }
}
