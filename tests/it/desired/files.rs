//! Directories as they come: mounted, linked, half there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use palisade::desired::Loaded;

use crate::desired::{ORGANIZATION, POLICY, TODAY, directory, load, load_files, org, rendered};

fn messages(loaded: &Loaded) -> Vec<String> {
    assert!(loaded.org.is_none());
    let message = |problem: &palisade::desired::Problem| {
        format!("{}: {}", problem.source.file, problem.message)
    };
    loaded.problems.iter().map(message).collect()
}

#[test]
fn an_empty_directory_is_a_problem_and_not_an_empty_organization() {
    let empty = tempfile::tempdir().unwrap();
    let name = empty.path().display().to_string();
    assert_eq!(messages(&load(empty.path(), TODAY)), [format!("{name}: no documents found")]);
    fs::write(empty.path().join("notes.md"), "nothing").unwrap();
    fs::write(empty.path().join("later.yaml"), "# to be written\n---\n").unwrap();
    assert_eq!(messages(&load(empty.path(), TODAY)), [format!("{name}: no documents found")]);
}

#[test]
fn a_missing_directory_is_a_problem() {
    let missing = load(Path::new("/nowhere/desired-state"), TODAY);
    assert_eq!(missing.problems.len(), 1);
    assert!(messages(&missing)[0].starts_with("/nowhere/desired-state: cannot be read: "));
}

#[test]
fn a_file_cut_to_nothing_is_a_problem() {
    let loaded = load_files(&[("acme.yaml", ORGANIZATION), ("guardrails.yaml", " \n")]);
    assert_eq!(messages(&loaded).len(), 1);
    assert!(messages(&loaded)[0].starts_with("guardrails.yaml: is empty"));
}

#[test]
fn bytes_that_are_no_text_are_a_problem() {
    let directory = directory(&[("acme.yaml", ORGANIZATION)]);
    fs::write(directory.path().join("latin.yaml"), b"name: Gr\xf6\xdfe\n").unwrap();
    assert_eq!(messages(&load(directory.path(), TODAY)), ["latin.yaml: is not UTF-8: see byte 9"]);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_taken() {
    let windows = format!("\u{feff}{}", ORGANIZATION.replace('\n', "\r\n"));
    let directory = directory(&[("acme.yaml", &windows)]);
    assert_eq!(org(directory.path()).accounts.len(), 2);
}

#[test]
fn hidden_files_and_other_files_are_no_desired_state() {
    let directory = directory(&[
        ("acme.yaml", ORGANIZATION),
        (".git/config.yaml", "[broken"),
        (".acme.yaml.swp.yaml", "[broken"),
        ("README.md", "[broken"),
        ("acme.yaml~", "[broken"),
    ]);
    org(directory.path());
}

#[test]
fn a_config_map_is_read_through_its_links() {
    let directory =
        directory(&[("..2026_11_22/acme.yaml", ORGANIZATION), ("..2026_11_22/leave.yaml", POLICY)]);
    symlink("..2026_11_22", directory.path().join("..data")).unwrap();
    symlink("..data/acme.yaml", directory.path().join("acme.yaml")).unwrap();
    symlink("..data/leave.yaml", directory.path().join("leave.yaml")).unwrap();
    let org = org(directory.path());
    assert_eq!(org.policies.len(), 1, "each document once");
    assert_eq!(org.policies[0].header.source.file, "leave.yaml");
}

#[test]
fn a_directory_that_is_a_link_is_read_as_what_it_leads_to() {
    let synced = directory(&[(".worktrees/4f2a/desired-state/guardrails/acme.yaml", ORGANIZATION)]);
    symlink(".worktrees/4f2a/desired-state", synced.path().join("current")).unwrap();
    let org = org(&synced.path().join("current"));
    assert_eq!(org.header.source.file, "guardrails/acme.yaml");
}

#[test]
fn no_link_leads_out_of_the_directory_or_in_a_circle() {
    let outside = directory(&[("secret.yaml", "password: x"), ("secret.json", "{}")]);
    let policy = POLICY.split("  document:").next().unwrap();
    let policy = format!("{policy}  documentFile: secret.json\n");
    let inside = directory(&[("acme.yaml", ORGANIZATION), ("policy.yaml", &policy)]);
    for name in ["secret.yaml", "secret.json"] {
        symlink(outside.path().join(name), inside.path().join(name)).unwrap();
    }
    symlink(outside.path(), inside.path().join("elsewhere")).unwrap();
    symlink(".", inside.path().join("again")).unwrap();
    symlink("nowhere.yaml", inside.path().join("dangling.yaml")).unwrap();
    let loaded = load(inside.path(), TODAY);
    assert!(!rendered(&loaded).contains("password"));
    assert_eq!(
        messages(&loaded),
        [
            "again: leads in a circle or deeper than 32 levels",
            "dangling.yaml: cannot be read: No such file or directory (os error 2)",
            "elsewhere: is outside the desired-state directory",
            "policy.yaml: `secret.json` is outside the desired-state directory",
            "secret.yaml: is outside the desired-state directory",
        ]
    );
}

#[test]
fn a_file_too_large_to_be_desired_state_is_a_problem() {
    let large = "# palisade\n".repeat(500_000);
    let loaded = load_files(&[("acme.yaml", ORGANIZATION), ("large.yaml", &large)]);
    assert_eq!(messages(&loaded), ["large.yaml: is larger than 4194304 bytes"]);
}

#[test]
fn the_digest_names_exactly_what_was_read() {
    let policy = POLICY.split("  document:").next().unwrap();
    let policy = format!("{policy}  documentFile: leave.json\n");
    let json = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}"#;
    let files = [("acme.yaml", ORGANIZATION), ("leave.yaml", &policy), ("leave.json", json)];
    let first = load_files(&files);
    assert_eq!(rendered(&first), "");
    assert_eq!(first.digest.len(), 64);
    assert_eq!(load_files(&files).digest, first.digest);
    for changed in [
        [files[0], files[1], ("leave.json", &format!("{json}\n"))],
        [files[0], ("other.yaml", &policy), files[2]],
        [files[0], ("leave.yaml", &format!("{policy}# a note\n")), files[2]],
    ] {
        assert_ne!(load_files(&changed).digest, first.digest);
    }
}
