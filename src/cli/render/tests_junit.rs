//! How tests of guardrails went, as JUnit XML: the form that CI systems read.
//!
//! A document is a test suite and a case is a test case, in the shape that Jenkins, GitLab and GitHub's
//! reporters agree on: `testsuites/testsuite/testcase/failure`.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::cli::render::paint::counted;
use crate::cli::render::tests_text::{expected_words, failure_text, found_words};
use crate::judge::{CaseReport, Report};

/// The report as an XML document.
pub(crate) fn tests_junit(report: &Report) -> String {
    let mut suites: BTreeMap<&str, Vec<&CaseReport>> = BTreeMap::new();
    for case in &report.cases {
        suites.entry(&case.document).or_default().push(case);
    }
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let counts = counts(report.cases.iter());
    let _ = writeln!(text, "<testsuites name=\"palisade test\" {counts}>");
    for (document, cases) in suites {
        let counts = self::counts(cases.iter().copied());
        let _ = writeln!(text, "  <testsuite name=\"{}\" {counts}>", escaped(document));
        for case in cases {
            text.push_str(&case_xml(case));
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn counts<'a>(cases: impl Iterator<Item = &'a CaseReport> + Clone) -> String {
    let failures = cases.clone().filter(|case| !case.failures.is_empty()).count();
    format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"0\"",
        cases.count()
    )
}

fn case_xml(case: &CaseReport) -> String {
    let mut text = format!(
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"0\"",
        escaped(&case.document),
        escaped(&case.name),
        escaped(&case.source.file),
        case.source.line
    );
    let Some(first) = case.failures.first() else {
        text.push_str("/>\n");
        return text;
    };
    let expected = expected_words(&case.expected);
    let found = found_words(&first.found).into_iter().next().unwrap_or_default();
    let calls = counted(case.calls, "call");
    let message = format!("{} of {calls}: expected {expected}, found {found}", case.failures.len());
    let _ = writeln!(text, ">\n      <failure type=\"verdict\" message=\"{}\">", escaped(&message));
    let _ = writeln!(text, "{}", escaped(&case.source.to_string()));
    for failure in &case.failures {
        text.push_str(&escaped(&failure_text(failure, &expected)));
    }
    text.push_str("</failure>\n    </testcase>\n");
    text
}

/// Text for content and attributes of XML 1.0, which has no way to write most control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' | '\t' => escaped.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_in_a_name_breaks_out_of_the_xml() {
        assert_eq!(escaped("a \"b\" <c> & 'd'"), "a &quot;b&quot; &lt;c&gt; &amp; &apos;d&apos;");
        assert_eq!(escaped("]]>\u{0}\u{1b}[31m\u{ffff}ü"), "]]&gt;\u{fffd}\u{fffd}[31m\u{fffd}ü");
    }
}
