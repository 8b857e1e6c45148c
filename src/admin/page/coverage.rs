//! Coverage of the Well-Architected Security Pillar.

use std::collections::BTreeMap;

use super::attention;
use super::html::{Html, Look, anchor};
use super::words::practice;
use crate::status::{PracticeReport, PracticeState, Report};

pub(super) fn section(html: &mut Html, report: &Report) {
    if report.practices.is_empty() {
        return;
    }
    html.markup("<section id=\"coverage\" data-part aria-labelledby=\"coverage-title\">");
    html.markup("<h2 id=\"coverage-title\">Coverage of the Security Pillar</h2>");
    html.markup("<p class=\"quiet\">A practice counts as served when a guardrail names it; a guardrail serves a part of a practice, never all of it. <code>palisade coverage --output html</code> is the page for auditors.</p>");
    let mut questions: BTreeMap<&str, Vec<&PracticeReport>> = BTreeMap::new();
    for each in &report.practices {
        let question = each.id.split('-').next().unwrap_or_default();
        questions.entry(question).or_default().push(each);
    }
    for (question, practices) in questions {
        one_question(html, question, &practices);
    }
    html.markup("</section>");
}

fn one_question(html: &mut Html, question: &str, practices: &[&PracticeReport]) {
    let is_in = |state: PracticeState| practices.iter().filter(move |each| each.state == state);
    let served = is_in(PracticeState::InSync).count();
    let gaps = is_in(PracticeState::Absent).count();
    let look = practices
        .iter()
        .filter(|each| each.state != PracticeState::Outside && each.state != PracticeState::Absent)
        .map(|each| practice(each.state).0)
        .max();
    html.open("details", &[("id", &anchor("practice", question))]);
    html.markup("<summary><span class=\"row\">");
    html.element("b", &[], question);
    html.text(" ");
    html.state(look.unwrap_or(Look::Quiet), &format!("{served} of {} in force", practices.len()));
    if gaps > 0 {
        html.element("span", &[("class", "quiet")], &format!(" {gaps} not served"));
    }
    html.markup("</span></summary><ul class=\"practices\">");
    for each in practices {
        html.markup("<li>");
        html.element("b", &[], &each.id);
        html.text(&format!(" {} ", each.name));
        let (look, word) = practice(each.state);
        html.state(look, word);
        if !each.documents.is_empty() {
            attention::documents(html, &each.documents);
        }
        html.markup("</li>");
    }
    html.markup("</ul></details>");
}
