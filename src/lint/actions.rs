//! Actions: do they exist, and do their wildcards reach as far as they seem to?

use std::collections::BTreeSet;

use crate::lint::statement::{Statement, Text};
use crate::lint::{LintCode, Lints};
use crate::policy::Grammar;
use crate::reference;
use crate::reference::Service;

pub(crate) fn check(grammar: Grammar, statement: &Statement<'_>, lints: &mut Lints) {
    let mut unknown = BTreeSet::new();
    for item in &statement.actions.items {
        let Some((prefix, name)) = item.text.split_once(':') else { continue };
        let Some(service) = reference::service(prefix) else {
            // Once is enough for all actions of a service.
            if unknown.insert(prefix) {
                unknown_service(item, prefix, lints);
            }
            continue;
        };
        if grammar == Grammar::Rcp && !service.supports_rcp {
            let message = format!("resource control policies do not bind resources of `{prefix}`");
            let help = format!("as of {}; use a service control policy", reference::date());
            lints.add(LintCode::NeverMatches, &item.pointer, message, help);
        }
        spelling(item, service, lints);
        if service.matching(name).next().is_none() {
            unknown_action(item, service, name, lints);
        } else {
            wildcards(statement, item, service, name, lints);
        }
    }
}

fn unknown_service(item: &Text<'_>, prefix: &str, lints: &mut Lints) {
    let message = format!("no service has the prefix `{prefix}` as of {}", reference::date());
    let names = reference::services().iter().map(|service| service.prefix.as_str());
    lints.add(LintCode::UnknownService, &item.pointer, message, meant(prefix, names));
}

fn unknown_action(item: &Text<'_>, service: &Service, name: &str, lints: &mut Lints) {
    let message = format!(
        "`{}` has no action `{name}` as of {}, so that it stands for nothing",
        service.prefix,
        reference::date()
    );
    let names = service.actions().iter().map(|action| action.name.as_str());
    lints.add(LintCode::UnknownAction, &item.pointer, message, meant(name, names));
}

/// The name that was probably meant.
fn meant<'a>(found: &str, names: impl Iterator<Item = &'a str>) -> String {
    let found = found.to_ascii_lowercase();
    let allowed = (found.chars().count() / 3).max(1);
    let distance = |name: &str| strsim::damerau_levenshtein(&found, &name.to_ascii_lowercase());
    let nearest = names.map(|name| (distance(name), name)).min();
    match nearest.filter(|(distance, _)| *distance <= allowed) {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => "look for its name in the Service Authorization Reference".to_owned(),
    }
}

fn spelling(item: &Text<'_>, service: &Service, lints: &mut Lints) {
    let Some((prefix, name)) = item.text.split_once(':') else { return };
    let known = service.action(name).map_or(name, |action| action.name.as_str());
    if prefix != service.prefix || name != known {
        let message = format!("AWS spells this `{}:{known}`", service.prefix);
        let help = "IAM takes any case; write it as everybody does";
        lints.add(LintCode::OddSpelling, &item.pointer, message, help);
    }
}

fn wildcards(
    statement: &Statement<'_>,
    item: &Text<'_>,
    service: &Service,
    name: &str,
    lints: &mut Lints,
) {
    let count = service.matching(name).count();
    if name.contains('?') {
        let message = format!(
            "`?` stands for exactly one character; `{}` covers {count} of the actions known",
            item.text
        );
        lints.add(LintCode::WildcardTrap, &item.pointer, message, "write the names out, or `*`");
    } else if statement.is_deny && statement.actions.is_negated && name != "*" && name.contains('*')
    {
        let message = format!(
            "`{}` in `NotAction` exempts {count} actions today, and what AWS names so tomorrow",
            item.text
        );
        let help = "write the names of the actions out, or exempt the whole service";
        lints.add(LintCode::WildcardTrap, &item.pointer, message, help);
    }
}
