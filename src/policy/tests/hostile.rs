//! Hostile input: nothing panics, nothing overflows the stack, and no policy of 10 KB is dear to decide.
//!
//! Short runs are part of the suite. Long ones: `PROPTEST_CASES=200000 cargo test --lib hostile`, with
//! `PROPTEST_RNG_SEED` for other cases than always. Time is measured in `benches/policy.rs`; here words of
//! patterns are counted, so that nothing depends on the machine.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::policy::pattern::tests::WORDS;
use crate::policy::tests::cases;
use crate::policy::tests::generate::document;
use crate::policy::tests::verdict::{applies, deny, policy, request, under};
use crate::policy::{
    Document, Grammar, Hierarchy, Language, Level, Request, WildcardPattern, canonical, check,
    diff, join, locate, minify, parse, places_in, shared_size, with_exceptions,
};

/// Text that is nearly JSON, and nearly a policy.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "\\ud800",
        "null",
        "true",
        "-",
        "1e999",
        "0.1",
        "\"Statement\"",
        "\"Effect\":\"Deny\"",
        "\"Action\":",
        "\"s3:*\"",
        "\"Resource\":\"*\"",
        "\"Condition\":{",
        "\"StringLike\":{\"a:b\":",
        "\"${\"",
        "\"${a:b, '}'\"",
        "\u{0}",
        "é",
        "🦀",
        " \n",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Any JSON at all, with the words of policies in it.
fn any_value() -> impl Strategy<Value = Value> {
    let word = select(vec![
        "Deny",
        "Allow",
        "*",
        "s3:*",
        "s3",
        ":",
        "arn:aws:s3:::${a:b}",
        "${",
        "${}",
        "${*}",
        "arn:",
        "::::::",
        "true",
        "2026-13-99",
        "1e400",
        "10.0.0.0/99",
        "é:é",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        let key = select(vec![
            "Version",
            "Statement",
            "Sid",
            "Effect",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Principal",
            "Condition",
            "StringLike",
            "ArnNotLike",
            "Bool",
            "Null",
            "ForAllValues:DateLessThan",
            "IpAddress",
            "NumericEqualsIfExists",
            "aws:PrincipalArn",
            "x:k",
            "Id",
            "",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((key, inner), 0..6).prop_map(|entries| entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

/// Everything that the module does to a document.
fn use_up(value: &Value, request: &Request) {
    for grammar in [Grammar::Scp, Grammar::Rcp] {
        let problems = check(grammar, value);
        let text = value.to_string();
        for problem in problems {
            let _ = (locate(&text, &problem.pointer), problem.to_string());
        }
    }
    for language in [Language::Iam, Language::Inheritance] {
        let form = canonical(language, value);
        assert!(form.contains(&form));
        assert!(diff(language, value, value).is_empty());
        let _ = diff(language, value, &json!({"Statement": []}));
    }
    let _ = (shared_size(value), join([value, value]), places_in(value, value));
    let _ = with_exceptions(value, &["arn:aws:iam::*:role/a".to_owned()]);
    assert_eq!(minify(value), value.to_string());
    if let Ok(document) = Document::read(value) {
        let policies =
            vec![crate::policy::AttachedPolicy { name: String::new(), document: document.into() }];
        let level = Level { name: String::new(), policies };
        let hierarchy = Hierarchy {
            service_control: vec![level.clone()],
            resource_control: vec![level],
            ..Hierarchy::default()
        };
        let _ = (hierarchy.decide(request), hierarchy.hits(request));
    }
}

fn odd_request() -> impl Strategy<Value = Request> {
    let principal = select(vec![
        "*",
        "a.amazonaws.com",
        "arn:aws:iam::555555555555:role/a",
        "arn:aws:sts::555555555555:assumed-role/AWSServiceRoleForX/y",
    ]);
    let parts = (principal, ".{1,5}:.{1,5}", ".{0,20}", prop::collection::vec(".{0,12}", 0..4));
    parts.prop_filter_map("an action", |(principal, action, resource, values)| {
        let request = Request::new(principal, &action).ok()?.on(&resource);
        Some(request.with("x:k", values.clone()).with("a:b", values))
    })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_text_is_too_odd_to_be_read(text in prop_oneof![nearly_json(), ".{0,60}"], pointer in "[/a-zA-Z0-9~]{0,12}") {
        let _ = locate(&text, &pointer);
        if let Ok(value) = parse(&text) {
            use_up(&value, &request("s3:GetObject"));
            prop_assert!(locate(&text, "").is_some());
        }
    }

    #[test]
    fn no_document_is_too_odd_to_be_used(value in any_value(), request in odd_request()) {
        use_up(&value, &request);
        use_up(&json!({"Version": "2012-10-17", "Statement": value}), &request);
    }

    #[test]
    fn no_request_is_too_odd_to_be_decided(document in document(), request in odd_request()) {
        use_up(&document, &request);
    }

    #[test]
    fn no_principal_or_action_is_too_odd_to_be_refused(principal in ".{0,20}", action in ".{0,20}") {
        let _ = (Request::new(&principal, &action), Request::of_account(&principal, &action));
    }

    /// Many patterns are matched together, a few each for itself: that must make no difference.
    #[test]
    fn a_long_list_says_what_its_values_say(
        patterns in prop::collection::vec(
            "(\\*|arn:[a*]{1,2}:s3:[a*:]{0,3}:[a*]{0,2}:[ab*?:/]{0,6}|arn:aws:s3:::[ab*?]{1,4})", 8..20),
        text in "arn:a{1,2}:s3:a{0,2}:a{0,2}:[ab:/]{0,6}|[ab:]{0,5}|arn:aws:s3:::[ab]{1,4}",
    ) {
        for (element, key) in [("Resource", None), ("NotResource", None), ("ArnLike", Some("x:k")), ("ArnNotLike", Some("x:k")),
            ("StringLike", Some("x:k")), ("ForAllValues:StringNotLike", Some("x:k"))] {
            let asked = match key {
                Some(key) => request("s3:GetObject").with(key, [text.as_str()]),
                None => request("s3:GetObject").on(&text),
            };
            let of = |patterns: &[String]| match key {
                Some(key) => applies(&deny(&json!({"Condition": {element: {key: patterns}}})), &asked),
                None => applies(&deny(&json!({element: patterns})), &asked),
            };
            let each = patterns.iter().map(|one| of(std::slice::from_ref(one)));
            let is_negated = element.contains("Not");
            let expected = if is_negated { each.min() } else { each.max() };
            prop_assert_eq!(Some(of(&patterns)), expected, "{}", element);
        }
    }
}

#[test]
fn deep_nesting_is_refused_and_never_overflows() {
    for (open, close) in [("[", "]"), ("{\"Statement\":", "}"), ("{\"a\":[", "]}")] {
        for depth in [60, 64, 65, 1_000, 200_000] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let levels = depth * open.matches(['[', '{']).count();
            assert_eq!(parse(&text).is_ok(), levels <= 64, "{open} {depth}");
            let _ = locate(&text, "/Statement/a/0/Statement");
            let _ = parse(&open.repeat(depth));
        }
    }
}

/// As many pieces as there is room for in a policy.
fn filled(piece: impl Fn(usize) -> Value, whole: impl Fn(&[Value]) -> Value) -> Value {
    const CHARACTERS: usize = 10_240;
    let one = whole(&[piece(0)]).to_string().chars().count();
    let two = whole(&[piece(0), piece(1)]).to_string().chars().count();
    let mut pieces: Vec<Value> = (0..=(CHARACTERS - one) / (two - one) + 1).map(&piece).collect();
    while whole(&pieces).to_string().chars().count() > CHARACTERS {
        pieces.pop();
    }
    whole(&pieces)
}

/// Policies that are dear to decide, with what makes them so.
fn hostile() -> Vec<(&'static str, Value)> {
    let values = |operator: &'static str| {
        move |values: &[Value]| deny(&json!({"Condition": {operator: {"x:k": values}}}))
    };
    let same = |text: &'static str| move |_: usize| json!(text);
    let statements = |each: Value| {
        move |all: &[Value]| {
            let each = all.iter().map(|_| each.clone()).collect::<Vec<_>>();
            json!({"Version": "2012-10-17", "Statement": each})
        }
    };
    let seven = vec!["*:*ab*"; 7];
    let strange: String = (0x4e00..0x4e00 + 9_000).filter_map(char::from_u32).collect();
    vec![
        ("stars in strings", filled(same("*ab*"), values("StringNotLike"))),
        ("stars and question marks", filled(same("*a?b*"), values("StringNotLike"))),
        ("stars in ARNs", filled(same("*:*ab*"), |values| deny(&json!({"NotResource": values})))),
        ("long runs", filled(|_| json!(format!("*{}b*", "a".repeat(70))), values("StringNotLike"))),
        ("variables", filled(same("*${x:v}*b?*"), values("StringNotLike"))),
        (
            "variables in ARNs",
            filled(same("*:*${x:v}*b?*"), |values| deny(&json!({"NotResource": values}))),
        ),
        (
            "every character another",
            deny(&json!({"Condition": {"StringLike": {"x:k": format!("*${{x:v}}?{strange}*")}}})),
        ),
        ("one pattern", deny(&json!({"Condition": {"StringLike": {"x:k": "*a?".repeat(3_300)}}}))),
        (
            "many statements",
            filled(
                same(""),
                statements(json!({"Effect": "Deny", "Action": "s3:*", "NotResource": seven})),
            ),
        ),
        (
            "stars in actions",
            filled(same("s3:*e*e*t*"), |values| deny(&json!({"NotAction": values}))),
        ),
        ("letters to fold", filled(same("ẞ"), values("StringNotEqualsIgnoreCase"))),
    ]
}

/// One word is looked at in about a nanosecond, so that this is about a millisecond.
const WORDS_MAX: usize = 1_400_000;

#[test]
fn no_policy_of_ten_kilobytes_is_dear_to_decide() {
    let name = "a".repeat(2_000);
    let asked = request("s3:GetObject").on(&format!("arn:aws:s3:::{name}"));
    let asked = asked.with("x:k", [name.as_str()]).with("x:v", ["aaa"]);
    for (what, document) in hostile() {
        let size = document.to_string().chars().count();
        assert!((8_000..=10_240).contains(&size), "{what} has {size} characters");
        let hierarchy = under(&[&document]);
        WORDS.set(0);
        let _ = hierarchy.decide(&asked);
        assert!(WORDS.get() <= WORDS_MAX, "{what}: {} words", WORDS.get());
        let _ = policy(&document);
    }
}

#[test]
fn a_pattern_of_stars_alone_is_quick() {
    WORDS.set(0);
    let pattern = WildcardPattern::new(&format!("{}b", "*?".repeat(5_000)));
    assert!(!pattern.matches(&"a".repeat(5_000)));
    assert!(WORDS.get() <= 2 * 5_000 * 10_000 / 64, "{}", WORDS.get());
}
