//! The built binary against an emulator of AWS: what is in git becomes so, stays so, and becomes so again
//! after other people were there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use palisade::cloud::aws::AwsCloud;
use palisade::cloud::{Call, Cloud, PolicySummary};
use palisade::org::{ParentId, PolicyId, PolicyType, TargetId};
use serde_json::json;
use strum::IntoEnumIterator;

use crate::support::emulator::{EmulatedOrganization, pages};
use crate::support::site::{Site, example};

/// Desired state with one of everything that can drift. `{…}` are ids of the organization.
const DESIRED: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: {organization}
  managementAccountId: "{management}"
  accounts: {log-archive: "{log-archive}", audit: "{audit}", shop: "{shop}"}
  organizationalUnits:
    Security: {accounts: [log-archive, audit]}
    Workloads: {organizationalUnits: {Prod: {accounts: [shop]}}}
    Quarantine: {}
  policyTypes: [SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY, TAG_POLICY]
  trustedServices: [guardduty.amazonaws.com, tagpolicies.tag.amazonaws.com]
  delegatedAdministrators: {guardduty.amazonaws.com: audit}
---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {name: deny-leave}
spec:
  description: Nobody leaves.
  targets: ["/"]
  document:
    Version: "2012-10-17"
    Statement: [{Sid: Leave, Effect: Deny, Action: organizations:LeaveOrganization, Resource: "*"}]
---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {name: deny-keys}
spec:
  description: No access keys.
  targets: ["/Workloads/Prod", "account:log-archive"]
  document:
    Version: "2012-10-17"
    Statement: [{Sid: Keys, Effect: Deny, Action: iam:CreateAccessKey, Resource: "*"}]
---
apiVersion: palisade/v1
kind: ResourceControlPolicy
metadata: {name: tls-only}
spec:
  description: Encrypted transport only.
  targets: ["/Workloads"]
  document:
    Version: "2012-10-17"
    Statement:
      - Sid: Tls
        Effect: Deny
        Principal: "*"
        Action: "s3:*"
        Resource: "*"
        Condition: {BoolIfExists: {"aws:SecureTransport": "false"}}
---
apiVersion: palisade/v1
kind: TagPolicy
metadata: {name: cost-center}
spec:
  description: One spelling.
  targets: ["/Workloads"]
  document: {tags: {CostCenter: {tag_key: {"@@assign": CostCenter}}}}
"#;

/// A site whose organization has three accounts in the root and nothing else, and [`DESIRED`].
fn site() -> Site {
    let site = Site::new(EmulatedOrganization::with(&[("/", 3)]));
    let organization = &site.organization;
    let mut text = DESIRED.to_owned();
    for (name, id) in [
        ("organization", organization.organization.to_string()),
        ("management", organization.management_account.to_string()),
        ("log-archive", organization.account("/", 0).to_string()),
        ("audit", organization.account("/", 1).to_string()),
        ("shop", organization.account("/", 2).to_string()),
    ] {
        text = text.replace(&format!("{{{name}}}"), &id);
    }
    site.write("organization.yaml", &text);
    site
}

/// Somebody with credentials for the same organization.
struct Actor<'a> {
    site: &'a Site,
    cloud: AwsCloud,
}

impl Actor<'_> {
    fn port(&self) -> &dyn Cloud {
        &self.cloud
    }

    async fn does(&self, call: Call) {
        self.cloud.call(call).await.unwrap();
    }

    /// The policy of a document: palisade names policies after their documents.
    async fn policy(&self, policy_type: &str, name: &str) -> PolicySummary {
        let policy_type = PolicyType::named(policy_type);
        let (policies, _) =
            pages(async |page| self.port().policies(policy_type.clone(), page).await).await;
        let mut named = policies.into_iter().filter(|policy| policy.name.contains(name));
        named.next().unwrap_or_else(|| panic!("no policy is called `{name}`"))
    }

    async fn scp(&self, name: &str) -> PolicyId {
        self.policy("SERVICE_CONTROL_POLICY", name).await.id
    }

    /// The OU at a path, by walking down.
    async fn unit(&self, path: &str) -> ParentId {
        let mut at = self.site.organization.unit("/");
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let (units, _) = pages(async |page| self.port().units_in(at.clone(), page).await).await;
            let unit = units.into_iter().find(|unit| unit.name == name);
            at = ParentId::Ou(unit.unwrap_or_else(|| panic!("no OU `{path}`")).id);
        }
        at
    }
}

/// What other people do.
#[derive(Debug, Clone, Copy, strum::EnumIter)]
enum Drift {
    DetachesPolicy,
    AttachesOurPolicyElsewhere,
    WeakensPolicy,
    RenamesPolicy,
    DescribesPolicyAnew,
    DeletesPolicy,
    DeletesTagPolicy,
    MovesAccount,
    EmptiesAndDeletesUnit,
    RenamesUnit,
    SwitchesTagPoliciesOff,
    SwitchesScpsOff,
    EndsTrustedAccess,
    DeregistersAdministrator,
}

/// The new name, description and content that somebody gives a policy.
type Edit = (Option<&'static str>, Option<&'static str>, Option<&'static str>);

const WEAK: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"a4b:*","Resource":"*"}]}"#;

impl Actor<'_> {
    async fn edits(&self, policy: PolicyId, (name, description, content): Edit) {
        let own = |text: &str| text.to_owned();
        let (name, description) = (name.map(own), description.map(own));
        self.does(Call::UpdatePolicy { policy, name, description, content: content.map(own) })
            .await;
    }

    async fn deletes(&self, policy: PolicyId) {
        let (targets, _) =
            pages(async |page| self.port().targets(policy.clone(), page).await).await;
        for target in targets {
            self.does(Call::DetachPolicy { policy: policy.clone(), target }).await;
        }
        self.does(Call::DeletePolicy { policy }).await;
    }

    async fn switches_off(&self, policy_type: PolicyType) {
        let root = self.site.organization.root.clone();
        self.does(Call::DisablePolicyType { root, policy_type }).await;
    }

    /// Moves the account out of `/Workloads/Prod`, which is then empty.
    async fn moves_shop(&self) -> ParentId {
        let organization = &self.site.organization;
        let (account, to) = (organization.account("/", 2), organization.unit("/"));
        let from = self.unit("/Workloads/Prod").await;
        self.does(Call::MoveAccount { account, from: from.clone(), to }).await;
        from
    }

    async fn drifts(&self, drift: Drift) {
        let organization = &self.site.organization;
        match drift {
            Drift::DetachesPolicy => {
                let target = TargetId::Root(organization.root.clone());
                let policy = self.scp("deny-leave").await;
                self.does(Call::DetachPolicy { policy, target }).await;
            }
            Drift::AttachesOurPolicyElsewhere => {
                let target = TargetId::from(self.unit("/Security").await);
                let policy = self.scp("deny-keys").await;
                self.does(Call::AttachPolicy { policy, target }).await;
            }
            Drift::WeakensPolicy => {
                self.edits(self.scp("deny-leave").await, (None, None, Some(WEAK))).await;
            }
            Drift::RenamesPolicy => {
                self.edits(self.scp("deny-leave").await, (Some("mine"), None, None)).await;
            }
            Drift::DescribesPolicyAnew => {
                self.edits(self.scp("deny-keys").await, (None, Some("mine now"), None)).await;
            }
            Drift::DeletesPolicy => self.deletes(self.scp("deny-keys").await).await,
            Drift::DeletesTagPolicy => {
                self.deletes(self.policy("TAG_POLICY", "cost-center").await.id).await;
            }
            Drift::MovesAccount => {
                self.moves_shop().await;
            }
            Drift::EmptiesAndDeletesUnit => {
                let unit = self.moves_shop().await.as_str().parse().unwrap();
                self.does(Call::DeleteOrganizationalUnit { unit }).await;
            }
            Drift::RenamesUnit => {
                let unit = self.unit("/Workloads/Prod").await;
                let request = json!({"OrganizationalUnitId": unit.as_str(), "Name": "Production"});
                organization.interfere("UpdateOrganizationalUnit", &request);
            }
            Drift::SwitchesTagPoliciesOff => {
                self.switches_off(PolicyType::named("TAG_POLICY")).await;
            }
            Drift::SwitchesScpsOff => self.switches_off(PolicyType::service_control()).await,
            Drift::EndsTrustedAccess => {
                let request = json!({"ServicePrincipal": GUARDDUTY});
                organization.interfere("DisableAWSServiceAccess", &request);
            }
            Drift::DeregistersAdministrator => {
                let (account, service) = (organization.account("/", 1), GUARDDUTY.to_owned());
                self.does(Call::DeregisterDelegatedAdministrator { account, service }).await;
            }
        }
    }
}

const GUARDDUTY: &str = "guardduty.amazonaws.com";

#[tokio::test]
async fn drift_of_every_kind_is_seen_healed_and_gone() {
    let site = site();
    site.apply();
    let actor = Actor { site: &site, cloud: site.organization.cloud().await };
    for kind in Drift::iter() {
        actor.drifts(kind).await;
        let seen = site.plan();
        assert_eq!(seen.code, 2, "{kind:?} is not seen: {seen}");
        let changes = site.apply();
        assert_ne!(changes, [], "{kind:?} is healed by nothing");
        let after = site.plan();
        assert_eq!(after.code, 0, "{kind:?} is not healed by {changes:?}: {after}");
    }
}

#[tokio::test]
async fn what_is_not_ours_is_left_alone() {
    let site = site();
    site.apply();
    let actor = Actor { site: &site, cloud: site.organization.cloud().await };
    let foreign = Call::CreatePolicy {
        policy_type: PolicyType::service_control(),
        name: "somebody-elses".to_owned(),
        description: String::new(),
        content: WEAK.to_owned(),
        tags: BTreeMap::new(),
    };
    actor.does(foreign).await;
    let policy = actor.scp("somebody-elses").await;
    let target = TargetId::from(actor.unit("/Security").await);
    actor.does(Call::AttachPolicy { policy: policy.clone(), target: target.clone() }).await;
    site.organization.interfere(
        "CreateOrganizationalUnit",
        &json!({"ParentId": site.organization.root.as_str(), "Name": "Lab"}),
    );
    site.organization
        .interfere("CreateAccount", &json!({"AccountName": "new", "Email": "new@example.com"}));

    let plan = site.plan();
    assert_eq!(plan.code, 0, "{plan}");
    assert_eq!(site.apply(), []);
    assert_eq!(actor.port().targets(policy, None).await.unwrap().items, [target]);
    actor.unit("/Lab").await;
}

/// The example without what takes several passes in each of its thirty accounts, since it needs trusted access
/// before it can be read or waits for operations: `trail` and `estate` try that on the emulator in few accounts,
/// and the demo's story the whole of it in the simulation.
fn without_several_passes(text: &str) -> String {
    let text = text.replace("  optIn: {enabled: [eu-central-2]}\n", "");
    let cut = text.split_once("  alternateContacts:\n").and_then(|(before, rest)| {
        let (_, after) =
            rest.split_once("  rootAccess: {credentialsManagement: true, sessions: true}\n")?;
        Some(format!("{before}{after}"))
    });
    cut.unwrap_or(text)
}

#[tokio::test]
async fn the_example_is_reached_from_a_bare_organization_and_then_left_alone() {
    let site = Site::new(EmulatedOrganization::with_paths(&[("/", 30)]));
    let text = fs::read_to_string(example().join("organization.yaml")).unwrap();
    let mut ids = BTreeMap::from([
        ("111111111111".to_owned(), site.organization.management_account.to_string()),
        ("o-acmeexample1".to_owned(), site.organization.organization.to_string()),
    ]);
    let quoted = text.split('"').filter(|word| word.parse::<palisade::org::AccountId>().is_ok());
    for (number, id) in quoted.filter(|id| *id != "111111111111").enumerate() {
        ids.insert(id.to_owned(), site.organization.account("/", number).to_string());
    }
    // Everything in force, also what the example only observes.
    ids.insert("mode: observe".to_owned(), "mode: enforce".to_owned());
    site.copy(&example(), &|text| {
        let text = ids.iter().fold(text.to_owned(), |text, (id, real)| text.replace(id, real));
        without_several_passes(&text)
    });
    for file in ["logging.yaml", "baselines.yaml"] {
        fs::remove_file(site.path("desired-state/guardrails").join(file)).unwrap();
    }
    fs::remove_file(site.path("desired-state/tests/detective-controls.yaml")).unwrap();

    let plan = site.plan();
    assert_eq!(plan.code, 2, "{plan}");
    assert!(!site.apply().is_empty());
    let plan = site.plan();
    assert_eq!(plan.code, 0, "{plan}");
    assert_eq!(site.apply(), [], "a second pass changes nothing");

    let cloud = site.organization.cloud().await;
    let actor = Actor { site: &site, cloud };
    let prod = actor.unit("/Workloads/Prod").await;
    assert_eq!(actor.port().accounts_in(prod, None).await.unwrap().items.len(), 7);
}

#[tokio::test]
async fn what_is_imported_is_what_is_there() {
    let site = Site::new(EmulatedOrganization::with(&[
        ("/", 3),
        ("/Security", 4),
        ("/Workloads/Prod/EU", 40),
        ("/Workloads/Prod/US", 25),
        ("/Workloads/Dev", 20),
        ("/Sandbox", 8),
    ]));
    let actor = Actor { site: &site, cloud: site.organization.cloud().await };
    for number in 0..30 {
        let name = format!("guardrail-{number}");
        let call = Call::CreatePolicy {
            policy_type: PolicyType::service_control(),
            name: name.clone(),
            description: format!("guardrail number {number}, made by hand"),
            content: format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"S{number}","Effect":"Deny","Action":["s3:Delete*","iam:Create{number}*"],"Resource":"*"}}]}}"#
            ),
            tags: BTreeMap::new(),
        };
        actor.does(call).await;
        let policy = actor.scp(&name).await;
        let path = ["/", "/Security", "/Workloads/Prod/EU", "/Sandbox"][number % 4];
        let target = TargetId::from(site.organization.unit(path));
        actor.does(Call::AttachPolicy { policy, target }).await;
    }
    let before = site.organization.changes().len();
    fs::remove_dir(site.path("desired-state")).unwrap();
    let import = ["import", "--out", "desired-state", "--api-budget", "unlimited"];
    let imported = site.palisade(&import);
    assert_eq!(imported.code, 0, "{imported}");
    let plan = site.plan();
    assert_eq!(plan.code, 0, "{plan}");
    assert_eq!(site.apply(), []);
    assert_eq!(site.organization.changes().len(), before, "importing changes nothing");
}

#[test]
fn without_credentials_it_says_what_is_missing_and_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".aws")).unwrap();
    let expired = "[profile expired]\nsso_session = s\nsso_account_id = 111111111111\nsso_role_name = r\n\
                   [sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://acme.example/start\n";
    fs::write(home.path().join(".aws/config"), expired).unwrap();
    for (profile, missing) in [
        ("default", "no credentials found"),
        ("nobody", "`nobody` was not defined"),
        ("expired", "failed to load the cached SSO token"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(["observe", "--output", "text"])
            .current_dir(home.path())
            .env_clear()
            .env("HOME", home.path())
            .env("AWS_PROFILE", profile)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.contains(missing), "{profile}: {words}");
        assert!(words.contains("run `aws sso login`"), "{profile}: {words}");
    }
}

/// A question may be asked of the organization as AWS has it: before the guardrails are there, and
/// after; with the file and line that a policy in AWS comes from.
#[test]
fn a_call_is_explained_by_what_aws_has_now() {
    let site = site();
    let ask = || {
        site.palisade(&[
            "explain",
            "--live",
            "--account",
            "shop",
            "--principal",
            "role/dev",
            "--action",
            "iam:CreateAccessKey",
            "--api-budget",
            "unlimited",
        ])
    };
    let before = ask();
    assert_eq!(before.code, 0, "{before}");
    site.apply();
    let after = ask();
    assert_eq!(after.code, 3, "{after}");
    assert!(after.data.contains("/Workloads/Prod denies"), "{after}");
    assert!(after.data.contains("organization.yaml:"), "{after}");
}

/// A dozen guardrails on an OU that takes nine policies beside AWS's own.
fn crowded_site() -> Site {
    let site = Site::new(EmulatedOrganization::with(&[("/Workloads", 1)]));
    let EmulatedOrganization { organization, management_account, .. } = &site.organization;
    let mut text = format!(
        "apiVersion: palisade/v1\nkind: Organization\nmetadata: {{name: acme}}\nspec:\n  \
         organizationId: {organization}\n  managementAccountId: \"{management_account}\"\n  \
         organizationalUnits: {{Workloads: {{}}}}\n  policyTypes: [SERVICE_CONTROL_POLICY]\n"
    );
    for number in 10..22 {
        write!(
            text,
            "---\napiVersion: palisade/v1\nkind: ServiceControlPolicy\n\
             metadata: {{name: deny-{number}, annotations: {{palisade/lint-ignore: unknown-action}}}}\n\
             spec:\n  targets: [/Workloads]\n  document: {{Version: \"2012-10-17\", Statement: \
             [{{Sid: Deny, Effect: Deny, Action: \"iam:Do{number}\", Resource: \"*\"}}]}}\n"
        )
        .unwrap();
    }
    site.write("all.yaml", &text);
    site
}

#[tokio::test]
async fn guardrails_that_share_a_policy_are_made_healed_and_imported() {
    let site = crowded_site();
    site.apply();
    assert_eq!(site.plan().code, 0, "{}", site.plan());
    let actor = Actor { site: &site, cloud: site.organization.cloud().await };
    let policies = async || {
        let scp = PolicyType::service_control();
        let (all, _) = pages(async |page| actor.port().policies(scp.clone(), page).await).await;
        all.into_iter().filter(|one| !one.aws_managed).collect::<Vec<_>>()
    };
    let made = policies().await;
    let pack = made.iter().find(|one| one.name.starts_with("palisade-pack-")).unwrap().clone();
    assert!(made.len() < 10, "{made:?}");
    let target = TargetId::from(actor.unit("/Workloads").await);
    for drift in ["weakened", "detached", "deleted"] {
        let policy = actor.scp(&pack.name).await;
        match drift {
            "weakened" => actor.edits(policy, (None, None, Some(WEAK))).await,
            "detached" => actor.does(Call::DetachPolicy { policy, target: target.clone() }).await,
            _ => actor.deletes(policy).await,
        }
        let seen = site.plan();
        assert_eq!(seen.code, 2, "{drift} is not seen: {seen}");
        assert!(seen.data.contains("one policy for"), "{drift}: {seen}");
        assert_ne!(site.apply(), [], "{drift}");
        assert_eq!(site.plan().code, 0, "{drift} is not healed: {}", site.plan());
    }
    let imported = site.palisade(&["import", "--out", "imported", "--api-budget", "unlimited"]);
    assert_eq!(imported.code, 0, "{imported}");
    let plan = site.palisade(&["plan", "imported", "--api-budget", "unlimited"]);
    assert_eq!(plan.code, 0, "{plan}");
}
