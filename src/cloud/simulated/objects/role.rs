//! The rules of IAM roles (IAM API reference, each operation's "Errors").

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::simulated::objects::policy_document;
use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::org::{RoleState, RoleStep};

/// What a role is after `step`; nothing when it is gone.
pub(super) fn change(
    before: Option<RoleState>,
    step: &RoleStep,
) -> Result<Option<RoleState>, Refusal> {
    if let RoleStep::Create { path, description, max_session_seconds, trust, tags } = step {
        if before.is_some() {
            return Err(Code::EntityAlreadyExists.because("A role of this name already exists."));
        }
        return Ok(Some(RoleState {
            path: path.clone(),
            description: description.clone(),
            max_session_seconds: *max_session_seconds,
            trust: policy_document(trust)?,
            inline: BTreeMap::new(),
            attached: BTreeSet::new(),
            boundary: None,
            tags: tags.clone(),
        }));
    }
    let mut role = before.ok_or_else(|| Code::NoSuchEntity.because("The role cannot be found."))?;
    match step {
        RoleStep::Create { .. } => {}
        RoleStep::Tag { tags } => role.tags.extend(tags.clone()),
        RoleStep::UpdateTrust { trust } => role.trust = policy_document(trust)?,
        RoleStep::Update { description, max_session_seconds } => {
            role.description.clone_from(description);
            role.max_session_seconds = *max_session_seconds;
        }
        RoleStep::PutInline { name, document: text } => {
            role.inline.insert(name.clone(), policy_document(text)?);
        }
        RoleStep::DeleteInline { name } => {
            let gone = role.inline.remove(name);
            gone.ok_or_else(|| Code::NoSuchEntity.because("The policy cannot be found."))?;
        }
        RoleStep::Attach { policy } => {
            role.attached.insert(policy.clone());
        }
        RoleStep::Detach { policy } => {
            if !role.attached.remove(policy) {
                return Err(Code::NoSuchEntity.because("The policy was not found."));
            }
        }
        RoleStep::DeleteBoundary => role.boundary = None,
        RoleStep::Delete if role.inline.is_empty() && role.attached.is_empty() => return Ok(None),
        RoleStep::Delete => {
            let message = "Cannot delete entity, must delete or detach all policies first.";
            return Err(Code::DeleteConflict.because(message));
        }
    }
    Ok(Some(role))
}
