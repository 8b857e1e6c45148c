//! The endpoints over real connections on a port of the system's choice.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::admin::{CONNECTIONS_MAX, Endpoints, page, serve};
use crate::metrics::{KnownLabels, Metrics};
use crate::status::{PassResult, Publisher, Report};

/// A report on desired state that does not load.
fn report() -> Report {
    let report = serde_json::json!({
        "organizationId": null,
        "mode": "enforce",
        "leader": true,
        "inSync": false,
        "conditions": [{
            "type": "Ready",
            "status": "False",
            "reason": "NoDesiredState",
            "message": "",
            "observedGeneration": "",
            "lastTransitionTime": "2026-11-22T00:00:00Z",
        }],
        "desiredState": {
            "revision": null,
            "digest": "",
            "valid": false,
            "problems": [
                { "at": "a.yaml:1:2", "message": "<script>alert('x')</script> & \"more\"" },
            ],
            "warnings": [],
        },
        "lastPass": {
            "at": "2026-11-22T00:00:00Z",
            "wake": "start",
            "result": "noDesiredState",
            "took": { "observe": 0.0, "plan": 0.0, "act": 0.0 },
            "actions": 0,
            "outcomes": {},
            "reported": 0,
            "detected": [],
            "repaired": [],
        },
        "lastSuccess": null,
        "held": null,
        "blocked": [],
        "unknown": [],
        "unmanaged": {},
        "policySlotsUsed": {},
        "troubles": [{ "component": "journal", "message": "full" }],
        "documents": [],
    });
    serde_json::from_value(report).unwrap()
}

/// A report of a pass that saw everything.
fn observed() -> Report {
    let mut report = report();
    report.last_pass.result = PassResult::InSync;
    report.desired_state.problems.clear();
    report.desired_state.valid = true;
    report
}

/// Serves, asks once, and returns the whole answer.
async fn ask(publisher: Publisher, endpoints: Endpoints, request: &str) -> String {
    ask_as("Host: localhost\r\n", publisher, endpoints, request).await
}

async fn ask_as(host: &str, publisher: Publisher, endpoints: Endpoints, request: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(serve(listener, endpoints));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    serving.abort();
    drop(publisher);
    answer
}

fn endpoints(report: Option<Report>) -> (Publisher, Endpoints) {
    let (publisher, said) = Publisher::new();
    if let Some(report) = report {
        let plan = serde_json::json!({ "actions": [] });
        publisher.publish(Arc::new(report), Some(Arc::new(plan)));
    }
    let metrics = Metrics::new(&KnownLabels::default(), "1", "abc").unwrap();
    let silence_max = Duration::from_mins(1);
    let allowed_hosts = vec!["palisade.example.com".to_owned()];
    (
        publisher,
        Endpoints { published: said, metrics: Arc::new(metrics), silence_max, allowed_hosts },
    )
}

#[tokio::test]
async fn every_endpoint_answers_what_it_should() {
    for (path, report, status, content) in [
        ("/", None, 200, "Starting"),
        ("/", Some(observed()), 200, "<!doctype html>"),
        ("/style.css", None, 200, "color-scheme"),
        ("/page.js", None, 200, "'use strict'"),
        ("/metrics", None, 200, "palisade_build_info"),
        ("/livez", None, 200, "moves"),
        ("/readyz", None, 503, "not been read"),
        ("/readyz", Some(report()), 503, "not valid"),
        ("/readyz", Some(observed()), 200, "ready"),
        ("/status", None, 503, "no pass"),
        ("/status", Some(observed()), 200, "\"inSync\":false"),
        ("/plan", None, 503, "no pass"),
        ("/plan", Some(observed()), 200, "\"actions\":[]"),
        ("/nothing", None, 404, ""),
    ] {
        let (publisher, endpoints) = endpoints(report);
        let answer = ask(publisher, endpoints, &format!("GET {path}")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
        assert!(answer.contains(content), "{path}: {answer}");
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
    }
}

#[tokio::test]
async fn a_page_that_the_browser_has_is_not_sent_again() {
    let (publisher, first) = endpoints(Some(observed()));
    let answer = ask(publisher, first, "GET /").await;
    let tag = answer.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    for (tag, status) in [(tag.as_str(), 304), ("\"another\"", 200)] {
        let (publisher, again) = endpoints(Some(observed()));
        let known = format!("Host: localhost\r\nIf-None-Match: {tag}\r\n");
        let answer = ask_as(&known, publisher, again, "GET /").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert_eq!(answer.contains("<!doctype"), status == 200);
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
    }
}

#[tokio::test]
async fn a_first_look_that_failed_is_not_ready_and_one_that_succeeded_stays_so() {
    let mut blind = observed();
    blind.last_pass.result = PassResult::Incomplete;
    let (publisher, before) = endpoints(Some(blind.clone()));
    let answer = ask(publisher, before, "GET /readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let (publisher, after) = endpoints(Some(observed()));
    publisher.publish(Arc::new(blind), None);
    assert!(ask(publisher, after, "GET /readyz").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn nothing_can_be_changed_over_http() {
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        for path in ["/", "/status", "/plan", "/metrics", "/livez", "/readyz"] {
            let (publisher, endpoints) = endpoints(None);
            let answer = ask(publisher, endpoints, &format!("{method} {path}")).await;
            assert!(answer.starts_with("HTTP/1.1 405"), "{method} {path}: {answer}");
        }
    }
    let (publisher, endpoints) = endpoints(None);
    assert!(ask(publisher, endpoints, "HEAD /livez").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_web_site_that_points_its_name_at_palisade_reads_nothing() {
    for (host, request, status) in [
        ("Host: evil.example\r\n", "GET /status", 421),
        ("Host: evil.example:9464\r\n", "GET /plan", 421),
        ("Host: evil.example\r\n", "GET /metrics", 421),
        ("Host: evil.example\r\n", "GET /", 421),
        ("Host: localhost\r\nHost: evil.example\r\n", "GET /status", 421),
        ("Host: localhost\r\n", "GET http://evil.example/status", 421),
        ("Host: evil.example\r\n", "GET /livez", 200),
        ("Host: 10.0.0.7:9464\r\n", "GET /metrics", 200),
        ("Host: palisade.example.com\r\n", "GET /metrics", 200),
    ] {
        let (publisher, endpoints) = endpoints(Some(observed()));
        let answer = ask_as(host, publisher, endpoints, request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{host}{request}: {answer}");
        assert_eq!(answer.contains("--allow-host"), status == 421, "{answer}");
    }
}

#[tokio::test]
async fn whoever_asks_half_a_question_is_left_and_keeps_nobody_from_asking() {
    let (publisher, endpoints) = endpoints(Some(observed()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(serve(listener, endpoints));
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS_MAX + 20 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: local").await.unwrap();
        silent.push(stream);
    }
    let mut asking = TcpStream::connect(address).await.unwrap();
    asking.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    // All of them have been heard; now time alone passes.
    tokio::time::sleep(Duration::from_millis(100)).await;
    tokio::time::pause();
    let (mut answer, mut nothing) = (String::new(), String::new());
    asking.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    silent[0].read_to_string(&mut nothing).await.unwrap();
    assert_eq!(nothing, "");
    serving.abort();
    drop(publisher);
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_does_not_move_is_not_alive() {
    let (publisher, endpoints) = endpoints(None);
    tokio::time::advance(Duration::from_secs(61)).await;
    let answer = ask(publisher, endpoints.clone(), "GET /livez").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("61 s"), "{answer}");
}

#[test]
fn what_is_shown_is_escaped() {
    let page = page::render(Some(&report()));
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    assert!(
        page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;")
    );
    for shown in ["a.yaml:1:2", "journal", "No desired state"] {
        assert!(page.contains(shown), "no `{shown}` in {page}");
    }
}
