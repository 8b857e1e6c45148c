//! Stories in CLI commands with committed output: adding `tests/scenarios/x.txt` adds a test.
//!
//! A story is read line by line. `#` is a comment, `file NAME <<EOF` up to `EOF` writes a file, and
//! any other line is run by `sh` in a fresh directory, with the real `palisade` on the path and next
//! to nothing in the environment. What it prints and how it ends must be what `x.out` says;
//! `UPDATE_SCENARIOS=1` writes `x.out` instead.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use similar::TextDiff;

#[test]
fn every_story_ends_as_it_is_told() {
    let mut failures = String::new();
    let stories = stories();
    assert!(!stories.is_empty(), "no stories in `tests/scenarios`");
    for story in stories {
        let told = play(&fs::read_to_string(&story).unwrap());
        let expected_file = story.with_extension("out");
        if std::env::var_os("UPDATE_SCENARIOS").is_some() {
            fs::write(&expected_file, &told).unwrap();
            continue;
        }
        let expected = fs::read_to_string(&expected_file).unwrap_or_default();
        if told != expected {
            let diff = TextDiff::from_lines(&expected, &told);
            let diff = diff.unified_diff().header("expected", "told").to_string();
            writeln!(failures, "{}\n{diff}", story.display()).unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}\n`UPDATE_SCENARIOS=1` accepts all of it");
}

#[test]
fn every_output_belongs_to_a_story() {
    let orphans: Vec<PathBuf> = files_of_kind("out")
        .into_iter()
        .filter(|file| !file.with_extension("txt").exists())
        .collect();
    assert!(orphans.is_empty(), "{orphans:?}");
}

fn stories() -> Vec<PathBuf> {
    files_of_kind("txt")
}

fn files_of_kind(extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}

/// Plays a story and tells what happened.
fn play(story: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let mut told = String::new();
    let mut lines = story.lines();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() || line.starts_with('#') {
            writeln!(told, "{line}").unwrap();
        } else if let Some((name, end)) = heredoc(line) {
            let content: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            let file = directory.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content.join("\n") + "\n").unwrap();
            writeln!(told, "file {name}").unwrap();
        } else {
            told.push_str(&run(line, directory.path()));
        }
    }
    told
}

/// The name and the end of `file NAME <<END`.
fn heredoc(line: &str) -> Option<(&str, &str)> {
    let (name, end) = line.strip_prefix("file ")?.split_once(" <<")?;
    Some((name.trim(), end.trim()))
}

fn run(line: &str, directory: &Path) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_palisade"));
    let path = format!("{}:/usr/bin:/bin", binary.parent().unwrap().display());
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(directory)
        .env_clear()
        .envs([("PATH", path.as_str()), ("HOME", "/nonexistent"), ("TMPDIR", "/tmp")])
        .output()
        .unwrap();
    let mut told = format!("$ {line}\n");
    for (stream, bytes) in [("out", output.stdout), ("err", output.stderr)] {
        let text = redact(&String::from_utf8(bytes).unwrap(), directory);
        for line in text.lines() {
            let separator = if line.is_empty() { "" } else { " " };
            writeln!(told, "{stream}|{separator}{line}").unwrap();
        }
    }
    writeln!(told, "exit {}", output.status.code().unwrap()).unwrap();
    told
}

/// What differs from run to run and from version to version, made the same.
fn redact(text: &str, directory: &Path) -> String {
    let canonical = fs::canonicalize(directory).unwrap();
    let text = text.replace(canonical.to_str().unwrap(), "[DIR]");
    let text = text.replace(directory.to_str().unwrap(), "[DIR]");
    let text = text.replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
    let redactions = [
        (r"\(revision [0-9a-z]+\)", "(revision [REVISION])"),
        (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z", "[TIME]"),
        (r"sha256:[0-9a-f]{64}", "sha256:[DIGEST]"),
    ];
    redactions.iter().fold(text, |text, (pattern, replacement)| {
        Regex::new(pattern).unwrap().replace_all(&text, *replacement).into_owned()
    })
}
