//! Files of the data directory, written so that nobody ever reads half of one.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::de::DeserializeOwned;

/// What the file at `path` says, in JSON; nothing where there is none.
pub(in crate::controller) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts `bytes` in the place of the file `name` in `directory`. Only its owner may read it.
pub(in crate::controller) fn replace(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.persist(directory.join(name)).map_err(|error| error.error)?;
    Ok(())
}
