//! Conditions that take callers for what they are not: MFA, and the addresses of AWS's own calls.

use crate::lint::statement::{Clause, Statement};
use crate::lint::{LintCode, Lints};
use crate::policy::Comparison;

pub(crate) fn check(statement: &Statement<'_>, clause: &Clause<'_>, lints: &mut Lints) {
    if let Some((message, help)) = mfa(statement, clause) {
        lints.add(LintCode::MfaKeyMissing, &clause.pointer, message, help);
    }
    let is_negated = clause.operator.comparison == Comparison::NotIpAddress;
    if statement.is_deny
        && is_negated
        && clause.is_on("aws:SourceIp")
        && !statement.asks("aws:ViaAWSService")
    {
        let message = "calls that AWS services make on behalf of a principal are denied as well";
        let help = "add `\"Bool\": {\"aws:ViaAWSService\": \"false\"}`";
        lints.add(LintCode::SourceIpOfService, &clause.pointer, message, help);
    }
}

fn mfa(statement: &Statement<'_>, clause: &Clause<'_>) -> Option<(&'static str, &'static str)> {
    let if_exists = clause.operator.if_exists;
    if clause.is_on("aws:MultiFactorAuthAge") {
        let is_older = matches!(
            clause.operator.comparison,
            Comparison::NumericGreaterThan | Comparison::NumericGreaterThanEquals
        );
        return (statement.is_deny && is_older && !if_exists).then_some((
            "calls without MFA have no `aws:MultiFactorAuthAge`, so this lets them through",
            "use the operator with `IfExists`",
        ));
    }
    let is_bool = clause.operator.comparison == Comparison::Bool;
    if !is_bool || !clause.is_on("aws:MultiFactorAuthPresent") {
        return None;
    }
    match (statement.is_deny, clause.says("false"), if_exists) {
        (true, true, false) => Some((
            "calls with long-term access keys do not have the key, so this lets them through",
            "use `BoolIfExists`",
        )),
        (true, true, true) if !is_narrowed(statement) => Some((
            "this denies every session of a role that a service, a pipeline or another role assumed: \
             they cannot have MFA",
            "leave roles alone with a condition on `aws:PrincipalArn`",
        )),
        (false, false, false) => Some((
            "sessions of roles that services, pipelines or other roles assumed cannot have MFA, so this \
             never allows them anything",
            "deny people without MFA instead, with a condition on `aws:PrincipalArn`",
        )),
        (true | false, ..) => None,
    }
}

/// Does another condition look at who calls?
fn is_narrowed(statement: &Statement<'_>) -> bool {
    let is_of_caller = |key: &str| {
        let key = key.to_ascii_lowercase();
        key.starts_with("aws:principal") || key == "aws:userid" || key == "aws:username"
    };
    statement.clauses.iter().any(|clause| is_of_caller(clause.key))
}
