//! Policy documents by their text: each distinct one is read once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::policy;
use crate::policy::Document;

/// How much text is remembered. An organization's policies of both types are at most 15 MB; whoever
/// sends more different ones has them read again.
const REMEMBERED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The policies AWS manages. Their documents never change and everybody knows them, so that `{}`
/// under their names stands for them.
const MANAGED: [&str; 2] = ["FullAWSAccess", "RCPFullAWSAccess"];
const MANAGED_DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Documents {
    known: HashMap<Box<str>, Result<Arc<Document>, String>>,
    bytes: usize,
}

impl Documents {
    /// The document that `text` is, under the name of its policy.
    pub(super) fn read(&mut self, name: &str, text: &str) -> Result<Arc<Document>, String> {
        let is_empty =
            text.len() <= 16 && text.chars().filter(|c| !c.is_whitespace()).eq("{}".chars());
        let text = match (is_empty, MANAGED.contains(&name)) {
            (true, true) => MANAGED_DOCUMENT,
            // A policy that says nothing denies nothing and allows nothing.
            (true, false) => r#"{"Statement":[]}"#,
            (false, _) => text,
        };
        let read = match self.known.get(text) {
            Some(known) => known.clone(),
            None => self.remember(text),
        };
        read.map_err(|message| format!("the document of `{name}` is not understood: {message}"))
    }

    fn remember(&mut self, text: &str) -> Result<Arc<Document>, String> {
        let read = policy::parse(text).map_err(|problem| problem.to_string()).and_then(|value| {
            let read = Document::read(&value).map(Arc::new);
            read.map_err(|problems| {
                let problems: Vec<String> = problems
                    .iter()
                    .map(|problem| format!("{} {problem}", problem.pointer).trim().to_owned())
                    .collect();
                problems.join("; ")
            })
        });
        if self.bytes > REMEMBERED_BYTES_MAX {
            self.known.clear();
            self.bytes = 0;
        }
        self.bytes += text.len();
        self.known.insert(text.into(), read.clone());
        read
    }
}
