//! IAM roles.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::RequestId;

use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::object::tags::iam_tags;
use crate::cloud::aws::object::{Answered, changed_if_gone, nothing_if_missing, text};
use crate::cloud::{CloudError, Operation, Page, PageToken, Question, Reading};
use crate::org::{
    ListedObject, ObjectKey, ObjectKind, ObjectQuery, ObjectState, RoleState, RoleStep,
};

/// The length of a session where IAM does not say: its default (`CreateRole`, API reference).
const SESSION_SECONDS_DEFAULT: u32 = 3600;

/// The next request of reading the role called `name`.
pub(super) async fn read(client: &Client, name: &str, mut reading: Reading) -> Answered<Reading> {
    let Some(question) = reading.left.pop_front() else { return whole(client, name).await };
    let Some(ObjectState::Role(role)) = &mut reading.found else {
        return Err(unreadable(question.operation, "a reading without a role"));
    };
    let (more, request_id) = if question.operation == Operation::ListAttachedRolePolicies {
        attached(client, name, role, &question).await?
    } else if question.operation == Operation::ListRolePolicies {
        inline_names(client, name, &question).await?
    } else {
        // Nothing else is ever asked: see `whole` and the listing of inline policies.
        inline(client, name, role, &question).await?
    };
    reading.left.extend(more);
    Ok((reading, request_id))
}

async fn whole(client: &Client, name: &str) -> Answered<Reading> {
    const OPERATION: Operation = Operation::GetRole;
    let answer = match client.get_role().role_name(name).send().await {
        Ok(answer) => answer,
        Err(error) => return nothing_if_missing(failure(OPERATION, &error)),
    };
    let role = answer.role().ok_or_else(|| unreadable(OPERATION, "no `Role` in the answer"))?;
    let seconds = role.max_session_duration().and_then(|seconds| u32::try_from(seconds).ok());
    let boundary = role.permissions_boundary();
    let found = RoleState {
        path: role.path().to_owned(),
        description: role.description().unwrap_or_default().to_owned(),
        max_session_seconds: seconds.unwrap_or(SESSION_SECONDS_DEFAULT),
        trust: text::document(OPERATION, role.assume_role_policy_document())?,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        boundary: boundary.and_then(|it| it.permissions_boundary_arn()).map(str::to_owned),
        tags: role.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
    };
    let mut reading = Reading::whole(ObjectState::Role(found));
    reading.left.extend(
        [Operation::ListAttachedRolePolicies, Operation::ListRolePolicies].map(Question::of),
    );
    Ok((reading, answer.request_id().map(str::to_owned)))
}

async fn attached(
    client: &Client,
    name: &str,
    role: &mut RoleState,
    question: &Question,
) -> Answered<Vec<Question>> {
    let request = client.list_attached_role_policies().role_name(name);
    let sent = request.set_marker(question.page.clone()).send().await;
    let answer = sent.map_err(|error| failure(question.operation, &error))?;
    for policy in answer.attached_policies() {
        let arn = policy.policy_arn().ok_or_else(|| {
            unreadable(question.operation, "an attached policy without its `PolicyArn`")
        })?;
        role.attached.insert(arn.to_owned());
    }
    let request_id = answer.request_id().map(str::to_owned);
    Ok((question.next_page(answer.marker).into_iter().collect(), request_id))
}

async fn inline_names(client: &Client, name: &str, question: &Question) -> Answered<Vec<Question>> {
    let request = client.list_role_policies().role_name(name);
    let sent = request.set_marker(question.page.clone()).send().await;
    let answer = sent.map_err(|error| failure(question.operation, &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    let mut more: Vec<Question> = answer
        .policy_names()
        .iter()
        .map(|policy| Question::about(Operation::GetRolePolicy, policy))
        .collect();
    more.extend(question.next_page(answer.marker));
    Ok((more, request_id))
}

async fn inline(
    client: &Client,
    name: &str,
    role: &mut RoleState,
    question: &Question,
) -> Answered<Vec<Question>> {
    let policy = question.name.clone().unwrap_or_default();
    let sent = client.get_role_policy().role_name(name).policy_name(&policy).send().await;
    let answer = sent.map_err(|error| changed_if_gone(failure(question.operation, &error)))?;
    role.inline.insert(policy, text::document(question.operation, Some(answer.policy_document()))?);
    Ok((Vec::new(), answer.request_id().map(str::to_owned)))
}

/// A page of the roles of an account.
pub(super) async fn list(
    client: &Client,
    query: &ObjectQuery,
    page: PageToken,
) -> Answered<Page<ListedObject>> {
    const OPERATION: Operation = Operation::ListRoles;
    let sent = client.list_roles().set_marker(page).send().await;
    let answer = sent.map_err(|error| failure(OPERATION, &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    let items = answer
        .roles()
        .iter()
        .map(|role| ListedObject {
            key: ObjectKey::global(ObjectKind::Role, query.account.clone(), role.role_name()),
            description: role.description().unwrap_or_default().to_owned(),
        })
        .collect();
    Ok((Page { items, next: answer.marker.filter(|marker| !marker.is_empty()) }, request_id))
}

/// Makes one change of the role called `name`.
pub(super) async fn write(
    client: &Client,
    name: &str,
    step: RoleStep,
) -> Result<Option<String>, CloudError> {
    macro_rules! sent {
        ($operation:ident, $request:expr) => {{
            let sent = $request.role_name(name).send().await;
            let answer = sent.map_err(|error| failure(Operation::$operation, &error))?;
            Ok(answer.request_id().map(str::to_owned))
        }};
    }
    match step {
        RoleStep::Create { path, description, max_session_seconds, trust, tags } => {
            let request = client.create_role().path(path).description(description);
            let request = request.max_session_duration(seconds(max_session_seconds));
            let request = request.assume_role_policy_document(trust);
            sent!(CreateRole, request.set_tags(Some(iam_tags(Operation::CreateRole, tags)?)))
        }
        RoleStep::Tag { tags } => {
            let tags = iam_tags(Operation::TagRole, tags)?;
            sent!(TagRole, client.tag_role().set_tags(Some(tags)))
        }
        RoleStep::UpdateTrust { trust } => {
            let request = client.update_assume_role_policy().policy_document(trust);
            sent!(UpdateAssumeRolePolicy, request)
        }
        RoleStep::Update { description, max_session_seconds } => {
            let request = client.update_role().description(description);
            sent!(UpdateRole, request.max_session_duration(seconds(max_session_seconds)))
        }
        RoleStep::PutInline { name: policy, document } => {
            let request = client.put_role_policy().policy_name(policy);
            sent!(PutRolePolicy, request.policy_document(document))
        }
        RoleStep::DeleteInline { name: policy } => {
            sent!(DeleteRolePolicy, client.delete_role_policy().policy_name(policy))
        }
        RoleStep::Attach { policy } => {
            sent!(AttachRolePolicy, client.attach_role_policy().policy_arn(policy))
        }
        RoleStep::Detach { policy } => {
            sent!(DetachRolePolicy, client.detach_role_policy().policy_arn(policy))
        }
        RoleStep::DeleteBoundary => {
            sent!(DeleteRolePermissionsBoundary, client.delete_role_permissions_boundary())
        }
        RoleStep::Delete => sent!(DeleteRole, client.delete_role()),
    }
}

fn seconds(seconds: u32) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
