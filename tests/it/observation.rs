//! Observing the simulated organization: what is seen is what is there, with the fewest calls.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use palisade::cloud::budget::{BudgetShare, Budgeted};
use palisade::cloud::simulated::{AccountPaths, SimulatedCloud, SimulationOptions, World};
use palisade::cloud::{Answer, Call, Cloud, CloudError, Operation, Page, Reply};
use palisade::observe::{Observer, Touched, Wanted};
use palisade::org::{AccountId, OrgSnapshot, ParentId, Part, PolicyType};
use tokio::time::Instant;

use crate::sized::{self, Size, as_observed, organization, reads_min, wanted};
use crate::support::emulator::EmulatedOrganization;

const BOTH: [AccountPaths; 2] = [AccountPaths::Given, AccountPaths::Missing];

/// The organization that the call budgets are given for.
const LARGE: Size = Size { accounts: 1_000, units: 60, policies: 60 };
const MEDIUM: Size = Size { accounts: 500, units: 6, policies: 10 };

fn reads(cloud: &SimulatedCloud) -> usize {
    usize::try_from(cloud.counts().reads()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_observation_takes_the_fewest_reads_there_can_be() {
    let tiny = Size { accounts: 2, units: 1, policies: 1 };
    for size in [tiny, MEDIUM, LARGE] {
        for account_paths in BOTH {
            let cloud = organization(size, account_paths);
            let wanted = wanted(&cloud.truth());
            let truth = as_observed(&cloud.truth(), &wanted);
            let snapshot = Observer::new(Duration::ZERO).observe(&cloud, &wanted).await;
            assert_same(&snapshot, &truth);
            assert_eq!(reads(&cloud), reads_min(&truth, account_paths), "{size:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_accounts_in_sixty_ous_with_sixty_policies_take_about_290_reads() {
    let cloud = organization(LARGE, AccountPaths::Given);
    let wanted = wanted(&cloud.truth());
    Observer::new(Duration::ZERO).observe(&cloud, &wanted).await;
    // 290 and a twentieth: 50 pages of accounts, 61 listings of OUs, 60 documents, 60 listings of
    // targets and 54 pages of what `FullAWSAccess` is attached to are 285 of it.
    assert!(reads(&cloud) <= 304, "{}", reads(&cloud));
}

#[tokio::test(start_paused = true)]
async fn where_targets_come_in_one_answer_five_hundred_accounts_take_less_than_75_reads() {
    for account_paths in BOTH {
        let cloud = Unpaged::around(organization(MEDIUM, account_paths));
        let wanted = wanted(&cloud.inner.truth());
        let snapshot = Observer::new(Duration::ZERO).observe(&cloud, &wanted).await;
        assert_eq!(snapshot.unknown_parts(), []);
        let calls = cloud.calls.load(Ordering::Relaxed);
        assert!(calls < 75, "{account_paths:?}: {calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pass_in_which_nothing_was_touched_only_asks_who_it_is() {
    let cloud = organization(LARGE, AccountPaths::Given);
    let wanted = wanted(&cloud.truth());
    let mut observer = Observer::new(Duration::from_mins(10));
    let first = observer.observe(&cloud, &wanted).await;
    let before = reads(&cloud);
    tokio::time::advance(Duration::from_mins(5)).await;
    assert_same(&observer.observe(&cloud, &wanted).await, &first);
    assert_eq!(reads(&cloud) - before, 1);
}

#[tokio::test(start_paused = true)]
async fn one_attachment_that_changed_costs_one_read_more() {
    let cloud = organization(LARGE, AccountPaths::Given);
    let wanted = wanted(&cloud.truth());
    let mut observer = Observer::new(Duration::from_mins(10));
    observer.observe(&cloud, &wanted).await;
    let (policy, target) = cloud.inspect(|world| {
        let scps = PolicyType::service_control();
        let (id, policy) = world.policy_named(&scps, "policy-7").unwrap();
        (id.clone(), policy.targets.first().unwrap().clone())
    });
    cloud.act(Call::DetachPolicy { policy: policy.clone(), target }).unwrap();
    let before = reads(&cloud);
    observer.touch(&Touched::Targets(policy));
    let snapshot = observer.observe(&cloud, &wanted).await;
    assert_same(&snapshot, &as_observed(&cloud.truth(), &wanted));
    assert_eq!(reads(&cloud) - before, 2);
}

#[tokio::test(start_paused = true)]
async fn slow_documents_do_not_hold_up_the_tree() {
    let cloud = organization(LARGE, AccountPaths::Given);
    let cloud = SlowDocuments(cloud);
    let wanted = wanted(&cloud.0.truth());
    let start = Instant::now();
    Observer::new(Duration::ZERO).observe(&cloud, &wanted).await;
    // Sixty documents, four at a time, a second each; all the rest together in the same time.
    assert_eq!(start.elapsed(), Duration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn at_half_of_aws_rates_a_thousand_accounts_take_the_time_of_their_documents() {
    let cloud = organization(LARGE, AccountPaths::Given);
    cloud.adjust(|options| *options = SimulationOptions::realistic());
    let wanted = wanted(&cloud.truth());
    let budgeted = Budgeted::new(cloud.clone(), BudgetShare::HALF, 7);
    let start = Instant::now();
    let snapshot = Observer::new(Duration::ZERO).observe(&budgeted, &wanted).await;
    assert_eq!(snapshot.unknown_parts(), []);
    // Sixty documents at one a second; everything else fits into their shadow.
    assert!(start.elapsed() < Duration::from_secs(70), "{:?}", start.elapsed());
    let throttled = cloud.history().into_iter().filter(|it| matches!(it.outcome, Some(Err(_))));
    assert_eq!(throttled.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_believed_in_bad_weather_is_true() {
    for seed in 0..40 {
        let cloud = scenery(seed);
        cloud.adjust(|options| {
            *options = SimulationOptions {
                short_page_chance: 0.4,
                unavailable_chance: 0.05,
                ..SimulationOptions::quiet()
            };
        });
        let wanted = some_wanted();
        let truth = as_observed(&cloud.truth(), &wanted);
        let mut observer = Observer::new(Duration::from_mins(10));
        let mut snapshot = observer.observe(&cloud, &wanted).await;
        // What failed is tried again, what was seen is kept, and so all is known soon.
        for _ in 0..20 {
            assert_is_true(&snapshot, &truth, seed);
            if snapshot.unknown_parts().is_empty() {
                break;
            }
            snapshot = observer.observe(&cloud, &wanted).await;
        }
        assert_same(&snapshot, &truth);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tree_in_which_accounts_move_is_complete_or_unknown() {
    let (mut known, mut unknown) = (0, 0);
    for seed in 0..200 {
        let cloud = scenery(seed);
        let accounts: BTreeSet<AccountId> =
            cloud.inspect(|world| world.tree().accounts.keys().cloned().collect());
        let mut generator = fastrand::Rng::with_seed(seed);
        cloud.interleave(2 + seed % 6, move |world, _| move_somebody(world, &mut generator));
        let snapshot = Observer::new(Duration::ZERO).observe(&cloud, &some_wanted()).await;
        match &snapshot.tree {
            Part::Known(tree) => {
                assert_eq!(
                    tree.accounts.keys().cloned().collect::<BTreeSet<_>>(),
                    accounts,
                    "seed {seed}"
                );
                known += 1;
            }
            Part::Unknown(why) => {
                assert!(why.reason.starts_with("RacedTree"), "seed {seed}: {why}");
                unknown += 1;
            }
        }
    }
    assert!(known > 0 && unknown > 0, "the seeds show both: {known} known, {unknown} unknown");
}

#[tokio::test(start_paused = true)]
async fn a_dead_endpoint_and_expired_credentials_show_nothing_at_all() {
    use palisade::cloud::simulated::Endpoint;
    for endpoint in [Endpoint::Down, Endpoint::CredentialsExpired] {
        let cloud = scenery(3);
        let mut observer = Observer::new(Duration::from_mins(10));
        observer.observe(&cloud, &some_wanted()).await;
        cloud.adjust(|options| options.endpoint = endpoint);
        let snapshot = observer.observe(&cloud, &some_wanted()).await;
        assert!(snapshot.caller.known().is_none() && snapshot.tree.known().is_none());
        assert!(snapshot.policies.values().all(|part| part.known().is_none()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_account_sees_nothing_and_mistakes_nothing_for_empty() {
    let cloud = scenery(5);
    let member = cloud.inspect(|world| {
        let management = &world.organization().management_account;
        world.tree().accounts.keys().find(|id| *id != management).unwrap().clone()
    });
    let cloud = cloud.as_caller(member, "stray");
    let snapshot = Observer::new(Duration::ZERO).observe(&cloud, &some_wanted()).await;
    assert!(snapshot.organization.known().is_some());
    let OrgSnapshot { root, tree, policies, trusted_services, .. } = &snapshot;
    assert!(root.known().is_none() && tree.known().is_none());
    assert!(trusted_services.known().is_none());
    assert!(policies.values().all(|part| part.known().is_none()) && !policies.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_same_organization_gives_the_same_bytes() {
    let cloud = scenery(11);
    let mut rendered = BTreeSet::new();
    for _ in 0..3 {
        let snapshot = Observer::new(Duration::ZERO).observe(&cloud, &some_wanted()).await;
        rendered.insert(palisade::observe::render(&snapshot).unwrap());
    }
    assert_eq!(rendered.len(), 1);
}

#[tokio::test]
async fn the_emulator_is_observed_whole_over_http_with_the_fewest_calls() {
    let units = ["/Security", "/Workloads/Prod", "/Workloads/Dev", "/Sandbox"];
    let placed: Vec<(&str, usize)> = units.iter().map(|unit| (*unit, 30)).collect();
    for organization in
        [EmulatedOrganization::with(&placed), EmulatedOrganization::with_paths(&placed)]
    {
        let cloud = organization.cloud().await;
        for number in 0..10 {
            let scp = PolicyType::service_control();
            let (name, content) = (format!("policy-{number}"), sized::DOCUMENT.to_owned());
            let (description, tags) = (String::new(), [].into());
            let call = Call::CreatePolicy { policy_type: scp, name, description, content, tags };
            let Reply::CreatedPolicy(policy) = cloud.call(call).await.unwrap().reply else {
                panic!("a policy is created");
            };
            let target = organization.unit(units[number % units.len()]).into();
            cloud.call(Call::AttachPolicy { policy, target }).await.unwrap();
        }
        let set_up = organization.calls().len();
        let wanted = Wanted {
            units: organization.units.keys().map(|path| path.parse().unwrap()).collect(),
            ..Wanted::default()
        };
        let mut observer = Observer::new(Duration::from_mins(10));
        let snapshot = observer.observe(&cloud, &wanted).await;
        assert_eq!(snapshot.unknown_parts(), []);
        let tree = snapshot.tree.known().unwrap();
        for (path, accounts) in &organization.accounts {
            for account in accounts {
                assert_eq!(tree.accounts[account].parent, organization.units[path]);
            }
        }
        let scps = snapshot.policies_of(&PolicyType::service_control()).unwrap();
        assert_eq!(scps.len(), 11);
        assert!(scps.values().all(|policy| !policy.targets.known().unwrap().is_empty()));

        let calls = organization.calls().split_off(set_up);
        let paths = if calls.contains(&Operation::ListAccountsForParent) {
            AccountPaths::Missing
        } else {
            AccountPaths::Given
        };
        let identity = 1;
        assert_eq!(calls.len(), reads_min(&snapshot, paths) - identity, "{paths:?}: {calls:?}");
        observer.observe(&cloud, &wanted).await;
        assert_eq!(organization.calls().len(), set_up + calls.len());
    }
}

/// A small organization with something of everything; every other one has no paths.
fn scenery(seed: u64) -> SimulatedCloud {
    let units = ["/Security", "/Workloads/Prod", "/Workloads/Dev", "/Sandbox", "/Old"];
    let mut generator = fastrand::Rng::with_seed(seed);
    let paths = if seed.is_multiple_of(2) { AccountPaths::Given } else { AccountPaths::Missing };
    let mut builder = SimulatedCloud::builder(seed).account_paths(paths);
    for unit in units {
        builder = builder.unit(unit);
    }
    builder = builder
        .enable("SERVICE_CONTROL_POLICY")
        .enable("TAG_POLICY")
        .tag("/Old", "palisade:owner", "acme")
        .trust("guardduty.amazonaws.com");
    for account in 0..generator.usize(30..60) {
        let id = format!("{:012}", 300_000_000_000_usize + account);
        let unit = units[generator.usize(..units.len())];
        builder = builder.account(&format!("account-{account}"), &id, unit);
    }
    for policy in 0..generator.usize(3..8) {
        let name = format!("policy-{policy}");
        let unit = units[generator.usize(..units.len())];
        let scp = "SERVICE_CONTROL_POLICY";
        let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
        builder = builder.policy(scp, &name, document).attach(scp, &name, unit);
    }
    builder
        .policy("TAG_POLICY", "tags", r#"{"tags":{}}"#)
        .attach("TAG_POLICY", "tags", "/")
        .administrator("guardduty.amazonaws.com", "account-3")
        .build()
        .unwrap()
}

fn some_wanted() -> Wanted {
    let named = ["/", "/Security", "/Workloads", "/Workloads/Prod", "/Workloads/Dev", "/Sandbox"];
    Wanted {
        policy_types: [PolicyType::service_control()].into(),
        services: ["guardduty.amazonaws.com".to_owned(), "ram.amazonaws.com".to_owned()].into(),
        units: named.map(|path| path.parse().unwrap()).into(),
    }
}

fn assert_same(snapshot: &OrgSnapshot, truth: &OrgSnapshot) {
    let [seen, there] = [snapshot, truth].map(|it| palisade::observe::render(it).unwrap());
    let difference = seen.lines().zip(there.lines()).find(|(seen, there)| seen != there);
    assert_eq!(difference, None, "{:?}", snapshot.unknown_parts());
    assert!(snapshot == truth, "one is longer than the other");
}

/// Is every part that `snapshot` knows as in `truth`?
fn assert_is_true(snapshot: &OrgSnapshot, truth: &OrgSnapshot, seed: u64) {
    fn check<T: PartialEq + std::fmt::Debug>(part: &Part<T>, truth: &Part<T>, seed: u64) {
        assert!(part.known().is_none() || part == truth, "seed {seed}: {part:?} is not {truth:?}");
    }
    check(&snapshot.root, &truth.root, seed);
    check(&snapshot.tree, &truth.tree, seed);
    check(&snapshot.trusted_services, &truth.trusted_services, seed);
    for (service, part) in &snapshot.delegated_administrators {
        check(part, &truth.delegated_administrators[service], seed);
    }
    for (unit, part) in &snapshot.tags {
        check(part, &truth.tags[unit], seed);
    }
    for (policy_type, part) in &snapshot.policies {
        let Some(listed) = part.known() else { continue };
        let there = truth.policies_of(policy_type).unwrap();
        assert!(listed.keys().eq(there.keys()), "seed {seed}: {policy_type}");
        for (id, policy) in listed {
            check(&policy.document, &there[id].document, seed);
            check(&policy.targets, &there[id].targets, seed);
        }
    }
}

fn move_somebody(world: &mut World, generator: &mut fastrand::Rng) {
    let accounts: Vec<_> = world.tree().accounts.iter().collect();
    let (account, observed) = accounts[generator.usize(..accounts.len())];
    let units: Vec<_> = world.tree().units.keys().cloned().map(ParentId::Ou).collect();
    let to = units[generator.usize(..units.len())].clone();
    let call = Call::MoveAccount { account: account.clone(), from: observed.parent.clone(), to };
    world.change(&call).ok();
}

/// A cloud that, like an emulator, returns all targets of a policy in one answer; it counts calls.
struct Unpaged {
    inner: SimulatedCloud,
    calls: AtomicUsize,
}

impl Unpaged {
    fn around(inner: SimulatedCloud) -> Self {
        Self { inner, calls: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl Cloud for Unpaged {
    async fn call(&self, call: Call) -> Result<Answer, CloudError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let Call::ListTargetsForPolicy { policy, .. } = call else {
            return self.inner.call(call).await;
        };
        let (mut items, mut page) = (Vec::new(), None);
        loop {
            let cloud: &dyn Cloud = &self.inner;
            let next = cloud.targets(policy.clone(), page).await?;
            items.extend(next.items);
            page = next.next;
            if page.is_none() {
                return Ok(Reply::Targets(Page { items, next: None }).into());
            }
        }
    }
}

/// A cloud that takes a second for every document and no time for anything else.
struct SlowDocuments(SimulatedCloud);

#[async_trait]
impl Cloud for SlowDocuments {
    async fn call(&self, call: Call) -> Result<Answer, CloudError> {
        if call.operation() == Operation::DescribePolicy {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.0.call(call).await
    }
}
