//! Strings: exact, without regard to case, and with wildcards.

use crate::policy::context::Context;
use crate::policy::pattern::{Globs, Token};
use crate::policy::template::{Resolved, Template};
use crate::policy::truth::{Gaps, Truth};

/// Strings to compare with, of which one has to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Texts {
    /// Those without variables.
    fixed: Globs,
    templates: Vec<Template>,
    /// Is everything in lower case, the variables' values too?
    is_folded: bool,
}

impl Texts {
    pub(super) fn new(texts: impl Iterator<Item = Template>) -> Self {
        Self::of(texts, false)
    }

    /// In lower case.
    pub(super) fn folded(texts: impl Iterator<Item = Template>) -> Self {
        Self::of(texts, true)
    }

    fn of(texts: impl Iterator<Item = Template>, is_folded: bool) -> Self {
        let mut fixed = Vec::new();
        let mut templates = Vec::new();
        for template in texts {
            match template.fixed() {
                Some(tokens) if is_folded => fixed.push(lower(tokens)),
                Some(tokens) => fixed.push(tokens),
                None => templates.push(template),
            }
        }
        Self { fixed: Globs::new(&fixed), templates, is_folded }
    }

    /// Does any match `value`? A variable without a value matches nothing.
    pub(super) fn any_matches<'p>(
        &'p self,
        value: &str,
        context: &Context,
        gaps: &mut Gaps<'p>,
    ) -> Truth {
        if self.fixed.any_matches(value) {
            return Truth::True;
        }
        if self.templates.is_empty() {
            return Truth::False;
        }
        gaps.of(|gaps| {
            let mut otherwise = Truth::False;
            let mut filled = Vec::new();
            for template in &self.templates {
                match template.resolve(context, value.len(), gaps) {
                    Resolved::Tokens(tokens) if self.is_folded => filled.push(lower(tokens)),
                    Resolved::Tokens(tokens) => filled.push(tokens),
                    Resolved::TooLong | Resolved::Unresolved => {}
                    Resolved::Unknown => otherwise = Truth::Unknown,
                }
            }
            if Globs::new(&filled).any_matches(value) { Truth::True } else { otherwise }
        })
    }
}

fn lower(tokens: Vec<Token>) -> Vec<Token> {
    let lower = tokens.into_iter().flat_map(|token| match token {
        Token::Char(c) => c.to_lowercase().map(Token::Char).collect::<Vec<_>>(),
        Token::One | Token::Any => vec![token],
    });
    lower.collect()
}
