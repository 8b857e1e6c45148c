//! `palisade validate`: every problem of desired state at once, without AWS.

use crate::catalog;
use crate::cli::args::{DataFormat, ValidateArgs};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render::{problems_json, problems_text};
use crate::cli::sources::today;
use crate::desired;

pub(crate) fn run(args: &ValidateArgs, console: Console) -> anyhow::Result<Exit> {
    let loaded = desired::load(&args.dir.dir, today(), catalog::built_in());
    match args.output {
        DataFormat::Text => {
            console.data(&format!("{}\n", problems_text(&loaded, console.data_paint)))?;
        }
        DataFormat::Json => {
            console
                .data(&format!("{}\n", serde_json::to_string_pretty(&problems_json(&loaded))?))?;
        }
    }
    Ok(if loaded.org.is_some() { Exit::Good } else { Exit::Bad })
}
