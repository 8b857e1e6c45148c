//! What a plan leaves alone: objects that no document names.

use serde::{Deserialize, Serialize};

/// An object that no document names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unmanaged {
    /// What kind of object.
    pub kind: UnmanagedKind,
    /// Its id.
    pub id: String,
    /// A name for people: shown by commands, never in metrics or status.
    pub name: String,
    /// Why palisade leaves it alone, for people.
    pub note: String,
}

/// Kinds of objects that can be unmanaged.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumIter,
)]
#[strum(serialize_all = "snake_case")]
pub enum UnmanagedKind {
    /// A policy nobody declared.
    Policy,
    /// An OU nobody declared.
    Unit,
    /// An account that is declared nowhere, or placed nowhere.
    Account,
    /// A service principal with trusted access that nobody declared.
    TrustedService,
    /// A policy type that is enabled and not declared.
    PolicyType,
    /// An object in an account that was ours and that no document wants.
    Object,
}
