//! Rules of AWS Organizations.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{DENY, RCP, SCP, TAG, acme, all, code, create, policy, target, unit};
use crate::cloud::simulated::{AccountPaths, SimulatedCloud};
use crate::cloud::{Call, Cloud, Reply};
use crate::org::{ParentId, PolicyQuota, PolicyType, PolicyTypeStatus, TargetId};

fn attach(cloud: &SimulatedCloud, name: &str, to: &str) -> Call {
    Call::AttachPolicy { policy: policy(cloud, SCP, name), target: target(cloud, to) }
}

fn detach(cloud: &SimulatedCloud, name: &str, from: &str) -> Call {
    Call::DetachPolicy { policy: policy(cloud, SCP, name), target: target(cloud, from) }
}

#[tokio::test]
async fn enabling_scps_puts_full_access_on_everything_there_is_and_will_be() {
    let cloud = acme().unit("/New").build().unwrap();
    cloud.meddle(|world| world.add_account(&"777777777777".parse().unwrap(), "late"));
    let full = policy(&cloud, SCP, "FullAWSAccess");
    let everything: BTreeSet<TargetId> = cloud.inspect(|world| world.all_targets().collect());
    assert_eq!(everything.len(), 9);
    assert_eq!(cloud.inspect(|world| world.policies()[&full].targets.clone()), everything);
}

#[tokio::test]
async fn the_last_scp_stays() {
    let cloud = acme().build().unwrap();
    let refused = "ConstraintViolationException";
    assert_eq!(code(&cloud, detach(&cloud, "FullAWSAccess", "/Security")).await, refused);
    assert_eq!(code(&cloud, detach(&cloud, "FullAWSAccess", "/Workloads")).await, "OK");
    assert_eq!(code(&cloud, detach(&cloud, "deny-leave", "/Workloads")).await, refused);
}

#[tokio::test]
async fn the_default_rcp_is_on_everything_and_stays() {
    let cloud = acme().enable(RCP).build().unwrap();
    let call = Call::DetachPolicy {
        policy: policy(&cloud, RCP, "RCPFullAWSAccess"),
        target: target(&cloud, "/Workloads/Prod"),
    };
    assert_eq!(code(&cloud, call).await, "InvalidInputException");
}

#[tokio::test]
async fn a_target_holds_as_many_policies_as_the_quota_says() {
    let quota = PolicyQuota { characters_max: 200, attached_max: 2 };
    let cloud = acme().quota(SCP, quota).policy(SCP, "more", DENY).build().unwrap();
    let refused = "ConstraintViolationException";
    assert_eq!(code(&cloud, attach(&cloud, "more", "/Workloads")).await, refused);
    assert_eq!(code(&cloud, attach(&cloud, "more", "/Security")).await, "OK");
    assert_eq!(
        code(&cloud, attach(&cloud, "more", "/Security")).await,
        "DuplicatePolicyAttachmentException"
    );
}

#[tokio::test]
async fn a_document_is_json_of_the_right_shape_and_size() {
    let cloud = acme().enable(TAG).build().unwrap();
    let malformed = "MalformedPolicyDocumentException";
    let padded = |characters: usize| format!("{DENY}{}", " ".repeat(characters - DENY.len()));
    for (policy_type, content, expected) in [
        (SCP, "{", malformed),
        (SCP, "", malformed),
        (SCP, "[]", malformed),
        (SCP, "{}", malformed),
        (TAG, "[]", malformed),
        (TAG, "{}", "OK"),
        (SCP, &padded(10_240), "OK"),
        (SCP, &padded(10_241), "ConstraintViolationException"),
    ] {
        let name = content.len().to_string();
        assert_eq!(code(&cloud, create(policy_type, &name, content)).await, expected, "{content}");
    }
}

#[tokio::test]
async fn a_description_has_at_most_512_characters() {
    let cloud = acme().build().unwrap();
    for (characters, expected) in [(512, "OK"), (513, "InvalidInputException")] {
        let call = Call::UpdatePolicy {
            policy: policy(&cloud, SCP, "deny-leave"),
            name: None,
            description: Some("é".repeat(characters)),
            content: None,
        };
        assert_eq!(code(&cloud, call).await, expected);
    }
}

#[tokio::test]
async fn names_are_unique_within_a_type() {
    let cloud = acme().policy(TAG, "other", "{}").policy(SCP, "second", DENY).build().unwrap();
    assert_eq!(code(&cloud, create(SCP, "deny-leave", DENY)).await, "DuplicatePolicyException");
    assert_eq!(code(&cloud, create(SCP, "other", DENY)).await, "OK");
    for (name, expected) in [("deny-leave", "DuplicatePolicyException"), ("second", "OK")] {
        let call = Call::UpdatePolicy {
            policy: policy(&cloud, SCP, "second"),
            name: Some(name.to_owned()),
            description: None,
            content: None,
        };
        assert_eq!(code(&cloud, call).await, expected);
    }
}

#[tokio::test]
async fn a_policy_goes_only_when_it_is_attached_to_nothing() {
    let cloud = acme().build().unwrap();
    let id = policy(&cloud, SCP, "deny-leave");
    let delete = Call::DeletePolicy { policy: id.clone() };
    assert_eq!(code(&cloud, delete.clone()).await, "PolicyInUseException");
    assert_eq!(code(&cloud, detach(&cloud, "deny-leave", "/Workloads")).await, "OK");
    assert_eq!(code(&cloud, delete.clone()).await, "OK");
    assert_eq!(code(&cloud, delete).await, "PolicyNotFoundException");
    assert_eq!(code(&cloud, Call::DescribePolicy { policy: id }).await, "PolicyNotFoundException");
}

#[tokio::test]
async fn what_aws_manages_cannot_be_changed() {
    let cloud = acme().build().unwrap();
    let full = policy(&cloud, SCP, "FullAWSAccess");
    let update =
        Call::UpdatePolicy { policy: full.clone(), name: None, description: None, content: None };
    assert_eq!(code(&cloud, update).await, "InvalidInputException");
    assert_eq!(code(&cloud, Call::DeletePolicy { policy: full }).await, "InvalidInputException");
}

#[tokio::test]
async fn attaching_needs_the_policy_the_target_and_the_type() {
    let cloud = acme().policy(TAG, "tags", "{}").build().unwrap();
    let tags = policy(&cloud, TAG, "tags");
    let nowhere: TargetId = "ou-none-00000000".parse().unwrap();
    let root = target(&cloud, "/");
    let cases = [
        ("p-nothing1".parse().unwrap(), root.clone(), "PolicyNotFoundException"),
        (tags.clone(), nowhere.clone(), "TargetNotFoundException"),
        (tags.clone(), root.clone(), "PolicyTypeNotEnabledException"),
    ];
    for (policy, target, expected) in cases {
        assert_eq!(code(&cloud, Call::AttachPolicy { policy, target }).await, expected);
    }
    let off = Call::DetachPolicy { policy: tags.clone(), target: nowhere };
    assert_eq!(code(&cloud, off).await, "TargetNotFoundException");
    let off = Call::DetachPolicy { policy: tags, target: root };
    assert_eq!(code(&cloud, off).await, "PolicyNotAttachedException");
}

#[tokio::test]
async fn disabling_a_type_detaches_all_and_enabling_brings_back_the_default_only() {
    let cloud = acme().build().unwrap();
    let ParentId::Root(root) = unit(&cloud, "/") else { panic!("a root") };
    let policy_type = PolicyType::service_control();
    let off = Call::DisablePolicyType { root: root.clone(), policy_type: policy_type.clone() };
    let on = Call::EnablePolicyType { root, policy_type };
    assert_eq!(code(&cloud, on.clone()).await, "PolicyTypeAlreadyEnabledException");
    assert_eq!(code(&cloud, off.clone()).await, "OK");
    assert_eq!(code(&cloud, off).await, "PolicyTypeNotEnabledException");
    let attached = cloud.inspect(|world| {
        world.policies().values().map(|policy| policy.targets.len()).sum::<usize>()
    });
    assert_eq!(attached, 0);
    assert_eq!(code(&cloud, on).await, "OK");
    let targets = |name: &str| {
        let id = policy(&cloud, SCP, name);
        cloud.inspect(|world| world.policies()[&id].targets.len())
    };
    assert_eq!((targets("deny-leave"), targets("FullAWSAccess")), (0, 7));
}

#[tokio::test(start_paused = true)]
async fn a_type_that_is_pending_becomes_enabled_in_its_time() {
    let cloud = acme().enabling_takes(Duration::from_secs(30)).build().unwrap();
    let ParentId::Root(root) = unit(&cloud, "/") else { panic!("a root") };
    let policy_type = PolicyType::resource_control();
    let on = Call::EnablePolicyType { root, policy_type: policy_type.clone() };
    assert_eq!(code(&cloud, on.clone()).await, "OK");
    assert_eq!(code(&cloud, on).await, "PolicyChangesInProgressException");
    let status = || cloud.truth().root.known().unwrap().policy_types[&policy_type];
    assert_eq!(status(), PolicyTypeStatus::PendingEnable);
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(status(), PolicyTypeStatus::Enabled);
}

#[tokio::test]
async fn without_all_features_there_are_no_policies() {
    let cloud = SimulatedCloud::builder(1).billing_only().build().unwrap();
    assert_eq!(
        code(&cloud, create(SCP, "a", DENY)).await,
        "PolicyTypeNotAvailableForOrganizationException"
    );
}

#[tokio::test]
async fn units_are_at_most_five_deep_and_unique_among_siblings() {
    let cloud = acme().unit("/a/b/c/d/e").build().unwrap();
    let new = |path: &str, name: &str| Call::CreateOrganizationalUnit {
        parent: unit(&cloud, path),
        name: name.to_owned(),
        tags: BTreeMap::new(),
    };
    for (path, name, expected) in [
        ("/a/b/c/d/e", "f", "ConstraintViolationException"),
        ("/a", "b", "DuplicateOrganizationalUnitException"),
        ("/a", "a", "OK"),
        ("/", "", "InvalidInputException"),
    ] {
        assert_eq!(code(&cloud, new(path, name)).await, expected, "{path} {name}");
    }
}

#[tokio::test]
async fn a_unit_goes_only_when_it_is_empty() {
    let cloud = acme().unit("/Empty").build().unwrap();
    let delete = |path: &str| {
        let ParentId::Ou(unit) = unit(&cloud, path) else { panic!("an OU") };
        Call::DeleteOrganizationalUnit { unit }
    };
    let full = "OrganizationalUnitNotEmptyException";
    assert_eq!(code(&cloud, delete("/Workloads")).await, full);
    assert_eq!(code(&cloud, delete("/Workloads/Prod")).await, full);
    let gone = target(&cloud, "/Empty");
    let empty = delete("/Empty");
    assert_eq!(code(&cloud, empty.clone()).await, "OK");
    assert_eq!(code(&cloud, empty).await, "OrganizationalUnitNotFoundException");
    let attached = cloud.inspect(|world| {
        world.policies().values().flat_map(|policy| policy.targets.clone()).collect::<Vec<_>>()
    });
    assert!(!attached.contains(&gone));
}

#[tokio::test]
async fn an_account_moves_from_where_it_is_to_where_it_is_not() {
    let cloud = acme().build().unwrap();
    let nowhere: ParentId = "ou-none-00000000".parse().unwrap();
    let (prod, security) = (unit(&cloud, "/Workloads/Prod"), unit(&cloud, "/Security"));
    let to = |account: &str, from: &ParentId, to: &ParentId| Call::MoveAccount {
        account: account.parse().unwrap(),
        from: from.clone(),
        to: to.clone(),
    };
    for (call, expected) in [
        (to("999999999999", &prod, &security), "AccountNotFoundException"),
        (to("555555555555", &nowhere, &security), "SourceParentNotFoundException"),
        (to("555555555555", &prod, &nowhere), "DestinationParentNotFoundException"),
        (to("555555555555", &security, &prod), "DuplicateAccountException"),
        (to("555555555555", &security, &unit(&cloud, "/")), "AccountNotFoundException"),
        (to("555555555555", &prod, &security), "OK"),
        (to("555555555555", &prod, &security), "DuplicateAccountException"),
    ] {
        assert_eq!(code(&cloud, call).await, expected);
    }
    let tree = cloud.truth().tree.known().unwrap().clone();
    assert_eq!(tree.accounts[&"555555555555".parse().unwrap()].parent, security);
}

#[tokio::test]
async fn an_object_carries_at_most_fifty_tags_and_none_of_aws() {
    let cloud = acme().build().unwrap();
    let tags = |range: std::ops::Range<usize>| -> BTreeMap<String, String> {
        range.map(|number| (format!("key-{number}"), "value".to_owned())).collect()
    };
    let root = unit(&cloud, "/").to_string();
    let put = |tags| Call::TagResource { resource: root.clone(), tags };
    assert_eq!(code(&cloud, put(tags(0..50))).await, "OK");
    assert_eq!(code(&cloud, put(tags(0..50))).await, "OK");
    assert_eq!(code(&cloud, put(tags(50..51))).await, "ConstraintViolationException");
    let reserved = BTreeMap::from([("aws:a".to_owned(), String::new())]);
    assert_eq!(code(&cloud, put(reserved)).await, "InvalidInputException");
    let drop =
        Call::UntagResource { resource: root.clone(), keys: tags(0..49).into_keys().collect() };
    assert_eq!(code(&cloud, drop).await, "OK");
    let list = |page| Call::ListTagsForResource { resource: root.clone(), page };
    let left = all(&cloud, list, |reply| {
        let Reply::Tags(page) = reply else { panic!("{reply:?}") };
        page
    });
    assert_eq!(left.await, [("key-49".to_owned(), "value".to_owned())]);
    let unknown = Call::ListTagsForResource { resource: "p-unknown1".to_owned(), page: None };
    assert_eq!(code(&cloud, unknown).await, "TargetNotFoundException");
}

#[tokio::test]
async fn an_administrator_needs_trusted_access_and_is_a_member() {
    let cloud = acme().build().unwrap();
    let service = "guardduty.amazonaws.com".to_owned();
    let register = |account: &str| Call::RegisterDelegatedAdministrator {
        account: account.parse().unwrap(),
        service: service.clone(),
    };
    let refused = "ConstraintViolationException";
    assert_eq!(code(&cloud, register("333333333333")).await, refused);
    let trust = Call::EnableAwsServiceAccess { service: service.clone() };
    assert_eq!(code(&cloud, trust.clone()).await, "OK");
    assert_eq!(code(&cloud, trust).await, "OK");
    assert_eq!(code(&cloud, register("111111111111")).await, refused);
    assert_eq!(code(&cloud, register("999999999999")).await, "AccountNotFoundException");
    assert_eq!(code(&cloud, register("333333333333")).await, "OK");
    assert_eq!(code(&cloud, register("333333333333")).await, "AccountAlreadyRegisteredException");
    let end = Call::DeregisterDelegatedAdministrator {
        account: "333333333333".parse().unwrap(),
        service: service.clone(),
    };
    assert_eq!(code(&cloud, end.clone()).await, "OK");
    assert_eq!(code(&cloud, end).await, "AccountNotRegisteredException");
}

#[tokio::test]
async fn only_the_management_account_changes_and_administrators_may_look() {
    let service = "guardduty.amazonaws.com";
    let cloud = acme().trust(service).administrator(service, "audit").build().unwrap();
    let list = Call::ListAccounts { page: None };
    for (account, call, expected) in [
        ("555555555555", list.clone(), "AccessDeniedException"),
        ("555555555555", Call::DescribeOrganization, "OK"),
        ("555555555555", create(SCP, "a", DENY), "AccessDeniedException"),
        ("333333333333", list.clone(), "OK"),
        ("333333333333", create(SCP, "a", DENY), "AccessDeniedException"),
        ("999999999999", list, "AWSOrganizationsNotInUseException"),
        ("999999999999", Call::GetCallerIdentity, "OK"),
    ] {
        let other = cloud.as_caller(account.parse().unwrap(), "somebody");
        assert_eq!(code(&other, call).await, expected, "{account}");
    }
}

#[tokio::test]
async fn accounts_say_where_they_lie_unless_the_partition_does_not() {
    for (paths, said) in [(AccountPaths::Given, true), (AccountPaths::Missing, false)] {
        let cloud = acme().account_paths(paths).build().unwrap();
        let dynamic: &dyn Cloud = &cloud;
        let page = dynamic.accounts(None).await.unwrap();
        assert!(page.items.iter().all(|account| account.parent.is_some() == said));
        let prod = unit(&cloud, "/Workloads/Prod");
        let page = dynamic.accounts_in(prod.clone(), None).await.unwrap();
        assert_eq!(
            page.items.iter().map(|account| account.parent.as_ref()).collect::<Vec<_>>(),
            [Some(&prod)]
        );
    }
}

#[tokio::test]
async fn what_is_asked_of_nothing_is_not_found() {
    let cloud = acme().build().unwrap();
    let nowhere: ParentId = "ou-none-00000000".parse().unwrap();
    for (call, expected) in [
        (
            Call::ListAccountsForParent { parent: nowhere.clone(), page: None },
            "ParentNotFoundException",
        ),
        (
            Call::ListOrganizationalUnitsForParent { parent: nowhere.clone(), page: None },
            "ParentNotFoundException",
        ),
        (
            Call::ListPoliciesForTarget {
                target: nowhere.into(),
                policy_type: PolicyType::service_control(),
                page: None,
            },
            "TargetNotFoundException",
        ),
        (
            Call::ListTargetsForPolicy { policy: "p-nothing1".parse().unwrap(), page: None },
            "PolicyNotFoundException",
        ),
        (
            Call::EnablePolicyType {
                root: "r-none".parse().unwrap(),
                policy_type: PolicyType::resource_control(),
            },
            "RootNotFoundException",
        ),
        (Call::ListAccounts { page: Some("forged".to_owned()) }, "InvalidInputException"),
    ] {
        assert_eq!(code(&cloud, call).await, expected);
    }
}

#[test]
fn a_truth_rebuilds_the_same_organization() {
    let service = "guardduty.amazonaws.com";
    let cloud = acme()
        .enable(RCP)
        .trust(service)
        .administrator(service, "audit")
        .tag("/Security", "team", "platform")
        .build()
        .unwrap();
    let truth = cloud.truth();
    assert_eq!(truth.unknown_parts(), []);
    assert_eq!(SimulatedCloud::from_snapshot(9, &truth).unwrap().truth(), truth);
}

#[test]
fn a_snapshot_with_holes_makes_no_organization() {
    let refused = SimulatedCloud::from_snapshot(9, &crate::org::OrgSnapshot::unread());
    assert!(refused.err().unwrap().to_string().starts_with("the snapshot does not know the root"));
}

#[test]
fn what_cannot_be_built_says_why() {
    for (builder, why) in [
        (acme().attach(SCP, "nothing", "/"), "nothing is called `nothing`"),
        (acme().attach(SCP, "deny-leave", "/Nowhere"), "nothing is called `/Nowhere`"),
        (acme().unit("no path"), "is not an OU path"),
        (acme().policy(SCP, "deny-leave", DENY), "DuplicatePolicyException"),
    ] {
        let error = builder.build().err().unwrap().to_string();
        assert!(error.contains(why), "{error}");
    }
}
