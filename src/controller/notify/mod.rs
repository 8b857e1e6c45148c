//! Tells people what passes and events bring, each channel by itself and none of them in anybody's way.
//!
//! What is to be told waits in memory, bounded. A message that a channel does not take is tried again, later
//! each time, until it is taken, refused, or too old: at least once, as long as the process lives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strum::IntoEnumIterator;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::cloud::{Message, Messenger, SendError};
use crate::metrics::Metrics;
use crate::status::{Notice, Trouble, scrub};

/// Messages that wait for one channel. A pass makes one for each document at most; the oldest go first.
pub(super) const WAITING_MAX: usize = 1000;

/// The first wait after a message was not taken, doubled after each further time, ...
const RETRY_MIN: Duration = Duration::from_secs(1);

/// ... up to this.
const RETRY_MAX: Duration = Duration::from_mins(5);

/// What is older is no news.
const AGE_MAX: Duration = Duration::from_hours(24);

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
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// Is one of them on its way?
    is_sending: bool,
    problem: Option<String>,
}

struct Waiting {
    message: Message,
    since: Instant,
}

impl Drop for Delivering {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// Starts to deliver to `channels`.
pub(in crate::controller) fn deliver(
    channels: Vec<Channel>,
    metrics: &Arc<Metrics>,
) -> (Notifier, Delivering) {
    let (mut outboxes, mut tasks) = (Vec::new(), Vec::new());
    for Channel { name, form, messenger } in channels {
        metrics.expect_notifications(name, Told::iter().map(Into::into));
        let outbox = Arc::new(Outbox {
            name,
            form,
            metrics: Arc::clone(metrics),
            state: Mutex::default(),
            changed: Notify::new(),
        });
        tasks.push(tokio::spawn(Arc::clone(&outbox).run(messenger)));
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
            tracing::warn!("some notifications were not delivered before the end");
        }
    }

    /// Which channels do not take what they are told.
    pub(in crate::controller) fn troubles(&self) -> Vec<Trouble> {
        let trouble = |outbox: &Arc<Outbox>| {
            let state = outbox.lock();
            let why = state.problem.clone()?;
            let waiting = state.waiting.len();
            Some(Trouble {
                component: "notifications".to_owned(),
                message: format!("{waiting} wait for the {}: {why}", outbox.name),
            })
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
        state.waiting.push_back(Waiting { message, since: Instant::now() });
        drop(state);
        self.changed.notify_one();
    }

    fn is_busy(&self) -> bool {
        let state = self.lock();
        state.is_sending || !state.waiting.is_empty()
    }

    fn next(&self) -> Option<Waiting> {
        let mut state = self.lock();
        let next = state.waiting.pop_front();
        state.is_sending = next.is_some();
        next
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
        state.is_sending = false;
        let (told, problem) = match sent {
            Ok(()) => (Told::Delivered, None),
            Err(error) => {
                let is_over =
                    matches!(error, SendError::Refused(_)) || waiting.since.elapsed() > AGE_MAX;
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
