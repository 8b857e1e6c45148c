//! `palisade permissions` allows exactly the calls that palisade makes.

mod explained;

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use palisade::act::{Entry, Journal, JournalError, Unconditional, act};
use palisade::catalog;
use palisade::cloud::counted::Counted;
use palisade::cloud::simulated::SimulatedCloud;
use palisade::cloud::{Cloud, Operation};
use palisade::compile::{Resources, compile};
use palisade::controller::survey;
use palisade::desired::load;
use palisade::observe::Observer;
use palisade::org::{KmsKeyState, KmsKeyStatus, ObjectKind, ObjectState};
use palisade::permissions::{Access, Demand, Holder, IamPolicy, Purpose, actions, purpose};
use palisade::plan::{BlockedReason, Guards, plan};
use serde_json::Value;
use strum::IntoEnumIterator;

use crate::permissions::explained::EXPLAINED;
use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

/// Passes until a simulated organization has to be as desired state says.
const PASSES_MAX: usize = 20;

const ORGANIZATION: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  accounts: {break-glass: "333333333333", shop: "555555555555"}
"#;

const TREE: &str = "  organizationalUnits: {Workloads: {accounts: [shop]}, Old: {}}\n";
const TREE_LATER: &str = "  organizationalUnits: {Workloads: {accounts: [shop]}}\n";
const TYPES: &str = "  policyTypes: [SERVICE_CONTROL_POLICY, TAG_POLICY]\n";
const SERVICES: &str = "  trustedServices: [guardduty.amazonaws.com]\n  \
    delegatedAdministrators: {guardduty.amazonaws.com: shop}\n";
const SERVICES_LATER: &str = "  trustedServices: [guardduty.amazonaws.com]\n  \
    delegatedAdministrators: {guardduty.amazonaws.com: break-glass}\n";

const ROLE: &str = r#"
---
apiVersion: palisade/v1
kind: BreakGlassRole
metadata: {name: emergency}
spec:
  emergencyAccount: break-glass
  targets: ["/"]
  operators: [{user: alice}]
  roles:
    - {name: BREAK-GLASS-ROLE, managedPolicies: [AdministratorAccess]}
"#;

/// The key of its archive, which somebody has scheduled for deletion.
const KEY: &str = "arn:aws:kms:eu-west-1:555555555555:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A trail, with what it records besides management events.
fn trail(insights: &str) -> String {
    format!(
        "  policyTypes: [SERVICE_CONTROL_POLICY]\n  trustedServices: [cloudtrail.amazonaws.com]\n---\napiVersion: palisade/v1\n\
         kind: LoggingTrail\nmetadata: {{name: organization-trail}}\nspec:\n  \
         trailName: acme-organization-trail\n  homeRegion: eu-west-1\n  insights: [{insights}]\n  \
         archive: {{account: shop, bucket: acme-logs, region: eu-west-1, kmsKey: {{arn: \"{KEY}\"}}}}\n"
    )
}

/// Before these services are trusted nothing can be read through them.
const TRUSTING: &str = "  trustedServices: [account.amazonaws.com, iam.amazonaws.com, \
    member.org.stacksets.cloudformation.amazonaws.com]\n";

/// What the organization keeps in every account without a role there.
fn estate(regions: &str, contact: &str, root: bool, days: u32) -> String {
    format!(
        r#"  organizationalUnits: {{Workloads: {{accounts: [shop]}}}}
  policyTypes: [SERVICE_CONTROL_POLICY]
{TRUSTING}  alternateContacts:
    security: {{name: {contact}, title: On call, emailAddress: security@acme.example, phoneNumber: "+00 000 0001"}}
  rootAccess: {{credentialsManagement: {root}, sessions: {root}}}
---
apiVersion: palisade/v1
kind: RegionRestriction
metadata: {{name: regions}}
spec:
  targets: ["/"]
  optIn: {{enabled: [{regions}], allowDisable: true}}
---
apiVersion: palisade/v1
kind: Baseline
metadata: {{name: topic}}
spec:
  template: |
    {{"Parameters": {{"Days": {{"Type": "String"}}}}, "Resources": {{"Topic": {{"Type": "AWS::SNS::Topic"}}}}}}
  parameters: {{Days: "{days}"}}
  targets: [/Workloads]
  regions: [eu-west-1]
"#
    )
}

fn inline_role(name: &str, action: &str) -> String {
    format!(
        "    - {{name: {name}, policy: {{Version: \"2012-10-17\", Statement: \
         [{{Effect: Allow, Action: \"{action}\", Resource: \"*\"}}]}}}}\n"
    )
}

fn policy(targets: &str, action: &str) -> String {
    format!(
        "\n---\napiVersion: palisade/v1\nkind: ServiceControlPolicy\nmetadata: {{name: guard}}\n\
         spec:\n  targets: [{targets}]\n  document: {{Version: \"2012-10-17\", Statement: \
         {{Effect: Deny, Action: \"{action}\", Resource: \"*\"}}}}\n"
    )
}

/// Desired states that follow each other, by what they are about.
fn histories() -> Vec<(&'static str, Vec<String>)> {
    let policies = |more: &str| format!("{ORGANIZATION}{TREE_LATER}{TYPES}{more}");
    vec![
        ("nothing", vec![ORGANIZATION.to_owned()]),
        ("tree", vec![format!("{ORGANIZATION}{TREE}"), format!("{ORGANIZATION}{TREE_LATER}")]),
        (
            "policies",
            vec![
                policies(&policy("/", "iam:CreateUser")),
                policies(&policy("/Workloads", "iam:DeleteUser")),
                policies(""),
            ],
        ),
        (
            "services",
            vec![format!("{ORGANIZATION}{SERVICES}"), format!("{ORGANIZATION}{SERVICES_LATER}")],
        ),
        (
            "trail",
            vec![
                format!("{ORGANIZATION}{}", trail("ApiCallRateInsight")),
                format!(
                    "{ORGANIZATION}{}",
                    trail("ApiErrorRateInsight").replace("acme-logs", "acme-other")
                ),
            ],
        ),
        (
            "estate",
            vec![
                format!("{ORGANIZATION}{TRUSTING}"),
                format!("{ORGANIZATION}{}", estate("eu-central-2, eu-south-2", "Ada", true, 1)),
                format!("{ORGANIZATION}{}", estate("eu-central-2", "Bob", false, 2)),
            ],
        ),
        (
            "roles",
            vec![
                format!(
                    "{ORGANIZATION}{TYPES}{ROLE}{}",
                    inline_role("BREAK-GLASS-READ", "s3:Get*")
                ),
                format!(
                    "{ORGANIZATION}{TYPES}{ROLE}{}",
                    inline_role("BREAK-GLASS-READ", "s3:List*")
                ),
                format!(
                    "{ORGANIZATION}{TYPES}{}",
                    ROLE.replace("AdministratorAccess", "ReadOnlyAccess")
                ),
            ],
        ),
    ]
}

fn resources(text: &str) -> Resources {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("desired.yaml"), text).unwrap();
    let today = "2026-11-25".parse().unwrap();
    let loaded = load(directory.path(), today, catalog::built_in());
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    compile(&loaded.org.unwrap(), today)
}

struct Nowhere;

impl Journal for Nowhere {
    fn check(&self) -> Result<(), JournalError> {
        Ok(())
    }

    fn record(&self, _entry: &Entry) -> Result<(), JournalError> {
        Ok(())
    }
}

/// What `cloud` was asked on the way to `resources`, everything approved.
async fn calls(
    cloud: &SimulatedCloud,
    resources: &Resources,
    access: Access,
) -> BTreeSet<Operation> {
    let heard = Arc::new(Mutex::new(BTreeSet::new()));
    let told = Arc::clone(&heard);
    let listen = Box::new(move |record: &palisade::cloud::counted::CallRecord| {
        told.lock().unwrap().insert(record.operation);
    });
    let cloud = Counted::new(cloud.clone(), listen);
    for _ in 0..PASSES_MAX {
        let snapshot =
            survey(&cloud as &dyn Cloud, &mut Observer::new(Duration::ZERO), resources).await;
        let (max_changes, max_deletes) = (usize::MAX, usize::MAX);
        let mut guards = Guards { max_changes, max_deletes, approved: BTreeSet::new() };
        let first = plan(resources, &snapshot, &guards);
        guards.approved.extend(first.held.map(|held| held.hash));
        let plan = plan(resources, &snapshot, &guards);
        let mut blocked = plan.blocked.iter();
        let stuck = blocked.find(|blocked| blocked.reason != BlockedReason::InProgress);
        assert_eq!(stuck, None);
        if plan.actions.is_empty() && plan.blocked.is_empty() || access == Access::Observe {
            break;
        }
        act(&cloud, &plan, &Unconditional, &Nowhere).await;
        // AWS has time for what it does by itself.
        tokio::time::sleep(Duration::from_mins(3)).await;
    }
    let heard = heard.lock().unwrap();
    heard.clone()
}

fn cloud() -> SimulatedCloud {
    let cloud = SimulatedCloud::builder(1)
        .organization("o-a1b2c3d4e5", "111111111111", "r-ab12")
        .account("break-glass", "333333333333", "/")
        .account("shop", "555555555555", "/")
        .enable("SERVICE_CONTROL_POLICY")
        .build()
        .unwrap();
    cloud.meddle(|world| {
        for region in ["eu-central-2", "eu-south-2"] {
            world.open_region(region);
        }
        let key =
            "kmsKey:555555555555:eu-west-1:1234abcd-12ab-34cd-56ef-1234567890ab".parse().unwrap();
        let policy = r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned();
        let doomed = KmsKeyState { status: KmsKeyStatus::PendingDeletion, policy };
        world.set_object(&key, Some(ObjectState::KmsKey(doomed)));
    });
    cloud
}

fn allowed(policy: &IamPolicy) -> BTreeSet<String> {
    policy.statement.iter().flat_map(|statement| statement.action.clone()).collect()
}

fn demand(resources: &Resources) -> Demand<'_> {
    Demand { resources, member_role: "OrganizationAccountAccessRole", partition: "aws" }
}

/// The role that makes a call in every account it may have to be made in.
fn holder(operation: Operation) -> Holder {
    match purpose(operation) {
        Purpose::Object(
            ObjectKind::Role
            | ObjectKind::User
            | ObjectKind::PasswordPolicy
            | ObjectKind::SamlProvider
            | ObjectKind::OidcProvider
            | ObjectKind::EventRule
            | ObjectKind::Bucket
            | ObjectKind::KmsKey
            | ObjectKind::RootCredentials,
        ) => Holder::Member,
        // The others are in the management account, or reached from it.
        Purpose::Object(
            ObjectKind::Trail
            | ObjectKind::StackSet
            | ObjectKind::Region
            | ObjectKind::AlternateContact
            | ObjectKind::RootFeature,
        )
        | Purpose::Identity
        | Purpose::Observation
        | Purpose::Policies
        | Purpose::Tree
        | Purpose::TrustedServices
        | Purpose::Administrators
        | Purpose::Entry
        | Purpose::Never => Holder::Management,
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_is_allowed_and_everything_that_is_allowed_is_called_or_explained() {
    let (mut used, mut granted) = (BTreeSet::new(), BTreeSet::new());
    for (about, history) in histories() {
        let cloud = cloud();
        for (at, text) in history.iter().enumerate() {
            let resources = resources(text);
            for access in [Access::Observe, Access::Enforce] {
                let calls = calls(&cloud, &resources, access).await;
                for operation in calls {
                    let allowed = allowed(&demand(&resources).policy(holder(operation), access));
                    for action in actions(operation) {
                        assert!(allowed.contains(&action), "{about} {at}, {access:?}: {action}");
                        used.insert(action);
                    }
                }
            }
            for holder in [Holder::Management, Holder::Member] {
                granted.extend(allowed(&demand(&resources).policy(holder, Access::Enforce)));
            }
        }
    }
    let explained: BTreeSet<String> =
        EXPLAINED.iter().map(|(action, _)| (*action).to_owned()).collect();
    let idle: BTreeSet<&String> =
        granted.difference(&used).filter(|action| !explained.contains(*action)).collect();
    assert!(idle.is_empty(), "allowed, and neither called nor explained: {idle:?}");
    for (action, why) in EXPLAINED {
        assert!(granted.contains(*action), "{action} ({why}) is not even allowed");
    }
}

#[test]
fn no_operation_is_sent_that_no_desired_state_allows() {
    let acts = sources("src/act");
    for operation in Operation::iter().filter(|it| purpose(*it) == Purpose::Never) {
        assert!(!acts.contains(&format!("Call::{operation:?} {{")), "{operation} is sent");
    }
}

fn sources(directory: &str) -> String {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Without it EventBridge refuses the targets of the alerts.
#[test]
fn the_role_that_delivers_alerts_is_handed_over() {
    let alerts = "  alerts:\n    targets: [\"arn:aws:events:eu-west-1:555555555555:event-bus/a\", \
        \"arn:aws:events:us-east-1:555555555555:event-bus/a\"]\n    regions: [us-east-1, eu-west-1]\n";
    let resources = resources(&format!("{ORGANIZATION}{TYPES}{ROLE}{alerts}"));
    let policy = serde_json::to_value(demand(&resources).policy(Holder::Member, Access::Enforce));
    let policy = policy.unwrap();
    let mut statements = policy["Statement"].as_array().unwrap().iter();
    let pass = statements.find(|it| it["Sid"] == "HandOverAlertRoles").unwrap();
    assert_eq!(
        pass["Resource"],
        serde_json::json!(["arn:aws:iam::333333333333:role/BREAK-GLASS-ALERTS-emergency"])
    );
    let observe = demand(&resources).policy(Holder::Member, Access::Observe);
    assert!(!allowed(&observe).contains("iam:PassRole"));
}

#[test]
fn what_iam_can_restrict_is_restricted() {
    let text = format!(
        "{ORGANIZATION}{TREE_LATER}{TYPES}{SERVICES}{}{ROLE}",
        policy("/", "iam:CreateUser")
    );
    let resources = resources(&text);
    let of =
        |holder, access| serde_json::to_value(demand(&resources).policy(holder, access)).unwrap();
    let statement = |policy: &Value, sid: &str| -> Value {
        let statements = policy["Statement"].as_array().unwrap();
        statements.iter().find(|it| it["Sid"] == sid).unwrap_or_else(|| panic!("{sid}")).clone()
    };
    let management = of(Holder::Management, Access::Enforce);
    let when = |sid: &str, key: &str| {
        statement(&management, sid)["Condition"]["StringEquals"][key].clone()
    };
    let types = serde_json::json!(["SERVICE_CONTROL_POLICY", "TAG_POLICY"]);
    assert_eq!(when("KeepPolicies", "organizations:PolicyType"), types);
    let service = serde_json::json!(["guardduty.amazonaws.com"]);
    assert_eq!(when("KeepServices", "organizations:ServicePrincipal"), service);
    assert_eq!(when("KeepAdministrators", "organizations:ServicePrincipal"), service);
    assert_eq!(when("EnterAccounts", "aws:ResourceOrgID"), serde_json::json!(["o-a1b2c3d4e5"]));
    let member = of(Holder::Member, Access::Enforce);
    let kept = statement(&member, "KeepRoles")["Resource"].clone();
    assert_eq!(
        kept,
        serde_json::json!([
            "arn:aws:iam::*:role/BREAK-GLASS-EMERGENCY",
            "arn:aws:iam::*:role/BREAK-GLASS-ROLE",
        ])
    );
    let removal = statement(&member, "RemoveOwnRoles");
    let ours = &removal["Condition"]["StringEquals"]["aws:ResourceTag/palisade:owner"];
    assert_eq!(*ours, serde_json::json!(["acme"]));
    let delegated =
        allowed(&demand(&resources).policy(Holder::DelegatedAdministrator, Access::Enforce));
    assert!(delegated.contains("organizations:AttachPolicy"));
    assert!(!delegated.contains("organizations:MoveAccount"));
    let observed = of(Holder::Management, Access::Observe).to_string();
    for verb in ["Create", "Delete", "Attach", "Detach", "Update", "Put", "Move", "Tag\""] {
        assert!(!observed.contains(&format!(":{verb}")), "{verb} in {observed}");
    }
}

/// Desired state for an organization in the emulator. `{…}` are its ids.
const EMULATED: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: {organization}
  managementAccountId: "{management}"
  accounts: {break-glass: "{break-glass}"}
  organizationalUnits: {Workloads: {}}
  policyTypes: [SERVICE_CONTROL_POLICY]
"#;

#[test]
fn what_the_binary_calls_the_binary_says_it_needs() {
    for more in ["", &policy("/Workloads", "iam:CreateUser"), ROLE] {
        let site = Site::new(EmulatedOrganization::with(&[("/", 1), ("/Workloads", 1)]));
        let text = format!("{EMULATED}{more}")
            .replace("{organization}", site.organization.organization.as_str())
            .replace("{management}", site.organization.management_account.as_str())
            .replace("{break-glass}", site.organization.account("/", 0).as_str());
        site.write("organization.yaml", &text);
        let before: usize = site.organization.calls().len();
        site.apply();
        let calls: BTreeSet<Operation> =
            site.organization.calls().split_off(before).into_iter().collect();
        assert!(calls.len() > 5, "{calls:?}");
        let said = site.palisade(&["permissions"]);
        assert_eq!(said.code, 0, "{said}");
        let policy: Value = serde_json::from_str(&said.data).unwrap();
        let allowed: BTreeSet<String> = policy["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|statement| statement["Action"].as_array().unwrap())
            .map(|action| action.as_str().unwrap().to_owned())
            .collect();
        for operation in calls {
            for action in actions(operation) {
                assert!(allowed.contains(&action), "{action} is not in {allowed:?}");
            }
        }
    }
}
