//! Carries out a plan: in its order, within its limits, checking live state first.

mod outcome;

pub use crate::act::outcome::Outcome;
