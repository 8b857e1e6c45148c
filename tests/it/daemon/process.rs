//! The daemon as a process: real signals, real connections, and an AWS that is not there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::stage::desired;

/// Far more than anything here takes on the slowest machine; reached only by a failure.
const PATIENCE: Duration = Duration::from_mins(2);

/// A daemon that asks an endpoint where nobody listens: port 9 is `discard`.
struct Process {
    child: Child,
    lines: Receiver<Value>,
    address: String,
    _home: TempDir,
}

impl Process {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("desired");
        std::fs::create_dir(&directory).unwrap();
        std::fs::write(directory.join("all.yaml"), desired(&["deny-leave"])).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(["run", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .arg("--data-dir")
            .arg(home.path().join("data"))
            .arg(&directory)
            .env_clear()
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        let mut process = Self { child, lines, address: String::new(), _home: home };
        let started = process.logged("daemon started");
        started["address"].as_str().unwrap().clone_into(&mut process.address);
        process
    }

    /// Waits for the next log line with this message.
    fn logged(&mut self, message: &str) -> Value {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line["message"] == message => return line,
                Ok(line) => assert!(line.is_object(), "no log line: {line}"),
                Err(error) => panic!("`{message}` was not logged: {error}"),
            }
        }
    }

    fn ask(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already, unless a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_daemon_without_aws_lives_says_so_wakes_on_sighup_and_leaves_on_sigterm() {
    let mut process = Process::start();
    let pass = process.logged("pass finished");
    assert_eq!(pass["result"], "unobserved");
    assert_eq!(pass["span"]["wake"], "start");
    for (path, status) in [("/livez", "200"), ("/readyz", "503"), ("/", "200"), ("/metrics", "200")]
    {
        let answer = process.ask(path);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
    let status = process.ask("/status");
    let report: Value = serde_json::from_str(status.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(report["desiredState"]["valid"], true);
    assert_eq!(report["conditions"][0]["reason"], "ObservationIncomplete");
    process.signal("HUP");
    while process.logged("pass finished")["span"]["wake"] != "hangup" {}
    process.signal("TERM");
    process.logged("daemon stopped");
    assert_eq!(process.child.wait().unwrap().code(), Some(0));
}
