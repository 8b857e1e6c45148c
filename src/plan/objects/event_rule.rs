//! Rules of EventBridge, field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::org::{EventRuleState, EventRuleStep, EventTarget, ObjectStep};
use crate::plan::objects::marked::{is_same_description, tags_to_write};

/// From `before` to `after`. New targets come before old ones go, so that nothing goes unheard.
pub(super) fn steps(before: Option<&EventRuleState>, after: &EventRuleState) -> Vec<ObjectStep> {
    let EventRuleState { description, pattern, state, targets, tags } = after.clone();
    let Some(before) = before else {
        let create = EventRuleStep::Create { description, pattern, state, tags };
        let put = EventRuleStep::PutTargets { targets };
        return [create, put].into_iter().map(ObjectStep::EventRule).collect();
    };
    let mut steps = Vec::new();
    let is_same = before.state == state
        && json(&before.pattern) == json(&pattern)
        && is_same_description(&before.description, &description);
    if !is_same {
        steps.push(EventRuleStep::Update { description, pattern, state });
    }
    let differing: BTreeMap<String, EventTarget> =
        targets.into_iter().filter(|(id, target)| before.targets.get(id) != Some(target)).collect();
    if !differing.is_empty() {
        steps.push(EventRuleStep::PutTargets { targets: differing });
    }
    let surplus = before.targets.keys().filter(|id| !after.targets.contains_key(*id));
    let ids: BTreeSet<String> = surplus.cloned().collect();
    // AWS takes five targets: where there is no room, what is not wanted goes first.
    let has_room = before.targets.len() + after.targets.len() <= 5;
    if !ids.is_empty() {
        let at = if has_room { steps.len() } else { 0 };
        steps.insert(at, EventRuleStep::RemoveTargets { ids });
    }
    if let Some(tags) = tags_to_write(&before.tags, &tags, !steps.is_empty()) {
        steps.insert(0, EventRuleStep::Tag { tags });
    }
    steps.into_iter().map(ObjectStep::EventRule).collect()
}

/// AWS deletes no rule that still has targets.
pub(super) fn remove(rule: &EventRuleState) -> Vec<ObjectStep> {
    let ids: BTreeSet<String> = rule.targets.keys().cloned().collect();
    let removed = (!ids.is_empty()).then_some(EventRuleStep::RemoveTargets { ids });
    removed.into_iter().chain([EventRuleStep::Delete]).map(ObjectStep::EventRule).collect()
}

/// What a pattern says; a text that is no JSON only equals itself.
fn json(text: &str) -> Result<Value, &str> {
    serde_json::from_str(text).map_err(|_| text)
}

#[cfg(test)]
mod tests {
    use super::steps;
    use crate::org::{EventRuleState, EventTarget};

    fn target(arn: &str) -> EventTarget {
        EventTarget { arn: arn.into(), role: None, is_rewritten: false }
    }

    fn rule() -> EventRuleState {
        EventRuleState {
            description: "Wakes somebody. [palisade acme BreakGlassRole/emergency]".into(),
            pattern: r#"{"source":["aws.signin"],"detail":{}}"#.into(),
            state: "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS".into(),
            targets: [("1".to_owned(), target("arn:a")), ("2".to_owned(), target("arn:b"))].into(),
            tags: [("palisade:owner".to_owned(), "acme".to_owned())].into(),
        }
    }

    #[track_caller]
    fn check(before: Option<&EventRuleState>, expected: &[&str]) {
        let found: Vec<String> = steps(before, &rule()).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_rule_is_made_with_its_targets_and_left_alone_whatever_its_spelling() {
        check(None, &["create", "put targets 1, 2"]);
        let spelt = r#"{ "detail": {}, "source": ["aws.signin"] }"#;
        check(Some(&EventRuleState { pattern: spelt.into(), tags: [].into(), ..rule() }), &[]);
    }

    #[test]
    fn a_rule_that_is_disabled_or_tells_somebody_else_is_drift() {
        const WRITE: &str = "write description, pattern and state";
        let disabled = EventRuleState { state: "DISABLED".into(), ..rule() };
        check(Some(&disabled), &[WRITE]);
        // The state that misses `AssumeRole`, which only reads.
        check(Some(&EventRuleState { state: "ENABLED".into(), ..rule() }), &[WRITE]);
        let mut redirected = rule();
        redirected.targets.insert("1".into(), target("arn:evil"));
        redirected.targets.insert("9".into(), target("arn:evil"));
        check(Some(&redirected), &["put targets 1", "remove targets 9"]);
        let mut rewritten = rule();
        rewritten.targets.insert("2".into(), EventTarget { is_rewritten: true, ..target("arn:b") });
        check(Some(&rewritten), &["put targets 2"]);
        let mut full = rule();
        full.targets = (3..8).map(|id| (id.to_string(), target("arn:evil"))).collect();
        check(Some(&full), &["remove targets 3, 4, 5, 6, 7", "put targets 1, 2"]);
    }
}
