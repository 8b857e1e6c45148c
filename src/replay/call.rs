//! From an event to the requests that AWS decided on, as far as the event tells.
//!
//! Keys that the event shows not to be there are absent; keys it does not speak of are left unknown.
//! Sources: "CloudTrail record contents" and "userIdentity element" (AWS CloudTrail User Guide), "AWS
//! global condition context keys" (IAM User Guide).

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::effective::Effective;
use crate::policy::Request;
use crate::replay::action::action_of;
use crate::replay::event::{Event, Identity, Resource, Text};
use crate::replay::records::Records;
use crate::replay::resource::{Place, acted_on, of_parameters};

/// Longest user agent that CloudTrail keeps whole.
const USER_AGENT_BYTES_MAX: usize = 1024;

/// Most resources of one call that are asked about.
const RESOURCES_MAX: usize = 100;

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The account of the principal, or of whoever received the event.
    pub account: String,
    /// Who, without the names of sessions, which are often people's.
    pub principal: String,
    /// The action.
    pub action: String,
    /// One a resource.
    pub requests: Vec<Request>,
    /// The resource of the first.
    pub resource: Option<String>,
    /// The event.
    pub event_id: String,
    /// When, as CloudTrail writes it.
    pub time: String,
    /// Was it refused when it was made?
    pub refused: bool,
}

/// Why an event is no call that guardrails decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
pub enum Skipped {
    /// AWS reports something; nobody asked.
    #[strum(to_string = "not calls: AWS's own events, sign-ins, insights")]
    NoCall,
    /// A person of IAM Identity Center, or nobody that IAM knows.
    #[strum(to_string = "made by no principal of IAM")]
    NoPrincipal,
}

/// What an event is to guardrails.
pub(super) enum Reading {
    Call(Box<Call>),
    Skipped(Skipped),
    /// It lacks what every event has.
    Malformed,
}

/// The calls in a text, such as one event that somebody pasted.
pub fn calls_in(text: &str, effective: &Effective) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut take = |event: &Event<'_>| {
        if let Reading::Call(call) = read(event, effective) {
            calls.push(*call);
        }
    };
    // Reading from memory does not fail; a text that holds no events holds no calls.
    let _ = Records::new(text.as_bytes()).read(&mut take);
    calls
}

/// Reads an event; `effective` knows which accounts are in the organization.
pub(super) fn read(event: &Event<'_>, effective: &Effective) -> Reading {
    if matches!(
        text(event.event_type.as_ref()),
        Some("AwsServiceEvent" | "AwsConsoleSignIn" | "AwsCloudTrailInsight" | "AwsVpceEvent")
    ) {
        return Reading::Skipped(Skipped::NoCall);
    }
    let (Some(source), Some(name), Some(identity)) =
        (text(event.event_source.as_ref()), text(event.event_name.as_ref()), &event.user_identity)
    else {
        return Reading::Malformed;
    };
    let action = action_of(source, name);
    let Some(caller) = Caller::of(identity, &action) else {
        return match text(identity.kind.as_ref()) {
            Some("IdentityCenterUser" | "Directory" | "Unknown" | "AWSService") => {
                Reading::Skipped(Skipped::NoPrincipal)
            }
            _ => Reading::Malformed,
        };
    };
    let recipient = text(event.recipient_account_id.as_ref());
    let request = with_event(with_identity(caller.request, identity), identity, event);
    let account = request.principal_account().or(recipient).unwrap_or_default().to_owned();
    let requests = on_resources(request, &action, event, recipient);
    let requests: Vec<Request> =
        requests.into_iter().map(|request| effective.with_organization(request)).collect();
    let first = requests.first().and_then(Request::resource).map(impersonal);
    let code = text(event.error_code.as_ref()).unwrap_or_default();
    Reading::Call(Box::new(Call {
        account,
        principal: caller.shown,
        action,
        requests,
        resource: first,
        event_id: text(event.event_id.as_ref()).unwrap_or_default().to_owned(),
        time: text(event.event_time.as_ref()).unwrap_or_default().to_owned(),
        refused: ["AccessDenied", "UnauthorizedOperation", "NotAuthorized"]
            .iter()
            .any(|word| code.contains(word)),
    }))
}

/// A resource without what may be somebody's address: names of users and of objects often are.
fn impersonal(resource: &str) -> String {
    let Some(at) = resource.find('@') else { return resource.to_owned() };
    let start = resource[..at].rfind(['/', ':']).map_or(0, |separator| separator + 1);
    format!("{}…", &resource[..start])
}

/// A principal as the engine and as people know it.
struct Caller {
    request: Request,
    shown: String,
}

impl Caller {
    fn of(identity: &Identity<'_>, action: &str) -> Option<Self> {
        let arn = text(identity.arn.as_ref());
        let account = text(identity.account_id.as_ref());
        let invoker = text(identity.invoked_by.as_ref());
        let of_service = || {
            let request = Request::new(invoker?, action).ok()?;
            Some(Self { request, shown: invoker?.to_owned() })
        };
        match text(identity.kind.as_ref()) {
            Some("IAMUser" | "Root") => {
                let request = Request::new(arn?, action).ok()?;
                Some(Self { request, shown: arn?.to_owned() })
            }
            Some("AssumedRole" | "FederatedUser") => {
                let request = Request::new(arn?, action).ok()?;
                let issuer = identity.session_context.as_ref()?.session_issuer.as_ref();
                let issuer = issuer.and_then(|issuer| text(issuer.arn.as_ref()));
                let shown =
                    issuer.map_or_else(|| without_session(arn?), |arn| Some(arn.to_owned()));
                Some(Self { request, shown: shown? })
            }
            Some("AWSAccount") => {
                let request = Request::of_account(account?, action).ok()?;
                Some(Self { request, shown: format!("somebody in account {}", account?) })
            }
            // Their call is what gives them credentials: they come without any of IAM's.
            Some("SAMLUser" | "WebIdentityUser") => {
                let request = Request::new("*", action).ok()?;
                Some(Self { request, shown: "a federated user".to_owned() })
            }
            Some("AWSService") | None => of_service(),
            Some(_) => None,
        }
    }
}

/// `arn:aws:sts::1:assumed-role/dev/jo` without `jo`.
fn without_session(arn: &str) -> Option<String> {
    let (role, _session) = arn.rsplit_once('/')?;
    Some(format!("{role}/*"))
}

/// What credentials say.
fn with_identity(mut request: Request, identity: &Identity<'_>) -> Request {
    if let Some(id) = text(identity.principal_id.as_ref()) {
        request = request.with("aws:userid", [id]);
    }
    let kind = text(identity.kind.as_ref());
    let principal_type = match kind {
        Some("IAMUser") => Some("User"),
        Some("Root") => Some("Account"),
        Some(kind @ ("AssumedRole" | "FederatedUser")) => Some(kind),
        Some(_) | None => None,
    };
    if let Some(principal_type) = principal_type {
        request = request.with("aws:PrincipalType", [principal_type]);
    }
    match (kind, text(identity.user_name.as_ref())) {
        (Some("IAMUser"), Some(name)) => request = request.with("aws:username", [name]),
        (Some("AssumedRole" | "Root"), _) => request = request.without("aws:username"),
        (_, _) => {}
    }
    let session = identity.session_context.as_ref();
    let issuer = session.and_then(|session| session.session_issuer.as_ref());
    match (kind, issuer.and_then(|issuer| text(issuer.arn.as_ref()))) {
        (Some("AssumedRole"), Some(role)) => request = request.with("aws:PrincipalArn", [role]),
        (Some("FederatedUser"), _) => {
            if let Some(arn) = text(identity.arn.as_ref()) {
                request = request.with("aws:PrincipalArn", [arn]);
            }
        }
        (_, _) => {}
    }
    match session {
        Some(session) => match text(session.source_identity.as_ref()) {
            Some(source) => request.with("aws:SourceIdentity", [source]),
            None => request.without("aws:SourceIdentity"),
        },
        // Long-term keys: without a session there is no MFA and no time at which it began.
        None if kind == Some("IAMUser") => request
            .without("aws:MultiFactorAuthPresent")
            .without("aws:MultiFactorAuthAge")
            .without("aws:TokenIssueTime")
            .without("aws:SourceIdentity"),
        None => request,
    }
}

/// What the call itself says.
fn with_event(mut request: Request, identity: &Identity<'_>, event: &Event<'_>) -> Request {
    if let Some(region) = text(event.aws_region.as_ref()) {
        request = request.with("aws:RequestedRegion", [region]);
    }
    if let Some(agent) = text(event.user_agent.as_ref()) {
        // An agent that was cut short is not what the condition saw.
        if agent.len() < USER_AGENT_BYTES_MAX {
            request = request.with("aws:UserAgent", [agent]);
        }
    }
    if event.tls_details.as_ref().is_some_and(|tls| tls.tls_version.is_some()) {
        request = request.with("aws:SecureTransport", ["true"]);
    }
    request = with_network(request, event);
    request = with_times(request, identity, event);
    let is_direct = identity.invoked_by.is_none();
    if is_direct && request.principal_account().is_some() {
        request = request.with("aws:ViaAWSService", ["false"]);
        // These come with calls that services make on their own behalf.
        for key in ["aws:CalledVia", "aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID"] {
            request = request.without(key);
        }
    }
    request
}

fn with_network(request: Request, event: &Event<'_>) -> Request {
    let address = text(event.source_ip_address.as_ref());
    // A service that calls shows its name in place of an address.
    let Some(address) = address.filter(|address| address.parse::<IpAddr>().is_ok()) else {
        return request;
    };
    match text(event.vpc_endpoint_id.as_ref()) {
        Some(endpoint) => request
            .without("aws:SourceIp")
            .with("aws:VpcSourceIp", [address])
            .with("aws:SourceVpce", [endpoint]),
        None => request
            .with("aws:SourceIp", [address])
            .without("aws:VpcSourceIp")
            .without("aws:SourceVpce")
            .without("aws:SourceVpc"),
    }
}

fn with_times(mut request: Request, identity: &Identity<'_>, event: &Event<'_>) -> Request {
    let now = text(event.event_time.as_ref()).and_then(|time| time.parse::<Timestamp>().ok());
    if let (Some(now), Some(time)) = (now, text(event.event_time.as_ref())) {
        request = request
            .with("aws:CurrentTime", [time])
            .with("aws:EpochTime", [now.as_second().to_string()]);
    }
    let attributes =
        identity.session_context.as_ref().and_then(|session| session.attributes.as_ref());
    let Some(attributes) = attributes else { return request };
    let began = text(attributes.creation_date.as_ref());
    if let Some(began) = began {
        request = request.with("aws:TokenIssueTime", [began]);
    }
    let began = began.and_then(|began| began.parse::<Timestamp>().ok());
    match text(attributes.mfa_authenticated.as_ref()) {
        Some("true") => {
            request = request.with("aws:MultiFactorAuthPresent", ["true"]);
            if let (Some(now), Some(began)) = (now, began) {
                let age = (now.as_second() - began.as_second()).max(0);
                request = request.with("aws:MultiFactorAuthAge", [age.to_string()]);
            }
            request
        }
        Some(said) => {
            request.with("aws:MultiFactorAuthPresent", [said]).without("aws:MultiFactorAuthAge")
        }
        None => request,
    }
}

/// The request on each resource that the event names, or that its parameters do; without a resource when neither
/// does.
fn on_resources(
    request: Request,
    action: &str,
    event: &Event<'_>,
    recipient: Option<&str>,
) -> Vec<Request> {
    let in_account = |request: Request, account: Option<&str>| match account.or(recipient) {
        Some(account) => request.in_account(account),
        None => request,
    };
    let resources = event.resources.iter().flatten();
    let (arns, resources): (Vec<&str>, Vec<&Resource<'_>>) = resources
        .filter_map(|resource| Some((text(resource.arn.as_ref())?, resource)))
        .take(RESOURCES_MAX)
        .unzip();
    let named: Vec<Request> = acted_on(action, &arns)
        .into_iter()
        .map(|(at, arn)| {
            let account = text(resources[at].account_id.as_ref());
            in_account(request.clone(), account).on(&arn)
        })
        .collect();
    if !named.is_empty() {
        return named;
    }
    let request = in_account(request, None);
    let place = Place {
        region: text(event.aws_region.as_ref()).unwrap_or_default(),
        account: recipient.unwrap_or_default(),
    };
    let parameters = event.request_parameters.map(RawValue::get);
    let arn = parameters.and_then(|parameters| of_parameters(action, parameters, place));
    vec![match arn {
        Some(arn) => match arn.split(':').nth(4).filter(|account| account.len() == 12) {
            Some(account) => request.in_account(account).on(&arn),
            None => request.on(&arn),
        },
        None => request,
    }]
}

fn text<'e>(text: Option<&'e Text<'_>>) -> Option<&'e str> {
    text.map(|Text(text)| &**text)
}
