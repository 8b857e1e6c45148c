//! The service control policies that keep others from changing the trail of a `LoggingTrail` and its archive.
//! They are the catalogue's, with the exemptions that it makes, and belong to the document.

use serde_json::{Value, json};

use crate::desired::load::{Document, deserialize};
use crate::desired::model::{DesiredOrg, DesiredPolicy, DesiredTarget, DocumentHeader, Exceptions};
use crate::desired::raw::{RawAdoption, RawDocument, RawLoggingTrail, TargetText};
use crate::desired::validate::content::{self, Origin, Written};
use crate::desired::validate::policy::{self, ReadPolicy};
use crate::desired::validate::{Context, logging_trail, regions};
use crate::org::{OuPath, PolicyType};

/// Where problems with the policies are shown.
const KIND: &str = "/kind";

const PROTECT_TARGETS: &str = "/spec/protect/targets";

/// The policies that protect what a document wants.
pub(crate) fn policies<'a>(
    document: &'a Document,
    org: Option<&DesiredOrg>,
    context: &mut Context<'_>,
) -> Vec<ReadPolicy<'a>> {
    let raw: Option<RawDocument<RawLoggingTrail>> =
        deserialize(document, context.text(document), context.report);
    let Some(RawDocument { metadata, spec, .. }) = raw else { return Vec::new() };
    let protect = spec.protect.as_ref();
    let usual = [TargetText(OuPath::root().to_string())];
    let asked = protect.and_then(|protect| protect.targets.as_deref());
    let targets = match asked {
        Some(targets) => targets,
        None if protect.is_none() && spec.adopt == Some(RawAdoption::Verify) => &[],
        None => &usual,
    };
    if targets.is_empty() {
        return Vec::new();
    }
    let header = logging_trail::read_header(document, metadata, &spec, context);
    let targets = read_targets(document, targets, context);
    policy::check_targets(
        document,
        &header,
        &PolicyType::service_control(),
        &targets,
        org,
        context,
    );
    let except = protect.and_then(|protect| protect.except.clone());
    let except = policy::read_exceptions(document, except, context);
    let shared = Shared { document, header, targets, except };
    let parts = [
        ("trail", "protect-cloudtrail", trail(&spec, context)),
        ("archive", "protect-log-archive", archive(&spec)),
    ];
    let parts = parts.into_iter();
    parts.filter_map(|(part, id, with)| shared.policy(part, id, &with, org, context)).collect()
}

/// What both policies have.
struct Shared<'a> {
    document: &'a Document,
    header: DocumentHeader,
    targets: Vec<Option<DesiredTarget>>,
    except: Exceptions,
}

impl<'a> Shared<'a> {
    fn policy(
        &self,
        part: &str,
        guardrail: &str,
        with: &Value,
        org: Option<&DesiredOrg>,
        context: &mut Context<'_>,
    ) -> Option<ReadPolicy<'a>> {
        let Self { document, header, targets, except } = self;
        let policy_type = PolicyType::service_control();
        let value = regions::render(document, guardrail, with, KIND, context)?;
        let source = context.source(document, KIND);
        let statement_sources =
            content::statements(&value).iter().map(|_| source.clone()).collect();
        let origin = Origin::Catalogue("/spec");
        let written = Written { value, source, statement_sources, origin };
        content::check(document, &written, &policy_type, except, org, context);
        let desired = DesiredPolicy {
            policy_name: format!("{}-protect-{part}", header.document.name),
            header: header.clone(),
            policy_type,
            description: format!("Nobody changes the {part} of {}.", header.document.name),
            targets: targets.iter().flatten().cloned().collect(),
            except: except.clone(),
            content: written.value,
            content_source: written.source,
            statement_sources: written.statement_sources,
            guardrail: Some(guardrail.to_owned()),
        };
        policy::check_description(document, &desired, org, context);
        Some(ReadPolicy { document, desired, targets: targets.clone() })
    }
}

/// The trail is one of the management account, which no policy binds: what is bound are delegated
/// administrators.
fn trail(spec: &RawLoggingTrail, context: &Context<'_>) -> Value {
    let (region, management) = (&spec.home_region.0, &context.site.management_account);
    let arn = format!("arn:*:cloudtrail:{region}:{management}:trail/{}", spec.trail_name);
    json!({"trails": [arn]})
}

/// Into an archive of ours writes nothing but `CloudTrail`; what is delivered to somebody else's is not known.
fn archive(spec: &RawLoggingTrail) -> Value {
    let keys: Vec<&str> = spec.archive.kms_key.iter().map(|key| key.arn.as_str()).collect();
    let bucket = [&spec.archive.bucket];
    let services_only = if spec.adopt == Some(RawAdoption::Verify) { &[][..] } else { &bucket[..] };
    json!({"buckets": bucket, "servicesOnly": services_only, "keys": keys})
}

fn read_targets(
    document: &Document,
    raw: &[TargetText],
    context: &mut Context<'_>,
) -> Vec<Option<DesiredTarget>> {
    let mut targets = Vec::new();
    for (index, TargetText(text)) in raw.iter().enumerate() {
        let target = policy::read_target(text, context);
        if let Err(finding) = &target {
            context.problem(document, &format!("{PROTECT_TARGETS}/{index}"), finding.clone());
        }
        targets.push(target.ok().flatten());
    }
    targets
}
