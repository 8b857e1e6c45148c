//! The policies that protect emergency access, which its document brings with it.
//!
//! They are ready-made guardrails like any others, made into policy documents with the places of the document
//! that they were made from, so that everything behind checks them like what a person wrote. What is theirs in
//! AWS carries the mark of the `BreakGlassRole` document, and goes with it.

use crate::desired::guardrail::GovernanceRoles;
use crate::desired::load::Document;
use crate::desired::node::{Key, Node, NodeKind};
use crate::desired::problem::Span;
use crate::desired::raw::API_VERSION;
use crate::desired::validate::names::Names;
use crate::org::DocumentRef;
use crate::policy::WildcardPattern;

/// The kind of the documents that bring policies.
const KIND: &str = "BreakGlassRole";

/// The kind of the policies.
const POLICY: &str = "ServiceControlPolicy";

/// What a policy takes from the document that brings it.
const INHERITED: &[&str] = &["mode", "suspend", "prune"];

/// A policy that a document brings.
pub(super) struct Brought {
    /// The policy's document.
    pub(super) policy: Document,
    /// The document that brings it.
    pub(super) by: DocumentRef,
}

/// The policies that `documents` bring.
pub(super) fn expand(
    documents: &[Document],
    names: &Names,
    roles: &GovernanceRoles,
) -> Vec<Brought> {
    let bringing = documents.iter().filter(|document| document.kind == KIND && document.is_sound);
    bringing.flat_map(|document| policies(document, names, roles)).collect()
}

fn policies(document: &Document, names: &Names, roles: &GovernanceRoles) -> Vec<Brought> {
    let (Some(spec), Some(name)) = (document.node.get("spec"), document.name()) else {
        return Vec::new();
    };
    if matches!(spec.get("protect").map(|node| &node.kind), Some(NodeKind::Bool(false))) {
        return Vec::new();
    }
    let span = document.node.locate_key("/spec/emergencyAccount");
    // No policy binds the management account.
    let binds = |target: &&Node| {
        let account = target.as_str().and_then(|text| text.strip_prefix("account:"));
        let account = account.and_then(|account| names.account(account).ok().flatten());
        !account.is_some_and(|account| names.is_management(&account))
    };
    let targets = spec.get("targets").map(Node::items).unwrap_or_default();
    let targets: Vec<Node> = targets.iter().filter(binds).cloned().collect();
    let extra = with_other_names(span, spec, roles);
    let own = |suffix: &str, title: &str, guardrail: &str, with: Node, targets: Vec<Node>| {
        let name = format!("break-glass-{name}{suffix}");
        let used = map(span, [("guardrail", text(span, guardrail)), ("with", with)]);
        let mut fields = vec![
            ("description", text(span, title)),
            ("use", used),
            ("targets", list(span, targets)),
        ];
        let inherited = INHERITED.iter().filter_map(|field| Some((*field, spec.get(field)?)));
        fields.extend(inherited.map(|(field, node)| (field, node.clone())));
        let node = map(
            span,
            [
                ("apiVersion", text(span, API_VERSION)),
                ("kind", text(span, POLICY)),
                ("metadata", metadata(span, document, &name)),
                ("spec", map(span, fields)),
            ],
        );
        let policy =
            Document { kind: POLICY.to_owned(), file: document.file, node, is_sound: true };
        Brought { policy, by: document.reference(document.name().unwrap_or_default().to_owned()) }
    };
    let mut brought = Vec::new();
    if !targets.is_empty() {
        let title = "Emergency roles can be neither changed nor imitated.";
        brought.push(own("", title, "protect-break-glass-roles", extra, targets));
    }
    let account = spec.get("emergencyAccount").and_then(Node::as_str);
    // One that is not known, or is the management account, is a problem of the document's own.
    let is_member = |account: &&str| {
        let id = names.account(account).ok().flatten();
        id.is_some_and(|id| !names.is_management(&id))
    };
    if let Some(account) = account.filter(is_member) {
        let title = "The emergency account holds what is declared and nothing else.";
        let target = text(span, &format!("account:{account}"));
        let nothing = map(span, []);
        let guardrail = "protect-break-glass-account";
        brought.push(own("-account", title, guardrail, nothing, vec![target]));
    }
    brought
}

/// The policy's own name, and the annotations of the document that brings it.
fn metadata(span: Span, document: &Document, name: &str) -> Node {
    let annotations = document.node.find("/metadata/annotations").cloned();
    let annotations = annotations.map(|node| ("annotations", node));
    map(span, [("name", text(span, name))].into_iter().chain(annotations))
}

/// The roles whose names are not among those that guardrails know anyway.
fn with_other_names(span: Span, spec: &Node, roles: &GovernanceRoles) -> Node {
    let known: Vec<WildcardPattern> =
        roles.break_glass.iter().map(|pattern| WildcardPattern::new(pattern)).collect();
    let declared = spec.get("roles").map(Node::items).unwrap_or_default();
    let names = declared.iter().filter_map(|role| role.get("name").and_then(Node::as_str));
    let others = names.filter(|name| !known.iter().any(|pattern| pattern.matches(name)));
    let others: Vec<Node> = others.map(|name| text(span, name)).collect();
    if others.is_empty() { map(span, []) } else { map(span, [("roles", list(span, others))]) }
}

fn map<'a>(span: Span, fields: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    let entry = |(name, node): (&str, Node)| (Key { text: name.to_owned(), span }, node);
    Node { span, kind: NodeKind::Map(fields.into_iter().map(entry).collect()) }
}

fn list(span: Span, items: Vec<Node>) -> Node {
    Node { span, kind: NodeKind::Seq(items) }
}

fn text(span: Span, text: &str) -> Node {
    Node { span, kind: NodeKind::String(text.to_owned()) }
}
