//! `palisade replay`: what CloudTrail recorded, asked of the guardrails of tomorrow.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::args::{DataFormat, ReplayArgs};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render::{counted, replayed_text};
use crate::cli::sources;
use crate::config::{MAX_CHANGES, MAX_DELETES};
use crate::effective::Effective;
use crate::observe;
use crate::plan;
use crate::plan::{BlockedReason, Guards};
use crate::replay::{EventFiles, Replayed, Replayer};

/// The directory with desired state unless another is named.
const DIR: &str = "desired-state";

/// What a replay came to, and whether everything was read.
pub(crate) struct Outcome {
    /// What came of it.
    pub(crate) replayed: Replayed,
    /// Files that could not be read, or not to their ends; each has been told.
    pub(crate) unreadable: usize,
}

pub(crate) fn run(args: &ReplayArgs, console: Console) -> anyhow::Result<Exit> {
    let (events, dir) = told_apart(&args.events, args.dir.as_deref());
    let resources = sources::desired_state(&dir, console)?.resources;
    let (before, after) = match &args.snapshot {
        None => (None, Effective::desired(&resources)),
        Some(file) => {
            let snapshot = observe::read(file)?;
            let guards =
                Guards { max_changes: MAX_CHANGES, max_deletes: MAX_DELETES, approved: [].into() };
            let plan = plan::plan(&resources, &snapshot, &guards);
            for blocked in &plan.blocked {
                let is_blind = matches!(
                    blocked.reason,
                    BlockedReason::Unknown | BlockedReason::WrongOrganization
                );
                anyhow::ensure!(!is_blind, "nothing can be planned: {}", blocked.message);
                let warning = console.word_paint.warn("warning:");
                console.say(&format!(
                    "{warning} blocked, so not part of the replay: {}: {}",
                    blocked.document, blocked.message
                ));
            }
            let before = Effective::observed(&snapshot, Some(&resources));
            let after = plan.outlook(&before, &resources);
            (Some(before), after)
        }
    };
    let outcome = replay(before.as_ref(), &after, &events, console)?;
    match args.output {
        DataFormat::Text => {
            console.data(&replayed_text(&outcome.replayed, console.data_paint))?;
        }
        DataFormat::Json => {
            console.data(&format!("{}\n", serde_json::to_string_pretty(&outcome.replayed)?))?;
        }
    }
    Ok(if outcome.unreadable > 0 {
        Exit::Bad
    } else if !outcome.replayed.newly_denied.is_empty() {
        Exit::Denied
    } else if outcome.replayed.malformed > 0 {
        // What was not judged may be what is newly denied.
        Exit::Bad
    } else {
        Exit::Good
    })
}

/// Replays every file; a file that breaks is told, and the others are read.
pub(crate) fn replay(
    before: Option<&Effective>,
    after: &Effective,
    events: &[PathBuf],
    console: Console,
) -> anyhow::Result<Outcome> {
    let files = EventFiles::find(events)?;
    let mut replay = Replayer::new(before, after);
    let mut unreadable = 0;
    for file in files.iter() {
        if let Err(error) = replay.replay(file) {
            unreadable += 1;
            console.error(&error.into());
        }
    }
    let replayed = replay.finish();
    // Silence must not look like an answer.
    let is_any = replayed.events > 0;
    is_any.then_some(()).with_context(|| {
        let malformed = replayed.malformed;
        let files = counted(files.iter().len(), "file");
        format!("no event in {files}; {malformed} malformed")
    })?;
    Ok(Outcome { replayed, unreadable })
}

/// The events and the directory: `--events` takes as many paths as follow, so that a directory with
/// desired state behind them is one of them until it is looked at.
fn told_apart(events: &[PathBuf], dir: Option<&Path>) -> (Vec<PathBuf>, PathBuf) {
    match (dir, events) {
        (None, [first, rest @ .., last]) if holds_desired_state(last) => {
            let mut events = vec![first.clone()];
            events.extend_from_slice(rest);
            (events, last.clone())
        }
        (dir, events) => (events.to_vec(), dir.unwrap_or(Path::new(DIR)).to_owned()),
    }
}

/// Is there YAML in the folder?
fn holds_desired_state(folder: &Path) -> bool {
    let is_yaml = |path: PathBuf| path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| is_yaml(entry.path())))
    })
}
