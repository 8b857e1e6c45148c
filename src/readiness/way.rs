//! The guardrails on the way from a person to a role: the policies in force, evaluated.

use crate::compile::{DesiredBreakGlass, Resources};
use crate::effective::{Answer, Effective, Unseen};
use crate::org::{AccountId, OrgSnapshot};
use crate::policy::{Denial, Missing, Request};
use crate::readiness::Verdict;

/// Facts that are asked for one after the other; every answer settles at least one.
const FACTS_MAX: usize = 20;

/// Keys that neither an operator nor a session of an emergency role has, by their beginning.
const ABSENT: &[&str] = &[
    "accounts.google.com:",
    "aws:assumedroot",
    "aws:calledvia",
    "aws:chatbotsourcearn",
    "aws:ec2instancesourceprivateipv4",
    "aws:ec2instancesourcevpc",
    "aws:principalservicename",
    "aws:requesttag/",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:tagkeys",
    "cognito-identity.amazonaws.com:",
    "graph.facebook.com:",
    "sts:externalid",
    "sts:sourceidentity",
    "sts:transitivetagkeys",
    "www.amazon.com:",
];

/// The policies in force.
pub(super) struct Way {
    effective: Effective,
    partition: String,
}

/// Who takes a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// An operator, signed in with MFA.
    Operator,
    /// A session of a role, which carries no MFA.
    Session,
}

impl Way {
    pub(super) fn of(resources: &Resources, snapshot: &OrgSnapshot) -> Self {
        Self {
            effective: Effective::observed(snapshot, Some(resources)),
            partition: snapshot.partition().to_owned(),
        }
    }

    /// Can an operator assume a role?
    pub(super) fn operator(
        &self,
        desired: &DesiredBreakGlass,
        user: &str,
        account: &AccountId,
        role: &str,
    ) -> Verdict {
        self.step(desired, Who::Operator, &format!("user/{user}"), account, role)
    }

    /// Can a role be reached by every operator, and through every role that leads on?
    pub(super) fn to(
        &self,
        desired: &DesiredBreakGlass,
        account: &AccountId,
        role: &str,
    ) -> Verdict {
        let operators = desired
            .operators
            .iter()
            .map(|operator| (Who::Operator, format!("user/{}", operator.user)));
        let entrances = desired.entrances().map(|name| (Who::Session, format!("role/{name}")));
        operators
            .chain(entrances)
            .map(|(who, principal)| self.step(desired, who, &principal, account, role))
            .find(|verdict| *verdict != Verdict::Holds)
            .unwrap_or(Verdict::Holds)
    }

    fn step(
        &self,
        desired: &DesiredBreakGlass,
        who: Who,
        principal: &str,
        account: &AccountId,
        role: &str,
    ) -> Verdict {
        let (partition, home) = (&self.partition, &desired.emergency_account);
        let caller = format!("arn:{partition}:iam::{home}:{principal}");
        let target = format!("arn:{partition}:iam::{account}:role/{role}");
        let Ok(mut request) = Request::new(&caller, "sts:AssumeRole") else {
            return Verdict::Unknown(format!("`{caller}` is no principal"));
        };
        request = self.effective.with_organization(request.on(&target));
        let bindings = self.effective.bindings(Some(home.as_str()), Some(account.as_str()));
        for _ in 0..FACTS_MAX {
            match bindings.decide(&request) {
                Answer::Allowed => return Verdict::Holds,
                Answer::Denied(denial) => {
                    return Verdict::Fails(format!(
                        "{principal} cannot assume it: {}",
                        said(&denial)
                    ));
                }
                Answer::Unknown { missing, unseen } => {
                    match self.informed(request.clone(), &missing, who, principal) {
                        Some(more) => request = more,
                        None => return Verdict::Unknown(unproved(principal, &missing, &unseen)),
                    }
                }
            }
        }
        Verdict::Unknown(format!("whether {principal} can assume it is not settled"))
    }

    /// The request with what is known of the caller; nothing when none of what is missing is.
    fn informed(
        &self,
        request: Request,
        missing: &Missing,
        who: Who,
        principal: &str,
    ) -> Option<Request> {
        let mut informed = request;
        let mut learned = false;
        for key in &missing.keys {
            let folded = key.to_ascii_lowercase();
            let value = match (folded.as_str(), who) {
                ("aws:multifactorauthpresent", Who::Operator) | ("aws:securetransport", _) => {
                    "true"
                }
                ("aws:multifactorauthpresent", Who::Session) | ("aws:viaawsservice", _) => "false",
                // An MFA code of just now: the age that roles allow is part of their own trust.
                ("aws:multifactorauthage", Who::Operator) => "0",
                ("aws:principaltype", Who::Operator) => "User",
                ("aws:principaltype", Who::Session) => "AssumedRole",
                ("aws:username", Who::Operator) => principal.trim_start_matches("user/"),
                ("aws:requestedregion", _) => self.region(),
                _ => {
                    let is_sessions = who == Who::Session
                        && ["aws:multifactorauthage", "aws:username"].contains(&folded.as_str());
                    if is_sessions || ABSENT.iter().any(|begin| folded.starts_with(begin)) {
                        informed = informed.without(key);
                        learned = true;
                    }
                    continue;
                }
            };
            informed = informed.with(key, [value]);
            learned = true;
        }
        learned.then_some(informed)
    }

    /// Where STS without a Region answers.
    fn region(&self) -> &'static str {
        match self.partition.as_str() {
            "aws-cn" => "cn-north-1",
            "aws-us-gov" => "us-gov-west-1",
            _ => "us-east-1",
        }
    }
}

fn said(denial: &Denial<'_>) -> String {
    match denial {
        Denial::Explicit(statement) => {
            let sid = statement.sid.map(|sid| format!(", statement `{sid}`")).unwrap_or_default();
            format!("`{}` on {} denies it{sid}", statement.policy, statement.level)
        }
        Denial::Implicit { level } => format!("no policy on {level} allows it"),
    }
}

fn unproved(principal: &str, missing: &Missing, unseen: &[&Unseen]) -> String {
    if let Some(unseen) = unseen.first() {
        return format!("whether {principal} can assume it is not known: {}", unseen.reason);
    }
    let keys: Vec<&str> = missing.keys.iter().map(String::as_str).collect();
    format!("whether {principal} can assume it depends on {}", keys.join(", "))
}
