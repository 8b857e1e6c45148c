//! Paths of organizational units from the root: `/`, `/Workloads/Prod`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where an OU is, by the names of the OUs above it and its own; empty for the root.
///
/// Written with `/`; a `/` in a name is `~1` and a `~` is `~0`, as in JSON Pointer (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OuPath(Vec<String>);

/// Text that is not a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an OU path: write `/` for the root or names from the root, such as `/Workloads/Prod`"
)]
pub struct InvalidPath(pub String);

impl OuPath {
    /// The root itself.
    pub fn root() -> Self {
        Self(Vec::new())
    }

    /// The OU called `name` below this one.
    #[must_use = "the path is not changed in place"]
    pub fn child(&self, name: &str) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }

    /// What this OU lies in, and nothing for the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.0.split_last()?;
        Some(Self(above.to_vec()))
    }

    /// The OU's own name, and nothing for the root.
    pub fn name(&self) -> Option<&str> {
        self.0.last().map(String::as_str)
    }

    /// The names from the root down.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// How many OUs deep: 0 for the root. AWS allows 5.
    pub fn depth(&self) -> usize {
        self.0.len()
    }

    /// Is `other` this OU or below it?
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl FromStr for OuPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let invalid = || InvalidPath(text.to_owned());
        let rest = text.strip_prefix('/').ok_or_else(invalid)?;
        if rest.is_empty() {
            return Ok(Self::root());
        }
        let names: Vec<String> =
            rest.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
        if names.iter().any(String::is_empty) { Err(invalid()) } else { Ok(Self(names)) }
    }
}

impl TryFrom<String> for OuPath {
    type Error = InvalidPath;

    fn try_from(text: String) -> Result<Self, InvalidPath> {
        text.parse()
    }
}

impl From<OuPath> for String {
    fn from(path: OuPath) -> String {
        path.to_string()
    }
}

impl fmt::Display for OuPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("/");
        }
        for name in &self.0 {
            write!(formatter, "/{}", name.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::OuPath;

    #[test]
    fn a_path_reads_back_as_it_was_written() {
        for text in ["/", "/Workloads", "/Workloads/Prod", "/a~1b/c~0d"] {
            assert_eq!(text.parse::<OuPath>().map(|path| path.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(OuPath::root().child("a/b").to_string(), "/a~1b");
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "Workloads", "//", "/a/", "/a//b"] {
            assert!(text.parse::<OuPath>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_contains_itself_and_what_is_below() {
        let prod: OuPath = OuPath::root().child("Workloads").child("Prod");
        assert!(OuPath::root().contains(&prod));
        assert!(prod.contains(&prod));
        assert!(!prod.contains(&OuPath::root().child("Workloads")));
        assert!(!OuPath::root().child("Work").contains(&prod));
    }
}
