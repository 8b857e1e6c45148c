//! Why the engines differ: every difference is one of these, with the page of AWS that settles it.
//!
//! A reason is not believed, it is tried: what it is about is written in a way that leaves no question, the other
//! engine is asked again, and only if it then agrees has the reason explained the difference.

use palisade::policy::{Quantifier, WildcardPattern};
use serde_json::{Value, json};

use crate::differential::edges::{Case, clauses, items, variables};
use crate::differential::engines::{Other, Outcome, Subject};

/// A reason for which they differ.
pub(super) struct Reason {
    pub(super) name: &'static str,
    /// What AWS says, and what the other engine does.
    pub(super) why: &'static str,
    /// Where AWS says it, in the IAM User Guide.
    pub(super) page: &'static str,
    /// The same without the question; nothing if the case does not raise it.
    settled: fn(&Value, &Case) -> Option<(Value, Case)>,
}

pub(super) const REASONS: &[Reason] = &[
    Reason {
        name: "a variable without a value in a negated operator",
        why: "a variable that cannot be filled makes its value match nothing, so that a negated operator holds; \
              the other engine lets the operator fail, and a Deny with an exemption by variable denies nobody",
        page: "reference_policies_variables.html#policy-vars-no-value",
        settled: without_unfilled_values,
    },
    Reason {
        name: "ForAllValues of nothing but empty strings",
        why: "\"a null dataset, such as an empty string\" counts as no value, for which `ForAllValues` holds; the \
              other engine compares the empty string",
        page: "reference_policies_condition-single-vs-multi-valued-context-keys.html",
        settled: without_empty_values,
    },
    Reason {
        name: "NotResource and an action without resources",
        why: "`NotResource` is every resource but those listed, and `*` is not listed; the other engine takes `*` for \
              all resources, those listed among them",
        page: "reference_policies_elements_notresource.html",
        settled: on_something_unlisted,
    },
    Reason {
        name: "a wildcard in the type of a resource",
        why: "wildcards may stand anywhere within a segment, and the type (`firewall*/name`) is a part of the last \
              one; the other engine takes the type to the letter, since \"Reference identifiers\" advises against it",
        page: "reference_policies_elements_resource.html",
        settled: with_plain_types,
    },
];

/// The cases, each with the name of the reason that explains it, if one does.
pub(super) fn explain(
    other: &mut Other,
    subject: &Subject,
    differing: Vec<(Case, Outcome, Outcome)>,
) -> Vec<(Case, Option<&'static str>, Outcome, Outcome)> {
    let explained = differing.into_iter().map(|(case, ours, theirs)| {
        let (mut document, mut asked) = (subject.document.clone(), case.clone());
        // A case may raise several questions: they are taken out one after the other.
        let reason = REASONS.iter().find(|reason| {
            let Some(settled) = (reason.settled)(&document, &asked) else { return false };
            (document, asked) = settled;
            let again = other.ask(subject.grammar, &document, std::slice::from_ref(&asked));
            again == [ours]
        });
        (case, reason.map(|reason| reason.name), ours, theirs)
    });
    explained.collect()
}

/// Takes the values whose variables have no value out of negated operators. A value that nothing equals takes the
/// place of the last one.
fn without_unfilled_values(document: &Value, case: &Case) -> Option<(Value, Case)> {
    let is_unfilled = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        !text.contains(", '")
            && variables(text)
                .iter()
                .any(|key| case.facts.get(key).is_none_or(|fact| fact.len() != 1))
    };
    let mut settled = document.clone();
    let mut found = false;
    for statement in listed(&mut settled) {
        let operators = statement.get_mut("Condition").and_then(Value::as_object_mut);
        let negated =
            operators.into_iter().flatten().filter(|(operator, _)| operator.contains("Not"));
        for (_, keys) in negated {
            for (_, values) in keys.as_object_mut().into_iter().flatten() {
                let all = items(values);
                let mut kept: Vec<Value> =
                    all.iter().filter(|value| !is_unfilled(value)).cloned().collect();
                if kept.len() < all.len() {
                    kept.push(json!("arn:aws:iam::000000000000:role/nobody"));
                    *values = Value::Array(kept);
                    found = true;
                }
            }
        }
    }
    found.then(|| (settled, case.clone()))
}

/// Leaves out the keys of `ForAllValues` whose values are all empty.
fn without_empty_values(document: &Value, case: &Case) -> Option<(Value, Case)> {
    let mut settled = case.clone();
    let clauses = items(&document["Statement"]).iter().flat_map(clauses);
    for clause in clauses.filter(|one| one.operator.quantifier == Quantifier::ForAllValues) {
        let fact = settled.facts.get_mut(&clause.key)?;
        if fact.iter().all(String::is_empty) {
            fact.clear();
        }
    }
    (settled != *case).then(|| (document.clone(), settled))
}

/// Names a resource that no policy lists in the place of `*`.
fn on_something_unlisted(document: &Value, case: &Case) -> Option<(Value, Case)> {
    let mut statements = items(&document["Statement"]).iter();
    let is_asked = case.resource == "*" && statements.any(|one| one.get("NotResource").is_some());
    let resource = "arn:aws:none:eu-west-1:000000000000:none".to_owned();
    is_asked.then(|| (document.clone(), Case { resource, ..case.clone() }))
}

/// Writes what may be the resource's own type in the place of a pattern that it matches.
fn with_plain_types(document: &Value, case: &Case) -> Option<(Value, Case)> {
    let (_, own) = cut(&case.resource)?;
    let plain = |pattern: &Value| -> Option<Vec<Value>> {
        let (before, rest) = cut(pattern.as_str()?)?;
        let (wanted, after) = rest.split_at(rest.find(['/', ':'])?);
        let wildcard = wanted.contains('*').then(|| WildcardPattern::new(wanted))?;
        let ends = own.match_indices(['/', ':']).map(|(end, _)| &own[..end]);
        let kinds = ends.filter(|kind| wildcard.matches(kind));
        Some(kinds.map(|kind| Value::String(format!("{before}{kind}{after}"))).collect())
    };
    let mut settled = document.clone();
    for statement in listed(&mut settled) {
        for name in ["Resource", "NotResource"] {
            if let Some(patterns) = statement.get_mut(name) {
                let written = items(patterns).iter();
                *patterns = written
                    .flat_map(|one| plain(one).unwrap_or_else(|| vec![one.clone()]))
                    .collect();
            }
        }
    }
    (settled != *document).then(|| (settled, case.clone()))
}

/// An ARN up to its last part, and that.
fn cut(arn: &str) -> Option<(&str, &str)> {
    Some(arn.split_at(arn.match_indices(':').nth(4)?.0 + 1))
}

fn listed(document: &mut Value) -> Vec<&mut Value> {
    match document.get_mut("Statement") {
        Some(Value::Array(statements)) => statements.iter_mut().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}
