//! Objects in accounts: several calls each, every one written down by itself.

use std::collections::BTreeSet;

use crate::act::{Entry, Journal, Outcome, Pass, with_source};
use crate::cloud::{Cloud, CloudError, CloudErrorKind};
use crate::org::{Mark, ObjectState, ObjectStep};
use crate::plan::{Action, Check, ObjectChange, object_steps};

/// Finds out whether the live object is as the plan expects. What does not exist yet needs no look: AWS
/// refuses to create a name twice.
pub(super) async fn precheck(
    cloud: &dyn Cloud,
    action: &Action,
    change: &ObjectChange,
) -> Result<(), Outcome> {
    let ObjectChange { key, before, after, steps: _ } = change;
    if before.is_none() {
        return Ok(());
    }
    let live = cloud.object(key).await.map_err(|error| Outcome::of_failure(&error))?;
    if object_steps(live.as_ref(), after.as_ref()).is_empty() {
        return Err(Outcome::AlreadyDone);
    }
    let is_same = match (&live, before) {
        (Some(live), Some(before)) => live.is_same(before),
        (live, before) => live.is_none() && before.is_none(),
    };
    if !is_same {
        let message = format!("the {key} has been changed since it was observed");
        return Err(Outcome::Superseded(message));
    }
    match (after, &live) {
        (None, Some(live)) => expect_mark(action, change, live),
        (Some(_) | None, _) => Ok(()),
    }
}

/// What is deleted must carry the mark of the document that the plan names, and that it may go.
fn expect_mark(action: &Action, change: &ObjectChange, live: &ObjectState) -> Result<(), Outcome> {
    match live.tags().and_then(Mark::read_tags) {
        Some(mark) if mark.document == action.document && mark.prune => Ok(()),
        Some(_) | None => Err(Outcome::Refused(format!(
            "the {} is not deleted: its tags do not carry the mark of `{}`; delete it by hand, or tag it",
            change.key, action.document
        ))),
    }
}

/// Has AWS compare an object with what it made. A failure is no failure of the pass: it is tried again in the
/// next.
pub(super) async fn check(cloud: &dyn Cloud, check: &Check, journal: &dyn Journal) {
    let Check { document, key, step } = check;
    let (outcome, request_id) = match cloud.write_object(key, step).await {
        Ok(request_id) => (Outcome::Done, request_id),
        Err(error) => (after_failure(step, &error), error.request_id),
    };
    tracing::info!(%document, object = %key, outcome = outcome.word(), "comparison begun");
    let entry = Entry {
        action: "CheckObject",
        object: key.to_string(),
        step: Some(step.to_string()),
        document: document.clone(),
        guardrails: BTreeSet::new(),
        reason: "a comparison with what is in the accounts is due".to_owned(),
        before: None,
        after: None,
        request_id,
        outcome,
    };
    if let Err(error) = journal.record(&entry) {
        tracing::error!(error = %with_source(&error), "comparison begun but not written down");
    }
}

impl Pass<'_> {
    /// Makes the steps of a change, one after the other. The first that does not succeed ends it: the next
    /// pass starts from what is then there.
    pub(super) async fn carry_out_steps(&self, action: &Action, change: &ObjectChange) -> Outcome {
        let mut outcome = Outcome::AlreadyDone;
        let mut before = change.before.as_ref();
        for step in &change.steps {
            if let Err(error) = self.journal.check() {
                return Outcome::Failed(with_source(&error));
            }
            let sent = self.cloud.write_object(&change.key, step).await;
            let (made, request_id) = match sent {
                Ok(request_id) => (Outcome::Done, request_id),
                Err(error) => (after_failure(step, &error), error.request_id),
            };
            // What was there is told once, with the first step that touches it.
            outcome = self.write_down_step(action, before.take(), step, made, request_id);
            if !outcome.is_success() && !step.may_fail() {
                return outcome;
            }
        }
        outcome
    }
}

/// AWS is at work on the object already, for us or for somebody else (`CreateStackInstances`, API reference,
/// "Errors").
const AT_WORK: &str = "OperationInProgressException";

fn after_failure(step: &ObjectStep, error: &CloudError) -> Outcome {
    if error.code == AT_WORK {
        Outcome::Postponed(error.to_string())
    } else if step.is_so_already(&error.code)
        || step.is_removal() && error.kind == CloudErrorKind::NotFound
    {
        Outcome::AlreadyDone
    } else {
        Outcome::of_failure(error)
    }
}
