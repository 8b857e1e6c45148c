//! A plan for people at a terminal: by document, with what, where and why.

use crate::cli::plan_document::Summary;
use crate::cli::render::diff::{Extent, LineKind};
use crate::cli::render::packed::{lines_by_guardrail, shared, shared_by};
use crate::cli::render::paint::{Paint, counted, inert};
use crate::cli::render::words::{Alike, Effect, Namer, Share, alike, reworded_line, shares, tally};
use crate::compile::{Enforcement, Resources};
use crate::org::DocumentRef;
use crate::plan::{Action, Blocked, Change, Lockout, LockoutState, Plan, Reworded, Unmanaged};

/// What is printed when there is nothing to print.
const NO_CHANGES: &str = "No changes. The organization is as desired-state says.";

/// The plan as text.
pub(crate) fn plan_text(
    plan: &Plan,
    resources: &Resources,
    extent: Extent,
    paint: Paint,
) -> String {
    let namer = Namer { quote: quoted, accounts: &resources.account_names };
    let alike = match extent {
        Extent::Excerpt => alike(&plan.blocked),
        Extent::Whole => Vec::new(),
    };
    let mut text = Text { paint, extent, namer, out: String::new() };
    for mut share in shares(plan) {
        share.blocked.retain(|blocked| !alike.iter().any(|alike| alike.holds(blocked)));
        if !share.is_empty() {
            text.share(&share, resources);
        }
    }
    text.alike(&alike);
    text.held(plan);
    text.lockouts(&plan.lockouts);
    text.reworded(&plan.reworded);
    text.unmanaged(&plan.unmanaged);
    text.summary(plan);
    text.out
}

struct Text<'a> {
    paint: Paint,
    extent: Extent,
    namer: Namer<'a>,
    out: String,
}

impl Text<'_> {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn share(&mut self, share: &Share<'_>, resources: &Resources) {
        let heading = self.paint.bold(&share.document.to_string());
        let note = self.paint.dim(&note_on(share.document, resources));
        self.line(&format!("{heading}  {note}"));
        for (number, action) in &share.actions {
            self.action(*number, action, resources);
        }
        for reported in &share.reported {
            let what = format!(
                "({}) {}",
                Effect::of(&reported.change).sign(),
                self.namer.sentence(&reported.change)
            );
            let what = self.paint.dim(&what);
            self.line(&format!("  {what}"));
            self.why(&format!("only reported: {}", reported.reason));
            self.diff(&reported.document, &reported.change, resources);
        }
        for blocked in &share.blocked {
            self.blocked(blocked);
        }
        self.line("");
    }

    fn action(&mut self, number: usize, action: &Action, resources: &Resources) {
        let Action { document, guardrails: _, change, reason, after, hold: _, hold_reason } =
            action;
        let effect = Effect::of(change);
        let sign = self.signed(effect, effect.sign());
        self.line(&format!("  {sign} {}", self.namer.sentence(change)));
        self.why(reason);
        if let Some(why) = hold_reason {
            let mark = self.paint.warn(&format!("! needs approval: {}", inert(why)));
            self.line(&format!("      {mark}"));
        }
        if self.extent == Extent::Whole {
            let waits = if after.is_empty() {
                String::new()
            } else {
                let after: Vec<String> =
                    after.iter().map(|index| (index + 1).to_string()).collect();
                format!(", after {}", after.join(", "))
            };
            let order = self.paint.dim(&format!("action {number}{waits}"));
            self.line(&format!("      {order}"));
        }
        self.diff(document, change, resources);
    }

    fn why(&mut self, reason: &str) {
        if !reason.is_empty() {
            let why = self.paint.dim(&inert(reason));
            self.line(&format!("      {why}"));
        }
    }

    fn diff(&mut self, document: &DocumentRef, change: &Change, resources: &Resources) {
        for line in lines_by_guardrail(document, change, resources, self.extent) {
            let text = format!("{} {}", line.kind.sign(), line.text);
            let text = match line.kind {
                LineKind::Added => self.paint.good(&text),
                LineKind::Removed => self.paint.bad(&text),
                LineKind::Changed => self.paint.warn(&text),
                LineKind::Same => text,
                LineKind::Gap => self.paint.dim(&text),
            };
            self.line(&format!("        {text}"));
        }
    }

    fn blocked(&mut self, blocked: &Blocked) {
        let Blocked { document: _, guardrails: _, reason, object, message } = blocked;
        let mark = self.paint.bad("✗");
        self.line(&format!("  {mark} blocked: {} ({reason})", inert(object)));
        self.line(&format!("      {}", inert(message)));
    }

    fn alike(&mut self, alike: &[Alike<'_>]) {
        for obstacle in alike {
            let Blocked { document: _, guardrails: _, reason, object: _, message } = obstacle.first;
            let mark = self.paint.bad("✗");
            let count = counted(obstacle.all.len(), "time");
            self.line(&format!(
                "{mark} blocked {count} by the same ({reason}): {}",
                inert(message)
            ));
            let hint = self.paint.dim("(`--detailed` lists them)");
            self.line(&format!("    {} {hint}", inert(&obstacle.documents())));
            self.line("");
        }
    }

    fn held(&mut self, plan: &Plan) {
        let Some(held) = &plan.held else { return };
        if held.approved {
            let text = format!(
                "{} had to be approved, and {} been, as {}.",
                counted(held.actions, "action"),
                if held.actions == 1 { "has" } else { "have" },
                held.hash
            );
            let text = self.paint.good(&text);
            self.line(&text);
        } else {
            let verb = if held.actions == 1 { "waits" } else { "wait" };
            let heading = format!("{} {verb} for approval:", counted(held.actions, "action"));
            let heading = self.paint.warn(&heading);
            self.line(&heading);
            for (why, actions) in plan.hold_reasons() {
                self.line(&format!("  {actions} because {}", inert(&why)));
            }
            self.line(&format!("  palisade approve {}   lets a running daemon do it", held.hash));
            self.line("  palisade apply          asks, and does it from here");
        }
        self.line("");
    }

    fn lockouts(&mut self, lockouts: &[Lockout]) {
        for lockout in lockouts {
            let heading = self.paint.warn(&lockout_words(&lockout.state));
            self.line(&heading);
            self.line(&format!("  {}", inert(&lockout.sentence())));
        }
        if !lockouts.is_empty() {
            self.line("");
        }
    }

    fn reworded(&mut self, reworded: &[Reworded]) {
        if reworded.is_empty() {
            return;
        }
        let hint = match self.extent {
            Extent::Excerpt => format!(" {}", self.paint.dim("(`--detailed` lists them)")),
            Extent::Whole => String::new(),
        };
        self.line(&format!("{}{hint}", reworded_line(reworded)));
        for Reworded { document, policy } in reworded.iter().filter(|_| hint.is_empty()) {
            self.line(&format!("  {document} {policy}"));
        }
        self.line("");
    }

    fn unmanaged(&mut self, unmanaged: &[Unmanaged]) {
        if unmanaged.is_empty() {
            return;
        }
        let heading =
            format!("{} that no document names; left alone:", counted(unmanaged.len(), "object"));
        if self.extent == Extent::Whole {
            self.line(&heading);
            for Unmanaged { kind, id, name, note } in unmanaged {
                let note = self.paint.dim(&inert(note));
                self.line(&format!("  {kind} {} {}  {note}", inert(id), quoted(name)));
            }
        } else {
            let kinds = tally(unmanaged);
            let hint = self.paint.dim("(`--detailed` lists them)");
            self.line(&format!("{heading} {kinds} {hint}"));
        }
        self.line("");
    }

    fn summary(&mut self, plan: &Plan) {
        let text = summary_line(plan);
        let text = if plan.is_empty() { self.paint.good(&text) } else { self.paint.bold(&text) };
        self.line(&text);
    }

    fn signed(&self, effect: Effect, text: &str) -> String {
        match effect {
            Effect::Create => self.paint.good(text),
            Effect::Change => self.paint.warn(text),
            Effect::Delete => self.paint.bad(text),
        }
    }
}

/// The plan in one line.
pub(crate) fn summary_line(plan: &Plan) -> String {
    let Summary { create, change, delete, held, blocked, reported, unmanaged: _ } =
        Summary::of(plan);
    if plan.is_empty() {
        return NO_CHANGES.to_owned();
    }
    let reported =
        if reported == 0 { String::new() } else { format!(", {reported} only reported") };
    format!(
        "Plan: {create} to create, {change} to change, {delete} to delete, {held} held, {blocked} blocked{reported}."
    )
}

/// Where a document is and whether it is enforced.
pub(crate) fn note_on(document: &DocumentRef, resources: &Resources) -> String {
    let Some(document) = resources.documents.get(document) else {
        if let Some(policy) = shared(document, resources) {
            return shared_by(policy);
        }
        return "no longer in desired state".to_owned();
    };
    match &document.enforcement {
        Enforcement::Enforced => document.source.to_string(),
        Enforcement::Observed => format!("{}, mode observe", document.source),
        Enforcement::Suspended { until, reason } => {
            format!("{}, suspended until {until}: {}", document.source, inert(reason))
        }
    }
}

/// A name between backticks, harmless on a terminal.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", inert(name))
}

/// What became of a lockout that blocks nothing.
pub(crate) fn lockout_words(state: &LockoutState) -> String {
    match state {
        LockoutState::Before => "Locked out already, whatever this plan does:".to_owned(),
        LockoutState::Accepted { until } => {
            format!("Would be locked out, which `spec.acceptLockouts` accepts until {until}:")
        }
        LockoutState::Blocked => "Would be locked out:".to_owned(),
    }
}
