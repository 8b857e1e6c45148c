//! One round of the daemon: read git, pass, say how things stand, decide when to look again.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::compile::Resources;
use crate::config::{OperatingMode, Settings};
use crate::controller::approvals;
use crate::controller::approvals::Approvals;
use crate::controller::backoff::{Backoff, Due, Progress};
use crate::controller::drills::{by_document, drills};
use crate::controller::events::{Attributions, Desired, Events, Found};
use crate::controller::files::Sight;
use crate::controller::journal::LineJournal;
use crate::controller::lease::Leadership;
use crate::controller::measure::{count_actions, measure};
use crate::controller::notify::Notifier;
use crate::controller::pass::{Hands, Passed, carry_out, look};
use crate::controller::past;
use crate::controller::pulse::Pulse;
use crate::controller::shutdown::{Stop, Urgency, WhileLeading};
use crate::controller::standing::Standing;
use crate::controller::trouble::Component;
use crate::desired::Mode;
use crate::metrics::Metrics;
use crate::observe::Observer;
use crate::plan::{Action, Guards};
use crate::status::{
    Abstention, Cause, Circumstances, DriftReport, Publisher, Report, Trouble, WakeReason, notices,
    plan_view, summarize, without_desired_state,
};

/// After an event that nothing was found of, so late it is looked again: AWS may have told of a change before
/// it showed it, and what is read in the first half minute after is not kept.
const SECOND_LOOK: Duration = Duration::from_secs(35);

/// What the daemon keeps from round to round.
pub(in crate::controller) struct Keeper {
    pub(in crate::controller) settings: Settings,
    pub(in crate::controller) cloud: Arc<dyn Cloud>,
    pub(in crate::controller) clock: Clock,
    pub(in crate::controller) metrics: Arc<Metrics>,
    pub(in crate::controller) publisher: Publisher,
    pub(in crate::controller) journal: LineJournal,
    pub(in crate::controller) leadership: Leadership,
    pub(in crate::controller) stop: Stop,
    pub(in crate::controller) standing: Standing,
    pub(in crate::controller) observer: Observer,
    pub(in crate::controller) backoff: Backoff,
    /// How things stood after the round before, or when the process before this one ended.
    pub(in crate::controller) report: Option<Arc<Report>>,
    /// Has this process said how things stand?
    pub(in crate::controller) has_spoken: bool,
    pub(in crate::controller) events: Events,
    pub(in crate::controller) notifier: Notifier,
    /// Who caused what the last plan is about.
    pub(in crate::controller) attributions: Attributions,
    pub(in crate::controller) actions: Vec<Action>,
}

impl Keeper {
    /// One round; nothing if the daemon was asked to leave before there was anything to say.
    #[tracing::instrument(name = "pass", skip_all, fields(wake = %wake))]
    pub(in crate::controller) async fn round(
        &mut self,
        wake: WakeReason,
        sight: Sight,
    ) -> Option<Due> {
        self.publisher.move_on();
        let given = self.settings.revision.as_deref();
        self.standing.read(&self.settings.directory, given, self.clock);
        self.journal.set_revision(self.standing.revision().as_deref());
        // At once: the first look at a large organization takes minutes.
        self.metrics.record_problems(self.standing.problems().len());
        self.metrics.record_in_force(self.standing.in_force());
        let mut troubles: Vec<Trouble> = polling(sight).into_iter().collect();
        if wake == WakeReason::Hangup {
            self.observer.forget();
        }
        self.events.hear(&mut self.observer, self.leadership.leads());
        troubles.extend(self.events.trouble());
        troubles.extend(self.notifier.troubles());
        let Some(resources) = self.standing.resources(self.clock) else {
            let circumstances = self.circumstances(wake, troubles);
            let report = without_desired_state(&circumstances, self.report.as_deref());
            self.events.settle(Found::Nothing);
            return Some(self.conclude(report, None, Progress::Stuck));
        };
        let id = &resources.organization_id;
        // Of another organization nothing is told about this one.
        self.report.take_if(|it| it.organization_id.as_ref().is_some_and(|before| before != id));
        let approvals = self.approvals(&mut troubles);
        let passed = self.pass(&resources, &approvals).await?;
        troubles.extend(self.settle(&passed));
        troubles.extend(self.journal.failure().map(|why| unwritten(&why)));
        let circumstances = self.circumstances(wake, troubles);
        let report = summarize(&passed.of(&resources), &circumstances, self.report.as_deref());
        count_actions(&self.metrics, &passed.plan, &passed.acted);
        let moved = passed.plan.actions != self.actions;
        let progress = if moved { Progress::Moved } else { Progress::Stuck };
        let found = if passed.plan.is_empty() { Found::Nothing } else { Found::Drift };
        let due = self.conclude(report, Some(&passed), progress);
        self.events.learn(&resources, &passed.snapshot);
        self.events.settle(found);
        self.actions = passed.plan.actions;
        Some(match (wake, found) {
            (WakeReason::Event, Found::Nothing) => due.at_latest(SECOND_LOOK),
            (_, _) => due,
        })
    }

    async fn pass(&mut self, resources: &Resources, approvals: &Approvals) -> Option<Passed> {
        let cloud = Pulse { cloud: self.cloud.as_ref(), publisher: &self.publisher };
        let mut guards = Guards {
            max_changes: self.settings.max_changes,
            max_deletes: self.settings.max_deletes,
            approved: approvals.hashes(),
        };
        // Looking changes nothing and is left at once; acting is left after the action in hand.
        let mut looked = tokio::select! {
            biased;
            () = self.stop.asked(Urgency::Leave) => return None,
            looked = look(&cloud, &mut self.observer, resources, &guards) => looked,
        };
        if let Some(held) = looked.plan.held.as_ref().filter(|held| !held.approved)
            && approvals.cover(&looked.plan)
        {
            guards.approved.insert(held.hash.clone());
            looked.replan(resources, &guards);
        }
        let digest = self.standing.digest();
        let is_new = self.report.as_ref().is_some_and(|it| it.desired_state.digest != digest);
        let desired = if is_new { Desired::New } else { Desired::AsBefore };
        let now = self.clock.now();
        self.attributions = self.events.attribute(&looked.plan, now, &self.journal, desired);
        let permit = WhileLeading { stop: &self.stop, leadership: &self.leadership };
        let leader = self.leadership.leads();
        let hands = match self.settings.mode {
            OperatingMode::Observe => Hands::Tied(Abstention::ObserveMode),
            OperatingMode::Enforce if !leader => Hands::Tied(Abstention::Follower),
            OperatingMode::Enforce => Hands::Free { permit: &permit, journal: &self.journal },
        };
        Some(carry_out(&cloud, &mut self.observer, looked, hands).await)
    }

    fn approvals(&self, troubles: &mut Vec<Trouble>) -> Approvals {
        approvals::approved(&self.settings.data_directory).unwrap_or_else(|error| {
            troubles.push(data_directory(&error));
            Approvals::default()
        })
    }

    /// Says what waits for approval, unless too little was seen to know.
    fn settle(&self, passed: &Passed) -> Option<Trouble> {
        if !passed.snapshot.unknown_parts().is_empty() {
            return None;
        }
        let waiting = match self.settings.mode {
            OperatingMode::Enforce if self.leadership.leads() => Some(&passed.plan),
            // Nothing would be done with an approval.
            OperatingMode::Enforce | OperatingMode::Observe => None,
        };
        let revision = self.standing.revision();
        let now = self.clock.now();
        approvals::settle(&self.settings.data_directory, waiting, revision.as_deref(), now)
            .err()
            .map(|error| data_directory(&error))
    }

    fn circumstances(&self, wake: WakeReason, troubles: Vec<Trouble>) -> Circumstances {
        Circumstances {
            now: self.clock.now(),
            wake,
            revision: self.standing.revision(),
            digest: self.standing.digest(),
            mode: match self.settings.mode {
                OperatingMode::Enforce => Mode::Enforce,
                OperatingMode::Observe => Mode::Observe,
            },
            leader: self.leadership.leads(),
            problems: self.standing.problems(),
            warnings: self.standing.warnings(),
            troubles,
            practices: self.standing.practices(),
            attributions: self.attributions.clone(),
            drills: by_document(drills(&self.settings.data_directory).unwrap_or_default()),
        }
    }

    /// Says how things stand, and when to look again.
    fn conclude(&mut self, report: Report, passed: Option<&Passed>, progress: Progress) -> Due {
        let due = self.backoff.next(&report, progress);
        measure(&self.metrics, &report);
        log(&report, self.report.as_deref().filter(|_| self.has_spoken));
        self.has_spoken = true;
        // Who only looks on sees the same as the one that acts, and one of them tells.
        if report.leader {
            for notice in notices(&report, self.report.as_deref()) {
                self.notifier.tell(&notice);
            }
        }
        let view = passed.and_then(|passed| plan_view(&passed.plan).ok()).map(Arc::new);
        if let Err(error) = past::keep(&self.settings.data_directory, &report) {
            tracing::debug!(%error, "a restart would not know how things stand");
        }
        let report = Arc::new(report);
        self.report = Some(Arc::clone(&report));
        self.publisher.publish(report, view);
        due
    }
}

fn polling(sight: Sight) -> Option<Trouble> {
    match sight {
        Sight::Told => None,
        Sight::Polling(why) => {
            let message = format!("changes are noticed by looking every few seconds: {why}");
            Some(Component::Files.trouble(message))
        }
    }
}

fn unwritten(why: &str) -> Trouble {
    let message = format!("nothing is changed while the audit journal cannot be written: {why}");
    Component::Journal.trouble(message)
}

fn data_directory(error: &approvals::ApprovalError) -> Trouble {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    Component::DataDirectory.trouble(format!("approvals do not work: {error}: {source}"))
}

fn log(report: &Report, previous: Option<&Report>) {
    for drift in &report.last_pass.detected {
        let DriftReport { document, object, change, by, .. } = drift;
        let by = by.as_ref();
        tracing::warn!(
            %document,
            object,
            change,
            by = by.map(|by| by.principal.as_str()),
            call = by.map(|by| by.call.as_str()),
            at = by.map(|by| tracing::field::display(by.at)),
            from = by.and_then(|by| by.from.as_deref()),
            event = by.map(|by| by.event.as_str()),
            "drift found"
        );
    }
    for drift in &report.last_pass.repaired {
        let seconds = report.last_pass.at.duration_since(drift.since).as_secs();
        let DriftReport { document, object, change, cause, .. } = drift;
        match cause {
            Cause::Drift => tracing::info!(%document, object, change, seconds, "drift healed"),
            Cause::Change => tracing::info!(%document, object, change, seconds, "change confirmed"),
        }
    }
    let problems = &report.desired_state.problems;
    if previous.is_none_or(|previous| previous.desired_state.problems != *problems) {
        for problem in problems {
            tracing::error!(
                at = problem.at,
                problem = problem.message,
                "desired state is not valid"
            );
        }
    }
    if previous.is_none_or(|previous| previous.troubles != report.troubles) {
        for trouble in &report.troubles {
            tracing::error!(
                component = trouble.component,
                trouble = trouble.message,
                "something is wrong"
            );
        }
    }
    if let Some(held) = report.held.as_ref().filter(|held| !held.approved) {
        for (why, actions) in &held.reasons {
            tracing::warn!(hash = held.hash, actions, why, "changes wait for approval");
        }
    }
    for unknown in &report.unknown {
        let (part, parts) = (unknown.subject(), unknown.count);
        tracing::warn!(part, parts, reason = unknown.reason, "part not observed");
    }
    tracing::info!(
        result = %report.last_pass.result,
        actions = report.last_pass.actions,
        blocked = report.blocked.len(),
        in_sync = report.in_sync,
        "pass finished"
    );
}
