//! `LoggingTrail` documents: names resolved, and what would record too little refused or warned of.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::load::{Document, deserialize};
use crate::desired::logging_trail::{DesiredArchive, DesiredTrail};
use crate::desired::model::{DesiredOrg, DocumentHeader, Mode};
use crate::desired::problem::{Finding, ProblemCode, shown};
use crate::desired::raw::{
    DaysText, RawAdoption, RawArchive, RawDataEvents, RawDocument, RawExcludedSource,
    RawFieldSelector, RawLockMode, RawLoggingTrail, RawManagementEvents, RawMetadata, TimeText,
};
use crate::desired::validate::header::{self, Enforcement};
use crate::desired::validate::{Context, regions};
use crate::org::{Comparison, EventSelector, FieldSelector, LockMode, Region, Retention};

/// The kind of these documents.
pub(crate) const KIND: &str = "LoggingTrail";

/// What must have trusted access before there can be a trail of an organization.
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// The age of a delivery where the document says nothing. `CloudTrail` delivers within about five minutes of
/// a call ("How `CloudTrail` works"), and in every organization something is called all the time.
const DELIVERY_AGE_SECONDS: u32 = 3_600;

/// Less than this would be late whenever `CloudTrail` takes its time: it promises no number.
const DELIVERY_AGE_SECONDS_MIN: u32 = 900;

/// More than this is warned of: for that long nobody would hear that nothing arrives any more.
const DELIVERY_AGE_SECONDS_USUAL: u32 = 86_400;

/// How the names of what AWS Control Tower keeps begin.
const CONTROL_TOWER: &str = "aws-controltower-";

/// Values of all selectors of a trail together ("Quotas in AWS `CloudTrail`").
const VALUES_MAX: usize = 500;

/// How long logs can be queried, and how long they are kept, where the document says nothing: the upper ends
/// of what the Security Pillar names (LOG-18).
const QUERYABLE_DAYS: u32 = 365;
const RETAIN_DAYS: u32 = 2_555;

/// Less than this is warned of.
const RETAIN_DAYS_MIN: u32 = 365;

/// Reads a document.
pub(crate) fn read(document: &Document, org: Option<&mut DesiredOrg>, context: &mut Context<'_>) {
    let raw: Option<RawDocument<RawLoggingTrail>> =
        deserialize(document, context.text(document), context.report);
    let Some(RawDocument { metadata, spec, .. }) = raw else { return };
    let is_verified_only = spec.adopt == Some(RawAdoption::Verify);
    // What protects the trail has been read before, and its header was checked with it.
    let reference = document.reference(metadata.name.0.clone());
    let read = org
        .as_ref()
        .and_then(|org| org.policies.iter().find(|policy| policy.header.document == reference));
    let header = match read {
        Some(policy) => policy.header.clone(),
        None => read_header(document, metadata, &spec, context),
    };
    let archive = read_archive(document, &spec.archive, is_verified_only, context);
    let selectors = selectors(document, &spec, context);
    let age = spec.delivery_max_age.as_ref().map_or(DELIVERY_AGE_SECONDS, TimeText::seconds);
    regions::check_names(document, &["/spec/homeRegion", "/spec/archive/region"], context);
    check_recording(document, &spec, age, context);
    let Some(org) = org else { return };
    if !is_verified_only && !org.trusted_services.contains(CLOUDTRAIL) {
        let finding = Finding::new(
            ProblemCode::MissingField,
            format!("an organization trail needs trusted access for `{CLOUDTRAIL}`"),
        )
        .help(format!("add `{CLOUDTRAIL}` to `trustedServices` of the `Organization` document"));
        context.problem(document, "/kind", finding);
    }
    let Some(archive) = archive else { return };
    if org.break_glass.iter().any(|emergency| emergency.emergency_account == archive.account) {
        let message = "the archive is in the account that is kept for emergencies";
        let finding = Finding::new(ProblemCode::InvalidValue, message)
            .help("keep the logs where nobody who uses emergency access can reach them");
        context.warning(document, "/spec/archive/account", finding);
    }
    let desired = DesiredTrail {
        header,
        trail_name: spec.trail_name,
        home_region: Region::new(&spec.home_region.0),
        selectors,
        insights: spec.insights.iter().map(|insight| <&str>::from(*insight).to_owned()).collect(),
        validates_files: spec.log_file_validation.unwrap_or(true),
        delivery_age_seconds_max: age,
        is_verified_only,
        archive,
    };
    check_unique(document, &desired, org, context);
    org.logging_trails.push(desired);
}

/// The header of a document, which only observes a trail that is somebody else's.
pub(crate) fn read_header(
    document: &Document,
    metadata: RawMetadata,
    spec: &RawLoggingTrail,
    context: &mut Context<'_>,
) -> DocumentHeader {
    let suspend = spec.suspend.clone();
    let enforcement = Enforcement { mode: spec.mode, suspend, prune: spec.prune };
    let header = header::read(document, metadata, enforcement, context);
    if spec.adopt == Some(RawAdoption::Verify) {
        DocumentHeader { mode: Mode::Observe, ..header }
    } else {
        header
    }
}

fn read_archive(
    document: &Document,
    raw: &RawArchive,
    is_verified_only: bool,
    context: &mut Context<'_>,
) -> Option<DesiredArchive> {
    let days = |written: Option<&DaysText>, usual: u32| {
        let usual = (!is_verified_only).then_some(usual);
        written.map(DaysText::days).or(usual)
    };
    let queryable_days = days(raw.queryable.as_ref(), QUERYABLE_DAYS);
    let retain_days = days(raw.retain.as_ref(), RETAIN_DAYS);
    let retention = raw.object_lock.as_ref().map(|lock| Retention {
        mode: match lock.mode {
            RawLockMode::Governance => LockMode::Governance,
            RawLockMode::Compliance => LockMode::Compliance,
        },
        days: lock.days,
    });
    check_times(document, (queryable_days, retain_days, retention), context);
    let account = match context.names.account(&raw.account) {
        Ok(account) => account,
        Err(finding) => {
            context.problem(document, "/spec/archive/account", finding);
            None
        }
    };
    if account.as_ref().is_some_and(|account| context.names.is_management(account)) {
        let finding = Finding::new(ProblemCode::InvalidValue, "logs of the management account belong elsewhere")
            .help("use an account that is kept for logs: no policy binds the management account, so nothing would protect them there");
        context.warning(document, "/spec/archive/account", finding);
    }
    if raw.bucket.contains("..") || raw.bucket.contains(".-") || raw.bucket.contains("-.") {
        let message = format!("{} is no name of a bucket", shown(&raw.bucket));
        let finding = Finding::new(ProblemCode::InvalidValue, message)
            .help("see `Bucket naming rules` in the Amazon S3 User Guide");
        context.problem(document, "/spec/archive/bucket", finding);
    }
    if let Some(key) = &raw.kms_key {
        let region = key.arn.split(':').nth(3).unwrap_or_default();
        if region != raw.region.0 {
            let message =
                format!("the key is in {}, the bucket in {}", shown(region), raw.region.0);
            let finding = Finding::new(ProblemCode::InvalidValue, message)
                .help("CloudTrail takes only a key of the Region that the bucket is in");
            context.problem(document, "/spec/archive/kmsKey/arn", finding);
        }
    }
    Some(DesiredArchive {
        account: account?,
        bucket: raw.bucket.clone(),
        region: Region::new(&raw.region.0),
        prefix: raw.prefix.clone(),
        kms_key: raw.kms_key.as_ref().map(|key| key.arn.clone()),
        queryable_days,
        retain_days,
        retention,
    })
}

fn check_times(
    document: &Document,
    (queryable, retain, lock): (Option<u32>, Option<u32>, Option<Retention>),
    context: &mut Context<'_>,
) {
    let Some(retain) = retain else { return };
    if queryable.is_some_and(|queryable| queryable > retain) {
        let finding = Finding::new(
            ProblemCode::InvalidValue,
            "logs cannot be queried longer than they are kept",
        )
        .help(format!(
            "they are kept for {retain} days: write a longer `retain`, or a shorter `queryable`"
        ));
        context.problem_at_key(document, "/spec/archive", finding);
    }
    if lock.is_some_and(|lock| lock.days > retain) {
        let finding = Finding::new(
            ProblemCode::InvalidValue,
            "logs are locked for longer than they are kept",
        )
        .help(format!("they are kept for {retain} days, and would stay until the lock ends"));
        context.problem(document, "/spec/archive/objectLock/days", finding);
    }
    if retain < RETAIN_DAYS_MIN {
        let finding = Finding::new(ProblemCode::InvalidValue, "logs are gone within a year")
            .help("incidents are often found late: the Security Pillar keeps logs for three months to a year at hand, and up to seven years in all");
        context.warning(document, "/spec/archive/retain", finding);
    }
}

fn selectors(
    document: &Document,
    raw: &RawLoggingTrail,
    context: &mut Context<'_>,
) -> BTreeSet<EventSelector> {
    let mut selectors = BTreeSet::new();
    let read_only = match raw.management_events {
        Some(RawManagementEvents::None) => None,
        Some(RawManagementEvents::All) | None => Some(None),
        Some(RawManagementEvents::Write) => Some(Some("false")),
        Some(RawManagementEvents::Read) => Some(Some("true")),
    };
    if let Some(read_only) = read_only {
        let mut selector = EventSelector::management();
        selector.fields.extend(read_only.map(|text| FieldSelector::equals("readOnly", [text])));
        let left_out = raw.exclude_management_events.iter().map(|source| match source {
            RawExcludedSource::Kms => "kms.amazonaws.com",
            RawExcludedSource::RdsData => "rdsdata.amazonaws.com",
        });
        let left_out: BTreeSet<&str> = left_out.collect();
        if !left_out.is_empty() {
            let field = FieldSelector::compared("eventSource", Comparison::NotEquals, left_out);
            selector.fields.insert(field);
        }
        selector.name = Some("Management events".to_owned());
        selectors.insert(selector);
    }
    for (index, events) in raw.data_events.iter().enumerate() {
        selectors.insert(data_events(document, index, events, context));
    }
    let values: usize = selectors
        .iter()
        .flat_map(|selector| &selector.fields)
        .flat_map(|field| field.values.values())
        .map(BTreeSet::len)
        .sum();
    if values > VALUES_MAX {
        let message = format!("the selectors have {values} values, and AWS allows {VALUES_MAX}");
        let finding = Finding::new(ProblemCode::OverQuota, message);
        context.problem_at_key(document, "/spec/dataEvents", finding);
    }
    selectors
}

fn data_events(
    document: &Document,
    index: usize,
    raw: &RawDataEvents,
    context: &mut Context<'_>,
) -> EventSelector {
    let mut fields = BTreeSet::from([FieldSelector::equals("eventCategory", ["Data"])]);
    let mut seen = BTreeSet::new();
    for (at, field) in raw.field_selectors.iter().enumerate() {
        let pointer = format!("/spec/dataEvents/{index}/fieldSelectors/{at}/field");
        if field.field == "eventCategory" {
            let finding = Finding::new(ProblemCode::InvalidValue, "`eventCategory` is added")
                .help("take it out: data events are of the category `Data`");
            context.problem(document, &pointer, finding);
            continue;
        }
        if !seen.insert(&field.field) {
            let message = format!("{} is there twice", shown(&field.field));
            let finding = Finding::new(ProblemCode::DuplicateName, message)
                .help("a field has one selector: give that one all comparisons");
            context.problem(document, &pointer, finding);
        }
        let read = field_selector(field);
        if read.values.is_empty() {
            let message = format!("{} is compared with nothing", shown(&field.field));
            let finding = Finding::new(ProblemCode::MissingField, message)
                .help("give it `equals`, `startsWith`, `endsWith`, `notEquals`, `notStartsWith` or `notEndsWith`");
            context.problem(document, &pointer, finding);
        }
        fields.insert(read);
    }
    if !seen.iter().any(|field| *field == "resources.type") {
        let finding =
            Finding::new(ProblemCode::MissingField, "data events need a `resources.type`").help(
                "add `{field: resources.type, equals: [\"AWS::S3::Object\"]}` or another type",
            );
        let pointer = format!("/spec/dataEvents/{index}/fieldSelectors");
        context.problem_at_key(document, &pointer, finding);
    }
    EventSelector { fields, name: raw.name.clone() }
}

fn field_selector(raw: &RawFieldSelector) -> FieldSelector {
    let RawFieldSelector {
        field,
        equals,
        starts_with,
        ends_with,
        not_equals,
        not_starts_with,
        not_ends_with,
    } = raw;
    let values: BTreeMap<Comparison, BTreeSet<String>> = [
        (Comparison::Equals, equals),
        (Comparison::StartsWith, starts_with),
        (Comparison::EndsWith, ends_with),
        (Comparison::NotEquals, not_equals),
        (Comparison::NotStartsWith, not_starts_with),
        (Comparison::NotEndsWith, not_ends_with),
    ]
    .into_iter()
    .filter(|(_, values)| !values.is_empty())
    .map(|(comparison, values)| (comparison, values.iter().cloned().collect()))
    .collect();
    FieldSelector { field: field.clone(), values }
}

fn check_recording(
    document: &Document,
    raw: &RawLoggingTrail,
    age: u32,
    context: &mut Context<'_>,
) {
    let records_management = raw.management_events != Some(RawManagementEvents::None);
    if !records_management && raw.data_events.is_empty() {
        let finding = Finding::new(ProblemCode::MissingField, "the trail records nothing")
            .help("give it `managementEvents: all`, or `dataEvents`");
        context.problem(document, "/spec/managementEvents", finding);
    }
    if !records_management && !raw.insights.is_empty() {
        let finding = Finding::new(ProblemCode::InvalidValue, "insights need management events")
            .help("CloudTrail derives them from management events that the trail records");
        context.problem_at_key(document, "/spec/insights", finding);
    }
    if raw.log_file_validation == Some(false) {
        let finding = Finding::new(
            ProblemCode::InvalidValue,
            "nobody can tell whether log files were changed",
        )
        .help("leave `logFileValidation` out: digest files cost next to nothing");
        context.warning(document, "/spec/logFileValidation", finding);
    }
    if age < DELIVERY_AGE_SECONDS_MIN {
        let finding =
            Finding::new(ProblemCode::InvalidValue, "shorter than `15m` is late all the time")
                .help("CloudTrail delivers within about five minutes, and promises none");
        context.problem(document, "/spec/deliveryMaxAge", finding);
    } else if age > DELIVERY_AGE_SECONDS_USUAL {
        let finding =
            Finding::new(ProblemCode::InvalidValue, "for days nobody hears that no logs arrive")
                .help("CloudTrail delivers within about five minutes: `1h` is usual");
        context.warning(document, "/spec/deliveryMaxAge", finding);
    }
    check_left_out(document, raw, context);
}

/// What the trail leaves out of what an investigation needs first (LOG-07).
fn check_left_out(document: &Document, raw: &RawLoggingTrail, context: &mut Context<'_>) {
    let help = "leave it out, so that every management event is recorded; another trail must have them otherwise";
    let left_out = match raw.management_events {
        Some(RawManagementEvents::None) => Some("no management event is recorded"),
        Some(RawManagementEvents::Read) => Some("calls that change something are not recorded"),
        Some(RawManagementEvents::Write) => Some("calls that only read are not recorded"),
        Some(RawManagementEvents::All) | None => None,
    };
    if let Some(left_out) = left_out {
        let finding = Finding::new(ProblemCode::InvalidValue, left_out).help(help);
        context.warning(document, "/spec/managementEvents", finding);
    }
    if !raw.exclude_management_events.is_empty() {
        let finding =
            Finding::new(ProblemCode::InvalidValue, "the use of some services is not recorded")
                .help(help);
        context.warning(document, "/spec/excludeManagementEvents", finding);
    }
}

/// A trail has one document: two would undo each other's work.
fn check_unique(
    document: &Document,
    desired: &DesiredTrail,
    org: &DesiredOrg,
    context: &mut Context<'_>,
) {
    let same = |other: &&DesiredTrail| {
        other.trail_name == desired.trail_name && other.home_region == desired.home_region
    };
    if let Some(other) = org.logging_trails.iter().find(same) {
        let message = format!("there is another trail called {}", shown(&desired.trail_name));
        let finding = Finding::new(ProblemCode::DuplicateName, message)
            .help(format!("it is wanted by the document at {}", other.header.source));
        context.problem(document, "/spec/trailName", finding);
    }
    let bucket = &desired.archive.bucket;
    let shares = |other: &&DesiredTrail| {
        let is_ours = !desired.is_verified_only || !other.is_verified_only;
        other.archive.bucket == *bucket && is_ours
    };
    if let Some(other) = org.logging_trails.iter().find(shares) {
        let message = format!("another trail delivers to the bucket {}", shown(bucket));
        let finding = Finding::new(ProblemCode::DuplicateName, message)
            .help(format!("its policy lets one trail in, and that is of the document at {}: give this one a bucket of its own", other.header.source));
        context.problem(document, "/spec/archive/bucket", finding);
    }
    if desired.trail_name.starts_with(CONTROL_TOWER) && !desired.is_verified_only {
        let finding = Finding::new(ProblemCode::InvalidValue, "Control Tower owns this trail")
            .help(
                "write `adopt: verify`: palisade then tells when it differs, and changes nothing",
            );
        context.problem(document, "/spec/trailName", finding);
    }
}
