//! From a message to an event: the envelope of EventBridge ("AWS events", Amazon EventBridge User Guide) around
//! a record of CloudTrail ("CloudTrail record contents", AWS CloudTrail User Guide).

use std::net::IpAddr;

use serde::Deserialize;

use crate::event::subject::{Parameters, entered, subjects};
use crate::event::text::Text;
use crate::event::{Event, Identity, MESSAGE_BYTES_MAX, Principal, Rejected};
use crate::org::AccountId;

/// Ends of the names under which EventBridge hands on what CloudTrail records.
const FROM_CLOUDTRAIL: &str = " via CloudTrail";

/// Longest name of a service, of an operation, and of an id of CloudTrail's.
const WORD_BYTES_MAX: usize = 128;

#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(rename = "detail-type")]
    detail_type: String,
    #[serde(default)]
    account: Text,
    #[serde(default)]
    detail: Option<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    #[serde(default)]
    event_name: Text,
    #[serde(default)]
    event_source: Text,
    #[serde(default)]
    event_time: Text,
    #[serde(default, rename = "eventID")]
    event_id: Text,
    #[serde(default, rename = "sharedEventID")]
    shared_event_id: Text,
    #[serde(default, rename = "requestID")]
    request_id: Text,
    #[serde(default, rename = "sourceIPAddress")]
    source_ip_address: Text,
    #[serde(default)]
    error_code: Text,
    #[serde(default)]
    recipient_account_id: Text,
    #[serde(default)]
    user_identity: Option<UserIdentity>,
    #[serde(default)]
    pub(super) request_parameters: Option<Parameters>,
    #[serde(default)]
    pub(super) response_elements: Option<Answered>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity {
    #[serde(default)]
    arn: Text,
    #[serde(default)]
    account_id: Text,
    #[serde(default)]
    invoked_by: Text,
    #[serde(default)]
    session_context: Option<SessionContext>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext {
    #[serde(default)]
    session_issuer: Option<SessionIssuer>,
}

#[derive(Debug, Deserialize)]
struct SessionIssuer {
    #[serde(default)]
    arn: Text,
}

/// What AWS answered, as far as it says what was made, or that somebody is in.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answered {
    #[serde(default)]
    pub(super) organizational_unit: Option<Made>,
    #[serde(default, rename = "ConsoleLogin")]
    pub(super) console_login: Text,
    #[serde(default, rename = "SwitchRole")]
    pub(super) switch_role: Text,
}

#[derive(Debug, Deserialize)]
pub(super) struct Made {
    #[serde(default)]
    pub(super) id: Text,
}

pub(super) fn read(message: &str) -> Result<Event, Rejected> {
    if message.len() > MESSAGE_BYTES_MAX {
        return Err(Rejected::Malformed);
    }
    // The reader gives up at 128 levels, and takes no key of ours twice.
    let envelope: Envelope = serde_json::from_str(message).map_err(|_| Rejected::Malformed)?;
    if !envelope.detail_type.ends_with(FROM_CLOUDTRAIL) {
        return Err(Rejected::Irrelevant);
    }
    let record = envelope.detail.ok_or(Rejected::Malformed)?;
    let account = account(&envelope.account, &record).ok_or(Rejected::Malformed)?;
    let (service, operation, id) = names(&record).ok_or(Rejected::Malformed)?;
    let at = record.event_time.get().and_then(|text| text.parse().ok());
    let at = at.ok_or(Rejected::Malformed)?;
    if record.error_code.get().is_some() {
        return Err(Rejected::Irrelevant);
    }
    let principal = principal(record.user_identity.as_ref());
    let subjects = subjects(service, operation, &record, &account);
    let entered = entered(service, operation, &record, &principal);
    if subjects.is_empty() && entered.is_none() {
        return Err(Rejected::Irrelevant);
    }
    Ok(Event {
        id: id.to_owned(),
        shared_id: word(&record.shared_event_id).map(str::to_owned),
        request_id: word(&record.request_id).map(str::to_owned),
        call: format!("{service}:{operation}"),
        at,
        principal,
        from: record.source_ip_address.get().and_then(origin),
        account,
        subjects,
        entered,
    })
}

/// The account of the record. The envelope says it too, and who writes messages by hand may forget it.
fn account(envelope: &Text, record: &Record) -> Option<AccountId> {
    let account: AccountId = envelope.get()?.parse().ok()?;
    let recipient = record.recipient_account_id.get();
    recipient.is_none_or(|recipient| recipient == account.as_str()).then_some(account)
}

/// Service, operation, id.
fn names(record: &Record) -> Option<(&str, &str, &str)> {
    let source = record.event_source.get()?;
    let service = source.strip_suffix(".amazonaws.com")?;
    let is_service = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let operation = record.event_name.get()?;
    let is_plain = service.bytes().all(is_service)
        && operation.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && [service, operation].iter().all(|name| (1..=WORD_BYTES_MAX).contains(&name.len()));
    is_plain.then_some((service, operation, word(&record.event_id)?))
}

/// An id as AWS makes them.
fn word(text: &Text) -> Option<&str> {
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.get().filter(|id| (1..=WORD_BYTES_MAX).contains(&id.len()) && id.bytes().all(is_id))
}

fn principal(identity: Option<&UserIdentity>) -> Principal {
    let Some(identity) = identity else { return Principal::default() };
    let issuer = identity.session_context.as_ref();
    let issuer = issuer.and_then(|session| session.session_issuer.as_ref()?.arn.get());
    let arn = identity.arn.get();
    let of_account = || Some(format!("somebody in account {}", identity.account_id.get()?));
    let shown = arn.or(identity.invoked_by.get()).map(str::to_owned).or_else(of_account);
    Principal {
        arn: shown.unwrap_or_default(),
        // The session is what acted; the issuer is only believed where no ARN says otherwise.
        identity: arn.and_then(Identity::of_arn).or_else(|| issuer.and_then(Identity::of_arn)),
    }
}

/// An address, or the DNS name of a service.
fn origin(text: &str) -> Option<String> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    let is_service = text.bytes().all(is_name) && text.contains(".amazonaws.com");
    let is_known = text.parse::<IpAddr>().is_ok() || is_service || text == "AWS Internal";
    is_known.then(|| text.to_owned())
}
