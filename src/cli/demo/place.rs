//! Where the demo lives: a temporary directory with a copy of the repository's desired state, so that it
//! can be edited while the demo runs.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use tempfile::TempDir;

macro_rules! embedded {
    ($name:literal) => {
        ($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/desired-state/", $name)))
    };
}

/// The repository's `desired-state/`, file by file: the demo needs nothing but the binary. A test holds
/// the list to the directory.
const FILES: &[(&str, &str)] = &[
    embedded!("guardrails/baselines.yaml"),
    embedded!("guardrails/emergency.yaml"),
    embedded!("guardrails/logging.yaml"),
    embedded!("guardrails/recommended.yaml"),
    embedded!("guardrails/regions.yaml"),
    embedded!("guardrails/sandbox-and-suspended.yaml"),
    embedded!("organization.yaml"),
    embedded!("tests/data.yaml"),
    embedded!("tests/detective-controls.yaml"),
    embedded!("tests/identity.yaml"),
    embedded!("tests/regions.yaml"),
];

/// The directory; gone when this is dropped.
pub(super) struct Place {
    directory: TempDir,
}

impl Place {
    /// Writes the copy.
    pub(super) fn prepare() -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("palisade-demo-")
            .tempdir()
            .context("cannot create a temporary directory for the demo")?;
        let place = Self { directory };
        for (name, text) in FILES {
            let file = place.desired_state().join(name);
            let written = file.parent().map_or(Ok(()), fs::create_dir_all);
            written
                .and_then(|()| fs::write(&file, text))
                .with_context(|| format!("cannot write `{}`", file.display()))?;
        }
        Ok(place)
    }

    /// Where desired state is.
    pub(super) fn desired_state(&self) -> PathBuf {
        self.directory.path().join("desired-state")
    }

    /// Where approvals are exchanged.
    pub(super) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{FILES, Place};

    fn files_below(directory: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
            .collect()
    }

    fn names_below(directory: &Path) -> BTreeSet<String> {
        let names = files_below(directory)
            .into_iter()
            .map(|path| path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned());
        names.collect()
    }

    #[test]
    fn the_copy_is_the_whole_of_desired_state() {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("desired-state");
        let embedded: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(embedded, names_below(&repository));
        let place = Place::prepare().unwrap();
        assert_eq!(names_below(&place.desired_state()), embedded);
    }
}
