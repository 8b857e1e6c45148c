//! The catalogue from the outside: its files, its profiles, and what they become in desired state.

mod must_work;
pub(crate) mod profiles;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::civil::{Date, date};
use palisade::catalog::{Reach, Tier, built_in, practices};
use palisade::desired::{DesiredTarget, Loaded, kind_names, load};
use palisade::org::{DocumentRef, PolicyType};

const TODAY: Date = date(2026, 11, 22);

const ORGANIZATION: &str = r#"apiVersion: palisade/v1
kind: Organization
metadata: {name: acme}
spec:
  organizationId: o-a1b2c3d4e5
  managementAccountId: "111111111111"
  accounts: {log-archive: "222222222222", break-glass: "333333333333", shop-prod: "555555555555", security-tooling: "210000000002"}
  organizationalUnits: {Security: {accounts: [log-archive, break-glass, security-tooling]}, Workloads: {accounts: [shop-prod]}, Sandbox: {}}
  policyTypes: [SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY, TAG_POLICY, BACKUP_POLICY, AISERVICES_OPT_OUT_POLICY,
    DECLARATIVE_POLICY_EC2, S3_POLICY, GUARDDUTY_POLICY, SECURITYHUB_POLICY, INSPECTOR_POLICY]
  trustedServices: [account.amazonaws.com, cloudtrail.amazonaws.com, member.org.stacksets.cloudformation.amazonaws.com]
"#;

fn load_documents(documents: &str) -> Loaded {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("acme.yaml"), format!("{ORGANIZATION}---\n{documents}"))
        .unwrap();
    load(directory.path(), TODAY, built_in())
}

#[track_caller]
fn good(documents: &str) -> Vec<palisade::desired::DesiredPolicy> {
    let loaded = load_documents(documents);
    let problems: Vec<String> = loaded.problems.iter().map(|it| it.message.clone()).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    loaded.org.unwrap().policies
}

#[test]
fn every_file_in_the_directory_is_in_the_catalogue() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog/guardrails");
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<String> =
        names.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let ids: BTreeSet<String> = built_in().guardrails().map(|it| it.id.clone()).collect();
    assert_eq!(files, ids);
}

#[test]
fn there_are_66_practices_and_entries_name_no_other() {
    let ids: BTreeSet<&str> = practices().iter().map(|practice| practice.id.as_str()).collect();
    assert_eq!((practices().len(), ids.len()), (66, 66));
    for guardrail in built_in().guardrails() {
        assert!(!guardrail.practices.is_empty(), "{}", guardrail.id);
        for practice in &guardrail.practices {
            assert!(ids.contains(practice.as_str()), "{}: {practice}", guardrail.id);
        }
    }
    // People and process are not pretended to be covered.
    for practice in practices().iter().filter(|practice| practice.reach == Reach::Process) {
        let serving = built_in().guardrails().find(|it| it.practices.contains(&practice.id));
        assert_eq!(serving.map(|it| &it.id), None, "{}", practice.id);
    }
}

#[test]
fn profiles_hold_what_their_names_promise() {
    let of = |id: &str| -> BTreeSet<&str> {
        let profile = built_in().profile(id).unwrap();
        let ids: BTreeSet<&str> = profile.guardrails.iter().map(String::as_str).collect();
        assert_eq!(ids.len(), profile.guardrails.len(), "{id} names one twice");
        ids
    };
    let (minimum, recommended, strict) = (of("minimum"), of("recommended"), of("strict"));
    assert_eq!(minimum.len(), 19);
    assert!(minimum.is_subset(&recommended) && recommended.is_subset(&strict));
    for id in &strict {
        assert!(built_in().find(id).is_some(), "{id}");
    }
    let not_elective = built_in().guardrails().filter(|it| it.tier != Tier::Elective);
    let expected: BTreeSet<&str> = not_elective.map(|it| it.id.as_str()).collect();
    assert_eq!(recommended, expected);
}

const RECOMMENDED: &str = r"apiVersion: palisade/v1
kind: GuardrailProfile
metadata: {name: recommended, annotations: {palisade/owner: platform-security}}
spec:
  profile: recommended
  targets: [/Workloads]
  mode: observe
  guardrails:
    region-allow-list: {with: {allowedRegions: [eu-west-1]}, targets: [/Sandbox]}
    protect-log-archive: {with: {buckets: [acme-logs-*]}, mode: enforce}
  exclude: {required-tags: our tags are not settled yet}
";

#[test]
fn a_profile_is_as_many_documents_as_it_has_policies() {
    let policies = good(RECOMMENDED);
    let profile = built_in().profile("recommended").unwrap();
    let listed = profile.guardrails.iter().filter_map(|id| built_in().find(id));
    let expected: BTreeSet<DocumentRef> = listed
        .filter(|it| it.document.is_some() && it.id != "required-tags")
        .map(|it| DocumentRef { kind: it.kind.clone(), name: it.id.clone() })
        .collect();
    let found: BTreeSet<DocumentRef> =
        policies.iter().map(|policy| policy.header.document.clone()).collect();
    assert_eq!(found, expected);
    let by_name: BTreeMap<&str, _> =
        policies.iter().map(|policy| (policy.policy_name.as_str(), policy)).collect();
    let regions = by_name["region-allow-list"];
    assert_eq!(regions.header.annotations["palisade/owner"], "platform-security");
    assert_eq!(
        regions.header.annotations["palisade/controls"],
        "SEC01-BP01, SEC03-BP05, SEC10-BP03"
    );
    // Placed where the profile says that it differs; the others where the profile is named.
    assert_eq!(regions.header.source.line - by_name["deny-root-user"].header.source.line, 4);
    assert!(regions.targets.contains(&DesiredTarget::Unit("/Sandbox".parse().unwrap())));
    assert_eq!(by_name["deny-root-user"].header.mode, palisade::desired::Mode::Observe);
    assert_eq!(by_name["protect-log-archive"].header.mode, palisade::desired::Mode::Enforce);
}

#[test]
fn a_document_of_its_own_takes_the_place_of_the_profiles_and_is_the_same_guardrail() {
    let own = r#"---
apiVersion: palisade/v1
kind: ServiceControlPolicy
metadata: {name: deny-root-user}
spec:
  targets: [/Sandbox]
  mode: observe
  use: {guardrail: deny-root-user, with: {allowActions: ["support:*"]}}
"#;
    let policies = good(&format!("{RECOMMENDED}{own}"));
    let same: Vec<_> =
        policies.iter().filter(|policy| policy.policy_name == "deny-root-user").collect();
    assert_eq!(same.len(), 1);
    assert!(same[0].content.to_string().contains("support:*"));
}

#[test]
fn every_profile_has_room_on_one_target() {
    for profile in built_in().profiles() {
        let mut characters: BTreeMap<PolicyType, Vec<usize>> = BTreeMap::new();
        let mut documents = format!(
            "apiVersion: palisade/v1\nkind: GuardrailProfile\nmetadata: {{name: all}}\nspec:\n  profile: {}\n  targets: [/]\n  mode: observe\n  guardrails:\n",
            profile.id
        );
        for guardrail in profile.guardrails.iter().filter_map(|id| built_in().find(id)) {
            if guardrail.document.is_some() && !guardrail.example.is_empty() {
                let with = serde_json::to_string(&guardrail.example).unwrap();
                writeln!(documents, "    {}: {{with: {with}}}", guardrail.id).unwrap();
            }
        }
        for policy in good(&documents) {
            let text = policy.content.to_string();
            characters.entry(policy.policy_type.clone()).or_default().push(text.chars().count());
        }
        for (policy_type, sizes) in characters {
            let quota = policy_type.facts().quota;
            // What AWS attaches by itself takes a slot of control policies.
            let slots = if sizes.len() > 1 { quota.attached_max - 1 } else { quota.attached_max };
            // Whole statements are packed: allow for what does not fill a policy to its end.
            let room = slots * quota.characters_max * 9 / 10;
            let total: usize = sizes.iter().sum();
            assert!(total <= room, "{}: {policy_type} needs {total} of {room}", profile.id);
        }
    }
}

#[test]
fn documents_that_the_catalogue_shows_for_other_kinds_are_right() {
    for guardrail in built_in().guardrails() {
        let Some(written) = &guardrail.written_as else { continue };
        let is_document = written.starts_with("apiVersion:");
        if is_document && kind_names().any(|kind| kind == guardrail.kind) {
            // Without a trail nobody would be told of the use of emergency access, which is warned of.
            let trail = built_in().find("organization-trail").unwrap();
            let trail = trail.written_as.as_ref().filter(|trail| *trail != written);
            let trail = trail.map(|trail| format!("---\n{trail}")).unwrap_or_default();
            let loaded = load_documents(&format!("{written}{trail}"));
            assert_eq!(loaded.problems, [], "{}", guardrail.id);
            assert_eq!(loaded.warnings, [], "{}", guardrail.id);
        }
    }
}
