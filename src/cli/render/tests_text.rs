//! How tests of guardrails went: for people, and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::render::paint::{Paint, counted, inert};
use crate::judge::{
    CaseReport, Coverage, ExpectedVerdict, Failure, Finding, MissedStatement, PlacedStatement,
    Report, Verdict,
};

/// How many calls of one case are shown: they mostly fail for one reason, and JSON has all of them.
const FAILURES_SHOWN: usize = 5;

/// How wide the words before each line of a call are.
const LABEL: usize = 9;

/// The report for people; coverage only if it is given.
pub(crate) fn tests_text(report: &Report, coverage: Option<&Coverage>, paint: Paint) -> String {
    let mut text = String::new();
    for case in report.failed() {
        text.push_str(&case_text(case, paint));
        text.push('\n');
    }
    text.push_str(&summary(report, paint));
    text.push('\n');
    if let Some(coverage) = coverage.filter(|coverage| coverage.statements > 0) {
        text.push_str(&coverage_text(coverage, paint));
    }
    text
}

/// The report for programs.
pub(crate) fn tests_json(report: &Report, coverage: Option<&Coverage>) -> Value {
    json!({
        "apiVersion": "palisade.test/v1",
        "holds": report.holds(),
        "cases": report.cases,
        "coverage": coverage,
    })
}

fn summary(report: &Report, paint: Paint) -> String {
    let failed = report.failed().count();
    let (cases, calls) = (counted(report.cases.len(), "case"), counted(report.calls(), "call"));
    if failed == 0 {
        paint.good(&format!("Good: {cases}, {calls}."))
    } else {
        let verb = if failed == 1 { "does" } else { "do" };
        paint.bad(&format!("{failed} of {cases} {verb} not hold ({calls})."))
    }
}

fn case_text(case: &CaseReport, paint: Paint) -> String {
    let name = format!("{}: {}", inert(&case.document), inert(&case.name));
    let mut text = format!("{} {}\n", paint.bad("FAIL"), paint.bold(&name));
    let _ = writeln!(text, "  {}", inert(&case.source.to_string()));
    let expected = expected_words(&case.expected);
    for failure in case.failures.iter().take(FAILURES_SHOWN) {
        text.push('\n');
        text.push_str(&failure_text(failure, &expected));
    }
    let more = case.failures.len().saturating_sub(FAILURES_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "\n  and {more} more; `--output json` has all of them");
    }
    text
}

/// One call that came to something else, indented.
pub(super) fn failure_text(failure: &Failure, expected: &str) -> String {
    let call = &failure.call;
    let mut text = format!("  {}\n", inert(&call.action));
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "    {label:LABEL$} {}", inert(value));
    };
    match &call.account {
        Some(account) => line("by", &format!("{} ({account})", call.principal)),
        None if call.principal == "*" => line("by", "* (a caller without credentials)"),
        None => line("by", &format!("{} (a service)", call.principal)),
    }
    if let Some(resource) = &call.resource {
        line("on", resource);
    }
    if call.account.as_ref() != Some(&call.resource_account) {
        line("owned by", &call.resource_account);
    }
    for (key, values) in &call.context {
        line("with", &format!("{key} = {}", values.join(", ")));
    }
    for key in &call.absent {
        line("without", key);
    }
    line("expected", expected);
    let mut label = "found";
    for words in found_words(&failure.found) {
        line(label, &words);
        label = "";
    }
    text
}

/// What a case expects.
pub(super) fn expected_words(expected: &ExpectedVerdict) -> String {
    match &expected.by {
        Some(by) => format!("{} by `{by}`", expected.verdict),
        None => expected.verdict.to_string(),
    }
}

/// What became of a call, line by line: the verdict first.
pub(super) fn found_words(found: &Finding) -> Vec<String> {
    let mut words = match found.verdict {
        None => vec![format!("no call: {}", found.problem.as_deref().unwrap_or_default())],
        Some(Verdict::Allowed) if found.is_unbound => vec![
            "allowed: no guardrail binds this call".to_owned(),
            "guardrails do not bind the management account or service-linked roles".to_owned(),
        ],
        Some(Verdict::Allowed) => vec!["allowed: no guardrail stands in the way".to_owned()],
        Some(Verdict::Denied) => denied_words(found),
        Some(Verdict::Unknown) => unknown_words(found),
    };
    if found.is_not_attached {
        words.push("the guardrail that should deny is not attached here".to_owned());
    }
    for MissedStatement { statement, because } in &found.missed_by {
        words.push(format!("{because}, so that this does not apply:"));
        words.extend(statement_words(" ", statement));
    }
    words
}

fn denied_words(found: &Finding) -> Vec<String> {
    if let Some(level) = &found.implicit_at {
        return vec![format!("denied: no service control policy on {level} allows it")];
    }
    let statements = found.denied_by.iter().enumerate();
    let words = statements.flat_map(|(index, statement)| {
        statement_words(if index == 0 { "denied by" } else { "and by" }, statement)
    });
    words.collect()
}

fn unknown_words(found: &Finding) -> Vec<String> {
    let keys = found.missing_keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>();
    let mut words = vec![if keys.is_empty() {
        "unknown".to_owned()
    } else {
        format!("unknown: depends on {}", keys.join(", "))
    }];
    for key in &found.missing_keys {
        words.push(match key.as_str() {
            "resource" => "say which with `resource: <ARN>`".to_owned(),
            key => format!("say it with `context: {{\"{key}\": …}}` or `absent: [\"{key}\"]`"),
        });
    }
    words.extend(found.unknown.iter().cloned());
    let statements = found.may_be_denied_by.iter();
    words.extend(statements.flat_map(|statement| statement_words("may be denied by", statement)));
    words
}

fn statement_words(how: &str, statement: &PlacedStatement) -> [String; 2] {
    let name = match &statement.document {
        Some(document) => document.to_string(),
        None => statement.policy.clone(),
    };
    let which = match &statement.sid {
        Some(sid) => format!("`{sid}`"),
        None => format!("statement {}", statement.statement + 1),
    };
    let source = statement.source.as_ref().map(ToString::to_string);
    [
        format!("{how} {name}, {which}, on {}", statement.level),
        format!("  {}", source.as_deref().unwrap_or("which is not in git")),
    ]
}

fn coverage_text(coverage: &Coverage, paint: Paint) -> String {
    let Coverage { statements, exercised, untested } = coverage;
    let mut text =
        format!("Coverage: {exercised} of {} applied.\n", counted(*statements, "statement"));
    if untested.is_empty() {
        return text;
    }
    text.push_str("No call meets\n");
    for statement in untested {
        let sid = statement.sid.as_ref().map(|sid| format!("/{sid}")).unwrap_or_default();
        let name = inert(&format!("{}{sid}", statement.document));
        let _ = writeln!(text, "  {}  {}", inert(&statement.source.to_string()), paint.warn(&name));
    }
    text
}
