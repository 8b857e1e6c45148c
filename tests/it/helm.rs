//! The helm chart becomes the same objects as `deploy/kubernetes`, whatever of it is switched on.
//!
//! Its templates use so little of helm's language that a page of code renders them here; helm itself has
//! rendered the same.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// What of helm's language the chart may use.
struct Renderer {
    values: Value,
    chart: std::path::PathBuf,
}

impl Renderer {
    fn new(change: impl FnOnce(&mut Value)) -> Self {
        let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/helm/palisade");
        let values = fs::read_to_string(chart.join("values.yaml")).unwrap();
        let mut values: Value = serde_yaml::from_str(&values).unwrap();
        change(&mut values);
        let schema = fs::read_to_string(chart.join("values.schema.json")).unwrap();
        let schema: Value = serde_json::from_str(&schema).unwrap();
        jsonschema::validate(&schema, &values).unwrap();
        Self { values, chart }
    }

    /// The object of a template; nothing if it is switched off.
    fn object(&self, name: &str) -> Option<Value> {
        let text = fs::read_to_string(self.chart.join("templates").join(name)).unwrap();
        // Whether the branches that the line is in are taken.
        let mut taken: Vec<bool> = Vec::new();
        let mut rendered = String::new();
        for line in text.lines() {
            match line.trim().strip_prefix("{{- ").and_then(|line| line.strip_suffix(" }}")) {
                Some("end") => drop(taken.pop().expect("an end without a beginning")),
                Some("else") => *taken.last_mut().unwrap() ^= true,
                Some(action) if action.starts_with("if ") => {
                    let value = self.value(&action[3..]);
                    let nothing = [json!(null), json!(false), json!(""), json!([])];
                    taken.push(!nothing.contains(&value));
                }
                Some(action) if taken.iter().all(|taken| *taken) => {
                    rendered.push_str(&self.action(action));
                }
                None if taken.iter().all(|taken| *taken) => {
                    rendered.push_str(&self.line(line));
                    rendered.push('\n');
                }
                Some(_) | None => {}
            }
        }
        assert!(taken.is_empty(), "{name}: a beginning without an end");
        let object: Option<Value> =
            serde_yaml::from_str(&rendered).unwrap_or_else(|error| panic!("{name}: {error}"));
        object
    }

    /// A line with its placeholders filled in.
    fn line(&self, line: &str) -> String {
        let Some((before, rest)) = line.split_once("{{ ") else { return line.to_owned() };
        let (action, after) = rest.split_once(" }}").expect("a placeholder has an end");
        format!("{before}{}{}", self.action(action), self.line(after))
    }

    fn action(&self, action: &str) -> String {
        let (what, then) = action.split_once(" | ").unwrap_or((action, ""));
        let text = if let Some(path) = what.strip_prefix("toYaml ") {
            // JSON is YAML; a list goes on where one has begun.
            match self.value(path) {
                Value::Array(items) => {
                    items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
                }
                other @ (Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Object(_)) => other.to_string(),
            }
        } else if let Some(file) = what.strip_prefix(".Files.Get ") {
            fs::read_to_string(self.chart.join(file.trim_matches('"'))).unwrap()
        } else {
            let value = self.value(what);
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        };
        match then.split_once(' ').unwrap_or((then, "")) {
            ("", "") => text,
            ("sha256sum", "") => "digest".to_owned(),
            ("nindent", count) => {
                let indent = " ".repeat(count.parse().unwrap());
                let lines: Vec<&str> = text.lines().collect();
                format!("\n{indent}{}\n", lines.join(&format!("\n{indent}")))
            }
            other => panic!("the chart uses `{other:?}`"),
        }
    }

    fn value(&self, path: &str) -> Value {
        if path == ".Release.Namespace" {
            return json!("palisade");
        }
        let pointer = path.strip_prefix(".Values").expect(path).replace('.', "/");
        match self.values.pointer(&pointer) {
            Some(value) => value.clone(),
            // A setting need not be there.
            None if path.starts_with(".Values.settings.") => Value::Null,
            None => panic!("no value {path}"),
        }
    }
}

fn kubernetes(path: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kubernetes").join(path);
    serde_yaml::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn the_chart_is_what_kustomize_applies() {
    let chart = Renderer::new(|values| {
        values["serviceMonitor"]["enabled"] = json!(true);
        values["prometheusRule"]["enabled"] = json!(true);
    });
    for name in [
        "serviceaccount.yaml",
        "lease.yaml",
        "leasebinding.yaml",
        "service.yaml",
        "networkpolicy.yaml",
        "poddisruptionbudget.yaml",
    ] {
        assert_eq!(chart.object(name).unwrap(), kubernetes(&format!("base/{name}")), "{name}");
    }
    for name in ["servicemonitor.yaml", "prometheusrule.yaml"] {
        let expected = kubernetes(&format!("monitoring/{name}"));
        assert_eq!(chart.object(name).unwrap()["spec"], expected["spec"], "{name}");
    }
    let mut deployment = chart.object("deployment.yaml").unwrap();
    let annotations = deployment["spec"]["template"]["metadata"]["annotations"].as_object_mut();
    assert!(annotations.unwrap().remove("palisade/settings").is_some());
    let mut expected = kubernetes("base/deployment.yaml");
    // Kustomize adds the tag.
    expected["spec"]["template"]["spec"]["containers"][0]["image"] = json!("palisade:0.1.0");
    assert_eq!(deployment, expected);
    let kustomization = kubernetes("base/kustomization.yaml");
    let literals = kustomization["configMapGenerator"][0]["literals"].as_array().unwrap().clone();
    let settings = chart.object("settings.yaml").unwrap()["data"].clone();
    let written = settings.as_object().unwrap().iter();
    let mut written: Vec<Value> =
        written.map(|(name, value)| json!(format!("{name}={}", value.as_str().unwrap()))).collect();
    let mut literals = literals;
    literals.sort_by_key(ToString::to_string);
    written.sort_by_key(ToString::to_string);
    assert_eq!(written, literals);
}

#[test]
fn every_template_renders_with_the_other_choices_too() {
    let chart = Renderer::new(|values| {
        values["git"]["enabled"] = json!(false);
        values["networkPolicy"]["enabled"] = json!(false);
        values["image"]["digest"] = json!(format!("sha256:{}", "0".repeat(64)));
    });
    for name in ["networkpolicy.yaml", "servicemonitor.yaml", "prometheusrule.yaml"] {
        assert_eq!(chart.object(name), None, "{name}");
    }
    let pod = chart.object("deployment.yaml").unwrap()["spec"]["template"]["spec"].clone();
    assert_eq!(pod["containers"].as_array().unwrap().len(), 1);
    assert_eq!(pod["containers"][0]["args"][2], "/git");
    assert_eq!(pod["volumes"][0]["configMap"]["name"], "palisade-desired-state");
    assert!(pod["containers"][0]["image"].as_str().unwrap().starts_with("palisade@sha256:"));
}

#[test]
fn the_collector_and_what_else_is_named_can_be_reached() {
    let ports = |chart: &Renderer| {
        let policy = chart.object("networkpolicy.yaml").unwrap();
        let rules = policy["spec"]["egress"].as_array().unwrap().clone();
        let ports = rules.iter().flat_map(|rule| rule["ports"].as_array().unwrap().clone());
        ports.map(|port| port["port"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ports(&Renderer::new(|_| ())), [53, 53, 443]);
    let chart = Renderer::new(|values| {
        values["settings"]["PALISADE_OTLP_ENDPOINT"] = json!("http://collector:4318");
        values["networkPolicy"]["egress"] = json!([{"ports": [{"protocol": "TCP", "port": 8443}]}]);
    });
    assert_eq!(ports(&chart), [53, 53, 443, 4318, 8443]);
}

#[test]
fn a_value_that_does_not_exist_is_refused() {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/helm/palisade");
    let schema = fs::read_to_string(chart.join("values.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    for wrong in [
        json!({"replica": 2}),
        json!({"settings": {"PALISADE_MAX_CHANGES": 100}}),
        json!({"settings": {"PALISADE_MAX_CHANGE": "100"}}),
        // A secret in a ConfigMap, and what the arguments overrule.
        json!({"settings": {"PALISADE_NOTIFY_WEBHOOK": "https://hooks.example.com/palisade"}}),
        json!({"settings": {"PALISADE_LEASE": "s3://acme-palisade/lease"}}),
        json!({"git": {"repo": "x"}}),
    ] {
        let mut values = json!({"image": {"repository": "p"}, "roleArn": "arn:aws:iam::111111111111:role/p", "settings": {}, "git": {}});
        values.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        assert!(!jsonschema::is_valid(&schema, &values), "{wrong}");
    }
}
