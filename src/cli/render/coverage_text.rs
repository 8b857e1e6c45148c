//! Coverage as a table: one line a practice, and below it what serves it.

use std::fmt::Write as _;

use crate::catalog::Reach;
use crate::cli::coverage::{Coverage, Elsewhere, Excluded, PracticeCoverage, Serving, State};
use crate::cli::render::paint::{Paint, counted, inert};

/// The practices as text.
pub(crate) fn coverage_text(coverage: &Coverage, paint: Paint) -> String {
    let mut text = String::new();
    for practice in &coverage.practices {
        practice_text(&mut text, practice, coverage.accounts, paint);
    }
    let totals: Vec<String> =
        coverage.totals.iter().map(|(state, count)| format!("{count} {}", words(*state))).collect();
    let count = counted(coverage.practices.len(), "practice");
    let _ = writeln!(text, "\n{count} (edition {}): {}.", coverage.edition, totals.join(", "));
    if !coverage.exclusions.is_empty() {
        let count = counted(coverage.exclusions.len(), "guardrail");
        let _ = writeln!(text, "Left out on purpose: {count}.");
        for Excluded { guardrail, reason, .. } in &coverage.exclusions {
            let _ = writeln!(text, "    {guardrail}: {}", inert(reason));
        }
    }
    let _ = writeln!(text, "{}", paint.dim(&format!("As of {}.", inert(&coverage.source))));
    text
}

fn practice_text(text: &mut String, coverage: &PracticeCoverage, accounts: usize, paint: Paint) {
    let PracticeCoverage { practice, state, guardrails, excluded, available, elsewhere } = coverage;
    let state = painted(*state, paint);
    let _ = writeln!(text, "{}  {state}  {}", paint.bold(&practice.id), practice.name);
    match practice.reach {
        Reach::Organization => {}
        Reach::Workload | Reach::Process => {
            let _ = writeln!(text, "    {}", paint.dim(&practice.says));
        }
    }
    for serving in guardrails {
        let _ = writeln!(text, "    {}", serving_line(serving, accounts, paint));
    }
    if guardrails.is_empty() && !excluded.is_empty() {
        let left_out: Vec<&str> = excluded.iter().map(|it| it.guardrail.as_str()).collect();
        let _ = writeln!(text, "    left out on purpose: {}", left_out.join(", "));
    }
    if guardrails.is_empty() && practice.reach == Reach::Organization && !available.is_empty() {
        let _ = writeln!(text, "    {}", paint.dim(&format!("try {}", available.join(", "))));
    }
    for Elsewhere { guardrail, .. } in elsewhere {
        let words =
            format!("not of desired state: {guardrail}, see `palisade catalog show {guardrail}`");
        let _ = writeln!(text, "    {}", paint.dim(&words));
    }
}

fn serving_line(serving: &Serving, accounts: usize, paint: Paint) -> String {
    let Serving { document, state, since, suspended_until, accounts: reached, note, .. } = serving;
    let since = since.map(|since| format!(" since {since:.0}")).unwrap_or_default();
    let until = suspended_until.map(|until| format!(" until {until}")).unwrap_or_default();
    let state = painted(*state, paint);
    let reached = reached.map(|reached| format!(", {reached} of {accounts} accounts"));
    let note = note.as_ref().map(|note| format!(", {note}"));
    let (reached, note) = (reached.unwrap_or_default(), note.unwrap_or_default());
    format!("{state}  {}{since}{until}{reached}{note}", inert(document))
}

fn painted(state: State, paint: Paint) -> String {
    let word = format!("{:9}", words(state));
    match state {
        State::InSync => paint.good(&word),
        State::Drifted | State::NotReady | State::Absent => paint.bad(&word),
        State::Unknown | State::Suspended | State::Observed => paint.warn(&word),
        State::Declared | State::Outside => paint.dim(&word),
    }
}

/// A state in words.
pub(crate) fn words(state: State) -> &'static str {
    match state {
        State::Drifted => "drifted",
        State::NotReady => "not ready",
        State::Unknown => "not known",
        State::Absent => "absent",
        State::Suspended => "suspended",
        State::Observed => "observed",
        State::Declared => "declared",
        State::InSync => "in sync",
        State::Outside => "outside",
    }
}
