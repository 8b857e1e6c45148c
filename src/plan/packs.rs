//! Policies that guardrails share: what stays in them, whose place they take, what may not get lost.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::compile::{self, DesiredTarget, PolicyKey, PolicyResource, StatementOrigin};
use crate::org::{DocumentRef, Mark, Members, ObservedPolicy, PolicyType, TargetId};
use crate::plan::action::Change;
use crate::plan::draft::{Danger, Draft, Role};
use crate::plan::edges::{place_of, upwards};
use crate::plan::policies::{Item, adopt, mark_of, remove};
use crate::plan::view::View;
use crate::policy;

/// The policies of a type as they should be.
pub(super) type Wanted<'a> = BTreeMap<PolicyKey, Cow<'a, PolicyResource>>;

/// What desired state wants, with what a shared policy holds of guardrails that are not enforced left
/// in it: of those nothing is changed, and that includes taking them away.
pub(super) fn wanted<'a>(
    view: &View<'a>,
    draft: &Draft<'_>,
    policy_type: &PolicyType,
) -> Wanted<'a> {
    let of_type = view.resources.policies.iter().filter(|(key, _)| key.policy_type == *policy_type);
    let mut wanted: Wanted<'a> =
        of_type.map(|(key, resource)| (key.clone(), Cow::Borrowed(resource))).collect();
    let unenforced: Vec<(PolicyKey, &PolicyResource)> = view
        .resources
        .policies
        .iter()
        .filter(|(key, resource)| {
            key.policy_type == *policy_type && !draft.is_enforced(&resource.document)
        })
        .map(|(key, resource)| (key.clone(), resource))
        .collect();
    if unenforced.is_empty() {
        return wanted;
    }
    for policy in view.snapshot.policies_of(policy_type).into_iter().flat_map(BTreeMap::values) {
        let Some((mark, members)) = shared(view, policy) else { continue };
        let held = unenforced.iter().filter(|(_, resource)| members.contains(&resource.document));
        keep(view, &mut wanted, policy_type, (policy, mark), held.collect());
    }
    wanted
}

/// The mark and the members of a shared policy of ours.
fn shared(view: &View<'_>, policy: &ObservedPolicy) -> Option<(Mark, Members)> {
    let (text, mark) = Mark::read_description(&policy.description);
    let mark = mark.filter(|mark| mark.owner == view.resources.installation)?;
    Some((mark, Members::read(text).1?))
}

/// Leaves in `policy` what it holds of `held`, guardrails that are not enforced.
fn keep(
    view: &View<'_>,
    wanted: &mut Wanted<'_>,
    policy_type: &PolicyType,
    (policy, mark): (&ObservedPolicy, Mark),
    held: Vec<&(PolicyKey, &PolicyResource)>,
) {
    let parse = |text: &String| serde_json::from_str::<Value>(text).ok();
    let Some(observed) = policy.document.known().and_then(parse) else { return };
    let Some(places) = places_of(view, policy) else { return };
    let key = PolicyKey { policy_type: policy_type.clone(), name: policy.name.clone() };
    let by_mark = || {
        let mut all = wanted.iter();
        all.find(|(_, other)| other.document == mark.document).map(|(key, _)| key.clone())
    };
    let home = if wanted.contains_key(&key) { Some(key.clone()) } else { by_mark() };
    let own =
        home.as_ref().and_then(|home| parse(&wanted[home].content)).unwrap_or_else(|| json!({}));
    let theirs: Vec<Value> = held.iter().filter_map(|(_, one)| parse(&one.content)).collect();
    let kept = policy::belonging_to(&observed, &theirs, &own);
    let source = held.first().map(|(_, one)| one.source.clone());
    let Some(source) = source.filter(|_| !kept.is_empty()) else { return };
    let language = policy_type.facts().language;
    let content = policy::join([&own, &json!({"Statement": kept})]);
    let still_wanted = home.as_ref().map(|home| wanted[home].clone().into_owned());
    let members = still_wanted.iter().flat_map(|home| home.members.iter());
    let mut statements: Vec<StatementOrigin> =
        still_wanted.iter().flat_map(|home| home.statements.clone()).collect();
    statements.extend(kept.iter().filter_map(|statement| origin_of(policy_type, statement, &held)));
    let documents: Vec<DocumentRef> = members
        .map(|member| &member.document)
        .chain(held.iter().map(|(_, resource)| &resource.document))
        .cloned()
        .collect();
    let resource = PolicyResource {
        description: compile::describe(&mark, &documents),
        document: mark.document.clone(),
        content: policy::minify(&content),
        canonical: policy::canonical(language, &content),
        targets: still_wanted.as_ref().map_or_else(|| places.clone(), |home| home.targets.clone()),
        source,
        statements,
        members: still_wanted.map(|home| home.members).unwrap_or_default(),
        mark,
    };
    let said = policy::canonical(language, &observed);
    for (single, one) in held {
        if said.contains(&one.canonical) && one.targets.is_subset(&places) {
            wanted.remove(single);
        }
    }
    wanted.insert(home.unwrap_or(key), Cow::Owned(resource));
}

/// The statement in git that `statement` is, of those of `held`.
fn origin_of(
    policy_type: &PolicyType,
    statement: &Value,
    held: &[&(PolicyKey, &PolicyResource)],
) -> Option<StatementOrigin> {
    let language = policy_type.facts().language;
    let alone = |one: &Value| policy::canonical(language, &json!({"Statement": [one]}));
    let said = alone(statement);
    let mut all = held.iter().flat_map(|(_, one)| {
        let content = serde_json::from_str::<Value>(&one.content).unwrap_or_default();
        let written = content.get("Statement").cloned().unwrap_or_default();
        let written = written.as_array().cloned().unwrap_or_else(|| vec![written]);
        written.into_iter().zip(&one.statements)
    });
    let same = |(one, _): &(Value, &StatementOrigin)| {
        alone(one) == said || (one.get("Sid").is_some() && one.get("Sid") == statement.get("Sid"))
    };
    all.find(same).map(|(_, origin)| origin.clone())
}

/// Where a policy is attached; nothing if that is not known or not in the tree.
fn places_of(view: &View<'_>, policy: &ObservedPolicy) -> Option<BTreeSet<DesiredTarget>> {
    policy.targets.known()?.iter().map(|target: &TargetId| view.place(target)).collect()
}

/// The document whose own policy this was until it came to share one.
pub(super) fn shares_now<'a>(
    view: &View<'a>,
    policy_type: &PolicyType,
    policy: &ObservedPolicy,
) -> Option<&'a DocumentRef> {
    let shares = |found: &dyn Fn(&compile::Member) -> bool| {
        let packs = view.resources.policies.iter();
        packs
            .filter(|(key, _)| key.policy_type == *policy_type)
            .flat_map(|(_, resource)| &resource.members)
            .find(|member| found(member))
            .map(|member| &member.document)
    };
    if let Some(mark) = mark_of(policy) {
        return shares(&|member| member.document == mark.document);
    }
    let (policy_type, name) = (policy_type.clone(), policy.name.clone());
    let is_packed = view.resources.packed.contains_key(&PolicyKey { policy_type, name });
    is_packed.then(|| shares(&|member| member.policy_name == policy.name)).flatten()
}

/// Why a policy that no document has for itself is deleted.
pub(super) fn reason_to_go(
    view: &View<'_>,
    policy_type: &PolicyType,
    policy: &ObservedPolicy,
) -> String {
    let home = shares_now(view, policy_type, policy).and_then(|document| {
        let mut all = view.resources.policies.iter();
        all.find(|(_, one)| one.members.iter().any(|member| member.document == *document))
    });
    match home {
        Some((key, _)) => format!("its guardrail shares `{}` now", key.name),
        None if shared(view, policy).is_some() => {
            "the guardrails it held are elsewhere or gone".to_owned()
        }
        None => "no document names it any more".to_owned(),
    }
}

/// Is it a shared policy, or one whose place a shared policy takes?
pub(super) fn is_passing(view: &View<'_>, policy_type: &PolicyType, item: &Item<'_>) -> bool {
    let Some(policy) = item.observed else { return false };
    shared(view, policy).is_some()
        || (item.resource.is_none() && shares_now(view, policy_type, policy).is_some())
}

/// Lets a policy that goes become one that comes, in place, where one says all that the other says:
/// guardrails that come to share a policy need no further slot, nor do those that cease to.
pub(super) fn adopt_what_is_said(
    view: &View<'_>,
    draft: &Draft<'_>,
    policy_type: &PolicyType,
    items: &mut Vec<Item<'_>>,
) {
    let coming: Vec<usize> = (0..items.len())
        .filter(|at| items[*at].observed.is_none() && draft.is_enforced(&items[*at].document))
        .collect();
    let mut gone = BTreeSet::new();
    for to in coming {
        let Some(resource) = items[to].resource else { continue };
        let fit = |from: &usize| {
            let item = &items[*from];
            if item.resource.is_some() || item.is_stuck || gone.contains(from) {
                return None;
            }
            let (policy, meaning) = (item.observed?, item.meaning.as_ref()?);
            let places = places_of(view, policy)?;
            let is_near = !places.is_empty()
                && places.is_subset(&resource.targets)
                && is_passing(view, policy_type, item);
            let gains = resource.canonical.contains(meaning);
            let loses = meaning.contains(&resource.canonical) && shared(view, policy).is_some();
            (is_near && (gains || loses))
                .then(|| (gains, meaning.statements().len(), std::cmp::Reverse(*from)))
        };
        let best = (0..items.len()).filter_map(|from| Some((fit(&from)?, from))).max();
        if let Some((_, from)) = best {
            adopt(items, to, from);
            gone.insert(from);
        }
    }
    remove(items, &gone);
}

/// Why a change of a shared policy needs approval.
const LOST: &str =
    "a guardrail ends with it: no other policy says what it says, and no document was edited";

/// What is said where after the plan, as far as it is going to be carried out.
struct Said<'a>(BTreeMap<DesiredTarget, BTreeSet<&'a String>>);

impl<'a> Said<'a> {
    fn of(
        view: &View<'_>,
        draft: &Draft<'_>,
        policy_type: &PolicyType,
        items: &'a [Item<'_>],
    ) -> Self {
        let mut attached: BTreeMap<&str, Vec<DesiredTarget>> = BTreeMap::new();
        for proposal in &draft.proposals {
            if let Change::AttachPolicy { policy_type: of_type, policy, target } = &proposal.change
                && of_type == policy_type
            {
                attached.entry(&policy.name).or_default().push(place_of(target));
            }
        }
        let mut said: BTreeMap<DesiredTarget, BTreeSet<&String>> = BTreeMap::new();
        for item in items {
            let now = item.observed.and_then(|policy| places_of(view, policy)).unwrap_or_default();
            let is_done = !item.is_stuck && draft.is_enforced(&item.document);
            let (meaning, places) = match item.resource.filter(|_| is_done) {
                Some(resource) => {
                    let mut places: Vec<DesiredTarget> =
                        now.intersection(&resource.targets).cloned().collect();
                    places.extend(attached.remove(item.name.as_str()).unwrap_or_default());
                    (Some(&resource.canonical), places)
                }
                None if is_done && item.resource.is_none() => (None, Vec::new()),
                None => (item.meaning.as_ref(), now.into_iter().collect()),
            };
            for place in places {
                said.entry(place)
                    .or_default()
                    .extend(meaning.iter().flat_map(|one| one.statements()));
            }
        }
        Self(said)
    }

    /// Is the statement said on `place` or above it?
    fn covers(&self, view: &View<'_>, place: &DesiredTarget, statement: &String) -> bool {
        let says =
            |place: DesiredTarget| self.0.get(&place).is_some_and(|said| said.contains(statement));
        lineage(view, place).any(says)
    }
}

/// Settles which changes of shared policies, and of those whose place they take, need approval: the
/// ones after which a guardrail is said nowhere although nobody edited it.
pub(super) fn weigh(
    view: &View<'_>,
    draft: &mut Draft<'_>,
    policy_type: &PolicyType,
    items: &[Item<'_>],
) {
    let passing: BTreeMap<&str, &Item<'_>> = items
        .iter()
        .filter(|item| is_passing(view, policy_type, item))
        .filter_map(|item| Some((item.observed?.id.as_str(), item)))
        .collect();
    if passing.is_empty() {
        return;
    }
    let said = Said::of(view, draft, policy_type, items);
    let dangers: Vec<Option<Danger>> = draft
        .proposals
        .iter()
        .map(|proposal| danger_of(view, &said, &passing, &proposal.change))
        .collect();
    for (proposal, danger) in draft.proposals.iter_mut().zip(dangers) {
        // A detach that leaves a gap has been found dangerous for another reason.
        if proposal.weight.role != Role::MakesRoom {
            proposal.weight.danger = danger.unwrap_or(proposal.weight.danger);
        }
    }
}

fn danger_of(
    view: &View<'_>,
    said: &Said<'_>,
    passing: &BTreeMap<&str, &Item<'_>>,
    change: &Change,
) -> Option<Danger> {
    let (id, place) = if let Change::DetachPolicy { policy, target, .. } = change {
        (policy, Some(place_of(target)))
    } else if let Change::UpdatePolicy { id, .. } | Change::DeletePolicy { id, .. } = change {
        (id, None)
    } else {
        return None;
    };
    let item = passing.get(id.as_str())?;
    let places = match place {
        Some(place) => BTreeSet::from([place]),
        None => places_of(view, item.observed?)?,
    };
    // Of what stays, the places it leaves are its documents' own wish.
    if item.resource.is_some() && matches!(change, Change::DetachPolicy { .. }) {
        return None;
    }
    let meaning = item.meaning.as_ref()?;
    let lost = places.iter().flat_map(|place| {
        meaning
            .statements()
            .iter()
            .filter(|statement| !said.covers(view, place, statement))
            .map(move |statement| (place, statement))
    });
    let lost: Vec<(&DesiredTarget, &String)> = lost.collect();
    if matches!(change, Change::DeletePolicy { .. }) {
        // Deleting waits for approval in any case; losing something thereby is the better reason.
        let is_forgotten =
            !meaning.statements().iter().all(|statement| is_wanted(view, statement, None));
        return (is_forgotten || !lost.is_empty()).then_some(Danger::Because(LOST));
    }
    if lost.is_empty() {
        return Some(Danger::No);
    }
    // Edited, then: every guardrail it held is still in git, and none of them says it any more.
    let documents = view.resources.documents.keys();
    let members = item.observed.and_then(|policy| shared(view, policy)).map(|(_, members)| members);
    let is_edited = members.is_some_and(|members| members.are_all_in(documents))
        && lost.iter().all(|(place, statement)| !is_wanted(view, statement, Some(place)));
    Some(if is_edited { Danger::No } else { Danger::Because(LOST) })
}

/// Does any document say it, on `place` or above it if one is given?
fn is_wanted(view: &View<'_>, statement: &String, place: Option<&DesiredTarget>) -> bool {
    view.resources.policies.values().any(|policy| {
        policy.canonical.statements().contains(statement)
            && place.is_none_or(|place| {
                lineage(view, place).any(|above| policy.targets.contains(&above))
            })
    })
}

/// A place and everything above it.
fn lineage(view: &View<'_>, place: &DesiredTarget) -> impl Iterator<Item = DesiredTarget> + use<> {
    let path = match place {
        DesiredTarget::Unit(path) => path.parent(),
        DesiredTarget::Account(id) => view.account_path(id).cloned(),
    };
    std::iter::once(place.clone()).chain(path.into_iter().flat_map(|path| upwards(&path)))
}
