//! Applying to a simulated organization, in virtual time.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Agreed, Consent, FRESH_FOR, Run};
use crate::act::{Entry, Journal, JournalError};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::plan_document::PlanDocument;
use crate::cli::progress::Progress;
use crate::cli::sources::{self, Desired};
use crate::cloud::Call;
use crate::cloud::simulated::{SimulatedCloud, SimulationBuilder, SimulationOptions};
use crate::controller;
use crate::observe::Observer;
use crate::org::{PolicyType, TargetId};
use crate::plan::Guards;

const ORGANIZATION: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  accounts: {log-archive: "222222222222", shop-prod: "555555555555"}
  organizationalUnits:
    Security: {accounts: [log-archive]}
    Workloads: {organizationalUnits: {Prod: {accounts: [shop-prod]}}}
  policyTypes: [SERVICE_CONTROL_POLICY]
"#;

const LEAVE: &str = r#"
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {name: deny-leave}
spec:
  targets: ["/Workloads"]
  document:
    Version: "2012-10-17"
    Statement: [{Effect: Deny, Action: "organizations:LeaveOrganization", Resource: "*"}]
"#;

struct Always(bool);

impl Consent for Always {
    fn given(&self) -> anyhow::Result<bool> {
        Ok(self.0)
    }
}

/// A consent that takes long enough for the organization to change.
struct While<F: Fn()>(F);

impl<F: Fn()> Consent for While<F> {
    fn given(&self) -> anyhow::Result<bool> {
        (self.0)();
        Ok(true)
    }
}

struct Unwritten;

impl Journal for Unwritten {
    fn check(&self) -> Result<(), JournalError> {
        Ok(())
    }

    fn record(&self, _: &Entry) -> Result<(), JournalError> {
        Ok(())
    }
}

fn builder() -> SimulationBuilder {
    SimulatedCloud::builder(7)
        .organization("o-a1b2c3d4e5", "111111111111", "r-ab12")
        .account("Log archive", "222222222222", "/")
        .account("Shop", "555555555555", "/Workloads")
}

fn write(directory: &Path, documents: &[&str]) -> Desired {
    fs::write(directory.join("all.yaml"), documents.join("\n---\n")).unwrap();
    sources::desired_state(directory, Console::muted()).unwrap()
}

fn desired(documents: &[&str]) -> Desired {
    write(tempfile::tempdir().unwrap().path(), documents)
}

fn guards(max_changes: usize) -> Guards {
    Guards { max_changes, max_deletes: 1, approved: BTreeSet::new() }
}

fn run<'a>(cloud: &'a SimulatedCloud, desired: &'a Desired, consent: &'a dyn Consent) -> Run<'a> {
    Run {
        cloud,
        desired,
        planned: None,
        guards: guards(100),
        consent,
        journal: &Unwritten,
        console: Console::muted(),
        progress: Progress::new(Console::muted(), Arc::default()),
    }
}

async fn apply(run: &Run<'_>) -> Exit {
    let mut observer = Observer::new(FRESH_FOR);
    let (_stopper, stop) = controller::channel();
    match run.agree(&mut observer).await.unwrap() {
        Agreed::On(looked) => run.carry_through(&mut observer, *looked, &stop).await.unwrap(),
        Agreed::Nothing(exit) => exit,
    }
}

async fn planned(cloud: &SimulatedCloud, desired: &Desired) -> PlanDocument {
    let mut observer = Observer::new(Duration::ZERO);
    let looked = controller::look(cloud, &mut observer, &desired.resources, &guards(100)).await;
    let document = PlanDocument::new(looked.plan, desired, &looked.snapshot);
    PlanDocument::read(&document.to_json().unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_apply_makes_it_so_and_the_next_changes_nothing() {
    let cloud = builder().build().unwrap();
    let desired = desired(&[ORGANIZATION, LEAVE]);
    let run = run(&cloud, &desired, &Always(true));
    assert_eq!(apply(&run).await, Exit::Good);
    let changes = cloud.counts().mutating();
    assert!(changes > 0);
    assert_eq!(apply(&run).await, Exit::Good);
    assert_eq!(cloud.counts().mutating(), changes);
}

#[tokio::test(start_paused = true)]
async fn without_consent_nothing_changes() {
    let cloud = builder().build().unwrap();
    let desired = desired(&[ORGANIZATION, LEAVE]);
    assert_eq!(apply(&run(&cloud, &desired, &Always(false))).await, Exit::Bad);
    assert_eq!(cloud.counts().mutating(), 0);
}

#[tokio::test(start_paused = true)]
async fn consent_approves_what_is_held_and_dangerous() {
    let cloud = builder().build().unwrap();
    let both = desired(&[ORGANIZATION, LEAVE]);
    let held = Run { guards: guards(1), ..run(&cloud, &both, &Always(true)) };
    assert_eq!(apply(&held).await, Exit::Good);
    let without = desired(&[ORGANIZATION]);
    assert_eq!(apply(&run(&cloud, &without, &Always(true))).await, Exit::Good);
    let gone = cloud.inspect(|world| {
        world.policy_named(&PolicyType::service_control(), "deny-leave").is_none()
    });
    assert!(gone);
}

#[tokio::test(start_paused = true)]
async fn slow_and_busy_aws_only_takes_longer() {
    let options = SimulationOptions { busy_chance: 0.3, ..SimulationOptions::realistic() };
    let cloud = builder().enabling_takes(Duration::from_secs(20)).options(options).build().unwrap();
    let desired = desired(&[ORGANIZATION, LEAVE]);
    assert_eq!(apply(&run(&cloud, &desired, &Always(true))).await, Exit::Good);
}

#[tokio::test(start_paused = true)]
async fn the_plan_that_was_written_down_is_carried_out() {
    let cloud = builder().build().unwrap();
    let desired = desired(&[ORGANIZATION, LEAVE]);
    let planned = planned(&cloud, &desired).await;
    let run = Run { planned: Some(&planned), ..run(&cloud, &desired, &Always(true)) };
    assert_eq!(apply(&run).await, Exit::Good);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_has_gone_stale_is_refused() {
    let cloud = builder().build().unwrap();
    let before = desired(&[ORGANIZATION]);
    let planned = planned(&cloud, &before).await;
    let after = desired(&[ORGANIZATION, LEAVE]);
    let stale = Run { planned: Some(&planned), ..run(&cloud, &after, &Always(true)) };
    assert_eq!(apply(&stale).await, Exit::Bad);
    let root = cloud.inspect(|world| world.tree().root.clone());
    let call = Call::CreateOrganizationalUnit {
        parent: crate::org::ParentId::Root(root),
        name: "Security".to_owned(),
        tags: std::collections::BTreeMap::new(),
    };
    cloud.as_caller("111111111111".parse().unwrap(), "dana").act(call).unwrap();
    let overtaken = Run { planned: Some(&planned), ..run(&cloud, &before, &Always(true)) };
    assert_eq!(apply(&overtaken).await, Exit::Bad);
    assert_eq!(cloud.counts().mutating(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_turns_out_to_be_needed_later_was_not_agreed_to() {
    let cloud = builder().build().unwrap();
    let desired = desired(&[ORGANIZATION, LEAVE]);
    assert_eq!(apply(&run(&cloud, &desired, &Always(true))).await, Exit::Good);
    let scp = PolicyType::service_control();
    let (policy, target) = cloud.inspect(|world| {
        let (id, policy) = world.policy_named(&scp, "deny-leave").unwrap();
        (id.clone(), policy.targets.iter().next().unwrap().clone())
    });
    let dana = cloud.as_caller("111111111111".parse().unwrap(), "dana");
    dana.act(Call::DetachPolicy { policy: policy.clone(), target }).unwrap();
    // While the person at the terminal thinks, somebody attaches the policy elsewhere.
    let elsewhere = TargetId::Account("222222222222".parse().unwrap());
    let thinking = While(|| {
        let call = Call::AttachPolicy { policy: policy.clone(), target: elsewhere.clone() };
        dana.act(call).unwrap();
    });
    assert_eq!(apply(&run(&cloud, &desired, &thinking)).await, Exit::Bad);
    let still_there = cloud.inspect(|world| world.attached(&elsewhere, &scp).count());
    assert_eq!(still_there, 2, "FullAWSAccess and what was attached meanwhile");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_to_stop_is_heard_before_the_next_change() {
    let cloud = builder().build().unwrap();
    let desired = desired(&[ORGANIZATION, LEAVE]);
    let run = run(&cloud, &desired, &Always(true));
    let mut observer = Observer::new(FRESH_FOR);
    let (stopper, stop) = controller::channel();
    let Agreed::On(looked) = run.agree(&mut observer).await.unwrap() else { panic!("no plan") };
    stopper.ask(controller::Urgency::Leave);
    let exit = run.carry_through(&mut observer, *looked, &stop).await.unwrap();
    assert_eq!((exit, cloud.counts().mutating()), (Exit::Bad, 0));
}
