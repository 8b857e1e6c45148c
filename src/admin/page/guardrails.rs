//! Guardrails: what differs now, and every document with its condition, history and diff.

use super::html::{Html, Look, anchor, counted};
use super::purpose;
use super::words::{done_about, part, standing, turned, wrong};
use crate::status::{Attribution, Condition, Difference, DifferenceState, DocumentReport, Report};

/// Differences of one document that are listed. `/status` has them all.
const DIFFERENCES_MAX: usize = 20;

/// Guardrails that differ and have a card of their own; the list of all begins with the rest.
const CARDS_MAX: usize = 10;

/// The annotation that says who keeps a guardrail.
const OWNER: &str = "palisade/owner";

/// The annotation that says what to do when it drifts.
const RUNBOOK: &str = "palisade/runbook";

/// The annotation that names practices.
const CONTROLS: &str = "palisade/controls";

/// What differs now, and since when.
pub(super) fn drift(html: &mut Html, documents: &[&DocumentReport]) {
    html.markup("<section id=\"drift\" data-part aria-labelledby=\"drift-title\">");
    html.markup("<h2 id=\"drift-title\">Drift</h2>");
    let differing: Vec<&&DocumentReport> =
        documents.iter().filter(|document| !document.differences.is_empty()).collect();
    for document in differing.iter().take(CARDS_MAX) {
        let (look, word) = standing(document);
        html.open("article", &[("class", "card")]);
        html.open("h3", &[]);
        html.state(look, word);
        html.text(" ");
        let link = format!("#{}", anchor(&document.kind, &document.name));
        html.element("a", &[("href", &link)], &document.name);
        html.element("small", &[], &format!(" {}", document.kind));
        html.close("h3");
        helpers(html, document);
        differences(html, &document.differences);
        html.markup("</article>");
    }
    if differing.len() > CARDS_MAX {
        let more = counted(differing.len() - CARDS_MAX, "guardrail");
        html.markup("<p>and ");
        html.element("a", &[("href", "#guardrails")], &format!("{more} more, first in the list"));
        html.markup("</p>");
    }
    if differing.is_empty() {
        html.markup("<p class=\"nothing\">None: every object that was read is as git says.</p>");
    }
    html.markup("</section>");
}

/// Owner and runbook, for whoever is on call.
fn helpers(html: &mut Html, document: &DocumentReport) {
    let owner = document.annotations.get(OWNER);
    let runbook = document.annotations.get(RUNBOOK);
    if owner.is_none() && runbook.is_none() {
        return;
    }
    html.markup("<p class=\"helpers\">");
    if let Some(owner) = owner {
        html.text(&format!("Owner {owner}. "));
    }
    if let Some(runbook) = runbook {
        link(html, runbook, &format!("Runbook of {}", document.name));
    }
    html.markup("</p>");
}

/// A link to a page, and to nothing else: `javascript:` and the like stay text.
pub(super) fn link(html: &mut Html, address: &str, text: &str) {
    if address.starts_with("https://") || address.starts_with("http://") {
        html.element("a", &[("href", address), ("rel", "noreferrer noopener")], text);
    } else {
        html.text(&format!("{text}: {address}"));
    }
}

fn differences(html: &mut Html, differences: &[Difference]) {
    html.markup("<ul class=\"differences\">");
    for difference in differences.iter().take(DIFFERENCES_MAX) {
        html.markup("<li>");
        one_difference(html, difference);
        html.markup("</li>");
    }
    html.markup("</ul>");
    if differences.len() > DIFFERENCES_MAX {
        let more = differences.len() - DIFFERENCES_MAX;
        html.element("p", &[], &format!("and {more} more, in /status"));
    }
}

fn one_difference(html: &mut Html, difference: &Difference) {
    let Difference { object, change, cause: _, since, state, detail, by, parts } = difference;
    html.element("code", &[], object);
    html.text(&format!(" {} ", wrong(change.as_deref())));
    html.markup("<span class=\"quiet\">first seen ");
    html.time(*since);
    html.markup("</span><br>");
    let (look, word) = done_about(*state);
    html.state(look, word);
    // What waits to be confirmed is said by its state, and why something waits for approval above.
    let is_said = state.is_settling() || *state == DifferenceState::AwaitingApproval;
    if !detail.is_empty() && !is_said {
        html.text(&format!(": {detail}"));
    }
    if let Some(by) = by {
        html.markup("<br>");
        attribution(html, by);
    }
    if !parts.is_empty() {
        html.markup("<ul class=\"diff\">");
        for each in parts {
            html.element("li", &[], &part(each));
        }
        html.markup("</ul>");
    }
}

/// Who did it.
pub(super) fn attribution(html: &mut Html, by: &Attribution) {
    let Attribution { principal, call, at, from, event } = by;
    html.text("By ");
    html.element("code", &[], principal);
    html.text(&format!(" with {call} "));
    html.time(*at);
    if let Some(from) = from {
        html.text(&format!(" from {from}"));
    }
    if !event.is_empty() {
        html.element("small", &[], &format!(" event {event}"));
    }
}

/// Every document.
pub(super) fn all(html: &mut Html, report: &Report, documents: &[&DocumentReport]) {
    html.markup("<section id=\"guardrails\" data-part aria-labelledby=\"guardrails-title\">");
    html.markup("<h2 id=\"guardrails-title\">Guardrails</h2>");
    if report.documents.is_empty() {
        html.markup("<p class=\"nothing\">None in force.</p>");
    }
    html.markup("<div class=\"rows\">");
    for document in documents {
        row(html, document);
    }
    html.markup("</div></section>");
}

fn row(html: &mut Html, document: &DocumentReport) {
    let id = anchor(&document.kind, &document.name);
    let (look, word) = standing(document);
    html.open("details", &[("id", &id), ("data-find", &document.document().to_string())]);
    html.markup("<summary><span class=\"row\">");
    html.state(look, word);
    html.text(" ");
    html.open("span", &[("class", "name")]);
    html.element("b", &[], &document.name);
    html.element("small", &[], &format!(" {}", document.kind));
    html.close("span");
    html.text(" ");
    html.markup("<span class=\"quiet\">");
    html.text(&mode(document));
    if let Some(ready) = super::words::ready(&document.conditions) {
        html.text(" last change ");
        html.time(ready.last_transition_time);
    }
    html.markup("</span></span></summary>");
    facts(html, document);
    if !document.differences.is_empty() {
        html.markup("<h3>Differs</h3>");
        differences(html, &document.differences);
    }
    history(html, document);
    html.markup("</details>");
}

fn mode(document: &DocumentReport) -> String {
    match document.suspended_until {
        Some(until) => format!("suspended until {until},"),
        None => format!("{},", document.mode),
    }
}

fn facts(html: &mut Html, document: &DocumentReport) {
    html.markup("<dl>");
    if !document.targets.is_empty() {
        let targets: Vec<&str> = document.targets.iter().map(String::as_str).collect();
        html.fact("On", &targets.join(", "));
    }
    if let Some(because) = &document.suspended_because {
        html.fact("Suspended because", because);
    }
    match &document.source {
        Some(source) => html.fact("Written in", source),
        None => html.fact("Written in", "no file: the document is gone and left something behind"),
    }
    if let Some(used) = document.size_used {
        html.fact("Size", &format!("{:.0} % of what AWS allows", used * 100.0));
    }
    for (key, name) in [(CONTROLS, "Practices"), (OWNER, "Owner")] {
        if let Some(value) = document.annotations.get(key) {
            html.fact(name, value);
        }
    }
    if let Some(runbook) = document.annotations.get(RUNBOOK) {
        html.markup("<dt>Runbook</dt><dd>");
        link(html, runbook, runbook);
        html.markup("</dd>");
    }
    if let Some(trail) = &document.trail {
        purpose::trail(html, trail);
    }
    if let Some(emergency) = &document.emergency {
        purpose::emergency(html, emergency);
    }
    for condition in &document.conditions {
        one_condition(html, condition);
    }
    html.markup("</dl>");
}

fn one_condition(html: &mut Html, condition: &Condition) {
    html.element("dt", &[], condition.condition_type.into());
    html.markup("<dd>");
    html.text(&format!("{} ({}), last change ", condition.status, condition.reason));
    html.time(condition.last_transition_time);
    if !condition.message.is_empty() {
        html.text(&format!(": {}", condition.message));
    }
    html.markup("</dd>");
}

fn history(html: &mut Html, document: &DocumentReport) {
    if document.history.is_empty() {
        return;
    }
    let times = counted(document.history.len(), "entry").replace("entrys", "entries");
    html.element("h3", &[], &format!("History ({times})"));
    html.markup("<ol class=\"history\">");
    for turn in &document.history {
        html.markup("<li>");
        html.time(turn.at);
        html.text(" ");
        let (look, word) = turned(turn.status, turn.reason);
        html.state(look, word);
        if look != Look::Good && !turn.message.is_empty() {
            html.text(&format!(": {}", turn.message));
        }
        html.markup("</li>");
    }
    html.markup("</ol>");
}
