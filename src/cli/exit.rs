//! Exit codes: a contract with scripts, so they are named once.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Good,
    /// Problems, refusals and failures.
    Bad,
    /// Not a failure: there are changes to make, or there is drift.
    Changes,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Good => Self::from(0),
            Exit::Bad => Self::from(1),
            Exit::Changes => Self::from(2),
        }
    }
}
