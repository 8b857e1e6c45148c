//! Findings of the policy document as warnings, less those that the document silences by name.

use std::str::FromStr;

use strum::IntoEnumIterator;

use crate::desired::load::Document;
use crate::desired::model::Exceptions;
use crate::desired::node::Node;
use crate::desired::problem::{
    Finding, ProblemCode, Severity, did_you_mean, did_you_mean_action, shown,
};
use crate::desired::validate::Context;
use crate::desired::validate::content::{Written, report};
use crate::lint;
use crate::lint::{Lint, LintCode};
use crate::policy::Grammar;
use crate::reference;

/// The annotation that silences findings: codes, or `code:Sid` for one statement only.
pub(crate) const IGNORE_ANNOTATION: &str = "palisade/lint-ignore";

const IGNORE_POINTER: &str = "/metadata/annotations/palisade~1lint-ignore";

/// From this share of the quota on there is little room for another exception.
const NEAR_QUOTA_PERCENT: usize = 90;

/// What silences findings: a text of an annotation, by its file, its place and itself.
pub(crate) type Silence = (usize, usize, String);

/// Warns of what is found in a policy document that AWS would take.
pub(crate) fn check(
    document: &Document,
    written: &Written,
    grammar: Grammar,
    except: &Exceptions,
    (size, size_max): (usize, usize),
    context: &mut Context<'_>,
) {
    let mut found = lint::lint(grammar, &written.value, &except.principals);
    found.extend(near_quota(size, size_max));
    for lint in found {
        if is_silenced(document, lint.code, lint.sid.as_deref(), context) {
            continue;
        }
        let finding = Finding::new(ProblemCode::Lint(lint.code), lint.message).help(lint.help);
        report(document, written, Severity::Warning, &lint.pointer, finding, context);
    }
}

/// Warns of a finding outside of policies, unless the document silences its kind.
pub(crate) fn warn(
    document: &Document,
    pointer: &str,
    code: LintCode,
    message: &str,
    help: Option<String>,
    context: &mut Context<'_>,
) {
    if !is_silenced(document, code, None, context) {
        let finding = Finding { code: ProblemCode::Lint(code), message: message.to_owned(), help };
        context.warning(document, pointer, finding);
    }
}

/// Warns of a call's action that AWS does not have: whatever is said of such a call says nothing of a real one.
pub(crate) fn check_action(
    document: &Document,
    pointer: &str,
    action: &str,
    context: &mut Context<'_>,
) {
    if reference::action(action).is_some() {
        return;
    }
    let (prefix, name) = action.split_once(':').unwrap_or((action, ""));
    let (code, message) = if reference::service(prefix).is_some() {
        (LintCode::UnknownAction, format!("{} has no action {}", shown(prefix), shown(name)))
    } else {
        (LintCode::UnknownService, format!("no service has the prefix {}", shown(prefix)))
    };
    let message = format!("{message} as of {}", reference::date());
    warn(document, pointer, code, &message, did_you_mean_action(action), context);
}

/// Warns of what silences nothing, once everything was looked for. Where there are errors not everything was.
pub(crate) fn check_silences(documents: &[Document], context: &mut Context<'_>) {
    for document in documents.iter().filter(|document| document.is_sound) {
        for text in texts(document) {
            if parsed(text).is_none() {
                warn_of_unknown_code(document, text, context);
            } else if context.report.problems.is_empty()
                && !context.silenced.contains(&silence(document, text))
            {
                let message = format!("{} silences nothing", shown(text));
                let finding = Finding::new(ProblemCode::InvalidValue, message).help("take it out");
                context.warning(document, IGNORE_POINTER, finding);
            }
        }
    }
}

/// Does the document silence findings of this kind, in this statement or in all of them?
fn is_silenced(
    document: &Document,
    code: LintCode,
    sid: Option<&str>,
    context: &mut Context<'_>,
) -> bool {
    let covers =
        |(found, of): (LintCode, Option<&str>)| found == code && (of.is_none() || of == sid);
    let mut texts = texts(document).filter(|text| parsed(text).is_some_and(covers));
    let found = texts.next().map(|text| silence(document, text));
    context.silenced.extend(found.clone());
    found.is_some()
}

fn silence(document: &Document, text: &str) -> Silence {
    (document.file, document.node.locate(IGNORE_POINTER).offset, text.to_owned())
}

fn near_quota(size: usize, size_max: usize) -> Option<Lint> {
    let is_near = size <= size_max && size * 100 > size_max * NEAR_QUOTA_PERCENT;
    is_near.then(|| Lint {
        pointer: String::new(),
        code: LintCode::NearQuota,
        message: format!(
            "minified and with its exceptions the policy has {size} of {size_max} characters"
        ),
        help: "split it into two documents before the next exception does not fit".to_owned(),
        sid: None,
    })
}

/// What the annotation of a document names.
fn texts(document: &Document) -> impl Iterator<Item = &str> {
    let text = document.node.find(IGNORE_POINTER).and_then(Node::as_str).unwrap_or_default();
    text.split([',', ' ']).filter(|text| !text.is_empty())
}

/// A code, and the statement that it is about.
fn parsed(text: &str) -> Option<(LintCode, Option<&str>)> {
    let (name, sid) = match text.split_once(':') {
        Some((name, sid)) => (name, Some(sid)),
        None => (text, None),
    };
    Some((LintCode::from_str(name).ok()?, sid))
}

fn warn_of_unknown_code(document: &Document, text: &str, context: &mut Context<'_>) {
    let name = text.split_once(':').map_or(text, |(name, _)| name);
    let names: Vec<&str> = LintCode::iter().map(Into::into).collect();
    let message = format!("{} is no code of a finding", shown(name));
    let all = "`palisade validate --help` lists them".to_owned();
    let help = did_you_mean(name, names).unwrap_or(all);
    let finding = Finding::new(ProblemCode::UnknownName, message).help(help);
    context.warning(document, IGNORE_POINTER, finding);
}
