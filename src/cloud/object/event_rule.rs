//! The operations of EventBridge rules.

use crate::cloud::Operation;
use crate::org::EventRuleStep;

pub(super) const FIRST: Operation = Operation::DescribeRule;
pub(super) const LISTING: Operation = Operation::ListRules;

pub(super) fn operation(step: &EventRuleStep) -> Operation {
    match step {
        EventRuleStep::Create { .. } | EventRuleStep::Update { .. } => Operation::PutRule,
        EventRuleStep::Tag { .. } => Operation::TagRule,
        EventRuleStep::PutTargets { .. } => Operation::PutTargets,
        EventRuleStep::RemoveTargets { .. } => Operation::RemoveTargets,
        EventRuleStep::Delete => Operation::DeleteRule,
    }
}
