//! Short ways to ask for a verdict.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::policy::{AttachedPolicy, Document, Hierarchy, Level, Request, Truth, Verdict};

/// A policy that is called `policy`.
pub(super) fn policy(document: &Value) -> AttachedPolicy {
    let document = Document::read(document).unwrap_or_else(|problems| panic!("{problems:?}"));
    AttachedPolicy { name: "policy".to_owned(), document: Arc::new(document) }
}

/// `FullAWSAccess`, which AWS attaches to everything.
pub(super) fn full_access() -> AttachedPolicy {
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    policy(&json!({"Version": "2012-10-17", "Statement": [everything]}))
}

/// One level that allows everything and has `documents` as SCPs.
pub(super) fn under(documents: &[&Value]) -> Hierarchy {
    let mut policies = vec![full_access()];
    policies.extend(documents.iter().map(|document| policy(document)));
    Hierarchy {
        service_control: vec![Level { name: "root".to_owned(), policies }],
        ..Hierarchy::default()
    }
}

/// A document of one Deny with `edits`; by default it denies everything.
pub(super) fn deny(edits: &Value) -> Value {
    let mut statement = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
    for (key, value) in edits.as_object().unwrap() {
        if let Some(opposite @ ("Action" | "Resource")) = key.strip_prefix("Not") {
            statement.as_object_mut().unwrap().remove(opposite);
        }
        statement[key] = value.clone();
    }
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

/// A request of the role `dev` that names no resource and no key.
pub(super) fn request(action: &str) -> Request {
    Request::new("arn:aws:iam::555555555555:role/dev", action).unwrap()
}

/// Does the Deny apply?
pub(super) fn applies(document: &Value, request: &Request) -> Truth {
    match under(&[document]).decide(request) {
        Verdict::Denied(_) => Truth::True,
        Verdict::Allowed => Truth::False,
        Verdict::Unknown(_) => Truth::Unknown,
    }
}

/// Does `{operator: {"x:key": wanted}}` hold for a request whose `x:key` has the values `found`?
pub(super) fn holds(operator: &str, wanted: &Value, found: &[&str]) -> Truth {
    let document = deny(&json!({"Condition": {operator: {"x:key": wanted}}}));
    applies(&document, &request("s3:GetObject").with("X:KEY", found.iter().copied()))
}
