//! CloudFormation StackSets of the account whose session is used.

mod read;
mod write;

pub(super) use crate::cloud::aws::object::stack_set::read::{list, read};
pub(super) use crate::cloud::aws::object::stack_set::write::write;
