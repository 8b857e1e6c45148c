//! A statement as the checks look at it: every text with its place in the document.

use serde_json::Value;

use crate::policy::Operator;

/// A statement of a document that keeps the grammar.
pub(crate) struct Statement<'d> {
    /// Its place.
    pub(crate) pointer: String,
    /// Itself.
    pub(crate) value: &'d Value,
    pub(crate) sid: Option<String>,
    pub(crate) is_deny: bool,
    /// `Action` or `NotAction`.
    pub(crate) actions: List<'d>,
    /// `Resource` or `NotResource`.
    pub(crate) resources: List<'d>,
    pub(crate) clauses: Vec<Clause<'d>>,
}

/// A list of patterns, or all but those.
pub(crate) struct List<'d> {
    pub(crate) is_negated: bool,
    pub(crate) items: Vec<Text<'d>>,
}

/// A text and its place.
pub(crate) struct Text<'d> {
    pub(crate) pointer: String,
    pub(crate) text: &'d str,
}

/// One operator on one key.
pub(crate) struct Clause<'d> {
    /// The place of the values.
    pub(crate) pointer: String,
    /// The operator as written.
    pub(crate) spelling: &'d str,
    pub(crate) operator: Operator,
    /// The key as written.
    pub(crate) key: &'d str,
    /// The values, each with its place.
    pub(crate) values: Vec<(String, String)>,
}

/// Reads the statements; what is not as the grammar has it is left out.
pub(crate) fn read(document: &Value) -> Vec<Statement<'_>> {
    let pointed: Vec<(String, &Value)> = entries("/Statement", document.get("Statement"));
    pointed.into_iter().map(|(pointer, value)| Statement::read(pointer, value)).collect()
}

impl<'d> Statement<'d> {
    fn read(pointer: String, value: &'d Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        Self {
            sid: text("Sid").filter(|sid| !sid.is_empty()).map(str::to_owned),
            is_deny: text("Effect") == Some("Deny"),
            actions: List::read(&pointer, value, "Action", "NotAction"),
            resources: List::read(&pointer, value, "Resource", "NotResource"),
            clauses: clauses(&pointer, value),
            pointer,
            value,
        }
    }

    /// Is there a condition on the key, in any case?
    pub(crate) fn asks(&self, key: &str) -> bool {
        self.clauses.iter().any(|clause| clause.is_on(key))
    }
}

impl<'d> List<'d> {
    fn read(pointer: &str, statement: &'d Value, one: &str, other: &str) -> Self {
        let is_negated = statement.get(one).is_none();
        let name = if is_negated { other } else { one };
        let texts = entries(&format!("{pointer}/{name}"), statement.get(name));
        let text =
            |(pointer, value): (String, &'d Value)| Some(Text { pointer, text: value.as_str()? });
        Self { is_negated, items: texts.into_iter().filter_map(text).collect() }
    }

    /// Does it stand for everything?
    pub(crate) fn is_everything(&self) -> bool {
        !self.is_negated && self.items.iter().any(|item| item.text == "*")
    }
}

impl Clause<'_> {
    /// Is it on this key?
    pub(crate) fn is_on(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }

    /// Does one of its values say this, in any case?
    pub(crate) fn says(&self, value: &str) -> bool {
        self.values.iter().any(|(_, text)| text.eq_ignore_ascii_case(value))
    }
}

fn clauses<'d>(pointer: &str, statement: &'d Value) -> Vec<Clause<'d>> {
    let mut clauses = Vec::new();
    for (spelling, keys) in objects(statement.get("Condition")) {
        let Some(operator) = Operator::parse(spelling) else { continue };
        for (key, values) in objects(Some(keys)) {
            let pointer = [pointer, "Condition", &escaped(spelling), &escaped(key)].join("/");
            let values = entries(&pointer, Some(values));
            let values = values.into_iter().map(|(pointer, value)| (pointer, plain(value)));
            clauses.push(Clause { values: values.collect(), pointer, spelling, operator, key });
        }
    }
    clauses
}

fn objects(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let map = value.and_then(Value::as_object);
    map.into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// The items of a list, or the one value that stands for a list of itself, each with its place.
fn entries<'d>(pointer: &str, value: Option<&'d Value>) -> Vec<(String, &'d Value)> {
    match value {
        None => Vec::new(),
        Some(Value::Array(items)) => {
            let place = |(index, item)| (format!("{pointer}/{index}"), item);
            items.iter().enumerate().map(place).collect()
        }
        Some(value) => vec![(pointer.to_owned(), value)],
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn escaped(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}
