//! Random organizations and random wishes for them, small enough to collide all the time.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use palisade::desired::{
    DesiredAccount, DesiredOrg, DesiredPolicy, DesiredTarget, DesiredUnit, DocumentHeader,
    Exceptions, Mode, Packing, Source,
};
use palisade::org::{
    AccountId, AccountState, Caller, DocumentRef, Mark, ObservedAccount, ObservedPolicy,
    ObservedUnit, OrgSnapshot, Organization, OuId, OuPath, ParentId, Part, PolicyId, PolicyQuota,
    PolicyType, PolicyTypeStatus, Root, TargetId, Tree,
};
use palisade::policy::with_exceptions;
use serde_json::{Value, json};

const INSTALLATION: &str = "acme";
const MANAGEMENT: &str = "100000000000";
const MEMBER_ROLE: &str = "arn:aws:iam::*:role/OrganizationAccountAccessRole";
const UNIT_NAMES: &[&str] = &["Security", "Workloads", "Sandbox"];
const POLICY_NAMES: &[&str] = &["alpha", "bravo", "charlie", "delta", "echo"];
const STATEMENTS: &[&str] = &["s3", "ec2", "iam", "kms", "sts"];

/// The policy types of the game: one with a floor of one policy, one without.
pub(crate) fn types() -> [PolicyType; 2] {
    [PolicyType::service_control(), PolicyType::named("TAG_POLICY")]
}

pub(crate) fn quota() -> PolicyQuota {
    PolicyQuota { characters_max: 5_000, attached_max: 3 }
}

fn source() -> Source {
    Source { file: "generated.yaml".into(), line: 1, column: 1 }
}

fn header(kind: &str, name: &str, mode: Mode, prune: bool) -> DocumentHeader {
    DocumentHeader {
        document: DocumentRef { kind: kind.into(), name: name.into() },
        annotations: BTreeMap::new(),
        mode,
        suspend: None,
        prune,
        source: source(),
    }
}

fn mode(rng: &mut Rng) -> Mode {
    if rng.u8(0..10) == 0 { Mode::Observe } else { Mode::Enforce }
}

fn pick<'a, T>(rng: &mut Rng, from: &'a [T]) -> &'a T {
    &from[rng.usize(0..from.len())]
}

fn account(number: usize) -> AccountId {
    format!("2000000000{number:02}").parse().unwrap()
}

/// A document that denies a random set of services and, rarely, also allows something.
fn document(rng: &mut Rng, policy_type: &PolicyType) -> Value {
    let services: BTreeSet<&str> = (0..rng.usize(1..4)).map(|_| *pick(rng, STATEMENTS)).collect();
    if !policy_type.needs_one_attached() {
        return json!({"tags": {"owner": {"tag_key": {"@@assign": services.first()}}}});
    }
    let deny = |service: &&str| json!({"Effect": "Deny", "Action": format!("{service}:*"), "Resource": "*"});
    let mut statements: Vec<Value> = services.iter().map(deny).collect();
    if rng.u8(0..8) == 0 {
        statements.push(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    }
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    // Half of them leave alone whom nobody may lock out.
    let exempt = if rng.bool() { vec![MEMBER_ROLE.to_owned()] } else { Vec::new() };
    with_exceptions(&document, &exempt)
}

fn paths(rng: &mut Rng) -> BTreeSet<OuPath> {
    let mut paths = BTreeSet::new();
    for _ in 0..rng.usize(0..6) {
        let mut path = OuPath::root();
        for _ in 0..rng.usize(1..4) {
            path = path.child(UNIT_NAMES[rng.usize(0..UNIT_NAMES.len())]);
            paths.insert(path.clone());
        }
    }
    paths
}

/// Desired state with random OUs, placements and policies.
pub(crate) fn desired(rng: &mut Rng) -> DesiredOrg {
    let units = paths(rng);
    let places: Vec<OuPath> = units.iter().cloned().collect();
    let accounts: BTreeMap<String, DesiredAccount> = (0..rng.usize(0..6))
        .map(|number| {
            let account = DesiredAccount { id: account(number), owner: None, purpose: None };
            (format!("account-{number}"), account)
        })
        .collect();
    let mut placements = BTreeMap::new();
    for account in accounts.values() {
        if !places.is_empty() && rng.u8(0..3) > 0 {
            placements.insert(account.id.clone(), pick(rng, &places).clone());
        }
    }
    let mut targets: Vec<DesiredTarget> = places.into_iter().map(DesiredTarget::Unit).collect();
    targets.push(DesiredTarget::Unit(OuPath::root()));
    targets.extend(accounts.values().map(|account| DesiredTarget::Account(account.id.clone())));
    // Guardrails share a policy only on the same targets. Dice of their own leave the rest as it was.
    let mut dice = Rng::with_seed(rng.clone().u64(..));
    let together: Option<BTreeSet<DesiredTarget>> = (dice.u8(0..3) > 0)
        .then(|| (0..dice.usize(1..3)).map(|_| pick(&mut dice, &targets).clone()).collect());
    let packing =
        *pick(&mut dice, &[Packing::Needed, Packing::Needed, Packing::Always, Packing::Never]);
    let mut policies = Vec::new();
    for policy_type in types() {
        for name in POLICY_NAMES {
            if rng.bool() {
                continue;
            }
            let mut policy = desired_policy(rng, &policy_type, name, &targets);
            if let Some(together) = together.as_ref().filter(|_| dice.u8(0..4) > 0) {
                policy.targets.clone_from(together);
            }
            policies.push(policy);
        }
    }
    DesiredOrg {
        header: header("Organization", INSTALLATION, mode(rng), true),
        organization_id: "o-a1b2c3d4e5".parse().unwrap(),
        management_account: MANAGEMENT.parse().unwrap(),
        accounts,
        units: units
            .into_iter()
            .map(|path| (path, DesiredUnit { purpose: None, source: source() }))
            .collect(),
        placements,
        policy_types: types().into_iter().filter(|_| rng.u8(0..6) > 0).collect(),
        trusted_services: (0..rng.usize(0..3))
            .map(|_| format!("{}.amazonaws.com", pick(rng, STATEMENTS)))
            .collect(),
        delegated_administrators: BTreeMap::new(),
        alternate_contacts: BTreeMap::new(),
        root_access: palisade::desired::RootAccess::default(),
        roles: palisade::desired::GovernanceRoles::default(),
        quotas: types().into_iter().map(|policy_type| (policy_type, quota())).collect(),
        reserved: BTreeMap::new(),
        packing,
        policies,
        break_glass: Vec::new(),
        regions: Vec::new(),
        logging_trails: Vec::new(),
        baselines: Vec::new(),
        exclusions: Vec::new(),
        tests: Vec::new(),
        must_work: Vec::new(),
        accepted_lockouts: Vec::new(),
    }
}

fn desired_policy(
    rng: &mut Rng,
    policy_type: &PolicyType,
    name: &str,
    targets: &[DesiredTarget],
) -> DesiredPolicy {
    let kind = policy_type.facts().kind;
    let (mode, prune) = (mode(rng), rng.u8(0..5) > 0);
    DesiredPolicy {
        header: header(kind, name, mode, prune),
        policy_type: policy_type.clone(),
        policy_name: name.to_owned(),
        description: "A guardrail.".into(),
        targets: (0..rng.usize(1..4)).map(|_| pick(rng, targets).clone()).collect(),
        except: Exceptions::default(),
        content: document(rng, policy_type),
        statement_sources: Vec::new(),
        content_source: source(),
        guardrail: None,
    }
}

/// An organization in a random state: some of it ours, some of it others'.
pub(crate) fn snapshot(rng: &mut Rng) -> OrgSnapshot {
    let root: palisade::org::RootId = "r-root".parse().unwrap();
    let mut tree = Tree::bare(root.clone());
    let mut ids: BTreeMap<OuPath, ParentId> =
        BTreeMap::from([(OuPath::root(), ParentId::Root(root.clone()))]);
    let mut tags = BTreeMap::new();
    for (number, path) in paths(rng).into_iter().enumerate() {
        let id: OuId = format!("ou-root-0000{number:04}").parse().unwrap();
        let parent = ids[&path.parent().unwrap()].clone();
        tree.units.insert(id.clone(), ObservedUnit { name: path.name().unwrap().into(), parent });
        tags.insert(id.to_string(), Part::Known(unit_tags(rng)));
        ids.insert(path, ParentId::Ou(id));
    }
    let places: Vec<ParentId> = ids.into_values().collect();
    let management = ObservedAccount {
        name: "Management".into(),
        parent: ParentId::Root(root.clone()),
        state: AccountState::Active,
    };
    tree.accounts.insert(MANAGEMENT.parse().unwrap(), management);
    for number in 0..rng.usize(1..8) {
        let state = if rng.u8(0..12) == 0 { AccountState::Closed } else { AccountState::Active };
        let parent = pick(rng, &places).clone();
        let name = format!("Account {number}");
        tree.accounts.insert(account(number), ObservedAccount { name, parent, state });
    }
    let policy_types: BTreeMap<PolicyType, PolicyTypeStatus> = types()
        .into_iter()
        .filter(|_| rng.u8(0..5) > 0)
        .map(|policy_type| (policy_type, PolicyTypeStatus::Enabled))
        .collect();
    let targets = all_targets(&tree);
    let policies: BTreeMap<PolicyType, Part<BTreeMap<PolicyId, ObservedPolicy>>> = types()
        .into_iter()
        .map(|policy_type| {
            let enabled = policy_types.contains_key(&policy_type);
            let observed =
                observed_policies(rng, &policy_type, if enabled { &targets } else { &[] });
            (policy_type, Part::Known(observed))
        })
        .collect();
    for policy in policies.values().filter_map(Part::known).flat_map(BTreeMap::values) {
        if let (_, Some(mark)) = Mark::read_description(&policy.description) {
            tags.insert(policy.id.to_string(), Part::Known(mark.tags()));
        }
    }
    let organization = Organization {
        id: "o-a1b2c3d4e5".parse().unwrap(),
        management_account: MANAGEMENT.parse().unwrap(),
        all_features: true,
    };
    OrgSnapshot {
        caller: Part::Known(Caller {
            account: MANAGEMENT.parse().unwrap(),
            arn: "arn:aws:sts::1:x".into(),
            member_role: None,
        }),
        organization: Part::Known(organization),
        root: Part::Known(Root { id: root, policy_types }),
        tree: Part::Known(tree),
        policies,
        trusted_services: Part::Known(BTreeSet::new()),
        delegated_administrators: BTreeMap::new(),
        tags,
        objects: BTreeMap::new(),
        listings: BTreeMap::new(),
    }
}

fn all_targets(tree: &Tree) -> Vec<TargetId> {
    let units = tree.units.keys().cloned().map(TargetId::Ou);
    let accounts = tree.accounts.keys().cloned().map(TargetId::Account);
    std::iter::once(TargetId::Root(tree.root.clone())).chain(units).chain(accounts).collect()
}

fn unit_tags(rng: &mut Rng) -> BTreeMap<String, String> {
    let document = DocumentRef { kind: "Organization".into(), name: INSTALLATION.into() };
    let owner = pick(rng, &[INSTALLATION, INSTALLATION, "somebody-else"]);
    let mark = Mark { owner: (*owner).into(), document, prune: rng.bool() };
    if rng.bool() { mark.tags() } else { BTreeMap::new() }
}

fn observed_policies(
    rng: &mut Rng,
    policy_type: &PolicyType,
    targets: &[TargetId],
) -> BTreeMap<PolicyId, ObservedPolicy> {
    let mut used: BTreeMap<TargetId, usize> = BTreeMap::new();
    let mut policies = Vec::new();
    if policy_type.needs_one_attached() {
        // Some targets have lost FullAWSAccess; then something else must be there.
        let targets: BTreeSet<TargetId> = targets.iter().cloned().collect();
        used.extend(targets.iter().map(|target| (target.clone(), 1)));
        let allow = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
        policies.push(ObservedPolicy {
            id: "p-FullAWSAccess".parse().unwrap(),
            name: "FullAWSAccess".into(),
            description: String::new(),
            aws_managed: true,
            document: Part::Known(allow.to_string()),
            targets: Part::Known(targets),
        });
    }
    let names = POLICY_NAMES.iter().map(|name| (*name).to_owned());
    let odd = ["aws-guardrails-x", "gone", "other"].into_iter().map(str::to_owned);
    for (number, name) in names.chain(odd).enumerate() {
        if rng.bool() {
            continue;
        }
        let mut on = BTreeSet::new();
        for _ in 0..if targets.is_empty() { 0 } else { rng.usize(0..4) } {
            let target = pick(rng, targets).clone();
            let used = used.entry(target.clone()).or_default();
            if *used < quota().attached_max && on.insert(target) {
                *used += 1;
            }
        }
        policies.push(ObservedPolicy {
            id: format!("p-observed{number:02}{}", policy_type.as_str().len()).parse().unwrap(),
            description: description(rng, policy_type, &name),
            name,
            aws_managed: false,
            document: Part::Known(document(rng, policy_type).to_string()),
            targets: Part::Known(on),
        });
    }
    policies.into_iter().map(|policy| (policy.id.clone(), policy)).collect()
}

fn description(rng: &mut Rng, policy_type: &PolicyType, name: &str) -> String {
    let owner = pick(rng, &[INSTALLATION, INSTALLATION, INSTALLATION, "somebody-else"]);
    let document = DocumentRef { kind: policy_type.facts().kind.into(), name: name.into() };
    let mark = Mark { owner: (*owner).into(), document, prune: rng.u8(0..5) > 0 };
    let text = *pick(rng, &["A guardrail.", "An old text."]);
    if rng.u8(0..3) > 0 { mark.describe(text) } else { text.into() }
}
