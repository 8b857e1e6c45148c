//! Coverage as one page that an auditor can keep: no script, no other file, readable in the dark and
//! on paper. Everything that comes from elsewhere is escaped.

use std::fmt::Write as _;

use crate::catalog::Reach;
use crate::cli::coverage::{Coverage, PracticeCoverage, Serving, State};
use crate::cli::render::coverage_text::words;

const STYLE: &str = include_str!("coverage.css");

/// The page.
pub(crate) fn coverage_html(coverage: &Coverage) -> String {
    let id = escaped(&coverage.organization_id);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Security Pillar coverage of {id}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>Security Pillar coverage</h1>\n"
    );
    page.push_str(&facts(coverage));
    page.push_str(&totals(coverage));
    for practice in &coverage.practices {
        page.push_str(&section(practice, coverage.accounts));
    }
    page.push_str(
        "<footer><p>A practice counts as served when a guardrail in desired state names it. A \
         guardrail serves a part of a practice, never all of it.</p></footer>\n</body>\n</html>\n",
    );
    page
}

fn facts(coverage: &Coverage) -> String {
    let revision = coverage.revision.as_deref().unwrap_or("not known");
    let rows = [
        ("Organization", coverage.organization_id.clone()),
        ("As of", format!("{:.0}", coverage.at)),
        ("Source", coverage.source.clone()),
        ("Git revision", revision.to_owned()),
        ("Digest of desired state", coverage.digest.clone()),
        ("Accounts in desired state", coverage.accounts.to_string()),
        ("Edition of the pillar", coverage.edition.to_owned()),
        ("Made by", format!("palisade {}", env!("CARGO_PKG_VERSION"))),
    ];
    let mut text = "<dl>\n".to_owned();
    for (name, value) in rows {
        let _ = writeln!(text, "<dt>{name}</dt><dd>{}</dd>", escaped(&value));
    }
    text + "</dl>\n"
}

fn totals(coverage: &Coverage) -> String {
    let mut text = "<ul class=\"totals\">\n".to_owned();
    for (state, count) in &coverage.totals {
        let _ = writeln!(text, "<li>{} {count}</li>", badge(*state));
    }
    text + "</ul>\n"
}

fn section(coverage: &PracticeCoverage, accounts: usize) -> String {
    let PracticeCoverage { practice, state, guardrails, available } = coverage;
    let reach = match practice.reach {
        Reach::Organization => "organization",
        Reach::Workload => "each workload",
        Reach::Process => "people and process",
    };
    let mut text = format!(
        "<section id=\"{id}\">\n<h2><a href=\"#{id}\">{id}</a> {name} {badge}</h2>\n\
         <p>{says} <small>Risk {risk}; a matter of {reach}.</small></p>\n",
        id = escaped(&practice.id),
        name = escaped(&practice.name),
        badge = badge(*state),
        says = escaped(&practice.says),
        risk = practice.risk,
    );
    if !guardrails.is_empty() {
        text.push_str(
            "<div class=\"wide\"><table>\n<thead><tr><th>Guardrail</th><th>State</th>\
             <th>Since</th><th>Accounts</th><th>Evidence</th></tr></thead>\n<tbody>\n",
        );
        for serving in guardrails {
            text.push_str(&row(serving, accounts));
        }
        text.push_str("</tbody>\n</table></div>\n");
    }
    if !available.is_empty() {
        let _ = writeln!(
            text,
            "<p class=\"available\">Not used, from the catalogue: {}</p>",
            escaped(&available.join(", "))
        );
    }
    text + "</section>\n"
}

fn row(serving: &Serving, accounts: usize) -> String {
    let since = serving.since.map(|since| format!("{since:.0}")).unwrap_or_default();
    let suspended = match (&serving.suspended_until, &serving.suspended_because) {
        (Some(until), Some(because)) => format!("<br>until {until}: {}", escaped(because)),
        _ => String::new(),
    };
    let evidence = serving.evidence.as_ref().map(|evidence| {
        let id = evidence.id.as_deref().unwrap_or("id not seen");
        format!(
            "{} <code>{}</code> ({})<br>SHA-256 <code>{}</code>",
            escaped(&evidence.policy_type),
            escaped(&evidence.name),
            escaped(id),
            evidence.sha256
        )
    });
    format!(
        "<tr><td>{}<br><small>{}</small></td><td>{}{suspended}</td><td>{since}</td>\
         <td>{} of {accounts}</td><td>{}</td></tr>\n",
        escaped(&serving.document),
        escaped(&serving.written),
        badge(serving.state),
        serving.accounts,
        evidence.unwrap_or_default()
    )
}

fn badge(state: State) -> String {
    format!("<span class=\"state {state}\">{}</span>", words(state))
}

/// Text as HTML: nothing in it is markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn foreign_text_is_never_markup() {
        assert_eq!(escaped("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }
}
