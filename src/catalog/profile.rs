//! Profiles: lists of guardrails to take at once, as data.

use serde::{Deserialize, Serialize};

/// A list of guardrails.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// What documents call it.
    pub id: String,
    /// What it is, in a line.
    pub title: String,
    /// Whom it is for.
    pub purpose: String,
    /// The profile whose guardrails it has besides its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub includes: Option<String>,
    /// The ids of its guardrails, those it includes first. Not all of them are policies.
    pub guardrails: Vec<String>,
}

/// Every profile, with what it includes.
pub(crate) fn read() -> Vec<Profile> {
    // A test reads the file.
    let written: Vec<Profile> =
        serde_yaml::from_str(include_str!("profiles.yaml")).unwrap_or_default();
    let mut profiles: Vec<Profile> = Vec::new();
    for mut profile in written {
        let included =
            profiles.iter().find(|earlier| Some(&earlier.id) == profile.includes.as_ref());
        let mut guardrails = included.map(|it| it.guardrails.clone()).unwrap_or_default();
        guardrails.append(&mut profile.guardrails);
        profiles.push(Profile { guardrails, ..profile });
    }
    profiles
}
