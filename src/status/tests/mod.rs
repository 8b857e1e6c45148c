//! What a pass means: what it found and did, and what is said about it. Here are the fixtures.

mod passes;
mod past;
mod shown;

use crate::act::Outcome;
use crate::compile::{Resources, compile};
use crate::desired::{
    DesiredOrg, DesiredPolicy, DocumentHeader, Exceptions, Mode, Packing, Source,
};
use crate::org::{
    AccountId, Caller, DocumentRef, ObservedPolicy, OrgSnapshot, Organization, Part, PolicyType,
    Root, RootId, TargetId, Tree,
};
use crate::plan::{Action, Blocked, BlockedReason, Change, Plan, PolicyRef, TargetRef};
use crate::status::{Acted, Circumstances, Pass, PhaseSeconds, Report, WakeReason, summarize};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const TARGET: &str = "555555555555";

fn policy_document() -> DocumentRef {
    DocumentRef { kind: "ServiceControlPolicy".into(), name: "deny-leave".into() }
}

fn organization_document() -> DocumentRef {
    DocumentRef { kind: "Organization".into(), name: "acme".into() }
}

fn header(document: DocumentRef) -> DocumentHeader {
    DocumentHeader {
        document,
        annotations: BTreeMap::from([("palisade/owner".into(), "sec@example.com".into())]),
        mode: Mode::Enforce,
        suspend: None,
        prune: true,
        source: Source { file: "policies.yaml".into(), line: 3, column: 1 },
    }
}

fn policy(header: DocumentHeader) -> DesiredPolicy {
    DesiredPolicy {
        policy_type: PolicyType::service_control(),
        policy_name: header.document.name.clone(),
        description: String::new(),
        targets: BTreeSet::new(),
        except: Exceptions::default(),
        content: serde_json::json!({ "Version": "2012-10-17", "Statement": [] }),
        statement_sources: Vec::new(),
        content_source: header.source.clone(),
        guardrail: None,
        header,
    }
}

/// An organization with one policy, whose header is `policy_header`.
fn resources(policy_header: DocumentHeader) -> Resources {
    let desired = DesiredOrg {
        header: header(organization_document()),
        organization_id: "o-a1b2c3d4e5".parse().unwrap(),
        management_account: "111111111111".parse().unwrap(),
        accounts: BTreeMap::new(),
        units: BTreeMap::new(),
        placements: BTreeMap::new(),
        policy_types: BTreeSet::from([PolicyType::service_control()]),
        trusted_services: BTreeSet::new(),
        delegated_administrators: BTreeMap::new(),
        alternate_contacts: BTreeMap::new(),
        root_access: crate::desired::RootAccess::default(),
        roles: crate::desired::GovernanceRoles::default(),
        quotas: BTreeMap::new(),
        reserved: BTreeMap::new(),
        packing: Packing::Needed,
        must_work: Vec::new(),
        accepted_lockouts: Vec::new(),
        policies: vec![policy(policy_header)],
        break_glass: Vec::new(),
        regions: Vec::new(),
        logging_trails: Vec::new(),
        baselines: Vec::new(),
        exclusions: Vec::new(),
        tests: Vec::new(),
    };
    compile(&desired, "2026-11-22".parse().unwrap())
}

fn snapshot() -> OrgSnapshot {
    let root: RootId = "r-ab12".parse().unwrap();
    let observed = ObservedPolicy {
        id: "p-12345678".parse().unwrap(),
        name: "deny-leave".into(),
        description: String::new(),
        aws_managed: false,
        document: Part::Known("{}".into()),
        targets: Part::Known(BTreeSet::from([TargetId::Root(root.clone())])),
    };
    OrgSnapshot {
        caller: Part::Known(Caller {
            account: "111111111111".parse().unwrap(),
            arn: "arn:aws:iam::111111111111:role/palisade".into(),
            member_role: None,
        }),
        organization: Part::Known(Organization {
            id: "o-a1b2c3d4e5".parse().unwrap(),
            management_account: "111111111111".parse().unwrap(),
            all_features: true,
        }),
        root: Part::Known(Root { id: root.clone(), policy_types: BTreeMap::new() }),
        tree: Part::Known(Tree::bare(root)),
        policies: BTreeMap::from([(
            PolicyType::service_control(),
            Part::Known(BTreeMap::from([(observed.id.clone(), observed)])),
        )]),
        trusted_services: Part::Known(BTreeSet::new()),
        delegated_administrators: BTreeMap::new(),
        tags: BTreeMap::new(),
        objects: BTreeMap::new(),
        listings: BTreeMap::new(),
    }
}

fn plan(actions: Vec<Action>) -> Plan {
    Plan {
        organization_id: "o-a1b2c3d4e5".parse().unwrap(),
        actions,
        held: None,
        reported: Vec::new(),
        blocked: Vec::new(),
        lockouts: Vec::new(),
        reworded: Vec::new(),
        unmanaged: Vec::new(),
        checks: Vec::new(),
    }
}

fn attach(account: &str) -> Change {
    Change::AttachPolicy {
        policy_type: PolicyType::service_control(),
        policy: PolicyRef { name: "deny-leave".into(), id: Some("p-12345678".parse().unwrap()) },
        target: TargetRef::Account(account.parse::<AccountId>().unwrap(), None),
    }
}

fn action(change: Change, after: &[usize]) -> Action {
    Action {
        guardrails: [].into(),
        document: policy_document(),
        change,
        reason: "it is not attached".into(),
        after: after.iter().copied().collect(),
        hold: None,
        hold_reason: None,
    }
}

fn blocked(reason: BlockedReason) -> Blocked {
    Blocked {
        guardrails: [].into(),
        document: policy_document(),
        reason,
        object: TARGET.into(),
        message: "ask alice@example.com".into(),
    }
}

fn circumstances(minute: i64) -> Circumstances {
    Circumstances {
        now: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute),
        wake: WakeReason::Timer,
        revision: Some("abc".into()),
        digest: "d1".into(),
        mode: Mode::Enforce,
        leader: true,
        problems: Vec::new(),
        warnings: Vec::new(),
        troubles: Vec::new(),
        practices: Vec::new(),
        attributions: BTreeMap::new(),
        drills: BTreeMap::new(),
    }
}

/// One pass with everything known.
fn pass(minute: i64, plan: &Plan, acted: &Acted, previous: Option<&Report>) -> Report {
    pass_on(&snapshot(), &circumstances(minute), plan, acted, previous)
}

fn pass_on(
    snapshot: &OrgSnapshot,
    circumstances: &Circumstances,
    plan: &Plan,
    acted: &Acted,
    previous: Option<&Report>,
) -> Report {
    let resources = resources(header(policy_document()));
    let took = PhaseSeconds::default();
    let pass = Pass { resources: &resources, snapshot, plan, acted, took };
    summarize(&pass, circumstances, previous)
}

fn tried(outcomes: &[Outcome]) -> Acted {
    Acted::Tried(outcomes.to_vec())
}

/// Ready, Reconciling, Stalled of the policy's document: status and reason.
fn conditions(report: &Report) -> Vec<String> {
    let document = report.document(&policy_document()).unwrap();
    document
        .conditions
        .iter()
        .map(|condition| {
            format!("{} {} {}", condition.condition_type, condition.status, condition.reason)
        })
        .collect()
}
