//! `palisade approve`: a person's approval of the plan that a daemon holds.

use crate::cli::args::ApproveArgs;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render::counted;
use crate::controller;
use crate::controller::HeldChange;

pub(crate) fn run(args: &ApproveArgs, console: Console) -> anyhow::Result<Exit> {
    let approved = controller::approve(&args.data.data_dir, &args.hash)?;
    for HeldChange { document, action, object, hold: _, reason } in &approved.changes {
        console.say(&format!("{document}: {action} {object} ({reason})"));
    }
    let changes = counted(approved.changes.len(), "change");
    console.say(&format!(
        "approved {changes} to {}; the daemon makes them in its next pass",
        approved.organization_id
    ));
    Ok(Exit::Good)
}
