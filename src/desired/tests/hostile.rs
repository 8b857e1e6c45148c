//! Whatever is in the files, loading ends soon and says something; it never panics.

use std::fmt::Write;
use std::time::Instant;

use jiff::civil::date;
use proptest::prelude::*;

use crate::desired::check;
use crate::desired::node::{DEPTH_MAX, NODES_MAX};
use crate::desired::problem::Colour;
use crate::desired::tests::{DOCUMENTS, NoGuardrails, parse, text};
use crate::desired::{Loaded, load};

fn load_bytes(bytes: &[u8]) -> Loaded {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("acme.yaml"), bytes).unwrap();
    load(directory.path(), date(2026, 11, 22), &NoGuardrails)
}

/// Every problem can be shown and lies in the text.
fn all_can_be_shown(loaded: &Loaded, lines: usize) -> Result<(), TestCaseError> {
    for problem in loaded.problems.iter().chain(&loaded.warnings) {
        prop_assert!(!problem.render(Colour::Plain).is_empty());
        prop_assert!((1..=lines + 1).contains(&problem.source.line), "{:?}", problem);
    }
    prop_assert!(loaded.org.is_some() || !loaded.problems.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_load_or_are_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let loaded = load_bytes(&bytes);
        prop_assert!(!loaded.problems.is_empty());
        all_can_be_shown(&loaded, bytes.len())?;
    }

    #[test]
    fn any_text_that_looks_like_yaml_loads_or_is_a_problem(
        source in "([a-c<&*!\\-:?\\[\\]{},#|>'\" \n\t\r%@`~0-9]|---\n|\\.\\.\\.\n|kind: |\u{feff}|ü|\u{202e}){0,60}",
    ) {
        all_can_be_shown(&load_bytes(source.as_bytes()), source.len())?;
    }

    #[test]
    fn desired_state_cut_or_changed_anywhere_loads_or_is_a_problem(
        at in any::<prop::sample::Index>(),
        length in 0..40_usize,
        instead in "[ -~\n]{0,3}",
    ) {
        let at = at.index(DOCUMENTS.len());
        let end = (at + length).min(DOCUMENTS.len());
        let source = format!("{}{instead}{}", &DOCUMENTS[..at], &DOCUMENTS[end..]);
        all_can_be_shown(&load_bytes(source.as_bytes()), source.len())?;
    }
}

#[test]
fn nesting_without_end_is_a_problem() {
    for source in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        format!("{}1", "? ".repeat(100_000)),
        format!("{}{}", "[".repeat(DEPTH_MAX + 1), "]".repeat(DEPTH_MAX + 1)),
    ] {
        let (nodes, report) = parse(&source);
        assert!(nodes.is_empty(), "{}", &source[..20]);
        assert_eq!(report.problems.len(), 1, "{}", &source[..20]);
    }
}

#[test]
fn nesting_through_aliases_is_counted_too() {
    let mut source = "a0: &a0 [x]\n".to_owned();
    for level in 1..=DEPTH_MAX {
        writeln!(source, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    let (_, report) = parse(&source);
    assert_eq!(report.problems[0].message, "nested deeper than 64 levels");
}

#[test]
fn a_bomb_of_aliases_is_a_problem_at_once() {
    let mut source = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let below = format!("*a{}", level - 1);
        writeln!(source, "a{level}: &a{level} [{}]", vec![below; 10].join(", ")).unwrap();
    }
    let started = Instant::now();
    let (_, report) = parse(&source);
    assert_eq!(report.problems[0].message, format!("the file holds more than {NODES_MAX} values"));
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn an_alias_inside_its_own_anchor_is_a_problem() {
    let (_, report) = parse("a: &a [1, *a]\n");
    assert_eq!(report.problems.len(), 1);
}

#[test]
fn checking_the_largest_file_takes_no_time_to_speak_of() {
    let mut source =
        "apiVersion: palisade/v1\nkind: Organization\nmetadata: {name: acme}\nspec:\n  acounts:\n"
            .to_owned();
    for index in 0..NODES_MAX / 3 {
        writeln!(source, "    a{index}: b").unwrap();
    }
    let started = Instant::now();
    let (nodes, report) = parse(&source);
    assert_eq!(report.problems, []);
    let findings = check::check(&nodes[0]);
    assert_eq!(findings.len(), 3);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn a_file_of_one_long_line_is_read_in_the_time_of_many_lines() {
    let values = vec!["\"arn:aws:s3:::b\""; 55_000].join(", ");
    let source = format!("values: [{values}]");
    assert!(source.len() > 900_000);
    let started = Instant::now();
    let (nodes, report) = parse(&source);
    assert_eq!(report.problems, []);
    let last = nodes[0].find("/values/54999").unwrap().span;
    assert_eq!((last.line, last.width), (1, 16));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn personal_data_is_never_repeated() {
    let source = text("x: {owner: jane.doe@example.com, phone: \"+49 (170) 123-45 67\"}\n");
    let mut report = crate::desired::problem::Report::default();
    let nodes = crate::desired::node::parse(&source, &mut report);
    for (span, finding) in check::check(&nodes[0]) {
        report.problem(&source, span, finding);
    }
    for value in ["jane.doe@example.com", "+49 (170) 123-45 67"] {
        assert!(!crate::desired::problem::shown(value).contains(&value[3..6]), "{value}");
    }
    for problem in report.problems {
        let rendered = problem.render(Colour::Plain);
        assert!(!rendered.contains("jane") && !rendered.contains("170"), "{rendered}");
    }
}
