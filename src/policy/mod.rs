//! The policy language: reading, grammar, meaning, comparison. Pure; it names nothing else of ours.
//!
//! ```text
//!  text ─ parse ─► Value ─ check ─► problems
//!                    ├─ with_exceptions ─► Value ─ minify ─► text to send
//!                    ├─ canonical ─► Canonical   equality by meaning
//!                    └─ diff ─► changes          what a reviewer reads
//! ```
//!
//! A document travels as a [`serde_json::Value`], in the order in which it was written, because
//! what is sent should look like what was reviewed. Nothing here compares text: AWS gives lists
//! back in another order than it got them.
//!
//! Everything but [`parse`] and [`check`] also takes documents that are not grammatical, since AWS
//! may hold such: what is not understood is compared as it is, and never edited.

mod canonical;
mod check;
mod diff;
mod exception;
mod grammar;
mod operator;
mod parse;
mod problem;

pub use crate::policy::canonical::{Canonical, canonical, minify};
pub use crate::policy::check::check;
pub use crate::policy::diff::{ChangeDetail, ChangeKind, PolicyChange, diff};
pub use crate::policy::exception::with_exceptions;
pub use crate::policy::grammar::{Grammar, Language};
pub use crate::policy::operator::{Comparison, Operator, Quantifier};
pub use crate::policy::parse::{locate, parse};
pub use crate::policy::problem::{PolicyProblem, Position};

#[cfg(test)]
mod tests;
