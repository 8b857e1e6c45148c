//! The simulated AWS: serves calls one at a time, with permissions, faults, delays of knowledge, crashes
//! and a record of it all.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::cloud::simulated::faults::{Fault, Faults, no_answer};
use crate::cloud::simulated::history::{History, Recorded};
use crate::cloud::simulated::options::SimulationOptions;
use crate::cloud::simulated::pages::Pager;
use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::cloud::simulated::world::World;
use crate::cloud::{Answer, Call, CloudError, Operation, Reply};
use crate::org::Caller;

/// When a caller dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// After its n-th change, counted from now and from 1, has taken effect.
    Change(u64),
    /// After its n-th call of any kind, counted from now and from 1, has been served.
    Call(u64),
}

/// What a caller gets.
pub(super) enum Served {
    /// An answer, or a failure.
    Answer(Result<Answer, CloudError>),
    /// Nothing, for ever.
    Silence,
}

type Interloper = Box<dyn FnMut(&mut World, &Call) + Send>;

/// The organization and everything laid over it.
pub(super) struct Service {
    world: Arc<World>,
    /// Earlier worlds, each with the moment it ceased to be; only as far back as reads may look.
    past: VecDeque<(Instant, Arc<World>)>,
    seed: u64,
    faults: Faults,
    history: History,
    crashes: BTreeMap<String, Crash>,
    interloper: Option<(u64, Interloper)>,
    calls: u64,
}

enum Crash {
    Ahead(CrashPoint),
    Dead,
}

impl Service {
    pub(super) fn new(world: World, seed: u64, options: SimulationOptions) -> Self {
        Self {
            world: Arc::new(world),
            past: VecDeque::new(),
            seed,
            faults: Faults::seeded(seed, options),
            history: History::default(),
            crashes: BTreeMap::new(),
            interloper: None,
            calls: 0,
        }
    }

    pub(super) fn history(&self) -> &History {
        &self.history
    }

    pub(super) fn options_mut(&mut self) -> &mut SimulationOptions {
        &mut self.faults.options
    }

    pub(super) fn interleave(&mut self, every: u64, other: Interloper) {
        self.interloper = Some((every.max(1), other));
    }

    pub(super) fn crash_at(&mut self, who: &str, point: CrashPoint) {
        self.crashes.insert(who.to_owned(), Crash::Ahead(point));
    }

    pub(super) fn is_crashed(&self, who: &str) -> bool {
        matches!(self.crashes.get(who), Some(Crash::Dead))
    }

    pub(super) fn restart(&mut self, who: &str) {
        self.crashes.remove(who);
    }

    /// How long a call travels, each way.
    pub(super) fn one_way(&mut self) -> Duration {
        self.faults.latency() / 2
    }

    /// The organization at this moment.
    pub(super) fn world_now(&mut self) -> &World {
        let now = Instant::now();
        if self.world.is_unsettled(now) {
            self.change_world(|_| ());
        }
        &self.world
    }

    /// Changes the organization and keeps what it was for reads that lag behind.
    pub(super) fn change_world<T>(&mut self, change: impl FnOnce(&mut World) -> T) -> T {
        let now = Instant::now();
        let lag = self.faults.options.staleness_max;
        self.past.retain(|(until, _)| *until + lag > now);
        if !lag.is_zero() {
            self.past.push_back((now, Arc::clone(&self.world)));
        }
        let world = Arc::make_mut(&mut self.world);
        world.settle(now);
        change(world)
    }

    /// Makes a call past faults and permissions.
    pub(super) fn act(&mut self, caller: &Caller, call: Call) -> Result<Answer, CloudError> {
        self.calls += 1;
        let operation = call.operation();
        let world = Arc::clone(&self.world);
        let outcome = self.apply(caller, &call, &world).map_err(|no| no.into_error(operation));
        self.conclude(caller, call, outcome)
    }

    /// Serves a call.
    pub(super) fn serve(&mut self, caller: &Caller, call: Call) -> Served {
        if self.is_crashed(&caller.arn) {
            return Served::Silence;
        }
        self.calls += 1;
        self.let_others_act(&call);
        let operation = call.operation();
        let (applied, unanswered) = match self.faults.strike(&caller.account, &call) {
            Fault::None => (self.answer(caller, &call), None),
            Fault::LostAnswer => (self.answer(caller, &call), Some(no_answer(operation))),
            Fault::Refused(refusal) => (Err(refusal.into_error(operation)), None),
            Fault::NoAnswer(error) => (Err(error.clone()), Some(error)),
        };
        let took_effect = applied.is_ok() && operation.is_mutating();
        if self.dies(&caller.arn, took_effect) {
            self.record(caller, call, None, took_effect);
            return Served::Silence;
        }
        Served::Answer(match unanswered {
            None => self.conclude(caller, call, applied),
            Some(error) => {
                self.record(caller, call, Some(Err(error.clone())), took_effect);
                Err(error)
            }
        })
    }

    fn answer(&mut self, caller: &Caller, call: &Call) -> Result<Reply, CloudError> {
        self.world_now();
        let operation = call.operation();
        let world = self.world_as_read();
        permitted(&self.world, caller, call)
            .and_then(|()| self.apply(caller, call, &world))
            .map_err(|refusal| refusal.into_error(operation))
    }

    /// Answers a read from `world`, which may be of the past; changes the world of now.
    fn apply(&mut self, caller: &Caller, call: &Call, world: &World) -> Result<Reply, Refusal> {
        let operation = call.operation();
        if operation == Operation::GetCallerIdentity {
            return Ok(Reply::Caller(caller.clone()));
        }
        if operation.is_mutating() {
            return self.change_world(|world| world.change(call));
        }
        world.read(call, Pager::full(self.seed).cut_to(self.faults.page_items_max()))
    }

    /// The organization as one read sees it.
    fn world_as_read(&mut self) -> Arc<World> {
        let now = Instant::now();
        let lag = self.faults.lag();
        let seen = self.past.iter().find(|(until, _)| *until + lag > now);
        Arc::clone(seen.map_or(&self.world, |(_, world)| world))
    }

    fn let_others_act(&mut self, call: &Call) {
        let Some((every, mut other)) = self.interloper.take() else { return };
        if self.calls.is_multiple_of(every) {
            self.change_world(|world| other(world, call));
        }
        self.interloper = Some((every, other));
    }

    /// Is this call the caller's last?
    fn dies(&mut self, who: &str, took_effect: bool) -> bool {
        let Some(crash) = self.crashes.get_mut(who) else { return false };
        let left = match crash {
            Crash::Dead => return true,
            Crash::Ahead(CrashPoint::Change(_)) if !took_effect => return false,
            Crash::Ahead(CrashPoint::Change(left) | CrashPoint::Call(left)) => left,
        };
        *left = left.saturating_sub(1);
        let dead = *left == 0;
        if dead {
            *crash = Crash::Dead;
        }
        dead
    }

    fn conclude(
        &mut self,
        caller: &Caller,
        call: Call,
        outcome: Result<Reply, CloudError>,
    ) -> Result<Answer, CloudError> {
        let request_id = Some(format!("simulated-{:08}", self.calls));
        let answer = match outcome {
            Ok(reply) => Ok(Answer { reply, request_id }),
            Err(error) => Err(CloudError { request_id, ..error }),
        };
        let took_effect = answer.is_ok() && call.operation().is_mutating();
        let outcome = answer.as_ref().map(|_| ()).map_err(Clone::clone);
        self.record(caller, call, Some(outcome), took_effect);
        answer
    }

    fn record(
        &mut self,
        caller: &Caller,
        call: Call,
        outcome: Option<Result<(), CloudError>>,
        took_effect: bool,
    ) {
        let (who, at) = (caller.arn.clone(), Instant::now());
        self.history.record(Recorded { who, call, outcome, took_effect, at });
    }
}

/// The management account may do everything, delegated administrators may look, other members may ask
/// which organization they are in ("Terminology and concepts", and every operation's own page).
///
/// Objects in accounts are reached with a role of the account, which trusts the management account.
fn permitted(world: &World, caller: &Caller, call: &Call) -> Result<(), Refusal> {
    let operation = call.operation();
    if call.account() == Some(&caller.account) {
        return Ok(());
    }
    if operation == Operation::GetCallerIdentity
        || caller.account == world.organization().management_account
    {
        return Ok(());
    }
    if !world.tree().accounts.contains_key(&caller.account) {
        return Err(Code::AwsOrganizationsNotInUseException
            .because("Your account isn't a member of an organization."));
    }
    let may_look = world.is_administrator(&caller.account)
        && !operation.is_mutating()
        && call.account().is_none();
    if may_look || operation == Operation::DescribeOrganization {
        return Ok(());
    }
    Err(Code::AccessDeniedException
        .because("You don't have permissions to perform the requested operation."))
}
