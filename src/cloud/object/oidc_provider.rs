//! The operation of OIDC providers: palisade looks whether there are any.

use crate::cloud::Operation;

pub(super) const LISTING: Operation = Operation::ListOidcProviders;
