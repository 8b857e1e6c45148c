//! Which guardrails share a policy, so that many fit into the few slots of a target.
//!
//! Decided from desired state alone: the same documents give the same policies on every machine, in
//! every order of files, with nothing remembered. Guardrails share a policy only when it makes no
//! difference to anybody: same type, same targets, nothing but denies, enforced, and gone from AWS
//! when they are gone from git. `policy::pack` says how little moves when one of them changes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::desired::model::{DesiredOrg, DesiredPolicy, DesiredTarget, Mode, Packing};
use crate::org::{Members, PolicyType, hex};
use crate::policy::{self, Language, Piece, Room};

/// Slots of a crowded target that stay free where they can. Replacing a policy needs one for a moment;
/// with the other, a target is not so full (nine of ten) that somebody is called.
const SPARE_SLOTS: usize = 2;

/// What the name of a shared policy begins with.
const NAME_PREFIX: &str = "palisade-pack-";

/// A policy that several guardrails share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// Its type.
    pub policy_type: PolicyType,
    /// Its name in AWS.
    pub name: String,
    /// What it is attached to.
    pub targets: BTreeSet<DesiredTarget>,
    /// Its guardrails, as indices of the policies given, in the order of their documents' names.
    pub members: Vec<usize>,
}

/// The guardrails of one type on the same targets.
struct Group<'a> {
    targets: &'a BTreeSet<DesiredTarget>,
    /// Indices of policies, and how much of a shared policy each takes.
    members: Vec<(usize, Piece)>,
    /// The policies it may take.
    policies: usize,
    least: usize,
}

/// The policies that guardrails share as of the day `today`; who is in none has a policy of its own.
///
/// What is only observed or suspended counts as a policy of its own, so that switching a guardrail off
/// and on moves hardly anything else.
///
/// `needed` packs only what is on a target with too few slots, the first groups of targets first, and
/// no more than it must to leave `SPARE_SLOTS`. Everything fits whenever it fits with every group in
/// as few policies as first-fit-decreasing needs.
pub fn arrange(org: &DesiredOrg, policies: &[&DesiredPolicy], today: Date) -> Vec<Pack> {
    if org.packing == Packing::Never {
        return Vec::new();
    }
    let types: BTreeSet<&PolicyType> = policies
        .iter()
        .map(|policy| &policy.policy_type)
        .filter(|policy_type| policy_type.facts().language == Language::Iam)
        .collect();
    types.into_iter().flat_map(|of_type| arrange_type(org, policies, today, of_type)).collect()
}

fn arrange_type(
    org: &DesiredOrg,
    policies: &[&DesiredPolicy],
    today: Date,
    of_type: &PolicyType,
) -> Vec<Pack> {
    let quota = org.quota(of_type);
    let room = Room { characters: quota.characters_max, pieces: Members::MAX };
    let counted = policies.iter().enumerate().filter(|(_, policy)| policy.policy_type == *of_type);
    let mut groups: BTreeMap<&BTreeSet<DesiredTarget>, Group<'_>> = BTreeMap::new();
    let mut fixed: BTreeMap<&DesiredTarget, usize> = BTreeMap::new();
    for (index, policy) in counted {
        let Some(piece) = piece(policy, today) else {
            policy.targets.iter().for_each(|target| *fixed.entry(target).or_default() += 1);
            continue;
        };
        let group = groups.entry(&policy.targets).or_insert_with(|| Group {
            targets: &policy.targets,
            members: Vec::new(),
            policies: 0,
            least: 0,
        });
        group.members.push((index, piece));
    }
    let mut groups: Vec<Group<'_>> = groups.into_values().collect();
    for group in &mut groups {
        group.members.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
        group.policies = group.members.len();
        group.least = policy::least(&group.pieces(), room);
    }
    make_room(&mut groups, &fixed, org.free_slots(of_type));
    let mut taken: BTreeSet<&str> = policies
        .iter()
        .filter(|policy| policy.policy_type == *of_type)
        .flat_map(|policy| [policy.policy_name.as_str(), policy.header.document.name.as_str()])
        .collect();
    taken.retain(|name| name.starts_with(NAME_PREFIX));
    groups.iter().flat_map(|group| group.packs(org.packing, of_type, room, &taken)).collect()
}

/// Takes policies from groups on crowded targets, as many as it must and no group can spare less.
fn make_room(groups: &mut [Group<'_>], fixed: &BTreeMap<&DesiredTarget, usize>, free: usize) {
    let targets: BTreeSet<&DesiredTarget> =
        groups.iter().flat_map(|group| group.targets).chain(fixed.keys().copied()).collect();
    for target in targets {
        let on_target = |group: &&mut Group<'_>| group.targets.contains(target);
        let shared: usize = groups.iter_mut().filter(on_target).map(|group| group.policies).sum();
        let used = shared + fixed.get(target).copied().unwrap_or_default();
        if used <= free {
            continue;
        }
        let mut excess = used - free.saturating_sub(SPARE_SLOTS);
        for group in groups.iter_mut().filter(on_target) {
            let given = group.policies.saturating_sub(group.least).min(excess);
            group.policies -= given;
            excess -= given;
        }
    }
}

impl Group<'_> {
    fn pieces(&self) -> Vec<Piece> {
        self.members.iter().map(|(_, piece)| piece.clone()).collect()
    }

    fn packs(
        &self,
        packing: Packing,
        policy_type: &PolicyType,
        room: Room,
        taken: &BTreeSet<&str>,
    ) -> Vec<Pack> {
        let pieces = self.pieces();
        let is_crowded = self.policies < pieces.len();
        let shares = match packing {
            Packing::Never => return Vec::new(),
            Packing::Always => {
                let shares = policy::pack_all(&pieces, room);
                let fits = !is_crowded || shares.len() <= self.policies;
                if fits { Some(shares) } else { policy::pack(&pieces, self.policies, room) }
            }
            Packing::Needed => policy::pack(&pieces, self.policies, room),
        };
        let prefix = format!("{NAME_PREFIX}{}", digest(self.targets));
        let mut names = (1_usize..)
            .map(|number| format!("{prefix}-{number}"))
            .filter(|name| !taken.contains(name.as_str()));
        let mut shares = shares.unwrap_or_default();
        shares.sort();
        let mut next = 0;
        let mut packs = Vec::new();
        for share in shares {
            // A share keeps its name whichever of the others are empty.
            let Some(name) = names.nth(share.number - next) else { continue };
            next = share.number + 1;
            if share.pieces.len() > 1 {
                let members = share.pieces.iter().map(|piece| self.members[*piece].0).collect();
                let (policy_type, targets) = (policy_type.clone(), self.targets.clone());
                packs.push(Pack { policy_type, name, targets, members });
            }
        }
        packs
    }
}

impl DesiredPolicy {
    /// Does it count against the slots of its targets? What is only observed is not attached.
    pub(crate) fn takes_slots(&self) -> bool {
        self.header.mode != Mode::Observe
    }

    /// The document that is sent when it has a policy of its own.
    pub fn document(&self) -> serde_json::Value {
        policy::with_exceptions(&self.content, &self.except.principals)
    }
}

/// What a policy is to the packing; nothing if it must stay alone.
fn piece(policy: &DesiredPolicy, today: Date) -> Option<Piece> {
    let header = &policy.header;
    // What a suspended guardrail left in AWS is not palisade's to change, and `prune: false` says the
    // same of one that is gone from git; in a shared policy neither could be kept.
    let may_share = header.prune && header.is_enforced(today) && !policy.targets.is_empty();
    // What protects emergency access stands alone: it comes before what restricts, and goes after it.
    let may_share = may_share && header.document.kind != "BreakGlassRole";
    let size = may_share.then(|| policy::shared_size(&policy.document())).flatten()?;
    Some(Piece { name: header.document.name.clone(), size })
}

/// Names a set of targets in eight hex digits.
fn digest(targets: &BTreeSet<DesiredTarget>) -> String {
    let mut hasher = Sha256::new();
    for target in targets {
        match target {
            DesiredTarget::Unit(path) => hasher.update(path.to_string()),
            DesiredTarget::Account(id) => hasher.update(id.as_str()),
        }
        hasher.update([0]);
    }
    hex(&hasher.finalize()[..4])
}
