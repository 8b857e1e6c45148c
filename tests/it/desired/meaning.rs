//! What documents mean together.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::civil::date;
use palisade::desired::{Mode, ProblemCode, Source, Suspension};
use palisade::org::{PolicyQuota, PolicyType};

use crate::desired::{ORGANIZATION, POLICY, TODAY, directory, load, org, rendered};

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
    assert_eq!(org.policies[0].statement_sources[0].to_string(), "guardrails/leave.yml:13:9");
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
    assert_eq!(observed, 2);
}

#[test]
fn the_order_of_files_and_documents_changes_nothing_but_positions() {
    let (first, second) = (POLICY, &POLICY.replace("deny-leave-organization", "another"));
    let one = directory(&[("a.yaml", ORGANIZATION), ("b.yaml", &format!("{first}---\n{second}"))]);
    let other =
        directory(&[("x.yaml", second), ("y/z.yaml", &format!("{first}---\n{ORGANIZATION}"))]);
    let (mut one, mut other) = (org(one.path()), org(other.path()));
    for org in [&mut one, &mut other] {
        let nowhere = Source { file: String::new(), line: 0, column: 0 };
        org.header.source = nowhere.clone();
        org.units.values_mut().for_each(|unit| unit.source = nowhere.clone());
        for policy in &mut org.policies {
            policy.header.source = nowhere.clone();
            policy.content_source = nowhere.clone();
            policy.statement_sources.clear();
        }
    }
    assert_eq!(one, other);
}

#[test]
fn a_suspension_that_ends_during_a_day_lasts_that_day() {
    for (until, day) in [
        ("2027-01-31", date(2027, 1, 31)),
        ("2027-01-31T00:00:00Z", date(2027, 1, 31)),
        ("2027-01-31T00:00:01Z", date(2027, 2, 1)),
        ("2027-01-31T23:30:00-02:00", date(2027, 2, 2)),
    ] {
        let suspended = POLICY.replace(
            "spec:\n",
            &format!("spec:\n  suspend: {{until: \"{until}\", reason: merger}}\n"),
        );
        let directory = directory(&[("a.yaml", ORGANIZATION), ("b.yaml", &suspended)]);
        let policies = org(directory.path()).policies;
        let suspension = policies[0].header.suspend.clone().unwrap();
        assert_eq!(suspension, Suspension { until: day, reason: "merger".to_owned() });
    }
}

#[test]
fn a_quota_that_is_declared_in_part_keeps_the_rest() {
    let quotas = ORGANIZATION
        .replace("spec:\n", "spec:\n  quotas: {SERVICE_CONTROL_POLICY: {attached: 7}}\n");
    let directory = directory(&[("a.yaml", &quotas)]);
    let quota = org(directory.path()).quota(&PolicyType::service_control());
    assert_eq!(quota, PolicyQuota { attached_max: 7, characters_max: 10_240 });
}

#[test]
fn what_observes_needs_no_target_and_other_types_need_no_kind() {
    let weather = "apiVersion: palisade/v1\nkind: OrganizationPolicy\nmetadata: {name: weather}\n\
                   spec: {type: WEATHER_POLICY, policyName: Weather, targets: [], mode: observe, \
                   prune: false, document: {weather: fine}}\n";
    let directory = directory(&[("a.yaml", ORGANIZATION), ("b.yaml", weather)]);
    let policy = org(directory.path()).policies.remove(0);
    assert_eq!(policy.policy_type, PolicyType::named("WEATHER_POLICY"));
    assert_eq!(policy.policy_name, "Weather");
    assert_eq!((policy.header.mode, policy.header.prune), (Mode::Observe, false));
}

#[test]
fn an_old_list_of_services_without_a_region_is_warned_of_and_its_document_still_works() {
    let regions = "apiVersion: palisade/v1
kind: RegionRestriction
metadata: {name: regions}
spec: {targets: [/Workloads], allowed: [eu-west-1], globalServices: {maxAge: 30d}}
";
    let directory = directory(&[("acme.yaml", ORGANIZATION), ("regions.yaml", regions)]);
    assert_eq!(load(directory.path(), date(2026, 12, 20)).warnings, []);
    let loaded = load(directory.path(), date(2030, 1, 1));
    let codes: Vec<ProblemCode> = loaded.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes.iter().map(|code| code.name()).collect::<Vec<_>>(), ["stale-region-list"]);
    assert_eq!(loaded.warnings[0].source.to_string(), "regions.yaml:4:78");
    assert_eq!(loaded.org.map(|org| org.policies.len()), Some(1));
}

/// The example organization with `old` in one of its guardrails made `new`.
fn example_with(file: &str, old: &str, new: &str) -> tempfile::TempDir {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("desired-state");
    let mut files = vec![(
        "organization.yaml".to_owned(),
        fs::read_to_string(example.join("organization.yaml")).unwrap(),
    )];
    for entry in fs::read_dir(example.join("guardrails")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut text = fs::read_to_string(&path).unwrap();
        if name == file {
            assert!(text.contains(old), "{old}");
            text = text.replacen(old, new, 1);
        }
        files.push((name, text));
    }
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    directory(&files)
}

/// Whatever field names it; and what AWS opened yesterday is said to be there by whoever knows of it.
#[test]
fn a_region_that_aws_does_not_have_is_warned_of_in_every_kind_until_it_is_silenced() {
    let named = [
        ("regions.yaml", "optIn: {enabled: [", "optIn: {disabled: [eu-nowhere-1], enabled: ["),
        ("regions.yaml", "optIn: {enabled: [", "optIn: {enabled: [eu-nowhere-1, "),
        ("regions.yaml", "allowed: [eu-west-1,", "allowed: [eu-nowhere-1, eu-west-1,"),
        ("baselines.yaml", "regions: [", "regions: [eu-nowhere-1, "),
        ("emergency.yaml", "regions: [us-east-1,", "regions: [eu-nowhere-1, us-east-1,"),
        ("logging.yaml", "homeRegion: eu-west-1", "homeRegion: eu-nowhere-1"),
    ];
    for (file, old, new) in named {
        let warned = example_with(file, old, new);
        let loaded = load(warned.path(), TODAY);
        let codes: BTreeSet<&str> = loaded.warnings.iter().map(|it| it.code.name()).collect();
        assert!(codes.contains("unknown-region"), "{new}: {codes:?}");
        let text = fs::read_to_string(warned.path().join(file)).unwrap();
        let controls = "    palisade/controls:";
        let ignore = format!("    palisade/lint-ignore: unknown-region\n{controls}");
        let (before, after) = text.split_at(text.find(new).unwrap());
        let at = before.rfind(controls).unwrap();
        let (before, annotations) = before.split_at(at);
        let silenced = format!("{before}{}{after}", annotations.replacen(controls, &ignore, 1));
        fs::write(warned.path().join(file), silenced).unwrap();
        assert_eq!(rendered(&load(warned.path(), TODAY)), "", "{new}");
    }
}

/// A silence that was needed once is in the way of the next mistake.
#[test]
fn what_silences_nothing_is_warned_of_in_every_kind() {
    let controls = "    palisade/controls:";
    let ignore = format!("    palisade/lint-ignore: unknown-region\n{controls}");
    for file in ["regions.yaml", "baselines.yaml", "emergency.yaml", "logging.yaml"] {
        let directory = example_with(file, controls, &ignore);
        let said = rendered(&load(directory.path(), TODAY));
        assert!(said.contains("`unknown-region` silences nothing"), "{file}: {said}");
    }
}
