//! Tests of the embedded data: that it is whole, and that it is found.

use crate::policy;
use crate::reference::text::Text;
use crate::reference::{
    KeyType, action, condition_key, date, expand, global_services, is_by_action, region, regions,
    service, services,
};

#[test]
fn every_line_of_the_data_is_understood() {
    let mut text = Text::default();
    for line in Text::unpacked().lines() {
        assert!(text.line(line).is_some(), "{line}");
    }
    assert_eq!(date().len(), "2026-11-30".len());
    assert!(services().len() > 400 && regions().len() > 40);
    for service in services() {
        assert!(service.actions.iter().all(|action| action.set < service.sets.len()));
        assert!(service.sets.iter().flatten().all(|key| *key < service.keys.len()));
    }
}

#[test]
fn every_service_and_action_is_found_in_any_case() {
    for known in services() {
        assert_eq!(service(&known.prefix.to_uppercase()), Some(known));
        for of_it in known.actions() {
            assert_eq!(known.action(&of_it.name.to_lowercase()), Some(of_it), "{}", of_it.name);
        }
    }
    assert!(action("S3:getobject").is_some_and(|(_, action)| action.name == "GetObject"));
    assert!(action("s3:GetObjects").is_none() && action("s3").is_none());
    assert!(service("s4").is_none());
}

#[test]
fn a_wildcard_stands_for_every_action_it_matches() {
    assert_eq!(expand("organizations:leave*"), ["organizations:LeaveOrganization"]);
    assert_eq!(expand("s3:GetObjec?"), ["s3:GetObject"]);
    assert_eq!(expand("s3:*").len(), service("s3").map_or(0, |s3| s3.actions().len()));
    assert!(expand("*").len() > 20_000);
    assert!(expand("nothing:*").is_empty() && expand("s3:Nothing").is_empty());
}

#[test]
fn keys_have_types_and_some_a_free_part() {
    let key = |name: &str| condition_key(name).map(|key| (key.value_type, key.is_list));
    assert_eq!(key("AWS:principalarn"), Some((KeyType::Arn, false)));
    assert_eq!(key("aws:RequestTag/team:cost"), Some((KeyType::String, false)));
    assert_eq!(key("aws:RequestTag/"), None);
    assert_eq!(key("aws:tagkeys"), Some((KeyType::String, true)));
    assert_eq!(key("s3:TlsVersion"), Some((KeyType::Numeric, false)));
    assert_eq!(key("saml:aud"), Some((KeyType::String, false)));
    assert_eq!(key("codebuild:fileSystemLocations/mine.location"), Some((KeyType::String, false)));
    assert_eq!(key("codebuild:fileSystemLocations/mine.place"), None);
    assert_eq!(key("aws:PrincipalArns"), None);
    assert_eq!(key("aws:é"), None);
}

#[test]
fn a_key_comes_with_the_actions_that_the_service_names() {
    let gives = |name: &str, key: &str| {
        let (service, action) = action(name).unwrap();
        service.gives(action, key)
    };
    assert!(gives("ec2:RunInstances", "ec2:InstanceType"));
    assert!(gives("ec2:RunInstances", "aws:RequestTag/team"));
    assert!(!gives("ec2:DescribeInstances", "ec2:InstanceType"));
    assert!(!gives("s3:ListAllMyBuckets", "aws:RequestTag/team"));
    assert!(is_by_action("AWS:requesttag/team") && is_by_action("s3:prefix"));
    assert!(!is_by_action("aws:PrincipalTag/team"));
}

#[test]
fn actions_without_resources_are_told_from_those_with() {
    let has_resources = |name: &str| action(name).unwrap().1.has_resources;
    assert!(has_resources("s3:GetObject") && has_resources("iam:CreateRole"));
    assert!(!has_resources("ec2:DescribeInstances") && !has_resources("s3:ListAllMyBuckets"));
}

#[test]
fn regions_say_whether_an_account_has_to_enable_them() {
    assert!(region("eu-south-1").is_some_and(|region| region.is_opt_in));
    assert!(region("us-east-1").is_some_and(|region| !region.is_opt_in));
    assert!(region("cn-north-1").is_some_and(|region| region.partition == "aws-cn"));
    assert!(region("eu-west-4").is_none() && region("EU-WEST-1").is_none());
}

#[test]
fn the_engine_has_the_same_list_of_services_with_rcps() {
    for service in services() {
        assert_eq!(
            policy::supports_rcp(&service.prefix),
            service.supports_rcp,
            "{}",
            service.prefix
        );
    }
}

#[test]
fn the_list_of_global_services_is_whole_and_dated() {
    let list = global_services();
    assert!(list.version > 0 && list.date.parse::<jiff::civil::Date>().is_ok(), "{}", list.date);
    assert!(list.global.len() > 50 && list.detective.len() > 5 && !list.source.is_empty());
    let mut actions: Vec<&str> = list.actions().collect();
    let all = actions.len();
    actions.sort_unstable();
    actions.dedup();
    assert_eq!(actions.len(), all);
    let unknown: Vec<&&str> = actions.iter().filter(|action| expand(action).is_empty()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
