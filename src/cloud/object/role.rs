//! The operations of IAM roles.

use crate::cloud::Operation;
use crate::org::RoleStep;

pub(super) const FIRST: Operation = Operation::GetRole;
pub(super) const LISTING: Operation = Operation::ListRoles;

pub(super) fn operation(step: &RoleStep) -> Operation {
    match step {
        RoleStep::Create { .. } => Operation::CreateRole,
        RoleStep::Tag { .. } => Operation::TagRole,
        RoleStep::UpdateTrust { .. } => Operation::UpdateAssumeRolePolicy,
        RoleStep::Update { .. } => Operation::UpdateRole,
        RoleStep::PutInline { .. } => Operation::PutRolePolicy,
        RoleStep::DeleteInline { .. } => Operation::DeleteRolePolicy,
        RoleStep::Attach { .. } => Operation::AttachRolePolicy,
        RoleStep::Detach { .. } => Operation::DetachRolePolicy,
        RoleStep::DeleteBoundary => Operation::DeleteRolePermissionsBoundary,
        RoleStep::Delete => Operation::DeleteRole,
    }
}
