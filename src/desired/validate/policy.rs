//! Policy documents of every kind: one code path.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::load::{Document, deserialize};
use crate::desired::model::{
    DesiredOrg, DesiredPolicy, DesiredTarget, DocumentHeader, Exceptions, Mode,
};
use crate::desired::problem::{Finding, ProblemCode, shown};
use crate::desired::raw::{RawDocument, RawExcept, RawPolicy, TargetText};
use crate::desired::validate::header::{self, Enforcement};
use crate::desired::validate::{Context, content};
use crate::org::{DESCRIPTION_CHARACTERS_MAX, Mark, OuPath, PolicyType, PolicyTypeFacts};

/// Policies that AWS puts into every organization.
const MANAGED_BY_AWS: &[&str] = &["FullAWSAccess", "RCPFullAWSAccess"];

/// What an account target begins with.
const ACCOUNT_PREFIX: &str = "account:";

/// A policy and the document it was read from, for problems that only show beside others.
pub(crate) struct ReadPolicy<'a> {
    /// The document.
    pub(crate) document: &'a Document,
    /// The policy.
    pub(crate) desired: DesiredPolicy,
    /// Its targets, in the order of the file.
    pub(crate) targets: Vec<Option<DesiredTarget>>,
}

/// Reads a policy document.
pub(crate) fn read<'a>(
    document: &'a Document,
    org: Option<&DesiredOrg>,
    context: &mut Context<'_>,
) -> Option<ReadPolicy<'a>> {
    let raw: RawDocument<RawPolicy> =
        deserialize(document, context.text(document), context.report)?;
    let spec = raw.spec;
    let enforcement = Enforcement { mode: spec.mode, suspend: spec.suspend, prune: spec.prune };
    let header = header::read(document, raw.metadata, enforcement, context);
    let policy_type = match PolicyTypeFacts::of_kind(&document.kind) {
        Some(facts) => PolicyType::named(facts.name),
        None => PolicyType::named(&spec.r#type?.0),
    };
    check_kind(document, &policy_type, context);
    let description = spec.description.unwrap_or_default();
    let targets = read_targets(document, &spec.targets, context);
    check_targets(document, &header, &policy_type, &targets, org, context);
    let except = read_exceptions(document, spec.except, context);
    let used = spec.r#use.as_ref();
    let written = content::read(document, spec.document, spec.document_file, used, context)?;
    content::check(document, &written, &policy_type, &except, org, context);
    let desired = DesiredPolicy {
        policy_name: spec.policy_name.unwrap_or_else(|| header.document.name.clone()),
        header,
        policy_type,
        description,
        targets: targets.iter().flatten().cloned().collect(),
        except,
        content: written.value,
        content_source: written.source,
        statement_sources: written.statement_sources,
        guardrail: spec.r#use.map(|used| used.guardrail),
    };
    check_name(document, &desired, context);
    check_description(document, &desired, org, context);
    Some(ReadPolicy { document, desired, targets })
}

/// Reports policies that would have the same name in AWS: a policy is found by type and name.
pub(crate) fn check_unique_aws_names(policies: &[ReadPolicy<'_>], context: &mut Context<'_>) {
    let mut seen: BTreeMap<(&PolicyType, &str), &ReadPolicy<'_>> = BTreeMap::new();
    for policy in policies {
        let key = (&policy.desired.policy_type, policy.desired.policy_name.as_str());
        let Some(first) = seen.get(&key) else {
            seen.insert(key, policy);
            continue;
        };
        if first.desired.header.document == policy.desired.header.document {
            continue; // The document itself is there twice, and that is reported.
        }
        let message = format!("another `{}` has the name {} in AWS", key.0, shown(key.1));
        let finding = Finding::new(ProblemCode::DuplicateName, message)
            .help(format!("it is declared at {}", first.desired.header.source));
        context.problem(policy.document, &name_pointer(policy.document), finding);
    }
}

pub(crate) fn read_exceptions(
    document: &Document,
    raw: Option<RawExcept>,
    context: &mut Context<'_>,
) -> Exceptions {
    let principals = raw.map(|except| except.principals).unwrap_or_default();
    let principals: Vec<String> = principals.into_iter().map(|principal| principal.0).collect();
    for (index, principal) in principals.iter().enumerate() {
        let pointer = format!("/spec/except/principals/{index}");
        let resource = principal.splitn(6, ':').nth(5).unwrap_or_default();
        if resource.starts_with("assumed-role/") {
            let message = format!("{} matches nobody", shown(principal));
            let finding = Finding::new(ProblemCode::InvalidValue, message)
                .help("the principal of a session is its role: write `arn:aws:iam::…:role/NAME`");
            context.problem(document, &pointer, finding);
        } else if matches!(resource, "*" | "role/*") {
            let message = format!("{} exempts every role", shown(principal));
            let finding = Finding::new(ProblemCode::InvalidValue, message)
                .help("name the roles that are exempt");
            context.warning(document, &pointer, finding);
        }
    }
    Exceptions { principals }
}

/// A policy of AWS's own cannot be declared: every organization has it, and it cannot be changed.
pub(crate) fn check_name(document: &Document, desired: &DesiredPolicy, context: &mut Context<'_>) {
    if MANAGED_BY_AWS.contains(&desired.policy_name.as_str()) {
        let message = format!("{} is a policy of AWS's own", shown(&desired.policy_name));
        let finding = Finding::new(ProblemCode::InvalidValue, message)
            .help("give the policy another name; AWS attaches its own by itself");
        context.problem(document, &name_pointer(document), finding);
    }
}

fn name_pointer(document: &Document) -> String {
    let own = "/spec/policyName";
    if document.node.find(own).is_some() { own } else { "/metadata/name" }.to_owned()
}

/// A type that has a kind of its own is written with that kind: one way to say one thing.
fn check_kind(document: &Document, policy_type: &PolicyType, context: &mut Context<'_>) {
    let kind = policy_type.facts().kind;
    if kind != document.kind {
        let message = format!("`{policy_type}` has a kind of its own");
        let finding = Finding::new(ProblemCode::InvalidValue, message)
            .help(format!("write `kind: {kind}` and leave `type` out"));
        context.problem(document, "/spec/type", finding);
    }
}

pub(crate) fn read_targets(
    document: &Document,
    raw: &[TargetText],
    context: &mut Context<'_>,
) -> Vec<Option<DesiredTarget>> {
    read_targets_at(document, "/spec/targets", raw, context)
}

/// Reads the targets in the list at `pointer`.
pub(crate) fn read_targets_at(
    document: &Document,
    pointer: &str,
    raw: &[TargetText],
    context: &mut Context<'_>,
) -> Vec<Option<DesiredTarget>> {
    let mut targets = Vec::new();
    for (index, TargetText(text)) in raw.iter().enumerate() {
        let target = read_target(text, context);
        if let Err(finding) = &target {
            let pointer = format!("{pointer}/{index}");
            context.problem(document, &pointer, finding.clone());
        }
        targets.push(target.ok().flatten());
    }
    targets
}

/// Reads a target. Nothing without a finding means that the problem is reported elsewhere.
pub(crate) fn read_target(
    text: &str,
    context: &Context<'_>,
) -> Result<Option<DesiredTarget>, Finding> {
    if let Some(name) = text.strip_prefix(ACCOUNT_PREFIX) {
        return Ok(context.names.account(name)?.map(DesiredTarget::Account));
    }
    let path: OuPath = text
        .parse()
        .map_err(|error| Finding::new(ProblemCode::InvalidValue, format!("{error}")))?;
    context.names.check_unit(&path)?;
    Ok(Some(DesiredTarget::Unit(path)))
}

pub(crate) fn check_targets(
    document: &Document,
    header: &DocumentHeader,
    policy_type: &PolicyType,
    targets: &[Option<DesiredTarget>],
    org: Option<&DesiredOrg>,
    context: &mut Context<'_>,
) {
    if targets.is_empty() && header.mode == Mode::Enforce {
        let finding = Finding::new(ProblemCode::WrongCount, "attached to nothing")
            .help("name a target, such as `/`; only with `mode: observe` there may be none");
        context.problem(document, "/spec/targets", finding);
    }
    let Some(org) = org else { return };
    if !targets.is_empty() && !org.policy_types.contains(policy_type) {
        let message = format!("`{policy_type}` is not enabled");
        let finding = Finding::new(ProblemCode::UnknownName, message)
            .help("add it to `policyTypes` of the `Organization` document");
        context.problem(document, "/kind", finding);
    }
    let is_control = *policy_type == PolicyType::service_control()
        || *policy_type == PolicyType::resource_control();
    for (index, target) in targets.iter().enumerate() {
        let management = Some(DesiredTarget::Account(org.management_account.clone()));
        if is_control && *target == management {
            let message = "the policy does not bind the management account";
            let finding = Finding::new(ProblemCode::InvalidValue, message)
                .help("AWS exempts it from service and resource control policies");
            context.warning(document, &format!("/spec/targets/{index}"), finding);
        }
    }
    let distinct: BTreeSet<_> = targets.iter().flatten().collect();
    if distinct.len() < targets.iter().flatten().count() {
        let finding = Finding::new(ProblemCode::DuplicateName, "two targets are the same");
        context.problem(document, "/spec/targets", finding);
    }
}

pub(crate) fn check_description(
    document: &Document,
    desired: &DesiredPolicy,
    org: Option<&DesiredOrg>,
    context: &mut Context<'_>,
) {
    let Some(org) = org else { return };
    let mark = Mark {
        owner: org.installation().to_owned(),
        document: desired.header.document.clone(),
        prune: desired.header.prune,
    };
    let characters = mark.describe(&desired.description).chars().count();
    if characters > DESCRIPTION_CHARACTERS_MAX {
        let over = characters - DESCRIPTION_CHARACTERS_MAX;
        let message = format!(
            "the description is {over} characters too long: with palisade's mark it has \
             {characters}, and AWS allows {DESCRIPTION_CHARACTERS_MAX}"
        );
        let finding = Finding::new(ProblemCode::OverQuota, message);
        context.problem(document, "/spec/description", finding);
    }
}
