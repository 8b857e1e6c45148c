//! What was: who changed what, and how the last passes ended.

use super::guardrails::attribution;
use super::html::{Html, Look, anchor, counted};
use super::words::wrong;
use crate::status::{Happening, PassResult, PassSpan, Report};

/// Happenings that are listed. `/status` has more.
const HAPPENINGS_MAX: usize = 50;

/// Passes that are listed. `/status` has more.
const PASSES_MAX: usize = 20;

pub(super) fn happenings(html: &mut Html, report: &Report) {
    html.markup("<section id=\"changes\" data-part aria-labelledby=\"changes-title\">");
    html.markup("<h2 id=\"changes-title\">Who changed what</h2>");
    if report.happenings.is_empty() {
        html.markup("<p class=\"nothing\">No drift so far.</p>");
    } else {
        html.markup("<ol class=\"history\">");
        for happening in report.happenings.iter().take(HAPPENINGS_MAX) {
            one_happening(html, happening);
        }
        html.markup("</ol>");
    }
    if report.happenings.len() > HAPPENINGS_MAX {
        let more = report.happenings.len() - HAPPENINGS_MAX;
        html.element("p", &[], &format!("and {more} more, in /status"));
    }
    if report.happenings.iter().any(|happening| happening.by.is_none()) {
        html.markup("<p class=\"quiet\">Where nobody is named, CloudTrail knows who: palisade saw the object and no event of it.</p>");
    }
    html.markup("</section>");
}

fn one_happening(html: &mut Html, happening: &Happening) {
    let Happening { document, object, change, since, until, healed, by } = happening;
    html.markup("<li>");
    html.time(*since);
    html.text(" ");
    let (look, word) = match (until, healed) {
        (None, _) => (Look::Wait, "there still".to_owned()),
        (Some(until), true) => (Look::Good, format!("healed after {}", lasted(*since, *until))),
        (Some(until), false) => (Look::Quiet, format!("gone after {}", lasted(*since, *until))),
    };
    html.state(look, &word);
    html.text(" ");
    html.element("code", &[], object);
    html.text(&format!(" {} (", wrong(change.as_deref())));
    let link = format!("#{}", anchor(&document.kind, &document.name));
    html.element("a", &[("href", &link)], &document.name);
    html.text(")");
    if let Some(by) = by {
        html.markup("<br>");
        attribution(html, by);
    }
    html.markup("</li>");
}

fn lasted(since: jiff::Timestamp, until: jiff::Timestamp) -> String {
    let seconds = until.duration_since(since).as_secs().max(0);
    match seconds {
        0 => "less than 1 s".to_owned(),
        1..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

pub(super) fn passes(html: &mut Html, report: &Report) {
    html.markup("<section id=\"passes\" data-part aria-labelledby=\"passes-title\">");
    html.markup("<h2 id=\"passes-title\">Last passes</h2>");
    html.markup("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"passes-title\"><table>");
    html.markup("<thead><tr><th scope=\"col\">Ended</th><th scope=\"col\">Result</th><th scope=\"col\">Passes</th><th scope=\"col\">Woken by</th><th scope=\"col\">Took</th><th scope=\"col\">Planned</th><th scope=\"col\">Done</th><th scope=\"col\">Drift</th><th scope=\"col\">Healed</th><th scope=\"col\">Revision</th></tr></thead><tbody>");
    for pass in report.passes.iter().take(PASSES_MAX) {
        one_pass(html, pass);
    }
    html.markup("</tbody></table></div></section>");
}

fn one_pass(html: &mut Html, pass: &PassSpan) {
    let PassSpan {
        first: _,
        last,
        passes,
        wake,
        result,
        seconds,
        actions,
        done,
        detected,
        repaired,
        revision,
    } = pass;
    html.markup("<tr><td>");
    html.time(*last);
    html.markup("</td><td>");
    let (look, word) = ended(*result);
    html.state(look, word);
    html.markup("</td>");
    let revision = revision.as_deref().unwrap_or("not known");
    let short: String = revision.chars().take(12).collect();
    for cell in [
        counted(*passes, "pass").replace("passs", "passes"),
        wake.to_string(),
        format!("{seconds:.1} s"),
        actions.to_string(),
        done.to_string(),
        detected.to_string(),
        repaired.to_string(),
        short,
    ] {
        html.element("td", &[], &cell);
    }
    html.markup("</tr>");
}

fn ended(result: PassResult) -> (Look, &'static str) {
    match result {
        PassResult::InSync => (Look::Good, "in sync"),
        PassResult::Changed => (Look::Good, "changed"),
        PassResult::Drifted => (Look::Wait, "drift left"),
        PassResult::Failed => (Look::Bad, "failed"),
        PassResult::Incomplete => (Look::Unknown, "not all read"),
        PassResult::Unobserved => (Look::Unknown, "nothing read"),
        PassResult::NoDesiredState => (Look::Bad, "no desired state"),
    }
}
