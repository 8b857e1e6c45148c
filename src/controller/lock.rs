//! One daemon a data directory: two would undo each other's approvals, and change AWS side by side.
//!
//! The lock is the system's, on an open file: it goes with the process, however that ends, so that a
//! file left behind by a daemon that was killed locks nobody out. It keeps a machine's daemons apart and
//! no others. `palisade approve` does not take it: approving beside the daemon is what the directory is
//! for. A daemon that only observes takes it too, because it clears away what no longer waits.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

const LOCK: &str = "daemon.lock";

/// Held as long as the daemon lives.
#[derive(Debug)]
pub(in crate::controller) struct Lock {
    _file: File,
}

/// The data directory is not this daemon's.
#[derive(Debug, thiserror::Error)]
pub(in crate::controller) enum LockError {
    /// It is another's.
    #[error("{owner} has the data directory")]
    Taken {
        /// Who.
        owner: String,
    },
    /// Whose it is cannot be told.
    #[error("can't lock `{}`", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Takes the data directory, which exists, for this process.
pub(in crate::controller) fn take(data_directory: &Path) -> Result<Lock, LockError> {
    let path = data_directory.join(LOCK);
    let unusable = |source| LockError::Unusable { path: path.clone(), source };
    let opened = File::options().create(true).truncate(false).write(true).open(&path);
    let mut file = opened.map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(LockError::Taken { owner: owner(&path) }),
        Err(TryLockError::Error(source)) => return Err(unusable(source)),
    }
    // Only for the words of the next one: a full disk is no reason not to start.
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(Lock { _file: file })
}

/// The process that has the lock, as far as its file tells.
fn owner(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    match text.trim().parse::<u32>() {
        Ok(process) => format!("another palisade (process {process})"),
        Err(_) => "another palisade".to_owned(),
    }
}
