//! What only shows from inside: the schema against the loader, trees, and input made to break them.

mod agreement;
mod hostile;
mod tree;

use jiff::civil::Date;
use serde_json::Value;

use crate::desired::node::{self, Node};
use crate::desired::problem::{ProblemCode, Report, SourceText};
use crate::desired::{Guardrails, ProfileEntry, Refusal, RegionFacts, Site, UnknownName, Wanted};

/// The example documents, one of every form there is.
const DOCUMENTS: &str = include_str!("documents.yaml");

fn text(text: &str) -> SourceText {
    SourceText { name: "acme.yaml".to_owned(), text: text.to_owned() }
}

fn parse(source: &str) -> (Vec<Node>, Report) {
    let mut report = Report::default();
    let nodes = node::parse(&text(source), &mut report);
    (nodes, report)
}

/// A catalogue that holds nothing.
#[derive(Debug)]
struct NoGuardrails;

impl Guardrails for NoGuardrails {
    fn render(&self, wanted: &Wanted<'_>, _: &Site) -> Result<Value, Vec<Refusal>> {
        Err(vec![Refusal {
            pointer: "/guardrail".to_owned(),
            code: ProblemCode::UnknownName,
            message: format!("there is no {}", wanted.guardrail),
            help: None,
        }])
    }

    fn unknown_names(&self, _: &Wanted<'_>) -> Vec<UnknownName> {
        Vec::new()
    }

    fn profiles(&self) -> Vec<String> {
        Vec::new()
    }

    fn profile(&self, _: &str) -> Option<Vec<ProfileEntry>> {
        None
    }

    fn regions(&self) -> RegionFacts {
        RegionFacts {
            version: 1,
            date: Date::MAX,
            global: Vec::new(),
            detective: Vec::new(),
            regions: [].into(),
        }
    }

    fn knows_action(&self, _: &str) -> bool {
        true
    }
}
