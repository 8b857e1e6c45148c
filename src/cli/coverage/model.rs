//! Which practice is served by which guardrails, and how those stand: facts for a table, for programs
//! and for an auditor's page. Only computes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::catalog::{
    Catalog, Guardrail, PILLAR_EDITION, Practice, Reach, built_in, practices, served_by,
};
use crate::compile::{Enforcement, PolicyKey, Resources};
use crate::desired::{DesiredOrg, DesiredPolicy, DesiredTarget, DocumentHeader};
use crate::org::{AccountId, hex};
use crate::policy;
pub(crate) use crate::status::PracticeState as State;
use crate::status::{ConditionType, DocumentReport, ObjectReport, Report};

/// The practice that tests of guardrails serve.
const TESTED: &str = "SEC01-BP06";

/// The kind of the document in which many entries are only a field.
const ORGANIZATION: &str = "Organization";

/// The kind of documents of which an organization has one for every entry that it uses.
const BASELINE: &str = "Baseline";

/// The kind of entries that are not written in desired state.
const OUTSIDE: &str = "outside";

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
    /// How the tests of the guardrails stand.
    pub(crate) tests: TestFacts,
}

/// How the tests of the guardrails stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestFacts {
    /// Documents with tests.
    pub(crate) documents: usize,
    /// Cases in them.
    pub(crate) cases: usize,
    /// Cases that do not hold.
    pub(crate) failed: usize,
    /// Statements of guardrails.
    pub(crate) statements: usize,
    /// Statements that no case meets.
    pub(crate) untested: usize,
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
    /// How the tests of the guardrails stand.
    pub(crate) tests: TestFacts,
    /// Guardrails that profiles leave out.
    pub(crate) exclusions: Vec<Excluded>,
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
    /// Guardrails that would serve it and are left out on purpose.
    pub(crate) excluded: Vec<Excluded>,
    /// Other ready-made guardrails that would serve it and are not used.
    pub(crate) available: Vec<&'static str>,
    /// What would serve it and is not written in desired state.
    pub(crate) elsewhere: Vec<Elsewhere>,
}

/// A guardrail that palisade neither keeps nor sees.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Elsewhere {
    /// Its id.
    pub(crate) guardrail: &'static str,
    /// Why it is not written in desired state.
    pub(crate) because: &'static str,
    /// What to do instead.
    pub(crate) instead: &'static str,
}

/// A guardrail that a profile has and this organization does not want.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Excluded {
    /// Its id.
    pub(crate) guardrail: String,
    /// Why.
    pub(crate) reason: String,
    /// Where that is written.
    pub(crate) written: String,
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
    /// On how many of the accounts it lies, where that can be counted.
    pub(crate) accounts: Option<usize>,
    /// What else there is to say.
    pub(crate) note: Option<String>,
    /// The policy in AWS that it is about.
    pub(crate) evidence: Option<Evidence>,
    /// The policies that it brings with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) brings: Vec<Evidence>,
    /// The objects in accounts that are there for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) objects: Vec<ObjectReport>,
}

/// What an auditor can look up.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Evidence {
    /// The policy's type.
    pub(crate) policy_type: String,
    /// Its name in AWS, which may be that of a policy that several guardrails share.
    pub(crate) name: String,
    /// Do other guardrails share it?
    pub(crate) is_shared: bool,
    /// Its id in AWS, if it was seen.
    pub(crate) id: Option<String>,
    /// SHA-256 of the guardrail's policy document, minified, with its exceptions.
    pub(crate) sha256: String,
    /// SHA-256 of what the object in AWS says, minified, if it was seen.
    pub(crate) object_sha256: Option<String>,
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
        tests: knowledge.tests,
        exclusions: gatherer.excluded(|_| true),
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
        let placed = self.org.placements.len();
        let organization = {
            let controls = served_by(&self.org.header, None);
            (controls, self.serving(&self.org.header, Some(placed), None))
        };
        let own = self.org.policies.iter().filter(|policy| !self.is_brought(policy));
        let policies = own.map(|policy| {
            let guardrail = policy.guardrail.as_deref().and_then(|id| self.catalog.find(id));
            let reached = Some(self.reached(policy));
            let mut serving = self.serving(&policy.header, reached, Some(policy));
            serving.guardrail.clone_from(&policy.guardrail);
            (served_by(&policy.header, guardrail), serving)
        });
        let others = self.bringing().chain(self.org.baselines.iter().map(|it| &it.header));
        let others = others.map(|header| {
            let mut serving = self.serving(header, self.reached_by(header), None);
            serving.brings = self.brought(header).map(|policy| self.evidence(policy)).collect();
            (self.served(header), serving)
        });
        std::iter::once(organization).chain(policies).chain(others).chain(self.tests()).collect()
    }

    /// Documents of other kinds that bring policies with them.
    fn bringing(&self) -> impl Iterator<Item = &DocumentHeader> {
        let roles = self.org.break_glass.iter().map(|it| &it.header);
        roles.chain(self.org.logging_trails.iter().map(|it| &it.header))
    }

    /// Does a document of another kind bring the policy with it?
    fn is_brought(&self, policy: &DesiredPolicy) -> bool {
        self.bringing().any(|header| header.document == policy.header.document)
    }

    /// The policies that a document which is no policy brings with it.
    fn brought(&self, header: &DocumentHeader) -> impl Iterator<Item = &DesiredPolicy> {
        self.org.policies.iter().filter(|policy| policy.header.document == header.document)
    }

    /// The practices that a document serves which is no policy: also those of the guardrails that it is, and of those
    /// that it brings.
    fn served(&self, header: &DocumentHeader) -> BTreeSet<String> {
        let mut served = served_by(header, None);
        let brought = self.brought(header).filter_map(|policy| policy.guardrail.as_deref());
        let is_it = |it: &DocumentHeader| it.document == header.document;
        let trail = self.org.logging_trails.iter().find(|it| is_it(&it.header));
        let trail = trail.map(|_| "organization-trail");
        let entries = brought.chain(trail).filter_map(|id| self.catalog.find(id));
        served.extend(entries.flat_map(|entry| entry.practices.iter().cloned()));
        let desired = self.org.break_glass.iter().find(|it| it.header.document == header.document);
        if let Some(desired) = desired {
            let told = desired.alerts.as_ref().map(|_| "break-glass-alerts");
            let ids = ["break-glass-roles", "break-glass-account"].into_iter().chain(told);
            let entries = ids.filter_map(|id| self.catalog.find(id));
            served.extend(entries.flat_map(|entry| entry.practices.iter().cloned()));
        }
        served
    }

    /// Tests serve the practice that controls be tested before they reach an account.
    fn tests(&self) -> Option<(BTreeSet<String>, Serving)> {
        let TestFacts { documents, cases, failed, statements, untested } = self.knowledge.tests;
        let state = if failed == 0 { State::InSync } else { State::Drifted };
        let held = cases - failed;
        let note = format!(
            "{held} of {cases} cases hold; {} of {statements} statements are met by one",
            statements - untested
        );
        let serving = Serving {
            document: format!("GuardrailTest ({documents} documents)"),
            written: "made with every report".to_owned(),
            guardrail: None,
            state,
            since: None,
            suspended_until: None,
            suspended_because: None,
            accounts: None,
            note: Some(note),
            evidence: None,
            brings: Vec::new(),
            objects: Vec::new(),
        };
        (cases > 0).then(|| (BTreeSet::from([TESTED.to_owned()]), serving))
    }

    /// What is left out, of what is meant.
    fn excluded(&self, is_meant: impl Fn(&str) -> bool) -> Vec<Excluded> {
        let exclusions = self.org.exclusions.iter().filter(|it| is_meant(&it.guardrail));
        exclusions
            .map(|exclusion| Excluded {
                guardrail: exclusion.guardrail.clone(),
                reason: exclusion.reason.clone(),
                written: exclusion.source.to_string(),
            })
            .collect()
    }

    fn serving(
        &self,
        header: &DocumentHeader,
        accounts: Option<usize>,
        policy: Option<&DesiredPolicy>,
    ) -> Serving {
        let report = self.knowledge.report.map(|report| report.document(&header.document));
        let (state, since) = match report {
            Some(report) => self.observed_state(report),
            None => (self.declared_state(header), None),
        };
        let suspend = header.suspend.as_ref().filter(|_| state == State::Suspended);
        let unready = report.flatten().and_then(DocumentReport::unready);
        Serving {
            document: header.document.to_string(),
            written: header.source.to_string(),
            guardrail: None,
            state,
            since,
            suspended_until: suspend.map(|suspend| suspend.until),
            suspended_because: suspend.map(|suspend| suspend.reason.clone()),
            accounts,
            note: unready.filter(|_| state == State::NotReady).map(str::to_owned),
            evidence: policy.map(|policy| self.evidence(policy)),
            brings: Vec::new(),
            objects: report.flatten().map(|report| report.objects.clone()).unwrap_or_default(),
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
            State::Observed | State::InSync | State::NotReady => {
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
        self.below(&policy.targets)
    }

    /// The same of a document that puts something into accounts; nothing of others.
    fn reached_by(&self, header: &DocumentHeader) -> Option<usize> {
        let is_it = |other: &DocumentHeader| other.document == header.document;
        // A trail is of the organization as a whole.
        if self.org.logging_trails.iter().any(|it| is_it(&it.header)) {
            return Some(self.org.placements.len());
        }
        let roles = self.org.break_glass.iter().find(|it| is_it(&it.header));
        let stacks = self.org.baselines.iter().find(|it| is_it(&it.header));
        let targets = roles.map(|it| &it.targets).or(stacks.map(|it| &it.targets))?;
        Some(self.below(targets))
    }

    fn below(&self, targets: &BTreeSet<DesiredTarget>) -> usize {
        let is_under = |account: &AccountId| {
            let place = self.org.placements.get(account);
            targets.iter().any(|target| match target {
                DesiredTarget::Account(id) => id == account,
                DesiredTarget::Unit(unit) => place.is_some_and(|place| unit.contains(place)),
            })
        };
        self.org.placements.keys().filter(|account| is_under(account)).count()
    }

    fn evidence(&self, policy: &DesiredPolicy) -> Evidence {
        let content = policy::with_exceptions(&policy.content, &policy.except.principals);
        let own =
            PolicyKey { policy_type: policy.policy_type.clone(), name: policy.policy_name.clone() };
        let shared = self.resources.packed.get(&own);
        let name = shared.map_or(&own.name, |key| &key.name);
        let report = self.knowledge.report.and_then(|it| it.document(&policy.header.document));
        let mut seen = report.into_iter().flat_map(|report| &report.policies);
        let found = seen.find(|seen| seen.name == *name);
        Evidence {
            policy_type: policy.policy_type.to_string(),
            name: name.clone(),
            is_shared: shared.is_some(),
            id: found.map(|found| found.id.clone()),
            sha256: sha256(&policy::minify(&content)),
            object_sha256: found.and_then(|found| found.sha256.clone()),
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
        let documents = self.org.headers().map(|it| &it.document);
        let documents: BTreeSet<(&str, &str)> =
            documents.map(|it| (it.kind.as_str(), it.name.as_str())).collect();
        let kinds: BTreeSet<&str> = documents.iter().map(|(kind, _)| *kind).collect();
        let serving =
            |id: &str| self.catalog.find(id).is_some_and(|it| it.practices.contains(&practice.id));
        let excluded = self.excluded(serving);
        let is_available = |guardrail: &&Guardrail| {
            let kind = guardrail.kind.as_str();
            let is_written = match kind {
                // Of those there are many.
                BASELINE => documents.contains(&(BASELINE, guardrail.id.as_str())),
                // Nobody knows which fields are meant.
                ORGANIZATION => false,
                // Of a document of its own kind it is a part.
                _ => guardrail.document.is_none() && kinds.contains(kind),
            };
            let is_excluded = excluded.iter().any(|it| it.guardrail == guardrail.id);
            let is_used = used.contains(guardrail.id.as_str()) || is_written;
            serving(&guardrail.id) && !is_used && !is_excluded
        };
        let (elsewhere, available): (Vec<&Guardrail>, Vec<&Guardrail>) =
            self.catalog.guardrails().filter(is_available).partition(|it| it.kind == OUTSIDE);
        let elsewhere = elsewhere.into_iter().map(|guardrail| Elsewhere {
            guardrail: &guardrail.id,
            because: &guardrail.purpose,
            instead: &guardrail.runbook,
        });
        let states = guardrails.iter().map(|serving| serving.state).collect();
        PracticeCoverage {
            practice,
            state: State::of_all(&states, practice.reach == Reach::Organization),
            available: available.iter().map(|guardrail| guardrail.id.as_str()).collect(),
            elsewhere: elsewhere.collect(),
            excluded,
            guardrails,
        }
    }
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}
