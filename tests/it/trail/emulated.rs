//! The built binary against an emulator of AWS.

use palisade::cloud::Cloud;
use palisade::cloud::aws::AwsCloud;
use palisade::org::{
    BucketState, BucketStep, Comparison, EventSelector, FieldSelector, LifecycleRule, LockMode,
    ObjectKey, ObjectKind, ObjectState, ObjectStep, PublicBlock, Region, Retention, TrailCover,
    TrailState, TrailStep, Versioning,
};
use serde_json::Value;
use strum::IntoEnumIterator;

use crate::support::site::Site;
use crate::trail::{DESIRED, TRAIL, bucket, site, write};

const LOCK: &str = "  archive: {objectLock: {mode: COMPLIANCE, days: 365}, ";

/// Somebody in the management account.
struct Actor<'a> {
    site: &'a Site,
    cloud: AwsCloud,
}

impl Actor<'_> {
    fn port(&self) -> &dyn Cloud {
        &self.cloud
    }

    fn key(&self) -> ObjectKey {
        ObjectKey {
            account: self.site.organization.management_account.clone(),
            region: Some(Region::new("eu-west-1")),
            kind: ObjectKind::Trail,
            name: TRAIL.to_owned(),
        }
    }

    fn bucket_key(&self) -> ObjectKey {
        ObjectKey {
            account: self.site.organization.account("/", 0),
            kind: ObjectKind::Bucket,
            name: bucket(&self.site.organization),
            ..self.key()
        }
    }

    async fn bucket(&self) -> Option<BucketState> {
        let found = self.port().object(&self.bucket_key()).await.unwrap();
        found.as_ref().and_then(ObjectState::as_bucket).cloned()
    }

    async fn does_to_bucket(&self, step: BucketStep) {
        self.port().write_object(&self.bucket_key(), &ObjectStep::Bucket(step)).await.unwrap();
    }

    async fn trail(&self) -> Option<TrailState> {
        let found = self.port().object(&self.key()).await.unwrap();
        found.as_ref().and_then(ObjectState::as_trail).cloned()
    }

    async fn does(&self, step: TrailStep) {
        self.port().write_object(&self.key(), &ObjectStep::Trail(step)).await.unwrap();
    }

    async fn drifts(&self, drift: Drift) {
        let mut settings = self.trail().await.unwrap().settings;
        match drift {
            Drift::StopsTrail => {
                let account = &self.site.organization.management_account;
                let arn = format!("arn:aws:cloudtrail:eu-west-1:{account}:trail/{TRAIL}");
                self.site.organization.stop_logging(&arn);
            }
            Drift::NarrowsSelectors => {
                let mut selector = EventSelector::management();
                let sources = FieldSelector::compared(
                    "eventSource",
                    Comparison::NotEquals,
                    ["kms.amazonaws.com"],
                );
                selector.fields.insert(sources);
                self.does(TrailStep::PutSelectors { selectors: [selector].into() }).await;
            }
            Drift::SwitchesInsightsOff => {
                self.does(TrailStep::PutInsights { insights: [].into() }).await;
            }
            Drift::LeavesAccountsOut => {
                settings.covers.remove(&TrailCover::Organization);
                self.does(TrailStep::Update { settings }).await;
            }
            Drift::SwitchesValidationOff => {
                settings.validates_files = false;
                self.does(TrailStep::Update { settings }).await;
            }
            Drift::DeliversElsewhere => {
                settings.prefix = Some("elsewhere".to_owned());
                self.does(TrailStep::Update { settings }).await;
            }
            Drift::DeletesTrail => self.does(TrailStep::Delete).await,
            Drift::OpensBucket => {
                let public_access = [].into();
                self.does_to_bucket(BucketStep::BlockPublicAccess { public_access }).await;
            }
            Drift::RefusesDeliveries => {
                let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::{bucket}/*"}]}"#;
                let policy = policy.replace("{bucket}", &bucket(&self.site.organization));
                self.does_to_bucket(BucketStep::PutPolicy { policy }).await;
            }
            Drift::SuspendsVersioning => {
                let versioning = Versioning::Suspended;
                self.does_to_bucket(BucketStep::PutVersioning { versioning }).await;
            }
            Drift::ShortensRetention => {
                let mut lifecycle = self.bucket().await.unwrap().lifecycle.unwrap();
                lifecycle = lifecycle
                    .into_iter()
                    .map(|rule| LifecycleRule { expire_days: Some(400), ..rule })
                    .collect();
                self.does_to_bucket(BucketStep::PutLifecycle { lifecycle }).await;
            }
        }
    }
}

/// What other people do to a trail.
#[derive(Debug, Clone, Copy, strum::EnumIter)]
enum Drift {
    StopsTrail,
    NarrowsSelectors,
    SwitchesInsightsOff,
    LeavesAccountsOut,
    SwitchesValidationOff,
    DeliversElsewhere,
    DeletesTrail,
    OpensBucket,
    RefusesDeliveries,
    SuspendsVersioning,
    ShortensRetention,
}

async fn actor(site: &Site) -> Actor<'_> {
    Actor { site, cloud: site.organization.cloud().await }
}

#[tokio::test]
async fn the_trail_records_the_organization_in_its_home_region() {
    let site = site();
    let plan = site.plan();
    assert_eq!(plan.code, 2, "{plan}");
    site.apply();
    assert_eq!(site.plan().code, 0, "{}", site.plan());
    let trail = actor(&site).await.trail().await.unwrap();
    assert_eq!(trail.settings.covers, TrailCover::iter().collect());
    assert!(trail.settings.validates_files && trail.is_logging);
    assert_eq!(trail.settings.bucket, bucket(&site.organization));
    assert_eq!(trail.insights.len(), 2);
    let selectors: Vec<String> = trail.selectors.iter().map(ToString::to_string).collect();
    assert_eq!(
        selectors,
        [
            "eventCategory equals Data, resources.ARN startsWith arn:aws:s3:::acme-secrets/, resources.type equals AWS::S3::Object",
            "eventCategory equals Management",
        ]
    );
    assert_eq!(trail.tags["palisade:document"], "LoggingTrail/organization-trail");
    let delivery = trail.delivery.unwrap();
    assert!(delivery.started.is_some() && delivery.delivered.is_some());
}

#[tokio::test]
async fn the_archive_is_closed_locked_and_takes_deliveries_of_this_trail_only() {
    let site = site();
    write(&site, &DESIRED.replace("  archive: {", LOCK));
    site.apply();
    assert_eq!(site.plan().code, 0, "{}", site.plan());
    let archive = actor(&site).await.bucket().await.unwrap();
    assert_eq!(archive.public_access, PublicBlock::iter().collect());
    assert_eq!(archive.versioning, Versioning::Enabled);
    assert_eq!(archive.retention, Some(Retention { mode: LockMode::Compliance, days: 365 }));
    let rules: Vec<String> = archive.lifecycle.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        rules,
        [
            "palisade-logs: after 365 days DEEP_ARCHIVE, kept 2555 days, old versions 365 days more, unfinished uploads 7 days"
        ]
    );
    let policy: Value = serde_json::from_str(&archive.policy.unwrap()).unwrap();
    let organization = &site.organization;
    let trail =
        format!("arn:aws:cloudtrail:eu-west-1:{}:trail/{TRAIL}", organization.management_account);
    let statements = policy["Statement"].as_array().unwrap();
    for (at, below) in
        [(1, organization.management_account.as_str()), (2, organization.organization.as_str())]
    {
        let name = bucket(organization);
        assert_eq!(statements[at]["Resource"], format!("arn:aws:s3:::{name}/AWSLogs/{below}/*"));
        assert_eq!(statements[at]["Condition"]["StringEquals"]["aws:SourceArn"], trail);
    }
    assert_eq!(statements[0]["Action"], "s3:GetBucketAcl");

    write(&site, &DESIRED.replace("  archive: {", &LOCK.replace("365", "30")));
    let plan = site.plan();
    assert!(plan.data.contains("COMPLIANCE cannot be shortened"), "{plan}");
    write(&site, &DESIRED.replace("  archive: {", "  archive: {retain: 400d, "));
    let plan = site.plan();
    assert!(plan.data.contains("palisade never shortens what is kept"), "{plan}");
}

#[tokio::test]
async fn drift_of_the_trail_is_seen_healed_and_gone() {
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
async fn a_trail_of_somebody_elses_is_verified_and_left_alone() {
    let site = site();
    site.apply();
    write(&site, &DESIRED.replace("  archive:", "  adopt: verify\n  protect: {}\n  archive:"));
    // Who else delivers into a bucket of somebody else's is not known.
    let plan = site.plan();
    assert!(plan.data.contains(" 0 blocked, 1 only reported."), "{plan}");
    assert!(plan.data.contains("- Deny `OnlyServicesWriteLogs`"), "{plan}");
    let actor = actor(&site).await;
    actor.drifts(Drift::NarrowsSelectors).await;
    actor.drifts(Drift::StopsTrail).await;
    let plan = site.plan();
    assert!(plan.data.contains("it does not record"), "{plan}");
    let before = actor.trail().await.unwrap();
    site.palisade(&["apply", "--yes", "--api-budget", "unlimited"]);
    assert!(actor.trail().await.unwrap().is_same(&before), "nothing is changed");
}
