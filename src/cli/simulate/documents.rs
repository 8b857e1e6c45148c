//! Policy documents by their text: each distinct one is read once.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::effective::default_policy;
use crate::policy;
use crate::policy::{ControlType, Document, Grammar, Language};

/// How much text is remembered. An organization's policies of both types are at most 15 MB; whoever
/// sends more different ones has them read again.
const REMEMBERED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Documents of one type by their text.
type Known = HashMap<Box<str>, Result<Arc<Document>, String>>;

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Documents {
    known_scps: Known,
    known_rcps: Known,
    bytes: usize,
}

impl Documents {
    /// The document that `text` is, under the name of its policy. What AWS would not take is refused:
    /// what it would mean, nobody knows.
    pub(super) fn read(
        &mut self,
        policy_type: ControlType,
        name: &str,
        text: &str,
    ) -> Result<Arc<Document>, String> {
        let is_empty =
            text.len() <= 16 && text.chars().filter(|c| !c.is_whitespace()).eq("{}".chars());
        // What AWS attaches never changes and everybody knows it, so that `{}` stands for it.
        let managed = default_policy(policy_type);
        let text = if is_empty && name == managed.name { managed.content } else { text };
        let read = match self.known(policy_type).get(text) {
            Some(known) => known.clone(),
            None => self.remember(policy_type, name, text),
        };
        read.map_err(|message| format!("the document of `{name}` is not understood: {message}"))
    }

    fn remember(
        &mut self,
        policy_type: ControlType,
        name: &str,
        text: &str,
    ) -> Result<Arc<Document>, String> {
        let read = read(policy_type, name, text);
        if self.bytes > REMEMBERED_BYTES_MAX {
            *self = Self::default();
        }
        self.bytes += text.len();
        self.known(policy_type).insert(text.into(), read.clone());
        read
    }

    fn known(&mut self, policy_type: ControlType) -> &mut Known {
        match policy_type {
            ControlType::ServiceControl => &mut self.known_scps,
            ControlType::ResourceControl => &mut self.known_rcps,
        }
    }
}

fn read(policy_type: ControlType, name: &str, text: &str) -> Result<Arc<Document>, String> {
    let value = policy::parse(text).map_err(|problem| problem.to_string())?;
    let canonical = |value: &Value| policy::canonical(Language::Iam, value);
    // An RCP allows nothing, but for the one that AWS attaches.
    let is_as_managed = || {
        let managed = default_policy(policy_type);
        name == managed.name
            && policy::parse(managed.content).is_ok_and(|it| canonical(&it) == canonical(&value))
    };
    let mut problems = policy::check(Grammar::of(policy_type.into()), &value);
    if problems.is_empty() || is_as_managed() {
        match Document::read(&value) {
            Ok(document) => return Ok(Arc::new(document)),
            Err(more) => problems = more,
        }
    }
    let problems: Vec<String> = problems
        .iter()
        .map(|problem| format!("{} {problem}", problem.pointer).trim().to_owned())
        .collect();
    Err(problems.join("; "))
}
