//! Profiles as a whole: what each is in desired state, and on the emulator of AWS, all of it on the root
//! of an organization.

use std::fmt::Write as _;

use palisade::catalog::{Profile, built_in};

use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

/// Calls that no profile may break: those of people in an emergency, of central root sessions, of roles of
/// AWS services, and of those services themselves. palisade brings its own and those of `StackSets`.
const MUST_WORK: &str = r#"  mustWork:
    - name: emergency
      principal: role/BREAK-GLASS-ROLE
      actions: ["ec2:StopInstances", "iam:UpdateSAMLProvider", "kms:DisableKey", "s3:GetObject", "guardduty:UpdateDetector"]
      context: {"aws:RequestedRegion": us-west-2, "aws:SecureTransport": true, "s3:TlsVersion": "1.3"}
      absent: &nothing ["aws:ResourceTag/palisade-open", "aws:TagKeys", "ec2:RoleDelivery", "aws:SourceAccount", "aws:SourceOrgID"]
    - name: central-root
      principal: root
      actions: ["s3:DeleteBucketPolicy", "sqs:SetQueueAttributes", "iam:CreateLoginProfile", "iam:DeleteAccessKey"]
      context: {"aws:AssumedRoot": true, "aws:RequestedRegion": us-west-2, "aws:SecureTransport": true, "s3:TlsVersion": "1.3"}
      absent: *nothing
    - name: auto-scaling
      principal: role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling
      actions: ["ec2:RunInstances"]
      context: {"aws:RequestedRegion": us-west-2, "ec2:Encrypted": false, "ec2:MetadataHttpTokens": optional}
      absent: *nothing
    - name: trail-delivery
      principal: cloudtrail.amazonaws.com
      actions: ["s3:PutObject"]
      resource: "arn:aws:s3:::acme-logs-trail/AWSLogs/a.json.gz"
      context: {"aws:SecureTransport": true, "s3:TlsVersion": "1.3", "aws:SourceAccount": "{management}", "aws:SourceOrgID": "{organization}"}
      absent: ["aws:ResourceTag/palisade-open", "aws:PrincipalOrgID"]
"#;

/// An organization whose root has everything of `profile`, with the arguments of the examples.
pub(crate) fn everything_of(profile: &Profile, organization: &str, management: &str) -> String {
    let must_work =
        MUST_WORK.replace("{organization}", organization).replace("{management}", management);
    let mut text = format!(
        "apiVersion: palisade/v1\nkind: Organization\nmetadata: {{name: acme}}\nspec:\n  \
         organizationId: {organization}\n  managementAccountId: \"{management}\"\n  \
         organizationalUnits: {{Workloads: {{}}}}\n  \
         trustedServices: [member.org.stacksets.cloudformation.amazonaws.com]\n  \
         policyTypes: [SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY, TAG_POLICY, BACKUP_POLICY, \
         AISERVICES_OPT_OUT_POLICY, DECLARATIVE_POLICY_EC2, S3_POLICY, GUARDDUTY_POLICY, \
         SECURITYHUB_POLICY, INSPECTOR_POLICY]\n{must_work}---\n\
         apiVersion: palisade/v1\nkind: GuardrailProfile\nmetadata: {{name: all}}\nspec:\n  \
         profile: {}\n  targets: [/]\n  guardrails:\n",
        profile.id
    );
    for guardrail in profile.guardrails.iter().filter_map(|id| built_in().find(id)) {
        if guardrail.document.is_some() && !guardrail.example.is_empty() {
            let with = serde_json::to_string(&guardrail.example).unwrap();
            writeln!(text, "    {}: {{with: {with}}}", guardrail.id).unwrap();
        }
    }
    text
}

/// Over HTTP: applied, nothing blocked, and nothing left to do.
#[test]
fn every_profile_is_reached_on_the_emulator_and_then_left_alone() {
    for profile in built_in().profiles() {
        let site = Site::new(EmulatedOrganization::with(&[("/Workloads", 2)]));
        let organization = site.organization.organization.to_string();
        let management = site.organization.management_account.to_string();
        site.write("all.yaml", &everything_of(profile, &organization, &management));
        assert!(!site.apply().is_empty(), "{}", profile.id);
        let plan = site.plan();
        assert_eq!(plan.code, 0, "{}: {plan}", profile.id);
        assert_eq!(site.apply(), [], "{}", profile.id);
    }
}
