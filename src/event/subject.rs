//! What a call is made on, as its parameters say it.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::event::record::Record;
use crate::event::text::Text;
use crate::event::{Identity, Principal, Subject};
use crate::org::{AccountId, OuId, PolicyId, PolicyType, TargetId};

/// Parameters of all calls that matter, by the names CloudTrail gives them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    #[serde(default)]
    policy_id: Text,
    #[serde(default)]
    target_id: Text,
    #[serde(default)]
    resource_id: Text,
    #[serde(default, rename = "type")]
    kind: Text,
    #[serde(default)]
    policy_type: Text,
    #[serde(default)]
    account_id: Text,
    #[serde(default)]
    organizational_unit_id: Text,
    #[serde(default)]
    service_principal: Text,
    #[serde(default)]
    role_arn: Text,
    #[serde(default)]
    role_name: Text,
    #[serde(default)]
    user_name: Text,
    #[serde(default)]
    group_name: Text,
    #[serde(default)]
    bucket_name: Text,
    #[serde(default)]
    name: Text,
    #[serde(default)]
    trail_name: Text,
    #[serde(default)]
    stack_set_name: Text,
    #[serde(default)]
    region_name: Text,
    #[serde(default)]
    alternate_contact_type: Text,
    #[serde(default)]
    key_id: Text,
    #[serde(default)]
    alias_name: Text,
    #[serde(default)]
    rule: Text,
    #[serde(default)]
    policy_arn: Text,
    #[serde(default, rename = "sAMLProviderArn")]
    saml_provider_arn: Text,
}

/// Everything that the call may have changed.
pub(super) fn subjects(
    service: &str,
    operation: &str,
    record: &Record,
    account: &AccountId,
) -> BTreeSet<Subject> {
    let none = Parameters::default();
    let parameters = record.request_parameters.as_ref().unwrap_or(&none);
    // What only reads changes nothing.
    if ["Get", "List", "Describe", "Lookup", "Head"].iter().any(|verb| operation.starts_with(verb))
    {
        return BTreeSet::new();
    }
    match service {
        "organizations" => of_organizations(operation, parameters, record),
        "iam" | "cloudtrail" | "s3" | "cloudformation" | "account" | "kms" | "events" => {
            objects(parameters, account)
        }
        _ => BTreeSet::new(),
    }
}

fn of_organizations(
    operation: &str,
    parameters: &Parameters,
    record: &Record,
) -> BTreeSet<Subject> {
    let policy = || id::<PolicyId>(&parameters.policy_id);
    let unit = || id::<OuId>(&parameters.organizational_unit_id);
    let service = || parameters.service_principal.get().map(str::to_owned);
    let found: Vec<Option<Subject>> = match operation {
        "AttachPolicy" | "DetachPolicy" => {
            let target = id::<TargetId>(&parameters.target_id);
            vec![policy().zip(target).map(|(policy, target)| Subject::Attachment(policy, target))]
        }
        "UpdatePolicy" | "DeletePolicy" => vec![policy().map(Subject::Policy)],
        "CreatePolicy" => vec![policy_type(&parameters.kind).map(Subject::NewPolicy)],
        "EnablePolicyType" | "DisablePolicyType" => {
            vec![policy_type(&parameters.policy_type).map(Subject::PolicyType)]
        }
        "TagResource" | "UntagResource" => vec![
            id::<PolicyId>(&parameters.resource_id).map(Subject::Policy),
            id::<OuId>(&parameters.resource_id).map(|id| Subject::Tags(id.as_str().to_owned())),
        ],
        "EnableAWSServiceAccess" | "DisableAWSServiceAccess" => {
            vec![service().map(Subject::TrustedService)]
        }
        "RegisterDelegatedAdministrator" | "DeregisterDelegatedAdministrator" => {
            vec![service().map(Subject::Administrators)]
        }
        "CreateOrganizationalUnit" => {
            let made = record.response_elements.as_ref();
            let made = made.and_then(|answer| answer.organizational_unit.as_ref());
            let made = made.and_then(|made| id::<OuId>(&made.id));
            vec![Some(Subject::Tree), made.map(Subject::Unit)]
        }
        "UpdateOrganizationalUnit" | "DeleteOrganizationalUnit" => {
            vec![Some(Subject::Tree), unit().map(Subject::Unit)]
        }
        "MoveAccount" | "CloseAccount" | "RemoveAccountFromOrganization" => {
            let account = id::<AccountId>(&parameters.account_id);
            vec![Some(Subject::Tree), account.map(Subject::Account)]
        }
        "CreateAccount"
        | "CreateAccountResult"
        | "CreateGovCloudAccount"
        | "AcceptHandshake"
        | "LeaveOrganization" => vec![Some(Subject::Tree)],
        _ => Vec::new(),
    };
    found.into_iter().flatten().collect()
}

/// Every name in the parameters, each of them in the account of the call or the one that it is about.
fn objects(parameters: &Parameters, account: &AccountId) -> BTreeSet<Subject> {
    let about = id::<AccountId>(&parameters.account_id).unwrap_or_else(|| account.clone());
    let Parameters {
        policy_id: _,
        target_id: _,
        resource_id: _,
        kind: _,
        policy_type: _,
        account_id: _,
        organizational_unit_id: _,
        service_principal: _,
        role_arn: _,
        role_name,
        user_name,
        group_name,
        bucket_name,
        name,
        trail_name,
        stack_set_name,
        region_name,
        alternate_contact_type,
        key_id,
        alias_name,
        rule,
        policy_arn,
        saml_provider_arn,
    } = parameters;
    [
        role_name,
        user_name,
        group_name,
        bucket_name,
        name,
        trail_name,
        stack_set_name,
        region_name,
        alternate_contact_type,
        key_id,
        alias_name,
        rule,
        policy_arn,
        saml_provider_arn,
    ]
    .into_iter()
    .filter_map(Text::get)
    .flat_map(written_otherwise)
    .map(|name| Subject::Object(about.clone(), name))
    .collect()
}

/// A name, and what it is where it is the end of an ARN, or the beginning of a `StackSet`'s `name:id`.
fn written_otherwise(name: &str) -> BTreeSet<String> {
    let end = name.rsplit(['/', ':']).next().unwrap_or(name);
    let beginning = name.split(':').next().unwrap_or(name);
    [name, end, beginning]
        .into_iter()
        .filter(|name| !name.is_empty())
        .flat_map(|name| [name.to_owned(), name.to_ascii_lowercase()])
        .collect()
}

/// The role or user whose place the caller has taken, if the call gave it to them.
pub(super) fn entered(
    service: &str,
    operation: &str,
    record: &Record,
    principal: &Principal,
) -> Option<Identity> {
    let answer = record.response_elements.as_ref();
    let says = |text: fn(&super::record::Answered) -> &Text| {
        answer.and_then(|answer| text(answer).get()) == Some("Success")
    };
    match (service, operation) {
        ("sts", "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity") => {
            Identity::of_arn(record.request_parameters.as_ref()?.role_arn.get()?)
        }
        ("signin", "ConsoleLogin") if says(|answer| &answer.console_login) => {
            principal.identity.clone()
        }
        ("signin", "SwitchRole") if says(|answer| &answer.switch_role) => {
            principal.identity.clone()
        }
        _ => None,
    }
}

fn policy_type(text: &Text) -> Option<PolicyType> {
    let is_name = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    let name = text.get().filter(|name| name.len() <= 64 && name.bytes().all(is_name))?;
    Some(PolicyType::named(name))
}

fn id<T: std::str::FromStr>(text: &Text) -> Option<T> {
    text.get()?.parse().ok()
}
