//! Root access: features that are on or off, and credentials that are only looked at.

use crate::org::{
    DocumentRef, ObjectKey, ObjectState, ObjectStep, RootCredentialsState, RootFeature,
    RootFeatureState, RootFeatureStep,
};
use crate::plan::action::{BlockedReason, Change, ObjectChange};
use crate::plan::draft::{Draft, Weight};

const DANGER: &str =
    "nobody can recover or remove the root users of member accounts centrally any more";

/// The step that switches a feature as `wanted` says. Nothing when it is so.
pub(super) fn steps(
    before: Option<&RootFeatureState>,
    wanted: &RootFeatureState,
) -> Vec<ObjectStep> {
    let is_enabled = before.is_some_and(|before| before.enabled);
    let step = match (is_enabled, wanted.enabled, wanted.feature) {
        (true, true, _) | (false, false, _) => return Vec::new(),
        (false, true, RootFeature::RootSessions) => RootFeatureStep::EnableSessions,
        (false, true, RootFeature::RootCredentialsManagement) => {
            RootFeatureStep::EnableCredentialsManagement
        }
        (true, false, RootFeature::RootSessions) => RootFeatureStep::DisableSessions,
        (true, false, RootFeature::RootCredentialsManagement) => {
            RootFeatureStep::DisableCredentialsManagement
        }
    };
    vec![ObjectStep::RootFeature(step)]
}

/// Compares a feature with what is wanted.
pub(super) fn compare_feature(
    draft: &mut Draft<'_>,
    key: &ObjectKey,
    document: &DocumentRef,
    (found, wanted): (Option<&ObjectState>, &RootFeatureState),
) {
    let before = match found {
        Some(ObjectState::RootFeature(before)) => Some(before),
        Some(_) | None => None,
    };
    let steps = steps(before, wanted);
    if steps.is_empty() {
        return;
    }
    let (reason, weight) = if wanted.enabled {
        ("it is off", Weight::PLAIN)
    } else {
        ("it is on", Weight::dangerous(DANGER))
    };
    let change = Change::Object(Box::new(ObjectChange {
        key: key.clone(),
        before: found.cloned(),
        after: Some(ObjectState::RootFeature(wanted.clone())),
        steps,
    }));
    draft.propose(document, change, reason, weight);
}

/// Reports what a root user has and may not have.
pub(super) fn compare_credentials(
    draft: &mut Draft<'_>,
    key: &ObjectKey,
    document: &DocumentRef,
    (found, allowed): (Option<&ObjectState>, &RootCredentialsState),
) {
    let Some(ObjectState::RootCredentials(found)) = found else { return };
    let beyond = found.beyond(allowed);
    if !beyond.is_empty() {
        let message = format!(
            "the root user has {}: remove them in the IAM console of the management account, under root access management; palisade does not",
            beyond.join(" and ")
        );
        draft.block(document, BlockedReason::NotAsked, key.to_string(), message);
    }
}
