//! What is deployed fits the program: settings, flags, paths, permissions, alerts, runbooks.
//!
//! Needs neither Docker nor kubectl nor Prometheus: files are compared with the program itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use palisade::cloud::Operation;
use palisade::controller;
use palisade::metrics::{Emergency, Guardrail, Trail};
use palisade::plan::BlockedReason;
use regex::Regex;
use serde_json::Value;
use strum::IntoEnumIterator;

#[test]
fn every_manifest_is_yaml_and_every_policy_json() {
    let mut kinds = BTreeSet::new();
    for file in files("deploy") {
        match file.extension().and_then(|extension| extension.to_str()) {
            // What helm renders is another test's.
            Some("yaml" | "json") if file.starts_with(root("deploy/helm")) => {}
            Some("yaml") if file.starts_with(root("deploy/kubernetes")) => {
                let manifest = yaml(&file);
                for field in ["apiVersion", "kind"] {
                    assert!(manifest[field].is_string(), "{}: no {field}", file.display());
                }
                kinds.insert(manifest["kind"].as_str().unwrap().to_owned());
            }
            Some("yaml") => assert!(yaml(&file).is_object(), "{}", file.display()),
            Some("json") if file.starts_with(root("deploy/grafana")) => {
                assert!(json(&file).is_object(), "{}", file.display());
            }
            Some("json") => assert_eq!(json(&file)["Version"], "2012-10-17", "{}", file.display()),
            Some(_) | None => {}
        }
    }
    for kind in ["Deployment", "Service", "NetworkPolicy", "ServiceAccount", "PrometheusRule"] {
        assert!(kinds.contains(kind), "no {kind}");
    }
}

/// SCPs bind palisade outside the management account only, where it may do what the delegation says.
#[test]
fn what_the_prover_asks_of_palisade_itself_is_what_the_delegation_allows() {
    let allowed = |file: &str| -> BTreeSet<String> {
        let policy = json(&root(file));
        let statements = policy["Statement"].as_array().unwrap().clone();
        let actions = statements.iter().filter_map(|one| one["Action"].as_array().cloned());
        let actions = actions.flatten().map(|action| action.as_str().unwrap().to_owned());
        actions.filter(|action| action.starts_with("organizations:")).collect()
    };
    let proved: BTreeSet<String> =
        palisade::plan::ORGANIZATION_ACTIONS.iter().map(|action| (*action).to_owned()).collect();
    assert_eq!(proved, allowed("deploy/iam/delegation.json"));
    assert!(proved.is_subset(&allowed("deploy/iam/enforce.json")));
}

#[test]
fn every_kustomization_names_files_that_exist_and_leaves_none_out() {
    let mut named = BTreeSet::new();
    let manifests: Vec<PathBuf> = files("deploy/kubernetes");
    for file in manifests.iter().filter(|file| file.ends_with("kustomization.yaml")) {
        let directory = file.parent().unwrap();
        let kustomization = yaml(file);
        for list in ["resources", "components"] {
            for entry in kustomization[list].as_array().into_iter().flatten() {
                let path = directory.join(entry.as_str().unwrap());
                assert!(path.exists(), "{}: {}", file.display(), path.display());
                named.insert(fs::canonicalize(path).unwrap());
            }
        }
    }
    for file in manifests.iter().filter(|file| !file.ends_with("kustomization.yaml")) {
        assert!(named.contains(&fs::canonicalize(file).unwrap()), "unused: {}", file.display());
    }
}

#[test]
fn a_task_on_fargate_is_one_without_rights_as_well() {
    let task = read(&root("deploy/ecs/palisade.yaml"));
    let count = |text: &str| task.matches(text).count();
    let containers = count("          Image: ");
    assert_eq!(containers, 2);
    assert_eq!(count("ReadonlyRootFilesystem: true"), containers);
    assert_eq!(count("LinuxParameters: {Capabilities: {Drop: [ALL]}}"), containers);
    assert!(task.contains("DesiredCount: 2") && task.contains("--lease=s3://"));
    assert!(task.contains(r#"User: "65532:65532""#) && task.contains("AssignPublicIp: DISABLED"));
}

#[test]
fn pull_requests_are_checked_without_credentials_and_planned_with_few() {
    let workflow = yaml(&root("deploy/ci/github-actions.yaml"));
    assert_eq!(workflow["permissions"], serde_json::json!({}));
    let (check, plan) = (&workflow["jobs"]["check"], &workflow["jobs"]["plan"]);
    assert_eq!(check["permissions"], serde_json::json!({"contents": "read"}));
    let few =
        serde_json::json!({"contents": "read", "id-token": "write", "pull-requests": "write"});
    assert_eq!(plan["permissions"], few);
    assert!(plan["if"].as_str().unwrap().contains("head.repo.full_name"));
    // What a pull request says never becomes part of a command.
    let runs = [check, plan].into_iter().flat_map(|job| job["steps"].as_array().unwrap());
    for script in runs.filter_map(|step| step["run"].as_str()) {
        assert!(!script.contains("${{"), "{script}");
    }
    let pipeline = yaml(&root("deploy/ci/gitlab-ci.yaml"));
    assert!(pipeline["plan"]["id_tokens"].is_object() && pipeline["check"]["id_tokens"].is_null());
}

#[test]
fn every_command_in_deploy_has_the_flags_it_is_given() {
    let call =
        Regex::new(r"palisade (run|plan|apply|approve|status|validate|test)\b([^`\n|;]*)").unwrap();
    let flag = Regex::new("--[a-z][a-z-]+").unwrap();
    let mut seen = BTreeSet::new();
    for (file, text) in texts() {
        for found in call.captures_iter(&text) {
            let help = help(&found[1]);
            seen.insert(found[1].to_owned());
            for flag in flag.find_iter(&found[2]).map(|flag| flag.as_str()) {
                let is_known = help.split([' ', ',', '\n']).any(|word| word == flag);
                assert!(is_known, "{file}: `palisade {} {flag}`", &found[1]);
            }
        }
    }
    for command in ["run", "status", "validate", "test", "plan"] {
        assert!(seen.contains(command), "no `palisade {command}` in {seen:?}");
    }
}

#[test]
fn the_pod_is_one_without_rights_that_is_asked_where_the_daemon_answers() {
    let deployment = yaml(&root("deploy/kubernetes/base/deployment.yaml"));
    assert_eq!(deployment["spec"]["replicas"], 2);
    let budget = yaml(&root("deploy/kubernetes/base/poddisruptionbudget.yaml"));
    assert_eq!(budget["spec"]["minAvailable"], 1);
    assert_eq!(budget["spec"]["selector"], deployment["spec"]["selector"]);
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    let containers = pod["containers"].as_array().unwrap();
    for container in containers {
        let context = &container["securityContext"];
        assert_eq!(context["readOnlyRootFilesystem"], true, "{}", container["name"]);
        assert_eq!(context["allowPrivilegeEscalation"], false, "{}", container["name"]);
        assert_eq!(context["capabilities"]["drop"][0], "ALL", "{}", container["name"]);
    }
    let palisade = &containers[0];
    assert_eq!(palisade["args"][0], "run");
    // The lease that the arguments name is the one that the role may keep.
    let lease = palisade["args"][1].as_str().unwrap();
    let name = lease.strip_prefix("--lease=kubernetes://palisade/").unwrap();
    let role = yaml(&root("deploy/kubernetes/base/lease.yaml"));
    assert_eq!(role["rules"][1]["resourceNames"], serde_json::json!([name]));
    assert_eq!(role["rules"][1]["verbs"], serde_json::json!(["get", "update"]));
    assert_eq!(palisade["ports"][0]["containerPort"], 9464);
    for (probe, path) in [("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
        assert_eq!(palisade[probe]["httpGet"]["path"], path);
        assert_eq!(palisade[probe]["httpGet"]["port"], palisade["ports"][0]["name"]);
        check_route(path);
    }
    let monitor = yaml(&root("deploy/kubernetes/monitoring/servicemonitor.yaml"));
    check_route(monitor["spec"]["endpoints"][0]["path"].as_str().unwrap());
}

#[track_caller]
fn check_route(path: &str) {
    let routes = read(&root("src/admin/mod.rs"));
    assert!(routes.contains(&format!(".route(\"{path}\"")), "the daemon has no {path}");
}

#[test]
fn the_role_may_do_what_the_program_does_and_no_more() {
    let acts: String = files("src/act").iter().map(|file| read(file)).collect();
    let is_in_accounts = |operation: &Operation| {
        operation.service() != "organizations" && *operation != Operation::GetCallerIdentity
    };
    let (estate, organization): (Vec<Operation>, Vec<Operation>) =
        Operation::iter().partition(is_in_accounts);
    let sent = |operation: &Operation| acts.contains(&format!("Call::{operation:?} {{"));
    let named = palisade::permissions::actions;
    let (changes, reads): (Vec<Operation>, Vec<Operation>) =
        organization.into_iter().partition(|operation| operation.is_mutating());
    let reads: BTreeSet<String> = reads.into_iter().flat_map(named).collect();
    let changes: BTreeSet<String> = changes.into_iter().filter(sent).flat_map(named).collect();
    assert!(!changes.contains("organizations:DisablePolicyType") && changes.len() > 10);

    assert_eq!(allowed("observe.json"), reads);
    assert_eq!(allowed("enforce.json"), reads.union(&changes).cloned().collect());
    // No call of its own: AWS asks for it when a rule is given a role to deliver with.
    let implied = ["iam:PassRole".to_owned()];
    let estate: BTreeSet<String> = estate.into_iter().flat_map(named).chain(implied).collect();
    assert_eq!(allowed("accounts.json"), estate);
    let delegated = allowed("delegation.json");
    assert!(delegated.is_subset(&allowed("enforce.json")), "{delegated:?}");
}

#[test]
fn the_role_may_use_the_queue_and_the_topic_as_the_program_does() {
    let call = Regex::new(r"\.client\s*\.([a-z_]+)\(\)").unwrap();
    let words = |name: &str| -> String {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        name.split('_').filter(|word| *word != "batch").map(capital).collect()
    };
    for (policy, service, adapter) in [
        ("events.json", "sqs", "src/cloud/aws/queue.rs"),
        ("notify.json", "sns", "src/cloud/aws/topic.rs"),
    ] {
        let text = read(&root(adapter));
        let calls = call.captures_iter(&text);
        let called = calls.map(|found| format!("{service}:{}", words(&found[1]))).collect();
        assert_eq!(allowed(policy), called);
    }
}

/// The actions that a policy in `deploy/iam` allows. It must not do anything else.
fn allowed(name: &str) -> BTreeSet<String> {
    let policy = json(&root("deploy/iam").join(name));
    let mut actions = BTreeSet::new();
    for statement in policy["Statement"].as_array().unwrap() {
        assert_eq!(statement["Effect"], "Allow", "{name}");
        for action in statement["Action"].as_array().unwrap() {
            assert!(actions.insert(action.as_str().unwrap().to_owned()), "{name}: twice {action}");
        }
    }
    actions
}

#[test]
fn every_metric_that_is_alerted_on_or_explained_exists() {
    let metrics = controller::metrics().unwrap();
    metrics.record_guardrails(&[Guardrail {
        kind: "ServiceControlPolicy",
        name: "a",
        mode: "enforce",
        in_sync: false,
        drifted_objects: 1,
        drift_age: Some(Duration::ZERO),
        suspended: false,
        suspended_until: Some(1_800_000_000),
        detected: 1,
        repaired: 0,
        size_used: Some(0.5),
    }]);
    metrics.record_break_glass(["emergency"]);
    metrics.record_emergency(&[Emergency {
        name: "emergency",
        ready: true,
        accounts: 2,
        accounts_ready: 2,
        last_drill: Some(1_800_000_000),
        drill_age_max: 7_776_000,
        last_sign_in: Some(1_800_000_000),
        next_expiry: Some(1_800_000_000),
        incident_open: false,
        certificate_ends: Some(1_800_000_000),
    }]);
    metrics.record_trails(&[Trail {
        name: "trail",
        logging: Some(true),
        last_delivery: Some(1_800_000_000),
        delivery_age_max: 3600,
        delivery_failures: 0,
    }]);
    metrics.expect_notifications("webhook", ["delivered"]);
    metrics.record_desired_state("abc", &BTreeMap::from([("ServiceControlPolicy", 1)]));
    metrics.record_policy_types([("SERVICE_CONTROL_POLICY", 1)]);
    metrics.record_slots([("SERVICE_CONTROL_POLICY", 0.5)]);
    metrics.record_region_list(Some((10, 365)));
    metrics.record_event_queue(1);
    metrics.record_problems(0);
    metrics.record_in_force(1);
    let exposed = String::from_utf8(metrics.render().unwrap()).unwrap();
    let metric = Regex::new("palisade_[a-z_]*[a-z]").unwrap();
    let mut seen = BTreeSet::new();
    for file in files("deploy/prometheus").iter().chain(&files("deploy/runbooks")) {
        for found in metric.find_iter(&read(file)).map(|found| found.as_str()) {
            let is_exposed = exposed.contains(&format!("# TYPE {found} "));
            assert!(is_exposed, "{}: {found}", file.display());
            seen.insert(found.to_owned());
        }
    }
    assert!(seen.contains("palisade_guardrail_in_sync"), "{seen:?}");
}

#[test]
fn every_alert_has_words_a_runbook_and_a_test() {
    let rules = yaml(&root("deploy/prometheus/palisade.rules.yaml"));
    let tests = read(&root("deploy/prometheus/palisade.rules.test.yaml"));
    let mut runbooks: BTreeSet<PathBuf> = files("deploy/runbooks").into_iter().collect();
    for rule in rules["groups"][0]["rules"].as_array().unwrap() {
        let alert = rule["alert"].as_str().unwrap();
        assert!(["critical", "warning"].contains(&rule["labels"]["severity"].as_str().unwrap()));
        for annotation in ["summary", "description"] {
            assert!(rule["annotations"][annotation].is_string(), "{alert}: no {annotation}");
        }
        let runbook = root(rule["annotations"]["runbook_url"].as_str().unwrap());
        let text = read(&runbook);
        for part in ["What it means", "How to confirm", "What to do", "How to stop palisade"] {
            assert!(text.contains(&format!("\n## {part}\n\n")), "{alert}: no `{part}`");
        }
        assert!(text.starts_with(&format!("# {alert}\n")), "{alert}");
        assert!(tests.contains(&format!("alertname=\"{alert}\"")), "{alert} has no test");
        assert!(runbooks.remove(&runbook), "{alert} shares a runbook");
    }
    assert!(runbooks.is_empty(), "for no alert: {runbooks:?}");
    let operator = yaml(&root("deploy/kubernetes/monitoring/prometheusrule.yaml"));
    assert_eq!(operator["spec"]["groups"], rules["groups"]);
}

#[test]
fn runbooks_lead_on_to_runbooks_that_exist_and_explain_every_obstacle() {
    let link = Regex::new(r"\]\(([^)]+)\)").unwrap();
    for file in files("deploy/runbooks") {
        for found in link.captures_iter(&read(&file)) {
            let path = file.with_file_name(&found[1]);
            assert!(path.exists(), "{}: {}", file.display(), path.display());
        }
    }
    let blocked = read(&root("deploy/runbooks/PalisadeChangesBlocked.md"));
    for reason in BlockedReason::iter() {
        assert!(blocked.contains(&format!("`{reason}`")), "{reason}");
    }
}

/// `palisade <command> --help`.
pub(crate) fn help(command: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args([command, "--help"])
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "there is no `palisade {command}`");
    String::from_utf8(output.stdout).unwrap()
}

/// Everything that is deployed, by path.
pub(crate) fn texts() -> Vec<(String, String)> {
    let all = files("deploy").into_iter().chain([root("Dockerfile")]);
    all.map(|file| (file.display().to_string(), read(&file))).collect()
}

pub(crate) fn yaml(file: &Path) -> Value {
    serde_yaml::from_str(&read(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub(crate) fn json(file: &Path) -> Value {
    serde_json::from_str(&read(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub(crate) fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub(crate) fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every file below `path`, sorted.
pub(crate) fn files(path: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![root(path)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}
