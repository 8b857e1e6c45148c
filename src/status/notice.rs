//! What is worth telling somebody at once, where no Alertmanager looks at the metrics.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::org::{AccountId, DocumentRef, OrganizationId};
use crate::status::{Attribution, BlockedReport, Cause, DriftReport, Report};

/// Objects that a notice names. The status has all of them.
const OBJECTS_MAX: usize = 10;

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The format: fields are added, never renamed or removed, without a new version.
    pub schema: &'static str,
    /// What it is about.
    pub kind: NoticeKind,
    /// When it was found.
    pub at: Timestamp,
    /// The organization.
    pub organization: Option<OrganizationId>,
    /// The document that it concerns.
    pub document: Option<DocumentRef>,
    /// How many objects are concerned.
    pub count: usize,
    /// At most the first ten of them.
    pub objects: Vec<String>,
    /// Who caused it, as far as that is known of the first of them.
    pub by: Option<Attribution>,
    /// All of it in a sentence.
    pub text: String,
}

/// What a notice is about.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum NoticeKind {
    /// AWS came to differ from git.
    Drift,
    /// What differed is as it should be again.
    Healed,
    /// A plan waits for approval.
    Held,
    /// Something stands in the way of a change.
    Blocked,
    /// Emergency access was used.
    BreakGlass,
}

impl Notice {
    /// The format of notices.
    pub const SCHEMA: &str = "palisade.notification/v1";

    /// Somebody used the emergency access that `document` declares, in `account`.
    pub fn break_glass(document: &str, account: &AccountId, by: Attribution) -> Self {
        Self {
            schema: Self::SCHEMA,
            kind: NoticeKind::BreakGlass,
            at: by.at,
            organization: None,
            document: Some(DocumentRef { kind: "BreakGlassRole".into(), name: document.into() }),
            count: 1,
            objects: vec![format!("account {account}")],
            text: format!(
                "Emergency access `{document}` was used in account {account}{}",
                said_of(Some(&by))
            ),
            by: Some(by),
        }
    }

    /// It in a few words of ASCII, for a subject line.
    pub fn subject(&self) -> String {
        let document = self.document.as_ref().map(|document| format!(": {document}"));
        let subject = format!("palisade: {}{}", self.kind, document.unwrap_or_default());
        subject.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
    }
}

/// What `report` says that the one before did not.
pub fn notices(report: &Report, previous: Option<&Report>) -> Vec<Notice> {
    let pass = &report.last_pass;
    let detected = pass.detected.iter();
    let healed = pass.repaired.iter().filter(|event| event.cause == Cause::Drift);
    let mut notices = of_drift(report, NoticeKind::Drift, detected);
    notices.extend(of_drift(report, NoticeKind::Healed, healed));
    notices.extend(held(report, previous));
    notices.extend(blocked(report, previous));
    notices
}

fn of_drift<'a>(
    report: &Report,
    kind: NoticeKind,
    events: impl Iterator<Item = &'a DriftReport>,
) -> Vec<Notice> {
    let mut by_document: BTreeMap<&DocumentRef, Vec<&DriftReport>> = BTreeMap::new();
    for event in events {
        by_document.entry(&event.document).or_default().push(event);
    }
    let notice = |(document, events): (&DocumentRef, Vec<&DriftReport>)| {
        let objects = events.iter().map(|event| event.object.clone()).collect();
        let by = events.iter().find_map(|event| event.by.clone());
        let what = match kind {
            NoticeKind::Healed => "as git says again, after a change",
            NoticeKind::Drift | NoticeKind::Held | NoticeKind::Blocked | NoticeKind::BreakGlass => {
                "changed outside git"
            }
        };
        new(report, kind, Some(document), objects, by, &|objects, by| {
            format!("{document}: {objects} {what}{by}")
        })
    };
    by_document.into_iter().map(notice).collect()
}

fn held(report: &Report, previous: Option<&Report>) -> Option<Notice> {
    let held = report.held.as_ref().filter(|held| !held.approved)?;
    let before = previous.and_then(|report| report.held.as_ref());
    if before.is_some_and(|before| before.hash == held.hash) {
        return None;
    }
    let reasons: Vec<&str> = held.reasons.keys().map(String::as_str).collect();
    let (actions, reasons) = (held.actions, reasons.join("; "));
    let text = format!("{actions} changes wait for approval ({reasons}): `{}`", held.approve);
    let notice = new(report, NoticeKind::Held, None, Vec::new(), None, &|_, _| text.clone());
    Some(Notice { count: held.actions, ..notice })
}

fn blocked(report: &Report, previous: Option<&Report>) -> Vec<Notice> {
    let key = |blocked: &BlockedReport| {
        (blocked.document.clone(), blocked.reason, blocked.object.clone())
    };
    let before: BTreeSet<_> =
        previous.into_iter().flat_map(|report| &report.blocked).map(key).collect();
    let mut by_document: BTreeMap<&DocumentRef, Vec<&BlockedReport>> = BTreeMap::new();
    for blocked in report.blocked.iter().filter(|blocked| !before.contains(&key(blocked))) {
        by_document.entry(&blocked.document).or_default().push(blocked);
    }
    let notice = |(document, blocked): (&DocumentRef, Vec<&BlockedReport>)| {
        let objects = blocked.iter().map(|blocked| blocked.object.clone()).collect();
        let why = blocked.first().map(|blocked| blocked.message.clone()).unwrap_or_default();
        new(report, NoticeKind::Blocked, Some(document), objects, None, &|objects, _| {
            format!("{document}: {objects} blocked: {why}")
        })
    };
    by_document.into_iter().map(notice).collect()
}

fn new(
    report: &Report,
    kind: NoticeKind,
    document: Option<&DocumentRef>,
    objects: Vec<String>,
    by: Option<Attribution>,
    text: &dyn Fn(&str, &str) -> String,
) -> Notice {
    let count = objects.len();
    let named = match (objects.first(), count) {
        (Some(first), 1) => format!("`{first}` is"),
        (Some(first), _) => format!("{count} objects, `{first}` first, are"),
        (None, _) => String::new(),
    };
    Notice {
        schema: Notice::SCHEMA,
        kind,
        at: report.last_pass.at,
        organization: report.organization_id.clone(),
        document: document.cloned(),
        count,
        text: text(&named, &said_of(by.as_ref())),
        objects: objects.into_iter().take(OBJECTS_MAX).collect(),
        by,
    }
}

fn said_of(by: Option<&Attribution>) -> String {
    let Some(Attribution { principal, call, at, from, event }) = by else { return String::new() };
    let from = from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
    format!(" by {principal} with {call} at {at:.0}{from} (CloudTrail event {event})")
}
