//! Tells when files changed: at once where the system says so, within seconds where it does not.

mod scope;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::controller::files::scope::Scope;

/// A burst is over when nothing has happened for this long: a checkout writes its files within
/// milliseconds of each other.
const QUIET: Duration = Duration::from_millis(200);

/// A burst that does not end is cut: a commit is to be acted upon within a second or so.
const BURST_MAX: Duration = Duration::from_secs(1);

/// How often files are looked at where the system does not tell.
const POLL: Duration = Duration::from_secs(2);

/// Times the scope is looked at again because it changed while it was being watched.
const RESCOPES_MAX: usize = 5;

/// Watches directories until it is dropped.
#[derive(Debug)]
pub struct FileWatch {
    changed: Arc<Notify>,
    sight: watch::Receiver<Sight>,
    task: tokio::task::JoinHandle<()>,
}

/// How changes are noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// The system tells.
    Told,
    /// Files are looked at every few seconds, for the reason given.
    Polling(String),
}

impl FileWatch {
    /// Watches `directories` and everything below them. They need not exist yet.
    pub fn start(directories: Vec<PathBuf>) -> Self {
        let changed = Arc::new(Notify::new());
        let (sender, sight) = watch::channel(Sight::Told);
        // Watching begins before this returns, so that nothing that changes afterwards is missed.
        let touched = Arc::new(Notify::new());
        let watching = watch_all(&directories, &touched);
        let watcher =
            Watching { directories, touched, changed: Arc::clone(&changed), sight: sender };
        let task = tokio::spawn(watcher.run(watching));
        Self { changed, sight, task }
    }

    /// Notified after every burst of changes.
    pub fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// How changes are noticed now.
    pub fn sight(&self) -> Sight {
        self.sight.borrow().clone()
    }
}

impl Drop for FileWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Watching {
    directories: Vec<PathBuf>,
    touched: Arc<Notify>,
    changed: Arc<Notify>,
    sight: watch::Sender<Sight>,
}

impl Watching {
    async fn run(self, first: notify::Result<RecommendedWatcher>) {
        let mut watching = first;
        loop {
            match watching {
                // Held until the next one is in place, so that there is no moment without.
                Ok(_held) => {
                    self.touched.notified().await;
                    self.burst().await;
                    watching = watch_all(&self.directories, &self.touched);
                }
                Err(error) => return self.poll(&error).await,
            }
            self.changed.notify_one();
        }
    }

    /// Waits until nothing has happened for a while.
    async fn burst(&self) {
        let end = Instant::now() + BURST_MAX;
        loop {
            let quiet = (Instant::now() + QUIET).min(end);
            if tokio::time::timeout_at(quiet, self.touched.notified()).await.is_err() {
                return;
            }
        }
    }

    async fn poll(&self, error: &notify::Error) {
        let why = error.to_string();
        tracing::warn!(error = %why, "the system does not tell of file changes: polling");
        let _previous = self.sight.send_replace(Sight::Polling(why));
        let mut seen = Scope::of(&self.directories).stamp();
        loop {
            tokio::time::sleep(POLL).await;
            let stamp = Scope::of(&self.directories).stamp();
            if stamp != seen {
                seen = stamp;
                self.changed.notify_one();
            }
        }
    }
}

/// Watches everything in the scope. A new watcher each time: what was watched may be another file
/// under the same name by now.
fn watch_all(directories: &[PathBuf], touched: &Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let mut scope = Scope::of(directories);
    for _ in 0..RESCOPES_MAX {
        let watcher = watch_scope(scope.clone(), Arc::clone(touched))?;
        let now = Scope::of(directories);
        if now == scope {
            return Ok(watcher);
        }
        scope = now;
    }
    // It changes all the time; the next burst looks again.
    touched.notify_one();
    watch_scope(scope, Arc::clone(touched))
}

fn watch_scope(scope: Scope, touched: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let paths = scope.watched();
    let mut watcher = notify::recommended_watcher(move |event| {
        if matters(&scope, &event) {
            touched.notify_one();
        }
    })?;
    for path in paths {
        match watcher.watch(&path, RecursiveMode::NonRecursive) {
            Ok(()) => {}
            // Gone since the scope was made; the scope is looked at again.
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(watcher)
}

fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        notify::ErrorKind::Generic(_)
        | notify::ErrorKind::WatchNotFound
        | notify::ErrorKind::InvalidConfig(_)
        | notify::ErrorKind::MaxFilesWatch => false,
    }
}

/// Reading is no change: else every pass would cause the next.
fn matters(scope: &Scope, event: &notify::Result<notify::Event>) -> bool {
    let Ok(event) = event else { return true };
    let is_change = match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    };
    event.need_rescan() || (is_change && event.paths.iter().any(|path| scope.concerns(path)))
}
