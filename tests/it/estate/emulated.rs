//! The built binary against an emulator of AWS.

use palisade::cloud::Cloud;
use palisade::cloud::aws::AwsCloud;
use palisade::org::{
    AccountId, ObjectKey, ObjectKind, ObjectState, ObjectStep, RoleState, RoleStep,
};
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

/// Desired state with emergency access to every account. `{…}` are ids of the organization.
const DESIRED: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: {organization}
  managementAccountId: "{management}"
  accounts: {break-glass: "{break-glass}"}
  organizationalUnits: {Workloads: {}}
  policyTypes: [SERVICE_CONTROL_POLICY]
---
apiVersion: palisade/v1
kind: BreakGlassRole
metadata: {name: emergency}
spec:
  emergencyAccount: break-glass
  targets: ["/"]
  operators: [{user: alice-break-glass}, {user: bob-break-glass}]
  roles:
    - {name: BREAK-GLASS-ROLE, managedPolicies: [AdministratorAccess]}
    - name: BREAK-GLASS-READ
      policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:Get*", Resource: "*"}]}
"#;

/// One member account for emergencies and three others.
fn site() -> Site {
    let site = Site::new(EmulatedOrganization::with(&[("/", 2), ("/Workloads", 2)]));
    write(&site, DESIRED);
    site
}

pub(super) fn write(site: &Site, text: &str) {
    let organization = &site.organization;
    let text = text
        .replace("{organization}", organization.organization.as_str())
        .replace("{management}", organization.management_account.as_str())
        .replace("{break-glass}", organization.account("/", 0).as_str());
    site.write("organization.yaml", &text);
}

/// Somebody who can look into every account, and change what is there.
struct Actor<'a> {
    site: &'a Site,
    cloud: AwsCloud,
}

impl Actor<'_> {
    fn port(&self) -> &dyn Cloud {
        &self.cloud
    }

    fn accounts(&self) -> Vec<AccountId> {
        let organization = &self.site.organization;
        vec![
            organization.management_account.clone(),
            organization.account("/", 1),
            organization.account("/Workloads", 0),
            organization.account("/Workloads", 1),
        ]
    }

    async fn role(&self, account: &AccountId, name: &str) -> Option<RoleState> {
        let found = self.port().object(&key(account, name)).await.unwrap();
        found.as_ref().and_then(ObjectState::as_role).cloned()
    }

    async fn does(&self, account: &AccountId, name: &str, step: RoleStep) {
        self.port().write_object(&key(account, name), &ObjectStep::Role(step)).await.unwrap();
    }
}

fn key(account: &AccountId, name: &str) -> ObjectKey {
    ObjectKey::global(ObjectKind::Role, account.clone(), name)
}

const ROLE: &str = "BREAK-GLASS-ROLE";
const READ: &str = "BREAK-GLASS-READ";
const DOOR: &str = "BREAK-GLASS-EMERGENCY";
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// What other people do to a role.
#[derive(Debug, Clone, Copy, strum::EnumIter)]
enum Drift {
    OpensTrust,
    DetachesPolicy,
    AttachesPolicy,
    AddsInlinePolicy,
    EmptiesInlinePolicy,
    LengthensSession,
    DeletesRole,
    TrustsSomebodyInEmergencyRole,
}

impl Actor<'_> {
    async fn drifts(&self, drift: Drift) {
        let open = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]});
        let account = &self.site.organization.account("/Workloads", 1);
        match drift {
            Drift::OpensTrust => {
                let trust = open.to_string();
                self.does(account, ROLE, RoleStep::UpdateTrust { trust }).await;
            }
            Drift::DetachesPolicy => {
                let policy = ADMINISTRATOR.to_owned();
                self.does(account, ROLE, RoleStep::Detach { policy }).await;
            }
            Drift::AttachesPolicy => {
                let policy = ADMINISTRATOR.to_owned();
                self.does(account, READ, RoleStep::Attach { policy }).await;
            }
            Drift::AddsInlinePolicy => {
                let (name, document) = ("more".to_owned(), allow("*"));
                self.does(account, READ, RoleStep::PutInline { name, document }).await;
            }
            Drift::EmptiesInlinePolicy => {
                let (name, document) = ("playbook".to_owned(), allow("s3:GetObject"));
                self.does(account, READ, RoleStep::PutInline { name, document }).await;
            }
            Drift::LengthensSession => {
                let (description, max_session_seconds) = ("mine".to_owned(), 43_200);
                let step = RoleStep::Update { description, max_session_seconds };
                self.does(&self.site.organization.management_account, ROLE, step).await;
            }
            Drift::DeletesRole => {
                let policy = ADMINISTRATOR.to_owned();
                self.does(account, ROLE, RoleStep::Detach { policy }).await;
                self.does(account, ROLE, RoleStep::Delete).await;
            }
            Drift::TrustsSomebodyInEmergencyRole => {
                let (account, trust) = (self.site.organization.account("/", 0), open.to_string());
                self.does(&account, DOOR, RoleStep::UpdateTrust { trust }).await;
            }
        }
    }
}

fn allow(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})
        .to_string()
}

async fn actor(site: &Site) -> Actor<'_> {
    Actor { site, cloud: site.organization.cloud().await }
}

#[tokio::test]
async fn the_roles_are_in_every_account_and_only_operators_get_in() {
    let site = site();
    let plan = site.plan();
    assert_eq!(plan.code, 2, "{plan}");
    site.apply();
    assert_eq!(site.plan().code, 0, "{}", site.plan());
    let (actor, emergency) = (actor(&site).await, site.organization.account("/", 0));
    for account in actor.accounts() {
        let role = actor.role(&account, ROLE).await.unwrap();
        assert_eq!(role.attached, [ADMINISTRATOR.to_owned()].into(), "{account}");
        let trust: Value = serde_json::from_str(&role.trust).unwrap();
        let [operators, through_role] = trust["Statement"].as_array().unwrap().as_slice() else {
            panic!("{trust}");
        };
        let condition = &operators["Condition"];
        assert_eq!(operators["Principal"]["AWS"], format!("arn:aws:iam::{emergency}:root"));
        assert_eq!(condition["Bool"]["aws:MultiFactorAuthPresent"], "true");
        assert_eq!(condition["NumericLessThanEquals"]["aws:MultiFactorAuthAge"], "900");
        let users = &condition["ArnEquals"]["aws:PrincipalArn"];
        assert_eq!(users[0], format!("arn:aws:iam::{emergency}:user/alice-break-glass"));
        assert_eq!(users.as_array().unwrap().len(), 2);
        let role_arn = &through_role["Condition"]["ArnEquals"]["aws:PrincipalArn"];
        assert_eq!(role_arn, &json!(format!("arn:aws:iam::{emergency}:role/{DOOR}")));
        assert_eq!(through_role["Condition"].get("Bool"), None, "no MFA on the second hop");
    }
    let door = actor.role(&emergency, DOOR).await.unwrap();
    assert!(door.trust.contains("MultiFactorAuthPresent"), "{}", door.trust);
    assert!(door.inline["break-glass-roles"].contains("arn:aws:iam::*:role/BREAK-GLASS-ROLE"));
    assert_eq!(actor.role(&emergency, ROLE).await, None, "the emergency account is left out");
}

#[tokio::test]
async fn drift_of_a_role_is_seen_healed_and_gone() {
    let site = site();
    site.apply();
    let actor = actor(&site).await;
    for drift in Drift::iter() {
        actor.drifts(drift).await;
        let seen = site.plan();
        assert_eq!(seen.code, 2, "{drift:?} is not seen: {seen}");
        site.apply();
        let after = site.plan();
        assert_eq!(after.code, 0, "{drift:?} is not healed: {after}");
    }
}

#[tokio::test]
async fn an_account_that_is_created_gets_the_roles_and_a_role_that_is_dropped_goes() {
    let site = site();
    site.apply();
    let actor = actor(&site).await;
    site.organization
        .interfere("CreateAccount", &json!({"AccountName": "new", "Email": "new@example.com"}));
    let plan = site.plan();
    assert_eq!(plan.code, 2, "{plan}");
    assert_eq!(plan.data.matches("create role `BREAK-GLASS-ROLE`").count(), 1, "{plan}");
    site.apply();
    assert_eq!(site.plan().code, 0);

    let (before, _) = DESIRED.split_once("    - name: BREAK-GLASS-READ").unwrap();
    write(&site, before);
    let plan = site.plan();
    assert!(plan.data.contains("5 actions wait for approval"), "{plan}");
    site.apply();
    for account in actor.accounts() {
        assert_eq!(actor.role(&account, READ).await, None, "{account}");
        assert!(actor.role(&account, ROLE).await.is_some(), "{account}");
    }
}
