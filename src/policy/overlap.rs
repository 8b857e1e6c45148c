//! Patterns of resources against a request whose resource is a pattern itself: all of it, some, or none.

use crate::policy::arn::ArnText;
use crate::policy::context::Context;
use crate::policy::pattern::{Span, States, Token, wildcards};
use crate::policy::template::{Resolved, Template};
use crate::policy::truth::{Doubt, Gap, Gaps, Truth};

/// So many `*` of a request are followed. Requests have one or two; each costs the length of the policy.
const STARS_MAX: usize = 8;
/// So long a text may become by its variables: longer than any ARN.
const TEXT_MAX: usize = 4096;
const PARTS: usize = 6;
/// What a request's `*` stands for.
const ANY_ARN: &str = "arn:*:*:*:*:*";

/// Does any of `patterns` match all that `resource` stands for? Unknown when one matches a part of it.
///
/// A variable without a value matches nothing, unless that is a `doubt`.
pub(crate) fn overlap(
    patterns: impl Iterator<Item = Template>,
    resource: &ArnText<'_>,
    context: &Context,
    gaps: &mut Gaps<'_>,
    doubt: Option<Doubt>,
) -> Truth {
    gaps.of(|gaps| {
        let mut otherwise = Truth::False;
        let mut filled = Vec::new();
        for template in patterns {
            match template.resolve(context, TEXT_MAX, &mut Gaps::default()) {
                Resolved::Tokens(tokens) => filled.push(tokens),
                Resolved::Unresolved => {
                    let doubtful = |doubt| gaps.note(Gap::Doubt(doubt));
                    otherwise = otherwise.max(doubt.map_or(Truth::False, doubtful));
                }
                // The resource must be named before the variable's value helps.
                Resolved::Unknown | Resolved::TooLong => {
                    otherwise = gaps.note(Gap::Doubt(Doubt::ResourceInPart));
                }
            }
        }
        let asked = if resource.whole() == "*" { ANY_ARN } else { resource.whole() };
        let asked: Vec<Token> = wildcards(asked).collect();
        otherwise.max(of_tokens(&filled, &asked, gaps))
    })
}

fn of_tokens(patterns: &[Vec<Token>], asked: &[Token], gaps: &mut Gaps<'_>) -> Truth {
    let name_of = |tokens: &Vec<Token>| {
        tokens.splitn(PARTS, |token| *token == Token::Char(':')).last().map_or(0, <[Token]>::len)
    };
    let is_whole = |tokens: &&Vec<Token>| {
        tokens.last() == Some(&Token::Any)
            || tokens.iter().filter(|token| **token == Token::Char(':')).count() >= PARTS - 1
    };
    let by_part: Vec<Span<'_>> = patterns
        .iter()
        .filter(is_whole)
        .map(|tokens| (tokens.as_slice(), tokens.len() - name_of(tokens)))
        .collect();
    if States::new(&by_part).cover(asked) {
        return Truth::True;
    }
    let stars = asked.iter().filter(|token| **token == Token::Any).count();
    if stars > STARS_MAX || patterns.iter().any(|tokens| meets(tokens, asked)) {
        return gaps.note(Gap::Doubt(Doubt::ResourceInPart));
    }
    Truth::False
}

/// May a text match both? ARNs are compared part by part; in what is shorter wildcards may take colons.
fn meets(pattern: &[Token], asked: &[Token]) -> bool {
    let parts = |tokens| -> Vec<&[Token]> {
        <[Token]>::splitn(tokens, PARTS, |token| *token == Token::Char(':')).collect()
    };
    let (of_pattern, of_asked) = (parts(pattern), parts(asked));
    if of_pattern.len() < PARTS || of_asked.len() < PARTS {
        return States::new(&[(pattern, 0)]).meet(asked);
    }
    of_pattern
        .iter()
        .zip(&of_asked)
        .all(|(part, asked)| part == asked || States::new(&[(*part, 0)]).meet(asked))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::pattern::Glob;
    use crate::policy::tests::cases;

    fn of_texts(patterns: &[&str], asked: &str) -> Truth {
        let tokens: Vec<Vec<Token>> =
            patterns.iter().map(|pattern| wildcards(pattern).collect()).collect();
        let asked: Vec<Token> = wildcards(asked).collect();
        of_tokens(&tokens, &asked, &mut Gaps::default())
    }

    #[test]
    fn a_pattern_is_covered_met_in_part_or_missed() {
        for (pattern, asked, expected) in [
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/*", Truth::True),
            ("arn:aws:s3:::*", "arn:aws:s3:::b/?/*", Truth::True),
            ("arn:aws:s3:*", "arn:aws:s3:::b/*", Truth::True),
            ("arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*:5:instance/*", Truth::True),
            ("arn:aws:s3:::b/secret/*", "arn:aws:s3:::b/*", Truth::Unknown),
            ("arn:aws:s3:::b/?", "arn:aws:s3:::b/*", Truth::Unknown),
            ("arn:aws:s3:::b/a", "arn:aws:s3:::b/?", Truth::Unknown),
            ("arn:aws:s3:::*/x", "arn:aws:s3:::b/*", Truth::Unknown),
            ("arn:aws:s3:::c/*", "arn:aws:s3:::b/*", Truth::False),
            ("arn:aws:s3:::b/*.gz", "arn:aws:s3:::b/*.txt", Truth::False),
            ("arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*:5:instance/*", Truth::False),
            ("arn:*", ANY_ARN, Truth::True),
            ("arn:*:*:*:*:*", ANY_ARN, Truth::True),
            ("arn:aws:s3:::b", ANY_ARN, Truth::Unknown),
        ] {
            assert_eq!(of_texts(&[pattern], asked), expected, "{pattern} on {asked}");
        }
        assert_eq!(of_texts(&[], "arn:aws:s3:::b/*"), Truth::False);
        let many = format!("arn:aws:s3:::{}", "a*".repeat(STARS_MAX + 1));
        assert_eq!(of_texts(&["arn:aws:s3:::b"], &many), Truth::Unknown);
    }

    #[test]
    fn patterns_longer_than_one_word_are_walked_alike() {
        let of = |middle: &str| -> Vec<Token> {
            wildcards(&format!("{}{middle}b", "a".repeat(63))).collect()
        };
        let states = |tokens: &[Token]| States::new(&[(tokens, 0)]);
        let (one, plain) = (of("?"), of("c"));
        assert!(states(&one).cover(&one) && states(&plain).meet(&one));
        assert!(!states(&plain).cover(&one));
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn what_is_said_of_a_pattern_holds_for_all_that_it_matches(
            patterns in prop::collection::vec("[ab*?]{0,6}|[ab*?]{60,70}", 0..4),
            asked in "[ab*?]{0,6}",
            text in "[ab]{0,6}",
        ) {
            let of = |text: &str| -> Vec<Token> { wildcards(text).collect() };
            prop_assume!(Glob::new(&of(&asked)).matches(&text));
            let tokens: Vec<Vec<Token>> = patterns.iter().map(|pattern| of(pattern)).collect();
            let spans: Vec<Span<'_>> = tokens.iter().map(|tokens| (tokens.as_slice(), 0)).collect();
            let states = States::new(&spans);
            let is_matched = tokens.iter().any(|tokens| Glob::new(tokens).matches(&text));
            prop_assert!(is_matched || !states.cover(&of(&asked)));
            prop_assert!(!is_matched || states.meet(&of(&asked)));
        }
    }
}
