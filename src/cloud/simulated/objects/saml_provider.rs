//! The rules of SAML providers (IAM API reference, each operation's "Errors").

use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::org::{SamlProviderState, SamlProviderStep};

/// What a provider is after `step`; nothing when it is gone.
pub(super) fn change(
    before: Option<SamlProviderState>,
    step: &SamlProviderStep,
) -> Result<Option<SamlProviderState>, Refusal> {
    let missing = || Code::NoSuchEntity.because("The SAML provider cannot be found.");
    match (step, before) {
        (SamlProviderStep::Create { .. }, Some(_)) => {
            Err(Code::EntityAlreadyExists.because("A SAML provider of this name already exists."))
        }
        (SamlProviderStep::Create { metadata, tags }, None) => {
            let (metadata, tags) = (metadata.clone(), tags.clone());
            Ok(Some(SamlProviderState { metadata, valid_until: None, tags }))
        }
        (_, None) => Err(missing()),
        (SamlProviderStep::Update { metadata }, Some(provider)) => {
            Ok(Some(SamlProviderState { metadata: metadata.clone(), ..provider }))
        }
        (SamlProviderStep::Tag { tags }, Some(mut provider)) => {
            provider.tags.extend(tags.clone());
            Ok(Some(provider))
        }
        (SamlProviderStep::Delete, Some(_)) => Ok(None),
    }
}
