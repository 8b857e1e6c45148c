//! What is known of a call beyond principal, action and resource: the condition keys that come with it.
//!
//! A policy asks for keys; this answers as far as the kind of caller settles them. What it does not
//! answer stays unknown. Sources: "AWS global condition context keys" (IAM User Guide).

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{MustWork, OnUnknown, ProbeOrigin};
use crate::policy::Missing;

/// A partition of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Partition(String);

/// What one call carries.
#[derive(Debug, Clone)]
pub(super) struct Session {
    partition: Partition,
    organization: String,
    origin: Origin,
    /// The keys that somebody declared.
    given: BTreeMap<String, Vec<String>>,
    absent: BTreeSet<String>,
    on_unknown: OnUnknown,
}

/// Where what is known comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A role's session, as palisade and `CloudFormation` have it, calling a service that answers in
    /// one Region for all.
    Global,
    /// The same, calling a service in whatever Region it is used in.
    Regional,
    /// Desired state, which says all there is to say.
    Declared,
}

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fact {
    Absent,
    Value(String),
}

/// Keys that the session of a role never has here, by their beginning. Neither the role that AWS
/// Organizations makes nor the one of `StackSets` has tags, nobody federates into them, and what they
/// create here has no tags and no boundary. (`aws:ResourceTag/…`: the role in the probe is a new one.)
const ABSENT: &[&str] = &[
    "accounts.google.com:",
    "aws:assumedroot",
    "aws:calledvia",
    "aws:chatbotsourcearn",
    "aws:federatedprovider",
    "aws:multifactorauthage",
    "aws:principalservicename",
    "aws:principaltag/",
    "aws:requesttag/",
    "aws:resourcetag/",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:tagkeys",
    "aws:username",
    "cognito-identity.amazonaws.com:",
    "graph.facebook.com:",
    "iam:permissionsboundary",
    "iam:resourcetag/",
    "saml:",
    "sts:externalid",
    "sts:sourceidentity",
    "sts:transitivetagkeys",
    "www.amazon.com:",
];

impl Partition {
    pub(super) fn of_arn(arn: &str) -> Self {
        let name = arn.strip_prefix("arn:").and_then(|rest| rest.split(':').next());
        Self(name.filter(|name| !name.is_empty()).unwrap_or("aws").to_owned())
    }

    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// Where services without a Region answer.
    pub(super) fn global_region(&self) -> &'static str {
        match self.0.as_str() {
            "aws-cn" => "cn-north-1",
            "aws-us-gov" => "us-gov-west-1",
            _ => "us-east-1",
        }
    }
}

impl Session {
    pub(super) fn built_in(action: &str, partition: &Partition, organization: &str) -> Self {
        let service = action.split(':').next().unwrap_or_default();
        let is_global = matches!(service, "iam" | "sts" | "organizations");
        Self {
            partition: partition.clone(),
            organization: organization.to_owned(),
            origin: if is_global { Origin::Global } else { Origin::Regional },
            given: BTreeMap::new(),
            absent: BTreeSet::new(),
            on_unknown: OnUnknown::Fail,
        }
    }

    /// The session of a probe: what it says, and beside that what its origin settles.
    pub(super) fn of_probe(
        probe: &MustWork,
        action: &str,
        partition: &Partition,
        organization: &str,
    ) -> Self {
        let built_in = Self::built_in(action, partition, organization);
        let origin = match probe.origin {
            ProbeOrigin::Declared => Origin::Declared,
            ProbeOrigin::BuiltIn => built_in.origin,
        };
        Self {
            origin,
            given: probe.context.clone(),
            absent: probe.absent.clone(),
            on_unknown: probe.on_unknown,
            ..built_in
        }
    }

    pub(super) fn partition(&self) -> &Partition {
        &self.partition
    }

    pub(super) fn given(&self) -> (&BTreeMap<String, Vec<String>>, &BTreeSet<String>) {
        (&self.given, &self.absent)
    }

    /// What the session says of `key`, which nobody gave; nothing when that is not known.
    pub(super) fn fact(&self, key: &str) -> Option<Fact> {
        let key = key.to_ascii_lowercase();
        let value = |text: &str| Some(Fact::Value(text.to_owned()));
        match (key.as_str(), self.origin) {
            ("aws:principalorgid" | "aws:resourceorgid", _) => value(&self.organization),
            (_, Origin::Declared) | ("aws:requestedregion", Origin::Regional) => None,
            ("aws:requestedregion", Origin::Global) => value(self.partition.global_region()),
            ("aws:securetransport", _) => value("true"),
            // With a role of its own a service does not count as calling through another. A session that began
            // without MFA says so; only long-term keys leave it out.
            ("aws:viaawsservice" | "aws:multifactorauthpresent", _) => value("false"),
            ("aws:principaltype", _) => value("AssumedRole"),
            _ if ABSENT.iter().any(|begin| key.starts_with(begin)) => Some(Fact::Absent),
            _ => None,
        }
    }

    /// Does an answer that depends on what is `missing` count as the call being denied?
    pub(super) fn fails_without(&self, missing: &Missing) -> bool {
        if self.on_unknown == OnUnknown::Pass {
            return false;
        }
        // Used in some Region: that another one is closed is what Region restrictions are for.
        let is_region = |key: &String| key.eq_ignore_ascii_case("aws:RequestedRegion");
        let hangs_on_region = missing.doubts.is_empty() && missing.keys.iter().all(is_region);
        self.origin != Origin::Regional || !hangs_on_region
    }
}

/// The ARN that policies see of a caller: of a session its role's; nothing for what is no principal.
///
/// A session does not say its role's path. Roles of Identity Center have one that is known.
pub(super) fn principal_arn(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam" | "sts", "", account, name] = parts[..] else { return None };
    let Some(session) = name.strip_prefix("assumed-role/") else { return Some(arn.to_owned()) };
    let role = session.split('/').next()?;
    let path =
        if role.starts_with("AWSReservedSSO_") { "aws-reserved/sso.amazonaws.com/" } else { "" };
    Some(format!("arn:{partition}:iam::{account}:role/{path}{role}"))
}

#[cfg(test)]
mod tests {
    use super::{Fact, Partition, Session, principal_arn};
    use crate::policy::Missing;

    #[test]
    fn a_session_is_known_by_its_role() {
        for (arn, expected) in [
            (
                "arn:aws:sts::111111111111:assumed-role/palisade/x",
                "arn:aws:iam::111111111111:role/palisade",
            ),
            (
                "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_1/a",
                "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1",
            ),
            ("arn:aws:iam::111111111111:user/ci", "arn:aws:iam::111111111111:user/ci"),
        ] {
            assert_eq!(principal_arn(arn).as_deref(), Some(expected));
        }
        assert_eq!(principal_arn("arn:aws:s3:::bucket"), None);
    }

    #[test]
    fn what_the_kind_of_caller_settles_is_known_and_the_rest_is_not() {
        let aws = Partition::of_arn("arn:aws:iam::111111111111:root");
        let session = Session::built_in("iam:CreateRole", &aws, "o-a1b2c3d4e5");
        assert_eq!(session.fact("aws:RequestedRegion"), Some(Fact::Value("us-east-1".into())));
        assert_eq!(session.fact("aws:PrincipalTag/team"), Some(Fact::Absent));
        assert_eq!(session.fact("aws:SourceIp"), None);
        let regional = Session::built_in("events:PutRule", &aws, "o-a1b2c3d4e5");
        assert_eq!(regional.fact("aws:RequestedRegion"), None);
        let missing = |keys: &[&str]| Missing {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            doubts: [].into(),
        };
        assert!(!regional.fails_without(&missing(&["aws:requestedRegion"])));
        assert!(regional.fails_without(&missing(&["aws:RequestedRegion", "aws:SourceIp"])));
        assert!(session.fails_without(&missing(&["aws:RequestedRegion"])));
    }
}
