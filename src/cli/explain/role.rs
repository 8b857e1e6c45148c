//! The role of a session, whose ARN leaves out the role's path.

use std::collections::BTreeSet;
use std::mem::discriminant;

use serde_json::Value;

use crate::effective::{Bindings, Effective};
use crate::policy::{Request, StatementRef};

pub(super) const PRINCIPAL_ARN: &str = "aws:PrincipalArn";

/// The roles of IAM Identity Center: their path may have a Region behind it ("Referencing permission sets").
const IDENTITY_CENTER: &str = "AWSReservedSSO_";
const IDENTITY_CENTER_PATH: &str = "aws-reserved/sso.amazonaws.com/";

/// Nobody can make a role that is called so but AWS, which gives it a path that names the service.
const SERVICE_LINKED: &str = "AWSServiceRoleFor";

/// The ARN of a session's role, if the role is where roles usually are.
pub(super) fn role_of_session(principal: &str) -> Option<String> {
    let (start, role) = parts(principal)?;
    if role.starts_with(SERVICE_LINKED) {
        return None;
    }
    let path = if role.starts_with(IDENTITY_CENTER) { IDENTITY_CENTER_PATH } else { "" };
    Some(format!("{start}{path}{role}"))
}

/// Would the answer to `request` be another if the role of the session that is `principal` had another path?
///
/// Tried are a path that nobody thought of, and those that the policies name.
pub(super) fn is_path_decisive(
    principal: &str,
    request: &Request,
    bindings: &Bindings,
    effective: &Effective,
) -> bool {
    let Some((start, role)) = parts(principal) else { return false };
    let mut paths = BTreeSet::new();
    if role.starts_with(IDENTITY_CENTER) {
        paths.insert(format!("{IDENTITY_CENTER_PATH}eu-west-1/"));
    } else {
        paths.insert("some-path/".to_owned());
        let misses = bindings.hierarchy.misses(request);
        let statements = bindings.hierarchy.hits(request).into_iter().map(|hit| hit.statement);
        for statement in statements.chain(misses.into_iter().map(|(statement, _)| statement)) {
            paths.extend(paths_in(&statement, effective));
        }
    }
    let answer = discriminant(&bindings.decide(request));
    paths.iter().any(|path| {
        let other = request.clone().with(PRINCIPAL_ARN, [format!("{start}{path}{role}")]);
        discriminant(&bindings.decide(&other)) != answer
    })
}

/// What an ARN of the session's role begins with, and the role's name.
fn parts(principal: &str) -> Option<(String, &str)> {
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    let ["arn", partition, "sts", _, account, name] = parts[..] else { return None };
    let role = name.strip_prefix("assumed-role/")?.split('/').next()?;
    Some((format!("arn:{partition}:iam::{account}:role/"), role))
}

/// The paths of roles that a statement's conditions speak of; a wildcard in one stands for some name.
fn paths_in(statement: &StatementRef<'_>, effective: &Effective) -> Vec<String> {
    let text = effective.statement(statement).unwrap_or_default();
    let operators = text.get("Condition").and_then(Value::as_object);
    let keys = operators.into_iter().flatten().filter_map(|(_, keys)| keys.as_object()).flatten();
    let keys = keys.filter(|(key, _)| key.eq_ignore_ascii_case(PRINCIPAL_ARN));
    let values = keys
        .flat_map(|(_, values)| values.as_array().map_or(std::slice::from_ref(values), |all| all));
    let path = |value: &Value| {
        let (_, name) = value.as_str()?.split_once(":role/")?;
        let (path, _) = name.rsplit_once('/')?;
        Some(format!("{}/", path.replace(['*', '?'], "x")))
    };
    values.filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::role_of_session;

    #[test]
    fn a_session_is_of_a_role_where_roles_usually_are() {
        for (session, expected) in [
            ("arn:aws:sts::555555555555:assumed-role/dev/jo", Some("role/dev")),
            (
                "arn:aws:sts::555555555555:assumed-role/AWSReservedSSO_A_0/jo",
                Some("role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_0"),
            ),
            ("arn:aws:sts::555555555555:assumed-role/AWSServiceRoleForSupport/x", None),
            ("arn:aws:iam::555555555555:user/jo", None),
        ] {
            let role = role_of_session(session);
            let expected = expected.map(|name| format!("arn:aws:iam::555555555555:{name}"));
            assert_eq!(role, expected, "{session}");
        }
    }
}
