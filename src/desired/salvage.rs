//! What is left of a document whose form is wrong in places: enough to check the rest in the same run.
//!
//! The document is not used, whatever is left of it: desired state with a problem has no value. It is only
//! read on, so that a person sees all problems at once and not one layer after the other.

use std::collections::BTreeSet;

use crate::desired::check;
use crate::desired::node::{Node, NodeKind};
use crate::desired::problem::{Finding, ProblemCode, Span};

/// The document without its faulty parts, or nothing if the rest has no form either.
pub(crate) fn salvage(kind: &str, node: &Node, findings: &[(Span, Finding)]) -> Option<Node> {
    // Names that are declared in a faulty part would all be called unknown elsewhere.
    let declares_names = kind == "Organization";
    let is_harmless = |finding: &Finding| match finding.code {
        ProblemCode::UnknownField | ProblemCode::Unsupported => true,
        ProblemCode::File
        | ProblemCode::Syntax
        | ProblemCode::DuplicateKey
        | ProblemCode::MissingField
        | ProblemCode::WrongType
        | ProblemCode::InvalidValue
        | ProblemCode::DuplicateName
        | ProblemCode::UnknownName
        | ProblemCode::WrongCount
        | ProblemCode::InvalidPolicy
        | ProblemCode::OverQuota
        | ProblemCode::Suspension
        | ProblemCode::Lockout
        | ProblemCode::Lint(_) => !declares_names,
    };
    if !findings.iter().all(|(_, finding)| is_harmless(finding)) {
        return None;
    }
    let (mut keys, mut values) = (BTreeSet::new(), BTreeSet::new());
    for (span, finding) in findings {
        // The key of a field, or of the mapping that lacks one; everything else points at a value.
        let faulty = match finding.code {
            ProblemCode::UnknownField | ProblemCode::Unsupported | ProblemCode::MissingField => {
                &mut keys
            }
            ProblemCode::File
            | ProblemCode::Syntax
            | ProblemCode::DuplicateKey
            | ProblemCode::WrongType
            | ProblemCode::InvalidValue
            | ProblemCode::DuplicateName
            | ProblemCode::UnknownName
            | ProblemCode::WrongCount
            | ProblemCode::InvalidPolicy
            | ProblemCode::OverQuota
            | ProblemCode::Suspension
            | ProblemCode::Lockout
            | ProblemCode::Lint(_) => &mut values,
        };
        faulty.insert(span.offset);
    }
    let rest = without(node, &keys, &values);
    check::check(&rest).is_empty().then_some(rest)
}

/// The node without the entries whose keys, and the values that, start where something is faulty.
fn without(node: &Node, keys: &BTreeSet<usize>, values: &BTreeSet<usize>) -> Node {
    let is_sound = |node: &&Node| !values.contains(&node.span.offset);
    let kind = match &node.kind {
        NodeKind::Map(entries) => {
            let sound = entries
                .iter()
                .filter(|(key, value)| !keys.contains(&key.span.offset) && is_sound(&value));
            let rest = sound.map(|(key, value)| (key.clone(), without(value, keys, values)));
            NodeKind::Map(rest.collect())
        }
        NodeKind::Seq(items) => {
            let rest = items.iter().filter(is_sound).map(|item| without(item, keys, values));
            NodeKind::Seq(rest.collect())
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(..) | NodeKind::String(_) => {
            node.kind.clone()
        }
    };
    Node { span: node.span, kind }
}
