//! The catalogue for people: a table of it, and all about one entry.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::catalog::{
    Bound, Catalog, Guardrail, PILLAR_EDITION, Parameter, Party, Profile, Severity, describe,
};
use crate::cli::render::paint::{Paint, counted};

/// How wide text is that people read.
const WIDTH: usize = 96;

/// One line a guardrail.
pub(crate) fn catalog_text(
    guardrails: &[&Guardrail],
    profiles: &[&Profile],
    paint: Paint,
) -> String {
    let width = |of: fn(&Guardrail) -> usize| {
        guardrails.iter().map(|guardrail| of(guardrail)).max().unwrap_or_default()
    };
    let ids = width(|guardrail| guardrail.id.len());
    let kinds = width(|guardrail| guardrail.kind.len());
    let mut text = String::new();
    for guardrail in guardrails {
        let Guardrail { id, title, kind, severity, .. } = guardrail;
        let severity_text = format!("{severity:<8}");
        let severity = match severity {
            Severity::Critical => paint.bad(&severity_text),
            Severity::High => paint.warn(&severity_text),
            Severity::Medium => paint.dim(&severity_text),
        };
        let id = paint.bold(&format!("{id:ids$}"));
        let _ = writeln!(text, "{id}  {kind:kinds$}  {severity}  {title}");
    }
    for profile in profiles {
        let Profile { id, title, guardrails, .. } = profile;
        let id = paint.bold(&format!("{id:ids$}"));
        let count = counted(guardrails.len(), "guardrail");
        let _ = writeln!(text, "{id}  {:kinds$}  {count}: {title}", "profile");
    }
    let count = counted(guardrails.len(), "guardrail");
    let _ = writeln!(text, "\n{count}; `palisade catalog show ID` explains one.");
    text
}

/// All about one profile.
pub(crate) fn profile_text(profile: &Profile, catalog: &Catalog, paint: Paint) -> String {
    let mut text = format!("{}\n{}.\n\n", paint.bold(&profile.id), profile.title);
    text.push_str(&wrapped("", &profile.purpose));
    let listed: Vec<&Guardrail> =
        profile.guardrails.iter().filter_map(|id| catalog.find(id)).collect();
    let (policies, others): (Vec<&Guardrail>, Vec<&Guardrail>) =
        listed.into_iter().partition(|guardrail| guardrail.document.is_some());
    let _ = writeln!(text, "\n{}", paint.bold("Policies that a GuardrailProfile document takes"));
    for guardrail in &policies {
        let Guardrail { id, title, .. } = guardrail;
        let _ = writeln!(text, "  {id:38}  {title}");
        for name in guardrail.required() {
            let _ = writeln!(text, "    {}", paint.warn(&format!("`{name}` must be set")));
        }
    }
    let _ = writeln!(text, "\n{}", paint.bold("Written as documents of their own"));
    for Guardrail { id, kind, title, .. } in others {
        let _ = writeln!(text, "  {id:38}  {title} ({kind})");
    }
    text
}

/// All about one guardrail, rendered with `with`.
pub(crate) fn guardrail_text(
    guardrail: &Guardrail,
    with: &Map<String, Value>,
    document: Option<&Value>,
    paint: Paint,
) -> String {
    let Guardrail { id, title, purpose, kind, severity, tier, practices, .. } = guardrail;
    let mut text = format!("{}\n{title}.\n\n", paint.bold(id));
    text.push_str(&wrapped("", purpose));
    text.push('\n');
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(text, "{} {value}", paint.dim(&format!("{name:<12}")));
    };
    fact("kind", kind);
    fact("severity", &severity.to_string());
    fact("tier", &tier.to_string());
    fact("practices", &format!("{} (edition {PILLAR_EDITION})", practices.join(", ")));
    if !guardrail.cis.is_empty() {
        fact("CIS", &guardrail.cis.join(", "));
    }
    if !guardrail.exempt.is_empty() {
        let words: Vec<&str> =
            guardrail.exempt.iter().map(|exempt| whom(Party::from(*exempt))).collect();
        fact("leaves alone", &words.join(", "));
    }
    let mut heading = |name: &str, body: String| {
        if !body.is_empty() {
            let _ = write!(text, "\n{}\n{body}", paint.bold(name));
        }
    };
    heading(
        "Binds on purpose",
        guardrail.binds.iter().map(|bound| listed(&bound_text(bound))).collect(),
    );
    heading("Parameters", guardrail.parameters.iter().map(parameter).collect());
    heading("Runbook", wrapped("  ", &guardrail.runbook));
    heading("Not covered", guardrail.limits.iter().map(|limit| listed(limit)).collect());
    heading("What its tests hold it to", tests(guardrail));
    if let Some(written) = &guardrail.written_as {
        let lines: Vec<String> = written.lines().map(|line| format!("  {line}\n")).collect();
        heading("How it is written", lines.concat());
    }
    if let Some(document) = document {
        let size = document.to_string().chars().count();
        let name = match serde_json::to_string(with).as_deref() {
            Ok("{}") | Err(_) => format!("Document ({})", counted(size, "character")),
            Ok(with) => format!("Document with {with} ({})", counted(size, "character")),
        };
        let pretty = serde_json::to_string_pretty(document).unwrap_or_default();
        heading(&name, format!("{pretty}\n"));
    }
    text
}

/// Whom a guardrail binds on purpose, and why.
pub(crate) fn bound_text(bound: &Bound) -> String {
    let who: Vec<&str> = bound.who.iter().map(|party| whom(*party)).collect();
    format!("{}: {}", who.join(", "), bound.why)
}

fn whom(party: Party) -> &'static str {
    match party {
        Party::Palisade => "palisade",
        Party::StackSets => "StackSets",
        Party::ControlTower => "Control Tower",
        Party::BreakGlass => "emergency roles",
        Party::Services => "AWS services",
        Party::CentralRoot => "central root sessions",
    }
}

fn parameter((name, parameter): (&String, &Parameter)) -> String {
    let default = match &parameter.default {
        Some(_) if !parameter.administrators_of.is_empty() => {
            format!("default {}", administrators(parameter))
        }
        None => "must be set".to_owned(),
        Some(default) => {
            let default = default.to_string();
            let short = default.chars().count() <= WIDTH / 2;
            let words = if short { default } else { "a list, see the document".to_owned() };
            format!("default {words}")
        }
    };
    let mut text = format!("  {name}: {} ({default})\n", describe(parameter));
    text.push_str(&wrapped("    ", &parameter.description));
    for (name, field) in &parameter.fields {
        text.push_str(&wrapped(
            "    ",
            &format!("{name}: {}. {}", describe(field), field.description),
        ));
    }
    text
}

/// What a parameter is when it is not set that takes delegated administrators.
pub(crate) fn administrators(parameter: &Parameter) -> String {
    format!(
        "the delegated administrators of {}, if there are any",
        parameter.administrators_of.join(", ")
    )
}

fn tests(guardrail: &Guardrail) -> String {
    let cases = guardrail.tests.get("cases").and_then(Value::as_array);
    let sentence = |case: &Value| {
        let name = case.get("name").and_then(Value::as_str)?;
        Some(listed(name))
    };
    cases.into_iter().flatten().filter_map(sentence).collect()
}

fn listed(text: &str) -> String {
    let lines = wrapped("    ", text);
    format!("  - {}", lines.trim_start())
}

/// Text in lines of at most [`WIDTH`] characters, each beginning with `indent`.
fn wrapped(indent: &str, text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let length = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && indent.len() + length > WIDTH {
            let _ = writeln!(lines, "{indent}{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(lines, "{indent}{line}");
    }
    lines
}

/// Text as a YAML comment.
pub(crate) fn commented(indent: &str, text: &str) -> String {
    wrapped(&format!("{indent}# "), text)
}
