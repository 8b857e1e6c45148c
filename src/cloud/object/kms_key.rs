//! The operations of KMS keys.

use crate::cloud::Operation;
use crate::org::KmsKeyStep;

pub(super) const FIRST: Operation = Operation::DescribeKey;
/// Never sent: see `ObjectKind::is_listed`.
pub(super) const LISTING: Operation = FIRST;

pub(super) fn operation(step: &KmsKeyStep) -> Operation {
    match step {
        KmsKeyStep::CancelDeletion => Operation::CancelKeyDeletion,
        KmsKeyStep::Enable => Operation::EnableKey,
        KmsKeyStep::PutPolicy { .. } => Operation::PutKeyPolicy,
    }
}
