//! Every condition operator, each by what only it says.

use serde_json::{Value, json};

use crate::policy::Truth;
use crate::policy::tests::verdict::{applies, deny, holds, request};

/// `expected` has one letter per value: `t` where the operator holds, `f` where it does not, `u`
/// where nothing can be said.
#[track_caller]
fn says(operator: &str, wanted: &Value, found: &[&str], expected: &str) {
    let letters: String = found
        .iter()
        .map(|value| match holds(operator, wanted, &[value]) {
            Truth::True => 't',
            Truth::False => 'f',
            Truth::Unknown => 'u',
        })
        .collect();
    assert_eq!(letters, expected, "{operator} {wanted} on {found:?}");
}

#[test]
fn strings_are_equal_to_the_letter() {
    let found = ["a", "A", "b", "a*", "ab", ""];
    says("StringEquals", &json!("a"), &found, "tfffff");
    says("StringNotEquals", &json!("a"), &found, "fttttt");
    says("StringEquals", &json!(["a", "b"]), &found, "tftfff");
    says("StringNotEquals", &json!(["a", "b"]), &found, "ftfttt");
    says("StringEquals", &json!("a*"), &found, "ffftff");
}

#[test]
fn strings_are_equal_without_regard_to_case() {
    let found = ["straße", "STRASSE", "Straße", "x"];
    says("StringEqualsIgnoreCase", &json!("Straße"), &found, "tftf");
    says("StringNotEqualsIgnoreCase", &json!("Straße"), &found, "ftft");
    says("StringEqualsIgnoreCase", &json!("AB*"), &["ab*", "abc"], "tf");
}

#[test]
fn strings_match_wildcards() {
    let found = ["eu-west-1", "eu-", "EU-west-1", "us-eu-1", "eu-west-10"];
    says("StringLike", &json!("eu-*"), &found, "ttfft");
    says("StringNotLike", &json!("eu-*"), &found, "ffttf");
    says("StringLike", &json!("eu-*-?"), &found, "tffff");
    says("StringLike", &json!(["us-*", "eu-*-?"]), &found, "tfftf");
    says("StringNotLike", &json!(["us-*", "eu-*-?"]), &found, "fttft");
}

#[test]
fn numbers_are_compared_as_numbers() {
    let found = ["9", "10", "10.0", "11", "-1", "1e1", "ten", "inf", ""];
    says("NumericEquals", &json!(10), &found, "fttfftuuu");
    says("NumericNotEquals", &json!("10"), &found, "tffttfuuu");
    says("NumericLessThan", &json!("10"), &found, "tffftfuuu");
    says("NumericLessThanEquals", &json!("10"), &found, "tttfttuuu");
    says("NumericGreaterThan", &json!("10"), &found, "ffftffuuu");
    says("NumericGreaterThanEquals", &json!("10"), &found, "ftttftuuu");
    says("NumericLessThan", &json!(["0.5", "10.5"]), &found, "tttfttuuu");
    // Beyond what doubles can tell apart.
    says("NumericEquals", &json!("9007199254740993"), &["9007199254740992"], "f");
}

#[test]
fn dates_are_compared_as_moments() {
    let noon = "2026-11-30T12:00:00Z";
    let found = [
        "2026-11-30T11:59:59Z",
        "2026-11-30T12:00Z",
        "2026-11-30T13:00:00+01:00",
        "1796040000",
        "1796040001",
        "2026-12",
        "2026",
        "2026-11-30",
        "noon",
        "2026-11-30T12:00:00",
    ];
    says("DateEquals", &json!(noon), &found, "ftttffffuu");
    says("DateNotEquals", &json!(noon), &found, "tfffttttuu");
    says("DateLessThan", &json!(noon), &found, "tfffffttuu");
    says("DateLessThanEquals", &json!(noon), &found, "ttttffttuu");
    says("DateGreaterThan", &json!(noon), &found, "ffffttffuu");
    says("DateGreaterThanEquals", &json!(noon), &found, "ftttttffuu");
    says("DateEquals", &json!(1_796_040_000), &[noon], "t");
    says("DateEquals", &json!("2026-12"), &["2026-12-01T00:00:00Z"], "t");
    says(
        "DateEquals",
        &json!("2026"),
        &["2026-01-01T00:00:00Z", "1767225600", "2026-01-02"],
        "ttf",
    );
}

#[test]
fn booleans_are_compared_without_regard_to_case() {
    says("Bool", &json!("true"), &["true", "TRUE", "false", "yes"], "ttfu");
    says("Bool", &json!(false), &["true", "False", "0"], "ftu");
    says("Bool", &json!("False"), &["false"], "t");
}

#[test]
fn binaries_are_compared_byte_for_byte() {
    says("BinaryEquals", &json!("QmluYXJ5"), &["QmluYXJ5", "qmluyxj5", "Qm"], "tff");
}

#[test]
fn addresses_lie_in_ranges_of_their_own_family() {
    let found = ["10.1.2.3", "10.2.0.0", "11.0.0.0", "::ffff:10.1.2.3", "10.1.2", "10.1.2.3/32"];
    says("IpAddress", &json!("10.1.0.0/16"), &found, "tfffuu");
    says("NotIpAddress", &json!("10.1.0.0/16"), &found, "ftttuu");
    says("IpAddress", &json!("10.1.2.3"), &found, "tfffuu");
    says("IpAddress", &json!("10.9.9.9/8"), &found, "ttffuu");
    says("IpAddress", &json!(["10.1.2.3", "11.0.0.0/31"]), &found, "tftfuu");
    says("NotIpAddress", &json!(["10.1.2.3", "11.0.0.0/31"]), &found, "ftftuu");
    says("IpAddress", &json!("0.0.0.0/0"), &["1.2.3.4", "::1"], "tf");
    says("IpAddress", &json!("2001:db8::/32"), &["2001:DB8::1", "2001:db9::1", "1.2.3.4"], "tff");
    says("IpAddress", &json!("2001:db8::1"), &["2001:db8::1", "2001:db8::2"], "tf");
    says("IpAddress", &json!("::/0"), &["2001:db8::1", "1.2.3.4"], "tf");
}

#[test]
fn arns_are_compared_part_by_part() {
    let found = [
        "arn:aws:iam::111111111111:role/admin",
        "arn:aws:iam::222222222222:role/ops/admin",
        "arn:aws-cn:iam::111111111111:role/admin",
        "arn:aws:iam::111111111111:ROLE/admin",
        "arn:aws:iam:111111111111:role/admin",
        "role/admin",
    ];
    for (positive, negative) in [("ArnLike", "ArnNotLike"), ("ArnEquals", "ArnNotEquals")] {
        for (pattern, expected) in [
            ("arn:aws:iam::111111111111:role/admin", "tfffff"),
            ("arn:aws:iam::*:role/*", "ttffff"),
            ("arn:*:iam::*:role/admin", "tftfff"),
            ("arn:aws:iam::??????11111?:role/a*", "tfffff"),
            ("arn:aws:iam::*:*", "ttftff"),
        ] {
            says(positive, &json!(pattern), &found, expected);
            let opposite: String =
                expected.chars().map(|c| if c == 't' { 'f' } else { 't' }).collect();
            says(negative, &json!(pattern), &found, &opposite);
        }
        let both = json!(["arn:aws:iam::1*:role/admin", "arn:aws:iam::2*:role/ops/*"]);
        says(positive, &both, &found, "ttffff");
        says(negative, &both, &found, "fftttt");
    }
}

#[test]
fn the_last_part_of_an_arn_has_colons_of_its_own() {
    let found = ["arn:aws:logs:r:1:log-group:a:*", "arn:aws:logs:r:1:log-group:a"];
    says("ArnLike", &json!("arn:aws:logs:*:*:log-group:*"), &found, "tt");
    says("ArnLike", &json!("arn:aws:logs:*:*:log-group:a"), &found, "ft");
    // The account would have to take `1:log-group`.
    says("ArnLike", &json!("arn:aws:logs:r:*:a"), &found, "fu");
    says("ArnLike", &json!("arn:aws:logs:r:*x:a"), &found, "ff");
}

/// Patterns of a long list are matched together, in one word of places or in several.
#[test]
fn a_long_list_of_arns_reaches_no_further_than_one() {
    let many = |pattern: &str| json!(vec![pattern; 9]);
    says("ArnLike", &many("*:b*"), &["x:y:b:c:d:e", "x:b:c:d:e:f", "x:c:b:d:e:f:g", "x:b"], "utuf");
    let found = ["arn:aws:logs:r:1:log-group:a", "arn:aws:logs:r:1:a", "arn:aws:logs:r:1:b"];
    says("ArnLike", &many("arn:aws:logs:r:*:a"), &found, "utf");
    says("ArnNotLike", &many("arn:aws:logs:r:*:a"), &found, "uft");
    says(
        "ArnLike",
        &many("arn:aws:logs:r:?:a"),
        &["arn:aws:logs:r:::a", "arn:aws:logs:r:1:a"],
        "ft",
    );
    says("ArnLike", &many("*"), &["word"], "t");
    says("ArnLike", &many("arn:aws:*i"), &["arn:aws:ec2:r:1:i", "arn:aws:i"], "ff");
    says("ArnLike", &many("arn:aws:ec2"), &["arn:aws:ec2:r:1:i", "arn:aws:ec2"], "ff");
}

#[test]
fn a_star_at_the_end_of_a_short_pattern_takes_the_rest() {
    let found = ["arn:aws:ec2:r:1:instance/i", "arn:aws:ecs:r:1:cluster/c", "word"];
    says("ArnLike", &json!("arn:aws:ec2:*"), &found, "tff");
    says("ArnLike", &json!("arn:aws:ec*"), &found, "ttf");
    says("ArnLike", &json!("*"), &found, "ttt");
    says("ArnLike", &json!("arn:aws:ec2"), &found, "fff");
    says("ArnLike", &json!("arn:aws:*i"), &found, "fff");
    says("ArnLike", &json!("arn:aws:ec2:*:instance/i"), &found, "uff");
}

#[test]
fn null_asks_whether_a_key_is_missing() {
    let without = |wanted: Value| {
        let document = deny(&json!({"Condition": {"Null": {"x:key": wanted}}}));
        let asked = request("s3:GetObject");
        (applies(&document, &asked), applies(&document, &asked.without("x:key")))
    };
    says("Null", &json!("true"), &["x", ""], "ff");
    says("Null", &json!("false"), &["x", ""], "tt");
    assert_eq!(without(json!("true")), (Truth::Unknown, Truth::True));
    assert_eq!(without(json!(false)), (Truth::Unknown, Truth::False));
    assert_eq!(without(json!("TRUE")), (Truth::Unknown, Truth::True));
    assert_eq!(holds("Null", &json!("true"), &[]), Truth::True);
}

#[test]
fn a_missing_key_fails_positive_and_passes_negated_operators() {
    let cases = [
        ("StringEquals", "a", Truth::False),
        ("StringNotEquals", "a", Truth::True),
        ("StringEqualsIgnoreCase", "a", Truth::False),
        ("StringNotEqualsIgnoreCase", "a", Truth::True),
        ("StringLike", "a", Truth::False),
        ("StringNotLike", "a", Truth::True),
        ("NumericEquals", "1", Truth::False),
        ("NumericNotEquals", "1", Truth::True),
        ("NumericLessThan", "1", Truth::False),
        ("NumericLessThanEquals", "1", Truth::False),
        ("NumericGreaterThan", "1", Truth::False),
        ("NumericGreaterThanEquals", "1", Truth::False),
        ("DateEquals", "2026", Truth::False),
        ("DateNotEquals", "2026", Truth::True),
        ("DateLessThan", "2026", Truth::False),
        ("DateLessThanEquals", "2026", Truth::False),
        ("DateGreaterThan", "2026", Truth::False),
        ("DateGreaterThanEquals", "2026", Truth::False),
        ("Bool", "true", Truth::False),
        ("BinaryEquals", "QQ==", Truth::False),
        ("IpAddress", "10.0.0.0/8", Truth::False),
        ("NotIpAddress", "10.0.0.0/8", Truth::True),
        ("ArnEquals", "arn:aws:iam::1:role/a", Truth::False),
        ("ArnNotEquals", "arn:aws:iam::1:role/a", Truth::True),
        ("ArnLike", "arn:aws:iam::1:role/a", Truth::False),
        ("ArnNotLike", "arn:aws:iam::1:role/a", Truth::True),
    ];
    for (operator, wanted, expected) in cases {
        let wanted = json!(wanted);
        assert_eq!(holds(operator, &wanted, &[]), expected, "{operator}");
        let if_exists = format!("{operator}IfExists");
        assert_eq!(holds(&if_exists, &wanted, &[]), Truth::True, "{if_exists}");
        let all = format!("ForAllValues:{operator}");
        assert_eq!(holds(&all, &wanted, &[]), Truth::True, "{all}");
        let any = format!("ForAnyValue:{operator}");
        assert_eq!(holds(&any, &wanted, &[]), Truth::False, "{any}");
        let both = format!("ForAnyValue:{operator}IfExists");
        assert_eq!(holds(&both, &wanted, &[]), Truth::Unknown, "{both}");
        for name in [operator, &if_exists, &all, &any] {
            let document = deny(&json!({"Condition": {name: {"x:key": wanted}}}));
            assert_eq!(applies(&document, &request("s3:GetObject")), Truth::Unknown, "{name}");
        }
    }
}

#[test]
fn if_exists_changes_nothing_when_the_key_is_there() {
    says("StringEqualsIfExists", &json!("a"), &["a", "b"], "tf");
    says("ArnNotLikeIfExists", &json!("arn:aws:iam::*:role/a"), &["arn:aws:iam::1:role/a"], "f");
}

#[test]
fn quantifiers_ask_all_values_or_any() {
    let both = json!(["a", "b"]);
    for (operator, found, expected) in [
        ("ForAllValues:StringEquals", vec!["a", "b"], Truth::True),
        ("ForAllValues:StringEquals", vec!["a", "c"], Truth::False),
        ("ForAllValues:StringEquals", vec!["", ""], Truth::True),
        ("ForAllValues:StringEquals", vec!["c", ""], Truth::False),
        ("ForAllValues:StringNotEquals", vec!["c", "d"], Truth::True),
        ("ForAllValues:StringNotEquals", vec!["a", "c"], Truth::False),
        ("ForAnyValue:StringEquals", vec!["a", "c"], Truth::True),
        ("ForAnyValue:StringEquals", vec!["c", "d"], Truth::False),
        ("ForAnyValue:StringNotEquals", vec!["a", "c"], Truth::True),
        ("ForAnyValue:StringNotEquals", vec!["a", "b"], Truth::False),
        // One value is expected and several are there, which AWS does not document.
        ("StringEquals", vec!["a", "b"], Truth::Unknown),
        ("StringEquals", vec!["c", "d"], Truth::Unknown),
        ("StringEquals", vec!["a", "c"], Truth::Unknown),
        ("StringEqualsIfExists", vec!["a", "b"], Truth::Unknown),
        ("StringNotEquals", vec!["a", "c"], Truth::Unknown),
    ] {
        assert_eq!(holds(operator, &both, &found), expected, "{operator} {found:?}");
    }
}

/// Operators with a value of the policy, a value of a request for which they hold, and one for which not.
const HOLDS_AND_FAILS: &[(&str, &str, &str, &str)] = &[
    ("StringEquals", "a", "a", "b"),
    ("StringNotEquals", "a", "b", "a"),
    ("StringEqualsIgnoreCase", "a", "A", "b"),
    ("StringNotEqualsIgnoreCase", "a", "b", "A"),
    ("StringLike", "a*", "ab", "b"),
    ("StringNotLike", "a*", "b", "ab"),
    ("NumericEquals", "1", "1", "2"),
    ("NumericNotEquals", "1", "2", "1"),
    ("NumericLessThan", "1", "0", "1"),
    ("NumericLessThanEquals", "1", "1", "2"),
    ("NumericGreaterThan", "1", "2", "1"),
    ("NumericGreaterThanEquals", "1", "1", "0"),
    ("DateEquals", "2026", "2026-01-01", "2027"),
    ("DateNotEquals", "2026", "2027", "2026-01-01"),
    ("DateLessThan", "2026", "2025", "2026"),
    ("DateLessThanEquals", "2026", "2026", "2027"),
    ("DateGreaterThan", "2026", "2027", "2026"),
    ("DateGreaterThanEquals", "2026", "2026", "2025"),
    ("Bool", "true", "True", "false"),
    ("BinaryEquals", "QQ==", "QQ==", "qq=="),
    ("IpAddress", "10.0.0.0/8", "10.1.1.1", "11.1.1.1"),
    ("NotIpAddress", "10.0.0.0/8", "11.1.1.1", "10.1.1.1"),
    ("ArnEquals", "arn:aws:s3:::a*", "arn:aws:s3:::ab", "arn:aws:s3:::b"),
    ("ArnNotEquals", "arn:aws:s3:::a*", "arn:aws:s3:::b", "arn:aws:s3:::ab"),
    ("ArnLike", "arn:aws:s3:::a*", "arn:aws:s3:::ab", "arn:aws:s3:::b"),
    ("ArnNotLike", "arn:aws:s3:::a*", "arn:aws:s3:::b", "arn:aws:s3:::ab"),
];

#[test]
fn every_operator_takes_every_quantifier_and_suffix() {
    for (operator, wanted, good, bad) in HOLDS_AND_FAILS {
        let wanted = json!(wanted);
        for (name, found, expected) in [
            (format!("{operator}IfExists"), vec![*good], Truth::True),
            (format!("{operator}IfExists"), vec![*bad], Truth::False),
            (format!("ForAllValues:{operator}"), vec![*good, *good], Truth::True),
            (format!("ForAllValues:{operator}"), vec![*good, *bad], Truth::False),
            (format!("ForAnyValue:{operator}"), vec![*bad, *good], Truth::True),
            (format!("ForAnyValue:{operator}"), vec![*bad, *bad], Truth::False),
            (format!("ForAllValues:{operator}IfExists"), vec![*bad, *good], Truth::False),
            (format!("ForAnyValue:{operator}IfExists"), vec![*bad, *good], Truth::True),
            ((*operator).to_owned(), vec![*good, *good], Truth::Unknown),
        ] {
            assert_eq!(holds(&name, &wanted, &found), expected, "{name} {found:?}");
        }
    }
}

#[test]
fn operators_and_keys_must_all_hold() {
    let document = deny(&json!({"Condition": {
        "StringEquals": {"x:a": "1", "x:b": "2"}, "StringNotEquals": {"x:c": "3"}}}));
    let asked = |a: &str, b: &str, c: &str| {
        applies(&document, &request("s3:X").with("x:a", [a]).with("x:b", [b]).with("x:c", [c]))
    };
    assert_eq!(asked("1", "2", "4"), Truth::True);
    assert_eq!(asked("0", "2", "4"), Truth::False);
    assert_eq!(asked("1", "0", "4"), Truth::False);
    assert_eq!(asked("1", "2", "3"), Truth::False);
    let some = request("s3:X").with("x:a", ["0"]);
    assert_eq!(applies(&document, &some), Truth::False, "one known key can settle it");
}

/// AWS does not say what it makes of them: they once matched nothing.
#[test]
fn values_that_no_operator_reads_leave_the_verdict_unknown() {
    for (operator, unreadable, found) in [
        ("NumericLessThan", "abc", "5"),
        ("NumericNotEquals", "abc", "5"),
        ("DateLessThan", "2026-13-01", "2026-01-01"),
        ("IpAddress", "10.0.0.0/33", "10.1.1.1"),
        ("NotIpAddress", "10.0.0.0/33", "10.1.1.1"),
        ("Bool", "yes", "true"),
        ("Null", "maybe", "x"),
    ] {
        assert_eq!(holds(operator, &json!(unreadable), &[found]), Truth::Unknown, "{operator}");
    }
    assert_eq!(holds("NumericEquals", &json!(["abc", "5"]), &["5"]), Truth::True);
}
