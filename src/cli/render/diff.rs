//! What a change does to a policy: in the terms of the language, or line by line.

use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use crate::cli::render::object_diff::object_lines;
use crate::cli::render::paint::{counted, inert};
use crate::org::{Mark, Members, PolicyType};
use crate::plan::{Change, PolicyText};
use crate::policy;
use crate::policy::{ChangeDetail, ChangeKind, Language, PolicyChange};

/// Unchanged lines shown around a changed one.
const CONTEXT_LINES: usize = 2;
/// Lines shown of a policy that comes or goes as a whole, unless everything is asked for: enough to
/// know it again, and a plan with thirty new policies can still be read.
const EXCERPT_LINES: usize = 12;

/// One line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Is it new, gone or there for orientation?
    pub(crate) kind: LineKind,
    /// The text, harmless on a terminal.
    pub(crate) text: String,
}

/// What a line of a diff is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// Only after the change.
    Added,
    /// Only before it.
    Removed,
    /// What the lines below it are about.
    Changed,
    /// Before and after it.
    Same,
    /// Lines are left out here; the text says how many.
    Gap,
}

/// How much to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What a reviewer needs: what policies mean.
    Excerpt,
    /// All of it: what policies say, line by line.
    Whole,
}

/// The two sides of a change of a policy; a missing side is a policy that is not there.
struct Sides<'a> {
    language: Language,
    before: Option<&'a PolicyText>,
    after: Option<&'a PolicyText>,
}

impl LineKind {
    /// The sign in front of the line.
    pub(crate) fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed => '~',
            Self::Same | Self::Gap => ' ',
        }
    }

    fn of(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Gained => Self::Added,
            ChangeKind::Lost => Self::Removed,
            ChangeKind::Changed => Self::Changed,
        }
    }
}

/// What `change` does to a policy's description and document, or to an object; empty for every other
/// change.
pub(crate) fn lines(change: &Change, extent: Extent) -> Vec<Line> {
    if let Change::Object(change) = change {
        let lines = object_lines(change);
        let is_update = change.before.is_some() && change.after.is_some();
        return if is_update || extent == Extent::Whole { lines } else { excerpt(lines) };
    }
    let Some(sides) = Sides::of(change) else { return Vec::new() };
    let mut lines = sides.marks();
    lines.extend(match extent {
        Extent::Whole => sides.by_line(),
        Extent::Excerpt => {
            let lines = sides.by_meaning().unwrap_or_else(|| sides.by_line());
            if sides.before.is_some() && sides.after.is_some() { lines } else { excerpt(lines) }
        }
    });
    lines
}

impl<'a> Sides<'a> {
    fn of(change: &'a Change) -> Option<Self> {
        let sides = |policy_type: &PolicyType, before, after| {
            Some(Self { language: policy_type.facts().language, before, after })
        };
        match change {
            Change::CreatePolicy { policy_type, policy, tags: _ } => {
                sides(policy_type, None, Some(policy))
            }
            Change::DeletePolicy { policy_type, id: _, before } => {
                sides(policy_type, Some(before), None)
            }
            Change::UpdatePolicy { policy_type, id: _, before, after, tags: _ } => {
                sides(policy_type, Some(before), Some(after))
            }
            Change::EnableTrustedService { .. }
            | Change::EnablePolicyType { .. }
            | Change::RegisterAdministrator { .. }
            | Change::DeregisterAdministrator { .. }
            | Change::CreateUnit { .. }
            | Change::DeleteUnit { .. }
            | Change::MoveAccount { .. }
            | Change::AttachPolicy { .. }
            | Change::DetachPolicy { .. }
            | Change::Object(_) => None,
        }
    }

    /// In the terms of the policy language; nothing when a document is not JSON.
    fn by_meaning(&self) -> Option<Vec<Line>> {
        let parse = |text: &PolicyText| serde_json::from_str::<Value>(&text.content).ok();
        let (before, after) = match (self.before, self.after) {
            (Some(before), Some(after)) => (parse(before)?, parse(after)?),
            (Some(before), None) => parse(before).map(|value| (value.clone(), emptied(&value)))?,
            (None, Some(after)) => parse(after).map(|value| (emptied(&value), value))?,
            (None, None) => return None,
        };
        let mut lines = self.descriptions();
        lines.extend(policy::diff(self.language, &before, &after).iter().flat_map(lines_of));
        Some(lines)
    }

    /// Whose the policy was and whose it becomes. A mark that is only missing is no news: the first
    /// change of a policy that was adopted brings it.
    fn marks(&self) -> Vec<Line> {
        let mark = |side: Option<&PolicyText>| Mark::read_description(&side?.description).1;
        match (mark(self.before), mark(self.after)) {
            (Some(before), Some(after)) if before != after => {
                let line = |kind, mark: &Mark| Line { kind, text: inert(&mark_words(mark)) };
                vec![line(LineKind::Removed, &before), line(LineKind::Added, &after)]
            }
            _ => Vec::new(),
        }
    }

    fn descriptions(&self) -> Vec<Line> {
        let (before, after) = (self.before.map(description_of), self.after.map(description_of));
        if before == after {
            return Vec::new();
        }
        let line = |kind, text: &str| Line { kind, text: inert(&format!("description: {text}")) };
        let before = before.filter(|text| !text.is_empty());
        let after = after.filter(|text| !text.is_empty());
        before
            .map(|text| line(LineKind::Removed, text))
            .into_iter()
            .chain(after.map(|text| line(LineKind::Added, text)))
            .collect()
    }

    /// Line by line, with everything that is the same left out but a few lines around each change.
    fn by_line(&self) -> Vec<Line> {
        let text = |side: Option<&PolicyText>| side.map(readable).unwrap_or_default();
        let (before, after) = (text(self.before), text(self.after));
        let count = before.lines().count();
        let diff = TextDiff::from_lines(&before, &after);
        let mut lines = Vec::new();
        let mut shown = 0;
        for group in diff.grouped_ops(CONTEXT_LINES) {
            let start = group.first().map_or(0, |operation| operation.old_range().start);
            lines.extend(gap(start.saturating_sub(shown)));
            for operation in &group {
                lines.extend(diff.iter_changes(operation).map(|change| Line {
                    kind: match change.tag() {
                        ChangeTag::Insert => LineKind::Added,
                        ChangeTag::Delete => LineKind::Removed,
                        ChangeTag::Equal => LineKind::Same,
                    },
                    text: inert(change.value().trim_end_matches('\n')),
                }));
            }
            shown = group.last().map_or(shown, |operation| operation.old_range().end);
        }
        if !lines.is_empty() {
            lines.extend(gap(count.saturating_sub(shown)));
        }
        lines
    }
}

/// A document of the same version that says nothing.
pub(super) fn emptied(document: &Value) -> Value {
    match document.get("Version") {
        Some(version) => json!({"Version": version, "Statement": []}),
        None => json!({}),
    }
}

/// One change of meaning, line by line.
pub(super) fn lines_of(change: &PolicyChange) -> Vec<Line> {
    let PolicyChange { kind, subject, details } = change;
    let head = Line { kind: LineKind::of(*kind), text: inert(subject) };
    let details = details.iter().map(|ChangeDetail { kind, part, value }| Line {
        kind: LineKind::of(*kind),
        text: inert(format!("  {part} {value}").trim_end()),
    });
    std::iter::once(head).chain(details).collect()
}

/// The first lines, and how many more there are.
pub(super) fn excerpt(mut lines: Vec<Line>) -> Vec<Line> {
    if lines.len() > EXCERPT_LINES + 1 {
        let left_out = lines.len() - EXCERPT_LINES;
        lines.truncate(EXCERPT_LINES);
        lines.extend(gap(left_out));
    }
    lines
}

fn gap(count: usize) -> Option<Line> {
    let line =
        || Line { kind: LineKind::Gap, text: format!("… {}", counted(count, "more line")) };
    (count > 0).then(line)
}

fn mark_words(mark: &Mark) -> String {
    let Mark { owner, document, prune } = mark;
    let keep = if *prune { "" } else { ", kept when the document goes" };
    format!("mark: {document} of installation {owner}{keep}")
}

/// The mark at the end of a description, and the members before it, are palisade's affair and left out.
fn description_of(policy: &PolicyText) -> &str {
    Members::read(Mark::read_description(&policy.description).0).0
}

/// Description and document, one idea a line; a document that is not JSON is shown as it is.
fn readable(policy: &PolicyText) -> String {
    let document = serde_json::from_str::<Value>(&policy.content)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| policy.content.clone());
    match description_of(policy) {
        "" => format!("{document}\n"),
        description => format!("description: {description}\n{document}\n"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Extent, lines};
    use crate::org::PolicyType;
    use crate::plan::{Change, PolicyText};

    fn text(description: &str, content: &str) -> PolicyText {
        PolicyText { name: "name".into(), description: description.into(), content: content.into() }
    }

    fn update(before: PolicyText, after: PolicyText) -> Change {
        Change::UpdatePolicy {
            policy_type: PolicyType::service_control(),
            id: "p-12345678".parse().unwrap(),
            before,
            after,
            tags: BTreeMap::new(),
        }
    }

    fn check(change: &Change, extent: Extent, expect: &[&str]) {
        let found: Vec<String> = lines(change, extent)
            .iter()
            .map(|line| format!("{} {}", line.kind.sign(), line.text))
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn a_change_is_told_by_what_it_means() {
        let deny = |actions: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"Leave","Effect":"Deny","Action":{actions},"Resource":"*"}}]}}"#
            )
        };
        let before = text("Stay. [palisade acme A/b]", &deny(r#"["a:B","a:C"]"#));
        let after = text("Stay here. [palisade acme A/b]", &deny(r#"["a:C","a:D"]"#));
        check(
            &update(before, after),
            Extent::Excerpt,
            &[
                "- description: Stay.",
                "+ description: Stay here.",
                "~ Deny `Leave`",
                "-   Action a:B",
                "+   Action a:D",
            ],
        );
    }

    #[test]
    fn a_change_of_the_mark_is_told_as_one() {
        let content = r#"{"Version":"2012-10-17","Statement":[]}"#;
        let marked = |description: &str| text(description, content);
        let expect = ["- mark: A/b of installation acme", "+ mark: A/c of installation acme"];
        let change =
            update(marked("Stay. [palisade acme A/b]"), marked("Stay. [palisade acme A/c]"));
        check(&change, Extent::Excerpt, &expect);
        check(&change, Extent::Whole, &expect);
        let kept = update(marked("[palisade acme A/b]"), marked("[palisade acme A/b keep]"));
        let expect = [
            "- mark: A/b of installation acme",
            "+ mark: A/b of installation acme, kept when the document goes",
        ];
        check(&kept, Extent::Excerpt, &expect);
        check(&update(marked("Stay."), marked("Stay. [palisade acme A/b]")), Extent::Excerpt, &[]);
    }

    #[test]
    fn a_document_that_is_no_json_is_told_line_by_line() {
        let change = update(text("", "one\ntwo"), text("", "one\n\u{1b}three"));
        let expect = ["  one", "- two", "+ \\u{1b}three"];
        check(&change, Extent::Excerpt, &expect);
    }

    #[test]
    fn a_long_new_policy_is_cut_short_unless_all_is_asked_for() {
        let actions: Vec<String> = (0..30).map(|number| format!("\"a:B{number:02}\"")).collect();
        let content = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":[{}],"Resource":"*"}}}}"#,
            actions.join(",")
        );
        let change = Change::CreatePolicy {
            policy_type: PolicyType::service_control(),
            policy: text("", &content),
            tags: BTreeMap::new(),
        };
        let cut = lines(&change, Extent::Excerpt);
        assert_eq!(cut.len(), 13);
        assert_eq!(cut.last().unwrap().text, "… 20 more lines");
        assert!(lines(&change, Extent::Whole).iter().any(|line| line.text.contains("a:B29")));
    }
}
