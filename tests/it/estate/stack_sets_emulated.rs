//! `Baseline` documents: the built binary against an emulator, and what is then in the accounts.

use std::fs;

use palisade::cloud::Cloud;
use palisade::cloud::aws::AwsCloud;
use palisade::org::{
    AccountId, Mark, ObjectKey, ObjectKind, ObjectState, Region, RoleState, StackSetState,
};
use serde_json::json;

use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

/// Desired state with a role in every account of `/Workloads`. `{…}` are ids of the organization.
const DESIRED: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: {organization}
  managementAccountId: "{management}"
  organizationalUnits: {Workloads: {organizationalUnits: {Prod: {}}}, Sandbox: {}}
  trustedServices: [member.org.stacksets.cloudformation.amazonaws.com]
"#;

const BASELINE: &str = r"
---
apiVersion: palisade/v1
kind: Baseline
metadata: {name: audit-role}
spec:
  description: Auditors may read everywhere.
  templateFile: ./audit-role.yaml
  parameters: {Hours: 2}
  capabilities: [CAPABILITY_NAMED_IAM]
  targets: [/Workloads]
  regions: [us-east-1]
";

const TEMPLATE: &str = r#"
Parameters:
  Hours: {Type: Number, Default: 1, AllowedValues: [1, 2]}
  Team: {Type: String, Default: audit}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: acme-audit
      Description: !Ref Team
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}
      Policies:
        - PolicyName: look
          PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: "s3:List*", Resource: "*"}]}
"#;

fn site() -> Site {
    let units = [("/", 1), ("/Workloads", 1), ("/Workloads/Prod", 2), ("/Sandbox", 1)];
    let site = Site::new(EmulatedOrganization::with(&units));
    write(&site, BASELINE);
    site.write("audit-role.yaml", TEMPLATE);
    site
}

fn write(site: &Site, baseline: &str) {
    let organization = &site.organization;
    let text = format!("{DESIRED}{baseline}")
        .replace("{organization}", organization.organization.as_str())
        .replace("{management}", organization.management_account.as_str());
    site.write("organization.yaml", &text);
}

fn without(site: &Site) {
    write(site, "");
    fs::remove_file(site.path("desired-state/audit-role.yaml")).unwrap();
}

async fn role(cloud: &AwsCloud, account: &AccountId) -> Option<RoleState> {
    let cloud: &dyn Cloud = cloud;
    let key = ObjectKey::global(ObjectKind::Role, account.clone(), "acme-audit");
    cloud.object(&key).await.unwrap().as_ref().and_then(ObjectState::as_role).cloned()
}

async fn stack_set(cloud: &AwsCloud, site: &Site) -> Option<StackSetState> {
    let cloud: &dyn Cloud = cloud;
    let key = ObjectKey {
        account: site.organization.management_account.clone(),
        region: Some(Region::new("us-east-1")),
        kind: ObjectKind::StackSet,
        name: "palisade-audit-role".to_owned(),
    };
    cloud.object(&key).await.unwrap().as_ref().and_then(ObjectState::as_stack_set).cloned()
}

fn workloads(site: &Site) -> Vec<AccountId> {
    let organization = &site.organization;
    vec![
        organization.account("/Workloads", 0),
        organization.account("/Workloads/Prod", 0),
        organization.account("/Workloads/Prod", 1),
    ]
}

fn others(site: &Site) -> Vec<AccountId> {
    let organization = &site.organization;
    let management = organization.management_account.clone();
    vec![organization.account("/", 0), organization.account("/Sandbox", 0), management]
}

#[tokio::test]
async fn a_template_is_in_every_account_of_its_ous_and_in_no_other() {
    let site = site();
    let plan = site.plan();
    assert_eq!(plan.code, 2, "{plan}");
    site.apply();
    assert_eq!(site.plan().code, 0, "{}", site.plan());
    let cloud = site.organization.cloud().await;
    for account in workloads(&site) {
        let role = role(&cloud, &account).await.unwrap_or_else(|| panic!("none in {account}"));
        assert_eq!(role.description, "audit");
        assert!(role.inline["look"].contains("s3:List*"), "{role:?}");
    }
    for account in others(&site) {
        assert_eq!(role(&cloud, &account).await, None, "{account}");
    }
    let set = stack_set(&cloud, &site).await.unwrap();
    assert!(set.managed_execution);
    assert_eq!(
        set.parameters,
        [("Hours".into(), "2".into()), ("Team".into(), "audit".into())].into()
    );
    assert_eq!(Mark::read_tags(&set.tags).unwrap().document.name, "audit-role");
}

#[tokio::test]
async fn a_template_that_is_edited_reaches_every_account_and_a_new_account_gets_it() {
    let site = site();
    site.apply();
    let cloud = site.organization.cloud().await;
    site.write("audit-role.yaml", &TEMPLATE.replace("s3:List*", "s3:Get*"));
    let plan = site.plan();
    assert!(plan.data.contains("s3:Get*"), "the template's lines are shown: {plan}");
    site.apply();
    for account in workloads(&site) {
        assert!(role(&cloud, &account).await.unwrap().inline["look"].contains("s3:Get*"));
    }
    let sandbox = site.organization.account("/Sandbox", 0);
    let units = &site.organization;
    units.interfere(
        "MoveAccount",
        &json!({"AccountId": sandbox, "SourceParentId": units.unit("/Sandbox"), "DestinationParentId": units.unit("/Workloads/Prod")}),
    );
    assert_eq!(site.plan().code, 0, "AWS deploys by itself: {}", site.plan());
    assert!(role(&cloud, &sandbox).await.is_some());
}

#[tokio::test]
async fn what_a_document_no_longer_wants_is_given_up_with_approval_and_its_stacks_stay() {
    let site = site();
    site.apply();
    let cloud = site.organization.cloud().await;
    write(&site, &BASELINE.replace("[/Workloads]", "[/Workloads/Prod]"));
    // What gives comes before what takes away, and is asked for by itself.
    let said = site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    assert!(said.words.contains("was not in the plan that was shown"), "{said}");
    let plan = site.plan();
    assert!(plan.data.contains("1 action waits for approval"), "{plan}");
    assert!(plan.data.contains("stacks stay"), "{plan}");
    site.apply();
    assert_eq!(stack_set(&cloud, &site).await.unwrap().deployed.unwrap().instances.len(), 2);

    without(&site);
    let plan = site.plan();
    assert!(plan.data.contains("waits for approval"), "{plan}");
    site.apply();
    assert_eq!(stack_set(&cloud, &site).await, None);
    for account in workloads(&site) {
        assert!(role(&cloud, &account).await.is_some(), "{account}");
    }
}

#[tokio::test]
async fn a_stack_set_that_is_kept_outlives_its_document() {
    let site = site();
    write(&site, &format!("{BASELINE}  prune: false\n"));
    site.apply();
    without(&site);
    assert_eq!(site.plan().code, 0, "{}", site.plan());
    let cloud = site.organization.cloud().await;
    assert!(stack_set(&cloud, &site).await.is_some());
}
