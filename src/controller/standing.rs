//! The desired state in force: the last good one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::catalog;
use crate::clock::Clock;
use crate::compile::{Resources, compile};
use crate::controller::revision::revision;
use crate::desired::{self, DesiredOrg};
use crate::org::DocumentRef;
use crate::status::{Problem, ServedPractice, scrub};

/// What is in force, and what is wrong with what the directory holds.
#[derive(Debug, Default)]
pub(in crate::controller) struct Standing {
    good: Option<Good>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

#[derive(Debug)]
struct Good {
    org: DesiredOrg,
    digest: String,
    revision: Option<String>,
}

impl Standing {
    /// Reads the directory. What does not load, or speaks of another organization than before, leaves
    /// in force what is.
    pub(in crate::controller) fn read(
        &mut self,
        directory: &Path,
        revision_given: Option<&str>,
        clock: Clock,
    ) {
        // Asked before the files are read: a commit in between makes the revision too old, and the
        // change of files it brings is read again.
        let revision = revision_given.map(str::to_owned).or_else(|| revision(directory));
        let today = clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let loaded = desired::load(directory, today, catalog::built_in());
        // Where only tests have problems, what is in the directory is in force.
        let (problems, warnings) = (loaded.problems.iter(), loaded.warnings.iter());
        (self.problems, self.warnings) = match loaded.org {
            Some(_) => (Vec::new(), problems.chain(warnings).map(problem).collect()),
            None => (problems.map(problem).collect(), warnings.map(problem).collect()),
        };
        if let Some(org) = loaded.org {
            self.good = Some(Good { org, digest: loaded.digest, revision });
        }
    }

    /// What should be, as of today.
    pub(in crate::controller) fn resources(&self, clock: Clock) -> Option<Resources> {
        let today = clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        self.good.as_ref().map(|good| compile(&good.org, today))
    }

    /// How many desired states are in force: 1 or 0.
    pub(in crate::controller) fn in_force(&self) -> u8 {
        u8::from(self.good.is_some())
    }

    /// The digest of what is in force; empty if nothing is.
    pub(in crate::controller) fn digest(&self) -> String {
        self.good.as_ref().map(|good| good.digest.clone()).unwrap_or_default()
    }

    /// The revision of what is in force.
    pub(in crate::controller) fn revision(&self) -> Option<String> {
        self.good.as_ref().and_then(|good| good.revision.clone())
    }

    /// The practices of the Security Pillar, and the documents in force that serve them.
    pub(in crate::controller) fn practices(&self) -> Vec<ServedPractice> {
        self.good.as_ref().map(|good| served(&good.org)).unwrap_or_default()
    }

    /// What is wrong with what the directory holds.
    pub(in crate::controller) fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }

    /// What somebody should look at.
    pub(in crate::controller) fn warnings(&self) -> Vec<Problem> {
        self.warnings.clone()
    }
}

fn served(org: &DesiredOrg) -> Vec<ServedPractice> {
    let ready_made: BTreeMap<&DocumentRef, &str> = org
        .policies
        .iter()
        .filter_map(|policy| Some((&policy.header.document, policy.guardrail.as_deref()?)))
        .collect();
    let serving: Vec<(&DocumentRef, BTreeSet<String>)> = org
        .headers()
        .map(|header| {
            let id = ready_made.get(&header.document);
            let guardrail = id.and_then(|id| catalog::built_in().find(id));
            (&header.document, catalog::served_by(header, guardrail))
        })
        .collect();
    let practices = catalog::practices().iter().map(|practice| ServedPractice {
        id: practice.id.clone(),
        name: practice.name.clone(),
        is_for_guardrails: practice.reach == catalog::Reach::Organization,
        documents: serving
            .iter()
            .filter(|(_, practices)| practices.contains(&practice.id))
            .map(|(document, _)| (*document).clone())
            .collect(),
    });
    practices.collect()
}

fn problem(problem: &desired::Problem) -> Problem {
    let help = problem.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    let message = scrub(&format!("{}{help}", problem.message));
    Problem { at: problem.source.to_string(), message }
}
