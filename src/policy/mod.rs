//! The policy language: reading, grammar, meaning, comparison. Pure; it names nothing else of ours.
//!
//! ```text
//!  text ─ parse ─► Value ─ check ─► problems
//!                    ├─ with_exceptions ─► Value ─ minify ─► text to send
//!                    ├─ canonical ─► Canonical   equality by meaning
//!                    ├─ diff ─► changes          what a reviewer reads
//!                    ├─ shared_size, pack, join ─► Value   many in few
//!                    └─ Document::read ─► Document ─ Hierarchy::decide(Request) ─► Verdict
//! ```
//!
//! A document travels as a [`serde_json::Value`], in the order in which it was written, because
//! what is sent should look like what was reviewed. Nothing here compares text: AWS gives lists
//! back in another order than it got them.
//!
//! Everything but [`parse`] and [`check`] also takes documents that are not grammatical, since AWS
//! may hold such: what is not understood is compared as it is, and never edited.

mod arn;
mod canonical;
mod check;
mod condition;
mod context;
mod diff;
mod document;
mod exception;
mod grammar;
mod hierarchy;
mod name;
mod operator;
mod overlap;
mod pack;
mod parse;
mod pattern;
mod problem;
mod rcp_services;
mod request;
mod template;
mod truth;

pub use crate::policy::canonical::{Canonical, canonical, minify};
pub use crate::policy::check::check;
pub use crate::policy::diff::{ChangeDetail, ChangeKind, PolicyChange, diff};
pub use crate::policy::document::{Document, Mismatch};
pub use crate::policy::exception::with_exceptions;
pub use crate::policy::grammar::{Grammar, Language};
pub use crate::policy::hierarchy::{
    AttachedPolicy, ControlType, Denial, Hierarchy, Hit, Level, StatementRef, Verdict,
};
pub use crate::policy::operator::{Comparison, Operator, Quantifier};
pub use crate::policy::pack::{
    Piece, Room, Share, belonging_to, join, least, pack, pack_all, places_in, shared_size,
};
pub use crate::policy::parse::{locate, parse};
pub use crate::policy::pattern::WildcardPattern;
pub use crate::policy::problem::{PolicyProblem, Position};
pub use crate::policy::rcp_services::supports_rcp;
pub use crate::policy::request::{Request, RequestProblem};
pub use crate::policy::truth::{Doubt, Missing, Truth};

#[cfg(test)]
mod tests;
