//! A large organization: as desired state, as a snapshot, and as a cloud that only answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use async_trait::async_trait;
use palisade::cloud::{
    Account, Answer, Call, Cloud, CloudError, Page, PageToken, PolicySummary, Reply, Unit,
};
use palisade::compile::Resources;
use palisade::desired::DesiredTarget;
use palisade::org::{
    AccountId, AccountState, Caller, ObservedAccount, ObservedPolicy, ObservedUnit, OrgSnapshot,
    Organization, OuPath, ParentId, Part, PolicyId, PolicyType, PolicyTypeStatus, Root, RootId,
    TargetId, Tree,
};

const ACCOUNTS: usize = 10_000;
const UNITS: usize = 500;
const POLICIES: usize = 1_000;
const STATEMENTS: usize = 4;

const PAGE_ITEMS: usize = 20;

/// Writes desired state for 10,000 accounts in 500 OUs with 1,000 policies of about 1,500 characters.
pub(crate) fn write_desired_state(directory: &Path) {
    let mut text = String::from(
        "apiVersion: palisade/v1\nkind: Organization\nmetadata: {name: acme}\nspec:\n  \
         organizationId: o-a1b2c3d4e5\n  managementAccountId: \"111111111111\"\n  \
         policyTypes: [SERVICE_CONTROL_POLICY]\n  accounts:\n",
    );
    for account in 0..ACCOUNTS - 1 {
        let id = 200_000_000_000_usize + account;
        writeln!(text, "    account-{account}: {{id: \"{id:012}\", owner: team-{}}}", account % 97)
            .unwrap();
    }
    text.push_str("  organizationalUnits:\n");
    for unit in 0..UNITS {
        let accounts: Vec<String> = (0..ACCOUNTS - 1)
            .filter(|account| account % UNITS == unit)
            .map(|account| format!("account-{account}"))
            .collect();
        writeln!(text, "    unit-{unit}: {{accounts: [{}]}}", accounts.join(", ")).unwrap();
    }
    std::fs::write(directory.join("organization.yaml"), text).unwrap();
    let mut text = String::new();
    for policy in 0..POLICIES {
        write!(
            text,
            "---\napiVersion: palisade/v1\nkind: ServiceControlPolicy\n\
             metadata: {{name: guardrail-{policy}}}\nspec:\n  \
             description: Guardrail number {policy}.\n  targets: [\"/unit-{}\"]\n  document:\n    \
             Version: \"2012-10-17\"\n    Statement:\n",
            policy % UNITS
        )
        .unwrap();
        for statement in 0..STATEMENTS {
            writeln!(
                text,
                "      - {{Sid: Deny{statement}, Effect: Deny, Resource: \"arn:aws:s3:::bucket-{policy}-{statement}/*\", \
                 Action: [\"s3:Put*\", \"s3:Delete*\", \"s3:GetObjectVersion\", \"ec2:*VpcPeering*\", \"iam:CreateUser\"], \
                 Condition: {{StringNotEquals: {{\"aws:PrincipalOrgID\": o-a1b2c3d4e5}}, \
                 ArnNotLike: {{\"aws:PrincipalARN\": [\"arn:aws:iam::*:role/OrgAdmin\", \"arn:aws:iam::*:role/Deploy\"]}}}}}}"
            )
            .unwrap();
        }
    }
    std::fs::write(directory.join("policies.yaml"), text).unwrap();
}

/// The organization exactly as `resources` wants it.
pub(crate) fn as_wanted(resources: &Resources) -> OrgSnapshot {
    let management: AccountId = "111111111111".parse().unwrap();
    let root: RootId = "r-ab12".parse().unwrap();
    let tree = tree(resources, &management, &root);
    let by_path = tree.by_path();
    let target = |target: &DesiredTarget| match target {
        DesiredTarget::Unit(path) => TargetId::from(by_path[path].clone()),
        DesiredTarget::Account(id) => TargetId::Account(id.clone()),
    };
    let mut policies: BTreeMap<PolicyId, ObservedPolicy> = BTreeMap::new();
    for (number, (key, policy)) in resources.policies.iter().enumerate() {
        let id: PolicyId = format!("p-guardrail{number:06}").parse().unwrap();
        let observed = ObservedPolicy {
            id: id.clone(),
            name: key.name.clone(),
            description: policy.description.clone(),
            aws_managed: false,
            document: Part::Known(policy.content.clone()),
            targets: Part::Known(policy.targets.iter().map(target).collect()),
        };
        policies.insert(id, observed);
    }
    let full_access = full_access(&tree);
    policies.insert(full_access.id.clone(), full_access);
    let scps = PolicyType::service_control();
    OrgSnapshot {
        caller: Part::Known(Caller {
            account: management.clone(),
            arn: "arn:aws:sts::111111111111:assumed-role/palisade/bench".to_owned(),
            member_role: None,
        }),
        organization: Part::Known(Organization {
            id: resources.organization_id.clone(),
            management_account: management,
            all_features: true,
        }),
        root: Part::Known(Root {
            id: root,
            policy_types: [(scps.clone(), PolicyTypeStatus::Enabled)].into(),
        }),
        tree: Part::Known(tree),
        policies: [(scps, Part::Known(policies))].into(),
        trusted_services: Part::Known(BTreeSet::new()),
        delegated_administrators: BTreeMap::new(),
        tags: BTreeMap::new(),
        objects: BTreeMap::new(),
        listings: BTreeMap::new(),
    }
}

fn tree(resources: &Resources, management: &AccountId, root: &RootId) -> Tree {
    let at_root = ParentId::Root(root.clone());
    let mut tree = Tree::bare(root.clone());
    let mut ids: BTreeMap<&OuPath, ParentId> = BTreeMap::new();
    for (number, path) in resources.units.iter().enumerate() {
        let id = format!("ou-ab12-{number:08}");
        let name = path.name().unwrap().to_owned();
        tree.units.insert(id.parse().unwrap(), ObservedUnit { name, parent: at_root.clone() });
        ids.insert(path, id.parse().unwrap());
    }
    let state = AccountState::Active;
    for (id, path) in &resources.placements {
        let name = resources.account_names[id].clone();
        let parent = ids[path].clone();
        tree.accounts.insert(id.clone(), ObservedAccount { name, parent, state });
    }
    let account = ObservedAccount { name: "management".to_owned(), parent: at_root, state };
    tree.accounts.insert(management.clone(), account);
    tree
}

fn full_access(tree: &Tree) -> ObservedPolicy {
    let units = tree.units.keys().cloned().map(TargetId::Ou);
    let accounts = tree.accounts.keys().cloned().map(TargetId::Account);
    let everything =
        std::iter::once(TargetId::Root(tree.root.clone())).chain(units).chain(accounts);
    ObservedPolicy {
        id: "p-FullAWSAccess".parse().unwrap(),
        name: "FullAWSAccess".to_owned(),
        description: "Allows access to every operation".to_owned(),
        aws_managed: true,
        document: Part::Known(String::new()),
        targets: Part::Known(everything.collect()),
    }
}

/// Serves a snapshot, in pages, and nothing else.
pub(crate) struct Served(pub(crate) OrgSnapshot);

#[async_trait]
impl Cloud for Served {
    async fn call(&self, call: Call) -> Result<Answer, CloudError> {
        Ok(self.answer(call).into())
    }
}

impl Served {
    #[expect(clippy::wildcard_enum_match_arm, reason = "an observation asks nothing else")]
    fn answer(&self, call: Call) -> Reply {
        let tree = self.0.tree.known().unwrap();
        match call {
            Call::GetCallerIdentity => Reply::Caller(self.0.caller.known().unwrap().clone()),
            Call::DescribeOrganization => {
                Reply::Organization(self.0.organization.known().unwrap().clone())
            }
            Call::ListRoots { page } => {
                Reply::Roots(cut(self.0.root.known().into_iter().cloned(), page))
            }
            Call::ListAccounts { page } => Reply::Accounts(cut(
                tree.accounts.iter().map(|(id, account)| Account {
                    id: id.clone(),
                    name: account.name.clone(),
                    state: account.state,
                    parent: Some(account.parent.clone()),
                }),
                page,
            )),
            Call::ListOrganizationalUnitsForParent { parent, page } => {
                let children = tree.units.iter().filter(|(_, unit)| unit.parent == parent);
                let children =
                    children.map(|(id, unit)| Unit { id: id.clone(), name: unit.name.clone() });
                Reply::Units(cut(children, page))
            }
            Call::ListPolicies { page, .. } => {
                Reply::Policies(cut(self.policies().values().map(summary), page))
            }
            Call::DescribePolicy { policy } => {
                let policy = &self.policies()[&policy];
                Reply::Policy(summary(policy), policy.document.known().unwrap().clone())
            }
            Call::ListTargetsForPolicy { policy, page } => {
                let targets = self.policies()[&policy].targets.known().unwrap();
                Reply::Targets(cut(targets.iter().cloned(), page))
            }
            Call::ListAwsServiceAccessForOrganization { .. } => {
                Reply::Services(Page { items: Vec::new(), next: None })
            }
            other => panic!("an observation does not ask {other:?}"),
        }
    }

    fn policies(&self) -> &BTreeMap<PolicyId, ObservedPolicy> {
        self.0.policies_of(&PolicyType::service_control()).unwrap()
    }
}

fn summary(policy: &ObservedPolicy) -> PolicySummary {
    PolicySummary {
        id: policy.id.clone(),
        policy_type: PolicyType::service_control(),
        name: policy.name.clone(),
        description: policy.description.clone(),
        aws_managed: policy.aws_managed,
    }
}

fn cut<T>(items: impl Iterator<Item = T>, page: PageToken) -> Page<T> {
    let start: usize = page.map_or(0, |token| token.parse().unwrap());
    let mut items = items.skip(start).peekable();
    let page: Vec<T> = items.by_ref().take(PAGE_ITEMS).collect();
    let next = items.peek().map(|_| (start + PAGE_ITEMS).to_string());
    Page { items: page, next }
}

/// The most memory this process has held (`VmHWM`, Linux; 0 elsewhere).
pub(crate) fn memory_mb_max() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1_024
}
