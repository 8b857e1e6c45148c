//! What the format has room for and this version does not do: one clear answer instead of a guess.

use crate::desired::problem::{Finding, ProblemCode, shown};

const KINDS: &[&str] =
    &["RegionRestriction", "BreakGlassRole", "LoggingTrail", "Baseline", "GuardrailTest"];

const FIELDS: &[&str] = &["rootAccess", "alternateContacts", "use"];

/// The finding about a kind that this version does not have.
pub(crate) fn kind(name: &str) -> Option<Finding> {
    KINDS.contains(&name).then(|| finding(&format!("kind {}", shown(name))))
}

/// The finding about a field that this version does not have.
pub(crate) fn field(name: &str) -> Option<Finding> {
    FIELDS.contains(&name).then(|| finding(&format!("field {}", shown(name))))
}

fn finding(what: &str) -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    let message = format!("{what} is not supported by this version of palisade ({version})");
    Finding::new(ProblemCode::Unsupported, message).help("take it out, or use a later version")
}
