//! One small organization, asked as desired, as observed with holes, and after every change.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{
    DesiredTarget, PolicyKey, PolicyResource, Resources, Source, StatementOrigin,
};
use crate::effective::{Answer, Bindings, Effective, NewPolicy, Origin, Writing};
use crate::org::{
    AccountState, DocumentRef, Mark, ObservedAccount, ObservedPolicy, ObservedUnit, OrgSnapshot,
    Organization, ParentId, Part, PolicyType, PolicyTypeStatus, Root, Tree, Unknown,
};
use crate::policy;
use crate::policy::{ControlType, Denial, Language, Request};

const MANAGEMENT: &str = "111111111111";
const SHOP: &str = "555555555555";
const LOST: &str = "999999999999";
const NO_STOP: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"ec2:StopInstances","Resource":"*"},{"Sid":"Regions","Effect":"Deny","Action":"ec2:RunInstances","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}}]}"#;
const NO_READ: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"*"}}"#;
const FULL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

fn document(name: &str) -> DocumentRef {
    DocumentRef { kind: "ServiceControlPolicy".into(), name: name.into() }
}

fn source(line: usize) -> Source {
    Source { file: "guardrails.yaml".into(), line, column: 5 }
}

fn unit(path: &str) -> DesiredTarget {
    DesiredTarget::Unit(path.parse().unwrap())
}

fn resource(name: &str, content: &str, targets: &[DesiredTarget]) -> PolicyResource {
    let mark = Mark { owner: "acme".into(), document: document(name), prune: true };
    let line_of = |index: usize| StatementOrigin {
        document: document(name),
        source: source(10 * (index + 1)),
        sid: None,
    };
    PolicyResource {
        document: document(name),
        description: mark.describe(""),
        mark,
        content: content.into(),
        canonical: policy::canonical(Language::Iam, &policy::parse(content).unwrap()),
        targets: targets.iter().cloned().collect(),
        source: source(7),
        statements: (0..2).map(line_of).collect(),
        members: Vec::new(),
    }
}

/// `/Workloads/Prod` with the account shop; `no-stop` is attached to `/Workloads`, the RCP to the root.
fn resources() -> Resources {
    let (scp, rcp) = (PolicyType::service_control(), PolicyType::resource_control());
    let key = |policy_type: &PolicyType, name: &str| PolicyKey {
        policy_type: policy_type.clone(),
        name: name.into(),
    };
    Resources {
        today: jiff::civil::date(2026, 11, 25),
        installation: "acme".into(),
        organization_id: "o-a1b2c3d4e5".parse().unwrap(),
        management_account: MANAGEMENT.parse().unwrap(),
        organization_document: DocumentRef { kind: "Organization".into(), name: "acme".into() },
        documents: BTreeMap::new(),
        account_names: BTreeMap::from([(SHOP.parse().unwrap(), "shop".into())]),
        units: ["/Workloads", "/Workloads/Prod"].map(|path| path.parse().unwrap()).into(),
        placements: BTreeMap::from([(SHOP.parse().unwrap(), "/Workloads/Prod".parse().unwrap())]),
        policy_types: BTreeSet::from([scp.clone(), rcp.clone()]),
        trusted_services: BTreeSet::new(),
        delegated_administrators: BTreeMap::new(),
        packed: BTreeMap::new(),
        policies: BTreeMap::from([
            (key(&scp, "no-stop"), resource("no-stop", NO_STOP, &[unit("/Workloads")])),
            (key(&rcp, "no-read"), resource("no-read", NO_READ, &[unit("/")])),
        ]),
        quotas: BTreeMap::new(),
        objects: Vec::new(),
        closed: Vec::new(),
        break_glass: Vec::new(),
        logging_trails: Vec::new(),
        approved: BTreeSet::new(),
        region_list: None,
        must_work: Vec::new(),
        member_role: "OrganizationAccountAccessRole".to_owned(),
        accepted: Vec::new(),
    }
}

/// The same organization as AWS tells it, `no-stop` stored with white space.
fn snapshot() -> OrgSnapshot {
    let root: ParentId = "r-ab12".parse().unwrap();
    let mut tree = Tree::bare("r-ab12".parse().unwrap());
    let units = [
        ("ou-ab12-11111111", "Workloads", "r-ab12"),
        ("ou-ab12-22222222", "Prod", "ou-ab12-11111111"),
    ];
    for (id, name, parent) in units {
        let unit = ObservedUnit { name: name.into(), parent: parent.parse().unwrap() };
        tree.units.insert(id.parse().unwrap(), unit);
    }
    for (id, parent) in [(MANAGEMENT, root.as_str()), (SHOP, "ou-ab12-22222222")] {
        let account = ObservedAccount {
            name: id.into(),
            parent: parent.parse().unwrap(),
            state: AccountState::Active,
        };
        tree.accounts.insert(id.parse().unwrap(), account);
    }
    let pretty = serde_json::to_string_pretty(&policy::parse(NO_STOP).unwrap()).unwrap();
    let everywhere = ["r-ab12", "ou-ab12-11111111", "ou-ab12-22222222", SHOP, MANAGEMENT];
    let mut snapshot = OrgSnapshot::unread();
    snapshot.organization = Part::Known(Organization {
        id: "o-a1b2c3d4e5".parse().unwrap(),
        management_account: MANAGEMENT.parse().unwrap(),
        all_features: true,
    });
    snapshot.tree = Part::Known(tree);
    let types = [PolicyType::service_control(), PolicyType::resource_control()];
    snapshot.root = Part::Known(Root {
        id: "r-ab12".parse().unwrap(),
        policy_types: types.clone().map(|name| (name, PolicyTypeStatus::Enabled)).into(),
    });
    let listed = |policies: Vec<ObservedPolicy>| {
        Part::Known(policies.into_iter().map(|policy| (policy.id.clone(), policy)).collect())
    };
    let [scp, rcp] = types;
    snapshot.policies = BTreeMap::from([
        (
            scp,
            listed(vec![
                observed("p-FullAWSAccess", "FullAWSAccess", FULL, &everywhere),
                observed("p-nostop1234", "no-stop", &pretty, &["ou-ab12-11111111"]),
            ]),
        ),
        (rcp, listed(vec![observed("p-noread1234", "no-read", NO_READ, &["r-ab12"])])),
    ]);
    snapshot
}

fn observed(id: &str, name: &str, content: &str, targets: &[&str]) -> ObservedPolicy {
    ObservedPolicy {
        id: id.parse().unwrap(),
        name: name.into(),
        description: String::new(),
        aws_managed: name == "FullAWSAccess",
        document: Part::Known(content.into()),
        targets: Part::Known(targets.iter().map(|target| target.parse().unwrap()).collect()),
    }
}

fn scp_of<'s>(snapshot: &'s mut OrgSnapshot, id: &str) -> &'s mut ObservedPolicy {
    match snapshot.policies.get_mut(&PolicyType::service_control()) {
        Some(Part::Known(policies)) => policies.get_mut(&id.parse().unwrap()).unwrap(),
        _ => unreachable!("the snapshot has them"),
    }
}

fn unseen<T>() -> Part<T> {
    Part::Unknown(Unknown { operation: "ListAnything".into(), reason: "denied".into() })
}

fn ask(bindings: &Bindings, action: &str) -> String {
    let account = SHOP;
    let request = Request::new(&format!("arn:aws:iam::{account}:role/dev"), action).unwrap();
    answer(bindings, &request.on("*").in_account(account))
}

fn answer(bindings: &Bindings, request: &Request) -> String {
    match bindings.decide(request) {
        Answer::Allowed => "allowed".into(),
        Answer::Denied(Denial::Explicit(at)) => format!("denied by {} on {}", at.policy, at.level),
        Answer::Denied(Denial::Implicit { level }) => format!("denied on {level}"),
        Answer::Unknown { missing, unseen } => {
            let unseen: Vec<&str> = unseen.iter().map(|unseen| unseen.reason.as_str()).collect();
            format!("unknown [{missing}] [{}]", unseen.join("; "))
        }
    }
}

fn shop(effective: &Effective) -> Bindings {
    effective.hierarchy(&SHOP.parse().unwrap())
}

#[test]
fn desired_and_observed_state_give_the_same_answers() {
    let resources = resources();
    for effective in
        [Effective::desired(&resources), Effective::observed(&snapshot(), Some(&resources))]
    {
        let bindings = shop(&effective);
        let levels: Vec<&str> =
            bindings.hierarchy.service_control.iter().map(|level| level.name.as_str()).collect();
        assert_eq!(levels, ["/", "/Workloads", "/Workloads/Prod", "account:shop"]);
        assert_eq!(ask(&bindings, "ec2:StopInstances"), "denied by no-stop on /Workloads");
        assert_eq!(ask(&bindings, "ec2:RunInstances"), "unknown [`aws:RequestedRegion`] []");
        assert_eq!(ask(&bindings, "ec2:StartInstances"), "allowed");
        assert_eq!(ask(&bindings, "s3:GetObject"), "denied by no-read on /");
        let management = effective.hierarchy(&MANAGEMENT.parse().unwrap());
        let request = Request::new("arn:aws:iam::111111111111:root", "ec2:StopInstances").unwrap();
        assert_eq!(answer(&management, &request.in_account(MANAGEMENT)), "allowed");
    }
}

#[test]
fn a_statement_is_traced_to_its_line() {
    let resources = resources();
    for effective in
        [Effective::desired(&resources), Effective::observed(&snapshot(), Some(&resources))]
    {
        let bindings = shop(&effective);
        let request = Request::new("arn:aws:iam::555555555555:role/dev", "ec2:RunInstances")
            .unwrap()
            .with("aws:RequestedRegion", ["us-east-1"]);
        let Answer::Denied(Denial::Explicit(statement)) = bindings.decide(&request) else {
            unreachable!("it is denied")
        };
        assert_eq!(statement.sid, Some("Regions"));
        let expected = Origin::Statement { document: &document("no-stop"), source: &source(20) };
        assert_eq!(effective.origin(&statement), Some(expected));
    }
}

#[test]
fn what_git_does_not_hold_is_traced_no_further_than_it_can_be() {
    let resources = resources();
    let mut snapshot = snapshot();
    scp_of(&mut snapshot, "p-nostop1234").document =
        Part::Known(NO_STOP.replace("eu-west-1", "eu-west-2"));
    let writing = |effective: &Effective| {
        effective.writing(ControlType::ServiceControl, "no-stop").cloned().unwrap()
    };
    let drifted = Writing::Drifted { document: document("no-stop"), source: source(7) };
    assert_eq!(writing(&Effective::observed(&snapshot, Some(&resources))), drifted);
    assert_eq!(writing(&Effective::observed(&snapshot, None)), Writing::Foreign);
    let mark = Mark { owner: "acme".into(), document: document("old"), prune: true };
    scp_of(&mut snapshot, "p-nostop1234").description = mark.describe("");
    assert_eq!(writing(&Effective::observed(&snapshot, None)), Writing::Marked(document("old")));
    let allows = Effective::desired(&resources);
    let full = allows.writing(ControlType::ServiceControl, "FullAWSAccess");
    assert_eq!(full, Some(&Writing::Aws));
}

#[test]
fn what_was_not_seen_is_never_allowed() {
    type Hole = fn(&mut OrgSnapshot);
    let holes: [(Hole, &str); 8] = [
        (|snapshot| snapshot.organization = unseen(), "which account is exempt"),
        (
            |snapshot| {
                if let Part::Known(tree) = &mut snapshot.tree {
                    tree.units.clear();
                }
            },
            "not in the tree",
        ),
        (|snapshot| snapshot.tree = unseen(), "where accounts lie"),
        (|snapshot| snapshot.root = unseen(), "is enabled"),
        (
            |snapshot| {
                snapshot.policies.insert(PolicyType::service_control(), unseen());
            },
            "the policies are not known",
        ),
        (
            |snapshot| {
                snapshot.policies.remove(&PolicyType::service_control());
            },
            "was asked for",
        ),
        (|snapshot| scp_of(snapshot, "p-nostop1234").targets = unseen(), "attached to"),
        (|snapshot| scp_of(snapshot, "p-nostop1234").document = unseen(), "says is not known"),
    ];
    for (hole, reason) in holes {
        let mut snapshot = snapshot();
        hole(&mut snapshot);
        let effective = Effective::observed(&snapshot, None);
        for action in ["ec2:StopInstances", "ec2:StartInstances"] {
            let answer = ask(&shop(&effective), action);
            assert!(answer.starts_with("unknown") && answer.contains(reason), "{reason}: {answer}");
        }
    }
}

#[test]
fn a_deny_that_was_seen_holds_whatever_was_not() {
    let mut snapshot = snapshot();
    scp_of(&mut snapshot, "p-FullAWSAccess").document = unseen();
    let bindings = shop(&Effective::observed(&snapshot, None));
    assert_eq!(ask(&bindings, "ec2:StopInstances"), "denied by no-stop on /Workloads");
    assert!(ask(&bindings, "ec2:StartInstances").starts_with("unknown"));
}

#[test]
fn an_account_that_nobody_places_is_unknown_and_one_outside_is_free() {
    let request = Request::new("arn:aws:iam::999999999999:role/dev", "ec2:StopInstances").unwrap();
    let request = request.in_account(LOST);
    let lost =
        |effective: &Effective| answer(&effective.hierarchy(&LOST.parse().unwrap()), &request);
    let unplaced = "unknown [] [desired state does not say where account 999999999999 lies]";
    assert_eq!(lost(&Effective::desired(&resources())), unplaced);
    assert_eq!(lost(&Effective::observed(&snapshot(), None)), "allowed");
}

#[test]
fn a_request_without_the_owner_of_its_resource_may_meet_any_rcp() {
    let effective = Effective::desired(&resources());
    let bindings = effective.bindings(Some(SHOP), None);
    let request = Request::new("arn:aws:iam::555555555555:role/dev", "s3:PutObject").unwrap();
    let asked = answer(&bindings, &request);
    assert!(asked.starts_with("unknown [`aws:ResourceAccount`]"), "{asked}");
    let request = Request::new("arn:aws:iam::555555555555:role/dev", "ec2:StartInstances").unwrap();
    assert_eq!(answer(&bindings, &request), "allowed", "RCPs do not bind EC2");
}

#[test]
fn a_type_that_is_switched_off_binds_nobody_until_it_is_switched_on() {
    let mut snapshot = snapshot();
    if let Part::Known(root) = &mut snapshot.root {
        root.policy_types.clear();
    }
    // Switching a type off detaches its policies.
    for id in ["p-FullAWSAccess", "p-nostop1234"] {
        scp_of(&mut snapshot, id).targets = Part::Known(BTreeSet::new());
    }
    let mut effective = Effective::observed(&snapshot, None);
    assert_eq!(ask(&shop(&effective), "ec2:StopInstances"), "allowed");
    effective.enable_type(ControlType::ServiceControl);
    assert_eq!(ask(&shop(&effective), "ec2:StopInstances"), "allowed");
    let index = effective.create_policy(NewPolicy {
        policy_type: ControlType::ServiceControl,
        name: "no-stop",
        content: NO_STOP,
        writing: &Writing::Foreign,
    });
    effective.attach(index, &unit("/Workloads/Prod"));
    let answer = ask(&shop(&effective), "ec2:StopInstances");
    assert_eq!(answer, "denied by no-stop on /Workloads/Prod");
}

#[test]
fn every_change_does_what_aws_does() {
    let resources = resources();
    let before = Effective::desired(&resources);
    let mut effective = before.clone();
    let scp = ControlType::ServiceControl;
    let no_stop = effective.find(scp, "no-stop").unwrap();
    let stop = |effective: &Effective| ask(&shop(effective), "ec2:StopInstances");

    effective.detach(no_stop, &unit("/Workloads"));
    assert_eq!(stop(&effective), "allowed");
    effective.attach(no_stop, &DesiredTarget::Account(SHOP.parse().unwrap()));
    assert_eq!(stop(&effective), "denied by no-stop on account:shop");
    let renamed = NewPolicy {
        policy_type: scp,
        name: "renamed",
        content: NO_STOP,
        writing: &Writing::Foreign,
    };
    effective.set_policy(no_stop, renamed);
    assert_eq!(stop(&effective), "denied by renamed on account:shop");
    assert_eq!(effective.find(scp, "no-stop"), None);
    effective.set_policy(no_stop, NewPolicy { content: "{}", ..renamed });
    assert!(stop(&effective).starts_with("unknown"));
    effective.delete_policy(no_stop);
    assert_eq!(stop(&effective), "allowed");

    let full = effective.find(scp, "FullAWSAccess").unwrap();
    effective.detach(full, &unit("/Workloads/Prod"));
    assert_eq!(stop(&effective), "denied on /Workloads/Prod");
    effective.create_unit(&"/New".parse().unwrap());
    effective.move_account(&SHOP.parse().unwrap(), &"/New".parse().unwrap());
    assert_eq!(stop(&effective), "allowed");
    effective.delete_unit(&"/Workloads/Prod".parse().unwrap());
    assert_eq!(stop(&before), "denied by no-stop on /Workloads", "a clone stays as it was");
}

#[test]
fn an_observed_policy_is_found_by_its_id() {
    let mut effective = Effective::observed(&snapshot(), None);
    let id = "p-nostop1234".parse().unwrap();
    let index = effective.find_by_id(&id).unwrap();
    assert_eq!(effective.find(ControlType::ServiceControl, "no-stop"), Some(index));
    effective.delete_policy(index);
    assert_eq!(effective.find_by_id(&id), None);
}
