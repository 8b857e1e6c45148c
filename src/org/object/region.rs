//! A Region as an account has it: enabled or not, which is called its opt-in state.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A Region in an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegionState {
    /// Its opt-in state.
    pub status: RegionStatus,
    /// May palisade disable it? Only said of what should be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_be_disabled: bool,
}

/// The opt-in state of a Region, as `ListRegions` of the Account API names it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum RegionStatus {
    /// It can be used.
    Enabled,
    /// It can be used, and cannot be disabled.
    EnabledByDefault,
    /// AWS is enabling it, which takes minutes to hours.
    Enabling,
    /// It cannot be used.
    Disabled,
    /// AWS is disabling it.
    Disabling,
}

/// One change of a Region in an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RegionStep {
    /// `EnableRegion`.
    Enable,
    /// `DisableRegion`.
    Disable,
}

impl RegionState {
    /// A Region of this status.
    pub fn of(status: RegionStatus) -> Self {
        Self { status, may_be_disabled: false }
    }
}

impl RegionStatus {
    /// Is AWS at work on it?
    pub fn is_in_transition(self) -> bool {
        match self {
            Self::Enabling | Self::Disabling => true,
            Self::Enabled | Self::EnabledByDefault | Self::Disabled => false,
        }
    }
}

impl fmt::Display for RegionStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Enable => "enable",
            Self::Disable => "disable",
        })
    }
}
