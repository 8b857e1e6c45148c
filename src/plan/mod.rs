//! From what should be and what is to what to do, in which order. Pure, deterministic, cannot fail.

mod action;

pub use crate::plan::action::{
    Action, Blocked, BlockedReason, Change, Held, Hold, Plan, PolicyRef, PolicyText, Reported,
    TargetRef, UnitRef, Unmanaged, UnmanagedKind,
};

use std::collections::BTreeSet;

use crate::compile::Resources;
use crate::org::OrgSnapshot;

/// The limits of one pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guards {
    /// More changes than this in one plan are held.
    pub max_changes: usize,
    /// More deletions than this in one plan are held.
    pub max_deletes: usize,
    /// Hashes of plans that a person approved.
    pub approved: BTreeSet<String>,
}

/// Compares `resources` with `snapshot` and says what to do.
pub fn plan(resources: &Resources, _snapshot: &OrgSnapshot, _guards: &Guards) -> Plan {
    Plan {
        organization_id: resources.organization_id.clone(),
        actions: Vec::new(),
        held: None,
        reported: Vec::new(),
        blocked: Vec::new(),
        unmanaged: Vec::new(),
    }
}
