//! Trails of `CloudTrail`, always by ARN: from a delegated administrator a name means a trail of its own
//! account, and not the organization's.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::operation::RequestId;
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::types::{InsightSelector, InsightType, ResourceTag, Tag};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use strum::IntoEnumIterator;

use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::object::selector;
use crate::cloud::aws::object::{Answered, nothing_if_missing};
use crate::cloud::{CloudError, Operation, Question, Reading};
use crate::org::{
    ObjectKey, ObjectState, TrailCover, TrailDelivery, TrailSettings, TrailState, TrailStep,
};

/// The ARN of an organization's trail: it is the management account's, whoever made it.
pub(super) fn arn(partition: &str, key: &ObjectKey) -> String {
    let region = key.region.as_ref().map_or("", |region| region.as_str());
    format!("arn:{partition}:cloudtrail:{region}:{}:trail/{}", key.account, key.name)
}

/// The next request of reading the trail `arn`.
pub(super) async fn read(client: &Client, arn: &str, mut reading: Reading) -> Answered<Reading> {
    let Some(question) = reading.left.pop_front() else { return whole(client, arn).await };
    let Some(ObjectState::Trail(trail)) = &mut reading.found else {
        return Err(unreadable(question.operation, "a reading without a trail"));
    };
    let request_id = if question.operation == Operation::GetTrailStatus {
        status(client, arn, trail).await?
    } else if question.operation == Operation::GetEventSelectors {
        selectors(client, arn, trail).await?
    } else if question.operation == Operation::GetInsightSelectors {
        insights(client, arn, trail).await?
    } else {
        // Nothing else is ever asked: see `whole`. A resource has at most 50 tags, which is one page.
        tags(client, arn, trail).await?
    };
    Ok((reading, request_id))
}

async fn whole(client: &Client, arn: &str) -> Answered<Reading> {
    const OPERATION: Operation = Operation::GetTrail;
    let answer = match client.get_trail().name(arn).send().await {
        Ok(answer) => answer,
        Err(error) => return nothing_if_missing(failure(OPERATION, &error)),
    };
    let trail = answer.trail().ok_or_else(|| unreadable(OPERATION, "no `Trail` in the answer"))?;
    let covers = TrailCover::iter().filter(|cover| match cover {
        TrailCover::Organization => trail.is_organization_trail() == Some(true),
        TrailCover::Regions => trail.is_multi_region_trail() == Some(true),
        TrailCover::GlobalServices => trail.include_global_service_events() == Some(true),
    });
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let settings = TrailSettings {
        bucket: trail.s3_bucket_name().unwrap_or_default().to_owned(),
        prefix: text(trail.s3_key_prefix()),
        kms_key: text(trail.kms_key_id()),
        covers: covers.collect(),
        validates_files: trail.log_file_validation_enabled() == Some(true),
    };
    let mut reading = Reading::whole(ObjectState::Trail(TrailState {
        settings,
        selectors: BTreeSet::new(),
        insights: BTreeSet::new(),
        is_logging: false,
        tags: BTreeMap::new(),
        delivery: None,
    }));
    let questions = [
        Operation::GetTrailStatus,
        Operation::GetEventSelectors,
        Operation::GetInsightSelectors,
        Operation::ListTags,
    ];
    reading.left.extend(questions.map(Question::of));
    Ok((reading, answer.request_id().map(str::to_owned)))
}

async fn status(
    client: &Client,
    arn: &str,
    trail: &mut TrailState,
) -> Result<Option<String>, CloudError> {
    let sent = client.get_trail_status().name(arn).send().await;
    let answer = sent.map_err(|error| failure(Operation::GetTrailStatus, &error))?;
    trail.is_logging = answer.is_logging() == Some(true);
    trail.delivery = Some(delivery(&answer));
    Ok(answer.request_id().map(str::to_owned))
}

fn delivery(answer: &GetTrailStatusOutput) -> TrailDelivery {
    let time = |time: Option<&DateTime>| Timestamp::from_second(time?.secs()).ok();
    let error = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    TrailDelivery {
        started: time(answer.start_logging_time()),
        stopped: time(answer.stop_logging_time()),
        delivered: time(answer.latest_delivery_time()),
        digested: time(answer.latest_digest_delivery_time()),
        error: error(answer.latest_delivery_error()),
        digest_error: error(answer.latest_digest_delivery_error()),
    }
}

async fn selectors(
    client: &Client,
    arn: &str,
    trail: &mut TrailState,
) -> Result<Option<String>, CloudError> {
    let sent = client.get_event_selectors().trail_name(arn).send().await;
    let answer = sent.map_err(|error| failure(Operation::GetEventSelectors, &error))?;
    let advanced = answer.advanced_event_selectors().iter().map(selector::read);
    let basic = answer.event_selectors().iter().flat_map(selector::read_basic);
    trail.selectors = advanced.chain(basic).collect();
    Ok(answer.request_id().map(str::to_owned))
}

async fn insights(
    client: &Client,
    arn: &str,
    trail: &mut TrailState,
) -> Result<Option<String>, CloudError> {
    const NONE: &str = "InsightNotEnabledException";
    let answer = match client.get_insight_selectors().trail_name(arn).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let error = failure(Operation::GetInsightSelectors, &error);
            return if error.code == NONE { Ok(error.request_id) } else { Err(error) };
        }
    };
    let insights = answer.insight_selectors().iter().filter_map(InsightSelector::insight_type);
    trail.insights = insights.map(|insight| insight.as_str().to_owned()).collect();
    Ok(answer.request_id().map(str::to_owned))
}

async fn tags(
    client: &Client,
    arn: &str,
    trail: &mut TrailState,
) -> Result<Option<String>, CloudError> {
    let sent = client.list_tags().resource_id_list(arn).send().await;
    let answer = sent.map_err(|error| failure(Operation::ListTags, &error))?;
    let tags = answer.resource_tag_list().iter().flat_map(ResourceTag::tags_list);
    trail.tags = tags.map(|tag| (tag.key.clone(), tag.value.clone().unwrap_or_default())).collect();
    Ok(answer.request_id().map(str::to_owned))
}

/// Makes one change of the trail `arn`, whose name is `name`.
pub(super) async fn write(
    client: &Client,
    arn: &str,
    name: &str,
    step: TrailStep,
) -> Result<Option<String>, CloudError> {
    match step {
        // The one call that takes a name: from a delegated administrator too it is the management
        // account's trail that comes of it.
        TrailStep::Create { settings, tags } => {
            let has = |cover| settings.covers.contains(&cover);
            let request = client.create_trail().name(name).s3_bucket_name(&settings.bucket);
            let request = request
                .set_s3_key_prefix(settings.prefix.clone())
                .set_kms_key_id(settings.kms_key.clone())
                .is_organization_trail(has(TrailCover::Organization))
                .is_multi_region_trail(has(TrailCover::Regions))
                .include_global_service_events(has(TrailCover::GlobalServices))
                .enable_log_file_validation(settings.validates_files);
            let tags = sdk_tags(Operation::CreateTrail, tags)?;
            sent!(CreateTrail, request.set_tags_list(Some(tags)))
        }
        TrailStep::Update { settings } => {
            let has = |cover| settings.covers.contains(&cover);
            let request = client.update_trail().name(arn).s3_bucket_name(&settings.bucket);
            let request = request
                // Left out means as it is; empty means none.
                .s3_key_prefix(settings.prefix.clone().unwrap_or_default())
                .set_kms_key_id(settings.kms_key.clone())
                .is_organization_trail(has(TrailCover::Organization))
                .is_multi_region_trail(has(TrailCover::Regions))
                .include_global_service_events(has(TrailCover::GlobalServices))
                .enable_log_file_validation(settings.validates_files);
            sent!(UpdateTrail, request)
        }
        TrailStep::Tag { tags } => {
            let tags = sdk_tags(Operation::AddTags, tags)?;
            sent!(AddTags, client.add_tags().resource_id(arn).set_tags_list(Some(tags)))
        }
        TrailStep::Start => sent!(StartLogging, client.start_logging().name(arn)),
        TrailStep::PutSelectors { selectors } => {
            let selectors = selectors.iter().map(selector::write).collect::<Result<_, _>>()?;
            let request = client.put_event_selectors().trail_name(arn);
            sent!(PutEventSelectors, request.set_advanced_event_selectors(Some(selectors)))
        }
        TrailStep::PutInsights { insights } => {
            let selectors = insights.iter().map(|insight| {
                InsightSelector::builder().insight_type(InsightType::from(insight.as_str())).build()
            });
            let request = client.put_insight_selectors().trail_name(arn);
            sent!(PutInsightSelectors, request.set_insight_selectors(Some(selectors.collect())))
        }
        TrailStep::Delete => sent!(DeleteTrail, client.delete_trail().name(arn)),
    }
}

fn sdk_tags(operation: Operation, tags: BTreeMap<String, String>) -> Result<Vec<Tag>, CloudError> {
    tags.into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| unreadable(operation, &error.to_string()))
}
