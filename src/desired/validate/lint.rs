//! Findings of the policy document as warnings, less those that the document silences by name.

use std::str::FromStr;

use strum::IntoEnumIterator;

use crate::desired::load::Document;
use crate::desired::model::Exceptions;
use crate::desired::node::Node;
use crate::desired::problem::{Finding, ProblemCode, Severity, did_you_mean, shown};
use crate::desired::validate::Context;
use crate::desired::validate::content::{Written, report};
use crate::lint;
use crate::lint::{Lint, LintCode};
use crate::policy::Grammar;

/// The annotation that silences findings: codes, or `code:Sid` for one statement only.
pub(crate) const IGNORE_ANNOTATION: &str = "palisade/lint-ignore";

const IGNORE_POINTER: &str = "/metadata/annotations/palisade~1lint-ignore";

/// From this share of the quota on there is little room for another exception.
const NEAR_QUOTA_PERCENT: usize = 90;

/// A finding that the document silences.
struct Ignored<'d> {
    text: &'d str,
    code: LintCode,
    sid: Option<&'d str>,
    is_used: bool,
}

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
    let mut ignored = read_ignored(document, context);
    for lint in found {
        let silence = ignored.iter_mut().find(|ignored| ignored.covers(&lint));
        if let Some(silence) = silence {
            silence.is_used = true;
            continue;
        }
        let finding = Finding::new(ProblemCode::Lint(lint.code), lint.message).help(lint.help);
        report(document, written, Severity::Warning, &lint.pointer, finding, context);
    }
    for unused in ignored.iter().filter(|ignored| !ignored.is_used) {
        let message = format!("{} silences nothing", shown(unused.text));
        let finding = Finding::new(ProblemCode::InvalidValue, message).help("take it out");
        context.warning(document, IGNORE_POINTER, finding);
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
    if !is_silenced(document, code) {
        let finding = Finding { code: ProblemCode::Lint(code), message: message.to_owned(), help };
        context.warning(document, pointer, finding);
    }
}

/// Does the document silence findings of this kind, in whatever statement?
fn is_silenced(document: &Document, code: LintCode) -> bool {
    let text = document.node.find(IGNORE_POINTER).and_then(Node::as_str).unwrap_or_default();
    text.split([',', ' ']).any(|text| text == code.to_string())
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

fn read_ignored<'d>(document: &'d Document, context: &mut Context<'_>) -> Vec<Ignored<'d>> {
    let text = document.node.find(IGNORE_POINTER).and_then(Node::as_str).unwrap_or_default();
    let mut ignored = Vec::new();
    for text in text.split([',', ' ']).filter(|text| !text.is_empty()) {
        let (name, sid) = match text.split_once(':') {
            Some((name, sid)) => (name, Some(sid)),
            None => (text, None),
        };
        if let Ok(code) = LintCode::from_str(name) {
            ignored.push(Ignored { text, code, sid, is_used: false });
            continue;
        }
        let names: Vec<&str> = LintCode::iter().map(Into::into).collect();
        let message = format!("{} is no code of a finding", shown(name));
        let all = "`palisade validate --help` lists them".to_owned();
        let help = did_you_mean(name, names).unwrap_or(all);
        let finding = Finding::new(ProblemCode::UnknownName, message).help(help);
        context.warning(document, IGNORE_POINTER, finding);
    }
    ignored
}

impl Ignored<'_> {
    fn covers(&self, lint: &Lint) -> bool {
        let is_there = self.sid.is_none_or(|sid| lint.sid.as_deref() == Some(sid));
        self.code == lint.code && is_there
    }
}
