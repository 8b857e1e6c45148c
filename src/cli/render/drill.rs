//! What a drill found, for people at a terminal.

use std::fmt::Write;

use crate::cli::render::paint::{Paint, counted, inert};
use crate::readiness::{Check, Readiness, Verdict};

/// What holds in one line, and everything that does not.
pub(crate) fn drill_text(examined: &[Readiness], paint: Paint) -> String {
    let mut out = String::new();
    for readiness in examined {
        let Readiness { document, accounts, accounts_ready, checks, last_sign_in: _ } = readiness;
        let holding = checks.iter().filter(|check| check.verdict == Verdict::Holds).count();
        let state = if readiness.is_ready() { paint.good("ready") } else { paint.bad("not ready") };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{}  {state}: {accounts_ready} of {} reached, {holding} of {} hold",
            paint.bold(&document.to_string()),
            counted(*accounts, "account"),
            counted(checks.len(), "check"),
        );
        for Check { subject, verdict } in readiness.lacking() {
            let mark = match verdict {
                Verdict::Unknown(_) => paint.warn("?"),
                Verdict::Fails(_) | Verdict::Holds => paint.bad("-"),
            };
            let reason = inert(verdict.reason().unwrap_or_default());
            let _ = writeln!(out, "  {mark} {}: {reason}", inert(subject));
        }
    }
    out
}
