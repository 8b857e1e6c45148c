//! The policies above an account, and what they make of a request.
//!
//! SCPs bind the principals of an account, RCPs its resources: "SCP evaluation" and "RCP evaluation"
//! (AWS Organizations User Guide). A request between accounts meets the SCPs of one and the RCPs of
//! the other. Whether AWS grants the call in the end is not decided here: guardrails only take away.

use std::sync::Arc;

use crate::policy::arn::ArnText;
use crate::policy::document::{Document, Mismatch, Statement};
use crate::policy::rcp_services::supports_rcp;
use crate::policy::request::Request;
use crate::policy::truth::{Gap, Gaps, Missing, Truth};

/// All policies that a request may meet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hierarchy {
    /// The management account, which no policy binds.
    pub management_account: Option<String>,
    /// The SCPs of the principal's account, from the root to the account; no level at all for a
    /// principal from outside the organization.
    pub service_control: Vec<Level>,
    /// The RCPs of the resource's account, from the root to the account.
    pub resource_control: Vec<Level>,
}

/// The root, an OU or an account, with what is attached to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Its name or id, for people.
    pub name: String,
    /// The policies attached to it.
    pub policies: Vec<AttachedPolicy>,
}

/// A policy on a level.
#[derive(Debug, Clone, PartialEq)]
pub struct AttachedPolicy {
    /// Its name.
    pub name: String,
    /// What it says; shared by every level it is attached to.
    pub document: Arc<Document>,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'h> {
    /// No guardrail stands in the way.
    Allowed,
    /// A guardrail forbids it.
    Denied(Denial<'h>),
    /// It depends on what the request does not say.
    Unknown(Missing),
}

/// What forbids a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial<'h> {
    /// A Deny applies: the first one, root first, SCPs before RCPs.
    Explicit(StatementRef<'h>),
    /// No SCP of a level allows the action.
    Implicit {
        /// The first such level.
        level: &'h str,
    },
}

/// A statement by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatementRef<'h> {
    /// SCP or RCP.
    pub policy_type: ControlType,
    /// The level.
    pub level: &'h str,
    /// The policy.
    pub policy: &'h str,
    /// The Sid, if it has one.
    pub sid: Option<&'h str>,
    /// Its place in the document, from 0.
    pub statement: usize,
}

/// The policy types that decide requests.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::IntoStaticStr,
)]
pub enum ControlType {
    /// Service control policies.
    #[strum(serialize = "SERVICE_CONTROL_POLICY")]
    ServiceControl,
    /// Resource control policies.
    #[strum(serialize = "RESOURCE_CONTROL_POLICY")]
    ResourceControl,
}

/// A statement that has a say about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit<'h> {
    /// Which.
    pub statement: StatementRef<'h>,
    /// Does it deny, or allow?
    pub is_deny: bool,
    /// Does it apply, or is that unknown?
    pub truth: Truth,
}

impl Hierarchy {
    /// What becomes of `request`.
    ///
    /// A definite verdict stays what it is whatever else becomes known of the request.
    pub fn decide<'h>(&'h self, request: &Request) -> Verdict<'h> {
        let exempt = request.is_service_linked();
        if exempt == Truth::True {
            return Verdict::Allowed;
        }
        let mut gaps = Gaps::default();
        let verdict = self.decide_bound(request, &mut gaps);
        if exempt == Truth::False || verdict == Verdict::Allowed {
            return verdict;
        }
        gaps.note(Gap::Key("aws:PrincipalArn"));
        Verdict::Unknown(gaps.missing())
    }

    /// Every statement that applies to `request` or may apply, in the order of the levels: what a
    /// test exercises, and everything that would have to change.
    pub fn hits<'h>(&'h self, request: &Request) -> Vec<Hit<'h>> {
        if request.is_service_linked() == Truth::True {
            return Vec::new();
        }
        let resource = request.resource.as_deref().map(ArnText::cut);
        let mut gaps = Gaps::default();
        let mut hits = Vec::new();
        for place in self.places(request) {
            let Document { denies, allows } = &*place.policy.document;
            let statements = denies.iter().map(|statement| (true, statement));
            let statements = statements.chain(allows.iter().map(|statement| (false, statement)));
            for (is_deny, statement) in statements {
                let truth = statement.applies(request, resource.as_ref(), &mut gaps);
                if truth != Truth::False {
                    hits.push(Hit { statement: place.statement(statement), is_deny, truth });
                }
            }
        }
        hits
    }

    /// Every Deny that binds `request` and does not apply to it, with the first reason why.
    pub fn misses<'h>(&'h self, request: &Request) -> Vec<(StatementRef<'h>, Mismatch)> {
        let resource = request.resource.as_deref().map(ArnText::cut);
        let mut misses = Vec::new();
        for place in self.places(request) {
            for statement in &place.policy.document.denies {
                let mismatch = statement.mismatch(request, resource.as_ref());
                misses.extend(mismatch.map(|mismatch| (place.statement(statement), mismatch)));
            }
        }
        misses
    }

    /// May policies of this type bind `request` at all, whatever they say?
    pub fn is_bound(&self, policy_type: ControlType, request: &Request) -> bool {
        request.is_service_linked() != Truth::True
            && match policy_type {
                ControlType::ServiceControl => self.binds_principal(request),
                ControlType::ResourceControl => self.binds_resource(request),
            }
    }

    /// The verdict on a principal that is no service-linked role.
    fn decide_bound<'h>(&'h self, request: &Request, gaps: &mut Gaps<'h>) -> Verdict<'h> {
        let resource = request.resource.as_deref().map(ArnText::cut);
        let resource = resource.as_ref();
        let mut is_unknown = false;
        for place in self.places(request) {
            for statement in &place.policy.document.denies {
                match statement.applies(request, resource, gaps) {
                    Truth::True => {
                        return Verdict::Denied(Denial::Explicit(place.statement(statement)));
                    }
                    Truth::Unknown => is_unknown = true,
                    Truth::False => {}
                }
            }
        }
        for level in self.service_control(request) {
            let allows = level.policies.iter().flat_map(|policy| &policy.document.allows);
            match gaps.any(allows, |gaps, statement| statement.applies(request, resource, gaps)) {
                Truth::False => return Verdict::Denied(Denial::Implicit { level: &level.name }),
                Truth::Unknown => is_unknown = true,
                Truth::True => {}
            }
        }
        if is_unknown { Verdict::Unknown(gaps.missing()) } else { Verdict::Allowed }
    }

    /// Every policy that binds the request, with where it is.
    fn places<'h>(&'h self, request: &Request) -> impl Iterator<Item = Place<'h>> {
        let of = |policy_type, levels: &'h [Level]| {
            levels.iter().flat_map(move |level| {
                let place = move |policy| Place { policy_type, level: &level.name, policy };
                level.policies.iter().map(place)
            })
        };
        of(ControlType::ServiceControl, self.service_control(request))
            .chain(of(ControlType::ResourceControl, self.resource_control(request)))
    }

    /// The SCPs that bind the principal: none in the management account, and none without an
    /// account, as services and anonymous callers are.
    fn service_control(&self, request: &Request) -> &[Level] {
        if self.binds_principal(request) { &self.service_control } else { &[] }
    }

    fn binds_principal(&self, request: &Request) -> bool {
        request
            .principal_account()
            .is_some_and(|account| self.management_account.as_deref() != Some(account))
    }

    /// The RCPs that bind the resource: none in the management account, none for services without
    /// RCPs, for keys that AWS manages, and for `kms:RetireGrant`.
    fn resource_control(&self, request: &Request) -> &[Level] {
        if self.binds_resource(request) { &self.resource_control } else { &[] }
    }

    fn binds_resource(&self, request: &Request) -> bool {
        let is_management = request.resource_account.is_some()
            && request.resource_account == self.management_account;
        let is_free = request.service.as_str() == "kms"
            && (request.name.as_str() == "retiregrant"
                || request.resource.as_deref().is_some_and(is_alias_of_aws));
        !is_management && !is_free && supports_rcp(request.service.as_str())
    }
}

/// The names of AWS managed keys begin with `aws/`. The ARN of such a key itself does not show it.
fn is_alias_of_aws(resource: &str) -> bool {
    resource.splitn(6, ':').nth(5).is_some_and(|name| name.starts_with("alias/aws/"))
}

/// A policy and where it is attached.
struct Place<'h> {
    policy_type: ControlType,
    level: &'h str,
    policy: &'h AttachedPolicy,
}

impl<'h> Place<'h> {
    fn statement(&self, statement: &'h Statement) -> StatementRef<'h> {
        StatementRef {
            policy_type: self.policy_type,
            level: self.level,
            policy: &self.policy.name,
            sid: statement.sid.as_deref(),
            statement: statement.index,
        }
    }
}
