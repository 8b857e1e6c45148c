//! The CloudFormation templates give what `deploy/iam` gives, and an events queue that nobody else can fill.
//!
//! `UPDATE_SCENARIOS=1` writes the statements of `deploy/iam` into the templates, between their marks.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use regex::{Captures, Regex};
use serde_json::Value;

const TEMPLATES: [&str; 4] =
    ["daemon-role.yaml", "member-role.yaml", "events.yaml", "events-member.yaml"];

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path)
}

fn text(template: &str) -> String {
    fs::read_to_string(root("aws").join(template)).unwrap()
}

fn yaml(template: &str) -> Value {
    serde_yaml::from_str(&text(template)).unwrap()
}

/// The statements of a file in `deploy/iam`.
fn statements(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(root("iam").join(file)).unwrap();
    let policy: Value = serde_json::from_str(&text).unwrap();
    policy["Statement"].as_array().unwrap().clone()
}

fn sid(statement: &Value) -> &str {
    statement["Sid"].as_str().unwrap()
}

/// Is it only for who enforces? So is what nobody has said to be reading.
fn changes(statement: &Value) -> bool {
    let sid = sid(statement);
    !sid.starts_with("Observe") && !["KnowWhoAsks", "EnterAccounts"].contains(&sid)
}

/// Is it about what palisade keeps in every account, and not in its own alone?
fn is_for_members(statement: &Value) -> bool {
    let only_at_home = ["Accounts", "Trails", "StackSets"];
    !only_at_home.iter().any(|what| sid(statement).ends_with(what))
}

/// The statements that a part of a file has.
fn part(file: &str, part: &str) -> Vec<Value> {
    let is_in = |statement: &Value| match part {
        "" => true,
        "observe" => !changes(statement),
        "observe-here" => !changes(statement) && is_for_members(statement),
        "keep" => changes(statement),
        "keep-here" => changes(statement) && is_for_members(statement),
        "policies" => sid(statement) == "KeepPolicies",
        "organization" => changes(statement) && sid(statement) != "KeepPolicies",
        other => panic!("no part `{other}` of {file}"),
    };
    let part: Vec<Value> = statements(file).into_iter().filter(is_in).collect();
    assert!(!part.is_empty(), "{file} {part:?}");
    part
}

/// An ARN of `deploy/iam` with the partition, the role in every account, the bucket of the logs and its key as
/// CloudFormation knows them.
fn resource(value: &Value) -> String {
    if let Some(all) = value.as_array() {
        return format!("[{}]", all.iter().map(resource).collect::<Vec<_>>().join(", "));
    }
    let arn = value.as_str().unwrap();
    let place = arn.strip_prefix("arn:aws:").map(|rest| {
        let rest = rest.replace("OrganizationAccountAccessRole", "${MemberRoleName}");
        let rest = rest.replace("111111111111", "${AWS::AccountId}");
        let rest = rest.replace("acme-organization-trail", "${ArchiveBucketName}");
        let rest = rest.replace("1234abcd-12ab-34cd-56ef-1234567890ab", "${ArchiveKeyId}");
        format!("{{\"Fn::Sub\": \"arn:${{AWS::Partition}}:{rest}\"}}")
    });
    place.unwrap_or_else(|| format!("\"{arn}\""))
}

fn written(statements: &[Value], indent: &str) -> String {
    let mut text = String::new();
    for statement in statements {
        let known = ["Sid", "Effect", "Action", "Resource", "Condition"];
        for field in statement.as_object().unwrap().keys() {
            assert!(known.contains(&field.as_str()), "{field} of {}", sid(statement));
        }
        writeln!(
            text,
            "{indent}- Sid: {}\n{indent}  Effect: Allow\n{indent}  Action:",
            sid(statement)
        )
        .unwrap();
        for action in statement["Action"].as_array().unwrap() {
            writeln!(text, "{indent}    - {}", action.as_str().unwrap()).unwrap();
        }
        writeln!(text, "{indent}  Resource: {}", resource(&statement["Resource"])).unwrap();
        if let Some(condition) = statement.get("Condition") {
            writeln!(text, "{indent}  Condition: {condition}").unwrap();
        }
    }
    text
}

/// The template with the statements of `deploy/iam` between its marks.
fn filled(text: &str) -> String {
    let mark = Regex::new(r"(?ms)^( *)# begin (\S+\.json) ?(\S*)$\n.*?^ *# end [^\n]*\n").unwrap();
    let fill = |found: &Captures<'_>| {
        let (indent, file, name) = (&found[1], &found[2], &found[3]);
        let title = format!("{file} {name}");
        let title = title.trim_end();
        let statements = written(&part(file, name), indent);
        format!("{indent}# begin {title}\n{statements}{indent}# end {title}\n")
    };
    mark.replace_all(text, fill).into_owned()
}

#[test]
fn roles_may_do_what_the_policies_of_deploy_iam_allow() {
    for template in TEMPLATES {
        let now = text(template);
        let wanted = filled(&now);
        if std::env::var_os("UPDATE_SCENARIOS").is_some() {
            fs::write(root("aws").join(template), &wanted).unwrap();
        } else {
            assert_eq!(now, wanted, "{template}: run this test with UPDATE_SCENARIOS=1");
        }
    }
}

#[test]
fn every_statement_of_deploy_iam_is_in_the_role_of_the_daemon() {
    let text = text("daemon-role.yaml");
    for file in ["observe.json", "enforce.json", "accounts.json"] {
        for statement in statements(file) {
            assert!(text.contains(&format!("- Sid: {}\n", sid(&statement))), "{}", sid(&statement));
        }
    }
    let template = yaml("daemon-role.yaml");
    for (name, resource) in template["Resources"].as_object().unwrap() {
        let keeps = name.starts_with("Keep");
        assert_eq!(resource.get("Condition").is_some(), keeps, "{name} when only observing");
    }
    assert_eq!(template["Parameters"]["Mode"]["Default"], "observe");
}

#[test]
fn templates_have_no_aliases_which_cloudformation_does_not_read() {
    let alias = Regex::new(r"(?m)^[^#]*: [&*][a-z]").unwrap();
    for template in TEMPLATES {
        assert!(!alias.is_match(&text(template)), "{template}");
        assert_eq!(yaml(template)["AWSTemplateFormatVersion"], "2010-09-09", "{template}");
    }
}

#[test]
fn the_queue_is_encrypted_and_takes_events_of_its_rules_only() {
    let resources = yaml("events.yaml")["Resources"].clone();
    for queue in ["Queue", "DeadLetters"] {
        assert_eq!(resources[queue]["Properties"]["SqsManagedSseEnabled"], true, "{queue}");
    }
    assert!(resources["Queue"]["Properties"]["RedrivePolicy"].is_object());
    let policy = &resources["QueuePolicy"]["Properties"]["PolicyDocument"]["Statement"];
    let allowing: Vec<&Value> =
        policy.as_array().unwrap().iter().filter(|it| it["Effect"] == "Allow").collect();
    assert_eq!(allowing.len(), 1);
    assert!(allowing[0]["Condition"]["ArnLike"]["aws:SourceArn"].is_object());
    let bus = &resources["BusPolicy"]["Properties"]["Statement"]["Condition"]["StringEquals"];
    assert!(bus["aws:PrincipalOrgID"].is_object(), "anybody could wake palisade");
}

#[test]
fn the_daemon_may_read_the_queue_as_deploy_iam_says() {
    let resources = yaml("events.yaml")["Resources"].clone();
    let policy = &resources["ReadQueue"]["Properties"]["PolicyDocument"]["Statement"][0];
    assert_eq!(policy["Action"], statements("events.json")[0]["Action"]);
}

#[test]
fn rules_send_every_kind_of_event_that_wakes_and_lose_none_silently() {
    let mut sources = BTreeSet::new();
    for template in ["events.yaml", "events-member.yaml"] {
        let resources = yaml(template)["Resources"].clone();
        for (name, resource) in resources.as_object().unwrap() {
            if resource["Type"] != "AWS::Events::Rule" {
                continue;
            }
            let properties = &resource["Properties"];
            let source = properties["EventPattern"]["detail"]["eventSource"][0].as_str();
            sources.extend(source.map(str::to_owned));
            let target = &properties["Targets"][0];
            let is_kept = target["DeadLetterConfig"].is_object() || target["RoleArn"].is_object();
            assert!(is_kept, "{template}: {name}");
        }
    }
    let wanted = ["account", "cloudformation", "cloudtrail", "iam", "organizations", "s3"];
    let wanted: BTreeSet<String> = wanted.iter().map(|it| format!("{it}.amazonaws.com")).collect();
    assert_eq!(sources, wanted);
}
