//! How a person's approval reaches the daemon: through files in its data directory, never through a port.
//!
//! The daemon says in `held-plan.json` what waits; `palisade approve HASH` checks that and leaves
//! `approvals/HASH`; the daemon wakes, finds it and goes on. An approval that names nothing that waits
//! is removed, so that it cannot approve something else a month later. When only a part of what was
//! approved could be done, the approval holds for the rest: nobody is asked twice about one change.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::controller::disk::replace;
use crate::org::{DocumentRef, OrganizationId, hex};
use crate::plan::{Action, Hold, Plan};

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
    /// Digests of the changes with everything they say, by which a rest is recognized.
    pub digests: BTreeSet<String>,
}

/// What has been approved: the digests of the changes, by hash.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::controller) struct Approvals(BTreeMap<String, BTreeSet<String>>);

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
    /// By which rule it waits.
    pub hold: Hold,
    /// Why it waits, for people.
    pub reason: String,
}

/// An approval that cannot be given, or not be read.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// Nothing waits.
    #[error("no plan waits for approval in `{}`: is this the `--data-dir` of the daemon that acts, and has it seen the change?", .0.display())]
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
    write(&approvals, &waiting.hash, &text(&approvals, &waiting)?)?;
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

/// What has been approved. A file that says nothing but its name approves exactly what has that hash.
pub(in crate::controller) fn approved(data_directory: &Path) -> Result<Approvals, ApprovalError> {
    let path = directory(data_directory);
    let failed = |source| ApprovalError::Directory { what: "read", path: path.clone(), source };
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Approvals::default()),
        Err(source) => return Err(failed(source)),
    };
    let mut approvals = BTreeMap::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            let text = fs::read(entry.path()).unwrap_or_default();
            let plan = serde_json::from_slice::<HeldPlan>(&text).ok();
            approvals.insert(name, plan.map(|plan| plan.digests).unwrap_or_default());
        }
    }
    Ok(Approvals(approvals))
}

impl Approvals {
    /// The hashes that have been approved.
    pub(in crate::controller) fn hashes(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    /// Is everything that waits in `plan` part of one approval?
    pub(in crate::controller) fn cover(&self, plan: &Plan) -> bool {
        let waiting = digests(plan);
        !waiting.is_empty() && self.0.values().any(|approved| waiting.is_subset(approved))
    }
}

/// Says what waits after a pass that saw everything, nothing if nothing is to be approved, and removes
/// approvals of anything else.
pub(in crate::controller) fn settle(
    data_directory: &Path,
    plan: Option<&Plan>,
    revision: Option<&str>,
    now: Timestamp,
) -> Result<(), ApprovalError> {
    let waiting = plan.and_then(|plan| held_plan(plan, revision, now));
    for (hash, digests) in approved(data_directory)?.0 {
        let still_waits = waiting
            .as_ref()
            .is_some_and(|waiting| waiting.hash == hash || waiting.digests.is_subset(&digests));
        if !still_waits {
            remove(&directory(data_directory).join(hash))?;
        }
    }
    match waiting {
        Some(waiting) => write(data_directory, HELD_PLAN, &text(data_directory, &waiting)?),
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
            reason: action.hold_reason.clone().unwrap_or_default(),
        })
    });
    Some(HeldPlan {
        hash: held.hash.clone(),
        organization_id: plan.organization_id.clone(),
        at: now,
        revision: revision.map(str::to_owned),
        changes: changes.collect(),
        digests: digests(plan),
    })
}

/// The digests of what waits.
fn digests(plan: &Plan) -> BTreeSet<String> {
    plan.actions.iter().filter(|action| action.hold.is_some()).map(digest).collect()
}

fn digest(action: &Action) -> String {
    // A change that could not be serialized would have the digest of nothing, which nobody approved.
    let change = serde_json::to_vec(&(&action.document, &action.change)).unwrap_or_default();
    hex(&Sha256::digest(change))
}

fn text(directory: &Path, plan: &HeldPlan) -> Result<Vec<u8>, ApprovalError> {
    let path = directory.to_owned();
    serde_json::to_vec_pretty(plan).map_err(|source| ApprovalError::Unreadable { path, source })
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), ApprovalError> {
    let path = directory.join(name);
    replace(directory, name, bytes).map_err(|source| ApprovalError::Directory {
        what: "write",
        path,
        source,
    })
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

    /// A plan in which the creation of these OUs waits, if it has a hash.
    fn plan_of(hash: Option<&str>, units: &[&str]) -> Plan {
        let actions = units.iter().map(|unit| Action {
            guardrails: [].into(),
            document: DocumentRef { kind: "Organization".into(), name: "acme".into() },
            change: Change::CreateUnit {
                path: OuPath::root().child(unit),
                parent: UnitRef { path: OuPath::root(), id: None },
                tags: BTreeMap::new(),
            },
            reason: String::new(),
            after: [].into(),
            hold: hash.map(|_| Hold::TooManyChanges),
            hold_reason: hash.map(|_| "too many".to_owned()),
        });
        Plan {
            organization_id: "o-a1b2c3d4e5".parse().unwrap(),
            held: hash.map(|hash| Held {
                hash: hash.into(),
                actions: units.len(),
                approved: false,
            }),
            actions: actions.collect(),
            reported: Vec::new(),
            blocked: Vec::new(),
            lockouts: Vec::new(),
            reworded: Vec::new(),
            unmanaged: Vec::new(),
            checks: Vec::new(),
        }
    }

    /// A plan with a change that waits, if it has a hash.
    fn plan(hash: Option<&str>) -> Plan {
        plan_of(hash, &["Prod"])
    }

    fn hashes(home: &Path) -> Vec<String> {
        approved(home).unwrap().hashes().into_iter().collect()
    }

    fn settled(home: &Path, hash: Option<&str>) {
        settle(home, Some(&plan(hash)), Some("abc"), Timestamp::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn what_waits_is_written_down_and_can_be_approved() {
        let home = tempfile::tempdir().unwrap();
        settled(home.path(), Some("cafe"));
        assert_eq!(hashes(home.path()), [""; 0]);
        let waiting = approve(home.path(), "cafe").unwrap();
        assert_eq!(waiting.changes[0].object, "OU /Prod");
        assert_eq!(waiting.revision.as_deref(), Some("abc"));
        assert_eq!(hashes(home.path()), ["cafe"]);
        settled(home.path(), Some("cafe"));
        assert_eq!(hashes(home.path()), ["cafe"], "it still waits");
    }

    #[test]
    fn an_approval_of_something_else_is_removed() {
        let home = tempfile::tempdir().unwrap();
        settled(home.path(), Some("cafe"));
        approve(home.path(), "cafe").unwrap();
        let other = plan_of(Some("beef"), &["Prod", "Dev"]);
        settle(home.path(), Some(&other), None, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(hashes(home.path()), [""; 0]);
        approve(home.path(), "beef").unwrap();
        settled(home.path(), None);
        assert_eq!(hashes(home.path()), [""; 0]);
        assert_eq!(held(home.path()).unwrap(), None);
    }

    #[test]
    fn an_approval_holds_for_the_rest_of_what_was_approved_and_for_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let settle = |plan: &Plan| {
            settle(home.path(), Some(plan), None, Timestamp::UNIX_EPOCH).unwrap();
        };
        settle(&plan_of(Some("cafe"), &["Prod", "Dev"]));
        approve(home.path(), "cafe").unwrap();
        let rest = plan_of(Some("beef"), &["Dev"]);
        settle(&rest);
        let approvals = approved(home.path()).unwrap();
        assert!(approvals.cover(&rest));
        assert!(!approvals.cover(&plan_of(Some("f00d"), &["Dev", "Other"])));
        assert!(!approvals.cover(&plan_of(None, &["Dev"])), "nothing waits");
        settle(&plan_of(Some("f00d"), &["Dev", "Other"]));
        assert_eq!(hashes(home.path()), [""; 0]);
    }

    #[test]
    fn a_file_with_nothing_but_the_right_name_approves_just_that() {
        let home = tempfile::tempdir().unwrap();
        settled(home.path(), Some("cafe"));
        super::prepare(home.path()).unwrap();
        fs::write(super::directory(home.path()).join("cafe"), "").unwrap();
        let approvals = approved(home.path()).unwrap();
        assert!(approvals.hashes().contains("cafe"));
        assert!(!approvals.cover(&plan(Some("beef"))));
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
        assert_eq!(hashes(home.path()), [""; 0]);
    }

    #[test]
    fn a_file_that_is_no_held_plan_is_said_to_be_none() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("held-plan.json"), "{").unwrap();
        assert!(matches!(held(home.path()), Err(ApprovalError::Unreadable { .. })));
    }
}
