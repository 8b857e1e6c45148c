//! Holds `src/` to its dependency rules.
//!
//! Text is compared, not types: every `crate::<module>` a module's files name, comments included,
//! must be allowed by [`MAY_NAME`]. Text suffices because paths are written whole: one `use` a path
//! of ours, no `crate::{…}` groups, no way out through `super`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// `(module, what it may name besides itself)`. A new edge is an architecture change: say why.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("policy", &[]),
    ("clock", &[]),
    ("metrics", &[]),
    ("telemetry", &[]),
    ("config", &[]),
    // It matches names of actions as policies do.
    ("reference", &["policy"]),
    ("lint", &["policy", "reference"]),
    ("org", &["policy"]),
    // What `validate` warns of is a part of what is wrong with a document; and what a test's `*` means
    // depends on whether its action has resources.
    ("desired", &["org", "policy", "reference", "lint"]),
    // Whoever loads brings the catalogue to `desired`, which does not know it.
    ("catalog", &["org", "policy", "reference", "desired"]),
    ("compile", &["org", "policy", "desired"]),
    ("cloud", &["org", "policy", "clock"]),
    // Messages are other people's texts: what reads them can do nothing but say what they say.
    ("event", &["org"]),
    ("observe", &["org", "policy", "cloud", "clock"]),
    // Which policies bind an account is asked by every question about a call, with and without a plan.
    ("effective", &["org", "policy", "compile"]),
    // Tests of guardrails are desired state, and their verdicts are those of every other question.
    ("judge", &["org", "policy", "desired", "compile", "effective"]),
    ("plan", &["org", "policy", "compile", "effective"]),
    // It evaluates what is in force, and asks the planner whether an object is as it should be.
    ("readiness", &["org", "policy", "compile", "effective", "plan"]),
    // It reads events and judges calls; which guardrails to ask, its caller says.
    ("replay", &["org", "policy", "effective"]),
    ("act", &["org", "policy", "cloud", "clock", "plan"]),
    // `desired` tells it a target's and a document's names; `compile` only carries them.
    ("status", &["org", "policy", "desired", "compile", "plan", "readiness", "act", "clock"]),
    // What the page shows: modes, documents and obstacles by their own names.
    ("admin", &["status", "metrics", "desired", "org", "plan"]),
    // Operations are the port's; what desired state has of each, `compile` says.
    ("permissions", &["org", "compile", "cloud"]),
    (
        "controller",
        &[
            "org",
            "policy",
            "desired",
            "catalog",
            "compile",
            "effective",
            "cloud",
            "event",
            "observe",
            "plan",
            "act",
            "status",
            "admin",
            "clock",
            "config",
            "metrics",
            "telemetry",
        ],
    ),
    (
        "cli",
        &[
            "org",
            "policy",
            "reference",
            "lint",
            "desired",
            "catalog",
            "compile",
            "effective",
            "judge",
            "cloud",
            "observe",
            "plan",
            "readiness",
            "act",
            "replay",
            "permissions",
            "status",
            "admin",
            "controller",
            "clock",
            "config",
            "metrics",
            "telemetry",
        ],
    ),
];

/// Modules that only compute.
const PURE: &[&str] = &[
    "policy",
    "reference",
    "lint",
    "catalog",
    "compile",
    "effective",
    "event",
    "judge",
    "plan",
    "readiness",
    "status",
    "permissions",
];

/// The one file of a pure module that has an effect.
const PURE_EXCEPT: &[&str] = &["status/publish.rs"];

/// Words that show an effect or an order that changes from run to run.
const EFFECTS: &[&str] = &[
    "async ",
    ".await",
    "tokio::",
    "tracing::",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "rand::",
    "fastrand::",
    "std::fs",
    "std::env",
    "HashMap",
    "HashSet",
    "crate::clock",
];

const ADAPTERS: &[&str] = &["cloud::aws", "cloud::simulated"];

#[test]
fn a_module_names_only_what_the_table_allows() {
    let mut breaches = Vec::new();
    for (module, allowed) in MAY_NAME {
        for (file, text) in files_of(module) {
            for named in named_modules(&text) {
                if named != *module && !allowed.contains(&named.as_str()) {
                    breaches.push(format!("{file}: names `crate::{named}`"));
                }
            }
            for (other, _) in MAY_NAME {
                if text.contains(&format!("super::{other}")) {
                    breaches.push(format!("{file}: reaches `{other}` through `super`"));
                }
            }
            if text.contains("super::super") {
                breaches.push(format!("{file}: leaves its module through `super::super`"));
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn what_only_computes_has_no_effects() {
    let mut breaches = Vec::new();
    for module in PURE {
        for (file, text) in files_of(module) {
            if PURE_EXCEPT.iter().any(|except| file.ends_with(except)) {
                continue;
            }
            for word in EFFECTS.iter().filter(|word| text.contains(**word)) {
                breaches.push(format!("{file}: contains `{word}`"));
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn only_the_command_line_picks_an_adapter() {
    let mut breaches = Vec::new();
    for (module, _) in MAY_NAME.iter().filter(|(module, _)| !["cli", "cloud"].contains(module)) {
        for (file, text) in files_of(module) {
            for adapter in ADAPTERS.iter().filter(|adapter| text.contains(**adapter)) {
                breaches.push(format!("{file}: names `{adapter}`"));
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn every_module_is_in_the_table() {
    let listed: BTreeSet<String> =
        MAY_NAME.iter().map(|(module, _)| (*module).to_owned()).collect();
    let found: BTreeSet<String> = fs::read_dir(source_root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() || !files_under(path).is_empty())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "lib" && name != "main")
        .collect();
    let unlisted: Vec<&String> = found.difference(&listed).collect();
    assert!(unlisted.is_empty(), "not in the table: {unlisted:?}");
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = files_under(&source_root())
        .into_iter()
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//!"))
        .map(|path| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "no `//!` at the top of {silent:?}");
}

#[test]
fn no_file_outgrows_its_idea() {
    const LINES_MAX: usize = 500;
    let long: Vec<String> = files_under(&source_root())
        .into_iter()
        .filter(|path| fs::read_to_string(path).unwrap().lines().count() > LINES_MAX)
        .map(|path| path.display().to_string())
        .collect();
    assert!(long.is_empty(), "more than {LINES_MAX} lines: {long:?}");
}

/// The binary that is installed is built without what tests depend on, and so with a `regex` that knows no
/// classes of Unicode: a pattern with one compiles under test and nowhere else.
#[test]
fn no_pattern_needs_more_of_regex_than_the_release_has() {
    let manifest = fs::read_to_string(source_root().with_file_name("Cargo.toml")).unwrap();
    assert!(manifest.contains(r#"regex = { version = "1.13", default-features = false"#));
    for path in files_under(&source_root()) {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code.filter(|line| line.contains("r\"")) {
            for class in [r"\w", r"\W", r"\s", r"\S", r"\d", r"\D", r"\b", r"\p", "(?i"] {
                assert!(!line.contains(class), "{}: {class} in {line}", path.display());
            }
        }
    }
}

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The `(path, text)` of every file of `module`, whether it is `module.rs` or `module/`.
fn files_of(module: &str) -> Vec<(String, String)> {
    let mut paths = files_under(&source_root().join(module));
    paths.push(source_root().join(module).with_extension("rs"));
    paths
        .into_iter()
        .filter_map(|path| Some((path.display().to_string(), fs::read_to_string(&path).ok()?)))
        .collect()
}

fn files_under(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_under(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The first segment after every `crate::`; empty, and so never allowed, for `crate::{`.
fn named_modules(text: &str) -> BTreeSet<String> {
    text.split("crate::")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}
