//! What a daemon says, as a table with everything that needs attention below it.

use crate::cli::render::paint::{Paint, counted, inert};
use crate::cli::render::words::alike;
use crate::plan::Blocked;
use crate::status::{
    BlockedReport, Difference, DifferenceState, DocumentReport, Problem, RegionListReport, Report,
    Trouble,
};

/// How long a gap in what a trail recorded is shown after it ended: over a long weekend.
const GAP_SHOWN: jiff::SignedDuration = jiff::SignedDuration::from_hours(96);

/// The report as text.
pub(crate) fn status_text(report: &Report, paint: Paint) -> String {
    let mut lines = table(&report.documents, paint);
    lines.extend(attention(report, paint));
    lines.push(String::new());
    lines.push(verdict(report, paint));
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n") + "\n"
}

fn table(documents: &[DocumentReport], paint: Paint) -> Vec<String> {
    let names: Vec<String> =
        documents.iter().map(|document| inert(&document.document().to_string())).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default().max(8);
    let heading = format!("{:width$}  {:9}  STATE", "DOCUMENT", "MODE");
    let mut lines = vec![paint.bold(&heading)];
    for (document, name) in documents.iter().zip(&names) {
        lines.push(format!("{name:width$}  {:9}  {}", mode(document), state(document, paint)));
        lines.extend(document.differences.iter().map(difference_line));
    }
    lines
}

fn mode(document: &DocumentReport) -> String {
    if document.suspended_until.is_some() {
        "suspended".to_owned()
    } else {
        document.mode.to_string()
    }
}

fn state(document: &DocumentReport, paint: Paint) -> String {
    let suspended = document.suspended_until.map(|until| format!(" (suspended until {until})"));
    let state = match document.oldest() {
        None if document.in_sync => paint.good("in sync"),
        None => paint.warn("not known"),
        Some(since) => {
            let drifted = counted(document.differences.len(), "difference");
            paint.bad(&format!("{drifted} since {since:.0}"))
        }
    };
    format!("{state}{}", suspended.unwrap_or_default())
}

fn difference_line(difference: &Difference) -> String {
    let Difference { object, change, cause: _, since: _, state, detail, by, parts: _ } = difference;
    let change = change.as_deref().unwrap_or("blocked");
    let detail = if detail.is_empty() { String::new() } else { format!(": {}", inert(detail)) };
    let by = by.as_ref().map(|by| inert(&format!("; by {} with {}", by.principal, by.call)));
    let by = by.unwrap_or_default();
    format!("  {} {} ({}){detail}{by}", inert(change), inert(object), state_words(*state))
}

fn state_words(state: DifferenceState) -> &'static str {
    match state {
        DifferenceState::Reported => "only reported",
        DifferenceState::Pending => "pending",
        DifferenceState::Confirming => "found right, to be confirmed",
        DifferenceState::Changed => "changed, to be confirmed",
        DifferenceState::InProgress => "AWS is at work on it",
        DifferenceState::Retrying => "is tried again",
        DifferenceState::AwaitingApproval => "waits for approval",
        DifferenceState::Blocked => "blocked",
        DifferenceState::Refused => "refused by AWS",
    }
}

/// Everything that is not about one document, or that a person has to act on.
fn attention(report: &Report, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    let mut section = |title: String, items: Vec<String>| {
        if !items.is_empty() {
            lines.push(String::new());
            lines.push(paint.warn(&title));
            lines.extend(items.into_iter().map(|item| format!("  {item}")));
        }
    };
    if let Some(held) = report.held.as_ref().filter(|held| !held.approved) {
        let title = format!("{} for approval:", waits(held.actions));
        let reasons =
            held.reasons.iter().map(|(why, actions)| inert(&format!("{actions} because {why}")));
        let approve = format!("palisade approve {}", inert(&held.hash));
        section(title, reasons.chain([approve]).collect());
    }
    let problems = report.desired_state.problems.iter();
    section(
        "the desired state in the directory is not in force:".to_owned(),
        problems.map(|Problem { at, message }| inert(&format!("{at}: {message}"))).collect(),
    );
    section("blocked:".to_owned(), blocked(&report.blocked));
    let unknown = report.unknown.iter();
    section(
        "not read:".to_owned(),
        unknown
            .map(|unknown| inert(&format!("{}: {}", unknown.subject(), unknown.reason)))
            .collect(),
    );
    section("emergency access:".to_owned(), emergency(report));
    section("trails:".to_owned(), trails(report));
    let stale = report.region_list.as_ref().filter(|list| list.is_stale());
    section("old data:".to_owned(), stale.map(region_list_line).into_iter().collect());
    let troubles = report.troubles.iter();
    section(
        "the daemon itself:".to_owned(),
        troubles
            .map(|Trouble { component, message }| inert(&format!("{component}: {message}")))
            .collect(),
    );
    lines
}

/// What keeps emergency access from working, when it was not tried for too long, and whose access ends.
fn emergency(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for document in &report.documents {
        let Some(emergency) = &document.emergency else { continue };
        let name = inert(&document.name);
        if !emergency.ready {
            let reason = emergency.reasons.first().map(String::as_str).unwrap_or_default();
            let more = emergency.lacking.saturating_sub(1);
            let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            lines.push(format!("{name} would not work: {}{more}", inert(reason)));
        }
        let limit = jiff::SignedDuration::from_secs(emergency.drill_age_seconds_max.into());
        match emergency.last_drill {
            None => lines.push(format!("{name} was never tried: `palisade drill break-glass`")),
            Some(last) if report.last_pass.at.duration_since(last) > limit => {
                lines.push(format!(
                    "{name} was last tried on {last:.0}: `palisade drill break-glass`"
                ));
            }
            Some(_) => {}
        }
        if let Some(incident) = &emergency.incident {
            lines.push(format!("{name} may be in use: the incident {} is open", inert(incident)));
        }
        if let Some(end) = emergency.next_expiry {
            lines.push(format!("{name} lets somebody in until {end}"));
        }
    }
    lines
}

/// What keeps a trail from recording, or what it records from arriving, and the latest gap.
fn trails(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for document in &report.documents {
        let Some(trail) = &document.trail else { continue };
        let name = inert(&document.name);
        if trail.logging == Some(false) {
            let since = trail.stopped.map(|at| format!(" since {at:.0}")).unwrap_or_default();
            lines.push(format!("{name} does not record{since}"));
        }
        if let Some((from, to)) = trail.gap()
            && report.last_pass.at.duration_since(to) < GAP_SHOWN
        {
            lines.push(format!("{name} recorded nothing from {from:.0} to {to:.0}"));
        }
        lines.extend(trail.reasons.iter().map(|reason| format!("{name}: {}", inert(reason))));
    }
    lines
}

fn region_list_line(list: &RegionListReport) -> String {
    let RegionListReport { version, date, age_days, age_days_max } = list;
    format!(
        "the list of services without a Region (version {version} of {date}) is {age_days} days old and may be {age_days_max}: use a newer palisade"
    )
}

/// What is blocked, line by line; what many are blocked by is said once.
fn blocked(reports: &[BlockedReport]) -> Vec<String> {
    let blocked = reports.iter().cloned().map(|report| {
        let BlockedReport { document, reason, object, message } = report;
        Blocked { document, guardrails: [].into(), reason, object, message }
    });
    let blocked: Vec<Blocked> = blocked.collect();
    let alike = alike(&blocked);
    let mut lines: Vec<String> = alike
        .iter()
        .map(|obstacle| {
            let Blocked { document: _, guardrails: _, reason, object: _, message } = obstacle.first;
            let (count, documents) = (counted(obstacle.all.len(), "time"), obstacle.documents());
            inert(&format!("{count} ({reason}): {message} ({documents})"))
        })
        .collect();
    let alone = blocked.iter().filter(|blocked| !alike.iter().any(|alike| alike.holds(blocked)));
    lines.extend(alone.map(|blocked| {
        let Blocked { document, guardrails: _, reason, object, message } = blocked;
        inert(&format!("{document}: {object} ({reason}): {message}"))
    }));
    lines
}

fn waits(actions: usize) -> String {
    let verb = if actions == 1 { "waits" } else { "wait" };
    format!("{} {verb}", counted(actions, "action"))
}

fn verdict(report: &Report, paint: Paint) -> String {
    let in_sync = report.documents.iter().filter(|document| document.in_sync).count();
    let all = counted(report.documents.len(), "document");
    let pass = &report.last_pass;
    let when = format!("last pass {:.0} ({})", pass.at, pass.wake);
    let revision = report.desired_state.revision.as_deref().map_or_else(String::new, |revision| {
        format!(", revision {}", inert(&revision.chars().take(12).collect::<String>()))
    });
    let text = format!("{in_sync} of {all} in sync; {when}: {}{revision}", pass.result);
    if report.in_sync { paint.good(&text) } else { paint.bad(&text) }
}
