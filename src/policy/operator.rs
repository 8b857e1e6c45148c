//! The names of condition operators.

use std::fmt;

use strum::VariantNames;

/// A condition operator, such as `ForAnyValue:StringLikeIfExists`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operator {
    /// How several values of one key are taken.
    pub quantifier: Quantifier,
    /// The comparison of one value.
    pub comparison: Comparison,
    /// `…IfExists`: true when the key is missing.
    pub if_exists: bool,
}

/// How several values of one key in a request are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantifier {
    /// No prefix: the key has one value.
    Single,
    /// `ForAnyValue:`: one matching value suffices.
    ForAnyValue,
    /// `ForAllValues:`: every value must match.
    ForAllValues,
}

/// What one value is compared by.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
    strum::EnumIter,
)]
#[strum(ascii_case_insensitive)]
#[expect(missing_docs, reason = "the names are those of the IAM User Guide")]
pub enum Comparison {
    StringEquals,
    StringNotEquals,
    StringEqualsIgnoreCase,
    StringNotEqualsIgnoreCase,
    StringLike,
    StringNotLike,
    NumericEquals,
    NumericNotEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateNotEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
    NotIpAddress,
    ArnEquals,
    ArnNotEquals,
    ArnLike,
    ArnNotLike,
    Null,
}

const IF_EXISTS: &str = "IfExists";

impl Operator {
    /// Reads an operator's name in any case, as IAM does; nothing when there is no such operator.
    ///
    /// Not knowing an operator must never be ignored: in a Deny that would open what it closes.
    pub fn parse(name: &str) -> Option<Self> {
        let (quantifier, rest) = match name.split_once(':') {
            None => (Quantifier::Single, name),
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("ForAnyValue") => {
                (Quantifier::ForAnyValue, rest)
            }
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("ForAllValues") => {
                (Quantifier::ForAllValues, rest)
            }
            Some(_) => return None,
        };
        let split = rest.len().checked_sub(IF_EXISTS.len()).unwrap_or(rest.len());
        let (stem, if_exists) = match (rest.get(..split), rest.get(split..)) {
            (Some(stem), Some(suffix)) if suffix.eq_ignore_ascii_case(IF_EXISTS) => (stem, true),
            _ => (rest, false),
        };
        let comparison: Comparison = stem.parse().ok()?;
        // "Null with if exists" is an error in IAM Access Analyzer's reference of policy checks.
        let is_known = !(if_exists && comparison == Comparison::Null);
        is_known.then_some(Self { quantifier, comparison, if_exists })
    }

    /// The operator whose name is nearest to `name`, for messages.
    pub(crate) fn nearest(name: &str) -> &'static str {
        let stem = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
        let stem = stem.strip_suffix("ifexists").unwrap_or(&stem);
        let distance =
            |known: &&str| strsim::damerau_levenshtein(stem, &known.to_ascii_lowercase());
        Comparison::VARIANTS.iter().copied().min_by_key(distance).unwrap_or_default()
    }
}

impl Comparison {
    /// Does the operator hold when no value matches?
    pub fn is_negated(self) -> bool {
        match self {
            Self::StringNotEquals
            | Self::StringNotEqualsIgnoreCase
            | Self::StringNotLike
            | Self::NumericNotEquals
            | Self::DateNotEquals
            | Self::NotIpAddress
            | Self::ArnNotEquals
            | Self::ArnNotLike => true,
            Self::StringEquals
            | Self::StringEqualsIgnoreCase
            | Self::StringLike
            | Self::NumericEquals
            | Self::NumericLessThan
            | Self::NumericLessThanEquals
            | Self::NumericGreaterThan
            | Self::NumericGreaterThanEquals
            | Self::DateEquals
            | Self::DateLessThan
            | Self::DateLessThanEquals
            | Self::DateGreaterThan
            | Self::DateGreaterThanEquals
            | Self::Bool
            | Self::BinaryEquals
            | Self::IpAddress
            | Self::ArnEquals
            | Self::ArnLike
            | Self::Null => false,
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.quantifier {
            Quantifier::Single => "",
            Quantifier::ForAnyValue => "ForAnyValue:",
            Quantifier::ForAllValues => "ForAllValues:",
        };
        let suffix = if self.if_exists { IF_EXISTS } else { "" };
        write!(formatter, "{prefix}{}{suffix}", <&str>::from(self.comparison))
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_operator_is_read_in_every_case_with_every_prefix_and_suffix() {
        for comparison in Comparison::iter() {
            for quantifier in
                [Quantifier::Single, Quantifier::ForAnyValue, Quantifier::ForAllValues]
            {
                for if_exists in [false, true] {
                    let operator = Operator { quantifier, comparison, if_exists };
                    let expected =
                        (comparison != Comparison::Null || !if_exists).then_some(operator);
                    let name = operator.to_string();
                    assert_eq!(Operator::parse(&name), expected, "{name}");
                    assert_eq!(Operator::parse(&name.to_lowercase()), expected, "{name}");
                    assert_eq!(Operator::parse(&name.to_uppercase()), expected, "{name}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_an_operator_is_not_read_as_one() {
        for name in [
            "",
            "IfExists",
            "StringEqual",
            "ForAnyValue:",
            "ForSomeValue:StringEquals",
            "ForAnyValue:ForAnyValue:StringEquals",
            "StringEqualsIfExistsIfExists",
            " StringEquals",
            "ſtringEquals",
            "日本語日本語",
        ] {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
    }

    #[test]
    fn the_nearest_operator_survives_prefix_and_suffix() {
        assert_eq!(Operator::nearest("ForAnyValue:StringEqualIfExists"), "StringEquals");
        assert_eq!(Operator::nearest("ArnNotlikes"), "ArnNotLike");
    }
}
