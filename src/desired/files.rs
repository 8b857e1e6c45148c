//! The files of desired state: found, bounded, read. Knows nothing of YAML.
//!
//! Whatever is read lies inside the directory, symbolic links followed: a commit must not be able
//! to make palisade show a file of the machine it runs on.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::desired::problem::{Problem, SourceText};
use crate::org::hex;

/// Largest file. A policy has at most 10,240 characters; 10,000 accounts with notes are 900 kB.
pub(crate) const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Most files in one directory tree: ten times the policies an organization can have of most types.
pub(crate) const FILES_MAX: usize = 10_000;

/// Deepest directory.
const DIRECTORY_DEPTH_MAX: usize = 32;

/// Why a file or directory is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The system refuses.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// A link leads elsewhere.
    #[error("is outside the desired-state directory")]
    Outside,
    /// A pipe, a device or the like.
    #[error("is not a file")]
    NotAFile,
    /// Over [`FILE_BYTES_MAX`].
    #[error("is larger than {FILE_BYTES_MAX} bytes")]
    TooLarge,
    /// Bytes that are no text.
    #[error("is not UTF-8: see byte {0}")]
    NotText(usize),
    /// Directories without end.
    #[error("leads in a circle or deeper than {DIRECTORY_DEPTH_MAX} levels")]
    TooDeep,
}

/// A directory of desired state, opened for one load.
#[derive(Debug)]
pub(crate) struct Files {
    /// As given.
    directory: PathBuf,
    /// With every symbolic link resolved; what is read must be below it.
    real: PathBuf,
    /// Where the `..data` link of a `ConfigMap` led when the directory was opened.
    data: Option<PathBuf>,
    /// Digests of everything read so far, by name.
    digests: BTreeMap<String, [u8; 32]>,
}

impl Files {
    /// Opens a directory.
    pub(crate) fn open(directory: &Path) -> Result<Self, FileError> {
        let real = fs::canonicalize(directory)?;
        let data = data_link(directory);
        Ok(Self { directory: directory.to_owned(), real, data, digests: BTreeMap::new() })
    }

    /// Is the directory still the one that was opened? git-sync exchanges the link that leads to it,
    /// Kubernetes the link `..data` inside it; what was read across an exchange is of two worlds.
    pub(crate) fn is_current(&self) -> bool {
        fs::canonicalize(&self.directory).is_ok_and(|real| real == self.real)
            && data_link(&self.directory) == self.data
    }

    /// The names of all YAML files, sorted; hidden files and directories are left out.
    pub(crate) fn names(&self, problems: &mut Vec<Problem>) -> Vec<String> {
        let mut walk = Walk { files: self, names: Vec::new(), problems, above: Vec::new() };
        walk.directory("");
        let mut names = walk.names;
        names.sort();
        names
    }

    /// Reads a file by its name.
    pub(crate) fn read(&mut self, name: &str) -> Result<SourceText, FileError> {
        let real = fs::canonicalize(self.directory.join(name))?;
        if !real.starts_with(&self.real) {
            return Err(FileError::Outside);
        }
        // Asked before it is opened: opening a pipe waits for its writer.
        if !fs::metadata(&real)?.is_file() {
            return Err(FileError::NotAFile);
        }
        let mut bytes = Vec::new();
        fs::File::open(&real)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(FileError::TooLarge);
        }
        self.digests.insert(name.to_owned(), Sha256::digest(&bytes).into());
        let text = String::from_utf8(bytes)
            .map_err(|error| FileError::NotText(error.utf8_error().valid_up_to() + 1))?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(SourceText { name: name.to_owned(), text })
    }

    /// The digest of everything read: the same names with the same bytes, the same digest.
    pub(crate) fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for (name, bytes) in &self.digests {
            digest.update((name.len() as u64).to_be_bytes());
            digest.update(name.as_bytes());
            digest.update(bytes);
        }
        hex(&digest.finalize())
    }
}

/// The name of the file that `path` means when it is written in the file `from`; nothing when it
/// leads out of the directory.
pub(crate) fn relative_to(from: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

struct Walk<'a> {
    files: &'a Files,
    names: Vec<String>,
    problems: &'a mut Vec<Problem>,
    /// The real paths of the directories walked through, against circles of links.
    above: Vec<PathBuf>,
}

impl Walk<'_> {
    fn directory(&mut self, name: &str) {
        if let Err(error) = self.walk_directory(name) {
            self.problems.push(unreadable(if name.is_empty() { "." } else { name }, &error));
        }
    }

    fn walk_directory(&mut self, name: &str) -> Result<(), FileError> {
        let path = self.files.directory.join(name);
        let real = fs::canonicalize(&path)?;
        if !real.starts_with(&self.files.real) {
            return Err(FileError::Outside);
        }
        if self.above.contains(&real) || self.above.len() >= DIRECTORY_DEPTH_MAX {
            return Err(FileError::TooDeep);
        }
        let entries = fs::read_dir(&path)?.collect::<Result<Vec<_>, _>>()?;
        self.above.push(real);
        for entry in entries {
            let file = entry.file_name();
            if let Some(file) = file.to_str() {
                self.entry(name, file);
            } else {
                let message = "has a name that is not UTF-8".to_owned();
                self.problems.push(Problem::of_file(&file.to_string_lossy(), message));
            }
        }
        self.above.pop();
        Ok(())
    }

    /// Hidden entries are no desired state: `.git`, editors' files, the `..data` of a `ConfigMap`,
    /// whose files are reached through the links beside it.
    fn entry(&mut self, directory: &str, file: &str) {
        if file.starts_with('.') {
            return;
        }
        let name =
            if directory.is_empty() { file.to_owned() } else { format!("{directory}/{file}") };
        match fs::metadata(self.files.directory.join(&name)) {
            Ok(metadata) if metadata.is_dir() => self.directory(&name),
            Ok(_) if !is_yaml(file) => {}
            Ok(_) if self.names.len() >= FILES_MAX => {
                if self.names.len() == FILES_MAX {
                    let message = format!("one of more than {FILES_MAX} files");
                    self.problems.push(Problem::of_file(&name, message));
                }
            }
            Ok(_) => self.names.push(name),
            Err(error) if is_yaml(file) => self.problems.push(unreadable(&name, &error.into())),
            Err(_) => {}
        }
    }
}

fn data_link(directory: &Path) -> Option<PathBuf> {
    fs::read_link(directory.join("..data")).ok()
}

fn is_yaml(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// The problem of a file that is not read.
pub(crate) fn unreadable(name: &str, error: &FileError) -> Problem {
    Problem::of_file(name, error.to_string())
}
