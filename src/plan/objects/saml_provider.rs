//! SAML providers: the metadata, and the mark.

use crate::org::{ObjectStep, SamlProviderState, SamlProviderStep};
use crate::plan::objects::marked::tags_to_write;

pub(super) fn steps(
    before: Option<&SamlProviderState>,
    after: &SamlProviderState,
) -> Vec<ObjectStep> {
    let (metadata, tags) = (after.metadata.clone(), after.tags.clone());
    let Some(before) = before else {
        return vec![ObjectStep::SamlProvider(SamlProviderStep::Create { metadata, tags })];
    };
    let mut steps = Vec::new();
    if before.metadata.trim() != after.metadata.trim() {
        steps.push(SamlProviderStep::Update { metadata });
    }
    if let Some(tags) = tags_to_write(&before.tags, &after.tags, !steps.is_empty()) {
        steps.push(SamlProviderStep::Tag { tags });
    }
    steps.into_iter().map(ObjectStep::SamlProvider).collect()
}

pub(super) fn remove() -> Vec<ObjectStep> {
    vec![ObjectStep::SamlProvider(SamlProviderStep::Delete)]
}
