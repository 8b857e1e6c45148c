//! A developer's check on real policies, off unless `PALISADE_TEST_CORPUS` names a directory with them.
//!
//! `policies.json` is a list of `{repo, path, kind: scp|rcp, raw, document}`, `policy-changes.json` one of `{repo,
//! path, before, after}`. They are other people's and not kept here. `PALISADE_TEST_CORPUS=… cargo test --test it
//! corpus -- --nocapture` also prints what was found, for a person to judge whether a finding is worth its room.

use std::collections::BTreeMap;
use std::path::PathBuf;

use palisade::lint::lint;
use palisade::policy::{self, Document, Grammar, Language};
use serde_json::Value;

pub(crate) fn corpus(name: &str) -> Vec<Value> {
    let Some(directory) = std::env::var_os("PALISADE_TEST_CORPUS") else { return Vec::new() };
    let text = std::fs::read_to_string(PathBuf::from(directory).join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_policy_of_the_corpus_is_read_checked_and_compared() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in corpus("policies.json") {
        let place = format!("{} {} {}", row["repo"], row["path"], row["index"]);
        let grammar = if row["kind"] == "rcp" { Grammar::Rcp } else { Grammar::Scp };
        let parsed = match policy::parse(row["raw"].as_str().unwrap()) {
            Ok(parsed) => parsed,
            Err(problem) => {
                println!("not read: {place}: {problem}");
                row["document"].clone()
            }
        };
        assert_eq!(parsed, row["document"], "{place}");
        let problems = policy::check(grammar, &parsed);
        for problem in &problems {
            println!("invalid: {place} {}: {problem}", problem.pointer);
        }
        if problems.is_empty() {
            Document::read(&parsed).unwrap();
            for lint in lint(grammar, &parsed, &[]) {
                *counts.entry(lint.code.to_string()).or_default() += 1;
                println!(
                    "{}: {place} {}: {} ({})",
                    lint.code, lint.pointer, lint.message, lint.help
                );
            }
        }
        let canonical = policy::canonical(Language::Iam, &parsed);
        let short = policy::parse(&policy::minify(&parsed)).unwrap();
        assert_eq!(policy::canonical(Language::Iam, &short), canonical, "{place}");
        assert!(policy::diff(Language::Iam, &parsed, &short).is_empty(), "{place}");
    }
    println!("{counts:#?}");
}

#[test]
fn every_change_of_the_corpus_has_a_difference_unless_its_meaning_stays() {
    for row in corpus("policy-changes.json") {
        let (before, after) = (&row["before"], &row["after"]);
        let is_same =
            policy::canonical(Language::Iam, before) == policy::canonical(Language::Iam, after);
        for (one, other) in [(before, after), (after, before)] {
            let changes = policy::diff(Language::Iam, one, other);
            assert_eq!(changes.is_empty(), is_same, "{} {}", row["repo"], row["path"]);
        }
    }
}
