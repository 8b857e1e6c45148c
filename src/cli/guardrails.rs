//! The guardrails that a question is asked of: as git wants them, as a file or AWS has them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::args::AwsArgs;
use crate::cli::aws::{Connection, runtime};
use crate::cli::console::Console;
use crate::cli::sources;
use crate::compile::{Document, Enforcement, Resources};
use crate::controller;
use crate::effective::Effective;
use crate::observe;
use crate::observe::Wanted;
use crate::org::{DocumentRef, OrgSnapshot};

/// Guardrails that are named which count and are not enforced.
const UNENFORCED_SHOWN: usize = 5;

/// Guardrails, and where they are from.
pub(crate) struct Guardrails {
    /// Which policies bind whom.
    pub(crate) effective: Effective,
    /// The documents of desired state, if there is one.
    pub(crate) documents: BTreeMap<DocumentRef, Document>,
    /// Where they are from, for people.
    pub(crate) place: String,
}

/// The guardrails of a snapshot if there is one, else of desired state.
pub(crate) fn offline(
    dir: Option<&Path>,
    snapshot: Option<&Path>,
    console: Console,
) -> anyhow::Result<Guardrails> {
    let desired = match dir {
        Some(dir) => Some(sources::desired_state(dir, console)?.resources),
        None => None,
    };
    match (snapshot, desired) {
        (Some(file), desired) => {
            let snapshot = observe::read(file)?;
            let place = format!("snapshot `{}`", file.display());
            Ok(Guardrails::observed(&snapshot, desired.as_ref(), place))
        }
        (None, Some(resources)) => {
            tell_unenforced(&resources, console);
            Ok(Guardrails {
                effective: Effective::desired(&resources),
                documents: resources.documents,
                place: format!("desired state `{}`", dir.unwrap_or(Path::new("")).display()),
            })
        }
        (None, None) => anyhow::bail!("neither desired state nor a snapshot is given"),
    }
}

/// Says which guardrails count although nobody enforces them: desired state is asked for what it says.
fn tell_unenforced(resources: &Resources, console: Console) {
    let documents = resources.policies.values().map(|policy| &policy.document);
    let names: Vec<String> = documents
        .filter(|name| {
            let document = resources.documents.get(*name);
            document.is_some_and(|document| document.enforcement != Enforcement::Enforced)
        })
        .map(|document| format!("`{document}`"))
        .collect();
    if !names.is_empty() {
        let shown = names.iter().take(UNENFORCED_SHOWN).cloned().collect::<Vec<_>>().join(", ");
        let more = match names.len().saturating_sub(UNENFORCED_SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        console.say(&format!(
            "counted as if enforced, though `mode: observe` or suspended: {shown}{more}"
        ));
    }
}

/// The guardrails in force in AWS right now.
pub(crate) fn live(
    dir: Option<&Path>,
    aws: &AwsArgs,
    console: Console,
) -> anyhow::Result<Guardrails> {
    let desired = match dir {
        Some(dir) => Some(sources::desired_state(dir, console)?.resources),
        None => None,
    };
    let wanted = desired.as_ref().map_or_else(Wanted::default, controller::wanted);
    let snapshot = runtime()?.block_on(async {
        let connection = Connection::open(aws).await;
        sources::observe_all(&connection.cloud, &wanted).await
    });
    Ok(Guardrails::observed(&snapshot, desired.as_ref(), "AWS, just observed".to_owned()))
}

/// The directory, when it is there: beside an observed organization it only adds names and lines.
pub(crate) fn if_there(dir: &Path) -> Option<&Path> {
    dir.exists().then_some(dir)
}

impl Guardrails {
    fn observed(snapshot: &OrgSnapshot, desired: Option<&Resources>, place: String) -> Self {
        Self {
            effective: Effective::observed(snapshot, desired),
            documents: desired.map(|desired| desired.documents.clone()).unwrap_or_default(),
            place,
        }
    }
}
