//! One call to AWS, as far as policies look at it.

use std::sync::LazyLock;

use crate::policy::context::{Context, ContextValue, Fact};
use crate::policy::name::Name;
use crate::policy::truth::Truth;

/// A call: who, what, on which resource, and the condition keys that come with it.
///
/// What people say of a call goes through [`Request::told`], which refuses what cannot be so.
///
/// A key that is neither given nor said to be absent is unknown. From the principal and the
/// resource's account follow `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalIsAWSService`,
/// `aws:PrincipalServiceName` and `aws:ResourceAccount`, and that only a root user's session has
/// `aws:AssumedRoot`; saying otherwise overrides them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub(crate) principal: Principal,
    /// The service prefix.
    pub(crate) service: Name,
    /// The name after it.
    pub(crate) name: Name,
    pub(crate) resource: Option<String>,
    /// Does the resource stand for many?
    pub(crate) is_resource_pattern: bool,
    pub(crate) resource_account: Option<String>,
    pub(crate) context: Context,
}

/// Why something is not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestProblem {
    /// The action is not one.
    #[error("the action `{0}` must be `service:Name`")]
    Action(String),
    /// The principal is not one.
    #[error(
        "the principal `{0}` must be an ARN, a service such as `cloudtrail.amazonaws.com`, or `*` \
         for a caller without credentials"
    )]
    Principal(String),
    /// What is said of a key cannot be so.
    #[error(
        "what is said of `{0}` contradicts the principal or the resource's account: leave the key out"
    )]
    Contradiction(String),
}

static PRINCIPAL_ARN: LazyLock<Name> = LazyLock::new(|| Name::new("aws:PrincipalArn"));

/// What sessions of `sts:AssumeRoot` carry, and nobody else ("AWS global condition context keys").
const ASSUMED_ROOT: &str = "aws:AssumedRoot";

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Principal {
    /// A user, a role, a session, or a root user.
    Identity { account: String, session_of: Option<String> },
    /// A service on its own behalf.
    Service,
    /// Someone without credentials.
    Anonymous,
}

impl Request {
    /// A request of `principal`: an ARN, a service principal, or `*` for someone unknown.
    pub fn new(principal: &str, action: &str) -> Result<Self, RequestProblem> {
        let problem = || RequestProblem::Action(action.to_owned());
        let (service, name) = action.split_once(':').ok_or_else(problem)?;
        // A request is for one action: a pattern would be compared as text, and miss the Deny of what it stands for.
        let is_no_name = |each: char| {
            matches!(each, '*' | '?' | ':') || each.is_whitespace() || each.is_control()
        };
        if service.is_empty() || name.is_empty() || service.contains('.') {
            return Err(problem());
        }
        if action.replacen(':', "", 1).contains(is_no_name) {
            return Err(problem());
        }
        let mut context = Context::default();
        let principal_read = Principal::read(principal, &mut context);
        Ok(Self {
            principal: principal_read
                .ok_or_else(|| RequestProblem::Principal(principal.to_owned()))?,
            service: Name::new(service),
            name: Name::new(name),
            resource: None,
            is_resource_pattern: false,
            resource_account: None,
            context,
        })
    }

    /// A request of somebody in `account` about whom nothing else is known.
    pub fn of_account(account: &str, action: &str) -> Result<Self, RequestProblem> {
        let mut request = Self::new(&format!("arn:aws:iam::{account}:root"), action)?;
        request.context.forget("aws:PrincipalArn");
        Ok(request)
    }

    /// The values that the request has for `key`; none when it has not, or does not say.
    pub fn values(&self, key: &str) -> Vec<&str> {
        match self.context.fact(&Name::new(key)) {
            Fact::Values(values) => values.iter().map(ContextValue::as_str).collect(),
            Fact::Unknown | Fact::Absent => Vec::new(),
        }
    }

    /// Does the request say anything about `key`: values, or that it is absent?
    pub fn tells(&self, key: &str) -> bool {
        self.context.fact(&Name::new(key)) != Fact::Unknown
    }

    /// The resource's ARN. Its account is taken from the ARN unless it was given. An ARN with wildcards
    /// stands for all that they match, and `*` for every resource: a statement that applies to some of
    /// them only leaves the verdict unknown.
    #[must_use]
    pub fn on(mut self, resource: &str) -> Self {
        let account = resource.split(':').nth(4).filter(|account| is_account(account));
        if let (None, Some(account)) = (&self.resource_account, account) {
            self = self.in_account(account);
        }
        self.is_resource_pattern = resource.contains(['*', '?']);
        self.resource = Some(resource.to_owned());
        self
    }

    /// No resource: of an action that has none AWS compares `*` as it stands, which matches no statement
    /// about certain resources.
    #[must_use]
    pub fn on_none(mut self) -> Self {
        self.is_resource_pattern = false;
        self.resource = Some("*".to_owned());
        self
    }

    /// The account that owns the resource.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        self.resource_account = Some(account.to_owned());
        self.with("aws:ResourceAccount", [account])
    }

    /// Says that the request has `key` with `values`.
    #[must_use]
    pub fn with<V: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.context.set(key, values);
        self
    }

    /// Says that the request does not have `key`.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.context.set_absent(key);
        self
    }

    /// Says that the request has `key` with `values`, or does not have it when there are none, unless
    /// that contradicts what follows from the principal and the resource's account.
    pub fn told(self, key: &str, values: &[&str]) -> Result<Self, RequestProblem> {
        let is_same = |known: &ContextValue, said: &str| match said {
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => {
                known.as_str().eq_ignore_ascii_case(said)
            }
            _ => known.as_str() == said,
        };
        let is_so = match self.context.fact(&Name::new(key)) {
            Fact::Unknown => {
                !key.eq_ignore_ascii_case("aws:PrincipalArn") || self.may_be_role(values)
            }
            Fact::Absent => values.is_empty(),
            Fact::Values(known) => {
                known.len() == values.len()
                    && known.iter().zip(values).all(|(known, said)| is_same(known, said))
            }
        };
        if is_so {
            Ok(self.with(key, values.iter().copied()))
        } else {
            Err(RequestProblem::Contradiction(key.to_owned()))
        }
    }

    /// May the principal, a session, be one of the role that is said to be its own?
    fn may_be_role(&self, arns: &[&str]) -> bool {
        let Principal::Identity { account, session_of: Some(session) } = &self.principal else {
            return true;
        };
        let [arn] = arns else { return false };
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", _, "iam", _, owner, name] = parts[..] else { return false };
        let role = session.split('/').next();
        owner == account && name.starts_with("role/") && name.split('/').next_back() == role
    }

    /// The account of the principal, when it has one.
    pub fn principal_account(&self) -> Option<&str> {
        match &self.principal {
            Principal::Identity { account, .. } => Some(account),
            Principal::Service | Principal::Anonymous => None,
        }
    }

    /// Is it a call without credentials?
    pub fn is_anonymous(&self) -> bool {
        self.principal == Principal::Anonymous
    }

    /// The prefix of the action's service and its name, both in lower case.
    pub fn action(&self) -> (&str, &str) {
        (self.service.as_str(), self.name.as_str())
    }

    /// The resource, when it is known.
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// The account that owns the resource, when it is known.
    pub fn resource_account(&self) -> Option<&str> {
        self.resource_account.as_deref()
    }

    /// Is the principal a service-linked role? Neither SCPs nor RCPs bind those.
    ///
    /// A session's ARN leaves out the role's path, so that only `aws:PrincipalArn` can tell.
    pub(crate) fn is_service_linked(&self) -> Truth {
        let Principal::Identity { session_of, .. } = &self.principal else {
            return Truth::False;
        };
        match (self.context.fact(&PRINCIPAL_ARN), session_of) {
            (Fact::Values([arn]), _) => {
                let name = arn.as_str().splitn(6, ':').nth(5).unwrap_or_default();
                name.starts_with("role/aws-service-role/").into()
            }
            (Fact::Unknown, Some(role)) if role.starts_with("AWSServiceRoleFor") => Truth::Unknown,
            // Of somebody in an account nothing more is known.
            (Fact::Unknown, None) => Truth::Unknown,
            (Fact::Unknown | Fact::Absent | Fact::Values(_), _) => Truth::False,
        }
    }
}

impl Principal {
    /// Reads a principal and notes the keys that follow from it.
    fn read(text: &str, context: &mut Context) -> Option<Self> {
        if text == "*" {
            for key in ["aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalServiceName"] {
                context.set_absent(key);
            }
            // "Anonymous requests do not include this key", the same page says of the second.
            context.set_absent(ASSUMED_ROOT);
            context.set_absent("aws:PrincipalIsAWSService");
            return Some(Self::Anonymous);
        }
        let Some(rest) = text.strip_prefix("arn:") else {
            let is_service = text.contains('.') && !text.contains([':', '/', '*', ' ']);
            context.set("aws:PrincipalIsAWSService", ["true"]);
            context.set("aws:PrincipalServiceName", [text]);
            context.set_absent("aws:PrincipalArn");
            context.set_absent("aws:PrincipalAccount");
            context.set_absent(ASSUMED_ROOT);
            return is_service.then_some(Self::Service);
        };
        let parts: Vec<&str> = rest.splitn(5, ':').collect();
        let [_partition, "iam" | "sts", _region, account, name] = parts[..] else { return None };
        if !is_account(account) || name.is_empty() {
            return None;
        }
        context.set("aws:PrincipalAccount", [account]);
        context.set("aws:PrincipalIsAWSService", ["false"]);
        context.set_absent("aws:PrincipalServiceName");
        if name != "root" {
            context.set_absent(ASSUMED_ROOT);
        }
        // The role's ARN has a path, and the session's has not: it cannot be told from here.
        let session_of = name.strip_prefix("assumed-role/");
        if session_of.is_none() {
            context.set("aws:PrincipalArn", [text]);
        }
        Some(Self::Identity {
            account: account.to_owned(),
            session_of: session_of.map(str::to_owned),
        })
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::Request;

    /// Patterns were once compared as text, so that a Deny of what they stand for was missed.
    #[test]
    fn a_request_is_for_one_action() {
        let role = "arn:aws:iam::555555555555:role/dev";
        for action in
            ["s3:*", "s3:Get?bject", "s3:GetObject ", "s3.amazonaws.com:GetObject", "s3:a:b"]
        {
            assert!(Request::new(role, action).is_err(), "{action}");
        }
        assert!(Request::new(role, "s3:GetObject").is_ok());
    }

    /// What was said of a key once won over the principal, so that another one was judged.
    #[test]
    fn what_is_said_of_a_key_may_not_contradict_the_principal() {
        let told = |principal: &str, key: &str, values: &[&str]| {
            let request = Request::new(principal, "s3:GetObject").unwrap();
            request.in_account("555555555555").told(key, values).is_ok()
        };
        let role = "arn:aws:iam::555555555555:role/a/dev";
        let session = "arn:aws:sts::555555555555:assumed-role/dev/me";
        for (principal, key, value, expected) in [
            (role, "aws:PrincipalArn", role, true),
            (role, "AWS:PrincipalARN", "arn:aws:iam::555555555555:role/dev", false),
            (session, "aws:PrincipalArn", role, true),
            (session, "aws:PrincipalArn", "arn:aws:iam::666666666666:role/dev", false),
            (session, "aws:PrincipalArn", "arn:aws:iam::555555555555:role/admin", false),
            (role, "aws:PrincipalAccount", "666666666666", false),
            (role, "aws:PrincipalIsAWSService", "False", true),
            (role, "aws:PrincipalIsAWSService", "true", false),
            (role, "aws:ResourceAccount", "666666666666", false),
            ("*", "aws:PrincipalArn", role, false),
            ("s3.amazonaws.com", "aws:PrincipalServiceName", "s3.amazonaws.com", true),
            (role, "aws:SourceIp", "1.2.3.4", true),
        ] {
            assert_eq!(told(principal, key, &[value]), expected, "{principal} {key} {value}");
        }
        assert!(!told(role, "aws:PrincipalArn", &[]));
        assert!(told("*", "aws:PrincipalArn", &[]));
    }
}
