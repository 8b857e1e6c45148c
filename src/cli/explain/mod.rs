//! `palisade explain`: is a call denied, by what, and what would have to change?

mod explanation;
mod message;
mod question;
mod role;

pub(crate) use crate::cli::explain::explanation::{
    AskedVerdict, Condition, Explanation, Place, Statement,
};

use crate::cli::args::{DataFormat, ExplainArgs};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::explain::question::Question;
use crate::cli::guardrails;
use crate::cli::render::explanation_text;

pub(crate) fn run(args: &ExplainArgs, console: Console) -> anyhow::Result<Exit> {
    let dir = args.dir.dir.as_path();
    let guardrails = if args.live {
        guardrails::live(guardrails::if_there(dir), &args.aws, console)?
    } else if let Some(snapshot) = &args.snapshot {
        guardrails::offline(guardrails::if_there(dir), Some(snapshot), console)?
    } else {
        guardrails::offline(Some(dir), None, console)?
    };
    let question = Question::read(args, &guardrails.effective)?;
    let explanation = Explanation::of(&question, &guardrails);
    match args.output {
        DataFormat::Text => console.data(&explanation_text(&explanation, console.data_paint))?,
        DataFormat::Json => {
            console.data(&format!("{}\n", serde_json::to_string_pretty(&explanation)?))?;
        }
    }
    Ok(match explanation.verdict {
        AskedVerdict::Allowed => Exit::Good,
        AskedVerdict::Denied => Exit::Denied,
        AskedVerdict::Unknown => Exit::Unknown,
    })
}
