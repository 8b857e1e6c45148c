//! `RegionRestriction` documents that have been read and checked. Their policies are among the others.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::desired::model::DesiredTarget;
use crate::org::DocumentRef;

/// Which Regions can be used.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredRegions {
    /// The document.
    pub document: DocumentRef,
    /// What it is about.
    pub targets: BTreeSet<DesiredTarget>,
    /// The Regions that can be used; nothing for all.
    pub allowed: Option<BTreeSet<String>>,
    /// The list of services without a Region that it was made with.
    pub list: RegionList,
    /// The opt-in state of Regions; nothing if it is left alone.
    pub opt_in: Option<OptIn>,
}

/// Which Regions accounts have enabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptIn {
    /// Every Region that somebody has to enable and that is classified, and whether it should be.
    pub regions: BTreeMap<String, bool>,
    /// May palisade disable a Region?
    pub allow_disable: bool,
}

/// How old the list of services without a Region is, and may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionList {
    /// Counts the changes of the list.
    pub version: u32,
    /// The day (UTC) on which it was looked through.
    pub date: Date,
    /// The age in days from which on it is warned of.
    pub age_days_max: u32,
}

impl RegionList {
    /// Its age in days on the day `today` (UTC); 0 for a list that is younger.
    pub fn age_days(&self, today: Date) -> u32 {
        let days = today.duration_since(self.date).as_hours() / 24;
        u32::try_from(days.max(0)).unwrap_or(u32::MAX)
    }

    /// Is it older than it may be?
    pub fn is_stale(&self, today: Date) -> bool {
        self.age_days(today) > self.age_days_max
    }
}
