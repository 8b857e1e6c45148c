//! Three-valued logic: what holds, what does not, and what the given facts do not decide.

use std::collections::BTreeSet;
use std::fmt;

/// Whether something holds, as far as the facts of a request say.
///
/// Ordered, so that *and* is the smaller and *or* the greater of two. Learning more facts only ever
/// turns [`Truth::Unknown`] into one of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not hold.
    False,
    /// The facts given do not decide.
    Unknown,
    /// It holds.
    True,
}

/// A question of semantics that AWS's pages leave open. Where an answer hangs on one, it is unknown.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::IntoStaticStr,
)]
pub enum Doubt {
    /// A `*` at the end of an inner part of an ARN would have to reach over a colon. The User Guide
    /// says that it "can" ("IAM JSON policy elements: Resource"), not what the parts after it do.
    #[strum(to_string = "a `*` before a colon of an ARN pattern would have to match a colon")]
    WildcardOverColon,
    /// A `NotResource` holds a variable without a value. Whether the statement then applies to
    /// everything or to nothing is not documented.
    #[strum(to_string = "a variable in `NotResource` has no value")]
    UnresolvedNotResource,
    /// A key without `ForAnyValue` or `ForAllValues`, or of a variable, has several values.
    #[strum(to_string = "a key that an operator or a variable takes as one value has several")]
    SeveralValues,
    /// `ForAnyValue:…IfExists` without the key: the prefix says false, the suffix says true.
    #[strum(to_string = "`ForAnyValue:` and `IfExists` disagree about a missing key")]
    AnyValueIfExists,
    /// A value of the request is not of the type that an operator compares.
    #[strum(to_string = "a value of the request is not what the operator on its key compares")]
    UnreadableValue,
    /// A value of the policy is not of the type that its operator compares. Whether AWS refuses such a
    /// policy or never matches the value is not documented.
    #[strum(to_string = "a value in a condition is not what its operator compares")]
    UnreadableCondition,
    /// The resource of the request is a pattern, and a statement applies to some of it only.
    #[strum(
        to_string = "a statement applies to a part of the resources that the request's pattern stands for"
    )]
    ResourceInPart,
}

/// Why an answer is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap<'p> {
    /// A condition key, as the policy spells it, about which the request says nothing.
    Key(&'p str),
    /// The request names no resource.
    Resource,
    /// A question AWS leaves open.
    Doubt(Doubt),
}

/// The reasons collected so far. What turns out not to matter is dropped by truncating, so that a
/// definite answer allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Gaps<'p> {
    found: Vec<Gap<'p>>,
}

/// What would decide an unknown answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing {
    /// The keys the request says nothing about, as the policies spell them; `resource` when it
    /// names no resource.
    pub keys: BTreeSet<String>,
    /// Questions that no further fact settles.
    pub doubts: BTreeSet<Doubt>,
}

impl Truth {
    /// The truth of the opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

impl<'p> Gaps<'p> {
    /// Notes a reason and answers unknown.
    pub(crate) fn note(&mut self, gap: Gap<'p>) -> Truth {
        self.found.push(gap);
        Truth::Unknown
    }

    /// Runs `ask` and keeps its reasons only when its answer is unknown.
    pub(crate) fn of(&mut self, ask: impl FnOnce(&mut Self) -> Truth) -> Truth {
        let before = self.found.len();
        let truth = ask(self);
        if truth != Truth::Unknown {
            self.found.truncate(before);
        }
        truth
    }

    /// Does any of `items` hold? Stops at the first that does.
    pub(crate) fn any<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut ask: impl FnMut(&mut Self, T) -> Truth,
    ) -> Truth {
        self.of(|gaps| {
            let mut truth = Truth::False;
            for item in items {
                truth = truth.max(gaps.of(|gaps| ask(gaps, item)));
                if truth == Truth::True {
                    break;
                }
            }
            truth
        })
    }

    /// Do all of `items` hold? Stops at the first that does not.
    pub(crate) fn all<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut ask: impl FnMut(&mut Self, T) -> Truth,
    ) -> Truth {
        self.any(items, |gaps, item| ask(gaps, item).negated()).negated()
    }

    pub(crate) fn missing(&self) -> Missing {
        let mut keys = Vec::new();
        let mut missing = Missing::default();
        for gap in &self.found {
            match gap {
                Gap::Key(key) => keys.push(*key),
                Gap::Resource => keys.push("resource"),
                Gap::Doubt(doubt) => {
                    missing.doubts.insert(*doubt);
                }
            }
        }
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            // One spelling of each key suffices.
            if !missing.keys.iter().any(|known| known.eq_ignore_ascii_case(key)) {
                missing.keys.insert(key.to_owned());
            }
        }
        missing
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys.iter().map(|key| format!("`{key}`"));
        let reasons: Vec<String> =
            keys.chain(self.doubts.iter().map(ToString::to_string)).collect();
        formatter.write_str(&reasons.join(", "))
    }
}
