//! Events from the queue: they wake a pass, make it look anew at what they name, and say who did it.
//!
//! ```text
//!  SQS ─ listener ─ judge ─► inbox ─ debounced ─► pass ─► ledger: who did what
//!            ▲                                     │
//!            └────────── deleted after the pass ◄──┘
//! ```
//!
//! - The sweep stays the truth: a message that is lost, late, doubled or forged costs a look, or saves none.
//! - Only the replica that acts takes messages. A queue hands each message out once, so that whoever took
//!   one and does not act would keep it from the one that does.
//! - What palisade did itself is told by the ids of its requests and by its own role.

mod inbox;
mod known;
mod ledger;
mod listener;
mod recent;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use crate::cloud::EventQueue;
use crate::compile::Resources;
use crate::controller::events::inbox::Taken;
use crate::controller::events::known::Known;
use crate::controller::events::ledger::Ledger;
use crate::controller::events::listener::Listener;
use crate::controller::journal::LineJournal;
use crate::controller::lease::Leadership;
use crate::controller::notify::Notifier;
use crate::controller::trouble::Component;
use crate::event::{Event, Subject};
use crate::metrics::Metrics;
use crate::observe::{Observer, Touched};
use crate::org::{ObjectKey, OrgSnapshot};
use crate::plan::Plan;
use crate::status::{Attribution, Trouble};

pub(in crate::controller) use crate::controller::events::inbox::Inbox;
pub(in crate::controller) use crate::controller::events::known::BREAK_GLASS;
pub(in crate::controller) use crate::controller::events::ledger::{Attributions, LateAttribution};
pub(in crate::controller) use crate::controller::events::listener::MessageResult;
pub(in crate::controller) use crate::controller::events::recent::OwnRequests;

/// Deletions that wait to be sent. What finds no room comes again, and is then known.
const ERASURES_MAX: usize = 64;

/// The daemon's side of the queue.
pub(in crate::controller) struct Events {
    inbox: Arc<Inbox>,
    known: watch::Sender<Arc<Known>>,
    erasures: mpsc::Sender<Vec<String>>,
    ledger: Ledger,
    /// What the pass that goes on has taken.
    receipts: Vec<String>,
    late: Vec<LateAttribution>,
}

/// What takes messages out of a queue until it is dropped.
pub(in crate::controller) struct Listening(Vec<tokio::task::JoinHandle<()>>);

impl Drop for Listening {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// Starts to listen to `queue`, if there is one.
pub(in crate::controller) fn listen(
    queue: Option<Arc<dyn EventQueue>>,
    leadership: &Leadership,
    own: &Arc<OwnRequests>,
    metrics: &Arc<Metrics>,
    notifier: &Notifier,
) -> (Events, Listening) {
    let inbox = Arc::new(Inbox::default());
    let (known, learnt) = watch::channel(Arc::new(Known::default()));
    let (erasures, erased) = mpsc::channel(ERASURES_MAX);
    let mut tasks = Vec::new();
    if let Some(queue) = queue {
        let listener = Listener::new(
            Arc::clone(&queue),
            Arc::clone(&inbox),
            learnt,
            leadership.clone(),
            Arc::clone(own),
            Arc::clone(metrics),
            notifier.clone(),
        );
        tasks.push(tokio::spawn(listener.run()));
        tasks.push(tokio::spawn(listener::erase(queue, erased)));
    }
    let (ledger, receipts, late) = (Ledger::default(), Vec::new(), Vec::new());
    (Events { inbox, known, erasures, ledger, receipts, late }, Listening(tasks))
}

impl Events {
    /// What is waited on to be woken.
    pub(in crate::controller) fn inbox(&self) -> Arc<Inbox> {
        Arc::clone(&self.inbox)
    }

    /// Takes what has come: what it names is observed anew, and who did it is remembered. A replica that
    /// does not act leaves it to the one that does.
    pub(in crate::controller) fn hear(&mut self, observer: &mut Observer, leads: bool) {
        let taken = self.inbox.take();
        self.receipts.clear();
        if !leads {
            return;
        }
        for Taken { event, receipt } in taken {
            for touched in parts(&event, &self.known.borrow().objects) {
                observer.touch(&touched);
            }
            self.receipts.push(receipt);
            self.late.extend(self.ledger.hear(*event));
        }
    }

    /// Who caused what `plan` wants to change, as far as events tell; `journal` is told for its next lines, and
    /// of what has become known too late for its last ones.
    pub(in crate::controller) fn attribute(
        &mut self,
        plan: &Plan,
        now: Timestamp,
        journal: &LineJournal,
        desired: Desired,
    ) -> Attributions {
        let mut attributions = match desired {
            // Nobody in AWS caused what is new in git.
            Desired::New => Attributions::new(),
            Desired::AsBefore => self.ledger.attribute(plan, now),
        };
        journal.set_attributions(attributions.clone());
        for late in self.late.drain(..) {
            let LateAttribution { document, object, change, since, by } = &late;
            let Attribution { principal, call, at, from, event } = by;
            tracing::warn!(%document, object, change, %since, by = principal, call, %at, from, event, "drift attributed");
            // A journal that cannot be written is a trouble that the status shows.
            let _shown = journal.record_late(&late);
            attributions.entry(late.object).or_insert(late.by);
        }
        attributions
    }

    /// The pass is over: what it took is deleted, and what it saw decides about what comes. `found` says if
    /// anything was to be done.
    pub(in crate::controller) fn settle(&mut self, found: Found) {
        let receipts = std::mem::take(&mut self.receipts);
        if receipts.is_empty() {
            return;
        }
        self.inbox.rest(found);
        if self.erasures.try_send(receipts).is_err() {
            tracing::debug!("messages were not deleted and will come again");
        }
    }

    /// What a pass has learnt.
    pub(in crate::controller) fn learn(&mut self, resources: &Resources, snapshot: &OrgSnapshot) {
        let known = Known::after(&self.known.borrow(), resources, snapshot);
        self.ledger.learn(snapshot);
        self.known.send_replace(Arc::new(known));
    }

    /// Why no messages come, if that is so.
    pub(in crate::controller) fn trouble(&self) -> Option<Trouble> {
        let why = self.inbox.problem()?;
        let message = format!("passes go on by timer, and drift is not attributed: {why}");
        Some(Component::EventsQueue.trouble(message))
    }
}

/// Is desired state what it was in the pass before?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::controller) enum Desired {
    /// It is.
    AsBefore,
    /// It has changed since.
    New,
}

/// Has an event been worth the pass that it woke?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::controller) enum Found {
    /// Something differed.
    Drift,
    /// Nothing did.
    Nothing,
}

/// The parts of an observation that an event makes old.
fn parts(event: &Event, objects: &BTreeSet<ObjectKey>) -> Vec<Touched> {
    let each = event.subjects.iter().flat_map(|subject| match subject {
        Subject::Tree | Subject::Account(_) | Subject::Unit(_) => vec![Touched::Tree],
        // Switching a type on attaches AWS's own policies; observing notices that by itself.
        Subject::PolicyType(_) => vec![Touched::PolicyTypes],
        Subject::NewPolicy(policy_type) => vec![Touched::Policies(policy_type.clone())],
        Subject::Policy(policy) => vec![Touched::Policy(policy.clone())],
        Subject::Attachment(policy, _) => vec![Touched::Targets(policy.clone())],
        Subject::TrustedService(_) => vec![Touched::TrustedServices],
        Subject::Administrators(service) => vec![Touched::Administrators(service.clone())],
        Subject::Tags(unit) => vec![Touched::Tree, Touched::Tags(unit.clone())],
        Subject::Object(account, name) => objects
            .iter()
            .filter(|key| key.account == *account && known::is_called(key, name))
            .map(|key| Touched::Object(key.clone()))
            .collect(),
    });
    each.collect()
}
