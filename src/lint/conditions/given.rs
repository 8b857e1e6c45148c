//! Conditions on keys that a request cannot have, or has when the statement asks for its absence.

use crate::lint::statement::{Clause, Statement};
use crate::lint::{LintCode, Lints};
use crate::policy::{Comparison, Operator, Quantifier};
use crate::reference;

pub(crate) fn check(statement: &Statement<'_>, lints: &mut Lints) {
    absent_on_purpose(statement, lints);
    if statement.actions.is_negated {
        return;
    }
    for item in &statement.actions.items {
        let Some((prefix, name)) = item.text.split_once(':') else { continue };
        let Some(service) = reference::service(prefix) else { continue };
        let gives = |clause: &Clause<'_>| {
            service.matching(name).any(|action| service.gives(action, clause.key))
        };
        if service.matching(name).next().is_none() {
            continue;
        }
        let is_asked_in_vain = |clause: &&Clause<'_>| {
            reference::is_by_action(clause.key)
                && reference::condition_key(clause.key).is_some()
                && !gives(clause)
        };
        let missing: Vec<&Clause<'_>> = statement.clauses.iter().filter(is_asked_in_vain).collect();
        if let Some(clause) = missing.iter().find(|clause| !holds_without_key(clause)) {
            let message = format!(
                "a call of `{}` never has `{}`, so this statement never applies to it",
                item.text, clause.key
            );
            let help = format!(
                "as of {}; take the action out, or change the condition",
                reference::date()
            );
            lints.add(LintCode::NeverMatches, &item.pointer, message, help);
        } else if let Some(clause) = missing.iter().find(|clause| is_negated_only(clause.operator))
        {
            let message = format!(
                "a call of `{}` never has `{}`, so the condition on it always holds",
                item.text, clause.key
            );
            let help = "put the action into a statement of its own";
            lints.add(LintCode::ConditionIgnored, &item.pointer, message, help);
        }
    }
}

/// `Null` on `true` beside a condition that needs the key.
fn absent_on_purpose(statement: &Statement<'_>, lints: &mut Lints) {
    let is_null = |clause: &&Clause<'_>| clause.operator.comparison == Comparison::Null;
    for null in statement.clauses.iter().filter(is_null) {
        if null.says("true") && null.says("false") {
            let message = format!("`{}` is there or it is not: this always holds", null.key);
            lints.add(LintCode::ConditionIgnored, &null.pointer, message, "keep one of the two");
        } else if null.says("true") {
            let needs = |clause: &&Clause<'_>| clause.is_on(null.key) && !holds_without_key(clause);
            if let Some(clause) = statement.clauses.iter().find(needs) {
                let message = format!(
                    "`{}` needs `{}`, and `Null` asks that it be missing",
                    clause.spelling, null.key
                );
                let help = "use the operator with `IfExists`, or take one of the two out";
                lints.add(LintCode::NeverMatches, &clause.pointer, message, help);
            }
        }
    }
}

/// Does the condition hold when the request does not have its key?
fn holds_without_key(clause: &Clause<'_>) -> bool {
    if clause.operator.comparison == Comparison::Null {
        return clause.says("true");
    }
    match (clause.operator.quantifier, clause.operator.if_exists) {
        (Quantifier::ForAllValues, _) | (Quantifier::Single, true) => true,
        (Quantifier::ForAnyValue, if_exists) => if_exists,
        (Quantifier::Single, false) => clause.operator.comparison.is_negated(),
    }
}

/// Does it hold without its key although nothing in it says that the author thought of that?
fn is_negated_only(operator: Operator) -> bool {
    let is_single = operator.quantifier == Quantifier::Single;
    is_single && !operator.if_exists && operator.comparison.is_negated()
}
