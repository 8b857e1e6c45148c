//! Calls asked of the guardrails before and after a change.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;

use crate::effective::{Answer, Bindings, Effective, Origin};
use crate::policy::{Denial, Request};
use crate::replay::call::{Call, Reading, read};
use crate::replay::event::Event;
use crate::replay::files::{ReplayError, open, refused};
use crate::replay::records::Records;
use crate::replay::tally::{Cause, Groups, Replayed};

/// Pairs of accounts whose policies are remembered: an organization has at most 50,000 accounts, and
/// most calls stay inside one.
const REMEMBERED_PAIRS_MAX: usize = 50_000;

/// A replay under way.
#[derive(Debug)]
pub struct Replayer<'e> {
    /// The guardrails in force; nothing when they are not known, and then nothing was denied.
    before: Option<&'e Effective>,
    after: &'e Effective,
    remembered: HashMap<(Option<String>, Option<String>), Rc<Pair>>,
    replayed: Replayed,
    denied: Groups,
    allowed: Groups,
    undetermined: Groups,
}

/// The policies that a pair of accounts meets.
#[derive(Debug)]
struct Pair {
    before: Option<Bindings>,
    after: Bindings,
}

/// What a call is, from the best to the worst.
enum Judged {
    Unaffected,
    Allowed,
    DeniedBefore,
    NewlyAllowed(Option<Cause>),
    Undetermined(BTreeSet<String>),
    NewlyDenied(Option<Cause>),
}

/// A verdict without what it hangs on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Was {
    Allowed,
    Denied,
    Unknown,
}

impl<'e> Replayer<'e> {
    /// A replay of calls on `after`, compared with `before`.
    pub fn new(before: Option<&'e Effective>, after: &'e Effective) -> Self {
        Self {
            before,
            after,
            remembered: HashMap::new(),
            replayed: Replayed::default(),
            denied: Groups::default(),
            allowed: Groups::default(),
            undetermined: Groups::default(),
        }
    }

    /// Replays a file. What was read before it broke counts.
    pub fn replay(&mut self, path: &Path) -> Result<(), ReplayError> {
        let input = open(path).map_err(refused(path))?;
        let counts = Records::new(input).read(&mut |event| self.take(event));
        let counts = counts.map_err(refused(path))?;
        self.replayed.files += 1;
        self.replayed.bytes += counts.bytes;
        self.replayed.malformed += counts.malformed;
        Ok(())
    }

    /// What came of it.
    pub fn finish(self) -> Replayed {
        let after = self.after;
        let name = |account: &str| after.account_name(&account.parse().ok()?).map(str::to_owned);
        Replayed {
            newly_denied: self.denied.sorted(name),
            newly_allowed: self.allowed.sorted(name),
            undetermined: self.undetermined.sorted(name),
            ..self.replayed
        }
    }

    fn take(&mut self, event: &Event<'_>) {
        let reading = read(event, self.after);
        self.replayed.events += u64::from(!matches!(reading, Reading::Malformed));
        match reading {
            Reading::Skipped(why) => self.replayed.skip(why),
            Reading::Malformed => self.replayed.malformed += 1,
            Reading::Call(call) => self.judge(*call),
        }
    }

    fn judge(&mut self, call: Call) {
        let mut worst = Judged::Unaffected;
        for request in &call.requests {
            let pair = self.pair(request);
            let judged = pair.judge(request, call.refused, self.after, self.before);
            if judged.rank() > worst.rank() {
                worst = judged;
            }
        }
        match worst {
            Judged::Unaffected => self.replayed.unaffected += 1,
            Judged::Allowed => self.replayed.allowed += 1,
            Judged::DeniedBefore => self.replayed.denied_before += 1,
            Judged::NewlyAllowed(cause) => self.allowed.add(call, || cause, BTreeSet::new()),
            Judged::Undetermined(missing) => self.undetermined.add(call, || None, missing),
            Judged::NewlyDenied(cause) => self.denied.add(call, || cause, BTreeSet::new()),
        }
    }

    fn pair(&mut self, request: &Request) -> Rc<Pair> {
        let (principal, resource) = (request.principal_account(), request.resource_account());
        let key = (principal.map(str::to_owned), resource.map(str::to_owned));
        if let Some(pair) = self.remembered.get(&key) {
            return Rc::clone(pair);
        }
        if self.remembered.len() >= REMEMBERED_PAIRS_MAX {
            self.remembered.clear();
        }
        let pair = Rc::new(Pair {
            before: self.before.map(|before| before.bindings(principal, resource)),
            after: self.after.bindings(principal, resource),
        });
        self.remembered.insert(key, Rc::clone(&pair));
        pair
    }
}

impl Pair {
    fn judge(
        &self,
        request: &Request,
        refused: bool,
        after: &Effective,
        before: Option<&Effective>,
    ) -> Judged {
        if self.before.as_ref().is_some_and(|before| *before == self.after) {
            return Judged::Unaffected;
        }
        let was = self.before.as_ref().map(|bindings| bindings.decide(request));
        match (self.after.decide(request), was.as_ref().map_or(Was::Allowed, Was::of)) {
            (Answer::Denied(_), Was::Denied) => Judged::DeniedBefore,
            (Answer::Denied(_) | Answer::Unknown { .. }, _) if refused => Judged::DeniedBefore,
            (Answer::Denied(denial), _) => Judged::NewlyDenied(Some(Cause::of(denial, after))),
            (Answer::Unknown { missing, unseen }, _) => {
                let mut reasons = missing.keys;
                reasons.extend(missing.doubts.iter().map(ToString::to_string));
                reasons.extend(unseen.iter().map(|unseen| unseen.reason.clone()));
                Judged::Undetermined(reasons)
            }
            (Answer::Allowed, Was::Denied) => Judged::NewlyAllowed(match (was, before) {
                (Some(Answer::Denied(denial)), Some(before)) => Some(Cause::of(denial, before)),
                (_, _) => None,
            }),
            (Answer::Allowed, _) => Judged::Allowed,
        }
    }
}

impl Was {
    fn of(answer: &Answer<'_>) -> Self {
        match answer {
            Answer::Allowed => Self::Allowed,
            Answer::Denied(_) => Self::Denied,
            Answer::Unknown { .. } => Self::Unknown,
        }
    }
}

impl Judged {
    /// The worst counts when a call has several resources.
    fn rank(&self) -> u8 {
        match self {
            Self::Unaffected => 0,
            Self::Allowed => 1,
            Self::NewlyAllowed(_) => 2,
            Self::DeniedBefore => 3,
            Self::Undetermined(_) => 4,
            Self::NewlyDenied(_) => 5,
        }
    }
}

impl Cause {
    fn of(denial: Denial<'_>, effective: &Effective) -> Self {
        match denial {
            Denial::Implicit { level } => Self {
                level: level.to_owned(),
                policy: None,
                sid: None,
                document: None,
                source: None,
            },
            Denial::Explicit(statement) => {
                let origin = effective.origin(&statement);
                let source = match origin {
                    Some(Origin::Statement { source, .. } | Origin::Document { source, .. }) => {
                        Some(source.to_string())
                    }
                    Some(Origin::Marked(_) | Origin::Foreign | Origin::Aws) | None => None,
                };
                Self {
                    level: statement.level.to_owned(),
                    policy: Some(statement.policy.to_owned()),
                    sid: statement.sid.map(str::to_owned),
                    document: origin.and_then(|origin| origin.document()).map(ToString::to_string),
                    source,
                }
            }
        }
    }
}
