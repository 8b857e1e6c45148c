//! An emulator of AWS Organizations over HTTP: moto, with AWS's rules patched in (`tests/emulator/`).
//!
//! One server for all tests. Every test makes an organization in a management account of its own and
//! signs with that account's key, so that tests run side by side and see nothing of each other.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use palisade::cloud::aws::{AwsCloud, AwsSettings, AwsTimeouts, Endpoint, S3Lease, SqsQueue};
use palisade::cloud::{CloudError, Operation, Page};
use palisade::org::{AccountId, OrganizationId, ParentId, RootId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use strum::IntoEnumIterator;

/// The server that `tests/run` started, or one of this process alone.
static EMULATOR: LazyLock<Emulator> = LazyLock::new(Emulator::find);

struct Emulator {
    url: String,
    /// A server of our own ends when its input does, and so with this process.
    _own: Option<(Child, ChildStdin)>,
}

/// An organization in the emulator, and the key of a user of its management account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmulatedOrganization {
    /// Its id.
    pub(crate) organization: OrganizationId,
    /// Its management account, which lies in the root.
    pub(crate) management_account: AccountId,
    /// Its root.
    pub(crate) root: RootId,
    /// Every OU by path, and the root as `/`.
    pub(crate) units: BTreeMap<String, ParentId>,
    /// Member accounts by the path of what they lie in.
    pub(crate) accounts: BTreeMap<String, Vec<AccountId>>,
    access_key_id: String,
    secret_access_key: String,
}

impl EmulatedOrganization {
    /// An organization with so many member accounts in the OU of each path; `/` is the root.
    pub(crate) fn with(units: &[(&str, usize)]) -> Self {
        EMULATOR.post("organization", &json!({ "units": by_path(units), "paths": false }))
    }

    /// The same, whose listings of accounts say where each account is, as AWS's own do.
    pub(crate) fn with_paths(units: &[(&str, usize)]) -> Self {
        EMULATOR.post("organization", &json!({ "units": by_path(units), "paths": true }))
    }

    /// The adapter, signing with the management account's key.
    pub(crate) async fn cloud(&self) -> AwsCloud {
        AwsCloud::connect_to(&self.endpoint(), &settings()).await
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint {
            url: EMULATOR.url.clone(),
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone(),
        }
    }

    /// A lease in a bucket.
    pub(crate) async fn lease(&self, bucket: &str, key: &str) -> S3Lease {
        S3Lease::connect_to(&self.endpoint(), &settings(), bucket, key).await
    }

    /// Makes a bucket in the management account.
    pub(crate) fn make_bucket(&self, bucket: &str) {
        let url = format!("{}/{bucket}", EMULATOR.url);
        let made = agent().put(url).header("authorization", self.signed("s3")).send_empty();
        made.unwrap_or_else(|error| panic!("{bucket}: {error}"));
    }

    /// Makes a queue in the management account; its URL.
    pub(crate) fn make_queue(&self, name: &str) -> String {
        self.ask_sqs("CreateQueue", &json!({"QueueName": name}));
        format!("{}/{}/{name}", EMULATOR.url, self.management_account)
    }

    /// Puts a message into a queue, as EventBridge does.
    pub(crate) fn tell(&self, queue: &str, message: &serde_json::Value) {
        self.ask_sqs(
            "SendMessage",
            &json!({"QueueUrl": queue, "MessageBody": message.to_string()}),
        );
    }

    /// Makes a topic in the management account: its ARN, and a queue that hears what it is told.
    pub(crate) async fn make_topic(&self, name: &str) -> (String, SqsQueue) {
        let account = &self.management_account;
        let topic = format!("arn:aws:sns:us-east-1:{account}:{name}");
        let queue = self.make_queue(name);
        let heard = format!("arn:aws:sqs:us-east-1:{account}:{name}");
        for form in [
            vec![("Action", "CreateTopic"), ("Name", name)],
            vec![
                ("Action", "Subscribe"),
                ("TopicArn", &topic),
                ("Protocol", "sqs"),
                ("Endpoint", &heard),
            ],
        ] {
            let request = agent().post(&EMULATOR.url).header("authorization", self.signed("sns"));
            let version = [("Version", "2010-03-31")];
            let sent = request.send_form(form.into_iter().chain(version));
            sent.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        (topic, SqsQueue::connect_to(&self.endpoint(), &settings(), &queue).await)
    }

    fn ask_sqs(&self, operation: &str, request: &serde_json::Value) {
        let sent = agent()
            .post(&EMULATOR.url)
            .header("authorization", self.signed("sqs"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AmazonSQS.{operation}"))
            .send(request.to_string());
        sent.unwrap_or_else(|error| panic!("{operation}: {error}"));
    }

    /// A signature that the emulator takes for the management account's.
    fn signed(&self, service: &str) -> String {
        let key = &self.access_key_id;
        let credential = format!("{key}/20260101/us-east-1/{service}/aws4_request");
        format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0")
    }

    /// Sends a request of a member account that palisade itself never sends, as somebody in it would.
    pub(crate) fn interfere_in(&self, account: &AccountId, request: &Interference<'_>) -> String {
        let role = format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole");
        let assume = [
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", role.as_str()),
            ("RoleSessionName", "somebody"),
        ];
        let key = &self.access_key_id;
        let session = sent(agent().post(&EMULATOR.url), key, "us-east-1", "sts").send_form(assume);
        let session = text_of("AssumeRole", session);
        let (_, rest) = session.split_once("<AccessKeyId>").expect("credentials");
        let key = rest.split('<').next().unwrap();
        match request {
            Interference::Iam(operation, parameters) => {
                let fixed = [("Action", *operation), ("Version", "2010-05-08")];
                let form = fixed.into_iter().chain(parameters.iter().copied());
                let sent = sent(agent().post(&EMULATOR.url), key, "us-east-1", "iam");
                text_of(operation, sent.send_form(form))
            }
            Interference::Events(operation, region, body) => {
                ask_json(key, region, "events", &format!("AWSEvents.{operation}"), body)
            }
            Interference::Kms(operation, region, body) => {
                ask_json(key, region, "kms", &format!("TrentService.{operation}"), body)
            }
        }
    }

    /// Makes `command` talk to this organization and to nothing else of AWS.
    pub(crate) fn point(&self, command: &mut Command) {
        for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "http_proxy"] {
            command.env_remove(name);
        }
        command
            .env("AWS_ENDPOINT_URL", &EMULATOR.url)
            .env("AWS_ACCESS_KEY_ID", &self.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &self.secret_access_key)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    }

    /// Sends a request that palisade itself never sends, as another actor would.
    pub(crate) fn interfere(&self, operation: &str, request: &serde_json::Value) {
        let sent = agent()
            .post(&EMULATOR.url)
            .header("authorization", self.signed("organizations"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("AWSOrganizationsV20161128.{operation}"))
            .send(request.to_string());
        sent.unwrap_or_else(|error| panic!("{operation}: {error}"));
    }

    /// Stops a trail of the management account, by its ARN: what palisade itself never does.
    pub(crate) fn stop_logging(&self, arn: &str) {
        let region = arn.split(':').nth(3).unwrap_or_default();
        let signed = self.signed("cloudtrail").replace("us-east-1", region);
        let sent = agent()
            .post(&EMULATOR.url)
            .header("authorization", signed)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", "CloudTrail_20131101.StopLogging")
            .send(json!({"Name": arn}).to_string());
        sent.unwrap_or_else(|error| panic!("{arn}: {error}"));
    }

    /// Somebody makes an access key for the root user of an account.
    pub(crate) fn give_root_a_key(account: &AccountId) {
        let _: serde_json::Value = EMULATOR.post("root", &json!({ "account": account }));
    }

    /// AWS opens a Region for this organization.
    pub(crate) fn open_region(&self, name: &str) {
        let body = json!({ "account": self.management_account, "region": name });
        let _: serde_json::Value = EMULATOR.post("region", &body);
    }

    /// The calls that reached the emulator, in order; of the operations that palisade knows.
    pub(crate) fn calls(&self) -> Vec<Operation> {
        let names: Vec<String> =
            EMULATOR.get(&format!("calls?account={}", self.management_account));
        let ours = |name: &String| Operation::iter().find(|operation| operation.name() == name);
        names.iter().filter_map(ours).collect()
    }

    /// Those of [`calls`](Self::calls) that can change something.
    pub(crate) fn changes(&self) -> Vec<Operation> {
        self.calls().into_iter().filter(|operation| operation.is_mutating()).collect()
    }

    /// The OU, or root, at `path`.
    pub(crate) fn unit(&self, path: &str) -> ParentId {
        self.units.get(path).unwrap_or_else(|| panic!("no `{path}` was asked for")).clone()
    }

    /// The account number `number` of `path`.
    pub(crate) fn account(&self, path: &str, number: usize) -> AccountId {
        self.accounts[path][number].clone()
    }
}

/// A request of somebody in a member account.
pub(crate) enum Interference<'a> {
    /// An operation of IAM, with its parameters.
    Iam(&'a str, &'a [(&'a str, &'a str)]),
    /// An operation of EventBridge in a Region.
    Events(&'a str, &'a str, serde_json::Value),
    /// An operation of KMS in a Region.
    Kms(&'a str, &'a str, serde_json::Value),
}

/// The request, signed so that the emulator takes it for one of the key.
fn sent(
    request: ureq::RequestBuilder<ureq::typestate::WithBody>,
    key: &str,
    region: &str,
    service: &str,
) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
    let credential = format!("{key}/20260101/{region}/{service}/aws4_request");
    let signature =
        format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0");
    let host = format!("{service}.{region}.amazonaws.com");
    request.header("authorization", signature).header("host", host)
}

/// The answer to a request of a service that speaks JSON.
fn ask_json(
    key: &str,
    region: &str,
    service: &str,
    target: &str,
    body: &serde_json::Value,
) -> String {
    let request = sent(agent().post(&EMULATOR.url), key, region, service)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", target);
    text_of(target, request.send(body.to_string()))
}

fn text_of(
    operation: &str,
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> String {
    let mut response = response.unwrap_or_else(|error| panic!("{operation}: {error}"));
    response.body_mut().read_to_string().expect("the answer is text")
}

fn settings() -> AwsSettings {
    AwsSettings {
        app_name: "palisade-tests".to_owned(),
        timeouts: AwsTimeouts::STANDARD,
        member_role: "OrganizationAccountAccessRole".to_owned(),
    }
}

fn by_path(units: &[(&str, usize)]) -> serde_json::Map<String, serde_json::Value> {
    units.iter().map(|(path, accounts)| ((*path).to_owned(), json!(accounts))).collect()
}

/// Every item of a listing, page by page, with the sizes of the pages.
pub(crate) async fn pages<T, L>(list: L) -> (Vec<T>, Vec<usize>)
where
    L: AsyncFn(Option<String>) -> Result<Page<T>, CloudError>,
{
    let (mut items, mut sizes, mut next) = (Vec::new(), Vec::new(), None);
    loop {
        let page = list(next).await.expect("the emulator lists");
        sizes.push(page.items.len());
        items.extend(page.items);
        next = page.next;
        if next.is_none() {
            return (items, sizes);
        }
    }
}

impl Emulator {
    #[expect(
        clippy::disallowed_methods,
        reason = "`tests/run` has no other way to say where it listens"
    )]
    fn find() -> Self {
        match std::env::var("PALISADE_TEST_EMULATOR") {
            Ok(url) => Self { url, _own: None },
            Err(_) => Self::start(),
        }
    }

    fn start() -> Self {
        #[derive(Deserialize)]
        struct Listening {
            port: u16,
            pid: u32,
        }
        let python = python();
        let mut child = Command::new(&python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator/launch.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start `{}`: {error}", python.display()));
        let stdin = child.stdin.take().expect("it was piped");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("it was piped"));
        stdout.read_line(&mut line).expect("its output is text");
        let listening: Listening = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the emulator said `{line}` and not its port: {error}"));
        assert_eq!(listening.pid, child.id(), "the port is another process's");
        let url = format!("http://127.0.0.1:{}", listening.port);
        Self { url, _own: Some((child, stdin)) }
    }

    fn get<T: DeserializeOwned>(&self, what: &str) -> T {
        answer(agent().get(format!("{}/emulator/{what}", self.url)).call())
    }

    fn post<T: DeserializeOwned>(&self, what: &str, body: &serde_json::Value) -> T {
        let request = agent().post(format!("{}/emulator/{what}", self.url));
        answer(request.send(body.to_string()))
    }
}

fn answer<T: DeserializeOwned>(
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> T {
    let mut response = response.expect("the emulator answers");
    let text = response.body_mut().read_to_string().expect("the answer is text");
    serde_json::from_str(&text).expect("the answer is what was asked for")
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().proxy(None);
    config.timeout_global(Some(Duration::from_mins(2))).build().into()
}

/// Where the emulator explains its own failures, the HTTP 500s.
fn log() -> File {
    let path = installed().join("emulator.log");
    File::options().create(true).append(true).open(path).expect("the target can be written")
}

/// Where `tests/run` installs what the emulator needs.
fn installed() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("`tmp` lies in the target");
    target.join("emulator-venv")
}

fn python() -> PathBuf {
    let python = installed().join("bin/python");
    assert!(python.exists(), "no emulator at `{}`: run `tests/run` once", python.display());
    python
}
