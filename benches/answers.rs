//! Measures the answers: what the commands stream.
//!
//! ```text
//! cargo bench --bench answers
//! ```
//!
//! They ask five levels with twenty policies of the kinds that organizations use; `policy` measures the
//! engine in them. They run as they are, on files made here; their time is the processor's, their
//! memory what the system says they held at most.
#![expect(clippy::print_stdout, reason = "what a bench prints is its result")]
#![expect(clippy::disallowed_methods, reason = "nothing else is to be done while a command runs")]
#![expect(clippy::cast_precision_loss, reason = "rates are shown, not reckoned with")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

mod guardrails;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::guardrails::{FULL, denies};

/// The aims.
const SIMULATE_MB_A_SECOND_MIN: f64 = 50.0;
const REPLAY_MB_A_SECOND_MIN: f64 = 100.0;
const MEMORY_MB_MAX: u64 = 100;

/// How much the commands are given.
const INPUT_MB: usize = 200;

/// The best of so many runs: the others measure the neighbours.
const RUNS: usize = 3;

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let site = directory.path();
    write_desired_state(site);

    let requests = site.join("requests.ndjson");
    write_requests(&requests);
    let simulate = measured(site, &["simulate", "requests.ndjson"], &requests);
    println!("simulate, policies inline     {simulate}   aim {SIMULATE_MB_A_SECOND_MIN} MB/s");
    let short = site.join("short.ndjson");
    write_short_requests(&short);
    let from_git = measured(site, &["simulate", "short.ndjson", "--dir", "desired-state"], &short);
    println!("simulate, policies from git   {from_git}   aim {SIMULATE_MB_A_SECOND_MIN} MB/s");
    let events = site.join("events.json");
    write_events(&events);
    let replay = measured(site, &["replay", "--events", "events.json"], &events);
    println!("replay                        {replay}   aim {REPLAY_MB_A_SECOND_MIN} MB/s");

    for (run, aim) in [
        (simulate, SIMULATE_MB_A_SECOND_MIN),
        (from_git, SIMULATE_MB_A_SECOND_MIN),
        (replay, REPLAY_MB_A_SECOND_MIN),
    ] {
        assert!(run.mb_a_second >= aim && run.memory_mb <= MEMORY_MB_MAX, "too slow or too large");
    }
}

/// One command on one file.
#[derive(Clone, Copy)]
struct Run {
    mb_a_second: f64,
    memory_mb: u64,
}

impl std::fmt::Display for Run {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:>5.0} MB/s in {:>3} MB", self.mb_a_second, self.memory_mb)
    }
}

fn measured(site: &Path, args: &[&str], input: &Path) -> Run {
    let megabytes = std::fs::metadata(input).unwrap().len() as f64 / 1e6;
    let mut best = Run { mb_a_second: 0.0, memory_mb: 0 };
    for _ in 0..RUNS {
        let start = Instant::now();
        let mut seconds = 0.0;
        let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(args)
            .current_dir(site)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut memory_mb = 0;
        while child.try_wait().unwrap().is_none() {
            memory_mb = memory_mb.max(memory_of(child.id()));
            seconds = computed_by(child.id()).unwrap_or(seconds);
            std::thread::sleep(Duration::from_millis(5));
        }
        // Where the system does not tell, what else the machine does is in it.
        let seconds = if seconds > 0.0 { seconds } else { start.elapsed().as_secs_f64() };
        let mb_a_second = megabytes / seconds;
        best.mb_a_second = best.mb_a_second.max(mb_a_second);
        best.memory_mb = best.memory_mb.max(memory_mb);
    }
    best
}

/// How long a process has computed (Linux): the commands have one thread.
fn computed_by(process: u32) -> Option<f64> {
    let statistics = std::fs::read_to_string(format!("/proc/{process}/schedstat")).ok()?;
    let nanoseconds: f64 = statistics.split_whitespace().next()?.parse().ok()?;
    (nanoseconds > 0.0).then_some(nanoseconds / 1e9)
}

/// The most memory a process has held (`VmHWM`, Linux; 0 elsewhere).
fn memory_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1_024
}

fn wire_request(index: usize) -> String {
    let region = if index.is_multiple_of(10) { "us-east-1" } else { "eu-west-1" };
    let action =
        ["ec2:DescribeInstances", "s3:GetObject", "ec2:RunInstances", "iam:CreateUser"][index % 4];
    format!(
        r#"{{"principal":"arn:aws:iam::555555555555:role/app-{}","action":"{action}","resource":"arn:aws:s3:::photos/{index}","resourceAccount":"555555555555","context":{{"aws:RequestedRegion":"{region}","aws:SourceIp":"203.0.113.7","aws:TagKeys":["a","b"],"aws:SecureTransport":true}},"absent":["aws:SourceVpc"]}}"#,
        index % 37
    )
}

/// Requests that bring five levels with twenty policies each.
fn write_requests(file: &Path) {
    let mut denies = denies().into_iter();
    let mut levels = Vec::new();
    for level in 0..5 {
        let mut policies = format!(r#"{{"name":"FullAWSAccess","document":{FULL}}}"#);
        for (index, text) in denies.by_ref().take(3).enumerate() {
            write!(policies, r#",{{"name":"deny-{level}-{index}","document":{text}}}"#).unwrap();
        }
        levels.push(format!(r#"{{"level":"level-{level}","policies":[{policies}]}}"#));
    }
    let levels = levels.join(",");
    let line = |index| {
        format!(
            "{{\"id\":{index},\"request\":{},\"serviceControlPolicies\":[{levels}],\"resourceControlPolicies\":[],\"managementAccount\":\"111111111111\"}}\n",
            wire_request(index)
        )
    };
    write_lines(file, line);
}

fn write_short_requests(file: &Path) {
    write_lines(file, |index| format!("{{\"id\":{index},\"request\":{}}}\n", wire_request(index)));
}

fn write_events(file: &Path) {
    let event = |index: usize| {
        let action = ["DescribeInstances", "RunInstances", "DescribeVolumes"][index % 3];
        let start = if index == 0 { "{\"Records\":[" } else { "," };
        format!(
            r#"{start}{{"eventVersion":"1.09","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLEEXAMPLE:session-{index}","arn":"arn:aws:sts::555555555555:assumed-role/app-{role}/session-{index}","accountId":"555555555555","accessKeyId":"ASIAEXAMPLEEXAMPLE","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLEEXAMPLE","arn":"arn:aws:iam::555555555555:role/app-{role}","accountId":"555555555555","userName":"app-{role}"}},"attributes":{{"creationDate":"2026-11-20T08:00:00Z","mfaAuthenticated":"false"}}}}}},"eventTime":"2026-11-20T08:09:10Z","eventSource":"ec2.amazonaws.com","eventName":"{action}","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.7","userAgent":"aws-cli/2.17.0 md/awscrt#0.20.11 ua/2.0 os/linux#6.1 md/arch#x86_64 lang/python#3.11.8","requestParameters":{{"instancesSet":{{"items":[{{"instanceId":"i-0123456789abcdef0"}},{{"instanceId":"i-0fedcba9876543210"}}]}},"filterSet":{{"items":[{{"name":"tag:team","valueSet":{{"items":[{{"value":"shop"}}]}}}}]}}}},"responseElements":null,"requestID":"00000000-0000-0000-0000-{index:012}","eventID":"11111111-0000-0000-0000-{index:012}","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"555555555555","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"ec2.eu-west-1.amazonaws.com"}}}}"#,
            role = index % 37,
        )
    };
    write_lines(file, event);
    let mut file = File::options().append(true).open(file).unwrap();
    file.write_all(b"]}").unwrap();
}

fn write_lines(file: &Path, line: impl Fn(usize) -> String) {
    let mut output = BufWriter::new(File::create(file).unwrap());
    let mut bytes = 0;
    let mut index = 0;
    while bytes < INPUT_MB * 1_000_000 {
        let line = line(index);
        bytes += line.len();
        index += 1;
        output.write_all(line.as_bytes()).unwrap();
    }
    output.flush().unwrap();
}

/// An organization in which the bench's policies bind the bench's account.
fn write_desired_state(site: &Path) {
    let mut text = "apiVersion: palisade/v1\nkind: Organization\nmetadata: {name: acme}\nspec:\n  organizationId: o-a1b2c3d4e5\n  managementAccountId: \"111111111111\"\n  accounts: {shop: \"555555555555\"}\n  organizationalUnits: {A: {organizationalUnits: {B: {organizationalUnits: {C: {accounts: [shop]}}}}}}\n  policyTypes: [SERVICE_CONTROL_POLICY]\n".to_owned();
    for (index, document) in denies().iter().enumerate() {
        let target = ["/", "/A", "/A/B", "/A/B/C", "account:shop"][index / 3];
        write!(
            text,
            "---\napiVersion: palisade/v1\nkind: ServiceControlPolicy\nmetadata: {{name: deny-{index}}}\nspec:\n  targets: [\"{target}\"]\n  document: {document}\n"
        )
        .unwrap();
    }
    std::fs::create_dir(site.join("desired-state")).unwrap();
    std::fs::write(site.join("desired-state/acme.yaml"), text).unwrap();
}
