//! IAM users.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::RequestId;
use aws_sdk_iam::types::StatusType;

use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::object::tags::iam_tags;
use crate::cloud::aws::object::{Answered, changed_if_gone, credential, nothing_if_missing, text};
use crate::cloud::{CloudError, CloudErrorKind, Operation, Page, PageToken, Question, Reading};
use crate::org::{
    Credential, CredentialKind, ListedObject, ObjectKey, ObjectKind, ObjectQuery, ObjectState,
    SignIn, UserState, UserStep,
};

/// What a reading asks for behind the user itself.
const PARTS: [Operation; 9] = [
    Operation::ListAccessKeys,
    Operation::ListSshPublicKeys,
    Operation::ListServiceSpecificCredentials,
    Operation::ListSigningCertificates,
    Operation::ListMfaDevices,
    Operation::GetLoginProfile,
    Operation::ListGroupsForUser,
    Operation::ListAttachedUserPolicies,
    Operation::ListUserPolicies,
];

/// The next request of reading the user called `name`.
pub(super) async fn read(client: &Client, name: &str, mut reading: Reading) -> Answered<Reading> {
    let Some(question) = reading.left.pop_front() else { return whole(client, name).await };
    let Some(ObjectState::User(user)) = &mut reading.found else {
        return Err(unreadable(question.operation, "a reading without a user"));
    };
    let (more, request_id) = part(client, name, user, &question).await?;
    reading.left.extend(more);
    Ok((reading, request_id))
}

async fn whole(client: &Client, name: &str) -> Answered<Reading> {
    const OPERATION: Operation = Operation::GetUser;
    let answer = match client.get_user().user_name(name).send().await {
        Ok(answer) => answer,
        Err(error) => return nothing_if_missing(failure(OPERATION, &error)),
    };
    let user = answer.user().ok_or_else(|| unreadable(OPERATION, "no `User` in the answer"))?;
    let boundary = user.permissions_boundary();
    let found = UserState {
        path: user.path().to_owned(),
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        groups: BTreeSet::new(),
        boundary: boundary.and_then(|it| it.permissions_boundary_arn()).map(str::to_owned),
        keys: BTreeMap::new(),
        credentials: BTreeMap::new(),
        tags: user.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
        sign_in: SignIn {
            has_password: false,
            mfa_devices: BTreeSet::new(),
            last: user.password_last_used().map(aws_sdk_iam::primitives::DateTime::secs),
        },
    };
    let mut reading = Reading::whole(ObjectState::User(found));
    reading.left.extend(PARTS.map(Question::of));
    Ok((reading, answer.request_id().map(str::to_owned)))
}

async fn part(
    client: &Client,
    name: &str,
    user: &mut UserState,
    question: &Question,
) -> Answered<Vec<Question>> {
    use CredentialKind::{ServiceCredential, SigningCertificate, SshKey};

    /// Sends a request of a page, and gives the answer, its id and the question about the next page.
    macro_rules! page {
        ($request:expr) => {{
            let sent = $request.user_name(name).set_marker(question.page.clone()).send().await;
            let answer = sent.map_err(|error| failure(question.operation, &error))?;
            let request_id = answer.request_id().map(str::to_owned);
            let more: Vec<Question> =
                question.next_page(answer.marker.clone()).into_iter().collect();
            (answer, more, request_id)
        }};
    }
    if question.operation == Operation::ListAccessKeys {
        let (answer, more, request_id) = page!(client.list_access_keys());
        user.keys.extend(answer.access_key_metadata().iter().filter_map(|key| {
            Some((key.access_key_id.clone()?, key.status().is_none_or(lets_in)))
        }));
        Ok((more, request_id))
    } else if question.operation == Operation::ListSshPublicKeys {
        let (answer, more, request_id) = page!(client.list_ssh_public_keys());
        user.credentials.extend(
            answer.ssh_public_keys().iter().map(|key| {
                (Credential::new(SshKey, key.ssh_public_key_id()), lets_in(key.status()))
            }),
        );
        Ok((more, request_id))
    } else if question.operation == Operation::ListServiceSpecificCredentials {
        let (answer, more, request_id) = page!(client.list_service_specific_credentials());
        user.credentials.extend(answer.service_specific_credentials().iter().map(|it| {
            let id = it.service_specific_credential_id();
            (Credential::new(ServiceCredential, id), lets_in(it.status()))
        }));
        Ok((more, request_id))
    } else if question.operation == Operation::ListSigningCertificates {
        let (answer, more, request_id) = page!(client.list_signing_certificates());
        user.credentials.extend(answer.certificates().iter().map(|it| {
            (Credential::new(SigningCertificate, it.certificate_id()), lets_in(it.status()))
        }));
        Ok((more, request_id))
    } else if question.operation == Operation::ListMfaDevices {
        let (answer, more, request_id) = page!(client.list_mfa_devices());
        let devices = answer.mfa_devices().iter().map(|device| device.serial_number.clone());
        user.sign_in.mfa_devices.extend(devices);
        Ok((more, request_id))
    } else if question.operation == Operation::ListGroupsForUser {
        let (answer, more, request_id) = page!(client.list_groups_for_user());
        user.groups.extend(answer.groups().iter().map(|group| group.group_name.clone()));
        Ok((more, request_id))
    } else if question.operation == Operation::ListAttachedUserPolicies {
        let (answer, more, request_id) = page!(client.list_attached_user_policies());
        let policies = answer.attached_policies().iter();
        user.attached.extend(policies.filter_map(|policy| policy.policy_arn.clone()));
        Ok((more, request_id))
    } else if question.operation == Operation::ListUserPolicies {
        let (answer, more, request_id) = page!(client.list_user_policies());
        let names = answer.policy_names().iter();
        let mut all: Vec<Question> =
            names.map(|policy| Question::about(Operation::GetUserPolicy, policy)).collect();
        all.extend(more);
        Ok((all, request_id))
    } else if question.operation == Operation::GetLoginProfile {
        password(client, name, user).await
    } else {
        // Nothing else is ever asked: see `PARTS` and the listing of inline policies.
        inline(client, name, user, question).await
    }
}

/// What has a status that is not known may let somebody in.
fn lets_in(status: &StatusType) -> bool {
    !matches!(status, StatusType::Inactive | StatusType::Expired)
}

async fn password(client: &Client, name: &str, user: &mut UserState) -> Answered<Vec<Question>> {
    match client.get_login_profile().user_name(name).send().await {
        Ok(answer) => {
            user.sign_in.has_password = true;
            Ok((Vec::new(), answer.request_id().map(str::to_owned)))
        }
        Err(error) => {
            let error = failure(Operation::GetLoginProfile, &error);
            let has_none = error.kind == CloudErrorKind::NotFound;
            if has_none { Ok((Vec::new(), error.request_id)) } else { Err(error) }
        }
    }
}

async fn inline(
    client: &Client,
    name: &str,
    user: &mut UserState,
    question: &Question,
) -> Answered<Vec<Question>> {
    let policy = question.name.clone().unwrap_or_default();
    let sent = client.get_user_policy().user_name(name).policy_name(&policy).send().await;
    let answer = sent.map_err(|error| changed_if_gone(failure(question.operation, &error)))?;
    user.inline.insert(policy, text::document(question.operation, Some(answer.policy_document()))?);
    Ok((Vec::new(), answer.request_id().map(str::to_owned)))
}

/// A page of the users of an account.
pub(super) async fn list(
    client: &Client,
    query: &ObjectQuery,
    page: PageToken,
) -> Answered<Page<ListedObject>> {
    let sent = client.list_users().set_marker(page).send().await;
    let answer = sent.map_err(|error| failure(Operation::ListUsers, &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    let items = answer
        .users()
        .iter()
        .map(|user| ListedObject {
            key: ObjectKey::global(ObjectKind::User, query.account.clone(), user.user_name()),
            description: String::new(),
        })
        .collect();
    Ok((Page { items, next: answer.marker.filter(|marker| !marker.is_empty()) }, request_id))
}

/// Makes one change of the user called `name`.
pub(super) async fn write(
    client: &Client,
    name: &str,
    step: UserStep,
) -> Result<Option<String>, CloudError> {
    macro_rules! sent {
        ($operation:ident, $request:expr) => {{
            let sent = $request.user_name(name).send().await;
            let answer = sent.map_err(|error| failure(Operation::$operation, &error))?;
            Ok(answer.request_id().map(str::to_owned))
        }};
    }
    match step {
        UserStep::Create { path, tags } => {
            let tags = iam_tags(Operation::CreateUser, tags)?;
            sent!(CreateUser, client.create_user().path(path).set_tags(Some(tags)))
        }
        UserStep::Tag { tags } => {
            let tags = iam_tags(Operation::TagUser, tags)?;
            sent!(TagUser, client.tag_user().set_tags(Some(tags)))
        }
        UserStep::DeactivateKey { id } => {
            let request = client.update_access_key().access_key_id(id);
            sent!(UpdateAccessKey, request.status(StatusType::Inactive))
        }
        UserStep::DeleteKey { id } => {
            sent!(DeleteAccessKey, client.delete_access_key().access_key_id(id))
        }
        UserStep::DeactivateCredential { credential: it } => {
            credential::deactivate(client, name, it).await
        }
        UserStep::DeleteCredential { credential: it } => credential::delete(client, name, it).await,
        UserStep::LeaveGroup { group } => {
            sent!(RemoveUserFromGroup, client.remove_user_from_group().group_name(group))
        }
        UserStep::Detach { policy } => {
            sent!(DetachUserPolicy, client.detach_user_policy().policy_arn(policy))
        }
        UserStep::PutInline { name: policy, document } => {
            let request = client.put_user_policy().policy_name(policy);
            sent!(PutUserPolicy, request.policy_document(document))
        }
        UserStep::DeleteInline { name: policy } => {
            sent!(DeleteUserPolicy, client.delete_user_policy().policy_name(policy))
        }
        UserStep::DeleteBoundary => {
            sent!(DeleteUserPermissionsBoundary, client.delete_user_permissions_boundary())
        }
        UserStep::DeletePassword => sent!(DeleteLoginProfile, client.delete_login_profile()),
        UserStep::DeactivateMfa { serial } => {
            sent!(DeactivateMfaDevice, client.deactivate_mfa_device().serial_number(serial))
        }
        UserStep::Delete => sent!(DeleteUser, client.delete_user()),
    }
}
