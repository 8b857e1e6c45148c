//! Calls that must work, and lockouts that somebody accepts: their names, places and ends.

use std::collections::{BTreeMap, BTreeSet};

use strum::VariantNames;

use crate::desired::load::Document;
use crate::desired::model::DesiredTarget;
use crate::desired::must_work::{AcceptedLockout, BuiltInProbe, MustWork, OnUnknown, ProbeOrigin};
use crate::desired::problem::{Finding, ProblemCode, did_you_mean, listed, shown};
use crate::desired::raw::{
    ConditionKey, RawAcceptedLockout, RawContextValue, RawMustWork, RawOnUnknown, TargetText,
};
use crate::desired::validate::{Context, header, lint, policy, token};
use crate::org::{DocumentRef, OuPath};
use crate::policy::Request;

const MUST_WORK: &str = "/spec/mustWork";
const ACCEPTED: &str = "/spec/acceptLockouts";

/// Reads the calls that must work.
pub(crate) fn read(
    document: &Document,
    by: &DocumentRef,
    raw: Vec<RawMustWork>,
    context: &mut Context<'_>,
) -> Vec<MustWork> {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut probes = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let pointer = format!("{MUST_WORK}/{index}");
        let name = raw.name.0;
        let finding = if BuiltInProbe::VARIANTS.contains(&name.as_str()) {
            let message = format!("{} is one of palisade's own calls", shown(&name));
            Some(Finding::new(ProblemCode::DuplicateName, message).help("choose another name"))
        } else {
            names.get(&name).map(|first| {
                let first = context.source(document, &format!("{MUST_WORK}/{first}/name"));
                let message = format!("another call is named {}", shown(&name));
                Finding::new(ProblemCode::DuplicateName, message)
                    .help(format!("the first is at {first}"))
            })
        };
        if let Some(finding) = finding {
            context.problem(document, &format!("{pointer}/name"), finding);
        }
        names.entry(name.clone()).or_insert(index);
        if raw.actions.is_empty() {
            let finding = Finding::new(ProblemCode::WrongCount, "no action")
                .help("name the actions that must work, such as `s3:GetObject`");
            context.problem(document, &format!("{pointer}/actions"), finding);
        }
        for (at, action) in raw.actions.iter().enumerate() {
            let at = format!("{pointer}/actions/{at}");
            lint::check_action(document, &at, &action.0, context);
        }
        let (given, absent) = facts(document, &pointer, raw.context, &raw.absent, context);
        for (at, finding) in contradictions(&pointer, &raw.principal.0, &given, &raw.absent) {
            context.problem(document, &at, finding);
        }
        let everywhere = || BTreeSet::from([DesiredTarget::Unit(OuPath::root())]);
        let places = raw.targets.map_or_else(everywhere, |targets| {
            places(document, &format!("{pointer}/targets"), &targets, context)
        });
        probes.push(MustWork {
            name,
            document: by.clone(),
            places,
            except: BTreeSet::new(),
            principal: raw.principal.0,
            actions: raw.actions.into_iter().map(|action| action.0).collect(),
            resource: raw.resource.map_or_else(|| "*".to_owned(), |resource| resource.0),
            context: given,
            absent,
            on_unknown: match raw.on_unknown {
                Some(RawOnUnknown::Pass) => OnUnknown::Pass,
                Some(RawOnUnknown::Fail) | None => OnUnknown::Fail,
            },
            origin: ProbeOrigin::Declared,
        });
    }
    probes
}

/// Reads which of `probes` and palisade's own calls may be locked out.
pub(crate) fn read_accepted(
    document: &Document,
    raw: Vec<RawAcceptedLockout>,
    probes: &[MustWork],
    context: &mut Context<'_>,
) -> Vec<AcceptedLockout> {
    let mut accepted = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let pointer = format!("{ACCEPTED}/{index}");
        let known: Vec<&str> = BuiltInProbe::VARIANTS
            .iter()
            .copied()
            .chain(probes.iter().map(|probe| probe.name.as_str()))
            .collect();
        if !known.contains(&raw.probe.as_str()) {
            let message = format!("no call that must work is named {}", shown(&raw.probe));
            let near = did_you_mean(&raw.probe, known.iter().copied());
            let help = near.unwrap_or_else(|| format!("there are {}", listed(known)));
            let finding = Finding::new(ProblemCode::UnknownName, message).help(help);
            context.problem(document, &format!("{pointer}/probe"), finding);
        }
        if raw.reason.trim().is_empty() {
            let finding = Finding::new(ProblemCode::Suspension, "accepting needs a reason");
            context.problem(document, &format!("{pointer}/reason"), finding);
        }
        let places = raw.targets.map_or_else(BTreeSet::new, |targets| {
            places(document, &format!("{pointer}/targets"), &targets, context)
        });
        let until = header::read_end(document, &format!("{pointer}/until"), &raw.until, context);
        let Some(until) = until else { continue };
        if until <= context.today {
            let message = format!("accepting it ended on {until}: the lockout is blocked again");
            let finding = Finding::new(ProblemCode::Suspension, message)
                .help("take it out, or set a later date");
            context.warning(document, &format!("{pointer}/until"), finding);
        }
        accepted.push(AcceptedLockout { probe: raw.probe, places, until, reason: raw.reason });
    }
    accepted
}

fn places(
    document: &Document,
    pointer: &str,
    raw: &[TargetText],
    context: &mut Context<'_>,
) -> BTreeSet<DesiredTarget> {
    let mut places = BTreeSet::new();
    if raw.is_empty() {
        let finding = Finding::new(ProblemCode::WrongCount, "no target")
            .help("name one, such as `/Workloads`, or leave `targets` out for every account");
        context.problem(document, pointer, finding);
    }
    for (index, TargetText(text)) in raw.iter().enumerate() {
        match policy::read_target(text, context) {
            Ok(place) => places.extend(place),
            Err(finding) => context.problem(document, &format!("{pointer}/{index}"), finding),
        }
    }
    places
}

/// The condition keys of a call, each said once.
fn facts(
    document: &Document,
    pointer: &str,
    given: BTreeMap<String, RawContextValue>,
    absent: &[ConditionKey],
    context: &mut Context<'_>,
) -> (BTreeMap<String, Vec<String>>, BTreeSet<String>) {
    let mut seen = BTreeSet::new();
    let written =
        given.keys().map(|key| (key.clone(), format!("{pointer}/context/{}", token(key)))).chain(
            absent
                .iter()
                .enumerate()
                .map(|(index, key)| (key.0.clone(), format!("{pointer}/absent/{index}"))),
        );
    for (key, at) in written.collect::<Vec<_>>() {
        if !seen.insert(key.to_ascii_lowercase()) {
            let message = format!("{} is said twice", shown(&key));
            let finding = Finding::new(ProblemCode::DuplicateName, message)
                .help("a key is in one of `context` and `absent`, whatever its case");
            context.problem(document, &at, finding);
        }
    }
    let values = given.into_iter().map(|(key, value)| {
        let values = match value {
            RawContextValue::Text(text) => vec![text],
            RawContextValue::Truth(truth) => vec![truth.to_string()],
            RawContextValue::Several(texts) => texts,
        };
        (key, values)
    });
    (values.collect(), absent.iter().map(|key| key.0.clone()).collect())
}

/// An account that is none of anybody's: stands for every one in which a principal is looked at.
const SOME_ACCOUNT: &str = "000000000000";

/// Keys of which is said what cannot be so of the principal, and where.
fn contradictions(
    pointer: &str,
    principal: &str,
    given: &BTreeMap<String, Vec<String>>,
    absent: &[ConditionKey],
) -> Vec<(String, Finding)> {
    let is_local = principal == "root" || (principal.contains('/') && !principal.contains(':'));
    let arn = if is_local {
        format!("arn:aws:iam::{SOME_ACCOUNT}:{principal}")
    } else {
        principal.to_owned()
    };
    // The action has no part in it, and what is no principal is a problem of its own.
    let Ok(request) = Request::new(&arn, "sts:GetCallerIdentity") else { return Vec::new() };
    let given = given.iter().map(|(key, values)| {
        let values = values.iter().map(String::as_str).collect();
        (format!("{pointer}/context/{}", token(key)), key, values)
    });
    let absent = absent
        .iter()
        .enumerate()
        .map(|(index, ConditionKey(key))| (format!("{pointer}/absent/{index}"), key, Vec::new()));
    let problem = |(at, key, values): (String, &String, Vec<&str>)| {
        let problem = request.clone().told(key, &values).err()?;
        let finding = Finding::new(ProblemCode::InvalidValue, problem.to_string());
        Some((at, finding.help(format!("the principal is {}", shown(principal)))))
    };
    given.chain(absent).filter_map(problem).collect()
}
