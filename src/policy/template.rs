//! Text with policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`.

use crate::policy::context::{Context, Fact};
use crate::policy::name::Name;
use crate::policy::pattern::{Token, literal, wildcards};
use crate::policy::truth::{Doubt, Gap, Gaps};

/// How the text around the variables is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// `*` and `?` are wildcards.
    Wildcards,
    /// Every character stands for itself.
    Plain,
}

/// A text whose variables wait for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Tokens(Vec<Token>),
    Variable { spelling: String, key: Name, default: Option<String> },
}

/// What a template becomes in a request.
pub(crate) enum Resolved {
    /// The whole text.
    Tokens(Vec<Token>),
    /// More literal text than the text to match has, so that it cannot match.
    TooLong,
    /// A variable has no value, so the text matches nothing.
    Unresolved,
    /// The request does not say what a variable's value is, or says several; the gap is noted.
    Unknown,
}

impl Template {
    /// Reads `text`; a `${` that begins no variable stands for itself.
    pub(crate) fn parse(text: &str, reading: Reading) -> Self {
        let mut template = Self { pieces: Vec::new() };
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let after = &rest[start + 2..];
            let Some((inside, length)) = variable(after) else {
                template.push_text(&rest[..start + 2], reading);
                rest = after;
                continue;
            };
            template.push_text(&rest[..start], reading);
            template.push_variable(inside);
            rest = &after[length..];
        }
        template.push_text(rest, reading);
        template
    }

    /// Reads `text` with no variable in it, as documents of the first version are.
    pub(crate) fn without_variables(text: &str, reading: Reading) -> Self {
        let mut template = Self { pieces: Vec::new() };
        template.push_text(text, reading);
        template
    }

    /// Both texts one after the other.
    pub(crate) fn followed_by(mut self, other: Self) -> Self {
        for piece in other.pieces {
            match piece {
                Piece::Tokens(tokens) => self.push_tokens(tokens),
                Piece::Variable { .. } => self.pieces.push(piece),
            }
        }
        self
    }

    /// The tokens, when no variable waits for a request.
    pub(crate) fn fixed(&self) -> Option<Vec<Token>> {
        let tokens = |piece: &Piece| match piece {
            Piece::Tokens(tokens) => Some(tokens.clone()),
            Piece::Variable { .. } => None,
        };
        Some(self.pieces.iter().map(tokens).collect::<Option<Vec<_>>>()?.concat())
    }

    /// The text with the values that the request gives. A value's `*` is no wildcard.
    ///
    /// Values are put in only as far as a text of `length` characters could match the result: a policy of
    /// many variables and a request of long values would otherwise build megabytes.
    pub(crate) fn resolve<'p>(
        &'p self,
        context: &Context,
        length: usize,
        gaps: &mut Gaps<'p>,
    ) -> Resolved {
        let mut values = Vec::new();
        for piece in &self.pieces {
            let Piece::Variable { spelling, key, default } = piece else { continue };
            match context.fact(key) {
                Fact::Unknown => {
                    gaps.note(Gap::Key(spelling));
                    return Resolved::Unknown;
                }
                Fact::Absent => values.push(default.as_deref()),
                Fact::Values([only]) => values.push(Some(only.as_str())),
                // A key with several values is no variable ("Variables and tags"); what becomes of it
                // all the same is not said.
                Fact::Values(_) => {
                    gaps.note(Gap::Doubt(Doubt::SeveralValues));
                    return Resolved::Unknown;
                }
            }
        }
        let Some(values) = values.into_iter().collect::<Option<Vec<&str>>>() else {
            return Resolved::Unresolved;
        };
        let mut values = values.into_iter();
        let mut all = Vec::new();
        let mut room = length;
        for piece in &self.pieces {
            match piece {
                Piece::Tokens(tokens) => all.extend_from_slice(tokens),
                Piece::Variable { .. } => {
                    let value = values.next().unwrap_or_default();
                    let Some(left) = room.checked_sub(value.chars().count()) else {
                        return Resolved::TooLong;
                    };
                    room = left;
                    all.extend(literal(value));
                }
            }
        }
        Resolved::Tokens(all)
    }

    fn push_text(&mut self, text: &str, reading: Reading) {
        let tokens: Vec<Token> = match reading {
            Reading::Wildcards => wildcards(text).collect(),
            Reading::Plain => literal(text).collect(),
        };
        self.push_tokens(tokens);
    }

    fn push_tokens(&mut self, tokens: Vec<Token>) {
        if let Some(Piece::Tokens(last)) = self.pieces.last_mut() {
            last.extend(tokens);
        } else if !tokens.is_empty() {
            self.pieces.push(Piece::Tokens(tokens));
        }
    }

    fn push_variable(&mut self, inside: &str) {
        if let "*" | "?" | "$" = inside {
            return self.push_tokens(literal(inside).collect());
        }
        let (name, default) = match inside.split_once(',') {
            Some((name, default)) => (name.trim(), unquoted(default)),
            None => (inside, None),
        };
        self.pieces.push(Piece::Variable {
            spelling: name.to_owned(),
            key: Name::new(name),
            default,
        });
    }
}

/// What stands before the closing brace, and the length with it; a brace in quotes closes nothing.
fn variable(after: &str) -> Option<(&str, usize)> {
    let mut is_quoted = false;
    for (at, c) in after.char_indices() {
        match c {
            '\'' => is_quoted = !is_quoted,
            '}' if !is_quoted => return (at > 0).then(|| (&after[..at], at + 1)),
            _ => {}
        }
    }
    None
}

fn unquoted(default: &str) -> Option<String> {
    Some(default.trim().strip_prefix('\'')?.strip_suffix('\'')?.to_owned())
}
