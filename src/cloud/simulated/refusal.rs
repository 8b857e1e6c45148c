//! How the simulated AWS says no: its own error codes, and the kind each of them is.

use crate::cloud::{CloudError, CloudErrorKind, Operation};

/// A call that AWS refuses, before it is known who asked and under which request id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// AWS's error code.
    pub code: Code,
    /// AWS's message; the typed reason is behind it where the exception has one.
    pub message: String,
}

/// The exceptions of the API reference that the simulation throws.
#[expect(missing_docs, reason = "named and documented by AWS")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
pub enum Code {
    AccessDeniedException,
    AccountAlreadyRegisteredException,
    AccountNotFoundException,
    AccountNotRegisteredException,
    #[strum(serialize = "AWSOrganizationsNotInUseException")]
    AwsOrganizationsNotInUseException,
    BucketAlreadyOwnedByYou,
    CloudTrailAccessNotEnabledException,
    ConcurrentModificationException,
    ConstraintViolationException,
    DeleteConflict,
    DestinationParentNotFoundException,
    DuplicateAccountException,
    DuplicateOrganizationalUnitException,
    DuplicatePolicyAttachmentException,
    DuplicatePolicyException,
    EntityAlreadyExists,
    ExpiredTokenException,
    InsufficientS3BucketPolicyException,
    InvalidBucketState,
    InvalidInputException,
    InvalidOperationException,
    MalformedPolicy,
    MalformedPolicyDocument,
    MalformedPolicyDocumentException,
    MaximumNumberOfTrailsExceededException,
    NameAlreadyExistsException,
    NoSuchBucket,
    #[strum(serialize = "KMSInvalidStateException")]
    KmsInvalidStateException,
    NoSuchEntity,
    NotFoundException,
    OperationIdAlreadyExistsException,
    OperationInProgressException,
    OrganizationalUnitNotEmptyException,
    OrganizationalUnitNotFoundException,
    ParentNotFoundException,
    PolicyChangesInProgressException,
    PolicyInUseException,
    PolicyNotAttachedException,
    PolicyNotFoundException,
    PolicyTypeAlreadyEnabledException,
    PolicyTypeNotAvailableForOrganizationException,
    PolicyTypeNotEnabledException,
    ResourceNotFoundException,
    RootNotFoundException,
    S3BucketDoesNotExistException,
    ServiceException,
    SourceParentNotFoundException,
    StackInstanceNotFoundException,
    StackSetNotEmptyException,
    StackSetNotFoundException,
    TargetNotFoundException,
    Throttling,
    TooManyRequestsException,
    TrailAlreadyExistsException,
    TrailNotFoundException,
    ValidationError,
    ValidationException,
}

impl Code {
    /// What kind of failure the code is.
    pub fn kind(self) -> CloudErrorKind {
        match self {
            Self::TooManyRequestsException | Self::Throttling => {
                CloudErrorKind::Throttled { after: None }
            }
            Self::ConcurrentModificationException
            | Self::KmsInvalidStateException
            | Self::OperationInProgressException
            | Self::PolicyChangesInProgressException => CloudErrorKind::Busy,
            Self::AccountNotFoundException
            | Self::AccountNotRegisteredException
            | Self::DestinationParentNotFoundException
            | Self::NoSuchBucket
            | Self::NotFoundException
            | Self::NoSuchEntity
            | Self::OrganizationalUnitNotFoundException
            | Self::ParentNotFoundException
            | Self::PolicyNotAttachedException
            | Self::PolicyNotFoundException
            | Self::PolicyTypeNotEnabledException
            | Self::ResourceNotFoundException
            | Self::RootNotFoundException
            | Self::SourceParentNotFoundException
            | Self::StackInstanceNotFoundException
            | Self::StackSetNotFoundException
            | Self::TargetNotFoundException
            | Self::TrailNotFoundException => CloudErrorKind::NotFound,
            Self::AccountAlreadyRegisteredException
            | Self::BucketAlreadyOwnedByYou
            | Self::DuplicateAccountException
            | Self::DuplicateOrganizationalUnitException
            | Self::DuplicatePolicyAttachmentException
            | Self::DuplicatePolicyException
            | Self::EntityAlreadyExists
            | Self::NameAlreadyExistsException
            | Self::OperationIdAlreadyExistsException
            | Self::PolicyTypeAlreadyEnabledException
            | Self::TrailAlreadyExistsException => CloudErrorKind::Exists,
            Self::AccessDeniedException
            | Self::AwsOrganizationsNotInUseException
            | Self::CloudTrailAccessNotEnabledException
            | Self::ExpiredTokenException => CloudErrorKind::Denied,
            Self::InsufficientS3BucketPolicyException
            | Self::InvalidBucketState
            | Self::InvalidInputException
            | Self::InvalidOperationException
            | Self::ValidationError
            | Self::MalformedPolicy
            | Self::MalformedPolicyDocument
            | Self::MalformedPolicyDocumentException
            | Self::S3BucketDoesNotExistException
            | Self::ValidationException => CloudErrorKind::Invalid,
            Self::ConstraintViolationException
            | Self::DeleteConflict
            | Self::MaximumNumberOfTrailsExceededException
            | Self::OrganizationalUnitNotEmptyException
            | Self::PolicyInUseException
            | Self::StackSetNotEmptyException
            | Self::PolicyTypeNotAvailableForOrganizationException => CloudErrorKind::Limit,
            Self::ServiceException => CloudErrorKind::Unavailable,
        }
    }

    /// The refusal with this code.
    pub(super) fn because(self, message: impl Into<String>) -> Refusal {
        Refusal { code: self, message: message.into() }
    }
}

impl Refusal {
    /// The refusal as the caller of `operation` sees it.
    pub fn into_error(self, operation: Operation) -> CloudError {
        CloudError::new(self.code.kind(), operation, self.code.into(), &self.message)
    }
}

/// A `ConstraintViolationException` with its typed reason.
pub(super) fn constraint(reason: &str, message: &str) -> Refusal {
    Code::ConstraintViolationException.because(format!("{message} (reason `{reason}`)"))
}

/// An `InvalidInputException` with its typed reason.
pub(super) fn invalid(reason: &str, message: &str) -> Refusal {
    Code::InvalidInputException.because(format!("{message} (reason `{reason}`)"))
}
