//! Wildcards: `*` for any text, `?` for one character. Time is bounded whatever the pattern.

/// A part of a pattern after its variables are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// This character, even when it is `*`.
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Glob {
    /// No wildcard.
    Literal(Box<str>),
    /// One `*`: by far the most common, and two comparisons.
    Affixes { prefix: Box<str>, suffix: Box<str> },
    /// Anything else, between the literal text at its ends.
    States { prefix: Box<str>, suffix: Box<str>, states: States },
}

impl Glob {
    pub(crate) fn new(tokens: &[Token]) -> Self {
        let is_wild = |token: &Token| !matches!(token, Token::Char(_));
        let Some(first) = tokens.iter().position(is_wild) else {
            return Self::Literal(text_of(tokens));
        };
        let last = tokens.iter().rposition(is_wild).unwrap_or(first);
        let (prefix, suffix) = (text_of(&tokens[..first]), text_of(&tokens[last + 1..]));
        let middle = &tokens[first..=last];
        if middle.iter().all(|token| *token == Token::Any) {
            Self::Affixes { prefix, suffix }
        } else {
            Self::States { prefix, suffix, states: States::new(middle) }
        }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => **literal == *text,
            Self::Affixes { prefix, suffix } => between(text, prefix, suffix).is_some(),
            Self::States { prefix, suffix, states } => {
                between(text, prefix, suffix).is_some_and(|middle| states.match_all_of(middle))
            }
        }
    }

    /// Does it match every text?
    pub(crate) fn is_any(&self) -> bool {
        match self {
            Self::Affixes { prefix, suffix } => prefix.is_empty() && suffix.is_empty(),
            Self::Literal(_) | Self::States { .. } => false,
        }
    }
}

/// A pattern in which `*` stands for any text and `?` for one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WildcardPattern(Glob);

impl WildcardPattern {
    /// Reads a pattern.
    pub fn new(text: &str) -> Self {
        Self(Glob::new(&wildcards(text).collect::<Vec<_>>()))
    }

    /// Does it match all of `text`?
    pub fn matches(&self, text: &str) -> bool {
        self.0.matches(text)
    }
}

/// The tokens of a text in which `*` and `?` are wildcards.
pub(crate) fn wildcards(text: &str) -> impl Iterator<Item = Token> + '_ {
    text.chars().map(|c| match c {
        '*' => Token::Any,
        '?' => Token::One,
        other => Token::Char(other),
    })
}

/// The tokens of a text that stands for itself.
pub(crate) fn literal(text: &str) -> impl Iterator<Item = Token> + '_ {
    text.chars().map(Token::Char)
}

fn text_of(tokens: &[Token]) -> Box<str> {
    let char_of = |token: &Token| match token {
        Token::Char(c) => Some(*c),
        Token::One | Token::Any => None,
    };
    tokens.iter().filter_map(char_of).collect::<String>().into()
}

fn between<'t>(text: &'t str, prefix: &str, suffix: &str) -> Option<&'t str> {
    text.strip_prefix(prefix)?.strip_suffix(suffix)
}

const BITS: usize = u64::BITS as usize;

/// All places in a pattern at once, one bit each, so that time is the product of the two lengths
/// divided by 64 and never more. Backtracking would be quicker on kind patterns and let one unkind
/// pattern of 10 KB stall a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct States {
    /// Places, one more than tokens.
    places: usize,
    /// Words per set of places.
    words: usize,
    /// Places that stand before a `*`.
    stars: Box<[u64]>,
    /// Places that stand before a `?`: those any character advances.
    ones: Box<[u64]>,
    /// By character, sorted: the places it advances, `?` included.
    advances: Box<[(char, Box<[u64]>)]>,
}

impl States {
    fn new(tokens: &[Token]) -> Self {
        let mut tokens = tokens.to_vec();
        // One `*` after another adds nothing, and the step below counts on there being none.
        tokens.dedup_by(|one, other| *one == Token::Any && *other == Token::Any);
        let words = tokens.len() / BITS + 1;
        let places_of = |wanted: &dyn Fn(Token) -> bool| -> Box<[u64]> {
            let mut set = vec![0_u64; words];
            for (at, token) in tokens.iter().enumerate().filter(|(_, token)| wanted(**token)) {
                let _ = token;
                set[at / BITS] |= 1 << (at % BITS);
            }
            set.into()
        };
        let mut characters: Vec<char> = text_of(&tokens).chars().collect();
        characters.sort_unstable();
        characters.dedup();
        let advances = characters
            .into_iter()
            .map(|c| (c, places_of(&|token| token == Token::One || token == Token::Char(c))));
        Self {
            places: tokens.len() + 1,
            words,
            stars: places_of(&|token| token == Token::Any),
            ones: places_of(&|token| token == Token::One),
            advances: advances.collect(),
        }
    }

    fn match_all_of(&self, text: &str) -> bool {
        if self.words == 1 {
            return self.match_in_one_word(text);
        }
        let mut places = vec![0_u64; self.words];
        places[0] = 1;
        self.pass_stars(&mut places);
        for c in text.chars() {
            let advanced = self.advanced_by(c);
            let mut carry = 0;
            for (word, place) in places.iter_mut().enumerate() {
                let moving = *place & advanced[word];
                *place = (*place & self.stars[word]) | (moving << 1) | carry;
                carry = moving >> (BITS - 1);
            }
            self.pass_stars(&mut places);
        }
        let last = self.places - 1;
        places[last / BITS] >> (last % BITS) & 1 == 1
    }

    /// The same with the places in a register: patterns of up to 63 tokens.
    fn match_in_one_word(&self, text: &str) -> bool {
        let stars = self.stars[0];
        let mut places = 1_u64;
        places |= (places & stars) << 1;
        for c in text.chars() {
            places = (places & stars) | ((places & self.advanced_by(c)[0]) << 1);
            places |= (places & stars) << 1;
            if places == 0 {
                return false;
            }
        }
        places >> (self.places - 1) & 1 == 1
    }

    fn advanced_by(&self, c: char) -> &[u64] {
        match self.advances.binary_search_by_key(&c, |(known, _)| *known) {
            Ok(at) => &self.advances[at].1,
            Err(_) => &self.ones,
        }
    }

    /// A `*` may match nothing: whoever stands before one also stands after it.
    fn pass_stars(&self, places: &mut [u64]) {
        let mut carry = 0;
        for (place, stars) in places.iter_mut().zip(&self.stars) {
            let before = *place & stars;
            *place |= (before << 1) | carry;
            carry = before >> (BITS - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::tests::cases;

    fn glob(pattern: &str) -> Glob {
        Glob::new(&wildcards(pattern).collect::<Vec<_>>())
    }

    /// The definition of a match, by recursion.
    fn by_definition(pattern: &[Token], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((Token::Any, rest)) => (0..=text.len()).any(|at| by_definition(rest, &text[at..])),
            Some((Token::One, rest)) => !text.is_empty() && by_definition(rest, &text[1..]),
            Some((Token::Char(c), rest)) => {
                text.first() == Some(c) && by_definition(rest, &text[1..])
            }
        }
    }

    #[test]
    fn stars_match_any_text_and_question_marks_one_character() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "abc", true),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("?", "é", true),
            ("?", "", false),
            ("?", "ab", false),
            ("*b?d*", "xxbcd", true),
            ("*b?d*", "xxbd", false),
            ("Get*Item*s", "GetItems", true),
            ("Get*Item*s", "GetBatchItemValues", true),
            ("Get*Item*s", "GetBatchItemValue", false),
            ("a?*", "a", false),
        ] {
            assert_eq!(glob(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn patterns_longer_than_one_word_match_alike() {
        let long = "ab".repeat(100);
        assert!(glob(&format!("*{long}?*{long}*")).matches(&format!("x{long}y{long}")));
        assert!(!glob(&format!("*{long}?*{long}*")).matches(&format!("x{long}{}", &long[1..])));
        assert!(glob(&format!("*{}*", "?".repeat(64))).matches(&"é".repeat(64)));
        assert!(!glob(&format!("*{}*", "?".repeat(64))).matches(&"é".repeat(63)));
    }

    #[test]
    fn literal_tokens_are_no_wildcards() {
        let star = Glob::new(&literal("a*").collect::<Vec<_>>());
        assert!(star.matches("a*") && !star.matches("ab"));
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn matching_follows_the_definition(pattern in "[ab*?]{0,9}", text in "[ab]{0,9}") {
            let tokens: Vec<Token> = wildcards(&pattern).collect();
            let characters: Vec<char> = text.chars().collect();
            prop_assert_eq!(Glob::new(&tokens).matches(&text), by_definition(&tokens, &characters));
        }

        #[test]
        fn long_patterns_follow_the_definition(
            before in 55_usize..70, pattern in "[ab*?]{0,6}", text in "[ab]{0,6}"
        ) {
            let pattern = format!("*{}{pattern}*", "?".repeat(before));
            let text = format!("{}{text}", "a".repeat(before));
            let tokens: Vec<Token> = wildcards(&pattern).collect();
            let expected = by_definition(&wildcards(&pattern[1 + before..]).collect::<Vec<_>>(),
                &text.chars().skip(before).collect::<Vec<_>>());
            // A leading `*` may take some of what the question marks would, so only this way round.
            prop_assert!(!expected || Glob::new(&tokens).matches(&text));
        }
    }
}
