//! Files of the data directory, written so that nobody ever reads half of one.

use std::io::{self, Write};
use std::path::Path;

/// Puts `bytes` in the place of the file `name` in `directory`. Only its owner may read it.
pub(in crate::controller) fn replace(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.persist(directory.join(name)).map_err(|error| error.error)?;
    Ok(())
}
