//! Patterns of ARNs: six parts, each matched by itself, the last takes what is left.

use crate::policy::context::Context;
use crate::policy::pattern::{Glob, Token};
use crate::policy::template::{Reading, Resolved, Template};
use crate::policy::truth::{Doubt, Gap, Gaps, Truth};

const PARTS: usize = 6;

/// A pattern of ARNs, its variables replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArnPattern {
    /// One to six; fewer when the pattern is short.
    parts: Box<[Glob]>,
    /// The pattern over the whole text, when a part before the last ends in `*`.
    over_colons: Option<Glob>,
    /// Does the last part end in `*`, so that it stands for all parts that are left?
    takes_rest: bool,
}

/// Where the first five colons of a text are; nothing when it has fewer and is no ARN.
pub(crate) type Cuts = Option<[usize; PARTS - 1]>;

/// A text to be matched, with its colons.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArnText<'t> {
    whole: &'t str,
    cuts: Cuts,
}

/// A pattern of ARNs that may wait for variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ArnValue {
    /// It has no variables.
    Fixed(ArnPattern),
    /// It has.
    Template(Template),
}

/// What a pattern says to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArnMatch {
    /// The pattern decides, or the gap is noted.
    Truth(Truth),
    /// A variable has no value.
    Unresolved,
}

/// Finds the first five colons of a text.
pub(crate) fn cuts(text: &str) -> Cuts {
    let mut colons = text.match_indices(':').map(|(at, _)| at);
    let mut cuts = [0; PARTS - 1];
    for cut in &mut cuts {
        *cut = colons.next()?;
    }
    Some(cuts)
}

impl<'t> ArnText<'t> {
    /// A text whose [`cuts`] are known.
    pub(crate) fn new(whole: &'t str, cuts: Cuts) -> Self {
        Self { whole, cuts }
    }

    /// A text yet to be cut.
    pub(crate) fn cut(whole: &'t str) -> Self {
        Self::new(whole, cuts(whole))
    }

    /// The text after the first `count` parts.
    fn after(&self, count: usize, cuts: &[usize; PARTS - 1]) -> &'t str {
        let start = count.checked_sub(1).map_or(0, |last| cuts[last] + 1);
        &self.whole[start..]
    }

    fn part(&self, index: usize, cuts: &[usize; PARTS - 1]) -> &'t str {
        let start = index.checked_sub(1).map_or(0, |last| cuts[last] + 1);
        &self.whole[start..cuts[index]]
    }
}

impl ArnPattern {
    pub(crate) fn new(tokens: &[Token]) -> Self {
        let parts: Vec<&[Token]> =
            tokens.splitn(PARTS, |token| *token == Token::Char(':')).collect();
        let ends_in_star = |part: &&&[Token]| part.last() == Some(&Token::Any);
        let crosses = parts.iter().rev().skip(1).any(|part| ends_in_star(&part));
        Self {
            takes_rest: parts.last().is_some_and(|part| ends_in_star(&part)),
            over_colons: crosses.then(|| Glob::new(tokens)),
            parts: parts.into_iter().map(Glob::new).collect(),
        }
    }

    /// Does it match whatever stands there?
    pub(crate) fn is_any(&self) -> bool {
        self.takes_rest && self.parts.len() == 1 && self.parts[0].is_any()
    }

    pub(crate) fn matches(&self, text: &ArnText<'_>, gaps: &mut Gaps<'_>) -> Truth {
        if self.is_any() {
            return Truth::True;
        }
        let Some(cuts) = &text.cuts else { return Truth::False };
        if self.match_part_by_part(text, cuts) {
            return Truth::True;
        }
        let Some(glob) = &self.over_colons else { return Truth::False };
        // With five colons in the text, a `*` that took one would leave too few.
        let may_cross = self.parts.len() < PARTS || text.after(PARTS - 1, cuts).contains(':');
        if may_cross && glob.matches(text.whole) {
            return gaps.note(Gap::Doubt(Doubt::WildcardOverColon));
        }
        Truth::False
    }

    fn match_part_by_part(&self, text: &ArnText<'_>, cuts: &[usize; PARTS - 1]) -> bool {
        let Some((last, first)) = self.parts.split_last() else { return false };
        // A `*` that is the last character "can expand to match beyond the colon boundaries" ("IAM
        // JSON policy elements: Resource"); without it a short pattern is no ARN.
        if first.len() < PARTS - 1 && !self.takes_rest {
            return false;
        }
        // The name differs more often than the account, and the account than the partition.
        last.matches(text.after(first.len(), cuts))
            && (0..first.len()).rev().all(|index| first[index].matches(text.part(index, cuts)))
    }
}

impl ArnValue {
    pub(crate) fn new(template: Template) -> Self {
        match template.fixed() {
            Some(tokens) => Self::Fixed(ArnPattern::new(&tokens)),
            None => Self::Template(template),
        }
    }

    /// A pattern of the `Resource` element, where variables count "after the fifth colon" only
    /// ("IAM policy elements: Variables and tags").
    pub(crate) fn resource(text: &str, has_variables: bool) -> Self {
        let cut = text.match_indices(':').nth(PARTS - 2).map_or(text.len(), |(at, _)| at + 1);
        let (start, name) = text.split_at(cut);
        if has_variables {
            let start = Template::without_variables(start, Reading::Wildcards);
            Self::new(start.followed_by(Template::parse(name, Reading::Wildcards)))
        } else {
            Self::new(Template::without_variables(text, Reading::Wildcards))
        }
    }

    pub(crate) fn matches<'p>(
        &'p self,
        text: &ArnText<'_>,
        context: &Context,
        gaps: &mut Gaps<'p>,
    ) -> ArnMatch {
        match self {
            Self::Fixed(pattern) => ArnMatch::Truth(pattern.matches(text, gaps)),
            Self::Template(template) => match template.resolve(context, text.whole.len(), gaps) {
                Resolved::Tokens(tokens) => {
                    ArnMatch::Truth(ArnPattern::new(&tokens).matches(text, gaps))
                }
                Resolved::TooLong => ArnMatch::Truth(Truth::False),
                Resolved::Unresolved => ArnMatch::Unresolved,
                Resolved::Unknown => ArnMatch::Truth(Truth::Unknown),
            },
        }
    }
}
