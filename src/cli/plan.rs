//! `palisade plan`: what would change.

use std::collections::BTreeSet;

use crate::cli::args::{PlanArgs, PlanFormat};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::plan_document::PlanDocument;
use crate::cli::render::{Extent, plan_markdown, plan_text, replayed_markdown, replayed_text};
use crate::cli::replay;
use crate::cli::sources;
use crate::compile::Resources;
use crate::effective::Effective;
use crate::plan;
use crate::plan::{BlockedReason, Guards, Plan};

pub(crate) fn run(args: &PlanArgs, console: Console) -> anyhow::Result<Exit> {
    let desired = sources::desired_state(&args.dir.dir, console)?;
    let resources = &desired.resources;
    let snapshot = sources::organization(args.snapshot.as_deref(), &args.aws, resources, console)?;
    let guards = Guards {
        max_changes: args.limits.max_changes,
        max_deletes: args.limits.max_deletes,
        approved: BTreeSet::new(),
    };
    let plan = plan::plan(&desired.resources, &snapshot, &guards);
    let mut document = PlanDocument::new(plan, &desired, &snapshot);
    let mut unreadable = 0;
    if !args.replay.is_empty() {
        let before = Effective::observed(&snapshot, Some(&desired.resources));
        let after = document.plan.outlook(&before, &desired.resources);
        let outcome = replay::replay(Some(&before), &after, &args.replay, console)?;
        unreadable = outcome.unreadable;
        document.replay = Some(outcome.replayed);
    }
    if let Some(file) = &args.out {
        sources::write_file(file, &document.to_json()?)?;
        console.say(&format!("wrote `{}`; apply it with `palisade apply --plan`", file.display()));
    }
    print(args, &document, &desired.resources, console)?;
    Ok(if unreadable > 0 { Exit::Bad } else { exit_of(&document.plan) })
}

fn print(
    args: &PlanArgs,
    document: &PlanDocument,
    resources: &Resources,
    console: Console,
) -> anyhow::Result<()> {
    let extent = if args.detailed { Extent::Whole } else { Extent::Excerpt };
    let mut text = match args.output {
        PlanFormat::Text => plan_text(&document.plan, resources, extent, console.data_paint),
        PlanFormat::Json => document.to_json()?,
        PlanFormat::Markdown => plan_markdown(&document.plan, resources, extent),
    };
    match (&document.replay, args.output) {
        (None, _) | (Some(_), PlanFormat::Json) => {}
        (Some(replayed), PlanFormat::Text) => {
            text.push('\n');
            text.push_str(&replayed_text(replayed, console.data_paint));
        }
        (Some(replayed), PlanFormat::Markdown) => {
            text.push('\n');
            text.push_str(&replayed_markdown(replayed));
        }
    }
    Ok(console.data(&text)?)
}

/// A plan that could not see enough, or looked at another organization, says nothing about changes.
fn exit_of(plan: &Plan) -> Exit {
    let is_blind = plan.blocked.iter().any(|blocked| match blocked.reason {
        BlockedReason::Unknown | BlockedReason::WrongOrganization => true,
        BlockedReason::FeaturesMissing
        | BlockedReason::UnknownAccount
        | BlockedReason::TooLarge
        | BlockedReason::SlotsFull
        | BlockedReason::LastPolicy
        | BlockedReason::Protected
        | BlockedReason::ForeignOwner
        | BlockedReason::NotEmpty
        | BlockedReason::InProgress
        | BlockedReason::Dependency
        | BlockedReason::Lockout
        | BlockedReason::Hanging
        | BlockedReason::Failing
        | BlockedReason::ChangedOutside
        | BlockedReason::UnclassifiedRegion
        | BlockedReason::NotAsked
        | BlockedReason::Undeclared
        | BlockedReason::Retention => false,
    });
    if is_blind {
        Exit::Bad
    } else if plan.is_empty() {
        Exit::Good
    } else {
        Exit::Changes
    }
}
