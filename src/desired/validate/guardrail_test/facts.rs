//! What a case and its defaults say together about condition keys.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::problem::{Finding, ProblemCode, shown};
use crate::desired::raw::{RawCase, RawContextValue};
use crate::desired::validate::guardrail_test::written::{DEFAULTS, Written};
use crate::desired::validate::token;

/// Condition keys of the calls of one case.
pub(super) struct Facts {
    /// By key in lower case: condition keys are compared without regard to case.
    facts: BTreeMap<String, Said>,
}

/// One key, and what is said about it.
struct Said {
    key: String,
    fact: Fact,
    /// Where.
    pointer: String,
}

/// What is said about one key.
enum Fact {
    /// It has these values, in every call.
    Values(Vec<String>),
    /// No call has it.
    Absent,
    /// There is a call for each of these, which may be several values at once.
    Each(Vec<Vec<String>>),
}

/// The condition keys of one call.
#[derive(Clone, Default)]
pub(super) struct CallFacts {
    /// What it comes with.
    pub(super) context: BTreeMap<String, Vec<String>>,
    /// What it comes without.
    pub(super) absent: BTreeSet<String>,
}

impl Facts {
    /// Joins what both say; the case has the last word.
    pub(super) fn read(written: &Written<'_>, findings: &mut Vec<(String, Finding)>) -> Self {
        let mut facts = BTreeMap::new();
        for (pointer, case) in [(DEFAULTS, written.defaults), (written.pointer, written.own)] {
            let mut said = BTreeMap::new();
            for (at, key, fact) in facts_of(pointer, case) {
                if let Some(problem) = fact.problem() {
                    findings.push((at.clone(), problem));
                }
                let one = Said { key: key.to_owned(), fact, pointer: at.clone() };
                if said.insert(key.to_ascii_lowercase(), one).is_some() {
                    let message = format!("{} is said twice", shown(key));
                    let finding = Finding::new(ProblemCode::DuplicateName, message).help(
                        "a key is in one of `context`, `absent` and `forEach`, whatever its case",
                    );
                    findings.push((at, finding));
                }
            }
            facts.append(&mut said);
        }
        Self { facts }
    }

    /// Where something is said about `key`.
    pub(super) fn pointer_of(&self, key: &str) -> Option<&str> {
        self.facts.get(&key.to_ascii_lowercase()).map(|said| said.pointer.as_str())
    }

    /// How many combinations `forEach` has.
    pub(super) fn combinations(&self) -> usize {
        let counts = self.facts.values().map(|said| match &said.fact {
            Fact::Each(values) => values.len().max(1),
            Fact::Values(_) | Fact::Absent => 1,
        });
        counts.fold(1, usize::saturating_mul)
    }

    /// The keys of each combination.
    pub(super) fn unfold(&self) -> Vec<CallFacts> {
        let mut calls = vec![CallFacts::default()];
        for Said { key, fact, .. } in self.facts.values() {
            match fact {
                Fact::Values(values) => calls.iter_mut().for_each(|call| {
                    call.context.insert(key.clone(), values.clone());
                }),
                Fact::Absent => calls.iter_mut().for_each(|call| {
                    call.absent.insert(key.clone());
                }),
                Fact::Each(tried) => {
                    let each = calls.iter().flat_map(|call| {
                        tried.iter().map(|values| {
                            let mut call = call.clone();
                            call.context.insert(key.clone(), values.clone());
                            call
                        })
                    });
                    calls = each.collect();
                }
            }
        }
        calls
    }
}

impl Fact {
    fn problem(&self) -> Option<Finding> {
        let finding = |message: &str| Finding::new(ProblemCode::WrongCount, message);
        match self {
            Self::Values(values) if values.is_empty() => {
                Some(finding("a key without values").help("say that it is `absent`"))
            }
            Self::Each(tried) if tried.is_empty() => {
                Some(finding("an empty list makes no call").help("give it a value to try"))
            }
            Self::Each(tried) if tried.iter().any(Vec::is_empty) => {
                Some(finding("a key without values").help("write a case with the key in `absent`"))
            }
            Self::Values(_) | Self::Absent | Self::Each(_) => None,
        }
    }
}

/// Everything that one of the two says, and where.
fn facts_of<'a>(pointer: &str, case: &'a RawCase) -> Vec<(String, &'a str, Fact)> {
    let mut facts = Vec::new();
    for (key, value) in &case.context {
        let at = format!("{pointer}/context/{}", token(key));
        facts.push((at, key.as_str(), Fact::Values(values_of(value))));
    }
    for (index, key) in case.absent.iter().enumerate() {
        facts.push((format!("{pointer}/absent/{index}"), key.0.as_str(), Fact::Absent));
    }
    for (key, tried) in &case.for_each {
        let at = format!("{pointer}/forEach/{}", token(key));
        facts.push((at, key.as_str(), Fact::Each(tried.iter().map(values_of).collect())));
    }
    facts
}

fn values_of(value: &RawContextValue) -> Vec<String> {
    match value {
        RawContextValue::Text(text) => vec![text.clone()],
        RawContextValue::Truth(truth) => vec![truth.to_string()],
        RawContextValue::Several(texts) => texts.clone(),
    }
}
