//! The daemon as a process with a queue of the emulator: messages as EventBridge sends them, over HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use palisade::cloud::{Cloud, EventQueue};
use palisade::org::PolicyType;
use serde_json::{Value, json};

use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

/// Far more than anything here takes on the slowest machine; reached only by a failure.
const PATIENCE: Duration = Duration::from_mins(2);

/// A daemon, with its journal and its log as they come.
struct Daemon {
    child: Child,
    journal: Receiver<Value>,
    log: Receiver<Value>,
}

impl Daemon {
    /// A daemon that looks by itself every `interval`.
    fn start(site: &Site, queue: &str, interval: &str, more: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command
            .args(["run", "--listen", "127.0.0.1:0", "--log-format", "json", "--journal", "-"])
            .args(["--api-budget", "unlimited", "--interval", interval, "--events-queue", queue])
            .args(more)
            .arg("--data-dir")
            .arg(site.path("data"))
            .arg(site.path("desired-state"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        site.organization.point(&mut command);
        let mut child = command.spawn().unwrap();
        let journal = lines(child.stdout.take().unwrap());
        let log = lines(child.stderr.take().unwrap());
        Self { child, journal, log }
    }

    /// The next line of the log with this message.
    #[track_caller]
    fn says(&self, message: &str) -> Value {
        next(&self.log, message, |line| line["message"] == message)
    }

    /// Waits for a pass that finds nothing to do: what differs after it is drift.
    #[track_caller]
    fn is_in_sync(&self) {
        next(&self.log, "a pass in sync", |line| line["in_sync"] == true);
    }

    /// The next line of the journal about this action.
    #[track_caller]
    fn has(&self, action: &str) -> Value {
        next(&self.journal, action, |line| line["action"] == action)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn lines(output: impl std::io::Read + Send + 'static) -> Receiver<Value> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _gone = sender.send(serde_json::from_str(&line).unwrap_or(Value::String(line)));
        }
    });
    lines
}

#[track_caller]
fn next(lines: &Receiver<Value>, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut seen = Vec::new();
    while let Ok(line) = lines.recv_timeout(PATIENCE) {
        if wanted(&line) {
            return line;
        }
        seen.push(line);
    }
    panic!("no `{what}` in {seen:#?}");
}

fn site() -> Site {
    let site = Site::new(EmulatedOrganization::with_paths(&[("/", 1)]));
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

#[tokio::test]
async fn a_message_in_the_queue_wakes_the_daemon_which_heals_and_names_who_did_it() {
    let site = site();
    let organization = &site.organization;
    let queue = organization.make_queue("palisade-events");
    // Only the queue can wake it in the time of this test.
    let daemon = Daemon::start(&site, &queue, "1h", &[]);
    daemon.has("AttachPolicy");
    daemon.is_in_sync();

    let cloud = organization.cloud().await;
    let port: &dyn Cloud = &cloud;
    let policies = port.policies(PolicyType::service_control(), None).await.unwrap().items;
    let policy = policies.into_iter().find(|policy| policy.name == "deny-leave").unwrap().id;
    let root = organization.root.as_str();
    let parameters = json!({"PolicyId": policy.as_str(), "TargetId": root});
    organization.interfere("DetachPolicy", &parameters);
    organization.tell(&queue, &json!("nonsense"));
    organization.tell(
        &queue,
        &json!({
            "detail-type": "AWS API Call via CloudTrail",
            "account": organization.management_account,
            "detail": {
                "userIdentity": {
                    "type": "IAMUser",
                    "arn": format!("arn:aws:iam::{}:user/jo@example.com", organization.management_account),
                },
                "eventTime": jiff_now(),
                "eventSource": "organizations.amazonaws.com",
                "eventName": "DetachPolicy",
                "sourceIPAddress": "203.0.113.7",
                "requestParameters": {"policyId": policy.as_str(), "targetId": root},
                "requestID": "another",
                "eventID": "an-event",
                "recipientAccountId": organization.management_account,
            },
        }),
    );
    let healed = daemon.has("AttachPolicy");
    let by = &healed["by"];
    assert_eq!(by["event"], "an-event", "{healed}");
    assert!(by["principal"].as_str().unwrap().ends_with(":user/<e-mail>"), "{healed}");
    let found = daemon.says("drift found");
    assert_eq!(found["from"], "203.0.113.7", "{found}");
    assert!(!found.to_string().contains("jo@"), "{found}");
}

/// The time as CloudTrail writes it.
#[expect(
    clippy::disallowed_methods,
    reason = "the daemon is a process, whose clock is the system's"
)]
fn jiff_now() -> String {
    format!("{:.0}", jiff::Timestamp::now())
}

#[tokio::test]
async fn a_queue_that_does_not_exist_is_said_once_and_drift_is_healed_by_timer() {
    let site = site();
    let organization = &site.organization;
    let queue = organization.make_queue("palisade-events").replace("palisade-events", "no-such");
    let (webhook, notices) = receiver();
    let (topic, heard) = organization.make_topic("palisade").await;
    let daemon =
        Daemon::start(&site, &queue, "1s", &["--notify-webhook", &webhook, "--notify-sns", &topic]);
    daemon.has("AttachPolicy");
    let said = daemon.says("no events come; passes go on by timer");
    let error = said["error"].as_str().unwrap();
    assert!(error.contains("NonExistentQueue") && error.contains("check the URL"), "{said}");
    daemon.is_in_sync();
    let cloud = organization.cloud().await;
    let port: &dyn Cloud = &cloud;
    let policies = port.policies(PolicyType::service_control(), None).await.unwrap().items;
    let policy = policies.into_iter().find(|policy| policy.name == "deny-leave").unwrap().id;
    organization.interfere(
        "DetachPolicy",
        &json!({"PolicyId": policy.as_str(), "TargetId": organization.root.as_str()}),
    );
    assert!(daemon.has("AttachPolicy")["by"].is_null());
    // The first answer was a 500, so that it came again.
    let mut kinds = Vec::new();
    while kinds.len() < 3 {
        let notice = next(&notices, "a notice", |_| true);
        assert_eq!(notice["document"]["name"], "deny-leave", "{notice}");
        kinds.push(notice["kind"].as_str().unwrap().to_owned());
    }
    kinds.sort();
    assert_eq!(kinds, ["drift", "drift", "healed"]);
    let published = heard.receive().await.unwrap();
    assert!(published.iter().any(|message| message.body.contains("deny-leave")), "{published:?}");
    let everything: Vec<Value> = daemon.log.try_iter().collect();
    assert!(!format!("{everything:?}").contains("a-secret"), "{everything:?}");
}

/// A webhook that is out of order at first, and what it is told.
fn receiver() -> (String, Receiver<Value>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/a-secret", listener.local_addr().unwrap());
    let (sender, notices) = channel();
    std::thread::spawn(move || {
        let mut status = "500 Later";
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap() > 2 {
                let lower = line.to_ascii_lowercase();
                if let Some(bytes) = lower.strip_prefix("content-length:") {
                    length = bytes.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let _gone = sender.send(serde_json::from_slice(&body).unwrap());
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
            status = "200 OK";
        }
    });
    (url, notices)
}
