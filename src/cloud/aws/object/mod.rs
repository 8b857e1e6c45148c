//! Objects in accounts: which file speaks for which kind.

/// Sends the request of a change, and gives the id of the answer.
macro_rules! sent {
    ($operation:ident, $request:expr) => {{
        let sent = $request.send().await;
        let answer = sent.map_err(|error| failure(Operation::$operation, &error))?;
        Ok(answer.request_id().map(str::to_owned))
    }};
}

mod bucket;
mod contact;
mod credential;
mod event_rule;
mod kms_key;
mod lifecycle;
mod oidc_provider;
mod password_policy;
mod region;
mod role;
mod root;
mod saml_provider;
mod selector;
mod stack_set;
mod tags;
mod text;
mod trail;
mod user;

use crate::cloud::aws::AwsCloud;
use crate::cloud::aws::member::Reached;
use crate::cloud::object;
use crate::cloud::{
    Answer, CloudError, CloudErrorKind, Operation, Page, PageToken, Reading, Reply,
};
use crate::org::{AccountId, ObjectKey, ObjectKind, ObjectQuery, ObjectStep, Region};

/// What was answered, and the id of the request.
type Answered<T> = Result<(T, Option<String>), CloudError>;

/// There is no such object, if that is what AWS says; otherwise the failure.
fn nothing_if_missing(error: CloudError) -> Answered<Reading> {
    let is_missing = error.kind == CloudErrorKind::NotFound;
    if is_missing { Ok((Reading::nothing(), error.request_id)) } else { Err(error) }
}

/// A part that is gone since it was listed: what else has changed is for the next reading to say.
fn changed_if_gone(error: CloudError) -> CloudError {
    let is_gone = error.kind == CloudErrorKind::NotFound;
    if is_gone { CloudError { kind: CloudErrorKind::Unavailable, ..error } } else { error }
}

impl AwsCloud {
    pub(super) async fn read_object(
        &self,
        key: &ObjectKey,
        reading: Reading,
    ) -> Result<Answer, CloudError> {
        let Reached { session, partition, home } = self.reach(key.kind, &key.account).await?;
        let named = named(&key.account, &home);
        let answered = match key.kind {
            ObjectKind::Role => role::read(&session.iam().reads, &key.name, reading).await,
            ObjectKind::User => {
                Box::pin(user::read(&session.iam().reads, &key.name, reading)).await
            }
            ObjectKind::PasswordPolicy => password_policy::read(&session.iam().reads).await,
            ObjectKind::SamlProvider => {
                saml_provider::read(&session.iam().reads, &arn(&partition, key)).await
            }
            // Never ours, and never read: see `plan`'s closed places.
            ObjectKind::OidcProvider => Err(not_listed(Operation::ListOidcProviders)),
            ObjectKind::EventRule => {
                let client = session.events(key.region.as_ref());
                let rule = arn(&partition, key);
                event_rule::read(&client.reads, (&key.name, &rule), reading).await
            }
            ObjectKind::Trail => {
                let clients = session.cloudtrail(key.region.as_ref());
                trail::read(&clients.reads, &trail::arn(&partition, key), reading).await
            }
            ObjectKind::StackSet => {
                let client = session.cloudformation(key.region.as_ref());
                stack_set::read(&client.reads, &key.name, reading).await
            }
            ObjectKind::RootFeature => root::read_feature(&session.iam().reads, &key.name).await,
            ObjectKind::RootCredentials => root::read_credentials(&session.iam().reads).await,
            ObjectKind::Region => region::read(session.account(), named, &key.name).await,
            ObjectKind::AlternateContact => {
                contact::read(session.account(), named, &key.name).await
            }
            ObjectKind::Bucket => {
                let clients = session.s3(key.region.as_ref());
                bucket::read(&clients.reads, key, reading).await
            }
            ObjectKind::KmsKey => {
                let clients = session.kms(key.region.as_ref());
                kms_key::read(&clients.reads, &key.name, reading).await
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
        let Reached { session, partition: _, home } =
            self.reach(query.kind, &query.account).await?;
        let named = named(&query.account, &home);
        let answered = match query.kind {
            ObjectKind::Role => role::list(&session.iam().reads, query, page).await,
            ObjectKind::User => user::list(&session.iam().reads, query, page).await,
            ObjectKind::SamlProvider => saml_provider::list(&session.iam().reads, query).await,
            ObjectKind::OidcProvider => oidc_provider::list(&session.iam().reads, query).await,
            ObjectKind::EventRule => {
                let client = session.events(query.region.as_ref());
                event_rule::list(&client.reads, query, page).await
            }
            ObjectKind::PasswordPolicy => Err(not_listed(Operation::GetAccountPasswordPolicy)),
            // Not listed: see `ObjectKind::is_listed`.
            ObjectKind::StackSet => {
                let client = session.cloudformation(query.region.as_ref());
                stack_set::list(&client.reads, query, page).await
            }
            ObjectKind::Region => region::list(session.account(), named, query, page).await,
            ObjectKind::AlternateContact
            | ObjectKind::RootFeature
            | ObjectKind::RootCredentials => Err(not_listed(object::listing(query.kind))),
            ObjectKind::Trail | ObjectKind::Bucket | ObjectKind::KmsKey => {
                Ok((Page { items: Vec::new(), next: None }, None))
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
        let Reached { session, partition, home } = self.reach(key.kind, &key.account).await?;
        let named = named(&key.account, &home);
        let answered = match step {
            ObjectStep::Role(step) => role::write(&session.iam().writes, &key.name, step).await,
            ObjectStep::User(step) => {
                Box::pin(user::write(&session.iam().writes, &key.name, step)).await
            }
            ObjectStep::PasswordPolicy(step) => {
                Box::pin(password_policy::write(&session.iam().writes, step)).await
            }
            ObjectStep::SamlProvider(step) => {
                let provider = arn(&partition, key);
                let writes = &session.iam().writes;
                Box::pin(saml_provider::write(writes, (&key.name, &provider), step)).await
            }
            ObjectStep::EventRule(step) => {
                let client = session.events(key.region.as_ref());
                let rule = arn(&partition, key);
                Box::pin(event_rule::write(&client.writes, (&key.name, &rule), step)).await
            }
            ObjectStep::Trail(step) => {
                let clients = session.cloudtrail(key.region.as_ref());
                let arn = trail::arn(&partition, key);
                trail::write(&clients.writes, &arn, &key.name, step).await
            }
            ObjectStep::StackSet(step) => {
                let client = session.cloudformation(key.region.as_ref());
                stack_set::write(&client.writes, &key.name, step).await
            }
            ObjectStep::RootFeature(step) => root::write_feature(&session.iam().writes, step).await,
            ObjectStep::Region(step) => {
                region::write(session.account(), named, &key.name, &step).await
            }
            ObjectStep::AlternateContact(step) => {
                contact::write(session.account(), named, &key.name, step).await
            }
            ObjectStep::Bucket(step) => {
                let clients = session.s3(key.region.as_ref());
                bucket::write(&clients.writes, key, step).await
            }
            ObjectStep::KmsKey(step) => {
                let clients = session.kms(key.region.as_ref());
                Box::pin(kms_key::write(&clients.writes, &key.name, step)).await
            }
        };
        let request_id = self.told(&key.account, answered).await?;
        Ok(Answer { reply: Reply::Done, request_id })
    }

    /// A session that reaches objects of a kind in `account`: one in that account, but for what is asked for
    /// from where the caller is. The trail of an organization is the management account's, and a delegated
    /// administrator keeps it from its own.
    async fn reach(&self, kind: ObjectKind, account: &AccountId) -> Result<Reached, CloudError> {
        let caller = async { Ok(self.identify().await?.0) };
        let account = match kind {
            ObjectKind::Role
            | ObjectKind::StackSet
            | ObjectKind::User
            | ObjectKind::PasswordPolicy
            | ObjectKind::SamlProvider
            | ObjectKind::OidcProvider
            | ObjectKind::EventRule
            | ObjectKind::Bucket
            | ObjectKind::KmsKey
            | ObjectKind::RootCredentials => Some(account),
            ObjectKind::Trail
            | ObjectKind::Region
            | ObjectKind::AlternateContact
            | ObjectKind::RootFeature => None,
        };
        Box::pin(self.members.reach(account, caller)).await
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

/// The ARN of an object that is asked for by it.
fn arn(partition: &str, key: &ObjectKey) -> String {
    let ObjectKey { account, region, kind, name } = key;
    if *kind == ObjectKind::SamlProvider {
        return format!("arn:{partition}:iam::{account}:saml-provider/{name}");
    }
    let region = region.as_ref().map_or("", Region::as_str);
    format!("arn:{partition}:events:{region}:{account}:rule/{name}")
}

/// The id to name in a request that is about another account than the caller's.
fn named(account: &AccountId, home: &AccountId) -> Option<String> {
    (home != account).then(|| account.to_string())
}

/// The answer to a listing that nothing asks for: objects of the kind are named by documents.
fn not_listed(operation: Operation) -> CloudError {
    CloudError::new(CloudErrorKind::Invalid, operation, "NotListed", "there is no such listing")
}
