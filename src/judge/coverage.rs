//! Which statements of guardrails applied to a call of some test, and which to none.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{PolicyKey, PolicyResource, Resources};
use crate::effective::control_type;
use crate::judge::report::{Coverage, UntestedStatement};
use crate::policy;
use crate::policy::{ControlType, Hit, Truth};

/// The statements that applied.
#[derive(Debug, Default)]
pub(super) struct Exercised {
    /// By type and name of the policy: places in the document.
    statements: BTreeMap<(ControlType, String), BTreeSet<usize>>,
}

impl Exercised {
    /// Notes what applied to a call.
    pub(super) fn note(&mut self, hits: &[Hit<'_>]) {
        for hit in hits.iter().filter(|hit| hit.truth == Truth::True) {
            let key = (hit.statement.policy_type, hit.statement.policy.to_owned());
            self.statements.entry(key).or_default().insert(hit.statement.statement);
        }
    }

    /// Every statement of a control policy that desired state writes down, held against what applied.
    pub(super) fn coverage(&self, resources: &Resources) -> Coverage {
        // One written statement may be in several policies; one of them suffices.
        let mut written: BTreeMap<UntestedStatement, bool> = BTreeMap::new();
        for (key, policy) in &resources.policies {
            let Some(policy_type) = control_type(&key.policy_type) else { continue };
            let applied = self.statements.get(&(policy_type, key.name.clone()));
            for (index, statement) in statements(key, policy).into_iter().enumerate() {
                let is_exercised = applied.is_some_and(|applied| applied.contains(&index));
                *written.entry(statement).or_default() |= is_exercised;
            }
        }
        let statements = written.len();
        let untested: Vec<UntestedStatement> = written
            .into_iter()
            .filter(|(_, is_exercised)| !is_exercised)
            .map(|(statement, _)| statement)
            .collect();
        Coverage { statements, exercised: statements - untested.len(), untested }
    }
}

fn statements(key: &PolicyKey, policy: &PolicyResource) -> Vec<UntestedStatement> {
    let content = policy::parse(&policy.content).unwrap_or_default();
    let sid_of = |index: usize| {
        let statement = &content["Statement"];
        let statement = statement.get(index).unwrap_or(statement);
        statement["Sid"].as_str().map(str::to_owned)
    };
    let origins = policy.statements.iter().enumerate();
    origins
        .map(|(index, origin)| UntestedStatement {
            source: origin.source.clone(),
            document: origin.document.clone(),
            policy_type: key.policy_type.clone(),
            sid: origin.sid.clone().or_else(|| sid_of(index)),
        })
        .collect()
}
