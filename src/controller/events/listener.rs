//! Takes messages out of the queue, judges them, and leaves what matters for the next pass.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::cloud::{EventQueue, QueueError, QueuedMessage};
use crate::controller::events::inbox::{Inbox, Taken};
use crate::controller::events::known::{Judgement, Known};
use crate::controller::events::ledger::attribution;
use crate::controller::events::recent::{OwnRequests, Recent};
use crate::controller::lease::Leadership;
use crate::controller::notify::Notifier;
use crate::event::{Event, Rejected, read};
use crate::metrics::Metrics;
use crate::status::{Notice, scrub};

/// The first wait after a queue did not answer, doubled after each further time, ...
const RETRY_MIN: Duration = Duration::from_secs(1);

/// ... up to this; also the wait after a refusal, which only a person can cure.
const RETRY_MAX: Duration = Duration::from_mins(1);

/// How often a replica that does not act looks whether it does.
const ASIDE: Duration = Duration::from_secs(1);

/// A queue whose answers come faster than this and empty is asked no more often.
const POLL_MIN: Duration = Duration::from_millis(100);

/// What became of a message, as metrics call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub(in crate::controller) enum MessageResult {
    /// It woke a pass.
    Woke,
    /// It told of a use of emergency access.
    BrokeGlass,
    /// It told of a change of palisade's own.
    Own,
    /// It had come before.
    Duplicate,
    /// It came from another organization.
    Foreign,
    /// It concerned nothing of ours.
    Irrelevant,
    /// It was none of EventBridge's.
    Malformed,
}

pub(super) struct Listener {
    queue: Arc<dyn EventQueue>,
    inbox: Arc<Inbox>,
    known: watch::Receiver<Arc<Known>>,
    leadership: Leadership,
    own: Arc<OwnRequests>,
    metrics: Arc<Metrics>,
    notifier: Notifier,
    /// Messages and events that have come before.
    seen: Recent,
    failures: u32,
}

impl Listener {
    pub(super) fn new(
        queue: Arc<dyn EventQueue>,
        inbox: Arc<Inbox>,
        known: watch::Receiver<Arc<Known>>,
        leadership: Leadership,
        own: Arc<OwnRequests>,
        metrics: Arc<Metrics>,
        notifier: Notifier,
    ) -> Self {
        let (seen, failures) = (Recent::default(), 0);
        Self { queue, inbox, known, leadership, own, metrics, notifier, seen, failures }
    }

    /// Goes on until it is dropped, or the daemon is gone.
    pub(super) async fn run(mut self) {
        // Before the first pass nothing is known by which to judge, and that pass sees everything.
        while !self.known.borrow_and_update().is_learnt {
            if self.known.changed().await.is_err() {
                return;
            }
        }
        loop {
            while !self.leadership.leads() {
                tokio::time::sleep(ASIDE).await;
            }
            self.inbox.has_room().await;
            match self.queue.receive().await {
                Ok(messages) => self.reached(messages).await,
                Err(error) => self.failed(&error).await,
            }
        }
    }

    async fn reached(&mut self, messages: Vec<QueuedMessage>) {
        self.failures = 0;
        self.metrics.record_event_queue(1);
        if self.inbox.set_problem(None) {
            tracing::info!("the events queue answers again");
        }
        if messages.is_empty() {
            return tokio::time::sleep(POLL_MIN).await;
        }
        // Another replica acts by now: what is not deleted comes to it.
        if !self.leadership.leads() {
            return;
        }
        let known = Arc::clone(&self.known.borrow());
        let done: Vec<String> =
            messages.into_iter().filter_map(|message| self.sort(message, &known)).collect();
        if let Err(error) = self.queue.delete(&done).await {
            self.failed(&error).await;
        }
    }

    /// Leaves a message that matters for the next pass, and gives back what deletes any other.
    fn sort(&mut self, message: QueuedMessage, known: &Known) -> Option<String> {
        let QueuedMessage { id, receipt, body } = message;
        let (result, event) = self.weigh(&id, &body, known);
        self.metrics.count_event_message(result.into());
        match (result, event) {
            (MessageResult::Woke, Some(event)) => {
                self.inbox.push(Taken { event: Box::new(event), receipt });
                None
            }
            (_, _) => Some(receipt),
        }
    }

    fn weigh(&mut self, id: &str, body: &str, known: &Known) -> (MessageResult, Option<Event>) {
        if !self.seen.insert(id) {
            return (MessageResult::Duplicate, None);
        }
        let event = match read(body) {
            Ok(event) => event,
            Err(Rejected::Malformed) => return (MessageResult::Malformed, None),
            Err(Rejected::Irrelevant) => return (MessageResult::Irrelevant, None),
        };
        let result = match known.judge(&event, &self.own) {
            Judgement::Own => MessageResult::Own,
            Judgement::Foreign => MessageResult::Foreign,
            Judgement::Irrelevant => MessageResult::Irrelevant,
            // Only what would be acted upon is remembered: nobody's forgeries push it out.
            Judgement::Wakes if !self.seen.insert(&format!("event {}", event.id)) => {
                MessageResult::Duplicate
            }
            Judgement::Wakes => MessageResult::Woke,
            Judgement::BreaksGlass(document) => self.break_glass(&event, &document),
        };
        (result, Some(event))
    }

    /// A use is recorded in the account of the caller and in that of the role, and counted once.
    fn break_glass(&mut self, event: &Event, document: &str) -> MessageResult {
        let id = event.shared_id.as_ref().unwrap_or(&event.id);
        if !self.seen.insert(&format!("use {id}")) {
            return MessageResult::Duplicate;
        }
        self.metrics.count_break_glass_use(document);
        let by = attribution(event);
        let account = event.entered.as_ref().map_or(&event.account, |it| &it.account);
        tracing::warn!(
            document,
            by = by.principal,
            call = by.call,
            at = %by.at,
            from = by.from,
            %account,
            event = by.event,
            "emergency access was used"
        );
        self.notifier.tell(&Notice::break_glass(document, account, by));
        MessageResult::BrokeGlass
    }

    async fn failed(&mut self, error: &QueueError) {
        self.metrics.record_event_queue(0);
        let said = scrub(&error.to_string());
        if self.inbox.set_problem(Some(&said)) {
            tracing::error!(error = said, "no events come; passes go on by timer");
        }
        let wait = match error {
            QueueError::Refused(_) => RETRY_MAX,
            QueueError::Unavailable(_) => {
                (RETRY_MIN * 2_u32.pow(self.failures.min(6))).min(RETRY_MAX)
            }
        };
        self.failures = self.failures.saturating_add(1);
        tokio::time::sleep(wait.mul_f64(0.5 + 0.5 * fastrand::f64())).await;
    }
}

/// Deletes what passes have seen. What cannot be deleted comes again, and is known then.
pub(super) async fn erase(queue: Arc<dyn EventQueue>, mut erasures: mpsc::Receiver<Vec<String>>) {
    while let Some(receipts) = erasures.recv().await {
        if let Err(error) = queue.delete(&receipts).await {
            tracing::debug!(%error, "messages were not deleted and will come again");
        }
    }
}
