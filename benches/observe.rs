//! Counts the reads of an observation and holds them against the fewest there can be.
//!
//! ```text
//! cargo bench --bench observe
//! ```
//!
//! Calls are what an observation costs: AWS hands them out at a few a second, to all tools of an
//! organization together. The last column is how long the first observation takes at half of AWS's
//! rates, in virtual time. The same numbers are asserted in `tests/it/observation.rs`.
#![expect(clippy::print_stdout, reason = "what a bench prints is its result")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

#[path = "../tests/it/sized.rs"]
mod sized;

use std::time::Duration;

use palisade::cloud::budget::{BudgetShare, Budgeted};
use palisade::cloud::simulated::{AccountPaths, SimulatedCloud, SimulationOptions};
use palisade::observe::Observer;
use tokio::time::Instant;

use crate::sized::{Size, as_observed, organization, reads_min, wanted};

/// The most an observation may take of what it must.
const RATIO_MAX: f64 = 1.05;

const SIZES: [Size; 5] = [
    Size { accounts: 30, units: 8, policies: 12 },
    Size { accounts: 100, units: 20, policies: 30 },
    Size { accounts: 500, units: 6, policies: 10 },
    Size { accounts: 1_000, units: 60, policies: 60 },
    Size { accounts: 2_000, units: 120, policies: 120 },
];

fn main() {
    println!(
        "{:>8} {:>5} {:>8} {:>8}  {:>6} {:>6} {:>6}  {:>6} {:>11}",
        "accounts", "OUs", "policies", "paths", "bound", "reads", "ratio", "again", "at half rate"
    );
    let mut is_good = true;
    for size in SIZES {
        for account_paths in [AccountPaths::Given, AccountPaths::Missing] {
            is_good &= measure(size, account_paths);
        }
    }
    assert!(is_good, "an observation takes more than {RATIO_MAX} times the reads it must");
}

/// Observes twice, prints a line, and says whether the first time was within the bound.
fn measure(size: Size, account_paths: AccountPaths) -> bool {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let cloud = organization(size, account_paths);
        cloud.adjust(|options| *options = SimulationOptions::realistic());
        let budgeted = Budgeted::new(cloud.clone(), BudgetShare::HALF, 7);
        let wanted = wanted(&cloud.truth());
        let bound = reads_min(&as_observed(&cloud.truth(), &wanted), account_paths);
        let mut observer = Observer::new(Duration::from_hours(1));
        let start = Instant::now();
        let snapshot = observer.observe(&budgeted, &wanted).await;
        let took = start.elapsed();
        assert_eq!(snapshot.unknown_parts(), []);
        let first = reads(&cloud);
        observer.observe(&budgeted, &wanted).await;
        let again = reads(&cloud) - first;
        let ratio = f64::from(first) / f64::from(u32::try_from(bound).unwrap());
        let Size { accounts, units, policies } = size;
        let paths = format!("{account_paths:?}").to_lowercase();
        println!(
            "{accounts:>8} {units:>5} {policies:>8} {paths:>8}  {bound:>6} {first:>6} {ratio:>6.3}  \
             {again:>6} {:>10} s",
            took.as_secs()
        );
        ratio <= RATIO_MAX
    })
}

fn reads(cloud: &SimulatedCloud) -> u32 {
    u32::try_from(cloud.counts().reads()).unwrap()
}
