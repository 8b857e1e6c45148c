//! Root access: the features of the organization, and what the root user of an account has.

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::RequestId;
use aws_sdk_iam::types::SummaryKeyType;

use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::object::Answered;
use crate::cloud::{CloudError, Operation, Reading};
use crate::org::{
    ObjectState, RootCredentialsState, RootFeature, RootFeatureState, RootFeatureStep,
};

/// Is the feature called `name` on?
pub(super) async fn read_feature(client: &Client, name: &str) -> Answered<Reading> {
    let sent = client.list_organizations_features().send().await;
    let answer = sent.map_err(|error| failure(Operation::ListOrganizationsFeatures, &error))?;
    let enabled = answer.enabled_features().iter().any(|feature| feature.as_str() == name);
    let request_id = answer.request_id().map(str::to_owned);
    let Ok(feature) = name.parse::<RootFeature>() else {
        return Ok((Reading::nothing(), request_id));
    };
    let state = RootFeatureState { feature, enabled };
    Ok((Reading::whole(ObjectState::RootFeature(state)), request_id))
}

/// Switches a feature on or off.
pub(super) async fn write_feature(
    client: &Client,
    step: RootFeatureStep,
) -> Result<Option<String>, CloudError> {
    match step {
        RootFeatureStep::EnableCredentialsManagement => sent!(
            EnableOrganizationsRootCredentialsManagement,
            client.enable_organizations_root_credentials_management()
        ),
        RootFeatureStep::DisableCredentialsManagement => sent!(
            DisableOrganizationsRootCredentialsManagement,
            client.disable_organizations_root_credentials_management()
        ),
        RootFeatureStep::EnableSessions => {
            sent!(EnableOrganizationsRootSessions, client.enable_organizations_root_sessions())
        }
        RootFeatureStep::DisableSessions => {
            sent!(DisableOrganizationsRootSessions, client.disable_organizations_root_sessions())
        }
    }
}

/// What the root user of the account has to sign in with.
pub(super) async fn read_credentials(client: &Client) -> Answered<Reading> {
    const OPERATION: Operation = Operation::GetAccountSummary;
    let sent = client.get_account_summary().send().await;
    let answer = sent.map_err(|error| failure(OPERATION, &error))?;
    let summary = answer
        .summary_map()
        .ok_or_else(|| unreadable(OPERATION, "no `SummaryMap` in the answer"))?;
    let has = |key: &SummaryKeyType| summary.get(key).is_some_and(|count| *count > 0);
    let found = RootCredentialsState {
        access_keys: has(&SummaryKeyType::AccountAccessKeysPresent),
        password: has(&SummaryKeyType::AccountPasswordPresent),
        certificates: has(&SummaryKeyType::AccountSigningCertificatesPresent),
    };
    let request_id = answer.request_id().map(str::to_owned);
    Ok((Reading::whole(ObjectState::RootCredentials(found)), request_id))
}
