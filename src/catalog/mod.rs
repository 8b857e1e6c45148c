//! The catalogue: ready-made guardrails as data, each tied to the practices it serves.
//!
//! An entry is a file in `guardrails/`: what it is for, what can be set, the policy document with
//! places for arguments, whom it leaves alone. `argument` reads what a document passes, `template`
//! puts it in place, and what comes out is an ordinary policy document, which `desired` checks like
//! one that a person wrote. Knows nothing of AWS objects and reads no files.
//!
//! Exemptions come from here and not from whoever uses a guardrail: forgetting one locks out the
//! people who could undo it. A resource control policy has none, since a role pattern in it would
//! exempt roles of that name in every account of the world.

mod argument;
mod files;
mod guardrail;
mod practice;
mod profile;
mod template;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::civil::Date;
use serde_json::{Map, Value};

pub use crate::catalog::argument::describe;
pub use crate::catalog::guardrail::{
    Bound, DefaultFrom, Exempt, Format, Guardrail, Parameter, ParameterType, Party, Severity, Tier,
};
pub use crate::catalog::practice::{Practice, Reach, practices, served_by};
pub use crate::catalog::profile::Profile;
use crate::catalog::template::{Argument, Scope};
use crate::desired::{
    GovernanceRoles, Guardrails, ProblemCode, ProfileEntry, Refusal, RegionFacts, Site,
    UnknownName, Wanted,
};
use crate::desired::{did_you_mean, shown};
use crate::policy;
use crate::reference;

/// The edition of the Security Pillar that the entries name practices of.
pub const PILLAR_EDITION: &str = "2023-12-06";

/// Ready-made guardrails.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    guardrails: BTreeMap<String, Guardrail>,
    profiles: Vec<Profile>,
}

/// The catalogue that ships with palisade.
pub fn built_in() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
        // A test reads every file; one that could not be read would be an id nobody knows.
        let read = files::GUARDRAILS.iter().filter_map(|text| serde_yaml::from_str(text).ok());
        let by_id = |guardrail: Guardrail| (guardrail.id.clone(), with_lists(guardrail));
        Catalog { guardrails: read.map(by_id).collect(), profiles: profile::read() }
    });
    &CATALOG
}

/// The guardrail with the lists in place that its defaults come from.
fn with_lists(mut guardrail: Guardrail) -> Guardrail {
    for parameter in guardrail.parameters.values_mut() {
        parameter.default = match parameter.default_from {
            None => continue,
            Some(DefaultFrom::GlobalServices) => {
                Some(reference::global_services().actions().collect())
            }
        };
    }
    guardrail
}

impl Catalog {
    /// Every guardrail, by id.
    pub fn guardrails(&self) -> impl Iterator<Item = &Guardrail> {
        self.guardrails.values()
    }

    /// Every profile, from the least to the most.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The profile with this id.
    pub fn profile(&self, id: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }

    /// The guardrail with this id.
    pub fn find(&self, id: &str) -> Option<&Guardrail> {
        self.guardrails.get(id)
    }

    /// The id that was probably meant, in words.
    pub fn nearest(&self, id: &str) -> Option<String> {
        let profiles = || self.profiles.iter().map(|profile| profile.id.as_str());
        let ids = || self.guardrails.keys().map(String::as_str).chain(profiles());
        let longer = || ids().find(|longer| longer.contains(id) && id.len() > 2);
        did_you_mean(id, ids()).or_else(|| Some(format!("did you mean `{}`?", longer()?)))
    }
}

impl Guardrail {
    /// The policy document for `site` with the arguments `with`, built-in exemptions in place.
    pub fn render(&self, with: &Map<String, Value>, site: &Site) -> Result<Value, Vec<Refusal>> {
        let Some(template) = &self.document else {
            let message = format!("{} is not a policy", shown(&self.id));
            let help = format!("`palisade catalog show {}` says what it is", self.id);
            return Err(vec![refusal(ProblemCode::InvalidValue, message, Some(help))]);
        };
        let mut scope = argument::read(&self.id, &self.parameters, with, site)?;
        let exempt = self.exempt_principals(&site.roles);
        scope.extend(about(site));
        scope.insert("exempt".to_owned(), Argument::List(exempt.clone()));
        let document = template::expand(template, &scope);
        // A template that names the exempt places them itself, since not every statement exempts.
        let places = template.to_string().contains("{{exempt}}");
        Ok(if places { document } else { policy::with_exceptions(&document, &exempt) })
    }

    /// Its tests at `site` with the arguments `with`: without the cases that are about what is not set.
    pub fn tests_for(&self, with: &Map<String, Value>, site: &Site) -> Value {
        let scope = argument::read(&self.id, &self.parameters, with, site).unwrap_or_default();
        template::expand(&self.tests, &scope)
    }

    /// The parameters that must be set.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        let required = self.parameters.iter().filter(|(_, parameter)| parameter.default.is_none());
        required.map(|(name, _)| name.as_str())
    }

    /// The principals that its denies leave alone, as patterns of ARNs.
    pub fn exempt_principals(&self, roles: &GovernanceRoles) -> Vec<String> {
        let arn = |name: &String| format!("arn:*:iam::*:role/{name}");
        self.exempt.iter().flat_map(|exempt| exempt.names(roles)).map(arn).collect()
    }
}

impl Parameter {
    /// What it is at `site` when it is not set; nothing if it must be.
    pub fn default_at(&self, site: &Site) -> Option<Value> {
        let services = self.administrators_of.iter();
        let administrators = services.filter_map(|service| site.administrators.get(service));
        let administrators: BTreeSet<&String> = administrators.collect();
        if administrators.is_empty() {
            return self.default.clone();
        }
        Some(administrators.into_iter().map(String::as_str).collect())
    }
}

impl From<Exempt> for Party {
    fn from(exempt: Exempt) -> Self {
        match exempt {
            Exempt::Palisade => Self::Palisade,
            Exempt::StackSets => Self::StackSets,
            Exempt::ControlTower => Self::ControlTower,
            Exempt::BreakGlass => Self::BreakGlass,
        }
    }
}

impl Exempt {
    fn names(self, roles: &GovernanceRoles) -> &[String] {
        match self {
            Self::Palisade => &roles.palisade,
            Self::StackSets => &roles.stack_sets,
            Self::ControlTower => &roles.control_tower,
            Self::BreakGlass => &roles.break_glass,
        }
    }
}

impl Guardrails for Catalog {
    fn render(&self, wanted: &Wanted<'_>, site: &Site) -> Result<Value, Vec<Refusal>> {
        let Some(guardrail) = self.find(wanted.guardrail) else {
            let message = format!("the catalogue has no guardrail {}", shown(wanted.guardrail));
            let list = || "`palisade catalog list` shows them all".to_owned();
            let help = self.nearest(wanted.guardrail).unwrap_or_else(list);
            return Err(vec![refusal(ProblemCode::UnknownName, message, Some(help))]);
        };
        // What is no policy is used in no kind of document.
        if guardrail.kind != wanted.kind && guardrail.document.is_some() {
            let message = format!("{} is a {}", shown(wanted.guardrail), guardrail.kind);
            let help = format!("write `kind: {}`", guardrail.kind);
            return Err(vec![refusal(ProblemCode::InvalidValue, message, Some(help))]);
        }
        guardrail.render(wanted.with, site)
    }

    fn unknown_names(&self, wanted: &Wanted<'_>) -> Vec<UnknownName> {
        let found = self.find(wanted.guardrail);
        found.map_or_else(Vec::new, |it| {
            argument::unknown_names(&it.parameters, wanted.with, "/with")
        })
    }

    fn profiles(&self) -> Vec<String> {
        self.profiles.iter().map(|profile| profile.id.clone()).collect()
    }

    fn profile(&self, name: &str) -> Option<Vec<ProfileEntry>> {
        let listed = self.profile(name)?.guardrails.iter();
        let policies = listed.filter_map(|id| self.find(id)).filter(|it| it.document.is_some());
        Some(
            policies
                .map(|guardrail| ProfileEntry {
                    guardrail: guardrail.id.clone(),
                    kind: guardrail.kind.clone(),
                    title: guardrail.title.clone(),
                    practices: guardrail.practices.clone(),
                })
                .collect(),
        )
    }

    fn regions(&self) -> RegionFacts {
        let list = reference::global_services();
        let regions = reference::regions().iter();
        RegionFacts {
            version: list.version,
            // A test reads the date; one that could not be read would be as old as can be.
            date: list.date.parse().unwrap_or(Date::MIN),
            global: list.global.clone(),
            detective: list.detective.clone(),
            regions: regions.map(|region| (region.name.clone(), region.is_opt_in)).collect(),
        }
    }

    fn knows_action(&self, pattern: &str) -> bool {
        !reference::expand(pattern).is_empty()
    }
}

fn refusal(code: ProblemCode, message: String, help: Option<String>) -> Refusal {
    Refusal { pointer: "/guardrail".to_owned(), code, message, help }
}

/// What every template can name.
fn about(site: &Site) -> Scope {
    let text = |name: &str, text: &String| (name.to_owned(), Argument::Text(text.clone()));
    let list = |name: &str, list: &[String]| (name.to_owned(), Argument::List(list.to_vec()));
    [
        text("organization.id", &site.organization_id),
        text("organization.managementAccount", &site.management_account),
        list("roles.palisade", &site.roles.palisade),
        list("roles.stackSets", &site.roles.stack_sets),
        list("roles.controlTower", &site.roles.control_tower),
        list("roles.breakGlass", &site.roles.break_glass),
    ]
    .into()
}
