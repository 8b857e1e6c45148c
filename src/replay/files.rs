//! CloudTrail's files: found, opened, unpacked. Knows nothing of what is in them.

use std::fs;
use std::fs::File;
use std::io;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

/// Folders of a trail's bucket that hold no events.
const NO_EVENTS: [&str; 3] = ["CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-Aggregated"];

/// How files with events are called.
const EXTENSIONS: [&str; 4] = ["json", "gz", "ndjson", "jsonl"];

/// How deep folders may lie: those of a trail's bucket are 9 deep below `AWSLogs`.
const DEPTH_MAX: usize = 32;

/// How much is read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// Why events cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The system refuses, or the file is broken.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nothing was found to read.
    #[error(
        "no files with events in `{}`: they are called `*.json`, `*.json.gz`, `*.ndjson` or `*.jsonl`",
        path.display()
    )]
    NoFiles {
        /// The folder.
        path: PathBuf,
    },
}

/// Files with events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFiles {
    paths: Vec<PathBuf>,
}

impl EventFiles {
    /// The files that `paths` name: files as they are, of folders everything below them that holds
    /// events by its name, in the order of names.
    pub fn find(paths: &[PathBuf]) -> Result<Self, ReplayError> {
        let mut found = Vec::new();
        for path in paths {
            let before = found.len();
            let is_folder = fs::metadata(path).map_err(refused(path))?.is_dir();
            if is_folder {
                walk(path, DEPTH_MAX, &mut found)?;
                if found.len() == before {
                    return Err(ReplayError::NoFiles { path: path.clone() });
                }
            } else {
                found.push(path.clone());
            }
        }
        Ok(Self { paths: found })
    }

    /// The files.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.paths.iter().map(PathBuf::as_path)
    }
}

/// Opens a file; one that is compressed is unpacked, whatever it is called.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    let mut file = BufReader::with_capacity(CHUNK_BYTES, File::open(path)?);
    let start = io::BufRead::fill_buf(&mut file)?;
    if start.starts_with(&GZIP) {
        Ok(Box::new(MultiGzDecoder::new(file)))
    } else {
        Ok(Box::new(file))
    }
}

pub(super) fn refused(path: &Path) -> impl Fn(io::Error) -> ReplayError {
    move |source| ReplayError::Read { path: path.to_owned(), source }
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), ReplayError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = entries.map_err(refused(folder))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // Links to folders are not followed: they may lead in a circle.
        let kind = entry.file_type().map_err(refused(&path))?;
        let name = entry.file_name();
        if kind.is_dir() {
            let is_other = NO_EVENTS.iter().any(|other| name == *other);
            if depth > 0 && !is_other {
                walk(&path, depth - 1, found)?;
            }
        } else if path.extension().is_some_and(|end| EXTENSIONS.iter().any(|known| end == *known)) {
            found.push(path);
        }
    }
    Ok(())
}
