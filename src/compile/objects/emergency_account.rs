//! `BreakGlassRole`: what is in the emergency account beside the role that leads on, and what else may be there.
//!
//! Operators are IAM users that may assume the declared roles and do nothing else. palisade gives them nothing to
//! sign in with: a password that it had made would have to be told to somebody, and whoever can read that can
//! get in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::compile::objects::break_glass::{document, federation_trust};
use crate::compile::objects::{ClosedPlace, ObjectRule, PARTITION, Spread};
use crate::desired::{DesiredBreakGlass, EmergencySaml, GovernanceRoles, Operator};
use crate::org::{
    Mark, ObjectKind, ObjectQuery, ObjectState, PasswordPolicyState, RoleState,
    RootCredentialsState, SamlProviderState, SignIn, UserState,
};

/// The inline policy of operators, and of the role of the identity provider.
const ASSUME: &str = "break-glass-roles";

/// The only password policy of an account has no name in AWS.
const PASSWORD_POLICY: &str = "account";

/// Sessions of the role of the identity provider: what is reached from it gets one hour anyway.
const FEDERATED_SESSION_SECONDS: u32 = 3_600;

/// Roles that AWS makes for its services.
const SERVICE_LINKED: &str = "AWSServiceRoleFor*";

/// SAML providers of IAM Identity Center: the roles that use them are reported.
const IDENTITY_CENTER: &str = "AWSSSO_*_DO_NOT_DELETE";

/// Stricter than CIS AWS Foundations 1.8 and 1.9 ask. Passwords do not expire: one that nobody has used for
/// months must still work.
const PASSWORDS: PasswordPolicyState = PasswordPolicyState {
    length_min: 20,
    needs_symbol: true,
    needs_number: true,
    needs_uppercase: true,
    needs_lowercase: true,
    users_may_change: true,
    age_days_max: None,
    reuse_prevented: 24,
    locks_out_expired: false,
};

/// The objects that a document wants in its emergency account, roles that lead on left out.
pub(super) fn rules(desired: &DesiredBreakGlass, mark: &Mark) -> Vec<ObjectRule> {
    let rule = |kind: ObjectKind, name: &str, state: ObjectState| ObjectRule {
        document: desired.header.document.clone(),
        mark: mark.clone(),
        spread: Spread::Account(desired.emergency_account.clone()),
        region: None,
        kind,
        name: name.to_owned(),
        state,
    };
    let users = desired.operators.iter().map(|Operator { user: name, .. }| {
        rule(ObjectKind::User, name, ObjectState::User(user(desired, mark)))
    });
    let passwords = ObjectState::PasswordPolicy(PASSWORDS);
    let passwords = rule(ObjectKind::PasswordPolicy, PASSWORD_POLICY, passwords);
    let saml = desired.saml.iter().flat_map(|saml| {
        let provider = SamlProviderState {
            metadata: saml.metadata.clone(),
            valid_until: None,
            tags: mark.tags(),
        };
        let provider = ObjectState::SamlProvider(provider);
        let federated = ObjectState::Role(federated_role(desired, saml, mark));
        [
            rule(ObjectKind::SamlProvider, &saml.provider, provider),
            rule(ObjectKind::Role, &saml.role, federated),
        ]
    });
    users.chain([passwords]).chain(saml).collect()
}

/// The root user of the emergency account: with a key of it somebody gets in without MFA, and past every policy of an
/// account. A password, in a vault, is the last resort (SEC03-BP03).
pub(super) fn root(desired: &DesiredBreakGlass, owner: &str) -> ObjectRule {
    let allowed = RootCredentialsState { password: true, ..RootCredentialsState::default() };
    let document = desired.header.document.clone();
    ObjectRule {
        mark: Mark { owner: owner.to_owned(), document: document.clone(), prune: false },
        document,
        spread: Spread::Account(desired.emergency_account.clone()),
        region: None,
        kind: ObjectKind::RootCredentials,
        name: "root".to_owned(),
        state: ObjectState::RootCredentials(allowed),
    }
}

fn user(desired: &DesiredBreakGlass, mark: &Mark) -> UserState {
    let account = &desired.emergency_account;
    let door = format!("arn:{PARTITION}:iam::{account}:role/{}", desired.emergency_role);
    UserState {
        path: "/".to_owned(),
        inline: BTreeMap::from([(ASSUME.to_owned(), may_assume(desired, Some(door)))]),
        attached: BTreeSet::new(),
        groups: BTreeSet::new(),
        boundary: None,
        keys: BTreeMap::new(),
        credentials: BTreeMap::new(),
        tags: mark.tags(),
        sign_in: SignIn::default(),
    }
}

fn federated_role(desired: &DesiredBreakGlass, saml: &EmergencySaml, mark: &Mark) -> RoleState {
    // Without roles there is nothing to assume, and an empty list is no policy.
    let inline =
        (!desired.roles.is_empty()).then(|| (ASSUME.to_owned(), may_assume(desired, None)));
    RoleState {
        path: "/".to_owned(),
        description: mark
            .describe("Leads people of the identity provider to the break-glass roles."),
        max_session_seconds: FEDERATED_SESSION_SECONDS,
        trust: federation_trust(&desired.emergency_account, &saml.provider),
        inline: inline.into_iter().collect(),
        attached: BTreeSet::new(),
        boundary: None,
        tags: mark.tags(),
    }
}

fn may_assume(desired: &DesiredBreakGlass, door: Option<String>) -> String {
    let roles = desired.roles.iter();
    let roles = roles.map(|role| format!("arn:{PARTITION}:iam::*:role/{}", role.name));
    let resources: BTreeSet<String> = roles.chain(door).collect();
    document(&[json!({
        "Sid": "BreakGlassRoles",
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": resources,
    })])
}

/// What may be in the emergency account beside what documents want there.
pub(super) fn closed(desired: &DesiredBreakGlass, roles: &GovernanceRoles) -> Vec<ClosedPlace> {
    let place = |kind: ObjectKind, allowed: BTreeSet<String>| ClosedPlace {
        document: desired.header.document.clone(),
        query: ObjectQuery { account: desired.emergency_account.clone(), region: None, kind },
        allowed,
    };
    let GovernanceRoles { palisade, stack_sets, control_tower, break_glass: _ } = roles;
    let governance = [palisade, stack_sets, control_tower].into_iter().flatten().cloned();
    let others = &desired.others;
    let known_roles = governance.chain([SERVICE_LINKED.to_owned()]).chain(others.roles.clone());
    let known_providers =
        others.identity_providers.iter().cloned().chain([IDENTITY_CENTER.to_owned()]);
    vec![
        place(ObjectKind::User, others.users.clone()),
        place(ObjectKind::Role, known_roles.collect()),
        place(ObjectKind::SamlProvider, known_providers.collect()),
        place(ObjectKind::OidcProvider, others.identity_providers.clone()),
    ]
}
