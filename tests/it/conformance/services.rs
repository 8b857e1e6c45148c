//! Stories about tags, trusted access and delegated administrators.

use std::collections::{BTreeMap, BTreeSet};

use palisade::cloud::{Call, CloudErrorKind};
use palisade::org::{AccountId, PolicyType};

use crate::conformance::stage::Stage;

const DENY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}"#;
const SERVICE: &str = "guardduty.amazonaws.com";

fn tag(resource: &str, tags: &[(&str, &str)]) -> Call {
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Call::TagResource { resource: resource.to_owned(), tags }
}

fn untag(resource: &str, keys: impl IntoIterator<Item = String>) -> Call {
    Call::UntagResource { resource: resource.to_owned(), keys: keys.into_iter().collect() }
}

pub(crate) async fn tags(stage: &mut Stage<'_>) -> Option<()> {
    let root = stage.root_as_parent();
    let policy = stage.policy("a policy", &PolicyType::service_control(), "tags", DENY).await?;
    let unit = stage.unit("an OU", &root, "tags").await?;
    let account = stage.members[0].to_string();
    for resource in [policy.to_string(), unit.to_string(), account, root.to_string()] {
        stage.done("tag", tag(&resource, &[("team", "a"), ("stage", "prod")])).await?;
        stage.done("tag again", tag(&resource, &[("team", "b")])).await?;
        stage.done("untag", untag(&resource, ["stage".to_owned(), "none".to_owned()])).await?;
        let tags = stage.tags(&resource).await?;
        let expected = BTreeMap::from([("team".to_owned(), "b".to_owned())]);
        stage.same("the last value counts", &tags, &expected);
    }
    let resource = unit.to_string();
    let many: Vec<String> = (0..49).map(|number| format!("key-{number}")).collect();
    let forty_nine: Vec<(&str, &str)> = many.iter().map(|key| (key.as_str(), "")).collect();
    stage.done("fifty tags", tag(&resource, &forty_nine)).await?;
    let listed = stage.tags(&resource).await?.len();
    stage.same("fifty tags are listed", &listed, &50);
    let (kind, code) = (CloudErrorKind::Limit, "ConstraintViolationException");
    stage.refused("a 51st tag", tag(&resource, &[("one-more", "")]), kind, code).await;
    let (kind, code) = (CloudErrorKind::Invalid, "InvalidInputException");
    let account = stage.members[0].to_string();
    stage.refused("a key of AWS", tag(&account, &[("aws:team", "a")]), kind, code).await;
    let (kind, code) = (CloudErrorKind::NotFound, "TargetNotFoundException");
    stage.refused("tag nothing", tag("ou-zzzz-00000000", &[("team", "a")]), kind, code).await;
    stage.refused("untag nothing", untag("p-nothing1", ["team".to_owned()]), kind, code).await;

    for resource in [account, root.to_string()] {
        stage.done("untag", untag(&resource, ["team".to_owned()])).await?;
    }
    stage.done("delete the OU", Call::DeleteOrganizationalUnit { unit }).await?;
    stage.done("delete the policy", Call::DeletePolicy { policy }).await
}

pub(crate) async fn trusted_access(stage: &mut Stage<'_>) -> Option<()> {
    let cloud = stage.cloud;
    let service = "cloudtrail.amazonaws.com".to_owned();
    let enable = Call::EnableAwsServiceAccess { service: service.clone() };
    stage.done("enable", enable.clone()).await?;
    stage.done("enable twice", enable).await;
    let services = stage.list(async |page| cloud.trusted_services(page).await).await?;
    stage.same("listed once", &services, &vec![service]);
    Some(())
}

pub(crate) async fn administrators(stage: &mut Stage<'_>) -> Option<()> {
    let cloud = stage.cloud;
    let (member, other) = (stage.members[0].clone(), stage.members[1].clone());
    let register = |account: &AccountId| Call::RegisterDelegatedAdministrator {
        account: account.clone(),
        service: SERVICE.to_owned(),
    };
    let deregister = |account: &AccountId| Call::DeregisterDelegatedAdministrator {
        account: account.clone(),
        service: SERVICE.to_owned(),
    };
    let (limit, constraint) = (CloudErrorKind::Limit, "ConstraintViolationException");
    let step = "register without trusted access";
    stage.refused(step, register(&member), limit, constraint).await;
    let service = SERVICE.to_owned();
    stage.done("enable trusted access", Call::EnableAwsServiceAccess { service }).await?;
    stage.done("register", register(&member)).await?;
    let (kind, code) = (CloudErrorKind::Exists, "AccountAlreadyRegisteredException");
    stage.refused("register twice", register(&member), kind, code).await;
    let management = stage.management.clone();
    let step = "register the management account";
    stage.refused(step, register(&management), limit, constraint).await;
    let nobody: AccountId = "999999999999".parse().unwrap();
    let (kind, code) = (CloudErrorKind::NotFound, "AccountNotFoundException");
    stage.refused("register an unknown account", register(&nobody), kind, code).await;
    let service = SERVICE.to_owned();
    let listed = stage
        .list(async |page| cloud.delegated_administrators(service.clone(), page).await)
        .await?;
    let listed: BTreeSet<AccountId> = listed.into_iter().collect();
    stage.same("listed", &listed, &BTreeSet::from([member.clone()]));
    let (kind, code) = (CloudErrorKind::NotFound, "AccountNotRegisteredException");
    stage.refused("deregister another", deregister(&other), kind, code).await;
    stage.done("deregister", deregister(&member)).await?;
    stage.refused("deregister twice", deregister(&member), kind, code).await;
    Some(())
}
