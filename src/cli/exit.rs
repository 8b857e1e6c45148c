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
    /// Not a failure: a guardrail denies the call, or calls.
    Denied,
    /// Not a failure: what is given does not decide.
    Unknown,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Good => Self::from(0),
            Exit::Bad => Self::from(1),
            Exit::Changes => Self::from(2),
            Exit::Denied => Self::from(3),
            Exit::Unknown => Self::from(4),
        }
    }
}
