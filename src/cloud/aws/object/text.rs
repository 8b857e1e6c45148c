//! Policy documents as IAM gives them back: percent-encoded (RFC 3986; `GetRole`, API reference).

use crate::cloud::aws::failure::unreadable;
use crate::cloud::{CloudError, Operation};

/// The document in `encoded`, which AWS must have given.
pub(super) fn document(operation: Operation, encoded: Option<&str>) -> Result<String, CloudError> {
    let encoded = encoded.ok_or_else(|| unreadable(operation, "a policy without its document"))?;
    decode(encoded).ok_or_else(|| unreadable(operation, "a policy document that is not text"))
}

fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (high, low) = (hex(rest.next()?)?, hex(rest.next()?)?);
        bytes.push(high * 16 + low);
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn documents_are_decoded_and_what_is_no_encoding_is_refused() {
        assert_eq!(decode("%7B%22a%22%3A%22%C3%A9+%22%7D").as_deref(), Some(r#"{"a":"é+"}"#));
        assert_eq!(decode(r#"{"a":1}"#).as_deref(), Some(r#"{"a":1}"#));
        for wrong in ["%", "%7", "%zz", "%ff"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
