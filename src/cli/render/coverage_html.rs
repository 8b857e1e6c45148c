//! Coverage as one page that an auditor can keep: no script, no other file, readable in the dark, on a
//! telephone and on paper. Everything that comes from elsewhere is escaped.

use std::fmt::Write as _;

use crate::catalog::Reach;
use crate::cli::coverage::{
    Coverage, Elsewhere, Evidence, Excluded, PracticeCoverage, Serving, State,
};
use crate::cli::render::coverage_text::words;
use crate::cli::render::paint::counted;
use crate::status::ObjectReport;

const STYLE: &str = include_str!("coverage.css");

/// The areas of the pillar, by the beginning of their practices' ids.
const AREAS: &[(&str, &str)] = &[
    ("SEC01", "Operate workloads securely"),
    ("SEC02", "Manage identities"),
    ("SEC03", "Manage permissions"),
    ("SEC04", "Detect"),
    ("SEC05", "Protect networks"),
    ("SEC06", "Protect compute"),
    ("SEC07", "Classify data"),
    ("SEC08", "Protect data at rest"),
    ("SEC09", "Protect data in transit"),
    ("SEC10", "Respond to incidents"),
    ("SEC11", "Secure applications"),
];

/// The page.
pub(crate) fn coverage_html(coverage: &Coverage) -> String {
    let id = escaped(&coverage.organization_id);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Security Pillar coverage of {id}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>Security Pillar coverage</h1>\n\
         <p class=\"quiet\">Which practices of the AWS Well-Architected Security Pillar guardrails of this \
         organization serve, and how those stand.</p>\n"
    );
    page.push_str(&facts(coverage));
    page.push_str(&totals(coverage));
    page.push_str("</header>\n");
    page.push_str(&overview(coverage));
    page.push_str(&exclusions(&coverage.exclusions));
    for (prefix, name) in AREAS {
        let _ = writeln!(page, "<h2>{prefix}: {name}</h2>");
        let of_area = coverage.practices.iter().filter(|it| it.practice.id.starts_with(prefix));
        for practice in of_area {
            page.push_str(&section(practice, coverage.accounts));
        }
    }
    page.push_str(FOOTER);
    page
}

const FOOTER: &str = "<footer>\n<h2>How to read this</h2>\n<ul>\n\
    <li>A practice counts as served when a guardrail in desired state names it. A guardrail serves a part \
    of a practice, never all of it.</li>\n\
    <li>A practice is as its guardrails are: drifted if one of them is. One that is only observed or \
    suspended beside one that is enforced takes nothing away from that.</li>\n\
    <li>What is a matter of each workload, or of people and process, no guardrail can prove; it says so \
    here and needs evidence of its own.</li>\n\
    <li>The digest of a guardrail is the SHA-256 of its policy document, minified, with its exceptions; \
    where guardrails share a policy, the object in AWS has a digest of its own. To check one: fetch the \
    policy with <code>aws organizations describe-policy</code>, minify its content with \
    <code>jq -cj .</code> and take the SHA-256.</li>\n\
    </ul>\n</footer>\n</body>\n</html>\n";

fn facts(coverage: &Coverage) -> String {
    let revision = coverage.revision.as_deref().unwrap_or("not known");
    let tests = coverage.tests;
    let rows = [
        ("Organization", coverage.organization_id.clone()),
        ("As of", format!("{:.0}", coverage.at)),
        ("Source", coverage.source.clone()),
        ("Git revision", revision.to_owned()),
        ("Digest of desired state", coverage.digest.clone()),
        ("Accounts in desired state", coverage.accounts.to_string()),
        (
            "Tests of guardrails",
            format!("{} of {} cases hold", tests.cases - tests.failed, tests.cases),
        ),
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
        let _ = writeln!(text, "<li><b>{count}</b>{}</li>", badge(*state));
    }
    text + "</ul>\n"
}

/// Every practice in a line.
fn overview(coverage: &Coverage) -> String {
    let count = counted(coverage.practices.len(), "practice");
    let mut text = format!(
        "<h2>All {count}</h2>\n<table class=\"overview\">\n<thead><tr><th class=\"short\">Practice</th>\
         <th class=\"wide\">Name</th><th class=\"short\">State</th><th>Guardrails</th></tr></thead>\n<tbody>\n"
    );
    for PracticeCoverage { practice, state, guardrails, .. } in &coverage.practices {
        let id = escaped(&practice.id);
        let _ = writeln!(
            text,
            "<tr><td class=\"short\"><a href=\"#{id}\">{id}</a></td><td class=\"wide\">{}</td>\
             <td class=\"short\">{}</td><td>{}</td></tr>",
            escaped(&practice.name),
            badge(*state),
            guardrails.len()
        );
    }
    text + "</tbody>\n</table>\n"
}

fn exclusions(excluded: &[Excluded]) -> String {
    if excluded.is_empty() {
        return String::new();
    }
    let count = counted(excluded.len(), "guardrail");
    format!("<h2>Left out on purpose: {count}</h2>\n{}", left_out(excluded))
}

fn left_out(excluded: &[Excluded]) -> String {
    let mut text = "<ul>\n".to_owned();
    for Excluded { guardrail, reason, written } in excluded {
        let (guardrail, reason, written) = (escaped(guardrail), escaped(reason), escaped(written));
        let _ = writeln!(text, "<li>{guardrail}: {reason} <small>({written})</small></li>");
    }
    text + "</ul>\n"
}

fn section(coverage: &PracticeCoverage, accounts: usize) -> String {
    let PracticeCoverage { practice, state, guardrails, excluded, available, elsewhere } = coverage;
    let reach = match practice.reach {
        Reach::Organization => "the organization",
        Reach::Workload => "each workload",
        Reach::Process => "people and process",
    };
    let mut text = format!(
        "<section id=\"{id}\">\n<h3><a href=\"#{id}\">{id}</a> {name} {badge}</h3>\n\
         <p>{says} <small>Risk {risk}; a matter of {reach}.</small></p>\n",
        id = escaped(&practice.id),
        name = escaped(&practice.name),
        badge = badge(*state),
        says = escaped(&practice.says),
        risk = practice.risk,
    );
    if !guardrails.is_empty() {
        text.push_str(
            "<table class=\"serving\">\n<thead><tr><th>Guardrail</th><th class=\"short\">State</th>\
             <th>Accounts</th><th>Evidence</th></tr></thead>\n<tbody>\n",
        );
        for serving in guardrails {
            text.push_str(&row(serving, accounts));
        }
        text.push_str("</tbody>\n</table>\n");
    }
    if !excluded.is_empty() {
        let _ = write!(text, "<p class=\"quiet\">Left out on purpose:</p>\n{}", left_out(excluded));
    }
    if !available.is_empty() {
        let _ = writeln!(
            text,
            "<p class=\"quiet\"><small>In the catalogue and not used: {}</small></p>",
            escaped(&available.join(", "))
        );
    }
    for Elsewhere { guardrail, because, instead } in elsewhere {
        let _ = writeln!(
            text,
            "<p class=\"quiet\"><small>Not of desired state: {guardrail}. {} {}</small></p>",
            escaped(because),
            escaped(instead)
        );
    }
    text + "</section>\n"
}

fn row(serving: &Serving, accounts: usize) -> String {
    let since = serving.since.map(|since| format!("<br><small>since {since:.0}</small>"));
    let suspended = match (&serving.suspended_until, &serving.suspended_because) {
        (Some(until), Some(because)) => format!("<br>until {until}: {}", escaped(because)),
        _ => String::new(),
    };
    let reached = serving.accounts.map(|reached| format!("{reached} of {accounts}"));
    let note = serving.note.as_deref().map(escaped);
    let policies = serving.evidence.iter().chain(&serving.brings).map(evidence);
    let told = note.into_iter().chain(policies).chain(serving.objects.iter().map(object));
    format!(
        "<tr><td>{}<br><small>{}</small></td><td class=\"short\">{}{}{suspended}</td>\
         <td data-label=\"Accounts\">{}</td><td>{}</td></tr>\n",
        escaped(&serving.document),
        escaped(&serving.written),
        badge(serving.state),
        since.unwrap_or_default(),
        reached.unwrap_or_default(),
        told.collect::<Vec<_>>().join("<br>"),
    )
}

fn object(object: &ObjectReport) -> String {
    let ObjectReport { kind, name, region, account, accounts, sha256 } = object;
    let place = match account {
        Some(account) => format!("in account <code>{account}</code>"),
        None => format!("in {accounts} accounts"),
    };
    let region = region.as_ref().map(|region| format!(", {}", escaped(region.as_str())));
    format!(
        "{} <code>{}</code> {place}{}<br><small>object in AWS</small> <code>{sha256}</code>",
        kind.words(),
        escaped(name),
        region.unwrap_or_default(),
    )
}

fn evidence(evidence: &Evidence) -> String {
    let Evidence { policy_type, name, is_shared, id, sha256, object_sha256 } = evidence;
    let id = id.as_deref().unwrap_or("id not seen");
    let shared = if *is_shared { ", shared with other guardrails" } else { "" };
    let mut text = format!(
        "{} <code>{}</code> <code>{}</code>{shared}<br><small>guardrail</small> <code>{sha256}</code>",
        escaped(policy_type),
        escaped(name),
        escaped(id),
    );
    if let Some(object) = object_sha256 {
        let _ = write!(text, "<br><small>object in AWS</small> <code>{object}</code>");
    }
    text
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
    use super::{AREAS, escaped};
    use crate::catalog::practices;

    #[test]
    fn foreign_text_is_never_markup() {
        assert_eq!(escaped("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }

    #[test]
    fn every_practice_is_in_an_area() {
        for practice in practices() {
            let in_areas = AREAS.iter().filter(|(prefix, _)| practice.id.starts_with(prefix));
            assert_eq!(in_areas.count(), 1, "{}", practice.id);
        }
    }
}
