//! A replay in words: what would newly be denied first, then what nobody can tell.

use std::fmt::Write;

use crate::cli::render::paint::{Paint, counted, inert};
use crate::cli::render::plan_markdown::span;
use crate::replay::{Cause, Group, Replayed};

/// How many groups of a kind are shown.
const GROUPS_MAX: usize = 50;

/// A kind of group, for its heading.
struct Kind<'a> {
    title: String,
    groups: &'a [Group],
}

/// The replay for people at a terminal.
pub(crate) fn replayed_text(replayed: &Replayed, paint: Paint) -> String {
    let mut text = String::new();
    for kind in kinds(replayed) {
        let title = match kind.groups.len() {
            0 => paint.good(&kind.title),
            _ => paint.bold(&kind.title),
        };
        let _ = writeln!(text, "{title}");
        for group in kind.groups.iter().take(GROUPS_MAX) {
            let _ = writeln!(text, "  {}", headline(group));
            for detail in details(group) {
                let _ = writeln!(text, "      {detail}");
            }
        }
        if let Some(more) = more(kind.groups) {
            let _ = writeln!(text, "  {more}");
        }
    }
    for line in summary(replayed) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// The replay for a pull request.
pub(crate) fn replayed_markdown(replayed: &Replayed) -> String {
    let mut text = "### Replay of CloudTrail events\n\n".to_owned();
    for kind in kinds(replayed) {
        let _ = writeln!(text, "**{}**\n", kind.title);
        for group in kind.groups.iter().take(GROUPS_MAX) {
            let _ = writeln!(text, "- {}", span(&headline(group)));
            for detail in details(group) {
                let _ = writeln!(text, "  - {}", span(&detail));
            }
        }
        if let Some(more) = more(kind.groups) {
            let _ = writeln!(text, "- {more}");
        }
        if !kind.groups.is_empty() {
            text.push('\n');
        }
    }
    let _ = writeln!(text, "{}", summary(replayed).join("  \n"));
    text
}

fn kinds(replayed: &Replayed) -> [Kind<'_>; 3] {
    let kind = |title: &str, groups| Kind { title: title_of(title, groups), groups };
    [
        kind("Newly denied", replayed.newly_denied.as_slice()),
        kind("Undetermined, so maybe denied", replayed.undetermined.as_slice()),
        kind("Newly allowed", replayed.newly_allowed.as_slice()),
    ]
}

fn title_of(title: &str, groups: &[Group]) -> String {
    let calls: u64 = groups.iter().map(|group| group.count).sum();
    match calls {
        0 => format!("{title}: none"),
        calls => format!("{title}: {}", calls_text(calls)),
    }
}

fn headline(group: &Group) -> String {
    let account = match &group.account_name {
        Some(name) => format!("{name} ({})", group.account),
        None => group.account.clone(),
    };
    inert(&format!("{} × {} by {} in {account}", group.count, group.action, group.principal))
}

fn details(group: &Group) -> Vec<String> {
    let mut details = Vec::new();
    if let Some(cause) = &group.by {
        details.push(inert(&cause_text(cause)));
    }
    if !group.missing.is_empty() {
        let missing: Vec<String> = group.missing.iter().map(|key| inert(key)).collect();
        details.push(format!("hangs on {}", missing.join(", ")));
    }
    let example = &group.example;
    let on = example.resource.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
    details.push(inert(&format!("for example {} at {}{on}", example.event_id, example.time)));
    details
}

fn cause_text(cause: &Cause) -> String {
    let Some(policy) = &cause.policy else {
        return format!("no SCP on {} allows it", cause.level);
    };
    let sid = cause.sid.as_ref().map(|sid| format!(" ({sid})")).unwrap_or_default();
    let source = cause.source.as_ref().map(|source| format!(", {source}")).unwrap_or_default();
    format!("{}: `{policy}`{sid}{source}", cause.level)
}

fn more(groups: &[Group]) -> Option<String> {
    let more = groups.len().checked_sub(GROUPS_MAX).filter(|more| *more > 0)?;
    Some(format!("and {}; `--output json` has all", counted(more, "other group")))
}

fn summary(replayed: &Replayed) -> Vec<String> {
    let files = counted(usize::try_from(replayed.files).unwrap_or(usize::MAX), "file");
    let mut lines = vec![format!(
        "{} events in {files}: {} allowed, {} denied or refused as before, {} in accounts for which \
         nothing changes",
        replayed.events, replayed.allowed, replayed.denied_before, replayed.unaffected
    )];
    for (why, count) in &replayed.skipped {
        lines.push(format!("{count} left out, {why}"));
    }
    if replayed.malformed > 0 {
        lines.push(format!("{} malformed, so not judged", replayed.malformed));
    }
    lines
}

fn calls_text(calls: u64) -> String {
    if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") }
}
