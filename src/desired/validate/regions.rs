//! `RegionRestriction` documents: each is a service control policy, and everything behind treats that as if a
//! person had written it.
//!
//! Its statements are those of the catalogue, so that there is one list of services without a Region and
//! one place that says who is never bound.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::desired::guardrail::{Refusal, RegionFacts, Wanted};
use crate::desired::load::{Document, deserialize};
use crate::desired::model::{DesiredOrg, DesiredPolicy, DesiredTarget};
use crate::desired::problem::{Finding, ProblemCode, did_you_mean, listed, shown};
use crate::desired::raw::{
    RawDocument, RawExcept, RawGlobalServices, RawOptIn, RawRegionExcept, RawRegionRestriction,
    RegionText, TimeText,
};
use crate::desired::regions::{DesiredRegions, OptIn, RegionList};
use crate::desired::validate::content::{Origin, Written};
use crate::desired::validate::header::{self, Enforcement};
use crate::desired::validate::policy::{self, ReadPolicy};
use crate::desired::validate::{Context, contacts, content, inheritance, lint};
use crate::lint::LintCode;
use crate::org::{DocumentRef, PolicyType};

/// The kind of these documents.
pub(crate) const KIND: &str = "RegionRestriction";

const ALLOWED: &str = "/spec/allowed";
const OPT_IN: &str = "/spec/optIn";
const ALLOW_LIST: &str = "region-allow-list";
const KEEP: &str = "deny-region-opt-in-change";

const DAY_SECONDS: u32 = 24 * 60 * 60;

/// The age of the list that is warned of where the document says nothing: AWS opens a few services without a
/// Region a year.
const LIST_AGE_DAYS: u32 = 365;

/// The policy that a document is, if it is a `RegionRestriction`.
pub(crate) fn policy<'a>(
    document: &'a Document,
    org: Option<&DesiredOrg>,
    context: &mut Context<'_>,
) -> Option<ReadPolicy<'a>> {
    let raw: RawDocument<RawRegionRestriction> =
        deserialize(document, context.text(document), context.report)?;
    let spec = raw.spec;
    let enforcement = Enforcement { mode: spec.mode, suspend: spec.suspend, prune: spec.prune };
    let header = header::read(document, raw.metadata, enforcement, context);
    let policy_type = PolicyType::service_control();
    let targets = policy::read_targets(document, &spec.targets, context);
    policy::check_targets(document, &header, &policy_type, &targets, org, context);
    let RawRegionExcept { principals, services } = spec.except.unwrap_or_default();
    let except = policy::read_exceptions(document, Some(RawExcept { principals }), context);
    let services = services.into_iter().map(|service| format!("{}:*", service.0)).collect();
    let global =
        global_actions(document, spec.global_services.unwrap_or_default(), services, context);
    let allowed: Option<Vec<String>> =
        spec.allowed.map(|allowed| allowed.into_iter().map(|region| region.0).collect());
    // That no Region is allowed is reported by `read`.
    if allowed.as_ref().is_some_and(Vec::is_empty) {
        return None;
    }
    let written = write(document, allowed.as_deref(), &global, context)?;
    content::check(document, &written, &policy_type, &except, org, context);
    let guardrail = if allowed.is_some() { ALLOW_LIST } else { KEEP };
    let desired = DesiredPolicy {
        policy_name: spec.policy_name.unwrap_or_else(|| header.document.name.clone()),
        header,
        policy_type,
        description: spec.description.unwrap_or_default(),
        targets: targets.iter().flatten().cloned().collect(),
        except,
        content: written.value,
        content_source: written.source,
        statement_sources: written.statement_sources,
        guardrail: Some(guardrail.to_owned()),
    };
    policy::check_name(document, &desired, context);
    policy::check_description(document, &desired, org, context);
    Some(ReadPolicy { document, desired, targets })
}

/// The statements for `allowed` and against switching Regions, as the catalogue writes them.
fn write(
    document: &Document,
    allowed: Option<&[String]>,
    global: &[String],
    context: &mut Context<'_>,
) -> Option<Written> {
    let mut parts = Vec::new();
    if let Some(allowed) = allowed {
        let with = json!({"allowedRegions": allowed, "globalServices": global});
        parts.push((ALLOW_LIST, with, ALLOWED));
    }
    parts.push((KEEP, json!({}), "/kind"));
    let mut statements = Vec::new();
    let mut statement_sources = Vec::new();
    for (guardrail, with, pointer) in parts {
        let rendered = render(document, guardrail, &with, pointer, context)?;
        let own = content::statements(&rendered);
        statement_sources.extend(own.iter().map(|_| context.source(document, pointer)));
        statements.extend(own.iter().cloned());
    }
    let value = json!({"Version": "2012-10-17", "Statement": statements});
    let source = context.source(document, "/spec");
    Some(Written { value, source, statement_sources, origin: Origin::Catalogue("/spec") })
}

/// A ready-made guardrail; what the catalogue refuses is reported at `pointer`.
pub(crate) fn render(
    document: &Document,
    guardrail: &str,
    with: &Value,
    pointer: &str,
    context: &mut Context<'_>,
) -> Option<Value> {
    let empty = Map::new();
    let kind = PolicyType::service_control().facts().kind;
    let wanted = Wanted { kind, guardrail, with: with.as_object().unwrap_or(&empty) };
    match context.ready_made.render(&wanted, &context.site) {
        Ok(rendered) => Some(rendered),
        Err(refusals) => {
            for Refusal { pointer: _, code, message, help } in refusals {
                context.problem(document, pointer, Finding { code, message, help });
            }
            None
        }
    }
}

/// What the allow list leaves alone: the list that ships with palisade, as the document changes it.
fn global_actions(
    document: &Document,
    raw: RawGlobalServices,
    services: Vec<String>,
    context: &mut Context<'_>,
) -> Vec<String> {
    let facts = context.ready_made.regions();
    let mut actions: Vec<String> = facts.global.iter().chain(&facts.detective).cloned().collect();
    for (index, removed) in raw.remove.iter().enumerate() {
        let finding = if facts.detective.contains(&removed.0) {
            let message = format!("{} is detective and works in every Region", shown(&removed.0));
            Finding::new(ProblemCode::InvalidValue, message)
                .help("take it out: what watches must be on most of all where nothing should run")
        } else if facts.global.contains(&removed.0) {
            actions.retain(|action| *action != removed.0);
            continue;
        } else {
            let names = || facts.global.iter().map(String::as_str);
            let message = format!("the list has no entry {}", shown(&removed.0));
            let help = "`palisade catalog show region-allow-list` shows the list".to_owned();
            let help = did_you_mean(&removed.0, names()).unwrap_or(help);
            Finding::new(ProblemCode::UnknownName, message).help(help)
        };
        context.problem(document, &format!("/spec/globalServices/remove/{index}"), finding);
    }
    let added = raw.add.into_iter().map(|action| action.0);
    let added = added.enumerate().map(|(index, it)| (format!("globalServices/add/{index}"), it));
    let services = services.into_iter().enumerate();
    let services = services.map(|(index, it)| (format!("except/services/{index}"), it));
    for (field, action) in added.chain(services) {
        if !context.ready_made.knows_action(&action) {
            let message = format!("AWS has no action {}", shown(&action));
            lint::warn(
                document,
                &format!("/spec/{field}"),
                LintCode::UnknownAction,
                &message,
                None,
                context,
            );
        }
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    actions
}

/// Checks what only shows beside the other documents, and adds what is not a policy to the organization.
pub(crate) fn read(document: &Document, org: Option<&mut DesiredOrg>, context: &mut Context<'_>) {
    let raw: Option<RawDocument<RawRegionRestriction>> =
        deserialize(document, context.text(document), context.report);
    let Some(RawDocument { metadata, spec, .. }) = raw else { return };
    let facts = context.ready_made.regions();
    let allowed: Option<BTreeSet<String>> =
        spec.allowed.map(|allowed| allowed.into_iter().map(|region| region.0).collect());
    check_allowed(document, allowed.as_ref(), &facts, context);
    let age = spec.global_services.and_then(|list| list.max_age);
    let list = RegionList {
        version: facts.version,
        date: facts.date,
        age_days_max: age.map_or(LIST_AGE_DAYS, |age: TimeText| age.seconds() / DAY_SECONDS),
    };
    check_age(document, list, context);
    let opt_in =
        spec.opt_in.map(|raw| read_opt_in(document, &raw, allowed.as_ref(), &facts, context));
    let Some(org) = org else { return };
    if opt_in.is_some() {
        let service = contacts::ACCOUNT_SERVICE;
        contacts::check_trusted(document, OPT_IN, service, &org.trusted_services, context);
    }
    let reference = document.reference(metadata.name.0);
    let targets = targets_of(org, &reference);
    let desired = DesiredRegions { document: reference, targets, allowed, list, opt_in };
    check_nested(document, &desired, org, context);
    org.regions.push(desired);
}

fn check_allowed(
    document: &Document,
    allowed: Option<&BTreeSet<String>>,
    facts: &RegionFacts,
    context: &mut Context<'_>,
) {
    let Some(allowed) = allowed else { return };
    if allowed.is_empty() {
        let finding = Finding::new(ProblemCode::WrongCount, "no Region can be used")
            .help("name at least one, or take `allowed` out to allow them all");
        context.problem(document, ALLOWED, finding);
    }
    check_known(document, ALLOWED, facts, context);
}

/// The Regions that somebody has to enable: those that palisade knows, and those that the document names.
fn read_opt_in(
    document: &Document,
    raw: &RawOptIn,
    allowed: Option<&BTreeSet<String>>,
    facts: &RegionFacts,
    context: &mut Context<'_>,
) -> OptIn {
    let is_optional = |region: &str| facts.regions.get(region).copied().unwrap_or(true);
    let known = facts.regions.keys().filter(|region| is_optional(region));
    let mut regions: BTreeMap<String, bool> = known.map(|region| (region.clone(), false)).collect();
    let enabled = raw.enabled.iter().map(|region| &region.0);
    let enabled: BTreeSet<&String> = enabled.chain(allowed.into_iter().flatten()).collect();
    for region in enabled.iter().filter(|region| is_optional(region)) {
        regions.insert((*region).clone(), true);
    }
    check_known(document, &format!("{OPT_IN}/enabled"), facts, context);
    for (index, region) in raw.enabled.iter().enumerate() {
        if !is_optional(&region.0) {
            let message = format!("{} is always enabled", shown(&region.0));
            let finding = Finding::new(ProblemCode::InvalidValue, message)
                .help("take it out: AWS lets nobody disable it");
            context.warning(document, &format!("{OPT_IN}/enabled/{index}"), finding);
        }
    }
    check_known(document, &format!("{OPT_IN}/disabled"), facts, context);
    for (index, RegionText(region)) in raw.disabled.iter().enumerate() {
        let problem = if !is_optional(region) {
            Some("cannot be disabled: AWS enables it in every account")
        } else if enabled.contains(region) {
            Some("is to be enabled too")
        } else {
            None
        };
        match problem {
            Some(problem) => {
                let message = format!("{} {problem}", shown(region));
                let finding = Finding::new(ProblemCode::InvalidValue, message);
                context.problem(document, &format!("{OPT_IN}/disabled/{index}"), finding);
            }
            None => {
                regions.insert(region.clone(), false);
            }
        }
    }
    OptIn { regions, allow_disable: raw.allow_disable }
}

fn targets_of(org: &DesiredOrg, document: &DocumentRef) -> BTreeSet<DesiredTarget> {
    let policies = org.policies.iter().filter(|policy| policy.header.document == *document);
    policies.flat_map(|policy| policy.targets.iter().cloned()).collect()
}

/// Warns of what the fields at `pointers` name as Regions and AWS does not have: nothing would be there.
pub(super) fn check_names(document: &Document, pointers: &[&str], context: &mut Context<'_>) {
    let facts = context.ready_made.regions();
    for pointer in pointers {
        check_known(document, pointer, &facts, context);
    }
}

/// Warns of Regions at `pointer`, one or a list, that AWS does not have, as far as is known.
fn check_known(document: &Document, pointer: &str, facts: &RegionFacts, context: &mut Context<'_>) {
    let Some(node) = document.node.find(pointer) else { return };
    let single = std::iter::once((pointer.to_owned(), node));
    let items = node.items().iter().enumerate();
    let items = items.map(|(index, item)| (format!("{pointer}/{index}"), item));
    for (pointer, region) in single.chain(items) {
        let Some(region) = region.as_str().filter(|name| !facts.regions.contains_key(*name)) else {
            continue;
        };
        let message = format!("AWS has no Region {}", shown(region));
        let new =
            "is it new? `palisade/lint-ignore: unknown-region` in `metadata.annotations` says so";
        let help = did_you_mean(region, facts.regions.keys().map(String::as_str));
        let help = Some(help.unwrap_or_else(|| new.to_owned()));
        lint::warn(document, &pointer, LintCode::UnknownRegion, &message, help, context);
    }
}

fn check_age(document: &Document, list: RegionList, context: &mut Context<'_>) {
    if !list.is_stale(context.today) {
        return;
    }
    let message = format!(
        "the list of services without a Region is {} days old (version {} of {}), and may be {}",
        list.age_days(context.today),
        list.version,
        list.date,
        list.age_days_max
    );
    let own = "/spec/globalServices/maxAge";
    let pointer = if document.node.find(own).is_some() { own } else { "/kind" };
    let help =
        "use a newer palisade; until then `globalServices: {add: […]}` takes what is missing";
    lint::warn(
        document,
        pointer,
        LintCode::StaleRegionList,
        &message,
        Some(help.to_owned()),
        context,
    );
}

/// Where one document applies below another, only what both allow can be used.
fn check_nested(
    document: &Document,
    desired: &DesiredRegions,
    org: &DesiredOrg,
    context: &mut Context<'_>,
) {
    for other in &org.regions {
        let meets = |one: &DesiredTarget, other: &DesiredTarget| {
            one == other
                || inheritance::holds(one, other, org).is_some()
                || inheritance::holds(other, one, org).is_some()
        };
        let is_nested =
            desired.targets.iter().any(|one| other.targets.iter().any(|other| meets(one, other)));
        if is_nested && desired.opt_in.is_some() && other.opt_in.is_some() {
            let message = format!("`{}` says which Regions are enabled here too", other.document);
            let finding = Finding::new(ProblemCode::InvalidValue, message)
                .help("an account has one opt-in state: leave `optIn` to one of the documents");
            context.problem_at_key(document, OPT_IN, finding);
        }
        let (Some(allowed), Some(others)) = (&desired.allowed, &other.allowed) else { continue };
        if !is_nested || allowed == others || allowed.is_empty() || others.is_empty() {
            continue;
        }
        let both: Vec<&str> = allowed.intersection(others).map(String::as_str).collect();
        if both.is_empty() {
            let message = format!("`{}` applies here too and allows other Regions", other.document);
            let finding = Finding::new(ProblemCode::InvalidValue, message).help(
                "together they allow none: an account can use what all documents above it allow",
            );
            context.problem(document, ALLOWED, finding);
        } else if !allowed.is_subset(others) && !others.is_subset(allowed) {
            let message = format!("`{}` applies here too and allows other Regions", other.document);
            let finding = Finding::new(ProblemCode::InvalidValue, message)
                .help(format!("where both apply, only {} can be used", listed(both)));
            context.warning(document, ALLOWED, finding);
        }
    }
}
