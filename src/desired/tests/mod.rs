//! What only shows from inside: the schema against the loader, trees, and input made to break them.

mod agreement;
mod hostile;
mod tree;

use crate::desired::node::{self, Node};
use crate::desired::problem::{Report, SourceText};

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
