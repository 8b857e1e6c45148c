//! The operations of trails.

use crate::cloud::Operation;
use crate::org::TrailStep;

pub(super) const FIRST: Operation = Operation::GetTrail;
/// Never sent: see `ObjectKind::is_listed`.
pub(super) const LISTING: Operation = FIRST;

pub(super) fn operation(step: &TrailStep) -> Operation {
    match step {
        TrailStep::Create { .. } => Operation::CreateTrail,
        TrailStep::Tag { .. } => Operation::AddTags,
        TrailStep::Start => Operation::StartLogging,
        TrailStep::Update { .. } => Operation::UpdateTrail,
        TrailStep::PutSelectors { .. } => Operation::PutEventSelectors,
        TrailStep::PutInsights { .. } => Operation::PutInsightSelectors,
        TrailStep::Delete => Operation::DeleteTrail,
    }
}
