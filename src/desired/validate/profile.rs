//! `GuardrailProfile` documents: each becomes as many policy documents as the profile has guardrails,
//! and everything behind treats those as if a person had written them.
//!
//! What is made keeps the places of what it was made from, so that problems are shown there. A
//! guardrail that leaves the profile for a document of its own, under the same kind and name, is the
//! same guardrail: nothing changes in AWS.

use std::collections::BTreeSet;

use crate::desired::guardrail::{Guardrails, ProfileEntry};
use crate::desired::load::{Document, deserialize};
use crate::desired::model::{DesiredOrg, Exclusion};
use crate::desired::node::{Key, Node, NodeKind};
use crate::desired::problem::{Finding, ProblemCode, Span, did_you_mean, listed, shown};
use crate::desired::raw::{API_VERSION, RawDocument, RawGuardrailProfile};
use crate::desired::validate::{Context, token};
use crate::org::PolicyTypeFacts;

/// The kind of these documents.
pub(crate) const KIND: &str = "GuardrailProfile";

/// What a guardrail takes from the profile's document when it does not say otherwise.
const INHERITED: &[&str] = &["targets", "except", "mode", "suspend", "prune"];

/// The policy documents that the profiles among `documents` stand for.
pub(crate) fn expand(documents: &[Document], ready_made: &dyn Guardrails) -> Vec<Document> {
    let own: BTreeSet<(&str, &str)> = documents
        .iter()
        .filter_map(|document| Some((document.kind.as_str(), document.name()?)))
        .collect();
    let mut expanded: Vec<Document> = Vec::new();
    for document in documents.iter().filter(|it| it.kind == KIND && it.is_sound) {
        let Some(spec) = document.node.get("spec") else { continue };
        let name = spec.get("profile").and_then(Node::as_str).unwrap_or_default();
        let excluded = |id: &str| spec.get("exclude").is_some_and(|list| list.get(id).is_some());
        for entry in ready_made.profile(name).unwrap_or_default() {
            let key = (entry.kind.as_str(), entry.guardrail.as_str());
            if !own.contains(&key) && !excluded(&entry.guardrail) {
                let node = policy(document, spec, &entry);
                expanded.push(Document {
                    kind: entry.kind,
                    file: document.file,
                    node,
                    is_sound: true,
                });
            }
        }
    }
    expanded
}

/// The document of one guardrail.
fn policy(document: &Document, spec: &Node, entry: &ProfileEntry) -> Node {
    let differs = spec.get("guardrails").and_then(|list| list.entry(&entry.guardrail));
    let span = match differs {
        Some((key, _)) => key.span,
        None => spec.get("profile").map_or(spec.span, |profile| profile.span),
    };
    let differs = differs.map(|(_, node)| node);
    let takes_exceptions = PolicyTypeFacts::of_kind(&entry.kind)
        .is_some_and(|facts| facts.name == "SERVICE_CONTROL_POLICY");
    let mut fields = vec![
        ("description", text(span, &format!("{}.", entry.title))),
        ("use", used(span, entry, differs)),
    ];
    for name in INHERITED {
        let of_profile = spec.get(name).filter(|_| *name != "except" || takes_exceptions);
        let value = differs.and_then(|node| node.get(name)).or(of_profile);
        fields.extend(value.map(|node| (*name, node.clone())));
    }
    map(
        span,
        [
            ("apiVersion", text(span, API_VERSION)),
            ("kind", text(span, &entry.kind)),
            ("metadata", metadata(span, document, entry)),
            ("spec", map(span, fields)),
        ],
    )
}

/// The guardrail's name; the profile's annotations, and the practices that the guardrail serves.
fn metadata(span: Span, document: &Document, entry: &ProfileEntry) -> Node {
    const CONTROLS: &str = "palisade/controls";
    let annotations = document.node.find("/metadata/annotations").map(Node::entries);
    let mut annotations: Vec<(Key, Node)> = annotations
        .unwrap_or_default()
        .iter()
        .filter(|(key, _)| key.text != CONTROLS)
        .cloned()
        .collect();
    let controls = Key { text: CONTROLS.to_owned(), span };
    annotations.push((controls, text(span, &entry.practices.join(", "))));
    let annotations = Node { span, kind: NodeKind::Map(annotations) };
    map(span, [("name", text(span, &entry.guardrail)), ("annotations", annotations)])
}

fn used(span: Span, entry: &ProfileEntry, differs: Option<&Node>) -> Node {
    let mut fields = vec![("guardrail", text(span, &entry.guardrail))];
    let with = differs.and_then(|node| node.get("with"));
    fields.extend(with.map(|node| ("with", node.clone())));
    map(span, fields)
}

fn map<'a>(span: Span, fields: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    let entry = |(name, node): (&str, Node)| (Key { text: name.to_owned(), span }, node);
    Node { span, kind: NodeKind::Map(fields.into_iter().map(entry).collect()) }
}

fn text(span: Span, text: &str) -> Node {
    Node { span, kind: NodeKind::String(text.to_owned()) }
}

/// Checks what a profile's document names. What its guardrails are is checked guardrail by guardrail.
pub(crate) fn read(
    document: &Document,
    mut org: Option<&mut DesiredOrg>,
    context: &mut Context<'_>,
) {
    let raw: Option<RawDocument<RawGuardrailProfile>> =
        deserialize(document, context.text(document), context.report);
    let Some(RawDocument { spec, metadata, .. }) = raw else { return };
    let Some(entries) = context.ready_made.profile(&spec.profile) else {
        let names = context.ready_made.profiles();
        let names = || names.iter().map(String::as_str);
        let message = format!("the catalogue has no profile {}", shown(&spec.profile));
        let help = did_you_mean(&spec.profile, names());
        let finding = Finding::new(ProblemCode::UnknownName, message)
            .help(help.unwrap_or_else(|| format!("it has {}", listed(names()))));
        return context.problem(document, "/spec/profile", finding);
    };
    let ids = || entries.iter().map(|entry| entry.guardrail.as_str());
    for (field, id) in spec
        .guardrails
        .keys()
        .map(|id| ("guardrails", id))
        .chain(spec.exclude.keys().map(|id| ("exclude", id)))
    {
        if ids().any(|known| known == id) {
            continue;
        }
        let message = format!("{} is not a policy of the profile `{}`", shown(id), spec.profile);
        let help = did_you_mean(id, ids())
            .unwrap_or_else(|| format!("`palisade catalog show {}` lists what is", spec.profile));
        let finding = Finding::new(ProblemCode::UnknownName, message).help(help);
        context.problem_at_key(document, &format!("/spec/{field}/{}", token(id)), finding);
    }
    for (id, reason) in &spec.exclude {
        let pointer = format!("/spec/exclude/{}", token(id));
        if let Some(org) = &mut org {
            org.exclusions.push(Exclusion {
                document: document.reference(metadata.name.0.clone()),
                guardrail: id.clone(),
                reason: reason.clone(),
                source: context.source(document, &pointer),
            });
        }
        if reason.trim().is_empty() {
            let finding = Finding::new(ProblemCode::InvalidValue, "leaving it out needs a reason");
            context.problem(document, &pointer, finding);
        }
        if spec.guardrails.contains_key(id) {
            let message = format!("{} cannot be left out and differ", shown(id));
            context.problem(document, &pointer, Finding::new(ProblemCode::InvalidValue, message));
        }
    }
}
