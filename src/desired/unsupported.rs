//! Fields that deserve a better answer than that they are unknown: what this version of
//! palisade does not do yet, and what belongs elsewhere.

use crate::desired::problem::{Finding, ProblemCode, shown};

const FIELDS: &[&str] = &["removeCredentials"];

/// The finding about a field that this version does not have.
pub(crate) fn field(name: &str) -> Option<Finding> {
    FIELDS.contains(&name).then(|| finding(&format!("field {}", shown(name))))
}

/// Where a field belongs that is right elsewhere.
pub(crate) fn misplaced(name: &str) -> Option<String> {
    let place = match name {
        "except" => "service and resource control policies: only they deny",
        "type" => "`kind: OrganizationPolicy`; every other kind says its type",
        "mode" | "suspend" | "prune" => "`spec` of a guardrail",
        _ => return None,
    };
    Some(format!("`{name}` belongs to {place}"))
}

fn finding(what: &str) -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    let message = format!("{what} is not supported by this version of palisade ({version})");
    Finding::new(ProblemCode::Unsupported, message).help("take it out, or use a later version")
}
