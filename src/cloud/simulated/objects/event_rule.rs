//! The rules of EventBridge rules (EventBridge API reference).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::org::{EventRuleState, EventRuleStep};

/// Targets of a rule ("Amazon EventBridge quotas").
const TARGETS_MAX: usize = 5;

/// What a rule is after `step`; nothing when it is gone.
pub(super) fn change(
    before: Option<EventRuleState>,
    step: &EventRuleStep,
) -> Result<Option<EventRuleState>, Refusal> {
    if let EventRuleStep::Create { description, pattern, state, tags } = step {
        // `PutRule` replaces what is there, and takes tags only of what is new.
        let (targets, tags) = match before {
            Some(rule) => (rule.targets, rule.tags),
            None => (BTreeMap::new(), tags.clone()),
        };
        let pattern = checked(pattern)?;
        let (description, state) = (description.clone(), state.clone());
        return Ok(Some(EventRuleState { description, pattern, state, targets, tags }));
    }
    let missing = || Code::ResourceNotFoundException.because("Rule does not exist on EventBus.");
    let mut rule = before.ok_or_else(missing)?;
    match step {
        EventRuleStep::Create { .. } => {}
        EventRuleStep::Update { description, pattern, state } => {
            rule.description.clone_from(description);
            rule.pattern = checked(pattern)?;
            rule.state.clone_from(state);
        }
        EventRuleStep::Tag { tags } => rule.tags.extend(tags.clone()),
        EventRuleStep::PutTargets { targets } => {
            rule.targets.extend(targets.clone());
            if rule.targets.len() > TARGETS_MAX {
                let message = "The requested resource exceeds the maximum number allowed.";
                return Err(Code::ConstraintViolationException.because(message));
            }
        }
        EventRuleStep::RemoveTargets { ids } => rule.targets.retain(|id, _| !ids.contains(id)),
        EventRuleStep::Delete if rule.targets.is_empty() => return Ok(None),
        EventRuleStep::Delete => {
            let message = "Rule can't be deleted since it has targets.";
            return Err(Code::ValidationException.because(message));
        }
    }
    Ok(Some(rule))
}

fn checked(pattern: &str) -> Result<String, Refusal> {
    match serde_json::from_str::<Value>(pattern) {
        Ok(Value::Object(_)) => Ok(pattern.to_owned()),
        Ok(_) | Err(_) => {
            Err(Code::ValidationException.because("Event pattern is not valid. Reason: not JSON"))
        }
    }
}
