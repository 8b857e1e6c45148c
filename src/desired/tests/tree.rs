//! Trees know where everything is written.

use serde_json::json;

use crate::desired::problem::{Report, Span};
use crate::desired::tests::{parse, text};

fn at(span: Span) -> (usize, usize, usize) {
    (span.line, span.column, span.width)
}

fn messages(report: &Report) -> Vec<String> {
    let place = |problem: &crate::desired::Problem| {
        format!("{}:{} {}", problem.source.line, problem.source.column, problem.message)
    };
    report.problems.iter().map(place).collect()
}

#[test]
fn values_and_keys_know_their_place() {
    let (nodes, report) = parse("a:\n  ключ: [x, \"yz\"]\n  b/c: |\n    text\n---\n- 1\n");
    assert_eq!(report.problems, []);
    assert_eq!(nodes.len(), 2);
    assert_eq!(at(nodes[0].locate_key("/a/ключ")), (2, 3, 4));
    assert_eq!(at(nodes[0].locate("/a/ключ/1")), (2, 13, 4));
    assert_eq!(at(nodes[0].locate_key("/a/b~1c")), (3, 3, 3));
    assert_eq!(at(nodes[0].locate("/a/ключ/7/deeper")), at(nodes[0].locate("/a/ключ")));
    assert_eq!(at(nodes[1].locate("/0")), (6, 3, 1));
}

#[test]
fn every_repeated_key_is_found_and_the_first_one_stays() {
    let (nodes, report) = parse("a: 1\na: 2\nb: {c: 1, c: 2, c: 3}\n");
    assert_eq!(
        messages(&report),
        ["2:1 `a` is there twice", "3:11 `c` is there twice", "3:17 `c` is there twice"]
    );
    assert_eq!(nodes[0].to_json(), json!({"a": 1, "b": {"c": 1}}));
}

#[test]
fn an_alias_is_a_copy() {
    let (nodes, report) = parse("a: &roles [x, y]\nb: *roles\n");
    assert_eq!(report.problems, []);
    assert_eq!(nodes[0].to_json(), json!({"a": ["x", "y"], "b": ["x", "y"]}));
}

#[test]
fn what_yaml_can_and_documents_cannot_is_said_by_name() {
    let (_, report) = parse("a: &x {b: 1}\nc: {<<: *x}\nd: !Ref y\ne: .inf\n? [f]\n: 1\n");
    assert_eq!(
        messages(&report),
        [
            "2:5 merge keys (`<<`) are not part of YAML 1.2; repeat a whole value with an alias",
            "3:9 tags such as `!Ref` mean nothing here",
            "4:4 `.inf` is a number that JSON does not have",
            "5:3 a key must be a text",
        ]
    );
}

#[test]
fn a_broken_document_does_not_hide_the_next() {
    let (nodes, report) = parse("a: [1\n---\nb: 2\n---\nc: *nowhere\n---\nd: 4\n");
    let values: Vec<_> = nodes.iter().map(crate::desired::node::Node::to_json).collect();
    assert_eq!(values, [json!({"b": 2}), json!({"d": 4})]);
    assert_eq!(report.problems.len(), 2, "{:?}", messages(&report));
}

#[test]
fn a_position_finds_its_line_whatever_ends_lines() {
    for lines in ["a: 1\nb: {\n", "a: 1\r\nb: {\r\n", "a: 1\rb: {\r"] {
        let (_, report) = parse(lines);
        assert_eq!(report.problems.len(), 1, "{:?}", messages(&report));
    }
    let (nodes, _) = parse("a: 1\rb: two\r");
    let source = text("a: 1\rb: two\r");
    let finding = crate::desired::problem::Finding::new(crate::desired::ProblemCode::Syntax, "x");
    let mut report = Report::default();
    report.problem(&source, nodes[0].locate("/b"), finding);
    assert_eq!(report.problems[0].source_line, "b: two");
}
