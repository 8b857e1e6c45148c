//! Of documents that are for something besides being as git says: does it work? Facts for their lists.

use jiff::Timestamp;

use super::guardrails::link;
use super::html::{Html, Look};
use crate::status::{EmergencyReport, FailureModeReport, TrailReport};

/// Does a trail record, and does that arrive?
pub(super) fn trail(html: &mut Html, trail: &TrailReport) {
    html.markup("<dt>Records</dt><dd>");
    match trail.logging {
        Some(true) => html.state(Look::Good, "yes"),
        Some(false) => html.state(Look::Bad, "no"),
        None => html.state(Look::Unknown, "not known"),
    }
    html.markup("</dd>");
    if let Some((stopped, started)) = trail.gap() {
        html.markup("<dt>Recorded nothing</dt><dd>from ");
        html.time(stopped);
        html.text(" to ");
        html.time(started);
        html.markup("</dd>");
    }
    moment(html, "Last log files", trail.last_delivery);
    moment(html, "Last digest", trail.last_digest);
    for reason in &trail.reasons {
        html.fact("Wrong with it", reason);
    }
}

/// Would emergency access work, when was that tried, and what is it for?
pub(super) fn emergency(html: &mut Html, emergency: &EmergencyReport) {
    html.markup("<dt>Would work</dt><dd>");
    let (look, word) = if emergency.ready { (Look::Good, "yes") } else { (Look::Bad, "no") };
    html.state(look, word);
    let (ready, all) = (emergency.accounts_ready, emergency.accounts);
    html.text(&format!(", in {ready} of {all} accounts"));
    html.markup("</dd>");
    if let Some(incident) = &emergency.incident {
        html.fact("Incident", incident);
    }
    moment(html, "Last sign-in", emergency.last_sign_in);
    moment(html, "Last drill", emergency.last_drill);
    if let Some(ends) = emergency.certificate_ends {
        moment(html, "Certificate ends", Some(ends));
    }
    if let Some(expiry) = emergency.next_expiry {
        html.fact("Next operator ends", &expiry.to_string());
    }
    if !emergency.approvers.is_empty() {
        html.fact("Approvers", &emergency.approvers.join(", "));
    }
    if !emergency.failure_modes.is_empty() {
        html.markup("<dt>For</dt><dd><ul>");
        for mode in &emergency.failure_modes {
            failure(html, mode);
        }
        html.markup("</ul></dd>");
    }
}

/// A failure for which it is there: how to be sure of it, and what to do.
fn failure(html: &mut Html, mode: &FailureModeReport) {
    html.markup("<li>");
    html.element("b", &[], &mode.id);
    html.text(&format!(": {}. Confirm: {}. ", bare(&mode.description), bare(&mode.confirmation)));
    link(html, &mode.runbook, &format!("Runbook of {}", mode.id));
    html.markup("</li>");
}

fn bare(sentence: &str) -> &str {
    sentence.trim_end_matches(['.', ' '])
}

/// When something last happened, or that it never has.
fn moment(html: &mut Html, name: &'static str, at: Option<Timestamp>) {
    html.element("dt", &[], name);
    html.markup("<dd>");
    match at {
        Some(at) => html.time(at),
        None => html.text("none known"),
    }
    html.markup("</dd>");
}
