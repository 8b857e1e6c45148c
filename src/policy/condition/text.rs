//! Strings: exact, without regard to case, and with wildcards.

use crate::policy::context::Context;
use crate::policy::pattern::{Glob, Token};
use crate::policy::template::{Resolved, Template};
use crate::policy::truth::{Gaps, Truth};

/// A string to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextValue {
    /// It has no variables.
    Fixed(Glob),
    /// It has.
    Template { template: Template, is_folded: bool },
}

impl TextValue {
    pub(super) fn new(template: Template) -> Self {
        Self::of(template, false)
    }

    /// In lower case, its variables' values too.
    pub(super) fn folded(template: Template) -> Self {
        Self::of(template, true)
    }

    fn of(template: Template, is_folded: bool) -> Self {
        match template.fixed() {
            Some(tokens) => Self::Fixed(glob(tokens, is_folded)),
            None => Self::Template { template, is_folded },
        }
    }

    /// Does `value` match? A variable without a value matches nothing.
    pub(super) fn matches<'p>(
        &'p self,
        value: &str,
        context: &Context,
        gaps: &mut Gaps<'p>,
    ) -> Truth {
        match self {
            Self::Fixed(glob) => glob.matches(value).into(),
            Self::Template { template, is_folded } => {
                match template.resolve(context, value.len(), gaps) {
                    Resolved::Tokens(tokens) => glob(tokens, *is_folded).matches(value).into(),
                    Resolved::TooLong | Resolved::Unresolved => Truth::False,
                    Resolved::Unknown => Truth::Unknown,
                }
            }
        }
    }
}

fn glob(tokens: Vec<Token>, is_folded: bool) -> Glob {
    if !is_folded {
        return Glob::new(&tokens);
    }
    let lower = tokens.into_iter().flat_map(|token| match token {
        Token::Char(c) => c.to_lowercase().map(Token::Char).collect::<Vec<_>>(),
        Token::One | Token::Any => vec![token],
    });
    Glob::new(&lower.collect::<Vec<_>>())
}
