//! Carries out a plan: in its order, within its limits, checking live state first.
//!
//! Independent actions run side by side; the API budget below sets the pace. Nothing is tried twice: what
//! failed is found again by the next pass, which plans from what is then there. That is also how a killed
//! process, a lost answer and a second actor are survived.

mod journal;
mod object;
mod outcome;
mod precheck;
mod resolve;

use std::sync::Mutex;

use futures::stream::{FuturesUnordered, StreamExt};

pub use crate::act::journal::{Entry, Interruption, Journal, JournalError, Permit, Unconditional};
pub use crate::act::outcome::Outcome;

use crate::act::precheck::precheck;
use crate::act::resolve::Created;
use crate::cloud::{Answer, Call, Cloud, CloudError, CloudErrorKind};
use crate::org::{ObjectState, ObjectStep};
use crate::plan::{Action, Change, Plan};

/// Actions in flight at once. Writes are limited to a few a second by AWS, so more would only wait in
/// the budget; fewer would leave it unused while prechecks read.
const IN_FLIGHT_MAX: usize = 8;

/// Carries out `plan` and says of each action, in its order, what became of it.
pub async fn act(
    cloud: &dyn Cloud,
    plan: &Plan,
    permit: &dyn Permit,
    journal: &dyn Journal,
) -> Vec<Outcome> {
    let approved = plan.held.as_ref().is_none_or(|held| held.approved);
    let mut outcomes: Vec<Option<Outcome>> = plan
        .actions
        .iter()
        .map(|action| (action.hold.is_some() && !approved).then_some(Outcome::Held))
        .collect();
    if outcomes.iter().any(Option::is_none) {
        if let Err(outcome) = expect_organization(cloud, plan).await {
            for missing in outcomes.iter_mut().filter(|outcome| outcome.is_none()) {
                *missing = Some(outcome.clone());
            }
        }
        let pass = Pass { cloud, journal, created: Mutex::default() };
        run(&pass, plan, permit, &mut outcomes).await;
    }
    check(cloud, plan, permit, journal).await;
    let never = || Outcome::Skipped("it waits for itself: a defect of the plan".to_owned());
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(never)).collect()
}

/// Has AWS compare what is due. What comes of it, later passes see.
async fn check(cloud: &dyn Cloud, plan: &Plan, permit: &dyn Permit, journal: &dyn Journal) {
    if plan.checks.is_empty() || expect_organization(cloud, plan).await.is_err() {
        return;
    }
    for check in &plan.checks {
        if permit.refusal().is_some() || journal.check().is_err() {
            return;
        }
        object::check(cloud, check, journal).await;
    }
}

/// The organization is checked before anything is written: credentials can be the wrong ones.
async fn expect_organization(cloud: &dyn Cloud, plan: &Plan) -> Result<(), Outcome> {
    let organization = cloud.organization().await.map_err(|error| Outcome::of_failure(&error))?;
    if organization.id == plan.organization_id {
        Ok(())
    } else {
        Err(Outcome::Refused(format!(
            "these credentials belong to {}, the plan is for {}",
            organization.id, plan.organization_id
        )))
    }
}

async fn run(pass: &Pass<'_>, plan: &Plan, permit: &dyn Permit, outcomes: &mut [Option<Outcome>]) {
    let mut running = FuturesUnordered::new();
    let mut started = vec![false; plan.actions.len()];
    loop {
        let mut progress = false;
        for (index, action) in plan.actions.iter().enumerate() {
            if running.len() >= IN_FLIGHT_MAX {
                break;
            }
            if started[index] || outcomes[index].is_some() {
                continue;
            }
            match readiness(action, plan, outcomes) {
                Readiness::Waits => {}
                Readiness::Never(outcome) => {
                    outcomes[index] = Some(outcome);
                    progress = true;
                }
                Readiness::Ready => {
                    if let Some(refusal) = permit.refusal() {
                        outcomes[index] = Some(Outcome::Interrupted(refusal.to_string()));
                        progress = true;
                    } else {
                        started[index] = true;
                        running.push(async move { (index, pass.carry_out(action).await) });
                    }
                }
            }
        }
        match running.next().await {
            Some((index, outcome)) => outcomes[index] = Some(outcome),
            None if progress => {}
            None => return,
        }
    }
}

enum Readiness {
    Ready,
    Waits,
    Never(Outcome),
}

fn readiness(action: &Action, plan: &Plan, outcomes: &[Option<Outcome>]) -> Readiness {
    let mut waits = false;
    for before in &action.after {
        match outcomes.get(*before).and_then(Option::as_ref) {
            Some(outcome) if outcome.is_success() => {}
            Some(outcome) => {
                let change = plan.actions.get(*before).map(|action| &action.change);
                let what = change.map(|change| format!("{} of {}", change.kind(), change.object()));
                return Readiness::Never(Outcome::Skipped(format!(
                    "it waits for {}, which ended as `{}`",
                    what.unwrap_or_default(),
                    outcome.word()
                )));
            }
            None => waits = true,
        }
    }
    if waits { Readiness::Waits } else { Readiness::Ready }
}

/// What the actions of one pass share.
struct Pass<'a> {
    cloud: &'a dyn Cloud,
    journal: &'a dyn Journal,
    created: Mutex<Created>,
}

impl Pass<'_> {
    #[tracing::instrument(name = "action", skip_all, fields(action = action.change.kind(), object = %action.change.object(), document = %action.document))]
    async fn carry_out(&self, action: &Action) -> Outcome {
        if let Err(error) = self.journal.check() {
            return Outcome::Failed(with_source(&error));
        }
        let snapshot = self.created.lock().map(|created| created.clone()).unwrap_or_default();
        if let Err(outcome) = precheck(self.cloud, action, &snapshot).await {
            return outcome;
        }
        if let Change::Object(change) = &action.change {
            return self.carry_out_steps(action, change).await;
        }
        let calls = match snapshot.calls(&action.change) {
            Ok(calls) => calls,
            Err(outcome) => return outcome,
        };
        let sent = self.send(action, calls).await;
        let (outcome, request_id) = match sent {
            Ok(answer) => (Outcome::Done, answer.request_id),
            Err(error) => (after_failure(&action.change, &error), error.request_id),
        };
        self.write_down(action, outcome, request_id)
    }

    async fn send(&self, action: &Action, calls: Vec<Call>) -> Result<Answer, CloudError> {
        let mut last = Answer { reply: crate::cloud::Reply::Done, request_id: None };
        for call in calls {
            last = self.cloud.call(call).await?;
        }
        if let Ok(mut created) = self.created.lock() {
            created.note(&action.change, &last.reply);
        }
        Ok(last)
    }

    fn write_down(&self, action: &Action, outcome: Outcome, request_id: Option<String>) -> Outcome {
        let (before, after) = before_and_after(&action.change);
        let entry = entry(action, outcome, request_id);
        self.record(&Entry { before, after, ..entry })
    }

    /// Writes down one of several steps; what it writes is all of `after`.
    fn write_down_step(
        &self,
        action: &Action,
        before: Option<&ObjectState>,
        step: &ObjectStep,
        outcome: Outcome,
        request_id: Option<String>,
    ) -> Outcome {
        let entry = entry(action, outcome, request_id);
        let (said, before, after) = (Some(step.to_string()), before.and_then(json), json(step));
        self.record(&Entry { step: said, before, after, ..entry })
    }

    fn record(&self, entry: &Entry) -> Outcome {
        let outcome = entry.outcome.clone();
        match self.journal.record(entry) {
            Ok(()) => tracing::info!(outcome = outcome.word(), "action finished"),
            // The change is made; the journal's own state stops the next one.
            Err(error) => {
                tracing::error!(error = %with_source(&error), outcome = outcome.word(), "action finished but not written down");
            }
        }
        outcome
    }
}

fn entry(action: &Action, outcome: Outcome, request_id: Option<String>) -> Entry {
    Entry {
        action: action.change.kind(),
        object: action.change.object(),
        step: None,
        document: action.document.clone(),
        guardrails: action.guardrails.clone(),
        reason: action.reason.clone(),
        before: None,
        after: None,
        request_id,
        outcome,
    }
}

fn with_source(error: &JournalError) -> String {
    format!("{error}: {}", error.0)
}

/// What a failed call means, where AWS's answer tells that the object is already as it should be.
fn after_failure(change: &Change, error: &CloudError) -> Outcome {
    let is_already_so = match change {
        Change::EnableTrustedService { .. }
        | Change::EnablePolicyType { .. }
        | Change::RegisterAdministrator { .. }
        | Change::AttachPolicy { .. }
        | Change::MoveAccount { .. } => error.kind == CloudErrorKind::Exists,
        Change::DetachPolicy { .. } => error.code == "PolicyNotAttachedException",
        Change::DeregisterAdministrator { .. }
        | Change::DeletePolicy { .. }
        | Change::DeleteUnit { .. } => error.kind == CloudErrorKind::NotFound,
        // Somebody else's, or ours from an answer that was lost: the next pass looks.
        Change::CreateUnit { .. }
        | Change::CreatePolicy { .. }
        | Change::UpdatePolicy { .. }
        | Change::Object(_) => false,
    };
    if is_already_so { Outcome::AlreadyDone } else { Outcome::of_failure(error) }
}

fn json<T: serde::Serialize>(value: &T) -> Option<serde_json::Value> {
    serde_json::to_value(value).ok()
}

fn before_and_after(change: &Change) -> (Option<serde_json::Value>, Option<serde_json::Value>) {
    match change {
        Change::UpdatePolicy { before, after, .. } => (json(before), json(after)),
        Change::DeletePolicy { before, .. } => (json(before), None),
        Change::CreatePolicy { policy, .. } => (None, json(policy)),
        Change::MoveAccount { from_path, to, .. } => (json(from_path), json(&to.path)),
        Change::DetachPolicy { target, .. } => (json(target), None),
        Change::AttachPolicy { target, .. } => (None, json(target)),
        Change::DeleteUnit { path, .. } => (json(path), None),
        Change::CreateUnit { path, .. } => (None, json(path)),
        Change::DeregisterAdministrator { account, .. } => (json(account), None),
        Change::RegisterAdministrator { account, .. } => (None, json(account)),
        Change::EnableTrustedService { service } => (None, json(service)),
        Change::EnablePolicyType { policy_type, .. } => (None, json(policy_type)),
        Change::Object(change) => (json(&change.before), json(&change.after)),
    }
}
