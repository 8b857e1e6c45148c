//! Conditions: do the keys exist, do the operators fit them, and can what is asked be so?

mod callers;
mod given;
mod keys;
mod values;

pub(crate) use crate::lint::conditions::values::is_region;

use crate::lint::Lints;
use crate::lint::statement::Statement;

pub(crate) fn check(statement: &Statement<'_>, lints: &mut Lints) {
    for clause in &statement.clauses {
        keys::check(statement, clause, lints);
        values::check(clause, lints);
        callers::check(statement, clause, lints);
    }
    given::check(statement, lints);
}
