//! The organization's trail: it is as the document says, and becomes so again after other people were there.

mod emulated;
mod key_emulated;

use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

/// Desired state with a trail. `{…}` are ids of the organization.
const DESIRED: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: {organization}
  managementAccountId: "{management}"
  accounts: {log-archive: "{archive}"}
  policyTypes: [SERVICE_CONTROL_POLICY]
  trustedServices: [cloudtrail.amazonaws.com]
---
apiVersion: palisade/v1
kind: LoggingTrail
metadata: {name: organization-trail}
spec:
  trailName: acme-organization-trail
  homeRegion: eu-west-1
  dataEvents:
    - name: Secrets
      fieldSelectors:
        - {field: resources.type, equals: ["AWS::S3::Object"]}
        - {field: resources.ARN, startsWith: ["arn:aws:s3:::acme-secrets/"]}
  insights: [ApiCallRateInsight, ApiErrorRateInsight]
  archive: {account: log-archive, bucket: "{bucket}", region: eu-west-1}
"#;

const TRAIL: &str = "acme-organization-trail";

fn bucket(organization: &EmulatedOrganization) -> String {
    format!("logs-{}", organization.management_account)
}

fn site() -> Site {
    let site = Site::new(EmulatedOrganization::with(&[("/", 1)]));
    write(&site, DESIRED);
    site
}

fn write(site: &Site, text: &str) {
    let organization = &site.organization;
    let text = text
        .replace("{organization}", organization.organization.as_str())
        .replace("{management}", organization.management_account.as_str())
        .replace("{archive}", organization.account("/", 0).as_str())
        .replace("{bucket}", &bucket(organization));
    site.write("organization.yaml", &text);
}
