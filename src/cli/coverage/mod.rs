//! `palisade coverage`: the practices of the Security Pillar, what serves each, and how that stands.

mod model;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use clap::{Args, ValueEnum};

use crate::cli::args::DirArgs;
use crate::cli::console::Console;
use crate::cli::coverage::model::{Knowledge, TestFacts};
use crate::cli::exit::Exit;
use crate::cli::render::{coverage_html, coverage_text};
use crate::cli::sources::{self, Desired};
use crate::cli::status::ask;
use crate::clock::Clock;
use crate::config::{MAX_CHANGES, MAX_DELETES};
use crate::controller;
use crate::desired::{DesiredOrg, Mode};
use crate::judge;
use crate::observe;
use crate::org::OrgSnapshot;
use crate::plan;
use crate::plan::Guards;
use crate::status::{
    Abstention, Acted, Circumstances, Pass, PhaseSeconds, Report, WakeReason, summarize,
};

pub(crate) use crate::cli::coverage::model::{
    Coverage, Elsewhere, Evidence, Excluded, PracticeCoverage, Serving, State,
};

#[derive(Debug, Args)]
pub(crate) struct CoverageArgs {
    #[command(flatten)]
    pub(crate) dir: DirArgs,
    /// Say how things stand in this file, written by `palisade observe`
    #[arg(long, env = "PALISADE_SNAPSHOT", value_name = "FILE", conflicts_with = "url")]
    pub(crate) snapshot: Option<std::path::PathBuf>,
    /// Say how things stand, and since when, as the daemon that listens here sees them
    #[arg(long, env = "PALISADE_URL", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// How to print it
    #[arg(long, env = "PALISADE_OUTPUT", value_name = "FORMAT", default_value = "table")]
    pub(crate) output: CoverageFormat,
}

/// How coverage is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CoverageFormat {
    /// For people
    Table,
    /// For programs
    Json,
    /// For auditors: one page that needs nothing else
    Html,
}

pub(crate) fn run(args: &CoverageArgs, console: Console) -> anyhow::Result<Exit> {
    let (org, desired) = sources::desired_org(&args.dir.dir, console)?;
    let coverage = match (&args.url, &args.snapshot) {
        (Some(url), _) => by_daemon(url, &org, &desired, console)?,
        (None, Some(file)) => {
            let snapshot = observe::read(file)?;
            let source = format!("the snapshot `{}`", file.display());
            by_snapshot(&snapshot, source, args, &org, &desired)?
        }
        (None, None) => {
            let source = "desired state alone: nobody looked at AWS".to_owned();
            let knowledge = knowledge(source, args, &desired);
            model::coverage(&org, &desired.resources, &knowledge)
        }
    };
    let text = match args.output {
        CoverageFormat::Table => coverage_text(&coverage, console.data_paint),
        CoverageFormat::Json => format!("{}\n", serde_json::to_string_pretty(&coverage)?),
        CoverageFormat::Html => coverage_html(&coverage),
    };
    console.data(&text)?;
    Ok(Exit::Good)
}

fn knowledge<'a>(source: String, args: &CoverageArgs, desired: &Desired) -> Knowledge<'a> {
    Knowledge {
        source,
        at: Clock::System.now(),
        revision: controller::revision(&args.dir.dir),
        digest: desired.digest.clone(),
        report: None,
        has_history: false,
        tests: tests(desired),
    }
}

/// Makes the tests: they need nothing but desired state.
fn tests(desired: &Desired) -> TestFacts {
    let report = judge::judge(&desired.tests, &desired.resources, |_, _| true);
    TestFacts {
        documents: desired.tests.len(),
        cases: report.cases.len(),
        failed: report.failed().count(),
        statements: report.coverage.statements,
        untested: report.coverage.untested.len(),
    }
}

fn by_daemon(
    url: &str,
    org: &DesiredOrg,
    desired: &Desired,
    console: Console,
) -> anyhow::Result<Coverage> {
    let report: Report = serde_json::from_str(&ask(url)?)
        .with_context(|| format!("`{url}` answers, but not as a palisade of this version does"))?;
    if report.desired_state.digest != desired.digest {
        console.say(
            "the daemon has another desired state in force than this directory: what it does not \
             know is shown as absent",
        );
    }
    let knowledge = Knowledge {
        source: format!("the daemon at {url}, after its pass of {:.0}", report.last_pass.at),
        at: Clock::System.now(),
        revision: report.desired_state.revision.clone(),
        digest: report.desired_state.digest.clone(),
        report: Some(&report),
        has_history: true,
        tests: tests(desired),
    };
    Ok(model::coverage(org, &desired.resources, &knowledge))
}

fn by_snapshot(
    snapshot: &OrgSnapshot,
    source: String,
    args: &CoverageArgs,
    org: &DesiredOrg,
    desired: &Desired,
) -> anyhow::Result<Coverage> {
    let guards =
        Guards { max_changes: MAX_CHANGES, max_deletes: MAX_DELETES, approved: BTreeSet::new() };
    let plan = plan::plan(&desired.resources, snapshot, &guards);
    let known = knowledge(source, args, desired);
    if let Some(observed) = snapshot.organization.known() {
        anyhow::ensure!(
            observed.id == org.organization_id,
            "the snapshot is of `{}`, and desired state of `{}`",
            observed.id,
            org.organization_id
        );
    }
    let acted = Acted::Abstained(Abstention::PlanOnly);
    let took = PhaseSeconds::default();
    let pass = Pass { resources: &desired.resources, snapshot, plan: &plan, acted: &acted, took };
    let circumstances = Circumstances {
        now: known.at,
        wake: WakeReason::Start,
        revision: known.revision.clone(),
        digest: known.digest.clone(),
        mode: Mode::Observe,
        leader: false,
        problems: Vec::new(),
        warnings: Vec::new(),
        troubles: Vec::new(),
        practices: Vec::new(),
        attributions: BTreeMap::new(),
        drills: BTreeMap::new(),
    };
    let report = summarize(&pass, &circumstances, None);
    let known = Knowledge { report: Some(&report), ..known };
    Ok(model::coverage(org, &desired.resources, &known))
}
