//! Resources: do the actions act on what can be named, and are the Regions in ARNs real?

use crate::lint::conditions::is_region;
use crate::lint::statement::Statement;
use crate::lint::{LintCode, Lints};
use crate::reference;

pub(crate) fn check(statement: &Statement<'_>, lints: &mut Lints) {
    for item in &statement.resources.items {
        let region = item.text.split(':').nth(3).unwrap_or_default();
        let is_name = !region.is_empty() && !region.contains(['$', '<', '*', '?']);
        if is_name && !is_region(region) {
            let message = format!("`{region}` is no Region as of {}", reference::date());
            let help = "the fourth part of an ARN is the Region; it is empty for global resources";
            lints.add(LintCode::UnknownRegion, &item.pointer, message, help);
        }
    }
    without_resources(statement, lints);
}

/// An action on `*` only is never on a resource with a name, so the statement passes it by.
fn without_resources(statement: &Statement<'_>, lints: &mut Lints) {
    let resources = &statement.resources;
    if resources.is_negated || resources.is_everything() || statement.actions.is_negated {
        return;
    }
    for item in &statement.actions.items {
        let Some((_, action)) = reference::action(item.text) else { continue };
        if !action.has_resources {
            let message = format!(
                "`{}` acts on `*` only, as of {}, so this statement never applies to it",
                item.text,
                reference::date()
            );
            let help = "put it into a statement with `\"Resource\": \"*\"`";
            lints.add(LintCode::NeverMatches, &item.pointer, message, help);
        }
    }
}
