//! In real time: a change in git is acted on when it happens, not when the timer says so.

use std::time::Duration;

use palisade::cloud::Operation;
use palisade::status::WakeReason;

use super::stage::{Staging, desired, organization};

/// Far more than it takes on the slowest machine, far less than the interval.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_change_in_git_is_acted_on_at_once_and_on_what_was_observed_before() {
    let mut staging = Staging::new(organization(), &desired(&["deny-leave"]));
    staging.settings.interval = Duration::from_hours(1);
    let mut stage = staging.start().await;
    let told = async {
        stage.until_in_sync().await;
        let listed = stage.cloud.counts().of(Operation::ListAccounts);
        stage.write(&desired(&["deny-leave", "deny-other"]));
        let report = stage.until(|report| report.documents.len() == 3).await;
        assert_eq!(report.last_pass.wake, WakeReason::Files);
        assert_eq!(report.last_pass.outcomes["done"], 2);
        assert!(stage.scp("deny-other").is_some());
        assert_eq!(stage.cloud.counts().of(Operation::ListAccounts), listed);
        stage.until_in_sync().await;
        assert_eq!(stage.cloud.counts().of(Operation::ListAccounts), listed);
    };
    tokio::time::timeout(PATIENCE, told).await.expect("nobody acted");
}
