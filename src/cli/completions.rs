//! `palisade completions`: scripts with which shells complete commands and flags.

use crate::cli::args;
use crate::cli::args::CompletionsArgs;
use crate::cli::console::Console;
use crate::cli::exit::Exit;

pub(crate) fn run(args: &CompletionsArgs, console: Console) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "palisade", &mut script);
    console.data(&String::from_utf8(script)?)?;
    Ok(Exit::Good)
}
