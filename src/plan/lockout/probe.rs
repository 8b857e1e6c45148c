//! Calls that must go on working, and in which accounts. Knows no policies.

use std::collections::BTreeSet;

use crate::compile::{BuiltInProbe, DesiredTarget, MustWork, PARTITION, Resources};
use crate::org::{AccountId, OrgSnapshot, OuPath};
use crate::plan::lockout::session::{Partition, Session, principal_arn};
use crate::policy::Request;

/// Where `StackSets` of the organization come from, when they have trusted access.
const STACKSETS: &str = "member.org.stacksets.cloudformation.amazonaws.com";

/// The execution role of a service-managed `StackSet` is called so and 32 hex digits.
const STACKSETS_ROLE: &str = "stacksets-exec-0123456789abcdef0123456789abcdef";
const STACKSETS_PATTERN: &str = "stacksets-exec-*";

/// What palisade calls for the organization from a delegated administrator; `deploy/iam` grants the same.
pub const ORGANIZATION_ACTIONS: &[&str] = &[
    "organizations:AttachPolicy",
    "organizations:CreatePolicy",
    "organizations:DeletePolicy",
    "organizations:DescribeOrganization",
    "organizations:DescribePolicy",
    "organizations:DetachPolicy",
    "organizations:EnablePolicyType",
    "organizations:ListAWSServiceAccessForOrganization",
    "organizations:ListAccounts",
    "organizations:ListAccountsForParent",
    "organizations:ListDelegatedAdministrators",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListPolicies",
    "organizations:ListPoliciesForTarget",
    "organizations:ListRoots",
    "organizations:ListTagsForResource",
    "organizations:ListTargetsForPolicy",
    "organizations:TagResource",
    "organizations:UpdatePolicy",
];

/// What whoever mends an account from outside it needs there: to look at its roles and to repair them.
const MEMBER_ACTIONS: &[&str] = &[
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:PutRolePolicy",
];

/// What the stacks of a baseline need: roles, rules for alarms, and `CloudFormation` itself.
const STACKSETS_ACTIONS: &[&str] = &[
    "cloudformation:CreateStack",
    "cloudformation:DescribeStacks",
    "cloudformation:UpdateStack",
    "events:PutRule",
    "events:PutTargets",
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:GetRole",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UpdateAssumeRolePolicy",
];

/// One action of a probe, in every account that the probe is about.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// The probe's name, by which a person accepts that it fails.
    pub(super) probe: String,
    pub(super) action: String,
    principal: Caller,
    /// `{account}` stands for the account.
    resource: String,
    /// The accounts; nothing for every member account.
    places: Option<BTreeSet<DesiredTarget>>,
    /// Accounts in these places that are not meant.
    except: BTreeSet<AccountId>,
    /// What exempts the principal: a pattern of its ARN.
    pub(super) exemption: Option<String>,
    pub(super) session: Session,
}

/// Who calls.
#[derive(Debug, Clone)]
enum Caller {
    /// The same principal whatever account is looked at.
    Fixed(String),
    /// A principal of the account looked at: what stands behind the account in its ARN.
    Local(String),
}

/// Every call that must work: palisade's own, and those that desired state declares.
pub(super) fn calls(resources: &Resources, snapshot: &OrgSnapshot) -> Vec<Call> {
    let caller = snapshot.caller.known();
    let partition = Partition::of_arn(caller.map_or("", |caller| caller.arn.as_str()));
    let organization = resources.organization_id.as_str();
    let mut calls = Vec::new();
    let mut built_in = |probe: BuiltInProbe, actions: &[&str], call: &Template<'_>| {
        calls.extend(
            actions.iter().map(|action| call.call(probe, action, &partition, organization)),
        );
    };
    let named = caller.and_then(|caller| caller.member_role.as_deref());
    let member_role = named.unwrap_or(&resources.member_role);
    let caller = caller.and_then(|caller| principal_arn(&caller.arn));
    if let Some(arn) = &caller {
        let own =
            Template { principal: Caller::Fixed(arn.clone()), resource: "*", exemption: Some(arn) };
        // From the management account, which no policy binds, the verdict is always that it works.
        built_in(BuiltInProbe::Palisade, ORGANIZATION_ACTIONS, &own);
        let role = format!("arn:{}:iam::{{account}}:role/{member_role}", partition.name());
        let assume = Template { resource: &role, ..own };
        built_in(BuiltInProbe::MemberRole, &["sts:AssumeRole"], &assume);
    }
    let some_role = format!("arn:{}:iam::{{account}}:role/example", partition.name());
    let member = format!("arn:{}:iam::*:role/{member_role}", partition.name());
    let member = Template {
        principal: Caller::Local(format!("role/{member_role}")),
        resource: &some_role,
        exemption: Some(&member),
    };
    built_in(BuiltInProbe::MemberRole, MEMBER_ACTIONS, &member);
    let has_stacksets = resources.trusted_services.contains(STACKSETS)
        || snapshot.trusted_services.known().is_some_and(|trusted| trusted.contains(STACKSETS));
    if has_stacksets {
        let pattern = format!("arn:{}:iam::*:role/{STACKSETS_PATTERN}", partition.name());
        let stacksets = Template {
            principal: Caller::Local(format!("role/{STACKSETS_ROLE}")),
            resource: &some_role,
            exemption: Some(&pattern),
        };
        built_in(BuiltInProbe::StacksetsRole, STACKSETS_ACTIONS, &stacksets);
    }
    calls.extend(
        resources.must_work.iter().flat_map(|probe| declared(probe, &partition, organization)),
    );
    calls
}

/// A probe of palisade's own, before its actions.
struct Template<'a> {
    principal: Caller,
    resource: &'a str,
    exemption: Option<&'a String>,
}

impl Template<'_> {
    fn call(
        &self,
        probe: BuiltInProbe,
        action: &str,
        partition: &Partition,
        organization: &str,
    ) -> Call {
        Call {
            probe: probe.to_string(),
            action: action.to_owned(),
            principal: self.principal.clone(),
            resource: ordinary(action, partition).unwrap_or_else(|| self.resource.to_owned()),
            places: None,
            except: BTreeSet::new(),
            exemption: self.exemption.cloned(),
            session: Session::built_in(action, partition, organization),
        }
    }
}

/// What an action that is not about roles acts on, where nobody thought of it in particular.
fn ordinary(action: &str, partition: &Partition) -> Option<String> {
    let name = match action.split(':').next()? {
        "iam" | "sts" => return None,
        "cloudformation" => "stack/StackSet-example/0123",
        "events" => "rule/StackSet-example",
        _ => return Some("*".to_owned()),
    };
    let (service, _) = action.split_once(':')?;
    let (partition, region) = (partition.name(), partition.global_region());
    Some(format!("arn:{partition}:{service}:{region}:{{account}}:{name}"))
}

fn declared<'a>(
    probe: &'a MustWork,
    partition: &'a Partition,
    organization: &'a str,
) -> impl Iterator<Item = Call> + 'a {
    let MustWork { name, places, except, principal, actions, resource, .. } = probe;
    let in_partition = |text: &String| text.replace(PARTITION, partition.name());
    let (principal, resource) = (in_partition(principal), in_partition(resource));
    let (caller, exemption) = if principal.starts_with("arn:") {
        (Caller::Fixed(principal.clone()), Some(principal.clone()))
    } else if principal == "root" || principal.contains('/') {
        let pattern = format!("arn:{}:iam::*:{principal}", partition.name());
        (Caller::Local(principal), Some(pattern))
    } else {
        (Caller::Fixed(principal), None)
    };
    actions.iter().map(move |action| Call {
        probe: name.clone(),
        action: action.clone(),
        principal: caller.clone(),
        resource: resource.clone(),
        places: Some(places.clone()),
        except: except.clone(),
        exemption: exemption.clone(),
        session: Session::of_probe(probe, action, partition, organization),
    })
}

impl Call {
    /// Is the probe about an account, which lies at `path`?
    pub(super) fn is_about(&self, account: &AccountId, path: &OuPath) -> bool {
        if self.except.contains(account) {
            return false;
        }
        let Some(places) = &self.places else { return true };
        places.iter().any(|place| match place {
            DesiredTarget::Unit(unit) => unit.contains(path),
            DesiredTarget::Account(id) => id == account,
        })
    }

    /// The principal's ARN when it is `account` that is looked at.
    pub(super) fn principal(&self, account: &AccountId) -> String {
        match &self.principal {
            Caller::Fixed(arn) => arn.clone(),
            Caller::Local(name) => {
                format!("arn:{}:iam::{account}:{name}", self.session.partition().name())
            }
        }
    }

    /// The account of a principal that is the same whatever account is looked at.
    pub(super) fn fixed_account(&self) -> Option<AccountId> {
        match &self.principal {
            Caller::Fixed(arn) => arn.split(':').nth(4)?.parse().ok(),
            Caller::Local(_) => None,
        }
    }

    /// Does the principal live in the account looked at?
    pub(super) fn is_local(&self) -> bool {
        match &self.principal {
            Caller::Fixed(_) => false,
            Caller::Local(_) => true,
        }
    }

    /// The request on the resource that the call is about; `*` is one that nobody thought of, so that a
    /// guardrail of certain resources does not lock the call out.
    pub(super) fn on(&self, request: Request, account: &AccountId) -> Request {
        match self.resource(account).as_str() {
            "*" => request.on_none(),
            resource => request.on(resource),
        }
    }

    /// The resource when it is `account` that is looked at.
    pub(super) fn resource(&self, account: &AccountId) -> String {
        self.resource.replace("{account}", account.as_str())
    }
}
