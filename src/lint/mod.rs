//! What AWS would take and what does not do what it seems to: every finding of a policy document.
//!
//! Pure. [`check`](crate::policy::check) refuses what AWS would refuse; a finding here is a warning, since
//! somebody may mean it, and since the names it goes by have a date. Each finding has a code that
//! does not change, so that it can be silenced by name. Documents that break the grammar are not
//! for this module.

mod actions;
mod code;
mod conditions;
mod cover;
mod reach;
mod resources;
mod shadow;
mod statement;
mod texts;

pub use crate::lint::code::LintCode;

use serde_json::Value;

use crate::lint::statement::Statement;
use crate::policy::Grammar;

/// Something in a policy document that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lint {
    /// A JSON pointer into the document.
    pub pointer: String,
    /// The kind of finding.
    pub code: LintCode,
    /// What is so.
    pub message: String,
    /// What would be better.
    pub help: String,
    /// The Sid of the statement it is in, if it has one.
    pub sid: Option<String>,
}

/// What is found in one document, in the order of the document.
///
/// `exceptions` are patterns of principals that every Deny leaves alone although the document does
/// not say so. Nothing is found in management policies: AWS checks what is inside them.
pub fn lint(grammar: Grammar, document: &Value, exceptions: &[String]) -> Vec<Lint> {
    let statements = match grammar {
        Grammar::Scp | Grammar::Rcp => statement::read(document),
        Grammar::Inheritance => return Vec::new(),
    };
    let mut lints = Lints { sid: None, found: Vec::new() };
    for statement in &statements {
        lints.sid.clone_from(&statement.sid);
        texts::check(statement, &mut lints);
        actions::check(grammar, statement, &mut lints);
        resources::check(statement, &mut lints);
        conditions::check(statement, &mut lints);
        reach::check(grammar, statement, exceptions, &mut lints);
    }
    shadow::check(grammar, &statements, &mut lints);
    lints.found
}

/// What has been found so far, and in which statement the next finding is.
struct Lints {
    sid: Option<String>,
    found: Vec<Lint>,
}

impl Lints {
    fn add(
        &mut self,
        code: LintCode,
        pointer: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.found.push(Lint {
            pointer: pointer.to_owned(),
            code,
            message: message.into(),
            help: help.into(),
            sid: self.sid.clone(),
        });
    }

    /// Goes on with the findings of another statement.
    fn enter(&mut self, statement: &Statement<'_>) {
        self.sid.clone_from(&statement.sid);
    }
}

#[cfg(test)]
mod tests;
