//! The operations of CloudFormation StackSets.

use crate::cloud::Operation;
use crate::org::StackSetStep;

pub(super) const FIRST: Operation = Operation::DescribeStackSet;
pub(super) const LISTING: Operation = Operation::ListStackSets;

pub(super) fn operation(step: &StackSetStep) -> Operation {
    match step {
        StackSetStep::ActivateAccess => Operation::ActivateOrganizationsAccess,
        StackSetStep::Create { .. } => Operation::CreateStackSet,
        StackSetStep::Update { .. } => Operation::UpdateStackSet,
        StackSetStep::CreateInstances(_) => Operation::CreateStackInstances,
        StackSetStep::UpdateInstances(_) => Operation::UpdateStackInstances,
        StackSetStep::ForgetInstances(_) => Operation::DeleteStackInstances,
        StackSetStep::DetectDrift { .. } => Operation::DetectStackSetDrift,
        StackSetStep::Delete => Operation::DeleteStackSet,
    }
}
