//! `BreakGlassRole` documents: names resolved, and what cannot work refused with the reason.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::desired::break_glass::{DesiredBreakGlass, EmergencyRole, Operator};
use crate::desired::load::{Document, deserialize};
use crate::desired::model::DesiredOrg;
use crate::desired::problem::{Finding, ProblemCode, shown};
use crate::desired::raw::{RawBreakGlassRole, RawDocument, RawEmergencyRole, TimeText};
use crate::desired::validate::header::{self, Enforcement};
use crate::desired::validate::{Context, break_glass_ways, policy};
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

/// How long ago the last drill may be where the document says nothing.
const DRILL_AGE_SECONDS: u32 = 90 * 24 * 60 * 60;

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
        .enumerate()
        .map(|(index, raw)| break_glass_ways::read_operator(document, index, raw, context))
        .collect();
    break_glass_ways::check_operators(document, &operators, context);
    break_glass_ways::check_approvers(document, &operators, &spec.approvers, context);
    let emergency_role = spec.emergency_role.map_or(EMERGENCY_ROLE.to_owned(), |name| name.0);
    let roles: Vec<EmergencyRole> = spec
        .roles
        .into_iter()
        .enumerate()
        .map(|(index, role)| read_role(document, index, role, context))
        .collect();
    let has_saml = spec.saml.is_some();
    let saml = break_glass_ways::read_saml(document, spec.saml, context);
    let failure_modes =
        break_glass_ways::read_failure_modes(document, spec.failure_modes, has_saml, context);
    let alerts = spec.alerts.map(|raw| break_glass_ways::read_alerts(document, raw, context));
    break_glass_ways::recommend(document, &failure_modes, alerts.as_ref(), context);
    let incident = spec
        .incident
        .and_then(|incident| break_glass_ways::read_incident(document, incident, context));
    let (Some(emergency_account), Some(org)) = (emergency_account, org) else { return };
    break_glass_ways::check_separation(document, &emergency_account, org, context);
    let desired = DesiredBreakGlass {
        header,
        emergency_account,
        targets: targets.into_iter().flatten().collect(),
        operators,
        emergency_role,
        roles,
        saml,
        failure_modes,
        approvers: spec.approvers,
        alerts,
        incident,
        drill_age_seconds_max: spec
            .drill
            .map_or(DRILL_AGE_SECONDS, |drill| drill.max_age.seconds()),
        others: break_glass_ways::read_others(spec.others),
    };
    check_names(document, &desired, org, context);
    check_people(document, &desired, org, context);
    break_glass_ways::check_alerts(document, &desired, context);
    org.break_glass.push(desired);
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
    if !break_glass_ways::says_break_glass(&raw.name.0) {
        let message = format!("{} does not say that it is for emergencies", shown(&raw.name.0));
        let finding = Finding::new(ProblemCode::InvalidValue, message)
            .help("a name with `BREAK-GLASS` in it is not mistaken for one that is used every day");
        context.warning(document, &at("name"), finding);
    }
    if raw.targets.as_ref().is_some_and(Vec::is_empty) {
        let message = format!("the role {} is nowhere", shown(&raw.name.0));
        let finding = Finding::new(ProblemCode::WrongCount, message)
            .help("leave `targets` out, and it is in those of the document");
        context.problem(document, &at("targets"), finding);
    }
    let targets = raw.targets.map(|targets| {
        let targets = policy::read_targets_at(document, &at("targets"), &targets, context);
        targets.into_iter().flatten().collect()
    });
    EmergencyRole {
        name: raw.name.0,
        targets,
        description: raw.description.unwrap_or_default(),
        managed_policies: raw.managed_policies.into_iter().map(|policy| policy.0).collect(),
        policy,
        max_session_seconds,
        mfa_age_seconds_max: raw.mfa_max_age.as_ref().map_or(MFA_AGE_SECONDS, TimeText::seconds),
    }
}

fn check_policy(document: &Document, pointer: &str, policy: &Value, context: &mut Context<'_>) {
    let at = pointer;
    // What a role may do is written in the language of SCPs: all of IAM's but principals.
    for problem in language::check(Grammar::Scp, policy) {
        let names_principals = problem.pointer.ends_with("Principal");
        let message = if names_principals { NO_PRINCIPALS.to_owned() } else { problem.message };
        let finding = Finding::new(ProblemCode::InvalidPolicy, message);
        context.problem(document, &format!("{pointer}{}", problem.pointer), finding);
    }
    for (pointer, statement) in statements(policy) {
        if statement["Effect"] == "Allow" && asks_for_mfa(statement) {
            let pointer_at = format!("{at}{pointer}/Condition");
            let finding = Finding::new(
                ProblemCode::InvalidPolicy,
                "the statement never applies: a session got by assuming a role carries no MFA",
            )
            .help("take the condition out: MFA is asked for where the role is assumed");
            context.problem(document, &pointer_at, finding);
        }
    }
    let size = language::minify(policy).chars().count();
    if size > INLINE_CHARACTERS_MAX {
        let message =
            format!("the policy has {size} characters, and AWS allows {INLINE_CHARACTERS_MAX}");
        context.problem_at_key(document, pointer, Finding::new(ProblemCode::OverQuota, message));
    }
}

/// The statements of a policy, with their pointers.
fn statements(policy: &Value) -> Vec<(String, &Value)> {
    match policy.get("Statement") {
        Some(Value::Array(statements)) => {
            let numbered = statements.iter().enumerate();
            numbered.map(|(index, it)| (format!("/Statement/{index}"), it)).collect()
        }
        Some(statement) => vec![("/Statement".to_owned(), statement)],
        None => Vec::new(),
    }
}

/// Does a condition need MFA? ("AWS global condition context keys": the temporary credentials of a role that was
/// assumed have neither key, or say that there was none.)
fn asks_for_mfa(statement: &Value) -> bool {
    let conditions = statement.get("Condition").and_then(Value::as_object);
    let keys = conditions.into_iter().flatten().filter_map(|(operator, keys)| {
        // Where the key may be missing, or must be, a session without it passes.
        let passes = operator.ends_with("IfExists") || operator == "Null";
        keys.as_object().filter(|_| !passes)
    });
    keys.flatten().any(|(key, value)| {
        let key = key.to_ascii_lowercase();
        let wants_none = *value == Value::Bool(false) || *value == "false";
        key == "aws:multifactorauthage" || (key == "aws:multifactorauthpresent" && !wants_none)
    })
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

/// An operator has one document in an account, and so has a SAML provider.
fn check_people(
    document: &Document,
    desired: &DesiredBreakGlass,
    org: &DesiredOrg,
    context: &mut Context<'_>,
) {
    let same_account =
        |other: &&DesiredBreakGlass| other.emergency_account == desired.emergency_account;
    for other in org.break_glass.iter().filter(same_account) {
        let mut refuse = |pointer: &str, what: &str, name: &str| {
            let message = format!("there is another {what} called {}", shown(name));
            let finding = Finding::new(ProblemCode::DuplicateName, message)
                .help(format!("it is wanted by the document at {}", other.header.source));
            context.problem(document, pointer, finding);
        };
        for (index, operator) in desired.operators.iter().enumerate() {
            if other.operators.iter().any(|known| known.user == operator.user) {
                refuse(&format!("/spec/operators/{index}/user"), "user", &operator.user);
            }
        }
        if let (Some(saml), Some(known)) = (&desired.saml, &other.saml)
            && saml.provider == known.provider
        {
            refuse("/spec/saml/provider", "SAML provider", &saml.provider);
        }
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
            taken.extend(other.entrances().map(|role| (role, at.clone())));
        }
    }
    let own = desired.header.source.to_string();
    let mut problems = Vec::new();
    for (role, pointer) in desired.entrances().zip(["/spec/emergencyRole", "/spec/saml/role"]) {
        if let Some(first) = taken.insert(role, own.clone()) {
            problems.push((pointer.to_owned(), role.to_owned(), first));
        }
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
