//! The flags of the commands that ask what guardrails do to calls.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::cli::args::{AwsArgs, DataFormat, DirArgs};

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// Only the cases with this text in their name or in the name of their document
    #[arg(long, env = "PALISADE_FILTER", value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Fail too when a statement of a guardrail applies to no call of any test
    #[arg(long, env = "PALISADE_REQUIRE_COVERAGE", value_parser = BoolishValueParser::new(), conflicts_with = "filter")]
    pub(crate) require_coverage: bool,
    /// Write a report in JUnit's XML to this file too, for CI
    #[arg(long, env = "PALISADE_JUNIT", value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// How to print the report
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    pub(crate) output: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// The account, by name or id: the principal's, or the resource's when the principal has another
    #[arg(long, env = "PALISADE_ACCOUNT", value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Who calls: an ARN, `role/NAME` in the account, or a service such as `ec2.amazonaws.com`
    #[arg(long, env = "PALISADE_PRINCIPAL", value_name = "ARN")]
    pub(crate) principal: Option<String>,
    /// What is called, such as `s3:GetObject`
    #[arg(long, env = "PALISADE_ACTION", value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// On what: an ARN, or `*` for every resource, or for none where the action has none
    #[arg(long, env = "PALISADE_RESOURCE", value_name = "ARN")]
    pub(crate) resource: Option<String>,
    /// Whose the resource is, by name or id, when its ARN does not say [default: the account]
    #[arg(long, env = "PALISADE_RESOURCE_ACCOUNT", value_name = "ACCOUNT")]
    pub(crate) resource_account: Option<String>,
    /// A condition key and its value; give a key twice for two values
    #[arg(long, env = "PALISADE_CONTEXT", value_name = "KEY=VALUE", value_parser = key_and_value, value_delimiter = '\n')]
    pub(crate) context: Vec<(String, String)>,
    /// A condition key that the call does not have
    #[arg(long, env = "PALISADE_ABSENT", value_name = "KEY", value_delimiter = '\n')]
    pub(crate) absent: Vec<String>,
    /// A CloudTrail event: the text, a file with it, or `-` for standard input
    #[arg(long, env = "PALISADE_EVENT", value_name = "FILE", conflicts_with = "message")]
    pub(crate) event: Option<String>,
    /// An access-denied message: the text, a file with it, or `-` for standard input
    #[arg(long, env = "PALISADE_MESSAGE", value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// Ask the organization in this file, written by `palisade observe`, instead of desired state
    #[arg(long, env = "PALISADE_SNAPSHOT", value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    /// Ask the organization as AWS has it now, instead of desired state
    #[arg(long, env = "PALISADE_LIVE", value_parser = BoolishValueParser::new(), conflicts_with = "snapshot")]
    pub(crate) live: bool,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    /// How to print the answer
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    pub(crate) output: DataFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// The file with the requests, or `-` for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
    /// Take the policies that a request leaves out from this directory with desired state
    #[arg(long, env = "PALISADE_DIR", value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Take them from the organization in this file, written by `palisade observe`
    #[arg(long, env = "PALISADE_SNAPSHOT", value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The directory with desired state [default: desired-state]
    #[arg(value_name = "DIR", env = "PALISADE_DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// CloudTrail's events: files, or folders with everything below them
    #[arg(long, env = "PALISADE_EVENTS", value_name = "PATH", required = true, num_args = 1..)]
    pub(crate) events: Vec<PathBuf>,
    /// Compare with the organization in this file, written by `palisade observe`; without it nothing
    /// counts as denied today
    #[arg(long, env = "PALISADE_SNAPSHOT", value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    /// How to print what came of it
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "text")]
    pub(crate) output: DataFormat,
}

/// `KEY=VALUE`; the value may hold more of them.
fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        Some(_) | None => {
            Err("write a key and a value, such as `aws:RequestedRegion=eu-west-1`".to_owned())
        }
    }
}
