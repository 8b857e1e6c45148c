//! The `palisade` binary: reads the command line, runs it, leaves with its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    palisade::cli::run(std::env::args_os())
}
