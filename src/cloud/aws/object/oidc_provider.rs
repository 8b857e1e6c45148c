//! OIDC providers of IAM: palisade makes none, and looks whether somebody did.

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::RequestId;

use crate::cloud::aws::failure::failure;
use crate::cloud::aws::object::Answered;
use crate::cloud::{Operation, Page};
use crate::org::{ListedObject, ObjectKey, ObjectKind, ObjectQuery};

/// All OIDC providers of an account: there are no pages.
pub(super) async fn list(client: &Client, query: &ObjectQuery) -> Answered<Page<ListedObject>> {
    let sent = client.list_open_id_connect_providers().send().await;
    let answer = sent.map_err(|error| failure(Operation::ListOidcProviders, &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    let names = answer
        .open_id_connect_provider_list()
        .iter()
        .filter_map(|provider| provider.arn()?.split_once(":oidc-provider/"));
    let items = names
        .map(|(_, name)| ListedObject {
            key: ObjectKey::global(ObjectKind::OidcProvider, query.account.clone(), name),
            description: String::new(),
        })
        .collect();
    Ok((Page { items, next: None }, request_id))
}
