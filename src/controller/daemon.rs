//! The daemon as a whole: what it opens, the loop, and how it ends.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};

use crate::admin;
use crate::clock::Clock;
use crate::cloud::{Cloud, EventQueue};
use crate::config::{JournalTarget, Settings};
use crate::controller::approvals;
use crate::controller::backoff::Backoff;
use crate::controller::events::listen;
use crate::controller::files::FileWatch;
use crate::controller::journal::LineJournal;
use crate::controller::lease::Leadership;
use crate::controller::lock;
use crate::controller::lock::{Lock, LockError};
use crate::controller::notify::{Channel, deliver};
use crate::controller::past;
use crate::controller::round::Keeper;
use crate::controller::shutdown::{Stop, Urgency};
use crate::controller::standing::Standing;
use crate::controller::wake::Wakes;
use crate::metrics::Metrics;
use crate::observe::Observer;
use crate::status::{Published, Publisher, WakeReason};

/// `/livez` tolerates this many intervals without a sign of life, ...
const SILENT_INTERVALS_MAX: u32 = 3;

/// ... and never less than this: one request may take the SDK half a minute to give up.
const SILENCE_MIN: Duration = Duration::from_mins(1);

/// The daemon, ready to run: its port is bound and its journal open.
pub struct Daemon {
    settings: Settings,
    cloud: Arc<dyn Cloud>,
    clock: Clock,
    metrics: Arc<Metrics>,
    leadership: Leadership,
    journal: LineJournal,
    lock: Option<Lock>,
    queue: Option<Arc<dyn EventQueue>>,
    channels: Vec<Channel>,
    listener: TcpListener,
    address: SocketAddr,
    publisher: Publisher,
    published: watch::Receiver<Published>,
}

/// The daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or not allowed.
    #[error(
        "can't listen on `{address}`: is another palisade running? choose another address with `--listen`"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Another daemon works with the data directory.
    #[error(
        "{owner} works with the data directory `{}`: stop it first; only a daemon of another organization should have another `--data-dir`", directory.display()
    )]
    Taken {
        /// Which.
        owner: String,
        /// The directory.
        directory: PathBuf,
    },
    /// The journal cannot be opened.
    #[error("can't open the audit journal")]
    Journal(#[source] io::Error),
    /// What the daemon writes would look like a change of desired state.
    #[error("`{}` is inside the desired state in `{}`: keep what the daemon writes elsewhere", inside.display(), directory.display())]
    Overlap {
        /// What the daemon writes.
        inside: PathBuf,
        /// Desired state.
        directory: PathBuf,
    },
}

/// How the daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// As it should: no action was left half done.
    Cleanly,
    /// At once, because it was asked to twice.
    AtOnce,
}

impl Daemon {
    /// Opens everything the daemon needs. Nothing is observed yet.
    pub async fn open(
        settings: Settings,
        cloud: Arc<dyn Cloud>,
        clock: Clock,
        metrics: Arc<Metrics>,
        leadership: Leadership,
    ) -> Result<Self, StartError> {
        keep_apart(&settings)?;
        let lock = take(&settings.data_directory)?;
        let journal = LineJournal::open(&settings.journal, clock).map_err(StartError::Journal)?;
        let listen = settings.listen;
        let failed = |source| StartError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (publisher, said) = Publisher::new();
        Ok(Self {
            settings,
            cloud,
            clock,
            metrics,
            leadership,
            journal,
            lock,
            queue: None,
            channels: Vec::new(),
            listener,
            address,
            publisher,
            published: said,
        })
    }

    /// Events that come from `queue` wake it.
    #[must_use]
    pub fn with_events(mut self, queue: Arc<dyn EventQueue>) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Tells `channels` what happens.
    #[must_use]
    pub fn with_channels(mut self, channels: Vec<Channel>) -> Self {
        self.channels = channels;
        self
    }

    /// Where the HTTP endpoints are.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the daemon says, as it says it.
    pub fn published(&self) -> watch::Receiver<Published> {
        self.published.clone()
    }

    /// Runs until it is asked to stop.
    pub async fn run(self, stop: Stop) -> io::Result<Stopped> {
        let _lock = self.lock;
        let directories = vec![
            self.settings.directory.clone(),
            approvals::directory(&self.settings.data_directory),
        ];
        let files = FileWatch::start(directories);
        let hangup = Arc::new(Notify::new());
        let _listening = listen_for_hangup(Arc::clone(&hangup))?;
        let silence_max = (self.settings.interval * SILENT_INTERVALS_MAX).max(SILENCE_MIN);
        let endpoints = admin::Endpoints {
            published: self.published.clone(),
            metrics: Arc::clone(&self.metrics),
            silence_max,
            allowed_hosts: self.settings.allowed_hosts.clone(),
        };
        let serving = tokio::spawn(admin::serve(self.listener, endpoints));
        let claim = self.leadership.changes();
        // At every look: a first pass, or one that AWS throttles, takes minutes.
        let leadership = self.leadership.clone();
        self.metrics.before_rendering(move |metrics| {
            metrics.record_leader(u8::from(leadership.leads()));
        });
        let own = self.journal.own_requests();
        let data_directory = &self.settings.data_directory;
        let (notifier, _delivering) =
            deliver(self.channels, &self.metrics, data_directory, self.clock);
        let report = past::recall(data_directory).map(Arc::new);
        let (events, _hearing) =
            listen(self.queue, &self.leadership, &own, &self.metrics, &notifier);
        let wakes = Wakes {
            files: files.changed(),
            events: events.inbox(),
            hangup,
            claim,
            stop: stop.clone(),
        };
        let keeper = Keeper {
            observer: Observer::new(self.settings.fresh_for()),
            backoff: Backoff::new(self.settings.interval),
            settings: self.settings,
            cloud: self.cloud,
            clock: self.clock,
            metrics: self.metrics,
            publisher: self.publisher,
            journal: self.journal,
            leadership: self.leadership,
            stop: stop.clone(),
            standing: Standing::default(),
            report,
            has_spoken: false,
            events,
            notifier: notifier.clone(),
            attributions: std::collections::BTreeMap::new(),
            actions: Vec::new(),
        };
        let stopped = tokio::select! {
            biased;
            () = stop.asked(Urgency::LeaveNow) => Stopped::AtOnce,
            () = rounds(keeper, wakes, &files) => Stopped::Cleanly,
        };
        if stopped == Stopped::Cleanly {
            notifier.flush().await;
        }
        serving.abort();
        tracing::info!(?stopped, "daemon stopped");
        Ok(stopped)
    }
}

/// Round after round, until the daemon is asked to leave.
async fn rounds(mut keeper: Keeper, mut wakes: Wakes, files: &FileWatch) {
    let mut wake = WakeReason::Start;
    while let Some(due) = keeper.round(wake, files.sight()).await {
        match wakes.next(due, &keeper.publisher).await {
            Some(reason) => wake = reason,
            None => return,
        }
    }
}

/// Stops listening when it is dropped.
struct Listening(tokio::task::JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn listen_for_hangup(hangup: Arc<Notify>) -> io::Result<Listening> {
    let mut signals = signal(SignalKind::hangup())?;
    Ok(Listening(tokio::spawn(async move {
        while signals.recv().await.is_some() {
            hangup.notify_one();
        }
    })))
}

/// Makes the data directory and takes it. Without one the daemon works all the same: whoever may not
/// write to it is no daemon that shares it.
fn take(data_directory: &Path) -> Result<Option<Lock>, StartError> {
    if let Err(error) = approvals::prepare(data_directory) {
        tracing::warn!(%error, "no data directory: held plans can be approved in git only");
        return Ok(None);
    }
    match lock::take(data_directory) {
        Ok(lock) => Ok(Some(lock)),
        Err(LockError::Taken { owner }) => {
            Err(StartError::Taken { owner, directory: data_directory.to_owned() })
        }
        Err(error @ LockError::Unusable { .. }) => {
            tracing::warn!(%error, "no lock: nothing keeps a second daemon away from the data directory");
            Ok(None)
        }
    }
}

/// What the daemon writes must not lie in what it watches: every pass would cause the next. What is
/// hidden is not watched.
fn keep_apart(settings: &Settings) -> Result<(), StartError> {
    let directory = real(&settings.directory);
    let journal = match &settings.journal {
        JournalTarget::File(path) => Some(path),
        JournalTarget::Nowhere | JournalTarget::StandardOutput => None,
    };
    for written in std::iter::once(&settings.data_directory).chain(journal) {
        if real(written).strip_prefix(&directory).is_ok_and(|inside| !is_hidden(inside)) {
            let (inside, directory) = (written.clone(), settings.directory.clone());
            return Err(StartError::Overlap { inside, directory });
        }
    }
    Ok(())
}

fn is_hidden(path: &Path) -> bool {
    path.iter().any(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The path with the links of its deepest existing part resolved.
fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let existing = absolute.ancestors().find_map(|above| {
        let real = std::fs::canonicalize(above).ok()?;
        let rest = absolute.strip_prefix(above).ok()?;
        Some(real.join(rest))
    });
    existing.unwrap_or(absolute)
}
