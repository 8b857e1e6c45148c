//! Guardrails of the kinds that organizations use, for benches.
#![allow(dead_code, reason = "not every bench needs every part")]

use std::sync::Arc;

use palisade::policy::{AttachedPolicy, Document, Hierarchy, Level, Request, parse};

/// What AWS attaches to everything.
pub(crate) const FULL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Five levels with twenty policies.
pub(crate) fn hierarchy() -> Hierarchy {
    let read = |text: &str| Arc::new(Document::read(&parse(text).unwrap()).unwrap());
    let mut denies = denies().into_iter();
    let levels = ["/", "/Workloads", "/Workloads/Shop", "/Workloads/Shop/Prod", "account:shop"];
    let level = |name: &&str| {
        let mut policies =
            vec![AttachedPolicy { name: "FullAWSAccess".into(), document: read(FULL) }];
        for (index, text) in denies.by_ref().take(3).enumerate() {
            policies.push(AttachedPolicy { name: format!("deny-{index}"), document: read(&text) });
        }
        Level { name: (*name).to_owned(), policies }
    };
    Hierarchy {
        management_account: Some("111111111111".into()),
        service_control: levels.iter().map(level).collect(),
        resource_control: Vec::new(),
    }
}

/// Fifteen policies: regions, roles that are exempt, tags, encryption, lists of actions.
pub(crate) fn denies() -> Vec<String> {
    let exempt = r#""ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/OrgAdmin","arn:aws:iam::*:role/aws-reserved/*/AWSReservedSSO_Admin*","arn:aws:iam::*:role/stacksets-exec-*"]}"#;
    let many: Vec<String> = (0..60)
        .map(|index| format!("\"ec2:Modify{index}*\",\"rds:Create{index}Instance\""))
        .collect();
    let statement = |actions: &str, condition: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"S","Effect":"Deny",{actions},"Resource":"*","Condition":{{{condition}}}}}]}}"#
        )
    };
    let action = |name: &str| format!("\"Action\":[{name}]");
    vec![
        statement(
            r#""NotAction":["iam:*","sts:*","organizations:*","route53:*","cloudfront:*","support:*"]"#,
            &format!(
                r#""StringNotEquals":{{"aws:RequestedRegion":["eu-west-1","eu-central-1"]}},{exempt}"#
            ),
        ),
        statement(&action("\"organizations:LeaveOrganization\""), exempt),
        statement(&action(&many.join(",")), exempt),
        statement(&action("\"cloudtrail:Stop*\",\"cloudtrail:Delete*\",\"config:*\""), exempt),
        statement(&action("\"iam:CreateUser\",\"iam:CreateAccessKey\""), exempt),
        statement(
            &action("\"ec2:*\""),
            r#""StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:root"}"#,
        ),
        statement(
            &action("\"ec2:RunInstances\""),
            r#""StringNotEqualsIfExists":{"ec2:InstanceType":["t3.micro","t3.small","m6i.large"]}"#,
        ),
        statement(&action("\"ec2:RunInstances\""), r#""Null":{"aws:RequestTag/team":"true"}"#),
        statement(
            &action("\"s3:PutObject\""),
            r#""Null":{"s3:x-amz-server-side-encryption":"true"}"#,
        ),
        statement(&action("\"s3:*\""), r#""Bool":{"aws:SecureTransport":"false"}"#),
        statement(&action("\"rds:*\""), r#""BoolIfExists":{"rds:StorageEncrypted":"false"}"#),
        statement(&action("\"kms:ScheduleKeyDeletion\",\"kms:Disable*\""), exempt),
        statement(
            &action("\"*\""),
            r#""NotIpAddressIfExists":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]},"BoolIfExists":{"aws:ViaAWSService":"false"},"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/office-*"}"#,
        ),
        statement(
            &action("\"lambda:*\""),
            r#""ForAllValues:StringNotLike":{"lambda:VpcIds":["vpc-*"]}"#,
        ),
        statement(&action("\"guardduty:*\",\"securityhub:*\",\"access-analyzer:*\""), exempt),
    ]
}

/// The call at `index` of many.
pub(crate) fn request(index: usize) -> Request {
    let actions = [
        "ec2:DescribeInstances",
        "s3:GetObject",
        "ec2:RunInstances",
        "iam:CreateUser",
        "lambda:InvokeFunction",
        "sqs:SendMessage",
        "rds:CreateDBInstance",
        "kms:Decrypt",
    ];
    let region = if index.is_multiple_of(10) { "us-east-1" } else { "eu-west-1" };
    let request = Request::new(
        &format!("arn:aws:iam::555555555555:role/app-{}", index % 37),
        actions[index % actions.len()],
    );
    request
        .unwrap()
        .on("arn:aws:ec2:eu-west-1:555555555555:instance/i-0123456789")
        .with("aws:RequestedRegion", [region])
        .with("aws:SecureTransport", ["true"])
        .with("aws:SourceIp", ["203.0.113.7"])
        .with("aws:ViaAWSService", ["false"])
        .with("ec2:InstanceType", ["t3.micro"])
        .with("aws:RequestTag/team", ["shop"])
        .with("rds:StorageEncrypted", ["true"])
        .with("lambda:VpcIds", ["vpc-1"])
}
