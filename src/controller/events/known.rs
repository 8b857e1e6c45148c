//! What the daemon knows of the organization, as far as it takes to judge an event.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::Resources;
use crate::controller::events::recent::OwnRequests;
use crate::event::{Event, Identity, IdentityKind, Subject};
use crate::org::{AccountId, ObjectKey, ObjectKind, OrgSnapshot};

/// The kind of the documents that declare emergency access.
pub(in crate::controller) const BREAK_GLASS: &str = "BreakGlassRole";

/// What passes have shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Known {
    /// Has there been a pass at all?
    pub(super) is_learnt: bool,
    /// Who palisade is.
    caller: Option<Identity>,
    /// The accounts of the organization; nothing while they are not known.
    accounts: Option<BTreeSet<AccountId>>,
    /// Objects in accounts that desired state speaks of.
    pub(super) objects: BTreeSet<ObjectKey>,
    /// Emergency roles, and the names of the documents that declare them.
    emergency: BTreeMap<Identity, String>,
}

/// What is to be done with an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It wakes a pass.
    Wakes,
    /// Somebody used emergency access, of the document of this name.
    BreaksGlass(String),
    /// It tells of what palisade did.
    Own,
    /// It comes from no account of the organization.
    Foreign,
    /// It concerns nothing that desired state speaks of.
    Irrelevant,
}

impl Known {
    /// What is known after a pass. What it could not see stays as it was.
    pub(super) fn after(before: &Self, resources: &Resources, snapshot: &OrgSnapshot) -> Self {
        let caller = snapshot.caller.known().and_then(|caller| Identity::of_arn(&caller.arn));
        let tree = snapshot.tree.known();
        let accounts = tree.map(|tree| tree.accounts.keys().cloned().collect());
        let objects: BTreeSet<ObjectKey> = snapshot.objects.keys().cloned().collect();
        let objects = if tree.is_some() { objects } else { before.objects.clone() };
        let documents: BTreeMap<&str, &str> = resources
            .objects
            .iter()
            .filter(|rule| rule.kind == ObjectKind::Role && rule.document.kind == BREAK_GLASS)
            .map(|rule| (rule.name.as_str(), rule.document.name.as_str()))
            .collect();
        let roles = objects.iter().filter(|key| key.kind == ObjectKind::Role);
        let emergency = roles.filter_map(|key| {
            let document = documents.get(key.name.as_str())?;
            let (account, name) = (key.account.clone(), key.name.clone());
            Some((Identity { account, kind: IdentityKind::Role, name }, (*document).to_owned()))
        });
        Self {
            is_learnt: true,
            caller: caller.or_else(|| before.caller.clone()),
            accounts: accounts.or_else(|| before.accounts.clone()),
            emergency: emergency.collect(),
            objects,
        }
    }

    /// What to do with an event. Names in it are believed only where they are names of ours.
    pub(super) fn judge(&self, event: &Event, own: &OwnRequests) -> Judgement {
        let is_ours = event.principal.identity.is_some() && event.principal.identity == self.caller;
        // Every request of this process is known by its id. Under palisade's name and without one comes what the
        // process before it did, or somebody who has its credentials.
        let is_own = event.request_id.as_deref().is_some_and(|id| own.contains(id))
            || is_ours && !own.cover(event.at);
        let is_of = |account: &AccountId| {
            self.accounts.as_ref().is_none_or(|accounts| accounts.contains(account))
        };
        if is_own {
            Judgement::Own
        } else if !is_of(&event.account) {
            Judgement::Foreign
        } else if let Some(document) =
            event.entered.as_ref().and_then(|identity| self.emergency.get(identity))
        {
            Judgement::BreaksGlass(document.clone())
        } else if event.subjects.iter().any(|subject| self.concerns(subject)) {
            Judgement::Wakes
        } else {
            Judgement::Irrelevant
        }
    }

    fn concerns(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Object(account, name) => {
                self.objects.iter().any(|key| key.account == *account && is_called(key, name))
            }
            Subject::Tree
            | Subject::Account(_)
            | Subject::Unit(_)
            | Subject::PolicyType(_)
            | Subject::NewPolicy(_)
            | Subject::Policy(_)
            | Subject::Attachment(..)
            | Subject::TrustedService(_)
            | Subject::Administrators(_)
            | Subject::Tags(_) => true,
        }
    }
}

/// Is the object meant by this name? Kinds whose names begin with a folder are called by what is behind it.
pub(super) fn is_called(key: &ObjectKey, name: &str) -> bool {
    key.name == name || key.name.rsplit('/').next() == Some(name)
}
