//! The operations of SAML providers.

use crate::cloud::Operation;
use crate::org::SamlProviderStep;

pub(super) const FIRST: Operation = Operation::GetSamlProvider;
pub(super) const LISTING: Operation = Operation::ListSamlProviders;

pub(super) fn operation(step: &SamlProviderStep) -> Operation {
    match step {
        SamlProviderStep::Create { .. } => Operation::CreateSamlProvider,
        SamlProviderStep::Update { .. } => Operation::UpdateSamlProvider,
        SamlProviderStep::Tag { .. } => Operation::TagSamlProvider,
        SamlProviderStep::Delete => Operation::DeleteSamlProvider,
    }
}
