//! Alternate contacts are private: no problem shows the line they are in, or repeats what they say.

use std::collections::BTreeSet;

use crate::desired::load::Document;
use crate::desired::node::Node;
use crate::desired::problem::{Finding, Problem, ProblemCode, SourceText, Span};

/// The field of an `Organization` document that holds what is private.
const FIELD: &str = "alternateContacts";

/// The private values of a document.
fn values(node: &Node) -> Vec<Span> {
    let mut spans = Vec::new();
    if let Some(contacts) = node.find("/spec").and_then(|spec| spec.get(FIELD)) {
        collect(contacts, &mut spans);
    }
    spans
}

fn collect(node: &Node, spans: &mut Vec<Span>) {
    let below = node.entries().iter().map(|(_, value)| value).chain(node.items());
    let before = spans.len();
    for value in below {
        collect(value, spans);
    }
    if spans.len() == before {
        spans.push(node.span);
    }
}

/// The findings about the form of a document, without the private values that they repeat.
pub(crate) fn discreet(node: &Node, findings: Vec<(Span, Finding)>) -> Vec<(Span, Finding)> {
    let private = values(node);
    let is_private = |span: Span| private.iter().any(|value| value.offset == span.offset);
    let told = |(span, finding): (Span, Finding)| {
        if !is_private(span) || finding.code == ProblemCode::MissingField {
            return (span, finding);
        }
        let message =
            "the value is not of the form that is wanted here; it is private and not repeated";
        let help = "a mapping with `name`, `title`, `emailAddress` and `phoneNumber`, each a text in quotes";
        (span, Finding::new(finding.code, message).help(help))
    };
    findings.into_iter().map(told).collect()
}

/// Takes the source line from every problem that would show something private. A file that is no YAML is not
/// understood, so that all of its lines may be.
pub(crate) fn cover(problems: &mut [Problem], documents: &[Document], texts: &[SourceText]) {
    let mut private: BTreeSet<(&str, usize)> = BTreeSet::new();
    for document in documents {
        let lines = values(&document.node).into_iter().map(|span| span.line);
        private.extend(lines.map(|line| (texts[document.file].name.as_str(), line)));
    }
    let holds_contacts =
        |name: &str| texts.iter().any(|text| text.name == name && text.text.contains(FIELD));
    for problem in problems {
        let is_unread = problem.code == ProblemCode::Syntax && holds_contacts(&problem.source.file);
        if is_unread || private.contains(&(problem.source.file.as_str(), problem.source.line)) {
            problem.source_line = String::new();
        }
    }
}
