//! Watches a simulated organization at every call and remembers the first rule that breaks.

use std::collections::{BTreeMap, BTreeSet};

use palisade::cloud::Call;
use palisade::cloud::simulated::World;
use palisade::compile::Resources;
use palisade::org::{AccountId, Mark, PolicyType, TargetId};
use palisade::policy::{Language, canonical};

type Statements = BTreeMap<AccountId, BTreeSet<String>>;

/// What must hold whatever happens.
pub(super) struct Rules {
    resources: Resources,
    quotas: BTreeMap<PolicyType, usize>,
    foreign: BTreeMap<String, String>,
    /// Statements that bind an account at the start.
    first: Statements,
    /// Those of them that were once missing, with the call before which it was seen.
    missed: BTreeMap<(AccountId, String), String>,
    read: BTreeMap<String, BTreeSet<String>>,
    breach: Option<String>,
}

impl Rules {
    pub(super) fn of(resources: &Resources, start: &World) -> Self {
        let mut read = BTreeMap::new();
        let quotas = resources.quotas.iter();
        Self {
            resources: resources.clone(),
            quotas: quotas
                .map(|(policy_type, quota)| (policy_type.clone(), quota.attached_max))
                .collect(),
            foreign: foreign(resources, start),
            first: statements(start, &mut read),
            missed: BTreeMap::new(),
            read,
            breach: None,
        }
    }

    /// Looks at the organization before a call.
    pub(super) fn look(&mut self, world: &World, call: &Call) {
        let said = statements(world, &mut self.read);
        for (account, first) in &self.first {
            for statement in first.difference(&said[account]) {
                let key = (account.clone(), statement.clone());
                self.missed.entry(key).or_insert_with(|| format!("{call:?}"));
            }
        }
        if self.breach.is_none() {
            self.breach = self.broken(world).map(|what| format!("before {call:?}: {what}"));
        }
    }

    /// The first breach. What binds an account at the start and now must have bound it all the time.
    pub(super) fn breach(&mut self, end: &World) -> Option<String> {
        let last = statements(end, &mut self.read);
        let gap =
            self.missed.iter().find(|((account, statement), _)| last[account].contains(statement));
        let gap = gap.map(|((account, statement), call)| {
            format!("before {call}: {account} is without {statement}, which it had and has")
        });
        self.breach.clone().or(gap)
    }

    fn broken(&self, world: &World) -> Option<String> {
        let now = foreign(&self.resources, world);
        if let Some((id, was)) = self.foreign.iter().find(|(id, was)| now.get(*id) != Some(was)) {
            return Some(format!("{id} is not ours and was {was}, is {:?}", now.get(id)));
        }
        for (policy_type, slots) in &self.quotas {
            let enabled = world.root().policy_types.contains_key(policy_type);
            for target in world.all_targets().filter(|_| enabled) {
                let attached = world.attached(&target, policy_type).count();
                let too_few = policy_type.needs_one_attached() && attached == 0;
                if attached > *slots || too_few {
                    return Some(format!("{target} has {attached} of {policy_type}"));
                }
            }
        }
        None
    }
}

/// Policies that are neither marked as ours nor named, with what they say and where they are.
fn foreign(resources: &Resources, world: &World) -> BTreeMap<String, String> {
    let named: BTreeSet<_> = resources
        .policies
        .keys()
        .chain(resources.packed.keys())
        .map(|key| (key.policy_type.clone(), key.name.clone()))
        .collect();
    let wanted: BTreeSet<&str> = resources.objects.iter().map(|rule| rule.name.as_str()).collect();
    let objects = world.objects().iter().filter(|(key, state)| {
        match state.tags().and_then(Mark::read_tags) {
            Some(mark) => mark.owner != resources.installation,
            None => !wanted.contains(key.name.as_str()),
        }
    });
    let objects = objects.map(|(key, state)| (String::from(key.clone()), format!("{state:?}")));
    let policies = world
        .policies()
        .iter()
        .filter(|(_, policy)| !policy.aws_managed)
        .filter(|(_, policy)| {
            let mark = Mark::read_description(&policy.description).1;
            match mark {
                Some(mark) => mark.owner != resources.installation,
                None => !named.contains(&(policy.policy_type.clone(), policy.name.clone())),
            }
        })
        .map(|(id, policy)| {
            (id.to_string(), format!("{} {} {:?}", policy.name, policy.content, policy.targets))
        });
    policies.chain(objects).collect()
}

fn statements(world: &World, read: &mut BTreeMap<String, BTreeSet<String>>) -> Statements {
    let scp = PolicyType::service_control();
    let tree = world.tree();
    let mut said = Statements::new();
    for account in tree.accounts.keys() {
        let on = said.entry(account.clone()).or_default();
        for target in tree.lineage(&TargetId::Account(account.clone())) {
            for (_, policy) in world.attached(&target, &scp) {
                let statements = read.entry(policy.content.clone()).or_insert_with(|| {
                    let document = serde_json::from_str(&policy.content).unwrap();
                    canonical(Language::Iam, &document).statements().clone()
                });
                on.extend(statements.iter().cloned());
            }
        }
    }
    said
}
