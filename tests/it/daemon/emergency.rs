//! What the daemon says of emergency access: in metrics, in `/status`, in the journal.

use std::fs;

use palisade::cloud::simulated::SimulatedCloud;
use palisade::org::{ObjectKey, ObjectKind, ObjectState, ParentId, UserState};
use palisade::status::{ConditionType, Reason, Report};

use crate::daemon::stage::{SCP, Stage};

const DESIRED: &str = r#"apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  accounts: {break-glass: "333333333333", shop: "555555555555"}
  organizationalUnits: {Workloads: {}, Security: {accounts: [break-glass]}}
  policyTypes: [SERVICE_CONTROL_POLICY]
---
apiVersion: palisade/v1
kind: BreakGlassRole
metadata: {name: emergency, annotations: {palisade/last-drill: "2026-11-20"}}
spec:
  emergencyAccount: break-glass
  targets: [/Workloads]
  operators: [{user: alice-break-glass}]
  roles: [{name: BREAK-GLASS-ROLE, managedPolicies: [AdministratorAccess]}]
  drill: {maxAge: 30d}
"#;

fn organization() -> SimulatedCloud {
    SimulatedCloud::builder(1)
        .organization("o-a1b2c3d4e5", "111111111111", "r-ab12")
        .account("break-glass", "333333333333", "/Security")
        .account("shop", "555555555555", "/Workloads")
        .account("newcomer", "666666666666", "/")
        .enable(SCP)
        .build()
        .unwrap()
}

fn alice() -> ObjectKey {
    ObjectKey::global(ObjectKind::User, "333333333333".parse().unwrap(), "alice-break-glass")
}

fn bob() -> ObjectKey {
    ObjectKey { name: "bob-break-glass".to_owned(), ..alice() }
}

fn change_alice(cloud: &SimulatedCloud, change: impl FnOnce(&mut UserState)) {
    change_user(cloud, &alice(), change);
}

fn change_user(cloud: &SimulatedCloud, key: &ObjectKey, change: impl FnOnce(&mut UserState)) {
    cloud.meddle(|world| {
        let Some(ObjectState::User(mut user)) = world.objects().get(key).cloned() else {
            panic!("no operator");
        };
        change(&mut user);
        world.set_object(key, Some(ObjectState::User(user)));
    });
}

/// Roles that trust a user.
fn trusting(cloud: &SimulatedCloud, user: &str) -> usize {
    cloud.inspect(|world| {
        let roles = world.objects().values().filter_map(ObjectState::as_role);
        roles.filter(|role| role.trust.contains(user)).count()
    })
}

fn is_ready(report: &Report) -> bool {
    emergency(report).is_some_and(|emergency| emergency.ready)
}

fn emergency(report: &Report) -> Option<&palisade::status::EmergencyReport> {
    let document = report.documents.iter().find(|document| document.kind == "BreakGlassRole")?;
    document.emergency.as_ref()
}

#[tokio::test(start_paused = true)]
async fn emergency_access_is_measured_from_the_first_sign_up_to_its_use() {
    let mut stage = Stage::of(organization(), DESIRED).await;
    let report = stage.until_in_sync().await;
    stage.measures(r#"palisade_break_glass_ready{name="emergency"} 0"#);
    stage.measures(r#"palisade_break_glass_accounts{name="emergency"} 1"#);
    stage.measures(r#"palisade_break_glass_accounts_ready{name="emergency"} 1"#);
    stage.measures(r#"palisade_break_glass_used_total{name="emergency"} 0"#);
    stage.measures(r#"palisade_break_glass_last_sign_in_timestamp_seconds{name="emergency"} 0"#);
    stage.measures(r#"palisade_break_glass_drill_max_age_seconds{name="emergency"} 2592000"#);
    stage.measures(
        r#"palisade_break_glass_last_drill_timestamp_seconds{name="emergency"} 1795132800"#,
    );
    let said = emergency(&report).unwrap();
    assert_eq!(said.lacking, 2, "{said:?}");
    assert!(said.reasons[0].contains("no console password yet"), "{said:?}");
    let document = report.documents.iter().find(|it| it.kind == "BreakGlassRole").unwrap();
    let ready = document.conditions.iter().find(|it| it.condition_type == ConditionType::Ready);
    assert_eq!(ready.unwrap().reason, Reason::NotReady, "{document:?}");
    let policy = stage.scp("break-glass-emergency").expect("the roles are protected");
    assert_eq!(policy.1.len(), 1);
    assert!(stage.scp("break-glass-emergency-account").is_some(), "so is the account");

    change_alice(&stage.cloud, |user| {
        user.sign_in.has_password = true;
        user.sign_in.mfa_devices.insert("arn:aws:iam::333333333333:mfa/alice".to_owned());
    });
    stage.until(is_ready).await;
    stage.measures(r#"palisade_break_glass_ready{name="emergency"} 1"#);

    change_alice(&stage.cloud, |user| user.sign_in.last = Some(1_795_000_000));
    stage.until(|report| emergency(report).is_some_and(|it| it.used)).await;
    stage.measures(
        r#"palisade_break_glass_last_sign_in_timestamp_seconds{name="emergency"} 1795000000"#,
    );
    stage.until(|report| emergency(report).is_some_and(|it| !it.used)).await;

    change_alice(&stage.cloud, |user| user.sign_in.mfa_devices.clear());
    let report = stage.until(|report| !is_ready(report)).await;
    assert!(emergency(&report).unwrap().reasons[0].contains("no MFA device"), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn an_end_of_somebodys_access_and_an_incident_are_measured() {
    let guest = "{user: bob-break-glass, expiresAt: 2026-12-01}";
    let operators = format!("[{{user: alice-break-glass}}, {guest}]");
    let incident = "  incident: {id: INC-4711, until: 2026-11-30}\n";
    let desired = DESIRED.replace("[{user: alice-break-glass}]", &operators) + incident;
    let mut stage = Stage::of(organization(), &desired).await;
    let report = stage.until_in_sync().await;
    assert_eq!(emergency(&report).unwrap().incident.as_deref(), Some("INC-4711"));
    stage.measures(r#"palisade_break_glass_incident_open{name="emergency"} 1"#);
    stage.measures(
        r#"palisade_break_glass_operator_expiry_timestamp_seconds{name="emergency"} 1796083200"#,
    );
}

/// BG-60: nobody touches a file, and the day comes.
#[tokio::test(start_paused = true)]
async fn the_day_on_which_somebodys_access_ends_passes_and_the_door_closes_behind_them() {
    let guest = "{user: bob-break-glass, expiresAt: 2026-11-23}";
    let operators = format!("[{{user: alice-break-glass}}, {guest}]");
    let desired = DESIRED.replace("[{user: alice-break-glass}]", &operators);
    let mut stage = Stage::of(organization(), &desired).await;
    let report = stage.until_in_sync().await;
    assert_eq!(emergency(&report).unwrap().next_expiry, "2026-11-23".parse().ok());
    let ends = "the access of `bob-break-glass` ends on 2026-11-23";
    assert!(
        report.desired_state.warnings.iter().any(|it| it.message.starts_with(ends)),
        "{report:#?}"
    );
    assert_eq!(trusting(&stage.cloud, "bob-break-glass"), 2);
    for key in [alice(), bob()] {
        change_user(&stage.cloud, &key, |user| {
            user.sign_in.has_password = true;
            user.sign_in.mfa_devices.insert(format!("arn:aws:iam::333333333333:mfa/{}", key.name));
        });
    }
    stage.until(is_ready).await;

    let report = stage.until(|report| report.held.is_some()).await;
    assert!(report.last_pass.at >= "2026-11-23T00:00:00Z".parse().unwrap(), "{report:#?}");
    assert_eq!(trusting(&stage.cloud, "bob-break-glass"), 0, "no approval is asked for that");
    assert_eq!(trusting(&stage.cloud, "alice-break-glass"), 2);
    let said = emergency(&report).unwrap();
    assert!(!said.ready, "roles that still trusted them were found: {said:?}");
    let report = stage.until(is_ready).await;
    assert_eq!(emergency(&report).unwrap().next_expiry, None);
    let ended = "the access of `bob-break-glass` ended on 2026-11-23";
    assert!(
        report.desired_state.warnings.iter().any(|it| it.message.starts_with(ended)),
        "{report:#?}"
    );
    let metrics = String::from_utf8(stage.metrics.render().unwrap()).unwrap();
    assert!(!metrics.contains("break_glass_operator_expiry_timestamp_seconds{"), "{metrics}");

    // Whoever is left is all there is: without them it is not ready, whatever the other one still has.
    change_user(&stage.cloud, &alice(), |user| user.sign_in.mfa_devices.clear());
    let report = stage.until(|report| !is_ready(report)).await;
    let said = emergency(&report).unwrap();
    assert!(said.reasons.iter().all(|why| !why.contains("bob")), "{said:?}");
    stage.measures(r#"palisade_break_glass_ready{name="emergency"} 0"#);
}

#[tokio::test(start_paused = true)]
async fn a_key_a_trust_an_account_that_moves_in_and_an_intruder_are_named_and_what_can_be_is_healed()
 {
    let mut stage = Stage::of(organization(), DESIRED).await;
    stage.until_in_sync().await;
    change_alice(&stage.cloud, |user| {
        user.keys.insert("AKIA0".to_owned(), true);
    });
    let report = stage.until(|report| report.held.is_some()).await;
    assert!(report.held.as_ref().unwrap().reasons.keys().any(|why| why.contains("lets nobody in")));
    let journal = stage.journal();
    let step = "deactivate access key AKIA0";
    assert!(journal.iter().any(|line| line["step"] == step), "{journal:#?}");
    stage.measures(r#"palisade_drift_detected_total{kind="BreakGlassRole",name="emergency"} 1"#);
    stage.measures("palisade_held_plan 1");
    change_alice(&stage.cloud, |user| user.keys.clear());
    stage.until_in_sync().await;

    // An account moves in, and gets its roles.
    stage.cloud.meddle(|world| {
        let from = ParentId::Root(world.tree().root.clone());
        let to = world.unit_at(&"/Workloads".parse().unwrap()).unwrap();
        let account = "666666666666".parse().unwrap();
        world.change(&palisade::cloud::Call::MoveAccount { account, from, to }).unwrap();
    });
    stage
        .until(|report| {
            emergency(report).is_some_and(|it| (it.accounts, it.accounts_ready) == (2, 2))
        })
        .await;
    stage.measures(r#"palisade_break_glass_accounts_ready{name="emergency"} 2"#);

    // Somebody nobody declared: said, and left to a person.
    let mallory = ObjectKey::global(ObjectKind::User, "333333333333".parse().unwrap(), "mallory");
    stage.cloud.meddle(|world| {
        let user = world.objects()[&alice()].clone();
        let ObjectState::User(user) = user else { panic!("no user") };
        let user = UserState { tags: [].into(), ..user };
        world.set_object(&mallory, Some(ObjectState::User(user)));
    });
    let report = stage.until(|report| !report.blocked.is_empty()).await;
    assert_eq!(report.blocked[0].object, "user mallory in account 333333333333");
    stage.measures(r#"palisade_blocked_actions{reason="Undeclared"} 1"#);
    stage.measures(
        r#"palisade_guardrail_in_sync{kind="BreakGlassRole",mode="enforce",name="emergency"} 0"#,
    );
    assert!(stage.cloud.inspect(|world| world.objects().contains_key(&mallory)));
}

#[tokio::test(start_paused = true)]
async fn a_drill_that_is_recorded_here_counts_when_it_is_later_than_the_one_in_git() {
    let mut stage = Stage::of(organization(), DESIRED).await;
    stage.until_in_sync().await;
    let record = stage.data_directory.join("drills.json");
    fs::write(&record, r#"{"emergency": "2026-11-22T12:00:00Z"}"#).unwrap();
    let recorded = "2026-11-22T12:00:00Z".parse().ok();
    stage.until(|report| emergency(report).is_some_and(|it| it.last_drill == recorded)).await;
    // One that is still to come proves nothing, and what cannot be read is no drill: git's counts again.
    let in_git = "2026-11-20T00:00:00Z".parse().ok();
    for text in [r#"{"emergency": "2036-11-22T12:00:00Z"}"#, "{"] {
        fs::write(&record, text).unwrap();
        stage.until(|report| emergency(report).is_some_and(|it| it.last_drill == in_git)).await;
    }
}
