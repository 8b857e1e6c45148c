//! Who did what: the events that were heard, held against what passes found.
//!
//! An event names ids, a plan names the change that would undo it. Both are reduced to the same short
//! texts, their traces; an event explains a change if they share one, and it happened before the
//! difference was found.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::event::{Event, Subject};
use crate::org::{DocumentRef, OrgSnapshot, OuId, OuPath, PolicyId};
use crate::plan::{Change, Plan};
use crate::status::{Attribution, scrub};

/// Events that are remembered. An incident is some dozens.
const HEARD_MAX: usize = 500;

/// Differences that an event may still explain after they were found.
const FOUND_MAX: usize = 200;

/// An event explains what was found so long after it. Objects in accounts are read anew within hours.
const EXPLAINS_FOR: SignedDuration = SignedDuration::from_hours(6);

/// How far the clock of this machine may be behind AWS's. With more, what somebody does to a new object would
/// be taken for the reason why it was made.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);

/// Who caused what, by object as a plan calls it.
pub(in crate::controller) type Attributions = BTreeMap<String, Attribution>;

/// An event that came after its drift had been found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::controller) struct LateAttribution {
    pub(in crate::controller) document: DocumentRef,
    pub(in crate::controller) object: String,
    pub(in crate::controller) change: &'static str,
    pub(in crate::controller) since: Timestamp,
    pub(in crate::controller) by: Attribution,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    heard: VecDeque<Heard>,
    found: VecDeque<Difference>,
    policies: BTreeMap<PolicyId, String>,
    units: BTreeMap<OuId, OuPath>,
}

#[derive(Debug)]
struct Heard {
    event: Event,
    traces: BTreeSet<String>,
}

/// A difference that a plan has shown.
#[derive(Debug)]
struct Difference {
    document: DocumentRef,
    object: String,
    change: &'static str,
    traces: BTreeSet<String>,
    since: Timestamp,
    /// When it was last seen: what happened until then has nothing to do with what differs after it was healed.
    seen: Timestamp,
    is_there: bool,
    by: Option<Attribution>,
}

impl Ledger {
    /// Remembers an event. What it explains of the past is given back.
    pub(super) fn hear(&mut self, event: Event) -> Vec<LateAttribution> {
        let traces = self.traces_of(&event);
        let heard = Heard { event, traces };
        let mut late = Vec::new();
        let gone = self.found.iter_mut().filter(|it| !it.is_there && it.by.is_none());
        for difference in gone.filter(|it| heard.explains(it)) {
            late.push(difference.attributed(attribution(&heard.event)));
        }
        self.heard.push_back(heard);
        if self.heard.len() > HEARD_MAX {
            self.heard.pop_front();
        }
        late
    }

    /// What is called how in AWS, so that the names of what is deleted next are known.
    pub(super) fn learn(&mut self, snapshot: &OrgSnapshot) {
        let policies = snapshot.policies.iter().filter_map(|(policy_type, part)| {
            Some(part.known()?.values().map(move |policy| (policy_type, policy)))
        });
        let named = policies.flatten().map(|(policy_type, policy)| {
            (policy.id.clone(), format!("policy {policy_type} {}", policy.name))
        });
        let named: BTreeMap<PolicyId, String> = named.collect();
        if !named.is_empty() {
            self.policies = named;
        }
        if let Some(tree) = snapshot.tree.known() {
            let units = tree.units.keys().filter_map(|id| {
                Some((id.clone(), tree.path_of(&crate::org::ParentId::Ou(id.clone()))?))
            });
            self.units = units.collect();
        }
    }

    /// Who caused what `plan` wants to change.
    pub(super) fn attribute(&mut self, plan: &Plan, now: Timestamp) -> Attributions {
        let actions = plan.actions.iter().map(|it| (&it.document, &it.change));
        let reported = plan.reported.iter().map(|it| (&it.document, &it.change));
        let mut seen = BTreeSet::new();
        let mut attributions = Attributions::new();
        for (document, change) in actions.chain(reported) {
            let object = change.object();
            let at = self.difference(document, change, &object, now);
            if self.found[at].by.is_none() {
                self.found[at].by = self.explanation(&self.found[at]);
            }
            if let Some(by) = self.found[at].by.clone() {
                attributions.insert(object.clone(), by);
            }
            seen.insert(object);
        }
        for difference in &mut self.found {
            difference.is_there &= seen.contains(&difference.object);
        }
        attributions
    }

    /// Where what is known of a difference is kept, which may be new.
    fn difference(
        &mut self,
        document: &DocumentRef,
        change: &Change,
        object: &str,
        now: Timestamp,
    ) -> usize {
        let known = self.found.iter().position(|it| it.is_there && it.object == object);
        let at = known.unwrap_or_else(|| {
            if self.found.len() >= FOUND_MAX {
                self.found.pop_front();
            }
            self.found.push_back(Difference {
                document: document.clone(),
                object: object.to_owned(),
                change: change.kind(),
                traces: traces_of_change(change),
                since: now,
                seen: now,
                is_there: true,
                by: None,
            });
            self.found.len() - 1
        });
        self.found[at].seen = now;
        at
    }

    /// The last event that explains a difference, and none that an earlier one of the same object had.
    fn explanation(&self, difference: &Difference) -> Option<Attribution> {
        let healed = self.found.iter().filter(|it| !it.is_there && it.object == difference.object);
        let healed = healed.map(|it| it.seen).max();
        let events = self.heard.iter().filter(|heard| {
            heard.explains(difference) && healed.is_none_or(|healed| heard.event.at > healed)
        });
        events.max_by_key(|heard| heard.event.at).map(|heard| attribution(&heard.event))
    }

    fn traces_of(&self, event: &Event) -> BTreeSet<String> {
        let each = event.subjects.iter().flat_map(|subject| match subject {
            Subject::Tree | Subject::Tags(_) => Vec::new(),
            Subject::Account(account) => vec![format!("account {account}")],
            Subject::Unit(unit) => {
                let path = self.units.get(unit).map(|path| format!("unit {path}"));
                [Some(format!("unit {unit}")), path].into_iter().flatten().collect()
            }
            Subject::PolicyType(policy_type) | Subject::NewPolicy(policy_type) => {
                vec![format!("type {policy_type}")]
            }
            Subject::Policy(policy) => {
                let name = self.policies.get(policy).cloned();
                [Some(format!("policy {policy}")), name].into_iter().flatten().collect()
            }
            Subject::Attachment(policy, target) => {
                // Who attaches explains what is to be detached, and the other way round.
                let verb = if event.call.ends_with(":AttachPolicy") { "on" } else { "off" };
                vec![format!("{verb} {policy} {}", String::from(target.clone()))]
            }
            Subject::TrustedService(service) => vec![format!("service {service}")],
            Subject::Administrators(service) => vec![format!("administrators {service}")],
            Subject::Object(account, name) => vec![format!("object {account} {name}")],
        });
        each.collect()
    }
}

impl Heard {
    fn explains(&self, difference: &Difference) -> bool {
        let at = self.event.at;
        at <= difference.since.saturating_add(CLOCK_SKEW).unwrap_or(difference.since)
            && difference.since.duration_since(at) <= EXPLAINS_FOR
            && !self.traces.is_disjoint(&difference.traces)
    }
}

impl Difference {
    fn attributed(&mut self, by: Attribution) -> LateAttribution {
        self.by = Some(by.clone());
        LateAttribution {
            document: self.document.clone(),
            object: self.object.clone(),
            change: self.change,
            since: self.since,
            by,
        }
    }
}

/// What an event that made a change necessary has in common with it.
fn traces_of_change(change: &Change) -> BTreeSet<String> {
    let traces: Vec<Option<String>> = match change {
        Change::EnableTrustedService { service } => vec![Some(format!("service {service}"))],
        Change::EnablePolicyType { policy_type, .. } => vec![Some(format!("type {policy_type}"))],
        Change::RegisterAdministrator { service, .. }
        | Change::DeregisterAdministrator { service, .. } => {
            vec![Some(format!("administrators {service}"))]
        }
        Change::CreateUnit { path, .. } => vec![Some(format!("unit {path}"))],
        Change::DeleteUnit { unit, .. } => vec![Some(format!("unit {unit}"))],
        Change::MoveAccount { account, .. } => vec![Some(format!("account {account}"))],
        Change::CreatePolicy { policy_type, policy, .. } => {
            vec![Some(format!("policy {policy_type} {}", policy.name))]
        }
        Change::UpdatePolicy { id, .. } => vec![Some(format!("policy {id}"))],
        // It is there although it should not be: somebody created it.
        Change::DeletePolicy { policy_type, id, .. } => {
            vec![Some(format!("policy {id}")), Some(format!("type {policy_type}"))]
        }
        Change::AttachPolicy { policy_type, policy, target } => {
            let target = target.id().map(String::from);
            let both = policy.id.as_ref().zip(target);
            vec![
                both.map(|(policy, target)| format!("off {policy} {target}")),
                policy.id.is_none().then(|| format!("policy {policy_type} {}", policy.name)),
                Some(format!("type {policy_type}")),
            ]
        }
        Change::DetachPolicy { policy, target, .. } => {
            vec![target.id().map(|target| format!("on {policy} {}", String::from(target)))]
        }
        Change::Object(change) => {
            let (account, name) = (&change.key.account, &change.key.name);
            let end = name.rsplit('/').next().unwrap_or(name);
            vec![Some(format!("object {account} {name}")), Some(format!("object {account} {end}"))]
        }
    };
    traces.into_iter().flatten().collect()
}

/// An event as it may be shown.
pub(super) fn attribution(event: &Event) -> Attribution {
    // An ARN is plain ASCII; whatever else comes in its place shall not look like something.
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let arn: String = event.principal.arn.replace("%40", "@").chars().map(plain).collect();
    Attribution {
        principal: scrub(&arn),
        call: event.call.clone(),
        at: event.at,
        from: event.from.clone(),
        event: event.id.clone(),
    }
}
