//! What a StackSet is, where its instances are, and what it is doing.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::operation::RequestId;
use aws_sdk_cloudformation::types::{
    AutoDeployment as AutoDeploymentSetting, ManagedExecution, PermissionModels, StackDriftStatus,
    StackInstanceDetailedStatus, StackInstanceStatus, StackInstanceSummary, StackSet,
    StackSetOperationStatus, StackSetOperationSummary, StackSetStatus,
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::object::{Answered, nothing_if_missing};
use crate::cloud::{CloudError, Operation, Page, PageToken, Question, Reading};
use crate::org::{
    AccountId, AutoDeployment, Deployed, Instance, InstanceStatus, ListedObject, ObjectKey,
    ObjectQuery, ObjectState, OperationStatus, Region, StackSetOperation, StackSetPermissions,
    StackSetState,
};

/// Items of a page: as many as AWS gives (`ListStackInstances`, API reference).
const PAGE_ITEMS_MAX: i32 = 100;

/// Operations that are kept. Those that are not over are among the newest; the rest tells whether the last
/// few failed.
const OPERATIONS_MAX: usize = 10;

/// Characters that are kept of why an instance is not current.
const REASON_CHARACTERS_MAX: usize = 300;

/// The next request of reading the StackSet called `name`.
pub(in crate::cloud::aws::object) async fn read(
    client: &Client,
    name: &str,
    mut reading: Reading,
) -> Answered<Reading> {
    let Some(question) = reading.left.pop_front() else { return whole(client, name).await };
    let Some(ObjectState::StackSet(set)) = &mut reading.found else {
        return Err(unreadable(question.operation, "a reading without a stack set"));
    };
    let deployed = set.deployed.get_or_insert_default();
    let (more, request_id) = if question.operation == Operation::ListStackInstances {
        instances(client, name, deployed, &question).await?
    } else {
        operations(client, name, deployed, &question).await?
    };
    reading.left.extend(more);
    Ok((reading, request_id))
}

async fn whole(client: &Client, name: &str) -> Answered<Reading> {
    const OPERATION: Operation = Operation::DescribeStackSet;
    let answer = match client.describe_stack_set().stack_set_name(name).send().await {
        Ok(answer) => answer,
        Err(error) => return nothing_if_missing(failure(OPERATION, &error)),
    };
    let request_id = answer.request_id().map(str::to_owned);
    let set = answer.stack_set().ok_or_else(|| unreadable(OPERATION, "no `StackSet`"))?;
    if set.status() == Some(&StackSetStatus::Deleted) {
        return Ok((Reading::nothing(), request_id));
    }
    let mut reading = Reading::whole(ObjectState::StackSet(state(set)));
    // Operations first: what they have done by then, the instances show.
    let questions = [Operation::ListStackSetOperations, Operation::ListStackInstances];
    reading.left.extend(questions.map(Question::of));
    Ok((reading, request_id))
}

fn state(set: &StackSet) -> StackSetState {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let parameters = set.parameters().iter().filter_map(|parameter| {
        Some((parameter.parameter_key()?.to_owned(), parameter.parameter_value()?.to_owned()))
    });
    let tags = set.tags().iter();
    let tags = tags.filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())));
    let auto = set.auto_deployment();
    let is_on = auto.and_then(AutoDeploymentSetting::enabled).unwrap_or(false);
    let retains =
        auto.and_then(AutoDeploymentSetting::retain_stacks_on_account_removal).unwrap_or(false);
    let drift = set.stack_set_drift_detection_details();
    StackSetState {
        description: text(set.description()),
        template: text(set.template_body()),
        parameters: parameters.collect(),
        capabilities: set.capabilities().iter().map(|one| one.as_str().to_owned()).collect(),
        tags: tags.collect(),
        permissions: if set.permission_model() == Some(&PermissionModels::ServiceManaged) {
            StackSetPermissions::ServiceManaged
        } else {
            StackSetPermissions::SelfManaged
        },
        auto_deployment: match (is_on, retains) {
            (false, _) => AutoDeployment::Off,
            (true, true) => AutoDeployment::OnRetaining,
            (true, false) => AutoDeployment::OnDeleting,
        },
        managed_execution: set
            .managed_execution()
            .and_then(ManagedExecution::active)
            .unwrap_or(false),
        reach: None,
        deployed: Some(Box::new(Deployed {
            units: set.organizational_unit_ids().iter().cloned().collect(),
            instances: BTreeMap::new(),
            operations: Vec::new(),
            drift_checked: drift.and_then(|it| timestamp(it.last_drift_check_timestamp())),
        })),
    }
}

async fn instances(
    client: &Client,
    name: &str,
    deployed: &mut Deployed,
    question: &Question,
) -> Answered<Vec<Question>> {
    let request = client.list_stack_instances().stack_set_name(name).max_results(PAGE_ITEMS_MAX);
    let sent = request.set_next_token(question.page.clone()).send().await;
    let answer = sent.map_err(|error| failure(question.operation, &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    for summary in answer.summaries() {
        let account: Option<AccountId> = summary.account().and_then(|id| id.parse().ok());
        let account =
            account.ok_or_else(|| unreadable(question.operation, "an instance without account"))?;
        let region = summary
            .region()
            .ok_or_else(|| unreadable(question.operation, "an instance without Region"))?;
        deployed.units.extend(summary.organizational_unit_id().map(str::to_owned));
        let regions = deployed.instances.entry(account).or_default();
        regions.insert(Region::new(region), instance(summary));
    }
    Ok((question.next_page(answer.next_token).into_iter().collect(), request_id))
}

fn instance(summary: &StackInstanceSummary) -> Instance {
    let detailed = summary.stack_instance_status().and_then(|status| status.detailed_status());
    let status = match (detailed, summary.status()) {
        (Some(StackInstanceDetailedStatus::SkippedSuspendedAccount), _) => {
            InstanceStatus::Suspended
        }
        (_, Some(StackInstanceStatus::Inoperable))
        | (Some(StackInstanceDetailedStatus::Inoperable), _) => InstanceStatus::Inoperable,
        (Some(StackInstanceDetailedStatus::Pending | StackInstanceDetailedStatus::Running), _) => {
            InstanceStatus::Pending
        }
        (
            Some(StackInstanceDetailedStatus::Failed | StackInstanceDetailedStatus::FailedImport),
            _,
        ) => InstanceStatus::Failed,
        // What AWS invents later is not taken for current.
        (_, Some(StackInstanceStatus::Current)) => InstanceStatus::Current,
        _ => InstanceStatus::Outdated,
    };
    let is_worth_telling = matches!(
        status,
        InstanceStatus::Failed | InstanceStatus::Outdated | InstanceStatus::Inoperable
    );
    Instance {
        status,
        drifted: summary.drift_status() == Some(&StackDriftStatus::Drifted),
        reason: summary.status_reason().filter(|_| is_worth_telling).map(plain),
    }
}

/// What AWS says, which may quote what users of the account wrote, in one line and not without end.
fn plain(reason: &str) -> String {
    let plain = reason.chars().take(REASON_CHARACTERS_MAX);
    plain.map(|c| if c.is_control() { ' ' } else { c }).collect()
}

async fn operations(
    client: &Client,
    name: &str,
    deployed: &mut Deployed,
    question: &Question,
) -> Answered<Vec<Question>> {
    let request = client.list_stack_set_operations().stack_set_name(name);
    let sent = request.max_results(PAGE_ITEMS_MAX).send().await;
    let answer = sent.map_err(|error| failure(question.operation, &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    let mut operations: Vec<StackSetOperation> =
        answer.summaries().iter().filter_map(operation).collect();
    operations.sort_by_key(|operation| std::cmp::Reverse(operation.begun));
    let running: Vec<StackSetOperation> = operations
        .iter()
        .skip(OPERATIONS_MAX)
        .filter(|operation| operation.status == OperationStatus::Running)
        .cloned()
        .collect();
    operations.truncate(OPERATIONS_MAX);
    operations.extend(running);
    deployed.operations = operations;
    // One page: AWS gives the newest first, and a hundred are enough.
    Ok((Vec::new(), request_id))
}

fn operation(summary: &StackSetOperationSummary) -> Option<StackSetOperation> {
    Some(StackSetOperation {
        id: summary.operation_id()?.to_owned(),
        action: summary.action().map(|action| action.as_str().to_owned()).unwrap_or_default(),
        status: status(summary.status()?),
        begun: timestamp(summary.creation_timestamp()),
    })
}

/// Queued, running, stopping, and whatever AWS invents later, is not over.
fn status(status: &StackSetOperationStatus) -> OperationStatus {
    if *status == StackSetOperationStatus::Succeeded {
        OperationStatus::Succeeded
    } else if *status == StackSetOperationStatus::Failed {
        OperationStatus::Failed
    } else if *status == StackSetOperationStatus::Stopped {
        OperationStatus::Stopped
    } else {
        OperationStatus::Running
    }
}

fn timestamp(time: Option<&DateTime>) -> Option<Timestamp> {
    Timestamp::from_second(time?.secs()).ok()
}

/// A page of the StackSets of an account and Region.
pub(in crate::cloud::aws::object) async fn list(
    client: &Client,
    query: &ObjectQuery,
    page: PageToken,
) -> Result<(Page<ListedObject>, Option<String>), CloudError> {
    const OPERATION: Operation = Operation::ListStackSets;
    let request = client.list_stack_sets().status(StackSetStatus::Active);
    let sent = request.max_results(PAGE_ITEMS_MAX).set_next_token(page).send().await;
    let answer = sent.map_err(|error| failure(OPERATION, &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    let items = answer
        .summaries()
        .iter()
        .filter(|summary| summary.status() != Some(&StackSetStatus::Deleted))
        .filter_map(|summary| {
            let ObjectQuery { account, region, kind } = query.clone();
            let name = summary.stack_set_name()?.to_owned();
            let description = summary.description().unwrap_or_default().to_owned();
            Some(ListedObject { key: ObjectKey { account, region, kind, name }, description })
        })
        .collect();
    Ok((Page { items, next: answer.next_token.filter(|next| !next.is_empty()) }, request_id))
}
