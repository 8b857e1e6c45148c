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
            Self::States { prefix, suffix, states: States::new(&[(middle, 0)]) }
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

/// All places in some patterns at once, one bit each, so that time is the product of the two lengths
/// divided by 64 and never more. Backtracking would be quicker on kind patterns and let one unkind
/// pattern of 10 KB stall a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct States {
    /// The first place of every pattern.
    starts: Box<[u64]>,
    /// The place behind the last token of every pattern.
    ends: Box<[u64]>,
    /// Places that stand before a `*`.
    stars: Box<[u64]>,
    /// Places that stand before a `?`: those any character advances.
    ones: Box<[u64]>,
    /// Places before a `*` or `?` that takes no colon.
    inside: Box<[u64]>,
    /// By character, sorted: where in `words` those with places before it end; they begin where the one
    /// before ends. In full this would be the square of the pattern's length.
    rows: Box<[(char, usize)]>,
    /// Words of sets of places, by their index; the others are empty.
    words: Words,
    /// By ASCII character: its place in `rows`, from 1.
    ascii: Box<[u8; 128]>,
}

/// A pattern for [`States`]: the tokens, and how many of the first take no colon where they are wildcards.
pub(crate) type Span<'t> = (&'t [Token], usize);

impl States {
    pub(crate) fn new(patterns: &[Span<'_>]) -> Self {
        // One `*` after another adds nothing, and the step below counts on there being none.
        let is_idle = |tokens: &[Token], inside: usize, at: usize| {
            let both = at > 0 && tokens[at] == Token::Any && tokens[at - 1] == Token::Any;
            both && (at < inside) == (at - 1 < inside)
        };
        let lengths = patterns.iter().map(|(tokens, inside)| {
            (0..tokens.len()).filter(|at| !is_idle(tokens, *inside, *at)).count() + 1
        });
        let words = lengths.sum::<usize>().div_ceil(BITS).max(1);
        let empty = || vec![0_u64; words].into_boxed_slice();
        let (mut begins, mut ends) = (empty(), empty());
        let (mut stars, mut ones, mut inside) = (empty(), empty(), empty());
        let mut before: Vec<(char, usize, u64)> = Vec::with_capacity(words * BITS);
        let mut place = 0;
        for (tokens, first) in patterns {
            set(&mut begins, place);
            for (at, token) in tokens.iter().enumerate() {
                if is_idle(tokens, *first, at) {
                    continue;
                }
                match token {
                    Token::Any => set(&mut stars, place),
                    Token::One => set(&mut ones, place),
                    Token::Char(c) => before.push((*c, place / BITS, 1 << (place % BITS))),
                }
                if at < *first && !matches!(token, Token::Char(_)) {
                    set(&mut inside, place);
                }
                place += 1;
            }
            set(&mut ends, place);
            place += 1;
        }
        let (rows, words) = rows(before);
        let mut ascii = Box::new([0; 128]);
        for (at, (c, _)) in rows.iter().enumerate().filter(|(_, (c, _))| c.is_ascii()) {
            // ASCII sorts first, so that a byte holds the place and one more.
            ascii[*c as usize] = u8::try_from(at + 1).unwrap_or(0);
        }
        Self { starts: begins, ends, stars, ones, inside, rows, words, ascii }
    }

    /// Does any of the patterns match all of `text`?
    pub(crate) fn match_all_of(&self, text: &str) -> bool {
        if self.starts.len() == 1 {
            return self.match_in_one_word(text);
        }
        let mut places = self.starts.to_vec();
        let mut carry = 0;
        for (place, stars) in places.iter_mut().zip(&self.stars) {
            carry = pass_stars(place, *stars, carry);
        }
        for c in text.chars() {
            count(places.len());
            if self.step(&mut places, c) == 0 {
                return false;
            }
        }
        places.iter().zip(&self.ends).any(|(place, end)| place & end != 0)
    }

    /// Moves every place over one character; nothing is left when nobody can.
    fn step(&self, places: &mut [u64], c: char) -> u64 {
        let mut row = self.row(c).iter().peekable();
        let (mut moved, mut passed, mut left) = (0, 0, 0);
        for (word, place) in places.iter_mut().enumerate() {
            let own = row.next_if(|(at, _)| *at == word).map_or(0, |(_, places)| *places);
            let open = if c == ':' { !self.inside[word] } else { u64::MAX };
            let moving = *place & (own | (self.ones[word] & open));
            *place = (*place & self.stars[word] & open) | (moving << 1) | moved;
            moved = moving >> (BITS - 1);
            passed = pass_stars(place, self.stars[word], passed);
            left |= *place;
        }
        left
    }

    /// The same with the places in a register: patterns of up to 63 tokens.
    fn match_in_one_word(&self, text: &str) -> bool {
        let (stars, ones) = (self.stars[0], self.ones[0]);
        let mut places = self.starts[0];
        pass_stars(&mut places, stars, 0);
        for c in text.chars() {
            count(1);
            let own = self.row(c).first().map_or(0, |(_, places)| *places);
            let open = if c == ':' { !self.inside[0] } else { u64::MAX };
            places = (places & stars & open) | ((places & (own | (ones & open))) << 1);
            pass_stars(&mut places, stars, 0);
            if places == 0 {
                return false;
            }
        }
        places & self.ends[0] != 0
    }

    /// Does one of the patterns surely match every text that `asked` matches? A `*` of `asked` is taken by
    /// a `*` only, a `?` by either wildcard.
    pub(crate) fn cover(&self, asked: &[Token]) -> bool {
        self.walk(asked, |places, token| {
            let mut moved = 0;
            for (word, place) in places.iter_mut().enumerate() {
                let moving = if *token == Token::One { *place & self.ones[word] } else { 0 };
                *place = (*place & self.stars[word]) | (moving << 1) | moved;
                moved = moving >> (BITS - 1);
            }
        })
    }

    /// May one of the patterns match some text that `asked` matches? Colons are characters as all others.
    pub(crate) fn meet(&self, asked: &[Token]) -> bool {
        self.walk(asked, |places, token| {
            let (mut is_open, mut moved) = (false, 0);
            for (word, place) in places.iter_mut().enumerate() {
                if *token == Token::One {
                    let moving = *place & !self.ends[word];
                    *place = (*place & self.stars[word]) | (moving << 1) | moved;
                    moved = moving >> (BITS - 1);
                    continue;
                }
                // Some text leads from every place to every later one of its pattern.
                for bit in 0..BITS {
                    is_open |= (*place >> bit) & 1 == 1;
                    *place |= u64::from(is_open) << bit;
                    is_open &= (self.ends[word] >> bit) & 1 == 0;
                }
            }
        })
    }

    /// Walks over a pattern as over a text; `wild` says where its wildcards lead.
    fn walk(&self, asked: &[Token], wild: impl Fn(&mut [u64], &Token)) -> bool {
        let mut places = self.starts.to_vec();
        let pass = |places: &mut [u64]| {
            let mut carry = 0;
            for (place, stars) in places.iter_mut().zip(&self.stars) {
                carry = pass_stars(place, *stars, carry);
            }
        };
        pass(&mut places);
        for token in asked {
            count(places.len());
            if let Token::Char(c) = token {
                self.step(&mut places, *c);
            } else {
                wild(&mut places, token);
                pass(&mut places);
            }
        }
        places.iter().zip(&self.ends).any(|(place, end)| place & end != 0)
    }

    fn row(&self, c: char) -> &[(usize, u64)] {
        let at = match self.ascii.get(c as usize) {
            Some(at) => usize::from(*at).checked_sub(1),
            None => self.rows.binary_search_by_key(&c, |(known, _)| *known).ok(),
        };
        let Some(at) = at else { return &[] };
        let begin = at.checked_sub(1).map_or(0, |before| self.rows[before].1);
        &self.words[begin..self.rows[at].1]
    }
}

/// Some words of a set, by their index.
type Words = Box<[(usize, u64)]>;

/// The rows and their words, of the places before every character. Two lists, and not one a character: a
/// pattern with a variable is compiled for every request.
fn rows(mut before: Vec<(char, usize, u64)>) -> (Box<[(char, usize)]>, Words) {
    before.sort_unstable();
    let mut rows: Vec<(char, usize)> = Vec::with_capacity(before.len());
    let mut words: Vec<(usize, u64)> = Vec::with_capacity(before.len());
    for (c, word, place) in before {
        let is_same = rows.last().is_some_and(|(last, _)| *last == c);
        match words.last_mut().filter(|(last, _)| is_same && *last == word) {
            Some((_, places)) => *places |= place,
            None => words.push((word, place)),
        }
        if is_same {
            rows.pop();
        }
        rows.push((c, words.len()));
    }
    (rows.into_boxed_slice(), words.into_boxed_slice())
}

/// A `*` may match nothing: whoever stands before one also stands after it. Gives what passes into the
/// next word.
fn pass_stars(place: &mut u64, stars: u64, carry: u64) -> u64 {
    let before = *place & stars;
    *place |= (before << 1) | carry;
    // What was carried in may stand before a `*` itself.
    let again = *place & stars & !before;
    *place |= again << 1;
    (before | again) >> (BITS - 1)
}

fn set(places: &mut [u64], place: usize) {
    places[place / BITS] |= 1 << (place % BITS);
}

/// Patterns of which one has to match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Globs {
    single: Vec<Glob>,
    /// Those of several wildcards, if they are many: together they take as long as one of their length.
    many: Option<States>,
}

/// So many patterns of several wildcards are matched together.
pub(crate) const MANY: usize = 8;

impl Globs {
    pub(crate) fn new(patterns: &[Vec<Token>]) -> Self {
        let all: Vec<Glob> = patterns.iter().map(|tokens| Glob::new(tokens)).collect();
        let is_hard = |glob: &Glob| matches!(glob, Glob::States { .. });
        if all.iter().filter(|glob| is_hard(glob)).count() < MANY {
            return Self { single: all, many: None };
        }
        let hard = patterns.iter().zip(&all).filter(|(_, glob)| is_hard(glob));
        let spans: Vec<Span<'_>> = hard.map(|(tokens, _)| (tokens.as_slice(), 0)).collect();
        let many = Some(States::new(&spans));
        Self { single: all.into_iter().filter(|glob| !is_hard(glob)).collect(), many }
    }

    /// Does any match all of `text`?
    pub(crate) fn any_matches(&self, text: &str) -> bool {
        self.single.iter().any(|glob| glob.matches(text))
            || self.many.as_ref().is_some_and(|many| many.match_all_of(text))
    }
}

/// Counts words looked at, so that tests can bound work without a clock.
#[cfg(not(test))]
fn count(_words: usize) {}

#[cfg(test)]
fn count(words: usize) {
    tests::WORDS.set(tests::WORDS.get() + words);
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use std::cell::Cell;

    use super::*;
    use crate::policy::tests::cases;

    thread_local! {
        /// Words that patterns of several wildcards looked at, in this thread.
        pub(crate) static WORDS: Cell<usize> = const { Cell::new(0) };
    }

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
        fn many_patterns_match_what_one_of_them_does(
            patterns in prop::collection::vec("[ab:*?]{0,9}|[ab]{0,3}[*][ab?]{20,40}", 1..30),
            text in "[ab:]{0,9}|[ab]{20,40}",
        ) {
            let tokens: Vec<Vec<Token>> =
                patterns.iter().map(|pattern| wildcards(pattern).collect()).collect();
            let expected = tokens.iter().any(|tokens| Glob::new(tokens).matches(&text));
            prop_assert_eq!(Globs::new(&tokens).any_matches(&text), expected);
            let spans: Vec<Span<'_>> = tokens.iter().map(|tokens| (tokens.as_slice(), 0)).collect();
            prop_assert_eq!(States::new(&spans).match_all_of(&text), expected);
        }

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
