//! The form of alternate contacts. Its texts are private: nothing shows them.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// Whom AWS tells of security, operations and billing. The same in every account, the management account
/// included. Needs `account.amazonaws.com` among `trustedServices`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "AlternateContacts")]
pub(crate) struct RawContacts {
    /// Security notices.
    pub(crate) security: Option<RawContact>,
    /// Operations.
    pub(crate) operations: Option<RawContact>,
    /// Billing.
    pub(crate) billing: Option<RawContact>,
}

/// An alternate contact, better a distribution list than a person.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "AlternateContact")]
pub(crate) struct RawContact {
    /// The name, 1 to 64 characters.
    pub(crate) name: PrivateText,
    /// The title, 1 to 50 characters.
    pub(crate) title: PrivateText,
    /// The e-mail address.
    pub(crate) email_address: PrivateText,
    /// The telephone number, in quotes: digits, spaces and `()+-`, at most 25.
    pub(crate) phone_number: PrivateText,
}

/// A text that no message repeats; so its form is checked apart from the schema.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct PrivateText(pub(crate) String);

impl fmt::Debug for PrivateText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PrivateText(…)")
    }
}
