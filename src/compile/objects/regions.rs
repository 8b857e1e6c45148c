//! `RegionRestriction`: the opt-in state of Regions in every account that a document is about.

use crate::compile::objects::{ObjectRule, Spread};
use crate::desired::DesiredRegions;
use crate::org::{Mark, ObjectKind, ObjectState, RegionState, RegionStatus};

/// The objects that a document wants: every Region that it classifies.
pub(in crate::compile) fn rules<'a>(
    desired: &'a DesiredRegions,
    owner: &'a str,
) -> impl Iterator<Item = ObjectRule> {
    let opt_in = desired.opt_in.iter();
    opt_in.flat_map(move |opt_in| {
        opt_in.regions.iter().map(move |(name, is_enabled)| {
            let status = if *is_enabled { RegionStatus::Enabled } else { RegionStatus::Disabled };
            ObjectRule {
                document: desired.document.clone(),
                // A Region carries no mark, and nothing of it is left when its document goes.
                mark: Mark {
                    owner: owner.to_owned(),
                    document: desired.document.clone(),
                    prune: true,
                },
                spread: Spread::Below { targets: desired.targets.clone(), except: [].into() },
                region: None,
                kind: ObjectKind::Region,
                name: name.clone(),
                state: ObjectState::Region(RegionState {
                    status,
                    may_be_disabled: opt_in.allow_disable,
                }),
            }
        })
    })
}
