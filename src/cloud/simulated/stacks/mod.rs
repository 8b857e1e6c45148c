//! StackSets of the simulated organization: what is asked of them they do in operations, one after the other,
//! which take time, fail in some accounts, or never end (CloudFormation User Guide, "StackSets concepts").
//!
//! The settings and the instances are objects like all others; here is what is under way behind them.

mod deploy;
mod steps;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::cloud::simulated::world::World;
use crate::org::{
    AccountId, ObjectKey, ObjectState, OperationStatus, Region, StackSetOperation, StackSetState,
};

pub(super) use crate::cloud::simulated::stacks::steps::write;

/// The service principal whose access lets StackSets into the organization.
pub(super) const SERVICE: &str = "member.org.stacksets.cloudformation.amazonaws.com";

/// Operations that a reading shows.
const OPERATIONS_MAX: usize = 10;

/// What StackSets do, and how it goes.
#[derive(Debug, Clone)]
pub(super) struct Stacks {
    /// What is under way and what waits, by StackSet; the first is under way.
    queues: BTreeMap<ObjectKey, VecDeque<Job>>,
    /// Ids that were taken, by StackSet.
    used: BTreeMap<ObjectKey, BTreeSet<String>>,
    /// How long an operation takes.
    takes: Duration,
    /// Accounts in which nothing succeeds.
    failing: BTreeSet<AccountId>,
    /// Where somebody changed what a stack made.
    changed: BTreeSet<AccountId>,
    /// Do operations end?
    ends: bool,
    /// Has the tree changed since AWS last looked?
    has_moved: bool,
    /// Numbers AWS's own operations.
    count: u64,
    /// When the world began, and what its calendar said.
    born: Instant,
    calendar: Timestamp,
}

/// An operation.
#[derive(Debug, Clone)]
struct Job {
    id: String,
    work: Work,
    /// When it is over; nothing while it waits.
    over_at: Option<Instant>,
}

#[derive(Debug, Clone)]
enum Work {
    Create(BTreeMap<AccountId, Vec<Region>>, Tolerance),
    Update(BTreeMap<AccountId, Vec<Region>>, Tolerance),
    /// The stacks stay.
    Forget(BTreeMap<AccountId, Vec<Region>>),
    DetectDrift,
}

/// How many accounts of a Region may fail.
#[derive(Debug, Clone, Copy)]
struct Tolerance(crate::org::Share);

impl Default for Stacks {
    fn default() -> Self {
        Self {
            queues: BTreeMap::new(),
            used: BTreeMap::new(),
            takes: Duration::ZERO,
            failing: BTreeSet::new(),
            changed: BTreeSet::new(),
            ends: true,
            has_moved: false,
            count: 0,
            born: Instant::now(),
            calendar: Timestamp::UNIX_EPOCH,
        }
    }
}

impl World {
    /// How long an operation of a StackSet takes.
    pub fn set_stack_operations_take(&mut self, takes: Duration) {
        self.stacks.takes = takes;
    }

    /// In these accounts nothing that a StackSet does succeeds.
    pub fn set_stacks_fail_in(&mut self, accounts: BTreeSet<AccountId>) {
        self.stacks.failing = accounts;
    }

    /// In these accounts what stacks made has been changed from outside.
    pub fn set_stacks_changed_in(&mut self, accounts: BTreeSet<AccountId>) {
        self.stacks.changed = accounts;
    }

    /// From now on operations of StackSets do not end, or end again.
    pub fn set_stack_operations_end(&mut self, end: StackOperations) {
        self.stacks.ends = end == StackOperations::End;
        let now = Instant::now();
        let takes = self.stacks.takes;
        for job in self.stacks.queues.values_mut().filter_map(VecDeque::front_mut) {
            job.over_at = self.stacks.ends.then_some(now + takes);
        }
    }

    /// What the calendar said when the world began.
    pub fn set_calendar(&mut self, began: Timestamp) {
        self.stacks.calendar = began;
    }

    /// Somebody else begins an operation on a StackSet; `None` if there is no such StackSet.
    pub fn begin_stack_operation(&mut self, set: &ObjectKey, id: &str) -> Option<()> {
        self.stack_set(set)?;
        self.enqueue(set, id, Work::DetectDrift);
        Some(())
    }

    /// The OUs, accounts or states of accounts are others: AWS deploys by itself.
    pub(super) fn note_move(&mut self) {
        self.stacks.has_moved = true;
    }

    pub(super) fn has_due_stacks(&self, now: Instant) -> bool {
        let is_due = |job: &Job| job.over_at.is_some_and(|over| over <= now);
        self.stacks.has_moved || self.stacks.queues.values().filter_map(VecDeque::front).any(is_due)
    }

    pub(super) fn settle_stacks(&mut self, now: Instant) {
        if std::mem::take(&mut self.stacks.has_moved) {
            self.deploy_by_itself();
        }
        loop {
            let is_due = |job: &Job| job.over_at.is_some_and(|over| over <= now);
            let due =
                self.stacks.queues.iter().find(|(_, queue)| queue.front().is_some_and(is_due));
            let Some(set) = due.map(|(set, _)| set.clone()) else { return };
            self.finish_first(&set);
        }
    }

    fn stack_set(&mut self, key: &ObjectKey) -> Option<&mut StackSetState> {
        if let ObjectState::StackSet(set) = self.objects.get_mut(key)? { Some(set) } else { None }
    }

    /// Ends the first operation of a StackSet, and begins the next.
    fn finish_first(&mut self, set: &ObjectKey) {
        let queue = self.stacks.queues.get_mut(set);
        let Some(job) = queue.and_then(VecDeque::pop_front) else { return };
        let status = self.carry_out(set, &job.work);
        let checked = matches!(job.work, Work::DetectDrift).then(|| self.calendar_now());
        if let Some(deployed) = self.stack_set(set).and_then(|set| set.deployed.as_mut()) {
            deployed.drift_checked = checked.or(deployed.drift_checked);
            for operation in deployed.operations.iter_mut().filter(|it| it.id == job.id) {
                operation.status = status;
            }
        }
        self.begin_first(set, job.over_at.unwrap_or_else(Instant::now));
    }

    fn begin_first(&mut self, set: &ObjectKey, from: Instant) {
        let over_at = self.stacks.ends.then_some(from + self.stacks.takes);
        match self.stacks.queues.get_mut(set).map(VecDeque::front_mut) {
            Some(Some(job)) => job.over_at = over_at,
            Some(None) => drop(self.stacks.queues.remove(set)),
            None => {}
        }
    }

    /// Puts an operation behind what is under way.
    fn enqueue(&mut self, set: &ObjectKey, id: &str, work: Work) {
        let action = match work {
            Work::Create(..) => "CREATE",
            Work::Update(..) => "UPDATE",
            Work::Forget(..) => "DELETE",
            Work::DetectDrift => "DETECT_DRIFT",
        };
        let operation = StackSetOperation {
            id: id.to_owned(),
            action: action.to_owned(),
            status: OperationStatus::Running,
            begun: Some(self.calendar_now()),
        };
        self.mark_pending(set, &work);
        if let Some(deployed) = self.stack_set(set).and_then(|set| set.deployed.as_mut()) {
            deployed.operations.insert(0, operation);
            deployed.operations.truncate(OPERATIONS_MAX);
        }
        self.stacks.used.entry(set.clone()).or_default().insert(id.to_owned());
        let queue = self.stacks.queues.entry(set.clone()).or_default();
        queue.push_back(Job { id: id.to_owned(), work, over_at: None });
        if queue.len() == 1 {
            self.begin_first(set, Instant::now());
        }
    }

    fn own_id(&mut self) -> String {
        self.stacks.count += 1;
        format!("00000000-0000-4000-8000-{:012}", self.stacks.count)
    }

    /// What the calendar says.
    pub(super) fn calendar_now(&self) -> Timestamp {
        let passed = self.stacks.born.elapsed();
        self.stacks.calendar.checked_add(passed).unwrap_or(self.stacks.calendar)
    }
}

/// Do operations of StackSets end?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackOperations {
    /// After their time.
    End,
    /// Never.
    Hang,
}
