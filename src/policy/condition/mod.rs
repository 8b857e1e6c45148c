//! Conditions: one operator on one key, asked of a request.
//!
//! The families of operators are in the modules below; quantifiers, missing keys and negation are the
//! same for all of them and are here. Sources: IAM User Guide, "IAM JSON policy elements: Condition
//! operators" and "Single-valued vs. multivalued context keys".

mod address;
mod date;
mod number;
mod order;
mod plain;
mod text;

use jiff::Timestamp;

use crate::policy::arn::ArnValues;
use crate::policy::context::{Context, ContextValue, Fact};
use crate::policy::name::Name;
use crate::policy::operator::{Comparison, Operator, Quantifier};
use crate::policy::template::{Reading, Template};
use crate::policy::truth::{Doubt, Gap, Gaps, Truth};

use crate::policy::condition::address::Network;
use crate::policy::condition::number::Number;
use crate::policy::condition::order::Order;
use crate::policy::condition::text::Texts;

/// One operator on one key with its values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Clause {
    operator: Operator,
    /// The key as written, for people.
    spelling: String,
    /// The key, for looking up.
    key: Name,
    values: Values,
    /// Is there a value that is none of the operator's?
    is_unreadable: bool,
}

/// The values a policy compares with, read once. What cannot be read as its operator wants it is not
/// kept: that there was such a value is.
#[derive(Debug, Clone, PartialEq)]
enum Values {
    Text(Texts),
    FoldedText(Texts),
    Arns(ArnValues),
    Numbers(Order, Vec<Number>),
    Dates(Order, Vec<Timestamp>),
    Booleans(Texts),
    Binaries(Vec<String>),
    Networks(Vec<Network>),
    Absences(Vec<bool>),
}

impl Clause {
    /// Reads a clause of a document with or without policy variables.
    pub(crate) fn new(
        operator: Operator,
        key: &str,
        values: &[String],
        has_variables: bool,
    ) -> Self {
        let template = |text: &String, reading| {
            if has_variables {
                Template::parse(text, reading)
            } else {
                Template::without_variables(text, reading)
            }
        };
        let all = |reading| values.iter().map(move |text| template(text, reading));
        Self {
            operator,
            spelling: key.to_owned(),
            key: Name::new(key),
            is_unreadable: values
                .iter()
                .any(|text| value_problem(operator.comparison, text).is_some()),
            values: match Family::of(operator.comparison) {
                Family::Text => Values::Text(Texts::new(all(Reading::Plain))),
                Family::Pattern => Values::Text(Texts::new(all(Reading::Wildcards))),
                Family::FoldedText => Values::FoldedText(Texts::folded(all(Reading::Plain))),
                Family::Number(order) => Values::Numbers(order, read(values, number::parse)),
                Family::Date(order) => Values::Dates(order, read(values, date::parse)),
                Family::Boolean => Values::Booleans(Texts::folded(all(Reading::Plain))),
                Family::Binary => Values::Binaries(values.to_vec()),
                Family::Address => Values::Networks(read(values, Network::parse)),
                Family::Arn => Values::Arns(ArnValues::new(all(Reading::Wildcards))),
                Family::Null => Values::Absences(read(values, plain::parse_boolean)),
            },
        }
    }

    /// Its operator.
    pub(crate) fn operator(&self) -> Operator {
        self.operator
    }

    /// Its key, as written.
    pub(crate) fn key(&self) -> &str {
        &self.spelling
    }

    /// Does the clause hold for a request with these keys?
    pub(crate) fn holds<'p>(&'p self, context: &Context, gaps: &mut Gaps<'p>) -> Truth {
        let fact = context.fact(&self.key);
        if let Values::Absences(wanted) = &self.values {
            let holds = self.absence(fact, wanted, gaps);
            return self.or_unreadable(holds, gaps);
        }
        match fact {
            Fact::Unknown => gaps.note(Gap::Key(&self.spelling)),
            Fact::Absent => self.without_key(gaps),
            Fact::Values(values) => self.with_values(values, context, gaps),
        }
    }

    fn absence<'p>(&'p self, fact: Fact<'_>, wanted: &[bool], gaps: &mut Gaps<'p>) -> Truth {
        match fact {
            Fact::Unknown => gaps.note(Gap::Key(&self.spelling)),
            Fact::Absent => wanted.contains(&true).into(),
            Fact::Values(_) => wanted.contains(&false).into(),
        }
    }

    fn without_key(&self, gaps: &mut Gaps<'_>) -> Truth {
        match (self.operator.quantifier, self.operator.if_exists) {
            (Quantifier::ForAnyValue, true) => gaps.note(Gap::Doubt(Doubt::AnyValueIfExists)),
            (Quantifier::ForAnyValue, false) => Truth::False,
            (Quantifier::ForAllValues, _) | (Quantifier::Single, true) => Truth::True,
            (Quantifier::Single, false) => self.operator.comparison.is_negated().into(),
        }
    }

    fn with_values<'p>(
        &'p self,
        values: &[ContextValue],
        context: &Context,
        gaps: &mut Gaps<'p>,
    ) -> Truth {
        match self.operator.quantifier {
            Quantifier::ForAnyValue => {
                gaps.any(values, |gaps, value| self.compare(value, context, gaps))
            }
            // The User Guide counts "a null dataset, such as an empty string" as no value.
            Quantifier::ForAllValues if values.iter().all(|value| value.as_str().is_empty()) => {
                Truth::True
            }
            Quantifier::ForAllValues => {
                gaps.all(values, |gaps, value| self.compare(value, context, gaps))
            }
            Quantifier::Single if values.len() == 1 => self.compare(&values[0], context, gaps),
            // "Multivalued context keys require a condition set operator" (Single-valued vs. multivalued
            // context keys); what becomes of them without one is not said.
            Quantifier::Single => gaps.note(Gap::Doubt(Doubt::SeveralValues)),
        }
    }

    /// One value of the request against all of the policy: any of them, or none when negated.
    fn compare<'p>(
        &'p self,
        value: &ContextValue,
        context: &Context,
        gaps: &mut Gaps<'p>,
    ) -> Truth {
        let matched = self.matches_any(value, context, gaps);
        let matched = self.or_unreadable(matched, gaps);
        if self.operator.comparison.is_negated() { matched.negated() } else { matched }
    }

    /// A value that cannot be read may be what matches.
    fn or_unreadable(&self, matched: Truth, gaps: &mut Gaps<'_>) -> Truth {
        if matched == Truth::False && self.is_unreadable {
            return gaps.note(Gap::Doubt(Doubt::UnreadableCondition));
        }
        matched
    }

    fn matches_any<'p>(
        &'p self,
        value: &ContextValue,
        context: &Context,
        gaps: &mut Gaps<'p>,
    ) -> Truth {
        // What AWS makes of a value that is not what the operator compares is not documented.
        let (arn, value) = (value, value.as_str());
        let unreadable = Gap::Doubt(Doubt::UnreadableValue);
        match &self.values {
            Values::Text(texts) => texts.any_matches(value, context, gaps),
            Values::FoldedText(texts) => texts.any_matches(&value.to_lowercase(), context, gaps),
            Values::Arns(arns) => arns.any_matches(&arn.as_arn(), context, gaps, None),
            Values::Numbers(order, numbers) => match number::parse(value) {
                Some(value) => is_any(numbers, |number| {
                    value.compare(*number).is_some_and(|found| order.holds(found))
                }),
                None => gaps.note(unreadable),
            },
            Values::Dates(order, dates) => match date::parse(value) {
                Some(value) => is_any(dates, |date| order.holds(value.cmp(date))),
                None => gaps.note(unreadable),
            },
            Values::Booleans(booleans) => match plain::parse_boolean(value) {
                Some(value) => booleans.any_matches(&value.to_string(), context, gaps),
                None => gaps.note(unreadable),
            },
            Values::Binaries(binaries) => is_any(binaries, |binary| binary == value),
            Values::Networks(networks) => match address::parse(value) {
                Some(value) => is_any(networks, |network| network.contains(value)),
                None => gaps.note(unreadable),
            },
            Values::Absences(_) => Truth::False,
        }
    }
}

/// What is wrong with `text` as a value of an operator with this comparison, if anything.
pub(crate) fn value_problem(comparison: Comparison, text: &str) -> Option<String> {
    let (is_readable, expected) = match Family::of(comparison) {
        Family::Text | Family::Pattern | Family::FoldedText | Family::Arn | Family::Binary => {
            return None;
        }
        Family::Number(_) => (number::parse(text).is_some(), "a number"),
        Family::Date(_) => (
            date::parse(text).is_some(),
            "a date such as \"2026-11-30T08:00:00Z\", or seconds since 1970",
        ),
        Family::Boolean => {
            (plain::parse_boolean(text).is_some() || text.contains("${"), "\"true\" or \"false\"")
        }
        Family::Address => {
            (Network::parse(text).is_some(), "an IP address or a range such as \"203.0.113.0/24\"")
        }
        Family::Null => (
            plain::parse_boolean(text).is_some(),
            "\"true\" (the key is missing) or \"false\" (it is there)",
        ),
    };
    let name: &str = comparison.into();
    (!is_readable).then(|| format!("`{name}` takes {expected}, not `{text}`"))
}

/// Operators whose values are read alike.
enum Family {
    Text,
    FoldedText,
    Pattern,
    Number(Order),
    Date(Order),
    Boolean,
    Binary,
    Address,
    Arn,
    Null,
}

impl Family {
    fn of(comparison: Comparison) -> Self {
        match comparison {
            Comparison::StringEquals | Comparison::StringNotEquals => Self::Text,
            Comparison::StringEqualsIgnoreCase | Comparison::StringNotEqualsIgnoreCase => {
                Self::FoldedText
            }
            Comparison::StringLike | Comparison::StringNotLike => Self::Pattern,
            Comparison::NumericEquals | Comparison::NumericNotEquals => Self::Number(Order::Equal),
            Comparison::NumericLessThan => Self::Number(Order::Less),
            Comparison::NumericLessThanEquals => Self::Number(Order::LessOrEqual),
            Comparison::NumericGreaterThan => Self::Number(Order::Greater),
            Comparison::NumericGreaterThanEquals => Self::Number(Order::GreaterOrEqual),
            Comparison::DateEquals | Comparison::DateNotEquals => Self::Date(Order::Equal),
            Comparison::DateLessThan => Self::Date(Order::Less),
            Comparison::DateLessThanEquals => Self::Date(Order::LessOrEqual),
            Comparison::DateGreaterThan => Self::Date(Order::Greater),
            Comparison::DateGreaterThanEquals => Self::Date(Order::GreaterOrEqual),
            Comparison::Bool => Self::Boolean,
            Comparison::BinaryEquals => Self::Binary,
            Comparison::IpAddress | Comparison::NotIpAddress => Self::Address,
            // "ArnEquals and ArnLike behave identically" (Condition operators).
            Comparison::ArnEquals
            | Comparison::ArnLike
            | Comparison::ArnNotEquals
            | Comparison::ArnNotLike => Self::Arn,
            Comparison::Null => Self::Null,
        }
    }
}

fn read<T>(values: &[String], parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
    values.iter().filter_map(|value| parse(value)).collect()
}

fn is_any<T>(values: &[T], matches: impl Fn(&T) -> bool) -> Truth {
    values.iter().any(matches).into()
}
