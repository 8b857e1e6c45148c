//! `palisade status`: what a running daemon says.

use std::time::Duration;

use anyhow::Context;

use crate::cli::args::{DataFormat, StatusArgs};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render::status_text;
use crate::status::{PassResult, Report};

/// The daemon answers from memory; what takes longer is no daemon.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// The largest answer that is read: 10,000 documents with ten differences each are half of it.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

pub(crate) fn run(args: &StatusArgs, console: Console) -> anyhow::Result<Exit> {
    let text = ask(&args.url)?;
    let report: Report = serde_json::from_str(&text).with_context(|| {
        format!("`{}` answers, but not as a palisade of this version does", args.url)
    })?;
    match args.output {
        DataFormat::Text => console.data(&status_text(&report, console.data_paint))?,
        DataFormat::Json => console.data(&format!("{text}\n"))?,
    }
    Ok(exit_of(&report))
}

/// What a daemon answers at `/status`.
pub(crate) fn ask(url: &str) -> anyhow::Result<String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(ANSWER_MAX))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build()
        .into();
    let mut answer =
        agent.get(format!("{}/status", url.trim_end_matches('/'))).call().with_context(|| {
            format!("no palisade answers at `{url}`: is `palisade run` running there?")
        })?;
    let status = answer.status();
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
    let text = body.with_context(|| format!("`{url}` stopped in the middle of its answer"))?;
    anyhow::ensure!(status.is_success(), "`{url}` answers {status}: {}", text.trim());
    Ok(text)
}

/// What was not seen is neither in sync nor drifted.
fn exit_of(report: &Report) -> Exit {
    match report.last_pass.result {
        PassResult::Incomplete | PassResult::Unobserved | PassResult::NoDesiredState => Exit::Bad,
        PassResult::InSync | PassResult::Changed | PassResult::Drifted | PassResult::Failed => {
            if report.in_sync {
                Exit::Good
            } else {
                Exit::Changes
            }
        }
    }
}
