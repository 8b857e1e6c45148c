//! Dates: ISO 8601 as the W3C note has it, or seconds since 1970.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Reads a date, with a time and an offset or without both. Four digits are a year.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let is_year = text.len() == 4;
    if let (false, Ok(seconds)) = (is_year, text.parse()) {
        return Timestamp::from_second(seconds).ok();
    }
    if text.contains(['T', 't']) {
        return text.parse().ok();
    }
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let date: Date = whole.parse().ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
