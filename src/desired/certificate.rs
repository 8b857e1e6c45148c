//! When the certificates end with which an identity provider signs: all that is read of them. Whoever signs with one
//! that has ended gets nobody in, and IAM says nothing of it ("Create a SAML identity provider in IAM").

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

// Tags of DER (ITU-T X.690) and of a certificate (RFC 5280, 4.1).
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// When the last of the certificates in `metadata` ends that are there to sign; nothing if none can be read. An
/// identity provider that changes its certificate gives out the old and the new one for a while.
pub(crate) fn ends(metadata: &str) -> Option<Timestamp> {
    const ELEMENT: &str = "X509Certificate>";
    let mut last = None;
    let mut begin = 0;
    while let Some(at) = metadata[begin..].find(ELEMENT) {
        let start = begin + at + ELEMENT.len();
        let length = metadata[start..].find('<')?;
        if !is_to_encrypt(&metadata[..start]) {
            last = last.max(decoded(&metadata[start..start + length]).and_then(|der| end_of(&der)));
        }
        // Behind the end tag, which looks like another beginning.
        begin = start + length + metadata[start + length..].find(ELEMENT)? + ELEMENT.len();
    }
    last
}

/// Is what stands behind `before` a key that nobody signs with?
fn is_to_encrypt(before: &str) -> bool {
    let descriptor = before.rfind("KeyDescriptor").map(|at| &before[at..]);
    let tag = descriptor.and_then(|text| text.split('>').next()).unwrap_or_default();
    tag.contains("use=\"encryption\"") || tag.contains("use='encryption'")
}

/// The bytes that Base64 stands for; nothing if it is none. Lines may end anywhere, and padding may lack.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let symbols: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    LENIENT.decode(symbols).ok()
}

/// When a certificate ends.
fn end_of(certificate: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = within(certificate, SEQUENCE)?;
    let (mut fields, _) = within(certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        (_, fields) = within(fields, VERSION)?;
    }
    // Its number, how it is signed, and who signed it.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        (_, fields) = within(fields, tag)?;
    }
    let (validity, _) = within(fields, SEQUENCE)?;
    let (_, end) = time(validity)?;
    time(end).map(|(end, _)| end)
}

/// What is in the element of kind `tag` that `bytes` begins with, and what is behind it.
fn within(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first().filter(|_| *found == tag)?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn time(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (text, rest, year_digits) = match within(bytes, UTC_TIME) {
        Some((text, rest)) => (text, rest, 2),
        None => within(bytes, GENERALIZED_TIME).map(|(text, rest)| (text, rest, 4))?,
    };
    let text = std::str::from_utf8(text).ok()?;
    let (year, parts) = text.split_at_checked(year_digits)?;
    let year: i16 = year.parse().ok()?;
    // RFC 5280, 4.1.2.5.1.
    let year = match year_digits {
        2 if year < 50 => year + 2000,
        2 => year + 1900,
        _ => year,
    };
    let part = |at: usize| parts.get(at..at + 2)?.parse::<i8>().ok();
    let date = Date::new(year, part(0)?, part(2)?).ok()?;
    let clock = Time::new(part(4)?, part(6)?, part(8)?, 0).ok()?;
    Some((date.to_datetime(clock).to_zoned(TimeZone::UTC).ok()?.timestamp(), rest))
}

#[cfg(test)]
mod tests {
    use super::ends;

    /// Ends in December 2026.
    const SOON: &str = "\
        MIIBbTCCAROgAwIBAgIULWx9IBCXxYcWxZ2SpZHZAH50sWQwCgYIKoZIzj0EAwIwDDEKMAgGA1UE\
        AwwBYTAeFw0yNjExMjYyMjIwMDhaFw0yNjEyMDYyMjIwMDhaMAwxCjAIBgNVBAMMAWEwWTATBgcq\
        hkjOPQIBBggqhkjOPQMBBwNCAAQKjhBFa0KsI0gfAKdsS8xZC9igASBAHdfgJNlsE0xoJnMNVGlH\
        DDcU+BIOO0iJjJNOMM5DqOUY6G7FhlrHu3/wo1MwUTAdBgNVHQ4EFgQU6Uv6sutdzHLYXu/9HsMI\
        KSaxqTMwHwYDVR0jBBgwFoAU6Uv6sutdzHLYXu/9HsMIKSaxqTMwDwYDVR0TAQH/BAUwAwEB/zAK\
        BggqhkjOPQQDAgNIADBFAiEAg/EEn9s6Cbv22bdDVh6VMcYUMNokd812lqcB0aGBZkACIB3awly4\
        tX3QbM6kWj1CZ5nxm1Ouqcj4K2jabqQlbaYt";

    /// Ends in a hundred years, which is written in another way.
    const LATE: &str = "\
        MIIBbjCCARWgAwIBAgIUKlAQiu8Oe08CJ2ZcGhPun7dSWnQwCgYIKoZIzj0EAwIwDDEKMAgGA1UE\
        AwwBYTAgFw0yNjExMjYyMTQ5MTNaGA8yMTI2MTEwMjIxNDkxM1owDDEKMAgGA1UEAwwBYTBZMBMG\
        ByqGSM49AgEGCCqGSM49AwEHA0IABI+1KCRbZoJmFMfnqY95ZMeCrGreiWfGf0Lm+dCvwraH8I+b\
        a4EveeZlkR7znhuoLFpXsJ9YKZSxZpJv+L2jo56jUzBRMB0GA1UdDgQWBBRDUkQPIQy7mXv69+R7\
        1xJ+14BY2jAfBgNVHSMEGDAWgBRDUkQPIQy7mXv69+R71xJ+14BY2jAPBgNVHRMBAf8EBTADAQH/\
        MAoGCCqGSM49BAMCA0cAMEQCIBE7Rb68fT8O4HOOPcQIjCMvbZWNPim/m7J4hEVCoXawAiAg5ReX\
        tjgdqpZKcJxZ6tT/7QLogzO3JjPLdCX1C3JOiQ==";

    fn key(purpose: &str, certificate: &str) -> String {
        format!(
            "<md:KeyDescriptor{purpose}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n {certificate}\n\
             </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        )
    }

    #[test]
    fn the_certificate_that_ends_last_and_signs_is_the_one_that_counts() {
        let said = |metadata: &str| ends(metadata).map(|end| end.to_string());
        let (soon, late) =
            (Some("2026-12-06T22:20:08Z".to_owned()), Some("2126-11-02T21:49:13Z".to_owned()));
        assert_eq!(said(&key("", SOON)), soon);
        assert_eq!(said(&key(" use=\"signing\"", LATE)), late);
        assert_eq!(said(&format!("{}{}", key("", LATE), key("", SOON))), late);
        let other = key(" use=\"encryption\"", LATE);
        assert_eq!(said(&format!("{other}{}", key(" use=\"signing\"", SOON))), soon);
    }

    #[test]
    fn what_is_no_certificate_says_nothing() {
        let cut = &SOON[..SOON.len() / 2];
        for text in ["", "MII", "????", &cut[..100], "MIIBbjCCARWgAwIB"] {
            assert_eq!(ends(&key("", text)), None, "{text}");
        }
        assert_eq!(ends("<X509Certificate>"), None);
        assert_eq!(ends(""), None);
    }
}
