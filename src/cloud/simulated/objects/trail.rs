//! The rules of trails (`CloudTrail` API reference, each operation's "Errors").

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::cloud::simulated::world::World;
use crate::org::{
    EventSelector, ObjectKey, ObjectState, TrailCover, TrailSettings, TrailState, TrailStep,
};

/// Trails in one Region ("Quotas in AWS `CloudTrail`"); organization trails count.
const TRAILS_MAX: usize = 5;

const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// What a trail is after `step`; nothing when it is gone.
pub(super) fn change(
    world: &World,
    key: &ObjectKey,
    before: Option<TrailState>,
    step: &TrailStep,
) -> Result<Option<TrailState>, Refusal> {
    if let TrailStep::Create { settings, tags } = step {
        if before.is_some() {
            let message = format!("Trail {} already exists.", key.name);
            return Err(Code::TrailAlreadyExistsException.because(message));
        }
        let there = world.objects().keys();
        let beside = there.filter(|other| other.kind == key.kind && other.region == key.region);
        if beside.count() >= TRAILS_MAX {
            return Err(Code::MaximumNumberOfTrailsExceededException.because("Too many trails."));
        }
        expect_settings(world, key, settings)?;
        return Ok(Some(TrailState {
            settings: settings.clone(),
            selectors: [EventSelector::management()].into(),
            insights: BTreeSet::new(),
            is_logging: false,
            tags: tags.clone(),
            delivery: None,
        }));
    }
    let unknown = || Code::TrailNotFoundException.because(format!("Unknown trail: {}", key.name));
    let mut trail = before.ok_or_else(unknown)?;
    match step {
        TrailStep::Create { .. } => {}
        TrailStep::Tag { tags } => trail.tags.extend(tags.clone()),
        TrailStep::Start => {
            trail.is_logging = true;
            let delivery = trail.delivery.get_or_insert_default();
            delivery.started = Some(world.calendar_now());
        }
        TrailStep::Update { settings } => {
            expect_settings(world, key, settings)?;
            let kms_key = settings.kms_key.clone().or(trail.settings.kms_key);
            trail.settings = TrailSettings { kms_key, ..settings.clone() };
        }
        TrailStep::PutSelectors { selectors } => trail.selectors.clone_from(selectors),
        TrailStep::PutInsights { insights } => trail.insights.clone_from(insights),
        TrailStep::Delete => return Ok(None),
    }
    Ok(Some(trail))
}

impl World {
    /// What a trail says of its deliveries: one that records has just delivered.
    pub(super) fn delivering(&self, state: ObjectState) -> ObjectState {
        let ObjectState::Trail(mut trail) = state else { return state };
        if let Some(delivery) = trail.delivery.as_mut().filter(|_| trail.is_logging) {
            let now = Some(self.calendar_now());
            (delivery.delivered, delivery.digested) = (now, now);
        }
        ObjectState::Trail(trail)
    }
}

fn expect_settings(
    world: &World,
    key: &ObjectKey,
    settings: &TrailSettings,
) -> Result<(), Refusal> {
    let of_organization = settings.covers.contains(&TrailCover::Organization);
    if of_organization && !world.trusted.contains(CLOUDTRAIL) {
        let message = "Trusted access is not enabled for AWS CloudTrail.";
        return Err(Code::CloudTrailAccessNotEnabledException.because(message));
    }
    let mut buckets = world.objects().iter().filter(|(other, _)| other.name == settings.bucket);
    let Some(bucket) = buckets.find_map(|(_, state)| state.as_bucket()) else {
        let message = format!("S3 bucket {} does not exist!", settings.bucket);
        return Err(Code::S3BucketDoesNotExistException.because(message));
    };
    let organization = world.organization.id.as_str();
    let owners =
        std::iter::once(key.account.as_str()).chain(of_organization.then_some(organization));
    let prefix = settings.prefix.as_ref().map(|prefix| format!("{prefix}/")).unwrap_or_default();
    let mut places = owners.map(|owner| format!("/{prefix}AWSLogs/{owner}/*"));
    let lets = bucket.policy.as_ref().is_some_and(|policy| {
        let document: Value = serde_json::from_str(policy).unwrap_or_default();
        allows(&document, key, "s3:GetBucketAcl", &settings.bucket)
            && places.all(|place| allows(&document, key, "s3:PutObject", &place))
    });
    if lets {
        return Ok(());
    }
    let message = format!("Incorrect S3 bucket policy is detected for bucket: {}", settings.bucket);
    Err(Code::InsufficientS3BucketPolicyException.because(message))
}

/// Does a statement let `CloudTrail` do this, for the trail `key`, on what ends so?
fn allows(document: &Value, key: &ObjectKey, action: &str, place: &str) -> bool {
    let trail = format!(":{}:trail/{}", key.account, key.name);
    let statements = document["Statement"].as_array().map(Vec::as_slice).unwrap_or_default();
    statements.iter().any(|statement| {
        let source = statement["Condition"]["StringEquals"]["aws:SourceArn"].as_str();
        statement["Effect"] == "Allow"
            && statement["Principal"]["Service"] == CLOUDTRAIL
            && statement["Action"] == action
            && statement["Resource"].as_str().is_some_and(|resource| resource.ends_with(place))
            && source.is_none_or(|source| source.ends_with(&trail))
    })
}
