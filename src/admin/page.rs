//! The status page: one look, no script. Every text that is not ours is escaped.

use std::fmt::Write;

use crate::status::{
    Condition, ConditionStatus, ConditionType, DocumentReport, PassReport, Problem, Report,
};

/// Light and dark, as the reader's system has it.
pub(in crate::admin) const STYLE: &str = include_str!("style.css");

/// Differences of one document that the page lists. `/status` has them all.
const DIFFERENCES_SHOWN_MAX: usize = 20;

/// A page under construction. Text goes in escaped; only what this file writes is markup.
struct Page(String);

/// The page for a report.
pub(in crate::admin) fn render(report: Option<&Report>) -> String {
    let mut page = Page(String::from(HEAD));
    match report {
        None => page.markup("<h1 class=wait>Starting</h1><p>No pass has ended yet.</p>"),
        Some(report) => {
            headline(&mut page, report);
            facts(&mut page, report);
            waiting(&mut page, report);
            let state = &report.desired_state;
            problems(&mut page, "Problems of the desired state", &state.problems);
            troubles(&mut page, report);
            documents(&mut page, report);
            blocked(&mut page, report);
            unknown(&mut page, report);
            unmanaged(&mut page, report);
            problems(&mut page, "Warnings", &state.warnings);
        }
    }
    page.markup(FOOT);
    page.0
}

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<meta name=viewport content=\"width=device-width\"><meta http-equiv=refresh content=10>\
<title>palisade</title><link rel=stylesheet href=/style.css><body>";

const FOOT: &str = "<p><a href=/status>status</a> · <a href=/plan>plan</a> · \
<a href=/metrics>metrics</a> · <a href=/livez>livez</a> · <a href=/readyz>readyz</a></p>";

impl Page {
    fn markup(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
    }

    /// `<tag>text</tag>`, where a class may follow the tag's name.
    fn element(&mut self, tag: &str, text: &str) {
        let name = tag.split(' ').next().unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(self.0, "<{tag}>");
        self.text(text);
        let _ = write!(self.0, "</{name}>");
    }

    fn fact(&mut self, name: &str, value: &str) {
        self.element("dt", name);
        self.element("dd", value);
    }

    /// A table with a header, unless it has no rows.
    fn table(&mut self, title: &str, columns: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        self.element("h2", title);
        self.markup("<table><tr>");
        for column in columns {
            self.element("th", column);
        }
        for row in rows {
            self.markup("<tr>");
            for cell in row {
                self.element("td", cell);
            }
        }
        self.markup("</table>");
    }
}

fn headline(page: &mut Page, report: &Report) {
    let ready = condition(&report.conditions, ConditionType::Ready);
    let (class, text) = match ready.map(|ready| ready.status) {
        Some(ConditionStatus::True) => ("good", "In sync"),
        Some(ConditionStatus::False) => ("bad", "Not in sync"),
        Some(ConditionStatus::Unknown) | None => ("wait", "Not known"),
    };
    page.element(&format!("h1 class={class}"), text);
    if let Some(ready) = ready {
        page.element("p", &ready.message);
    }
}

fn facts(page: &mut Page, report: &Report) {
    page.markup("<dl>");
    if let Some(organization) = &report.organization_id {
        page.fact("organization", organization.as_str());
    }
    page.fact("mode", report.mode.into());
    page.fact("acts", if report.leader { "yes" } else { "no, another replica does" });
    let revision = report.desired_state.revision.as_deref().unwrap_or("not known");
    page.fact("revision", revision);
    let PassReport { at, wake, result, took, actions, .. } = &report.last_pass;
    page.fact("last pass", &format!("{at}: {result}, caused by {wake}, {actions} actions"));
    let (observe, plan, act) = (took.observe, took.plan, took.act);
    page.fact("took", &format!("observe {observe:.2} s, plan {plan:.3} s, act {act:.2} s"));
    if let Some(success) = &report.last_success {
        page.fact("last success", &success.to_string());
    }
    page.markup("</dl>");
}

fn waiting(page: &mut Page, report: &Report) {
    if let Some(held) = report.held.as_ref().filter(|held| !held.approved) {
        page.element("h2 class=wait", "Waits for approval");
        for (why, actions) in &held.reasons {
            page.element("p", &format!("{actions} because {why}"));
        }
        page.element("p", &format!("{} changes wait. See the plan, then:", held.actions));
        page.markup("<p>");
        page.element("code", &held.approve);
        page.markup("</p>");
    }
}

fn problems(page: &mut Page, title: &str, problems: &[Problem]) {
    let rows: Vec<Vec<String>> =
        problems.iter().map(|problem| vec![problem.at.clone(), problem.message.clone()]).collect();
    page.table(title, &["where", "what"], &rows);
}

fn troubles(page: &mut Page, report: &Report) {
    let rows: Vec<Vec<String>> = report
        .troubles
        .iter()
        .map(|trouble| vec![trouble.component.clone(), trouble.message.clone()])
        .collect();
    page.table("Troubles of the daemon", &["part", "what"], &rows);
}

fn documents(page: &mut Page, report: &Report) {
    if report.documents.is_empty() {
        return;
    }
    page.element("h2", "Documents");
    page.markup("<table><tr><th>document<th>mode<th>state<th>since<th>what differs");
    let (differing, right): (Vec<&DocumentReport>, Vec<&DocumentReport>) =
        report.documents.iter().partition(|document| !document.in_sync);
    for document in differing.into_iter().chain(right) {
        row(page, document);
    }
    page.markup("</table>");
}

fn row(page: &mut Page, document: &DocumentReport) {
    page.markup("<tr>");
    page.element("td", &document.document().to_string());
    let mode = match &document.suspended_until {
        Some(until) => format!("suspended until {until}"),
        None => document.mode.to_string(),
    };
    page.element("td", &mode);
    let ready = condition(&document.conditions, ConditionType::Ready);
    let class = match ready.map(|ready| ready.status) {
        Some(ConditionStatus::True) => "good",
        Some(ConditionStatus::False) => "bad",
        Some(ConditionStatus::Unknown) | None => "wait",
    };
    let reason = ready.map_or("not known", |ready| ready.reason.into());
    page.element(&format!("td class={class}"), reason);
    let since = ready.map(|ready| ready.last_transition_time.to_string());
    page.element("td", &since.unwrap_or_default());
    page.markup("<td>");
    for difference in document.differences.iter().take(DIFFERENCES_SHOWN_MAX) {
        let change = difference.change.as_deref().unwrap_or("blocked");
        page.element("code", &format!("{change} {}", difference.object));
        page.text(&format!(" {}: {}", difference.state, difference.detail));
        page.markup("<br>");
    }
    if document.differences.len() > DIFFERENCES_SHOWN_MAX {
        page.text(&format!("and {} more", document.differences.len() - DIFFERENCES_SHOWN_MAX));
    }
}

fn blocked(page: &mut Page, report: &Report) {
    let rows: Vec<Vec<String>> = report
        .blocked
        .iter()
        .map(|blocked| {
            vec![
                blocked.document.to_string(),
                blocked.reason.to_string(),
                blocked.object.clone(),
                blocked.message.clone(),
            ]
        })
        .collect();
    page.table("Blocked", &["document", "reason", "object", "what to do"], &rows);
}

fn unknown(page: &mut Page, report: &Report) {
    let rows: Vec<Vec<String>> = report
        .unknown
        .iter()
        .map(|unknown| vec![unknown.subject(), unknown.reason.clone()])
        .collect();
    page.table("Not observed", &["part", "why"], &rows);
}

fn unmanaged(page: &mut Page, report: &Report) {
    let rows: Vec<Vec<String>> = report
        .unmanaged
        .iter()
        .map(|(kind, unmanaged)| vec![kind.to_string(), unmanaged.count.to_string()])
        .collect();
    page.table("Left alone", &["kind", "objects"], &rows);
}

fn condition(conditions: &[Condition], condition_type: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.condition_type == condition_type)
}
