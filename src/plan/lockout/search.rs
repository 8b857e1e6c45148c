//! Looks for a state on the way in which a policy denies a call that must work and worked before.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{DesiredTarget, PolicyKey};
use crate::org::{AccountId, OuPath};
use crate::plan::action::Action;
use crate::plan::lockout::judge::{Culprit, Judge, Judgement, Said};
use crate::plan::lockout::probe::Call;
use crate::plan::lockout::standing::{Attachment, Policy, Standing, Steps, Version, When, lineage};
use crate::plan::view::View;
use crate::policy::{ControlType, Missing};

/// Something that stands in the way of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// The action that brings it about; nothing if it is there before the plan and stays.
    pub(super) action: Option<usize>,
    /// The call.
    pub(super) call: usize,
    /// What stands in the way.
    pub(super) obstacle: Obstacle,
    /// Where.
    pub(super) accounts: BTreeSet<AccountId>,
}

/// What stands in the way of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// A statement of a policy.
    Statement {
        policy_type: ControlType,
        policy: String,
        key: Option<PolicyKey>,
        /// Does desired state say it? Then a line of it can be shown.
        is_desired: bool,
        culprit: Culprit,
        /// What would have to be known for it not to be one.
        missing: Option<Missing>,
    },
    /// What a policy says is not known.
    Unseen { policy: String, why: String },
    /// No SCP of a level allows it.
    Implicit { level: DesiredTarget },
}

pub(super) struct Search<'a, 'j> {
    view: &'a View<'a>,
    calls: &'a [Call],
    standing: &'a Standing,
    steps: Steps,
    tied: &'a [BTreeSet<usize>],
    judge: &'a mut Judge<'j>,
    /// Accounts that policies bind, with where they are after the plan.
    accounts: BTreeMap<&'a AccountId, &'a OuPath>,
    reachable: BTreeMap<When, bool>,
    remaining: BTreeMap<usize, BTreeSet<usize>>,
    findings: BTreeMap<(Option<usize>, String), Finding>,
}

impl Obstacle {
    /// Does it deny for certain?
    fn is_certain(&self) -> bool {
        match self {
            Self::Statement { missing, .. } => missing.is_none(),
            Self::Unseen { .. } => false,
            Self::Implicit { .. } => true,
        }
    }
}

impl<'a, 'j> Search<'a, 'j> {
    pub(super) fn new(
        view: &'a View<'a>,
        calls: &'a [Call],
        standing: &'a Standing,
        actions: &[Action],
        tied: &'a [BTreeSet<usize>],
        judge: &'a mut Judge<'j>,
    ) -> Self {
        let management = &view.resources.management_account;
        let usable = view.tree.accounts.keys();
        let accounts = usable
            .filter(|account| *account != management && view.is_usable(account))
            .filter_map(|account| {
                let moved = standing.moves.get(account).map(|(_, _, to)| to);
                Some((account, moved.or_else(|| view.account_path(account))?))
            });
        Self {
            view,
            calls,
            standing,
            steps: Steps::of(actions),
            tied,
            judge,
            accounts: accounts.collect(),
            reachable: BTreeMap::new(),
            remaining: BTreeMap::new(),
            findings: BTreeMap::new(),
        }
    }

    /// Everything that would newly stand in the way, and what stood there before.
    pub(super) fn run(mut self) -> Vec<Finding> {
        let standing = self.standing;
        for (place, attachments) in &standing.attached {
            for attachment in attachments {
                for version in &standing.policies[attachment.policy].versions {
                    self.denials(place, attachment, version);
                }
            }
            self.levels(place, attachments);
        }
        self.unseen();
        self.findings.into_values().collect()
    }

    /// Who a policy that is attached to a place denies what.
    fn denials(&mut self, place: &DesiredTarget, attachment: &Attachment, version: &Version) {
        let policy = &self.standing.policies[attachment.policy];
        let (said, when) = (version.said, attachment.when.and(&version.when));
        if !self.judge.may_deny(said) || !self.is_reachable(&when) {
            return;
        }
        let told = self.judge.told_apart(said);
        // One call tells of its probe; what others would add is found when this is mended or blocked.
        let mut noted = BTreeSet::new();
        for call in 0..self.calls.len() {
            let probe = self.calls[call].probe.as_str();
            if noted.contains(probe) {
                continue;
            }
            // An account that the policy cannot tell apart speaks for all of them.
            let some = self.unremarkable(call, told.as_ref());
            let speaks = some.map(|account| self.judge.judge(call, said, account));
            let is_free = speaks.is_none_or(|judgement| judgement == Judgement::Free);
            let candidates = self.accounts_of(call, told.as_ref().filter(|_| is_free));
            let denies = candidates
                .iter()
                .filter(|account| self.denial(place, &when, call, (policy, version), account))
                .count();
            if denies > 0 {
                noted.insert(probe);
            }
        }
    }

    /// Notes it if the policy denies the call, and says whether it is the plan that does it.
    fn denial(
        &mut self,
        place: &DesiredTarget,
        when: &When,
        call: usize,
        (policy, version): (&Policy, &Version),
        account: &AccountId,
    ) -> bool {
        let Some(bound) = self.bound(call, policy.control, account) else { return false };
        let Some(membership) = self.membership(place, &bound) else { return false };
        let when = when.and(&membership);
        if !self.is_reachable(&when) {
            return false;
        }
        let judgement = self.judge.judge(call, version.said, account);
        let Some(obstacle) = obstacle(policy, version, judgement) else { return false };
        let offender = when.done.last().copied();
        let action = offender.filter(|offender| !self.stays_denied(call, account, *offender));
        // What the plan takes away needs no word; what it replaces by the like was there before.
        let stays = offender.is_some() || when.undone.is_empty();
        if action.is_some() || (stays && obstacle.is_certain()) {
            self.note(action, call, obstacle, account);
        }
        action.is_some()
    }

    /// Would a call stay denied, by a policy of ours that denies it now, if the action at `offender`
    /// and all that depends on it were left out? Then the plan makes nothing worse.
    fn stays_denied(&mut self, call: usize, account: &AccountId, offender: usize) -> bool {
        let steps = &self.steps;
        let tied = self.tied;
        let left_out = self
            .remaining
            .entry(offender)
            .or_insert_with(|| steps.with_followers(BTreeSet::from([offender]), tied))
            .clone();
        let standing = self.standing;
        for (place, attachments) in &standing.attached {
            for attachment in attachments.iter().filter(|found| found.when.done.is_empty()) {
                let policy = &standing.policies[attachment.policy];
                let Some(bound) = self.bound(call, policy.control, account) else { continue };
                let Some(membership) = self.membership(place, &bound) else { continue };
                for version in &policy.versions {
                    let when = attachment.when.and(&version.when).and(&membership);
                    let stays = policy.is_ours
                        && when.done.is_empty()
                        && when.undone.is_subset(&left_out)
                        && self.judge.judge(call, version.said, account) != Judgement::Free;
                    if stays {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Levels at which nothing allows a call any more.
    fn levels(&mut self, place: &DesiredTarget, attachments: &[Attachment]) {
        let standing = self.standing;
        let is_scp = |found: &&Attachment| {
            standing.policies[found.policy].control == ControlType::ServiceControl
        };
        let attachments: Vec<&Attachment> = attachments.iter().filter(is_scp).collect();
        let changes = |found: &&Attachment| {
            found.when != When::ALWAYS || standing.policies[found.policy].versions.len() > 1
        };
        let is_entered = standing
            .moves
            .values()
            .any(|(_, from, to)| covers(place, from).is_none() && covers(place, to).is_some());
        if attachments.is_empty() || !(is_entered || attachments.iter().any(changes)) {
            return;
        }
        let mut told = Some(BTreeSet::new());
        let versions = |found: &&Attachment| standing.policies[found.policy].versions.iter();
        for version in attachments.iter().flat_map(versions) {
            told = told.zip(self.judge.told_apart(version.said)).map(|(mut told, more)| {
                told.extend(more);
                told
            });
        }
        let lasting: Vec<Said> = attachments
            .iter()
            .filter(|found| !changes(found))
            .flat_map(versions)
            .map(|version| version.said)
            .collect();
        for call in 0..self.calls.len() {
            let some = self.unremarkable(call, told.as_ref());
            let is_held = some.is_some_and(|account| {
                lasting.iter().any(|said| self.judge.allows(call, *said, account))
            });
            for account in self.accounts_of(call, told.as_ref().filter(|_| is_held)) {
                self.level(place, &attachments, call, account);
            }
        }
    }

    fn level(
        &mut self,
        place: &DesiredTarget,
        attachments: &[&Attachment],
        call: usize,
        account: &AccountId,
    ) {
        let Some(bound) = self.bound(call, ControlType::ServiceControl, account) else { return };
        let Some(membership) = self.membership(place, &bound) else { return };
        let mut allowers = Vec::new();
        let mut allows_at_start = false;
        for attachment in attachments {
            let versions = &self.standing.policies[attachment.policy].versions;
            let mut ways_to_fail = Vec::new();
            let mut may_allow = false;
            for version in versions {
                if self.judge.allows(call, version.said, account) {
                    may_allow = true;
                    let when = attachment.when.and(&version.when);
                    allows_at_start |= when.done.is_empty();
                } else {
                    ways_to_fail.push(version.when.clone());
                }
            }
            // It is not there yet, or not any more.
            let (since, until) = (&attachment.when.done, &attachment.when.undone);
            ways_to_fail.extend(since.iter().map(|action| When::until(*action)));
            ways_to_fail.extend(until.iter().map(|action| When::since(*action)));
            if may_allow {
                allowers.push(ways_to_fail);
            }
        }
        // What allowed nothing before is no work of the plan, unless it brings the account there.
        if !allows_at_start && membership.done.is_empty() {
            return;
        }
        let Some(when) = self.all_fail(&membership, &allowers) else { return };
        if let Some(offender) = when.done.last().copied() {
            let obstacle = Obstacle::Implicit { level: place.clone() };
            self.note(Some(offender), call, obstacle, account);
        }
    }

    /// A state on the way in which every one of `allowers` fails in one of its ways.
    fn all_fail(&mut self, when: &When, allowers: &[Vec<When>]) -> Option<When> {
        if !self.is_reachable(when) {
            return None;
        }
        let Some((first, rest)) = allowers.split_first() else { return Some(when.clone()) };
        first.iter().find_map(|way| self.all_fail(&when.and(way), rest))
    }

    /// Accounts that move while what is attached cannot be seen.
    fn unseen(&mut self) {
        let standing = self.standing;
        for (policy_type, why) in &standing.unseen {
            for (account, (action, ..)) in &standing.moves {
                for call in 0..self.calls.len() {
                    let bound = self.bound(call, *policy_type, account);
                    if bound.as_ref() == Some(account) && self.is_about(call, account) {
                        let (policy, why) = (policy_type.to_string(), why.clone());
                        self.note(Some(*action), call, Obstacle::Unseen { policy, why }, account);
                    }
                }
            }
        }
    }

    fn note(
        &mut self,
        action: Option<usize>,
        call: usize,
        obstacle: Obstacle,
        account: &AccountId,
    ) {
        let key = (action, self.calls[call].probe.clone());
        let finding = self.findings.entry(key).or_insert_with(|| Finding {
            action,
            call,
            obstacle,
            accounts: BTreeSet::new(),
        });
        finding.accounts.insert(account.clone());
    }

    fn is_reachable(&mut self, when: &When) -> bool {
        if when.undone.is_empty() {
            return true;
        }
        if let Some(known) = self.reachable.get(when) {
            return *known;
        }
        let answer = self.steps.allow(when);
        self.reachable.insert(when.clone(), answer);
        answer
    }

    /// An account that a policy does not tell from others, if it says which it does.
    fn unremarkable(
        &self,
        call: usize,
        told: Option<&BTreeSet<AccountId>>,
    ) -> Option<&'a AccountId> {
        let (told, fixed) = (told?, self.calls[call].fixed_account());
        let is_some =
            |account: &&&AccountId| !told.contains(**account) && fixed.as_ref() != Some(**account);
        self.accounts.keys().find(is_some).copied()
    }

    /// The accounts that a call is about; of those with nothing to tell them apart none, if only what
    /// is `told` apart matters.
    fn accounts_of(&self, call: usize, told: Option<&BTreeSet<AccountId>>) -> Vec<&'a AccountId> {
        let is_about =
            |account: &AccountId, path: &OuPath| self.calls[call].is_about(account, path);
        let Some(told) = told else {
            let all = self.accounts.iter().filter(|(account, path)| is_about(account, path));
            return all.map(|(account, _)| *account).collect();
        };
        let fixed = self.calls[call].fixed_account();
        told.iter()
            .chain(&fixed)
            .filter_map(|account| self.accounts.get_key_value(account))
            .filter(|(account, path)| is_about(account, path))
            .map(|(account, _)| *account)
            .collect()
    }

    fn is_about(&self, call: usize, account: &AccountId) -> bool {
        let path = self.accounts.get(account);
        path.is_some_and(|path| self.calls[call].is_about(account, path))
    }

    /// The account whose policies of a type the call meets when `account` is looked at.
    fn bound(
        &self,
        call: usize,
        policy_type: ControlType,
        account: &AccountId,
    ) -> Option<AccountId> {
        let call = &self.calls[call];
        match policy_type {
            ControlType::ServiceControl if call.is_local() => Some(account.clone()),
            ControlType::ServiceControl => call.fixed_account(),
            ControlType::ResourceControl => {
                let resource = call.resource(account);
                let named = resource.split(':').nth(4).filter(|part| !part.is_empty());
                named.map_or_else(|| Some(account.clone()), |part| part.parse().ok())
            }
        }
    }

    /// When a place is above an account or is the account; nothing if it never is.
    fn membership(&self, place: &DesiredTarget, account: &AccountId) -> Option<When> {
        if let DesiredTarget::Account(id) = place {
            return (id == account).then_some(When::ALWAYS);
        }
        let Some((action, from, to)) = self.standing.moves.get(account) else {
            return covers(place, self.view.account_path(account)?);
        };
        match (covers(place, from), covers(place, to)) {
            (Some(_), Some(_)) => Some(When::ALWAYS),
            (Some(_), None) => Some(When::until(*action)),
            (None, Some(_)) => Some(When::since(*action)),
            (None, None) => None,
        }
    }
}

/// When a place covers what lies at a path: always, or never.
fn covers(place: &DesiredTarget, path: &OuPath) -> Option<When> {
    match place {
        DesiredTarget::Unit(unit) => unit.contains(path).then_some(When::ALWAYS),
        DesiredTarget::Account(_) => None,
    }
}

fn obstacle(policy: &Policy, version: &Version, judgement: Judgement) -> Option<Obstacle> {
    let statement = |culprit, missing| Obstacle::Statement {
        policy_type: policy.control,
        policy: policy.label.clone(),
        key: policy.key.clone(),
        is_desired: version.is_desired,
        culprit,
        missing,
    };
    match judgement {
        Judgement::Free => None,
        Judgement::Denied(culprit) => Some(statement(culprit, None)),
        Judgement::Unknown(culprit, missing) => Some(statement(culprit, Some(missing))),
        Judgement::Unreadable(why) => Some(Obstacle::Unseen { policy: policy.label.clone(), why }),
    }
}

/// Every place above accounts, for a second look.
pub(super) fn above(view: &View<'_>, findings: &[Finding]) -> BTreeSet<DesiredTarget> {
    let accounts: BTreeSet<&AccountId> =
        findings.iter().flat_map(|finding| &finding.accounts).collect();
    let units: BTreeSet<OuPath> =
        accounts.iter().flat_map(|account| lineage(view, account)).collect();
    let accounts = accounts.into_iter().cloned().map(DesiredTarget::Account);
    units.into_iter().map(DesiredTarget::Unit).chain(accounts).collect()
}
