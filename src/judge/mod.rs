//! Holds guardrails to the cases of their `GuardrailTest` documents. Pure: desired state alone decides.
//!
//! ```text
//!  DesiredTest ─ call ─► Request ─┐
//!                                 ├─ Bindings::decide ─► as expected, or a Failure
//!  Resources ─► Effective ────────┘                  └─► Coverage: statements that applied to no call
//! ```
//!
//! Guardrails count as they are written, whether they are enforced, only observed or suspended: a test
//! asks what a guardrail says. Documents are attached as desired state says, and what AWS attaches by
//! itself is everywhere. Nothing here knows how a report looks.

mod bindings;
mod coverage;
mod report;

use crate::compile::Resources;
use crate::desired::{Call, Case, DesiredTest, Expectation};
use crate::effective::{Answer, Effective};
use crate::judge::bindings::BindingsCache;
use crate::judge::coverage::Exercised;
use crate::judge::report::Reporter;
use crate::org::OrganizationId;
use crate::policy::{ControlType, Hit, Request, Truth};

pub use crate::judge::report::{
    CaseReport, Coverage, ExpectedVerdict, Failure, Finding, JudgedCall, MissedStatement,
    PlacedStatement, Report, UntestedStatement, Verdict,
};

/// Judges the cases that `is_selected` takes, given the names of document and case.
pub fn judge(
    tests: &[DesiredTest],
    resources: &Resources,
    is_selected: impl Fn(&str, &str) -> bool,
) -> Report {
    let effective = Effective::desired(resources);
    let mut judge = Judge {
        reporter: Reporter { effective: &effective },
        organization: &resources.organization_id,
        bindings: BindingsCache::new(&effective),
        exercised: Exercised::default(),
    };
    let mut cases = Vec::new();
    for test in tests {
        for (index, case) in test.cases.iter().enumerate() {
            let name = case.name.clone().unwrap_or_else(|| format!("case {}", index + 1));
            if is_selected(&test.document.name, &name) {
                cases.push(judge.case(test, case, name));
            }
        }
    }
    Report { cases, coverage: judge.exercised.coverage(resources) }
}

struct Judge<'a> {
    reporter: Reporter<'a>,
    organization: &'a OrganizationId,
    bindings: BindingsCache<'a>,
    exercised: Exercised,
}

impl Judge<'_> {
    fn case(&mut self, test: &DesiredTest, case: &Case, name: String) -> CaseReport {
        let mut failures = Vec::new();
        for call in &case.calls {
            let finding = match call.request(self.organization) {
                Ok(request) => self.request(call, &request, &case.expect),
                Err(problem) => Some(Finding::not_a_call(&problem)),
            };
            if let Some(found) = finding {
                failures.push(Failure { call: self.reporter.call(call), found });
            }
        }
        CaseReport {
            document: test.document.name.clone(),
            name,
            source: case.source.clone(),
            expected: ExpectedVerdict::of(&case.expect),
            calls: case.calls.len(),
            failures,
        }
    }

    /// What was found instead of what was expected.
    fn request(&mut self, call: &Call, request: &Request, expect: &Expectation) -> Option<Finding> {
        let bindings = self.bindings.of(call);
        let hits = bindings.hierarchy.hits(request);
        let answer = bindings.decide(request);
        self.exercised.note(&hits);
        let is_expected = match (expect, &answer) {
            (Expectation::Allowed, Answer::Allowed)
            | (Expectation::Unknown, Answer::Unknown { .. })
            | (Expectation::Denied { by: None }, Answer::Denied(_)) => true,
            (Expectation::Denied { by: Some(by) }, Answer::Denied(_)) => {
                denials(&hits).any(|hit| self.reporter.is_by(&hit.statement, by))
            }
            (
                Expectation::Allowed | Expectation::Unknown | Expectation::Denied { .. },
                Answer::Allowed | Answer::Denied(_) | Answer::Unknown { .. },
            ) => false,
        };
        if is_expected {
            return None;
        }
        let mut finding = self.reporter.finding(&answer, &hits);
        finding.is_unbound = [ControlType::ServiceControl, ControlType::ResourceControl]
            .into_iter()
            .all(|policy_type| !bindings.hierarchy.is_bound(policy_type, request));
        if let Expectation::Denied { by } = expect {
            let hierarchy = &bindings.hierarchy;
            finding.is_not_attached =
                by.as_ref().is_some_and(|by| !self.reporter.is_attached(&by.document, hierarchy));
            finding.missed_by = self.reporter.missed(hierarchy, request, by.as_ref());
        }
        Some(finding)
    }
}

/// The denies that apply.
fn denials<'a, 'h>(hits: &'a [Hit<'h>]) -> impl Iterator<Item = &'a Hit<'h>> {
    hits.iter().filter(|hit| hit.is_deny && hit.truth == Truth::True)
}
