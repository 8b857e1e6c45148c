//! `palisade validate`: every problem of desired state at once, without AWS.

use crate::catalog;
use crate::cli::args::{DataFormat, ValidateArgs};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render::{explanation, problems_json, problems_text};
use crate::cli::sources::today;
use crate::desired;

pub(crate) fn run(args: &ValidateArgs, console: Console) -> anyhow::Result<Exit> {
    if let Some(code) = args.explain {
        console.data(&format!("{}\n", explanation(code)))?;
        return Ok(Exit::Good);
    }
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
    let is_refused = args.deny_warnings && !loaded.warnings.is_empty();
    if is_refused && loaded.is_valid() {
        console.say(
            "`--deny-warnings`: mend what is warned of, or silence it with `palisade/lint-ignore`",
        );
    }
    Ok(if loaded.is_valid() && !is_refused { Exit::Good } else { Exit::Bad })
}
