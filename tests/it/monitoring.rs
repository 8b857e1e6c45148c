//! Alert rules and dashboards, tried by Prometheus itself: `promtool`, and a server that scrapes the demo.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Far more than a server needs for a few scrapes; reached only by a failure.
const PATIENCE: Duration = Duration::from_mins(2);

/// Between two looks at what the server has.
const PAUSE: Duration = Duration::from_millis(250);

const DASHBOARDS: [&str; 4] = ["overview", "guardrail", "reconciliation", "aws-api"];

#[test]
fn promtool_accepts_the_rules() {
    promtool(&["check", "rules", "--lint-fatal", "palisade.rules.yaml"]);
}

#[test]
fn every_alert_fires_when_it_should_and_not_when_all_is_well() {
    promtool(&["test", "rules", "palisade.rules.test.yaml"]);
}

#[tokio::test]
async fn every_query_of_every_dashboard_has_data_of_the_real_daemon() {
    let mut demo = Running::start(
        Command::new(env!("CARGO_BIN_EXE_palisade")).args([
            "demo",
            "--color",
            "never",
            "--listen",
            "127.0.0.1:0",
        ]),
        Stream::Stdout,
    );
    let metrics = demo.line_with("http://", "/metrics");
    let address = between(&metrics, "http://", "/metrics").to_owned();
    let home = tempfile::tempdir().unwrap();
    let mut prometheus = prometheus(&home, &address);
    let listening = prometheus.line_with("msg=\"Listening on\"", "address=");
    let server = format!("http://{}", between(&listening, "address=", "\n"));
    let mut queries = Vec::new();
    for dashboard in DASHBOARDS {
        for (panel, query) in queries_of(&dashboard_file(dashboard)) {
            queries.push((format!("{dashboard}: {panel}"), query));
        }
    }
    assert!(queries.len() > 50, "only {} queries found", queries.len());
    let start = Instant::now();
    loop {
        let mut empty = Vec::new();
        for (place, query) in queries {
            if samples(&server, &query) == 0 {
                empty.push((place, query));
            }
        }
        if empty.is_empty() {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "no data for {empty:#?}");
        queries = empty;
        sleep(PAUSE).await;
    }
}

#[test]
fn dashboards_are_complete_and_ask_the_data_source_that_is_chosen() {
    let mut uids = Vec::new();
    for dashboard in DASHBOARDS {
        let board = dashboard_file(dashboard);
        uids.push(board["uid"].as_str().unwrap().to_owned());
        assert!(board["title"].as_str().unwrap().starts_with("palisade / "), "{dashboard}");
        let panels = board["panels"].as_array().unwrap();
        let mut ids: Vec<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        ids.dedup();
        assert_eq!(ids.len(), panels.len(), "{dashboard}: a panel's id comes twice");
        for panel in panels.iter().filter(|panel| panel["type"] != "row") {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{dashboard}: {panel}");
            assert!(!panel["targets"].as_array().unwrap().is_empty(), "{dashboard}: {panel}");
        }
    }
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), DASHBOARDS.len());
    let files = std::fs::read_dir(root("deploy/grafana/dashboards")).unwrap().count();
    assert_eq!(files, DASHBOARDS.len(), "a dashboard that is not tried");
}

#[track_caller]
fn promtool(arguments: &[&str]) {
    let output = Command::new("promtool")
        .args(arguments)
        .current_dir(root("deploy/prometheus"))
        .output()
        .expect("`promtool` is on the PATH: run `tests/run`, which brings it");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
}

/// A server that scrapes `address` every second.
fn prometheus(home: &TempDir, address: &str) -> Running {
    let configuration = home.path().join("prometheus.yaml");
    let text = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: palisade\n    \
         static_configs: [{{targets: [\"{address}\"]}}]\n"
    );
    std::fs::write(&configuration, text).unwrap();
    Running::start(
        Command::new("prometheus")
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("--storage.tsdb.path={}", home.path().join("data").display()))
            .arg("--web.listen-address=127.0.0.1:0"),
        Stream::Stderr,
    )
}

/// `(panel, query)` of every query, and of every variable a person chooses from.
fn queries_of(board: &Value) -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let title = panel["title"].as_str().unwrap().to_owned();
            queries.push((title, chosen(target["expr"].as_str().unwrap())));
        }
    }
    for variable in board["templating"]["list"].as_array().unwrap() {
        if let Some(query) = variable["query"]["query"].as_str() {
            let name = variable["name"].as_str().unwrap().to_owned();
            queries.push((name, chosen(between(query, "label_values(", ", "))));
        }
    }
    queries
}

/// The query as Grafana sends it when a guardrail of the demo is chosen.
fn chosen(query: &str) -> String {
    query
        .replace("$__rate_interval", "1m")
        .replace("$kind", "ServiceControlPolicy")
        .replace("$name", "deny-leave-organization")
}

/// How many series answer.
fn samples(server: &str, query: &str) -> usize {
    let url = format!("{server}/api/v1/query");
    let answer = ureq::post(&url).send_form([("query", query)]);
    let Ok(mut answer) = answer else { return 0 };
    let text = answer.body_mut().read_to_string().unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["status"], "success", "{query}: {text}");
    value["data"]["result"].as_array().unwrap().len()
}

#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in `{text}`")).1;
    rest.split_once(after).map_or(rest, |(found, _)| found).trim_end()
}

fn dashboard_file(name: &str) -> Value {
    let path = root("deploy/grafana/dashboards").join(name).with_extension("json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A program that is ended with the test.
struct Running {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

#[derive(Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
}

impl Running {
    fn start(command: &mut Command, stream: Stream) -> Self {
        let (stdout, stderr) = match stream {
            Stream::Stdout => (Stdio::piped(), Stdio::null()),
            Stream::Stderr => (Stdio::null(), Stdio::piped()),
        };
        let mut child = command.stdout(stdout).stderr(stderr).spawn().unwrap_or_else(|error| {
            panic!("{command:?}: {error}: run `tests/run`, which brings what is missing")
        });
        let output: Box<dyn std::io::Read + Send> = match stream {
            Stream::Stdout => Box::new(child.stdout.take().unwrap()),
            Stream::Stderr => Box::new(child.stderr.take().unwrap()),
        };
        let (sender, lines) = std::sync::mpsc::channel();
        // Reads to the end, so that the program never waits for its reader.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _gone = sender.send(line);
            }
        });
        Self { child, lines }
    }

    /// The next line that holds both texts.
    #[track_caller]
    fn line_with(&mut self, one: &str, other: &str) -> String {
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if line.contains(one) && line.contains(other) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line with `{one}` and `{other}` in {seen:#?}")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
