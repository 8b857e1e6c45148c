//! Which part of AWS's API rates palisade takes.

use std::fmt;
use std::str::FromStr;

/// A part of the documented API rates: 1 to 100 per cent, or no limit of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetShare(Option<u8>);

/// Text that is no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no share of the API rates: write a whole number from 1 to 100, or `unlimited`")]
pub struct InvalidShare(String);

impl BudgetShare {
    /// Half, unless told otherwise: every other tool of the organization shares the other half.
    pub const HALF: Self = Self(Some(50));
    /// As fast as AWS lets us: for emulators.
    pub const UNLIMITED: Self = Self(None);

    /// The share as a fraction; nothing when unlimited.
    pub(super) fn fraction(self) -> Option<f64> {
        self.0.map(|percent| f64::from(percent) / 100.0)
    }
}

impl FromStr for BudgetShare {
    type Err = InvalidShare;

    fn from_str(text: &str) -> Result<Self, InvalidShare> {
        if text == "unlimited" {
            return Ok(Self::UNLIMITED);
        }
        let percent = text.strip_suffix('%').unwrap_or(text).parse::<u8>().ok();
        match percent.filter(|percent| (1..=100).contains(percent)) {
            Some(percent) => Ok(Self(Some(percent))),
            None => Err(InvalidShare(text.to_owned())),
        }
    }
}

impl fmt::Display for BudgetShare {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(percent) => write!(formatter, "{percent}%"),
            None => formatter.write_str("unlimited"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BudgetShare;

    #[test]
    fn a_share_reads_back_as_it_was_written() {
        for (text, written) in
            [("50", "50%"), ("1%", "1%"), ("100%", "100%"), ("unlimited", "unlimited")]
        {
            assert_eq!(text.parse::<BudgetShare>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in ["0", "101", "", "%", "-1", "half", "50.5"] {
            assert!(text.parse::<BudgetShare>().is_err(), "{text}");
        }
    }
}
