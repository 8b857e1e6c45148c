//! The command line as a contract: exit codes, help, environment variables, completions, pipes.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

/// Commands of this version.
const COMMANDS: &[&str] = &[
    "demo",
    "validate",
    "test",
    "plan",
    "explain",
    "simulate",
    "replay",
    "apply",
    "approve",
    "run",
    "observe",
    "import",
    "status",
    "coverage",
    "permissions",
    "drill",
    "catalog",
    "schema",
    "completions",
];

#[test]
fn a_wrong_command_line_is_1_and_never_2() {
    for args in [
        &[][..],
        &["no-such-command"],
        &["plan", "--no-such-flag"],
        &["plan", "--output", "yaml"],
        &["plan", "--max-changes", "many"],
        &["completions", "tcsh"],
    ] {
        let output = palisade(args);
        assert_eq!(code(&output), 1, "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
}

/// Templates of deployments set every variable, and leave empty what nobody asked for.
#[test]
fn an_empty_variable_counts_as_none() {
    for (args, variable) in [
        (&["catalog", "list"][..], "PALISADE_OUTPUT"),
        (&["validate", "desired-state"], "PALISADE_EXPLAIN"),
        (&["validate", "desired-state"], "PALISADE_DENY_WARNINGS"),
        (&["validate"], "PALISADE_DIR"),
        (&["validate", "desired-state"], "PALISADE_COLOR"),
    ] {
        let output = command(args).env(variable, "").output().unwrap();
        assert_eq!(code(&output), 0, "{variable}: {output:?}");
    }
    // One that is not empty is heeded as ever.
    let output = command(&["catalog", "list"]).env("PALISADE_OUTPUT", " ").output().unwrap();
    assert_eq!(code(&output), 1);
}

#[test]
fn help_and_version_are_data() {
    for args in [&["--help"][..], &["-h"], &["--version"], &["plan", "--help"], &["help", "plan"]] {
        let output = palisade(args);
        assert_eq!(code(&output), 0, "{args:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{args:?}");
    }
    let version = out(&palisade(&["--version"]));
    assert!(version.starts_with(concat!("palisade ", env!("CARGO_PKG_VERSION"), " (revision ")));
}

#[test]
fn the_help_lists_every_command_and_no_other() {
    let help = out(&palisade(&["--help"]));
    let (_, after) = help.split_once("Commands:\n").unwrap();
    let listed: Vec<&str> = after
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let mut expected = COMMANDS.to_vec();
    expected.push("help");
    assert_eq!(listed, expected);
}

#[test]
fn every_command_shows_examples_and_exit_codes() {
    for command in COMMANDS {
        let help = out(&palisade(&[command, "--help"]));
        let (_, examples) = help.split_once("Examples:\n").expect(command);
        assert!(examples.trim_start().starts_with(&format!("palisade {command}")), "{command}");
        assert!(help.contains("\nExit codes:\n  0  "), "{command}");
    }
}

#[test]
fn every_flag_can_be_given_in_the_environment() {
    for command in COMMANDS {
        let help = out(&palisade(&[command, "--help"]));
        let entries: Vec<&str> = help.split("\n  ").map(str::trim_start).collect();
        for entry in entries.iter().filter(|entry| entry.contains("--")) {
            let Some(flag) = flag_of(entry) else { continue };
            if flag == "help" {
                continue;
            }
            let variable = format!("[env: PALISADE_{}]", flag.to_uppercase().replace('-', "_"));
            let at = help.find(&format!("--{flag}")).unwrap();
            assert!(help[at..].contains(&variable), "{command}: --{flag} has no {variable}");
        }
    }
}

#[test]
fn the_environment_is_a_flag() {
    let by_flag = palisade(&["plan", "--output", "yaml"]);
    let by_variable = command(&["plan"]).env("PALISADE_OUTPUT", "yaml").output().unwrap();
    assert_eq!((code(&by_flag), code(&by_variable)), (1, 1));
    assert!(err(&by_variable).contains("yaml"));
}

#[test]
fn shells_complete_the_commands_there_are() {
    for shell in ["bash", "zsh", "fish"] {
        let output = palisade(&["completions", shell]);
        assert_eq!(code(&output), 0, "{shell}");
        let script = out(&output);
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let mut child = command(&["schema"]).spawn().unwrap();
    // The pipe is closed before anything is read, and the schema is longer than a pipe holds.
    drop(child.stdout.take());
    let mut words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
    assert_eq!((child.wait().unwrap().code(), words.as_str()), (Some(0), ""));
}

#[test]
fn nothing_is_coloured_unless_asked_or_on_a_terminal() {
    let missing = ["validate", "no-such-directory"];
    let coloured = |command: &mut Command| out(&command.output().unwrap()).contains('\u{1b}');
    assert!(!coloured(&mut command(&missing)));
    assert!(coloured(command(&missing).args(["--color", "always"])));
    assert!(coloured(command(&missing).env("PALISADE_COLOR", "always")));
    assert!(coloured(command(&missing).args(["--color", "always"]).env("NO_COLOR", "1")));
    assert!(!coloured(command(&missing).env("NO_COLOR", "1")));
}

#[test]
fn an_organization_that_cannot_be_read_is_1_and_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("desired-state");
    let out = out.to_str().unwrap();
    for args in [&["observe"][..], &["plan", "desired-state"], &["import", "--out", out]] {
        let output = command(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .envs(NOWHERE.iter().copied())
            .output()
            .unwrap();
        let said = out_and_err(&output);
        assert_eq!(code(&output), 1, "{args:?}: {said}");
        assert!(said.contains("GetCallerIdentity"), "{args:?}: {said}");
    }
    assert!(!directory.path().join("desired-state").exists());
}

/// Credentials for an endpoint where nobody listens: port 9 is `discard`.
const NOWHERE: &[(&str, &str)] = &[
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_SESSION_TOKEN", "token"),
    ("HOME", "/nonexistent"),
];

#[test]
fn status_says_what_the_daemon_says_and_leaves_with_it() {
    for (body, expected, words) in [
        (report(true, "inSync"), 0, "1 of 1 document in sync"),
        (report(false, "drifted"), 2, "0 of 1 document in sync"),
        (report(false, "unobserved"), 1, "0 of 1 document in sync"),
    ] {
        let url = answering("200 OK", &body);
        let output = palisade(&["status", "--url", &url]);
        assert_eq!(code(&output), expected, "{}", out_and_err(&output));
        assert!(out(&output).contains(words), "{}", out(&output));
        let url = answering("200 OK", &body);
        let json = out(&palisade(&["status", "--url", &format!("{url}/"), "--output", "json"]));
        assert_eq!(json.trim(), body);
    }
}

#[test]
fn a_status_shows_what_differs_and_what_waits() {
    let url = answering("200 OK", &report(false, "drifted"));
    let text = out(&palisade(&["status", "--url", &url]));
    for words in [
        "ServiceControlPolicy/deny-leave  enforce    1 difference since 2026-11-22T10:00:00Z",
        "  AttachPolicy SERVICE_CONTROL_POLICY p-1 on / (waits for approval): too \\u{1b}[31mred",
        "1 because the plan has 120 changes, and `--max-changes` is 100",
        "palisade approve 29fd47380efd0fe1",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

#[test]
fn no_daemon_and_no_report_are_1() {
    let nobody = palisade(&["status", "--url", "http://127.0.0.1:9"]);
    assert_eq!(code(&nobody), 1);
    assert!(err(&nobody).contains("is `palisade run` running there?"), "{}", err(&nobody));
    for (status, body) in [("503 Service Unavailable", "no pass has ended yet"), ("200 OK", "{}")] {
        let output = palisade(&["status", "--url", &answering(status, body)]);
        assert_eq!((code(&output), out(&output).as_str()), (1, ""), "{}", err(&output));
    }
}

#[test]
fn the_demo_builds_shows_its_status_and_ends_on_request() {
    let mut demo = command(&["demo", "--listen", "127.0.0.1:0"]).spawn().unwrap();
    // Kept until the end: a demo that nobody watches ends.
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut url = String::new();
    for line in &mut lines {
        let line = line.unwrap();
        if let Some((_, at)) = line.split_once("palisade status --url ") {
            at.clone_into(&mut url);
        }
        if line.contains("everything enforced is as desired-state says") {
            break;
        }
    }
    let status = palisade(&["status", "--url", &url]);
    assert!(out(&status).contains("ServiceControlPolicy/"), "{}", out_and_err(&status));
    assert_evidence(&url);
    let interrupted = Command::new("kill").args(["-INT", &demo.id().to_string()]).status();
    assert!(interrupted.unwrap().success());
    assert_eq!(demo.wait().unwrap().code(), Some(0));
}

/// Whoever asks the daemon learns which objects in AWS are meant, and that they say what git says.
fn assert_evidence(url: &str) {
    let coverage = palisade(&["coverage", "desired-state", "--url", url, "--output", "json"]);
    let coverage: serde_json::Value = serde_json::from_str(&out(&coverage)).unwrap();
    let practices = coverage["practices"].as_array().unwrap();
    let guardrails = practices.iter().flat_map(|one| one["guardrails"].as_array().unwrap());
    let evidence = guardrails.map(|one| &one["evidence"]);
    let seen = evidence.filter(|one| one["id"].as_str().is_some_and(|id| id.starts_with("p-")));
    let alone: Vec<_> = seen.filter(|one| one["isShared"] == false).collect();
    assert!(alone.len() > 5, "{coverage:#}");
    for one in alone {
        assert_eq!(one["sha256"], one["objectSha256"], "{one}");
    }
    for practice in practices {
        let documents = practice["guardrails"].as_array().unwrap().iter();
        let documents: Vec<&str> = documents.filter_map(|one| one["document"].as_str()).collect();
        let once: BTreeSet<&str> = documents.iter().copied().collect();
        assert_eq!(once.len(), documents.len(), "{documents:?}");
    }
    let guardrails = || practices.iter().flat_map(|one| one["guardrails"].as_array().unwrap());
    let mut brought = guardrails().filter_map(|one| one["brings"].as_array());
    assert!(brought.next().is_some_and(|brought| brought.len() > 1), "the trail brings policies");
    let objects =
        guardrails().flat_map(|one| one["objects"].as_array().cloned().unwrap_or_default());
    let objects: Vec<serde_json::Value> = objects.collect();
    for kind in ["role", "stackSet", "trail"] {
        let one = objects.iter().find(|one| one["kind"] == kind).expect(kind);
        assert_eq!(one["sha256"].as_str().map(str::len), Some(64), "{one}");
    }
    // The same role in every account is said once.
    let emergency = objects.iter().find(|one| one["name"] == "BREAK-GLASS-ROLE").unwrap();
    assert!(emergency["accounts"].as_u64() > Some(20), "{emergency}");
}

#[test]
fn a_demo_that_nobody_watches_ends() {
    let mut demo = command(&["demo", "--listen", "127.0.0.1:0"]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(demo.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("palisade demo: "));
    // The reader is gone now; the next line that is told ends the demo.
    assert_eq!(demo.wait().unwrap().code(), Some(0));
}

/// A report on one document, as a daemon gives it.
fn report(is_in_sync: bool, result: &str) -> String {
    let difference = serde_json::json!({
        "object": "SERVICE_CONTROL_POLICY p-1 on /", "change": "AttachPolicy", "cause": "drift",
        "since": "2026-11-22T10:00:00Z", "state": "awaitingApproval", "detail": "too \u{1b}[31mred",
    });
    let differences = if is_in_sync { vec![] } else { vec![difference] };
    let held = serde_json::json!({
        "hash": "29fd47380efd0fe1", "actions": 1, "approved": false, "approve": "palisade approve …",
        "reasons": {"the plan has 120 changes, and `--max-changes` is 100": 1},
    });
    serde_json::json!({
        "organizationId": "o-a1b2c3d4e5", "mode": "enforce", "leader": true, "inSync": is_in_sync,
        "conditions": [],
        "desiredState": {"revision": null, "digest": "00", "valid": true, "problems": [], "warnings": []},
        "lastPass": {
            "at": "2026-11-22T10:00:05Z", "wake": "timer", "result": result,
            "took": {"observe": 1.0, "plan": 0.0, "act": 0.0},
            "actions": 0, "outcomes": {}, "reported": 0, "detected": [], "repaired": [],
        },
        "lastSuccess": null, "held": if is_in_sync { serde_json::Value::Null } else { held },
        "blocked": [], "unknown": [], "unmanaged": {}, "policySlotsUsed": {}, "troubles": [],
        "documents": [{
            "kind": "ServiceControlPolicy", "name": "deny-leave", "source": "leave.yaml:1:1",
            "mode": "enforce", "suspendedUntil": null, "suspendedBecause": null, "annotations": {},
            "inSync": is_in_sync, "differences": differences, "sizeUsed": null, "conditions": [],
        }],
    })
    .to_string()
}

/// The address of a server that answers one request with `body`.
fn answering(status: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        assert!(request[..length].starts_with(b"GET /status HTTP/1.1\r\n"));
        stream.write_all(answer.as_bytes()).unwrap();
    });
    url
}

fn palisade(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.args(args).env_clear().stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn out_and_err(output: &Output) -> String {
    out(output) + &err(output)
}

/// The long flag that a line of help is about.
fn flag_of(entry: &str) -> Option<&str> {
    let at = entry.find("--").filter(|at| *at <= 4)?;
    entry[at + 2..].split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next()
}
