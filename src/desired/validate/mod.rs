//! What the documents mean together: names, numbers, dates, sizes. Every problem, not the first.
//!
//! Names are taken from the trees and not from checked documents, so that a mistake in one account
//! does not make every target unknown.

pub(crate) mod baseline;
pub(crate) mod break_glass;
mod break_glass_policies;
mod break_glass_ways;
mod contacts;
mod content;
pub(crate) mod guardrail_test;
mod header;
mod inheritance;
mod lint;
pub(crate) mod logging_trail;
mod must_work;
mod names;
mod organization;
mod policy;
pub(crate) mod profile;
mod protection;
pub(crate) mod regions;
mod slots;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::desired::files::Files;
use crate::desired::guardrail::{Guardrails, Site};
use crate::desired::kinds::{KINDS, ORGANIZATION};
use crate::desired::load::Document;
use crate::desired::model::DesiredOrg;
use crate::desired::problem::{Finding, Problem, ProblemCode, Report, SourceText, Span, shown};
use crate::desired::validate::names::Names;
use crate::org::DocumentRef;

/// What every check needs.
pub(crate) struct Context<'a> {
    /// Names of accounts and OUs.
    pub(crate) names: Names,
    /// The guardrails there are, by kind and name.
    pub(crate) guardrails: Vec<DocumentRef>,
    /// The files the documents are in.
    pub(crate) texts: &'a [SourceText],
    /// The directory, for `documentFile`.
    pub(crate) files: &'a mut Files,
    /// Today, in UTC.
    pub(crate) today: Date,
    /// The ready-made guardrails.
    pub(crate) ready_made: &'a dyn Guardrails,
    /// What they may ask of the organization.
    pub(crate) site: Site,
    /// What has been found.
    pub(crate) report: &'a mut Report,
    /// What silenced a finding.
    pub(crate) silenced: BTreeSet<lint::Silence>,
}

/// Checks what documents mean; gives desired state when it can be put together.
pub(crate) fn validate(
    documents: &[Document],
    texts: &[SourceText],
    files: &mut Files,
    (today, ready_made): (Date, &dyn Guardrails),
    report: &mut Report,
) -> Option<DesiredOrg> {
    let is_organization = |document: &&Document| document.kind == ORGANIZATION;
    let organizations: Vec<&Document> = documents.iter().filter(is_organization).collect();
    let first = organizations.first().map(|document| &document.node);
    let (names, site) = (Names::read(first), Site::read(first));
    let expanded = profile::expand(documents, ready_made);
    let guardrails = documents.iter().chain(&expanded).filter_map(guardrail).collect();
    let silenced = BTreeSet::new();
    let mut context =
        Context { names, guardrails, texts, files, today, ready_made, site, report, silenced };
    check_unique_names(documents, &mut context);
    check_one_organization(documents, &organizations, &mut context);
    let organization = organizations.first().filter(|document| document.is_sound);
    let mut org = organization.and_then(|document| organization::read(document, &mut context));
    if let Some(org) = &org {
        context.site.roles = org.roles.clone();
    }
    let mut policies = Vec::new();
    let mut others = Vec::new();
    for document in documents.iter().chain(&expanded).filter(|document| document.is_sound) {
        match KINDS.iter().position(|kind| kind.name == document.kind) {
            Some(place) => {
                if document.kind == logging_trail::KIND {
                    policies.extend(protection::policies(document, org.as_ref(), &mut context));
                }
                if document.kind == regions::KIND {
                    policies.extend(regions::policy(document, org.as_ref(), &mut context));
                }
                others.push((place, document));
            }
            None if document.kind == ORGANIZATION => {}
            None => policies.extend(policy::read(document, org.as_ref(), &mut context)),
        }
    }
    let brought = break_glass_policies::expand(documents, &context.names, &context.site.roles);
    for brought in &brought {
        let read = policy::read(&brought.policy, org.as_ref(), &mut context);
        policies.extend(read.map(|mut read| {
            read.desired.header.document = brought.by.clone();
            read
        }));
    }
    policy::check_unique_aws_names(&policies, &mut context);
    if let Some(org) = &mut org {
        slots::check(&policies, org, &mut context);
        inheritance::check(&policies, org, &mut context);
        org.policies = policies.into_iter().map(|policy| policy.desired).collect();
        org.policies.sort_by(|one, other| one.header.document.cmp(&other.header.document));
    }
    others.sort_by_key(|(place, document)| (*place, document.name()));
    for (place, document) in others {
        (KINDS[place].read)(document, org.as_mut(), &mut context);
    }
    lint::check_silences(documents, &mut context);
    org
}

fn guardrail(document: &Document) -> Option<DocumentRef> {
    let is_guardrail =
        ![ORGANIZATION, guardrail_test::KIND, profile::KIND].contains(&document.kind.as_str());
    let name = document.name().filter(|_| is_guardrail)?;
    Some(document.reference(name.to_owned()))
}

fn check_one_organization(
    documents: &[Document],
    organizations: &[&Document],
    context: &mut Context<'_>,
) {
    if let [first, others @ ..] = organizations {
        let first = context.source(first, "/kind");
        for other in others {
            let finding = Finding::new(ProblemCode::WrongCount, "a second `Organization` document")
                .help(format!("there must be exactly one; the first is at {first}"));
            context.problem_at_key(other, "/kind", finding);
        }
    } else if !documents.is_empty() {
        let finding = Finding::new(ProblemCode::WrongCount, "no `Organization` document found")
            .help("write one document of `kind: Organization`");
        let mut problem = Problem::of_file(".", finding.message);
        problem.code = finding.code;
        problem.help = finding.help;
        context.report.problems.push(problem);
    }
}

fn check_unique_names(documents: &[Document], context: &mut Context<'_>) {
    let mut seen: BTreeMap<(&str, &str), &Document> = BTreeMap::new();
    for document in documents {
        let name = document.name();
        let Some(name) = name.filter(|_| document.kind != ORGANIZATION) else { continue };
        let key = (document.kind.as_str(), name);
        let Some(first) = seen.get(&key) else {
            seen.insert(key, document);
            continue;
        };
        let message = format!("there is another {} called {}", document.kind, shown(name));
        let finding = Finding::new(ProblemCode::DuplicateName, message)
            .help(format!("the first is at {}", context.source(first, "/metadata/name")));
        context.problem(document, "/metadata/name", finding);
    }
}

// === impl Context ===

impl<'a> Context<'a> {
    /// The file a document is in.
    pub(crate) fn text(&self, document: &Document) -> &'a SourceText {
        &self.texts[document.file]
    }

    /// Where a document says what `pointer` names.
    pub(crate) fn source(
        &self,
        document: &Document,
        pointer: &str,
    ) -> crate::desired::model::Source {
        self.text(document).source(document.node.locate(pointer))
    }

    /// Reports a problem with the value that `pointer` names.
    pub(crate) fn problem(&mut self, document: &Document, pointer: &str, finding: Finding) {
        self.problem_at(document, document.node.locate(pointer), finding);
    }

    /// Reports a problem with the key that `pointer` ends with.
    pub(crate) fn problem_at_key(&mut self, document: &Document, pointer: &str, finding: Finding) {
        self.problem_at(document, document.node.locate_key(pointer), finding);
    }

    /// Reports a problem at a place of a document's file.
    pub(crate) fn problem_at(&mut self, document: &Document, span: Span, finding: Finding) {
        let text = self.text(document);
        self.report.problem_in(&document.kind, text, span, finding);
    }

    /// Reports a warning about the value that `pointer` names.
    pub(crate) fn warning(&mut self, document: &Document, pointer: &str, finding: Finding) {
        let text = self.text(document);
        self.report.warning(text, document.node.locate(pointer), finding);
    }
}

/// A name as a token of a JSON pointer.
pub(crate) fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
