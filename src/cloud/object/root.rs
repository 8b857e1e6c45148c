//! The operations of root access.

use crate::cloud::Operation;
use crate::org::RootFeatureStep;

pub(super) const FEATURES: Operation = Operation::ListOrganizationsFeatures;
pub(super) const CREDENTIALS: Operation = Operation::GetAccountSummary;

pub(super) fn operation(step: RootFeatureStep) -> Operation {
    match step {
        RootFeatureStep::EnableCredentialsManagement => {
            Operation::EnableOrganizationsRootCredentialsManagement
        }
        RootFeatureStep::DisableCredentialsManagement => {
            Operation::DisableOrganizationsRootCredentialsManagement
        }
        RootFeatureStep::EnableSessions => Operation::EnableOrganizationsRootSessions,
        RootFeatureStep::DisableSessions => Operation::DisableOrganizationsRootSessions,
    }
}
