//! Which practice is served by which guardrails, and how those stand: facts for a table, for programs
//! and for an auditor's page. Only computes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::catalog::{Catalog, PILLAR_EDITION, Practice, Reach, built_in, practices, served_by};
use crate::compile::{Enforcement, Resources};
use crate::desired::{DesiredOrg, DesiredPolicy, DesiredTarget, DocumentHeader};
use crate::org::{AccountId, OrgSnapshot};
use crate::policy;
pub(crate) use crate::status::PracticeState as State;
use crate::status::{ConditionType, DocumentReport, Report};

/// What is known beside desired state.
pub(crate) struct Knowledge<'a> {
    /// Where it comes from, for people.
    pub(crate) source: String,
    /// When it was gathered.
    pub(crate) at: Timestamp,
    /// The git revision of desired state.
    pub(crate) revision: Option<String>,
    /// The digest of desired state.
    pub(crate) digest: String,
    /// How documents stand; nothing without AWS.
    pub(crate) report: Option<&'a Report>,
    /// Says since when a document is in sync? A single look cannot.
    pub(crate) has_history: bool,
    /// The organization as it is, for ids.
    pub(crate) snapshot: Option<&'a OrgSnapshot>,
}

/// Every practice and what serves it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Coverage {
    api_version: &'static str,
    /// The edition of the pillar.
    pub(crate) edition: &'static str,
    /// Where the states come from.
    pub(crate) source: String,
    /// When.
    pub(crate) at: Timestamp,
    /// The organization.
    pub(crate) organization_id: String,
    /// The git revision of desired state.
    pub(crate) revision: Option<String>,
    /// The digest of desired state.
    pub(crate) digest: String,
    /// How many accounts desired state places.
    pub(crate) accounts: usize,
    /// Practices by state.
    pub(crate) totals: BTreeMap<State, usize>,
    /// The practices, in the order of the pillar.
    pub(crate) practices: Vec<PracticeCoverage>,
}

/// One practice.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PracticeCoverage {
    /// The practice.
    #[serde(flatten)]
    pub(crate) practice: &'static Practice,
    /// How it stands.
    pub(crate) state: State,
    /// The guardrails in desired state that serve it.
    pub(crate) guardrails: Vec<Serving>,
    /// Ready-made guardrails that would serve it and are not used.
    pub(crate) available: Vec<&'static str>,
}

/// A guardrail that serves a practice.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Serving {
    /// The document.
    pub(crate) document: String,
    /// Where it is written.
    pub(crate) written: String,
    /// The ready-made guardrail it uses.
    pub(crate) guardrail: Option<String>,
    /// How it stands.
    pub(crate) state: State,
    /// Since when.
    pub(crate) since: Option<Timestamp>,
    /// Suspended until this day.
    pub(crate) suspended_until: Option<Date>,
    /// Why it is suspended.
    pub(crate) suspended_because: Option<String>,
    /// On how many of the accounts it lies.
    pub(crate) accounts: usize,
    /// The object in AWS that it is about.
    pub(crate) evidence: Option<Evidence>,
}

/// What an auditor can look up.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Evidence {
    /// The policy's type.
    pub(crate) policy_type: String,
    /// Its name in AWS.
    pub(crate) name: String,
    /// Its id in AWS, if it was seen.
    pub(crate) id: Option<String>,
    /// SHA-256 of the policy document, minified, with its exceptions.
    pub(crate) sha256: String,
}

/// Gathers what there is to say.
pub(crate) fn coverage(
    org: &DesiredOrg,
    resources: &Resources,
    knowledge: &Knowledge<'_>,
) -> Coverage {
    let gatherer = Gatherer { org, resources, knowledge, catalog: built_in() };
    let servings = gatherer.servings();
    let practices: Vec<PracticeCoverage> =
        practices().iter().map(|practice| gatherer.practice(practice, &servings)).collect();
    let mut totals = BTreeMap::new();
    for practice in &practices {
        *totals.entry(practice.state).or_default() += 1;
    }
    Coverage {
        api_version: "palisade.coverage/v1",
        edition: PILLAR_EDITION,
        source: knowledge.source.clone(),
        at: knowledge.at,
        organization_id: org.organization_id.to_string(),
        revision: knowledge.revision.clone(),
        digest: knowledge.digest.clone(),
        accounts: org.placements.len(),
        totals,
        practices,
    }
}

struct Gatherer<'a> {
    org: &'a DesiredOrg,
    resources: &'a Resources,
    knowledge: &'a Knowledge<'a>,
    catalog: &'static Catalog,
}

impl Gatherer<'_> {
    /// Every document that serves a practice, with the practices.
    fn servings(&self) -> Vec<(BTreeSet<String>, Serving)> {
        let organization = {
            let controls = served_by(&self.org.header, None);
            (controls, self.serving(&self.org.header, self.org.placements.len(), None))
        };
        let policies = self.org.policies.iter().map(|policy| {
            let guardrail = policy.guardrail.as_deref().and_then(|id| self.catalog.find(id));
            let mut serving = self.serving(&policy.header, self.reached(policy), Some(policy));
            serving.guardrail.clone_from(&policy.guardrail);
            (served_by(&policy.header, guardrail), serving)
        });
        std::iter::once(organization).chain(policies).collect()
    }

    fn serving(
        &self,
        header: &DocumentHeader,
        accounts: usize,
        policy: Option<&DesiredPolicy>,
    ) -> Serving {
        let report = self.knowledge.report.map(|report| report.document(&header.document));
        let (state, since) = match report {
            Some(report) => self.observed_state(report),
            None => (self.declared_state(header), None),
        };
        let suspend = header.suspend.as_ref().filter(|_| state == State::Suspended);
        Serving {
            document: header.document.to_string(),
            written: header.source.to_string(),
            guardrail: None,
            state,
            since,
            suspended_until: suspend.map(|suspend| suspend.until),
            suspended_because: suspend.map(|suspend| suspend.reason.clone()),
            accounts,
            evidence: policy.map(|policy| self.evidence(policy)),
        }
    }

    fn declared_state(&self, header: &DocumentHeader) -> State {
        let document = self.resources.documents.get(&header.document);
        match document.map(|document| &document.enforcement) {
            Some(Enforcement::Suspended { .. }) => State::Suspended,
            Some(Enforcement::Observed) => State::Observed,
            Some(Enforcement::Enforced) | None => State::Declared,
        }
    }

    fn observed_state(&self, report: Option<&DocumentReport>) -> (State, Option<Timestamp>) {
        let Some(report) = report else { return (State::Absent, None) };
        let state = State::of(report);
        let since = match state {
            State::Drifted => report.oldest(),
            State::Observed | State::InSync => {
                let ready = report.conditions.iter();
                let mut ready = ready.filter(|it| it.condition_type == ConditionType::Ready);
                ready.next().map(|ready| ready.last_transition_time)
            }
            State::Unknown
            | State::Absent
            | State::Suspended
            | State::Declared
            | State::Outside => None,
        };
        (state, since.filter(|_| self.knowledge.has_history))
    }

    /// How many accounts lie at or below what the policy is attached to. Control policies do not
    /// bind the management account.
    fn reached(&self, policy: &DesiredPolicy) -> usize {
        let is_under = |account: &AccountId| {
            let place = self.org.placements.get(account);
            policy.targets.iter().any(|target| match target {
                DesiredTarget::Account(id) => id == account,
                DesiredTarget::Unit(unit) => place.is_some_and(|place| unit.contains(place)),
            })
        };
        self.org.placements.keys().filter(|account| is_under(account)).count()
    }

    fn evidence(&self, policy: &DesiredPolicy) -> Evidence {
        let content = policy::with_exceptions(&policy.content, &policy.except.principals);
        let digest = Sha256::digest(policy::minify(&content));
        let observed = self.knowledge.snapshot.and_then(|it| it.policies_of(&policy.policy_type));
        let mut observed = observed.into_iter().flat_map(BTreeMap::values);
        let found = observed.find(|observed| observed.name == policy.policy_name);
        Evidence {
            policy_type: policy.policy_type.to_string(),
            name: policy.policy_name.clone(),
            id: found.map(|found| found.id.to_string()),
            sha256: digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")),
        }
    }

    fn practice(
        &self,
        practice: &'static Practice,
        servings: &[(BTreeSet<String>, Serving)],
    ) -> PracticeCoverage {
        let serves = |(controls, _): &&(BTreeSet<String>, Serving)| controls.contains(&practice.id);
        let guardrails: Vec<Serving> =
            servings.iter().filter(serves).map(|(_, serving)| serving.clone()).collect();
        let used: BTreeSet<&str> =
            guardrails.iter().filter_map(|serving| serving.guardrail.as_deref()).collect();
        let available = self.catalog.guardrails().filter(|guardrail| {
            guardrail.practices.contains(&practice.id) && !used.contains(guardrail.id.as_str())
        });
        let states = guardrails.iter().map(|serving| serving.state).collect();
        PracticeCoverage {
            practice,
            state: State::of_all(&states, practice.reach == Reach::Organization),
            available: available.map(|guardrail| guardrail.id.as_str()).collect(),
            guardrails,
        }
    }
}
