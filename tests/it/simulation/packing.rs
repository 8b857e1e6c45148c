//! Guardrails that come to share policies and cease to, on an OU whose slots are few.

use std::fmt::Write as _;
use std::fs;

use palisade::cloud::simulated::{CrashPoint, SimulatedCloud};
use palisade::compile::{Resources, compile};
use palisade::desired::load;
use palisade::org::PolicyType;
use palisade::plan::{Change, Hold, Plan};

use super::run::{Approver, Counter, pass, plan_for};
use super::{QUIET_PASSES_MAX, assert_unbroken, converge, watch};

/// The slots that palisade's policies can take beside `FullAWSAccess`.
const FREE: usize = 9;

/// One guardrail: its number, what it denies, and more lines of its `spec`.
#[derive(Clone)]
struct Wish(usize, String, &'static str);

fn wishes(count: usize) -> Vec<Wish> {
    (0..count).map(|number| Wish(number, format!("iam:Do{number:02}"), "")).collect()
}

fn resources(wishes: &[Wish]) -> Resources {
    let mut text = String::from(
        "apiVersion: palisade/v1\nkind: Organization\nmetadata: {name: acme}\nspec:\n  \
         organizationId: o-a1b2c3d4e5\n  managementAccountId: \"111111111111\"\n  \
         accounts: {shop: \"555555555555\"}\n  \
         organizationalUnits: {Workloads: {accounts: [shop]}}\n  \
         policyTypes: [SERVICE_CONTROL_POLICY]\n",
    );
    for Wish(number, action, more) in wishes {
        write!(
            text,
            "---\napiVersion: palisade/v1\nkind: ServiceControlPolicy\n\
             metadata: {{name: guardrail-{number:02}}}\nspec:\n  targets: [/Workloads]\n{more}  \
             document: {{Version: \"2012-10-17\", Statement: [{{Sid: Deny, Effect: Deny, Action: \"{action}\", Resource: \"*\"}}]}}\n",
        )
        .unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("all.yaml"), text).unwrap();
    let today = "2026-11-22".parse().unwrap();
    let loaded = load(directory.path(), today, palisade::catalog::built_in());
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    compile(&loaded.org.unwrap(), today)
}

fn cloud() -> SimulatedCloud {
    SimulatedCloud::builder(1)
        .organization("o-a1b2c3d4e5", "111111111111", "r-root")
        .unit("/Workloads")
        .account("shop", "555555555555", "/Workloads")
        .enable("SERVICE_CONTROL_POLICY")
        .build()
        .unwrap()
}

fn plan(cloud: &SimulatedCloud, resources: &Resources) -> Plan {
    plan_for(resources, &cloud.truth(), Approver::Nobody)
}

async fn reach(cloud: &SimulatedCloud, resources: &Resources, approver: Approver) {
    let rules = watch(cloud, resources);
    converge(cloud, resources, approver, QUIET_PASSES_MAX).await.unwrap();
    assert_unbroken(0, cloud, &rules);
}

/// Everything every policy on the OU denies.
fn denied(cloud: &SimulatedCloud) -> String {
    let truth = cloud.truth();
    let policies = truth.policies_of(&PolicyType::service_control()).unwrap();
    let attached = policies.values().filter(|policy| {
        policy.targets.known().unwrap().iter().any(|target| target.to_string().starts_with("ou-"))
    });
    attached.map(|policy| policy.document.known().unwrap().as_str()).collect()
}

fn names(cloud: &SimulatedCloud) -> Vec<String> {
    let truth = cloud.truth();
    let policies = truth.policies_of(&PolicyType::service_control()).unwrap().values();
    policies.filter(|policy| !policy.aws_managed).map(|policy| policy.name.clone()).collect()
}

/// The OU is full with nine, and twenty-five are wanted: nobody has to approve anything, no slot is
/// missing, and nothing in force is out of force for a moment. Nor on the way back.
#[tokio::test(start_paused = true)]
async fn guardrails_come_to_share_policies_and_cease_to_without_a_gap() {
    let cloud = cloud();
    let (nine, many) = (resources(&wishes(FREE)), resources(&wishes(25)));
    reach(&cloud, &nine, Approver::Nobody).await;
    assert_eq!(names(&cloud).len(), FREE);

    let coming = plan(&cloud, &many);
    // Only deleting what is left over waits for a person: deleting always does.
    for action in &coming.actions {
        let deletes = matches!(action.change, Change::DeletePolicy { .. });
        assert_eq!(action.hold, deletes.then_some(Hold::Dangerous), "{coming:#?}");
    }
    assert_eq!(coming.blocked, []);
    reach(&cloud, &many, Approver::Nobody).await;
    assert!((0..25).all(|number| denied(&cloud).contains(&format!("iam:Do{number:02}"))));
    reach(&cloud, &many, Approver::Everybody).await;
    assert!(plan(&cloud, &many).is_empty());
    assert_eq!(names(&cloud).len(), FREE - 2, "{:?}", names(&cloud));
    assert!((0..25).all(|number| denied(&cloud).contains(&format!("iam:Do{number:02}"))));

    // Sixteen go: that is for a person to approve; that the others part is not.
    let going = plan(&cloud, &nine);
    assert!(going.actions.iter().any(|action| action.hold == Some(Hold::Dangerous)));
    reach(&cloud, &nine, Approver::Everybody).await;
    assert!(plan(&cloud, &nine).is_empty());
    assert_eq!(names(&cloud).len(), FREE);
}

/// Promise 9, on the way into shared policies.
#[tokio::test(start_paused = true)]
async fn killed_while_guardrails_come_together_it_carries_on() {
    let (nine, many) = (resources(&wishes(FREE)), resources(&wishes(25)));
    let clean = cloud();
    reach(&clean, &nine, Approver::Nobody).await;
    let before = clean.counts().mutating();
    reach(&clean, &many, Approver::Nobody).await;
    for change in 1..=clean.counts().mutating() - before {
        let cloud = cloud();
        reach(&cloud, &nine, Approver::Nobody).await;
        let rules = watch(&cloud, &many);
        cloud.crash_at(CrashPoint::Change(before + change));
        let journal = Counter::default();
        tokio::select! {
            () = cloud.crashed() => {}
            _ = pass(&cloud, &many, Approver::Nobody, &journal) => {}
        }
        cloud.restart();
        converge(&cloud, &many, Approver::Nobody, QUIET_PASSES_MAX).await.unwrap();
        assert_unbroken(change, &cloud, &rules);
    }
}

/// A guardrail that is edited is changed in place; one that is gone from git waits for approval, as it
/// does with a policy of its own. The status speaks of the guardrail, not of the policy it shares.
#[tokio::test(start_paused = true)]
async fn a_shared_policy_tells_an_edit_from_a_loss() {
    let cloud = cloud();
    let many = wishes(25);
    reach(&cloud, &resources(&many), Approver::Nobody).await;
    let shared =
        resources(&many).policies.values().find_map(|policy| policy.members.last().cloned());
    let last: usize =
        shared.unwrap().document.name.strip_prefix("guardrail-").unwrap().parse().unwrap();

    let mut edited = many.clone();
    edited[last].1 = "iam:Other00".to_owned();
    let plan_of_edit = plan(&cloud, &resources(&edited));
    let [only] = plan_of_edit.actions.as_slice() else { panic!("{plan_of_edit:#?}") };
    assert_eq!((only.hold, only.guardrails.len()), (None, 1));
    assert!(only.documents().all(|document| document.name == format!("guardrail-{last:02}")));

    let mut fewer = many.clone();
    fewer.remove(last);
    let loss = plan(&cloud, &resources(&fewer));
    let [only] = loss.actions.as_slice() else { panic!("{loss:#?}") };
    assert_eq!(only.hold, Some(Hold::Dangerous));
}

/// Of a guardrail that is suspended or only observed nothing is changed: what a shared policy holds of it
/// stays, while the others in it are still healed.
#[tokio::test(start_paused = true)]
async fn what_is_switched_off_stays_in_the_policy_it_shares() {
    const OFF: [&str; 2] =
        ["  mode: observe\n", "  suspend: {until: \"2026-12-24\", reason: an incident}\n"];
    for off in OFF {
        let cloud = cloud();
        let many = wishes(25);
        reach(&cloud, &resources(&many), Approver::Nobody).await;
        let pack = resources(&many);
        let members = pack.policies.values().find(|policy| !policy.members.is_empty()).unwrap();
        let numbers: Vec<usize> = members
            .members
            .iter()
            .map(|member| member.document.name.strip_prefix("guardrail-").unwrap().parse().unwrap())
            .collect();
        let mut switched = many.clone();
        switched[numbers[0]].2 = off;
        // What moves across to keep a slot free moves; what is switched off is untouched.
        reach(&cloud, &resources(&switched), Approver::Everybody).await;
        let rest = plan(&cloud, &resources(&switched));
        assert!(rest.is_empty(), "{off}: {rest:#?}");
        assert!(denied(&cloud).contains(&format!("iam:Do{:02}", numbers[0])), "{off}");

        switched[numbers[1]].1 = "iam:Other00".to_owned();
        reach(&cloud, &resources(&switched), Approver::Nobody).await;
        assert!(denied(&cloud).contains("iam:Other00"), "{off}");
        assert!(denied(&cloud).contains(&format!("iam:Do{:02}", numbers[0])), "{off}");
        assert!(!denied(&cloud).contains(&format!("iam:Do{:02}", numbers[1])), "{off}");
    }
}
