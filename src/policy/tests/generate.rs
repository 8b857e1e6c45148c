//! Generated policy documents: small vocabularies, so that collisions happen.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

/// A grammatical SCP.
pub(super) fn document() -> impl Strategy<Value = Value> {
    (prop::collection::vec(statement(), 1..5), any::<bool>()).prop_map(
        |(mut statements, unlisted)| {
            let mut sids = BTreeSet::new();
            for statement in &mut statements {
                if statement.get("Sid").is_some_and(|sid| !sids.insert(sid.to_string())) {
                    statement.as_object_mut().unwrap().remove("Sid");
                }
            }
            let statement = match statements.as_slice() {
                [only] if unlisted => only.clone(),
                _ => Value::Array(statements),
            };
            json!({"Version": "2012-10-17", "Statement": statement})
        },
    )
}

fn statement() -> impl Strategy<Value = Value> {
    let parts = (
        select(vec!["Allow", "Deny"]),
        select(vec!["Action", "NotAction"]),
        list(&["*", "s3:*", "s3:GetObject", "S3:getobject", "ec2:Run?nstances", "iam:*Role"]),
        select(vec!["Resource", "NotResource"]),
        list(&[
            "*",
            "arn:aws:s3:::a/*",
            "arn:aws:s3:::b",
            "arn:aws:iam::*:role/${aws:PrincipalTag/team}",
        ]),
        prop::option::of(condition()),
        prop::option::of("[A-Z][a-z]{0,3}"),
    );
    parts.prop_map(|(effect, action_key, actions, resource_key, resources, condition, sid)| {
        let mut statement = Map::new();
        statement.extend(sid.map(|sid| ("Sid".to_owned(), sid.into())));
        statement.insert("Effect".to_owned(), effect.into());
        statement.insert(action_key.to_owned(), actions);
        statement.insert(resource_key.to_owned(), resources);
        statement.extend(condition.map(|condition| ("Condition".to_owned(), condition)));
        Value::Object(statement)
    })
}

fn condition() -> impl Strategy<Value = Value> {
    let arns = (
        select(vec!["ArnNotLike", "arnnotlike", "ArnLikeIfExists"]),
        select(vec!["aws:PrincipalArn", "aws:PrincipalARN"]),
        list(&["arn:aws:iam::*:role/admin", "arn:aws:iam::*:role/ops*"]),
    );
    let others = (
        select(vec!["StringEquals", "ForAnyValue:StringLike", "StringNotEqualsIfExists"]),
        select(vec!["aws:RequestedRegion", "aws:requestedregion", "aws:TagKeys"]),
        list(&["eu-west-1", "us-east-1", "eu-*"]),
    );
    let booleans = select(vec![json!(true), json!("true"), json!("False"), json!(["TRUE"])]);
    let parts =
        (prop::option::of(arns), prop::option::of(others), prop::option::of(booleans), typed());
    parts.prop_map(|(arns, others, boolean, typed)| {
        let mut condition = Map::new();
        for (operator, key, values) in [arns, others].into_iter().flatten() {
            condition.insert(operator.to_owned(), json!({key: values}));
        }
        if let Some(value) = boolean {
            condition.insert("Bool".to_owned(), json!({"aws:SecureTransport": value}));
        }
        if let Some((operator, key, values)) = typed {
            condition
                .entry(operator)
                .or_insert_with(|| json!({}))
                .as_object_mut()
                .unwrap()
                .insert(key, values);
        }
        Value::Object(condition)
    })
}

/// Keys with the operators that compare them, and values that policies name.
pub(super) const TYPED: &[(&str, &[&str], &[&str])] = &[
    (
        "aws:MultiFactorAuthAge",
        &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        &["300", "3600", "7.5"],
    ),
    (
        "aws:CurrentTime",
        &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        &["2026-01-01T00:00:00Z", "2027", "1796040000"],
    ),
    (
        "aws:SourceIp",
        &["IpAddress", "NotIpAddress"],
        &["10.0.0.0/8", "203.0.113.7", "2001:db8::/32"],
    ),
    (
        "aws:SourceIdentity",
        &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        &["red", "Blue", "r*", "${aws:PrincipalTag/team}"],
    ),
    (
        "aws:SourceArn",
        &["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"],
        &["arn:aws:s3:::a", "arn:aws:*:*:*:a*", "arn:aws:s3:::${aws:PrincipalTag/team}"],
    ),
    ("aws:SourceVpc", &["BinaryEquals"], &["QQ==", "Qg=="]),
    ("aws:ViaAWSService", &["Bool", "Null"], &["true", "false"]),
];

/// Any operator with any quantifier.
fn typed() -> impl Strategy<Value = Option<(String, String, Value)>> {
    let one = select(TYPED).prop_flat_map(|(key, comparisons, values)| {
        let prefix = select(vec!["", "", "ForAnyValue:", "ForAllValues:"]);
        (select(comparisons), prefix, select(vec!["", "IfExists"]), list(values)).prop_map(
            |(comparison, prefix, suffix, values)| {
                let operator = match comparison {
                    "Null" => comparison.to_owned(),
                    _ => format!("{prefix}{comparison}{suffix}"),
                };
                (operator, key.to_owned(), values)
            },
        )
    });
    prop::option::of(one)
}

/// One or more of `words`, one of them sometimes without its list.
fn list(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    (subsequence(words.to_vec(), 1..=words.len()), any::<bool>()).prop_map(|(some, unlisted)| {
        match some.as_slice() {
            [only] if unlisted => json!(only),
            some => json!(some),
        }
    })
}

/// `document` written another way: `seed` decides about order, lists of one, case and Sids.
pub(super) fn rewritten(document: &Value, seed: u64) -> Value {
    let mut dice = Dice(seed | 1);
    let mut statements: Vec<Value> = items(&document["Statement"])
        .iter()
        .map(|one| rewritten_statement(one, &mut dice))
        .collect();
    dice.shuffle(&mut statements);
    if dice.throw() {
        statements.push(statements[0].clone());
    }
    let statements = unlisted(statements, &mut dice);
    if dice.throw() {
        json!({"Statement": statements, "Version": "2012-10-17"})
    } else {
        json!({"Version": "2012-10-17", "Statement": statements})
    }
}

fn rewritten_statement(statement: &Value, dice: &mut Dice) -> Value {
    let mut parts: Vec<(String, Value)> = Vec::new();
    for (key, value) in statement.as_object().unwrap() {
        let value = match key.as_str() {
            "Sid" => continue,
            "Action" | "NotAction" => rewritten_list(value, dice, Dice::recased),
            "Resource" | "NotResource" => rewritten_list(value, dice, |_, text| text.to_owned()),
            "Condition" => rewritten_condition(value, dice),
            _ => value.clone(),
        };
        parts.push((key.clone(), value));
    }
    if dice.throw() {
        parts.push(("Sid".to_owned(), "Another".into()));
    }
    dice.shuffle(&mut parts);
    parts.into_iter().collect()
}

fn rewritten_condition(condition: &Value, dice: &mut Dice) -> Value {
    let mut operators: Vec<(String, Value)> = Vec::new();
    for (operator, keys) in condition.as_object().unwrap() {
        let keys: Map<String, Value> = keys
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, values)| {
                let values = if values.is_boolean() {
                    Value::String(dice.recased(&values.to_string()))
                } else {
                    rewritten_list(values, dice, |_, text| text.to_owned())
                };
                (dice.recased(key), values)
            })
            .collect();
        operators.push((dice.recased(operator), Value::Object(keys)));
    }
    dice.shuffle(&mut operators);
    operators.into_iter().collect()
}

fn rewritten_list(value: &Value, dice: &mut Dice, rewrite: fn(&mut Dice, &str) -> String) -> Value {
    let mut list: Vec<Value> = items(value)
        .iter()
        .map(|item| item.as_str().map_or_else(|| item.clone(), |text| rewrite(dice, text).into()))
        .collect();
    if dice.throw() {
        list.push(list[0].clone());
    }
    dice.shuffle(&mut list);
    unlisted(list, dice)
}

fn unlisted(list: Vec<Value>, dice: &mut Dice) -> Value {
    match list.as_slice() {
        [only] if dice.throw() => only.clone(),
        _ => Value::Array(list),
    }
}

fn items(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

/// A tiny generator, so that one number shrinks to one way of writing.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn throw(&mut self) -> bool {
        self.next().is_multiple_of(2)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            let other = usize::try_from(self.next() % (index as u64 + 1)).unwrap();
            items.swap(index, other);
        }
    }

    fn recased(&mut self, text: &str) -> String {
        let recase =
            |c: char| if self.throw() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        text.chars().map(recase).collect()
    }
}
