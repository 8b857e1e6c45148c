//! Strict JSON, and places in it.

use proptest::prelude::*;
use serde_json::Value;

use crate::policy::problem::child;
use crate::policy::tests::cases;
use crate::policy::tests::generate::document;
use crate::policy::{locate, minify, parse};

#[track_caller]
fn refused(text: &str, place: &str, words: &str) {
    let problem = parse(text).unwrap_err();
    let position = problem.position.expect("a place").to_string();
    assert!(problem.message.contains(words), "`{}` says `{}`", text, problem.message);
    assert_eq!(position, place, "{text}: {}", problem.message);
}

#[test]
fn what_is_not_strict_json_is_refused_with_its_place() {
    refused("", "1:1", "EOF");
    refused("{} {}", "1:4", "trailing characters");
    refused("{\"a\": 1,}", "1:9", "trailing comma");
    refused("{\n  // a comment\n}", "2:3", "key must be a string");
    refused("{\"a\": 1,\n \"a\": 2}", "2:4", "the key `a` is repeated");
    refused("[{\"a\": {\"b\": 1, \"b\": 2}}]", "1:19", "the key `b` is repeated");
    refused("{\"é\": 1, \"é\": 2}", "1:12", "the key `é` is repeated");
    refused("{\"\\u0061\": 1, \"a\": 2}", "1:17", "the key `a` is repeated");
    refused("{\"a\": 12345678901234567890123}", "1:29", "write it as a string");
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(64)).is_ok());
    refused(&nested(65), "1:65", "deeper than 64 levels");
    refused(&nested(1_000_000), "1:65", "deeper than 64 levels");
}

#[test]
fn keys_keep_their_order() {
    let text = r#"{"z":1,"a":{"y":[true,null,-2,0.5],"b":"é\""}}"#;
    assert_eq!(minify(&parse(text).unwrap()), text);
}

#[test]
fn a_pointer_leads_to_a_line_and_a_column() {
    let text = "\n{ \"é\": \"a\\\"]\", \"list\": [1, {\"a/b\": [],\n  \"~\" : true}, [[2], 3] ] }";
    for (pointer, place) in [
        ("", "2:1"),
        ("/é", "2:8"),
        ("/list", "2:24"),
        ("/list/0", "2:25"),
        ("/list/1", "2:28"),
        ("/list/1/a~1b", "2:36"),
        ("/list/1/~0", "3:9"),
        ("/list/2/0/0", "3:18"),
        ("/list/2/1", "3:22"),
    ] {
        let found = locate(text, pointer).map(|position| position.to_string());
        assert_eq!(found.as_deref(), Some(place), "{pointer}");
    }
    for pointer in ["/none", "/list/3", "/list/x", "/list/0/0", "/list/1/a~1b/0"] {
        assert_eq!(locate(text, pointer), None, "{pointer}");
    }
}

fn pointers(pointer: &str, value: &Value, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    if let Some(map) = value.as_object() {
        map.iter().for_each(|(key, value)| pointers(&child(pointer, key), value, found));
    }
    if let Some(list) = value.as_array() {
        list.iter().enumerate().for_each(|(at, value)| pointers(&child(pointer, at), value, found));
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_value_of_a_document_is_found_where_it_stands(document in document()) {
        let text = serde_json::to_string_pretty(&document).unwrap();
        let mut all = Vec::new();
        pointers("", &document, &mut all);
        for pointer in all {
            let position = locate(&text, &pointer).expect(&pointer);
            let line = text.lines().nth(position.line - 1).unwrap();
            let rest: String = line.chars().skip(position.column - 1).collect();
            let value = document.pointer(&pointer).unwrap();
            let first = serde_json::to_string(value).unwrap().chars().next().unwrap();
            prop_assert!(rest.starts_with(first), "{pointer} at {position}: {rest}");
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in ".{0,60}", pointer in "(/[a-z0-9~]{0,2}){0,3}") {
        let _ = parse(&text);
        let _ = locate(&text, &pointer);
        let _ = locate(&format!("{{\"a\":[{text}"), &pointer);
    }

    #[test]
    fn a_document_is_read_back_as_it_was_written(document in document()) {
        prop_assert_eq!(parse(&serde_json::to_string_pretty(&document).unwrap()), Ok(document.clone()));
        prop_assert_eq!(parse(&minify(&document)), Ok(document));
    }
}
