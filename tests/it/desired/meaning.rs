//! What documents mean together.

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
