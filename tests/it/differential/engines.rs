//! The two engines, asked the same.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use palisade::policy::{AttachedPolicy, Document, Grammar, Hierarchy, Level, Request, Verdict};
use serde_json::{Map, Value, json};

use crate::differential::edges::{Case, items};

const ACCOUNT: &str = "555555555555";
const PRINCIPAL: &str = "arn:aws:iam::555555555555:role/dev";

/// A policy to compare on.
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) grammar: Grammar,
    pub(super) document: Value,
}

/// What an engine makes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Allowed,
    Denied,
    /// Ours: it depends on what AWS does not document.
    Unknown,
    /// Theirs: something beside the policy would have to grant it.
    Ungranted,
}

impl Subject {
    pub(super) fn ours(&self, cases: &[Case]) -> Vec<Outcome> {
        let attached = |name: &str, document: &Value| AttachedPolicy {
            name: name.to_owned(),
            document: Arc::new(Document::read(document).unwrap()),
        };
        let everything = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
        let root = |policies| vec![Level { name: "root".to_owned(), policies }];
        let policy = attached("policy", &self.document);
        let mut hierarchy = Hierarchy {
            service_control: root(vec![attached("full", &everything)]),
            ..Hierarchy::default()
        };
        if self.grammar == Grammar::Rcp {
            hierarchy.resource_control = root(vec![policy]);
        } else {
            // As the driver does it: one that allows something is the only one.
            if items(&self.document["Statement"]).iter().any(|one| one["Effect"] == "Allow") {
                hierarchy.service_control[0].policies.clear();
            }
            hierarchy.service_control[0].policies.push(policy);
        }
        let outcome = |case: &Case| match hierarchy.decide(&request(case)) {
            Verdict::Allowed => Outcome::Allowed,
            Verdict::Denied(_) => Outcome::Denied,
            Verdict::Unknown(_) => Outcome::Unknown,
        };
        cases.iter().map(outcome).collect()
    }
}

fn request(case: &Case) -> Request {
    let request = Request::new(PRINCIPAL, &case.action).unwrap().in_account(ACCOUNT);
    let request = request.on(&case.resource);
    case.facts.iter().fold(request, |request, (key, values)| request.with(key, values.clone()))
}

/// The other engine, running.
pub(super) struct Other {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Other {
    pub(super) fn start(directory: &Path) -> Self {
        let mut node = Command::new("node");
        node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/driver.mjs"));
        let child = node.arg(directory).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("`node` is on the PATH");
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    pub(super) fn ask(
        &mut self,
        grammar: Grammar,
        document: &Value,
        cases: &[Case],
    ) -> Vec<Outcome> {
        let kind = if grammar == Grammar::Rcp { "rcp" } else { "scp" };
        let requests: Vec<Value> = cases.iter().map(on_the_wire).collect();
        let question = json!({"kind": kind, "document": document, "requests": requests});
        writeln!(self.input, "{question}").unwrap();
        self.input.flush().unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        let answers: Vec<String> = serde_json::from_str(&answer).expect("the driver answers");
        assert_eq!(answers.len(), cases.len());
        let outcome = |answer: &String| match answer.as_str() {
            "allowed" => Outcome::Allowed,
            "denied" => Outcome::Denied,
            "ungranted" => Outcome::Ungranted,
            other => panic!("{other}"),
        };
        answers.iter().map(outcome).collect()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It waits for more until its input ends.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Outcome {
    /// Does it contradict the other?
    pub(super) fn contradicts(self, other: Self) -> bool {
        matches!((self, other), (Self::Allowed, Self::Denied) | (Self::Denied, Self::Allowed))
    }
}

/// What a request says in both engines; keys that ours derives from the principal are written out.
fn on_the_wire(case: &Case) -> Value {
    let mut context: Map<String, Value> = Map::new();
    let derived = [
        ("aws:principalarn", PRINCIPAL),
        ("aws:principalaccount", ACCOUNT),
        ("aws:principalisawsservice", "false"),
        ("aws:resourceaccount", ACCOUNT),
    ];
    context.extend(derived.map(|(key, value)| (key.to_owned(), value.into())));
    for (key, values) in &case.facts {
        match values.as_slice() {
            [] => drop(context.remove(key)),
            [one] => drop(context.insert(key.clone(), one.as_str().into())),
            several => drop(context.insert(key.clone(), json!(several))),
        }
    }
    json!({"principal": PRINCIPAL, "action": case.action, "resource": case.resource, "account": ACCOUNT, "context": context})
}
