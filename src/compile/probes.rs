//! Calls that must work because a document needs them, without anybody saying so.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::PARTITION;
use crate::desired::{
    BuiltInProbe, DesiredBreakGlass, DesiredTarget, GovernanceRoles, MustWork, OnUnknown,
    ProbeOrigin,
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

/// The chain of emergency access: operators reach the emergency role and, from it and directly, the roles in
/// the accounts; and those can mend an account, where they may do everything.
pub(super) fn break_glass(desired: &DesiredBreakGlass) -> Vec<MustWork> {
    let account = &desired.emergency_account;
    let role = |name: &str| format!("arn:{PARTITION}:iam::{{account}}:role/{name}");
    let emergency = format!("arn:{PARTITION}:iam::{account}:role/{}", desired.emergency_role);
    let home = BTreeSet::from([DesiredTarget::Account(account.clone())]);
    // The roles are everywhere but where the operators come from.
    let elsewhere = |principal: &str, role: &str, mfa| MustWork {
        except: BTreeSet::from([account.clone()]),
        ..assume(desired, principal, role, &desired.targets, mfa)
    };
    let mut probes = Vec::new();
    for operator in &desired.operators {
        let user = format!("arn:{PARTITION}:iam::{account}:user/{}", operator.user);
        probes.push(assume(desired, &user, &emergency, &home, Mfa::Shown));
        for one in &desired.roles {
            probes.push(elsewhere(&user, &role(&one.name), Mfa::Shown));
        }
    }
    for one in &desired.roles {
        probes.push(elsewhere(&emergency, &role(&one.name), Mfa::Lost));
        if one.managed_policies.contains("AdministratorAccess") {
            probes.push(MustWork {
                actions: MENDING.iter().map(|action| (*action).to_owned()).collect(),
                principal: format!("role/{}", one.name),
                ..elsewhere("", &role("example"), Mfa::Lost)
            });
        }
    }
    probes
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
