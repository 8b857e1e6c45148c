//! The command line: the only place that picks an adapter, and the only place people talk to.
//!
//! Data goes to standard output, words to standard error. One file a command; `render` alone knows
//! how things look. A command answers with an `Exit`; a failure it cannot answer for is an
//! `anyhow` error, printed once, here, with its whole chain.

mod apply;
mod approve;
mod args;
mod aws;
mod catalog;
mod completions;
mod console;
mod coverage;
mod demo;
mod drill;
mod events;
mod exit;
mod explain;
mod guardrails;
mod help;
mod import;
mod lease;
mod notify;
mod observe;
mod permissions;
mod plan;
mod plan_document;
mod progress;
mod render;
mod replay;
mod run;
mod schema;
mod simulate;
mod sources;
mod status;
mod test;
mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::cli::args::{Cli, Command};
use crate::cli::console::Console;
use crate::cli::exit::Exit;

/// Runs the command line `args`, the program's name first, and says how to leave.
///
/// A wrong command line is 1 and not clap's 2: 2 means that a plan has changes.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = match args::command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(answer) => return ExitCode::from(answer_of_clap(&answer)),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(answer) => return ExitCode::from(answer_of_clap(&answer)),
    };
    let console = Console::new(cli.color());
    match execute(&cli.command, console) {
        Ok(exit) => ExitCode::from(exit),
        Err(error) => {
            console.error(&error);
            ExitCode::from(Exit::Bad)
        }
    }
}

/// Prints what clap has to say: help and version are data and good, anything else is neither.
fn answer_of_clap(answer: &clap::Error) -> Exit {
    // Nothing is left to do when even this cannot be written.
    let _ = answer.print();
    if answer.use_stderr() { Exit::Bad } else { Exit::Good }
}

fn execute(command: &Command, console: Console) -> anyhow::Result<Exit> {
    match command {
        Command::Explain(args) => explain::run(args, console),
        Command::Replay(args) => replay::run(args, console),
        Command::Simulate(args) => simulate::run(args, console),
        Command::Validate(args) => validate::run(args, console),
        Command::Test(args) => test::run(args, console),
        Command::Demo(args) => demo::run(args, console),
        Command::Drill(args) => drill::run(args, console),
        Command::Catalog(args) => catalog::run(args, console),
        Command::Coverage(args) => coverage::run(args, console),
        Command::Permissions(args) => permissions::run(args, console),
        Command::Schema(_) => schema::run(console),
        Command::Completions(args) => completions::run(args, console),
        Command::Apply(args) => apply::run(args, console),
        Command::Approve(args) => approve::run(args, console),
        Command::Run(args) => run::run(args),
        Command::Observe(args) => observe::run(args, console),
        Command::Status(args) => status::run(args, console),
        Command::Import(args) => import::run(args, console),
        Command::Plan(args) => plan::run(args, console),
    }
}
