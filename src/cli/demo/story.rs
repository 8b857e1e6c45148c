//! `palisade demo --once`: a fixed story, as fast as it can be told.
//!
//! The passes are the daemon's; only its timer is left out, so that the story is the same every time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;

use crate::act::{Entry, Journal, JournalError, Unconditional};
use crate::admin;
use crate::cli::console::Console;
use crate::cli::demo::narrator::{is_healed, what_remains};
use crate::cli::demo::place::Place;
use crate::cli::demo::stage::organization;
use crate::cli::demo::strike::Strike;
use crate::cli::exit::Exit;
use crate::cli::render::{counted, story_line};
use crate::cli::sources;
use crate::cli::sources::Desired;
use crate::clock::Clock;
use crate::cloud::simulated::{Deed, MischiefKind, SimulatedCloud, SimulationOptions};
use crate::controller;
use crate::controller::{Hands, Passed};
use crate::desired::Mode;
use crate::observe::Observer;
use crate::plan::Guards;
use crate::status::{Acted, Circumstances, Publisher, Report, WakeReason, plan_view, summarize};

/// The seed of everything that could be otherwise.
const SEED: u64 = 7;

/// Passes within which every chapter must end: one to heal, one to see it, and two to spare for what
/// only becomes possible by the first.
const PASSES_MAX: usize = 4;

/// Who does what.
const STRIKES: &[(&str, Strike)] = &[
    ("dana", Strike::Organization(MischiefKind::DetachPolicy)),
    ("robin", Strike::Organization(MischiefKind::EditPolicy)),
    ("kim", Strike::Organization(MischiefKind::MoveAccount)),
    ("dana", Strike::Organization(MischiefKind::RenamePolicy)),
    ("robin", Strike::Organization(MischiefKind::DeletePolicy)),
    ("kim", Strike::Organization(MischiefKind::RemoveTrustedService)),
    ("dana", Strike::Organization(MischiefKind::RemoveAdministrator)),
    ("robin", Strike::Organization(MischiefKind::DisablePolicyType)),
    ("sam", Strike::Object(Deed::StopTrail)),
    ("dana", Strike::Object(Deed::OpenBucket)),
    ("robin", Strike::Object(Deed::OpenTrust)),
    ("kim", Strike::Object(Deed::DeleteRole)),
    ("sam", Strike::Object(Deed::DisableRule)),
    ("dana", Strike::Object(Deed::DropPasswordPolicy)),
    ("robin", Strike::Object(Deed::DisableRegion)),
    ("kim", Strike::Object(Deed::ReplaceTemplate)),
    ("sam", Strike::Object(Deed::ReplaceContact)),
    ("dana", Strike::Object(Deed::EndRootAccess)),
    ("kim", Strike::Organization(MischiefKind::CreateForeignPolicy)),
    ("kim", Strike::Organization(MischiefKind::AttachForeign)),
];

/// The file that leaves desired state in the last chapter.
const DELETED_FILE: &str = "guardrails/sandbox-and-suspended.yaml";

/// A journal for an organization that is not there.
struct Unwritten;

impl Journal for Unwritten {
    fn check(&self) -> Result<(), JournalError> {
        Ok(())
    }

    fn record(&self, _: &Entry) -> Result<(), JournalError> {
        Ok(())
    }
}

struct Story<'a> {
    place: &'a Place,
    desired: Desired,
    cloud: SimulatedCloud,
    observer: Observer,
    guards: Guards,
    report: Option<Arc<Report>>,
    publisher: Publisher,
    console: Console,
    unhealed: usize,
}

/// What a chapter came to.
struct Settled {
    /// Changes that palisade made.
    changes: usize,
    report: Arc<Report>,
}

/// Tells the story; endpoints are opened only where `listen` says so.
pub(super) async fn tell(
    place: &Place,
    listen: Option<SocketAddr>,
    console: Console,
) -> anyhow::Result<Exit> {
    let desired = sources::desired_state(&place.desired_state(), console)?;
    let cloud = organization(&desired.resources, SEED, SimulationOptions::quiet())?;
    let (publisher, said) = Publisher::new();
    if let Some(address) = listen {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on `{address}`"))?;
        let metrics = controller::metrics().context("cannot set up metrics")?;
        let silence_max = std::time::Duration::MAX;
        let endpoints =
            admin::Endpoints { published: said, metrics, silence_max, allowed_hosts: Vec::new() };
        tokio::spawn(admin::serve(listener, endpoints));
    }
    let guards =
        Guards { max_changes: usize::MAX, max_deletes: usize::MAX, approved: BTreeSet::new() };
    let mut story = Story {
        place,
        desired,
        cloud,
        observer: Observer::new(std::time::Duration::ZERO),
        guards,
        report: None,
        publisher,
        console,
        unhealed: 0,
    };
    story.bootstrap().await?;
    for (seed, (who, strike)) in (SEED..).zip(STRIKES) {
        story.strike(seed, who, *strike).await?;
    }
    story.deletion().await?;
    story.end().await
}

impl Story<'_> {
    async fn bootstrap(&mut self) -> anyhow::Result<()> {
        let accounts = counted(self.desired.resources.account_names.len(), "account");
        let documents = counted(self.desired.resources.documents.len(), "document");
        self.say(
            "",
            &format!("{accounts} lie in the root, no guardrail is in force; git holds {documents}"),
        )?;
        let settled = self.settle(WakeReason::Start).await?;
        self.healed(&settled, "makes it so,")?;
        self.say("", &what_remains(&settled.report))
    }

    async fn strike(&mut self, seed: u64, who: &str, strike: Strike) -> anyhow::Result<()> {
        let struck = strike
            .by(who, seed, &self.cloud, &self.desired.resources.account_names)
            .with_context(|| format!("{who} found nothing to do"))?;
        self.say(who, &struck.told)?;
        let settled = self.settle(WakeReason::Timer).await?;
        if !struck.is_harmless {
            return self.healed(&settled, "healed");
        }
        if settled.changes > 0 || !is_healed(&settled.report) {
            self.unhealed += 1;
        }
        let unmanaged = settled.report.unmanaged.values().map(|unmanaged| unmanaged.count).sum();
        let counted = counted(unmanaged, "object");
        self.say("palisade", &format!("in no document, so left alone: {counted} of this kind"))
    }

    async fn deletion(&mut self) -> anyhow::Result<()> {
        let directory = self.place.desired_state();
        let file = directory.join(DELETED_FILE);
        fs::remove_file(&file).with_context(|| format!("cannot delete `{}`", file.display()))?;
        self.desired = sources::desired_state(&directory, self.console)?;
        self.say("git", &format!("a commit deletes {DELETED_FILE}"))?;
        let settled = self.settle(WakeReason::Files).await?;
        let held = settled.report.held.as_ref().context("the deletion was not held")?;
        if settled.changes > 0 {
            self.unhealed += 1;
        }
        let (hash, actions) = (held.hash.clone(), counted(held.actions, "change"));
        self.say("palisade", &format!("holds {actions} until somebody approves them as {hash}"))?;
        self.guards.approved.insert(hash.clone());
        self.say("robin", &format!("palisade approve {hash}"))?;
        let settled = self.settle(WakeReason::Files).await?;
        self.healed(&settled, "done")
    }

    async fn end(&mut self) -> anyhow::Result<Exit> {
        let before = self.cloud.counts().mutating();
        self.settle(WakeReason::Timer).await?;
        let changed = self.cloud.counts().mutating() - before;
        if self.unhealed > 0 || changed > 0 {
            self.say("", &format!("the end: {} not healed", self.unhealed))?;
            return Ok(Exit::Bad);
        }
        self.say("", "the end: everything healed, and a last look changed nothing")?;
        Ok(Exit::Good)
    }

    /// Passes until one finds nothing that it may change.
    async fn settle(&mut self, wake: WakeReason) -> anyhow::Result<Settled> {
        let mut changes = 0;
        for number in 1..=PASSES_MAX {
            let wake = if number == 1 { wake } else { WakeReason::FollowUp };
            let (made, report) = self.pass(wake).await?;
            changes += made;
            if made == 0 || number == PASSES_MAX {
                return Ok(Settled { changes, report });
            }
        }
        anyhow::bail!("no pass was made")
    }

    async fn pass(&mut self, wake: WakeReason) -> anyhow::Result<(usize, Arc<Report>)> {
        let hands = Hands::Free { permit: &Unconditional, journal: &Unwritten };
        let resources = &self.desired.resources;
        let passed =
            controller::pass(&self.cloud, &mut self.observer, resources, &self.guards, hands).await;
        let circumstances = Circumstances {
            now: Clock::System.now(),
            wake,
            revision: None,
            digest: self.desired.digest.clone(),
            mode: Mode::Enforce,
            leader: true,
            problems: Vec::new(),
            warnings: Vec::new(),
            troubles: Vec::new(),
            practices: Vec::new(),
            attributions: BTreeMap::new(),
            drills: BTreeMap::new(),
        };
        let report = summarize(&passed.of(resources), &circumstances, self.report.as_deref());
        let report = Arc::new(report);
        self.publisher.publish(Arc::clone(&report), plan_view(&passed.plan).ok().map(Arc::new));
        self.report = Some(Arc::clone(&report));
        Ok((made(&passed), report))
    }

    fn healed(&mut self, settled: &Settled, word: &str) -> anyhow::Result<()> {
        let changes = counted(settled.changes, "change");
        if is_healed(&settled.report) && settled.changes > 0 {
            return self.say("palisade", &format!("{word} with {changes}"));
        }
        self.unhealed += 1;
        self.say("palisade", &format!("NOT {word} after {changes}"))
    }

    fn say(&self, who: &str, text: &str) -> anyhow::Result<()> {
        Ok(self.console.data(&story_line(None, who, text, self.console.data_paint))?)
    }
}

/// Changes that were made in a pass.
fn made(passed: &Passed) -> usize {
    match &passed.acted {
        Acted::Tried(outcomes) => outcomes.iter().filter(|outcome| outcome.is_success()).count(),
        Acted::Abstained(_) => 0,
    }
}
