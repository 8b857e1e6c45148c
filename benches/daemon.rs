//! Starts the daemon on a large organization: how long until it is ready, and how much memory it takes.
//!
//! ```text
//! cargo bench --bench daemon
//! ```
//!
//! 10,000 accounts, 500 OUs, 1,000 policies. The cloud answers at once from this process, so the time is
//! the daemon's own and the memory holds the organization once more, in place of the network. Against AWS
//! the rates of its API decide: `cargo bench --bench observe` says how long reading takes at half of them.
#![expect(clippy::print_stdout, reason = "what a bench prints is its result")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

mod scale;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use palisade::catalog;
use palisade::clock::Clock;
use palisade::compile::compile;
use palisade::config::{JournalTarget, OperatingMode, Settings};
use palisade::controller::{Daemon, Urgency, alone, channel, metrics};
use palisade::desired::load;

use crate::scale::{Served, as_wanted, memory_mb_max, write_desired_state};

/// What a pod gets without anybody asking for more.
const MEMORY_MB_MAX: u64 = 150;

fn main() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("desired-state");
    fs::create_dir(&directory).unwrap();
    write_desired_state(&directory);
    let cloud = Arc::new(cloud(&directory));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let settings = settings(home.path());
        let start = Instant::now();
        let metrics = metrics().unwrap();
        let daemon = Daemon::open(settings, cloud, Clock::System, metrics, alone()).await.unwrap();
        let mut said = daemon.published();
        let (stopper, stop) = channel();
        let running = tokio::spawn(daemon.run(stop));
        let report = said.wait_for(|said| said.observed).await.unwrap().report.clone().unwrap();
        let ready = start.elapsed();
        assert!(report.in_sync, "{:?}", report.conditions);
        println!("start to ready                {ready:>9.1?}");
        println!("  of it observing             {:>7.1} ms", report.last_pass.took.observe * 1e3);
        println!("  of it planning              {:>7.1} ms", report.last_pass.took.plan * 1e3);
        stopper.ask(Urgency::Leave);
        running.await.unwrap().unwrap();
    });
    let memory = memory_mb_max();
    println!("memory at its highest         {memory:>6} MB   aim {MEMORY_MB_MAX} MB");
    assert!(memory <= MEMORY_MB_MAX, "too much memory");
}

/// The organization as the desired state in `directory` wants it.
fn cloud(directory: &Path) -> Served {
    let today = "2026-11-22".parse().unwrap();
    let desired = load(directory, today, catalog::built_in()).org.unwrap();
    Served(as_wanted(&compile(&desired, today)))
}

fn settings(home: &Path) -> Settings {
    Settings {
        directory: home.join("desired-state"),
        interval: Duration::from_mins(5),
        mode: OperatingMode::Enforce,
        listen: "127.0.0.1:0".parse().unwrap(),
        allowed_hosts: Vec::new(),
        journal: JournalTarget::Nowhere,
        data_directory: home.join("data"),
        max_changes: 100,
        max_deletes: 10,
        revision: None,
    }
}
