//! An alternate contact of an account: whom AWS tells of security, operations or billing.
//!
//! What is in it is nobody's business but AWS's: everywhere else, in logs, plans, journals and snapshots, a
//! digest stands for it, and two contacts are the same when their digests are.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::org::hex;

/// How much of the digest is kept: enough that no two contacts of an organization share one.
const DIGEST_BYTES: usize = 8;

/// What AWS keeps of a contact.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the API names them (`PutAlternateContact`)")]
pub struct ContactDetails {
    pub name: String,
    pub title: String,
    pub email_address: String,
    pub phone_number: String,
}

/// An alternate contact, shown as a digest only.
#[derive(Clone)]
pub struct Contact {
    digest: String,
    /// Not there in what was read from a plan or a snapshot.
    details: Option<ContactDetails>,
}

/// One change of an alternate contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ContactStep {
    /// `PutAlternateContact`.
    Put {
        /// The contact.
        contact: Contact,
    },
}

impl Contact {
    /// The contact with these details.
    pub fn new(details: ContactDetails) -> Self {
        let ContactDetails { name, title, email_address, phone_number } = &details;
        let mut hash = Sha256::new();
        for field in [name, title, email_address, phone_number] {
            hash.update(field.len().to_be_bytes());
            hash.update(field);
        }
        let digest = hex(&hash.finalize()[..DIGEST_BYTES]);
        Self { digest, details: Some(details) }
    }

    /// What stands for it.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What is in it, for AWS and nobody else; nothing if only the digest is known.
    pub fn details(&self) -> Option<&ContactDetails> {
        self.details.as_ref()
    }
}

impl PartialEq for Contact {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Contact {}

impl fmt::Debug for Contact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Contact({})", self.digest)
    }
}

impl fmt::Debug for ContactDetails {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ContactDetails(…)")
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.digest)
    }
}

impl Serialize for Contact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.digest)
    }
}

impl<'de> Deserialize<'de> for Contact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digest = String::deserialize(deserializer)?;
        let is_digest =
            digest.len() == 2 * DIGEST_BYTES && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        // Never repeats what it read: it may be what should not be seen.
        let error = || serde::de::Error::custom("not the digest of a contact");
        if is_digest { Ok(Self { digest, details: None }) } else { Err(error()) }
    }
}

impl fmt::Display for ContactStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { contact } => write!(formatter, "write contact {contact}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Contact, ContactDetails, ContactStep};

    fn details(phone_number: &str) -> ContactDetails {
        ContactDetails {
            name: "Ada Lovelace".into(),
            title: "On call".into(),
            email_address: "security@example.com".into(),
            phone_number: phone_number.into(),
        }
    }

    #[test]
    fn nothing_but_a_digest_is_ever_shown() {
        let contact = Contact::new(details("+44 20 7946 0000"));
        let step = ContactStep::Put { contact: contact.clone() };
        let shown = format!(
            "{contact:?} {contact} {step:?} {step} {:?} {}",
            contact.details(),
            serde_json::to_string(&step).unwrap()
        );
        for secret in ["Ada", "On call", "security", "@", "7946", "+44"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(shown.contains(contact.digest()));
    }

    #[test]
    fn contacts_compare_by_what_is_in_them_also_through_a_file() {
        let contact = Contact::new(details("1"));
        assert_eq!(contact, Contact::new(details("1")));
        assert_ne!(contact, Contact::new(details("2")));
        let mut shifted = details("1");
        shifted.name = "Ada LovelaceO".into();
        shifted.title = "n call".into();
        assert_ne!(contact, Contact::new(shifted));
        let read: Contact =
            serde_json::from_str(&serde_json::to_string(&contact).unwrap()).unwrap();
        assert_eq!((&read, read.details()), (&contact, None));
        let error = serde_json::from_str::<Contact>("\"security@example.com\"").unwrap_err();
        assert!(!error.to_string().contains('@'), "{error}");
    }
}
