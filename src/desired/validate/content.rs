//! The policy document itself: where it is written, whether AWS would take it, whether it fits.

use serde_json::{Map, Value};

use crate::desired::files;
use crate::desired::guardrail::{NameKind, Refusal, UnknownName, Wanted};
use crate::desired::load::Document;
use crate::desired::model::{DesiredOrg, Exceptions, Source};
use crate::desired::problem::{Finding, ProblemCode, Severity, SourceText, Span, shown};
use crate::desired::raw::RawUse;
use crate::desired::validate::{Context, lint};
use crate::lint::LintCode;
use crate::org::PolicyType;
use crate::policy::{self, Grammar};

const INLINE: &str = "/spec/document";
const IN_FILE: &str = "/spec/documentFile";
const USED: &str = "/spec/use";

/// A policy document and where it is written.
pub(crate) struct Written {
    /// The document.
    pub(crate) value: Value,
    /// Where it begins.
    pub(crate) source: Source,
    /// Where its statements begin.
    pub(crate) statement_sources: Vec<Source>,
    /// What it is written in.
    pub(crate) origin: Origin,
}

/// What a policy document is written in.
pub(crate) enum Origin {
    /// The YAML document itself.
    Inline,
    /// A file of its own.
    File(SourceText),
    /// The catalogue: for people it is where the guardrail is used, which the pointer says.
    Catalogue(&'static str),
}

/// Reads the policy document that a document holds, names or uses.
pub(crate) fn read(
    document: &Document,
    inline: Option<Map<String, Value>>,
    file: Option<String>,
    used: Option<&RawUse>,
    context: &mut Context<'_>,
) -> Option<Written> {
    match (inline, file, used) {
        (Some(inline), _, _) => {
            let value = Value::Object(inline);
            let source = context.source(document, INLINE);
            let place = |pointer: String| context.source(document, &format!("{INLINE}{pointer}"));
            let statement_sources = statement_pointers(&value).map(place).collect();
            Some(Written { value, source, statement_sources, origin: Origin::Inline })
        }
        (None, Some(path), _) => read_file(document, &path, context),
        (None, None, Some(used)) => render(document, used, context),
        (None, None, None) => None,
    }
}

fn render(document: &Document, used: &RawUse, context: &mut Context<'_>) -> Option<Written> {
    let wanted = Wanted { kind: &document.kind, guardrail: &used.guardrail, with: &used.with };
    match context.ready_made.render(&wanted, &context.site) {
        Ok(value) => {
            for unknown in context.ready_made.unknown_names(&wanted) {
                warn_of_name(document, unknown, context);
            }
            let source = context.source(document, USED);
            let statement_sources = statement_pointers(&value).map(|_| source.clone()).collect();
            Some(Written { value, source, statement_sources, origin: Origin::Catalogue(USED) })
        }
        Err(refusals) => {
            for Refusal { pointer, code, message, help } in refusals {
                let pointer = format!("{USED}{pointer}");
                let finding = Finding { code, message, help };
                if matches!(code, ProblemCode::UnknownField | ProblemCode::MissingField) {
                    context.problem_at_key(document, &pointer, finding);
                } else {
                    context.problem(document, &pointer, finding);
                }
            }
            None
        }
    }
}

/// A misspelt Region or action makes a guardrail that is missing where it should be, or that locks people out.
/// It is a warning as in a document that a person wrote: the names that are known have a date.
fn warn_of_name(document: &Document, unknown: UnknownName, context: &mut Context<'_>) {
    let UnknownName { pointer, kind, name, help } = unknown;
    let (code, what) = match kind {
        NameKind::Action => (LintCode::UnknownAction, "action"),
        NameKind::Region => (LintCode::UnknownRegion, "Region"),
        NameKind::Service => (LintCode::UnknownService, "service with the prefix"),
    };
    let message = format!("AWS has no {what} {}", shown(&name));
    lint::warn(document, &format!("{USED}{pointer}"), code, &message, help, context);
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
    match policy::parse(&text.text) {
        Ok(value) => {
            let source = text.source(span_of(&text, ""));
            let place = |pointer: String| text.source(span_of(&text, &pointer));
            let statement_sources = statement_pointers(&value).map(place).collect();
            Some(Written { value, source, statement_sources, origin: Origin::File(text) })
        }
        Err(problem) => {
            let span = text.span_of(problem.position.map_or((1, 1), |at| (at.line, at.column)));
            let finding = Finding::new(ProblemCode::Syntax, problem.message);
            context.report.problem(&text, span, finding);
            None
        }
    }
}

/// Where a JSON file says what `pointer` names.
fn span_of(text: &SourceText, pointer: &str) -> Span {
    let position = policy::locate(&text.text, pointer);
    let span = text.span_of(position.map_or((1, 1), |at| (at.line, at.column)));
    let rest = text.text.get(span.offset..).unwrap_or_default();
    Span { width: token_width(rest), ..span }
}

/// How many characters the string, number or bracket at the start of `json` has.
fn token_width(json: &str) -> usize {
    let Some(string) = json.strip_prefix('"') else {
        return json.chars().take_while(char::is_ascii_alphanumeric).count().max(1);
    };
    let mut is_escaped = false;
    let inside = string.chars().take_while(|character| {
        let ends = *character == '"' && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        !ends
    });
    inside.count() + 2
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
    let grammar = Grammar::of(policy_type.as_str());
    let problems = policy::check(grammar, &written.value);
    let is_valid = problems.is_empty();
    for problem in problems {
        let finding = Finding::new(ProblemCode::InvalidPolicy, problem.message);
        report(document, written, Severity::Error, &problem.pointer, finding, context);
    }
    let denies = statements(&written.value).iter().any(|statement| statement["Effect"] == "Deny");
    if !except.principals.is_empty() && !denies {
        let finding = Finding::new(ProblemCode::InvalidPolicy, "the policy denies nothing")
            .help("`except` makes exceptions from denies: without any it does nothing");
        context.warning(document, "/spec/except", finding);
    }
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
        let finding = Finding::new(ProblemCode::OverQuota, message).help(how_to_shorten(
            &written.value,
            except,
            quota.characters_max,
        ));
        report(document, written, Severity::Error, "", finding, context);
    }
    // Nobody can edit the text of a ready-made guardrail here; it is checked where it is made.
    if is_valid && !matches!(written.origin, Origin::Catalogue(_)) {
        let sizes = (size, quota.characters_max);
        lint::check(document, written, grammar, except, sizes, context);
    }
}

/// What to do about a policy that is too large: where it can be cut, if its statements only deny. Denies do not
/// depend on each other.
fn how_to_shorten(document: &Value, except: &Exceptions, characters_max: usize) -> String {
    let all = statements(document);
    let fits = |part: &[Value]| {
        let one = serde_json::json!({"Version": document["Version"], "Statement": part});
        let compiled = policy::minify(&policy::with_exceptions(&one, &except.principals));
        compiled.chars().count() <= characters_max
    };
    if document.get("Statement").is_none() || all.iter().any(|one| one["Effect"] != "Deny") {
        return "shorten it, or split it into two documents".to_owned();
    }
    if let Some(at) = all.iter().position(|one| !fits(std::slice::from_ref(one))) {
        return format!(
            "statement {} alone is too large: shorten it, or cut its `Action` or `Resource` in two",
            at + 1
        );
    }
    let (mut documents, mut begin, mut first) = (1, 0, all.len());
    for end in 1..=all.len() {
        if !fits(&all[begin..end]) {
            first = first.min(end - 1);
            (documents, begin) = (documents + 1, end - 1);
        }
    }
    format!(
        "statements 1 to {first} fit: put the others into documents of their own with the same \
         `targets`, {documents} in all"
    )
}

/// The statements of a policy in the IAM language; none where there are none.
pub(crate) fn statements(document: &Value) -> &[Value] {
    let statement = &document["Statement"];
    statement.as_array().map_or(std::slice::from_ref(statement), Vec::as_slice)
}

/// The pointers to the statements of a policy; none to those of another language.
fn statement_pointers(document: &Value) -> impl Iterator<Item = String> {
    let (one, many) = match document.get("Statement") {
        Some(Value::Array(statements)) => (None, statements.len()),
        Some(_) => (Some("/Statement".to_owned()), 0),
        None => (None, 0),
    };
    one.into_iter().chain((0..many).map(|index| format!("/Statement/{index}")))
}

/// Reports a finding where the policy document says what `pointer` names.
pub(crate) fn report(
    document: &Document,
    written: &Written,
    severity: Severity,
    pointer: &str,
    finding: Finding,
    context: &mut Context<'_>,
) {
    let (text, span) = match &written.origin {
        Origin::File(text) => (text, span_of(text, pointer)),
        Origin::Catalogue(used) => (context.text(document), document.node.locate_key(used)),
        Origin::Inline if pointer.is_empty() => {
            (context.text(document), document.node.locate_key(INLINE))
        }
        Origin::Inline => {
            let pointer = format!("{INLINE}{pointer}");
            (context.text(document), document.node.locate(&pointer))
        }
    };
    match severity {
        Severity::Error => context.report.problem(text, span, finding),
        Severity::Warning => context.report.warning(text, span, finding),
    }
}
