//! An event as CloudTrail writes it: "CloudTrail record contents" (AWS CloudTrail User Guide). Only
//! what says who did what; the rest, answers above all, is passed over.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A text, borrowed from the record where it has no escapes.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// An event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are CloudTrail's")]
pub(super) struct Event<'a> {
    #[serde(borrow)]
    pub(super) event_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) event_source: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) event_time: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) event_type: Option<Text<'a>>,
    #[serde(borrow, rename = "eventID")]
    pub(super) event_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) aws_region: Option<Text<'a>>,
    #[serde(borrow, rename = "sourceIPAddress")]
    pub(super) source_ip_address: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) user_agent: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) error_code: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) recipient_account_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) vpc_endpoint_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) user_identity: Option<Identity<'a>>,
    #[serde(borrow)]
    pub(super) resources: Option<Vec<Resource<'a>>>,
    /// Of every shape, and read only where they say more than `resources`.
    #[serde(borrow)]
    pub(super) request_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) tls_details: Option<Tls<'a>>,
    /// EventBridge carries the event in here.
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    /// `LookupEvents` carries the event in here, as text.
    #[serde(borrow, rename = "CloudTrailEvent")]
    looked_up: Option<Text<'a>>,
}

/// Who made the call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identity<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) arn: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) account_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) principal_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) user_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) invoked_by: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) session_context: Option<Session<'a>>,
}

/// What temporary credentials say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are CloudTrail's")]
pub(super) struct Session<'a> {
    #[serde(borrow)]
    pub(super) session_issuer: Option<Issuer<'a>>,
    #[serde(borrow)]
    pub(super) attributes: Option<Attributes<'a>>,
    #[serde(borrow)]
    pub(super) source_identity: Option<Text<'a>>,
}

/// The role or user behind temporary credentials.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Issuer<'a> {
    #[serde(borrow)]
    pub(super) arn: Option<Text<'a>>,
}

/// When and how a session began.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attributes<'a> {
    #[serde(borrow)]
    pub(super) creation_date: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) mfa_authenticated: Option<Text<'a>>,
}

/// A resource of the call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resource<'a> {
    #[serde(borrow, rename = "ARN")]
    pub(super) arn: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) account_id: Option<Text<'a>>,
}

/// How the call was encrypted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tls<'a> {
    #[serde(borrow)]
    pub(super) tls_version: Option<Text<'a>>,
}

impl Event<'_> {
    /// Hands over the event, or the one it carries; says whether there is any.
    pub(super) fn unpack(&self, take: &mut dyn FnMut(&Event<'_>)) -> bool {
        if self.event_name.is_some() && self.event_source.is_some() {
            take(self);
            return true;
        }
        let inner = match (self.detail, &self.looked_up) {
            (Some(detail), _) => detail.get(),
            (None, Some(Text(text))) => text,
            (None, None) => return false,
        };
        let Ok(event) = serde_json::from_str::<Event<'_>>(inner) else { return false };
        let is_event = event.event_name.is_some() && event.event_source.is_some();
        if is_event {
            take(&event);
        }
        is_event
    }
}
