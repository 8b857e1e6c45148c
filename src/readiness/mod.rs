//! Would emergency access work? Asked of what was observed, without changing anything. Pure.
//!
//! `ready` means that the whole chain holds: every operator can sign in, the roles are what they should be in
//! every account, somebody is told, and no guardrail that is in force denies a step of the way. What could not
//! be seen has not been shown to work.

mod record;
mod way;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::compile::{DesiredBreakGlass, Estate, ObjectResource, Resources, estate};
use crate::org::{
    AccountId, DocumentRef, ObjectKey, ObjectKind, ObjectState, OrgSnapshot, Part, UserState,
};
use crate::plan::is_as_wanted;
use crate::readiness::way::Way;

/// How ready the emergency access of one document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// The document.
    pub document: DocumentRef,
    /// Accounts that it is to reach.
    pub accounts: usize,
    /// Those of them that it reaches.
    pub accounts_ready: usize,
    /// Everything that was looked at.
    pub checks: Vec<Check>,
    /// When an operator last signed in, in seconds since 1970, as far as IAM tells.
    pub last_sign_in: Option<i64>,
}

/// One part of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, in words.
    pub subject: String,
    /// How it is.
    pub verdict: Verdict,
}

/// How a part of the chain is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not, for this reason, and what to do.
    Fails(String),
    /// It could not be seen, for this reason.
    Unknown(String),
}

impl Readiness {
    /// Does every part of the chain hold?
    pub fn is_ready(&self) -> bool {
        self.checks.iter().all(|check| check.verdict == Verdict::Holds)
    }

    /// What does not hold, or could not be seen.
    pub fn lacking(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.verdict != Verdict::Holds)
    }
}

impl Verdict {
    /// Why it does not hold; nothing if it does.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Holds => None,
            Self::Fails(why) | Self::Unknown(why) => Some(why),
        }
    }
}

/// How ready every document's emergency access is at the time `now`. Empty while the tree is not known.
pub fn examine(resources: &Resources, snapshot: &OrgSnapshot, now: Timestamp) -> Vec<Readiness> {
    let Some(tree) = snapshot.tree.known().filter(|_| !resources.break_glass.is_empty()) else {
        return Vec::new();
    };
    let estate = estate(resources, tree, snapshot.partition());
    let way = Way::of(resources, snapshot);
    let examiner = Examiner { snapshot, estate: &estate, way: &way, now };
    resources.break_glass.iter().map(|desired| examiner.examine(desired)).collect()
}

struct Examiner<'a> {
    snapshot: &'a OrgSnapshot,
    estate: &'a Estate,
    way: &'a Way,
    now: Timestamp,
}

impl Examiner<'_> {
    fn examine(&self, desired: &DesiredBreakGlass) -> Readiness {
        let document = &desired.header.document;
        let wanted = self.estate.objects.iter();
        let wanted = wanted.filter(|(_, resource)| resource.document == *document);
        let (home, away): (Vec<_>, Vec<_>) =
            wanted.partition(|(key, _)| key.account == desired.emergency_account);
        let mut checks: Vec<Check> = Vec::new();
        let mut last_sign_in = None;
        for (key, resource) in &home {
            checks.extend(self.object(key, resource));
            if let Some(ObjectState::User(user)) = self.found(key).ok().flatten() {
                last_sign_in = last_sign_in.max(user.sign_in.last);
            }
        }
        if home.is_empty() {
            let subject = format!("account {}", desired.emergency_account);
            let why = "the emergency account is not active in the organization".to_owned();
            checks.push(Check { subject, verdict: Verdict::Fails(why) });
        }
        checks.extend(self.certificate(desired));
        if desired.alerts.is_some() {
            checks.extend(record::check(self.estate, self.snapshot));
        }
        let door = &desired.emergency_role;
        checks.extend(desired.operators.iter().map(|operator| Check {
            subject: format!("the way of {} to {door}", operator.user),
            verdict: self.way.operator(desired, &operator.user, &desired.emergency_account, door),
        }));
        let mut accounts: BTreeMap<&AccountId, Vec<(&ObjectKey, &ObjectResource)>> =
            BTreeMap::new();
        for (key, resource) in away {
            accounts.entry(&key.account).or_default().push((key, resource));
        }
        let by_account: Vec<Check> =
            accounts.iter().map(|(account, roles)| self.account(desired, account, roles)).collect();
        let ready = by_account.iter().filter(|check| check.verdict == Verdict::Holds).count();
        checks.extend(by_account);
        Readiness {
            document: document.clone(),
            accounts: accounts.len(),
            accounts_ready: ready,
            checks,
            last_sign_in,
        }
    }

    /// What was found under a name, or why that is not known.
    fn found(&self, key: &ObjectKey) -> Result<Option<&ObjectState>, String> {
        match self.snapshot.objects.get(key) {
            Some(Part::Known(found)) => Ok(found.as_ref()),
            Some(Part::Unknown(why)) => Err(why.to_string()),
            None => Err("it was not read".to_owned()),
        }
    }

    fn state(&self, key: &ObjectKey, resource: &ObjectResource) -> Verdict {
        match self.found(key) {
            Err(why) => Verdict::Unknown(why),
            Ok(None) => Verdict::Fails("it does not exist; `palisade plan` shows it".to_owned()),
            Ok(found) if is_as_wanted(found, &resource.state) => Verdict::Holds,
            Ok(Some(_)) => {
                Verdict::Fails("it is not as declared; `palisade plan` shows it".to_owned())
            }
        }
    }

    /// An object of the emergency account, and of a person how they sign in.
    fn object(&self, key: &ObjectKey, resource: &ObjectResource) -> Vec<Check> {
        let subject = match key.kind {
            ObjectKind::User => format!("operator {}", key.name),
            ObjectKind::Role
            | ObjectKind::PasswordPolicy
            | ObjectKind::SamlProvider
            | ObjectKind::OidcProvider
            | ObjectKind::EventRule
            | ObjectKind::Trail
            | ObjectKind::Bucket
            | ObjectKind::KmsKey
            | ObjectKind::StackSet
            | ObjectKind::Region
            | ObjectKind::AlternateContact
            | ObjectKind::RootFeature
            | ObjectKind::RootCredentials => key.to_string(),
        };
        let check = |verdict| Check { subject: subject.clone(), verdict };
        let state = self.state(key, resource);
        let is_there = state == Verdict::Holds;
        let mut checks = vec![check(state)];
        match self.found(key) {
            Ok(Some(ObjectState::User(user))) => {
                checks.extend(sign_in(user).into_iter().map(|why| check(Verdict::Fails(why))));
            }
            Ok(Some(ObjectState::SamlProvider(provider))) => {
                let ends = provider.valid_until.filter(|ends| *ends <= self.now.as_second());
                checks.extend(ends.filter(|_| is_there).map(|_| {
                    let why = "its metadata has expired: commit what the identity provider gives out today";
                    check(Verdict::Fails(why.to_owned()))
                }));
            }
            Ok(_) | Err(_) => {}
        }
        checks
    }

    /// What ends although nobody changes anything.
    fn certificate(&self, desired: &DesiredBreakGlass) -> Option<Check> {
        let saml = desired.saml.as_ref()?;
        let verdict = if saml.certificate_ends? > self.now {
            Verdict::Holds
        } else {
            Verdict::Fails(
                "it has ended: commit what the identity provider gives out today".to_owned(),
            )
        };
        Some(Check { subject: format!("the certificate of {}", saml.provider), verdict })
    }

    /// All roles of one account, and the ways to them: the first thing that does not hold.
    fn account(
        &self,
        desired: &DesiredBreakGlass,
        account: &AccountId,
        roles: &[(&ObjectKey, &ObjectResource)],
    ) -> Check {
        let subject = format!("account {account}");
        let names: BTreeSet<&str> = roles.iter().map(|(key, _)| key.name.as_str()).collect();
        let states = roles.iter().map(|(key, resource)| (&key.name, self.state(key, resource)));
        let wrong = states.map(|(name, state)| named(name, state));
        let ways = names.iter().map(|name| named(name, self.way.to(desired, account, name)));
        let verdict = wrong.chain(ways).find(|verdict| *verdict != Verdict::Holds);
        Check { subject, verdict: verdict.unwrap_or(Verdict::Holds) }
    }
}

/// Why a person cannot sign in, one reason a line.
fn sign_in(user: &UserState) -> Vec<String> {
    let mut lacking = Vec::new();
    if !user.sign_in.has_password {
        lacking.push(
            "no console password yet: an administrator of the emergency account sets one, to be changed at the first sign-in"
                .to_owned(),
        );
    }
    if user.sign_in.mfa_devices.is_empty() {
        lacking.push("no MFA device: the roles trust nobody without one".to_owned());
    }
    lacking
}

fn named(name: &str, verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Holds => Verdict::Holds,
        Verdict::Fails(why) => Verdict::Fails(format!("{name}: {why}")),
        Verdict::Unknown(why) => Verdict::Unknown(format!("{name}: {why}")),
    }
}
