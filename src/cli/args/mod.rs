//! What can be typed: commands, flags and their environment variables. Parses, decides nothing.

mod asking;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use clap::builder::{BoolishValueParser, PossibleValuesParser, Resettable, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::SignedDuration;
use strum::IntoEnumIterator;

pub(crate) use crate::cli::args::asking::{ExplainArgs, ReplayArgs, SimulateArgs, TestArgs};
use crate::cli::catalog::CatalogArgs;
use crate::cli::coverage::CoverageArgs;
use crate::cli::drill::DrillArgs;
use crate::cli::events::EventsArgs;
use crate::cli::help;
use crate::cli::lease::LeaseArgs;
use crate::cli::notify::NotifyArgs;
use crate::cli::permissions::PermissionsArgs;
use crate::cloud::budget::BudgetShare;
use crate::config::{MAX_CHANGES, MAX_DELETES};
use crate::lint::LintCode;
use crate::telemetry::{LogFormat, OtlpEndpoint};

/// The version, and the git revision if the build was told.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let revision = option_env!("PALISADE_BUILD_REVISION").unwrap_or("unknown");
    format!("{} (revision {revision})", env!("CARGO_PKG_VERSION"))
});

/// Shortest interval: less is a busy loop.
const INTERVAL_MIN: Duration = Duration::from_secs(1);
/// Longest interval: what is looked at less than daily is not kept.
const INTERVAL_MAX: Duration = Duration::from_hours(24);

/// Keeps an AWS Organization the way git says it should be.
///
/// Data goes to standard output, words to standard error. Every flag can also be given as an
/// environment variable; an empty one counts as none. AWS credentials come from the standard chain (`AWS_PROFILE`, `AWS_REGION`,
/// `AWS_ENDPOINT_URL`, …).
#[derive(Debug, Parser)]
#[command(name = "palisade", after_help = help::PALISADE)]
pub(crate) struct Cli {
    /// When to colour what is printed
    #[arg(
        long,
        global = true,
        env = "PALISADE_COLOR",
        value_name = "WHEN",
        default_value = "auto"
    )]
    color: ColorChoice,
    /// Never colour, whatever the value is: <https://no-color.org>
    #[arg(long, global = true, env = "NO_COLOR", hide = true, num_args = 0..=1, default_missing_value = "1")]
    no_color: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands, in the order in which a newcomer meets them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch a daemon heal a simulated organization; needs nothing
    #[command(after_help = help::DEMO)]
    Demo(DemoArgs),
    /// Check desired state: every problem at once, without AWS
    #[command(after_help = help::VALIDATE)]
    Validate(ValidateArgs),
    /// Hold the guardrails to their tests, without AWS
    #[command(after_help = help::TEST)]
    Test(TestArgs),
    /// Show what would change, as a reviewable diff
    #[command(after_help = help::PLAN)]
    Plan(PlanArgs),
    /// Say whether a call is denied, by what, and what would have to change
    #[command(after_help = help::EXPLAIN)]
    Explain(ExplainArgs),
    /// Answer requests: one JSON object a line in, one out
    #[command(after_help = help::SIMULATE)]
    Simulate(SimulateArgs),
    /// Say which calls that CloudTrail recorded the planned guardrails would deny
    #[command(after_help = help::REPLAY)]
    Replay(ReplayArgs),
    /// Show what would change, ask, and change it
    #[command(after_help = help::APPLY)]
    Apply(ApplyArgs),
    /// Approve the plan that a daemon holds
    #[command(after_help = help::APPROVE)]
    Approve(ApproveArgs),
    /// Keep the organization as desired state says, until told to stop
    #[command(after_help = help::RUN)]
    Run(Box<RunArgs>),
    /// Write down the organization as it is
    #[command(after_help = help::OBSERVE)]
    Observe(ObserveArgs),
    /// Write desired state from the organization as it is
    #[command(after_help = help::IMPORT)]
    Import(ImportArgs),
    /// Show how a running daemon sees things, as a table
    #[command(after_help = help::STATUS)]
    Status(StatusArgs),
    /// Show the Security Pillar's practices, and the guardrails in force for each
    #[command(after_help = help::COVERAGE)]
    Coverage(CoverageArgs),
    /// Print the least IAM policy that palisade needs for this desired state
    #[command(after_help = help::PERMISSIONS)]
    Permissions(PermissionsArgs),
    /// Show without changing anything whether emergency access would work
    #[command(subcommand_required = true, after_help = help::DRILL)]
    Drill(DrillArgs),
    /// Find, read and take ready-made guardrails
    #[command(subcommand_required = true, after_help = help::CATALOG)]
    Catalog(CatalogArgs),
    /// Print the JSON Schema of the documents, for editors
    #[command(after_help = help::SCHEMA)]
    Schema(SchemaArgs),
    /// Print a script with which a shell completes commands and flags
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Tell a fixed story as fast as possible, and leave
    #[arg(long, env = "PALISADE_ONCE", value_parser = BoolishValueParser::new())]
    pub(crate) once: bool,
    /// Serve metrics, health and status here [default: 127.0.0.1:9464 or a free port; none with
    /// `--once`]
    #[arg(long, env = "PALISADE_LISTEN", value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// Fail on warnings too
    #[arg(long, env = "PALISADE_DENY_WARNINGS", value_parser = BoolishValueParser::new())]
    pub(crate) deny_warnings: bool,
    /// Say what a finding means and what to do about it, and check nothing
    #[arg(long, env = "PALISADE_EXPLAIN", value_name = "CODE", value_parser = lint_codes())]
    pub(crate) explain: Option<LintCode>,
    /// How to print what was found
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    pub(crate) output: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// Compare with this file, written by `palisade observe`, instead of asking AWS
    #[arg(long, env = "PALISADE_SNAPSHOT", value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    /// Write the plan to this file, for `palisade apply --plan`
    #[arg(long, env = "PALISADE_OUT", value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Say too what the planned guardrails would make of these CloudTrail events: files, or folders
    #[arg(long, env = "PALISADE_REPLAY", value_name = "PATH", num_args = 1..)]
    pub(crate) replay: Vec<PathBuf>,
    /// Leave nothing out: whole documents, the order of actions, what is unmanaged
    #[arg(long, env = "PALISADE_DETAILED", value_parser = BoolishValueParser::new())]
    pub(crate) detailed: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// How to print the plan
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    pub(crate) output: PlanFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// Carry out exactly the plan in this file, written by `palisade plan --out`, or nothing
    #[arg(long, env = "PALISADE_PLAN", value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// Do not ask: approves everything that is shown, held and dangerous changes included
    #[arg(long, env = "PALISADE_YES", value_parser = BoolishValueParser::new())]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Append one JSON line for every change to this file
    #[arg(long, env = "PALISADE_JOURNAL", value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The hash of the plan, as the plan, the status and the log give it
    #[arg(value_name = "HASH")]
    pub(crate) hash: String,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// Heal drift, or only report it
    #[arg(long, env = "PALISADE_MODE", value_name = "MODE", default_value = "enforce")]
    pub(crate) mode: Mode,
    /// Look at AWS at least this often; changed files are acted on at once
    #[arg(long, env = "PALISADE_INTERVAL", value_name = "TIME", default_value = "5m", value_parser = interval)]
    pub(crate) interval: Duration,
    /// Serve metrics, health and status here; nothing can be changed through it
    #[arg(long, env = "PALISADE_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    pub(crate) listen: SocketAddr,
    /// Also answer to this host name, such as a reverse proxy's; IP addresses, `localhost` and names
    /// that public DNS does not know are answered anyway
    #[arg(long, env = "PALISADE_ALLOW_HOST", value_name = "NAME", value_delimiter = ',', value_parser = host_name)]
    pub(crate) allow_host: Vec<String>,
    /// Append one JSON line for every change to this file, or to standard output for `-`
    #[arg(long, env = "PALISADE_JOURNAL", value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    #[command(flatten)]
    pub(crate) lease: LeaseArgs,
    #[command(flatten)]
    pub(crate) events: EventsArgs,
    #[command(flatten)]
    pub(crate) notify: NotifyArgs,
    /// The git revision of desired state, where the directory itself does not tell
    #[arg(long, env = "PALISADE_REVISION", value_name = "REVISION")]
    pub(crate) revision: Option<String>,
    /// What to log: a level, or directives such as `palisade=debug,warn`
    #[arg(long, env = "PALISADE_LOG", value_name = "FILTER", default_value = "info")]
    pub(crate) log: String,
    /// How log lines are written
    #[arg(long, env = "PALISADE_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: DataFormat,
    /// Send spans of passes and changes to this collector of OpenTelemetry, by OTLP over HTTP. Needs a
    /// build with `--features otel`; `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_SERVICE_NAME` are heeded
    #[arg(long, env = "PALISADE_OTLP_ENDPOINT", value_name = "URL")]
    pub(crate) otlp_endpoint: Option<OtlpEndpoint>,
}

#[derive(Debug, Args)]
pub(crate) struct ObserveArgs {
    /// The directory with desired state, if there is any: says what to look at besides what every
    /// organization has
    #[arg(value_name = "DIR", env = "PALISADE_DIR", default_value = "desired-state")]
    pub(crate) dir: PathBuf,
    /// Write the snapshot to this file instead of standard output
    #[arg(long, env = "PALISADE_OUT", value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// How to print what was observed: the snapshot, or a summary of it
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "json")]
    pub(crate) output: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Where the daemon listens
    #[arg(long, env = "PALISADE_URL", value_name = "URL", default_value = "http://127.0.0.1:9464")]
    pub(crate) url: String,
    /// How to print it
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    pub(crate) output: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Write to this directory, which must be new or empty
    #[arg(long, env = "PALISADE_OUT", value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Read this file, written by `palisade observe`, instead of asking AWS
    #[arg(long, env = "PALISADE_SNAPSHOT", value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

/// Where desired state is.
#[derive(Debug, Args)]
pub(crate) struct DirArgs {
    /// The directory with desired state
    #[arg(value_name = "DIR", env = "PALISADE_DIR", default_value = "desired-state")]
    pub(crate) dir: PathBuf,
}

/// Where a daemon and `palisade approve` meet.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// The directory in which the daemon says what it holds, finds approvals, and leaves what a restart should
    /// know
    #[arg(
        long,
        env = "PALISADE_DATA_DIR",
        value_name = "DIR",
        default_value = "/var/lib/palisade"
    )]
    pub(crate) data_dir: PathBuf,
}

/// How to call AWS, and what to tell about it.
#[derive(Debug, Args)]
pub(crate) struct AwsArgs {
    /// The share of AWS's documented API rates to live on: 1 to 100, or `unlimited` for emulators
    #[arg(long, env = "PALISADE_API_BUDGET", value_name = "PERCENT", default_value = "50")]
    pub(crate) api_budget: BudgetShare,
    /// The role that is assumed in other accounts to read and change what is in them
    #[arg(
        long,
        env = "PALISADE_MEMBER_ROLE",
        value_name = "ROLE",
        default_value = "OrganizationAccountAccessRole"
    )]
    pub(crate) member_role: String,
}

/// How much may change before a person has to approve.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// Hold plans with more changes than this until they are approved
    #[arg(long, env = "PALISADE_MAX_CHANGES", value_name = "N", default_value_t = MAX_CHANGES)]
    pub(crate) max_changes: usize,
    /// Hold plans with more deletions than this until they are approved
    #[arg(long, env = "PALISADE_MAX_DELETES", value_name = "N", default_value_t = MAX_DELETES)]
    pub(crate) max_deletes: usize,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What the daemon does about drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Report it and heal it
    Enforce,
    /// Report it and change nothing
    Observe,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For a pull request
    Markdown,
}

/// A host name as a browser sends it, without a port.
fn host_name(text: &str) -> Result<String, String> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !text.is_empty() && text.bytes().all(is_part) {
        return Ok(text.trim_end_matches('.').to_ascii_lowercase());
    }
    Err("write the name alone, without scheme or port, such as `palisade.example.com`".to_owned())
}

/// Every finding by its code.
fn lint_codes() -> impl TypedValueParser<Value = LintCode> {
    let names = LintCode::iter().map(<&'static str>::from);
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

/// A time such as `5m`, long enough for a pass.
fn interval(text: &str) -> Result<Duration, String> {
    let hint = "write a time such as `5m` or `90s`, of 1 second to 1 day";
    let parsed: SignedDuration = text.parse().map_err(|error| format!("{error}: {hint}"))?;
    let duration = Duration::try_from(parsed).map_err(|_| hint.to_owned())?;
    let is_sensible = (INTERVAL_MIN..=INTERVAL_MAX).contains(&duration);
    if is_sensible { Ok(duration) } else { Err(hint.to_owned()) }
}

impl From<DataFormat> for LogFormat {
    fn from(format: DataFormat) -> Self {
        match format {
            DataFormat::Text => Self::Text,
            DataFormat::Json => Self::Json,
        }
    }
}

/// The command line as clap understands it.
pub(crate) fn command() -> clap::Command {
    prepared(Cli::command()).version(VERSION.as_str())
}

/// `command` and all below it, with what holds for every argument.
fn prepared(command: clap::Command) -> clap::Command {
    let prepare = |arg: clap::Arg| without_empty_variable(arg.hide_env_values(true));
    command.mut_args(prepare).mut_subcommands(prepared)
}

/// Takes an empty variable for one that is not set: templates of deployments write those.
fn without_empty_variable(arg: clap::Arg) -> clap::Arg {
    let is_empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if is_empty { arg.env(Resettable::Reset) } else { arg }
}

impl Cli {
    /// When to colour, the environment's `NO_COLOR` respected unless a flag says otherwise.
    pub(crate) fn color(&self) -> ColorChoice {
        let forbidden = self.no_color.as_ref().is_some_and(|value| !value.is_empty());
        if forbidden && self.color == ColorChoice::Auto { ColorChoice::Never } else { self.color }
    }
}
