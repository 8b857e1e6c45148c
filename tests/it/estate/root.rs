//! Central root access: features that are switched on and stay on, and root credentials that are reported.

use palisade::cloud::Cloud;
use palisade::org::{ObjectKey, ObjectKind, ObjectState, ObjectStep, RootFeature, RootFeatureStep};

use crate::support::emulator::EmulatedOrganization;
use crate::support::site::Site;

const DESIRED: &str = r#"
apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: {organization}
  managementAccountId: "{management}"
  organizationalUnits: {Workloads: {}}
  trustedServices: [iam.amazonaws.com]
  rootAccess: {credentialsManagement: true, sessions: {sessions}}
"#;

fn write(site: &Site, sessions: bool) {
    let organization = &site.organization;
    let text = DESIRED
        .replace("{organization}", organization.organization.as_str())
        .replace("{management}", organization.management_account.as_str())
        .replace("{sessions}", &sessions.to_string());
    site.write("organization.yaml", &text);
}

fn key(site: &Site, feature: RootFeature) -> ObjectKey {
    let management = site.organization.management_account.clone();
    ObjectKey::global(ObjectKind::RootFeature, management, feature.into())
}

async fn is_on(site: &Site, feature: RootFeature) -> bool {
    let cloud = site.organization.cloud().await;
    let found = (&cloud as &dyn Cloud).object(&key(site, feature)).await.unwrap();
    let Some(ObjectState::RootFeature(found)) = found else { panic!("{found:?}") };
    found.enabled
}

#[tokio::test]
async fn central_root_access_is_on_stays_on_and_goes_only_with_approval() {
    let site = Site::new(EmulatedOrganization::with(&[("/Workloads", 1)]));
    write(&site, true);
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    site.apply();
    assert_eq!(site.plan().code, 0, "{}", site.plan());
    assert_eq!(site.apply(), []);
    let cloud = site.organization.cloud().await;
    let step = ObjectStep::RootFeature(RootFeatureStep::DisableCredentialsManagement);
    let management = key(&site, RootFeature::RootCredentialsManagement);
    (&cloud as &dyn Cloud).write_object(&management, &step).await.unwrap();
    assert_eq!(site.plan().code, 2);
    site.apply();
    assert!(is_on(&site, RootFeature::RootCredentialsManagement).await);

    write(&site, false);
    let plan = site.plan();
    assert!(plan.data.contains("waits for approval"), "{plan}");
    site.apply();
    assert!(!is_on(&site, RootFeature::RootSessions).await);
    assert_eq!(site.plan().code, 0);
}

#[tokio::test]
async fn a_key_of_a_root_user_is_drift_that_palisade_does_not_touch() {
    let site = Site::new(EmulatedOrganization::with(&[("/Workloads", 1)]));
    write(&site, true);
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    site.apply();
    EmulatedOrganization::give_root_a_key(&site.organization.account("/Workloads", 0));
    let plan = site.plan();
    assert_eq!(plan.code, 2, "{plan}");
    assert!(plan.data.contains("the root user has access keys"), "{plan}");
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    assert_eq!(site.plan().data, plan.data, "it is only told");
}
