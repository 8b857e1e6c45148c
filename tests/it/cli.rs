//! The command line as a contract: exit codes, help, environment variables, completions, pipes.

use std::io::Read;
use std::process::{Command, Output, Stdio};

/// Commands of this version.
const COMMANDS: &[&str] = &["validate", "plan", "import", "schema", "completions"];

/// Commands of the contract that this version does not have.
const UNBUILT: &[&str] =
    &["test", "explain", "simulate", "replay", "coverage", "catalog", "drill", "permissions"];

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
fn what_is_not_built_yet_says_so_and_what_to_do_meanwhile() {
    for name in UNBUILT {
        for args in [&[*name][..], &[name, "--help"], &[name, "x", "--flag", "y"]] {
            let output = palisade(args);
            let message = err(&output);
            let expected = format!(
                "`palisade {name}` is not part of this version ({})\nmeanwhile: ",
                env!("CARGO_PKG_VERSION")
            );
            assert_eq!(code(&output), 1, "{args:?}");
            assert!(message.starts_with(&expected), "{args:?}: {message}");
            assert!(output.stdout.is_empty(), "{args:?}");
        }
    }
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
        assert!(!script.contains("coverage"), "{shell}");
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

/// The long flag that a line of help is about.
fn flag_of(entry: &str) -> Option<&str> {
    let at = entry.find("--").filter(|at| *at <= 4)?;
    entry[at + 2..].split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next()
}
