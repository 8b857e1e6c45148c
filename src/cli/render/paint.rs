//! Colour, and making foreign text harmless. Without colour everything still reads the same.

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// With ANSI escape sequences.
    Colour,
    /// Without.
    Plain,
}

impl Paint {
    /// Headings.
    pub(crate) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// What matters less.
    pub(crate) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// What is added, or well.
    pub(crate) fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// What changes, or needs attention.
    pub(crate) fn warn(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// What is removed, or wrong.
    pub(crate) fn bad(self, text: &str) -> String {
        self.wrap("31", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Self::Colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}

/// `text` on one line and without anything a terminal would obey: control characters and the marks
/// that reorder text become escapes. Names in AWS are free text, and anybody may have chosen them.
pub(crate) fn inert(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for character in text.chars() {
        if is_obeyed(character) {
            inert.extend(character.escape_unicode());
        } else {
            inert.push(character);
        }
    }
    inert
}

fn is_obeyed(character: char) -> bool {
    // Bidirectional overrides and isolates, line and paragraph separators, zero-width marks.
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `count` of a thing: `1 action`, `2 actions`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::{Paint, counted, inert};

    #[test]
    fn foreign_text_cannot_command_a_terminal() {
        assert_eq!(inert("plain – ünïcode"), "plain – ünïcode");
        assert_eq!(inert("a\u{1b}[31mb\nc"), "a\\u{1b}[31mb\\u{a}c");
        assert_eq!(inert("\u{202e}evil"), "\\u{202e}evil");
    }

    #[test]
    fn plain_paint_adds_nothing() {
        assert_eq!(Paint::Plain.bad("no"), "no");
        assert_eq!(Paint::Colour.bad("no"), "\u{1b}[31mno\u{1b}[0m");
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(counted(1, "action"), "1 action");
        assert_eq!(counted(0, "action"), "0 actions");
    }
}
