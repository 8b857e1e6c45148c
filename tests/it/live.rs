//! The daemon as a process against an emulator of AWS: real files, real HTTP, real signals.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use palisade::cloud::{Call, Cloud};
use palisade::org::{PolicyType, TargetId};
use serde_json::Value;

use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

/// Far more than anything here takes on the slowest machine; reached only by a failure.
const PATIENCE: Duration = Duration::from_mins(2);

/// A daemon and the lines of its journal, as they come.
struct Daemon {
    child: Child,
    journal: Receiver<Value>,
}

impl Daemon {
    fn start(site: &Site) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command
            .args(["run", "--listen", "127.0.0.1:0", "--interval", "1s", "--journal", "-"])
            .args(["--api-budget", "unlimited", "--data-dir"])
            .arg(site.path("data"))
            .arg(site.path("desired-state"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        site.organization.point(&mut command);
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, journal) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // The test may have ended.
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, journal }
    }

    /// Waits until the daemon has done `action` for `document`.
    fn has(&self, action: &str, document: &str) -> Value {
        loop {
            let entry = self.journal.recv_timeout(PATIENCE);
            let entry = entry.unwrap_or_else(|_| panic!("no {action} for {document}"));
            if entry["action"] == action && entry["document"]["name"] == document {
                return entry;
            }
        }
    }

    fn leaves(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has ended already, unless a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn policy(name: &str, action: &str) -> String {
    format!(
        r#"apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {{name: {name}}}
spec:
  targets: ["/"]
  document:
    Version: "2012-10-17"
    Statement: [{{Sid: No, Effect: Deny, Action: "{action}", Resource: "*"}}]
"#
    )
}

#[tokio::test]
async fn the_daemon_makes_heals_and_follows_and_leaves_when_told() {
    let site = Site::new(EmulatedOrganization::with(&[("/", 2), ("/Workloads", 3)]));
    let organization = &site.organization;
    let document = format!(
        "apiVersion: palisade/v1\nkind: Organization\nmetadata: {{name: acme}}\nspec:\n  \
         organizationId: {}\n  managementAccountId: \"{}\"\n  \
         organizationalUnits: {{Workloads: {{}}}}\n  policyTypes: [SERVICE_CONTROL_POLICY]\n",
        organization.organization, organization.management_account
    );
    site.write("organization.yaml", &document);
    site.write("leave.yaml", &policy("deny-leave", "organizations:LeaveOrganization"));
    let daemon = Daemon::start(&site);
    let attached = daemon.has("AttachPolicy", "deny-leave");
    assert!(attached["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{attached}");

    let cloud = organization.cloud().await;
    let port: &dyn Cloud = &cloud;
    let scp = PolicyType::service_control();
    let root = TargetId::Root(organization.root.clone());
    let on_root = port.policies_on(root.clone(), scp, None).await.unwrap().items;
    let ours = on_root.into_iter().find(|policy| !policy.aws_managed).unwrap();
    cloud.call(Call::DetachPolicy { policy: ours.id, target: root }).await.unwrap();
    daemon.has("AttachPolicy", "deny-leave");

    site.write("keys.yaml", &policy("deny-keys", "iam:CreateAccessKey"));
    daemon.has("AttachPolicy", "deny-keys");

    assert_eq!(daemon.leaves(), Some(0));
    assert_eq!(site.plan().code, 0);
}
