//! The AWS adapter over HTTP, with the real SDK, against an emulator of AWS Organizations.

use std::collections::{BTreeMap, BTreeSet};

use palisade::cloud::aws::AwsCloud;
use palisade::cloud::{Call, Cloud, CloudError, CloudErrorKind, Operation, Reply};
use palisade::org::{OuId, ParentId, PolicyId, PolicyType, PolicyTypeStatus, TargetId};

use crate::support::emulator::{EmulatedOrganization, pages};

const DENY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"NobodyLeaves","Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}"#;

/// Two levels of OUs and few accounts.
const SMALL: &[(&str, usize)] = &[("/", 1), ("/Security", 2), ("/Workloads/Prod", 3)];

/// A small organization and the adapter for it.
async fn small() -> (EmulatedOrganization, AwsCloud) {
    let organization = EmulatedOrganization::with(SMALL);
    let cloud = organization.cloud().await;
    (organization, cloud)
}

fn port(cloud: &AwsCloud) -> &dyn Cloud {
    cloud
}

async fn change(cloud: &AwsCloud, call: Call) -> Result<(), CloudError> {
    let answer = cloud.call(call).await?;
    assert_eq!(answer.reply, Reply::Done);
    Ok(())
}

async fn refusal(cloud: &AwsCloud, call: Call) -> (CloudErrorKind, String) {
    let error = cloud.call(call).await.expect_err("AWS refuses this");
    (error.kind, error.code)
}

fn policy(policy_type: &PolicyType, name: &str, content: &str) -> Call {
    Call::CreatePolicy {
        policy_type: policy_type.clone(),
        name: name.to_owned(),
        description: format!("{name} [palisade acme ServiceControlPolicy/{name}]"),
        content: content.to_owned(),
        tags: BTreeMap::from([("palisade:owner".to_owned(), "acme".to_owned())]),
    }
}

async fn create(cloud: &AwsCloud, call: Call) -> PolicyId {
    let answer = cloud.call(call).await.unwrap();
    let Reply::CreatedPolicy(id) = answer.reply else { panic!("{answer:?}") };
    id
}

async fn create_unit(cloud: &AwsCloud, parent: &ParentId, name: &str) -> Result<OuId, CloudError> {
    let (parent, name, tags) = (parent.clone(), name.to_owned(), BTreeMap::new());
    let answer = cloud.call(Call::CreateOrganizationalUnit { parent, name, tags }).await?;
    let Reply::CreatedUnit(id) = answer.reply else { panic!("{answer:?}") };
    Ok(id)
}

fn attach(policy: &PolicyId, target: &TargetId) -> Call {
    Call::AttachPolicy { policy: policy.clone(), target: target.clone() }
}

fn detach(policy: &PolicyId, target: &TargetId) -> Call {
    Call::DetachPolicy { policy: policy.clone(), target: target.clone() }
}

fn full_access() -> PolicyId {
    "p-FullAWSAccess".parse().expect("the id is AWS's own")
}

#[tokio::test]
async fn identity_organization_and_root_are_read() {
    let (organization, cloud) = small().await;
    let caller = port(&cloud).caller().await.unwrap();
    assert_eq!(caller.account, organization.management_account);
    assert!(caller.arn.ends_with(":user/palisade"), "{}", caller.arn);

    let read = port(&cloud).organization().await.unwrap();
    assert_eq!(read.id, organization.organization);
    assert_eq!(read.management_account, organization.management_account);
    assert!(read.all_features);

    let roots = port(&cloud).roots(None).await.unwrap();
    assert_eq!(roots.items.len(), 1);
    assert_eq!(roots.items[0].id, organization.root);
    let on = BTreeMap::from([(PolicyType::service_control(), PolicyTypeStatus::Enabled)]);
    assert_eq!(roots.items[0].policy_types, on);
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let (organization, cloud) = small().await;
    let unit = organization.unit("/Security").to_string();
    let tags = BTreeMap::from([("team".to_owned(), "security".to_owned())]);
    for call in [Call::ListRoots { page: None }, Call::TagResource { resource: unit, tags }] {
        let answer = cloud.call(call).await.unwrap();
        assert!(answer.request_id.is_some_and(|id| !id.is_empty()));
    }
}

#[tokio::test]
async fn a_hundred_accounts_come_in_pages_of_twenty() {
    let organization = EmulatedOrganization::with(&[
        ("/", 4),
        ("/Workloads/Prod", 45),
        ("/Workloads/Dev", 30),
        ("/Sandbox", 20),
    ]);
    let cloud = organization.cloud().await;
    let (accounts, sizes) = pages(async |page| port(&cloud).accounts(page).await).await;
    assert_eq!(sizes, [20, 20, 20, 20, 20]);
    let ids: BTreeSet<_> = accounts.iter().map(|account| &account.id).collect();
    assert_eq!(ids.len(), 100, "every account once, the management account too");
    assert!(accounts.iter().all(|account| account.parent.is_none()), "moto lists no paths");

    let prod = organization.unit("/Workloads/Prod");
    let (inside, sizes) =
        pages(async |page| port(&cloud).accounts_in(prod.clone(), page).await).await;
    assert_eq!(sizes, [20, 20, 5]);
    assert!(inside.iter().all(|account| account.parent.as_ref() == Some(&prod)));

    let everything = TargetId::from(organization.unit("/"));
    let (targets, sizes) =
        pages(async |page| port(&cloud).targets(full_access(), page).await).await;
    assert_eq!(sizes, [20, 20, 20, 20, 20, 5], "100 accounts, 4 OUs, the root");
    assert!(targets.contains(&everything));
}

#[tokio::test]
async fn units_are_read_level_by_level() {
    let (organization, cloud) = small().await;
    let names = async |parent: &str| {
        let parent = organization.unit(parent);
        let page = port(&cloud).units_in(parent, None).await.unwrap();
        page.items.into_iter().map(|unit| unit.name).collect::<Vec<_>>()
    };
    assert_eq!(names("/").await, ["Security", "Workloads"]);
    assert_eq!(names("/Workloads").await, ["Prod"]);
    assert_eq!(names("/Security").await, [""; 0]);
}

#[tokio::test]
async fn a_policy_lives_from_creation_to_deletion() {
    let (organization, cloud) = small().await;
    let scp = PolicyType::service_control();
    let id = create(&cloud, policy(&scp, "nobody-leaves", DENY)).await;
    let (summary, content) = port(&cloud).policy(id.clone()).await.unwrap();
    assert_eq!(summary.name, "nobody-leaves");
    assert_eq!(summary.policy_type, scp);
    assert!(!summary.aws_managed);
    assert_eq!(content, DENY, "stored as it was sent");

    let target = TargetId::from(organization.unit("/Security"));
    change(&cloud, attach(&id, &target)).await.unwrap();
    let targets = port(&cloud).targets(id.clone(), None).await.unwrap();
    assert_eq!(targets.items, std::slice::from_ref(&target));
    let on_target = port(&cloud).policies_on(target.clone(), scp.clone(), None).await.unwrap();
    let names: Vec<_> = on_target.items.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["FullAWSAccess", "nobody-leaves"]);

    let content = Some(DENY.replace("NobodyLeaves", "Stay"));
    let update = Call::UpdatePolicy { policy: id.clone(), name: None, description: None, content };
    change(&cloud, update).await.unwrap();
    let (updated, content) = port(&cloud).policy(id.clone()).await.unwrap();
    assert_eq!(updated, summary, "what was not given stays");
    assert!(content.contains("Stay"));

    let delete = Call::DeletePolicy { policy: id.clone() };
    let in_use = (CloudErrorKind::Limit, "PolicyInUseException".to_owned());
    assert_eq!(refusal(&cloud, delete.clone()).await, in_use);
    change(&cloud, detach(&id, &target)).await.unwrap();
    change(&cloud, delete.clone()).await.unwrap();
    let gone = (CloudErrorKind::NotFound, "PolicyNotFoundException".to_owned());
    assert_eq!(refusal(&cloud, delete).await, gone);
    assert_eq!(refusal(&cloud, Call::DescribePolicy { policy: id }).await, gone);
}

#[tokio::test]
async fn every_policy_type_can_be_switched_on_and_hold_a_policy() {
    let (organization, cloud) = small().await;
    for facts in palisade::org::POLICY_TYPES {
        let policy_type = PolicyType::named(facts.name);
        let root = organization.root.clone();
        if policy_type != PolicyType::service_control() {
            let enable = Call::EnablePolicyType { root, policy_type: policy_type.clone() };
            change(&cloud, enable).await.unwrap();
        }
        let id = create(&cloud, policy(&policy_type, "one", DENY)).await;
        let target = TargetId::from(organization.unit("/Workloads"));
        change(&cloud, attach(&id, &target)).await.unwrap();
        let listed = port(&cloud).policies(policy_type.clone(), None).await.unwrap();
        let own = listed.items.iter().filter(|policy| !policy.aws_managed);
        assert_eq!(own.map(|policy| &policy.id).collect::<Vec<_>>(), [&id], "{policy_type}");
        assert!(listed.items.iter().all(|policy| policy.policy_type == policy_type));
    }
}

#[tokio::test]
async fn refusals_arrive_as_what_they_are() {
    let (organization, cloud) = small().await;
    let scp = PolicyType::service_control();
    let target = TargetId::from(organization.unit("/Security"));
    let id = create(&cloud, policy(&scp, "nobody-leaves", DENY)).await;
    change(&cloud, attach(&id, &target)).await.unwrap();
    let rcp = create(&cloud, policy(&PolicyType::resource_control(), "rcp", DENY)).await;
    let missing: TargetId = "ou-zzzz-00000000".parse().unwrap();
    let account = organization.account("/Security", 0);
    let (security, prod) = (organization.unit("/Security"), organization.unit("/Workloads/Prod"));
    let unit: OuId = security.as_str().parse().unwrap();
    let enable =
        Call::EnablePolicyType { root: organization.root.clone(), policy_type: scp.clone() };
    let move_from = |from: &ParentId, to: &ParentId| {
        let (account, from, to) = (account.clone(), from.clone(), to.clone());
        Call::MoveAccount { account, from, to }
    };
    let service = "guardduty.amazonaws.com".to_owned();
    let register =
        Call::RegisterDelegatedAdministrator { account: account.clone(), service: service.clone() };
    for (call, kind, code) in [
        (attach(&id, &target), CloudErrorKind::Exists, "DuplicatePolicyAttachmentException"),
        (attach(&id, &missing), CloudErrorKind::NotFound, "TargetNotFoundException"),
        (attach(&rcp, &target), CloudErrorKind::NotFound, "PolicyTypeNotEnabledException"),
        (detach(&rcp, &target), CloudErrorKind::NotFound, "PolicyNotAttachedException"),
        (policy(&scp, "nobody-leaves", DENY), CloudErrorKind::Exists, "DuplicatePolicyException"),
        (policy(&scp, "x", "{"), CloudErrorKind::Invalid, "MalformedPolicyDocumentException"),
        (enable, CloudErrorKind::Exists, "PolicyTypeAlreadyEnabledException"),
        (move_from(&prod, &security), CloudErrorKind::Exists, "DuplicateAccountException"),
        (
            Call::DeleteOrganizationalUnit { unit },
            CloudErrorKind::Limit,
            "OrganizationalUnitNotEmptyException",
        ),
        (register, CloudErrorKind::Limit, "ConstraintViolationException"),
        (
            Call::DeregisterDelegatedAdministrator { account: account.clone(), service },
            CloudErrorKind::NotFound,
            "AccountNotRegisteredException",
        ),
    ] {
        assert_eq!(refusal(&cloud, call.clone()).await, (kind, code.to_owned()), "{call:?}");
    }
    let wrong_source = refusal(&cloud, move_from(&prod, &organization.unit("/"))).await;
    assert_eq!(wrong_source.0, CloudErrorKind::NotFound);
}

#[tokio::test]
async fn limits_are_refused_with_their_reason() {
    let (organization, cloud) = small().await;
    let scp = PolicyType::service_control();
    let target = TargetId::from(organization.unit("/Security"));
    for number in 0..9 {
        let id = create(&cloud, policy(&scp, &format!("scp-{number}"), DENY)).await;
        change(&cloud, attach(&id, &target)).await.unwrap();
    }
    let eleventh = create(&cloud, policy(&scp, "one-too-many", DENY)).await;
    let padded = |length: usize| format!("{DENY}{}", " ".repeat(length - DENY.len()));
    let size_max = scp.facts().quota.characters_max;
    create(&cloud, policy(&scp, "just-fits", &padded(size_max))).await;
    for (call, reason) in [
        (attach(&eleventh, &target), "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"),
        (
            detach(&full_access(), &TargetId::from(organization.unit("/Workloads"))),
            "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
        ),
        (policy(&scp, "too-long", &padded(size_max + 1)), "POLICY_CONTENT_LIMIT_EXCEEDED"),
    ] {
        let error = cloud.call(call).await.unwrap_err();
        assert_eq!(error.kind, CloudErrorKind::Limit, "{error}");
        assert!(error.message.starts_with(reason), "{error}");
        assert!(error.request_id.is_some());
    }
}

#[tokio::test]
async fn units_are_made_tagged_filled_and_removed() {
    let (organization, cloud) = small().await;
    let root = organization.unit("/");
    let id = create_unit(&cloud, &root, "Quarantine").await.unwrap();
    let twice = create_unit(&cloud, &root, "Quarantine").await.unwrap_err();
    assert_eq!(twice.code, "DuplicateOrganizationalUnitException");
    let inside = create_unit(&cloud, &ParentId::Ou(id.clone()), "Quarantine").await.unwrap();

    let mut deepest = ParentId::Ou(inside.clone());
    for name in ["c", "d", "e"] {
        deepest = ParentId::Ou(create_unit(&cloud, &deepest, name).await.unwrap());
    }
    let too_deep = create_unit(&cloud, &deepest, "f").await.unwrap_err();
    assert!(too_deep.message.starts_with("OU_DEPTH_LIMIT_EXCEEDED"), "{too_deep}");

    let resource = id.to_string();
    let tags = BTreeMap::from([
        ("palisade:owner".to_owned(), "acme".to_owned()),
        ("team".to_owned(), "security".to_owned()),
    ]);
    change(&cloud, Call::TagResource { resource: resource.clone(), tags }).await.unwrap();
    let keys = BTreeSet::from(["team".to_owned()]);
    change(&cloud, Call::UntagResource { resource: resource.clone(), keys }).await.unwrap();
    let tags = port(&cloud).tags(resource, None).await.unwrap().items;
    assert_eq!(tags, [("palisade:owner".to_owned(), "acme".to_owned())]);

    let (account, from) = (organization.account("/", 0), root.clone());
    let to = ParentId::Ou(id.clone());
    let there = Call::MoveAccount { account: account.clone(), from, to: to.clone() };
    change(&cloud, there).await.unwrap();
    let accounts = port(&cloud).accounts_in(to.clone(), None).await.unwrap().items;
    assert_eq!(accounts.len(), 1);
    assert_eq!(accounts[0].id, account);
    change(&cloud, Call::MoveAccount { account, from: to, to: root }).await.unwrap();
}

#[tokio::test]
async fn a_policy_type_that_is_switched_off_leaves_nothing_attached() {
    let (organization, cloud) = small().await;
    let scp = PolicyType::service_control();
    let root = TargetId::from(organization.unit("/"));
    let id = create(&cloud, policy(&scp, "nobody-leaves", DENY)).await;
    change(&cloud, attach(&id, &root)).await.unwrap();
    let root_id = organization.root.clone();
    let off = Call::DisablePolicyType { root: root_id.clone(), policy_type: scp.clone() };
    change(&cloud, off).await.unwrap();
    let on = Call::EnablePolicyType { root: root_id, policy_type: scp.clone() };
    change(&cloud, on).await.unwrap();
    assert_eq!(port(&cloud).targets(id, None).await.unwrap().items, []);
    let on_root = port(&cloud).policies_on(root, scp, None).await.unwrap().items;
    let names: Vec<_> = on_root.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["FullAWSAccess"], "AWS puts back its own policy only");
}

#[tokio::test]
async fn services_are_trusted_and_delegated() {
    let (organization, cloud) = small().await;
    let service = "cloudtrail.amazonaws.com".to_owned();
    let account = organization.account("/Security", 0);
    change(&cloud, Call::EnableAwsServiceAccess { service: service.clone() }).await.unwrap();
    let trusted = port(&cloud).trusted_services(None).await.unwrap();
    assert_eq!(trusted.items, std::slice::from_ref(&service));
    let (to, by) = (account.clone(), service.clone());
    let register = Call::RegisterDelegatedAdministrator { account: to, service: by };
    change(&cloud, register.clone()).await.unwrap();
    let again = refusal(&cloud, register).await;
    assert_eq!(again.0, CloudErrorKind::Exists);
    let listed = port(&cloud).delegated_administrators(service.clone(), None).await.unwrap();
    assert_eq!(listed.items, std::slice::from_ref(&account));
    let deregister = Call::DeregisterDelegatedAdministrator { account, service: service.clone() };
    change(&cloud, deregister).await.unwrap();
    assert_eq!(port(&cloud).delegated_administrators(service, None).await.unwrap().items, []);
}

#[tokio::test]
async fn where_listings_tell_the_place_of_an_account_it_is_read() {
    let organization = EmulatedOrganization::with_paths(SMALL);
    let cloud = organization.cloud().await;
    let accounts = port(&cloud).accounts(None).await.unwrap().items;
    for (path, inside) in &organization.accounts {
        for id in inside {
            let account = accounts.iter().find(|account| account.id == *id).unwrap();
            assert_eq!(account.parent, Some(organization.unit(path)), "{path}");
        }
    }
}

#[tokio::test]
async fn the_emulator_tells_who_called_what() {
    let (organization, cloud) = small().await;
    port(&cloud).roots(None).await.unwrap();
    let unit = organization.unit("/Security").to_string();
    let tags = BTreeMap::from([("team".to_owned(), "security".to_owned())]);
    change(&cloud, Call::TagResource { resource: unit, tags }).await.unwrap();
    assert_eq!(organization.calls(), [Operation::ListRoots, Operation::TagResource]);
    assert_eq!(organization.changes(), [Operation::TagResource]);
}
