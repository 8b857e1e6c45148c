//! Text that was to be replaced: parts of templates, and variables where there are none.

use crate::lint::statement::Statement;
use crate::lint::{LintCode, Lints};
use crate::policy::Comparison;
use crate::reference;

pub(crate) fn check(statement: &Statement<'_>, lints: &mut Lints) {
    for item in &statement.actions.items {
        text(item.text, &item.pointer, item.text.len(), lints);
    }
    for item in &statement.resources.items {
        let name = item.text.match_indices(':').nth(4).map_or(item.text.len(), |(at, _)| at);
        text(item.text, &item.pointer, name, lints);
    }
    for clause in &statement.clauses {
        for (pointer, value) in &clause.values {
            let is_literal = !has_variables(clause.operator.comparison);
            text(value, pointer, if is_literal { value.len() } else { 0 }, lints);
        }
    }
}

/// Looks at one text, whose first `literal` bytes take no variables.
fn text(text: &str, pointer: &str, literal: usize, lints: &mut Lints) {
    if let Some(part) = blank(text) {
        let message = format!("`{part}` was to be replaced");
        lints.add(LintCode::Placeholder, pointer, message, "write what it stands for");
    }
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let at = text.len() - rest.len() + start;
        let after = &rest[start + 2..];
        let Some(end) = after.find('}') else { return };
        variable(&after[..end], at < literal, pointer, lints);
        rest = &after[end..];
    }
}

fn variable(inside: &str, is_literal: bool, pointer: &str, lints: &mut Lints) {
    let name = inside.split(',').next().unwrap_or_default().trim();
    if matches!(name, "*" | "?" | "$") {
        return;
    }
    if !name.contains(':') {
        let message = format!("`${{{name}}}` was to be replaced: variables read `${{aws:…}}`");
        lints.add(LintCode::Placeholder, pointer, message, "write what it stands for");
    } else if is_literal {
        let message = format!("`${{{name}}}` is plain text here");
        let help = "variables are replaced after the fifth colon of `Resource` and in values of String, \
                    Arn and Bool operators";
        lints.add(LintCode::LiteralVariable, pointer, message, help);
    } else if reference::condition_key(name).is_none() && !is_of_provider(name) {
        let message = format!("no request has `{name}`, so the variable has no value");
        let help = format!("known as of {}", reference::date());
        lints.add(LintCode::UnknownConditionKey, pointer, message, help);
    }
}

/// Are variables replaced in values of this comparison?
fn has_variables(comparison: Comparison) -> bool {
    let name: &str = comparison.into();
    ["String", "Arn", "Bool"].iter().any(|family| name.starts_with(family))
}

/// Keys of identity providers begin with the provider's host.
pub(crate) fn is_of_provider(key: &str) -> bool {
    key.split(':').next().is_some_and(|host| host.contains('.'))
}

/// The first part in brackets, which are in no name of AWS's; those of a variable follow a `$`.
pub(crate) fn blank(text: &str) -> Option<&str> {
    for (open, close) in [('<', '>'), ('{', '}'), ('[', ']')] {
        let Some(start) = text.find(open) else { continue };
        let Some(length) = text[start..].find(close) else { continue };
        if !text[..start].ends_with('$') {
            return text.get(start..=start + length);
        }
    }
    None
}
