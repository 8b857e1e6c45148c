//! `palisade schema`: the JSON Schema of the documents, for editors.

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::desired;

pub(crate) fn run(console: Console) -> anyhow::Result<Exit> {
    console.data(&format!("{}\n", serde_json::to_string_pretty(&desired::json_schema())?))?;
    Ok(Exit::Good)
}
