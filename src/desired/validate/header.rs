//! What every document has: name, notes, mode, suspension.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::desired::load::Document;
use crate::desired::model::{DocumentHeader, Mode, Suspension};
use crate::desired::problem::{Finding, ProblemCode, did_you_mean, listed, shown};
use crate::desired::raw::{EndText, RawMetadata, RawMode, RawSuspension};
use crate::desired::validate::lint::IGNORE_ANNOTATION;
use crate::desired::validate::{Context, token};

/// What palisade's own annotations begin with; every other name is the user's.
const ANNOTATION_PREFIX: &str = "palisade/";

/// The annotations that palisade reads.
const ANNOTATIONS: &[&str] = &[
    "palisade/approved-plan",
    "palisade/controls",
    IGNORE_ANNOTATION,
    "palisade/last-drill",
    "palisade/owner",
    "palisade/runbook",
];

/// The part of `spec` that says how a document is enforced.
pub(crate) struct Enforcement {
    /// Its mode.
    pub(crate) mode: Option<RawMode>,
    /// Its suspension.
    pub(crate) suspend: Option<RawSuspension>,
    /// Do its objects go with it?
    pub(crate) prune: Option<bool>,
}

/// Reads a document's header.
pub(crate) fn read(
    document: &Document,
    metadata: RawMetadata,
    enforcement: Enforcement,
    context: &mut Context<'_>,
) -> DocumentHeader {
    let RawMetadata { name, annotations } = metadata;
    check_annotations(document, annotations.keys(), context);
    let suspend = enforcement.suspend.and_then(|raw| read_suspension(document, raw, context));
    DocumentHeader {
        document: document.reference(name.0),
        annotations,
        mode: match enforcement.mode {
            Some(RawMode::Observe) => Mode::Observe,
            Some(RawMode::Enforce) | None => Mode::Enforce,
        },
        suspend,
        prune: enforcement.prune.unwrap_or(true),
        source: context.source(document, ""),
    }
}

/// A misspelt annotation of palisade's own would do nothing, silently.
pub(crate) fn check_annotations<'a>(
    document: &Document,
    names: impl Iterator<Item = &'a String>,
    context: &mut Context<'_>,
) {
    for name in names.filter(|name| name.starts_with(ANNOTATION_PREFIX)) {
        if ANNOTATIONS.contains(&name.as_str()) {
            continue;
        }
        let message = format!("palisade does not know the annotation {}", shown(name));
        let known = format!("it knows {}", listed(ANNOTATIONS.iter().copied()));
        let help = did_you_mean(name, ANNOTATIONS.iter().copied()).unwrap_or(known);
        let finding = Finding::new(ProblemCode::UnknownName, message).help(help);
        let span = document.node.locate_key(&format!("/metadata/annotations/{}", token(name)));
        let text = context.text(document);
        context.report.warning(text, span, finding);
    }
}

fn read_suspension(
    document: &Document,
    raw: RawSuspension,
    context: &mut Context<'_>,
) -> Option<Suspension> {
    const UNTIL: &str = "/spec/suspend/until";
    if raw.reason.trim().is_empty() {
        let finding = Finding::new(ProblemCode::Suspension, "a suspension needs a reason");
        context.problem(document, "/spec/suspend/reason", finding);
    }
    let until = read_end(document, UNTIL, &raw.until, context)?;
    if until <= context.today {
        let message = format!("the suspension ended on {until}: the guardrail is enforced");
        let finding = Finding::new(ProblemCode::Suspension, message)
            .help("take `suspend` out, or set a later date");
        context.warning(document, UNTIL, finding);
    }
    Some(Suspension { until, reason: raw.reason })
}

/// Reads the first day (UTC) on which an exception is over.
pub(crate) fn read_end(
    document: &Document,
    pointer: &str,
    EndText(until): &EndText,
    context: &mut Context<'_>,
) -> Option<Date> {
    let Some(end) = first_day_enforced(until) else {
        let message = format!("{} is not a date of the calendar", shown(until));
        context.problem(document, pointer, Finding::new(ProblemCode::Suspension, message));
        return None;
    };
    let next_year = context.today.checked_add(1.year()).unwrap_or(context.today);
    if end > next_year {
        let message = format!("it lasts until {end}, more than a year from now");
        context.warning(document, pointer, Finding::new(ProblemCode::Suspension, message));
    }
    Some(end)
}

/// The first day (UTC) that begins at or after `until`: a suspension that ends during a day covers
/// all of that day.
fn first_day_enforced(until: &str) -> Option<Date> {
    if until.len() == "2027-01-31".len() {
        return until.parse().ok();
    }
    let timestamp: Timestamp = until.parse().ok()?;
    let moment = timestamp.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let is_midnight = moment.time() == jiff::civil::Time::midnight();
    if is_midnight { Some(moment.date()) } else { moment.date().tomorrow().ok() }
}
