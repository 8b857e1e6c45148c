//! Denies that hit those who keep the organization.
//!
//! Asks the engine about a few calls that are always made. What hangs on facts that differ from
//! account to account is not reported: proving that nobody is locked out takes the whole
//! organization, and is not done here.

use std::sync::Arc;

use serde_json::json;

use crate::lint::statement::Statement;
use crate::lint::{LintCode, Lints};
use crate::policy::{
    AttachedPolicy, Document, Grammar, Hierarchy, Level, Request, Truth, with_exceptions,
};

/// Who keeps an organization from inside its accounts: the role, who that is, and calls that it makes.
const KEEPERS: &[(&str, &str, &[&str])] = &[
    (
        "stacksets-exec-0123456789abcdef0123456789abcdef",
        "StackSets (`role/stacksets-exec-*`)",
        &["iam:CreateRole", "iam:PutRolePolicy", "cloudformation:CreateStack"],
    ),
    (
        "OrganizationAccountAccessRole",
        "the management account (`role/OrganizationAccountAccessRole`)",
        &["iam:GetRole", "cloudformation:DescribeStacks"],
    ),
    (
        "palisade",
        "palisade in an account that administers policies (`role/palisade*`)",
        &["organizations:ListPolicies", "organizations:UpdatePolicy"],
    ),
];

pub(crate) fn check(
    grammar: Grammar,
    statement: &Statement<'_>,
    exceptions: &[String],
    lints: &mut Lints,
) {
    if !statement.is_deny || grammar != Grammar::Scp {
        return;
    }
    let document = json!({"Version": "2012-10-17", "Statement": [statement.value]});
    let Ok(document) = Document::read(&with_exceptions(&document, exceptions)) else { return };
    let policy = AttachedPolicy { name: String::new(), document: Arc::new(document) };
    let level = Level { name: String::new(), policies: vec![policy] };
    let hierarchy = Hierarchy { service_control: vec![level], ..Hierarchy::default() };
    let denied: Vec<String> = KEEPERS
        .iter()
        .filter_map(|(role, who, calls)| {
            let call = calls.iter().find(|call| applies(&hierarchy, role, call))?;
            Some(format!("`{call}` to {who}"))
        })
        .collect();
    if !denied.is_empty() {
        let message = format!("this denies {}", denied.join(", "));
        let help = "name these roles in `spec.except.principals`";
        lints.add(LintCode::DeniesManagement, &statement.pointer, message, help);
    }
}

/// Does a Deny apply to the call whatever the account, the resource and the Region?
fn applies(hierarchy: &Hierarchy, role: &str, call: &str) -> bool {
    let arn = format!("arn:aws:iam::000000000000:role/{role}");
    let Ok(request) = Request::new(&arn, call) else { return false };
    let request = request
        .with("aws:SecureTransport", ["true"])
        .with("aws:MultiFactorAuthPresent", ["false"])
        .with("aws:PrincipalType", ["AssumedRole"])
        .without("aws:AssumedRoot");
    // IAM and Organizations are called in the one Region that they have.
    let request = if call.starts_with("cloudformation:") {
        request
    } else {
        request.with("aws:RequestedRegion", ["us-east-1"])
    };
    hierarchy.hits(&request).iter().any(|hit| hit.is_deny && hit.truth == Truth::True)
}
