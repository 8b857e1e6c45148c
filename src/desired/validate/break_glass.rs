//! `BreakGlassRole` documents: names resolved, and what cannot work refused with the reason.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::desired::break_glass::{DesiredBreakGlass, EmergencyRole, Operator};
use crate::desired::load::{Document, deserialize};
use crate::desired::model::DesiredOrg;
use crate::desired::problem::{Finding, ProblemCode, shown};
use crate::desired::raw::{RawBreakGlassRole, RawDocument, RawEmergencyRole, TimeText};
use crate::desired::validate::header::{self, Enforcement};
use crate::desired::validate::{Context, policy};
use crate::policy::{self as language, Grammar};

/// The role of the emergency account where the document names none.
const EMERGENCY_ROLE: &str = "BREAK-GLASS-EMERGENCY";

/// The session where the document says nothing: what a chained role gets at most ("Methods to assume a
/// role", IAM User Guide).
const SESSION_SECONDS: u32 = 3_600;

/// What IAM takes for a session (`CreateRole`, API reference).
const SESSION_SECONDS_MAX: u32 = 43_200;

/// The age of an MFA code where the document says nothing: long enough to switch roles a few times.
const MFA_AGE_SECONDS: u32 = 900;

/// Characters of all inline policies of a role together ("IAM and AWS STS quotas").
const INLINE_CHARACTERS_MAX: usize = 10_240;

/// Managed policies on a role ("IAM and AWS STS quotas": 10, and 20 on request).
const MANAGED_MAX: usize = 20;

const NO_PRINCIPALS: &str =
    "a role's policy names no principals: it is about whoever has assumed the role";

/// Reads a document.
pub(crate) fn read(document: &Document, org: Option<&mut DesiredOrg>, context: &mut Context<'_>) {
    let raw: Option<RawDocument<RawBreakGlassRole>> =
        deserialize(document, context.text(document), context.report);
    let Some(RawDocument { metadata, spec, .. }) = raw else { return };
    let enforcement = Enforcement { mode: spec.mode, suspend: spec.suspend, prune: spec.prune };
    let header = header::read(document, metadata, enforcement, context);
    let targets = policy::read_targets(document, &spec.targets, context);
    let emergency_account = match context.names.account(&spec.emergency_account) {
        Ok(account) => account,
        Err(finding) => {
            context.problem(document, "/spec/emergencyAccount", finding);
            None
        }
    };
    if emergency_account.as_ref().is_some_and(|account| context.names.is_management(account)) {
        let finding = Finding::new(ProblemCode::InvalidValue, "the management account is no emergency account")
            .help("use a member account that is used for nothing else: nobody should have to sign in to the management account");
        context.problem(document, "/spec/emergencyAccount", finding);
    }
    let operators: Vec<Operator> = spec
        .operators
        .into_iter()
        .map(|operator| Operator { user: operator.user.0, owner: operator.owner })
        .collect();
    check_operators(document, &operators, context);
    let emergency_role = spec.emergency_role.map_or(EMERGENCY_ROLE.to_owned(), |name| name.0);
    let roles: Vec<EmergencyRole> = spec
        .roles
        .into_iter()
        .enumerate()
        .map(|(index, role)| read_role(document, index, role, context))
        .collect();
    let (Some(emergency_account), Some(org)) = (emergency_account, org) else { return };
    let targets = targets.into_iter().flatten().collect();
    let desired =
        DesiredBreakGlass { header, emergency_account, targets, operators, emergency_role, roles };
    check_names(document, &desired, org, context);
    org.break_glass.push(desired);
}

fn check_operators(document: &Document, operators: &[Operator], context: &mut Context<'_>) {
    if operators.is_empty() {
        let finding = Finding::new(ProblemCode::WrongCount, "nobody may use the roles").help(
            "name at least one operator, better two: one may be the reason for the emergency",
        );
        context.problem(document, "/spec/operators", finding);
    }
    let mut seen = BTreeSet::new();
    for (index, operator) in operators.iter().enumerate() {
        if !seen.insert(&operator.user) {
            let message = format!("{} is there twice", shown(&operator.user));
            let finding = Finding::new(ProblemCode::DuplicateName, message);
            context.problem(document, &format!("/spec/operators/{index}/user"), finding);
        }
    }
}

fn read_role(
    document: &Document,
    index: usize,
    raw: RawEmergencyRole,
    context: &mut Context<'_>,
) -> EmergencyRole {
    let at = |field: &str| format!("/spec/roles/{index}/{field}");
    let policy = raw.policy.map(Value::Object);
    if raw.managed_policies.is_empty() && policy.is_none() {
        let message = format!("the role {} may do nothing", shown(&raw.name.0));
        let finding = Finding::new(ProblemCode::MissingField, message)
            .help("give it `managedPolicies`, or a `policy` with what its playbook needs");
        context.problem(document, &at("name"), finding);
    }
    if raw.managed_policies.len() > MANAGED_MAX {
        let message = format!("AWS allows {MANAGED_MAX} managed policies on a role");
        context.problem(
            document,
            &at("managedPolicies"),
            Finding::new(ProblemCode::OverQuota, message),
        );
    }
    if let Some(policy) = &policy {
        check_policy(document, &at("policy"), policy, context);
    }
    let max_session_seconds = raw.max_session.as_ref().map_or(SESSION_SECONDS, TimeText::seconds);
    check_session(document, &at("maxSession"), max_session_seconds, context);
    if !raw.name.0.to_ascii_lowercase().replace('_', "-").contains("break-glass") {
        let message = format!("{} does not say that it is for emergencies", shown(&raw.name.0));
        let finding = Finding::new(ProblemCode::InvalidValue, message)
            .help("a name with `BREAK-GLASS` in it is not mistaken for one that is used every day");
        context.warning(document, &at("name"), finding);
    }
    EmergencyRole {
        name: raw.name.0,
        description: raw.description.unwrap_or_default(),
        managed_policies: raw.managed_policies.into_iter().map(|policy| policy.0).collect(),
        policy,
        max_session_seconds,
        mfa_age_seconds_max: raw.mfa_max_age.as_ref().map_or(MFA_AGE_SECONDS, TimeText::seconds),
    }
}

fn check_policy(document: &Document, pointer: &str, policy: &Value, context: &mut Context<'_>) {
    // What a role may do is written in the language of SCPs: all of IAM's but principals.
    for problem in language::check(Grammar::Scp, policy) {
        let names_principals = problem.pointer.ends_with("Principal");
        let message = if names_principals { NO_PRINCIPALS.to_owned() } else { problem.message };
        let finding = Finding::new(ProblemCode::InvalidPolicy, message);
        context.problem(document, &format!("{pointer}{}", problem.pointer), finding);
    }
    let size = language::minify(policy).chars().count();
    if size > INLINE_CHARACTERS_MAX {
        let message =
            format!("the policy has {size} characters, and AWS allows {INLINE_CHARACTERS_MAX}");
        context.problem_at_key(document, pointer, Finding::new(ProblemCode::OverQuota, message));
    }
}

fn check_session(document: &Document, pointer: &str, seconds: u32, context: &mut Context<'_>) {
    if !(SESSION_SECONDS..=SESSION_SECONDS_MAX).contains(&seconds) {
        let finding = Finding::new(ProblemCode::InvalidValue, "must be from 1 to 12 hours");
        context.problem(document, pointer, finding);
    } else if seconds > SESSION_SECONDS {
        let message = "longer than an hour is only for who signs in as the role directly";
        let finding = Finding::new(ProblemCode::InvalidValue, message)
            .help("AWS ends a session that was reached through another role after one hour");
        context.warning(document, pointer, finding);
    }
}

/// A role has one document: two that want one name would undo each other's work.
fn check_names(
    document: &Document,
    desired: &DesiredBreakGlass,
    org: &DesiredOrg,
    context: &mut Context<'_>,
) {
    let mut taken: BTreeMap<&str, String> = BTreeMap::new();
    for other in &org.break_glass {
        let at = other.header.source.to_string();
        let roles = other.roles.iter().map(|role| role.name.as_str());
        taken.extend(roles.map(|role| (role, at.clone())));
        if other.emergency_account == desired.emergency_account {
            taken.insert(&other.emergency_role, at);
        }
    }
    let own = desired.header.source.to_string();
    let mut problems = Vec::new();
    if let Some(first) = taken.insert(&desired.emergency_role, own.clone()) {
        let pointer = "/spec/emergencyRole".to_owned();
        problems.push((pointer, desired.emergency_role.clone(), first));
    }
    for (index, role) in desired.roles.iter().enumerate() {
        if let Some(first) = taken.insert(&role.name, own.clone()) {
            problems.push((format!("/spec/roles/{index}/name"), role.name.clone(), first));
        }
    }
    for (pointer, name, first) in problems {
        let message = format!("there is another role called {}", shown(&name));
        let finding = Finding::new(ProblemCode::DuplicateName, message)
            .help(format!("it is wanted by the document at {first}"));
        context.problem(document, &pointer, finding);
    }
}
