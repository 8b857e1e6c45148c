//! Somebody with a console and no patience: does one bad thing at a time and says what it was.

use std::collections::BTreeMap;
use std::fmt;

use strum::IntoEnumIterator;

use crate::cloud::Call;
use crate::cloud::simulated::SimulatedCloud;
use crate::cloud::simulated::tampering::{Deed, Tampering};
use crate::cloud::simulated::world::{StoredPolicy, World};
use crate::org::{AccountId, ParentId, PolicyId, PolicyType, PolicyTypeStatus, TargetId};

/// What the names of the policies that a vandal creates begin with; nobody else's do.
pub const FOREIGN_PREFIX: &str = "temporary-";

const WEAK_SCP: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Temporary","Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}]}"#;
const WEAK_RCP: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Temporary","Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"*"}]}"#;

/// One bad thing that was done.
#[expect(missing_docs, reason = "the fields are what it was done to")]
#[derive(Debug, Clone, PartialEq, Eq, strum::EnumDiscriminants)]
#[strum_discriminants(
    name(MischiefKind),
    derive(PartialOrd, Ord, strum::EnumIter),
    doc = "A kind of bad thing; see [`Mischief`]."
)]
pub enum Mischief {
    /// Takes a policy off a target.
    DetachPolicy { policy: PolicyId, name: String, target: TargetId },
    /// Replaces what a policy says by next to nothing.
    EditPolicy { policy: PolicyId, name: String },
    /// Gives a policy another name.
    RenamePolicy { policy: PolicyId, before: String, after: String },
    /// Takes a policy off everything and deletes it.
    DeletePolicy { policy: PolicyId, name: String },
    /// Puts an account elsewhere.
    MoveAccount { account: AccountId, from: ParentId, to: ParentId },
    /// Switches a policy type off, which detaches every policy of the type.
    DisablePolicyType { policy_type: PolicyType },
    /// Creates a policy that nobody asked for.
    CreateForeignPolicy { policy_type: PolicyType, name: String },
    /// Attaches such a policy.
    AttachForeign { policy: PolicyId, name: String, target: TargetId },
    /// Ends a service's trusted access, and with it the work of its administrators.
    RemoveTrustedService { service: String },
    /// Ends an account's administration of a service.
    RemoveAdministrator { service: String, account: AccountId },
}

/// A seeded person who must not be let near the console.
pub struct Vandal {
    cloud: SimulatedCloud,
    generator: fastrand::Rng,
    foreign: u32,
}

impl Vandal {
    /// A person with the management account's `role` who acts on `cloud`, past every fault.
    pub fn new(cloud: &SimulatedCloud, role: &str, seed: u64) -> Self {
        let account = cloud.inspect(|world| world.organization().management_account.clone());
        let generator = fastrand::Rng::with_seed(seed);
        Self { cloud: cloud.as_caller(account, role), generator, foreign: 0 }
    }

    /// The principal, as the history names it.
    pub fn who(&self) -> &str {
        &self.cloud.who().arn
    }

    /// Does one bad thing of any kind; nothing when there is nothing left to break.
    pub fn strike(&mut self) -> Option<Mischief> {
        let kinds: Vec<MischiefKind> = MischiefKind::iter().collect();
        self.strike_with(&kinds)
    }

    /// Does one bad thing of one of `kinds`; nothing when none of them can be done.
    pub fn strike_with(&mut self, kinds: &[MischiefKind]) -> Option<Mischief> {
        let mut kinds = kinds.to_vec();
        self.generator.shuffle(&mut kinds);
        kinds.into_iter().find_map(|kind| self.attempt(kind))
    }

    /// Does one of `deeds` to one object; nothing when none of them can be done.
    pub fn tamper(&mut self, deeds: &[Deed]) -> Option<Tampering> {
        let mut deeds = deeds.to_vec();
        self.generator.shuffle(&mut deeds);
        deeds.into_iter().find_map(|deed| {
            let victims = self.cloud.inspect(|world| deed.victims(world));
            let object = self.generator.choice(victims)?;
            self.cloud.meddle(|world| deed.befall(world, &object));
            Some(Tampering { object, deed })
        })
    }

    fn attempt(&mut self, kind: MischiefKind) -> Option<Mischief> {
        match kind {
            MischiefKind::DetachPolicy => self.first(attachments, Self::detach_policy),
            MischiefKind::EditPolicy => self.first(strong_policies, Self::edit_policy),
            MischiefKind::RenamePolicy => self.first(own_policies, Self::rename_policy),
            MischiefKind::DeletePolicy => self.first(dispensable_policies, Self::delete_policy),
            MischiefKind::MoveAccount => self.first(moves, Self::move_account),
            MischiefKind::DisablePolicyType => self.first(enabled_types, Self::disable_type),
            MischiefKind::CreateForeignPolicy => self.first(enabled_types, Self::create_foreign),
            MischiefKind::AttachForeign => self.first(foreign_attachments, Self::attach_foreign),
            MischiefKind::RemoveTrustedService => self.first(services, Self::remove_service),
            MischiefKind::RemoveAdministrator => {
                self.first(administrators, Self::remove_administrator)
            }
        }
    }

    /// Tries the deed on one victim after the other, in any order, until AWS lets it through.
    fn first<T>(
        &mut self,
        victims: fn(&World) -> Vec<T>,
        deed: fn(&mut Self, T) -> Option<Mischief>,
    ) -> Option<Mischief> {
        let mut victims = self.cloud.inspect(victims);
        self.generator.shuffle(&mut victims);
        victims.into_iter().find_map(|victim| deed(self, victim))
    }

    fn detach_policy(&mut self, victim: Attachment) -> Option<Mischief> {
        let Attachment { policy, name, target } = victim;
        self.order(Call::DetachPolicy { policy: policy.clone(), target: target.clone() })?;
        Some(Mischief::DetachPolicy { policy, name, target })
    }

    fn edit_policy(&mut self, victim: Victim) -> Option<Mischief> {
        let (policy, StoredPolicy { name, policy_type, .. }) = victim;
        let content = Some(weak(&policy_type).to_owned());
        let call =
            Call::UpdatePolicy { policy: policy.clone(), name: None, description: None, content };
        self.order(call)?;
        Some(Mischief::EditPolicy { policy, name })
    }

    fn rename_policy(&mut self, victim: Victim) -> Option<Mischief> {
        let (policy, StoredPolicy { name: before, .. }) = victim;
        let after = format!("{before}-old");
        let name = Some(after.clone());
        let call =
            Call::UpdatePolicy { policy: policy.clone(), name, description: None, content: None };
        self.order(call)?;
        Some(Mischief::RenamePolicy { policy, before, after })
    }

    fn delete_policy(&mut self, victim: Victim) -> Option<Mischief> {
        let (policy, StoredPolicy { name, targets, .. }) = victim;
        for target in targets {
            self.order(Call::DetachPolicy { policy: policy.clone(), target })?;
        }
        self.order(Call::DeletePolicy { policy: policy.clone() })?;
        Some(Mischief::DeletePolicy { policy, name })
    }

    fn move_account(&mut self, victim: (AccountId, ParentId, ParentId)) -> Option<Mischief> {
        let (account, from, to) = victim;
        let (moved, left, reached) = (account.clone(), from.clone(), to.clone());
        self.order(Call::MoveAccount { account: moved, from: left, to: reached })?;
        Some(Mischief::MoveAccount { account, from, to })
    }

    fn disable_type(&mut self, policy_type: PolicyType) -> Option<Mischief> {
        let root = self.cloud.inspect(|world| world.tree().root.clone());
        self.order(Call::DisablePolicyType { root, policy_type: policy_type.clone() })?;
        Some(Mischief::DisablePolicyType { policy_type })
    }

    fn create_foreign(&mut self, policy_type: PolicyType) -> Option<Mischief> {
        self.foreign += 1;
        let name = format!("{FOREIGN_PREFIX}{}", self.foreign);
        self.order(Call::CreatePolicy {
            policy_type: policy_type.clone(),
            name: name.clone(),
            description: "to be removed after the incident".to_owned(),
            content: weak(&policy_type).to_owned(),
            tags: BTreeMap::new(),
        })?;
        Some(Mischief::CreateForeignPolicy { policy_type, name })
    }

    fn attach_foreign(&mut self, victim: Attachment) -> Option<Mischief> {
        let Attachment { policy, name, target } = victim;
        self.order(Call::AttachPolicy { policy: policy.clone(), target: target.clone() })?;
        Some(Mischief::AttachForeign { policy, name, target })
    }

    fn remove_service(&mut self, service: String) -> Option<Mischief> {
        let removed = self.cloud.meddle(|world| world.remove_trusted_service(&service));
        removed.then_some(Mischief::RemoveTrustedService { service })
    }

    fn remove_administrator(&mut self, victim: (String, AccountId)) -> Option<Mischief> {
        let (service, account) = victim;
        let (dismissed, of) = (account.clone(), service.clone());
        self.order(Call::DeregisterDelegatedAdministrator { account: dismissed, service: of })?;
        Some(Mischief::RemoveAdministrator { service, account })
    }

    fn order(&self, call: Call) -> Option<()> {
        self.cloud.act(call).ok().map(drop)
    }
}

// === What can be hurt ===

type Victim = (PolicyId, StoredPolicy);

struct Attachment {
    policy: PolicyId,
    name: String,
    target: TargetId,
}

/// The policies that somebody relies on: not AWS's, not a vandal's.
fn own_policies(world: &World) -> Vec<Victim> {
    let own =
        |policy: &StoredPolicy| !policy.aws_managed && !policy.name.starts_with(FOREIGN_PREFIX);
    let policies = world.policies().iter().filter(|(_, policy)| own(policy));
    policies.map(|(id, policy)| (id.clone(), policy.clone())).collect()
}

fn strong_policies(world: &World) -> Vec<Victim> {
    let mut policies = own_policies(world);
    policies.retain(|(_, policy)| policy.content != weak(&policy.policy_type));
    policies
}

/// The policies that can be taken off all their targets: nowhere the last SCP.
fn dispensable_policies(world: &World) -> Vec<Victim> {
    let mut policies = own_policies(world);
    policies.retain(|(_, policy)| {
        !policy.policy_type.needs_one_attached()
            || policy
                .targets
                .iter()
                .all(|target| world.attached(target, &policy.policy_type).count() > 1)
    });
    policies
}

fn attachments(world: &World) -> Vec<Attachment> {
    let attachments = own_policies(world).into_iter().flat_map(|(policy, stored)| {
        stored.targets.into_iter().map(move |target| Attachment {
            policy: policy.clone(),
            name: stored.name.clone(),
            target,
        })
    });
    attachments.collect()
}

/// Every place where a policy of a vandal could be attached and is not.
fn foreign_attachments(world: &World) -> Vec<Attachment> {
    let policies = world.policies().iter();
    let foreign = policies.filter(|(_, policy)| policy.name.starts_with(FOREIGN_PREFIX));
    let attachments = foreign.flat_map(|(id, policy)| {
        let free = world.all_targets().filter(|target| !policy.targets.contains(target));
        free.map(|target| Attachment { policy: id.clone(), name: policy.name.clone(), target })
    });
    attachments.collect()
}

fn moves(world: &World) -> Vec<(AccountId, ParentId, ParentId)> {
    let tree = world.tree();
    let root = ParentId::Root(tree.root.clone());
    let places: Vec<ParentId> =
        tree.units.keys().cloned().map(ParentId::Ou).chain([root]).collect();
    let management = &world.organization().management_account;
    let accounts = tree.accounts.iter().filter(|(id, _)| *id != management);
    let moves = accounts.flat_map(|(id, account)| {
        let elsewhere = places.iter().filter(|place| **place != account.parent);
        elsewhere.map(|place| (id.clone(), account.parent.clone(), place.clone()))
    });
    moves.collect()
}

fn enabled_types(world: &World) -> Vec<PolicyType> {
    let types = world.root().policy_types.into_iter();
    types
        .filter(|(_, status)| *status == PolicyTypeStatus::Enabled)
        .map(|(policy_type, _)| policy_type)
        .collect()
}

fn services(world: &World) -> Vec<String> {
    world.trusted_services().iter().cloned().collect()
}

fn administrators(world: &World) -> Vec<(String, AccountId)> {
    let services = world.administrators().iter();
    services
        .flat_map(|(service, accounts)| {
            accounts.iter().map(|account| (service.clone(), account.clone()))
        })
        .collect()
}

/// A document that says next to nothing.
fn weak(policy_type: &PolicyType) -> &'static str {
    match policy_type.as_str() {
        "SERVICE_CONTROL_POLICY" => WEAK_SCP,
        "RESOURCE_CONTROL_POLICY" => WEAK_RCP,
        _ => "{}",
    }
}

impl fmt::Display for Mischief {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DetachPolicy { policy: _, name, target } => {
                write!(formatter, "detached `{name}` from {target}")
            }
            Self::EditPolicy { policy: _, name } => write!(formatter, "emptied `{name}`"),
            Self::RenamePolicy { policy: _, before, after } => {
                write!(formatter, "renamed `{before}` to `{after}`")
            }
            Self::DeletePolicy { policy: _, name } => write!(formatter, "deleted `{name}`"),
            Self::MoveAccount { account, from, to } => {
                write!(formatter, "moved account {account} from {from} to {to}")
            }
            Self::DisablePolicyType { policy_type } => write!(formatter, "disabled {policy_type}"),
            Self::CreateForeignPolicy { policy_type, name } => {
                write!(formatter, "created `{name}` of type {policy_type}")
            }
            Self::AttachForeign { policy: _, name, target } => {
                write!(formatter, "attached `{name}` to {target}")
            }
            Self::RemoveTrustedService { service } => {
                write!(formatter, "ended trusted access of {service}")
            }
            Self::RemoveAdministrator { service, account } => {
                write!(formatter, "dismissed account {account} as administrator of {service}")
            }
        }
    }
}
