//! What each mistake looks like to the person who made it: every folder of `problems/` is desired
//! state with mistakes, and the file beside it is what is said about it.
//!
//! `UPDATE_SCENARIOS=1 cargo test --test it desired` writes the files anew.

use std::fs;
use std::path::Path;

use crate::desired::{ORGANIZATION, POLICY, TODAY, expect, load, rendered};

#[test]
fn every_mistake_is_shown_where_it_was_made() {
    let problems = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/desired/problems");
    let mut different = Vec::new();
    let mut cases = 0;
    for entry in fs::read_dir(&problems).unwrap() {
        let case = entry.unwrap().path();
        if !case.is_dir() {
            continue;
        }
        cases += 1;
        let loaded = load(&case, TODAY);
        let is_silent = loaded.problems.is_empty() && loaded.warnings.is_empty();
        assert!(!is_silent, "{}", case.display());
        let found = format!("{}\n", rendered(&loaded));
        let expected = case.with_extension("out");
        if std::env::var_os("UPDATE_SCENARIOS").is_some() {
            fs::write(&expected, found).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != found {
            different.push(format!("{}:\n{found}", expected.display()));
        }
    }
    assert!(cases >= 10);
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn documents_that_are_right_are_taken() {
    expect(&format!("{ORGANIZATION}---\n{POLICY}"), "");
}
