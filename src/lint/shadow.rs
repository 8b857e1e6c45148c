//! Statements and values that others make superfluous.

use crate::lint::cover::{Case, covers, list_covers};
use crate::lint::statement::{Clause, List, Statement};
use crate::lint::{LintCode, Lints};
use crate::policy::Grammar;

pub(crate) fn check(grammar: Grammar, statements: &[Statement<'_>], lints: &mut Lints) {
    for (at, statement) in statements.iter().enumerate() {
        lints.enter(statement);
        let shadow = statements.iter().enumerate().find(|(other_at, other)| {
            let is_stronger = other.is_deny == statement.is_deny || other.is_deny;
            // Of two that say the same the later one is superfluous.
            let is_first = *other_at < at || !covers_all_of(statement, other);
            *other_at != at && is_stronger && is_first && covers_all_of(other, statement)
        });
        if let Some((other_at, other)) = shadow {
            let message = format!("{} applies wherever this one does", name_of(other_at, other));
            let help = if other.is_deny && !statement.is_deny {
                "a Deny wins over an Allow: take one of them out"
            } else {
                "take this statement out"
            };
            lints.add(LintCode::Shadowed, &statement.pointer, message, help);
        } else if grammar == Grammar::Scp && !statement.is_deny {
            let message = "an Allow gives nothing where `FullAWSAccess` is attached";
            let help =
                "take it out; where `FullAWSAccess` has been detached on purpose, silence this";
            lints.add(LintCode::AllowDoesNothing, &statement.pointer, message, help);
        }
        values(&statement.actions, Case::Folded, lints);
        values(&statement.resources, Case::Exact, lints);
    }
}

fn name_of(at: usize, statement: &Statement<'_>) -> String {
    match &statement.sid {
        Some(sid) => format!("statement {} (`{sid}`)", at + 1),
        None => format!("statement {}", at + 1),
    }
}

/// Does `wide` apply to every request that `narrow` applies to?
fn covers_all_of(wide: &Statement<'_>, narrow: &Statement<'_>) -> bool {
    list_covers(&wide.actions, &narrow.actions, Case::Folded)
        && list_covers(&wide.resources, &narrow.resources, Case::Exact)
        && wide.clauses.iter().all(|clause| narrow.clauses.iter().any(|own| is_same(clause, own)))
}

fn is_same(one: &Clause<'_>, other: &Clause<'_>) -> bool {
    let sorted = |clause: &Clause<'_>| {
        let mut values: Vec<String> = clause.values.iter().map(|(_, text)| text.clone()).collect();
        values.sort();
        values.dedup();
        values
    };
    one.operator == other.operator && one.is_on(other.key) && sorted(one) == sorted(other)
}

/// Values of a list that another one of it covers.
fn values(list: &List<'_>, case: Case, lints: &mut Lints) {
    for (at, item) in list.items.iter().enumerate() {
        let cover = list.items.iter().enumerate().find(|(other_at, other)| {
            let is_first = *other_at < at || !covers(item.text, other.text, case);
            *other_at != at && is_first && covers(other.text, item.text, case)
        });
        if let Some((_, cover)) = cover {
            let message = format!("`{}` covers `{}`", cover.text, item.text);
            lints.add(LintCode::CoveredValue, &item.pointer, message, "take it out of the list");
        }
    }
}
