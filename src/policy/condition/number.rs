//! Numbers: whole ones exactly, others as doubles.

use std::cmp::Ordering;

/// A number as a policy or a request writes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// A whole number, compared exactly.
    Whole(i64),
    /// Any other.
    Fraction(f64),
}

/// Reads a decimal number; infinity is none.
pub(super) fn parse(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse() {
        return Some(Number::Whole(whole));
    }
    let fraction: f64 = text.parse().ok()?;
    fraction.is_finite().then_some(Number::Fraction(fraction))
}

impl Number {
    /// The order of two numbers.
    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(&other)),
            (Self::Whole(_) | Self::Fraction(_), _) => {
                self.as_double().partial_cmp(&other.as_double())
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "only one of the two is whole: near enough")]
    fn as_double(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Fraction(fraction) => fraction,
        }
    }
}
