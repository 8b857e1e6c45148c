//! The operations of IAM users.

use crate::cloud::Operation;
use crate::org::{Credential, CredentialKind, UserStep};

pub(super) const FIRST: Operation = Operation::GetUser;
pub(super) const LISTING: Operation = Operation::ListUsers;

pub(super) fn operation(step: &UserStep) -> Operation {
    match step {
        UserStep::Create { .. } => Operation::CreateUser,
        UserStep::Tag { .. } => Operation::TagUser,
        UserStep::DeactivateKey { .. } => Operation::UpdateAccessKey,
        UserStep::DeleteKey { .. } => Operation::DeleteAccessKey,
        UserStep::DeactivateCredential { credential } => deactivation(credential),
        UserStep::DeleteCredential { credential } => deletion(credential),
        UserStep::LeaveGroup { .. } => Operation::RemoveUserFromGroup,
        UserStep::Detach { .. } => Operation::DetachUserPolicy,
        UserStep::PutInline { .. } => Operation::PutUserPolicy,
        UserStep::DeleteInline { .. } => Operation::DeleteUserPolicy,
        UserStep::DeleteBoundary => Operation::DeleteUserPermissionsBoundary,
        UserStep::DeletePassword => Operation::DeleteLoginProfile,
        UserStep::DeactivateMfa { .. } => Operation::DeactivateMfaDevice,
        UserStep::Delete => Operation::DeleteUser,
    }
}

fn deactivation(credential: &Credential) -> Operation {
    match credential.kind {
        CredentialKind::SshKey => Operation::UpdateSshPublicKey,
        CredentialKind::ServiceCredential => Operation::UpdateServiceSpecificCredential,
        CredentialKind::SigningCertificate => Operation::UpdateSigningCertificate,
    }
}

fn deletion(credential: &Credential) -> Operation {
    match credential.kind {
        CredentialKind::SshKey => Operation::DeleteSshPublicKey,
        CredentialKind::ServiceCredential => Operation::DeleteServiceSpecificCredential,
        CredentialKind::SigningCertificate => Operation::DeleteSigningCertificate,
    }
}
