//! The operations of alternate contacts.

use crate::cloud::Operation;
use crate::org::ContactStep;

pub(super) const FIRST: Operation = Operation::GetAlternateContact;

pub(super) fn operation(step: &ContactStep) -> Operation {
    match step {
        ContactStep::Put { .. } => Operation::PutAlternateContact,
    }
}
