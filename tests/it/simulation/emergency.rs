//! Emergency access: killed after any call, lied to and raced, it ends where it should.

use std::fs;

use palisade::cloud::simulated::{CrashPoint, SimulatedCloud, SimulationOptions};
use palisade::compile::{Resources, compile};
use palisade::desired::load;
use palisade::org::{
    Credential, CredentialKind, ObjectKey, ObjectKind, ObjectState, RootCredentialsState,
};
use palisade::plan::{BlockedReason, Change, Hold};
use palisade::readiness::{Verdict, examine};

use super::run::{Approver, Counter, pass, plan_for, truth};
use super::{HOSTILE_PASSES_MAX, QUIET_PASSES_MAX, assert_unbroken, converge, watch};

const ORGANIZATION: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  accounts: {break-glass: "333333333333", shop: "555555555555"}
  organizationalUnits: {Workloads: {accounts: [shop]}, Security: {accounts: [break-glass]}}
  policyTypes: [SERVICE_CONTROL_POLICY]
---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {name: a-restriction}
spec:
  targets: ["/Workloads"]
  document:
    Version: "2012-10-17"
    Statement: {Effect: Deny, Action: "organizations:LeaveOrganization", Resource: "*"}
"#;

const EMERGENCY: &str = r#"
---
apiVersion: palisade/v1
kind: BreakGlassRole
metadata: {name: emergency}
spec:
  emergencyAccount: break-glass
  targets: ["/"]
  operators: [{user: alice-break-glass}, {user: bob-break-glass}]
  roles: [{name: BREAK-GLASS-ROLE, managedPolicies: [AdministratorAccess]}]
  saml: {provider: emergency-idp, metadataFile: ./idp.xml, role: BREAK-GLASS-FEDERATED}
  alerts:
    targets:
      - "arn:aws:sns:us-east-1:222222222222:alerts"
      - "arn:aws:events:eu-central-1:222222222222:event-bus/security"
    regions: [us-east-1]
"#;

/// Ends on 2026-12-06, says `openssl x509 -enddate`.
const CERTIFICATE: &str = "\
    MIIBbTCCAROgAwIBAgIULWx9IBCXxYcWxZ2SpZHZAH50sWQwCgYIKoZIzj0EAwIwDDEKMAgGA1UE\
    AwwBYTAeFw0yNjExMjYyMjIwMDhaFw0yNjEyMDYyMjIwMDhaMAwxCjAIBgNVBAMMAWEwWTATBgcq\
    hkjOPQIBBggqhkjOPQMBBwNCAAQKjhBFa0KsI0gfAKdsS8xZC9igASBAHdfgJNlsE0xoJnMNVGlH\
    DDcU+BIOO0iJjJNOMM5DqOUY6G7FhlrHu3/wo1MwUTAdBgNVHQ4EFgQU6Uv6sutdzHLYXu/9HsMI\
    KSaxqTMwHwYDVR0jBBgwFoAU6Uv6sutdzHLYXu/9HsMIKSaxqTMwDwYDVR0TAQH/BAUwAwEB/zAK\
    BggqhkjOPQQDAgNIADBFAiEAg/EEn9s6Cbv22bdDVh6VMcYUMNokd812lqcB0aGBZkACIB3awly4\
    tX3QbM6kWj1CZ5nxm1Ouqcj4K2jabqQlbaYt";

fn resources(text: &str) -> Resources {
    resources_on("2026-11-22", text)
}

fn resources_on(today: &str, text: &str) -> Resources {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("all.yaml"), text).unwrap();
    let padding = " ".repeat(1000);
    let metadata = format!(
        "<EntityDescriptor><IDPSSODescriptor><X509Certificate>{CERTIFICATE}</X509Certificate></IDPSSODescriptor></EntityDescriptor>{padding}<!-- -->"
    );
    fs::write(directory.path().join("idp.xml"), metadata).unwrap();
    let today = today.parse().unwrap();
    let loaded = load(directory.path(), today, palisade::catalog::built_in());
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    compile(&loaded.org.unwrap(), today)
}

fn wanted() -> Resources {
    resources(&format!("{ORGANIZATION}{EMERGENCY}"))
}

fn cloud() -> SimulatedCloud {
    SimulatedCloud::builder(1)
        .organization("o-a1b2c3d4e5", "111111111111", "r-root")
        .unit("/Workloads")
        .unit("/Security")
        .account("shop", "555555555555", "/Workloads")
        .account("break-glass", "333333333333", "/Security")
        .enable("SERVICE_CONTROL_POLICY")
        .build()
        .unwrap()
}

fn alice() -> ObjectKey {
    ObjectKey::global(ObjectKind::User, "333333333333".parse().unwrap(), "alice-break-glass")
}

/// A key of an API that needs no access key: one of Bedrock's.
fn api_key() -> Credential {
    Credential::new(CredentialKind::ServiceCredential, "ACCA0")
}

/// Somebody gives an operator a key, trusts the world, and silences the alerts.
fn vandalize(cloud: &SimulatedCloud) {
    cloud.meddle(|world| {
        let all: Vec<ObjectKey> = world.objects().keys().cloned().collect();
        for key in all {
            let state = match world.objects()[&key].clone() {
                ObjectState::User(mut user) => {
                    user.keys.insert("AKIA0".to_owned(), true);
                    user.credentials.insert(api_key(), true);
                    user.groups.insert("admins".to_owned());
                    Some(ObjectState::User(user))
                }
                ObjectState::Role(mut role) if key.name == "BREAK-GLASS-ROLE" => {
                    role.trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}"#.into();
                    Some(ObjectState::Role(role))
                }
                ObjectState::EventRule(mut rule) => {
                    rule.state = "DISABLED".into();
                    rule.targets.clear();
                    Some(ObjectState::EventRule(rule))
                }
                ObjectState::SamlProvider(mut provider) => {
                    provider.metadata = "<EntityDescriptor>evil</EntityDescriptor>".into();
                    Some(ObjectState::SamlProvider(provider))
                }
                ObjectState::PasswordPolicy(_) => None,
                other @ (ObjectState::Role(_)
                | ObjectState::Trail(_)
                | ObjectState::Bucket(_)
                | ObjectState::KmsKey(_)
                | ObjectState::StackSet(_)
                | ObjectState::Region(_)
                | ObjectState::AlternateContact(_)
                | ObjectState::RootFeature(_)
                | ObjectState::RootCredentials(_)) => Some(other),
            };
            world.set_object(&key, state);
        }
    });
}

/// Promise 9, from nothing and from vandalism.
#[tokio::test(start_paused = true)]
async fn killed_after_any_change_emergency_access_is_finished_by_whoever_comes_next() {
    let wanted = wanted();
    for vandalized in [false, true] {
        let start = async || {
            let cloud = cloud();
            if vandalized {
                converge(&cloud, &wanted, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
                vandalize(&cloud);
            }
            cloud
        };
        let clean = start().await;
        let before = clean.counts().mutating();
        converge(&clean, &wanted, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
        let changes = clean.counts().mutating() - before;
        assert!(changes > 10, "{changes}");
        for change in 1..=changes {
            let cloud = start().await;
            let rules = watch(&cloud, &wanted);
            cloud.crash_at(CrashPoint::Change(before + change));
            let journal = Counter::default();
            tokio::select! {
                () = cloud.crashed() => {}
                _ = pass(&cloud, &wanted, Approver::Everybody, &journal) => {}
            }
            cloud.restart();
            let passes = converge(&cloud, &wanted, Approver::Everybody, QUIET_PASSES_MAX).await;
            assert!(passes.is_ok(), "change {change}: {}", passes.unwrap_err());
            assert_unbroken(change, &cloud, &rules);
            let mutating = cloud.counts().mutating();
            pass(&cloud, &wanted, Approver::Everybody, &journal).await;
            assert_eq!(cloud.counts().mutating(), mutating, "a second pass changes nothing");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn on_a_hostile_cloud_emergency_access_converges() {
    let wanted = wanted();
    let cloud = cloud();
    cloud.adjust(|options| *options = SimulationOptions::hostile());
    converge(&cloud, &wanted, Approver::Everybody, HOSTILE_PASSES_MAX).await.unwrap();
}

/// BG-58: the door is closed without waiting for anybody, and evidence is kept until somebody says so.
#[tokio::test(start_paused = true)]
async fn a_key_is_closed_without_approval_and_kept_until_there_is_one() {
    let (cloud, wanted, journal) = (cloud(), wanted(), Counter::default());
    converge(&cloud, &wanted, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
    vandalize(&cloud);
    for _ in 0..3 {
        pass(&cloud, &wanted, Approver::Nobody, &journal).await;
    }
    let keys = |cloud: &SimulatedCloud| {
        cloud.inspect(|world| {
            let ObjectState::User(user) = &world.objects()[&alice()] else { panic!("no user") };
            (user.keys.clone(), user.credentials.clone())
        })
    };
    let closed = ([("AKIA0".to_owned(), false)].into(), [(api_key(), false)].into());
    assert_eq!(keys(&cloud), closed);
    let plan = plan_for(&wanted, &truth(&cloud, &wanted), Approver::Nobody);
    assert!(plan.actions.iter().all(|action| action.hold == Some(Hold::Dangerous)), "{plan:#?}");
    assert_eq!(plan.actions.len(), 2, "one for each operator");
    pass(&cloud, &wanted, Approver::Everybody, &journal).await;
    assert_eq!(keys(&cloud), ([].into(), [].into()));
}

/// BG-53: whoever an OIDC provider vouches for would need no operator, and no password of the account.
#[tokio::test(start_paused = true)]
async fn an_identity_provider_that_nobody_declared_is_told_until_it_is_declared() {
    const NAME: &str = "token.actions.githubusercontent.com";
    let (cloud, wanted) = (cloud(), wanted());
    converge(&cloud, &wanted, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
    cloud.meddle(|world| world.add_oidc_provider(&alice().account, NAME));
    let plan = plan_for(&wanted, &truth(&cloud, &wanted), Approver::Nobody);
    let [only] = plan.blocked.as_slice() else { panic!("{plan:#?}") };
    assert_eq!(only.reason, BlockedReason::Undeclared);
    assert_eq!(only.object, format!("OIDC provider {NAME} in account 333333333333"));
    assert!(plan.actions.is_empty(), "nothing foreign is deleted: {plan:#?}");
    let declared = format!("{EMERGENCY}  others: {{identityProviders: [token.actions.*]}}\n");
    let declared = resources(&format!("{ORGANIZATION}{declared}"));
    let plan = plan_for(&declared, &truth(&cloud, &declared), Approver::Nobody);
    assert!(plan.blocked.is_empty() && plan.actions.is_empty(), "{plan:#?}");
}

/// Roles and alerts, then what protects them, then what restricts (D4); an operator that git forgets loses
/// every way in at once, and the user goes with approval.
#[tokio::test(start_paused = true)]
async fn roles_come_first_then_what_protects_them_then_what_restricts() {
    let (cloud, wanted) = (cloud(), wanted());
    let plan = plan_for(&wanted, &truth(&cloud, &wanted), Approver::Nobody);
    let attaches = |name: &str| -> Vec<usize> {
        let is_it = |change: &Change| matches!(change, Change::AttachPolicy { policy, .. } if policy.name == name);
        (0..plan.actions.len()).filter(|at| is_it(&plan.actions[*at].change)).collect()
    };
    let (protects, restricts) = (attaches("break-glass-emergency"), attaches("a-restriction"));
    assert_eq!((protects.len(), restricts.len()), (1, 1), "{plan:#?}");
    let objects: Vec<usize> = (0..plan.actions.len())
        .filter(|at| plan.actions[*at].change.kind() == "CreateObject")
        .collect();
    for object in &objects {
        assert!(plan.actions[protects[0]].after.contains(object), "{plan:#?}");
    }
    assert!(plan.actions[restricts[0]].after.contains(&protects[0]), "{plan:#?}");

    converge(&cloud, &wanted, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
    let without = EMERGENCY.replace(", {user: bob-break-glass}", "");
    let fewer = resources(&format!("{ORGANIZATION}{without}"));
    let journal = Counter::default();
    for _ in 0..2 {
        pass(&cloud, &fewer, Approver::Nobody, &journal).await;
    }
    cloud.inspect(|world| {
        for (key, state) in world.objects() {
            if let ObjectState::Role(role) = state {
                assert!(!role.trust.contains("bob-break-glass"), "{key}");
            }
        }
    });
    let plan = plan_for(&fewer, &truth(&cloud, &fewer), Approver::Nobody);
    let [only] = plan.actions.as_slice() else { panic!("{plan:#?}") };
    assert_eq!((only.change.kind(), only.hold), ("DeleteObject", Some(Hold::Dangerous)));
}

/// BG-60: who was let in for an incident is out on the day that was said then, whatever git still says.
#[tokio::test(start_paused = true)]
async fn an_operator_whose_access_ends_is_trusted_until_then_and_no_longer() {
    let (cloud, journal) = (cloud(), Counter::default());
    let guest = "{user: bob-break-glass, expiresAt: 2027-01-01}";
    let text = EMERGENCY.replace("{user: bob-break-glass}", guest);
    let on = |day: &str| resources_on(day, &format!("{ORGANIZATION}{text}"));
    let trusting = |cloud: &SimulatedCloud| {
        cloud.inspect(|world| {
            let roles = world.objects().values().filter_map(ObjectState::as_role);
            roles.filter(|role| role.trust.contains("bob-break-glass")).count()
        })
    };
    converge(&cloud, &on("2026-11-22"), Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
    assert_eq!(trusting(&cloud), 3, "the emergency role, and a role in each of two accounts");
    let last = on("2026-12-31");
    let plan = plan_for(&last, &truth(&cloud, &last), Approver::Nobody);
    assert!(plan.actions.is_empty(), "{plan:#?}");
    let over = on("2027-01-01");
    pass(&cloud, &over, Approver::Nobody, &journal).await;
    pass(&cloud, &over, Approver::Nobody, &journal).await;
    assert_eq!(trusting(&cloud), 0, "the door closes without anybody's approval");
    let plan = plan_for(&over, &truth(&cloud, &over), Approver::Nobody);
    let [only] = plan.actions.as_slice() else { panic!("{plan:#?}") };
    assert_eq!((only.change.kind(), only.hold), ("DeleteObject", Some(Hold::Dangerous)));
    converge(&cloud, &over, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
}

/// BG-42: rules hear of nothing that no trail records.
#[tokio::test(start_paused = true)]
async fn emergency_access_is_not_ready_while_nobody_would_be_told_of_its_use() {
    const TRAIL: &str = r"
---
apiVersion: palisade/v1
kind: LoggingTrail
metadata: {name: trail}
spec:
  trailName: trail
  homeRegion: eu-west-1
  archive: {account: shop, bucket: trail, region: eu-west-1, queryable: 365d, retain: 365d}
";
    let trusting = "  trustedServices: [cloudtrail.amazonaws.com]\n  policyTypes:";
    let organization = ORGANIZATION.replace("  policyTypes:", trusting);
    let (cloud, wanted) = (cloud(), resources(&format!("{organization}{EMERGENCY}{TRAIL}")));
    converge(&cloud, &wanted, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
    let recorded = || {
        let now = "2026-11-22T00:00:00Z".parse().unwrap();
        let all = examine(&wanted, &truth(&cloud, &wanted), now);
        let mut checks = all[0].checks.iter();
        checks.find(|check| check.subject == "the record of its use").unwrap().verdict.clone()
    };
    assert_eq!(recorded(), Verdict::Holds);
    cloud.meddle(|world| {
        let trails = world.objects().iter().find(|(key, _)| key.kind == ObjectKind::Trail);
        let (key, state) = trails.map(|(key, state)| (key.clone(), state.clone())).unwrap();
        let ObjectState::Trail(mut trail) = state else { panic!("no trail") };
        trail.is_logging = false;
        world.set_object(&key, Some(ObjectState::Trail(trail)));
    });
    assert!(recorded().reason().unwrap().contains("does not record"), "{:?}", recorded());
}

/// BG-31: a certificate ends although nobody changes anything, and IAM says nothing of it.
#[tokio::test(start_paused = true)]
async fn emergency_access_is_not_ready_once_the_certificate_of_its_identity_provider_has_ended() {
    let (cloud, wanted) = (cloud(), wanted());
    converge(&cloud, &wanted, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
    let verdict = |now: &str| {
        let all = examine(&wanted, &truth(&cloud, &wanted), now.parse().unwrap());
        let mut checks = all[0].checks.iter();
        checks.find(|it| it.subject == "the certificate of emergency-idp").unwrap().verdict.clone()
    };
    assert_eq!(verdict("2026-12-06T12:00:00Z"), Verdict::Holds);
    let ended = verdict("2026-12-07T00:00:00Z");
    assert!(ended.reason().unwrap().contains("it has ended"), "{ended:?}");
}

/// BG-26: root needs no role, no MFA and no operator, and its keys are nobody's.
#[tokio::test(start_paused = true)]
async fn a_key_of_the_root_user_of_the_emergency_account_is_told() {
    let (cloud, wanted) = (cloud(), wanted());
    converge(&cloud, &wanted, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
    let key = ObjectKey::global(ObjectKind::RootCredentials, alice().account, "root");
    let found = RootCredentialsState { access_keys: true, password: true, certificates: false };
    let found = ObjectState::RootCredentials(found);
    cloud.meddle(|world| world.set_object(&key, Some(found)));
    let plan = plan_for(&wanted, &truth(&cloud, &wanted), Approver::Nobody);
    let [only] = plan.blocked.as_slice() else { panic!("{plan:#?}") };
    assert_eq!((only.reason, only.object.clone()), (BlockedReason::NotAsked, key.to_string()));
    assert!(only.message.contains("has access keys:"), "the password is allowed: {only:?}");
    assert!(plan.actions.is_empty(), "{plan:#?}");
}

/// BG-33: what mends the identity provider's account is in that account, and nowhere else.
#[tokio::test(start_paused = true)]
async fn a_role_with_targets_of_its_own_is_there_alone_and_what_it_leaves_goes_with_approval() {
    let idc = |targets: &str| {
        let role = format!(
            "{{name: BREAK-GLASS-IDC, managedPolicies: [AWSSSOMasterAccountAdministrator]{targets}}}"
        );
        let roles = format!("roles: [{role}, ");
        resources(&format!("{ORGANIZATION}{}", EMERGENCY.replace("roles: [", &roles)))
    };
    let (cloud, narrow) = (cloud(), idc(", targets: [\"account:shop\"]"));
    converge(&cloud, &narrow, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
    let places = |cloud: &SimulatedCloud, name: &str| -> Vec<String> {
        cloud.inspect(|world| {
            let keys = world.objects().keys().filter(|key| key.name == name);
            keys.map(|key| key.account.to_string()).collect()
        })
    };
    assert_eq!(places(&cloud, "BREAK-GLASS-IDC"), ["555555555555"]);
    assert_eq!(places(&cloud, "BREAK-GLASS-ROLE"), ["111111111111", "555555555555"]);
    converge(&cloud, &idc(""), Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
    assert_eq!(places(&cloud, "BREAK-GLASS-IDC"), ["111111111111", "555555555555"]);
    let plan = plan_for(&narrow, &truth(&cloud, &narrow), Approver::Nobody);
    let [only] = plan.actions.as_slice() else { panic!("{plan:#?}") };
    assert_eq!((only.change.kind(), only.hold), ("DeleteObject", Some(Hold::Dangerous)));
}

/// A document that git forgets takes everything with it, in the reverse order, and only with approval; what tells
/// that it was there goes last.
#[tokio::test(start_paused = true)]
async fn a_document_that_is_gone_takes_everything_with_it_in_reverse() {
    let (cloud, wanted) = (cloud(), wanted());
    converge(&cloud, &wanted, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
    let nothing = resources(ORGANIZATION);
    let plan = plan_for(&nothing, &truth(&cloud, &nothing), Approver::Nobody);
    let removals: Vec<usize> = (0..plan.actions.len())
        .filter(|at| plan.actions[*at].change.kind() == "DeleteObject")
        .collect();
    assert!(removals.len() >= 8, "{plan:#?}");
    for at in &removals {
        assert_eq!(plan.actions[*at].hold, Some(Hold::Dangerous), "{plan:#?}");
    }
    for action in &plan.actions {
        if let Change::DeletePolicy { .. } = &action.change {
            assert!(removals.iter().all(|at| action.after.contains(at)), "{action:?}");
        }
    }
    converge(&cloud, &nothing, Approver::Everybody, QUIET_PASSES_MAX).await.unwrap();
    cloud.inspect(|world| {
        let left: Vec<String> = world
            .objects()
            .keys()
            .filter(|key| key.kind != ObjectKind::PasswordPolicy)
            .map(ToString::to_string)
            .collect();
        assert_eq!(left, [""; 0]);
    });
}
