//! From a message in the events queue to the healed object: the daemon against the emulator, over HTTP.
//!
//! ```text
//! cargo bench --bench events
//! ```
//!
//! Needs what `tests/run` installs under `target/`. The API budget is not spent here: at AWS, the seconds that
//! the rates of its API take come on top.
#![expect(clippy::print_stdout, reason = "what a bench prints is its result")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use palisade::clock::Clock;
use palisade::cloud::aws::{AwsCloud, AwsSettings, AwsTimeouts, Endpoint, SqsQueue};
use palisade::cloud::{Call, Cloud};
use palisade::config::{JournalTarget, OperatingMode, Settings};
use palisade::controller::{Daemon, Urgency, alone, channel, metrics};
use palisade::org::{PolicyType, RootId, TargetId};
use palisade::status::Published;
use serde_json::{Value, json};
use tokio::sync::watch;

/// What on-call is promised, beside the API budget.
const AIM: Duration = Duration::from_secs(2);

const TIMES: usize = 20;

fn main() {
    let mut emulator = Emulator::start();
    let organization =
        emulator.post("/emulator/organization", "", "", &json!({"units": {"/": 5}, "paths": true}));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut took = runtime.block_on(measure(&emulator, &organization));
    took.sort();
    println!("message in the queue to healed, {TIMES} times");
    println!("  median                      {:>9.1?}", took[TIMES / 2]);
    println!("  longest                     {:>9.1?}   aim {AIM:?}", took[TIMES - 1]);
    emulator.child.kill().unwrap();
    assert!(took[TIMES - 1] < AIM, "too long");
}

async fn measure(emulator: &Emulator, organization: &Value) -> Vec<Duration> {
    let text = |name: &str| organization[name].as_str().unwrap().to_owned();
    let (account, key) = (text("managementAccount"), text("accessKeyId"));
    let root: RootId = text("root").parse().unwrap();
    let endpoint = Endpoint {
        url: emulator.url.clone(),
        access_key_id: key.clone(),
        secret_access_key: text("secretAccessKey"),
    };
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("desired-state");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("all.yaml"), desired(&text("organization"), &account)).unwrap();
    emulator.sqs(&key, "CreateQueue", &json!({"QueueName": "events"}));
    let url = format!("{}/{account}/events", emulator.url);
    let cloud = Arc::new(AwsCloud::connect_to(&endpoint, &aws()).await);
    let queue = Arc::new(SqsQueue::connect_to(&endpoint, &aws(), &url).await);
    let metrics = metrics().unwrap();
    let meddler = Arc::clone(&cloud);
    let daemon =
        Daemon::open(settings(home.path()), cloud, Clock::System, metrics, alone()).await.unwrap();
    let daemon = daemon.with_events(queue);
    let mut said = daemon.published();
    let (stopper, stop) = channel();
    let running = tokio::spawn(daemon.run(stop));
    in_sync(&mut said).await;
    let policy = {
        let port: &dyn Cloud = meddler.as_ref();
        let policies = port.policies(PolicyType::service_control(), None).await.unwrap().items;
        policies.into_iter().find(|policy| policy.name == "deny-leave").unwrap().id
    };
    let mut took = Vec::new();
    for number in 0..TIMES {
        let target = TargetId::Root(root.clone());
        meddler.call(Call::DetachPolicy { policy: policy.clone(), target }).await.unwrap();
        let message = message(&account, policy.as_str(), root.as_str(), number);
        emulator.sqs(
            &key,
            "SendMessage",
            &json!({"QueueUrl": url, "MessageBody": message.to_string()}),
        );
        let start = Instant::now();
        said.wait_for(|said| {
            let report = said.report.as_ref();
            report.is_some_and(|report| report.last_pass.outcomes.contains_key("done"))
        })
        .await
        .unwrap();
        took.push(start.elapsed());
        in_sync(&mut said).await;
    }
    stopper.ask(Urgency::Leave);
    running.await.unwrap().unwrap();
    took
}

async fn in_sync(said: &mut watch::Receiver<Published>) {
    let is_in_sync = |said: &Published| said.report.as_ref().is_some_and(|report| report.in_sync);
    said.wait_for(is_in_sync).await.unwrap();
}

fn message(account: &str, policy: &str, target: &str, number: usize) -> Value {
    json!({
        "detail-type": "AWS API Call via CloudTrail",
        "account": account,
        "detail": {
            "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::{account}:user/jo")},
            "eventTime": "2026-11-22T12:00:00Z",
            "eventSource": "organizations.amazonaws.com",
            "eventName": "DetachPolicy",
            "sourceIPAddress": "203.0.113.7",
            "requestParameters": {"policyId": policy, "targetId": target},
            "requestID": format!("request-{number}"),
            "eventID": format!("event-{number}"),
            "recipientAccountId": account,
        },
    })
}

fn desired(organization: &str, account: &str) -> String {
    format!(
        "apiVersion: palisade/v1\nkind: Organization\nmetadata: {{name: acme}}\nspec:\n  \
         organizationId: {organization}\n  managementAccountId: \"{account}\"\n  policyTypes: \
         [SERVICE_CONTROL_POLICY]\n---\n\
         apiVersion: palisade/v1\nkind: ServiceControlPolicy\nmetadata: {{name: deny-leave}}\n\
         spec:\n  targets: [\"/\"]\n  document: {{Version: \"2012-10-17\", Statement: {{Effect: Deny, \
         Action: \"organizations:LeaveOrganization\", Resource: \"*\"}}}}\n"
    )
}

fn aws() -> AwsSettings {
    AwsSettings {
        app_name: "palisade-bench".to_owned(),
        timeouts: AwsTimeouts::STANDARD,
        member_role: "OrganizationAccountAccessRole".to_owned(),
    }
}

fn settings(home: &Path) -> Settings {
    Settings {
        directory: home.join("desired-state"),
        // Nothing but the queue wakes it.
        interval: Duration::from_hours(1),
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

/// The emulator of the tests.
struct Emulator {
    child: Child,
    url: String,
}

impl Emulator {
    fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python: PathBuf = root.join("target/emulator-venv/bin/python");
        assert!(python.exists(), "no emulator: run `tests/run` once");
        let mut child = Command::new(python)
            .arg(root.join("tests/emulator/launch.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let listening: Value = serde_json::from_str(&line).unwrap();
        Self { child, url: format!("http://127.0.0.1:{}", listening["port"]) }
    }

    fn post(&self, path: &str, target: &str, authorization: &str, body: &Value) -> Value {
        let request = ureq::post(format!("{}{path}", self.url))
            .header("authorization", authorization)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target);
        let text = request.send(body.to_string()).unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn sqs(&self, key: &str, operation: &str, body: &Value) -> Value {
        let credential = format!("{key}/20260101/us-east-1/sqs/aws4_request");
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0");
        self.post("/", &format!("AmazonSQS.{operation}"), &authorization, body)
    }
}
