//! Values that no request has.

use crate::lint::statement::Clause;
use crate::lint::texts::blank;
use crate::lint::{LintCode, Lints};
use crate::policy::{Comparison, WildcardPattern};
use crate::reference;

/// Keys whose values are names of Regions.
const REGION_KEYS: &[&str] = &["aws:RequestedRegion", "ec2:Region", "account:TargetRegion"];
/// Keys whose values are ids of accounts.
const ACCOUNT_KEYS: &[&str] =
    &["aws:PrincipalAccount", "aws:ResourceAccount", "aws:SourceAccount", "aws:VpceAccount"];
/// Keys whose values are ids of organizations.
const ORGANIZATION_KEYS: &[&str] =
    &["aws:PrincipalOrgID", "aws:ResourceOrgID", "aws:SourceOrgID", "aws:VpceOrgID"];
/// Keys whose values say what time it is.
const CLOCK_KEYS: &[&str] = &["aws:CurrentTime", "aws:EpochTime"];

pub(crate) fn check(clause: &Clause<'_>, lints: &mut Lints) {
    let comparison: &str = clause.operator.comparison.into();
    for (pointer, value) in &clause.values {
        // What is to be replaced has a finding of its own, or its value is not known.
        if value.contains('$') || blank(value).is_some() {
            continue;
        }
        let is_literal = comparison.contains("Equals") && comparison.starts_with("String");
        if is_literal && value.contains('*') {
            let message = format!("`{comparison}` takes the `*` in `{value}` literally");
            let help = "wildcards count in `StringLike` and `StringNotLike`";
            lints.add(LintCode::WildcardWithoutLike, pointer, message, help);
        } else if let Some((code, message, help)) = misfit(clause, comparison, value) {
            lints.add(code, pointer, message, help);
        }
    }
    clock(clause, lints);
}

/// What is wrong with one value, if anything.
fn misfit(
    clause: &Clause<'_>,
    comparison: &str,
    value: &str,
) -> Option<(LintCode, String, String)> {
    let never =
        |message: String, help: &str| Some((LintCode::NeverMatches, message, help.to_owned()));
    let is_on = |keys: &[&str]| keys.iter().any(|key| clause.is_on(key));
    let is_text = comparison.starts_with("String");
    if is_text && is_on(REGION_KEYS) && !is_region(value) {
        let message = format!("`{value}` is no Region as of {}", reference::date());
        return Some((
            LintCode::UnknownRegion,
            message,
            "names of Regions are in lower case".to_owned(),
        ));
    }
    if is_text && is_on(ACCOUNT_KEYS) && !value.contains(['*', '?']) && !is_account(value) {
        let message = format!("`{value}` is no account id, so it matches nothing");
        return never(message, "ids have 12 digits; quote them, leading zeros count");
    }
    if is_text && is_on(ORGANIZATION_KEYS) && !value.contains(['*', '?']) && !is_organization(value)
    {
        let message = format!("`{value}` is no organization id, so it matches nothing");
        return never(message, "ids read `o-` and 10 to 32 lower-case letters and digits");
    }
    if is_on(&["aws:PrincipalArn"])
        && let Some((message, help)) = principal(value)
    {
        return never(message, help);
    }
    if comparison.starts_with("Arn") && !value.ends_with('*') && value.matches(':').count() < 5 {
        let message = format!("`{value}` is no ARN, so it matches nothing");
        return never(message, "ARNs read `arn:partition:service:region:account:name`");
    }
    if comparison.contains("IpAddress") && is_on(&["aws:SourceIp"]) && is_private(value) {
        let message =
            format!("`{value}` is private, and `aws:SourceIp` is always a public address");
        return never(message, "compare calls through VPC endpoints by `aws:VpcSourceIp`");
    }
    None
}

/// What is wrong with a pattern of principals, if anything.
fn principal(value: &str) -> Option<(String, &'static str)> {
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    let [_, _, service, _, account, name] = parts[..] else { return None };
    if service == "sts" || name.starts_with("assumed-role/") {
        let message = format!("`{value}` matches nobody: the principal of a session is its role");
        return Some((message, "write `arn:aws:iam::…:role/NAME`"));
    }
    let is_open = account.contains(['*', '?']);
    (!is_open && !is_account(account)).then(|| {
        let message = format!("`{value}` matches nobody: the fifth part is no account id");
        (message, "write the 12 digits of an account, or `*` for every account")
    })
}

/// Is there a Region of this name, or one that matches the pattern?
pub(crate) fn is_region(name: &str) -> bool {
    let pattern = WildcardPattern::new(name);
    reference::regions().iter().any(|region| pattern.matches(&region.name))
}

fn clock(clause: &Clause<'_>, lints: &mut Lints) {
    let is_null = clause.operator.comparison == Comparison::Null;
    if !is_null && CLOCK_KEYS.iter().any(|key| clause.is_on(key)) {
        let message = "the policy changes what it does on a date, without a commit";
        let help = "to switch a guardrail off for a time, use `spec.suspend`";
        lints.add(LintCode::DateCondition, &clause.pointer, message, help);
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_organization(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let rest = text.strip_prefix("o-").unwrap_or_default();
    (10..=32).contains(&rest.len()) && rest.bytes().all(is_fit)
}

/// The networks of RFC 1918.
fn is_private(address: &str) -> bool {
    let mut parts = address.split('.').map(|part| part.parse().unwrap_or(256_u32));
    match (parts.next(), parts.next()) {
        (Some(10), Some(_)) | (Some(192), Some(168)) => true,
        (Some(172), Some(second)) => (16..32).contains(&second),
        _ => false,
    }
}
