//! The resource of a call, from its parameters, where an event names none and they leave no doubt.
//!
//! What is not certain is left out, and the verdict is then unknown: a role's path, the suffix of a secret, the
//! key behind an alias, the version behind a qualifier. Sources: "Resource types" of the services in the Service
//! Authorization Reference, and the parameters of the actions in their API references.

use std::borrow::Cow;

use serde_json::Value;

/// Where the call was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'e> {
    pub(super) region: &'e str,
    /// The account that received the event, which owns what it names without an account.
    pub(super) account: &'e str,
}

/// Services whose parameters are read. Those of all others are not even parsed.
const SERVICES: &[&str] = &["dynamodb", "iam", "kms", "lambda", "s3", "secretsmanager", "sqs"];

/// The ARN of what `action` is about, given its parameters as JSON.
pub(super) fn of_parameters(action: &str, parameters: &str, place: Place<'_>) -> Option<String> {
    let (service, name) = action.split_once(':')?;
    if !SERVICES.contains(&service) || place.account.is_empty() {
        return None;
    }
    let parameters: Value = serde_json::from_str(parameters).ok()?;
    let text = |key: &str| parameters.get(key)?.as_str().filter(|text| !text.is_empty());
    let Place { region, account } = place;
    let arn = |service: &str, region: &str, account: &str, name: &str| {
        Some(format!("arn:{}:{service}:{region}:{account}:{name}", partition(place.region)))
    };
    match service {
        "s3" => {
            // What is deleted together is in the body; an access point is no bucket.
            let bucket = text("bucketName").filter(|bucket| is_plain(bucket))?;
            let key = text("key").map(|key| format!("/{key}")).unwrap_or_default();
            let is_vague = name == "DeleteObject" && key.is_empty();
            (!is_vague).then(|| arn("s3", "", "", &format!("{bucket}{key}"))).flatten()
        }
        "iam" if is_about_policy(name) => text("policyArn").map(str::to_owned),
        "iam" => {
            let (kind, parameter) = created(name)?;
            let path = text("path").unwrap_or("/");
            arn("iam", "", account, &format!("{kind}{path}{}", text(parameter)?))
        }
        "kms" => {
            let key = text("keyId")?;
            let is_key = key.splitn(6, ':').nth(5).is_some_and(|name| name.starts_with("key/"));
            if is_key {
                return Some(key.to_owned());
            }
            is_plain(key).then(|| arn("kms", region, account, &format!("key/{key}"))).flatten()
        }
        "sqs" => match text("queueUrl") {
            Some(url) => {
                let mut parts = url.strip_prefix("https://")?.split('/').skip(1);
                let (owner, queue) = (parts.next()?, parts.next()?);
                let is_whole = parts.next().is_none() && owner.len() == 12 && is_plain(queue);
                is_whole.then(|| arn("sqs", region, owner, queue)).flatten()
            }
            None if name == "CreateQueue" => arn("sqs", region, account, text("queueName")?),
            None => None,
        },
        "dynamodb" if text("indexName").is_none() => {
            let table = text("tableName")?;
            if table.starts_with("arn:") {
                return Some(table.to_owned());
            }
            is_plain(table)
                .then(|| arn("dynamodb", region, account, &format!("table/{table}")))
                .flatten()
        }
        "lambda" if text("qualifier").is_none() => {
            let function = text("functionName")?;
            let parts: Vec<&str> = function.split(':').collect();
            match parts[..] {
                ["arn", _, "lambda", _, _, "function", _] => Some(function.to_owned()),
                [name] => arn("lambda", region, account, &format!("function:{name}")),
                _ => None,
            }
        }
        "secretsmanager" => text("secretId").filter(|id| id.starts_with("arn:")).map(str::to_owned),
        _ => None,
    }
}

/// Which of the resources that an event names its action is about, by their place. Events of S3 name the bucket
/// beside the object; of objects that are deleted together only the bucket: it may be any of its objects.
pub(super) fn acted_on<'e>(action: &str, arns: &[&'e str]) -> Vec<(usize, Cow<'e, str>)> {
    let all = || arns.iter().enumerate().map(|(at, arn)| (at, Cow::Borrowed(*arn)));
    let Some(name) = action.strip_prefix("s3:") else { return all().collect() };
    let name_of = |arn: &str| arn.split_once(":s3:::").map(|(_, name)| name.contains('/'));
    let is_object = |arn: &str| name_of(arn) == Some(true);
    let is_bucket = |arn: &str| name_of(arn) == Some(false);
    let is_about_objects = (name.contains("Object") && !name.contains("Bucket"))
        || matches!(name, "AbortMultipartUpload" | "ListMultipartUploadParts");
    let wanted: Vec<_> = all()
        .filter(|(_, arn)| if is_about_objects { !is_bucket(arn) } else { !is_object(arn) })
        .collect();
    match (wanted.is_empty(), is_about_objects) {
        (false, _) => wanted,
        (true, true) => all().map(|(at, bucket)| (at, Cow::Owned(format!("{bucket}/*")))).collect(),
        (true, false) => all().collect(),
    }
}

/// What a call to IAM creates, and the parameter with its name. Of what is there already, nobody says the path.
fn created(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "CreateRole" => ("role", "roleName"),
        "CreateUser" => ("user", "userName"),
        "CreateGroup" => ("group", "groupName"),
        "CreatePolicy" => ("policy", "policyName"),
        "CreateInstanceProfile" => ("instance-profile", "instanceProfileName"),
        _ => return None,
    })
}

/// Calls whose resource is the policy that they name; others name it beside a role, user or group.
fn is_about_policy(name: &str) -> bool {
    matches!(
        name,
        "CreatePolicyVersion"
            | "DeletePolicy"
            | "DeletePolicyVersion"
            | "GetPolicy"
            | "GetPolicyVersion"
            | "ListEntitiesForPolicy"
            | "ListPolicyVersions"
            | "SetDefaultPolicyVersion"
            | "TagPolicy"
            | "UntagPolicy"
    )
}

/// Is it a name, and neither an ARN nor an alias?
fn is_plain(name: &str) -> bool {
    !name.contains([':', '/', '*', '?'])
}

fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, acted_on, of_parameters};

    /// A Deny of objects was once missed where an event named their bucket only.
    #[test]
    fn calls_on_objects_are_about_objects_and_those_on_buckets_about_buckets() {
        let (bucket, object) = ("arn:aws:s3:::b", "arn:aws:s3:::b/k");
        let point = "arn:aws:s3:eu-west-1:555555555555:accesspoint/p";
        for (action, named, expected) in [
            ("s3:DeleteObject", vec![bucket], vec!["arn:aws:s3:::b/*"]),
            ("s3:GetObject", vec![bucket, object], vec![object]),
            ("s3:GetObject", vec![point, bucket], vec![point]),
            ("s3:AbortMultipartUpload", vec![object, bucket], vec![object]),
            ("s3:ListBucket", vec![object, bucket], vec![bucket]),
            ("s3:PutBucketObjectLockConfiguration", vec![bucket], vec![bucket]),
            ("kms:Decrypt", vec![object, bucket], vec![object, bucket]),
            ("s3:GetObject", vec![], vec![]),
        ] {
            let found = acted_on(action, &named);
            let found: Vec<_> = found.iter().map(|(_, arn)| &**arn).collect();
            assert_eq!(found, expected, "{action} {named:?}");
        }
    }

    /// Actions, parameters, and the ARN; none where it is not certain.
    const CASES: &[(&str, &str, &str)] = &[
        ("s3:GetObject", r#"{"bucketName":"photos","key":"a/b c"}"#, "arn:aws:s3:::photos/a/b c"),
        ("s3:PutBucketPolicy", r#"{"bucketName":"photos","policy":""}"#, "arn:aws:s3:::photos"),
        ("s3:DeleteObject", r#"{"bucketName":"photos","delete":""}"#, ""),
        ("s3:GetObject", r#"{"bucketName":"arn:aws:s3:eu-west-1:1:accesspoint/x","key":"a"}"#, ""),
        ("s3:ListBuckets", "{}", ""),
        ("iam:CreateRole", r#"{"roleName":"a"}"#, "arn:aws:iam::555555555555:role/a"),
        (
            "iam:CreateUser",
            r#"{"userName":"a","path":"/x/"}"#,
            "arn:aws:iam::555555555555:user/x/a",
        ),
        ("iam:DeleteRole", r#"{"roleName":"a"}"#, ""),
        ("iam:AttachRolePolicy", r#"{"roleName":"a","policyArn":"arn:aws:iam::aws:policy/X"}"#, ""),
        (
            "iam:GetPolicy",
            r#"{"policyArn":"arn:aws:iam::aws:policy/X"}"#,
            "arn:aws:iam::aws:policy/X",
        ),
        ("kms:Decrypt", r#"{"keyId":"1234-a"}"#, "arn:aws:kms:eu-west-1:555555555555:key/1234-a"),
        ("kms:Decrypt", r#"{"keyId":"arn:aws:kms:r:1:key/2"}"#, "arn:aws:kms:r:1:key/2"),
        ("kms:Decrypt", r#"{"keyId":"alias/a"}"#, ""),
        ("kms:Decrypt", r#"{"keyId":"arn:aws:kms:r:1:alias/a"}"#, ""),
        (
            "sqs:SendMessage",
            r#"{"queueUrl":"https://sqs.eu-west-1.amazonaws.com/666666666666/jobs"}"#,
            "arn:aws:sqs:eu-west-1:666666666666:jobs",
        ),
        ("sqs:CreateQueue", r#"{"queueName":"jobs"}"#, "arn:aws:sqs:eu-west-1:555555555555:jobs"),
        (
            "dynamodb:GetItem",
            r#"{"tableName":"t"}"#,
            "arn:aws:dynamodb:eu-west-1:555555555555:table/t",
        ),
        ("dynamodb:Query", r#"{"tableName":"t","indexName":"i"}"#, ""),
        (
            "lambda:InvokeFunction",
            r#"{"functionName":"f"}"#,
            "arn:aws:lambda:eu-west-1:555555555555:function:f",
        ),
        ("lambda:InvokeFunction", r#"{"functionName":"f:live"}"#, ""),
        ("lambda:InvokeFunction", r#"{"functionName":"f","qualifier":"1"}"#, ""),
        ("secretsmanager:GetSecretValue", r#"{"secretId":"db"}"#, ""),
        ("secretsmanager:GetSecretValue", r#"{"secretId":"arn:aws:x"}"#, "arn:aws:x"),
        ("ec2:RunInstances", r#"{"bucketName":"photos"}"#, ""),
        ("s3:GetObject", r#"{"bucketName":7,"key":{}}"#, ""),
        ("s3:GetObject", "not JSON", ""),
    ];

    #[test]
    fn parameters_name_the_resource_where_they_leave_no_doubt() {
        let place = Place { region: "eu-west-1", account: "555555555555" };
        for (action, parameters, expected) in CASES {
            let found = of_parameters(action, parameters, place);
            assert_eq!(found.as_deref().unwrap_or_default(), *expected, "{action} {parameters}");
        }
        let china = Place { region: "cn-north-1", ..place };
        let found = of_parameters("s3:GetObject", r#"{"bucketName":"b","key":"k"}"#, china);
        assert_eq!(found.as_deref(), Some("arn:aws-cn:s3:::b/k"));
    }
}
