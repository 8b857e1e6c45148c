//! `palisade drill break-glass`: would emergency access work? Looks, evaluates, changes nothing in AWS.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::args::{AwsArgs, DataArgs, DataFormat, DirArgs};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::help;
use crate::cli::render::{counted, drill_text};
use crate::cli::sources;
use crate::clock::Clock;
use crate::controller;
use crate::readiness;
use crate::readiness::{Check, Readiness, Verdict};
use crate::status::{LAST_DRILL_ANNOTATION, scrub};

#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    /// What to try.
    #[command(subcommand)]
    pub(crate) what: Drill,
}

/// What can be tried.
#[derive(Debug, Subcommand)]
pub(crate) enum Drill {
    /// Show whether emergency access would work, and record that it would
    #[command(after_help = help::DRILL)]
    BreakGlass(BreakGlassArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BreakGlassArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// Look at this file, written by `palisade observe`, instead of asking AWS; records nothing
    #[arg(long, env = "PALISADE_SNAPSHOT", value_name = "FILE")]
    pub(crate) snapshot: Option<std::path::PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// How to print it
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    pub(crate) output: DataFormat,
}

/// A drill, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Said<'a> {
    ready: bool,
    at: jiff::Timestamp,
    documents: Vec<SaidDocument<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SaidDocument<'a> {
    document: String,
    ready: bool,
    accounts: usize,
    accounts_ready: usize,
    checks: Vec<SaidCheck<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SaidCheck<'a> {
    subject: &'a str,
    /// `holds`, `fails` or `unknown`.
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(crate) fn run(args: &DrillArgs, console: Console) -> anyhow::Result<Exit> {
    let Drill::BreakGlass(args) = &args.what;
    let desired = sources::desired_state(&args.dir.dir, console)?;
    let resources = &desired.resources;
    if resources.break_glass.is_empty() {
        console.say("no document of `kind: BreakGlassRole`: there is no emergency access to try");
        return Ok(Exit::Bad);
    }
    let snapshot = sources::organization(args.snapshot.as_deref(), &args.aws, resources, console)?;
    if let Some(organization) = snapshot.organization.known() {
        anyhow::ensure!(
            organization.id == resources.organization_id,
            "these credentials belong to `{}`, and desired state is about `{}`",
            organization.id,
            resources.organization_id
        );
    }
    let now = Clock::System.now();
    let examined = readiness::examine(resources, &snapshot, now);
    let is_ready = !examined.is_empty() && examined.iter().all(Readiness::is_ready);
    match args.output {
        DataFormat::Text => console.data(&drill_text(&examined, console.data_paint))?,
        DataFormat::Json => {
            let said = said(&examined, is_ready, now);
            console.data(&format!("{}\n", serde_json::to_string_pretty(&said)?))?;
        }
    }
    if examined.is_empty() {
        let why = snapshot.tree.unknown().map(ToString::to_string).unwrap_or_default();
        console.say(&format!("the accounts of the organization are not known: {}", scrub(&why)));
    }
    let ready: Vec<&str> = examined
        .iter()
        .filter(|readiness| readiness.is_ready())
        .map(|readiness| readiness.document.name.as_str())
        .collect();
    if args.snapshot.is_none() && !ready.is_empty() {
        record(args, &ready, now, console);
    }
    Ok(if is_ready { Exit::Good } else { Exit::Bad })
}

/// Writes down that it would work: in the daemon's data directory, and, what survives the machine, in git by
/// whoever commits what is said here.
fn record(args: &BreakGlassArgs, ready: &[&str], now: jiff::Timestamp, console: Console) {
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let documents = counted(ready.len(), "document");
    match controller::record_drills(&args.data.data_dir, ready, now) {
        Ok(()) => console.say(&format!(
            "recorded for {documents} in `{}`; so that it survives this machine, commit to `metadata.annotations`:",
            args.data.data_dir.display()
        )),
        Err(error) => {
            let source = std::error::Error::source(&error);
            let source = source.map(ToString::to_string).unwrap_or_default();
            console.say(&format!("not recorded: {error}: {source}; commit to `metadata.annotations`:"));
        }
    }
    console.say(&format!("  {LAST_DRILL_ANNOTATION}: \"{day}\"   # {}", ready.join(", ")));
}

fn said<'a>(examined: &'a [Readiness], ready: bool, at: jiff::Timestamp) -> Said<'a> {
    let document = |readiness: &'a Readiness| SaidDocument {
        document: readiness.document.to_string(),
        ready: readiness.is_ready(),
        accounts: readiness.accounts,
        accounts_ready: readiness.accounts_ready,
        checks: readiness.checks.iter().map(said_check).collect(),
    };
    Said { ready, at, documents: examined.iter().map(document).collect() }
}

fn said_check(check: &Check) -> SaidCheck<'_> {
    let verdict = match check.verdict {
        Verdict::Holds => "holds",
        Verdict::Fails(_) => "fails",
        Verdict::Unknown(_) => "unknown",
    };
    let reason = check.verdict.reason().map(scrub);
    SaidCheck { subject: &check.subject, verdict, reason }
}
