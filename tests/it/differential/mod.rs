//! A developer's check of the engine against another one, off unless `PALISADE_TEST_IAM_SIMULATE` names
//! the directory in which `@cloud-copilot/iam-simulate` is installed; `tests/differential/README.md` says
//! how, and why it is a program of its own.
//!
//! Both are asked about requests at the edges of every statement: of the catalogue's policies, and of
//! those in `PALISADE_TEST_CORPUS` if it is set. Where they differ, `known` must say why, with the page of
//! AWS that settles it; anything else fails. What our engine calls unknown, because AWS does not document it, is
//! no difference.

mod edges;
mod engines;
mod known;
mod own;

use std::collections::BTreeMap;
use std::path::Path;

use palisade::catalog;
use palisade::desired::Site;
use palisade::org::PolicyTypeFacts;
use palisade::policy::{Grammar, Language, check, parse};

use crate::corpus::corpus;
use crate::differential::edges::edges;
use crate::differential::engines::{Other, Outcome, Subject};
use crate::differential::known::Reason;

/// Differences that are shown of each kind.
const SHOWN: usize = 5;

#[test]
fn another_engine_decides_alike() {
    let Some(directory) = std::env::var_os("PALISADE_TEST_IAM_SIMULATE") else { return };
    let mut other = Other::start(Path::new(&directory));
    let mut counts: BTreeMap<(Outcome, Outcome), usize> = BTreeMap::new();
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for subject in subjects() {
        let cases = edges(&subject.document);
        let ours = subject.ours(&cases);
        let theirs = other.ask(subject.grammar, &subject.document, &cases);
        let mut differing = Vec::new();
        for ((case, ours), theirs) in cases.iter().zip(ours).zip(theirs) {
            *counts.entry((ours, theirs)).or_default() += 1;
            if ours.contradicts(theirs) {
                differing.push((case.clone(), ours, theirs));
            }
        }
        for (case, reason, ours, theirs) in known::explain(&mut other, &subject, differing) {
            if let Some(reason) = reason {
                *explained.entry(reason).or_default() += 1;
                continue;
            }
            let kind = format!("ours {ours:?}, theirs {theirs:?}");
            let text = format!("{} {case:?}\n    {}", subject.name, subject.document);
            unexplained.entry(kind).or_default().push(text);
        }
    }
    eprintln!("(ours, theirs): {counts:?}");
    for Reason { name, why, page, .. } in known::REASONS {
        let count = explained.get(name).copied().unwrap_or_default();
        eprintln!(
            "{count} by {name}: {why} (https://docs.aws.amazon.com/IAM/latest/UserGuide/{page})"
        );
    }
    for (kind, all) in &unexplained {
        eprintln!("{kind}: {}\n  {}", all.len(), all[..all.len().min(SHOWN)].join("\n  "));
    }
    assert!(unexplained.is_empty(), "the engines differ, and no known reason says why");
}

/// The catalogue's policies with their examples, and those of the corpus.
fn subjects() -> Vec<Subject> {
    let site = site();
    let mut subjects = Vec::new();
    for guardrail in catalog::built_in().guardrails() {
        let facts = PolicyTypeFacts::of_kind(&guardrail.kind);
        let Some(facts) = facts.filter(|facts| facts.language == Language::Iam) else { continue };
        if guardrail.document.is_none() {
            continue;
        }
        subjects.push(Subject {
            name: guardrail.id.clone(),
            grammar: Grammar::of(facts.name),
            document: guardrail.render(&guardrail.example, &site).unwrap(),
        });
    }
    for row in corpus("policies.json") {
        let grammar = if row["kind"] == "rcp" { Grammar::Rcp } else { Grammar::Scp };
        let Ok(document) = parse(row["raw"].as_str().unwrap()) else { continue };
        if check(grammar, &document).is_empty() {
            let name = format!("{} {} {}", row["repo"], row["path"], row["index"]);
            subjects.push(Subject { name, grammar, document });
        }
    }
    subjects
}

fn site() -> Site {
    Site {
        organization_id: "o-a1b2c3d4e5".to_owned(),
        management_account: "111111111111".to_owned(),
        accounts: [("log-archive".to_owned(), "222222222222".to_owned())].into(),
        ..Site::default()
    }
}
