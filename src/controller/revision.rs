//! The git revision of a directory, read from git's own files: git itself may not be there.
//!
//! Knows plain repositories, linked worktrees, packed references, and the worktrees of git-sync, which
//! are named after their revision. Anything else has no revision, which is said and hurts nothing.

use std::fs;
use std::path::{Path, PathBuf};

/// Symbolic references that are followed: `HEAD` names a branch, and a branch may name another.
const REFERENCES_MAX: usize = 5;

/// The revision that is checked out in or above `directory`.
pub fn revision(directory: &Path) -> Option<String> {
    let real = fs::canonicalize(directory).ok()?;
    real.ancestors().find_map(|above| head(&git_directory(above)?)).or_else(|| {
        let names = real.ancestors().filter_map(|above| above.file_name()?.to_str());
        names.filter(|name| is_revision(name)).map(str::to_owned).next()
    })
}

/// The git directory of the worktree `directory`: `.git`, or what the file `.git` names.
fn git_directory(directory: &Path) -> Option<PathBuf> {
    let git = directory.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(&git).ok()?;
    let named = text.strip_prefix("gitdir:")?.trim();
    Some(directory.join(named))
}

fn head(git: &Path) -> Option<String> {
    // A linked worktree has a `HEAD` of its own and shares the references.
    let common = match fs::read_to_string(git.join("commondir")) {
        Ok(named) => git.join(named.trim()),
        Err(_) => git.to_owned(),
    };
    let mut text = fs::read_to_string(git.join("HEAD")).ok()?;
    for _ in 0..REFERENCES_MAX {
        let content = text.trim();
        if is_revision(content) {
            return Some(content.to_owned());
        }
        let reference = content.strip_prefix("ref:")?.trim();
        if Path::new(reference).is_absolute() || reference.contains("..") {
            return None;
        }
        text = fs::read_to_string(git.join(reference))
            .or_else(|_| fs::read_to_string(common.join(reference)))
            .ok()
            .or_else(|| packed(&common, reference))?;
    }
    None
}

fn packed(common: &Path, reference: &str) -> Option<String> {
    let text = fs::read_to_string(common.join("packed-refs")).ok()?;
    text.lines().find_map(|line| {
        let (revision, name) = line.split_once(' ')?;
        (name == reference).then(|| revision.to_owned())
    })
}

/// SHA-1 or SHA-256, in full.
fn is_revision(text: &str) -> bool {
    matches!(text.len(), 40 | 64)
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::revision;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[track_caller]
    fn check(files: &[(&str, &str)], directory: &str, expected: Option<&str>) {
        let temporary = tempfile::tempdir().unwrap();
        for (name, text) in files {
            write(&temporary.path().join(name), text);
        }
        let directory = temporary.path().join(directory);
        fs::create_dir_all(&directory).unwrap();
        assert_eq!(revision(&directory).as_deref(), expected);
    }

    #[test]
    fn the_revision_is_what_head_leads_to() {
        let branch = ("r/.git/HEAD", "ref: refs/heads/main\n");
        check(&[("r/.git/HEAD", ONE)], "r", Some(ONE));
        check(&[branch, ("r/.git/refs/heads/main", ONE)], "r/desired-state", Some(ONE));
        let packed = format!(
            "# pack-refs with: peeled\n{TWO} refs/heads/other\n{ONE} refs/heads/main\n^{TWO}\n"
        );
        check(&[branch, ("r/.git/packed-refs", &packed)], "r", Some(ONE));
        check(
            &[branch, ("r/.git/refs/heads/main", TWO), ("r/.git/packed-refs", &packed)],
            "r",
            Some(TWO),
        );
    }

    #[test]
    fn a_linked_worktree_has_its_own_head_and_shared_references() {
        check(
            &[
                ("w/.git", "gitdir: ../r/.git/worktrees/w\n"),
                ("r/.git/worktrees/w/HEAD", "ref: refs/heads/side\n"),
                ("r/.git/worktrees/w/commondir", "../..\n"),
                ("r/.git/refs/heads/side", TWO),
                ("r/.git/HEAD", ONE),
            ],
            "w/desired-state",
            Some(TWO),
        );
    }

    #[test]
    fn the_worktree_of_git_sync_is_named_after_its_revision() {
        let temporary = tempfile::tempdir().unwrap();
        let tree = temporary.path().join(".worktrees").join(ONE);
        fs::create_dir_all(tree.join("desired-state")).unwrap();
        symlink(Path::new(".worktrees").join(ONE), temporary.path().join("current")).unwrap();
        let directory = temporary.path().join("current/desired-state");
        assert_eq!(revision(&directory).as_deref(), Some(ONE));
    }

    #[test]
    fn what_is_no_revision_is_none() {
        check(&[], "plain", None);
        check(&[("r/.git/HEAD", "ref: refs/heads/unborn\n")], "r", None);
        check(&[("r/.git/HEAD", "ref: ../../etc/passwd\n")], "r", None);
        check(&[("r/.git/HEAD", "ref: HEAD\n")], "r", None);
        assert_eq!(revision(Path::new("/does/not/exist")), None);
    }
}
