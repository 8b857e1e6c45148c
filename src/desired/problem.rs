//! What is wrong in desired state, where, and what to do about it. Knows nothing of documents.

use std::ops::Range;
use std::sync::LazyLock;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use regex::Regex;
use serde::Serialize;

use crate::desired::model::Source;
use crate::lint::LintCode;
use crate::reference;

/// Longest source line that is carried along; a longer one (a minified file) is only named.
const LINE_BYTES_MAX: usize = 20_000;

/// The kind of documents that test guardrails and are none.
pub(crate) const TEST_KIND: &str = "GuardrailTest";

/// Longest value that a message repeats.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// Something wrong, or worth a look, at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Where it is.
    pub source: Source,
    /// Does it keep desired state from being used?
    pub severity: Severity,
    /// The closed name of the kind of problem.
    pub code: ProblemCode,
    /// What is wrong. Free of e-mail addresses and phone numbers, whatever the file says.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// The line, e-mail addresses and phone numbers masked; empty when there is none to show.
    pub source_line: String,
    /// How many characters of the line are meant.
    pub width: usize,
}

/// How bad it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Desired state cannot be used.
    Error,
    /// It can, and somebody should look.
    Warning,
}

/// Kinds of problems: a closed set, stable for scripts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ProblemCode {
    /// A file or directory cannot be read, or is not where it must be.
    File,
    /// Not YAML, or YAML that palisade does not take.
    Syntax,
    /// A key is there twice.
    DuplicateKey,
    /// A field that does not exist.
    UnknownField,
    /// A field that must be there is not.
    MissingField,
    /// A value of another type.
    WrongType,
    /// A value that is not allowed.
    InvalidValue,
    /// A kind or field of the contract that this version does not have yet.
    Unsupported,
    /// Two things have the same name.
    DuplicateName,
    /// A name that nothing has.
    UnknownName,
    /// A number of things is wrong: documents, targets, levels.
    WrongCount,
    /// A policy document that AWS would refuse.
    InvalidPolicy,
    /// Something is over an AWS quota.
    OverQuota,
    /// A suspension that has run out, or never will.
    Suspension,
    /// A guardrail that would deny a call that must work.
    Lockout,
    /// A policy document that AWS would take, and that does not do what it seems to.
    #[serde(untagged)]
    #[strum(disabled)]
    Lint(LintCode),
}

/// Whether a rendered problem carries terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// ANSI colours.
    Styled,
    /// Plain text.
    Plain,
}

/// A place in a text: where it starts and how many characters of its first line are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column in characters, from 1.
    pub(crate) column: usize,
    /// Characters; at least 1.
    pub(crate) width: usize,
    /// Bytes from the start of the text.
    pub(crate) offset: usize,
}

/// A file's name, relative to the desired-state directory, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceText {
    /// Its name.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
}

/// What has been found so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Report {
    /// Errors.
    pub(crate) problems: Vec<Problem>,
    /// Warnings.
    pub(crate) warnings: Vec<Problem>,
    /// How many of the errors are about tests.
    of_tests: usize,
}

/// A problem that has no place yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Its kind.
    pub(crate) code: ProblemCode,
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right.
    pub(crate) help: Option<String>,
}

// === impl ProblemCode ===

impl ProblemCode {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lint(code) => code.into(),
            other @ (Self::File
            | Self::Syntax
            | Self::DuplicateKey
            | Self::UnknownField
            | Self::MissingField
            | Self::WrongType
            | Self::InvalidValue
            | Self::Unsupported
            | Self::DuplicateName
            | Self::UnknownName
            | Self::WrongCount
            | Self::InvalidPolicy
            | Self::OverQuota
            | Self::Suspension
            | Self::Lockout) => other.into(),
        }
    }
}

// === impl Problem ===

impl Problem {
    /// A problem of a whole file or directory.
    pub(crate) fn of_file(name: &str, message: String) -> Self {
        Self {
            source: Source { file: name.to_owned(), line: 1, column: 1 },
            severity: Severity::Error,
            code: ProblemCode::File,
            message,
            help: None,
            source_line: String::new(),
            width: 1,
        }
    }

    /// The problem as rustc would print it.
    pub fn render(&self, colour: Colour) -> String {
        let renderer = match colour {
            Colour::Styled => Renderer::styled(),
            Colour::Plain => Renderer::plain(),
        };
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let code = self.code.name();
        let title = level.primary_title(self.message.as_str()).id(code);
        let mut group = if self.source_line.is_empty() {
            let Source { file, line, column } = &self.source;
            title.element(Origin::path(file.as_str()).line(*line).char_column(*column))
        } else {
            title.element(
                Snippet::source(self.source_line.as_str())
                    .line_start(self.source.line)
                    .path(self.source.file.as_str())
                    .annotation(AnnotationKind::Primary.span(self.bytes())),
            )
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }

    /// The bytes of the source line that are meant.
    fn bytes(&self) -> Range<usize> {
        let offset_of = |character: usize| {
            let mut indices = self.source_line.char_indices().map(|(index, _)| index);
            indices.nth(character).unwrap_or(self.source_line.len())
        };
        let first = self.source.column.saturating_sub(1);
        offset_of(first)..offset_of(first.saturating_add(self.width.max(1)))
    }
}

// === impl SourceText ===

impl SourceText {
    /// The place of `span` in this file.
    pub(crate) fn source(&self, span: Span) -> Source {
        Source { file: self.name.clone(), line: span.line, column: span.column }
    }

    /// Puts a finding at a place of this file.
    pub(crate) fn problem(&self, severity: Severity, span: Span, finding: Finding) -> Problem {
        let Finding { code, message, help } = finding;
        Problem {
            source: self.source(span),
            severity,
            code,
            message,
            help,
            source_line: mask(self.line_at(span.offset)),
            width: span.width,
        }
    }

    /// The span that begins at a line and column, both from 1; the end of the text when there is
    /// no such place.
    pub(crate) fn span_of(&self, (line, column): (usize, usize)) -> Span {
        let lines = self.text.split_inclusive('\n');
        let start: usize = lines.take(line.saturating_sub(1)).map(str::len).sum();
        let rest = self.text.get(start..).unwrap_or_default();
        let mut characters = rest.char_indices().map(|(index, _)| index);
        let inside = characters.nth(column.saturating_sub(1)).unwrap_or(rest.len());
        Span { line, column, width: 1, offset: start + inside }
    }

    fn line_at(&self, offset: usize) -> &str {
        let is_break = |character| matches!(character, '\n' | '\r');
        let Some((before, after)) = self.text.split_at_checked(offset) else { return "" };
        let start = before.rfind(is_break).map_or(0, |index| index + 1);
        let end = after.find(is_break).map_or(self.text.len(), |index| offset + index);
        let line = &self.text[start..end];
        if line.len() > LINE_BYTES_MAX { "" } else { line }
    }
}

// === impl Report ===

impl Report {
    /// Records an error.
    pub(crate) fn problem(&mut self, text: &SourceText, span: Span, finding: Finding) {
        self.problems.push(text.problem(Severity::Error, span, finding));
    }

    /// Records an error in a document of `kind`. One in a test keeps the test from being made, and no
    /// guardrail from being in force.
    pub(crate) fn problem_in(
        &mut self,
        kind: &str,
        text: &SourceText,
        span: Span,
        finding: Finding,
    ) {
        self.of_tests += usize::from(kind == TEST_KIND);
        self.problem(text, span, finding);
    }

    /// Are all errors about tests?
    pub(crate) fn is_usable(&self) -> bool {
        self.problems.len() == self.of_tests
    }

    /// Records a warning.
    pub(crate) fn warning(&mut self, text: &SourceText, span: Span, finding: Finding) {
        self.warnings.push(text.problem(Severity::Warning, span, finding));
    }

    /// Reading order, each thing once: an alias shows the same mistake at every use.
    pub(crate) fn tidy(&mut self) {
        for list in [&mut self.problems, &mut self.warnings] {
            list.sort();
            list.dedup();
        }
    }
}

// === impl Finding ===

impl Finding {
    /// A finding without help.
    pub(crate) fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None }
    }

    /// Says what would be right.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// A value as messages repeat it: in backticks, shortened, personal data masked, one line.
pub(crate) fn shown(value: &str) -> String {
    let masked = mask(value);
    let mut short: String = masked.chars().take(SHOWN_CHARACTERS_MAX).collect();
    if short.len() < masked.len() {
        short.push('…');
    }
    format!("`{}`", short.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'"))
}

/// Names in backticks, separated by commas.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The candidate that was probably meant.
pub(crate) fn nearest<'a>(
    found: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let found = found.to_lowercase();
    let allowed = (found.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&found, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// `did you mean …?`, if something is near, and else nothing.
pub(crate) fn did_you_mean<'a>(
    found: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(found, candidates).map(|name| format!("did you mean `{name}`?"))
}

/// The same for an action, `service:Name`: another of its service, or another service if AWS has no such.
pub(crate) fn did_you_mean_action(action: &str) -> Option<String> {
    let (prefix, name) = action.split_once(':').unwrap_or((action, ""));
    if let Some(service) = reference::service(prefix) {
        did_you_mean(name, service.actions().iter().map(|known| known.name.as_str()))
    } else {
        let services = reference::services().iter();
        did_you_mean(prefix, services.map(|service| service.prefix.as_str()))
    }
}

/// The text with every e-mail address and phone number replaced by as many asterisks.
fn mask(text: &str) -> String {
    static PERSONAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9][A-Za-z0-9.\-]*|\+[0-9][0-9 ().\-]{5,}[0-9]")
            .ok()
    });
    match PERSONAL.as_ref() {
        Some(personal) => personal
            .replace_all(text, |found: &regex::Captures<'_>| "*".repeat(found[0].chars().count()))
            .into_owned(),
        None => String::new(),
    }
}
