//! The changes of what lets a user in beside passwords and access keys.

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::RequestId;
use aws_sdk_iam::types::StatusType;

use crate::cloud::aws::failure::failure;
use crate::cloud::{CloudError, Operation};
use crate::org::{Credential, CredentialKind};

/// Lets nobody in with `credential` of the user called `name` any more.
pub(super) async fn deactivate(
    client: &Client,
    name: &str,
    credential: Credential,
) -> Result<Option<String>, CloudError> {
    let Credential { kind, id } = credential;
    match kind {
        CredentialKind::SshKey => {
            let request = client.update_ssh_public_key().user_name(name).ssh_public_key_id(id);
            sent!(UpdateSshPublicKey, request.status(StatusType::Inactive))
        }
        CredentialKind::ServiceCredential => {
            let request = client.update_service_specific_credential().user_name(name);
            let request = request.service_specific_credential_id(id);
            sent!(UpdateServiceSpecificCredential, request.status(StatusType::Inactive))
        }
        CredentialKind::SigningCertificate => {
            let request = client.update_signing_certificate().user_name(name).certificate_id(id);
            sent!(UpdateSigningCertificate, request.status(StatusType::Inactive))
        }
    }
}

/// Deletes `credential` of the user called `name`.
pub(super) async fn delete(
    client: &Client,
    name: &str,
    credential: Credential,
) -> Result<Option<String>, CloudError> {
    let Credential { kind, id } = credential;
    match kind {
        CredentialKind::SshKey => {
            let request = client.delete_ssh_public_key().user_name(name);
            sent!(DeleteSshPublicKey, request.ssh_public_key_id(id))
        }
        CredentialKind::ServiceCredential => {
            let request = client.delete_service_specific_credential().user_name(name);
            sent!(DeleteServiceSpecificCredential, request.service_specific_credential_id(id))
        }
        CredentialKind::SigningCertificate => {
            let request = client.delete_signing_certificate().user_name(name);
            sent!(DeleteSigningCertificate, request.certificate_id(id))
        }
    }
}
