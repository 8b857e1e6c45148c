//! Desired state: from a directory of YAML to [`DesiredOrg`], or to every problem there is.
//!
//! `files` reads bytes, `node` makes positioned trees of them, `check` holds each document to the
//! JSON Schema that `schema` makes of the types in `raw`, and `validate` says what the documents
//! mean together. There is one description of the form, so editors and the loader cannot differ.

mod check;
mod files;
mod load;
mod model;
mod node;
mod problem;
mod raw;
mod salvage;
mod scalar;
mod schema;
mod unsupported;
mod validate;

#[cfg(test)]
mod tests;

pub use crate::desired::load::{Loaded, load};
pub use crate::desired::model::{
    DesiredAccount, DesiredOrg, DesiredPolicy, DesiredTarget, DesiredUnit, DocumentHeader,
    Exceptions, Mode, Source, Suspension,
};
pub use crate::desired::problem::{Colour, Problem, ProblemCode, Severity};
pub use crate::desired::schema::json_schema;
