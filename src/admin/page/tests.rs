//! The page as whoever cannot see it, or does not trust it, meets it: its structure, and hostile names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{SCRIPT, STYLE, render};
use crate::status::Report;

/// What somebody would call an OU, an account, a policy or a statement.
const HOSTILE: &str = "x\"'><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}&amp;";

fn condition(reason: &str, status: &str) -> Value {
    json!({"type": "Ready", "status": status, "reason": reason, "message": HOSTILE,
        "observedGeneration": HOSTILE, "lastTransitionTime": "2026-11-22T00:00:00Z"})
}

fn document(name: &str, reason: &str, state: &str) -> Value {
    json!({
        "kind": "ServiceControlPolicy", "name": name, "source": HOSTILE, "mode": "enforce",
        "suspendedUntil": "2027-01-01", "suspendedBecause": HOSTILE,
        "annotations": {"palisade/runbook": "javascript:alert(1)", "palisade/owner": HOSTILE,
            "palisade/controls": HOSTILE},
        "inSync": false, "sizeUsed": 0.5, "targets": [HOSTILE],
        "conditions": [condition(reason, "False")],
        "history": [{"at": "2026-11-22T00:00:00Z", "status": "False", "reason": reason, "message": HOSTILE}],
        "differences": [{
            "object": HOSTILE, "change": HOSTILE, "cause": "drift", "since": "2026-11-22T00:00:00Z",
            "state": state, "detail": HOSTILE,
            "by": {"principal": HOSTILE, "call": HOSTILE, "at": "2026-11-22T00:00:00Z", "from": HOSTILE},
            "parts": [{"part": HOSTILE, "element": "Action", "missing": 1, "surplus": 2}],
        }],
        "trail": {"logging": true, "started": "2026-11-22T01:00:00Z", "stopped": "2026-11-22T00:00:00Z",
            "lastDelivery": null, "lastDigest": null, "deliveryAgeSecondsMax": 3600, "reasons": [HOSTILE]},
        "emergency": {"ready": false, "accounts": 2, "accountsReady": 1, "lacking": 1, "reasons": [HOSTILE],
            "lastSignIn": null, "used": false, "lastDrill": null, "drillAgeSecondsMax": 1, "nextExpiry": null,
            "incident": HOSTILE, "certificateEnds": null, "approvers": [HOSTILE],
            "failureModes": [{"id": HOSTILE, "description": HOSTILE, "confirmation": HOSTILE,
                "runbook": "javascript:alert(1)"}]},
    })
}

/// A report in which every text that can be somebody's is hostile.
fn hostile() -> Report {
    let reference = json!({"kind": "ServiceControlPolicy", "name": HOSTILE});
    let here = json!([{"document": reference, "force": "missing"}]);
    let report = json!({
        "organizationId": "o-a1b2c3d4e5", "mode": "enforce", "leader": true, "inSync": false,
        "conditions": [condition("Blocked", "False")],
        "desiredState": {"revision": HOSTILE, "digest": HOSTILE, "valid": false,
            "problems": [{"at": HOSTILE, "message": HOSTILE}],
            "warnings": [{"at": HOSTILE, "message": HOSTILE}]},
        "lastPass": {"at": "2026-11-22T00:00:00Z", "wake": "timer", "result": "drifted",
            "took": {"observe": 0.1, "plan": 0.1, "act": 0.1}, "actions": 1, "outcomes": {"held": 1},
            "reported": 0, "detected": [], "repaired": []},
        "lastSuccess": "2026-11-22T00:00:00Z",
        "held": {"hash": "cafe", "actions": 1, "approved": false, "approve": "palisade approve cafe",
            "reasons": {(HOSTILE): 1}},
        "blocked": [{"document": reference, "reason": "Lockout", "object": HOSTILE, "message": HOSTILE}],
        "unknown": [{"count": 2, "parts": [HOSTILE], "reason": HOSTILE}],
        "unmanaged": {"Policy": {"count": 2, "ids": [HOSTILE]}},
        "policySlotsUsed": {"SERVICE_CONTROL_POLICY": 0.5},
        "troubles": [{"component": HOSTILE, "message": HOSTILE}],
        "documents": [document(HOSTILE, "AwaitingApproval", "awaitingApproval"),
            document("deny-leave", "Refused", "refused")],
        "tree": {
            "units": [{"path": "/", "id": "r-ab12", "declared": true, "guardrails": here},
                {"path": format!("/{HOSTILE}"), "declared": false, "others": 1, "differing": [reference]}],
            "accounts": [{"id": "555555555555", "name": HOSTILE, "unit": format!("/{HOSTILE}"),
                "active": false, "guardrails": here, "differing": [reference]}],
        },
        "passes": [{"first": "2026-11-22T00:00:00Z", "last": "2026-11-22T00:00:00Z", "passes": 1,
            "wake": "timer", "result": "drifted", "seconds": 0.3, "actions": 1, "done": 0, "detected": 1,
            "repaired": 0, "revision": HOSTILE}],
        "happenings": [{"document": reference, "object": HOSTILE, "change": HOSTILE,
            "since": "2026-11-22T00:00:00Z", "until": null, "healed": false,
            "by": {"principal": HOSTILE, "call": HOSTILE, "at": "2026-11-22T00:00:00Z", "from": HOSTILE}}],
        "practices": [{"id": "SEC01-BP01", "name": HOSTILE, "state": "drifted", "documents": [reference]}],
    });
    serde_json::from_value(report).unwrap()
}

/// A tag: its name, and its attributes. A closing one has `/` before its name.
type Tag = (String, BTreeMap<String, String>);

/// The tags of a page. Every attribute is quoted, so that a `>` in one does not end it.
fn tags(page: &str) -> Vec<Tag> {
    let tag = regex::Regex::new(r#"<(/?[a-z0-9]+)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*>"#).unwrap();
    let attribute = regex::Regex::new(r#"([a-z-]+)(?:="([^"]*)")?"#).unwrap();
    let found: Vec<Tag> = tag
        .captures_iter(page)
        .map(|tag| {
            let attributes = attribute.captures_iter(&tag[2]).map(|found| {
                let value = found.get(2).map(|value| value.as_str().to_owned());
                (found[1].to_owned(), value.unwrap_or_default())
            });
            (tag[1].to_owned(), attributes.collect())
        })
        .collect();
    assert_eq!(found.len() + 1, page.matches('<').count(), "something else opens a tag");
    found
}

const VOID: [&str; 4] = ["meta", "link", "input", "br"];

#[test]
fn hostile_names_are_never_markup() {
    let page = render(Some(&hostile()));
    let tags = tags(&page);
    assert_eq!(tags.iter().filter(|(name, _)| name == "script").count(), 1);
    for (name, attributes) in &tags {
        assert!(name != "img", "an image that nobody wrote");
        for (attribute, value) in attributes {
            assert!(
                !attribute.starts_with("on") && attribute != "style",
                "{name} {attribute}={value}"
            );
            assert!(
                !value.contains("javascript:") || attribute == "data-find",
                "{name} {attribute}={value}"
            );
        }
    }
    assert!(!page.contains('\u{202e}'));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn every_element_is_closed_where_it_should_be() {
    for page in [render(None), render(Some(&hostile()))] {
        let mut open: Vec<String> = Vec::new();
        for (name, _) in tags(&page) {
            match name.strip_prefix('/') {
                Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed), "of {open:?}"),
                None if VOID.contains(&name.as_str()) => {}
                None => open.push(name),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn ids_are_unique_and_every_link_and_label_leads_somewhere() {
    let page = render(Some(&hostile()));
    let tags = tags(&page);
    let mut ids = BTreeSet::new();
    for id in tags.iter().filter_map(|(_, attributes)| attributes.get("id")) {
        assert!(ids.insert(id.clone()), "`{id}` twice");
        assert!(!id.contains(char::is_whitespace), "{id}");
    }
    for (name, attributes) in &tags {
        for attribute in ["aria-labelledby", "for"] {
            if let Some(id) = attributes.get(attribute) {
                assert!(ids.contains(id), "{name} {attribute}={id}");
            }
        }
        if let Some(id) = attributes.get("href").and_then(|href| href.strip_prefix('#')) {
            assert!(ids.contains(id), "a link to #{id}");
        }
    }
}

#[test]
fn a_screen_reader_finds_landmarks_and_headings_in_order() {
    let page = render(Some(&hostile()));
    let tags = tags(&page);
    let count = |name: &str| tags.iter().filter(|(tag, _)| tag == name).count();
    for landmark in ["header", "nav", "main", "footer", "h1", "title"] {
        assert_eq!(count(landmark), 1, "{landmark}");
    }
    let html = &tags[0];
    assert_eq!((html.0.as_str(), html.1["lang"].as_str()), ("html", "en"));
    let mut before = 0;
    for level in tags.iter().filter_map(|(name, _)| name.strip_prefix('h')?.parse::<u8>().ok()) {
        assert!(level <= before + 1, "h{level} after h{before}");
        before = level;
    }
    for (name, attributes) in &tags {
        if name == "section" || name == "nav" {
            let is_named = attributes.contains_key("aria-label");
            assert!(is_named || attributes.contains_key("aria-labelledby"), "{attributes:?}");
        }
        assert!(attributes.get("tabindex").is_none_or(|index| index == "0" || index == "-1"));
    }
    let skip = tags.iter().find(|(name, _)| name == "a").unwrap();
    assert_eq!(skip.1["href"], "#main", "the first link skips to what matters");
}

#[test]
fn no_state_is_told_by_colour_alone() {
    let page = render(Some(&hostile()));
    let states = page.split("<span class=\"state ").skip(1);
    let mut seen = 0;
    for state in states {
        let after = state.split_once("</span>").unwrap().1;
        let word = after.split('<').next().unwrap().trim();
        assert!(!word.is_empty(), "{state}");
        seen += 1;
    }
    assert!(seen > 10, "only {seen} states");
}

#[test]
fn on_call_reads_what_to_do_first() {
    let page = render(Some(&hostile()));
    for shown in [
        "1 change waits for approval, 1 object is stuck",
        "palisade approve cafe",
        "palisade validate",
        "1 change waits for approval",
    ] {
        assert!(page.contains(shown), "no `{shown}`");
    }
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(at("id=\"verdict\"") < at("id=\"attention\""));
    assert!(at("id=\"attention\"") < at("id=\"drift\""));
}

/// Nothing differs, and emergency access has no second factor: nobody reads that all is well.
#[test]
fn what_would_not_work_needs_a_person_although_nothing_differs() {
    let mut emergency = document("emergency", "NotReady", "");
    emergency["inSync"] = json!(true);
    emergency["differences"] = json!([]);
    let mut report = hostile();
    report.documents = vec![serde_json::from_value(emergency).unwrap()];
    (report.held, report.desired_state.valid) = (None, true);
    let page = render(Some(&report));
    let verdict = &page[page.find("id=\"verdict-words\"").unwrap()..];
    let verdict = &verdict[..verdict.find("</h1>").unwrap()];
    assert!(verdict.contains("emergency would not work"), "{verdict}");
    let attention =
        &page[page.find("id=\"attention\"").unwrap()..page.find("id=\"drift\"").unwrap()];
    assert!(attention.contains("emergency would not work"), "{attention}");
    assert!(attention.contains("href=\"#"), "it leads to the document: {attention}");
}

/// A guardrail that differs and is only observed is not what is wrong when something worse is.
#[test]
fn the_verdict_names_what_it_is_about() {
    let mut emergency = document("emergency", "NotReady", "");
    emergency["inSync"] = json!(true);
    emergency["differences"] = json!([]);
    let observed = document("observed", "ObserveOnly", "reported");
    let mut report = hostile();
    report.documents =
        [emergency, observed].map(|each| serde_json::from_value(each).unwrap()).into();
    (report.held, report.desired_state.valid) = (None, true);
    let page = render(Some(&report));
    let verdict = page.split_once("</h1>").unwrap().1.split_once("Looked").unwrap().0;
    assert!(verdict.contains("<b>emergency</b>"), "{verdict}");
}

/// 1,000 accounts in 60 OUs with 60 guardrails on each OU.
#[test]
fn a_thousand_accounts_fit_on_the_page() {
    let units = (0..60).map(|unit| {
        let guardrails = (0..60).map(|name| {
            json!({"document": {"kind": "ServiceControlPolicy", "name": format!("guardrail-{name}")},
                "force": "inForce"})
        });
        json!({"path": format!("/unit-{unit}"), "id": format!("ou-ab12-{unit:08}"), "declared": true,
            "guardrails": guardrails.collect::<Vec<_>>()})
    });
    let root = json!({"path": "/", "id": "r-ab12", "declared": true});
    let accounts = (0..1000).map(|number| {
        json!({"id": format!("{:012}", 200_000_000_000_u64 + number), "name": format!("account-{number}"),
            "unit": format!("/unit-{}", number % 60), "active": true})
    });
    let mut report = hostile();
    let units: Vec<Value> = std::iter::once(root).chain(units).collect();
    let tree = json!({"units": units, "accounts": accounts.collect::<Vec<_>>()});
    report.tree = serde_json::from_value(tree).unwrap();
    let page = render(Some(&report));
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert_eq!(page.matches("account-999<").count(), 1);
    assert!(page.contains("1,000 accounts"));
}

/// Relative luminance of `#rgb` or `#rrggbb` (WCAG 2.2, "relative luminance").
fn luminance(colour: &str) -> f64 {
    let digits: String = match colour.len() {
        4 => colour[1..].chars().flat_map(|digit| [digit, digit]).collect(),
        _ => colour[1..].to_owned(),
    };
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_has_the_contrast_of_wcag_aa_in_both_themes() {
    let variable = regex::Regex::new(r"--([a-z-]+): (#[0-9a-f]+)").unwrap();
    let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    for (theme, css) in [("light", light), ("dark", dark)] {
        let colours: BTreeMap<&str, &str> = variable
            .captures_iter(css)
            .map(|found| (found.get(1).unwrap().as_str(), found.get(2).unwrap().as_str()))
            .collect();
        let grounds = ["ground", "sheet"];
        let texts = ["text", "quiet", "link", "good", "bad", "wait", "unknown"];
        for text in texts {
            for ground in grounds {
                let ratio = contrast(colours[text], colours[ground]);
                assert!(ratio >= 4.5, "{theme}: {text} on {ground} is {ratio:.1}");
            }
        }
        for state in ["good", "bad", "wait", "unknown"] {
            let ground = colours[format!("{state}-ground").as_str()];
            for text in [state, "text", "quiet"] {
                let ratio = contrast(colours[text], ground);
                assert!(ratio >= 4.5, "{theme}: {text} on {state}-ground is {ratio:.1}");
            }
        }
    }
}

#[test]
fn the_script_asks_this_daemon_only_and_changes_nothing() {
    for word in [
        "http://",
        "https://",
        "eval(",
        "innerHTML =",
        "insertAdjacentHTML",
        "document.write",
        "POST",
    ] {
        assert!(!SCRIPT.contains(word), "`{word}`");
    }
    assert_eq!(SCRIPT.matches("fetch(").count(), 1);
    assert!(SCRIPT.contains("fetch('/',"));
}

#[test]
fn nothing_of_the_style_is_fetched() {
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}
