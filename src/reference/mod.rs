//! What AWS's services, actions, condition keys and Regions are called, as dated data. Pure.
//!
//! The names are those of `aws.gz`, which `tests/reference/generate.mjs` makes; they are in the program and read
//! when first asked for. AWS adds names every day, so that a name that is not here is worth a warning
//! and never an error: [`date`] says how old the answer is. [`global_services`] is a list of its own, with its own date. Knows nothing of policy documents.

mod global_services;
mod key;
mod text;

use std::cmp::Ordering;
use std::sync::LazyLock;

pub use crate::reference::global_services::{GlobalServices, global_services};
pub use crate::reference::key::{ConditionKey, KeyType};

use crate::policy::Request;
use crate::policy::WildcardPattern;
use crate::reference::key::template_matches;
use crate::reference::text::Text;

static TEXT: LazyLock<Text> = LazyLock::new(Text::read);

/// A service by its prefix.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// The prefix of its actions: `s3`.
    pub prefix: String,
    /// Do resource control policies bind its resources?
    pub supports_rcp: bool,
    /// Its condition keys and those global ones it gives only some actions.
    pub(crate) keys: Vec<ConditionKey>,
    /// Places in `keys`, shared by actions.
    pub(crate) sets: Vec<Vec<usize>>,
    /// Sorted without regard to case.
    pub(crate) actions: Vec<Action>,
}

/// An action of a service.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name after the prefix, as AWS spells it: `GetObject`.
    pub name: String,
    /// Does it act on resources that a policy can name, rather than on `*` only?
    pub has_resources: bool,
    pub(crate) set: usize,
}

/// A Region.
#[derive(Debug, PartialEq, Eq)]
pub struct Region {
    /// Its name: `eu-west-1`.
    pub name: String,
    /// Its partition: `aws`.
    pub partition: String,
    /// Is it disabled in an account until somebody enables it?
    pub is_opt_in: bool,
}

/// The day (UTC) of the data, as `2026-11-30`.
pub fn date() -> &'static str {
    &TEXT.date
}

/// Every Region, partition by partition.
pub fn regions() -> &'static [Region] {
    &TEXT.regions
}

/// The Region with this name.
pub fn region(name: &str) -> Option<&'static Region> {
    TEXT.regions.iter().find(|region| region.name == name)
}

/// The keys that every request may carry, and the tags.
pub fn global_keys() -> &'static [ConditionKey] {
    &TEXT.global_keys
}

/// Every service, in the order of their prefixes.
pub fn services() -> &'static [Service] {
    &TEXT.services
}

/// The service with this prefix, in any case.
pub fn service(prefix: &str) -> Option<&'static Service> {
    let found = TEXT.services.binary_search_by(|service| folded(&service.prefix, prefix));
    found.ok().map(|at| &TEXT.services[at])
}

/// The action `service:Name`, in any case.
pub fn action(text: &str) -> Option<(&'static Service, &'static Action)> {
    let (prefix, name) = text.split_once(':')?;
    let service = service(prefix)?;
    Some((service, service.action(name)?))
}

/// The request on `resource`: `*` stands for every resource, and for none where the action is known to have none.
pub fn on(request: Request, resource: &str) -> Request {
    let (service_prefix, name) = request.action();
    let known = service(service_prefix).and_then(|service| service.action(name));
    match known {
        Some(action) if resource == "*" && !action.has_resources => request.on_none(),
        Some(_) | None => request.on(resource),
    }
}

/// The actions that `service:Na*e` stands for, each as `service:Name`; all there are for `*`. A
/// pattern without wildcards stands for the one action of that name, if it is known.
pub fn expand(pattern: &str) -> Vec<String> {
    let named = |service: &Service, action: &Action| format!("{}:{}", service.prefix, action.name);
    if pattern == "*" {
        let of = |service: &'static Service| {
            service.actions.iter().map(move |action| named(service, action))
        };
        return services().iter().flat_map(of).collect();
    }
    let Some((prefix, name)) = pattern.split_once(':') else { return Vec::new() };
    let Some(service) = service(prefix) else { return Vec::new() };
    service.matching(name).map(|action| named(service, action)).collect()
}

/// The condition key with this name, in any case: a global one, one of a service, or one such as
/// `aws:RequestTag/team` whose last part is free.
pub fn condition_key(name: &str) -> Option<&'static ConditionKey> {
    let global = TEXT.global_keys.iter().find(|key| template_matches(&key.name, name));
    // Keys of one service may come with actions of another, and `saml:aud` is one of `sts`.
    global.or_else(|| {
        let own = name.split_once(':').and_then(|(prefix, _)| service(prefix));
        own.and_then(|service| service.key(name))
            .or_else(|| TEXT.services.iter().find_map(|service| service.key(name)))
    })
}

impl Service {
    /// Every action, sorted without regard to case.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The action with this name, in any case.
    pub fn action(&self, name: &str) -> Option<&Action> {
        let found = self.actions.binary_search_by(|action| folded(&action.name, name));
        found.ok().map(|at| &self.actions[at])
    }

    /// The actions whose name matches `pattern`, in any case.
    pub fn matching(&self, pattern: &str) -> impl Iterator<Item = &Action> {
        let pattern = WildcardPattern::new(&pattern.to_ascii_lowercase());
        let matches = move |action: &&Action| pattern.matches(&action.name.to_ascii_lowercase());
        self.actions.iter().filter(matches)
    }

    /// Its condition keys.
    pub fn keys(&self) -> &[ConditionKey] {
        &self.keys
    }

    /// The service's condition key with this name.
    pub fn key(&self, name: &str) -> Option<&ConditionKey> {
        self.keys.iter().find(|key| template_matches(&key.name, name))
    }

    /// May a request for `action` carry the condition key `name`? Asks what the service says of the
    /// action; global keys that every request may carry are not in it.
    pub fn gives(&self, action: &Action, name: &str) -> bool {
        let mut keys = self.sets.get(action.set).into_iter().flatten();
        keys.any(|at| self.keys.get(*at).is_some_and(|key| template_matches(&key.name, name)))
    }
}

/// Does the key come with some actions only, so that [`Service::gives`] must be asked? Every request
/// may carry the global keys, except for the tags, which only some actions take or have.
pub fn is_by_action(key: &str) -> bool {
    let is_global = TEXT.global_keys.iter().any(|global| template_matches(&global.name, key));
    let tags = ["aws:RequestTag/${TagKey}", "aws:ResourceTag/${TagKey}", "aws:TagKeys"];
    !is_global || tags.iter().any(|tag| template_matches(tag, key))
}

/// Compares names without regard to case, as the data is sorted.
fn folded(one: &str, other: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    one.bytes().map(lower).cmp(other.bytes().map(lower))
}

#[cfg(test)]
mod tests;
