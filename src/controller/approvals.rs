//! How a person's approval reaches the daemon: through files in its data directory, never through a port.
//!
//! The daemon says in `held-plan.json` what waits; `palisade approve HASH` checks that and leaves
//! `approvals/HASH`; the daemon wakes, finds it and goes on. An approval that names nothing that waits
//! is removed, so that it cannot approve something else a month later.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::org::{DocumentRef, OrganizationId};
use crate::plan::{Hold, Plan};

const HELD_PLAN: &str = "held-plan.json";
const APPROVALS: &str = "approvals";

/// What waits for approval, as the daemon last saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeldPlan {
    /// Names exactly these changes.
    pub hash: String,
    /// The organization they are for.
    pub organization_id: OrganizationId,
    /// When the daemon saw them.
    pub at: Timestamp,
    /// The git revision that asks for them, if that is known.
    pub revision: Option<String>,
    /// The changes.
    pub changes: Vec<HeldChange>,
}

/// One change that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeldChange {
    /// The document that wants it.
    pub document: DocumentRef,
    /// The kind of change.
    pub action: String,
    /// The object.
    pub object: String,
    /// Why it waits.
    pub hold: Hold,
}

/// An approval that cannot be given, or not be read.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// Nothing waits.
    #[error("no plan waits for approval in `{}`: is this the `--data-dir` of the daemon, and has it seen the change?", .0.display())]
    NothingHeld(PathBuf),
    /// Something else waits.
    #[error(
        "the plan that waits for approval is `{held}`, not `{given}`: look at it again before you approve it"
    )]
    Another {
        /// What waits.
        held: String,
        /// What was to be approved.
        given: String,
    },
    /// The data directory cannot be used.
    #[error("can't {what} `{}`", path.display())]
    Directory {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The daemon's file is not what it wrote.
    #[error("`{}` is not a held plan", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

/// What waits for approval, and nothing if nothing does.
pub fn held(data_directory: &Path) -> Result<Option<HeldPlan>, ApprovalError> {
    let path = data_directory.join(HELD_PLAN);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| ApprovalError::Unreadable { path, source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ApprovalError::Directory { what: "read", path, source }),
    }
}

/// Approves the plan that waits, if it is the one called `hash`; returns what was approved.
pub fn approve(data_directory: &Path, hash: &str) -> Result<HeldPlan, ApprovalError> {
    let Some(waiting) = held(data_directory)? else {
        return Err(ApprovalError::NothingHeld(data_directory.to_owned()));
    };
    if waiting.hash != hash {
        return Err(ApprovalError::Another { held: waiting.hash, given: hash.to_owned() });
    }
    let approvals = data_directory.join(APPROVALS);
    fs::create_dir_all(&approvals).map_err(|source| ApprovalError::Directory {
        what: "create",
        path: approvals.clone(),
        source,
    })?;
    // The hash is the daemon's own, so the name cannot lead out of the directory.
    write(&approvals, &waiting.hash, b"approved\n")?;
    Ok(waiting)
}

/// The directory in which approvals appear: worth watching.
pub(in crate::controller) fn directory(data_directory: &Path) -> PathBuf {
    data_directory.join(APPROVALS)
}

/// Prepares the data directory, so that approvals can be watched before there is one.
pub(in crate::controller) fn prepare(data_directory: &Path) -> Result<(), ApprovalError> {
    let path = directory(data_directory);
    fs::create_dir_all(&path).map_err(|source| ApprovalError::Directory {
        what: "create",
        path: path.clone(),
        source,
    })
}

/// The hashes that have been approved.
pub(in crate::controller) fn approved(
    data_directory: &Path,
) -> Result<BTreeSet<String>, ApprovalError> {
    let path = directory(data_directory);
    let failed = |source| ApprovalError::Directory { what: "read", path: path.clone(), source };
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(source) => return Err(failed(source)),
    };
    entries
        .map(|entry| Ok(entry.map_err(failed)?.file_name().to_string_lossy().into_owned()))
        .filter(|name| !name.as_ref().is_ok_and(|name| name.starts_with('.')))
        .collect()
}

/// Says what waits after a pass that saw everything, and removes approvals of anything else.
pub(in crate::controller) fn settle(
    data_directory: &Path,
    plan: &Plan,
    revision: Option<&str>,
    now: Timestamp,
) -> Result<(), ApprovalError> {
    let waiting = held_plan(plan, revision, now);
    for stale in approved(data_directory)? {
        if waiting.as_ref().is_none_or(|waiting| waiting.hash != stale) {
            remove(&directory(data_directory).join(stale))?;
        }
    }
    match waiting {
        Some(waiting) => {
            let path = data_directory.join(HELD_PLAN);
            let text = serde_json::to_vec_pretty(&waiting)
                .map_err(|source| ApprovalError::Unreadable { path, source })?;
            write(data_directory, HELD_PLAN, &text)
        }
        None => remove(&data_directory.join(HELD_PLAN)),
    }
}

fn held_plan(plan: &Plan, revision: Option<&str>, now: Timestamp) -> Option<HeldPlan> {
    let held = plan.held.as_ref()?;
    let changes = plan.actions.iter().filter_map(|action| {
        Some(HeldChange {
            document: action.document.clone(),
            action: action.change.kind().to_owned(),
            object: action.change.object(),
            hold: action.hold?,
        })
    });
    Some(HeldPlan {
        hash: held.hash.clone(),
        organization_id: plan.organization_id.clone(),
        at: now,
        revision: revision.map(str::to_owned),
        changes: changes.collect(),
    })
}

/// Writes a file so that nobody ever reads half of it.
fn write(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), ApprovalError> {
    let path = directory.join(name);
    let whole = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(bytes)?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    };
    whole().map_err(|source| ApprovalError::Directory { what: "write", path, source })
}

fn remove(path: &Path) -> Result<(), ApprovalError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => {
            Err(ApprovalError::Directory { what: "remove", path: path.to_owned(), source })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use jiff::Timestamp;

    use super::{ApprovalError, approve, approved, held, settle};
    use crate::org::{DocumentRef, OuPath};
    use crate::plan::{Action, Change, Held, Hold, Plan, UnitRef};

    /// A plan with a change that waits, if it has a hash.
    fn plan(hash: Option<&str>) -> Plan {
        let change = Change::CreateUnit {
            path: OuPath::root().child("Prod"),
            parent: UnitRef { path: OuPath::root(), id: None },
            tags: BTreeMap::new(),
        };
        let action = Action {
            document: DocumentRef { kind: "Organization".into(), name: "acme".into() },
            change,
            reason: String::new(),
            after: [].into(),
            hold: hash.map(|_| Hold::TooManyChanges),
        };
        Plan {
            organization_id: "o-a1b2c3d4e5".parse().unwrap(),
            actions: vec![action],
            held: hash.map(|hash| Held { hash: hash.into(), actions: 1, approved: false }),
            reported: Vec::new(),
            blocked: Vec::new(),
            unmanaged: Vec::new(),
        }
    }

    fn settled(home: &Path, hash: Option<&str>) {
        settle(home, &plan(hash), Some("abc"), Timestamp::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn what_waits_is_written_down_and_can_be_approved() {
        let home = tempfile::tempdir().unwrap();
        settled(home.path(), Some("cafe"));
        assert_eq!(approved(home.path()).unwrap(), [].into());
        let waiting = approve(home.path(), "cafe").unwrap();
        assert_eq!(waiting.changes[0].object, "OU /Prod");
        assert_eq!(waiting.revision.as_deref(), Some("abc"));
        assert_eq!(approved(home.path()).unwrap(), ["cafe".to_owned()].into());
        settled(home.path(), Some("cafe"));
        assert_eq!(approved(home.path()).unwrap(), ["cafe".to_owned()].into(), "it still waits");
    }

    #[test]
    fn an_approval_of_something_else_is_removed() {
        let home = tempfile::tempdir().unwrap();
        settled(home.path(), Some("cafe"));
        approve(home.path(), "cafe").unwrap();
        settled(home.path(), Some("beef"));
        assert_eq!(approved(home.path()).unwrap(), [].into());
        approve(home.path(), "beef").unwrap();
        settled(home.path(), None);
        assert_eq!(approved(home.path()).unwrap(), [].into());
        assert_eq!(held(home.path()).unwrap(), None);
    }

    #[test]
    fn only_what_waits_can_be_approved() {
        let home = tempfile::tempdir().unwrap();
        assert!(matches!(approve(home.path(), "cafe"), Err(ApprovalError::NothingHeld(_))));
        settled(home.path(), Some("cafe"));
        for wrong in ["beef", "", "../cafe", "CAFE", "caf"] {
            let error = approve(home.path(), wrong).unwrap_err();
            assert!(matches!(error, ApprovalError::Another { .. }), "{wrong}: {error}");
        }
        assert_eq!(approved(home.path()).unwrap(), [].into());
    }

    #[test]
    fn a_file_that_is_no_held_plan_is_said_to_be_none() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("held-plan.json"), "{").unwrap();
        assert!(matches!(held(home.path()), Err(ApprovalError::Unreadable { .. })));
    }
}
