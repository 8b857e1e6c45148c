//! The rules of trails (`CloudTrail` API reference, each operation's "Errors").

use std::collections::BTreeSet;

use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::cloud::simulated::world::World;
use crate::org::{EventSelector, ObjectKey, TrailCover, TrailSettings, TrailState, TrailStep};

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
        expect_settings(world, settings)?;
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
        TrailStep::Start => trail.is_logging = true,
        TrailStep::Update { settings } => {
            expect_settings(world, settings)?;
            let kms_key = settings.kms_key.clone().or(trail.settings.kms_key);
            trail.settings = TrailSettings { kms_key, ..settings.clone() };
        }
        TrailStep::PutSelectors { selectors } => trail.selectors.clone_from(selectors),
        TrailStep::PutInsights { insights } => trail.insights.clone_from(insights),
        TrailStep::Delete => return Ok(None),
    }
    Ok(Some(trail))
}

fn expect_settings(world: &World, settings: &TrailSettings) -> Result<(), Refusal> {
    if settings.covers.contains(&TrailCover::Organization) && !world.trusted.contains(CLOUDTRAIL) {
        let message = "Trusted access is not enabled for AWS CloudTrail.";
        return Err(Code::CloudTrailAccessNotEnabledException.because(message));
    }
    Ok(())
}
