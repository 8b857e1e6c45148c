//! What can be typed after `palisade catalog`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::args::DataFormat;
use crate::cli::help;

#[derive(Debug, Args)]
pub(crate) struct CatalogArgs {
    /// What to do with the catalogue
    #[command(subcommand)]
    pub(crate) command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// List the guardrails, or those that are about something
    #[command(after_help = help::CATALOG_LIST)]
    List(ListArgs),
    /// Explain a guardrail: what it is for, what can be set, what it becomes
    #[command(after_help = help::CATALOG_SHOW)]
    Show(ShowArgs),
    /// Write a document that uses a guardrail
    #[command(after_help = help::CATALOG_ADD)]
    Add(AddArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Words that must occur in an entry: a practice, an action, a kind, a severity
    #[arg(value_name = "SEARCH")]
    pub(crate) search: Vec<String>,
    /// How to print it
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    pub(crate) output: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The guardrail's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Set a parameter; as often as there are parameters to set
    #[arg(long, env = "PALISADE_SET", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// How to print it
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    pub(crate) output: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The guardrail's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The directory to write to; a file that is there is never overwritten
    #[arg(long, env = "PALISADE_TO", value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// Attach it to this: `/`, an OU path, or `account:NAME`; as often as needed
    #[arg(long, env = "PALISADE_TARGET", value_name = "TARGET", default_value = "/")]
    pub(crate) target: Vec<String>,
    /// Set a parameter; as often as there are parameters to set
    #[arg(long, env = "PALISADE_SET", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
}
