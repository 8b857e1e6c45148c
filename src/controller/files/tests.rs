//! Real files and the system's real events, each waited for, never slept for.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{Notify, watch};

use crate::controller::files::scope::Scope;
use crate::controller::files::{FileWatch, Sight, Watching};

/// Far more than a burst takes on the slowest machine; reached only by a failure.
const PATIENCE: Duration = Duration::from_secs(30);

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Replaces the link `link` in one step, as `ln -sfn` and Kubernetes do.
fn flip(link: &Path, target: &Path) {
    let new = link.with_file_name("..new");
    symlink(target, &new).unwrap();
    fs::rename(&new, link).unwrap();
}

/// Watches `directory`, does something, and waits until it is told.
async fn is_told(directory: &Path, change: impl FnOnce()) {
    let watch = FileWatch::start(vec![directory.to_owned()]);
    change();
    tokio::time::timeout(PATIENCE, watch.changed().notified()).await.expect("nobody told");
    assert_eq!(watch.sight(), Sight::Told);
}

#[tokio::test]
async fn a_plain_edit_is_told() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("desired/sub/a.yaml");
    write(&file, "one");
    is_told(&home.path().join("desired"), || write(&file, "two")).await;
}

#[tokio::test]
async fn a_rename_by_an_editor_is_told() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("a.yaml");
    write(&file, "one");
    is_told(home.path(), || {
        write(&home.path().join(".a.yaml.swp"), "two");
        fs::rename(home.path().join(".a.yaml.swp"), &file).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_flip_of_a_config_map_is_told() {
    let home = TempDir::new().unwrap();
    write(&home.path().join("..2026_1/a.yaml"), "one");
    write(&home.path().join("..2026_2/a.yaml"), "two");
    symlink("..2026_1", home.path().join("..data")).unwrap();
    symlink("..data/a.yaml", home.path().join("a.yaml")).unwrap();
    is_told(home.path(), || flip(&home.path().join("..data"), Path::new("..2026_2"))).await;
}

#[tokio::test]
async fn a_flip_of_git_sync_above_the_directory_is_told_again_and_again() {
    let home = TempDir::new().unwrap();
    for tree in ["one", "two", "three"] {
        write(&home.path().join(".worktrees").join(tree).join("desired/a.yaml"), tree);
    }
    let link = home.path().join("current");
    symlink(".worktrees/one", &link).unwrap();
    let watch = FileWatch::start(vec![link.join("desired")]);
    for tree in ["two", "three"] {
        flip(&link, &Path::new(".worktrees").join(tree));
        tokio::time::timeout(PATIENCE, watch.changed().notified()).await.expect("nobody told");
    }
    // What the link leads to now is watched as well.
    write(&home.path().join(".worktrees/three/desired/a.yaml"), "edited");
    tokio::time::timeout(PATIENCE, watch.changed().notified()).await.expect("nobody told");
}

#[tokio::test]
async fn a_directory_that_appears_is_told() {
    let home = TempDir::new().unwrap();
    let directory = home.path().join("mount/desired");
    let watch = FileWatch::start(vec![directory.clone()]);
    write(&directory.join("a.yaml"), "one");
    tokio::time::timeout(PATIENCE, watch.changed().notified()).await.expect("nobody told");
    write(&directory.join("a.yaml"), "two");
    tokio::time::timeout(PATIENCE, watch.changed().notified()).await.expect("nobody told");
}

#[tokio::test]
async fn a_directory_that_is_replaced_is_still_watched() {
    let home = TempDir::new().unwrap();
    let directory = home.path().join("desired");
    write(&directory.join("a.yaml"), "one");
    write(&home.path().join("next/a.yaml"), "two");
    let watch = FileWatch::start(vec![directory.clone()]);
    fs::rename(&directory, home.path().join("old")).unwrap();
    fs::rename(home.path().join("next"), &directory).unwrap();
    tokio::time::timeout(PATIENCE, watch.changed().notified()).await.expect("nobody told");
    write(&directory.join("a.yaml"), "three");
    tokio::time::timeout(PATIENCE, watch.changed().notified()).await.expect("nobody told");
}

#[tokio::test]
async fn a_burst_is_told_once_and_reading_is_not_told() {
    let home = TempDir::new().unwrap();
    for number in 0..200 {
        write(&home.path().join(format!("{number}.yaml")), "one");
    }
    let watch = FileWatch::start(vec![home.path().to_owned()]);
    for number in 0..200 {
        write(&home.path().join(format!("{number}.yaml")), "two");
    }
    let changed = watch.changed();
    tokio::time::timeout(PATIENCE, changed.notified()).await.expect("nobody told");
    for number in 0..200 {
        fs::read(home.path().join(format!("{number}.yaml"))).unwrap();
    }
    write(&home.path().join(".hidden"), "not part of desired state");
    let again = tokio::time::timeout(super::BURST_MAX, changed.notified()).await;
    assert!(again.is_err(), "told of the same burst, of reading, or of a hidden file");
}

#[tokio::test(start_paused = true)]
async fn where_the_system_does_not_tell_files_are_looked_at() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("a.yaml");
    write(&file, "one");
    let (sender, sight) = watch::channel(Sight::Told);
    let changed = Arc::new(Notify::new());
    let watching = Watching {
        directories: vec![home.path().to_owned()],
        touched: Arc::default(),
        changed: Arc::clone(&changed),
        sight: sender,
    };
    let polling = tokio::spawn(watching.run(Err(notify::Error::generic("too many watches"))));
    tokio::task::yield_now().await;
    assert_eq!(*sight.borrow(), Sight::Polling("too many watches".into()));
    let unchanged = tokio::time::timeout(Duration::from_mins(1), changed.notified()).await;
    assert!(unchanged.is_err(), "told of a change that was none");
    write(&file, "three");
    tokio::time::timeout(Duration::from_mins(1), changed.notified()).await.expect("nobody told");
    polling.abort();
}

#[test]
fn every_link_on_the_way_counts_and_hidden_files_do_not() {
    let home = TempDir::new().unwrap();
    let home = fs::canonicalize(home.path()).unwrap();
    write(&home.join(".git/HEAD"), "x");
    write(&home.join("real/a.yaml"), "x");
    write(&home.join("elsewhere/b.yaml"), "x");
    symlink("real", home.join("link")).unwrap();
    symlink("../elsewhere/b.yaml", home.join("real/b.yaml")).unwrap();
    symlink("../elsewhere", home.join("real/out")).unwrap();
    let scope = Scope::of(&[home.join("link")]);
    for (path, concerned) in [
        ("link", true),
        ("real", true),
        ("real/a.yaml", true),
        ("real/new.yaml", true),
        ("real/b.yaml", true),
        ("elsewhere/b.yaml", true),
        ("real/out", true),
        ("elsewhere/c.yaml", false),
        ("real/.a.yaml.swp", false),
        (".git/HEAD", false),
        ("unrelated", false),
    ] {
        assert_eq!(scope.concerns(&home.join(path)), concerned, "{path}");
    }
}

#[test]
fn links_in_a_circle_end() {
    let home = TempDir::new().unwrap();
    symlink("b", home.path().join("a")).unwrap();
    symlink("a", home.path().join("b")).unwrap();
    symlink(".", home.path().join("self")).unwrap();
    let scope = Scope::of(&[home.path().to_owned()]);
    assert!(scope.concerns(&fs::canonicalize(home.path()).unwrap().join("x.yaml")));
}

#[test]
fn a_stamp_changes_with_what_is_in_scope_and_with_nothing_else() {
    let home = TempDir::new().unwrap();
    let directory = home.path().join("desired");
    write(&home.path().join("one/a.yaml"), "one");
    write(&home.path().join("two/a.yaml"), "one");
    symlink("one", &directory).unwrap();
    let stamp = || Scope::of(std::slice::from_ref(&directory)).stamp();
    let before = stamp();
    write(&home.path().join("other"), "x");
    assert_eq!(stamp(), before);
    write(&home.path().join("one/a.yaml"), "longer");
    let edited = stamp();
    assert_ne!(edited, before);
    flip(&directory, Path::new("two"));
    assert_ne!(stamp(), edited);
}
