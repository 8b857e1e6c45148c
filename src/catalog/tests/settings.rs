//! Management policies set what AWS's pages say there is to set, and nothing else.

use serde_json::{Map, Value, json};

use crate::catalog::tests::{policies, site};
use crate::catalog::{Guardrail, ParameterType};
use crate::policy::Language;

/// What a type of policy sets, with the page that says so.
struct Settings {
    policy_type: &'static str,
    /// The page of the AWS Organizations User Guide, as of 2026-11-27.
    page: &'static str,
    /// Paths of keys and the values that they take, separated by spaces; `*` stands for a name, or a value, of one's
    /// own.
    keys: &'static [(&'static str, &'static str)],
}

const SETTINGS: &[Settings] = &[
    Settings {
        policy_type: "AISERVICES_OPT_OUT_POLICY",
        page: "AI services opt-out policy syntax and examples",
        keys: &[
            ("/services/@@operators_allowed_for_child_policies", "@@none"),
            ("/services/default/@@operators_allowed_for_child_policies", "@@none"),
            ("/services/default/opt_out_policy/@@assign", "optIn optOut"),
            ("/services/default/opt_out_policy/@@operators_allowed_for_child_policies", "@@none"),
        ],
    },
    Settings {
        policy_type: "BACKUP_POLICY",
        page: "Backup policy syntax and examples",
        keys: &[
            ("/plans/*/regions/@@assign", "*"),
            ("/plans/*/rules/*/copy_actions/*/lifecycle/delete_after_days/@@assign", "*"),
            ("/plans/*/rules/*/copy_actions/*/target_backup_vault_arn/@@assign", "*"),
            ("/plans/*/rules/*/lifecycle/delete_after_days/@@assign", "*"),
            ("/plans/*/rules/*/schedule_expression/@@assign", "*"),
            ("/plans/*/rules/*/target_backup_vault_name/@@assign", "*"),
            ("/plans/*/selections/tags/*/iam_role_arn/@@assign", "*"),
            ("/plans/*/selections/tags/*/tag_key/@@assign", "*"),
            ("/plans/*/selections/tags/*/tag_value/@@assign", "*"),
        ],
    },
    Settings {
        policy_type: "DECLARATIVE_POLICY_EC2",
        page: "EC2 policy syntax and examples",
        keys: &[
            (
                "/ec2_attributes/allowed_images_settings/image_criteria/*/allowed_image_providers/@@append",
                "*",
            ),
            (
                "/ec2_attributes/allowed_images_settings/state/@@assign",
                "enabled disabled audit_mode",
            ),
            (
                "/ec2_attributes/image_block_public_access/state/@@assign",
                "unblocked block_new_sharing",
            ),
            (
                "/ec2_attributes/instance_metadata_defaults/http_endpoint/@@assign",
                "no_preference enabled disabled",
            ),
            (
                "/ec2_attributes/instance_metadata_defaults/http_put_response_hop_limit/@@assign",
                "*",
            ),
            (
                "/ec2_attributes/instance_metadata_defaults/http_tokens/@@assign",
                "no_preference required optional",
            ),
            (
                "/ec2_attributes/instance_metadata_defaults/http_tokens_enforced/@@assign",
                "no_preference enabled disabled",
            ),
            (
                "/ec2_attributes/instance_metadata_defaults/instance_metadata_tags/@@assign",
                "no_preference enabled disabled",
            ),
            ("/ec2_attributes/serial_console_access/status/@@assign", "enabled disabled"),
            (
                "/ec2_attributes/snapshot_block_public_access/state/@@assign",
                "unblocked block_new_sharing block_all_sharing",
            ),
            (
                "/ec2_attributes/vpc_block_public_access/internet_gateway_block/exclusions_allowed/@@assign",
                "enabled disabled",
            ),
            (
                "/ec2_attributes/vpc_block_public_access/internet_gateway_block/mode/@@assign",
                "off block_ingress block_bidirectional",
            ),
        ],
    },
    Settings {
        policy_type: "GUARDDUTY_POLICY",
        page: "Amazon GuardDuty policy syntax and examples",
        keys: &[
            ("/guardduty/enablement/default/ai_protection/status/@@assign", "enabled disabled"),
            (
                "/guardduty/enablement/default/ebs_malware_protection/status/@@assign",
                "enabled disabled",
            ),
            ("/guardduty/enablement/default/eks_audit_logs/status/@@assign", "enabled disabled"),
            ("/guardduty/enablement/default/foundational/status/@@assign", "enabled disabled"),
            (
                "/guardduty/enablement/default/lambda_network_logs/status/@@assign",
                "enabled disabled",
            ),
            ("/guardduty/enablement/default/rds_login_events/status/@@assign", "enabled disabled"),
            (
                "/guardduty/enablement/default/runtime_monitoring/status/@@assign",
                "enabled disabled",
            ),
            ("/guardduty/enablement/default/s3_data_events/status/@@assign", "enabled disabled"),
        ],
    },
    Settings {
        policy_type: "INSPECTOR_POLICY",
        page: "Amazon Inspector policy syntax and examples",
        keys: &[
            ("/inspector/enablement/ec2_scanning/disable_in_regions/@@assign", "*"),
            ("/inspector/enablement/ec2_scanning/enable_in_regions/@@assign", "*"),
            ("/inspector/enablement/ecr_scanning/disable_in_regions/@@assign", "*"),
            ("/inspector/enablement/ecr_scanning/enable_in_regions/@@assign", "*"),
            ("/inspector/enablement/lambda_standard_scanning/disable_in_regions/@@assign", "*"),
            ("/inspector/enablement/lambda_standard_scanning/enable_in_regions/@@assign", "*"),
        ],
    },
    Settings {
        policy_type: "S3_POLICY",
        page: "Amazon S3 policy syntax and examples",
        keys: &[("/s3_attributes/public_access_block_configuration/@@assign", "all none")],
    },
    Settings {
        policy_type: "SECURITYHUB_POLICY",
        page: "Security Hub policy syntax and examples",
        keys: &[
            ("/securityhub/disable_in_regions/@@assign", "*"),
            ("/securityhub/enable_in_regions/@@assign", "*"),
        ],
    },
    Settings {
        policy_type: "TAG_POLICY",
        page: "Tag policy syntax and examples",
        keys: &[
            ("/tags/*/enforced_for/@@assign", "*"),
            ("/tags/*/tag_key/@@assign", "*"),
            ("/tags/*/tag_value/@@assign", "*"),
        ],
    },
];

/// A key or a value of another spelling is a policy that AWS refuses, or that sets nothing.
#[test]
fn every_key_and_value_of_a_management_policy_is_one_that_its_type_has() {
    let mut wrong = Vec::new();
    for (guardrail, facts) in policies().filter(|(_, facts)| facts.language != Language::Iam) {
        let Some(known) = SETTINGS.iter().find(|it| it.policy_type == facts.name) else {
            wrong.push(format!("{}: no list of the keys of {}", guardrail.id, facts.name));
            continue;
        };
        for with in every_choice(guardrail) {
            let mut found = Vec::new();
            leaves(&guardrail.render(&with, &site()).unwrap(), "", &mut found);
            let is_known = |(path, value): &(String, String)| {
                let takes =
                    |values: &str| values == "*" || values.split(' ').any(|known| known == value);
                known.keys.iter().any(|(key, values)| is_path(key, path) && takes(values))
            };
            let unknown = found.iter().filter(|leaf| !is_known(leaf));
            let said =
                |(path, value)| format!("{}: {path} {value}, see \"{}\"", guardrail.id, known.page);
            wrong.extend(unknown.cloned().map(said));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The example, with every value of parameters that have few, and with every flag.
fn every_choice(guardrail: &Guardrail) -> Vec<Map<String, Value>> {
    let mut choices = vec![guardrail.example.clone()];
    for (name, parameter) in &guardrail.parameters {
        let texts = parameter.allowed.iter().map(|text| json!(text));
        let flags =
            (parameter.r#type == ParameterType::Flag).then_some([json!(true), json!(false)]);
        let records = parameter.fields.iter().flat_map(|(field, parameter)| {
            parameter.allowed.iter().map(move |text| json!([{field: text}]))
        });
        for value in texts.chain(flags.into_iter().flatten()).chain(records) {
            let mut choice = guardrail.example.clone();
            choice.insert(name.clone(), value);
            choices.push(choice);
        }
    }
    choices
}

/// Every path down to a value, with the value; an empty list is a path without one.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            // Names between slashes: tags and ARNs have some of their own.
            leaves(value, &format!("{path}/{}", key.replace('/', "|")), found);
        }),
        Value::Array(items) if items.is_empty() => found.push((path.to_owned(), String::new())),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, path, found)),
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            found.push((path.to_owned(), value.to_string()));
        }
    }
}

fn is_path(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(path).all(|(pattern, name)| *pattern == "*" || *pattern == name)
}
