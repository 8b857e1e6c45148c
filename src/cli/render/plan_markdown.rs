//! A plan for a pull request.
//!
//! Names in AWS are free text. They appear only inside code spans, fences and `<code>`, where
//! nothing in them is markup: no link, mention, image or HTML comes out of a policy's name.

use crate::cli::render::diff::{Extent, Line};
use crate::cli::render::packed::lines_by_guardrail;
use crate::cli::render::paint::{counted, inert};
use crate::cli::render::plan_text::{lockout_words, note_on, summary_line};
use crate::cli::render::words::{Effect, Namer, Share, alike, reworded_line, shares, tally};
use crate::compile::Resources;
use crate::org::DocumentRef;
use crate::plan::{Action, Blocked, Change, Lockout, Plan, Reworded, Unmanaged};

/// The plan as GitHub-flavoured Markdown.
pub(crate) fn plan_markdown(plan: &Plan, resources: &Resources, extent: Extent) -> String {
    let namer = Namer { quote: span, accounts: &resources.account_names };
    let mut page = Page { extent, namer, out: String::new() };
    page.line(&format!("### palisade: {}\n", span(plan.organization_id.as_str())));
    page.line(&format!("**{}**\n", summary_line(plan)));
    page.held(plan);
    page.blocked(plan);
    page.lockouts(&plan.lockouts);
    for share in shares(plan) {
        page.share(&share, resources);
    }
    page.reworded(&plan.reworded);
    page.unmanaged(&plan.unmanaged);
    page.out
}

struct Page<'a> {
    extent: Extent,
    namer: Namer<'a>,
    out: String,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn held(&mut self, plan: &Plan) {
        let Some(held) = plan.held.as_ref().filter(|held| !held.approved) else { return };
        let verb = if held.actions == 1 { "waits" } else { "wait" };
        self.line(&format!(
            "> [!WARNING]\n> {} {verb} for approval: `palisade approve {}`",
            counted(held.actions, "action"),
            held.hash
        ));
        for (why, actions) in plan.hold_reasons() {
            self.line(&format!("> - {actions} because {}", span(&why)));
        }
        self.line("");
    }

    fn blocked(&mut self, plan: &Plan) {
        if plan.blocked.is_empty() {
            return;
        }
        self.line("> [!CAUTION]");
        let alike = match self.extent {
            Extent::Excerpt => alike(&plan.blocked),
            Extent::Whole => Vec::new(),
        };
        for obstacle in &alike {
            let Blocked { document: _, guardrails: _, reason, object: _, message } = obstacle.first;
            let (count, documents) = (counted(obstacle.all.len(), "time"), obstacle.documents());
            self.line(&format!(
                "> - blocked {count} by the same ({reason}): {} ({})",
                span(message),
                span(&documents)
            ));
        }
        for blocked in &plan.blocked {
            if alike.iter().any(|obstacle| obstacle.holds(blocked)) {
                continue;
            }
            let Blocked { document: _, guardrails: _, reason, object, message } = blocked;
            self.line(&format!("> - blocked: {} ({reason}): {}", span(object), span(message)));
        }
        self.line("");
    }

    fn lockouts(&mut self, lockouts: &[Lockout]) {
        for lockout in lockouts {
            let words = lockout_words(&lockout.state);
            self.line(&format!("> [!WARNING]\n> {words} {}\n", span(&lockout.sentence())));
        }
    }

    fn share(&mut self, share: &Share<'_>, resources: &Resources) {
        let Share { document, actions, reported, blocked: _ } = share;
        if actions.is_empty() && reported.is_empty() {
            return;
        }
        let changes: Vec<&Change> = actions.iter().map(|(_, action)| &action.change).collect();
        self.line(&format!(
            "<details><summary><code>{}</code> {} ({})</summary>\n",
            html(&document.to_string()),
            counts(&changes, reported.len()),
            html(&note_on(document, resources)),
        ));
        for (number, action) in actions {
            self.action(*number, action, resources);
        }
        for reported in reported {
            self.line(&format!("- only reported: {}", self.namer.sentence(&reported.change)));
            self.reason(&reported.reason);
            self.diff(&reported.document, &reported.change, resources);
        }
        self.line("\n</details>\n");
    }

    fn action(&mut self, number: usize, action: &Action, resources: &Resources) {
        let Action { document, guardrails: _, change, reason, after: _, hold: _, hold_reason } =
            action;
        let sign = Effect::of(change).sign();
        self.line(&format!("- `{sign}` {}", self.namer.sentence(change)));
        self.reason(reason);
        if let Some(why) = hold_reason {
            self.line(&format!("  **needs approval**: {}", span(why)));
        }
        if self.extent == Extent::Whole {
            self.line(&format!("  action {number}"));
        }
        self.diff(document, change, resources);
    }

    fn reason(&mut self, reason: &str) {
        if !reason.is_empty() {
            self.line(&format!("  {}  ", span(reason)));
        }
    }

    fn diff(&mut self, document: &DocumentRef, change: &Change, resources: &Resources) {
        let lines = lines_by_guardrail(document, change, resources, self.extent);
        if lines.is_empty() {
            return;
        }
        let text: Vec<String> =
            lines.iter().map(|Line { kind, text }| format!("  {} {text}", kind.sign())).collect();
        let text = text.join("\n");
        let fence = "`".repeat(longest_run(&text).max(2) + 1);
        self.line(&format!("\n  {fence}diff\n{text}\n  {fence}\n"));
    }

    fn reworded(&mut self, reworded: &[Reworded]) {
        if reworded.is_empty() {
            return;
        }
        self.line(&format!("<details><summary>{}</summary>\n", reworded_line(reworded)));
        for Reworded { document, policy } in reworded {
            self.line(&format!("- {} {}", span(&document.to_string()), span(policy.as_str())));
        }
        self.line("\n</details>");
    }

    fn unmanaged(&mut self, unmanaged: &[Unmanaged]) {
        if unmanaged.is_empty() {
            return;
        }
        self.line(&format!(
            "<details><summary>{} that no document names, left alone: {}</summary>\n",
            counted(unmanaged.len(), "object"),
            tally(unmanaged)
        ));
        for Unmanaged { kind, id, name, note } in unmanaged {
            self.line(&format!("- {kind} {} {}: {}", span(id), span(name), span(note)));
        }
        self.line("\n</details>");
    }
}

fn counts(changes: &[&Change], reported: usize) -> String {
    let count = |effect| changes.iter().filter(|change| Effect::of(change) == effect).count();
    let parts = [
        (count(Effect::Create), "to create"),
        (count(Effect::Change), "to change"),
        (count(Effect::Delete), "to delete"),
        (reported, "only reported"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    parts.join(", ")
}

/// `text` as a code span that nothing in it can end.
pub(super) fn span(text: &str) -> String {
    let text = inert(text);
    if text.trim().is_empty() {
        return "(blank)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // The spaces are taken off again when the span is shown (CommonMark, "Code spans").
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

fn html(text: &str) -> String {
    let text = inert(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{html, span};

    #[test]
    fn nothing_ends_a_code_span_but_its_end() {
        assert_eq!(span("plain"), "`plain`");
        assert_eq!(span("a`b"), "``a`b``");
        assert_eq!(span("``"), "``` `` ```");
        assert_eq!(span("a\n\n# b"), "`a\\u{a}\\u{a}# b`");
        assert_eq!(span(" "), "(blank)");
    }

    #[test]
    fn no_markup_comes_out_of_a_summary() {
        assert_eq!(
            html("</summary><img src='x'>&"),
            "&lt;/summary&gt;&lt;img src=&#39;x&#39;&gt;&amp;"
        );
    }
}
