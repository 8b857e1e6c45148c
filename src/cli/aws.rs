//! The one place where a cloud is chosen for a command: AWS, counted, within its budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use tokio::runtime::Runtime;

use crate::cli::args::AwsArgs;
use crate::cli::console::Console;
use crate::cli::progress::Progress;
use crate::cloud::aws::{AwsCloud, AwsSettings, AwsTimeouts};
use crate::cloud::budget::Budgeted;
use crate::cloud::counted::Counted;

/// AWS for one command: how many requests it took can be told afterwards.
pub(crate) struct Connection {
    /// The cloud.
    pub(crate) cloud: Budgeted<Counted<AwsCloud>>,
    requests: Arc<AtomicU64>,
}

impl Connection {
    /// Connects with the standard credential chain.
    pub(crate) async fn open(args: &AwsArgs) -> Self {
        let requests = Arc::new(AtomicU64::new(0));
        let heard = Arc::clone(&requests);
        let listener = Box::new(move |_: &_| {
            heard.fetch_add(1, Ordering::Relaxed);
        });
        let cloud = Counted::new(AwsCloud::connect(&settings(args)).await, listener);
        Self { cloud: Budgeted::new(cloud, args.api_budget, seed()), requests }
    }

    /// Tells on `console` how far reading is.
    pub(crate) fn progress(&self, console: Console) -> Progress {
        Progress::new(console, Arc::clone(&self.requests))
    }

    /// How many requests have come back so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

/// How every command calls AWS.
pub(crate) fn settings(args: &AwsArgs) -> AwsSettings {
    AwsSettings {
        app_name: concat!("palisade/", env!("CARGO_PKG_VERSION")).to_owned(),
        timeouts: AwsTimeouts::STANDARD,
        member_role: args.member_role.clone(),
    }
}

/// Another seed for every process, so that two of them do not pause in step.
pub(crate) fn seed() -> u64 {
    u64::from(std::process::id())
}

/// The runtime a command waits in.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Runtime::new().context("cannot start the async runtime")
}
