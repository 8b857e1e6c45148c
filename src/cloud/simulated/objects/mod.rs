//! Objects in accounts: a map, in which each kind changes by its own rules. Knows nothing of who may.
//!
//! Reading an object takes one request here and not several as in AWS: what an object is made of changes
//! under a lagging read all the same, because every request may see another past.

mod bucket;
mod event_rule;
mod kms_key;
mod oidc_provider;
mod password_policy;
mod region;
mod role;
mod saml_provider;
mod trail;
mod user;

use std::collections::BTreeMap;

use serde_json::Value;

pub(super) use crate::cloud::simulated::objects::region::Regions;
use crate::cloud::simulated::pages::Pager;
use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::cloud::simulated::stacks;
use crate::cloud::simulated::world::World;
use crate::cloud::{PageToken, Reading, Reply};
use crate::org::{
    AccountState, ContactStep, ListedObject, ObjectKey, ObjectKind, ObjectQuery, ObjectState,
    ObjectStep, Part, RootCredentialsState, RootFeatureState,
};

impl World {
    /// Every object in every account.
    pub fn objects(&self) -> &BTreeMap<ObjectKey, ObjectState> {
        &self.objects
    }

    /// Puts an object where it is wanted, or takes it away: what no palisade would do.
    pub fn set_object(&mut self, key: &ObjectKey, state: Option<ObjectState>) {
        match state {
            Some(state) => self.objects.insert(key.clone(), state),
            None => self.objects.remove(key),
        };
    }

    pub(super) fn read_object(&self, key: &ObjectKey) -> Result<Reply, Refusal> {
        self.expect_open(key)?;
        self.expect_trusted(key)?;
        let found = self.region(key).or_else(|| self.objects.get(key).cloned());
        let found = found.or_else(|| unset(key));
        let found = found.map(|state| self.delivering(state));
        Ok(Reply::Reading(Box::new(found.map_or_else(Reading::nothing, Reading::whole))))
    }

    pub(super) fn list_objects(
        &self,
        query: &ObjectQuery,
        page: &PageToken,
        pager: Pager,
    ) -> Result<Reply, Refusal> {
        let name = format!("ListObjects {}", String::from(query.clone()));
        if query.kind == ObjectKind::Region {
            return self.list_regions(query, page, pager);
        }
        if query.kind == ObjectKind::OidcProvider {
            return self.list_oidc_providers(query, page, pager);
        }
        let objects = self.objects.iter().filter(|(key, _)| is_in(query, key));
        let items = objects.map(|(key, state)| (key.name.as_str(), (key, state)));
        pager.page(&name, items, page, |(key, state)| listed(key, state)).map(Reply::Objects)
    }

    pub(super) fn write_object(
        &mut self,
        key: &ObjectKey,
        step: &ObjectStep,
    ) -> Result<Reply, Refusal> {
        self.expect_open(key)?;
        self.expect_trusted(key)?;
        if let ObjectStep::StackSet(step) = step {
            return stacks::write(self, key, step);
        }
        if let ObjectStep::Region(step) = step {
            return self.change_region(key, step);
        }
        let before = self.objects.remove(key);
        let changed = self.changed(key, before.clone(), step);
        let (after, answer) = match changed {
            Ok(after) => (after, Ok(Reply::Done)),
            Err(refusal) => (before, Err(refusal)),
        };
        if let Some(after) = after {
            self.objects.insert(key.clone(), after);
        }
        answer
    }

    /// What an object is after `step`. A key says its kind, so that the two are always of one.
    fn changed(
        &self,
        key: &ObjectKey,
        before: Option<ObjectState>,
        step: &ObjectStep,
    ) -> Result<Option<ObjectState>, Refusal> {
        macro_rules! of_kind {
            ($kind:ident) => {
                match before {
                    Some(ObjectState::$kind(state)) => Some(state),
                    Some(_) | None => None,
                }
            };
        }
        match step {
            ObjectStep::Role(step) => {
                role::change(of_kind!(Role), step).map(|after| after.map(ObjectState::Role))
            }
            ObjectStep::StackSet(_) | ObjectStep::Region(_) => Ok(before),
            ObjectStep::Trail(step) => {
                let changed = trail::change(self, key, of_kind!(Trail), step);
                changed.map(|after| after.map(ObjectState::Trail))
            }
            ObjectStep::RootFeature(step) => Ok(Some(ObjectState::RootFeature(step.after()))),
            ObjectStep::AlternateContact(ContactStep::Put { contact }) => {
                Ok(Some(ObjectState::AlternateContact(contact.clone())))
            }
            ObjectStep::User(step) => {
                user::change(of_kind!(User), step).map(|after| after.map(ObjectState::User))
            }
            ObjectStep::PasswordPolicy(step) => {
                let changed = password_policy::change(of_kind!(PasswordPolicy).as_ref(), step);
                changed.map(|after| after.map(ObjectState::PasswordPolicy))
            }
            ObjectStep::SamlProvider(step) => {
                let changed = saml_provider::change(of_kind!(SamlProvider), step);
                changed.map(|after| after.map(ObjectState::SamlProvider))
            }
            ObjectStep::EventRule(step) => {
                let changed = event_rule::change(of_kind!(EventRule), step);
                changed.map(|after| after.map(ObjectState::EventRule))
            }
            ObjectStep::Bucket(step) => {
                bucket::change(of_kind!(Bucket), step).map(|after| after.map(ObjectState::Bucket))
            }
            ObjectStep::KmsKey(step) => {
                kms_key::change(of_kind!(KmsKey), step).map(|after| after.map(ObjectState::KmsKey))
            }
        }
    }

    /// The listing of every kind and place that holds something.
    pub(super) fn listings(&self) -> BTreeMap<ObjectQuery, Part<Vec<ListedObject>>> {
        let mut listings: BTreeMap<ObjectQuery, Vec<ListedObject>> = BTreeMap::new();
        let listable = self.objects.iter().filter(|(key, _)| key.kind.is_listed());
        for (key, state) in listable {
            let ObjectKey { account, region, kind, name: _ } = key.clone();
            let query = ObjectQuery { account, region, kind };
            listings.entry(query).or_default().push(listed(key, state));
        }
        listings.extend(self.region_listings());
        listings.extend(self.oidc_provider_listings());
        listings.into_iter().map(|(query, listed)| (query, Part::Known(listed))).collect()
    }

    /// The Account API speaks of other accounts only with trusted access ("Enabling trusted access for AWS
    /// Account Management", AWS Organizations User Guide).
    fn expect_trusted(&self, key: &ObjectKey) -> Result<(), Refusal> {
        let is_own = key.account == self.organization.management_account;
        let service = match key.kind {
            ObjectKind::Region | ObjectKind::AlternateContact if !is_own => "account.amazonaws.com",
            ObjectKind::RootFeature => "iam.amazonaws.com",
            ObjectKind::Region
            | ObjectKind::AlternateContact
            | ObjectKind::Role
            | ObjectKind::Trail
            | ObjectKind::Bucket
            | ObjectKind::KmsKey
            | ObjectKind::StackSet
            | ObjectKind::User
            | ObjectKind::PasswordPolicy
            | ObjectKind::SamlProvider
            | ObjectKind::OidcProvider
            | ObjectKind::EventRule
            | ObjectKind::RootCredentials => return Ok(()),
        };
        if self.trusted.contains(service) {
            return Ok(());
        }
        let message = format!("trusted access of {service} is not enabled");
        Err(Code::AccessDeniedException.because(message))
    }

    fn expect_open(&self, key: &ObjectKey) -> Result<(), Refusal> {
        let account = self.tree().accounts.get(&key.account);
        if account.is_some_and(|account| account.state == AccountState::Active) {
            return Ok(());
        }
        let message = format!("account {} is not active in this organization", key.account);
        Err(Code::AccessDeniedException.because(message))
    }
}

fn policy_document(text: &str) -> Result<String, Refusal> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(_)) => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(Code::MalformedPolicyDocument.because("Syntax errors in policy.")),
    }
}

/// What AWS says of objects that are always there and that nobody has touched.
fn unset(key: &ObjectKey) -> Option<ObjectState> {
    match key.kind {
        ObjectKind::RootFeature => {
            let feature = key.name.parse().ok()?;
            Some(ObjectState::RootFeature(RootFeatureState { feature, enabled: false }))
        }
        ObjectKind::RootCredentials => {
            Some(ObjectState::RootCredentials(RootCredentialsState::default()))
        }
        ObjectKind::Role
        | ObjectKind::Trail
        | ObjectKind::Bucket
        | ObjectKind::KmsKey
        | ObjectKind::StackSet
        | ObjectKind::User
        | ObjectKind::PasswordPolicy
        | ObjectKind::SamlProvider
        | ObjectKind::OidcProvider
        | ObjectKind::EventRule
        | ObjectKind::Region
        | ObjectKind::AlternateContact => None,
    }
}

fn is_in(query: &ObjectQuery, key: &ObjectKey) -> bool {
    let ObjectQuery { account, region, kind } = query;
    key.account == *account && key.region == *region && key.kind == *kind
}

fn listed(key: &ObjectKey, state: &ObjectState) -> ListedObject {
    let description = match state {
        ObjectState::Role(role) => role.description.clone(),
        ObjectState::StackSet(set) => set.description.clone(),
        ObjectState::Region(region) => region.status.to_string(),
        ObjectState::EventRule(rule) => rule.description.clone(),
        ObjectState::Trail(_)
        | ObjectState::Bucket(_)
        | ObjectState::KmsKey(_)
        | ObjectState::AlternateContact(_)
        | ObjectState::User(_)
        | ObjectState::SamlProvider(_)
        | ObjectState::PasswordPolicy(_)
        | ObjectState::RootFeature(_)
        | ObjectState::RootCredentials(_) => String::new(),
    };
    ListedObject { key: key.clone(), description }
}
