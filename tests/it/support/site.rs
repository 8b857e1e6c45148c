//! An organization in the emulator, desired state for it in a directory, and the built binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use palisade::cloud::Operation;
use tempfile::TempDir;

use crate::support::emulator::EmulatedOrganization;

/// A place where the binary works.
pub(crate) struct Site {
    /// The organization.
    pub(crate) organization: EmulatedOrganization,
    directory: TempDir,
}

impl Site {
    /// A site with empty desired state.
    pub(crate) fn new(organization: EmulatedOrganization) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("desired-state")).unwrap();
        Self { organization, directory }
    }

    /// A file or directory of the site.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file of desired state.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path("desired-state").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Takes the files of `directory` for desired state, `translate`d.
    pub(crate) fn copy(&self, directory: &Path, translate: &dyn Fn(&str) -> String) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.copy(&path, translate);
                continue;
            }
            let text = translate(&fs::read_to_string(&path).unwrap());
            let name = path.strip_prefix(example()).unwrap();
            self.write(name.to_str().unwrap(), &text);
        }
    }

    /// Runs `palisade` in the site, with this organization and no other AWS in reach.
    pub(crate) fn palisade(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command.current_dir(self.directory.path()).args(arguments);
        self.organization.point(&mut command);
        Said::of(&command.output().unwrap())
    }

    /// `palisade plan`: its exit code is 0 when there is nothing to do and 2 when there is.
    pub(crate) fn plan(&self) -> Said {
        self.palisade(&["plan", "--api-budget", "unlimited"])
    }

    /// `palisade apply --yes`, which must end with the organization as it should be; which calls it
    /// took to change it.
    pub(crate) fn apply(&self) -> Vec<Operation> {
        let before = self.organization.changes().len();
        let said = self.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
        assert_eq!(said.code, 0, "{said}");
        self.organization.changes().split_off(before)
    }
}

/// What a run of the binary left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// Its exit code.
    pub(crate) code: i32,
    /// Standard output: data.
    pub(crate) data: String,
    /// Standard error: words.
    pub(crate) words: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ends it"),
            data: String::from_utf8(output.stdout.clone()).unwrap(),
            words: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "exit code {}\n{}\n{}", self.code, self.data, self.words)
    }
}

/// The desired state that comes with palisade.
pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("desired-state")
}
