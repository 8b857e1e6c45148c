//! YAML as a tree in which everything knows its place. JSON is YAML, so this reads both.
//!
//! Built from the parser's events and not through serde: every duplicate key is found, not the
//! first; a number keeps its spelling, so that an account id without quotes can be told from its
//! digits; and what an alias may unfold to is counted before it is unfolded.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};
use serde_yaml::granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, StrInput, Tag};

use crate::desired::problem::{Finding, ProblemCode, Report, SourceText, Span, shown};
use crate::desired::scalar::{self, Scalar};

/// How deep collections may nest. The deepest of AWS's management policies need about 12.
pub(crate) const DEPTH_MAX: usize = 64;

/// How many values one file may hold once its aliases are unfolded: 10,000 accounts with owner and
/// purpose are 70,000.
pub(crate) const NODES_MAX: usize = 250_000;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Where it is written.
    pub(crate) span: Span,
    /// The value.
    pub(crate) kind: NodeKind,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NodeKind {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number and how it is written.
    Number(Number, String),
    /// A text.
    String(String),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    /// Its text.
    pub(crate) text: String,
    /// Where it is written.
    pub(crate) span: Span,
}

/// Reads every document of a file. What cannot be read is reported, and the next document is tried.
pub(crate) fn parse(text: &SourceText, report: &mut Report) -> Vec<Node> {
    parse_with(text, Tags::Refused, report)
}

/// The same, for a `CloudFormation` template: its short forms, such as `!Ref`, are read as what they stand on.
pub(crate) fn parse_template(text: &SourceText, report: &mut Report) -> Vec<Node> {
    parse_with(text, Tags::Ignored, report)
}

/// What becomes of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tags {
    /// They are a mistake.
    Refused,
    /// They are somebody else's to understand.
    Ignored,
}

fn parse_with(text: &SourceText, tags: Tags, report: &mut Report) -> Vec<Node> {
    let parser = Parser::new_from_str_with_options(&text.text, options());
    let mut builder = Builder { parser, text, tags, report, anchors: BTreeMap::new(), nodes: 0 };
    let mut documents = Vec::new();
    loop {
        match builder.next_document() {
            Ok(Some(document)) => documents.push(document),
            Ok(None) => return documents,
            Err(stop) => {
                builder.report_stop(stop);
                if builder.nodes > NODES_MAX || !builder.skip_document() {
                    return documents;
                }
            }
        }
    }
}

fn options() -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = DEPTH_MAX;
    options.block_nesting_limit = DEPTH_MAX;
    options
}

/// Why a document cannot be read on.
enum Stop {
    Syntax(ScanError),
    Limit(Span, String),
}

struct Builder<'a> {
    parser: Parser<'a, StrInput<'a>>,
    text: &'a SourceText,
    tags: Tags,
    report: &'a mut Report,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn next_document(&mut self) -> Result<Option<Node>, Stop> {
        self.anchors.clear();
        while let Some((event, span)) = self.event()? {
            if event.is_node() {
                return self.node(event, span, 1).map(Some);
            }
        }
        Ok(None)
    }

    /// Goes on behind the document that cannot be read; false at the end of the file.
    fn skip_document(&mut self) -> bool {
        self.parser.proceed_next_document().unwrap_or(false)
    }

    fn report_stop(&mut self, stop: Stop) {
        let (span, message) = match stop {
            Stop::Limit(span, message) => (span, message),
            Stop::Syntax(error) => {
                let marker = *error.marker();
                let span = self.text.span_of((marker.line(), marker.col() + 1));
                (span, error.info().clone())
            }
        };
        self.report.problem(self.text, span, Finding::new(ProblemCode::Syntax, message));
    }

    fn event(&mut self) -> Result<Option<(Event<'a>, Span)>, Stop> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok(Some((event, self.place(span)))),
            Some(Err(error)) => Err(Stop::Syntax(error)),
            None => Ok(None),
        }
    }

    fn place(&self, span: serde_yaml::granit_parser::Span) -> Span {
        let (start, end) = (span.start, span.end);
        let offset = start.byte_offset().unwrap_or_default().min(self.text.text.len());
        let rest = self.text.text.get(offset..).unwrap_or_default();
        // No more of the line than is meant: on a line of 10,000 values, reading all of it for each is 100,000,000.
        let meant = end.index().saturating_sub(start.index());
        let is_inside = |character: &char| !matches!(character, '\n' | '\r');
        let shown: String = rest.chars().take(meant).take_while(is_inside).collect();
        let width = shown.trim_end().chars().count().max(1);
        Span { line: start.line(), column: start.col() + 1, width, offset }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Stop> {
        self.count(1, span)?;
        if depth > DEPTH_MAX {
            let message = format!("nested deeper than {DEPTH_MAX} levels");
            return Err(Stop::Limit(span, message));
        }
        if let Event::Alias(id) = event {
            return self.alias(id, span, depth);
        }
        let (kind, anchor) = if let Event::Scalar(text, style, anchor, tag) = event {
            (self.scalar(&text, style, tag.as_deref(), span), anchor)
        } else if let Event::SequenceStart(_, anchor, tag) = event {
            self.refuse_tag(tag.as_deref(), "seq", span);
            (NodeKind::Seq(self.items(depth)?), anchor)
        } else if let Event::MappingStart(_, anchor, tag) = event {
            self.refuse_tag(tag.as_deref(), "map", span);
            (NodeKind::Map(self.entries(depth)?), anchor)
        } else {
            return Err(Stop::Limit(span, "not a value".to_owned()));
        };
        let node = Node { span, kind };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn count(&mut self, more: usize, span: Span) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes <= NODES_MAX {
            return Ok(());
        }
        Err(Stop::Limit(span, format!("the file holds more than {NODES_MAX} values")))
    }

    fn alias(&mut self, id: usize, span: Span, depth: usize) -> Result<Node, Stop> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(Stop::Limit(span, "an alias cannot be inside what it repeats".to_owned()));
        };
        let (size, height) = node.extent();
        let node = node.clone();
        self.count(size, span)?;
        if depth + height > DEPTH_MAX + 1 {
            let message = format!("nested deeper than {DEPTH_MAX} levels");
            return Err(Stop::Limit(span, message));
        }
        Ok(node)
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Node>, Stop> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.event()? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            items.push(self.node(event, span, depth + 1)?);
        }
        Ok(items)
    }

    fn entries(&mut self, depth: usize) -> Result<Vec<(Key, Node)>, Stop> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        while let Some((event, span)) = self.event()? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let key = self.key(event, span, depth)?;
            let Some((event, span)) = self.event()? else { break };
            let value = self.node(event, span, depth + 1)?;
            let Some(key) = key else { continue };
            if let Some(line) = seen.get(&key.text) {
                let message = format!("{} is there twice", shown(&key.text));
                let finding = Finding::new(ProblemCode::DuplicateKey, message)
                    .help(format!("the first one is on line {line}; keep one of them"));
                self.report.problem(self.text, key.span, finding);
                continue;
            }
            seen.insert(key.text.clone(), key.span.line);
            entries.push((key, value));
        }
        Ok(entries)
    }

    fn key(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Option<Key>, Stop> {
        let text = event.scalar().map(|(text, style)| (text.to_owned(), style));
        let node = self.node(event, span, depth + 1)?;
        let message = match (text, node.kind) {
            (Some((text, ScalarStyle::Plain)), _) if text == "<<" => {
                "merge keys (`<<`) are not part of YAML 1.2; repeat a whole value with an alias"
            }
            (Some((text, ScalarStyle::Plain)), _) if text.is_empty() => "a key is missing",
            (Some((text, _)), _) | (None, NodeKind::String(text)) => {
                return Ok(Some(Key { text, span }));
            }
            (None, _) => "a key must be a text",
        };
        self.report.problem(self.text, span, Finding::new(ProblemCode::Syntax, message));
        Ok(None)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> NodeKind {
        let plain = style == ScalarStyle::Plain && !is_core(tag, "str");
        if tag.is_some_and(|tag| tag.suffix() != "!") && !is_core(tag, "str") {
            self.refuse_tag(tag, "str", span);
        }
        match if plain { scalar::resolve(text) } else { Scalar::Text } {
            Scalar::Null => NodeKind::Null,
            Scalar::Bool(value) => NodeKind::Bool(value),
            Scalar::Number(number) => NodeKind::Number(number, text.to_owned()),
            Scalar::Text => NodeKind::String(text.to_owned()),
            Scalar::NotFinite => {
                let message = format!("{} is a number that JSON does not have", shown(text));
                let finding = Finding::new(ProblemCode::Syntax, message).help("quote it");
                self.report.problem(self.text, span, finding);
                NodeKind::Null
            }
        }
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, allowed: &str, span: Span) {
        let refused = |tag: &&Tag| self.tags == Tags::Refused && !is_core(Some(tag), allowed);
        let Some(tag) = tag.filter(refused) else { return };
        let message = format!("tags such as {} mean nothing here", shown(&tag.original()));
        let finding = Finding::new(ProblemCode::Syntax, message).help("remove the tag");
        self.report.problem(self.text, span, finding);
    }
}

fn is_core(tag: Option<&Tag>, suffix: &str) -> bool {
    tag.is_some_and(|tag| tag.is_yaml_core_schema_tag(suffix))
}

// === impl Node ===

impl Node {
    /// The value as JSON. A number that is whole is a whole number, as JSON Schema has it.
    pub(crate) fn to_json(&self) -> Value {
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(value) => Value::Bool(*value),
            NodeKind::Number(number, _) => Value::Number(scalar::whole(number)),
            NodeKind::String(text) => Value::String(text.clone()),
            NodeKind::Seq(items) => items.iter().map(Self::to_json).collect(),
            NodeKind::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.text.clone(), value.to_json()))
                    .collect::<Map<String, Value>>(),
            ),
        }
    }

    /// The entry of a mapping.
    pub(crate) fn entry(&self, name: &str) -> Option<&(Key, Self)> {
        self.entries().iter().find(|(key, _)| key.text == name)
    }

    /// The value of a mapping's entry.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The entries of a mapping; none of anything else.
    pub(crate) fn entries(&self) -> &[(Key, Self)] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Number(..)
            | NodeKind::String(_)
            | NodeKind::Seq(_) => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.kind {
            NodeKind::Seq(items) => items,
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Number(..)
            | NodeKind::String(_)
            | NodeKind::Map(_) => &[],
        }
    }

    /// The text, if it is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::String(text) => Some(text),
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Number(..)
            | NodeKind::Seq(_)
            | NodeKind::Map(_) => None,
        }
    }

    /// The text, number or truth as it is written; nothing of anything else.
    pub(crate) fn as_text(&self) -> Option<String> {
        match &self.kind {
            NodeKind::String(text) | NodeKind::Number(_, text) => Some(text.clone()),
            NodeKind::Bool(value) => Some(value.to_string()),
            NodeKind::Null | NodeKind::Seq(_) | NodeKind::Map(_) => None,
        }
    }

    /// The place of what a JSON pointer names, or of the innermost thing around it that is there.
    pub(crate) fn locate(&self, pointer: &str) -> Span {
        let mut node = self;
        let mut span = self.span;
        for token in pointer.split('/').skip(1) {
            let name = token.replace("~1", "/").replace("~0", "~");
            let below = match token.parse::<usize>() {
                Ok(index) if !node.items().is_empty() => node.items().get(index),
                _ => node.get(&name),
            };
            let Some(below) = below else { break };
            node = below;
            span = below.span;
        }
        span
    }

    /// The place of the key that a JSON pointer ends with, or as [`Self::locate`].
    pub(crate) fn locate_key(&self, pointer: &str) -> Span {
        let Some((above, token)) = pointer.rsplit_once('/') else { return self.span };
        let name = token.replace("~1", "/").replace("~0", "~");
        match self.find(above).and_then(|node| node.entry(&name)) {
            Some((key, _)) => key.span,
            None => self.locate(pointer),
        }
    }

    /// What a JSON pointer names.
    pub(crate) fn find(&self, pointer: &str) -> Option<&Self> {
        pointer.split('/').skip(1).try_fold(self, |node, token| {
            let name = token.replace("~1", "/").replace("~0", "~");
            match token.parse::<usize>() {
                Ok(index) if !node.items().is_empty() => node.items().get(index),
                _ => node.get(&name),
            }
        })
    }

    /// How many values it holds, itself included, and how deep they nest.
    fn extent(&self) -> (usize, usize) {
        let below = self.items().iter().chain(self.entries().iter().map(|(_, value)| value));
        let (size, height) = below
            .map(Self::extent)
            .fold((0, 0), |(size, height), (more, high)| (size + more, height.max(high)));
        (size + self.entries().len() + 1, height + 1)
    }
}
