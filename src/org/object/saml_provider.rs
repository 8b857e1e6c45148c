//! A SAML provider of IAM: which identity provider an account trusts to say who somebody is.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A SAML provider. The metadata is exactly so; among `tags` other people's may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SamlProviderState {
    /// The metadata document of the identity provider: XML.
    pub metadata: String,
    /// Until when IAM takes what the identity provider signs, in seconds since 1970; looked at only.
    pub valid_until: Option<i64>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// One change of a SAML provider.
#[expect(
    missing_docs,
    reason = "the fields are the parameters of the API, named as `SamlProviderState` names them"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SamlProviderStep {
    /// `CreateSAMLProvider`.
    Create { metadata: String, tags: BTreeMap<String, String> },
    /// `UpdateSAMLProvider`.
    Update { metadata: String },
    /// `TagSAMLProvider`.
    Tag { tags: BTreeMap<String, String> },
    /// `DeleteSAMLProvider`.
    Delete,
}

impl SamlProviderStep {
    /// Does it take something away?
    pub fn is_removal(&self) -> bool {
        match self {
            Self::Delete => true,
            Self::Create { .. } | Self::Update { .. } | Self::Tag { .. } => false,
        }
    }
}

impl fmt::Display for SamlProviderStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "write the metadata",
            Self::Tag { .. } => "tag",
            Self::Delete => "delete",
        })
    }
}
