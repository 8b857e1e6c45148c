//! What is reported: the calls that came to something else than expected, and why.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::desired::{Call, Expectation, ExpectedGuardrail, Place, Source};
use crate::effective::{Answer, Effective, Origin, Writing};
use crate::judge::denials;
use crate::org::{DocumentRef, PolicyType};
use crate::policy::{
    ControlType, Denial, Hierarchy, Hit, Mismatch, Request, RequestProblem, StatementRef, Truth,
};

/// Statements that are told of a call which should have been denied.
const MISSED_MAX: usize = 3;

/// What became of every case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The cases, in the order of documents and of each file.
    pub cases: Vec<CaseReport>,
    /// What the calls exercised.
    pub coverage: Coverage,
}

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseReport {
    /// The name of its `GuardrailTest` document.
    pub document: String,
    /// Its own name, or its number.
    pub name: String,
    /// Where it is written.
    pub source: Source,
    /// What it expects.
    pub expected: ExpectedVerdict,
    /// How many calls it makes.
    pub calls: usize,
    /// The ones that came to something else.
    pub failures: Vec<Failure>,
}

/// What a case expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedVerdict {
    /// Of every call.
    pub verdict: Verdict,
    /// The guardrail that must deny, and the statement after a `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What can become of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Verdict {
    /// No guardrail stands in the way.
    Allowed,
    /// Guardrails forbid it.
    Denied,
    /// It depends on what is not known.
    Unknown,
}

/// A call that came to something else than expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The call.
    pub call: JudgedCall,
    /// What became of it.
    pub found: Finding,
}

/// A call, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JudgedCall {
    /// Who calls.
    pub principal: String,
    /// Where the principal lives; nothing for services and callers without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The action.
    pub action: String,
    /// The resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Whose that is.
    pub resource_account: String,
    /// The condition keys it comes with.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, Vec<String>>,
    /// The condition keys it comes without.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub absent: BTreeSet<String>,
}

/// What became of a call, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The verdict; none if the call is not one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Every statement that denies it, the deciding one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub denied_by: Vec<PlacedStatement>,
    /// The level at which no SCP allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub implicit_at: Option<String>,
    /// Every statement that would deny it, depending on what is missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may_be_denied_by: Vec<PlacedStatement>,
    /// The condition keys that would decide; `resource` if the resource would.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub missing_keys: BTreeSet<String>,
    /// What else is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Why it is no call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The guardrail that was expected to deny is attached nowhere above the account.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_not_attached: bool,
    /// No guardrail binds the caller or the resource.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_unbound: bool,
    /// Statements that should have denied it, or nearly did, and why each does not apply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missed_by: Vec<MissedStatement>,
}

/// A statement that does not apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MissedStatement {
    /// Which.
    pub statement: PlacedStatement,
    /// The first part of it that does not hold, in words.
    pub because: String,
}

/// A statement, by where it is attached and where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedStatement {
    /// SCP or RCP.
    pub policy_type: String,
    /// The root, OU or account.
    pub level: String,
    /// The policy's name in AWS.
    pub policy: String,
    /// Its place in the policy, from 0.
    pub statement: usize,
    /// Its Sid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The document it is from; nothing for AWS's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentRef>,
    /// Where it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// How much of the guardrails the calls exercised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Statements of service and resource control policies.
    pub statements: usize,
    /// Those that applied to some call.
    pub exercised: usize,
    /// Those that applied to none, in the order of the files.
    pub untested: Vec<UntestedStatement>,
}

/// A statement that applied to no call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UntestedStatement {
    /// Where it is written.
    pub source: Source,
    /// Its document.
    pub document: DocumentRef,
    /// The type of its policy.
    pub policy_type: PolicyType,
    /// Its Sid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
}

/// Puts findings into names and places.
pub(super) struct Reporter<'a> {
    /// Knows names and origins.
    pub(super) effective: &'a Effective,
}

// === impl Report ===

impl Report {
    /// Does every case hold?
    pub fn holds(&self) -> bool {
        self.failed().next().is_none()
    }

    /// The cases that do not hold.
    pub fn failed(&self) -> impl Iterator<Item = &CaseReport> {
        self.cases.iter().filter(|case| !case.failures.is_empty())
    }

    /// How many calls were made.
    pub fn calls(&self) -> usize {
        self.cases.iter().map(|case| case.calls).sum()
    }
}

// === impl ExpectedVerdict ===

impl ExpectedVerdict {
    /// What `expect` says.
    pub(super) fn of(expect: &Expectation) -> Self {
        let (verdict, by) = match expect {
            Expectation::Allowed => (Verdict::Allowed, None),
            Expectation::Unknown => (Verdict::Unknown, None),
            Expectation::Denied { by } => (Verdict::Denied, by.as_ref()),
        };
        let by = by.map(|ExpectedGuardrail { document, sid }| match sid {
            Some(sid) => format!("{document}/{sid}"),
            None => document.clone(),
        });
        Self { verdict, by }
    }
}

// === impl Finding ===

impl Finding {
    /// The finding that there is nothing to judge.
    pub(super) fn not_a_call(problem: &RequestProblem) -> Self {
        Self { problem: Some(problem.to_string()), ..Self::default() }
    }
}

// === impl Reporter ===

impl Reporter<'_> {
    /// The call, in words.
    pub(super) fn call(&self, call: &Call) -> JudgedCall {
        JudgedCall {
            principal: call.principal.clone(),
            account: call.caller.as_ref().map(|place| self.place(place)),
            action: call.action.clone(),
            resource: call.resource.clone(),
            resource_account: self.place(&call.owner),
            context: call.context.clone(),
            absent: call.absent.clone(),
        }
    }

    fn place(&self, place: &Place) -> String {
        match place {
            Place::Account(id) => self.effective.account_name(id).unwrap_or(id.as_str()).to_owned(),
            Place::Unit(path, _) => format!("an account in {path}"),
            Place::Outside(id) => format!("{id}, outside the organization"),
        }
    }

    /// What became of a call.
    pub(super) fn finding(&self, answer: &Answer<'_>, hits: &[Hit<'_>]) -> Finding {
        let all = |hits: &mut dyn Iterator<Item = &Hit<'_>>| {
            hits.map(|hit| self.statement(&hit.statement)).collect::<Vec<_>>()
        };
        match answer {
            Answer::Allowed => Finding { verdict: Some(Verdict::Allowed), ..Finding::default() },
            Answer::Denied(denial) => Finding {
                verdict: Some(Verdict::Denied),
                denied_by: all(&mut denials(hits)),
                implicit_at: match denial {
                    Denial::Implicit { level } => Some((*level).to_owned()),
                    Denial::Explicit(_) => None,
                },
                ..Finding::default()
            },
            Answer::Unknown { missing, unseen } => Finding {
                verdict: Some(Verdict::Unknown),
                may_be_denied_by: all(&mut hits
                    .iter()
                    .filter(|hit| hit.is_deny && hit.truth == Truth::Unknown)),
                missing_keys: missing.keys.clone(),
                unknown: missing
                    .doubts
                    .iter()
                    .map(ToString::to_string)
                    .chain(unseen.iter().map(|unseen| unseen.reason.clone()))
                    .collect(),
                ..Finding::default()
            },
        }
    }

    /// The statements that should deny `request` and do not apply: those of the guardrail that was expected, or
    /// those of which all but a condition fits.
    pub(super) fn missed(
        &self,
        hierarchy: &Hierarchy,
        request: &Request,
        expected: Option<&ExpectedGuardrail>,
    ) -> Vec<MissedStatement> {
        let is_meant = |statement: &StatementRef<'_>, mismatch: &Mismatch| match expected {
            Some(expected) => self.is_by(statement, expected),
            None => matches!(mismatch, Mismatch::Condition { .. }),
        };
        let misses = hierarchy.misses(request).into_iter();
        misses
            .filter(|(statement, mismatch)| is_meant(statement, mismatch))
            .take(MISSED_MAX)
            .map(|(statement, mismatch)| MissedStatement {
                statement: self.statement(&statement),
                because: match mismatch {
                    Mismatch::Action => "it is about other actions".to_owned(),
                    Mismatch::Resource => "it is about other resources".to_owned(),
                    Mismatch::Condition { operator, key } => {
                        format!("`{operator}` of `{key}` does not hold")
                    }
                },
            })
            .collect()
    }

    fn statement(&self, statement: &StatementRef<'_>) -> PlacedStatement {
        let (document, source) = match self.effective.origin(statement) {
            Some(
                Origin::Statement { document, source } | Origin::Document { document, source },
            ) => (Some(document.clone()), Some(source.clone())),
            Some(Origin::Marked(document)) => (Some(document.clone()), None),
            Some(Origin::Foreign | Origin::Aws) | None => (None, None),
        };
        PlacedStatement {
            policy_type: statement.policy_type.to_string(),
            level: statement.level.to_owned(),
            policy: statement.policy.to_owned(),
            statement: statement.statement,
            sid: self.effective.sid(statement).map(str::to_owned),
            document,
            source,
        }
    }

    /// Is the statement of the guardrail that was expected?
    pub(super) fn is_by(&self, statement: &StatementRef<'_>, expected: &ExpectedGuardrail) -> bool {
        let sid = self.effective.sid(statement);
        let is_sid = expected.sid.as_deref().is_none_or(|expected| sid == Some(expected));
        is_sid
            && match self.effective.origin(statement) {
                Some(
                    Origin::Statement { document, .. }
                    | Origin::Document { document, .. }
                    | Origin::Marked(document),
                ) => document.name == expected.document,
                Some(Origin::Foreign | Origin::Aws) | None => false,
            }
    }

    /// Is a policy of the guardrail among those that the call meets?
    pub(super) fn is_attached(&self, guardrail: &str, hierarchy: &Hierarchy) -> bool {
        let levels = [
            (ControlType::ServiceControl, &hierarchy.service_control),
            (ControlType::ResourceControl, &hierarchy.resource_control),
        ];
        levels.into_iter().any(|(policy_type, levels)| {
            levels.iter().flat_map(|level| &level.policies).any(|policy| {
                match self.effective.writing(policy_type, &policy.name) {
                    Some(Writing::Git { document, statements, .. }) => {
                        document.name == guardrail
                            || statements.iter().any(|origin| origin.document.name == guardrail)
                    }
                    Some(Writing::Drifted { document, .. } | Writing::Marked(document)) => {
                        document.name == guardrail
                    }
                    Some(Writing::Foreign | Writing::Aws) | None => false,
                }
            })
        })
    }
}
