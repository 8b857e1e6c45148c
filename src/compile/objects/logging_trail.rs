//! `LoggingTrail`: the trail of the organization.

use crate::compile::objects::{ObjectRule, Spread};
use crate::desired::{DesiredOrg, DesiredTrail};
use crate::org::{Mark, ObjectKind, ObjectState, TrailCover, TrailSettings, TrailState};

/// The objects that a document wants.
pub(in crate::compile) fn rules(desired: &DesiredTrail, org: &DesiredOrg) -> Vec<ObjectRule> {
    let mark = Mark {
        owner: org.installation().to_owned(),
        document: desired.header.document.clone(),
        prune: desired.header.prune,
    };
    let trail = ObjectRule {
        document: desired.header.document.clone(),
        mark: mark.clone(),
        spread: Spread::Account(org.management_account.clone()),
        region: Some(desired.home_region.clone()),
        kind: ObjectKind::Trail,
        name: desired.trail_name.clone(),
        state: ObjectState::Trail(trail(desired, &mark)),
    };
    vec![trail]
}

fn trail(desired: &DesiredTrail, mark: &Mark) -> TrailState {
    TrailState {
        settings: TrailSettings {
            bucket: desired.archive.bucket.clone(),
            prefix: desired.archive.prefix.clone(),
            kms_key: desired.archive.kms_key.clone(),
            covers: [TrailCover::Organization, TrailCover::Regions, TrailCover::GlobalServices]
                .into(),
            validates_files: desired.validates_files,
        },
        selectors: desired.selectors.clone(),
        insights: desired.insights.clone(),
        is_logging: true,
        tags: mark.tags(),
        delivery: None,
    }
}
