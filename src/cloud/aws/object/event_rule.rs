//! Rules of EventBridge on the default bus.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::operation::RequestId;
use aws_sdk_eventbridge::types::{RuleState, Tag, Target};

use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::object::{Answered, nothing_if_missing};
use crate::cloud::{CloudError, CloudErrorKind, Operation, Page, PageToken, Question, Reading};
use crate::org::{
    EventRuleState, EventRuleStep, EventTarget, ListedObject, ObjectKey, ObjectKind, ObjectQuery,
    ObjectState,
};

/// The next request of reading the rule called `name`, whose ARN is `arn`.
pub(super) async fn read(
    client: &Client,
    (name, arn): (&str, &str),
    mut reading: Reading,
) -> Answered<Reading> {
    let Some(question) = reading.left.pop_front() else { return whole(client, name).await };
    let Some(ObjectState::EventRule(rule)) = &mut reading.found else {
        return Err(unreadable(question.operation, "a reading without a rule"));
    };
    let (more, request_id) = if question.operation == Operation::ListTargetsByRule {
        targets(client, name, rule, &question).await?
    } else {
        // Nothing else is ever asked: see `whole`.
        tags(client, arn, rule).await?
    };
    reading.left.extend(more);
    Ok((reading, request_id))
}

async fn whole(client: &Client, name: &str) -> Answered<Reading> {
    let answer = match client.describe_rule().name(name).send().await {
        Ok(answer) => answer,
        Err(error) => return nothing_if_missing(failure(Operation::DescribeRule, &error)),
    };
    let found = EventRuleState {
        description: answer.description().unwrap_or_default().to_owned(),
        pattern: answer.event_pattern().unwrap_or_default().to_owned(),
        state: answer.state().map_or("", RuleState::as_str).to_owned(),
        targets: BTreeMap::new(),
        tags: BTreeMap::new(),
    };
    let mut reading = Reading::whole(ObjectState::EventRule(found));
    reading.left.extend([Operation::ListTargetsByRule, Operation::ListRuleTags].map(Question::of));
    Ok((reading, answer.request_id().map(str::to_owned)))
}

async fn targets(
    client: &Client,
    name: &str,
    rule: &mut EventRuleState,
    question: &Question,
) -> Answered<Vec<Question>> {
    let request = client.list_targets_by_rule().rule(name);
    let sent = request.set_next_token(question.page.clone()).send().await;
    let answer = sent.map_err(|error| failure(question.operation, &error))?;
    for target in answer.targets() {
        let is_rewritten = target.input.is_some()
            || target.input_path.is_some()
            || target.input_transformer.is_some();
        let found =
            EventTarget { arn: target.arn.clone(), role: target.role_arn.clone(), is_rewritten };
        rule.targets.insert(target.id.clone(), found);
    }
    let request_id = answer.request_id().map(str::to_owned);
    Ok((question.next_page(answer.next_token).into_iter().collect(), request_id))
}

async fn tags(client: &Client, arn: &str, rule: &mut EventRuleState) -> Answered<Vec<Question>> {
    let sent = client.list_tags_for_resource().resource_arn(arn).send().await;
    let answer = sent.map_err(|error| failure(Operation::ListRuleTags, &error))?;
    rule.tags.extend(answer.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())));
    Ok((Vec::new(), answer.request_id().map(str::to_owned)))
}

/// A page of the rules of an account and Region.
pub(super) async fn list(
    client: &Client,
    query: &ObjectQuery,
    page: PageToken,
) -> Answered<Page<ListedObject>> {
    let sent = client.list_rules().set_next_token(page).send().await;
    let answer = sent.map_err(|error| failure(Operation::ListRules, &error))?;
    let request_id = answer.request_id().map(str::to_owned);
    let (account, region) = (&query.account, &query.region);
    let items = answer
        .rules()
        .iter()
        .filter_map(|rule| {
            let (account, region) = (account.clone(), region.clone());
            let name = rule.name()?.to_owned();
            let key = ObjectKey { account, region, kind: ObjectKind::EventRule, name };
            let description = rule.description().unwrap_or_default().to_owned();
            Some(ListedObject { key, description })
        })
        .collect();
    Ok((Page { items, next: answer.next_token.filter(|token| !token.is_empty()) }, request_id))
}

/// Makes one change of the rule called `name`, whose ARN is `arn`.
pub(super) async fn write(
    client: &Client,
    (name, arn): (&str, &str),
    step: EventRuleStep,
) -> Result<Option<String>, CloudError> {
    macro_rules! sent {
        ($operation:ident, $request:expr) => {{
            let sent = $request.send().await;
            sent.map_err(|error| failure(Operation::$operation, &error))?
        }};
    }
    let put = |description: String, pattern: String, state: String| {
        let request = client.put_rule().name(name).description(description);
        request.event_pattern(pattern).state(RuleState::from(state.as_str()))
    };
    let request_id = match step {
        EventRuleStep::Create { description, pattern, state, tags } => {
            let tags = sdk_tags(Operation::PutRule, tags)?;
            let request = put(description, pattern, state).set_tags(Some(tags));
            sent!(PutRule, request).request_id().map(str::to_owned)
        }
        EventRuleStep::Update { description, pattern, state } => {
            sent!(PutRule, put(description, pattern, state)).request_id().map(str::to_owned)
        }
        EventRuleStep::Tag { tags } => {
            let tags = sdk_tags(Operation::TagRule, tags)?;
            let request = client.tag_resource().resource_arn(arn).set_tags(Some(tags));
            sent!(TagRule, request).request_id().map(str::to_owned)
        }
        EventRuleStep::PutTargets { targets } => {
            let targets = sdk_targets(targets)?;
            let answer =
                sent!(PutTargets, client.put_targets().rule(name).set_targets(Some(targets)));
            all_taken(Operation::PutTargets, answer.failed_entry_count())?;
            answer.request_id().map(str::to_owned)
        }
        EventRuleStep::RemoveTargets { ids } => {
            let ids = Some(ids.into_iter().collect());
            let answer = sent!(RemoveTargets, client.remove_targets().rule(name).set_ids(ids));
            all_taken(Operation::RemoveTargets, answer.failed_entry_count())?;
            answer.request_id().map(str::to_owned)
        }
        EventRuleStep::Delete => {
            sent!(DeleteRule, client.delete_rule().name(name)).request_id().map(str::to_owned)
        }
    };
    Ok(request_id)
}

/// `PutTargets` and `RemoveTargets` succeed as requests even when they did nothing.
fn all_taken(operation: Operation, failed: i32) -> Result<(), CloudError> {
    if failed == 0 {
        return Ok(());
    }
    let message = format!("{failed} targets were not taken");
    Err(CloudError::new(CloudErrorKind::Invalid, operation, "FailedEntries", &message))
}

fn sdk_targets(targets: BTreeMap<String, EventTarget>) -> Result<Vec<Target>, CloudError> {
    let build = |(id, target): (String, EventTarget)| {
        let EventTarget { arn, role, is_rewritten: _ } = target;
        Target::builder().id(id).arn(arn).set_role_arn(role).build()
    };
    let all: Result<Vec<Target>, _> = targets.into_iter().map(build).collect();
    all.map_err(|error| unreadable(Operation::PutTargets, &error.to_string()))
}

fn sdk_tags(operation: Operation, tags: BTreeMap<String, String>) -> Result<Vec<Tag>, CloudError> {
    tags.into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| unreadable(operation, &error.to_string()))
}
