//! The least IAM policy that palisade needs for a desired state. Pure.
//!
//! An operation is allowed when desired state has something that it is for ([`purpose`]), and only on what IAM
//! can restrict it to: policies by their type, services by their principal (condition keys of AWS
//! Organizations), roles by their name, and what is removed by the mark that palisade leaves on it.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use strum::IntoEnumIterator;

pub use crate::permissions::table::{Purpose, actions, purpose};

use crate::cloud::Operation;
use crate::compile::{DesiredTarget, ObjectRule, PARTITION, Resources, Spread};
use crate::org::{ObjectKind, ObjectState, Region};

/// The tag with the owner in the mark on an object.
const OWNER_TAG: &str = "aws:ResourceTag/palisade:owner";

/// An IAM policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct IamPolicy {
    /// The version of the policy language.
    pub version: &'static str,
    /// What is allowed.
    pub statement: Vec<IamStatement>,
}

/// A statement of an IAM policy. It allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct IamStatement {
    /// What it is for.
    pub sid: String,
    /// `Allow`.
    pub effect: &'static str,
    /// The actions.
    pub action: BTreeSet<String>,
    /// On what.
    pub resource: BTreeSet<String>,
    /// When: operator, key, values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

/// What palisade may do with what it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// See.
    Observe,
    /// See and change.
    Enforce,
}

/// Whose policy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The daemon's role in the management account.
    Management,
    /// The daemon's role in an account to which the organization delegates its policies.
    DelegatedAdministrator,
    /// The role in every account that the daemon assumes.
    Member,
}

/// What the policies are made for.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// What should be.
    pub resources: &'a Resources,
    /// The name of the role in every account.
    pub member_role: &'a str,
    /// The partition of AWS, such as `aws`.
    pub partition: &'a str,
}

impl Demand<'_> {
    /// The least policy for `holder`. Empty where it needs nothing.
    pub fn policy(&self, holder: Holder, access: Access) -> IamPolicy {
        let mut statements = Vec::new();
        match holder {
            Holder::Management => {
                statements.extend(self.organization(access, true));
                statements.extend(self.objects(access, |rule| self.reaches_management(rule)));
                statements.extend(self.left_behind());
            }
            Holder::DelegatedAdministrator => {
                statements.extend(self.organization(access, false));
                // Which account it is in, desired state does not say.
                statements.extend(self.objects(access, |rule| {
                    rule.kind.is_reached_from_home() || self.reaches_members(rule)
                }));
                statements.extend(self.left_behind());
            }
            Holder::Member => {
                statements.extend(self.objects(access, |rule| self.reaches_members(rule)));
                statements.extend(self.closed());
            }
        }
        IamPolicy { version: "2012-10-17", statement: statements }
    }

    /// What is done to the organization itself. What AWS keeps for the management account is left out
    /// elsewhere: nothing else could do it (AWS Organizations User Guide, "Delegated administrator for AWS
    /// Organizations").
    fn organization(&self, access: Access, is_management: bool) -> Vec<IamStatement> {
        let resources = self.resources;
        let mut statements = vec![
            statement("KnowWhoAsks", of(Purpose::Identity)),
            statement("Observe", of(Purpose::Observation)),
        ];
        if access == Access::Enforce {
            statements.extend(self.policies());
            if is_management {
                let is_tree = !resources.units.is_empty() || !resources.placements.is_empty();
                statements.extend(is_tree.then(|| statement("KeepTheTree", of(Purpose::Tree))));
                let services = resources.trusted_services.iter();
                statements.extend(for_services("KeepServices", Purpose::TrustedServices, services));
                let services = resources.delegated_administrators.keys();
                let purpose = Purpose::Administrators;
                statements.extend(for_services("KeepAdministrators", purpose, services));
            }
        }
        if resources.objects.iter().any(|rule| self.reaches_members(rule)) {
            let role = format!("arn:{}:iam::*:role/{}", self.partition, self.member_role);
            // An account of another organization would have to trust this role, and may not lure it.
            let organization = resources.organization_id.to_string();
            let entry = statement("EnterAccounts", of(Purpose::Entry));
            let entry = IamStatement { resource: [role].into(), ..entry };
            statements.push(entry.when("aws:ResourceOrgID", [organization]));
        }
        statements
    }

    /// Policies of the types that desired state has; a tag does not know the type of what it is on.
    fn policies(&self) -> Vec<IamStatement> {
        let resources = self.resources;
        let types: BTreeSet<String> = resources
            .policies
            .keys()
            .map(|key| &key.policy_type)
            .chain(&resources.policy_types)
            .map(ToString::to_string)
            .collect();
        let marks: BTreeSet<String> = actions(Operation::TagResource).into_iter().collect();
        let is_marked = !types.is_empty() || !resources.units.is_empty();
        let kept = of(Purpose::Policies).difference(&marks).cloned().collect();
        let keep = (!types.is_empty())
            .then(|| statement("KeepPolicies", kept).when("organizations:PolicyType", types));
        keep.into_iter().chain(is_marked.then(|| statement("MarkWhatIsOurs", marks))).collect()
    }

    /// Looking for `StackSets` that a document has left behind.
    fn left_behind(&self) -> Option<IamStatement> {
        let mut kinds = self.resources.objects.iter().map(|rule| rule.kind);
        let is_wanted = kinds.any(|kind| kind == ObjectKind::StackSet);
        let is_alone = !is_wanted && self.resources.looks_for_stack_sets();
        is_alone.then(|| observe(ObjectKind::StackSet))
    }

    /// What is done to objects in accounts, kind by kind.
    fn objects(&self, access: Access, is_here: impl Fn(&ObjectRule) -> bool) -> Vec<IamStatement> {
        let mut kinds: BTreeMap<ObjectKind, Vec<&ObjectRule>> = BTreeMap::new();
        for rule in self.resources.objects.iter().filter(|rule| is_here(rule)) {
            kinds.entry(rule.kind).or_default().push(rule);
        }
        kinds.into_iter().flat_map(|(kind, rules)| self.kind(kind, &rules, access)).collect()
    }

    /// Looking for what may not be there, of kinds of which nothing is wanted.
    fn closed(&self) -> Vec<IamStatement> {
        let wanted: BTreeSet<ObjectKind> =
            self.resources.objects.iter().map(|rule| rule.kind).collect();
        let closed: BTreeSet<ObjectKind> =
            self.resources.closed.iter().map(|place| place.query.kind).collect();
        closed.difference(&wanted).map(|kind| observe(*kind)).collect()
    }

    fn kind(&self, kind: ObjectKind, rules: &[&ObjectRule], access: Access) -> Vec<IamStatement> {
        let operations: Vec<Operation> =
            Operation::iter().filter(|it| purpose(*it) == Purpose::Object(kind)).collect();
        let some = |is_in: &dyn Fn(Operation) -> bool| -> BTreeSet<String> {
            operations.iter().filter(|it| is_in(**it)).flat_map(|it| actions(*it)).collect()
        };
        let title = titled(kind.into());
        let mut statements = vec![observe(kind)];
        if access == Access::Observe {
            return statements;
        }
        let resource = rules.iter().map(|rule| self.arn(rule)).collect();
        let keep = statement(&format!("Keep{title}s"), some(&Operation::is_mutating));
        statements.push(IamStatement { resource, ..keep });
        if let Some(any) = self.any(kind) {
            let removal = some(&|operation| operation.is_mutating() && is_removal(operation));
            let remove = statement(&format!("RemoveOwn{title}s"), removal);
            let remove = IamStatement { resource: [any].into(), ..remove };
            statements.push(remove.when(OWNER_TAG, [self.resources.installation.clone()]));
        }
        statements.extend(self.hand_over(rules));
        statements
    }

    /// Rules deliver with a role, which whoever writes them hands over.
    fn hand_over(&self, rules: &[&ObjectRule]) -> Option<IamStatement> {
        let targets = rules.iter().filter_map(|rule| {
            let ObjectState::EventRule(state) = &rule.state else { return None };
            Some(state.targets.values())
        });
        let handed = targets.flatten().filter_map(|target| target.role.as_ref());
        let resource: BTreeSet<String> =
            handed.map(|role| role.replace(PARTITION, self.partition)).collect();
        let pass = statement("HandOverAlertRoles", ["iam:PassRole".to_owned()].into());
        let pass = IamStatement { resource, ..pass };
        (!pass.resource.is_empty())
            .then(|| pass.when("iam:PassedToService", ["events.amazonaws.com".to_owned()]))
    }

    /// The objects of a rule, in every account where it is wanted.
    fn arn(&self, rule: &ObjectRule) -> String {
        let partition = self.partition;
        match &rule.state {
            ObjectState::Role(state) => {
                format!("arn:{partition}:iam::*:role{}{}", state.path, rule.name)
            }
            ObjectState::User(state) => {
                format!("arn:{partition}:iam::*:user{}{}", state.path, rule.name)
            }
            ObjectState::SamlProvider(_) => {
                format!("arn:{partition}:iam::*:saml-provider/{}", rule.name)
            }
            ObjectState::EventRule(_) => {
                let region = rule.region.as_ref().map_or("*", Region::as_str);
                format!("arn:{partition}:events:{region}:*:rule/{}", rule.name)
            }
            ObjectState::Bucket(_) => format!("arn:{partition}:s3:::{}", rule.name),
            ObjectState::KmsKey(_) => {
                let region = rule.region.as_ref().map_or("*", Region::as_str);
                format!("arn:{partition}:kms:{region}:*:key/{}", rule.name)
            }
            // What is done to a StackSet is also done to its targets and the types in its template, and what
            // is asked of the management account about another account names that one: neither is in desired
            // state.
            ObjectState::StackSet(_)
            | ObjectState::PasswordPolicy(_)
            | ObjectState::Region(_)
            | ObjectState::AlternateContact(_)
            | ObjectState::RootFeature(_)
            | ObjectState::RootCredentials(_) => "*".to_owned(),
            ObjectState::Trail(_) => {
                let region = rule.region.as_ref().map_or("*", Region::as_str);
                format!("arn:{partition}:cloudtrail:{region}:*:trail/{}", rule.name)
            }
        }
    }

    /// Every object of a kind, where what a document no longer wants has a name that desired state does not
    /// know any more, and IAM can tell by a tag that it is ours.
    fn any(&self, kind: ObjectKind) -> Option<String> {
        match kind {
            ObjectKind::Role => Some(format!("arn:{}:iam::*:role/*", self.partition)),
            ObjectKind::User => Some(format!("arn:{}:iam::*:user/*", self.partition)),
            // Nobody looks for trails, buckets and keys of other names, StackSets may be kept already whatever they are
            // called, and the rest has no names but AWS's own.
            ObjectKind::Trail
            | ObjectKind::Bucket
            | ObjectKind::KmsKey
            | ObjectKind::StackSet
            | ObjectKind::Region
            | ObjectKind::AlternateContact
            | ObjectKind::RootFeature
            | ObjectKind::RootCredentials
            | ObjectKind::PasswordPolicy
            | ObjectKind::SamlProvider
            | ObjectKind::OidcProvider
            | ObjectKind::EventRule => None,
        }
    }

    /// May an object be wanted in the management account? Where it lies, desired state says only of accounts
    /// that it places; elsewhere it may.
    fn reaches_management(&self, rule: &ObjectRule) -> bool {
        let management = &self.resources.management_account;
        if rule.kind.is_reached_from_home() {
            return true;
        }
        match &rule.spread {
            Spread::Account(account) => account == management,
            Spread::Below { targets, except } => {
                let place = self.resources.placements.get(management);
                let is_below = |target: &DesiredTarget| match target {
                    DesiredTarget::Unit(unit) => place.is_none_or(|place| unit.contains(place)),
                    DesiredTarget::Account(account) => account == management,
                };
                !except.contains(management) && targets.iter().any(is_below)
            }
        }
    }

    /// May an object be wanted in another account?
    fn reaches_members(&self, rule: &ObjectRule) -> bool {
        match &rule.spread {
            Spread::Account(account) => {
                *account != self.resources.management_account && !rule.kind.is_reached_from_home()
            }
            Spread::Below { .. } => !rule.kind.is_reached_from_home(),
        }
    }
}

impl IamStatement {
    fn when(mut self, key: &str, values: impl IntoIterator<Item = String>) -> Self {
        let values = values.into_iter().collect();
        let equal = self.condition.entry("StringEquals".to_owned()).or_default();
        equal.insert(key.to_owned(), values);
        self
    }
}

/// Reading the objects of a kind.
fn observe(kind: ObjectKind) -> IamStatement {
    let is_read = |it: &Operation| purpose(*it) == Purpose::Object(kind) && !it.is_mutating();
    let reads = Operation::iter().filter(is_read).flat_map(actions).collect();
    statement(&format!("Observe{}s", titled(kind.into())), reads)
}

fn statement(sid: &str, action: BTreeSet<String>) -> IamStatement {
    IamStatement {
        sid: sid.to_owned(),
        effect: "Allow",
        action,
        resource: ["*".to_owned()].into(),
        condition: BTreeMap::new(),
    }
}

/// What is done about AWS services, for those that desired state names.
fn for_services<'s>(
    sid: &str,
    purpose: Purpose,
    services: impl Iterator<Item = &'s String>,
) -> Option<IamStatement> {
    let services: BTreeSet<String> = services.cloned().collect();
    (!services.is_empty())
        .then(|| statement(sid, of(purpose)).when("organizations:ServicePrincipal", services))
}

/// The actions of every operation for `wanted`.
fn of(wanted: Purpose) -> BTreeSet<String> {
    Operation::iter().filter(|it| purpose(*it) == wanted).flat_map(actions).collect()
}

fn is_removal(operation: Operation) -> bool {
    ["Delete", "Detach", "Remove"].iter().any(|verb| operation.name().starts_with(verb))
}

fn titled(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
