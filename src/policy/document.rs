//! A policy document read once, in the form that deciding needs.

use serde_json::Value;

use crate::policy::arn::{ArnText, ArnValues, resource_template};
use crate::policy::canonical::{
    condition_entries, condition_value, items, statements_of, version_of,
};
use crate::policy::check::VERSION;
use crate::policy::condition::Clause;
use crate::policy::name::Name;
use crate::policy::operator::Operator;
use crate::policy::overlap::overlap;
use crate::policy::pattern::{Glob, wildcards};
use crate::policy::problem::{PolicyProblem, child};
use crate::policy::request::Request;
use crate::policy::truth::{Doubt, Gap, Gaps, Truth};

/// A document of SCPs or RCPs, ready to decide requests. Reading costs more than deciding, so one
/// is made per policy and shared by everything it is attached to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    pub(crate) denies: Vec<Statement>,
    pub(crate) allows: Vec<Statement>,
}

/// A statement of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    /// Its place in the document, from 0.
    pub(crate) index: usize,
    pub(crate) sid: Option<String>,
    actions: Actions,
    resources: Resources,
    clauses: Vec<Clause>,
}

/// `Action` or `NotAction`, by service.
#[derive(Debug, Clone, PartialEq)]
struct Actions {
    is_negated: bool,
    has_all: bool,
    /// Sorted by service.
    services: Vec<(Name, Names)>,
}

/// The names of one service's actions.
#[derive(Debug, Clone, PartialEq, Default)]
struct Names {
    has_all: bool,
    /// Sorted.
    exact: Vec<Name>,
    patterns: Vec<Glob>,
}

/// `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq)]
struct Resources {
    is_negated: bool,
    has_all: bool,
    patterns: ArnValues,
    /// As written, for requests whose resource is a pattern itself.
    texts: Box<[Box<str>]>,
    has_variables: bool,
}

impl Document {
    /// Reads a document that AWS holds or would take. What AWS attaches itself, such as
    /// `RCPFullAWSAccess`, is read although [`check`](crate::policy::check) would not let a user
    /// write it; what cannot be decided for certain, such as an unknown operator, is a problem.
    pub fn read(document: &Value) -> Result<Self, Vec<PolicyProblem>> {
        let mut read = Self { denies: Vec::new(), allows: Vec::new() };
        let mut reader =
            Reader { has_variables: version_of(document) == VERSION, problems: Vec::new() };
        if document.get("Statement").is_none() {
            reader.problem("", "`Statement` is missing");
        }
        for (index, statement) in statements_of(document).into_iter().enumerate() {
            let is_list = document.get("Statement").is_some_and(Value::is_array);
            let pointer =
                if is_list { format!("/Statement/{index}") } else { "/Statement".to_owned() };
            let effect = statement.get("Effect").and_then(Value::as_str);
            let statement = reader.statement(&pointer, index, statement);
            match effect {
                Some("Deny") => read.denies.push(statement),
                Some("Allow") => read.allows.push(statement),
                Some(_) | None => {
                    reader.problem(&pointer, "`Effect` must be \"Allow\" or \"Deny\"");
                }
            }
        }
        if reader.problems.is_empty() { Ok(read) } else { Err(reader.problems) }
    }

    /// Does any statement deny?
    pub fn has_denies(&self) -> bool {
        !self.denies.is_empty()
    }

    /// What is left of the document without its denies: whether a level would still allow something.
    #[must_use]
    pub fn allows_only(&self) -> Self {
        Self { denies: Vec::new(), allows: self.allows.clone() }
    }
}

/// Why a statement does not apply: the first part of it that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// It is about other actions.
    Action,
    /// It is about other resources.
    Resource,
    /// One of its conditions does not hold.
    Condition {
        /// The operator.
        operator: Operator,
        /// The key, as the policy spells it.
        key: String,
    },
}

impl Statement {
    /// Why the statement does not apply to the request; nothing if it does, or may.
    pub(crate) fn mismatch(
        &self,
        request: &Request,
        resource: Option<&ArnText<'_>>,
    ) -> Option<Mismatch> {
        let mut gaps = Gaps::default();
        if !self.actions.hold(&request.service, &request.name) {
            return Some(Mismatch::Action);
        }
        if self.resources.hold(request, resource, &mut gaps) == Truth::False {
            return Some(Mismatch::Resource);
        }
        let mut clauses = self.clauses.iter();
        let clause = clauses.find(|one| one.holds(&request.context, &mut gaps) == Truth::False)?;
        Some(Mismatch::Condition { operator: clause.operator(), key: clause.key().to_owned() })
    }

    /// Does the statement apply to the request?
    pub(crate) fn applies<'p>(
        &'p self,
        request: &Request,
        resource: Option<&ArnText<'_>>,
        gaps: &mut Gaps<'p>,
    ) -> Truth {
        if !self.actions.hold(&request.service, &request.name) {
            return Truth::False;
        }
        gaps.of(|gaps| {
            let mut truth = self.resources.hold(request, resource, gaps);
            for clause in &self.clauses {
                if truth == Truth::False {
                    break;
                }
                truth = truth.min(gaps.of(|gaps| clause.holds(&request.context, gaps)));
            }
            truth
        })
    }
}

impl Actions {
    fn hold(&self, service: &Name, name: &Name) -> bool {
        let is_listed = self.has_all
            || self
                .services
                .binary_search_by(|(known, _)| known.cmp(service))
                .is_ok_and(|at| self.services[at].1.hold(name));
        is_listed != self.is_negated
    }
}

impl Names {
    fn hold(&self, name: &Name) -> bool {
        self.has_all
            || self.exact.binary_search(name).is_ok()
            || self.patterns.iter().any(|pattern| pattern.matches(name.as_str()))
    }
}

impl Resources {
    fn hold<'p>(
        &'p self,
        request: &Request,
        resource: Option<&ArnText<'_>>,
        gaps: &mut Gaps<'p>,
    ) -> Truth {
        if self.has_all {
            return (!self.is_negated).into();
        }
        let Some(resource) = resource else { return gaps.note(Gap::Resource) };
        let doubt = self.is_negated.then_some(Doubt::UnresolvedNotResource);
        let listed = if request.is_resource_pattern {
            let patterns =
                self.texts.iter().map(|text| resource_template(text, self.has_variables));
            overlap(patterns, resource, &request.context, gaps, doubt)
        } else {
            self.patterns.any_matches(resource, &request.context, gaps, doubt)
        };
        if self.is_negated { listed.negated() } else { listed }
    }
}

struct Reader {
    has_variables: bool,
    problems: Vec<PolicyProblem>,
}

impl Reader {
    fn problem(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.push(PolicyProblem::at(pointer, message));
    }

    fn statement(&mut self, pointer: &str, index: usize, statement: &Value) -> Statement {
        let (is_except, actions) = self.one_of(pointer, statement, "Action", "NotAction");
        let actions = self.actions(pointer, is_except, &actions);
        let (is_except, resources) = self.one_of(pointer, statement, "Resource", "NotResource");
        let resources = self.resources(is_except, &resources);
        self.principal(pointer, statement);
        let sid = statement.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty());
        Statement {
            index,
            sid: sid.map(str::to_owned),
            actions,
            resources,
            clauses: self.clauses(pointer, statement),
        }
    }

    /// The strings at `one`, or at `other` with `true`.
    fn one_of(
        &mut self,
        pointer: &str,
        statement: &Value,
        one: &str,
        other: &str,
    ) -> (bool, Vec<String>) {
        let (key, value) = match (statement.get(one), statement.get(other)) {
            (Some(value), None) => (one, value),
            (None, Some(value)) => (other, value),
            (Some(_), Some(_)) | (None, None) => {
                self.problem(pointer, format!("a statement has one of `{one}` and `{other}`"));
                return (false, Vec::new());
            }
        };
        let strings = items(value).iter().map(|item| item.as_str().map(str::to_owned));
        let strings: Option<Vec<String>> = strings.collect();
        if strings.is_none() {
            self.problem(&child(pointer, key), format!("`{key}` must hold strings"));
        }
        (key == other, strings.unwrap_or_default())
    }

    fn actions(&mut self, pointer: &str, is_negated: bool, patterns: &[String]) -> Actions {
        let mut actions = Actions { is_negated, has_all: false, services: Vec::new() };
        for pattern in patterns {
            let pattern = pattern.to_ascii_lowercase();
            if pattern == "*" {
                actions.has_all = true;
                continue;
            }
            match pattern.split_once(':') {
                Some((service, name)) if !service.contains(['*', '?']) => {
                    actions.names_of(service).add(name);
                }
                Some(_) | None => {
                    let message = format!("the action `{pattern}` must be `service:name` or `*`");
                    self.problem(pointer, message);
                }
            }
        }
        for (_, names) in &mut actions.services {
            names.exact.sort_unstable();
        }
        actions
    }

    fn resources(&self, is_negated: bool, patterns: &[String]) -> Resources {
        Resources {
            is_negated,
            has_all: patterns.iter().any(|pattern| pattern == "*"),
            patterns: ArnValues::new(
                patterns.iter().map(|pattern| resource_template(pattern, self.has_variables)),
            ),
            texts: patterns.iter().map(|pattern| pattern.as_str().into()).collect(),
            has_variables: self.has_variables,
        }
    }

    fn principal(&mut self, pointer: &str, statement: &Value) {
        let is_everyone = match statement.get("Principal") {
            None => true,
            Some(principal) => {
                principal == "*" || principal.get("AWS").is_some_and(|aws| aws == "*")
            }
        };
        if !is_everyone || statement.get("NotPrincipal").is_some() {
            self.problem(pointer, "only the principal \"*\" is understood");
        }
    }

    fn clauses(&mut self, pointer: &str, statement: &Value) -> Vec<Clause> {
        let Some(condition) = statement.get("Condition") else { return Vec::new() };
        let pointer = child(pointer, "Condition");
        let Some(entries) = condition_entries(condition) else {
            self.problem(&pointer, "a condition is `{operator: {key: values}}`");
            return Vec::new();
        };
        let mut clauses = Vec::new();
        for entry in entries {
            let Some(operator) = Operator::parse(entry.operator) else {
                let message = format!("unknown condition operator `{}`", entry.operator);
                self.problem(&child(&pointer, entry.operator), message);
                continue;
            };
            let values: Vec<String> = items(entry.values)
                .iter()
                .map(|value| condition_value(entry.operator, value))
                .collect();
            clauses.push(Clause::new(operator, entry.key, &values, self.has_variables));
        }
        clauses
    }
}

impl Actions {
    fn names_of(&mut self, service: &str) -> &mut Names {
        let service = Name::new(service);
        let found = self.services.binary_search_by(|(known, _)| known.cmp(&service));
        let at = found.unwrap_or_else(|at| {
            self.services.insert(at, (service, Names::default()));
            at
        });
        &mut self.services[at].1
    }
}

impl Names {
    fn add(&mut self, name: &str) {
        if name == "*" {
            self.has_all = true;
        } else if name.contains(['*', '?']) {
            self.patterns.push(Glob::new(&wildcards(name).collect::<Vec<_>>()));
        } else {
            self.exact.push(Name::new(name));
        }
    }
}
