//! Random calls go to the simulated cloud and to the emulator, which must succeed, refuse and answer alike.
//!
//! Two implementations that nobody copied from each other seldom have the same mistake. Ids differ, so
//! objects are known by their number in a list of pairs. Only success is compared, not the code of a
//! refusal: AWS does not say which of two mistakes it reports; the stories compare codes one by one.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use palisade::cloud::simulated::SimulatedCloud;
use palisade::cloud::{Call, Cloud, CloudError, Page, Reply};
use palisade::org::{AccountId, OuId, ParentId, PolicyId, PolicyType, RootId, TargetId};

use crate::support::emulator::EmulatedOrganization;

/// Calls of one run; the emulator takes 8 to 20 ms for each.
const CALLS: usize = 250;
const DENY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}}"#;
const SERVICES: [&str; 2] = ["guardduty.amazonaws.com", "cloudtrail.amazonaws.com"];
/// Few names, so that they collide.
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// An object of both clouds: its id in the first and in the second.
type Pair<T> = [T; 2];

/// Everything there is or was.
struct Twins {
    clouds: [Box<dyn Cloud>; 2],
    root: Pair<RootId>,
    accounts: Vec<Pair<AccountId>>,
    units: Vec<Pair<OuId>>,
    policies: Vec<Pair<PolicyId>>,
    rng: Rng,
    succeeded: usize,
}

impl Twins {
    async fn new(seed: u64) -> Self {
        let emulated = EmulatedOrganization::with(&[("/", 5)]);
        let simulated = (2..=6).fold(SimulatedCloud::builder(seed), |builder, number| {
            builder.account(&format!("member-{number}"), &format!("{number:012}"), "/")
        });
        let simulated = simulated.enable("SERVICE_CONTROL_POLICY").build().unwrap();
        let management = simulated.who().account.clone();
        let mut accounts = vec![[management, emulated.management_account.clone()]];
        for (number, account) in (2..=6).zip(&emulated.accounts["/"]) {
            accounts.push([format!("{number:012}").parse().unwrap(), account.clone()]);
        }
        let unknown_unit = "ou-zzzz-00000000".parse::<OuId>().unwrap();
        let full = "p-FullAWSAccess".parse::<PolicyId>().unwrap();
        Self {
            root: [simulated.inspect(|world| world.tree().root.clone()), emulated.root.clone()],
            clouds: [Box::new(simulated), Box::new(emulated.cloud().await)],
            accounts,
            units: vec![[unknown_unit.clone(), unknown_unit]],
            policies: vec![[full.clone(), full]],
            rng: Rng::with_seed(seed),
            succeeded: 0,
        }
    }

    /// Makes one random call on both.
    async fn step(&mut self, number: usize) {
        let calls = self.draw();
        let [one, two] = &self.clouds;
        let (one, two) = (one.call(calls[0].clone()).await, two.call(calls[1].clone()).await);
        assert_eq!(one.is_ok(), two.is_ok(), "call {number}: {calls:?}\n{one:?}\n{two:?}");
        self.succeeded += usize::from(one.is_ok());
        match (one.map(|answer| answer.reply), two.map(|answer| answer.reply)) {
            (Ok(Reply::CreatedPolicy(one)), Ok(Reply::CreatedPolicy(two))) => {
                self.policies.push([one, two]);
            }
            (Ok(Reply::CreatedUnit(one)), Ok(Reply::CreatedUnit(two))) => {
                self.units.push([one, two]);
            }
            (one, two) => assert_eq!(one.ok(), two.ok(), "call {number}: {calls:?}"),
        }
    }

    fn draw(&mut self) -> Pair<Call> {
        let rng = &mut self.rng;
        let name = NAMES[rng.usize(..NAMES.len())].to_owned();
        let service = SERVICES[rng.usize(..SERVICES.len())].to_owned();
        let policy_type =
            PolicyType::named(["SERVICE_CONTROL_POLICY", "TAG_POLICY"][rng.usize(..2)]);
        let kind = rng.u8(..30);
        let (policy, unit) = (self.a_policy(), self.a_unit());
        let (account, parent) = (self.an_account(), self.a_parent());
        let (to, target) = (self.a_parent(), self.a_target());
        let resource = if self.rng.bool() {
            target.each_ref().map(ToString::to_string)
        } else {
            policy.each_ref().map(ToString::to_string)
        };
        let tags = BTreeMap::from([(name.clone(), service.clone())]);
        [0, 1].map(|side| {
            let (policy, unit) = (policy[side].clone(), unit[side].clone());
            let (account, parent) = (account[side].clone(), parent[side].clone());
            let (name, tags, service) = (name.clone(), tags.clone(), service.clone());
            let (policy_type, resource) = (policy_type.clone(), resource[side].clone());
            match kind {
                0..4 => create_policy(policy_type, name),
                4 => update(policy, Some(name), None),
                5 => update(policy, None, Some(DENY.replace("Leave", "Close"))),
                6 => Call::DeletePolicy { policy },
                7..12 => Call::AttachPolicy { policy, target: target[side].clone() },
                12..15 => Call::DetachPolicy { policy, target: target[side].clone() },
                15..19 => Call::CreateOrganizationalUnit { parent, name, tags: BTreeMap::new() },
                19 => Call::DeleteOrganizationalUnit { unit },
                20..24 => Call::MoveAccount { account, from: parent, to: to[side].clone() },
                24 => Call::EnablePolicyType { root: self.root[side].clone(), policy_type },
                25 => Call::DisablePolicyType { root: self.root[side].clone(), policy_type },
                26 => Call::TagResource { resource, tags },
                27 => Call::UntagResource { resource, keys: BTreeSet::from([name]) },
                28 => Call::EnableAwsServiceAccess { service },
                _ => Call::RegisterDelegatedAdministrator { account, service },
            }
        })
    }

    fn a_policy(&mut self) -> Pair<PolicyId> {
        self.policies[self.rng.usize(..self.policies.len())].clone()
    }

    fn a_unit(&mut self) -> Pair<OuId> {
        self.units[self.rng.usize(..self.units.len())].clone()
    }

    fn an_account(&mut self) -> Pair<AccountId> {
        self.accounts[self.rng.usize(..self.accounts.len())].clone()
    }

    fn a_parent(&mut self) -> Pair<ParentId> {
        if self.rng.u8(..3) == 0 {
            self.root.clone().map(ParentId::Root)
        } else {
            self.a_unit().map(ParentId::Ou)
        }
    }

    fn a_target(&mut self) -> Pair<TargetId> {
        if self.rng.bool() {
            self.an_account().map(TargetId::Account)
        } else {
            self.a_parent().map(TargetId::from)
        }
    }

    /// What both hold in the end, read through the port, with the objects' numbers for ids.
    async fn compare(&self) {
        let (one, two) = (self.holdings(0).await, self.holdings(1).await);
        for (number, (one, two)) in one.iter().zip(&two).enumerate() {
            assert_eq!(one, two, "line {number}");
        }
        assert!(one.len() == two.len() && one.len() > self.policies.len(), "{one:?}");
    }

    async fn holdings(&self, side: usize) -> Vec<String> {
        let cloud = self.clouds[side].as_ref();
        let mut holdings = Vec::new();
        for policy in &self.policies {
            let id = &policy[side];
            let told = match cloud.policy(id.clone()).await {
                Ok((summary, document)) => {
                    let targets =
                        all(async |page| cloud.targets(id.clone(), page).await).await.unwrap();
                    // White space in AWS's own documents is nobody's promise.
                    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
                    let targets: BTreeSet<_> =
                        targets.iter().map(|target| self.number(side, target)).collect();
                    format!("{} {document} on {targets:?}", summary.name)
                }
                Err(error) => error.code,
            };
            holdings.push(told);
        }
        let root = [self.root.clone().map(ParentId::Root)];
        for parent in
            root.into_iter().chain(self.units.iter().cloned().map(|unit| unit.map(ParentId::Ou)))
        {
            let parent = &parent[side];
            let inside = all(async |page| cloud.accounts_in(parent.clone(), page).await).await;
            let below = all(async |page| cloud.units_in(parent.clone(), page).await).await;
            let inside = inside.map(|accounts| {
                let ids = accounts.into_iter().map(|account| TargetId::Account(account.id));
                ids.map(|id| self.number(side, &id)).collect::<BTreeSet<_>>()
            });
            let below =
                below.map(|units| units.into_iter().map(|unit| unit.name).collect::<BTreeSet<_>>());
            let tags = cloud
                .tags(parent.to_string(), None)
                .await
                .map(|page| page.items.into_iter().collect::<BTreeMap<_, _>>());
            holdings.push(format!("{:?} {:?} {:?}", inside.ok(), below.ok(), tags.ok()));
        }
        holdings
    }

    fn number(&self, side: usize, target: &TargetId) -> String {
        let (kind, number) = match target {
            TargetId::Root(_) => ("root", Some(0)),
            TargetId::Ou(id) => ("OU", self.units.iter().position(|unit| unit[side] == *id)),
            TargetId::Account(id) => {
                ("account", self.accounts.iter().position(|account| account[side] == *id))
            }
        };
        format!("{kind} {}", number.unwrap())
    }
}

fn create_policy(policy_type: PolicyType, name: String) -> Call {
    let (description, content, tags) = (String::new(), DENY.to_owned(), BTreeMap::new());
    Call::CreatePolicy { policy_type, name, description, content, tags }
}

fn update(policy: PolicyId, name: Option<String>, content: Option<String>) -> Call {
    Call::UpdatePolicy { policy, name, description: None, content }
}

async fn all<T>(
    ask: impl AsyncFn(Option<String>) -> Result<Page<T>, CloudError>,
) -> Result<Vec<T>, CloudError> {
    let (mut items, mut token) = (Vec::new(), None);
    loop {
        let page = ask(token).await?;
        items.extend(page.items);
        token = page.next;
        if token.is_none() {
            return Ok(items);
        }
    }
}

#[tokio::test]
async fn the_simulated_cloud_and_the_emulator_answer_random_calls_alike() {
    for seed in 0..2 {
        let mut twins = Twins::new(seed).await;
        for number in 0..CALLS {
            twins.step(number).await;
        }
        twins.compare().await;
        // Calls that are only ever refused would prove little.
        let (few, many) = (CALLS / 5, CALLS * 4 / 5);
        assert!((few..many).contains(&twins.succeeded), "{} of {CALLS}", twins.succeeded);
    }
}
