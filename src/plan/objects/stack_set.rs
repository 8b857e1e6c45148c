//! StackSets: settings, and instances in operations of which there is one at a time.
//!
//! A change has at most one step that takes time, and it is the last: what is left to do after it is planned
//! when it is over. What takes something away comes when nothing else is left, because it waits for a person.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use crate::compile::{TemplateResource, template_resources};
use crate::org::{
    AccountId, Deployed, Instance, InstanceStatus, Mark, ObjectStep, OperationStatus, Piece, Reach,
    Region, StackSetOperation, StackSetPermissions, StackSetState, StackSetStep, even_lines,
    operation_id, read_stamp, template_stamp,
};
use crate::plan::action::BlockedReason;

/// Operations that may fail one after the other on a day before palisade leaves it to a person until the next.
const FAILURES_MAX: usize = 3;

/// Accounts that a message names.
const NAMED_MAX: usize = 5;

/// Why a StackSet's instances go only with approval.
pub(super) const STACKS_STAY: &str =
    "its stacks stay in the accounts with all that is in them, and nobody keeps them any more";

/// Why a template that lacks resources of the one before is written only with approval.
const DROPPED: &str = "the template no longer has all the resources that it had, and CloudFormation deletes them \
                       in every account";

/// The rest of what AWS shows of a parameter that must not be read (`NoEcho`).
const MASKED: &str = "****";

/// From `before` to `after`.
pub(super) fn steps(before: Option<&StackSetState>, after: &StackSetState) -> Vec<ObjectStep> {
    let Some(reach) = &after.reach else { return Vec::new() };
    let next = match before {
        None => create(after, reach),
        Some(before) => next(before, after, reach).into_iter().collect(),
    };
    next.into_iter().map(ObjectStep::StackSet).collect()
}

fn create(after: &StackSetState, reach: &Reach) -> Vec<StackSetStep> {
    let mut steps = vec![
        StackSetStep::ActivateAccess,
        StackSetStep::Create { settings: Box::new(after.settings()) },
    ];
    steps.extend(
        first_instances(&Deployed::default(), reach)
            .map(|piece| StackSetStep::CreateInstances(Box::new(piece))),
    );
    steps
}

/// The next step of a StackSet that is there.
fn next(before: &StackSetState, after: &StackSetState, reach: &Reach) -> Option<StackSetStep> {
    let nothing = Deployed::default();
    let deployed = before.deployed.as_deref().unwrap_or(&nothing);
    update(before, after, reach, deployed)
        .or_else(|| {
            first_instances(deployed, reach)
                .map(|piece| StackSetStep::CreateInstances(Box::new(piece)))
        })
        .or_else(|| {
            let missing = accounts_where(deployed, reach, |instance| instance.is_none());
            piece("create", missing, deployed, reach)
                .map(|piece| StackSetStep::CreateInstances(Box::new(piece)))
        })
        .or_else(|| retry(InstanceStatus::Outdated, deployed, reach))
        // One that refuses must not keep the others waiting, so it comes last.
        .or_else(|| retry(InstanceStatus::Failed, deployed, reach))
        .or_else(|| {
            surplus(deployed, reach).map(|piece| StackSetStep::ForgetInstances(Box::new(piece)))
        })
}

fn retry(status: InstanceStatus, deployed: &Deployed, reach: &Reach) -> Option<StackSetStep> {
    let is_meant = |instance: Option<&Instance>| instance.is_some_and(|it| it.status == status);
    let accounts = accounts_where(deployed, reach, is_meant);
    piece("update", accounts, deployed, reach)
        .map(|piece| StackSetStep::UpdateInstances(Box::new(piece)))
}

fn update(
    before: &StackSetState,
    after: &StackSetState,
    reach: &Reach,
    deployed: &Deployed,
) -> Option<StackSetStep> {
    let mut missing = after.tags.clone();
    missing.retain(|key, value| before.tags.get(key) != Some(value));
    let is_mark = missing.keys().all(|key| key.starts_with("palisade:"));
    let is_same = is_described(before, after)
        && is_same_text(&before.template, &after.template)
        && has_parameters(before, after)
        && before.capabilities == after.capabilities
        && before.auto_deployment == after.auto_deployment
        && before.managed_execution == after.managed_execution;
    // The mark alone is no reason to write: it comes with the next real change.
    if is_same && (missing.is_empty() || is_mark) {
        return None;
    }
    let mut settings = after.settings();
    // AWS takes the tags of an update for all there are; other people's stay.
    let others = before.tags.iter().filter(|(key, _)| !after.tags.contains_key(*key));
    settings.tags.extend(others.map(|(key, value)| (key.clone(), value.clone())));
    let operation = next_id(&("settings", &settings), deployed);
    let regions: BTreeSet<&Region> = deployed.instances.values().flat_map(BTreeMap::keys).collect();
    Some(StackSetStep::Update {
        settings: Box::new(settings),
        rollout: reach.rollout,
        regions: reach.regions.iter().filter(|region| regions.contains(region)).cloned().collect(),
        operation,
    })
}

/// Instances in OUs to which nothing was deployed yet: it is what makes AWS deploy to accounts that come.
fn first_instances(deployed: &Deployed, reach: &Reach) -> Option<Piece> {
    let is_created = |operation: &StackSetOperation| {
        operation.action == "CREATE" && operation.status == OperationStatus::Succeeded
    };
    // Where AWS does not say to which OUs it deployed, that it did is all there is to know.
    let is_untold = deployed.units.is_empty() && deployed.operations.iter().any(is_created);
    let mut units = reach.units.clone();
    units.retain(|unit| !is_untold && !deployed.units.contains(unit));
    if units.is_empty() || reach.regions.is_empty() {
        let accounts = accounts_where(&Deployed::default(), reach, |instance| instance.is_none());
        let is_first = deployed.instances.is_empty() && !reach.only.is_empty();
        return is_first.then(|| piece("create", accounts, deployed, reach)).flatten();
    }
    Some(finished("create", units, BTreeSet::new(), reach.regions.clone(), deployed, reach))
}

/// The Regions of every wanted account in which its instance, or that there is none, is as asked.
fn accounts_where(
    deployed: &Deployed,
    reach: &Reach,
    is_meant: impl Fn(Option<&Instance>) -> bool,
) -> BTreeMap<AccountId, Vec<Region>> {
    let mut found = BTreeMap::new();
    for account in reach.accounts.keys() {
        let instances = deployed.instances.get(account);
        let mut regions = reach.regions.clone();
        regions.retain(|region| is_meant(instances.and_then(|it| it.get(region))));
        if !regions.is_empty() {
            found.insert(account.clone(), regions);
        }
    }
    found
}

/// The operation that does the most of it: one request is about the same Regions in all its accounts.
fn piece(
    what: &str,
    accounts: BTreeMap<AccountId, Vec<Region>>,
    deployed: &Deployed,
    reach: &Reach,
) -> Option<Piece> {
    let mut groups: BTreeMap<Vec<Region>, BTreeSet<AccountId>> = BTreeMap::new();
    for (account, regions) in accounts {
        groups.entry(regions).or_default().insert(account);
    }
    let (regions, accounts) = groups.into_iter().max_by_key(|(_, accounts)| accounts.len())?;
    let units = if reach.units.is_empty() {
        accounts.iter().filter_map(|account| reach.accounts.get(account)).cloned().collect()
    } else {
        reach.units.clone()
    };
    Some(finished(what, units, accounts, regions, deployed, reach))
}

/// Instances where none should be: in an OU that is no longer named, in an account that is not, in a Region.
fn surplus(deployed: &Deployed, reach: &Reach) -> Option<Piece> {
    let all_regions = |accounts: &mut dyn Iterator<Item = &AccountId>| -> Vec<Region> {
        let instances = accounts.filter_map(|account| deployed.instances.get(account));
        let regions: BTreeSet<Region> = instances.flat_map(BTreeMap::keys).cloned().collect();
        regions.into_iter().collect()
    };
    let dropped: BTreeSet<String> = deployed
        .units
        .iter()
        .filter(|unit| !reach.units.contains(*unit) && !reach.above.contains(*unit))
        .cloned()
        .collect();
    let regions = all_regions(&mut deployed.instances.keys());
    if !reach.paths.is_empty() && !dropped.is_empty() && !regions.is_empty() {
        return Some(finished("forget", dropped, BTreeSet::new(), regions, deployed, reach));
    }
    let mut groups: BTreeMap<Vec<Region>, BTreeSet<AccountId>> = BTreeMap::new();
    for (account, instances) in &deployed.instances {
        let is_other = reach.others.contains_key(account);
        let is_wanted = reach.accounts.contains_key(account);
        let regions: Vec<Region> = instances
            .keys()
            .filter(|region| is_other || is_wanted && !reach.regions.contains(region))
            .cloned()
            .collect();
        if !regions.is_empty() {
            groups.entry(regions).or_default().insert(account.clone());
        }
    }
    let (regions, accounts) = groups.into_iter().max_by_key(|(_, accounts)| accounts.len())?;
    let places = accounts.iter().filter_map(|id| reach.accounts.get(id).or(reach.others.get(id)));
    let units =
        if deployed.units.is_empty() { places.cloned().collect() } else { deployed.units.clone() };
    Some(finished("forget", units, accounts, regions, deployed, reach))
}

fn finished(
    what: &str,
    units: BTreeSet<String>,
    accounts: BTreeSet<AccountId>,
    regions: Vec<Region>,
    deployed: &Deployed,
    reach: &Reach,
) -> Piece {
    let operation = next_id(&(what, &units, &accounts, &regions), deployed);
    Piece { units, accounts, regions, rollout: reach.rollout, operation }
}

fn next_id(what: &impl Serialize, deployed: &Deployed) -> String {
    // What serializes cannot fail to; an empty text would only make the id the same for every request.
    let what = serde_json::to_string(what).unwrap_or_default();
    operation_id(&what, deployed.operations.first().map(|operation| operation.id.as_str()))
}

/// Instances first, and then what is left. Stacks stay in the accounts.
pub(super) fn remove(set: &StackSetState) -> Vec<ObjectStep> {
    let deployed = set.deployed.as_deref().cloned().unwrap_or_default();
    let regions: BTreeSet<Region> =
        deployed.instances.values().flat_map(BTreeMap::keys).cloned().collect();
    let step = if regions.is_empty() {
        StackSetStep::Delete
    } else {
        let reach = Reach::of_nothing();
        let (units, regions) = (deployed.units.clone(), regions.into_iter().collect());
        let piece = finished("forget", units, BTreeSet::new(), regions, &deployed, &reach);
        StackSetStep::ForgetInstances(Box::new(piece))
    };
    vec![ObjectStep::StackSet(step)]
}

/// Why nothing is done about a StackSet now, whatever there is to do; or that AWS has yet to finish.
pub(super) fn obstacle(
    before: &StackSetState,
    after: Option<&StackSetState>,
    steps: &[ObjectStep],
    today: Date,
) -> Option<(BlockedReason, String)> {
    let reach = after.and_then(|after| after.reach.as_deref());
    let deployed = before.deployed.as_deref()?;
    let mut pending = instances_that(deployed, |it| it.status == InstanceStatus::Pending);
    pending.retain(|account| reach.is_none_or(|reach| reach.accounts.contains_key(account)));
    if steps.is_empty() && pending.is_empty() {
        return None;
    }
    if after.is_some() && before.permissions == StackSetPermissions::SelfManaged {
        let message = "it works with roles of its own (`SELF_MANAGED`) and cannot be given those of the \
                       organization: name another with `stackSetName`";
        return Some((BlockedReason::Protected, message.to_owned()));
    }
    if reach.is_some_and(|reach| !reach.adopts) && Mark::read_tags(&before.tags).is_none() {
        let message = "a stack set of this name is there and carries no mark: name it with `stackSetName` to \
                       take it over, or another";
        return Some((BlockedReason::ForeignOwner, message.to_owned()));
    }
    if let Some(operation) = before.running() {
        return Some(at_work(operation, today));
    }
    if !pending.is_empty() {
        let message = format!("AWS has yet to come to {}", named(&pending));
        return Some((BlockedReason::InProgress, message));
    }
    exhausted(deployed, steps, today)
}

fn at_work(operation: &StackSetOperation, today: Date) -> (BlockedReason, String) {
    let StackSetOperation { id, action, begun, .. } = operation;
    let since = begun.map(|begun| format!(" since {begun}")).unwrap_or_default();
    let message = format!("AWS is at work on `{action}`{since} (operation {id})");
    let yesterday = today.checked_sub(1.day()).unwrap_or(today);
    if begun.is_some_and(|begun| day(begun) < yesterday) {
        let message = format!(
            "{message}, longer than a day: nothing else is begun; see `aws cloudformation \
             describe-stack-set-operation`, and end it with `stop-stack-set-operation`"
        );
        return (BlockedReason::Hanging, message);
    }
    (BlockedReason::InProgress, message)
}

/// Trying again and again what failed again and again does not help, and hides that somebody should look.
fn exhausted(
    deployed: &Deployed,
    steps: &[ObjectStep],
    today: Date,
) -> Option<(BlockedReason, String)> {
    let is_retry = |step: &ObjectStep| {
        matches!(
            step,
            ObjectStep::StackSet(
                StackSetStep::CreateInstances(_) | StackSetStep::UpdateInstances(_)
            )
        )
    };
    if !steps.iter().any(is_retry) {
        return None;
    }
    let failed = deployed.operations.iter().take_while(|it| it.status == OperationStatus::Failed);
    let is_today = |operation: &&StackSetOperation| operation.begun.map(day) == Some(today);
    if failed.filter(is_today).count() < FAILURES_MAX {
        return None;
    }
    let accounts = instances_that(deployed, |it| it.status == InstanceStatus::Failed);
    let first = deployed.instances.values().flat_map(BTreeMap::values).find_map(|instance| {
        instance.reason.as_deref().filter(|_| instance.status == InstanceStatus::Failed)
    });
    let why = first.map(|why| format!(": {}", why.trim_end_matches('.'))).unwrap_or_default();
    let message = format!(
        "{FAILURES_MAX} operations in a row failed today in {}{why}; palisade tries again tomorrow, and at \
         once when the document changes or an operation of yours succeeds",
        named(&accounts)
    );
    Some((BlockedReason::Failing, message))
}

/// What is not as it should be and no step mends.
pub(super) fn complaints(
    before: &StackSetState,
    after: &StackSetState,
) -> Vec<(BlockedReason, String)> {
    let (Some(deployed), Some(reach)) = (&before.deployed, &after.reach) else { return Vec::new() };
    let wanted = |is_meant: fn(&Instance) -> bool| {
        let mut accounts = instances_that(deployed, is_meant);
        accounts.retain(|account| reach.accounts.contains_key(account));
        accounts
    };
    let mut complaints = Vec::new();
    let drifted = wanted(|instance| instance.drifted);
    if !drifted.is_empty() {
        let message = format!(
            "what is in the stack was changed from outside in {}: CloudFormation does not put it back; undo it \
             there, or change the template",
            named(&drifted)
        );
        complaints.push((BlockedReason::ChangedOutside, message));
    }
    let inoperable = wanted(|instance| instance.status == InstanceStatus::Inoperable);
    if !inoperable.is_empty() {
        let message = format!(
            "a deletion failed in {} and left an instance that no operation comes to: delete it with \
             `aws cloudformation delete-stack-instances --retain-stacks`",
            named(&inoperable)
        );
        complaints.push((BlockedReason::Failing, message));
    }
    complaints
}

/// A comparison with what is in the accounts, where the last one is too long ago and nothing else is under way.
pub(super) fn check(
    before: &StackSetState,
    after: &StackSetState,
    today: Date,
) -> Option<StackSetStep> {
    let deployed = before.deployed.as_ref()?;
    let days = after.reach.as_ref()?.drift_check_days?;
    if deployed.instances.is_empty() || before.is_in_transition() {
        return None;
    }
    // What was never compared was made as it should be by its last operation.
    let made = deployed.operations.iter().filter_map(|operation| operation.begun).max();
    let last = deployed.drift_checked.or(made).map(day);
    let is_due = last
        .is_none_or(|last| last.checked_add(i64::from(days).days()).is_ok_and(|due| due <= today));
    let operation = next_id(&"drift", deployed);
    is_due.then_some(StackSetStep::DetectDrift { operation })
}

/// Accounts with an instance that `is_meant`.
fn instances_that(
    deployed: &Deployed,
    is_meant: impl Fn(&Instance) -> bool,
) -> BTreeSet<AccountId> {
    let has = |instances: &BTreeMap<Region, Instance>| instances.values().any(&is_meant);
    let accounts = deployed.instances.iter().filter(|(_, instances)| has(instances));
    accounts.map(|(account, _)| account.clone()).collect()
}

fn named(accounts: &BTreeSet<AccountId>) -> String {
    let first: Vec<&str> = accounts.iter().take(NAMED_MAX).map(AccountId::as_str).collect();
    let more = accounts.len().saturating_sub(NAMED_MAX);
    let what = if accounts.len() == 1 { "account" } else { "accounts" };
    let names = first.join(", ");
    if more == 0 { format!("{what} {names}") } else { format!("{what} {names} and {more} more") }
}

fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

fn is_described(before: &StackSetState, after: &StackSetState) -> bool {
    let (text, mark) = Mark::read_description(&before.description);
    let (wanted_text, wanted_mark) = Mark::read_description(&after.description);
    let ((text, _), (wanted_text, _)) = (read_stamp(text), read_stamp(wanted_text));
    text.trim_end() == wanted_text.trim_end() && (mark.is_none() || mark == wanted_mark)
}

/// Templates are compared as texts, but for the ends of their lines.
fn is_same_text(before: &str, after: &str) -> bool {
    before == after || even_lines(before) == even_lines(after)
}

/// Why the steps from `before` to `after` wait for a person, if they take something away.
pub(super) fn danger(
    before: &StackSetState,
    after: &StackSetState,
    steps: &[ObjectStep],
) -> Option<&'static str> {
    let because = |step: &ObjectStep| {
        let ObjectStep::StackSet(step) = step else { return None };
        let is_update = matches!(step, StackSetStep::Update { .. });
        if step.is_removal() {
            return Some(STACKS_STAY);
        }
        (is_update && drops(before, after)).then_some(DROPPED)
    };
    steps.iter().find_map(because)
}

/// Does CloudFormation delete resources in the accounts when the template of `before` becomes that of `after`?
/// What somebody else put into the template goes at once: else whoever adds a resource to it would keep palisade
/// from mending the rest.
fn drops(before: &StackSetState, after: &StackSetState) -> bool {
    let (_, stamp) = read_stamp(Mark::read_description(&before.description).0);
    if stamp.is_some_and(|stamp| stamp != template_stamp(&before.template)) {
        return false;
    }
    let (Some(before), Some(after)) =
        (template_resources(&before.template), template_resources(&after.template))
    else {
        return true;
    };
    let is_dropped = |(name, resource): (&String, &TemplateResource)| {
        !resource.is_kept && after.get(name).is_none_or(|after| after.kind != resource.kind)
    };
    before.iter().any(is_dropped)
}

fn has_parameters(before: &StackSetState, after: &StackSetState) -> bool {
    let has = |(name, value): (&String, &String)| before.parameters.get(name) == Some(value);
    let is_meant =
        |(name, value): (&String, &String)| after.parameters.contains_key(name) || value == MASKED;
    after.parameters.iter().all(has) && before.parameters.iter().all(is_meant)
}
