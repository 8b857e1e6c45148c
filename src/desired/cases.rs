//! Calls and what must become of them, as `GuardrailTest` documents say: every name resolved, every
//! table unfolded. What becomes of them is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::model::Source;
use crate::org::{AccountId, DocumentRef, OrganizationId, OuPath};
use crate::policy::{Request, RequestProblem};
use crate::reference;

/// Tells whether the principal's account is a member of an organization.
const PRINCIPAL_ORGANIZATION: &str = "aws:PrincipalOrgID";

/// One `GuardrailTest` document.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredTest {
    /// Kind and name.
    pub document: DocumentRef,
    /// `metadata.annotations`, for people and reports.
    pub annotations: BTreeMap<String, String>,
    /// Where it starts.
    pub source: Source,
    /// Its cases, in the order of the file.
    pub cases: Vec<Case>,
}

/// Calls that must all come to the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What it shows.
    pub name: Option<String>,
    /// Where it is written.
    pub source: Source,
    /// What must become of every call.
    pub expect: Expectation,
    /// The calls; at least one.
    pub calls: Vec<Call>,
}

/// What must become of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// No guardrail stands in the way.
    Allowed,
    /// Guardrails forbid it.
    Denied {
        /// The one that must, if the case says which.
        by: Option<ExpectedGuardrail>,
    },
    /// It depends on what the case does not say.
    Unknown,
}

/// The guardrail that must deny.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedGuardrail {
    /// The name of its document.
    pub document: String,
    /// The statement, if the case says which.
    pub sid: Option<String>,
}

/// One call to AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// An ARN, a service, or `*`.
    pub principal: String,
    /// Where the principal lives; nothing for services and callers without credentials.
    pub caller: Option<Place>,
    /// The action.
    pub action: String,
    /// The resource, if the case names one.
    pub resource: Option<String>,
    /// Where the resource's account is.
    pub owner: Place,
    /// The condition keys the call comes with.
    pub context: BTreeMap<String, Vec<String>>,
    /// The condition keys it comes without.
    pub absent: BTreeSet<String>,
}

/// Where an account is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An account of the organization, which desired state places or which is the management account.
    Account(AccountId),
    /// An account directly in an OU, which nobody has made yet.
    Unit(OuPath, AccountId),
    /// An account of nobody's concern.
    Outside(AccountId),
}

impl Call {
    /// The request that the call means in an organization, unless what is said of a condition key
    /// contradicts who calls.
    ///
    /// `aws:PrincipalOrgID` follows from where the principal lives: AWS sends it with every call of a
    /// member account ("AWS global condition context keys"). Of an account outside nobody knows whose
    /// organization it is in, only that it is another.
    pub fn request(&self, organization: &OrganizationId) -> Result<Request, RequestProblem> {
        let mut request =
            Request::new(&self.principal, &self.action)?.in_account(self.owner.account().as_str());
        if let Some(resource) = &self.resource {
            request = reference::on(request, resource);
        }
        request = match &self.caller {
            Some(Place::Account(_) | Place::Unit(..)) => {
                request.with(PRINCIPAL_ORGANIZATION, [organization.as_str()])
            }
            Some(Place::Outside(_)) => request,
            None => request.without(PRINCIPAL_ORGANIZATION),
        };
        let is_outside = matches!(self.caller, Some(Place::Outside(_)));
        for (key, values) in &self.context {
            let claims_ours = key.eq_ignore_ascii_case(PRINCIPAL_ORGANIZATION)
                && values.iter().any(|value| value == organization.as_str());
            if is_outside && claims_ours {
                return Err(RequestProblem::Contradiction(key.clone()));
            }
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            request = request.told(key, &values)?;
        }
        self.absent.iter().try_fold(request, |request, key| request.told(key, &[]))
    }
}

impl Place {
    /// The id of the account.
    pub fn account(&self) -> &AccountId {
        match self {
            Self::Account(id) | Self::Unit(_, id) | Self::Outside(id) => id,
        }
    }
}
