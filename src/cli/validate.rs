//! `palisade validate`: every problem of desired state at once, without AWS.

use crate::catalog;
use crate::cli::args::{DataFormat, ValidateArgs};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render::{explanation, problems_json, problems_text};
use crate::cli::sources::today;
use crate::compile::compile;
use crate::desired::{self, Loaded, Problem, ProblemCode, Severity};
use crate::plan::{Foreseen, forecast};

pub(crate) fn run(args: &ValidateArgs, console: Console) -> anyhow::Result<Exit> {
    if let Some(code) = args.explain {
        console.data(&format!("{}\n", explanation(code)))?;
        return Ok(Exit::Good);
    }
    let mut loaded = desired::load(&args.dir.dir, today(), catalog::built_in());
    foresee_lockouts(&mut loaded);
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

/// Adds the lockouts that a plan would be blocked for: only a command says so. A daemon goes on with the rest,
/// and blocks these.
fn foresee_lockouts(loaded: &mut Loaded) {
    let Some(org) = &loaded.org else { return };
    let of_organization = org.header.source.clone();
    let problem = |Foreseen { source, message, help }: Foreseen| Problem {
        source: source.unwrap_or_else(|| of_organization.clone()),
        severity: Severity::Error,
        code: ProblemCode::Lockout,
        message,
        help: Some(help),
        source_line: String::new(),
        width: 1,
    };
    loaded.problems = forecast(&compile(org, today())).into_iter().map(problem).collect();
    if !loaded.problems.is_empty() {
        loaded.org = None;
    }
}
