//! The operations of Regions as accounts have them.

use crate::cloud::Operation;
use crate::org::RegionStep;

pub(super) const FIRST: Operation = Operation::GetRegionOptStatus;
pub(super) const LISTING: Operation = Operation::ListRegions;

pub(super) fn operation(step: &RegionStep) -> Operation {
    match step {
        RegionStep::Enable => Operation::EnableRegion,
        RegionStep::Disable => Operation::DisableRegion,
    }
}
