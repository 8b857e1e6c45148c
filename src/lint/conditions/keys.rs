//! Names of keys and operators, and whether the one fits the other.

use crate::lint::statement::{Clause, Statement};
use crate::lint::texts::is_of_provider;
use crate::lint::{LintCode, Lints};
use crate::policy::{Comparison, Quantifier};
use crate::reference;
use crate::reference::{ConditionKey, KeyType, Service};

pub(crate) fn check(statement: &Statement<'_>, clause: &Clause<'_>, lints: &mut Lints) {
    let spelling = clause.operator.to_string();
    if spelling != clause.spelling {
        let message = format!("the operator `{}` is spelt `{spelling}`", clause.spelling);
        let help = "IAM takes any case; write it as everybody does";
        lints.add(LintCode::OddSpelling, &clause.pointer, message, help);
    }
    match reference::condition_key(clause.key) {
        Some(key) => known(statement, clause, key, lints),
        None if is_of_provider(clause.key) => {}
        None => unknown(clause, lints),
    }
}

fn unknown(clause: &Clause<'_>, lints: &mut Lints) {
    let key = clause.key;
    let message = format!("no service has the condition key `{key}` as of {}", reference::date());
    let own = key.split_once(':').and_then(|(prefix, _)| reference::service(prefix));
    let names = own.into_iter().flat_map(Service::keys).chain(reference::global_keys());
    let distance = |name: &str| strsim::damerau_levenshtein(&lower(key), &lower(name));
    let nearest = names.map(|key| (distance(&key.name), &key.name)).min();
    let help = match nearest.filter(|(distance, _)| *distance <= (key.len() / 4).max(1)) {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => "such a key is never in a request, so negated operators hold and others do not"
            .to_owned(),
    };
    lints.add(LintCode::UnknownConditionKey, &clause.pointer, message, help);
}

fn known(statement: &Statement<'_>, clause: &Clause<'_>, key: &ConditionKey, lints: &mut Lints) {
    let fixed = key.name.split("${").next().unwrap_or_default();
    if !clause.key.starts_with(fixed) {
        let message = format!("the key `{}` is spelt `{}`", clause.key, key.name);
        let help = "IAM takes any case; write it as everybody does";
        lints.add(LintCode::OddSpelling, &clause.pointer, message, help);
    }
    let comparison: &str = clause.operator.comparison.into();
    if !fits(comparison, key) {
        let kind: &str = key.value_type.into();
        let message =
            format!("`{comparison}` does not compare values of type {kind}, as `{}` has", key.name);
        let help = format!("use an operator for {kind}");
        lints.add(LintCode::WrongKeyType, &clause.pointer, message, help);
    }
    quantifier(statement, clause, key, lints);
}

/// Does the comparison fit the type? Text of ARNs may be compared as text, and moments as numbers.
fn fits(comparison: &str, key: &ConditionKey) -> bool {
    let is = |family: &str| comparison.contains(family);
    match key.value_type {
        _ if is("Null") || is("Binary") => true,
        // The reference calls some keys text whose values are ARNs.
        KeyType::String => is("String") || (is("Arn") && lower(&key.name).contains("arn")),
        KeyType::Arn => is("Arn") || is("String"),
        KeyType::Bool => is("Bool"),
        KeyType::Numeric => is("Numeric"),
        KeyType::Date => is("Date") || is("Numeric"),
        KeyType::IpAddress => is("IpAddress"),
    }
}

fn quantifier(
    statement: &Statement<'_>,
    clause: &Clause<'_>,
    key: &ConditionKey,
    lints: &mut Lints,
) {
    let is_null = clause.operator.comparison == Comparison::Null;
    match (clause.operator.quantifier, key.is_list) {
        (Quantifier::Single, true) if !is_null => {
            let message = format!("`{}` may have several values", key.name);
            let help = "put `ForAnyValue:` or `ForAllValues:` before the operator";
            lints.add(LintCode::WrongQuantifier, &clause.pointer, message, help);
        }
        (Quantifier::ForAnyValue | Quantifier::ForAllValues, false) => {
            let message = format!("`{}` has one value", key.name);
            let help = "take the quantifier before the operator out";
            lints.add(LintCode::WrongQuantifier, &clause.pointer, message, help);
        }
        // `IfExists` says that the author knows.
        (Quantifier::ForAllValues, true)
            if !clause.operator.if_exists && !asks_for_presence(statement, clause.key) =>
        {
            let message = format!("this also holds when the request does not have `{}`", key.name);
            let help =
                format!("if that is not meant, add `\"Null\": {{\"{}\": \"false\"}}`", clause.key);
            lints.add(LintCode::ForAllValuesMissingKey, &clause.pointer, message, help);
        }
        (Quantifier::Single | Quantifier::ForAnyValue | Quantifier::ForAllValues, _) => {}
    }
}

fn asks_for_presence(statement: &Statement<'_>, key: &str) -> bool {
    let asks = |clause: &&Clause<'_>| {
        clause.operator.comparison == Comparison::Null && clause.is_on(key) && clause.says("false")
    };
    statement.clauses.iter().any(|clause| asks(&clause))
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}
