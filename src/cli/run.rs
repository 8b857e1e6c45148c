//! `palisade run`: the daemon, from flags to its end.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use crate::cli::args::{Mode, RunArgs};
use crate::cli::aws::{runtime, seed, settings};
use crate::cli::events;
use crate::cli::exit::Exit;
use crate::cli::lease;
use crate::cli::lease::Standing;
use crate::cli::notify;
use crate::clock::Clock;
use crate::cloud::aws::AwsCloud;
use crate::config::{JournalTarget, OperatingMode, Settings};
use crate::controller;
use crate::controller::{Daemon, Stopped};
use crate::telemetry;

pub(crate) fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    let runtime = runtime()?;
    let collector = args.otlp_endpoint.as_ref();
    let format = args.log_format.into();
    let telemetry = telemetry::start(format, &args.log, collector, runtime.handle())?;
    let stopped = runtime.block_on(serve(args));
    telemetry.finish();
    // A second signal means at once: nothing is waited for.
    runtime.shutdown_background();
    Ok(match stopped? {
        Stopped::Cleanly => Exit::Good,
        Stopped::AtOnce => Exit::Bad,
    })
}

async fn serve(args: &RunArgs) -> anyhow::Result<Stopped> {
    let stop = controller::on_signals().context("cannot listen for signals")?;
    let metrics = controller::metrics().context("cannot set up metrics")?;
    let cloud = AwsCloud::connect(&settings(&args.aws)).await;
    let cloud = controller::measured(cloud, args.aws.api_budget, seed(), &metrics);
    let channels = notify::channels(&args.notify, &args.aws).await?;
    let mut election = lease::stand(&args.lease, args.mode, &args.aws).await?;
    let leadership = match &election {
        Standing::Alone => controller::alone(),
        Standing::Aside => controller::aside(),
        Standing::Elected(election) => election.leadership(),
    };
    let daemon =
        Daemon::open(settings_of(args), Arc::new(cloud), Clock::System, metrics, leadership)
            .await?;
    let daemon = daemon.with_channels(channels);
    let daemon = match events::queue(&args.events, &args.aws).await {
        Some(queue) => daemon.with_events(queue),
        None => daemon,
    };
    tracing::info!(address = %daemon.address(), directory = %args.dir.dir.display(), "daemon started");
    let stopped = tokio::select! {
        stopped = daemon.run(stop) => stopped?,
        // Nobody would renew the lease any more. The process starts again, and stands again.
        () = election.broken() => anyhow::bail!("the election for the lease has broken down"),
    };
    if let (Standing::Elected(election), Stopped::Cleanly) = (election, stopped) {
        election.release().await;
    }
    Ok(stopped)
}

fn settings_of(args: &RunArgs) -> Settings {
    Settings {
        directory: args.dir.dir.clone(),
        interval: args.interval,
        mode: match args.mode {
            Mode::Enforce => OperatingMode::Enforce,
            Mode::Observe => OperatingMode::Observe,
        },
        listen: args.listen,
        allowed_hosts: args.allow_host.clone(),
        journal: match &args.journal {
            None => JournalTarget::Nowhere,
            Some(file) if file == Path::new("-") => JournalTarget::StandardOutput,
            Some(file) => JournalTarget::File(file.clone()),
        },
        data_directory: args.data.data_dir.clone(),
        max_changes: args.limits.max_changes,
        max_deletes: args.limits.max_deletes,
        revision: args.revision.clone(),
    }
}
