//! What can be typed: commands, flags and their environment variables. Parses, decides nothing.

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::builder::BoolishValueParser;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// The version, and the git revision if the build was told.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let revision = option_env!("PALISADE_BUILD_REVISION").unwrap_or("unknown");
    format!("{} (revision {revision})", env!("CARGO_PKG_VERSION"))
});

/// More changes than this in one plan are held, unless told otherwise: the blast radius of a mistake.
const MAX_CHANGES: usize = 50;
/// More deletions than this in one plan are held: taking away is the riskier half.
const MAX_DELETES: usize = 5;

/// Keeps an AWS Organization the way git says it should be.
///
/// Data goes to standard output, words to standard error. Every flag can also be given as an
/// environment variable. AWS credentials come from the standard chain (`AWS_PROFILE`, `AWS_REGION`,
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
    /// Check desired state: every problem at once, without AWS
    #[command(after_help = help::VALIDATE)]
    Validate(ValidateArgs),
    /// Show what would change, as a reviewable diff
    #[command(after_help = help::PLAN)]
    Plan(PlanArgs),
    /// Write desired state from the organization as it is
    #[command(after_help = help::IMPORT)]
    Import(ImportArgs),
    /// Print the JSON Schema of the documents, for editors
    #[command(after_help = help::SCHEMA)]
    Schema(SchemaArgs),
    /// Print a script with which a shell completes commands and flags
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
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
    /// Leave nothing out: whole documents, the order of actions, what is unmanaged
    #[arg(long, env = "PALISADE_DETAILED", value_parser = BoolishValueParser::new())]
    pub(crate) detailed: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// How to print the plan
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    pub(crate) output: PlanFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Write to this directory, which must be new or empty
    #[arg(long, env = "PALISADE_OUT", value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Read this file, written by `palisade observe`, instead of asking AWS
    #[arg(long, env = "PALISADE_SNAPSHOT", value_name = "FILE")]
    pub(crate) snapshot: PathBuf,
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

/// The command line as clap understands it.
pub(crate) fn command() -> clap::Command {
    let hide = |command: clap::Command| command.mut_args(|arg| arg.hide_env_values(true));
    hide(Cli::command()).version(VERSION.as_str()).mut_subcommands(hide)
}

impl Cli {
    /// When to colour, the environment's `NO_COLOR` respected unless a flag says otherwise.
    pub(crate) fn color(&self) -> ColorChoice {
        let forbidden = self.no_color.as_ref().is_some_and(|value| !value.is_empty());
        if forbidden && self.color == ColorChoice::Auto { ColorChoice::Never } else { self.color }
    }
}

/// What follows the flags in each `--help`.
mod help {
    /// After `palisade --help`.
    pub(super) const PALISADE: &str = "\
Examples:
  palisade demo                                  watch a simulated organization heal
  palisade validate desired-state                check what is in git
  palisade plan --output markdown                what a pull request would change
  palisade apply                                 change it, after asking

Exit codes:
  0  done, or nothing to do
  1  problems, a refusal, a failure, or a wrong command line
  2  `plan` found changes, or `status` found drift";

    /// After `palisade validate --help`.
    pub(super) const VALIDATE: &str = "\
Examples:
  palisade validate
  palisade validate path/to/desired-state --output json

Exit codes:
  0  desired state is good
  1  problems, each printed with file, line and column";

    /// After `palisade plan --help`.
    pub(super) const PLAN: &str = "\
Examples:
  palisade plan
  palisade plan --snapshot snapshot.json         without AWS
  palisade plan --out plan.json && palisade apply --plan plan.json
  palisade plan --output markdown                for a pull request

Exit codes:
  0  nothing to do
  2  changes, held or only reported ones included, or something blocked
  1  an error; too little was known of the organization; it is another organization";

    /// After `palisade import --help`.
    pub(super) const IMPORT: &str = "\
Examples:
  palisade import --out desired-state && palisade plan
  palisade import --out desired-state --snapshot snapshot.json     without AWS

Exit codes:
  0  written; what could not be is listed in organization.yaml
  1  the directory is not empty, or the organization could not be read";

    /// After `palisade schema --help`.
    pub(super) const SCHEMA: &str = "\
Examples:
  palisade schema > palisade.schema.json
  # then, as the first line of a document:
  # yaml-language-server: $schema=../palisade.schema.json

Exit codes:
  0  printed
  1  could not be printed";

    /// After `palisade completions --help`.
    pub(super) const COMPLETIONS: &str = "\
Examples:
  palisade completions bash > /etc/bash_completion.d/palisade
  palisade completions zsh > ~/.zfunc/_palisade
  palisade completions fish > ~/.config/fish/completions/palisade.fish

Exit codes:
  0  printed
  1  unknown shell";
}
