//! The first look: how things stand, in one sentence, and the numbers beside it.

use super::html::{Html, Look, counted};
use super::words::{ready, standing, unready};
use crate::desired::Mode;
use crate::status::{ConditionStatus, DifferenceState, DocumentReport, PracticeState, Report};

/// Guardrails that the verdict names.
const NAMES_MAX: usize = 3;

/// How things stand: a sign, and a sentence.
pub(super) struct Verdict {
    pub(super) look: Look,
    pub(super) words: String,
}

/// The worst there is to say.
pub(super) fn verdict(report: &Report) -> Verdict {
    let differing = report.documents.iter().filter(|each| !each.differences.is_empty()).count();
    let held = report.held.as_ref().filter(|held| !held.approved).map_or(0, |held| held.actions);
    let stuck =
        count(report, |state| state.needs_person() && state != DifferenceState::AwaitingApproval);
    let guardrails = counted(differing, "guardrail");
    let bad = |words: String| Verdict { look: Look::Bad, words };
    let wait = |words: String| Verdict { look: Look::Wait, words };
    if report.organization_id.is_none() {
        return bad("No desired state: nothing is guarded".to_owned());
    }
    if held > 0 || stuck > 0 {
        let wait = if held == 1 { "waits" } else { "wait" };
        let held = (held > 0).then(|| format!("{} {wait} for approval", counted(held, "change")));
        let is = if stuck == 1 { "is" } else { "are" };
        let stuck = (stuck > 0).then(|| format!("{} {is} stuck", counted(stuck, "object")));
        return bad(held.into_iter().chain(stuck).collect::<Vec<_>>().join(", "));
    }
    if !report.desired_state.valid {
        return bad("Git does not load: the last good state is kept".to_owned());
    }
    let broken: Vec<&str> = unready(report).map(|document| document.name.as_str()).collect();
    if !broken.is_empty() {
        return bad(format!("{} would not work", broken.join(", ")));
    }
    let reported = count(report, |state| state == DifferenceState::Reported);
    let all = count(report, |_| true);
    if all > 0 && all == reported {
        return wait(format!("{guardrails} drifted, only observed"));
    }
    if all > 0 && report.mode == Mode::Observe {
        return wait(format!("{guardrails} drifted; this daemon only observes"));
    }
    if all > 0 && !report.leader {
        return wait(format!("{guardrails} drifted; another replica heals"));
    }
    if all > 0 {
        return wait(format!("{guardrails} drifted, healing"));
    }
    let status = ready(&report.conditions).map(|ready| ready.status);
    if report.in_sync && status == Some(ConditionStatus::True) {
        return Verdict { look: Look::Good, words: "All guardrails in force".to_owned() };
    }
    Verdict { look: Look::Unknown, words: "Not known: AWS could not be read".to_owned() }
}

fn count(report: &Report, is_counted: impl Fn(DifferenceState) -> bool) -> usize {
    let differences = report.documents.iter().flat_map(|document| &document.differences);
    differences.filter(|difference| is_counted(difference.state)).count()
}

pub(super) fn section(html: &mut Html, report: &Report) {
    let Verdict { look, words } = verdict(report);
    html.markup("<section id=\"verdict\" data-part aria-label=\"Verdict\">");
    html.open("div", &[("class", "verdict")]);
    html.open("h1", &[("id", "verdict-words")]);
    html.state(look, &words);
    html.close("h1");
    names(html, report, look);
    sentence(html, report);
    html.close("div");
    numbers(html, report);
    html.markup("</section>");
}

/// Which guardrails it is about: what stands better than the verdict is not why.
fn names(html: &mut Html, report: &Report, look: Look) {
    let is_concerned =
        |document: &&DocumentReport| look != Look::Good && standing(document).0 == look;
    let concerned = worst_first(report).into_iter().filter(is_concerned);
    let names: Vec<&str> = concerned.map(|document| document.name.as_str()).collect();
    if names.is_empty() {
        return;
    }
    let more = names.len().saturating_sub(NAMES_MAX);
    let first = names[..names.len() - more].join(", ");
    html.markup("<p><b>");
    html.text(&first);
    html.markup("</b>");
    if more > 0 {
        html.text(&format!(" and {more} more"));
    }
    html.markup("</p>");
}

fn sentence(html: &mut Html, report: &Report) {
    html.markup("<p>");
    let since = ready(&report.conditions).map(|ready| ready.last_transition_time);
    if let Some(since) = since {
        html.text("Began ");
        html.time(since);
        html.text(". ");
    }
    html.text("Looked ");
    html.time(report.last_pass.at);
    html.text(&format!(" ({}). ", report.last_pass.wake));
    html.text(match (report.mode, report.leader) {
        (Mode::Observe, _) => "Observes: reports drift and heals nothing.",
        (Mode::Enforce, true) => "Enforces.",
        (Mode::Enforce, false) => "Stands by: another replica enforces.",
    });
    html.markup("</p>");
}

fn numbers(html: &mut Html, report: &Report) {
    let documents = &report.documents;
    let in_force = documents.iter().filter(|document| document.in_sync).count();
    let look = documents.iter().map(|document| standing(document).0).max();
    html.markup("<ul class=\"numbers\">");
    number(
        html,
        "#guardrails",
        "guardrails in force",
        look.unwrap_or(Look::Quiet),
        &format!("{in_force} of {}", documents.len()),
    );
    let differences = documents.iter().map(|document| document.differences.len()).sum();
    tally(html, "#drift", "objects differ", Look::Wait, differences);
    let waiting = count(report, DifferenceState::needs_person)
        + unready(report).count()
        + usize::from(!report.desired_state.problems.is_empty())
        + report.troubles.len();
    tally(html, "#attention", "need a person", Look::Bad, waiting);
    tally(html, "#attention", "parts not read", Look::Unknown, unread(report));
    if let Some(tree) = &report.tree {
        let accounts = counted(tree.accounts.len(), "account");
        let (count, noun) = accounts.split_once(' ').unwrap_or((&accounts, "accounts"));
        number(html, "#organization", noun, Look::Quiet, count);
    }
    if !report.practices.is_empty() {
        let for_guardrails =
            report.practices.iter().filter(|each| each.state != PracticeState::Outside);
        let served = for_guardrails.clone().filter(|each| each.state == PracticeState::InSync);
        let (served, all) = (served.count(), for_guardrails.count());
        number(html, "#coverage", "practices in force", Look::Quiet, &format!("{served} of {all}"));
    }
    html.markup("</ul>");
}

/// A number that is good when it is 0.
fn tally(html: &mut Html, link: &'static str, noun: &str, look: Look, count: usize) {
    let look = if count == 0 { Look::Good } else { look };
    number(html, link, noun, look, &count.to_string());
}

fn number(html: &mut Html, link: &'static str, noun: &str, look: Look, value: &str) {
    html.markup("<li>");
    html.open("a", &[("href", link)]);
    html.open("strong", &[]);
    html.state(look, value);
    html.close("strong");
    html.element("span", &[], &format!(" {noun}"));
    html.markup("</a></li>");
}

fn unread(report: &Report) -> usize {
    report.unknown.iter().map(|unknown| unknown.count).sum()
}

/// The documents that differ or are not known, the worst first.
pub(super) fn worst_first(report: &Report) -> Vec<&DocumentReport> {
    let mut documents: Vec<&DocumentReport> = report.documents.iter().collect();
    documents.sort_by_key(|document| std::cmp::Reverse(standing(document).0));
    documents
}
