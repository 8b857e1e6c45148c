//! The lockout prover: no step of a plan denies a call that must work and worked before.
//!
//! Which calls those are is in `probe`: palisade's own, those of the execution role of `StackSets`, and
//! those that desired state declares with `mustWork`. `standing` says what is attached where and from
//! which action to which; `search` looks through every state that some order of the actions can
//! reach; `judge` asks the policy engine. What it finds is blocked with everything that depends on
//! it, and the rest of the plan goes on.
//!
//! - What is not known counts as a denial, unless a probe says otherwise.
//! - What a policy of somebody else denies already is reported and blocks nothing; adding a denial of
//!   our own to it is blocked, because it would stay when theirs goes.
//! - What our own policies deny already may be replaced by the like, and made better.
//!
//! It knows nothing of approvals: no approval lifts a block. A person who means it accepts the
//! lockout in desired state, by the probe's name, with a reason and until a day.

mod finding;
mod judge;
mod probe;
mod search;
mod session;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

pub use crate::plan::lockout::finding::{Lockout, LockoutState};
pub use crate::plan::lockout::probe::ORGANIZATION_ACTIONS;

use crate::compile::{AcceptedLockout, DesiredTarget};
use crate::org::AccountId;
use crate::plan::action::{Action, Blocked, BlockedReason};
use crate::plan::forecast::Foreseen;
use crate::plan::lockout::judge::{Judge, organization_path};
use crate::plan::lockout::search::{Finding, Search, above};
use crate::plan::view::View;

/// What is left of a plan, and what is not done.
pub(super) struct Proved {
    pub(super) actions: Vec<Action>,
    pub(super) blocked: Vec<Blocked>,
    pub(super) lockouts: Vec<Lockout>,
    /// Why something is blocked, by the statement that does it.
    pub(super) refused: Vec<Foreseen>,
}

/// Takes out of a plan what would lock somebody out. `tied` says, by action, which others must not be
/// missing if it is done: without them it would take protection away.
pub(super) fn prove(
    view: &View<'_>,
    mut actions: Vec<Action>,
    mut tied: Vec<BTreeSet<usize>>,
) -> Proved {
    let mut blocked = Vec::new();
    let mut lockouts = Vec::new();
    let mut refused = Vec::new();
    let calls = probe::calls(view.resources, view.snapshot);
    let paths = |account: &AccountId| organization_path(view, account);
    let mut judge = Judge::new(&calls, &view.resources.management_account, &paths);
    loop {
        let mut look = |also: &BTreeSet<DesiredTarget>| {
            let standing = standing::Standing::of(view, &actions, also, &mut judge);
            Search::new(view, &calls, &standing, &actions, &tied, &mut judge).run()
        };
        let mut findings = if actions.is_empty() { Vec::new() } else { look(&BTreeSet::new()) };
        if findings.iter().any(|finding| finding.action.is_some()) {
            // Only now is it worth knowing all that binds these accounts.
            findings = look(&above(view, &findings));
        }
        let mut offending: BTreeMap<usize, Vec<Lockout>> = BTreeMap::new();
        lockouts.clear();
        for finding in findings {
            let (accepted, rest) = split(view, &calls[finding.call].probe, &finding);
            if let Some((finding, acceptance)) = accepted {
                let state = LockoutState::Accepted { until: acceptance.until };
                lockouts.push(Lockout::of(view, &calls, &finding, state));
            }
            let Some(finding) = rest else { continue };
            match finding.action {
                Some(action) => {
                    let lockout = Lockout::of(view, &calls, &finding, LockoutState::Blocked);
                    offending.entry(action).or_default().push(lockout);
                }
                None => lockouts.push(Lockout::of(view, &calls, &finding, LockoutState::Before)),
            }
        }
        if offending.is_empty() {
            lockouts.sort();
            return Proved { actions, blocked, lockouts, refused };
        }
        refused.extend(offending.values().map(|lockouts| finding::foreseen(lockouts)));
        (actions, tied) = without(actions, &tied, &offending, &mut blocked);
    }
}

/// Takes the offending actions out, and everything that cannot be without them.
fn without(
    actions: Vec<Action>,
    tied: &[BTreeSet<usize>],
    offending: &BTreeMap<usize, Vec<Lockout>>,
    blocked: &mut Vec<Blocked>,
) -> (Vec<Action>, Vec<BTreeSet<usize>>) {
    let steps = standing::Steps::of(&actions);
    let gone = steps.with_followers(offending.keys().copied().collect(), tied);
    for at in &gone {
        let action = &actions[*at];
        let (reason, message) = match offending.get(at) {
            Some(lockouts) => (BlockedReason::Lockout, finding::message(lockouts)),
            None => (BlockedReason::Dependency, cause(&actions, *at, &gone, tied)),
        };
        let (document, object) = (action.document.clone(), action.change.object());
        let guardrails = action.guardrails.clone();
        blocked.push(Blocked { document, guardrails, reason, object, message });
    }
    let kept: Vec<usize> = (0..actions.len()).filter(|at| !gone.contains(at)).collect();
    let new: BTreeMap<usize, usize> =
        kept.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    let renumber =
        |old: &BTreeSet<usize>| old.iter().filter_map(|at| new.get(at).copied()).collect();
    let tied = kept.iter().map(|at| renumber(&tied[*at])).collect();
    let kept = actions.into_iter().enumerate().filter(|(at, _)| new.contains_key(at));
    let kept = kept.map(|(_, action)| Action { after: renumber(&action.after), ..action });
    (kept.collect(), tied)
}

/// What an action waits for that is blocked.
fn cause(
    actions: &[Action],
    at: usize,
    gone: &BTreeSet<usize>,
    tied: &[BTreeSet<usize>],
) -> String {
    let waits = actions[at].after.iter().chain(&tied[at]).find(|other| gone.contains(other));
    let what = waits.map(|other| &actions[*other].change);
    let what = what.map(|change| format!("{} of {}", change.kind(), change.object()));
    format!("it is not done without {}, which is blocked", what.unwrap_or_default())
}

/// What of a finding somebody accepted, and the rest.
fn split<'a>(
    view: &'a View<'_>,
    probe: &str,
    finding: &Finding,
) -> (Option<(Finding, &'a AcceptedLockout)>, Option<Finding>) {
    let accepts = |account: &AccountId| {
        view.resources.accepted.iter().find(|accepted| {
            accepted.probe == probe
                && (accepted.places.is_empty()
                    || accepted.places.iter().any(|place| lies_in(view, account, place)))
        })
    };
    let acceptance = finding.accounts.iter().find_map(accepts);
    let (accepted, rest): (BTreeSet<_>, BTreeSet<_>) =
        finding.accounts.iter().cloned().partition(|account| accepts(account).is_some());
    let with = |accounts| Finding { accounts, ..finding.clone() };
    (
        acceptance.map(|acceptance| (with(accepted), acceptance)),
        (!rest.is_empty()).then(|| with(rest)),
    )
}

/// Is an account in a place, or about to be?
fn lies_in(view: &View<'_>, account: &AccountId, place: &DesiredTarget) -> bool {
    match place {
        DesiredTarget::Account(id) => id == account,
        DesiredTarget::Unit(unit) => {
            let wanted = view.resources.placements.get(account);
            let path = wanted.or_else(|| view.account_path(account));
            path.is_some_and(|path| unit.contains(path))
        }
    }
}
