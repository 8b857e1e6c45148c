//! What came of a plan, change by change.

use crate::act::Outcome;
use crate::cli::render::paint::{Paint, counted, inert};
use crate::cli::render::plan_text::quoted;
use crate::cli::render::words::{Effect, Namer};
use crate::compile::Resources;
use crate::plan::Action;

/// What became of one change.
pub(crate) fn outcome_line(kind: &str, object: &str, outcome: &Outcome, paint: Paint) -> String {
    let what = format!("{kind} {}", inert(object));
    let (word, why) = match outcome {
        Outcome::Done => (paint.good("done"), ""),
        Outcome::AlreadyDone => (paint.good("was already done"), ""),
        Outcome::Postponed(why) => (paint.warn("waits for AWS"), why.as_str()),
        Outcome::Superseded(why) => (paint.warn("changed meanwhile"), why.as_str()),
        Outcome::Refused(why) => (paint.bad("refused"), why.as_str()),
        Outcome::Failed(why) => (paint.warn("failed"), why.as_str()),
        Outcome::Unclear(why) => (paint.warn("unclear"), why.as_str()),
        Outcome::Skipped(why) | Outcome::Interrupted(why) => {
            (paint.warn("not tried"), why.as_str())
        }
        Outcome::Held => (paint.warn("held"), ""),
    };
    let why = if why.is_empty() { String::new() } else { format!(": {}", inert(why)) };
    format!("{what}: {word}{why}")
}

/// How it all ended.
pub(crate) fn applied_line(changes: usize, is_converged: bool, paint: Paint) -> String {
    let changes = counted(changes, "change");
    if is_converged {
        paint.good(&format!("{changes} made. The organization is as desired-state says."))
    } else {
        paint.bad(&format!("{changes} made. The organization is not yet as desired-state says."))
    }
}

/// Actions that are no longer planned, and ones that were not.
pub(crate) fn moved_text(gone: &[&Action], new: &[&Action], resources: &Resources) -> String {
    let namer = Namer { quote: quoted, accounts: &resources.account_names };
    let line = |when: &str, action: &Action| {
        let sign = Effect::of(&action.change).sign();
        format!("  {when}: {sign} {}\n", namer.sentence(&action.change))
    };
    let gone = gone.iter().map(|action| line("no longer", action));
    gone.chain(new.iter().map(|action| line("now also", action))).collect()
}
