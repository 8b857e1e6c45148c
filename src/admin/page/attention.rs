//! What needs a person: why, and the command that helps.

use std::collections::{BTreeMap, BTreeSet};

use super::html::{Html, Look, anchor, counted};
use super::words::{ready, unready};
use crate::org::DocumentRef;
use crate::plan::BlockedReason;
use crate::status::{
    DifferenceState, DocumentReport, HeldReport, Problem, Report, Trouble, UnknownReport,
};

/// Lines of one kind that are listed. `/status` has them all.
const LINES_MAX: usize = 20;

pub(super) fn section(html: &mut Html, report: &Report) {
    html.markup("<section id=\"attention\" data-part aria-labelledby=\"attention-title\">");
    html.markup("<h2 id=\"attention-title\">Needs a person</h2>");
    let waits = held(html, report)
        | invalid(html, report)
        | blocked(html, report)
        | refused(html, report)
        | not_ready(html, report)
        | unknown(html, &report.unknown)
        | troubles(html, &report.troubles);
    if !waits {
        html.markup("<p class=\"nothing\">Nothing: no change is held, blocked or refused.</p>");
    }
    html.markup("</section>");
}

fn card(html: &mut Html, look: Look, title: &str) {
    html.open("article", &[("class", "card")]);
    html.open("h3", &[]);
    html.state(look, title);
    html.close("h3");
}

fn held(html: &mut Html, report: &Report) -> bool {
    let Some(held) = report.held.as_ref().filter(|held| !held.approved) else { return false };
    let HeldReport { hash, actions, approve, reasons, approved: _ } = held;
    let verb = if *actions == 1 { "waits" } else { "wait" };
    card(html, Look::Bad, &format!("{} {verb} for approval", counted(*actions, "change")));
    html.markup("<ul>");
    for (why, count) in reasons {
        html.element("li", &[], &format!("{count} because {why}"));
    }
    html.markup("</ul>");
    html.markup("<p>Read it with <code>palisade plan</code> or at <a href=\"/plan\">/plan</a>, then approve exactly this plan where the daemon has its data directory:</p>");
    command(html, approve);
    html.markup("<p>Or in git, on the <code>Organization</code> document: ");
    html.element("code", &[], &format!("palisade/approved-plan: {hash}"));
    html.markup(". To refuse it, revert the commit that asks for it. It is about:</p>");
    let waiting = report.documents.iter().filter(|document| {
        let mut differences = document.differences.iter();
        differences.any(|difference| difference.state == DifferenceState::AwaitingApproval)
    });
    documents(html, &waiting.map(DocumentReport::document).collect());
    html.markup("</article>");
    true
}

/// What is as git says and would all the same not work.
fn not_ready(html: &mut Html, report: &Report) -> bool {
    let mut any = false;
    for document in unready(report).take(LINES_MAX) {
        any = true;
        card(html, Look::Bad, &format!("{} would not work", document.name));
        let message = ready(&document.conditions).map_or("", |ready| ready.message.as_str());
        html.element("p", &[], message);
        documents(html, &[document.document()].into());
        html.markup("</article>");
    }
    any
}

/// A command to copy.
fn command(html: &mut Html, text: &str) {
    html.markup("<p class=\"command\"><code>");
    html.text(text);
    html.markup("</code></p>");
}

/// Links to documents.
pub(super) fn documents(html: &mut Html, documents: &BTreeSet<DocumentRef>) {
    html.markup("<p class=\"documents\">");
    for (at, document) in documents.iter().enumerate().take(LINES_MAX) {
        if at > 0 {
            html.text(", ");
        }
        let link = format!("#{}", anchor(&document.kind, &document.name));
        html.element("a", &[("href", &link), ("title", &document.kind)], &document.name);
    }
    if documents.len() > LINES_MAX {
        html.text(&format!(" and {} more", documents.len() - LINES_MAX));
    }
    html.markup("</p>");
}

fn invalid(html: &mut Html, report: &Report) -> bool {
    let state = &report.desired_state;
    if state.problems.is_empty() {
        return false;
    }
    card(html, Look::Bad, "What git holds does not load; the last good state stays in force");
    problems(html, &state.problems);
    html.markup("<p>See all of it, with the lines:</p>");
    command(html, "palisade validate");
    html.markup("</article>");
    true
}

/// Problems of the desired state with their places.
pub(super) fn problems(html: &mut Html, problems: &[Problem]) {
    html.markup("<ul>");
    for Problem { at, message } in problems.iter().take(LINES_MAX) {
        html.markup("<li>");
        html.element("code", &[], at);
        html.text(&format!(" {message}"));
        html.markup("</li>");
    }
    html.markup("</ul>");
    if problems.len() > LINES_MAX {
        html.element("p", &[], &format!("and {} more", problems.len() - LINES_MAX));
    }
}

/// What is blocked; many that one thing stands in the way of are one line.
fn blocked(html: &mut Html, report: &Report) -> bool {
    type Alike<'a> = (BTreeSet<&'a str>, BTreeSet<DocumentRef>);
    let mut alike: BTreeMap<(&str, &str), Alike<'_>> = BTreeMap::new();
    let is_blocked = |reason| reason != BlockedReason::Unknown;
    for each in report.blocked.iter().filter(|each| is_blocked(each.reason)) {
        let (objects, documents) =
            alike.entry((each.reason.into(), each.message.as_str())).or_default();
        objects.insert(&each.object);
        documents.insert(each.document.clone());
    }
    for ((reason, message), (objects, concerned)) in alike.iter().take(LINES_MAX) {
        let object = objects.first().copied().unwrap_or_default();
        let title = match objects.len() {
            0 | 1 => format!("Blocked: {object}"),
            many => format!("Blocked: {object} and {} more", many - 1),
        };
        card(html, Look::Bad, &title);
        html.element("p", &[], message);
        documents(html, concerned);
        html.element("p", &[("class", "quiet")], &format!("Reason: {reason}"));
        html.markup("</article>");
    }
    if alike.len() > LINES_MAX {
        html.element("p", &[], &format!("and {} more obstacles", alike.len() - LINES_MAX));
    }
    !alike.is_empty()
}

fn refused(html: &mut Html, report: &Report) -> bool {
    let mut by_message: BTreeMap<&str, BTreeSet<DocumentRef>> = BTreeMap::new();
    for document in &report.documents {
        for difference in &document.differences {
            if difference.state == DifferenceState::Refused {
                by_message.entry(&difference.detail).or_default().insert(document.document());
            }
        }
    }
    for (message, concerned) in by_message.iter().take(LINES_MAX) {
        card(html, Look::Bad, "AWS refuses a change, and would refuse it again");
        html.element("p", &[], message);
        documents(html, concerned);
        html.markup("</article>");
    }
    !by_message.is_empty()
}

fn unknown(html: &mut Html, unknown: &[UnknownReport]) -> bool {
    for each in unknown.iter().take(LINES_MAX) {
        card(html, Look::Unknown, &format!("Not read: {}", each.subject()));
        html.element("p", &[], &each.reason);
        html.markup("<p class=\"quiet\">What is not known is neither changed nor taken for empty.</p></article>");
    }
    !unknown.is_empty()
}

fn troubles(html: &mut Html, troubles: &[Trouble]) -> bool {
    for Trouble { component, message } in troubles {
        card(html, Look::Wait, &format!("The daemon itself: {component}"));
        html.element("p", &[], message);
        html.markup("</article>");
    }
    !troubles.is_empty()
}
