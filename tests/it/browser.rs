//! The status page in a real browser. Where Chromium is not installed there is nothing to test with, and the
//! structure of the page is tested beside it (`src/admin/page/tests.rs`).

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use palisade::admin::{Endpoints, serve};
use palisade::controller;
use palisade::status::{Publisher, Report};
use serde_json::json;
use tokio::net::TcpListener;

/// Would run if it became markup.
const HOSTILE: &str =
    "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>";

fn report() -> Report {
    let document = json!({"kind": "ServiceControlPolicy", "name": HOSTILE});
    let report = json!({
        "organizationId": "o-a1b2c3d4e5", "mode": "enforce", "leader": true, "inSync": false,
        "conditions": [],
        "desiredState": {"revision": HOSTILE, "digest": "d", "valid": false,
            "problems": [{"at": HOSTILE, "message": HOSTILE}], "warnings": []},
        "lastPass": {"at": "2026-11-22T00:00:00Z", "wake": "timer", "result": "drifted",
            "took": {"observe": 0.1, "plan": 0.1, "act": 0.1}, "actions": 0, "outcomes": {},
            "reported": 0, "detected": [], "repaired": []},
        "lastSuccess": null,
        "held": {"hash": "cafe", "actions": 1, "approved": false, "approve": "palisade approve cafe",
            "reasons": {}},
        "blocked": [{"document": document, "reason": "Lockout", "object": HOSTILE, "message": HOSTILE}],
        "unknown": [], "unmanaged": {}, "policySlotsUsed": {}, "troubles": [], "documents": [],
        "tree": {"units": [{"path": "/", "declared": true}, {"path": format!("/{HOSTILE}"), "declared": false}],
            "accounts": [{"id": "555555555555", "name": HOSTILE, "unit": "/", "active": true}]},
    });
    serde_json::from_value(report).unwrap()
}

fn browser() -> Option<PathBuf> {
    let places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    places.into_iter().map(PathBuf::from).find(|path| path.exists())
}

/// The page as `browser` has made it, once its script has run.
fn seen(browser: PathBuf, url: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--no-first-run", "--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(url)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_of_the_page_runs_and_nothing_else_does() {
    let Some(browser) = browser() else { return };
    let (publisher, said) = Publisher::new();
    publisher.publish(Arc::new(report()), None);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let endpoints = Endpoints {
        published: said,
        metrics: controller::metrics().unwrap(),
        silence_max: Duration::from_mins(1),
        allowed_hosts: Vec::new(),
    };
    let serving = tokio::spawn(serve(listener, endpoints));
    let page = tokio::task::spawn_blocking(move || seen(browser, &url)).await.unwrap();
    serving.abort();
    assert!(page.contains("palisade approve cafe"), "{page}");
    assert!(!page.contains("<title>taken"), "somebody's name ran as a script");
    assert!(!page.contains("<img"), "somebody's name is markup");
    let search = page.split("id=\"search\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(!search.contains("hidden"), "the script of the page did not run: {search}");
}
