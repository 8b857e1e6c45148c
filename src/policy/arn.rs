//! Patterns of ARNs: six parts, each matched by itself, the last takes what is left.

use crate::policy::context::Context;
use crate::policy::pattern::{Glob, MANY, Span, States, Token};
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

/// Patterns of ARNs of which one has to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArnValues {
    /// Those without variables.
    fixed: FixedArns,
    templates: Vec<Template>,
}

/// Patterns of ARNs whose variables are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
enum FixedArns {
    Few(Vec<ArnPattern>),
    Many(Box<ManyArns>),
}

/// Many patterns of ARNs, matched together in the time of one of their length.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ManyArns {
    has_any: bool,
    /// Part by part: a wildcard takes no colon before the last part.
    by_part: States,
    /// Those with a part before the last that ends in `*`, over the whole text.
    over_colons: Option<States>,
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

    /// The text.
    pub(crate) fn whole(&self) -> &'t str {
        self.whole
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

    /// A `*` that is the last character "can expand to match beyond the colon boundaries" ("IAM JSON
    /// policy elements: Resource"); without it a short pattern is no ARN.
    fn is_whole(&self) -> bool {
        self.parts.len() == PARTS || self.takes_rest
    }

    fn match_part_by_part(&self, text: &ArnText<'_>, cuts: &[usize; PARTS - 1]) -> bool {
        let Some((last, first)) = self.parts.split_last() else { return false };
        if !self.is_whole() {
            return false;
        }
        // The name differs more often than the account, and the account than the partition.
        last.matches(text.after(first.len(), cuts))
            && (0..first.len()).rev().all(|index| first[index].matches(text.part(index, cuts)))
    }
}

impl ManyArns {
    fn new(patterns: &[Vec<Token>]) -> Self {
        let mut by_part: Vec<Span<'_>> = Vec::new();
        let mut over_colons: Vec<Span<'_>> = Vec::new();
        let mut has_any = false;
        for tokens in patterns {
            let pattern = ArnPattern::new(tokens);
            has_any |= pattern.is_any();
            let last = tokens.splitn(PARTS, |token| *token == Token::Char(':')).last();
            if pattern.is_whole() {
                by_part.push((tokens, tokens.len() - last.map_or(0, <[Token]>::len)));
            }
            if pattern.over_colons.is_some() {
                over_colons.push((tokens, 0));
            }
        }
        let over_colons = (!over_colons.is_empty()).then(|| States::new(&over_colons));
        Self { has_any, by_part: States::new(&by_part), over_colons }
    }

    fn any_matches(&self, text: &ArnText<'_>, gaps: &mut Gaps<'_>) -> Truth {
        if self.has_any {
            return Truth::True;
        }
        if text.cuts.is_none() {
            return Truth::False;
        }
        if self.by_part.match_all_of(text.whole) {
            return Truth::True;
        }
        match &self.over_colons {
            Some(states) if states.match_all_of(text.whole) => {
                gaps.note(Gap::Doubt(Doubt::WildcardOverColon))
            }
            Some(_) | None => Truth::False,
        }
    }
}

impl FixedArns {
    fn new(patterns: &[Vec<Token>]) -> Self {
        if patterns.len() < MANY {
            return Self::Few(patterns.iter().map(|tokens| ArnPattern::new(tokens)).collect());
        }
        Self::Many(Box::new(ManyArns::new(patterns)))
    }

    fn any_matches(&self, text: &ArnText<'_>, gaps: &mut Gaps<'_>) -> Truth {
        match self {
            Self::Few(patterns) => gaps.any(patterns, |gaps, pattern| pattern.matches(text, gaps)),
            Self::Many(patterns) => patterns.any_matches(text, gaps),
        }
    }
}

impl ArnValues {
    pub(crate) fn new(texts: impl Iterator<Item = Template>) -> Self {
        let mut fixed = Vec::new();
        let mut templates = Vec::new();
        for template in texts {
            match template.fixed() {
                Some(tokens) => fixed.push(tokens),
                None => templates.push(template),
            }
        }
        Self { fixed: FixedArns::new(&fixed), templates }
    }

    /// Does any match `text`? One whose variable has no value matches nothing, unless that is a `doubt`.
    pub(crate) fn any_matches<'p>(
        &'p self,
        text: &ArnText<'_>,
        context: &Context,
        gaps: &mut Gaps<'p>,
        doubt: Option<Doubt>,
    ) -> Truth {
        gaps.of(|gaps| {
            let fixed = self.fixed.any_matches(text, gaps);
            if fixed == Truth::True || self.templates.is_empty() {
                return fixed;
            }
            let mut otherwise = fixed;
            let mut filled = Vec::new();
            for template in &self.templates {
                match template.resolve(context, text.whole.len(), gaps) {
                    Resolved::Tokens(tokens) => filled.push(tokens),
                    Resolved::TooLong => {}
                    Resolved::Unresolved => {
                        let doubtful = |doubt| gaps.note(Gap::Doubt(doubt));
                        otherwise = otherwise.max(doubt.map_or(Truth::False, doubtful));
                    }
                    Resolved::Unknown => otherwise = Truth::Unknown,
                }
            }
            otherwise.max(FixedArns::new(&filled).any_matches(text, gaps))
        })
    }
}

/// A pattern of the `Resource` element, where variables count "after the fifth colon" only ("IAM policy
/// elements: Variables and tags").
pub(crate) fn resource_template(text: &str, has_variables: bool) -> Template {
    let cut = text.match_indices(':').nth(PARTS - 2).map_or(text.len(), |(at, _)| at + 1);
    let (start, name) = text.split_at(cut);
    if has_variables {
        let start = Template::without_variables(start, Reading::Wildcards);
        start.followed_by(Template::parse(name, Reading::Wildcards))
    } else {
        Template::without_variables(text, Reading::Wildcards)
    }
}
