//! Commands of the contract that this version does not have yet: recognized, and answered honestly.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, value_parser};

/// A command that is not part of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unbuilt {
    name: &'static str,
    meanwhile: &'static str,
}

const UNBUILT: &[Unbuilt] = &[Unbuilt {
    name: "drill",
    meanwhile: "assume the emergency role by hand, and write down that it worked",
}];

/// The command called `name`, if it is one of these.
pub(crate) fn find(name: &str) -> Option<Unbuilt> {
    UNBUILT.iter().find(|command| command.name == name).copied()
}

/// `command` with these as hidden subcommands that take anything.
pub(crate) fn declare(command: Command) -> Command {
    let anything = Arg::new("anything")
        .num_args(0..)
        .action(ArgAction::Append)
        .allow_hyphen_values(true)
        .trailing_var_arg(true)
        .value_parser(value_parser!(OsString));
    command.subcommands(UNBUILT.iter().map(|unbuilt| {
        Command::new(unbuilt.name).hide(true).disable_help_flag(true).arg(anything.clone())
    }))
}

impl Unbuilt {
    /// What to tell whoever asked for it.
    pub(crate) fn message(self) -> String {
        format!(
            "`palisade {}` is not part of this version ({})\nmeanwhile: {}",
            self.name,
            env!("CARGO_PKG_VERSION"),
            self.meanwhile
        )
    }
}
