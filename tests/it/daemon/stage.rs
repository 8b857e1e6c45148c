//! A daemon on a simulated organization, in a temporary directory, in paused time.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use palisade::clock::Clock;
use palisade::cloud::EventQueue;
use palisade::cloud::simulated::{SimulatedCloud, SimulationOptions};
use palisade::config::{JournalTarget, OperatingMode, Settings};
use palisade::controller::{
    Daemon, Leadership, Stop, Stopped, Stopper, Urgency, alone, channel, metrics,
};
use palisade::metrics::Metrics;
use palisade::org::{OrgSnapshot, PolicyId, PolicyType, TargetId};
use palisade::status::{Published, Report};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) const SCP: &str = "SERVICE_CONTROL_POLICY";

/// Reports after which a test gives up: far more passes than anything here takes.
const REPORTS_MAX: usize = 200;

/// The organization that the tests begin with: an OU, an account, SCPs switched on.
pub(crate) fn organization() -> SimulatedCloud {
    SimulatedCloud::builder(1)
        .organization("o-a1b2c3d4e5", "111111111111", "r-ab12")
        .account("shop", "555555555555", "/Workloads")
        .enable(SCP)
        .build()
        .unwrap()
}

/// Desired state with these SCPs, each on `/Workloads`.
pub(crate) fn desired(policies: &[&str]) -> String {
    let policies = policies.iter().map(|name| policy(name, ""));
    organization_document("o-a1b2c3d4e5") + &policies.collect::<String>()
}

pub(crate) fn organization_document(id: &str) -> String {
    format!(
        r#"apiVersion: palisade/v1
kind: Organization
metadata: {{name: acme}}
spec:
  organizationId: {id}
  managementAccountId: "111111111111"
  accounts: {{shop: "555555555555"}}
  organizationalUnits: {{Workloads: {{accounts: [shop]}}}}
  policyTypes: [{SCP}]
"#
    )
}

/// An SCP on `/Workloads`; `more` is put in its `spec`, indented by two.
pub(crate) fn policy(name: &str, more: &str) -> String {
    format!(
        r#"---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {{name: {name}}}
spec:
  description: Nobody leaves.
  targets: ["/Workloads"]
{more}  document:
    Version: "2012-10-17"
    Statement: [{{Effect: Deny, Action: "organizations:LeaveOrganization", Resource: "*"}}]
"#
    )
}

/// What a test decides about its daemon.
pub(crate) struct Staging {
    pub(crate) home: TempDir,
    pub(crate) cloud: SimulatedCloud,
    pub(crate) settings: Settings,
    pub(crate) leadership: Leadership,
    pub(crate) queue: Option<Arc<dyn EventQueue>>,
}

/// The daemon, running.
pub(crate) struct Stage {
    pub(crate) home: TempDir,
    pub(crate) cloud: SimulatedCloud,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) data_directory: PathBuf,
    settings: Settings,
    stopper: Stopper,
    running: JoinHandle<std::io::Result<Stopped>>,
    published: watch::Receiver<Published>,
    last: Option<Arc<Report>>,
}

impl Staging {
    /// A daemon that is to enforce `desired` on `cloud`.
    pub(crate) fn new(cloud: SimulatedCloud, desired: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("desired");
        fs::create_dir(&directory).unwrap();
        let settings = Settings {
            directory: directory.clone(),
            interval: Duration::from_mins(5),
            mode: OperatingMode::Enforce,
            listen: "127.0.0.1:0".parse().unwrap(),
            allowed_hosts: Vec::new(),
            journal: JournalTarget::File(home.path().join("journal")),
            data_directory: home.path().join("data"),
            max_changes: 100,
            max_deletes: 10,
            revision: Some("abc".into()),
        };
        fs::write(directory.join("all.yaml"), desired).unwrap();
        Self { home, cloud, settings, leadership: alone(), queue: None }
    }

    pub(crate) async fn start(self) -> Stage {
        let Self { home, cloud, settings, leadership, queue } = self;
        let metrics = metrics().unwrap();
        let clock = Clock::starting_at("2026-11-22T12:00:00Z".parse::<Timestamp>().unwrap());
        let data_directory = settings.data_directory.clone();
        let (shared, kept) = (Arc::new(cloud.clone()), settings.clone());
        let daemon =
            Daemon::open(settings, shared, clock, Arc::clone(&metrics), leadership).await.unwrap();
        let daemon = match queue {
            Some(queue) => daemon.with_events(queue),
            None => daemon,
        };
        let published = daemon.published();
        let (stopper, stop): (Stopper, Stop) = channel();
        let running = tokio::spawn(daemon.run(stop));
        let (settings, last) = (kept, None);
        Stage { home, cloud, metrics, data_directory, settings, stopper, running, published, last }
    }
}

impl Stage {
    /// Starts a daemon that enforces `desired` on `cloud`.
    pub(crate) async fn of(cloud: SimulatedCloud, desired: &str) -> Self {
        Staging::new(cloud, desired).start().await
    }

    /// The next report.
    pub(crate) async fn next(&mut self) -> Arc<Report> {
        loop {
            let report = self.published.borrow_and_update().report.clone();
            if let Some(report) = report
                && self.last.as_ref().is_none_or(|last| !Arc::ptr_eq(last, &report))
            {
                self.last = Some(Arc::clone(&report));
                return report;
            }
            self.published.changed().await.expect("the daemon has ended");
        }
    }

    /// The first report from now on that is as wanted.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Report) -> bool) -> Arc<Report> {
        let mut report = self.next().await;
        for _ in 0..REPORTS_MAX {
            if wanted(&report) {
                return report;
            }
            report = self.next().await;
        }
        panic!("not within {REPORTS_MAX} passes; the last one: {report:#?}");
    }

    pub(crate) async fn until_in_sync(&mut self) -> Arc<Report> {
        self.until(|report| report.in_sync).await
    }

    /// Replaces the desired state in one step.
    pub(crate) fn write(&self, desired: &str) {
        let new = self.home.path().join("new");
        fs::write(&new, desired).unwrap();
        fs::rename(new, self.home.path().join("desired/all.yaml")).unwrap();
    }

    pub(crate) fn adjust(&self, change: impl FnOnce(&mut SimulationOptions)) {
        self.cloud.adjust(change);
    }

    pub(crate) fn ask(&self, urgency: Urgency) {
        self.stopper.ask(urgency);
    }

    /// Waits for the end.
    pub(crate) async fn ended(self) -> Stopped {
        self.running.await.unwrap().unwrap()
    }

    /// Stops the daemon, for another one that finds everything as it was left.
    pub(crate) async fn stopped(self) -> Staging {
        let Self { home, cloud, settings, stopper, running, .. } = self;
        stopper.ask(Urgency::Leave);
        assert_eq!(running.await.unwrap().unwrap(), Stopped::Cleanly);
        Staging { home, cloud, settings, leadership: alone(), queue: None }
    }

    pub(crate) fn journal(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.home.path().join("journal")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[track_caller]
    pub(crate) fn measures(&self, line: &str) {
        let text = String::from_utf8(self.metrics.render().unwrap()).unwrap();
        assert!(text.lines().any(|each| each == line), "no `{line}` in\n{text}");
    }

    /// The SCP called `name` and what it is attached to, as it really is.
    pub(crate) fn scp(&self, name: &str) -> Option<(PolicyId, Vec<TargetId>)> {
        let truth: OrgSnapshot = self.cloud.truth();
        let policies = truth.policies_of(&PolicyType::service_control())?;
        let policy = policies.values().find(|policy| policy.name == name)?;
        Some((policy.id.clone(), policy.targets.known()?.iter().cloned().collect()))
    }
}
