//! From the source and name of an event to the IAM action that was decided on.
//!
//! Mostly they are the same. Where they are not, the tables below say so, from the pages "Logging …
//! API calls with AWS CloudTrail" of the services and from the Service Authorization Reference, as of
//! 2026-11.

use std::borrow::Cow;

/// Sources whose service prefix is another.
const SERVICES: &[(&str, &str)] = &[
    ("awsmarketplace", "aws-marketplace"),
    ("billingconsole", "billing"),
    ("catalog.marketplace", "aws-marketplace"),
    ("data-ats.iot", "iot"),
    ("data.iot", "iot"),
    ("data.mediastore", "mediastore"),
    ("discoverymarketplace", "aws-marketplace"),
    ("edgelambda", "lambda"),
    ("email", "ses"),
    ("entitlement.marketplace", "aws-marketplace"),
    ("iotdata", "iot"),
    ("marketplace", "aws-marketplace"),
    ("metering-marketplace", "aws-marketplace"),
    ("models-v2-lex", "lex"),
    ("models.lex", "lex"),
    ("monitoring", "cloudwatch"),
    ("query.timestream", "timestream"),
    ("runtime-v2-lex", "lex"),
    ("runtime.lex", "lex"),
    ("runtime.sagemaker", "sagemaker"),
    ("servicecatalog-appregistry", "servicecatalog"),
    ("streams.dynamodb", "dynamodb"),
    ("tagging", "tag"),
    ("timestream.ingest", "timestream"),
    ("transcribestreaming", "transcribe"),
];

/// Events whose action is another: service prefix, event, action.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("bedrock", "Converse", "InvokeModel"),
    ("bedrock", "ConverseStream", "InvokeModelWithResponseStream"),
    ("lambda", "Invoke", "InvokeFunction"),
    ("lambda", "InvokeWithResponseStream", "InvokeFunction"),
    ("s3", "CompleteMultipartUpload", "PutObject"),
    ("s3", "CopyObject", "PutObject"),
    ("s3", "CreateMultipartUpload", "PutObject"),
    ("s3", "DeleteBucketCors", "PutBucketCORS"),
    ("s3", "DeleteBucketEncryption", "PutEncryptionConfiguration"),
    ("s3", "DeleteBucketLifecycle", "PutLifecycleConfiguration"),
    ("s3", "DeleteBucketOwnershipControls", "PutBucketOwnershipControls"),
    ("s3", "DeleteBucketReplication", "PutReplicationConfiguration"),
    ("s3", "DeleteBucketTagging", "PutBucketTagging"),
    ("s3", "DeleteObjects", "DeleteObject"),
    ("s3", "DeletePublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("s3", "GetBucketAccelerateConfiguration", "GetAccelerateConfiguration"),
    ("s3", "GetBucketAnalyticsConfiguration", "GetAnalyticsConfiguration"),
    ("s3", "GetBucketEncryption", "GetEncryptionConfiguration"),
    ("s3", "GetBucketInventoryConfiguration", "GetInventoryConfiguration"),
    ("s3", "GetBucketLifecycle", "GetLifecycleConfiguration"),
    ("s3", "GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"),
    ("s3", "GetBucketMetricsConfiguration", "GetMetricsConfiguration"),
    ("s3", "GetBucketNotificationConfiguration", "GetBucketNotification"),
    ("s3", "GetBucketReplication", "GetReplicationConfiguration"),
    ("s3", "GetObjectLockConfiguration", "GetBucketObjectLockConfiguration"),
    ("s3", "GetPublicAccessBlock", "GetBucketPublicAccessBlock"),
    ("s3", "HeadBucket", "ListBucket"),
    ("s3", "HeadObject", "GetObject"),
    ("s3", "ListBuckets", "ListAllMyBuckets"),
    ("s3", "ListMultipartUploads", "ListBucketMultipartUploads"),
    ("s3", "ListObjectVersions", "ListBucketVersions"),
    ("s3", "ListObjects", "ListBucket"),
    ("s3", "ListObjectsV2", "ListBucket"),
    ("s3", "ListParts", "ListMultipartUploadParts"),
    ("s3", "PutBucketAccelerateConfiguration", "PutAccelerateConfiguration"),
    ("s3", "PutBucketAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    ("s3", "PutBucketEncryption", "PutEncryptionConfiguration"),
    ("s3", "PutBucketInventoryConfiguration", "PutInventoryConfiguration"),
    ("s3", "PutBucketLifecycle", "PutLifecycleConfiguration"),
    ("s3", "PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"),
    ("s3", "PutBucketMetricsConfiguration", "PutMetricsConfiguration"),
    ("s3", "PutBucketNotificationConfiguration", "PutBucketNotification"),
    ("s3", "PutBucketReplication", "PutReplicationConfiguration"),
    ("s3", "PutObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
    ("s3", "PutPublicAccessBlock", "PutBucketPublicAccessBlock"),
    ("s3", "SelectObjectContent", "GetObject"),
    ("s3", "UploadPart", "PutObject"),
    ("s3", "UploadPartCopy", "PutObject"),
];

/// API Gateway decides on the HTTP method of its management API.
const METHODS: &[(&str, &str)] = &[
    ("Create", "POST"),
    ("Delete", "DELETE"),
    ("Export", "GET"),
    ("Flush", "DELETE"),
    ("Generate", "POST"),
    ("Get", "GET"),
    ("Import", "POST"),
    ("Put", "PUT"),
    ("Reimport", "PUT"),
    ("Reset", "DELETE"),
    ("Tag", "PUT"),
    ("Test", "POST"),
    ("Untag", "DELETE"),
    ("Update", "PATCH"),
];

/// The action of an event.
pub(super) fn action_of(source: &str, name: &str) -> String {
    let host = source.strip_suffix(".amazonaws.com").unwrap_or(source);
    let service = match SERVICES.binary_search_by_key(&host, |(source, _)| source) {
        Ok(at) => SERVICES[at].1,
        Err(_) => host.rsplit('.').next().unwrap_or(host),
    };
    let name = undated(name);
    if service == "apigateway" {
        let method = METHODS.iter().find(|(start, _)| name.starts_with(start));
        return format!("apigateway:{}", method.map_or(&*name, |(_, method)| method));
    }
    let action = match ACTIONS
        .binary_search_by_key(&(service, &*name), |(service, event, _)| (service, event))
    {
        Ok(at) => ACTIONS[at].2,
        Err(_) => &name,
    };
    format!("{service}:{action}")
}

/// The name without the version of the API, as Lambda and CloudFront write it:
/// `CreateFunction20150331`, `UpdateFunctionCode20150331v2`, `CreateDistribution2020_05_31`.
fn undated(name: &str) -> Cow<'_, str> {
    const DIGITS_MIN: usize = 8;
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = stem.strip_suffix('v').filter(|_| stem.len() < name.len()).unwrap_or(name);
    let short = stem.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let digits = stem[short.len()..].bytes().filter(u8::is_ascii_digit).count();
    if digits >= DIGITS_MIN && !short.is_empty() {
        Cow::Borrowed(short)
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::{ACTIONS, SERVICES, action_of};

    #[test]
    fn the_tables_are_sorted_for_searching() {
        assert!(SERVICES.is_sorted_by_key(|(source, _)| source));
        assert!(ACTIONS.is_sorted_by_key(|(service, event, _)| (service, event)));
    }

    #[test]
    fn events_lead_to_the_actions_that_were_decided_on() {
        for (source, name, action) in [
            ("ec2.amazonaws.com", "RunInstances", "ec2:RunInstances"),
            ("monitoring.amazonaws.com", "PutMetricAlarm", "cloudwatch:PutMetricAlarm"),
            ("s3.amazonaws.com", "ListObjectsV2", "s3:ListBucket"),
            ("s3.amazonaws.com", "GetObject", "s3:GetObject"),
            ("lambda.amazonaws.com", "CreateFunction20150331", "lambda:CreateFunction"),
            ("lambda.amazonaws.com", "UpdateFunctionCode20150331v2", "lambda:UpdateFunctionCode"),
            ("lambda.amazonaws.com", "Invoke", "lambda:InvokeFunction"),
            (
                "cloudfront.amazonaws.com",
                "CreateDistribution2020_05_31",
                "cloudfront:CreateDistribution",
            ),
            ("apigateway.amazonaws.com", "UpdateRestApi", "apigateway:PATCH"),
            ("streams.dynamodb.amazonaws.com", "GetRecords", "dynamodb:GetRecords"),
            ("route53.amazonaws.com", "ListHostedZones", "route53:ListHostedZones"),
            ("ec2.amazonaws.com", "DescribeVolumesV2", "ec2:DescribeVolumesV2"),
        ] {
            assert_eq!(action_of(source, name), action);
        }
    }
}
