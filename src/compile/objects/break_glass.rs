//! `BreakGlassRole`: the roles of every playbook in every account, and the one in the emergency account that
//! leads to them.
//!
//! A role is trusted in two ways. The console switches roles with the credentials of whoever is signed in, so
//! the operators themselves are trusted, with MFA. A command line goes through the emergency role, and a
//! session reached through a role carries no MFA, so that role is trusted without, and demands MFA itself.
//! Operators and role are named by condition and not as principals: AWS refuses a principal that does not
//! exist yet, and turns one that was deleted into an id that nobody gets back.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::compile::objects::{
    ObjectRule, PARTITION, SIGN_IN, Spread, break_glass_alerts, emergency_account,
};
use crate::desired::{DesiredBreakGlass, EmergencyRole};
use crate::org::{AccountId, Mark, ObjectKind, ObjectState, RoleState};
use crate::policy;

/// The inline policy of a role, where its document has one.
const PLAYBOOK: &str = "playbook";

/// The inline policy of the emergency role.
const ROLES: &str = "break-glass-roles";

/// Sessions of the emergency role: from it one hour is all there is anyway.
const EMERGENCY_SESSION_SECONDS: u32 = 3_600;

/// The objects that a document wants.
pub(in crate::compile) fn rules(desired: &DesiredBreakGlass, owner: &str) -> Vec<ObjectRule> {
    let mark = Mark {
        owner: owner.to_owned(),
        document: desired.header.document.clone(),
        prune: desired.header.prune,
    };
    let rule = |spread: Spread, name: &str, role: RoleState| ObjectRule {
        document: desired.header.document.clone(),
        mark: mark.clone(),
        spread,
        region: None,
        kind: ObjectKind::Role,
        name: name.to_owned(),
        state: ObjectState::Role(role),
    };
    let below = |role: &EmergencyRole| Spread::Below {
        targets: desired.targets_of(role).clone(),
        except: BTreeSet::from([desired.emergency_account.clone()]),
    };
    let emergency = rule(
        Spread::Account(desired.emergency_account.clone()),
        &desired.emergency_role,
        emergency_role(desired, &mark),
    );
    let roles = desired.roles.iter();
    let roles =
        roles.map(|role| rule(below(role), &role.name, playbook_role(desired, role, &mark)));
    let roles = std::iter::once(emergency).chain(roles);
    let account = emergency_account::rules(desired, &mark);
    roles.chain(account).chain(break_glass_alerts::rules(desired, &mark)).collect()
}

fn playbook_role(desired: &DesiredBreakGlass, role: &EmergencyRole, mark: &Mark) -> RoleState {
    let account = &desired.emergency_account;
    let entrances: BTreeSet<String> = std::iter::once(&desired.emergency_role)
        .chain(desired.saml.as_ref().map(|saml| &saml.role))
        .map(|role| arn(account, "role", role))
        .collect();
    let through_role = json!({
        "Sid": "EmergencyRole",
        "Effect": "Allow",
        "Principal": {"AWS": root(&desired.emergency_account)},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnEquals": {"aws:PrincipalArn": one_or_many(&entrances)}},
    });
    let statements = [operators(desired, role.mfa_age_seconds_max), through_role];
    let attached = role.managed_policies.iter().map(|policy| {
        if policy.starts_with("arn:") {
            policy.clone()
        } else {
            format!("arn:{PARTITION}:iam::aws:policy/{policy}")
        }
    });
    RoleState {
        path: "/".to_owned(),
        description: mark.describe(&role.description),
        max_session_seconds: role.max_session_seconds,
        trust: document(&statements),
        inline: role
            .policy
            .iter()
            .map(|policy| (PLAYBOOK.to_owned(), policy::minify(policy)))
            .collect(),
        attached: attached.collect(),
        boundary: None,
        tags: mark.tags(),
    }
}

fn emergency_role(desired: &DesiredBreakGlass, mark: &Mark) -> RoleState {
    let ages = desired.roles.iter().map(|role| role.mfa_age_seconds_max);
    let resources: BTreeSet<String> = desired
        .roles
        .iter()
        .map(|role| format!("arn:{PARTITION}:iam::*:role/{}", role.name))
        .collect();
    let assume = json!({
        "Sid": "BreakGlassRoles",
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": resources,
    });
    // Without roles there is nothing to assume, and an empty list is no policy.
    let inline = (!resources.is_empty()).then(|| (ROLES.to_owned(), document(&[assume])));
    RoleState {
        path: "/".to_owned(),
        description: mark.describe("Leads operators to the break-glass roles."),
        max_session_seconds: EMERGENCY_SESSION_SECONDS,
        trust: document(&[operators(desired, ages.min().unwrap_or(EMERGENCY_SESSION_SECONDS))]),
        inline: inline.into_iter().collect(),
        attached: BTreeSet::new(),
        boundary: None,
        tags: mark.tags(),
    }
}

/// Operators, who must have shown an MFA code not long ago.
fn operators(desired: &DesiredBreakGlass, mfa_age_seconds_max: u32) -> Value {
    let account = &desired.emergency_account;
    let users: BTreeSet<String> =
        desired.operators.iter().map(|operator| arn(account, "user", &operator.user)).collect();
    json!({
        "Sid": "Operators",
        "Effect": "Allow",
        "Principal": {"AWS": root(account)},
        "Action": "sts:AssumeRole",
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": users},
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "NumericLessThanEquals": {"aws:MultiFactorAuthAge": mfa_age_seconds_max.to_string()},
        },
    })
}

/// Who comes from the identity provider. A session of theirs carries no MFA: asking for it is the identity
/// provider's duty, and that the assertion is meant for AWS is what can be asked here.
pub(super) fn federation_trust(account: &AccountId, provider: &str) -> String {
    document(&[json!({
        "Sid": "IdentityProvider",
        "Effect": "Allow",
        "Principal": {"Federated": arn(account, "saml-provider", provider)},
        "Action": "sts:AssumeRoleWithSAML",
        "Condition": {"StringEquals": {"SAML:aud": format!("https://{SIGN_IN}/saml")}},
    })])
}

fn one_or_many(texts: &BTreeSet<String>) -> Value {
    match texts.first() {
        Some(only) if texts.len() == 1 => json!(only),
        Some(_) | None => json!(texts),
    }
}

pub(super) fn document(statements: &[Value]) -> String {
    policy::minify(&json!({"Version": "2012-10-17", "Statement": statements}))
}

fn root(account: &AccountId) -> String {
    format!("arn:{PARTITION}:iam::{account}:root")
}

fn arn(account: &AccountId, kind: &str, name: &str) -> String {
    format!("arn:{PARTITION}:iam::{account}:{kind}/{name}")
}
