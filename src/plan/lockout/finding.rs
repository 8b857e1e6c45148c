//! What the prover tells: which call, by which statement, where, and what would mend it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compile::{DesiredTarget, Source};
use crate::org::AccountId;
use crate::plan::forecast::Foreseen;
use crate::plan::lockout::judge::is_free;
use crate::plan::lockout::probe::Call;
use crate::plan::lockout::search::{Finding, Obstacle};
use crate::plan::view::View;
use crate::policy;

/// Accounts that a message names; the others are counted.
const NAMED_ACCOUNTS: usize = 3;

/// A call that must work and that a policy denies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lockout {
    /// What became of it.
    pub state: LockoutState,
    /// The probe: one of palisade's own, or one of `mustWork`.
    pub probe: String,
    /// The action, such as `iam:CreateRole`.
    pub action: String,
    /// Who calls, in the first of the accounts.
    pub principal: String,
    /// The accounts.
    pub accounts: BTreeSet<AccountId>,
    /// What denies it, for people: the policy and the statement, or what is not known.
    pub obstacle: String,
    /// Where that is written, if desired state says it.
    pub source: Option<String>,
    /// The same as a place; what is written of a plan does without.
    #[serde(skip)]
    pub(super) place: Option<Source>,
    /// A pattern that mends it when it stands in `except.principals` of the policy's document.
    pub exemption: Option<String>,
}

/// What became of a lockout.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum LockoutState {
    /// It is there before the plan, which does not change it.
    Before,
    /// The plan would bring it about, and desired state accepts it.
    Accepted {
        /// The first day on which it does not any more (UTC).
        until: Date,
    },
    /// The plan would bring it about, and that part of the plan is blocked.
    Blocked,
}

impl Lockout {
    pub(super) fn of(
        view: &View<'_>,
        calls: &[Call],
        finding: &Finding,
        state: LockoutState,
    ) -> Self {
        let call = &calls[finding.call];
        let principal = finding.accounts.first().map(|account| call.principal(account));
        let (obstacle, source) = words(view, &finding.obstacle);
        Self {
            state,
            probe: call.probe.clone(),
            action: call.action.clone(),
            principal: principal.unwrap_or_default(),
            accounts: finding.accounts.clone(),
            obstacle,
            source: source.as_ref().map(ToString::to_string),
            place: source,
            exemption: exemption(view, call, finding),
        }
    }

    /// Which call, where, and by what it is denied, in a sentence without an end.
    pub fn sentence(&self) -> String {
        let named: Vec<&str> =
            self.accounts.iter().take(NAMED_ACCOUNTS).map(AccountId::as_str).collect();
        let others = match self.accounts.len().saturating_sub(NAMED_ACCOUNTS) {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        let noun = if self.accounts.len() == 1 { "account" } else { "accounts" };
        let at = self.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
        format!(
            "`{}` could not call {} as {} in {noun} {}{others}: {}{at}",
            self.probe,
            self.action,
            self.principal,
            named.join(", "),
            self.obstacle,
        )
    }
}

/// Why an action is blocked, and what to do.
pub(super) fn message(lockouts: &[Lockout]) -> String {
    let Foreseen { source: _, message, help } = foreseen(lockouts);
    format!("{message}; {help}")
}

/// The same apart, with the place of the statement.
pub(super) fn foreseen(lockouts: &[Lockout]) -> Foreseen {
    let Some(first) = lockouts.first() else {
        return Foreseen { source: None, message: String::new(), help: String::new() };
    };
    let others: BTreeSet<&str> =
        lockouts.iter().skip(1).map(|lockout| lockout.probe.as_str()).collect();
    let others = match others.len() {
        0 => String::new(),
        _ => format!("; so would {}", listed(others)),
    };
    let patterns: BTreeSet<&str> =
        lockouts.iter().filter_map(|lockout| lockout.exemption.as_deref()).collect();
    let mend = if patterns.is_empty() {
        "change the policy".to_owned()
    } else {
        format!("add {} to `except.principals`", listed(patterns))
    };
    Foreseen {
        source: first.place.clone(),
        message: format!("{}{others}", first.sentence()),
        help: format!("{mend}, or accept it in `spec.acceptLockouts`"),
    }
}

fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The obstacle for people, without text that AWS users control, and where it is written.
fn words(view: &View<'_>, obstacle: &Obstacle) -> (String, Option<Source>) {
    match obstacle {
        Obstacle::Statement { policy_type: _, policy, key, is_desired, culprit, missing } => {
            let resource = key.as_ref().and_then(|key| view.resources.policies.get(key));
            let resource = resource.filter(|_| *is_desired);
            let sid = culprit.sid.as_ref().filter(|_| resource.is_some());
            let statement = match sid {
                Some(sid) => format!("statement `{sid}`"),
                None => format!("statement {}", culprit.statement + 1),
            };
            let label = resource.map_or(policy.clone(), |resource| resource.document.to_string());
            let source = resource.map(|resource| {
                let origin = resource.statements.get(culprit.statement);
                origin.map_or(&resource.source, |origin| &origin.source).clone()
            });
            let text = match missing {
                None => format!("{statement} of `{label}` denies it"),
                Some(missing) => {
                    format!("{statement} of `{label}` may deny it, depending on {missing}")
                }
            };
            (text, source)
        }
        Obstacle::Unseen { policy, why } => {
            (format!("what `{policy}` says is not known: {why}"), None)
        }
        Obstacle::Implicit { level } => {
            let level = match level {
                DesiredTarget::Unit(path) => path.to_string(),
                DesiredTarget::Account(id) => id.to_string(),
            };
            (format!("no SCP on `{level}` would allow it any more"), None)
        }
    }
}

/// The pattern that exempts the caller, if that mends it: the policy is asked again with it.
fn exemption(view: &View<'_>, call: &Call, finding: &Finding) -> Option<String> {
    let pattern = call.exemption.clone()?;
    let Obstacle::Statement { policy_type, key: Some(key), is_desired: true, .. } =
        &finding.obstacle
    else {
        return None;
    };
    let content = &view.resources.policies.get(key)?.content;
    let value: Value = serde_json::from_str(content).ok()?;
    let mended = policy::with_exceptions(&value, std::slice::from_ref(&pattern)).to_string();
    let is_mended = is_free(view, *policy_type, mended, call, finding.accounts.first()?);
    is_mended.then_some(pattern)
}
