//! Every option of `palisade run` can be set in every form of deployment, and is taken as it is written there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use regex::Regex;
use serde_json::Value;

use crate::deploy::{files, help, json, read, root, texts, yaml};

/// Told to the build, and not to the program.
const BUILD_VARIABLES: &[&str] = &["PALISADE_BUILD_REVISION"];

/// Options that make no sense where a daemon is deployed, and why.
const FOR_NOBODY: &[(&str, &str)] =
    &[("PALISADE_COLOR", "only what people read on a terminal is coloured")];

/// Options that a pod is not given by its settings, and why.
const NOT_IN_PODS: &[(&str, &str)] = &[
    ("PALISADE_DIR", "an argument: git-sync and palisade have to agree"),
    ("PALISADE_LEASE", "an argument: the role may keep that one"),
    ("PALISADE_NOTIFY_WEBHOOK", "it is a secret and belongs into the Secret"),
    ("PALISADE_NOTIFY_WEBHOOK_FILE", "the Secret is in the environment"),
];

/// Options that a task on Fargate is given in another way, and why.
const NOT_IN_TASKS: &[(&str, &str)] = &[
    ("PALISADE_DIR", "an argument, made of the parameter Directory"),
    ("PALISADE_LEASE", "an argument, made of the bucket"),
    ("PALISADE_NOTIFY_WEBHOOK_FILE", "the secret is in the environment"),
];

/// What `palisade run --help` knows, by its name in the environment.
fn options() -> BTreeSet<String> {
    let variable = Regex::new(r"\[env: (PALISADE_[A-Z_]+)\]").unwrap();
    let help = help("run");
    let options: BTreeSet<String> =
        variable.captures_iter(&help).map(|found| found[1].to_owned()).collect();
    assert!(options.len() > 20, "{options:?}");
    options
}

fn options_but(elsewhere: &[&[(&str, &str)]]) -> BTreeSet<String> {
    let mut options = options();
    for (option, why) in elsewhere.iter().flat_map(|list| list.iter()) {
        assert!(options.remove(*option), "{option} is no option any more ({why})");
    }
    options
}

#[test]
fn every_option_can_be_set_in_every_form_of_deployment() {
    let in_systemd = settings_of_systemd().into_keys().collect();
    assert_eq!(options_but(&[FOR_NOBODY]).difference(&in_systemd).next(), None, "systemd");
    let in_pods = options_but(&[FOR_NOBODY, NOT_IN_PODS]);
    let in_kustomize: BTreeSet<String> = settings_of_kustomize().into_keys().collect();
    assert_eq!(in_kustomize, in_pods, "kustomize");
    let in_chart: BTreeSet<String> = settings_of_chart().into_keys().collect();
    assert_eq!(in_chart, in_pods, "helm");
    let schema = json(&root("deploy/helm/palisade/values.schema.json"));
    let names = &schema["properties"]["settings"]["propertyNames"]["anyOf"][0]["enum"];
    let allowed: BTreeSet<String> =
        names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    assert_eq!(allowed, in_pods, "the schema of helm's values");
    let in_task: BTreeSet<String> = variables_of_task().into_keys().collect();
    assert_eq!(in_task, options_but(&[FOR_NOBODY, NOT_IN_TASKS]), "ECS");
    let task = read(&root("deploy/ecs/palisade.yaml"));
    let deployment = read(&root("deploy/kubernetes/base/deployment.yaml"));
    for text in [&task, &deployment] {
        assert!(text.contains("--lease=") && text.contains("/git/current/"));
    }
}

#[test]
fn the_url_of_the_webhook_lies_where_secrets_lie() {
    let name = "PALISADE_NOTIFY_WEBHOOK";
    let task = yaml(&root("deploy/ecs/palisade.yaml"));
    let container = &task["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0];
    assert!(container["Secrets"].to_string().contains(name));
    assert!(!container["Environment"].to_string().contains(name));
    let deployment = yaml(&root("deploy/kubernetes/base/deployment.yaml"));
    let environment = &deployment["spec"]["template"]["spec"]["containers"][0]["envFrom"];
    assert_eq!(environment[1]["secretRef"]["name"], "palisade-secrets");
    assert_eq!(environment[1]["secretRef"]["optional"], true);
    let unit = read(&root("deploy/systemd/palisade.service"));
    let credential = "LoadCredential=notify-webhook:/etc/palisade/notify-webhook";
    assert!(unit.contains(credential));
    assert!(unit.contains("PALISADE_NOTIFY_WEBHOOK_FILE=%d/notify-webhook"));
}

#[test]
fn every_setting_that_is_deployed_is_one_of_the_daemon() {
    let options = options();
    let variable = Regex::new("PALISADE_[A-Z_]*[A-Z]").unwrap();
    let mut seen = 0;
    for (file, text) in texts() {
        for found in variable.find_iter(&text).map(|found| found.as_str()) {
            let is_known = options.contains(found) || BUILD_VARIABLES.contains(&found);
            assert!(is_known, "{file}: {found}");
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} settings found");
    let is_rust = |file: &&PathBuf| file.extension().is_some_and(|extension| extension == "rs");
    let sources: String = files("src").iter().filter(is_rust).map(|file| read(file)).collect();
    for variable in BUILD_VARIABLES {
        assert!(sources.contains(&format!("option_env!(\"{variable}\")")), "{variable}");
    }
}

#[test]
fn the_daemon_takes_every_value_that_is_deployed() {
    let dockerfile = assignments(&read(&root("Dockerfile")));
    for (name, settings) in [
        ("kustomize", settings_of_kustomize()),
        ("helm", settings_of_chart()),
        ("systemd", settings_of_systemd()),
        ("Dockerfile", dockerfile),
        ("ECS", settings_of_task()),
    ] {
        assert!(!settings.is_empty(), "{name}");
        check_taken(name, settings);
    }
}

/// Starts the daemon with `settings` and a data directory that it must refuse: it gets as far as that
/// only if it has understood everything else, and needs neither AWS nor a port.
#[track_caller]
fn check_taken(name: &str, mut settings: BTreeMap<String, String>) {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("notify-webhook");
    std::fs::write(&secret, "https://hooks.example.com/palisade\n").unwrap();
    // Where systemd puts credentials; and only one of the two says where the URL is.
    if settings.contains_key("PALISADE_NOTIFY_WEBHOOK_FILE") {
        settings.remove("PALISADE_NOTIFY_WEBHOOK");
        let path = secret.display().to_string();
        settings.insert("PALISADE_NOTIFY_WEBHOOK_FILE".to_owned(), path);
    }
    // The build that is tested has no `otel`; `usage` shows what it says then.
    settings.remove("PALISADE_OTLP_ENDPOINT");
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .arg("run")
        .env_clear()
        .envs(settings)
        .env("PALISADE_DIR", directory.path())
        .env("PALISADE_DATA_DIR", directory.path().join("data"))
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("is inside the desired state"), "{name}: {said}");
}

/// The env file and the unit, with what is commented out.
fn settings_of_systemd() -> BTreeMap<String, String> {
    let mut settings = assignments(&read(&root("deploy/systemd/palisade.service")));
    settings.extend(assignments(&read(&root("deploy/systemd/palisade.env"))));
    settings
}

/// The literals of the config map, with what is commented out.
fn settings_of_kustomize() -> BTreeMap<String, String> {
    let literal = Regex::new(r"(?m)^ +(?:# )?- (PALISADE_[A-Z_]+)=(.*)$").unwrap();
    pairs(&literal, &read(&root("deploy/kubernetes/base/kustomization.yaml")))
}

/// The settings in the chart's values, with what is commented out.
fn settings_of_chart() -> BTreeMap<String, String> {
    let setting = Regex::new(r#"(?m)^  (?:# )?(PALISADE_[A-Z_]+): "?(.*?)"?$"#).unwrap();
    pairs(&setting, &read(&root("deploy/helm/palisade/values.yaml")))
}

/// The environment and the secrets of the task, as CloudFormation has them.
fn variables_of_task() -> BTreeMap<String, String> {
    let variable =
        Regex::new(r#"\{Name: (PALISADE_[A-Z_]+), Value(?:From)?: "?([^"}]+)"?\}"#).unwrap();
    pairs(&variable, &read(&root("deploy/ecs/palisade.yaml")))
}

/// The same with the defaults of the parameters that they refer to; many of these are empty.
fn settings_of_task() -> BTreeMap<String, String> {
    let template = yaml(&root("deploy/ecs/palisade.yaml"));
    let default = |parameter: &str| match &template["Parameters"][parameter]["Default"] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other @ (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            panic!("{parameter}: {other}")
        }
    };
    let variables = variables_of_task().into_iter();
    let filled = variables.map(|(name, value)| {
        let value = value.strip_prefix("!Ref ").map_or_else(|| value.clone(), default);
        (name, value)
    });
    filled.collect()
}

/// The settings that `text` assigns, whether commented out, in a unit, or quoted by a Dockerfile.
fn assignments(text: &str) -> BTreeMap<String, String> {
    let assignment =
        Regex::new(r"(?m)^(?:#?(?:Environment=)?|ENV | {4})(PALISADE_[A-Z_]+)=(\S*)").unwrap();
    let mut found = pairs(&assignment, text);
    found.retain(|name, _| !BUILD_VARIABLES.contains(&name.as_str()));
    found
}

fn pairs(assignment: &Regex, text: &str) -> BTreeMap<String, String> {
    let found = assignment.captures_iter(text);
    found.map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

/// Where webhooks and collectors listen elsewhere than AWS, the network lets palisade through.
#[test]
fn a_collector_can_be_reached_where_one_is_named() {
    let policy = read(&root("deploy/kubernetes/base/networkpolicy.yaml"));
    assert!(policy.contains("    #     - {protocol: TCP, port: 4318}"));
    let task = yaml(&root("deploy/ecs/palisade.yaml"));
    let egress =
        task["Resources"]["SecurityGroup"]["Properties"]["SecurityGroupEgress"].to_string();
    assert!(egress.contains("HasCollector") && egress.contains("CollectorPort"), "{egress}");
    assert_eq!(task["Parameters"]["CollectorPort"]["Default"], 4318);
}
