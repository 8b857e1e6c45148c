//! Every kind of document. A kind that is no policy is one line in [`KINDS`].

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::desired::load::Document;
use crate::desired::model::DesiredOrg;
use crate::desired::raw::{
    RawBaseline, RawBreakGlassRole, RawGuardrailProfile, RawGuardrailTest, RawLoggingTrail,
    RawRegionRestriction,
};
use crate::desired::validate::{
    Context, baseline, break_glass, guardrail_test, logging_trail, profile, regions,
};
use crate::org::{POLICY_TYPES, PolicyTypeFacts};

/// The kind of the one document that describes the organization.
pub(crate) const ORGANIZATION: &str = "Organization";

/// The kinds beside [`ORGANIZATION`] and those of policies, in the order in which their documents are
/// read: after every policy, kind by kind and name by name.
pub(crate) const KINDS: &[Kind] = &[
    Kind::of::<RawBaseline>("Baseline", baseline::read),
    Kind::of::<RawBreakGlassRole>("BreakGlassRole", break_glass::read),
    Kind::of::<RawRegionRestriction>(regions::KIND, regions::read),
    Kind::of::<RawLoggingTrail>(logging_trail::KIND, logging_trail::read),
    Kind::of::<RawGuardrailTest>("GuardrailTest", guardrail_test::read),
    Kind::of::<RawGuardrailProfile>(profile::KIND, profile::read),
];

/// A kind of document.
pub(crate) struct Kind {
    /// Its name.
    pub(crate) name: &'static str,
    /// The schema of `spec`.
    pub(crate) spec: fn(&mut SchemaGenerator) -> Schema,
    /// Checks a document whose form is good, and adds it to the organization. Without one, because
    /// that document has problems of its own, it is checked as far as that goes.
    pub(crate) read: Read,
    /// Does `spec` deserialize what the schema takes? A test asks.
    #[cfg(test)]
    pub(crate) deserialize: fn(serde_json::Value) -> serde_json::Result<()>,
}

type Read = fn(&Document, Option<&mut DesiredOrg>, &mut Context<'_>);

impl Kind {
    const fn of<S: JsonSchema + serde::de::DeserializeOwned>(
        name: &'static str,
        read: Read,
    ) -> Self {
        Self {
            name,
            spec: S::json_schema,
            read,
            #[cfg(test)]
            deserialize: |document| {
                serde_json::from_value::<crate::desired::raw::RawDocument<S>>(document).map(drop)
            },
        }
    }
}

/// The names of the kinds that are policies of AWS Organizations.
pub(crate) fn policy_kinds() -> impl Iterator<Item = &'static str> {
    let listed = POLICY_TYPES.iter().map(|facts| facts.kind);
    listed.chain(std::iter::once(PolicyTypeFacts::UNLISTED.kind))
}

/// The names of all kinds.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    let others = KINDS.iter().map(|kind| kind.name);
    std::iter::once(ORGANIZATION).chain(policy_kinds()).chain(others)
}
