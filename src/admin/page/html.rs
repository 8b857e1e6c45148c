//! HTML under construction. What is written in this program goes in as markup, everything else as text: the
//! types keep them apart, since markup is `&'static str`.

use std::fmt::Write;

use jiff::Timestamp;

/// A page under construction.
#[derive(Debug, Default)]
pub(in crate::admin) struct Html(String);

/// Attributes: their names are ours, their values are anybody's.
type Attributes<'a> = &'a [(&'static str, &'a str)];

impl Html {
    pub(super) fn markup(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Text of anybody's. What steers the direction of writing could make it read otherwise than it is, and
    /// is replaced.
    pub(super) fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c if is_steering(c) => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
    }

    pub(super) fn open(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.text(value);
            self.0.push('"');
        }
        self.0.push('>');
    }

    pub(super) fn close(&mut self, tag: &'static str) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "</{tag}>");
    }

    pub(super) fn element(&mut self, tag: &'static str, attributes: Attributes<'_>, text: &str) {
        self.open(tag, attributes);
        self.text(text);
        self.close(tag);
    }

    /// A name and what it stands for, inside a `dl`.
    pub(super) fn fact(&mut self, name: &'static str, value: &str) {
        self.element("dt", &[], name);
        self.element("dd", &[], value);
    }

    /// A moment. The script of the page says how long ago it is.
    pub(super) fn time(&mut self, at: Timestamp) {
        let machine = format!("{at:.0}");
        let people = machine.replace('T', " ").replace('Z', " UTC");
        self.element("time", &[("datetime", &machine)], &people);
    }

    /// A state as a sign and a word: never by colour alone.
    pub(super) fn state(&mut self, look: Look, word: &str) {
        self.open("span", &[("class", look.class())]);
        self.element("span", &[("aria-hidden", "true"), ("class", "sign")], look.sign());
        self.text(" ");
        self.text(word);
        self.close("span");
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// Marks of direction, and everything else that takes no space and is not seen (Unicode, `Bidi_Control`).
fn is_steering(c: char) -> bool {
    let is_bidirectional = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_invisible = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    is_bidirectional || is_invisible || (c.is_control() && c != '\n')
}

/// How something looks: by a sign of its own, and a colour besides. The later, the more urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    Quiet,
    Good,
    Unknown,
    Wait,
    Bad,
}

impl Look {
    fn sign(self) -> &'static str {
        match self {
            Self::Quiet => "○",
            Self::Good => "✓",
            Self::Unknown => "?",
            Self::Wait => "▲",
            Self::Bad => "■",
        }
    }

    /// The class of a state.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Quiet => "state quiet",
            Self::Good => "state good",
            Self::Unknown => "state unknown",
            Self::Wait => "state wait",
            Self::Bad => "state bad",
        }
    }
}

/// A fragment that names a document, of letters that are safe in an `id` and in a link.
pub(super) fn anchor(kind: &str, name: &str) -> String {
    let mut anchor = String::from("g-");
    for byte in kind.bytes().chain([b'/']).chain(name.bytes()) {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            anchor.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(anchor, "_{byte:02x}");
        }
    }
    anchor
}

/// `1 account`, `2 accounts`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let digits = count.to_string();
    let grouped: String = digits
        .char_indices()
        .flat_map(|(at, digit)| {
            let comma = at > 0 && (digits.len() - at).is_multiple_of(3);
            comma.then_some(',').into_iter().chain([digit])
        })
        .collect();
    if count == 1 { format!("{grouped} {noun}") } else { format!("{grouped} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::{Html, anchor, counted};

    #[test]
    fn foreign_text_is_never_markup_and_steers_nothing() {
        let mut html = Html::default();
        html.element("a", &[("title", "\"><script>")], "<b>&'\u{202e}\u{1b}[31m");
        assert_eq!(
            html.into_text(),
            "<a title=\"&quot;&gt;&lt;script&gt;\">&lt;b&gt;&amp;&#39;\u{fffd}\u{fffd}[31m</a>"
        );
    }

    #[test]
    fn anchors_are_safe_and_tell_names_apart() {
        assert_eq!(anchor("TagPolicy", "a-b"), "g-TagPolicy_2fa-b");
        assert_eq!(anchor("A", "\" onclick=\""), "g-A_2f_22_20onclick_3d_22");
        assert_ne!(anchor("A", "a_b"), anchor("A", "a/b"));
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(counted(1, "account"), "1 account");
        assert_eq!(counted(1000, "account"), "1,000 accounts");
        assert_eq!(counted(1_234_567, "account"), "1,234,567 accounts");
    }
}
