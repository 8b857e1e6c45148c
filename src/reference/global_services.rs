//! Actions that an allow list of Regions must leave alone, as dated data.

use std::sync::LazyLock;

use serde::Deserialize;

/// The list that ships with palisade.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlobalServices {
    /// Counts the changes of the list.
    pub version: u32,
    /// The day (UTC) on which it was looked through, as `2026-11-30`.
    pub date: String,
    /// Where it is from.
    pub source: String,
    /// Patterns of actions whose services answer in one Region for all of them.
    pub global: Vec<String>,
    /// Patterns of actions of detective services, which must work in every Region.
    pub detective: Vec<String>,
}

/// The list that ships with palisade.
pub fn global_services() -> &'static GlobalServices {
    static LIST: LazyLock<GlobalServices> = LazyLock::new(|| {
        // A test reads the file.
        serde_yaml::from_str(include_str!("global_services.yaml")).unwrap_or_default()
    });
    &LIST
}

impl GlobalServices {
    /// All of it.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.global.iter().chain(&self.detective).map(String::as_str)
    }
}
