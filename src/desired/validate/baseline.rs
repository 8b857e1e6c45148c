//! `Baseline` documents: the template has its form, its parameters their values, and its targets names.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::baseline::{DesiredBaseline, STACK_SETS_HOME, STACK_SETS_SERVICE};
use crate::desired::files;
use crate::desired::load::{Document, deserialize};
use crate::desired::model::{DesiredOrg, DesiredTarget, Mode};
use crate::desired::problem::{
    Finding, ProblemCode, SourceText, Span, did_you_mean, listed, shown,
};
use crate::desired::raw::{
    RawBaseline, RawDeployment, RawDocument, RawParameter, RawRegionConcurrency, RawShare,
};
use crate::desired::template::{self, Needs, Template};
use crate::desired::validate::header::{self, Enforcement};
use crate::desired::validate::{Context, policy, regions, token};
use crate::org::{Region, RegionConcurrency, Rollout, Share};

/// Days between two comparisons with what is in the accounts, where the document says nothing. One occupies the
/// queue of the StackSet for as long as an update takes.
const DRIFT_CHECK_DAYS: u32 = 7;

/// Failures and concurrency where the document says nothing: a mistake stops early, and one account that refuses
/// stops nobody else for good, because accounts that failed are tried again last.
const SHARE: Share = Share::Percent(10);

/// OUs of one request (`CreateStackInstances`, API reference).
const UNITS_MAX: usize = 50;

/// Reads a document.
pub(crate) fn read(document: &Document, org: Option<&mut DesiredOrg>, context: &mut Context<'_>) {
    let raw: Option<RawDocument<RawBaseline>> =
        deserialize(document, context.text(document), context.report);
    let Some(RawDocument { metadata, spec, .. }) = raw else { return };
    let enforcement = Enforcement { mode: spec.mode, suspend: spec.suspend, prune: spec.prune };
    let header = header::read(document, metadata, enforcement, context);
    let targets = policy::read_targets(document, &spec.targets, context);
    check_targets(document, &targets, header.mode, context);
    check_regions(document, spec.regions.len(), context);
    regions::check_names(document, &["/spec/regions", "/spec/homeRegion"], context);
    let text = match (spec.template, spec.template_file) {
        (Some(text), _) => Some(Written::Inline(text)),
        (None, Some(path)) => read_file(document, &path, context).map(Written::File),
        (None, None) => None,
    };
    let capabilities: BTreeSet<&'static str> =
        spec.capabilities.iter().map(|one| (*one).into()).collect();
    let mut parameters =
        spec.parameters.into_iter().map(|(name, raw)| (name, value(raw))).collect();
    if let Some(text) = &text {
        let template = read_template(document, text, context);
        check_capabilities(document, &template, &capabilities, context);
        check_parameters(document, &template, &mut parameters, context);
    }
    let (Some(text), Some(org)) = (text, org) else { return };
    check_service(document, org, context);
    let stack_set = spec.stack_set_name.clone();
    let desired = DesiredBaseline {
        stack_set: stack_set.unwrap_or_else(|| format!("palisade-{}", header.document.name)),
        adopts: spec.stack_set_name.is_some(),
        header,
        description: spec.description.unwrap_or_default(),
        template: text.into_template(),
        parameters,
        capabilities: capabilities.into_iter().map(str::to_owned).collect(),
        targets: targets.into_iter().flatten().collect(),
        regions: spec.regions.iter().map(|region| Region::new(&region.0)).collect(),
        home_region: Region::new(spec.home_region.as_ref().map_or(STACK_SETS_HOME, |it| &it.0)),
        rollout: rollout(spec.deployment),
        drift_check_days: drift_check(spec.drift_check.as_deref()),
    };
    check_name(document, &desired, org, context);
    org.baselines.push(desired);
}

/// A template and where it is written.
enum Written {
    /// In the document.
    Inline(String),
    /// In a file of its own.
    File(SourceText),
}

impl Written {
    fn into_template(self) -> String {
        match self {
            Self::Inline(text) | Self::File(SourceText { text, .. }) => text,
        }
    }
}

fn read_file(document: &Document, path: &str, context: &mut Context<'_>) -> Option<SourceText> {
    const POINTER: &str = "/spec/templateFile";
    let Some(name) = files::relative_to(&context.text(document).name, path) else {
        let message = format!("{} leads out of the desired-state directory", shown(path));
        context.problem(document, POINTER, Finding::new(ProblemCode::File, message));
        return None;
    };
    match context.files.read(&name) {
        Ok(text) => Some(text),
        Err(error) => {
            let message = format!("{} {error}", shown(&name));
            context.problem(document, POINTER, Finding::new(ProblemCode::File, message));
            None
        }
    }
}

fn read_template(document: &Document, written: &Written, context: &mut Context<'_>) -> Template {
    let inline;
    let text = match written {
        Written::File(text) => text,
        Written::Inline(template) => {
            let name = context.text(document).name.clone();
            inline = SourceText { name, text: template.clone() };
            &inline
        }
    };
    let (template, findings) = template::read(text);
    for (span, finding) in findings {
        match written {
            Written::File(text) => context.report.problem(text, span, finding),
            Written::Inline(_) => {
                let place = place_in_document(document, span, context);
                context.problem_at(document, place, finding);
            }
        }
    }
    template
}

/// Where in the document a place of its template is, which is indented below `template: |`. Of a template that
/// is written in the same line, where it begins.
fn place_in_document(document: &Document, span: Span, context: &Context<'_>) -> Span {
    let start = document.node.locate("/spec/template");
    if start.line == document.node.locate_key("/spec/template").line {
        return start;
    }
    let (line, column) = (start.line + span.line - 1, start.column + span.column - 1);
    let place = context.text(document).span_of((line, column));
    Span { width: span.width, ..place }
}

fn check_targets(
    document: &Document,
    targets: &[Option<DesiredTarget>],
    mode: Mode,
    context: &mut Context<'_>,
) {
    const TARGETS: &str = "/spec/targets";
    if targets.is_empty() && mode == Mode::Enforce {
        let finding = Finding::new(ProblemCode::WrongCount, "deployed nowhere").help(
            "name a target, such as `/Workloads`; only with `mode: observe` there may be none",
        );
        context.problem(document, TARGETS, finding);
    }
    let is_unit = |target: &&Option<DesiredTarget>| matches!(target, Some(DesiredTarget::Unit(_)));
    let units = targets.iter().filter(is_unit).count();
    if units > 0 && targets.iter().flatten().count() > units {
        let finding = Finding::new(ProblemCode::InvalidValue, "OUs and accounts do not mix")
            .help("AWS gives every new account of an OU a stack, also where only some are named: write two documents");
        context.problem(document, TARGETS, finding);
    }
    if units > UNITS_MAX {
        let message = format!("AWS takes {UNITS_MAX} OUs");
        context.problem(document, TARGETS, Finding::new(ProblemCode::OverQuota, message));
    }
    for (index, target) in targets.iter().enumerate() {
        let Some(DesiredTarget::Account(account)) = target else { continue };
        if context.names.is_management(account) {
            let finding = Finding::new(
                ProblemCode::InvalidValue,
                "AWS deploys no StackSet of the organization to the management account",
            )
            .help("make a stack there by hand, or with another tool");
            context.problem(document, &format!("{TARGETS}/{index}"), finding);
        }
    }
}

fn check_regions(document: &Document, regions: usize, context: &mut Context<'_>) {
    if regions == 0 {
        let finding = Finding::new(ProblemCode::WrongCount, "no Region is named")
            .help("name one Region for what is global, such as roles, and every Region in use for what is not");
        context.problem(document, "/spec/regions", finding);
    }
}

fn check_capabilities(
    document: &Document,
    template: &Template,
    given: &BTreeSet<&'static str>,
    context: &mut Context<'_>,
) {
    let (needed, is_given) = match template.needs {
        None => return,
        Some(Needs::Iam) => ("CAPABILITY_IAM", !given.is_empty()),
        Some(Needs::NamedIam) => ("CAPABILITY_NAMED_IAM", given.contains("CAPABILITY_NAMED_IAM")),
    };
    if !is_given {
        let message =
            format!("the template makes IAM resources: AWS wants `{needed}` acknowledged");
        let finding = Finding::new(ProblemCode::MissingField, message)
            .help(format!("read what it gives to whom, then write `capabilities: [{needed}]`"));
        context.problem_at_key(document, "/spec/capabilities", finding);
    }
}

/// Every parameter is declared and has a value that is allowed and no secret; defaults are filled in.
fn check_parameters(
    document: &Document,
    template: &Template,
    parameters: &mut BTreeMap<String, String>,
    context: &mut Context<'_>,
) {
    for (name, value) in parameters.iter() {
        let pointer = format!("/spec/parameters/{}", token(name));
        let Some(declared) = template.parameters.get(name) else {
            let message = format!("the template has no parameter {}", shown(name));
            let names = template.names();
            let help = did_you_mean(name, names.iter().copied()).unwrap_or_else(|| {
                if names.is_empty() {
                    "it has none".to_owned()
                } else {
                    format!("it has {}", listed(names))
                }
            });
            let finding = Finding::new(ProblemCode::UnknownName, message).help(help);
            context.problem_at_key(document, &pointer, finding);
            continue;
        };
        if declared.is_secret {
            let message =
                format!("{} is a secret (`NoEcho`), and git is no place for one", shown(name));
            let finding = Finding::new(ProblemCode::InvalidValue, message).help(
                "refer to it in the template: `{{resolve:secretsmanager:…}}` or `{{resolve:ssm-secure:…}}`",
            );
            context.problem_at_key(document, &pointer, finding);
        }
        if let Some(allowed) = declared.allowed.as_ref().filter(|allowed| !allowed.contains(value))
        {
            let message = format!("{} is not a value that {} takes", shown(value), shown(name));
            let finding = Finding::new(ProblemCode::InvalidValue, message)
                .help(format!("it takes {}", listed(allowed.iter().map(String::as_str))));
            context.problem(document, &pointer, finding);
        }
    }
    for (name, declared) in &template.parameters {
        if parameters.contains_key(name) || declared.is_secret && declared.default.is_some() {
            continue;
        }
        if let Some(default) = &declared.default {
            parameters.insert(name.clone(), default.clone());
        } else {
            let message = format!("the parameter {} has no value and no default", shown(name));
            let finding = Finding::new(ProblemCode::MissingField, message)
                .help(format!("write `parameters: {{{name}: …}}`"));
            context.problem_at_key(document, "/spec/parameters", finding);
        }
    }
}

fn check_service(document: &Document, org: &DesiredOrg, context: &mut Context<'_>) {
    if !org.trusted_services.contains(STACK_SETS_SERVICE) {
        let message = "StackSets have no access to this organization";
        let finding = Finding::new(ProblemCode::MissingField, message).help(format!(
            "add `{STACK_SETS_SERVICE}` to `trustedServices` of the `Organization` document"
        ));
        context.problem_at_key(document, "/kind", finding);
    }
}

/// Two documents with one StackSet would undo each other's work.
fn check_name(
    document: &Document,
    desired: &DesiredBaseline,
    org: &DesiredOrg,
    context: &mut Context<'_>,
) {
    let same = org.baselines.iter().find(|other| {
        other.stack_set == desired.stack_set && other.home_region == desired.home_region
    });
    if let Some(other) = same {
        let message = format!("there is another StackSet called {}", shown(&desired.stack_set));
        let finding = Finding::new(ProblemCode::DuplicateName, message)
            .help(format!("it is wanted by the document at {}", other.header.source));
        context.problem(document, "/spec/stackSetName", finding);
    }
}

fn value(raw: RawParameter) -> String {
    match raw {
        RawParameter::Text(text) => text,
        RawParameter::Number(number) => number.to_string(),
        RawParameter::Truth(truth) => truth.to_string(),
        RawParameter::List(items) => items.join(","),
    }
}

fn rollout(raw: RawDeployment) -> Rollout {
    Rollout {
        failure_tolerance: raw.failure_tolerance.map_or(SHARE, share),
        max_concurrent: raw.max_concurrent.map_or(SHARE, share),
        region_concurrency: match raw.region_concurrency {
            Some(RawRegionConcurrency::Parallel) => RegionConcurrency::Parallel,
            Some(RawRegionConcurrency::Sequential) | None => RegionConcurrency::Sequential,
        },
    }
}

fn share(raw: RawShare) -> Share {
    match raw {
        RawShare::Count(count) => Share::Count(count),
        RawShare::Percent(text) => {
            Share::Percent(text.trim_end_matches('%').parse().unwrap_or_default())
        }
    }
}

fn drift_check(raw: Option<&str>) -> Option<u32> {
    match raw {
        None => Some(DRIFT_CHECK_DAYS),
        Some(text) => text.strip_suffix('d')?.parse().ok(),
    }
}
