//! A call of a test as the request that policies look at.

use crate::desired::{Call, Place};
use crate::policy::{Request, RequestProblem};

/// Tells whether the principal's account is a member of an organization.
const PRINCIPAL_ORGANIZATION: &str = "aws:PrincipalOrgID";

/// The request that `call` means, in the organization with the id given.
///
/// `aws:PrincipalOrgID` follows from where the principal lives: AWS sends it with every call of a
/// member account and with no other ("AWS global condition context keys"). Of an account outside
/// nobody knows whose organization it is in. What the case says itself has the last word.
pub(super) fn request(call: &Call, organization_id: &str) -> Result<Request, RequestProblem> {
    let mut request =
        Request::new(&call.principal, &call.action)?.in_account(call.owner.account().as_str());
    if let Some(resource) = &call.resource {
        request = request.on(resource);
    }
    request = match &call.caller {
        Some(Place::Account(_) | Place::Unit(..)) => {
            request.with(PRINCIPAL_ORGANIZATION, [organization_id])
        }
        Some(Place::Outside(_)) => request,
        None => request.without(PRINCIPAL_ORGANIZATION),
    };
    for (key, values) in &call.context {
        request = request.with(key, values.iter().map(String::as_str));
    }
    Ok(call.absent.iter().fold(request, |request, key| request.without(key)))
}
