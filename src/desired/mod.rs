//! Desired state: from a directory of YAML to [`DesiredOrg`], or to every problem there is.
//!
//! `files` reads bytes, `node` makes positioned trees of them, `check` holds each document to the
//! JSON Schema that `schema` makes of the types in `raw`, and `validate` says what the documents
//! mean together. `kinds` is the list of kinds. There is one description of the form, so editors and
//! the loader cannot differ. `guardrail` is what a catalogue of ready-made guardrails must answer.

mod baseline;
mod break_glass;
mod cases;
mod certificate;
mod check;
mod contacts;
mod files;
mod guardrail;
mod kinds;
mod load;
mod logging_trail;
mod model;
mod must_work;
mod node;
mod packing;
mod private;
mod problem;
mod raw;
mod regions;
mod salvage;
mod scalar;
mod schema;
mod template;
mod unsupported;
mod validate;

#[cfg(test)]
mod tests;

pub use crate::desired::baseline::{DesiredBaseline, STACK_SETS_HOME, STACK_SETS_SERVICE};
pub use crate::desired::break_glass::{
    DesiredBreakGlass, EmergencyAlerts, EmergencyRole, EmergencySaml, Failing, FailureMode,
    Incident, Operator, Others, Through,
};
pub use crate::desired::cases::{Call, Case, DesiredTest, Expectation, ExpectedGuardrail, Place};
pub use crate::desired::contacts::ContactType;
pub use crate::desired::guardrail::{
    GovernanceRoles, Guardrails, NameKind, ProfileEntry, Refusal, RegionFacts, Site, UnknownName,
    Wanted,
};
pub use crate::desired::kinds::kinds as kind_names;
pub use crate::desired::load::{Loaded, load};
pub use crate::desired::logging_trail::{DesiredArchive, DesiredTrail};
pub use crate::desired::model::{
    DesiredAccount, DesiredOrg, DesiredPolicy, DesiredTarget, DesiredUnit, DocumentHeader,
    Exceptions, Exclusion, Mode, Packing, RootAccess, Source, Suspension,
};
pub use crate::desired::must_work::{
    AcceptedLockout, BuiltInProbe, MustWork, OnUnknown, ProbeOrigin,
};
pub use crate::desired::packing::{Pack, arrange};
pub use crate::desired::problem::{Colour, Problem, ProblemCode, Severity};
pub(crate) use crate::desired::problem::{did_you_mean, did_you_mean_action, listed, shown};
pub use crate::desired::regions::{DesiredRegions, OptIn, RegionList};
pub use crate::desired::schema::json_schema;
pub use crate::desired::template::{TemplateResource, template_resources};
