//! Which policies bind an account, and where each of their statements comes from. Pure.
//!
//! ```text
//!  Resources ───┐                                  ┌─ bindings(principal, resource) ─► Hierarchy
//!               ├─► Effective ─ attach, move, … ─► ┤
//!  OrgSnapshot ─┘   (cheap to clone)               └─ origin(statement) ─► document, file:line
//! ```
//!
//! Every question about a call is asked here: of desired state, of the organization as it is, and
//! of every step between the two. It knows nothing of plans: whoever has one steps through it with
//! the changes of [`Effective`]. What was not observed makes an answer unknown and never allowed.

mod answer;
mod change;
mod desired;
mod observed;
mod origin;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use crate::compile::DesiredTarget;
pub use crate::effective::answer::{Answer, Bindings, Unseen};
pub use crate::effective::change::{NewPolicy, control_type, default_policy};
pub use crate::effective::origin::{Origin, Writing};

use crate::org::{AccountId, OrganizationId, OuPath, PolicyId};
use crate::policy::{AttachedPolicy, ControlType, Document, Hierarchy, Level, Request};

/// The policy types that decide requests.
const CONTROL_TYPES: [ControlType; 2] = [ControlType::ServiceControl, ControlType::ResourceControl];

/// The control policies of an organization: where accounts lie, and what is attached to what.
///
/// A clone shares everything with the original until one of them changes, and then copies only the
/// part that does.
#[derive(Debug, Clone)]
pub struct Effective {
    organization_id: Option<OrganizationId>,
    management_account: Option<AccountId>,
    places: Arc<Places>,
    policies: Arc<Policies>,
    attached: Arc<BTreeMap<DesiredTarget, BTreeSet<PolicyIndex>>>,
    /// Types that are not switched on bind nobody.
    enabled: BTreeSet<ControlType>,
    /// What is not known and concerns every account.
    unseen: Arc<Vec<Unseen>>,
}

/// A policy of an [`Effective`]; stays the same when it is renamed. An index of one is good for its
/// clones too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyIndex(u32);

/// Where accounts lie.
#[derive(Debug, Clone)]
struct Places {
    accounts: BTreeMap<AccountId, OuPath>,
    names: BTreeMap<AccountId, String>,
    /// Every OU; the root is not in it.
    units: BTreeSet<OuPath>,
    outsiders: Outsiders,
}

/// What it means that an account is in no OU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outsiders {
    /// Desired state does not say where it lies: it may be anywhere.
    Unplaced,
    /// It is no account of the organization: its principals are bound by no SCP, and its resources
    /// by no RCP.
    Foreign,
}

/// The policies by index, by name and by id.
#[derive(Debug, Clone, Default)]
struct Policies {
    next: u32,
    by_index: BTreeMap<PolicyIndex, Arc<EffectivePolicy>>,
    by_name: BTreeMap<(ControlType, String), PolicyIndex>,
    by_id: BTreeMap<PolicyId, PolicyIndex>,
}

/// A policy.
#[derive(Debug, Clone)]
struct EffectivePolicy {
    policy_type: ControlType,
    name: String,
    /// What it says, or why that is not known.
    document: Result<Arc<Document>, String>,
    /// Does it hold a Deny, or might it?
    may_deny: bool,
    /// The document as text: what people are shown.
    content: Arc<str>,
    writing: Writing,
}

impl Effective {
    /// The policies that bind one account: its principals when they use its own resources.
    pub fn hierarchy(&self, account: &AccountId) -> Bindings {
        self.bindings(Some(account.as_str()), Some(account.as_str()))
    }

    /// The policies that a request meets: the SCPs of the principal's account, if it has one, and
    /// the RCPs of the resource's account.
    ///
    /// A request that does not say whose the resource is has an unknown answer wherever an RCP
    /// denies anything.
    pub fn bindings(&self, principal: Option<&str>, resource: Option<&str>) -> Bindings {
        let mut unseen = self.unseen.to_vec();
        let mut hierarchy = Hierarchy {
            management_account: self.management_account.as_ref().map(ToString::to_string),
            ..Hierarchy::default()
        };
        if let Some(account) = principal {
            hierarchy.service_control =
                self.levels(ControlType::ServiceControl, account, &mut unseen);
        }
        match resource {
            Some(account) => {
                hierarchy.resource_control =
                    self.levels(ControlType::ResourceControl, account, &mut unseen);
            }
            None if self.may_deny(ControlType::ResourceControl) => unseen.push(Unseen {
                policy_type: ControlType::ResourceControl,
                key: Some("aws:ResourceAccount".to_owned()),
                reason: "the request does not say whose account the resource is in".to_owned(),
            }),
            None => {}
        }
        Bindings { hierarchy, unseen }
    }

    /// The request with the organization of its accounts, as far as they are known to be in this one
    /// and the request does not say otherwise: `aws:PrincipalOrgID`, `aws:ResourceOrgID`.
    #[must_use]
    pub fn with_organization(&self, mut request: Request) -> Request {
        let id_of = |account: Option<&str>| {
            let account: AccountId = account?.parse().ok()?;
            let is_member = self.places.accounts.contains_key(&account);
            self.organization_id.as_ref().filter(|_| is_member).map(ToString::to_string)
        };
        let principal = id_of(request.principal_account());
        let resource = id_of(request.resource_account());
        for (key, id) in [("aws:PrincipalOrgID", principal), ("aws:ResourceOrgID", resource)] {
            if let Some(id) = id.filter(|_| !request.tells(key)) {
                request = request.with(key, [id]);
            }
        }
        request
    }

    /// Is the type switched on?
    pub fn is_enabled(&self, policy_type: ControlType) -> bool {
        self.enabled.contains(&policy_type)
    }

    /// Every account whose place is known.
    pub fn accounts(&self) -> impl Iterator<Item = (&AccountId, &OuPath)> {
        self.places.accounts.iter()
    }

    /// The account that people call `name`, which may be its id: nothing when there is none.
    pub fn account(&self, name: &str) -> Option<AccountId> {
        let named = self.places.names.iter().find(|(_, known)| *known == name);
        named.map(|(id, _)| id.clone()).or_else(|| name.parse().ok())
    }

    /// Every name of an account.
    pub fn account_names(&self) -> impl Iterator<Item = &str> {
        self.places.names.values().map(String::as_str)
    }

    /// What people call an account, if it has a name.
    pub fn account_name(&self, account: &AccountId) -> Option<&str> {
        self.places.names.get(account).map(String::as_str)
    }

    /// Does a document of this type that is attached somewhere deny anything?
    fn may_deny(&self, policy_type: ControlType) -> bool {
        let policies = self.policies.by_index.values();
        self.is_enabled(policy_type)
            && policies
                .into_iter()
                .any(|policy| policy.policy_type == policy_type && policy.may_deny)
    }

    fn levels(
        &self,
        policy_type: ControlType,
        account: &str,
        unseen: &mut Vec<Unseen>,
    ) -> Vec<Level> {
        let id = account.parse::<AccountId>().ok();
        let path = id.as_ref().and_then(|id| self.places.accounts.get(id));
        let (Some(id), Some(path)) = (id.as_ref(), path) else {
            let is_free = self.places.outsiders == Outsiders::Foreign
                || !self.is_enabled(policy_type)
                || self.management_account.as_ref().is_some_and(|id| id.as_str() == account);
            if !is_free {
                let reason = format!("desired state does not say where account {account} lies");
                unseen.push(Unseen { policy_type, key: None, reason });
            }
            return Vec::new();
        };
        if !self.is_enabled(policy_type) {
            return Vec::new();
        }
        let units =
            lineage(path).into_iter().map(|unit| (unit.to_string(), DesiredTarget::Unit(unit)));
        let account = (
            format!("account:{}", self.account_name(id).unwrap_or(id.as_str())),
            DesiredTarget::Account(id.clone()),
        );
        let places = units.chain([account]);
        places.map(|(name, target)| self.level(policy_type, name, &target, unseen)).collect()
    }

    fn level(
        &self,
        policy_type: ControlType,
        name: String,
        target: &DesiredTarget,
        unseen: &mut Vec<Unseen>,
    ) -> Level {
        let attached = self.attached.get(target).into_iter().flatten();
        let mut policies = Vec::new();
        for index in attached {
            let Some(policy) = self.policies.by_index.get(index) else { continue };
            match &policy.document {
                _ if policy.policy_type != policy_type => {}
                Ok(document) => policies.push(AttachedPolicy {
                    name: policy.name.clone(),
                    document: Arc::clone(document),
                }),
                Err(why) => unseen.push(Unseen {
                    policy_type,
                    key: None,
                    reason: format!("what `{}` on {name} says is not known: {why}", policy.name),
                }),
            }
        }
        Level { name, policies }
    }
}

/// The root and every OU down to `path`.
fn lineage(path: &OuPath) -> Vec<OuPath> {
    let mut lineage = vec![OuPath::root()];
    let mut at = OuPath::root();
    for name in path.names() {
        at = at.child(name);
        lineage.push(at.clone());
    }
    lineage
}
