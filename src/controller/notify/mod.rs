//! Tells people what passes and events bring, each channel by itself and none of them in anybody's way.
//!
//! What is to be told waits, bounded, in memory and in the data directory. A message that a channel does not
//! take is tried again, later each time, until it is taken, refused, or too old, by the next process if this
//! one ends: at least once.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::cloud::{Message, Messenger, SendError};
use crate::controller::disk::{read, replace};
use crate::controller::trouble::Component;
use crate::metrics::Metrics;
use crate::status::{Notice, Trouble, scrub};

/// Messages that wait for one channel. A pass makes one for each document at most; the oldest go first.
pub(super) const WAITING_MAX: usize = 1000;

/// The first wait after a message was not taken, doubled after each further time, ...
const RETRY_MIN: Duration = Duration::from_secs(1);

/// ... up to this.
const RETRY_MAX: Duration = Duration::from_mins(5);

/// What is older is no news.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);

/// How long one attempt may take, whatever a channel waits for.
const ATTEMPT_MAX: Duration = Duration::from_secs(20);

/// How often a clean stop looks whether messages have been taken, ...
const FLUSH_LOOK: Duration = Duration::from_millis(20);

/// ... and how long.
const FLUSH_MAX: Duration = Duration::from_secs(5);

/// A channel, and how it wants what it is told.
pub struct Channel {
    /// What metrics, log and status call it.
    pub name: &'static str,
    /// The form of its messages.
    pub form: Form,
    /// What takes them.
    pub messenger: Arc<dyn Messenger>,
}

/// The form of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A [`Notice`] as JSON.
    Json,
    /// What Slack's incoming webhooks take, and much that imitates them.
    Slack,
}

/// What became of an attempt to tell, as metrics call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub(in crate::controller) enum Told {
    /// Taken.
    Delivered,
    /// Not taken, and tried again.
    Retried,
    /// Given up.
    Failed,
    /// Not tried: too many waited.
    Dropped,
}

/// Everybody who is told.
#[derive(Clone, Default)]
pub(in crate::controller) struct Notifier(Vec<Arc<Outbox>>);

/// What delivers until it is dropped.
pub(in crate::controller) struct Delivering(Vec<JoinHandle<()>>);

/// What waits for one channel.
struct Outbox {
    name: &'static str,
    form: Form,
    metrics: Arc<Metrics>,
    clock: Clock,
    data_directory: PathBuf,
    state: Mutex<State>,
    /// There is more to tell.
    changed: Notify,
    /// What waits is no longer what the file says.
    unsaved: Notify,
    /// Held while the file is written, so that what is newer is written last.
    saving: Mutex<()>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// The one on its way.
    sending: Option<Waiting>,
    problem: Option<String>,
    /// Why what waits would be lost with the process.
    unsaved: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Waiting {
    #[serde(flatten)]
    message: Message,
    since: Timestamp,
}

impl Drop for Delivering {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// Starts to deliver to `channels`, first what the process before has left in `data_directory`.
pub(in crate::controller) fn deliver(
    channels: Vec<Channel>,
    metrics: &Arc<Metrics>,
    data_directory: &Path,
    clock: Clock,
) -> (Notifier, Delivering) {
    let (mut outboxes, mut tasks) = (Vec::new(), Vec::new());
    for Channel { name, form, messenger } in channels {
        metrics.expect_notifications(name, Told::iter().map(Into::into));
        let outbox = Arc::new(Outbox {
            name,
            form,
            metrics: Arc::clone(metrics),
            clock,
            data_directory: data_directory.to_owned(),
            state: Mutex::default(),
            changed: Notify::new(),
            unsaved: Notify::new(),
            saving: Mutex::default(),
        });
        outbox.load();
        tasks.push(tokio::spawn(Arc::clone(&outbox).run(messenger)));
        tasks.push(tokio::spawn(Arc::clone(&outbox).save_always()));
        outboxes.push(outbox);
    }
    (Notifier(outboxes), Delivering(tasks))
}

impl Notifier {
    /// Leaves a notice for every channel. Never waits.
    pub(in crate::controller) fn tell(&self, notice: &Notice) {
        for outbox in &self.0 {
            outbox.push(notice);
        }
    }

    /// Waits a little for what has still to be taken.
    pub(in crate::controller) async fn flush(&self) {
        let empty = async {
            for outbox in &self.0 {
                while outbox.is_busy() {
                    tokio::time::sleep(FLUSH_LOOK).await;
                }
            }
        };
        if tokio::time::timeout(FLUSH_MAX, empty).await.is_err() {
            tracing::warn!("some notifications wait for the next start");
        }
        for outbox in &self.0 {
            outbox.save();
        }
    }

    /// Which channels do not take what they are told.
    pub(in crate::controller) fn troubles(&self) -> Vec<Trouble> {
        let trouble = |outbox: &Arc<Outbox>| {
            let state = outbox.lock();
            let waiting = state.waiting.len();
            let slow = state.problem.as_ref().map(|why| format!("{waiting} wait: {why}"));
            let unsaved = state.unsaved.as_ref();
            let unsaved = unsaved.map(|why| format!("a restart would lose what waits: {why}"));
            let why: Vec<String> = slow.into_iter().chain(unsaved).collect();
            let message = format!("{}: {}", outbox.name, why.join("; "));
            (!why.is_empty()).then(|| Component::Notifications.trouble(message))
        };
        self.0.iter().filter_map(trouble).collect()
    }
}

impl Outbox {
    fn push(&self, notice: &Notice) {
        let message = message(notice, self.form);
        let mut state = self.lock();
        if state.waiting.len() >= WAITING_MAX {
            state.waiting.pop_front();
            self.count(Told::Dropped);
        }
        state.waiting.push_back(Waiting { message, since: self.clock.now() });
        drop(state);
        self.changed.notify_one();
        self.unsaved.notify_one();
    }

    fn is_busy(&self) -> bool {
        let state = self.lock();
        state.sending.is_some() || !state.waiting.is_empty()
    }

    fn next(&self) -> Option<Waiting> {
        let mut state = self.lock();
        let next = state.waiting.pop_front();
        state.sending.clone_from(&next);
        next
    }

    fn file(&self) -> String {
        format!("notifications-{}.json", self.name)
    }

    /// Takes over what the process before has left.
    fn load(&self) {
        let path = self.data_directory.join(self.file());
        let left: Option<Vec<Waiting>> = read(&path).unwrap_or_else(|error| {
            let path = path.display();
            tracing::warn!(%path, %error, "what was to be told before the start is not known");
            None
        });
        let left = left.into_iter().flatten().filter(|it| !self.is_old(it));
        self.lock().waiting = left.take(WAITING_MAX).collect();
    }

    /// Writes down what waits whenever that changes.
    async fn save_always(self: Arc<Self>) {
        loop {
            self.unsaved.notified().await;
            let outbox = Arc::clone(&self);
            if tokio::task::spawn_blocking(move || outbox.save()).await.is_err() {
                return;
            }
        }
    }

    fn save(&self) {
        let _one = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.lock();
        let waiting: Vec<&Waiting> = state.sending.iter().chain(&state.waiting).collect();
        let text = serde_json::to_vec(&waiting).map_err(io::Error::from);
        drop(state);
        let saved = text.and_then(|text| replace(&self.data_directory, &self.file(), &text));
        let why = saved.err().map(|error| error.to_string());
        let is_news = std::mem::replace(&mut self.lock().unsaved, why.clone()) != why;
        if let Some(error) = why.filter(|_| is_news) {
            tracing::error!(channel = self.name, error, "a restart would lose what is to be told");
        }
    }

    fn is_old(&self, waiting: &Waiting) -> bool {
        self.clock.now().duration_since(waiting.since) > AGE_MAX
    }

    async fn run(self: Arc<Self>, messenger: Arc<dyn Messenger>) {
        let mut failures = 0;
        loop {
            let Some(waiting) = self.next() else {
                self.changed.notified().await;
                continue;
            };
            let sent = tokio::time::timeout(ATTEMPT_MAX, messenger.send(&waiting.message)).await;
            let sent = sent.unwrap_or_else(|_| Err(SendError::Unavailable("no answer".to_owned())));
            match self.settle(waiting, sent) {
                Told::Delivered | Told::Failed | Told::Dropped => failures = 0,
                Told::Retried => {
                    let wait = (RETRY_MIN * 2_u32.pow(failures.min(9_u32))).min(RETRY_MAX);
                    failures = failures.saturating_add(1);
                    tokio::time::sleep(wait.mul_f64(0.5 + 0.5 * fastrand::f64())).await;
                }
            }
        }
    }

    /// What an attempt came to. What was not taken goes to the end: one that a channel cannot take keeps no
    /// other from being told.
    fn settle(&self, waiting: Waiting, sent: Result<(), SendError>) -> Told {
        let mut state = self.lock();
        state.sending = None;
        let (told, problem) = match sent {
            Ok(()) => (Told::Delivered, None),
            Err(error) => {
                let is_over = matches!(error, SendError::Refused(_)) || self.is_old(&waiting);
                let told = if is_over { Told::Failed } else { Told::Retried };
                (told, Some(scrub(&error.to_string())))
            }
        };
        if told == Told::Retried {
            state.waiting.push_back(waiting);
        }
        let is_news = state.problem != problem;
        state.problem.clone_from(&problem);
        drop(state);
        self.unsaved.notify_one();
        self.count(told);
        match problem {
            Some(error) if is_news => {
                tracing::error!(channel = self.name, error, "a notification was not taken");
            }
            None if is_news => tracing::info!(channel = self.name, "notifications are taken again"),
            Some(_) | None => {}
        }
        told
    }

    fn count(&self, told: Told) {
        self.metrics.count_notification(self.name, told.into());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn message(notice: &Notice, form: Form) -> Message {
    let body = match form {
        Form::Json => serde_json::to_string(notice),
        Form::Slack => {
            // Slack reads the three as markup ("Formatting text for app surfaces").
            let text = notice.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let text = format!("*palisade: {}* {text}", notice.kind);
            serde_json::to_string(&serde_json::json!({ "text": text }))
        }
    };
    // A notice is plain text and always serializes.
    Message { subject: notice.subject(), body: body.unwrap_or_default() }
}

#[cfg(test)]
mod tests;
