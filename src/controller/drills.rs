//! When emergency access was last shown to work: recorded in the data directory by `palisade drill`, read by the
//! daemon. What must outlive the machine is an annotation in git; this file makes it known at once.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::controller::disk::{read, replace};
use crate::org::DocumentRef;

const DRILLS: &str = "drills.json";

/// The record of drills that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("can't {what} `{}`", path.display())]
pub struct DrillError {
    what: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// The last drill of every `BreakGlassRole` document, by the document's name; nothing where none was recorded.
pub fn drills(data_directory: &Path) -> Result<BTreeMap<String, Timestamp>, DrillError> {
    let path = data_directory.join(DRILLS);
    let recorded = read(&path).map_err(|source| DrillError { what: "read", path, source })?;
    Ok(recorded.unwrap_or_default())
}

/// Records that the emergency access called `names` was shown to work at the time `at`.
pub fn record_drills(
    data_directory: &Path,
    names: &[&str],
    at: Timestamp,
) -> Result<(), DrillError> {
    // A record that cannot be read is replaced: it says nothing any more.
    let mut recorded = drills(data_directory).unwrap_or_default();
    recorded.extend(names.iter().map(|name| ((*name).to_owned(), at)));
    let path = data_directory.join(DRILLS);
    let write = || -> io::Result<()> {
        fs::create_dir_all(data_directory)?;
        replace(data_directory, DRILLS, &serde_json::to_vec_pretty(&recorded)?)
    };
    write().map_err(|source| DrillError { what: "write", path: path.clone(), source })
}

/// The same, by document.
pub(in crate::controller) fn by_document(
    drills: BTreeMap<String, Timestamp>,
) -> BTreeMap<DocumentRef, Timestamp> {
    let document = |name: String| DocumentRef { kind: "BreakGlassRole".to_owned(), name };
    drills.into_iter().map(|(name, at)| (document(name), at)).collect()
}
