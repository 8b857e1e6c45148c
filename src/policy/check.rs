//! The grammar of policy documents: every problem of a document at once.
//!
//! What SCPs may hold is in "SCP syntax" (`orgs_manage_policies_scps_syntax`), what RCPs may hold in
//! "RCP syntax" (`orgs_manage_policies_rcps_syntax`), both of the AWS Organizations User Guide, as of
//! 2026-11. What goes beyond grammar, such as actions that do not exist, is not checked here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::policy::condition::value_problem;
use crate::policy::grammar::Grammar;
use crate::policy::operator::Operator;
use crate::policy::problem::{PolicyProblem, child};

/// The only version of the language that SCPs and RCPs may be written in.
pub(crate) const VERSION: &str = "2012-10-17";

/// Every way in which `document` breaks `grammar`, in the order of the document.
pub fn check(grammar: Grammar, document: &Value) -> Vec<PolicyProblem> {
    let mut check = Check { grammar, problems: Vec::new() };
    match grammar {
        Grammar::Scp | Grammar::Rcp => check.document(document),
        Grammar::Inheritance => check.management_policy(document),
    }
    check.problems
}

struct Check {
    grammar: Grammar,
    problems: Vec<PolicyProblem>,
}

impl Check {
    fn problem(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.push(PolicyProblem::at(pointer, message));
    }

    fn management_policy(&mut self, document: &Value) {
        match document.as_object() {
            Some(map) if !map.is_empty() => {}
            Some(_) => self.problem("", "the policy is empty, so it does nothing"),
            None => self.problem("", format!("expected a JSON object, found {}", kind(document))),
        }
    }

    fn document(&mut self, document: &Value) {
        let Value::Object(map) = document else {
            return self.problem("", format!("expected one JSON object, found {}", kind(document)));
        };
        self.known_keys("", map, &["Version", "Statement"]);
        match map.get("Version") {
            None => self.problem("", format!("`Version` is missing; write \"{VERSION}\"")),
            Some(Value::String(version)) if version == VERSION => {}
            Some(other) => {
                self.problem("/Version", format!("`Version` must be \"{VERSION}\", not {other}"));
            }
        }
        match map.get("Statement") {
            None => self.problem("", "`Statement` is missing"),
            Some(Value::Array(statements)) if statements.is_empty() => {
                self.problem("/Statement", "a policy needs at least one statement");
            }
            Some(Value::Array(statements)) => {
                for (index, statement) in statements.iter().enumerate() {
                    self.statement(&child("/Statement", index), statement);
                }
                self.unique_sids(statements);
            }
            Some(statement) => self.statement("/Statement", statement),
        }
    }

    fn known_keys(&mut self, pointer: &str, map: &Map<String, Value>, known: &[&str]) {
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            let nearest = known.iter().find(|name| name.eq_ignore_ascii_case(key));
            let hint = match nearest {
                Some(name) => format!("write `{name}`"),
                None => format!("allowed are {}", listed(known)),
            };
            self.problem(&child(pointer, key), format!("unknown key `{key}`; {hint}"));
        }
    }

    fn unique_sids(&mut self, statements: &[Value]) {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, statement) in statements.iter().enumerate() {
            let Some(sid) = statement.get("Sid").and_then(Value::as_str) else { continue };
            if sid.is_empty() {
                continue;
            }
            if let Some(earlier) = first.get(sid) {
                let message = format!(
                    "the Sid `{sid}` is taken by statement {}; Sids are unique",
                    earlier + 1
                );
                self.problem(&format!("/Statement/{index}/Sid"), message);
            } else {
                first.insert(sid, index);
            }
        }
    }

    fn statement(&mut self, pointer: &str, statement: &Value) {
        let Value::Object(map) = statement else {
            let message = format!("a statement must be an object, not {}", kind(statement));
            return self.problem(pointer, message);
        };
        self.statement_keys(pointer, map);
        self.sid(pointer, map);
        self.effect(pointer, map);
        self.principal(pointer, map);
        if self.grammar == Grammar::Rcp {
            self.required(pointer, map, "Action");
        } else {
            self.exactly_one_of(pointer, map, "Action", "NotAction");
        }
        self.exactly_one_of(pointer, map, "Resource", "NotResource");
        for key in ["Action", "NotAction"] {
            self.each_string(pointer, map, key, Self::action);
        }
        for key in ["Resource", "NotResource"] {
            self.each_string(pointer, map, key, Self::resource);
        }
        if let Some(condition) = map.get("Condition") {
            self.condition(&child(pointer, "Condition"), condition);
        }
    }

    fn statement_keys(&mut self, pointer: &str, map: &Map<String, Value>) {
        let (known, forbidden): (&[&str], &[(&str, &str)]) = match self.grammar {
            Grammar::Rcp => (
                &["Sid", "Effect", "Principal", "Action", "Resource", "NotResource", "Condition"],
                &[
                    ("NotAction", "an RCP cannot have `NotAction`; list the actions in `Action`"),
                    (
                        "NotPrincipal",
                        "an RCP cannot have `NotPrincipal`; `Principal` must be \"*\"",
                    ),
                ],
            ),
            Grammar::Scp | Grammar::Inheritance => (
                &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"],
                &[("Principal", PRINCIPAL_IN_SCP), ("NotPrincipal", PRINCIPAL_IN_SCP)],
            ),
        };
        for (key, message) in forbidden.iter().filter(|(key, _)| map.contains_key(*key)) {
            self.problem(&child(pointer, key), *message);
        }
        let mut rest = map.clone();
        rest.retain(|key, _| !forbidden.iter().any(|(name, _)| name == key));
        self.known_keys(pointer, &rest, known);
    }

    fn sid(&mut self, pointer: &str, map: &Map<String, Value>) {
        match map.get("Sid") {
            None => {}
            Some(Value::String(sid)) if sid.chars().all(|c| c.is_ascii_alphanumeric()) => {}
            Some(other) => {
                let message = format!("a Sid holds only letters A-Z, a-z and digits, not {other}");
                self.problem(&child(pointer, "Sid"), message);
            }
        }
    }

    fn effect(&mut self, pointer: &str, map: &Map<String, Value>) {
        let (allowed, expected): (&[&str], _) = match self.grammar {
            Grammar::Rcp => (&["Deny"], "\"Deny\"; an RCP only denies"),
            Grammar::Scp | Grammar::Inheritance => (&["Allow", "Deny"], "\"Allow\" or \"Deny\""),
        };
        match map.get("Effect") {
            None => self.problem(pointer, format!("`Effect` is missing; write {expected}")),
            Some(Value::String(effect)) if allowed.contains(&effect.as_str()) => {}
            Some(other) => {
                let message = format!("`Effect` is {other}; it must be {expected}");
                self.problem(&child(pointer, "Effect"), message);
            }
        }
    }

    fn principal(&mut self, pointer: &str, map: &Map<String, Value>) {
        if self.grammar != Grammar::Rcp {
            return;
        }
        match map.get("Principal") {
            None => self.problem(pointer, "`Principal` is missing; an RCP needs \"*\""),
            Some(Value::String(principal)) if principal == "*" => {}
            Some(other) => {
                let message = format!(
                    "`Principal` of an RCP must be exactly \"*\", not {other}; \
                     narrow it with a condition on `aws:PrincipalArn`"
                );
                self.problem(&child(pointer, "Principal"), message);
            }
        }
    }

    fn required(&mut self, pointer: &str, map: &Map<String, Value>, key: &str) {
        if !map.contains_key(key) {
            self.problem(pointer, format!("`{key}` is missing"));
        }
    }

    fn exactly_one_of(&mut self, pointer: &str, map: &Map<String, Value>, one: &str, other: &str) {
        match (map.contains_key(one), map.contains_key(other)) {
            (true, true) => self.problem(
                &child(pointer, other),
                format!("`{one}` and `{other}` exclude each other; keep one"),
            ),
            (false, false) => {
                self.problem(pointer, format!("`{one}` or `{other}` is missing"));
            }
            (true, false) | (false, true) => {}
        }
    }

    fn each_string(
        &mut self,
        pointer: &str,
        map: &Map<String, Value>,
        key: &str,
        check: fn(&mut Self, &str, &str),
    ) {
        let pointer = child(pointer, key);
        match map.get(key) {
            None => {}
            Some(Value::String(text)) => check(self, &pointer, text),
            Some(Value::Array(items)) if items.is_empty() => {
                self.problem(&pointer, format!("`{key}` is empty, so the statement does nothing"));
            }
            Some(Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let pointer = child(&pointer, index);
                    match item.as_str() {
                        Some(text) => check(self, &pointer, text),
                        None => self.not_a_string(&pointer, key, item),
                    }
                }
            }
            Some(other) => self.not_a_string(&pointer, key, other),
        }
    }

    fn not_a_string(&mut self, pointer: &str, key: &str, found: &Value) {
        let message = format!("`{key}` is a string or a list of strings, not {}", kind(found));
        self.problem(pointer, message);
    }

    fn action(&mut self, pointer: &str, action: &str) {
        if action == "*" {
            if self.grammar == Grammar::Rcp {
                let message =
                    "an RCP cannot have the action `*`; write `service:*` for each service";
                self.problem(pointer, message);
            }
            return;
        }
        let Some((service, name)) = action.split_once(':') else {
            let message =
                format!("the action `{action}` has no service; write `service:name` or `*`");
            return self.problem(pointer, message);
        };
        if service.contains(['*', '?']) {
            let message = format!(
                "the service in `{action}` has a wildcard; wildcards are allowed after the colon only"
            );
            self.problem(pointer, message);
        } else if service.is_empty()
            || !service.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            let message = format!(
                "the service in `{action}` is not a service prefix: letters, digits and `-`"
            );
            self.problem(pointer, message);
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || "*?-_.".contains(c);
        if name.is_empty() || !name.chars().all(fits) {
            let message = format!(
                "the name in the action `{action}` may hold letters, digits, `-`, `_`, `.`, `*` and `?`"
            );
            self.problem(pointer, message);
        }
    }

    fn resource(&mut self, pointer: &str, resource: &str) {
        // `arn:aws:ec2:*` is short of parts and yet taken by IAM: the last `*` stands for the rest.
        let is_whole = resource.ends_with('*') || resource.matches(':').count() >= 5;
        let is_arn = resource.starts_with("arn:") && is_whole;
        if resource != "*" && !is_arn {
            let message = format!(
                "the resource `{resource}` must be `*` or an ARN: \
                 `arn:partition:service:region:account:name`"
            );
            self.problem(pointer, message);
        }
    }

    fn condition(&mut self, pointer: &str, condition: &Value) {
        let Value::Object(operators) = condition else {
            let message = format!("`Condition` must be an object, not {}", kind(condition));
            return self.problem(pointer, message);
        };
        for (name, keys) in operators {
            let pointer = child(pointer, name);
            let operator = Operator::parse(name);
            if operator.is_none() {
                let nearest = Operator::nearest(name);
                let message = format!(
                    "unknown condition operator `{name}`; the nearest is `{nearest}`, \
                     with `ForAnyValue:` or `ForAllValues:` before and `IfExists` after it where needed"
                );
                self.problem(&pointer, message);
            }
            if let Some(keys) = keys.as_object() {
                self.condition_keys(&pointer, operator, keys);
            } else {
                let found = kind(keys);
                let message = format!("`{name}` must be an object of condition keys, not {found}");
                self.problem(&pointer, message);
            }
        }
    }

    fn condition_keys(
        &mut self,
        pointer: &str,
        operator: Option<Operator>,
        keys: &Map<String, Value>,
    ) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (key, values) in keys {
            let pointer = child(pointer, key);
            if let Some(earlier) = seen.insert(key.to_ascii_lowercase(), key) {
                let message = format!(
                    "`{key}` and `{earlier}` are the same condition key; join their values"
                );
                self.problem(&pointer, message);
            }
            // A bare word is no key: keys are `service:name`, or `host:claim` of a provider.
            if !key.contains(':') {
                let message = format!("`{key}` is not a condition key; keys read `service:name`");
                self.problem(&pointer, message);
            }
            self.condition_values(&pointer, operator, values);
        }
    }

    fn condition_values(&mut self, pointer: &str, operator: Option<Operator>, values: &Value) {
        let Some(items) = values.as_array() else {
            return self.condition_value(pointer, operator, values);
        };
        if items.is_empty() {
            self.problem(pointer, "a condition key needs at least one value");
        }
        for (index, item) in items.iter().enumerate() {
            self.condition_value(&child(pointer, index), operator, item);
        }
    }

    fn condition_value(&mut self, pointer: &str, operator: Option<Operator>, value: &Value) {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                let found = kind(value);
                let message = format!(
                    "a condition value is a string, a number or true or false, not {found}"
                );
                return self.problem(pointer, message);
            }
        };
        if let Some(message) =
            operator.and_then(|operator| value_problem(operator.comparison, &text))
        {
            self.problem(pointer, message);
        }
    }
}

const PRINCIPAL_IN_SCP: &str = "an SCP cannot name principals: it binds everyone in the accounts \
                                it is attached to; narrow it with a condition on `aws:PrincipalArn`";

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
