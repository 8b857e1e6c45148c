//! What a change does to a StackSet: its settings, line by line of its template, and what is done about
//! instances.

use std::collections::{BTreeMap, BTreeSet};

use similar::{ChangeTag, TextDiff};

use crate::cli::render::diff::{Line, LineKind};
use crate::cli::render::object_diff::{field, line};
use crate::org::{
    AutoDeployment, Mark, ObjectState, ObjectStep, Share, StackSetState, StackSetStep, read_stamp,
};
use crate::plan::ObjectChange;

/// Lines around a change of a template that are shown.
const CONTEXT_LINES: usize = 2;

pub(super) fn stack_set_lines(change: &ObjectChange) -> Vec<Line> {
    let of =
        |state: &Option<ObjectState>| state.as_ref().and_then(ObjectState::as_stack_set).cloned();
    let (before, after) = (of(&change.before), of(&change.after));
    let mut lines = Vec::new();
    if let Some(after) = &after {
        lines.extend(settings_lines(before.as_ref(), after));
    }
    for step in &change.steps {
        let ObjectStep::StackSet(step) = step else { continue };
        let kind = match step {
            StackSetStep::CreateInstances(_) => LineKind::Added,
            StackSetStep::ForgetInstances(_) | StackSetStep::Delete => LineKind::Removed,
            StackSetStep::UpdateInstances(_) => LineKind::Changed,
            StackSetStep::ActivateAccess
            | StackSetStep::Create { .. }
            | StackSetStep::Update { .. }
            | StackSetStep::DetectDrift { .. } => continue,
        };
        lines.push(line(kind, &step.to_string()));
    }
    lines
}

fn settings_lines(before: Option<&StackSetState>, after: &StackSetState) -> Vec<Line> {
    let text = |of: fn(&StackSetState) -> String| (before.map(of), Some(of(after)));
    let mut lines = field("description", text(|set| own_description(set).to_owned()));
    lines
        .extend(field("new accounts", text(|set| auto_deployment(set.auto_deployment).to_owned())));
    lines.extend(field("managed execution", text(|set| set.managed_execution.to_string())));
    let capabilities = |set: &StackSetState| {
        set.capabilities.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    lines.extend(field("capabilities", text(capabilities)));
    let nothing = BTreeMap::new();
    let (old, new) = (before.map_or(&nothing, |set| &set.parameters), &after.parameters);
    for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let values = (old.get(name).cloned(), new.get(name).cloned());
        lines.extend(field(&format!("parameter {name}"), values));
    }
    lines.extend(template_lines(before.map_or("", |set| &set.template), &after.template));
    if let (None, Some(reach)) = (before, &after.reach) {
        let share = |share: Share| match share {
            Share::Count(count) => count.to_string(),
            Share::Percent(percent) => format!("{percent}%"),
        };
        let rollout = format!(
            "operations: {} accounts at once, {} may fail",
            share(reach.rollout.max_concurrent),
            share(reach.rollout.failure_tolerance)
        );
        lines.push(line(LineKind::Added, &rollout));
    }
    lines
}

/// The description without what palisade writes into it for itself.
fn own_description(set: &StackSetState) -> &str {
    read_stamp(Mark::read_description(&set.description).0).0
}

fn auto_deployment(auto: AutoDeployment) -> &'static str {
    match auto {
        AutoDeployment::Off => "get none",
        AutoDeployment::OnRetaining => "get one from AWS; those that leave keep theirs",
        AutoDeployment::OnDeleting => "get one from AWS; those that leave lose theirs",
    }
}

fn template_lines(before: &str, after: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(before, after);
    let groups = diff.grouped_ops(CONTEXT_LINES);
    if groups.is_empty() {
        return Vec::new();
    }
    let kind = if before.is_empty() { LineKind::Added } else { LineKind::Changed };
    let mut lines = vec![line(kind, "template")];
    for change in groups.iter().flatten().flat_map(|op| diff.iter_changes(op)) {
        let kind = match change.tag() {
            ChangeTag::Equal => LineKind::Same,
            ChangeTag::Delete => LineKind::Removed,
            ChangeTag::Insert => LineKind::Added,
        };
        lines.push(line(kind, &format!("  {}", change.value().trim_end())));
    }
    lines
}
