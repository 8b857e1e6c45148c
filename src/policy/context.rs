//! What a request says about condition keys: values, absence, or nothing.

use crate::policy::arn::{ArnText, Cuts, cuts};
use crate::policy::name::Name;

/// The condition keys of a request. Names are compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Context {
    /// Sorted by name; requests have few keys and are asked often.
    entries: Vec<(Name, Vec<ContextValue>)>,
}

/// A value of a key, cut where its colons are if it is an ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContextValue {
    text: String,
    cuts: Cuts,
}

/// What is known of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact<'c> {
    /// The request does not say.
    Unknown,
    /// The request does not have the key.
    Absent,
    /// The values it has; at least one.
    Values(&'c [ContextValue]),
}

impl Context {
    /// Says that the request has `key` with `values`. A key without values is one it does not have.
    pub(crate) fn set<V: Into<String>>(&mut self, key: &str, values: impl IntoIterator<Item = V>) {
        let values = values.into_iter().map(|value| ContextValue::new(value.into())).collect();
        let name = Name::new(key);
        match self.place(&name) {
            Ok(at) => self.entries[at].1 = values,
            Err(at) => self.entries.insert(at, (name, values)),
        }
    }

    /// Says that the request does not have `key`.
    pub(crate) fn set_absent(&mut self, key: &str) {
        self.set(key, <[String; 0]>::default());
    }

    /// Says nothing any more about `key`.
    pub(crate) fn forget(&mut self, key: &str) {
        if let Ok(at) = self.place(&Name::new(key)) {
            self.entries.remove(at);
        }
    }

    /// What is known of `key`.
    pub(crate) fn fact(&self, key: &Name) -> Fact<'_> {
        match self.place(key).map(|at| self.entries[at].1.as_slice()) {
            Err(_) => Fact::Unknown,
            Ok([]) => Fact::Absent,
            Ok(values) => Fact::Values(values),
        }
    }

    fn place(&self, key: &Name) -> Result<usize, usize> {
        self.entries.binary_search_by(|(name, _)| name.cmp(key))
    }
}

impl ContextValue {
    fn new(text: String) -> Self {
        Self { cuts: cuts(&text), text }
    }

    /// The value.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The value, cut.
    pub(crate) fn as_arn(&self) -> ArnText<'_> {
        ArnText::new(&self.text, self.cuts)
    }
}
