//! Where commands get their facts: desired state from a directory, the organization from a file or from AWS.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::catalog;
use crate::cli::args::AwsArgs;
use crate::cli::aws::{Connection, runtime};
use crate::cli::console::Console;
use crate::cli::render::{counted, problems_text};
use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::compile;
use crate::compile::Resources;
use crate::controller;
use crate::desired;
use crate::desired::{DesiredOrg, DesiredTest};
use crate::observe;
use crate::observe::{Observer, Wanted};
use crate::org::OrgSnapshot;

/// The longest time from the first part of a first look to a second: many times what the largest
/// organization takes.
const SECOND_LOOK_MAX: Duration = Duration::from_hours(1);

/// The day it is (UTC).
pub(crate) fn today() -> Date {
    Clock::System.now().to_zoned(TimeZone::UTC).date()
}

/// Desired state, ready to plan with.
pub(crate) struct Desired {
    /// What it wants.
    pub(crate) resources: Resources,
    /// What its guardrails must do.
    pub(crate) tests: Vec<DesiredTest>,
    /// Are these all the tests that are written? What is wrong in one leaves out a case.
    pub(crate) has_all_tests: bool,
    /// The digest of the files it was read from.
    pub(crate) digest: String,
}

/// The desired state in `dir`; its problems are printed, and are a failure.
pub(crate) fn desired_state(dir: &Path, console: Console) -> anyhow::Result<Desired> {
    Ok(desired_org(dir, console)?.1)
}

/// The same, and the documents it was made of.
pub(crate) fn desired_org(dir: &Path, console: Console) -> anyhow::Result<(DesiredOrg, Desired)> {
    let today = today();
    let loaded = desired::load(dir, today, catalog::built_in());
    if !loaded.problems.is_empty() {
        console.say(&problems_text(&loaded, console.word_paint));
    } else if !loaded.warnings.is_empty() {
        // What is asked for should not drown in what could be better.
        let warnings = counted(loaded.warnings.len(), "warning");
        console.say(&format!("{warnings} about `{0}`: see `palisade validate {0}`", dir.display()));
    }
    let org = loaded
        .org
        .with_context(|| format!("desired state in `{}` cannot be used", dir.display()))?;
    let resources = compile::compile(&org, today);
    let has_all_tests = loaded.problems.is_empty();
    let tests = org.tests.clone();
    let desired = Desired { resources, tests, has_all_tests, digest: loaded.digest };
    Ok((org, desired))
}

/// The organization: from a snapshot's file, or observed now.
pub(crate) fn organization(
    file: Option<&Path>,
    aws: &AwsArgs,
    resources: &Resources,
    console: Console,
) -> anyhow::Result<OrgSnapshot> {
    match file {
        Some(file) => Ok(observe::read(file)?),
        None => runtime()?.block_on(async {
            let connection = Connection::open(aws).await;
            let mut observer = Observer::new(Duration::ZERO);
            let observation = controller::survey(&connection.cloud, &mut observer, resources);
            Ok(connection.progress(console).during(observation).await)
        }),
    }
}

/// Observes everything there is in the organization itself: what is trusted is known only after a first look,
/// and decides whose administrators to ask for in a second, which asks for nothing else again.
pub(crate) async fn observe_all(cloud: &dyn Cloud, wanted: &Wanted) -> OrgSnapshot {
    let mut observer = Observer::new(SECOND_LOOK_MAX);
    let first = observer.observe(cloud, wanted).await;
    let mut wanted = wanted.clone();
    wanted.services.extend(first.trusted_services.known().into_iter().flatten().cloned());
    observer.observe(cloud, &wanted).await
}

/// The same, and the objects in accounts that `resources` speak of.
pub(crate) async fn observe_all_and_objects(
    cloud: &dyn Cloud,
    resources: Option<&Resources>,
) -> OrgSnapshot {
    let wanted = resources.map(controller::wanted).unwrap_or_default();
    let mut snapshot = Box::pin(observe_all(cloud, &wanted)).await;
    if let Some(resources) = resources {
        let mut observer = Observer::new(Duration::ZERO);
        controller::survey_objects(cloud, &mut observer, resources, &mut snapshot).await;
    }
    snapshot
}

/// What a flag gives: standard input for `-`, the file of that name if there is one, else the text
/// itself.
pub(crate) fn text_or_file(value: &str) -> anyhow::Result<String> {
    if value == "-" {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut std::io::stdin().lock(), &mut text)
            .context("cannot read standard input")?;
        return Ok(text);
    }
    if Path::new(value).is_file() {
        return std::fs::read_to_string(value).with_context(|| format!("cannot read `{value}`"));
    }
    Ok(value.to_owned())
}

/// Writes `text` to `file` so that half a file never has its name.
pub(crate) fn write_file(file: &Path, text: &str) -> anyhow::Result<()> {
    let directory = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let write = || -> anyhow::Result<()> {
        let mut temporary = tempfile::NamedTempFile::new_in(directory)?;
        std::io::Write::write_all(&mut temporary, text.as_bytes())?;
        temporary.persist(file)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write `{}`", file.display()))
}
