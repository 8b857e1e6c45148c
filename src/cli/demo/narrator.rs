//! Tells from the daemon's reports what has become of what somebody did. Computes; prints nothing.

use std::time::Duration;

use tokio::time::Instant;

use crate::cli::render::counted;
use crate::status::{DifferenceState, Report, WakeReason};

/// What somebody did, and how far palisade is with it.
struct Strike {
    at: Instant,
    /// Is it something that palisade leaves alone?
    is_harmless: bool,
    found_after: Option<Duration>,
}

/// Remembers what has been told.
#[derive(Default)]
pub(super) struct Narrator {
    strike: Option<Strike>,
    /// Has the organization ever been as it should?
    is_built: bool,
    started: Option<Instant>,
    changes: usize,
    hash: Option<String>,
    problems: usize,
    /// Since when nothing is going on.
    calm_since: Option<Instant>,
}

impl Narrator {
    /// Somebody has done something just now.
    pub(super) fn struck(&mut self, is_harmless: bool, now: Instant) {
        self.strike = Some(Strike { at: now, is_harmless, found_after: None });
        self.calm_since = None;
    }

    /// Since when nothing is going on, if nothing is.
    pub(super) fn calm_since(&self) -> Option<Instant> {
        self.calm_since
    }

    /// What a report adds to what has been told.
    pub(super) fn hear(&mut self, report: &Report, now: Instant) -> Vec<String> {
        let started = *self.started.get_or_insert(now);
        let mut lines = self.hear_of_git(report);
        self.changes += report.last_pass.outcomes.get("done").copied().unwrap_or_default();
        let is_settled = is_settled(report);
        match &mut self.strike {
            Some(strike) if strike.is_harmless => {
                // A pass that was under way may have looked before it happened; the next has not.
                if strike.found_after.is_some() {
                    self.strike = None;
                    lines.push("not in desired state: counted, and left alone".to_owned());
                } else {
                    strike.found_after = Some(now - strike.at);
                }
            }
            Some(strike) if strike.found_after.is_none() => {
                if !is_settled || !report.last_pass.detected.is_empty() {
                    strike.found_after = Some(now - strike.at);
                }
            }
            Some(Strike { at, found_after, .. }) if is_settled => {
                let found = seconds(found_after.unwrap_or_default());
                let healed = seconds(now - *at);
                lines.push(if is_healed(report) {
                    format!("found and answered after {found} s, seen healed after {healed} s")
                } else {
                    format!("found after {found} s; {}", what_remains(report))
                });
                self.strike = None;
            }
            Some(_) | None => {}
        }
        if !self.is_built && is_settled {
            self.is_built = true;
            let (changes, took) = (counted(self.changes, "change"), seconds(now - started));
            lines.push(format!("{changes} in {took} s: {}", what_remains(report)));
        }
        let is_calm = self.is_built && self.strike.is_none() && is_settled;
        self.calm_since = if is_calm { self.calm_since.or(Some(now)) } else { None };
        lines
    }

    /// What a change of files came to.
    fn hear_of_git(&mut self, report: &Report) -> Vec<String> {
        let mut lines = Vec::new();
        let problems = &report.desired_state.problems;
        if problems.len() != self.problems {
            self.problems = problems.len();
            lines.push(match problems.first() {
                Some(first) => format!(
                    "desired state is not valid, so the last good one stays in force: {}: {}",
                    first.at, first.message
                ),
                None => "desired state is valid again".to_owned(),
            });
        } else if report.last_pass.wake == WakeReason::Files && self.is_built {
            let changes = counted(report.last_pass.actions, "change");
            lines.push(format!("desired state was edited: {changes} to make"));
        }
        let held = report.held.as_ref().filter(|held| !held.approved);
        let hash = held.map(|held| held.hash.clone());
        if hash != self.hash {
            if let Some(held) = held {
                let changes = counted(held.actions, "change");
                lines.push(format!("{changes} held until somebody approves: {}", held.hash));
            }
            self.hash = hash;
        }
        lines
    }
}

/// Is there nothing left that palisade would do by itself?
pub(super) fn is_settled(report: &Report) -> bool {
    report.unknown.is_empty()
        && states(report).all(|state| match state {
            DifferenceState::Reported
            | DifferenceState::AwaitingApproval
            | DifferenceState::Blocked
            | DifferenceState::Refused => true,
            DifferenceState::Pending
            | DifferenceState::Changed
            | DifferenceState::Confirming
            | DifferenceState::InProgress
            | DifferenceState::Retrying => false,
        })
}

/// Is everything that is enforced as it should be?
pub(super) fn is_healed(report: &Report) -> bool {
    is_settled(report) && !states(report).any(DifferenceState::needs_person)
}

/// How things stand, when nothing more is going to happen by itself.
pub(super) fn what_remains(report: &Report) -> String {
    let count = |is_meant: fn(DifferenceState) -> bool| {
        states(report).filter(|state| is_meant(*state)).count()
    };
    let waiting = count(DifferenceState::needs_person);
    if waiting > 0 {
        return format!("{} for a person, see the status page", counted(waiting, "difference"));
    }
    match count(|state| state == DifferenceState::Reported) {
        0 => "everything is as desired-state says".to_owned(),
        reported => format!(
            "everything enforced is as desired-state says; {} only reported",
            counted(reported, "difference")
        ),
    }
}

fn states(report: &Report) -> impl Iterator<Item = DifferenceState> + '_ {
    let differences = report.documents.iter().flat_map(|document| &document.differences);
    differences.map(|difference| difference.state)
}

fn seconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64())
}
