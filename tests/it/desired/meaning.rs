//! What documents mean together.

use std::path::Path;

use palisade::desired::Mode;

use crate::desired::{ORGANIZATION, POLICY, directory, org};

#[test]
fn names_resolve_to_what_they_stand_for() {
    let directory = directory(&[("acme.yaml", ORGANIZATION), ("guardrails/leave.yml", POLICY)]);
    let org = org(directory.path());
    let placements: Vec<String> =
        org.placements.iter().map(|(id, path)| format!("{id} {path}")).collect();
    assert_eq!(placements, ["222222222222 /Security", "555555555555 /Workloads/Prod"]);
    let units: Vec<String> = org.units.keys().map(ToString::to_string).collect();
    assert_eq!(
        units,
        ["/Quarantine", "/Security", "/Workloads", "/Workloads/Dev", "/Workloads/Prod"]
    );
    assert_eq!(org.policies.len(), 1);
    assert_eq!(org.policies[0].targets.len(), 3);
    assert_eq!(org.policies[0].header.source.to_string(), "guardrails/leave.yml:1:1");
    assert_eq!(org.policies[0].content_source.to_string(), "guardrails/leave.yml:11:5");
}

#[test]
fn the_example_organization_is_right_in_everything() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("desired-state");
    let org = org(&example);
    assert_eq!(org.accounts.len(), 30);
    assert_eq!(org.accounts.len(), org.placements.len(), "every account is placed");
    for policy in &org.policies {
        let annotations = &policy.header.annotations;
        for name in ["palisade/controls", "palisade/owner", "palisade/runbook"] {
            assert!(annotations.contains_key(name), "{} lacks {name}", policy.header.document);
        }
    }
    let observed = org.headers().filter(|header| header.mode == Mode::Observe).count();
    assert_eq!(observed, 1);
}
