//! `palisade test`: do the guardrails do what their tests say?

use anyhow::bail;

use crate::cli::args::{DataFormat, TestArgs};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render::{tests_json, tests_junit, tests_text};
use crate::cli::sources;
use crate::judge;

pub(crate) fn run(args: &TestArgs, console: Console) -> anyhow::Result<Exit> {
    let desired = sources::desired_state(&args.dir.dir, console)?;
    if !desired.has_all_tests {
        bail!("the tests cannot be made as they are written");
    }
    let filter = args.filter.as_deref().unwrap_or_default();
    let report = judge::judge(&desired.tests, &desired.resources, |document, case| {
        document.contains(filter) || case.contains(filter)
    });
    if report.cases.is_empty() && args.filter.is_some() {
        bail!("no case has `{filter}` in its name or in the name of its document");
    }
    // What a part of the tests leaves out is no news.
    let coverage = args.filter.is_none().then_some(&report.coverage);
    if let Some(file) = &args.junit {
        sources::write_file(file, &tests_junit(&report))?;
    }
    console.data(&match args.output {
        DataFormat::Text => tests_text(&report, coverage, console.data_paint),
        DataFormat::Json => {
            format!("{}\n", serde_json::to_string_pretty(&tests_json(&report, coverage))?)
        }
    })?;
    if report.cases.is_empty() {
        console.say("no tests found: write documents of `kind: GuardrailTest`");
    }
    let is_covered = coverage.is_none_or(|coverage| coverage.untested.is_empty());
    let is_good = report.holds() && (is_covered || !args.require_coverage);
    Ok(if is_good { Exit::Good } else { Exit::Bad })
}
