//! Regions: every account has the same ones, disabled until somebody enables them, which takes its time
//! (`EnableRegion`, API reference).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::cloud::simulated::objects::listed;
use crate::cloud::simulated::pages::Pager;
use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::cloud::simulated::world::World;
use crate::cloud::{PageToken, Reply};
use crate::org::{
    AccountId, ListedObject, ObjectKey, ObjectKind, ObjectQuery, ObjectState, RegionState,
    RegionStatus, RegionStep,
};

/// Regions that AWS enables or disables at once in one account, and in one organization.
const AT_ONCE_IN_ACCOUNT: usize = 6;
const AT_ONCE_IN_ORGANIZATION: usize = 50;

/// The Regions that somebody has to enable.
#[derive(Debug, Clone, Default)]
pub(in crate::cloud::simulated) struct Regions {
    /// All there are.
    pub(in crate::cloud::simulated) names: BTreeSet<String>,
    /// Those that are not disabled.
    status: BTreeMap<ObjectKey, RegionStatus>,
    /// When what AWS is at work on will be over.
    due: BTreeMap<ObjectKey, Instant>,
    /// How long AWS takes.
    pub(in crate::cloud::simulated) takes: Duration,
}

impl World {
    /// AWS opens a Region: every account may enable it.
    pub fn open_region(&mut self, name: &str) {
        self.regions.names.insert(name.to_owned());
    }

    /// Puts a Region of an account into a state: what somebody else did.
    pub fn set_region(&mut self, account: &AccountId, name: &str, status: RegionStatus) {
        self.open_region(name);
        let key = ObjectKey::global(ObjectKind::Region, account.clone(), name);
        if status.is_in_transition() {
            self.regions.due.insert(key.clone(), Instant::now() + self.regions.takes);
        }
        self.regions.status.insert(key, status);
    }

    /// The opt-in state of a Region in an account.
    pub fn region_status(&self, account: &AccountId, name: &str) -> Option<RegionStatus> {
        let key = ObjectKey::global(ObjectKind::Region, account.clone(), name);
        let status = self.regions.status.get(&key).copied().unwrap_or(RegionStatus::Disabled);
        self.regions.names.contains(name).then_some(status)
    }

    pub(super) fn region(&self, key: &ObjectKey) -> Option<ObjectState> {
        let is_region = key.kind == ObjectKind::Region;
        let status = is_region.then(|| self.region_status(&key.account, &key.name))??;
        Some(ObjectState::Region(RegionState::of(status)))
    }

    /// Every Region of every account.
    pub(in crate::cloud::simulated) fn regions_of_accounts(
        &self,
    ) -> impl Iterator<Item = (ObjectKey, ObjectState)> {
        self.tree.accounts.keys().flat_map(|account| self.regions_of(account))
    }

    fn regions_of(&self, account: &AccountId) -> impl Iterator<Item = (ObjectKey, ObjectState)> {
        self.regions.names.iter().filter_map(|name| {
            let key = ObjectKey::global(ObjectKind::Region, account.clone(), name);
            Some((key.clone(), self.region(&key)?))
        })
    }

    pub(super) fn region_listings(&self) -> impl Iterator<Item = (ObjectQuery, Vec<ListedObject>)> {
        let accounts = self.tree.accounts.keys().filter(|_| !self.regions.names.is_empty());
        accounts.map(|account| {
            let query =
                ObjectQuery { account: account.clone(), region: None, kind: ObjectKind::Region };
            let regions = self.regions_of(account);
            (query, regions.map(|(key, state)| listed(&key, &state)).collect())
        })
    }

    pub(super) fn list_regions(
        &self,
        query: &ObjectQuery,
        page: &PageToken,
        pager: Pager,
    ) -> Result<Reply, Refusal> {
        let any = ObjectKey::global(ObjectKind::Region, query.account.clone(), "any");
        self.expect_open(&any)?;
        self.expect_trusted(&any)?;
        let name = format!("ListRegions {}", query.account);
        let regions: Vec<(ObjectKey, ObjectState)> = self.regions_of(&query.account).collect();
        let items = regions.iter().map(|region| (region.0.name.as_str(), region));
        pager.page(&name, items, page, |(key, state)| listed(key, state)).map(Reply::Objects)
    }

    pub(super) fn change_region(
        &mut self,
        key: &ObjectKey,
        step: &RegionStep,
    ) -> Result<Reply, Refusal> {
        let Some(status) = self.region_status(&key.account, &key.name) else {
            return Err(Code::InvalidInputException.because("The Region name is not valid."));
        };
        let (begun, done) = match step {
            RegionStep::Enable => (RegionStatus::Enabling, RegionStatus::Enabled),
            RegionStep::Disable => (RegionStatus::Disabling, RegionStatus::Disabled),
        };
        if status == begun || status == done {
            return Ok(Reply::Done);
        }
        let in_account = self.regions.due.keys().filter(|busy| busy.account == key.account).count();
        if status.is_in_transition()
            || in_account >= AT_ONCE_IN_ACCOUNT
            || self.regions.due.len() >= AT_ONCE_IN_ORGANIZATION
        {
            let message = "Too many Regions are being enabled or disabled.";
            return Err(Code::ConcurrentModificationException.because(message));
        }
        self.regions.status.insert(key.clone(), begun);
        self.regions.due.insert(key.clone(), Instant::now() + self.regions.takes);
        self.settle_regions(Instant::now());
        Ok(Reply::Done)
    }

    pub(in crate::cloud::simulated) fn has_regions_due(&self, now: Instant) -> bool {
        self.regions.due.values().any(|due| *due <= now)
    }

    /// Ends what takes time and is over by `now`.
    pub(in crate::cloud::simulated) fn settle_regions(&mut self, now: Instant) {
        let (over, due) = std::mem::take(&mut self.regions.due)
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, due)| *due <= now);
        self.regions.due = due;
        for key in over.into_keys() {
            let status = match self.regions.status.get(&key) {
                Some(RegionStatus::Enabling) => RegionStatus::Enabled,
                Some(RegionStatus::Disabling) => RegionStatus::Disabled,
                Some(
                    RegionStatus::Enabled | RegionStatus::EnabledByDefault | RegionStatus::Disabled,
                )
                | None => continue,
            };
            self.regions.status.insert(key, status);
        }
    }
}
