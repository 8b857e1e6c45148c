//! `GuardrailTest` documents: names resolved, tables unfolded into calls.

mod call;
mod facts;
mod written;

use std::collections::BTreeMap;

use crate::desired::cases::{Call, Case, DesiredTest, Expectation, ExpectedGuardrail};
use crate::desired::load::{Document, deserialize};
use crate::desired::model::DesiredOrg;
use crate::desired::problem::{Finding, ProblemCode, TEST_KIND, did_you_mean, shown};
use crate::desired::raw::{RawCase, RawDocument, RawExpectation, RawGuardrailTest};
use crate::desired::validate::guardrail_test::call::Resolver;
use crate::desired::validate::guardrail_test::facts::Facts;
use crate::desired::validate::guardrail_test::written::Written;
use crate::desired::validate::{Context, content, header, lint};
use crate::policy::RequestProblem;

/// The kind of these documents.
pub(crate) const KIND: &str = TEST_KIND;

/// Most calls that all tests together may make. Deciding this many takes a second; a table that asks for
/// more is a mistake, or meant to exhaust the machine.
const CALLS_MAX: usize = 100_000;

/// Reads a document.
pub(crate) fn read(
    document: &Document,
    mut org: Option<&mut DesiredOrg>,
    context: &mut Context<'_>,
) {
    let raw: Option<RawDocument<RawGuardrailTest>> =
        deserialize(document, context.text(document), context.report);
    let Some(RawDocument { metadata, spec, .. }) = raw else { return };
    header::check_annotations(document, metadata.annotations.keys(), context);
    if spec.cases.is_empty() {
        let finding = Finding::new(ProblemCode::WrongCount, "no cases").help("write at least one");
        context.problem(document, "/spec/cases", finding);
    }
    if spec.defaults.name.is_some() {
        let finding = Finding::new(ProblemCode::UnknownField, "`name` belongs to a case");
        context.problem_at_key(document, "/spec/defaults/name", finding);
    }
    let made = org.as_ref().map_or(0, |org| calls_of(&org.tests));
    let mut reader =
        Reader { document, org: org.as_deref(), context, left: CALLS_MAX.saturating_sub(made) };
    let actions = [("/spec/defaults".to_owned(), &spec.defaults)]
        .into_iter()
        .chain(spec.cases.iter().enumerate().map(|(at, case)| (format!("/spec/cases/{at}"), case)));
    for (pointer, action) in actions.flat_map(|(pointer, case)| written::actions(&pointer, case)) {
        lint::check_action(document, &pointer, action, reader.context);
    }
    let mut cases = Vec::new();
    for (index, case) in spec.cases.iter().enumerate() {
        cases.extend(reader.case(index, case, &spec.defaults));
    }
    if let Some(org) = &mut org {
        org.tests.push(DesiredTest {
            document: document.reference(metadata.name.0),
            annotations: metadata.annotations,
            source: context.source(document, ""),
            cases,
        });
    }
}

fn calls_of(tests: &[DesiredTest]) -> usize {
    tests.iter().flat_map(|test| &test.cases).map(|case| case.calls.len()).sum()
}

/// Keys of which the case says what cannot be so of one of its callers.
fn contradictions(calls: &[Call], facts: &Facts, org: &DesiredOrg) -> BTreeMap<String, Finding> {
    let mut findings = BTreeMap::new();
    for call in calls {
        let Err(problem) = call.request(&org.organization_id) else { continue };
        let key = match &problem {
            RequestProblem::Contradiction(key) => key.as_str(),
            RequestProblem::Action(_) | RequestProblem::Principal(_) => "",
        };
        let pointer = facts.pointer_of(key).unwrap_or_default();
        findings.entry(pointer.to_owned()).or_insert_with(|| {
            Finding::new(ProblemCode::InvalidValue, problem.to_string())
                .help(format!("the principal is {}", shown(&call.principal)))
        });
    }
    findings
}

struct Reader<'a, 'b> {
    document: &'a Document,
    org: Option<&'a DesiredOrg>,
    context: &'a mut Context<'b>,
    /// How many more calls there may be.
    left: usize,
}

impl Reader<'_, '_> {
    fn problem(&mut self, pointer: &str, finding: Finding) {
        self.context.problem(self.document, pointer, finding);
    }

    fn case(&mut self, index: usize, own: &RawCase, defaults: &RawCase) -> Option<Case> {
        let pointer = format!("/spec/cases/{index}");
        let written = Written { pointer: &pointer, own, defaults };
        let before = self.context.report.problems.len();
        let expect = self.expectation(&written);
        let mut findings = Vec::new();
        let facts = Facts::read(&written, &mut findings);
        for (at, finding) in written.missing_and_empty().into_iter().chain(findings) {
            self.problem(&at, finding);
        }
        let calls = self.calls(&written, &facts);
        let is_sound = self.context.report.problems.len() == before;
        let case = Case {
            name: own.name.clone(),
            source: self.context.source(self.document, &pointer),
            expect: expect?,
            calls,
        };
        is_sound.then_some(case)
    }

    fn calls(&mut self, written: &Written<'_>, facts: &Facts) -> Vec<Call> {
        let count = written.combinations().checked_mul(facts.combinations());
        let Some(left) = count.and_then(|count| self.left.checked_sub(count)) else {
            let message = format!("the tests make more than {CALLS_MAX} calls");
            let finding = Finding::new(ProblemCode::WrongCount, message)
                .help("every list multiplies them: make the lists shorter, or split the case");
            self.problem(written.pointer, finding);
            return Vec::new();
        };
        self.left = left;
        let mut findings = Vec::new();
        let resolver = Resolver { names: &self.context.names, org: self.org };
        let calls = resolver.calls(written, facts, &mut findings);
        findings.extend(self.org.into_iter().flat_map(|org| contradictions(&calls, facts, org)));
        for (at, finding) in findings {
            self.problem(&at, finding);
        }
        calls
    }

    fn expectation(&mut self, written: &Written<'_>) -> Option<Expectation> {
        let own = written.own.expect;
        let Some(expect) = own.or(written.defaults.expect) else {
            let finding = Finding::new(ProblemCode::MissingField, "the case lacks `expect`")
                .help("`expect`: `allowed`, `denied` or `unknown`");
            self.problem(written.pointer, finding);
            return None;
        };
        let by = match (&written.own.by, expect) {
            (Some(by), _) => Some((format!("{}/by", written.pointer), by)),
            (None, RawExpectation::Denied) => {
                written.defaults.by.as_ref().map(|by| ("/spec/defaults/by".to_owned(), by))
            }
            (None, RawExpectation::Allowed | RawExpectation::Unknown) => None,
        };
        match (expect, by) {
            (RawExpectation::Denied, None) => Some(Expectation::Denied { by: None }),
            (RawExpectation::Denied, Some((at, by))) => {
                let by = self.guardrail(&at, by)?;
                Some(Expectation::Denied { by: Some(by) })
            }
            (RawExpectation::Allowed, None) => Some(Expectation::Allowed),
            (RawExpectation::Unknown, None) => Some(Expectation::Unknown),
            (RawExpectation::Allowed | RawExpectation::Unknown, Some((at, _))) => {
                let message = "`by` is only for `expect: denied`";
                self.problem(&at, Finding::new(ProblemCode::InvalidValue, message));
                None
            }
        }
    }

    /// The guardrail that a case names, which must be there.
    fn guardrail(&mut self, pointer: &str, by: &str) -> Option<ExpectedGuardrail> {
        let (name, sid) = by.split_once('/').map_or((by, None), |(name, sid)| (name, Some(sid)));
        if !self.context.guardrails.iter().any(|guardrail| guardrail.name == name) {
            let message = format!("no guardrail is called {}", shown(name));
            let known = self.context.guardrails.iter().map(|guardrail| guardrail.name.as_str());
            let near = did_you_mean(name, known);
            let help = near.unwrap_or_else(|| "it is the name of the guardrail's document".into());
            self.problem(pointer, Finding::new(ProblemCode::UnknownName, message).help(help));
            return None;
        }
        let sids = sid.and_then(|sid| Some((sid, self.sids(name)?)));
        if let Some((sid, sids)) = sids.filter(|(sid, sids)| !sids.iter().any(|known| known == sid))
        {
            let message = format!("{} has no statement {}", shown(name), shown(sid));
            let near = did_you_mean(sid, sids.iter().map(String::as_str));
            let finding = Finding { help: near, ..Finding::new(ProblemCode::UnknownName, message) };
            self.problem(pointer, finding);
            return None;
        }
        Some(ExpectedGuardrail { document: name.to_owned(), sid: sid.map(str::to_owned) })
    }

    /// The Sids of a guardrail's statements, where they are written down: not those of statements that
    /// palisade makes itself.
    fn sids(&self, name: &str) -> Option<Vec<String>> {
        let org = self.org?;
        let documents = self.context.guardrails.iter().filter(|guardrail| guardrail.name == name);
        let policies = org.policies.iter().filter(|policy| policy.header.document.name == name);
        if documents.count() != policies.clone().count() {
            return None;
        }
        let statements = policies.flat_map(|policy| content::statements(&policy.content));
        let sids = statements.filter_map(|statement| statement["Sid"].as_str().map(str::to_owned));
        Some(sids.collect())
    }
}
