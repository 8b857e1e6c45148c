//! Snapshots as files: an observation that can be kept, read elsewhere and planned against.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::org::OrgSnapshot;

/// The format this version writes, and the only one it reads. A change of the snapshot's form that an
/// older reader would misunderstand gets another number.
const FORMAT: &str = "palisade.snapshot/v1";

/// Why a snapshot was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotFileError {
    /// The file cannot be read.
    #[error("cannot read the snapshot `{path}`", path = path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file cannot be written; what was there before is unchanged.
    #[error("cannot write the snapshot `{path}`", path = path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The snapshot cannot be put into words.
    #[error("cannot render the snapshot")]
    Render(#[source] serde_json::Error),
    /// The file is not a snapshot.
    #[error(
        "`{path}` is not a snapshot: write one with `palisade observe --out {path}`",
        path = path.display()
    )]
    NotASnapshot {
        /// Which file.
        path: PathBuf,
        /// Where it stops being one.
        source: serde_json::Error,
    },
    /// The file is a snapshot of another version of palisade.
    #[error(
        "`{path}` has the format `{found}`, and this version reads `{FORMAT}`: write it again with \
         `palisade observe --out {path}`",
        path = path.display()
    )]
    OtherFormat {
        /// Which file.
        path: PathBuf,
        /// The format it names.
        found: String,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    format: &'static str,
    snapshot: &'a OrgSnapshot,
}

/// The format alone, so that a file of another version is called that and not malformed.
#[derive(Deserialize)]
struct Label {
    format: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Content {
    #[serde(rename = "format")]
    _format: String,
    snapshot: OrgSnapshot,
}

/// The snapshot as [`write()`] writes it: the same snapshot gives the same bytes.
pub fn render(snapshot: &OrgSnapshot) -> Result<String, SnapshotFileError> {
    let mut text = serde_json::to_string_pretty(&Written { format: FORMAT, snapshot })
        .map_err(SnapshotFileError::Render)?;
    text.push('\n');
    Ok(text)
}

/// Writes the snapshot to `path`, whole or not at all: a reader never sees half a snapshot.
pub fn write(snapshot: &OrgSnapshot, path: &Path) -> Result<(), SnapshotFileError> {
    let text = render(snapshot)?;
    let failed = |source| SnapshotFileError::Write { path: path.to_owned(), source };
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Reads a snapshot that [`write()`] wrote.
pub fn read(path: &Path) -> Result<OrgSnapshot, SnapshotFileError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SnapshotFileError::Read { path: path.to_owned(), source })?;
    let malformed = |source| SnapshotFileError::NotASnapshot { path: path.to_owned(), source };
    let label: Label = serde_json::from_str(&text).map_err(malformed)?;
    if label.format != FORMAT {
        let found = label.format;
        return Err(SnapshotFileError::OtherFormat { path: path.to_owned(), found });
    }
    let content: Content = serde_json::from_str(&text).map_err(malformed)?;
    Ok(content.snapshot)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::error::Error as _;

    use super::{SnapshotFileError, read, write};
    use crate::org::{OrgSnapshot, Part, PolicyType, Tree};

    fn snapshot() -> OrgSnapshot {
        let mut snapshot = OrgSnapshot::unread();
        snapshot.tree = Part::Known(Tree::bare("r-ab12".parse().unwrap()));
        snapshot.policies =
            BTreeMap::from([(PolicyType::service_control(), Part::Known(BTreeMap::new()))]);
        snapshot
    }

    #[test]
    fn a_snapshot_reads_back_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("snapshot.json");
        std::fs::write(&path, "what was there before").unwrap();
        write(&snapshot(), &path).unwrap();
        assert_eq!(read(&path).unwrap(), snapshot());
        let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing else stays behind");
    }

    #[test]
    fn a_file_that_is_no_snapshot_is_refused_with_the_next_step() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("snapshot.json");
        let cases = [
            ("{}", "is not a snapshot: write one with `palisade observe --out"),
            ("{\"format\":\"palisade.snapshot/v1\",\"snapshot\":{}}", "is not a snapshot"),
            ("{\"format\":\"palisade.snapshot/v9\",\"snapshot\":7}", "`palisade.snapshot/v9`"),
        ];
        for (text, message) in cases {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_or_written_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("missing").join("snapshot.json");
        let errors = [read(&path).unwrap_err(), write(&snapshot(), &path).unwrap_err()];
        for error in errors {
            assert!(error.to_string().contains("missing/snapshot.json"), "{error}");
            assert!(error.source().is_some());
            assert!(!matches!(error, SnapshotFileError::NotASnapshot { .. }));
        }
    }
}
