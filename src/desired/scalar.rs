//! What an unquoted YAML scalar means: the core schema of YAML 1.2, in which `no` and dates are text.

use serde_json::Number;

/// The value of an unquoted scalar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Infinity, or not a number.
    NotFinite,
    /// Anything else.
    Text,
}

/// Doubles hold whole numbers exactly up to here, 2^53.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Resolves an unquoted scalar.
pub(crate) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        _ => resolve_number(text),
    }
}

/// The number, as a whole number if it is one.
pub(crate) fn whole(number: &Number) -> Number {
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    match number.as_f64() {
        Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() < WHOLE_MAX => {
            Number::from(value as i64)
        }
        _ => number.clone(),
    }
}

fn resolve_number(text: &str) -> Scalar {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    if lower == ".inf" || text.eq_ignore_ascii_case(".nan") {
        return Scalar::NotFinite;
    }
    let radix = match text.get(..2) {
        Some("0x") => Some(16),
        Some("0o") => Some(8),
        _ => None,
    };
    if let Some(radix) = radix {
        return u64::from_str_radix(&text[2..], radix)
            .map_or(Scalar::Text, |value| Scalar::Number(Number::from(value)));
    }
    if !is_decimal(&lower) {
        return Scalar::Text;
    }
    if let Ok(value) = text.parse::<i64>() {
        return Scalar::Number(Number::from(value));
    }
    match text.parse::<f64>().ok().map(Number::from_f64) {
        Some(Some(number)) => Scalar::Number(number),
        Some(None) => Scalar::NotFinite,
        None => Scalar::Text,
    }
}

/// Is it `(\.[0-9]+|[0-9]+(\.[0-9]*)?)(e[-+]?[0-9]+)?`?
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_good = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(before) && digits(after) && !(before.is_empty() && after.is_empty()) && exponent_is_good
}

#[cfg(test)]
mod tests {
    use serde_json::{Number, json};

    use super::{Scalar, resolve, whole};

    #[test]
    fn numbers_are_those_of_the_core_schema() {
        for (text, value) in [
            ("0", json!(0)),
            ("-12", json!(-12)),
            ("+7", json!(7)),
            ("012", json!(12)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("1e3", json!(1000.0)),
            ("222222222222", json!(222_222_222_222_u64)),
        ] {
            let Scalar::Number(number) = resolve(text) else { panic!("{text} is no number") };
            assert_eq!(serde_json::Value::Number(number), value, "{text}");
        }
    }

    #[test]
    fn what_older_yaml_took_for_something_else_is_text() {
        for text in
            ["no", "on", "yes", "2012-10-17", "1_000", "1:30", ".", "-", "1e", "0x", "0xg", "e5"]
        {
            assert_eq!(resolve(text), Scalar::Text, "{text}");
        }
    }

    #[test]
    fn what_json_cannot_hold_is_told_apart() {
        for text in [".inf", "-.INF", ".nan", "1e999"] {
            assert_eq!(resolve(text), Scalar::NotFinite, "{text}");
        }
    }

    #[test]
    fn a_whole_number_is_whole_however_it_is_written() {
        assert_eq!(Number::from_f64(5.0).map(|number| whole(&number)), Some(Number::from(5)));
        assert_eq!(Number::from_f64(5.5).map(|number| whole(&number)), Number::from_f64(5.5));
    }
}
