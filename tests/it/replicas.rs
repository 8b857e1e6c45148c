//! Two processes with one lease, against the emulator: one acts, and when it is gone the other does.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use palisade::cloud::{LeaseRecord, LeaseStore, LeaseVersion};
use palisade::org::PolicyType;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

/// Far more than anything here takes on the slowest machine; reached only by a failure.
const PATIENCE: Duration = Duration::from_mins(2);

/// The shortest there may be.
const LEASE_DURATION: &str = "10s";

struct Replica {
    child: Child,
    lines: Receiver<Value>,
}

impl Replica {
    fn start(site: &Site, name: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command
            .args(["run", "--listen", "127.0.0.1:0", "--log-format", "json", "--interval", "1s"])
            .args(["--api-budget", "unlimited", "--lease-duration", LEASE_DURATION])
            .args(["--lease", &format!("s3://{}/lease.json", bucket(site))])
            .arg("--journal")
            .arg(site.path(&format!("{name}.jsonl")))
            .arg("--data-dir")
            .arg(site.path(name))
            .arg(site.path("desired-state"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        site.organization.point(&mut command);
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _gone = sender.send(serde_json::from_str(&line).unwrap_or(Value::String(line)));
            }
        });
        Self { child, lines }
    }

    /// Waits for a line of the log.
    #[track_caller]
    fn logs(&self, message: &str) {
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if line.to_string().contains(message) {
                return;
            }
            seen.push(line);
        }
        panic!("never said `{message}`: {seen:#?}");
    }

    fn end(mut self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        self.child.wait().unwrap();
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn bucket(site: &Site) -> String {
    format!("palisade-{}", site.organization.management_account)
}

fn site() -> Site {
    let organization = EmulatedOrganization::with_paths(&[("/", 1)]);
    let site = Site::new(organization);
    site.organization.make_bucket(&bucket(&site));
    let (id, management) = (&site.organization.organization, &site.organization.management_account);
    site.write(
        "all.yaml",
        &format!(
            "apiVersion: palisade/v1\nkind: Organization\nmetadata: {{name: acme}}\nspec:\n  \
             organizationId: {id}\n  managementAccountId: \"{management}\"\n  policyTypes: \
             [SERVICE_CONTROL_POLICY]\n---\n\
             apiVersion: palisade/v1\nkind: ServiceControlPolicy\nmetadata: {{name: deny-leave}}\n\
             spec:\n  targets: [\"/\"]\n  document: {{Version: \"2012-10-17\", Statement: {{Effect: \
             Deny, Action: \"organizations:LeaveOrganization\", Resource: \"*\"}}}}\n"
        ),
    );
    site
}

fn changes_of(site: &Site, name: &str) -> usize {
    let journal = std::fs::read_to_string(site.path(&format!("{name}.jsonl"))).unwrap_or_default();
    journal.lines().filter(|line| line.contains("\"outcome\"")).count()
}

/// Waits until a replica has made so many changes.
async fn changes(site: &Site, name: &str, count: usize) {
    let start = Instant::now();
    while changes_of(site, name) < count {
        assert!(start.elapsed() < PATIENCE, "{name} made {} changes", changes_of(site, name));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn one_replica_acts_and_the_other_takes_over_when_it_is_killed() {
    let site = site();
    let first = Replica::start(&site, "first");
    first.logs("this replica acts now");
    let second = Replica::start(&site, "second");
    second.logs("daemon started");
    changes(&site, "first", 2).await;
    assert_eq!(changes_of(&site, "second"), 0);
    first.end("-KILL");
    second.logs("this replica acts now");
    let policies = site.organization.changes().len();
    let (root, id) = (site.organization.unit("/"), deny_leave(&site).await);
    site.organization
        .interfere("DetachPolicy", &json!({"PolicyId": id, "TargetId": root.as_str()}));
    changes(&site, "second", 1).await;
    assert!(site.organization.changes().len() > policies);
    assert_eq!(changes_of(&site, "first"), 2);
    // A clean stop gives the lease back: the next one does not wait for it to run out.
    second.end("-TERM");
    let lease = site.organization.lease(&bucket(&site), "lease.json").await;
    let (record, _) = lease.read().await.unwrap().unwrap();
    assert_eq!((record.holder, record.transitions), (None, 1));
}

#[tokio::test]
async fn a_lease_in_a_bucket_is_made_read_and_replaced_by_version() {
    let site = site();
    let lease = site.organization.lease(&bucket(&site), "a/lease.json").await;
    assert_eq!(lease.read().await, Ok(None));
    let mine = LeaseRecord {
        holder: Some("one".to_owned()),
        duration_seconds: 30,
        transitions: 3,
        renewals: 7,
    };
    let first = lease.write(&mine, None).await.unwrap();
    assert_eq!(lease.read().await, Ok(Some((mine.clone(), first.clone()))));
    let conflict = Err(palisade::cloud::LeaseError::Conflict);
    assert_eq!(lease.write(&mine, None).await, conflict);
    let next = LeaseRecord { renewals: 8, ..mine };
    let second: LeaseVersion = lease.write(&next, Some(&first)).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(lease.write(&next, Some(&first)).await, conflict);
    let nowhere = site.organization.lease("palisade-no-such-bucket", "lease.json").await;
    let refused = nowhere.write(&next, None).await.unwrap_err();
    assert!(refused.to_string().contains("NoSuchBucket"), "{refused}");
}

async fn deny_leave(site: &Site) -> String {
    use palisade::cloud::Cloud;

    let cloud = site.organization.cloud().await;
    let cloud: &dyn Cloud = &cloud;
    let scp = PolicyType::service_control();
    let page = cloud.policies(scp, None).await.unwrap();
    let found = page.items.into_iter().find(|policy| policy.name == "deny-leave").unwrap();
    found.id.as_str().to_owned()
}
