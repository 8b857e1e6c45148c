//! The demo that goes on: the real daemon, its endpoints, and people who do bad things now and then.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::time::{Instant, sleep_until};

use crate::cli::args::DemoArgs;
use crate::cli::aws::seed;
use crate::cli::console::Console;
use crate::cli::demo::narrator::Narrator;
use crate::cli::demo::place::Place;
use crate::cli::demo::stage::organization;
use crate::cli::demo::strike::Strike;
use crate::cli::exit::Exit;
use crate::cli::render::{counted, story_line, welcome_text};
use crate::cli::sources;
use crate::cli::sources::Desired;
use crate::clock::Clock;
use crate::cloud::budget::BudgetShare;
use crate::cloud::simulated::{Deed, MischiefKind, SimulatedCloud, SimulationOptions, Throttling};
use crate::config::{JournalTarget, OperatingMode, Settings};
use crate::controller;
use crate::controller::{Daemon, StartError, Urgency};
use crate::metrics::Metrics;
use crate::status::Report;

/// How often the daemon looks. Against AWS it is minutes; here nobody pays for the calls.
const INTERVAL: Duration = Duration::from_secs(2);

/// Calm between two strikes: time to read, and to look at the status page.
const CALM: Duration = Duration::from_secs(5);

/// Where the endpoints are if nothing is said and the port is free.
const PORT: u16 = 9464;

/// Who does bad things, in turn.
const PEOPLE: [&str; 4] = ["dana", "robin", "kim", "sam"];

/// What they do, in turn. Each kind of what is left alone comes once: the slots of a target are few.
const STRIKES: [Strike; 14] = [
    Strike::Organization(MischiefKind::DetachPolicy),
    Strike::Organization(MischiefKind::EditPolicy),
    Strike::Object(Deed::StopTrail),
    Strike::Organization(MischiefKind::MoveAccount),
    Strike::Object(Deed::OpenTrust),
    Strike::Organization(MischiefKind::DisablePolicyType),
    Strike::Organization(MischiefKind::DeletePolicy),
    Strike::Object(Deed::DeleteRole),
    Strike::Organization(MischiefKind::RemoveTrustedService),
    Strike::Object(Deed::DisableRegion),
    Strike::Organization(MischiefKind::RenamePolicy),
    Strike::Object(Deed::ReplaceTemplate),
    Strike::Organization(MischiefKind::RemoveAdministrator),
    Strike::Object(Deed::OpenBucket),
];

/// The strike, counted from 0, that is harmless.
const HARMLESS_STRIKE: usize = 3;

/// Runs until Ctrl-C, or until nobody reads any more.
pub(super) async fn run(args: &DemoArgs, place: &Place, console: Console) -> anyhow::Result<Exit> {
    let stop = controller::on_signals().context("cannot listen for signals")?;
    let desired = sources::desired_state(&place.desired_state(), console)?;
    let cloud = organization(&desired.resources, seed(), options())?;
    let metrics = controller::metrics().context("cannot set up metrics")?;
    let daemon = open(args.listen, place, &cloud, &metrics).await?;
    let accounts = counted(desired.resources.account_names.len(), "account");
    let directory = place.desired_state();
    let welcome = welcome_text(
        &accounts,
        &daemon.address().to_string(),
        &directory,
        &place.data(),
        console.data_paint,
    );
    console.data(&welcome)?;
    let mut scene = Scene { desired, cloud, console, strikes: 0, heard: None };
    let mut published = daemon.published();
    let mut narrator = Narrator::default();
    let running = tokio::spawn(daemon.run(stop.clone()));
    loop {
        let next_strike = narrator.calm_since().map(|since| since + CALM);
        let striking = async {
            match next_strike {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let is_heard = tokio::select! {
            () = stop.asked(Urgency::Leave) => break,
            changed = published.changed() => {
                if changed.is_err() {
                    break;
                }
                let report = published.borrow_and_update().report.clone();
                scene.hear(report, &mut narrator)?
            }
            () = striking => scene.strike(&mut narrator)?,
        };
        if !is_heard {
            running.abort();
            return Ok(Exit::Good);
        }
    }
    running.await.context("the daemon ended badly")?.context("the daemon failed")?;
    console.say("stopped; the simulated organization is gone");
    Ok(Exit::Good)
}

/// A cloud that takes its time as AWS does, and counts nothing.
fn options() -> SimulationOptions {
    SimulationOptions { throttling: Throttling::Off, ..SimulationOptions::realistic() }
}

async fn open(
    listen: Option<SocketAddr>,
    place: &Place,
    cloud: &SimulatedCloud,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Daemon> {
    let settings = |listen| Settings {
        directory: place.desired_state(),
        interval: INTERVAL,
        mode: OperatingMode::Enforce,
        listen,
        allowed_hosts: Vec::new(),
        journal: JournalTarget::Nowhere,
        data_directory: place.data(),
        max_changes: usize::MAX,
        max_deletes: usize::MAX,
        revision: None,
    };
    let cloud = controller::measured(cloud.clone(), BudgetShare::UNLIMITED, seed(), metrics);
    let cloud = Arc::new(cloud);
    let open = |address| {
        let (cloud, metrics) = (Arc::clone(&cloud), Arc::clone(metrics));
        Daemon::open(settings(address), cloud, Clock::System, metrics, controller::alone())
    };
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    match open(listen.unwrap_or(usual)).await {
        // Another palisade has the port: any other will do, unless it was asked for.
        Err(StartError::Listen { .. }) if listen.is_none() => {
            Ok(open(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?)
        }
        opened => Ok(opened?),
    }
}

/// The stage and who is on it.
struct Scene {
    desired: Desired,
    cloud: SimulatedCloud,
    console: Console,
    strikes: usize,
    /// The last report that was told.
    heard: Option<Arc<Report>>,
}

impl Scene {
    /// Tells what is new in a report. The daemon also publishes that it is alive: no news.
    fn hear(
        &mut self,
        report: Option<Arc<Report>>,
        narrator: &mut Narrator,
    ) -> anyhow::Result<bool> {
        let Some(report) = report else { return Ok(true) };
        if self.heard.as_ref().is_some_and(|heard| Arc::ptr_eq(heard, &report)) {
            return Ok(true);
        }
        let lines = narrator.hear(&report, Instant::now());
        self.heard = Some(report);
        self.tell_all("palisade", &lines)
    }

    /// Somebody does something.
    fn strike(&mut self, narrator: &mut Narrator) -> anyhow::Result<bool> {
        let who = PEOPLE[self.strikes % PEOPLE.len()];
        let strike = if self.strikes == HARMLESS_STRIKE {
            Strike::Organization(MischiefKind::CreateForeignPolicy)
        } else {
            STRIKES[self.strikes % STRIKES.len()]
        };
        let chance = seed().wrapping_add(u64::try_from(self.strikes)?);
        self.strikes += 1;
        let names = &self.desired.resources.account_names;
        let Some(struck) = strike.by(who, chance, &self.cloud, names) else {
            return Ok(true);
        };
        narrator.struck(struck.is_harmless, Instant::now());
        self.tell_all(who, &[struck.told])
    }

    /// Prints; says whether anybody reads.
    fn tell_all(&self, who: &str, lines: &[String]) -> anyhow::Result<bool> {
        let paint = self.console.data_paint;
        let now = Clock::System.now();
        let text: String =
            lines.iter().map(|line| story_line(Some(now), who, line, paint)).collect();
        Ok(self.console.is_heard(&text)?)
    }
}
