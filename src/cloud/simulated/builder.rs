//! Sets up a simulated organization in a few readable lines.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cloud::simulated::ids::Ids;
use crate::cloud::simulated::options::SimulationOptions;
use crate::cloud::simulated::world::{AccountPaths, World};
use crate::cloud::simulated::{Refusal, SimulatedCloud};
use crate::cloud::{Call, Reply};
use crate::org::{
    AccountId, InvalidId, InvalidPath, Organization, OuPath, ParentId, PolicyQuota, PolicyType,
    TargetId, Unknown,
};

/// Why an organization cannot be set up as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Text that is no id.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// Text that is no path.
    #[error(transparent)]
    Path(#[from] InvalidPath),
    /// A name that nothing has.
    #[error("nothing is called `{0}`")]
    Nameless(String),
    /// AWS would not allow it.
    #[error("`{step}` is refused: {}: {}", <&str>::from(.refusal.code), .refusal.message)]
    Refused {
        /// What was asked for.
        step: String,
        /// Why not.
        refusal: Refusal,
    },
    /// A snapshot that does not say enough.
    #[error("the snapshot does not know the {part}: {why}")]
    Unknown {
        /// Which part.
        part: &'static str,
        /// Why it is not known.
        why: Unknown,
    },
}

/// Builds a [`SimulatedCloud`]. Every step obeys AWS's rules; the first that cannot be done is reported
/// by [`SimulationBuilder::build`], and the steps after it are not tried.
#[derive(Debug)]
pub struct SimulationBuilder {
    seed: u64,
    options: SimulationOptions,
    world: Result<World, BuildError>,
}

impl SimulationBuilder {
    pub(super) fn new(seed: u64) -> Self {
        let mut ids = Ids::seeded(seed);
        let world = management_account("111111111111").map(|management_account| {
            let organization =
                Organization { id: ids.organization(), management_account, all_features: true };
            let root = ids.root();
            World::bare(organization, root, "management", ids)
        });
        Self { seed, options: SimulationOptions::quiet(), world }
    }

    /// Gives the organization, its management account and its root these ids. Comes first.
    #[must_use = "the builder is not changed in place"]
    pub fn organization(self, id: &str, management_account: &str, root: &str) -> Self {
        self.step(|world| {
            let organization = Organization {
                id: id.parse()?,
                management_account: management_account.parse()?,
                all_features: true,
            };
            *world = World::bare(organization, root.parse()?, "management", world.ids.clone());
            Ok(())
        })
    }

    /// Leaves the organization with consolidated billing only: it has no policies.
    #[must_use = "the builder is not changed in place"]
    pub fn billing_only(self) -> Self {
        self.step(|world| {
            world.organization.all_features = false;
            Ok(())
        })
    }

    /// Creates the OU at `path`, and the OUs above it that are not there yet.
    #[must_use = "the builder is not changed in place"]
    pub fn unit(self, path: &str) -> Self {
        self.step(|world| ensure_unit(world, &path.parse()?).map(drop))
    }

    /// Creates an account in the OU at `path`, which is created too when it is not there.
    #[must_use = "the builder is not changed in place"]
    pub fn account(self, name: &str, id: &str, path: &str) -> Self {
        self.step(|world| {
            let to = ensure_unit(world, &path.parse()?)?;
            let account: AccountId = id.parse()?;
            world.add_account(&account, name);
            let from = ParentId::Root(world.tree.root.clone());
            if to == from {
                return Ok(());
            }
            order(world, &Call::MoveAccount { account, from, to }).map(drop)
        })
    }

    /// Switches a policy type on, at once.
    #[must_use = "the builder is not changed in place"]
    pub fn enable(self, policy_type: &str) -> Self {
        self.step(|world| {
            let root = world.tree.root.clone();
            let takes = std::mem::take(&mut world.enabling_takes);
            let policy_type = PolicyType::named(policy_type);
            let enabled = order(world, &Call::EnablePolicyType { root, policy_type });
            world.enabling_takes = takes;
            enabled.map(drop)
        })
    }

    /// Creates a policy without a description, tags or targets.
    #[must_use = "the builder is not changed in place"]
    pub fn policy(self, policy_type: &str, name: &str, content: &str) -> Self {
        self.described_policy(policy_type, name, content, "", BTreeMap::new())
    }

    /// Creates a policy without targets.
    #[must_use = "the builder is not changed in place"]
    pub fn described_policy(
        self,
        policy_type: &str,
        name: &str,
        content: &str,
        description: &str,
        tags: BTreeMap<String, String>,
    ) -> Self {
        let call = Call::CreatePolicy {
            policy_type: PolicyType::named(policy_type),
            name: name.to_owned(),
            description: description.to_owned(),
            content: content.to_owned(),
            tags,
        };
        self.step(|world| order(world, &call).map(drop))
    }

    /// Attaches a policy by name to a target: an OU path, or `account:` and an account's name or id.
    #[must_use = "the builder is not changed in place"]
    pub fn attach(self, policy_type: &str, name: &str, target: &str) -> Self {
        self.step(|world| {
            let target = target_called(world, target)?;
            let (policy, _) = world
                .policy_named(&PolicyType::named(policy_type), name)
                .ok_or_else(|| BuildError::Nameless(name.to_owned()))?;
            let policy = policy.clone();
            order(world, &Call::AttachPolicy { policy, target }).map(drop)
        })
    }

    /// Detaches a policy; the opposite of [`SimulationBuilder::attach`].
    #[must_use = "the builder is not changed in place"]
    pub fn detach(self, policy_type: &str, name: &str, target: &str) -> Self {
        self.step(|world| {
            let target = target_called(world, target)?;
            let (policy, _) = world
                .policy_named(&PolicyType::named(policy_type), name)
                .ok_or_else(|| BuildError::Nameless(name.to_owned()))?;
            let policy = policy.clone();
            order(world, &Call::DetachPolicy { policy, target }).map(drop)
        })
    }

    /// Puts a tag on a target, named as in [`SimulationBuilder::attach`].
    #[must_use = "the builder is not changed in place"]
    pub fn tag(self, target: &str, key: &str, value: &str) -> Self {
        self.step(|world| {
            let resource = target_called(world, target)?.to_string();
            let tags = BTreeMap::from([(key.to_owned(), value.to_owned())]);
            order(world, &Call::TagResource { resource, tags }).map(drop)
        })
    }

    /// Gives a service trusted access.
    #[must_use = "the builder is not changed in place"]
    pub fn trust(self, service: &str) -> Self {
        let call = Call::EnableAwsServiceAccess { service: service.to_owned() };
        self.step(|world| order(world, &call).map(drop))
    }

    /// Makes an account, by name or id, the delegated administrator of a service.
    #[must_use = "the builder is not changed in place"]
    pub fn administrator(self, service: &str, account: &str) -> Self {
        self.step(|world| {
            let account = account_called(world, account)?;
            let service = service.to_owned();
            order(world, &Call::RegisterDelegatedAdministrator { account, service }).map(drop)
        })
    }

    /// Another quota for a policy type than the published one.
    #[must_use = "the builder is not changed in place"]
    pub fn quota(self, policy_type: &str, quota: PolicyQuota) -> Self {
        self.step(|world| {
            world.quotas.insert(PolicyType::named(policy_type), quota);
            Ok(())
        })
    }

    /// How long a policy type stays `PendingEnable` when a call enables it.
    #[must_use = "the builder is not changed in place"]
    pub fn enabling_takes(self, takes: Duration) -> Self {
        self.step(|world| {
            world.enabling_takes = takes;
            Ok(())
        })
    }

    /// Regions that accounts can enable; none unless told otherwise.
    #[must_use = "the builder is not changed in place"]
    pub fn opt_in_regions(self, names: &[&str]) -> Self {
        self.step(|world| {
            for name in names {
                world.open_region(name);
            }
            Ok(())
        })
    }

    /// How long AWS takes to enable or disable a Region.
    #[must_use = "the builder is not changed in place"]
    pub fn regions_take(self, takes: Duration) -> Self {
        self.step(|world| {
            world.regions.takes = takes;
            Ok(())
        })
    }

    /// Does `ListAccounts` say where accounts lie? It does unless told otherwise.
    #[must_use = "the builder is not changed in place"]
    pub fn account_paths(self, account_paths: AccountPaths) -> Self {
        self.step(|world| {
            world.account_paths = account_paths;
            Ok(())
        })
    }

    /// What goes wrong; nothing unless told otherwise.
    #[must_use = "the builder is not changed in place"]
    pub fn options(self, options: SimulationOptions) -> Self {
        Self { options, ..self }
    }

    /// The cloud, called by the management account.
    pub fn build(self) -> Result<SimulatedCloud, BuildError> {
        Ok(SimulatedCloud::of(self.world?, self.seed, self.options))
    }

    fn step(mut self, change: impl FnOnce(&mut World) -> Result<(), BuildError>) -> Self {
        self.world = self.world.and_then(|mut world| change(&mut world).map(|()| world));
        self
    }
}

fn management_account(id: &str) -> Result<AccountId, BuildError> {
    Ok(id.parse()?)
}

fn ensure_unit(world: &mut World, path: &OuPath) -> Result<ParentId, BuildError> {
    if let Some(unit) = world.unit_at(path) {
        return Ok(unit);
    }
    let (Some(above), Some(name)) = (path.parent(), path.name()) else {
        return Err(BuildError::Nameless(path.to_string()));
    };
    let parent = ensure_unit(world, &above)?;
    let name = name.to_owned();
    let call = Call::CreateOrganizationalUnit { parent, name, tags: BTreeMap::new() };
    order(world, &call)?;
    world.unit_at(path).ok_or_else(|| BuildError::Nameless(path.to_string()))
}

fn target_called(world: &World, target: &str) -> Result<TargetId, BuildError> {
    if let Some(account) = target.strip_prefix("account:") {
        return account_called(world, account).map(TargetId::Account);
    }
    let unit = world.unit_at(&target.parse()?);
    unit.map(TargetId::from).ok_or_else(|| BuildError::Nameless(target.to_owned()))
}

fn account_called(world: &World, name: &str) -> Result<AccountId, BuildError> {
    let accounts = &world.tree.accounts;
    accounts
        .iter()
        .find(|(id, account)| id.as_str() == name || account.name == name)
        .map(|(id, _)| id.clone())
        .ok_or_else(|| BuildError::Nameless(name.to_owned()))
}

fn order(world: &mut World, call: &Call) -> Result<Reply, BuildError> {
    world
        .change(call)
        .map_err(|refusal| BuildError::Refused { step: call.operation().to_string(), refusal })
}
