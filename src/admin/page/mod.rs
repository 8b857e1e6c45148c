//! The status page: how things stand in one look, then why, then everything else.
//!
//! Made from the report alone, so that the page says nothing that `/status` may not, and so that two answers
//! between which no pass ended are the same bytes. Works without its script, which only asks again, says how
//! long ago things were, and finds.

mod attention;
mod coverage;
mod guardrails;
mod html;
mod past;
mod purpose;
#[cfg(test)]
mod tests;
mod tree;
mod verdict;
mod words;

use html::{Html, Look, counted};

use crate::status::Report;

/// Light and dark, as the reader's system has it.
pub(super) const STYLE: &str = include_str!("style.css");

/// Asks again, and finds.
pub(super) const SCRIPT: &str = include_str!("page.js");

/// The page for a report.
pub(super) fn render(report: Option<&Report>) -> String {
    let mut html = Html::default();
    let title = report.map(|report| verdict::verdict(report).words);
    head(&mut html, title.as_deref().unwrap_or("Starting"));
    html.markup("<body><a class=\"skip\" href=\"#main\">Skip to how things stand</a>");
    banner(&mut html, report);
    html.markup("<main id=\"main\" tabindex=\"-1\">");
    html.markup("<p id=\"said\" role=\"status\" class=\"hidden\"></p>");
    html.markup("<p id=\"lost\" role=\"alert\" hidden></p>");
    match report {
        Some(report) => body(&mut html, report),
        None => starting(&mut html),
    }
    html.markup("</main>");
    footer(&mut html, report);
    html.markup("</body></html>");
    html.into_text()
}

fn head(html: &mut Html, title: &str) {
    html.markup("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    html.markup("<meta name=\"color-scheme\" content=\"light dark\">");
    html.element("title", &[], &format!("{title} · palisade"));
    html.markup("<link rel=\"stylesheet\" href=\"/style.css\">");
    html.markup("<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>");
    html.markup("<script src=\"/page.js\" defer></script></head>");
}

fn banner(html: &mut Html, report: Option<&Report>) {
    html.markup("<header><p class=\"brand\">palisade");
    if let Some(organization) = report.and_then(|report| report.organization_id.as_ref()) {
        html.element("small", &[], &format!(" {organization}"));
    }
    html.markup("</p>");
    html.markup("<p id=\"search\" role=\"search\" hidden><label for=\"find\" class=\"hidden\">Find an account, OU or guardrail</label><input type=\"search\" id=\"find\" placeholder=\"Find account, OU, guardrail\" autocomplete=\"off\" spellcheck=\"false\"> <span id=\"found\" role=\"status\"></span></p>");
    html.markup("<nav aria-label=\"Sections\"><ul>");
    html.markup("<li><a href=\"#attention\">Needs a person</a></li><li><a href=\"#drift\">Drift</a></li><li><a href=\"#organization\">Organization</a></li><li><a href=\"#guardrails\">Guardrails</a></li><li><a href=\"#changes\">Changes</a></li><li><a href=\"#passes\">Passes</a></li><li><a href=\"#coverage\">Coverage</a></li>");
    html.markup("</ul></nav></header>");
}

fn starting(html: &mut Html) {
    html.markup("<section id=\"verdict\" data-part aria-label=\"Verdict\"><div class=\"verdict\"><h1 id=\"verdict-words\">");
    html.state(Look::Unknown, "Starting");
    html.markup("</h1><p>No pass has ended yet.</p></div></section>");
}

fn body(html: &mut Html, report: &Report) {
    let documents = verdict::worst_first(report);
    verdict::section(html, report);
    attention::section(html, report);
    guardrails::drift(html, &documents);
    tree::section(html, report);
    guardrails::all(html, report, &documents);
    past::happenings(html, report);
    past::passes(html, report);
    coverage::section(html, report);
    about(html, report);
}

fn about(html: &mut Html, report: &Report) {
    html.markup("<section id=\"about\" data-part aria-labelledby=\"about-title\"><h2 id=\"about-title\">About</h2><dl>");
    html.fact("Git revision", report.desired_state.revision.as_deref().unwrap_or("not known"));
    html.fact("Digest", &report.desired_state.digest);
    if let Some(success) = report.last_success {
        html.markup("<dt>Last success</dt><dd>");
        html.time(success);
        html.markup("</dd>");
    }
    for (policy_type, used) in &report.policy_slots_used {
        html.element("dt", &[], policy_type.as_str());
        html.element(
            "dd",
            &[],
            &format!("{:.0} % of the slots of the fullest target", used * 100.0),
        );
    }
    for (kind, unmanaged) in &report.unmanaged {
        html.element("dt", &[], &format!("Left alone, {kind}"));
        html.element("dd", &[], &counted(unmanaged.count, "object"));
    }
    html.markup("</dl>");
    if !report.desired_state.warnings.is_empty() {
        let title = counted(report.desired_state.warnings.len(), "warning");
        html.markup("<details id=\"warnings\"><summary>");
        html.text(&format!("{title} about the desired state"));
        html.markup("</summary>");
        attention::problems(html, &report.desired_state.warnings);
        html.markup("</details>");
    }
    html.markup("</section>");
}

fn footer(html: &mut Html, report: Option<&Report>) {
    html.markup("<footer><p>For programs: <a href=\"/status\">status</a>, <a href=\"/plan\">plan</a>, <a href=\"/metrics\">metrics</a>, <a href=\"/livez\">livez</a>, <a href=\"/readyz\">readyz</a>. ");
    html.text(&format!("palisade {}. ", env!("CARGO_PKG_VERSION")));
    if report.is_some() {
        html.markup("Nothing can be changed here; what policies say is not shown here: <code>palisade plan</code> shows it to whoever may read them.");
    }
    html.markup("</p></footer>");
}
