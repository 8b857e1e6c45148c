//! The policies that a call meets, found once for every pair of accounts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::desired::{Call, Place};
use crate::effective::{Bindings, Effective};
use crate::policy::ControlType;

/// What is known already.
pub(super) struct BindingsCache<'a> {
    effective: &'a Effective,
    known: BTreeMap<(Option<Place>, Place), Bindings>,
}

impl<'a> BindingsCache<'a> {
    /// Nothing is known yet.
    pub(super) fn new(effective: &'a Effective) -> Self {
        Self { effective, known: BTreeMap::new() }
    }

    /// The policies that `call` meets.
    pub(super) fn of(&mut self, call: &Call) -> &Bindings {
        match self.known.entry((call.caller.clone(), call.owner.clone())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                unknown.insert(find(self.effective, call.caller.as_ref(), &call.owner))
            }
        }
    }
}

fn find(effective: &Effective, caller: Option<&Place>, owner: &Place) -> Bindings {
    let mut effective = effective.clone();
    for place in caller.into_iter().chain([owner]) {
        if let Place::Unit(path, id) = place {
            effective.create_account(id, path);
        }
    }
    let principal = caller.and_then(member).map(|place| place.account().as_str());
    let resource = member(owner).map(|place| place.account().as_str());
    let mut bindings = effective.bindings(principal, resource);
    if resource.is_none() {
        // Not unknown: the case says that the resource is none of the organization's.
        bindings.unseen.retain(|unseen| unseen.policy_type != ControlType::ResourceControl);
    }
    bindings
}

/// The place, if it is in the organization: guardrails bind nothing elsewhere.
fn member(place: &Place) -> Option<&Place> {
    match place {
        Place::Account(_) | Place::Unit(..) => Some(place),
        Place::Outside(_) => None,
    }
}
