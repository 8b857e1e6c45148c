//! Text as YAML scalars.

/// Words that YAML, of one version or another, does not take for text.
const NOT_TEXT: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// `text` as a scalar on one line: plain where nobody could misread it, in quotes otherwise.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || " _./-".contains(c);
    starts_well
        && text.chars().all(is_harmless)
        && !text.ends_with(' ')
        && !NOT_TEXT.contains(&text.to_ascii_lowercase().as_str())
}

/// In double quotes, as JSON writes it, and with everything escaped that YAML does not print.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            _ if is_unprintable(character) => {
                quoted.extend(escape(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// The code point in four hexadecimal digits; everything unprintable fits in them.
fn escape(character: char) -> impl Iterator<Item = char> {
    format!("\\u{:04x}", u32::from(character)).chars().collect::<Vec<_>>().into_iter()
}

fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::scalar;

    #[test]
    fn what_could_be_misread_is_quoted() {
        for text in ["Prod", "/Workloads/Prod", "Shop one"] {
            assert_eq!(scalar(text), text);
        }
        for text in ["", "no", "True", "1", "2026-01-01", "a: b", "a #b", "- a", "a ", "*x", "a\\b"]
        {
            assert!(scalar(text).starts_with('"'), "{text}");
        }
    }

    #[test]
    fn every_text_reads_back() {
        for text in
            ["", "no", "a\"b\\c\nd\te", "\u{1b}[0m\u{7f}\u{85}", "\u{2028}\u{feff}é研😀", " x "]
        {
            let read: String = serde_yaml::from_str(&scalar(text)).unwrap();
            assert_eq!(read, text);
        }
    }
}
