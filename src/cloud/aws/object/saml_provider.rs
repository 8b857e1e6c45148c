//! SAML providers of IAM. They are asked for by ARN, which begins the same for all of an account.

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::RequestId;

use crate::cloud::aws::failure::failure;
use crate::cloud::aws::object::tags::iam_tags;
use crate::cloud::aws::object::{Answered, nothing_if_missing};
use crate::cloud::{CloudError, Operation, Page, Reading};
use crate::org::{
    ListedObject, ObjectKey, ObjectKind, ObjectQuery, ObjectState, SamlProviderState,
    SamlProviderStep,
};

pub(super) async fn read(client: &Client, arn: &str) -> Answered<Reading> {
    let answer = match client.get_saml_provider().saml_provider_arn(arn).send().await {
        Ok(answer) => answer,
        Err(error) => return nothing_if_missing(failure(Operation::GetSamlProvider, &error)),
    };
    let found = SamlProviderState {
        metadata: answer.saml_metadata_document().unwrap_or_default().to_owned(),
        valid_until: answer.valid_until().map(aws_sdk_iam::primitives::DateTime::secs),
        tags: answer.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
    };
    let reading = Reading::whole(ObjectState::SamlProvider(found));
    Ok((reading, answer.request_id().map(str::to_owned)))
}

/// All SAML providers of an account: there are no pages.
pub(super) async fn list(client: &Client, query: &ObjectQuery) -> Answered<Page<ListedObject>> {
    let sent = client.list_saml_providers().send().await;
    let answer = sent.map_err(|error| failure(Operation::ListSamlProviders, &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    let names = answer
        .saml_provider_list()
        .iter()
        .filter_map(|provider| provider.arn()?.split_once(":saml-provider/"));
    let items = names
        .map(|(_, name)| ListedObject {
            key: ObjectKey::global(ObjectKind::SamlProvider, query.account.clone(), name),
            description: String::new(),
        })
        .collect();
    Ok((Page { items, next: None }, request_id))
}

/// Makes one change of the provider called `name`, whose ARN is `arn`.
pub(super) async fn write(
    client: &Client,
    (name, arn): (&str, &str),
    step: SamlProviderStep,
) -> Result<Option<String>, CloudError> {
    match step {
        SamlProviderStep::Create { metadata, tags } => {
            let tags = iam_tags(Operation::CreateSamlProvider, tags)?;
            let request = client.create_saml_provider().name(name).set_tags(Some(tags));
            sent!(CreateSamlProvider, request.saml_metadata_document(metadata))
        }
        SamlProviderStep::Update { metadata } => {
            let request = client.update_saml_provider().saml_provider_arn(arn);
            sent!(UpdateSamlProvider, request.saml_metadata_document(metadata))
        }
        SamlProviderStep::Tag { tags } => {
            let tags = iam_tags(Operation::TagSamlProvider, tags)?;
            let request = client.tag_saml_provider().saml_provider_arn(arn);
            sent!(TagSamlProvider, request.set_tags(Some(tags)))
        }
        SamlProviderStep::Delete => {
            sent!(DeleteSamlProvider, client.delete_saml_provider().saml_provider_arn(arn))
        }
    }
}
