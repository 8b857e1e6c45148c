//! The ways into the emergency account, the failures they are for, and who is told: what cannot work is refused
//! with the reason.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::desired::break_glass::{
    DesiredBreakGlass, EmergencyAlerts, EmergencySaml, Failing, FailureMode, Incident, Operator,
    Others, Through,
};
use crate::desired::load::Document;
use crate::desired::model::DesiredOrg;
use crate::desired::problem::{Finding, ProblemCode, shown};
use crate::desired::raw::{
    RawEmergencyAlerts, RawEmergencySaml, RawFailing, RawFailureMode, RawIncident, RawOperator,
    RawOthers, RawThrough,
};
use crate::desired::validate::{Context, header, logging_trail, regions};
use crate::desired::{certificate, files};
use crate::org::AccountId;
use crate::policy;

/// Characters of a metadata document (`CreateSAMLProvider`, API reference: at least 1,000).
const METADATA_CHARACTERS: std::ops::RangeInclusive<usize> = 1_000..=10_000_000;

/// Targets of a rule ("Amazon EventBridge quotas").
const TARGETS_MAX: usize = 5;

/// Names of rules and of roles (`PutRule`, EventBridge API reference; `CreateRole`, IAM API reference).
const NAME_CHARACTERS_MAX: usize = 64;

/// An event pattern ("Amazon EventBridge quotas").
const PATTERN_CHARACTERS_MAX: usize = 2_048;

/// Fewer targets are one mailbox that nobody reads (BG-69).
const TARGETS_MIN: usize = 2;

/// Where sign-ins land that name no Region ("AWS Management Console sign-in events", CloudTrail User Guide).
const SIGN_IN_REGION: &str = "us-east-1";

/// Where sign-ins of IAM users land when the browser remembers the alias of the account (same page).
const ALIAS_REGIONS: &[&str] = &["us-east-2", "eu-north-1", "ap-southeast-2"];

/// How many days before an operator's access ends whoever validates is told.
const EXPIRY_NOTICE_DAYS: i32 = 14;

/// How many days before a certificate ends whoever validates is told: the next one has to be made, and given out.
const CERTIFICATE_NOTICE_DAYS: i32 = 30;

/// For how many days an incident is declared: long enough for a bad one, and short enough that the alarm that it
/// silences is not forgotten.
const INCIDENT_DAYS_MAX: i32 = 14;

/// Reads an operator, whose access may have an end.
pub(super) fn read_operator(
    document: &Document,
    index: usize,
    raw: RawOperator,
    context: &mut Context<'_>,
) -> Operator {
    let RawOperator { user, owner, expires_at } = raw;
    let at = format!("/spec/operators/{index}/expiresAt");
    let expires_at = expires_at.and_then(|end| header::read_end(document, &at, &end, context));
    let operator = Operator { user: user.0, owner, expires_at };
    let Some(end) = operator.expires_at else { return operator };
    let name = shown(&operator.user);
    let left = (end - context.today).get_days();
    if !operator.is_in(context.today) {
        let message = format!("the access of {name} ended on {end}");
        let finding = Finding::new(ProblemCode::Suspension, message)
            .help("take the operator out: the roles trust them no more, and the user goes once that is approved");
        context.warning(document, &at, finding);
    } else if left <= EXPIRY_NOTICE_DAYS {
        let finding =
            Finding::new(ProblemCode::Suspension, format!("the access of {name} ends on {end}"))
                .help("take the operator out when the incident is over, or set a later date");
        context.warning(document, &at, finding);
    }
    operator
}

/// Reads the emergency that is going on: nobody is woken by use meanwhile, so that it ends soon and by itself.
pub(super) fn read_incident(
    document: &Document,
    raw: RawIncident,
    context: &mut Context<'_>,
) -> Option<Incident> {
    const UNTIL: &str = "/spec/incident/until";
    let RawIncident { id, until } = raw;
    let until = header::read_end(document, UNTIL, &until, context)?;
    if until <= context.today {
        let message = format!("the incident {} ended on {until}: use wakes somebody", shown(&id));
        let finding = Finding::new(ProblemCode::Suspension, message)
            .help("take `incident` out, or set a later date");
        context.warning(document, UNTIL, finding);
    } else if (until - context.today).get_days() > INCIDENT_DAYS_MAX {
        let message = format!("an incident is declared for {INCIDENT_DAYS_MAX} days at most");
        let finding = Finding::new(ProblemCode::Suspension, message)
            .help("prolong it when it lasts: while it is declared nobody is woken by use");
        context.problem(document, UNTIL, finding);
    }
    Some(Incident { id, until })
}

/// Checks who the operators are.
pub(super) fn check_operators(
    document: &Document,
    operators: &[Operator],
    context: &mut Context<'_>,
) {
    if operators.is_empty() {
        let finding = Finding::new(ProblemCode::WrongCount, "nobody may use the roles").help(
            "name at least one operator, better two: one may be the reason for the emergency",
        );
        context.problem(document, "/spec/operators", finding);
    }
    if !operators.is_empty() && operators.iter().all(|operator| operator.expires_at.is_some()) {
        let message = "the access of every operator ends, and nobody could use the roles then";
        let finding = Finding::new(ProblemCode::WrongCount, message)
            .help("leave `expiresAt` out for those who are there for every emergency");
        context.problem(document, "/spec/operators", finding);
    }
    let (mut users, mut owners) = (BTreeSet::new(), BTreeMap::new());
    for (index, Operator { user, owner, expires_at: _ }) in operators.iter().enumerate() {
        let at = format!("/spec/operators/{index}/user");
        if !users.insert(user.to_ascii_lowercase()) {
            let message = format!("{} is there twice", shown(user));
            let finding = Finding::new(ProblemCode::DuplicateName, message);
            context.problem(document, &at, finding);
        }
        if user == "root" {
            let finding = Finding::new(ProblemCode::InvalidValue, "root cannot assume roles")
                .help("AWS refuses `AssumeRole` with the credentials of root, and the console cannot switch from it: name an IAM user of somebody's own");
            context.problem(document, &at, finding);
        } else if !says_break_glass(user) {
            let message = format!("{} does not say that it is for emergencies", shown(user));
            let finding = Finding::new(ProblemCode::InvalidValue, message).help(
                "a name that ends in `break-glass` is not mistaken for one that is used every day",
            );
            context.warning(document, &at, finding);
        }
        let Some(owner) = owner else { continue };
        if let Some(first) = owners.insert(owner, user) {
            let message = format!("{} has {} already", shown(owner), shown(first));
            let finding = Finding::new(ProblemCode::DuplicateName, message)
                .help("one user for each person is enough, and never one for two");
            context.warning(document, &format!("/spec/operators/{index}/owner"), finding);
        }
    }
}

/// Nobody says alone that they may use emergency access (BG-11).
pub(super) fn check_approvers(
    document: &Document,
    operators: &[Operator],
    approvers: &[String],
    context: &mut Context<'_>,
) {
    for owner in operators.iter().filter_map(|operator| operator.owner.as_ref()) {
        if !approvers.is_empty() && approvers.iter().all(|approver| approver == owner) {
            let message = format!("nobody but {} could say that {0} may use it", shown(owner));
            let finding = Finding::new(ProblemCode::WrongCount, message)
                .help("name an approver who is not the operator");
            context.problem(document, "/spec/approvers", finding);
        }
    }
}

/// The Security Pillar prints names with and without a separator (SEC10-BP05).
pub(super) fn says_break_glass(name: &str) -> bool {
    name.to_ascii_lowercase().replace('_', "-").contains("break-glass")
}

pub(super) fn read_saml(
    document: &Document,
    raw: Option<RawEmergencySaml>,
    context: &mut Context<'_>,
) -> Option<EmergencySaml> {
    const FILE: &str = "/spec/saml/metadataFile";
    let RawEmergencySaml { provider, metadata_file, role } = raw?;
    let refuse = |context: &mut Context<'_>, code, message: String, help: &str| {
        let finding = Finding::new(code, message);
        let finding = if help.is_empty() { finding } else { finding.help(help) };
        context.problem(document, FILE, finding);
        None
    };
    let Some(name) = files::relative_to(&context.text(document).name, &metadata_file) else {
        let message = format!("{} leads out of the desired-state directory", shown(&metadata_file));
        return refuse(context, ProblemCode::File, message, "");
    };
    let metadata = match context.files.read(&name) {
        Ok(text) => text.text,
        Err(error) => {
            return refuse(context, ProblemCode::File, format!("{} {error}", shown(&name)), "");
        }
    };
    let has = |element: &str| metadata.contains(element);
    if !has("EntityDescriptor") || !has("IDPSSODescriptor") || !has("X509Certificate") {
        let message = format!("{} is no metadata of an identity provider", shown(&name));
        let help = "it holds an `EntityDescriptor` with an `IDPSSODescriptor` and a certificate";
        return refuse(context, ProblemCode::InvalidValue, message, help);
    }
    let characters = metadata.chars().count();
    if !METADATA_CHARACTERS.contains(&characters) {
        let message = format!("{} has {characters} characters", shown(&name));
        return refuse(context, ProblemCode::OverQuota, message, "IAM takes 1,000 to 10,000,000");
    }
    let certificate_ends = certificate::ends(&metadata);
    if let Some(finding) = certificate_ends.and_then(|ends| end_of_certificate(ends, context.today))
    {
        context.warning(document, FILE, finding);
    }
    Some(EmergencySaml { provider: provider.0, metadata, role: role.0, certificate_ends })
}

/// What is to be said of a certificate that has ended, or soon will.
fn end_of_certificate(ends: Timestamp, today: Date) -> Option<Finding> {
    let day = ends.to_zoned(TimeZone::UTC).date();
    let (left, certificate) =
        ((day - today).get_days(), "the certificate with which the identity provider signs");
    let message = if left < 0 {
        format!("{certificate} ended on {day}")
    } else if left <= CERTIFICATE_NOTICE_DAYS {
        format!("{certificate} ends on {day}")
    } else {
        return None;
    };
    let finding = Finding::new(ProblemCode::Suspension, message);
    Some(finding.help("commit the metadata that it gives out with the next one"))
}

pub(super) fn read_failure_modes(
    document: &Document,
    raw: Vec<RawFailureMode>,
    has_saml: bool,
    context: &mut Context<'_>,
) -> Vec<FailureMode> {
    let mut ids = BTreeSet::new();
    let mut modes = Vec::new();
    for (index, mode) in raw.into_iter().enumerate() {
        let at = |field: &str| format!("/spec/failureModes/{index}/{field}");
        if !ids.insert(mode.id.clone()) {
            let message = format!("{} is there twice", shown(&mode.id));
            let finding = Finding::new(ProblemCode::DuplicateName, message);
            context.problem(document, &at("id"), finding);
        }
        let mode = FailureMode {
            id: mode.id,
            description: mode.description,
            confirmation: mode.confirmation,
            fails: mode.fails.map(failing),
            through: mode.through.map_or(Through::Operators, through),
            runbook: mode.runbook.0,
        };
        if let Some(finding) = dead_end(&mode, has_saml) {
            context.problem(document, &at("through"), finding);
        }
        modes.push(mode);
    }
    modes
}

/// Why the way in does not work when the failure happens.
fn dead_end(mode: &FailureMode, has_saml: bool) -> Option<Finding> {
    if mode.through == Through::Operators {
        return None;
    }
    if !has_saml {
        let finding = Finding::new(ProblemCode::UnknownName, "there is no `saml` to go through");
        return Some(
            finding.help("describe the identity provider in `saml`, or go through `operators`"),
        );
    }
    let (message, help) = match mode.fails {
        Some(Failing::IdentityProvider) => (
            "the way in leads through the identity provider whose failure it is for".to_owned(),
            "go through `operators`, whose users need no identity provider",
        ),
        None => (
            format!(
                "nobody can say whether the identity provider works during {}",
                shown(&mode.id)
            ),
            "say what `fails`",
        ),
        Some(
            Failing::IdentityProviderConfiguration | Failing::IdentityCenter | Failing::Automation,
        ) => return None,
    };
    Some(Finding::new(ProblemCode::InvalidValue, message).help(help))
}

fn failing(raw: RawFailing) -> Failing {
    match raw {
        RawFailing::IdentityProvider => Failing::IdentityProvider,
        RawFailing::IdentityProviderConfiguration => Failing::IdentityProviderConfiguration,
        RawFailing::IdentityCenter => Failing::IdentityCenter,
        RawFailing::Automation => Failing::Automation,
    }
}

fn through(raw: RawThrough) -> Through {
    match raw {
        RawThrough::Operators => Through::Operators,
        RawThrough::Saml => Through::Saml,
    }
}

pub(super) fn read_alerts(
    document: &Document,
    raw: RawEmergencyAlerts,
    context: &mut Context<'_>,
) -> EmergencyAlerts {
    const REGIONS: &str = "/spec/alerts/regions";
    regions::check_names(document, &[REGIONS], context);
    let targets: BTreeSet<String> = raw.targets.into_iter().map(|target| target.0).collect();
    let regions: BTreeSet<String> = raw.regions.into_iter().map(|region| region.0).collect();
    let alerts = EmergencyAlerts { targets, regions };
    for region in &alerts.regions {
        let reached = alerts.targets_in(region).count();
        if reached < TARGETS_MIN {
            let message = format!(
                "in {region} only {reached} of the targets can be reached, and at least {TARGETS_MIN} must"
            );
            let finding = Finding::new(ProblemCode::WrongCount, message)
                .help("a rule reaches topics, queues and functions of its own Region, and event buses of any");
            context.problem(document, REGIONS, finding);
        } else if reached > TARGETS_MAX {
            let message =
                format!("in {region} there are {reached} targets, and a rule has {TARGETS_MAX}");
            context.problem(document, REGIONS, Finding::new(ProblemCode::OverQuota, message));
        }
    }
    let is_elsewhere = |region: &String| region.starts_with("cn-") || region.starts_with("us-gov-");
    let is_elsewhere = alerts.regions.iter().any(is_elsewhere);
    if !alerts.regions.contains(SIGN_IN_REGION) && !is_elsewhere {
        let message = format!("nobody is told of sign-ins that land in {SIGN_IN_REGION}");
        let finding = Finding::new(ProblemCode::WrongCount, message).help(format!(
            "add `{SIGN_IN_REGION}`: sign-ins of root and of IAM users, unless they name another Region, and calls to the global endpoint of STS are recorded there"
        ));
        context.problem(document, REGIONS, finding);
    }
    let unheard = ALIAS_REGIONS.iter().copied().filter(|it| !alerts.regions.contains(*it));
    let unheard: Vec<&str> = unheard.filter(|_| !is_elsewhere).collect();
    if !unheard.is_empty() {
        let message = format!("nobody is told of sign-ins that land in {}", unheard.join(", "));
        let finding = Finding::new(ProblemCode::WrongCount, message).help(
            "the sign-in of an IAM user whose browser remembers the account's alias is recorded in one of them, whichever is near",
        );
        context.warning(document, REGIONS, finding);
    }
    alerts
}

pub(super) fn read_others(raw: Option<RawOthers>) -> Others {
    let RawOthers { users, roles, identity_providers } = raw.unwrap_or_default();
    Others {
        users: users.into_iter().map(|pattern| pattern.0).collect(),
        roles: roles.into_iter().map(|pattern| pattern.0).collect(),
        identity_providers: identity_providers.into_iter().map(|pattern| pattern.0).collect(),
    }
}

/// Checks that what tells of its use fits into AWS.
pub(super) fn check_alerts(
    document: &Document,
    desired: &DesiredBreakGlass,
    context: &mut Context<'_>,
) {
    if desired.alerts.is_none() {
        return;
    }
    let longest = desired.alert_rule_name().len().max(desired.alert_role_name().len());
    if longest > NAME_CHARACTERS_MAX {
        let over = longest - NAME_CHARACTERS_MAX;
        let message = format!("the name is {over} characters too long for the rules that bear it");
        context.problem(document, "/metadata/name", Finding::new(ProblemCode::OverQuota, message));
    }
    let size = policy::minify(&desired.alert_pattern()).chars().count();
    if size > PATTERN_CHARACTERS_MAX {
        let message = format!(
            "the pattern that recognizes the use of all roles has {size} characters, and AWS allows {PATTERN_CHARACTERS_MAX}"
        );
        let finding = Finding::new(ProblemCode::OverQuota, message)
            .help("shorten the names of roles, or put some of them into another document");
        context.problem_at_key(document, "/spec/alerts", finding);
    }
}

/// An account that people work in every day is no emergency account, and one that everybody who has it could
/// change the record of its own use in (SEC03-BP03, SEC10-BP05).
pub(super) fn check_separation(
    document: &Document,
    account: &AccountId,
    org: &DesiredOrg,
    context: &mut Context<'_>,
) {
    let administers = org.delegated_administrators.iter().find(|(_, admin)| *admin == account);
    if let Some((service, _)) = administers {
        let message = format!("the emergency account administers `{service}` as well");
        let finding = Finding::new(ProblemCode::InvalidValue, message).help(
            "use an account that is used for nothing else, where every sign-in is worth an alert",
        );
        context.warning(document, "/spec/emergencyAccount", finding);
    }
}

/// What is better declared, and may be left out.
pub(super) fn recommend(
    document: &Document,
    modes: &[FailureMode],
    alerts: Option<&EmergencyAlerts>,
    context: &mut Context<'_>,
) {
    let mut advise = |field: &str, message: &str| {
        let finding =
            Finding::new(ProblemCode::MissingField, message).help(format!("say so in `{field}`"));
        context.warning(document, "/metadata/name", finding);
    };
    if modes.is_empty() {
        advise(
            "failureModes",
            "nobody knows in which failures this is to be used, and how that is confirmed",
        );
    }
    if alerts.is_none() {
        advise("alerts", "nobody is told when it is used");
    }
    let has_trail = context.guardrails.iter().any(|known| known.kind == logging_trail::KIND);
    if alerts.is_some() && !has_trail {
        let message =
            "no document says that a trail records its use, and without one nobody is told";
        let finding = Finding::new(ProblemCode::MissingField, message).help(
            "add a document of kind `LoggingTrail`; with `adopt: verify` the trail may be somebody else's",
        );
        context.warning(document, "/spec/alerts", finding);
    }
}
