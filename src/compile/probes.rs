//! Calls that must work because a document needs them, without anybody saying so.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::compile::PARTITION;
use crate::desired::{
    BuiltInProbe, DesiredBreakGlass, DesiredTarget, EmergencyRole, GovernanceRoles, MustWork,
    OnUnknown, ProbeOrigin,
};

/// The role that AWS Organizations makes in every account it creates.
pub const MEMBER_ROLE: &str = "OrganizationAccountAccessRole";

/// What whoever mends an account in an emergency does there first: find out who they are, see what happened,
/// take credentials away, give others.
const MENDING: &[&str] = &[
    "cloudtrail:LookupEvents",
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:GetRole",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "sts:GetCallerIdentity",
];

/// The name by which palisade is a role in other accounts, as far as desired state says it.
pub(super) fn member_role(roles: &GovernanceRoles) -> String {
    let plain = roles.palisade.iter().find(|name| !name.contains(['*', '?']));
    plain.map_or(MEMBER_ROLE, String::as_str).to_owned()
}

/// The chain of emergency access: operators reach the emergency role and, from it, from the role of the identity
/// provider and directly, the roles in the accounts; and those do there what they are for.
pub(super) fn break_glass(desired: &DesiredBreakGlass) -> Vec<MustWork> {
    let account = &desired.emergency_account;
    let role = |name: &str| format!("arn:{PARTITION}:iam::{{account}}:role/{name}");
    let entrance = |name: &str| format!("arn:{PARTITION}:iam::{account}:role/{name}");
    let emergency = entrance(&desired.emergency_role);
    let home = BTreeSet::from([DesiredTarget::Account(account.clone())]);
    // The roles are everywhere but where the operators come from.
    let elsewhere = |one: &EmergencyRole, principal: &str, resource: &str, mfa| MustWork {
        except: BTreeSet::from([account.clone()]),
        ..assume(desired, principal, resource, desired.targets_of(one), mfa)
    };
    let mut probes = Vec::new();
    for operator in &desired.operators {
        let user = format!("arn:{PARTITION}:iam::{account}:user/{}", operator.user);
        probes.push(assume(desired, &user, &emergency, &home, Mfa::Shown));
        for one in &desired.roles {
            probes.push(elsewhere(one, &user, &role(&one.name), Mfa::Shown));
        }
    }
    for one in &desired.roles {
        for name in desired.entrances() {
            probes.push(elsewhere(one, &entrance(name), &role(&one.name), Mfa::Lost));
        }
        for (resource, actions) in purposes(one, &role("example")) {
            probes.push(MustWork {
                actions: actions.into_iter().collect(),
                principal: format!("role/{}", one.name),
                ..elsewhere(one, "", &resource, Mfa::Lost)
            });
        }
    }
    probes
}

/// What a role is for, by resource: mending, where it may do everything, and every action that its own policy
/// allows by its full name. What stands behind a `*` there is too much to be proved.
fn purposes(role: &EmergencyRole, some_role: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut purposes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if role.managed_policies.contains("AdministratorAccess") {
        let mending = MENDING.iter().map(|action| (*action).to_owned());
        purposes.entry(some_role.to_owned()).or_default().extend(mending);
    }
    let statements = role.policy.as_ref().map_or(&[][..], |policy| each(&policy["Statement"]));
    for statement in statements.iter().filter(|statement| statement["Effect"] == "Allow") {
        // The first that is one resource stands for the others.
        let resources = each(&statement["Resource"]).iter().filter_map(Value::as_str);
        let resource = resources.into_iter().find(|text| is_plain(text)).unwrap_or("*");
        let actions = each(&statement["Action"]).iter().filter_map(Value::as_str);
        let named = actions.filter(|action| is_plain(action)).map(ToOwned::to_owned);
        purposes.entry(resource.to_owned()).or_default().extend(named);
    }
    purposes.retain(|_, actions| !actions.is_empty());
    purposes
}

fn is_plain(text: &str) -> bool {
    !text.contains(['*', '?', '$'])
}

fn each(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// Did the session begin with a second factor? One that was reached through a role says that it did not.
#[derive(Debug, Clone, Copy)]
enum Mfa {
    Shown,
    Lost,
}

fn assume(
    desired: &DesiredBreakGlass,
    principal: &str,
    role: &str,
    places: &BTreeSet<DesiredTarget>,
    mfa: Mfa,
) -> MustWork {
    let said = |key: &str, value: &str| (key.to_owned(), vec![value.to_owned()]);
    let context = match mfa {
        Mfa::Shown => BTreeMap::from([
            said("aws:MultiFactorAuthPresent", "true"),
            said("aws:MultiFactorAuthAge", "60"),
            said("aws:PrincipalType", "User"),
        ]),
        Mfa::Lost => BTreeMap::from([said("aws:MultiFactorAuthPresent", "false")]),
    };
    MustWork {
        name: BuiltInProbe::BreakGlass.to_string(),
        document: desired.header.document.clone(),
        places: places.clone(),
        except: BTreeSet::new(),
        principal: principal.to_owned(),
        actions: vec!["sts:AssumeRole".to_owned()],
        resource: role.to_owned(),
        context,
        absent: BTreeSet::new(),
        on_unknown: OnUnknown::Fail,
        origin: ProbeOrigin::BuiltIn,
    }
}
