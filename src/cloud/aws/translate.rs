//! From the SDK's types, in which everything is optional text, to ours.

use std::collections::BTreeMap;
use std::str::FromStr;

use aws_sdk_organizations::operation::RequestId;
use aws_sdk_organizations::types;

use crate::cloud::aws::failure::unreadable;
use crate::cloud::{
    Account, Answer, CloudError, CloudErrorKind, Operation, Page, PageToken, PolicySummary, Reply,
    Unit,
};
use crate::org::{
    AccountState, InvalidId, Organization, ParentId, PolicyType, PolicyTypeStatus, Root,
};

/// `reply` with the id of the request that `output` answers.
pub(super) fn answer(reply: Reply, output: &impl RequestId) -> Answer {
    Answer { reply, request_id: request_id(output) }
}

pub(super) fn request_id(output: &impl RequestId) -> Option<String> {
    output.request_id().map(str::to_owned)
}

/// The id in `text`, which AWS must have given.
pub(super) fn id<T>(operation: Operation, field: &str, text: Option<&str>) -> Result<T, CloudError>
where
    T: FromStr<Err = InvalidId>,
{
    let text = text.ok_or_else(|| unreadable(operation, &format!("no `{field}` in the answer")))?;
    text.parse().map_err(|invalid: InvalidId| unreadable(operation, &format!("{field}: {invalid}")))
}

/// A page of `items`, each translated; one that cannot be read spoils the page, because a list with a
/// hole would look as if something had gone.
pub(super) fn page<S, T>(
    items: Option<Vec<S>>,
    next: PageToken,
    translate: impl Fn(S) -> Result<T, CloudError>,
) -> Result<Page<T>, CloudError> {
    let items = items.unwrap_or_default().into_iter().map(translate).collect::<Result<_, _>>()?;
    // Some endpoints end a listing with an empty token instead of none.
    Ok(Page { items, next: next.filter(|token| !token.is_empty()) })
}

pub(super) fn organization(
    operation: Operation,
    organization: Option<&types::Organization>,
) -> Result<Organization, CloudError> {
    let organization =
        organization.ok_or_else(|| unreadable(operation, "no `Organization` in the answer"))?;
    Ok(Organization {
        id: id(operation, "Id", organization.id())?,
        management_account: id(operation, "MasterAccountId", organization.master_account_id())?,
        all_features: organization
            .feature_set()
            .is_some_and(|set| *set == types::OrganizationFeatureSet::All),
    })
}

pub(super) fn root(operation: Operation, root: &types::Root) -> Result<Root, CloudError> {
    let policy_types = root.policy_types().iter().filter_map(|summary| {
        let status = policy_type_status(summary.status()?)?;
        Some((PolicyType::named(summary.r#type()?.as_str()), status))
    });
    Ok(Root { id: id(operation, "Id", root.id())?, policy_types: policy_types.collect() })
}

/// Nothing for a status that is new: the type is then neither known to be on nor to be off, and the
/// absent entry makes an attempt to enable it, which AWS answers.
fn policy_type_status(status: &types::PolicyTypeStatus) -> Option<PolicyTypeStatus> {
    match status.as_str() {
        "ENABLED" => Some(PolicyTypeStatus::Enabled),
        "PENDING_ENABLE" => Some(PolicyTypeStatus::PendingEnable),
        "PENDING_DISABLE" => Some(PolicyTypeStatus::PendingDisable),
        _ => None,
    }
}

/// An account; `parent` is what it was asked for by, if it was.
pub(super) fn account(
    operation: Operation,
    account: &types::Account,
    parent: Option<&ParentId>,
) -> Result<Account, CloudError> {
    let state = account.state().map(types::AccountState::as_str);
    let status = account.status().map(types::AccountStatus::as_str);
    Ok(Account {
        id: id(operation, "Id", account.id())?,
        name: account.name().unwrap_or_default().to_owned(),
        state: account_state(state.or(status)),
        parent: parent
            .cloned()
            .or_else(|| account.paths().iter().find_map(|path| last_parent(path))),
    })
}

/// `State`, or `Status` where there is no `State` yet: AWS replaces the one by the other during 2026.
fn account_state(state: Option<&str>) -> AccountState {
    match state {
        Some("PENDING_ACTIVATION") => AccountState::PendingActivation,
        Some("ACTIVE") => AccountState::Active,
        Some("SUSPENDED") => AccountState::Suspended,
        Some("PENDING_CLOSURE") => AccountState::PendingClosure,
        Some("CLOSED") => AccountState::Closed,
        Some(_) | None => AccountState::Other,
    }
}

/// What an account lies in, from its path: `o-…/r-…/ou-…/ou-…/123456789012/`, with or without the
/// account at its end.
fn last_parent(path: &str) -> Option<ParentId> {
    path.split('/').rev().find_map(|segment| segment.parse().ok())
}

pub(super) fn unit(
    operation: Operation,
    unit: &types::OrganizationalUnit,
) -> Result<Unit, CloudError> {
    let name = unit.name().ok_or_else(|| unreadable(operation, "an OU without a `Name`"))?;
    Ok(Unit { id: id(operation, "Id", unit.id())?, name: name.to_owned() })
}

pub(super) fn policy_summary(
    operation: Operation,
    summary: &types::PolicySummary,
) -> Result<PolicySummary, CloudError> {
    let policy_type =
        summary.r#type().ok_or_else(|| unreadable(operation, "a policy without a `Type`"))?;
    Ok(PolicySummary {
        id: id(operation, "Id", summary.id())?,
        policy_type: PolicyType::named(policy_type.as_str()),
        name: summary.name().unwrap_or_default().to_owned(),
        description: summary.description().unwrap_or_default().to_owned(),
        aws_managed: summary.aws_managed(),
    })
}

pub(super) fn policy(
    operation: Operation,
    policy: Option<&types::Policy>,
) -> Result<(PolicySummary, Option<&str>), CloudError> {
    let policy = policy.ok_or_else(|| unreadable(operation, "no `Policy` in the answer"))?;
    let summary = policy
        .policy_summary()
        .ok_or_else(|| unreadable(operation, "a policy without a `PolicySummary`"))?;
    Ok((policy_summary(operation, summary)?, policy.content()))
}

pub(super) fn policy_type(policy_type: &PolicyType) -> types::PolicyType {
    types::PolicyType::from(policy_type.as_str())
}

pub(super) fn tags(
    operation: Operation,
    tags: BTreeMap<String, String>,
) -> Result<Option<Vec<types::Tag>>, CloudError> {
    if tags.is_empty() {
        return Ok(None);
    }
    let tag = |(key, value)| types::Tag::builder().key(key).value(value).build();
    tags.into_iter().map(tag).collect::<Result<_, _>>().map(Some).map_err(|error| {
        CloudError::new(CloudErrorKind::Invalid, operation, "InvalidRequest", &error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_organizations::types;

    use super::{account, last_parent, page, root};
    use crate::cloud::{CloudErrorKind, Operation};
    use crate::org::{AccountState, ParentId, PolicyType, PolicyTypeStatus};

    const LISTING: Operation = Operation::ListAccounts;

    #[test]
    fn a_path_ends_in_what_the_account_lies_in() {
        for (path, parent) in [
            ("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/123456789012/", Some("ou-ab12-11111111")),
            ("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/", Some("ou-ab12-22222222")),
            ("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111", Some("ou-ab12-11111111")),
            ("/o-a1b2c3d4e5/r-ab12/123456789012/", Some("r-ab12")),
            ("o-a1b2c3d4e5/123456789012/", None),
            ("", None),
        ] {
            assert_eq!(last_parent(path).as_ref().map(ParentId::as_str), parent, "{path}");
        }
    }

    #[test]
    fn the_state_comes_before_the_status() {
        let with = |state: Option<&str>, status: Option<&str>| {
            let given = types::Account::builder()
                .id("123456789012")
                .set_state(state.map(types::AccountState::from))
                .set_status(status.map(types::AccountStatus::from))
                .build();
            account(LISTING, &given, None).unwrap().state
        };
        assert_eq!(with(Some("CLOSED"), Some("SUSPENDED")), AccountState::Closed);
        assert_eq!(with(None, Some("SUSPENDED")), AccountState::Suspended);
        assert_eq!(with(Some("ARCHIVED"), None), AccountState::Other);
        assert_eq!(with(None, None), AccountState::Other);
    }

    #[test]
    fn one_account_without_a_proper_id_spoils_its_page() {
        let good = types::Account::builder().id("123456789012").build();
        let bad = types::Account::builder().id("12345").build();
        let error = page(Some(vec![good, bad]), None, |item| account(LISTING, &item, None))
            .expect_err("the id is too short");
        assert_eq!(
            (error.kind, error.code.as_str()),
            (CloudErrorKind::Unavailable, "UnreadableReply")
        );
        assert!(error.message.contains("`12345`"), "{error}");
    }

    #[test]
    fn an_empty_page_keeps_its_token_and_an_empty_token_is_none() {
        let next = |token: &str| {
            page(None, Some(token.to_owned()), |item: types::Account| account(LISTING, &item, None))
                .unwrap()
                .next
        };
        assert_eq!(next("more").as_deref(), Some("more"));
        assert_eq!(next(""), None);
    }

    #[test]
    fn policy_types_are_kept_by_name_even_when_they_are_new() {
        let summary = types::PolicyTypeSummary::builder()
            .r#type(types::PolicyType::from("TOMORROWS_POLICY"))
            .status(types::PolicyTypeStatus::PendingEnable)
            .build();
        let given = types::Root::builder().id("r-ab12").policy_types(summary).build();
        let root = root(Operation::ListRoots, &given).unwrap();
        let status = root.policy_types.get(&PolicyType::named("TOMORROWS_POLICY"));
        assert_eq!(status, Some(&PolicyTypeStatus::PendingEnable));
    }
}
