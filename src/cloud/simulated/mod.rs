//! An AWS Organization in memory that keeps AWS's rules: for tests, for the demo and for benches.
//!
//! [`World`] is the organization and its rules. [`SimulatedCloud`] puts callers, time and trouble around
//! it. Time is tokio's, so a paused test runs in virtual time and the demo in real time. Randomness comes
//! from the seed, so the same seed and the same calls give the same history.
//!
//! Where AWS documents a rule, the simulation refuses with the code of the API reference. It does not check
//! the grammar of policy documents beyond their outermost shape, and it evaluates no policy.

mod attachments;
mod builder;
mod faults;
mod history;
mod ids;
mod listings;
mod objects;
mod options;
mod pages;
mod policies;
mod refusal;
mod service;
mod services;
mod snapshot;
mod stacks;
mod tampering;
mod tree;
mod vandal;
mod world;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

pub use crate::cloud::simulated::builder::{BuildError, SimulationBuilder};
pub use crate::cloud::simulated::history::{CallCounts, HISTORY_CALLS_MAX, Recorded};
pub use crate::cloud::simulated::options::{Endpoint, SimulationOptions, Throttling};
pub use crate::cloud::simulated::pages::{PAGE_ITEMS_MAX, Pager};
pub use crate::cloud::simulated::refusal::{Code, Refusal};
pub use crate::cloud::simulated::service::CrashPoint;
pub use crate::cloud::simulated::services::TAGS_MAX;
pub use crate::cloud::simulated::stacks::StackOperations;
pub use crate::cloud::simulated::tampering::{Deed, Tampering};
pub use crate::cloud::simulated::tree::{UNIT_DEPTH_MAX, UNITS_MAX};
pub use crate::cloud::simulated::vandal::{FOREIGN_PREFIX, Mischief, MischiefKind, Vandal};
pub use crate::cloud::simulated::world::{AccountPaths, StoredPolicy, World};

use crate::cloud::simulated::service::{Served, Service};
use crate::cloud::{Answer, Call, Cloud, CloudError};
use crate::org::{AccountId, Caller, OrgSnapshot};

/// A handle to a simulated organization, with the identity of one caller.
///
/// Clones share the organization. [`SimulatedCloud::as_caller`] makes a handle for somebody else.
#[derive(Clone)]
pub struct SimulatedCloud {
    shared: Arc<Shared>,
    caller: Caller,
}

struct Shared {
    service: Mutex<Service>,
    crashed: Notify,
}

impl SimulatedCloud {
    /// Starts to set up an organization. It has a management account, `111111111111`, and nothing else.
    pub fn builder(seed: u64) -> SimulationBuilder {
        SimulationBuilder::new(seed)
    }

    /// The organization that a complete snapshot describes, quiet, called by its management account.
    pub fn from_snapshot(seed: u64, snapshot: &OrgSnapshot) -> Result<Self, BuildError> {
        let world = World::from_snapshot(seed, snapshot)?;
        Ok(Self::of(world, seed, SimulationOptions::quiet()))
    }

    fn of(world: World, seed: u64, options: SimulationOptions) -> Self {
        let account = world.organization().management_account.clone();
        let caller = role_of(account, "palisade");
        let service = Mutex::new(Service::new(world, seed, options));
        Self { shared: Arc::new(Shared { service, crashed: Notify::new() }), caller }
    }

    /// A handle with which the role `role` of `account` calls. The account need not be a member.
    #[must_use = "the handle itself is not changed"]
    pub fn as_caller(&self, account: AccountId, role: &str) -> Self {
        Self { shared: Arc::clone(&self.shared), caller: role_of(account, role) }
    }

    /// Whose handle this is.
    pub fn who(&self) -> &Caller {
        &self.caller
    }

    /// The organization as it really is, seen by this caller, whatever the faults.
    pub fn truth(&self) -> OrgSnapshot {
        self.service().world_now().snapshot(self.caller.clone())
    }

    /// Looks at the organization itself.
    pub fn inspect<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(self.service().world_now())
    }

    /// Changes the organization behind everybody's back: no call, no fault, no record.
    pub fn meddle<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.service().change_world(change)
    }

    /// Makes a call at once, past every fault and permission, recorded under this handle's caller.
    pub fn act(&self, call: Call) -> Result<Answer, CloudError> {
        self.service().act(&self.caller, call)
    }

    /// Changes what goes wrong from now on.
    pub fn adjust(&self, change: impl FnOnce(&mut SimulationOptions)) {
        change(self.service().options_mut());
    }

    /// Lets `other` act on the organization before every `every`-th call, which it is told.
    pub fn interleave(&self, every: u64, other: impl FnMut(&mut World, &Call) + Send + 'static) {
        self.service().interleave(every, Box::new(other));
    }

    /// Lets this handle's caller die at `point`: that call takes effect and never returns, nor does any
    /// later one of the same caller, until [`SimulatedCloud::restart`].
    pub fn crash_at(&self, point: CrashPoint) {
        self.service().crash_at(&self.caller.arn, point);
    }

    /// Waits until this handle's caller has died.
    pub async fn crashed(&self) {
        loop {
            let notified = self.shared.crashed.notified();
            if self.service().is_crashed(&self.caller.arn) {
                return;
            }
            notified.await;
        }
    }

    /// Lets this handle's caller live again. The calls that were stuck stay stuck.
    pub fn restart(&self) {
        self.service().restart(&self.caller.arn);
    }

    /// The calls so far, of all callers, oldest first; at most [`HISTORY_CALLS_MAX`].
    pub fn history(&self) -> Vec<Recorded> {
        self.service().history().recent()
    }

    /// How often this handle's caller has called.
    pub fn counts(&self) -> CallCounts {
        self.service().history().counts_of(&self.caller.arn)
    }

    fn service(&self) -> MutexGuard<'_, Service> {
        // A panic while the lock is held is a failed test; the others may still look.
        self.shared.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Cloud for SimulatedCloud {
    async fn call(&self, call: Call) -> Result<Answer, CloudError> {
        let one_way = self.service().one_way();
        if !one_way.is_zero() {
            tokio::time::sleep(one_way).await;
        }
        let served = self.service().serve(&self.caller, call);
        match served {
            Served::Silence => {
                self.shared.crashed.notify_waiters();
                std::future::pending().await
            }
            Served::Answer(answer) => {
                if !one_way.is_zero() {
                    tokio::time::sleep(one_way).await;
                }
                answer
            }
        }
    }
}

fn role_of(account: AccountId, role: &str) -> Caller {
    let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/{role}");
    Caller { account, arn, member_role: None }
}
