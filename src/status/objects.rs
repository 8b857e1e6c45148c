//! Which objects in accounts are there for documents, for who looks them up in AWS.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::compile::{ObjectRule, Spread};
use crate::org::{AccountId, DocumentRef, ObjectKey, ObjectKind, ObjectState, Region, hex};
use crate::status::{ObjectReport, Pass};

/// Objects that are the same wherever they are.
type Alike<'a> = (&'a DocumentRef, ObjectKind, &'a str, Option<&'a Region>, String);

/// The objects that were seen, by the documents that want them. Those of one name that are the same in many
/// accounts are one report.
pub(in crate::status) fn reports(pass: &Pass<'_>) -> BTreeMap<DocumentRef, Vec<ObjectReport>> {
    let rules = pass.resources.objects.iter().filter(|rule| is_evidence(rule.kind));
    let rules: Vec<&ObjectRule> = rules.collect();
    let mut alike: BTreeMap<Alike<'_>, Vec<&AccountId>> = BTreeMap::new();
    for (key, part) in &pass.snapshot.objects {
        let Some(rule) = rules.iter().find(|rule| is_of(rule, key)) else { continue };
        let Some(Some(state)) = part.known() else { continue };
        let alike_as =
            (&rule.document, key.kind, key.name.as_str(), key.region.as_ref(), sha256(state));
        alike.entry(alike_as).or_default().push(&key.account);
    }
    let mut reports: BTreeMap<DocumentRef, Vec<ObjectReport>> = BTreeMap::new();
    for ((document, kind, name, region, sha256), accounts) in alike {
        let account = match accounts.as_slice() {
            [account] => Some((*account).clone()),
            _ => None,
        };
        reports.entry(document.clone()).or_default().push(ObjectReport {
            kind,
            name: name.to_owned(),
            region: region.cloned(),
            account,
            accounts: accounts.len(),
            sha256,
        });
    }
    reports
}

/// Can an auditor look it up, and does it say something of a guardrail? Who a person's user is, and whom AWS
/// writes to, is nobody's business here.
fn is_evidence(kind: ObjectKind) -> bool {
    match kind {
        ObjectKind::Role
        | ObjectKind::Trail
        | ObjectKind::StackSet
        | ObjectKind::PasswordPolicy
        | ObjectKind::SamlProvider
        | ObjectKind::EventRule
        | ObjectKind::Bucket
        | ObjectKind::KmsKey => true,
        ObjectKind::Region
        | ObjectKind::AlternateContact
        | ObjectKind::User
        | ObjectKind::OidcProvider
        | ObjectKind::RootFeature
        | ObjectKind::RootCredentials => false,
    }
}

fn is_of(rule: &ObjectRule, key: &ObjectKey) -> bool {
    let is_there = match &rule.spread {
        Spread::Account(account) => *account == key.account,
        Spread::Below { .. } => true,
    };
    let is_named = (rule.kind, &rule.name, &rule.region) == (key.kind, &key.name, &key.region);
    is_there && is_named
}

/// Of what somebody decides: how deliveries and deployments go changes by itself.
fn sha256(state: &ObjectState) -> String {
    let mut state = state.clone();
    match &mut state {
        ObjectState::Trail(trail) => trail.delivery = None,
        ObjectState::StackSet(set) => set.deployed = None,
        ObjectState::Role(_)
        | ObjectState::Region(_)
        | ObjectState::AlternateContact(_)
        | ObjectState::User(_)
        | ObjectState::PasswordPolicy(_)
        | ObjectState::SamlProvider(_)
        | ObjectState::EventRule(_)
        | ObjectState::RootFeature(_)
        | ObjectState::RootCredentials(_)
        | ObjectState::Bucket(_)
        | ObjectState::KmsKey(_) => {}
    }
    hex(&Sha256::digest(serde_json::to_string(&state).unwrap_or_default()))
}
