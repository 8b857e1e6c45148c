//! `palisade apply`: shows the plan, asks, and does it until the organization is as desired state says.
//!
//! One look is rarely enough: AWS takes time, refuses while it works, and other people work too. Every
//! later pass may do only what was shown and agreed to; whatever else turns out to be needed ends the
//! command, which says so.

mod agreement;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use crate::act::{Entry, Interruption, Journal, JournalError, Outcome, Permit};
use crate::cli::apply::agreement::{Agreement, Moved};
use crate::cli::args::ApplyArgs;
use crate::cli::aws::{Connection, runtime};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::plan_document::PlanDocument;
use crate::cli::progress::Progress;
use crate::cli::render::{Extent, applied_line, counted, moved_text, outcome_line, plan_text};
use crate::cli::sources;
use crate::cli::sources::Desired;
use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::config::JournalTarget;
use crate::controller;
use crate::controller::{Hands, LineJournal, Looked, Passed, Stop, Urgency};
use crate::observe::Observer;
use crate::plan::{Blocked, BlockedReason, Guards, Plan};
use crate::status::Acted;

/// Passes until it is clear that more of the same will not help. With the pauses between them they
/// take four minutes, in which AWS finishes whatever it is known to take its time for.
const PASSES_MAX: u32 = 8;

/// Pause after the first pass that has to be repeated; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Looks at what AWS is at work on, half a minute apart, until it is clear that it takes longer than a person
/// waits: half an hour.
const WAITS_MAX: u32 = 60;

/// Pause between two of them.
const WAIT: Duration = Duration::from_secs(30);

/// How long what was observed and not touched since counts as seen.
const FRESH_FOR: Duration = Duration::from_mins(10);

/// Is a person's consent to a plan given?
pub(super) trait Consent {
    /// Asks, or knows.
    fn given(&self) -> anyhow::Result<bool>;
}

/// One run of the command.
pub(super) struct Run<'a> {
    pub(super) cloud: &'a dyn Cloud,
    pub(super) desired: &'a Desired,
    /// The plan that must be carried out, if it has to be a certain one.
    pub(super) planned: Option<&'a PlanDocument>,
    pub(super) guards: Guards,
    pub(super) consent: &'a dyn Consent,
    pub(super) journal: &'a dyn Journal,
    pub(super) console: Console,
    pub(super) progress: Progress,
}

pub(crate) fn run(args: &ApplyArgs, console: Console) -> anyhow::Result<Exit> {
    let desired = sources::desired_state(&args.dir.dir, console)?;
    let planned = args.plan.as_deref().map(read_plan).transpose()?;
    let target = args.journal.clone().map_or(JournalTarget::Nowhere, JournalTarget::File);
    let journal = LineJournal::open(&target, Clock::System).context("cannot open the journal")?;
    journal.set_revision(controller::revision(&args.dir.dir).as_deref());
    let journal = Told { journal, console };
    runtime()?.block_on(async {
        let connection = Connection::open(&args.aws).await;
        let run = Run {
            cloud: &connection.cloud,
            desired: &desired,
            planned: planned.as_ref(),
            guards: Guards {
                max_changes: args.limits.max_changes,
                max_deletes: args.limits.max_deletes,
                approved: BTreeSet::new(),
            },
            consent: &Asked { yes: args.yes, console },
            journal: &journal,
            console,
            progress: connection.progress(console),
        };
        let mut observer = Observer::new(FRESH_FOR);
        match run.agree(&mut observer).await? {
            // From here on Ctrl-C finishes the change in hand; before, it ends the program.
            Agreed::On(looked) => {
                let stop = controller::on_signals().context("cannot listen for signals")?;
                run.carry_through(&mut observer, *looked, &stop).await
            }
            Agreed::Nothing(exit) => Ok(exit),
        }
    })
}

fn read_plan(file: &Path) -> anyhow::Result<PlanDocument> {
    let read = || PlanDocument::read(&fs::read_to_string(file)?);
    read().with_context(|| {
        format!("`{}` is no plan: write one with `palisade plan --out`", file.display())
    })
}

/// What came of asking.
pub(super) enum Agreed {
    /// There is something to do, and it may be done.
    On(Box<Looked>),
    /// Nothing is done; the command ends so.
    Nothing(Exit),
}

impl Run<'_> {
    /// Shows the plan and asks.
    pub(super) async fn agree(&self, observer: &mut Observer) -> anyhow::Result<Agreed> {
        let looked = self.look(observer).await;
        if let Some(refusal) = self.refusal(&looked) {
            self.console.say(&refusal);
            return Ok(Agreed::Nothing(Exit::Bad));
        }
        self.show(&looked.plan)?;
        if looked.plan.actions.is_empty() {
            return Ok(Agreed::Nothing(verdict(&looked.plan)));
        }
        if !self.consent.given()? {
            self.console.say("nothing was changed");
            return Ok(Agreed::Nothing(Exit::Bad));
        }
        Ok(Agreed::On(Box::new(looked)))
    }

    /// Does what was agreed to, pass after pass.
    pub(super) async fn carry_through(
        &self,
        observer: &mut Observer,
        mut looked: Looked,
        stop: &Stop,
    ) -> anyhow::Result<Exit> {
        let mut agreement = Agreement::default();
        agreement.extend(&looked.plan);
        let (mut changes, mut pass, mut waits) = (0, 0, 0);
        while pass < PASSES_MAX && waits < WAITS_MAX {
            let passed = self.carry_out(observer, looked, stop).await;
            changes += self.tell(&passed);
            if stop.is_asked() {
                self.console.say("stopped before the end; `palisade apply` carries on");
                return Ok(Exit::Bad);
            }
            looked = self.look(observer).await;
            if !is_unfinished(&looked.plan) {
                return Ok(self.conclude(&looked.plan, changes));
            }
            if let Some(obstacle) = self.obstacle(&agreement, &passed, &looked.plan) {
                self.console.say(&obstacle);
                return Ok(Exit::Bad);
            }
            if looked.plan.actions.is_empty() && pass > 0 {
                waits += 1;
                pause(WAIT, stop).await;
            } else {
                pass += 1;
                pause(FIRST_PAUSE.saturating_mul(1 << (pass - 1)), stop).await;
            }
        }
        if looked.plan.actions.is_empty() {
            self.conclude(&looked.plan, changes);
            self.console.say("AWS is still at work; `palisade apply` carries on");
            return Ok(Exit::Bad);
        }
        let left = counted(looked.plan.actions.len(), "action");
        self.console.say(&format!("not finished after {PASSES_MAX} passes: {left} left"));
        Ok(Exit::Bad)
    }

    async fn look(&self, observer: &mut Observer) -> Looked {
        let look = controller::look(self.cloud, observer, &self.desired.resources, &self.guards);
        self.progress.during(look).await
    }

    /// Carries out a plan all of which was agreed to.
    async fn carry_out(&self, observer: &mut Observer, mut looked: Looked, stop: &Stop) -> Passed {
        if let Some(held) = &mut looked.plan.held {
            held.approved = true;
        }
        let permit = UntilAsked(stop);
        let hands = Hands::Free { permit: &permit, journal: self.journal };
        controller::carry_out(self.cloud, observer, looked, hands).await
    }

    fn show(&self, plan: &Plan) -> anyhow::Result<()> {
        let resources = &self.desired.resources;
        let text = plan_text(plan, resources, Extent::Excerpt, self.console.data_paint);
        Ok(self.console.data(&text)?)
    }

    /// Why the plan that was asked for is not carried out, if it is not.
    fn refusal(&self, looked: &Looked) -> Option<String> {
        let planned = self.planned?;
        let now = PlanDocument::new(looked.plan.clone(), self.desired, &looked.snapshot);
        if planned.plan.organization_id != now.plan.organization_id {
            return Some(format!(
                "nothing was changed: the plan is for {}, desired state is about {}",
                planned.plan.organization_id, now.plan.organization_id
            ));
        }
        let moved = Moved::between(&planned.plan, &now.plan)?;
        let cause = if planned.desired_state != now.desired_state {
            "desired state has changed"
        } else if planned.observed != now.observed {
            "the organization has changed"
        } else {
            "palisade plans differently now"
        };
        let text = moved_text(&moved.gone, &moved.new, &self.desired.resources);
        Some(format!(
            "nothing was changed: {cause} since the plan was made\n{text}make a new one with `palisade plan --out`"
        ))
    }

    /// Tells what was not done, and counts what was.
    fn tell(&self, passed: &Passed) -> usize {
        let outcomes = match &passed.acted {
            Acted::Tried(outcomes) => outcomes.as_slice(),
            Acted::Abstained(why) => {
                self.console.say(&format!("nothing was changed: {why}"));
                return 0;
            }
        };
        for (action, outcome) in passed.plan.actions.iter().zip(outcomes) {
            if !is_journaled(outcome) {
                let line = outcome_line(
                    action.change.kind(),
                    &action.change.object(),
                    outcome,
                    self.console.word_paint,
                );
                self.console.say(&line);
            }
        }
        outcomes.iter().filter(|outcome| **outcome == Outcome::Done).count()
    }

    /// Why another pass would not help, or must not be made, if so.
    fn obstacle(&self, agreement: &Agreement, passed: &Passed, next: &Plan) -> Option<String> {
        let lacking = agreement.lacks(next);
        if !lacking.is_empty() {
            let text = moved_text(&[], &lacking, &self.desired.resources);
            return Some(format!(
                "stopped: this is needed now and was not in the plan that was shown\n{text}`palisade apply` shows it"
            ));
        }
        let was_refused = match &passed.acted {
            Acted::Tried(outcomes) => {
                outcomes.iter().any(|outcome| matches!(outcome, Outcome::Refused(_)))
            }
            Acted::Abstained(_) => true,
        };
        was_refused.then(|| "stopped: what AWS refuses needs a person".to_owned())
    }

    fn conclude(&self, plan: &Plan, changes: usize) -> Exit {
        let paint = self.console.word_paint;
        for Blocked { document, object, message, .. } in &plan.blocked {
            self.console.say(&format!("blocked: {document}: {object}: {message}"));
        }
        self.console.say(&applied_line(changes, verdict(plan) == Exit::Good, paint));
        verdict(plan)
    }
}

async fn pause(pause: Duration, stop: &Stop) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = stop.asked(Urgency::Leave) => {}
    }
}

/// Is there something that another pass could do?
fn is_unfinished(plan: &Plan) -> bool {
    let is_waiting = |blocked: &Blocked| blocked.reason == BlockedReason::InProgress;
    !plan.actions.is_empty() || plan.blocked.iter().any(is_waiting)
}

/// Is the organization as far as it can be told from `plan` as desired state says?
fn verdict(plan: &Plan) -> Exit {
    if plan.actions.is_empty() && plan.blocked.is_empty() { Exit::Good } else { Exit::Bad }
}

/// Was the outcome told when the change was made?
fn is_journaled(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Done | Outcome::AlreadyDone => true,
        Outcome::Superseded(_)
        | Outcome::Postponed(_)
        | Outcome::Refused(_)
        | Outcome::Failed(_)
        | Outcome::Unclear(_)
        | Outcome::Skipped(_)
        | Outcome::Held
        | Outcome::Interrupted(_) => false,
    }
}

/// A journal that also tells the person at the terminal, change by change.
struct Told<J> {
    journal: J,
    console: Console,
}

impl<J: Journal> Journal for Told<J> {
    fn check(&self) -> Result<(), JournalError> {
        self.journal.check()
    }

    fn record(&self, entry: &Entry) -> Result<(), JournalError> {
        if is_journaled(&entry.outcome) {
            let paint = self.console.word_paint;
            let object = match &entry.step {
                Some(step) => &format!("{}: {step}", entry.object),
                None => &entry.object,
            };
            self.console.say(&outcome_line(entry.action, object, &entry.outcome, paint));
        }
        self.journal.record(entry)
    }
}

/// Allows changes until somebody asks to stop: the one in hand is finished.
struct UntilAsked<'a>(&'a Stop);

impl Permit for UntilAsked<'_> {
    fn refusal(&self) -> Option<Interruption> {
        self.0.is_asked().then_some(Interruption::Stopping)
    }
}

/// `--yes`, or a question to whoever sits at the terminal.
struct Asked {
    yes: bool,
    console: Console,
}

impl Consent for Asked {
    fn given(&self) -> anyhow::Result<bool> {
        if self.yes {
            return Ok(true);
        }
        let stdin = io::stdin();
        anyhow::ensure!(
            stdin.is_terminal(),
            "nobody can be asked, as standard input is no terminal: give `--yes` to approve what is shown"
        );
        self.console.ask("Apply these changes? [y/N] ");
        let mut answer = String::new();
        stdin.read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }
}
