//! The policy document itself: where it is written, whether AWS would take it, whether it fits.

use serde_json::{Map, Value};

use crate::desired::files;
use crate::desired::load::Document;
use crate::desired::model::{DesiredOrg, Exceptions, Source};
use crate::desired::node::{self, Node};
use crate::desired::problem::{Finding, ProblemCode, Report, SourceText, shown};
use crate::desired::validate::Context;
use crate::org::PolicyType;
use crate::policy;

const INLINE: &str = "/spec/document";
const IN_FILE: &str = "/spec/documentFile";

/// A policy document and where it is written.
pub(crate) struct Written {
    /// The document.
    pub(crate) value: Value,
    /// Where it begins.
    pub(crate) source: Source,
    /// The file it is in and its tree, if it has a file of its own.
    pub(crate) file: Option<(SourceText, Node)>,
}

/// Reads the policy document that a document holds or names.
pub(crate) fn read(
    document: &Document,
    inline: Option<Map<String, Value>>,
    file: Option<String>,
    context: &mut Context<'_>,
) -> Option<Written> {
    match (inline, file) {
        (Some(inline), _) => Some(Written {
            value: Value::Object(inline),
            source: context.source(document, INLINE),
            file: None,
        }),
        (None, Some(path)) => read_file(document, &path, context),
        (None, None) => None,
    }
}

fn read_file(document: &Document, path: &str, context: &mut Context<'_>) -> Option<Written> {
    let Some(name) = files::relative_to(&context.text(document).name, path) else {
        let message = format!("{} leads out of the desired-state directory", shown(path));
        context.problem(document, IN_FILE, Finding::new(ProblemCode::File, message));
        return None;
    };
    let text = match context.files.read(&name) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("{} {error}", shown(&name));
            context.problem(document, IN_FILE, Finding::new(ProblemCode::File, message));
            return None;
        }
    };
    let value: Value = match serde_json::from_str(&text.text) {
        Ok(value) => value,
        Err(error) => {
            report_json_error(&text, &error, context.report);
            return None;
        }
    };
    let node = read_tree(&text, context.report)?;
    if !value.is_object() {
        let finding = Finding::new(ProblemCode::InvalidPolicy, "a policy must be a JSON object");
        context.report.problem(&text, node.span, finding);
        return None;
    }
    let source = text.source(node.span);
    Some(Written { value, source, file: Some((text, node)) })
}

fn report_json_error(text: &SourceText, error: &serde_json::Error, report: &mut Report) {
    let before: usize =
        text.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let mut offset = (before + error.column().saturating_sub(1)).min(text.text.len());
    while !text.text.is_char_boundary(offset) {
        offset -= 1;
    }
    let finding = Finding::new(ProblemCode::Syntax, format!("not JSON: {message}"));
    report.problem(text, text.span_at(offset), finding);
}

/// The tree of a JSON file, for places and for repeated keys, which the JSON reader lets pass.
fn read_tree(text: &SourceText, report: &mut Report) -> Option<Node> {
    let mut nodes = node::parse(text, report).into_iter();
    nodes.next()
}

/// Checks that AWS would take the document and that it fits with its exceptions in place.
pub(crate) fn check(
    document: &Document,
    written: &Written,
    policy_type: &PolicyType,
    except: &Exceptions,
    org: Option<&DesiredOrg>,
    context: &mut Context<'_>,
) {
    let quota = org.map_or_else(|| policy_type.facts().quota, |org| org.quota(policy_type));
    let compiled = policy::minify(&policy::with_exceptions(&written.value, &except.principals));
    let size = compiled.chars().count();
    if size > quota.characters_max {
        let over = size - quota.characters_max;
        let message = format!(
            "the policy is {over} characters too large: minified and with its exceptions it has \
             {size}, and AWS allows {}",
            quota.characters_max
        );
        let finding = Finding::new(ProblemCode::OverQuota, message)
            .help("shorten it, or split it into two documents");
        report(document, written, "", finding, context);
    }
}

/// Reports a problem where the policy document says what `pointer` names.
fn report(
    document: &Document,
    written: &Written,
    pointer: &str,
    finding: Finding,
    context: &mut Context<'_>,
) {
    match &written.file {
        Some((text, node)) => context.report.problem(text, node.locate(pointer), finding),
        None if pointer.is_empty() => context.problem_at_key(document, INLINE, finding),
        None => context.problem(document, &format!("{INLINE}{pointer}"), finding),
    }
}
