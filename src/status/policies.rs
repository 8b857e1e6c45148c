//! Which policies in AWS say what documents say.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::org::{DocumentRef, hex};
use crate::policy;
use crate::status::{Pass, PolicyReport};

/// The policies that were seen, by the documents that they serve.
pub(in crate::status) fn reports(pass: &Pass<'_>) -> BTreeMap<DocumentRef, Vec<PolicyReport>> {
    let mut reports: BTreeMap<DocumentRef, Vec<PolicyReport>> = BTreeMap::new();
    for (key, wanted) in &pass.resources.policies {
        let observed = pass.snapshot.policies_of(&key.policy_type);
        let mut observed = observed.into_iter().flatten();
        let Some((id, found)) = observed.find(|(_, policy)| policy.name == key.name) else {
            continue;
        };
        let said = found.document.known().and_then(|text| policy::parse(text).ok());
        let report = PolicyReport {
            policy_type: key.policy_type.to_string(),
            name: key.name.clone(),
            id: id.to_string(),
            sha256: said.map(|said| sha256(&policy::minify(&said))),
        };
        for document in wanted.served() {
            reports.entry(document.clone()).or_default().push(report.clone());
        }
    }
    reports
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}
