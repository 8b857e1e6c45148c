//! Which paths decide what a directory shows, symbolic links resolved.
//!
//! A `ConfigMap` is flipped by renaming the hidden link `..data`, a git-sync checkout by renaming a link
//! above the directory; neither touches the directory's own files. So each link on the way to a file
//! belongs to the scope, by the place in which the link itself lies.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Component, Path, PathBuf};

/// Links that one path may lead over: what Linux allows (`path_resolution(7)`).
const LINKS_MAX: usize = 40;

/// Directories in one scope. Desired state with a directory an account stays below it, and inotify
/// has a limit of its own.
const DIRECTORIES_MAX: usize = 10_000;

/// What to watch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::controller) struct Scope {
    /// Real directories of which every entry that is not hidden counts.
    directories: BTreeSet<PathBuf>,
    /// Single entries that count: links, the directories themselves, and what is missing.
    entries: BTreeSet<PathBuf>,
}

impl Scope {
    /// The scope of `directories` as they are now. A link that leads out of its directory counts, what
    /// it leads to does not: desired state is not read from there.
    pub(in crate::controller) fn of(directories: &[PathBuf]) -> Self {
        let mut scope = Self::default();
        for directory in directories {
            if let Some(root) = scope.resolve(directory) {
                scope.descend(&root);
            }
        }
        scope
    }

    fn descend(&mut self, root: &Path) {
        let mut open = VecDeque::from([root.to_owned()]);
        while let Some(path) = open.pop_front() {
            let Some(real) = self.resolve(&path) else { continue };
            if !real.is_dir()
                || !real.starts_with(root)
                || self.directories.len() >= DIRECTORIES_MAX
            {
                continue;
            }
            if self.directories.insert(real.clone()) {
                open.extend(visible(&real).filter(|entry| entry.is_symlink() || entry.is_dir()));
            }
        }
    }

    /// The directories that have to be watched, each without what is below it.
    pub(in crate::controller) fn watched(&self) -> BTreeSet<PathBuf> {
        let around = self.entries.iter().filter_map(|entry| entry.parent());
        self.directories.iter().map(PathBuf::as_path).chain(around).map(Path::to_owned).collect()
    }

    /// Does a change of `path` count?
    pub(in crate::controller) fn concerns(&self, path: &Path) -> bool {
        self.entries.contains(path)
            || self.directories.contains(path)
            || (!is_hidden(path)
                && path.parent().is_some_and(|parent| self.directories.contains(parent)))
    }

    /// Changes when something in the scope does: for file systems that tell nobody.
    pub(in crate::controller) fn stamp(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.watched().hash(&mut hasher);
        for file in self.directories.iter().flat_map(|directory| visible(directory)) {
            file.hash(&mut hasher);
            if let Ok(metadata) = fs::metadata(&file) {
                metadata.len().hash(&mut hasher);
                metadata.modified().ok().hash(&mut hasher);
            }
        }
        for entry in &self.entries {
            fs::read_link(entry).ok().hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Follows `path` link by link, and notes every entry that decides where it leads. Nothing if it
    /// leads nowhere; what is missing is noted then.
    fn resolve(&mut self, path: &Path) -> Option<PathBuf> {
        let absolute = std::path::absolute(path).ok()?;
        let mut open: VecDeque<OsString> = components(&absolute);
        let mut real = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = open.pop_front() {
            if name == ".." {
                real.pop();
                continue;
            }
            let entry = real.join(&name);
            let Ok(metadata) = fs::symlink_metadata(&entry) else {
                self.entries.insert(entry);
                return None;
            };
            if !metadata.is_symlink() {
                real = entry;
                continue;
            }
            links += 1;
            let target = fs::read_link(&entry).ok().filter(|_| links <= LINKS_MAX)?;
            self.entries.insert(entry);
            if target.is_absolute() {
                real = PathBuf::from("/");
            }
            for name in components(&target).into_iter().rev() {
                open.push_front(name);
            }
        }
        self.entries.insert(real.clone());
        Some(real)
    }
}

fn components(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
        })
        .collect()
}

/// The entries of a directory that desired state is read from.
fn visible(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !is_hidden(path))
        .collect();
    paths.sort();
    paths.into_iter()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}
