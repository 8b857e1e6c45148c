//! From everything the SDK can report to the closed list of [`CloudErrorKind`].
//!
//! The question behind every line: can the change have happened? Only when it provably cannot is a failed
//! change anything but [`CloudErrorKind::Unclear`].

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::Deserialize;

use crate::cloud::{CloudError, CloudErrorKind, Operation};

/// A message longer than this is cut: error pages of proxies come by the kilobyte.
const MESSAGE_CHARACTERS_MAX: usize = 600;

/// What an error code of AWS means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Throttled,
    Busy,
    NotFound,
    Exists,
    Denied,
    Invalid,
    Limit,
    /// The service failed; whether it did what it was asked first, nobody knows.
    Broken,
}

/// Every error that `aws-sdk-organizations` 1.137 models, those of IAM, CloudFormation, EventBridge and KMS that palisade meets, and the common errors of all AWS services that
/// no model lists ("Common errors", API reference).
pub(super) const MEANINGS: &[(&str, Meaning)] = &[
    ("ProvisionedThroughputExceededException", Meaning::Throttled),
    ("RequestLimitExceeded", Meaning::Throttled),
    ("RequestThrottled", Meaning::Throttled),
    ("RequestThrottledException", Meaning::Throttled),
    ("SlowDown", Meaning::Throttled),
    ("Throttling", Meaning::Throttled),
    ("ThrottledException", Meaning::Throttled),
    ("ThrottlingException", Meaning::Throttled),
    ("TooManyRequestsException", Meaning::Throttled),
    ("ConcurrentModification", Meaning::Busy),
    ("ConcurrentModificationException", Meaning::Busy),
    ("ConflictException", Meaning::Busy),
    ("KMSInvalidStateException", Meaning::Busy),
    ("EntityTemporarilyUnmodifiable", Meaning::Busy),
    ("FinalizingOrganizationException", Meaning::Busy),
    ("OperationInProgressException", Meaning::Busy),
    ("PolicyChangesInProgressException", Meaning::Busy),
    ("StaleRequestException", Meaning::Busy),
    ("AccountNotFoundException", Meaning::NotFound),
    ("AccountNotRegisteredException", Meaning::NotFound),
    ("ChildNotFoundException", Meaning::NotFound),
    ("CreateAccountStatusNotFoundException", Meaning::NotFound),
    ("DestinationParentNotFoundException", Meaning::NotFound),
    ("EffectivePolicyNotFoundException", Meaning::NotFound),
    ("HandshakeNotFoundException", Meaning::NotFound),
    ("NoSuchBucket", Meaning::NotFound),
    ("NoSuchEntity", Meaning::NotFound),
    ("NotFoundException", Meaning::NotFound),
    ("OrganizationalUnitNotFoundException", Meaning::NotFound),
    ("ParentNotFoundException", Meaning::NotFound),
    ("PolicyNotAttachedException", Meaning::NotFound),
    ("PolicyNotFoundException", Meaning::NotFound),
    ("PolicyTypeNotEnabledException", Meaning::NotFound),
    ("ResourcePolicyNotFoundException", Meaning::NotFound),
    ("ResourceNotFoundException", Meaning::NotFound),
    ("ResponsibilityTransferNotFoundException", Meaning::NotFound),
    ("RootNotFoundException", Meaning::NotFound),
    ("SourceParentNotFoundException", Meaning::NotFound),
    ("StackInstanceNotFoundException", Meaning::NotFound),
    ("StackSetNotFoundException", Meaning::NotFound),
    ("TargetNotFoundException", Meaning::NotFound),
    ("AccountAlreadyClosedException", Meaning::Exists),
    ("AccountAlreadyRegisteredException", Meaning::Exists),
    ("AlreadyInOrganizationException", Meaning::Exists),
    ("DuplicateAccountException", Meaning::Exists),
    ("DuplicateHandshakeException", Meaning::Exists),
    ("DuplicateOrganizationalUnitException", Meaning::Exists),
    ("DuplicatePolicyAttachmentException", Meaning::Exists),
    ("DuplicatePolicyException", Meaning::Exists),
    ("BucketAlreadyExists", Meaning::Exists),
    ("BucketAlreadyOwnedByYou", Meaning::Exists),
    ("EntityAlreadyExists", Meaning::Exists),
    ("NameAlreadyExistsException", Meaning::Exists),
    ("OperationIdAlreadyExistsException", Meaning::Exists),
    ("HandshakeAlreadyInStateException", Meaning::Exists),
    ("PolicyTypeAlreadyEnabledException", Meaning::Exists),
    ("ResponsibilityTransferAlreadyInStatusException", Meaning::Exists),
    ("AWSOrganizationsNotInUseException", Meaning::Denied),
    ("CloudTrailAccessNotEnabledException", Meaning::Denied),
    ("InsufficientDependencyServiceAccessPermissionException", Meaning::Denied),
    ("NotOrganizationMasterAccountException", Meaning::Denied),
    ("NotOrganizationManagementAccountException", Meaning::Denied),
    ("AccessDenied", Meaning::Denied),
    ("AccessDeniedException", Meaning::Denied),
    ("AccessDeniedForDependencyException", Meaning::Denied),
    ("AuthFailure", Meaning::Denied),
    ("ExpiredToken", Meaning::Denied),
    ("ExpiredTokenException", Meaning::Denied),
    ("IncompleteSignature", Meaning::Denied),
    ("InvalidAccessKeyId", Meaning::Denied),
    ("InvalidClientTokenId", Meaning::Denied),
    ("InvalidSignatureException", Meaning::Denied),
    ("MissingAuthenticationToken", Meaning::Denied),
    ("MissingAuthenticationTokenException", Meaning::Denied),
    ("NotAuthorized", Meaning::Denied),
    ("OptInRequired", Meaning::Denied),
    ("RequestExpired", Meaning::Denied),
    ("SignatureDoesNotMatch", Meaning::Denied),
    ("UnauthorizedOperation", Meaning::Denied),
    ("UnrecognizedClientException", Meaning::Denied),
    ("InsufficientCapabilitiesException", Meaning::Invalid),
    ("InvalidAction", Meaning::Invalid),
    ("InvalidEventPatternException", Meaning::Invalid),
    ("InvalidHandshakeTransitionException", Meaning::Invalid),
    ("InvalidInput", Meaning::Invalid),
    ("InvalidInputException", Meaning::Invalid),
    ("InvalidOperationException", Meaning::Invalid),
    ("InvalidResponsibilityTransferTransitionException", Meaning::Invalid),
    ("MalformedPolicyDocument", Meaning::Invalid),
    ("MalformedPolicyDocumentException", Meaning::Invalid),
    ("SerializationException", Meaning::Invalid),
    ("UnknownOperationException", Meaning::Invalid),
    ("UnsupportedAPIEndpointException", Meaning::Invalid),
    ("ValidationError", Meaning::Invalid),
    ("ValidationException", Meaning::Invalid),
    ("AccountOwnerNotVerifiedException", Meaning::Limit),
    ("ConstraintViolationException", Meaning::Limit),
    ("DeleteConflict", Meaning::Limit),
    ("HandshakeConstraintViolationException", Meaning::Limit),
    ("LimitExceeded", Meaning::Limit),
    ("LimitExceededException", Meaning::Limit),
    ("ManagedRuleException", Meaning::Limit),
    ("MasterCannotLeaveOrganizationException", Meaning::Limit),
    ("MaximumNumberOfTrailsExceededException", Meaning::Limit),
    ("OrganizationNotEmptyException", Meaning::Limit),
    ("OrganizationalUnitNotEmptyException", Meaning::Limit),
    ("PolicyInUseException", Meaning::Limit),
    ("PolicyNotAttachable", Meaning::Limit),
    ("PolicyTypeNotAvailableForOrganizationException", Meaning::Limit),
    ("StackSetNotEmptyException", Meaning::Limit),
    ("UnmodifiableEntity", Meaning::Limit),
    ("InternalError", Meaning::Broken),
    ("InternalException", Meaning::Broken),
    ("DependencyTimeoutException", Meaning::Broken),
    ("KMSInternalException", Meaning::Broken),
    ("InternalFailure", Meaning::Broken),
    ("InternalServerError", Meaning::Broken),
    ("ServiceException", Meaning::Broken),
    ("ServiceFailure", Meaning::Broken),
    ("ServiceUnavailable", Meaning::Broken),
    ("ServiceUnavailableException", Meaning::Broken),
];

/// The failure of `operation`, as the rest of palisade sees it.
pub(super) fn failure<E>(operation: Operation, error: &SdkError<E, HttpResponse>) -> CloudError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let failed = |kind, code: &str, message: &str| {
        CloudError::new(kind, operation, code, &presentable(message))
    };
    match error {
        SdkError::ServiceError(context) => answered(operation, context.err(), context.raw()),
        SdkError::ResponseError(context) => unexplained(operation, context.raw(), &chain(error)),
        SdkError::TimeoutError(_) => failed(no_answer(operation), "Timeout", &chain(error)),
        SdkError::DispatchFailure(dispatch) => undelivered(operation, dispatch),
        SdkError::ConstructionFailure(_) => {
            failed(CloudErrorKind::Invalid, "InvalidRequest", &chain(error))
        }
        _ => failed(no_answer(operation), "Unknown", &chain(error)),
    }
}

/// The failure of an answer that cannot be understood: an id that is none, a field that must be there.
pub(super) fn unreadable(operation: Operation, what: &str) -> CloudError {
    CloudError::new(no_answer(operation), operation, "UnreadableReply", &presentable(what))
}

/// What a request without an answer means: a change may have happened, a read changes nothing.
fn no_answer(operation: Operation) -> CloudErrorKind {
    if operation.is_mutating() { CloudErrorKind::Unclear } else { CloudErrorKind::Unavailable }
}

// === AWS, or something in front of it, answered ===

fn answered<E>(operation: Operation, error: &E, response: &HttpResponse) -> CloudError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = response.status();
    let Some(code) = error.code().map(bare_code) else {
        return unexplained(operation, response, &chain(error));
    };
    let meaning = meaning_of_code(code).unwrap_or_else(|| meaning_of_status(status));
    let said = error.message().map_or_else(|| chain(error), str::to_owned);
    let reason = reason(response).map(|reason| format!("{reason}: ")).unwrap_or_default();
    let next_step = if meaning == Meaning::Denied { next_step(code) } else { "" };
    CloudError {
        kind: kind(operation, meaning, response),
        operation,
        code: code.to_owned(),
        message: format!("{reason}{}{next_step}", clause(&presentable(&said), next_step)),
        request_id: request_id(response),
    }
}

/// `said` without its full stop, if the sentence goes on.
fn clause<'a>(said: &'a str, next_step: &str) -> &'a str {
    if next_step.is_empty() { said } else { said.trim_end_matches('.') }
}

/// An answer without a code, or one that cannot be read at all.
fn unexplained(operation: Operation, response: &HttpResponse, said: &str) -> CloudError {
    let status = response.status();
    let code = if status.is_success() {
        "UnreadableReply".to_owned()
    } else {
        format!("Http{}", status.as_u16())
    };
    CloudError {
        kind: kind(operation, meaning_without_code(status), response),
        operation,
        code,
        message: presentable(said),
        request_id: request_id(response),
    }
}

fn kind(operation: Operation, meaning: Meaning, response: &HttpResponse) -> CloudErrorKind {
    match meaning {
        Meaning::Throttled => CloudErrorKind::Throttled { after: retry_after(response) },
        Meaning::Busy => CloudErrorKind::Busy,
        Meaning::NotFound => CloudErrorKind::NotFound,
        Meaning::Exists => CloudErrorKind::Exists,
        Meaning::Denied => CloudErrorKind::Denied,
        Meaning::Invalid => CloudErrorKind::Invalid,
        Meaning::Limit => CloudErrorKind::Limit,
        Meaning::Broken => no_answer(operation),
    }
}

/// The code without what some services put around it: `com.amazonaws.organizations#Code:http://…`.
fn bare_code(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.split(':').next().unwrap_or(code)
}

pub(super) fn meaning_of_code(code: &str) -> Option<Meaning> {
    let listed = MEANINGS.iter().find(|(name, _)| *name == code).map(|(_, meaning)| *meaning);
    listed.or_else(|| meaning_by_name(code))
}

/// Codes newer than the table still follow AWS's way of naming.
fn meaning_by_name(code: &str) -> Option<Meaning> {
    let ends = |text: &str| code.trim_end_matches("Exception").ends_with(text);
    if ends("NotFound") || ends("NotAttached") || ends("NotRegistered") {
        Some(Meaning::NotFound)
    } else if code.starts_with("Duplicate") || code.contains("Already") {
        Some(Meaning::Exists)
    } else if code.starts_with("AccessDenied") || code.starts_with("ExpiredToken") {
        Some(Meaning::Denied)
    } else if code.contains("Throttl") {
        Some(Meaning::Throttled)
    } else if code.contains("LimitExceeded") || code.contains("QuotaExceeded") {
        Some(Meaning::Limit)
    } else {
        None
    }
}

fn meaning_of_status(status: StatusCode) -> Meaning {
    match status.as_u16() {
        429 => Meaning::Throttled,
        401 | 403 | 407 => Meaning::Denied,
        400..=499 => Meaning::Invalid,
        _ => Meaning::Broken,
    }
}

/// AWS always gives a code, so this is something in between: a proxy, a load balancer, an emulator. It
/// does not know what exists, so that its 404 must not read as "the policy is gone".
fn meaning_without_code(status: StatusCode) -> Meaning {
    match status.as_u16() {
        429 => Meaning::Throttled,
        401 | 403 | 407 => Meaning::Denied,
        _ => Meaning::Broken,
    }
}

/// How long AWS asks to wait: `x-amz-retry-after` in milliseconds, `Retry-After` in seconds.
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let number = |name| response.headers().get(name).and_then(|text| text.parse::<u64>().ok());
    let milliseconds = number("x-amz-retry-after").map(Duration::from_millis);
    milliseconds.or_else(|| number("retry-after").map(Duration::from_secs))
}

fn request_id(response: &HttpResponse) -> Option<String> {
    let headers = response.headers();
    let id = headers.get("x-amzn-requestid").or_else(|| headers.get("x-amz-request-id"));
    id.map(str::to_owned)
}

/// The typed reason behind `ConstraintViolationException`, `InvalidInputException` and
/// `AccessDeniedForDependencyException`. Read from the body, since each operation's error type has it
/// in a place of its own.
fn reason(response: &HttpResponse) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "Reason")]
        reason: Option<String>,
    }
    serde_json::from_slice::<Body>(response.body().bytes()?).ok()?.reason
}

fn next_step(code: &str) -> &'static str {
    match code {
        NO_CREDENTIALS => {
            "; set `AWS_PROFILE`, run `aws sso login`, or give this machine or pod a role"
        }
        "ConnectionFailed" => "; check the network, its proxies and `AWS_ENDPOINT_URL`",
        "ExpiredToken" | "ExpiredTokenException" => {
            "; the credentials have expired: run `aws sso login` or renew them"
        }
        "RequestExpired" | "SignatureDoesNotMatch" | "InvalidSignatureException" => {
            "; check this machine's clock and the secret key"
        }
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "AuthFailure" => "; check that the keys are valid and belong to this partition",
        "AWSOrganizationsNotInUseException" => {
            "; use credentials of the management account of an organization"
        }
        _ => {
            "; use a role of the management account, or of a delegated administrator, that may do this"
        }
    }
}

// === Nobody answered ===

const NO_CREDENTIALS: &str = "NoCredentials";

fn undelivered(operation: Operation, dispatch: &DispatchFailure) -> CloudError {
    let Some(connector) = dispatch.as_connector_error() else {
        return CloudError::new(no_answer(operation), operation, "ConnectionLost", "");
    };
    if let Some(error) = find::<CredentialsError>(connector) {
        return without_credentials(operation, error);
    }
    let client = find::<hyper_util::client::legacy::Error>(connector);
    let (kind, code, step) = if client.is_some_and(hyper_util::client::legacy::Error::is_connect) {
        (CloudErrorKind::Unavailable, "ConnectionFailed", next_step("ConnectionFailed"))
    } else if connector.is_timeout() {
        (no_answer(operation), "Timeout", "")
    } else {
        (no_answer(operation), "ConnectionLost", "")
    };
    let said = connector.source().map_or_else(String::new, chain);
    CloudError::new(kind, operation, code, &format!("{}{step}", presentable(&said)))
}

/// A provider that cannot be reached now may be reached later; all else needs somebody.
#[expect(clippy::wildcard_enum_match_arm, reason = "`CredentialsError` is marked as growing")]
fn without_credentials(operation: Operation, error: &CredentialsError) -> CloudError {
    let (kind, code) = match error {
        CredentialsError::ProviderTimedOut(_) => {
            (CloudErrorKind::Unavailable, "CredentialsTimeout")
        }
        _ => (CloudErrorKind::Denied, NO_CREDENTIALS),
    };
    let said = attempts(&error.source().map_or_else(|| chain(error), chain));
    let message = format!("{}{}", presentable(&said), next_step(NO_CREDENTIALS));
    CloudError::new(kind, operation, code, &message)
}

/// The SDK's list of the providers it tried, a line each, with less noise.
fn attempts(said: &str) -> String {
    let Some((said, attempts)) = said.split_once(". Attempted:") else { return said.to_owned() };
    let attempts = attempts.replace(": the credential provider was not enabled", "");
    let attempts: Vec<&str> = attempts.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    format!("{said} ({})", attempts.join("; "))
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref::<E>())
}

// === Words ===

/// What every error in the chain says, once.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for error in std::iter::successors(Some(error), |&error| error.source()) {
        let text = error.to_string();
        if !said.iter().any(|earlier| earlier.contains(&text)) {
            said.push(text);
        }
    }
    said.join(": ")
}

/// `text` on one line, without e-mail addresses, and not too long.
fn presentable(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    without_addresses(&line).chars().take(MESSAGE_CHARACTERS_MAX).collect()
}

/// `text` with every e-mail address replaced. Session names are often addresses, so that ARNs in AWS's
/// messages hold them too.
pub(super) fn without_addresses(text: &str) -> String {
    let part_of_address = |c: char| c.is_alphanumeric() || "._%+-@".contains(c);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let inside = part_of_address(character);
        let end = rest.find(|c| part_of_address(c) != inside).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let is_address = word
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains(char::is_alphanumeric));
        clean.push_str(if is_address { "<e-mail>" } else { word });
        rest = after;
    }
    clean
}
