//! Takes out of a text what must not be shown: e-mail addresses, phone numbers, policy bodies.
//!
//! A last line of defence for messages that AWS wrote. Ids, ARNs and error codes stay readable.

/// Longest text that is shown, in characters. AWS's own messages are shorter; what is longer quotes
/// something.
const CHARACTERS_MAX: usize = 600;

/// Digits from which on a number after `+` is taken for a phone number (E.164 allows 7 to 15).
const PHONE_DIGITS_MIN: usize = 7;

/// `text` without e-mail addresses, phone numbers and policy bodies.
pub fn scrub(text: &str) -> String {
    // Terminals and log files are not to be steered by what AWS users write.
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = without_bodies(&text);
    let text = without_phones(&without_emails(&text));
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn without_bodies(text: &str) -> String {
    let Some(start) = text.find('{') else { return text.to_owned() };
    let quoted = text[start + 1..].trim_start();
    // `{"` and, as it looks inside a message that was escaped once more, `{\"`.
    if !quoted.starts_with('"') && !quoted.starts_with("\\\"") {
        return text.to_owned();
    }
    let end = text.rfind('}').filter(|end| *end > start).map_or(text.len(), |end| end + 1);
    format!("{}{{…}}{}", &text[..start], &text[end..])
}

fn without_emails(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let local = rest[..at].chars().rev().take_while(|c| is_local(*c)).count();
        let domain = rest[at + 1..].chars().take_while(|c| is_domain(*c)).count();
        if local == 0 || domain == 0 {
            clean.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        // Both classes are ASCII, so that characters are bytes.
        clean.push_str(&rest[..at - local]);
        clean.push_str("<e-mail>");
        rest = &rest[at + 1 + domain..];
    }
    clean + rest
}

fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._%+'-".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '.'
}

fn without_phones(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(plus) = rest.find('+') {
        let length = rest[plus + 1..]
            .find(|c: char| !c.is_ascii_digit() && !" -()".contains(c))
            .unwrap_or(rest.len() - plus - 1);
        let number = rest[plus + 1..plus + 1 + length].trim_end();
        let digits = number.chars().filter(char::is_ascii_digit).count();
        clean.push_str(&rest[..plus]);
        if digits >= PHONE_DIGITS_MIN {
            clean.push_str("<phone>");
            rest = &rest[plus + 1 + number.len()..];
        } else {
            clean.push('+');
            rest = &rest[plus + 1..];
        }
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use super::{CHARACTERS_MAX, scrub};

    #[test]
    fn what_must_not_be_shown_is_taken_out() {
        for (text, expected) in [
            ("no such user alice@example.com here", "no such user <e-mail> here"),
            ("a.b+c@d.example, e@f", "<e-mail>, <e-mail>"),
            (
                "User: arn:aws:sts::111111111111:assumed-role/Admin/bob@corp.example is not authorized",
                "User: arn:aws:sts::111111111111:assumed-role/Admin/<e-mail> is not authorized",
            ),
            ("call +49 (30) 1234-567 now", "call <phone> now"),
            (
                r#"malformed: {"Version": "2012-10-17", "Statement": [{}]} at 3"#,
                "malformed: {…} at 3",
            ),
            (r#"malformed: {\"Version\": \"2012"#, "malformed: {…}"),
            ("red \u{1b}[31m\r\nnext", "red  [31m  next"),
        ] {
            assert_eq!(scrub(text), expected);
        }
    }

    #[test]
    fn what_is_harmless_stays() {
        for text in [
            "",
            "`@@assign` is not allowed",
            "account 555555555555 is not in ou-ab12-11111111",
            "1 + 2 + 3",
            "the set {a, b}",
            "Größe @ Übung",
            "@",
        ] {
            assert_eq!(scrub(text), text);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let scrubbed = scrub(&"ü".repeat(CHARACTERS_MAX + 1));
        assert_eq!(scrubbed.chars().count(), CHARACTERS_MAX + 1);
        assert!(scrubbed.ends_with('…'));
    }
}
