//! The rules of IAM users (IAM API reference, each operation's "Errors").

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::simulated::objects::policy_document;
use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::org::{SignIn, UserState, UserStep};

/// What a user is after `step`; nothing when it is gone.
pub(super) fn change(
    before: Option<UserState>,
    step: &UserStep,
) -> Result<Option<UserState>, Refusal> {
    if let UserStep::Create { path, tags } = step {
        if before.is_some() {
            return Err(Code::EntityAlreadyExists.because("A user of this name already exists."));
        }
        return Ok(Some(UserState {
            path: path.clone(),
            inline: BTreeMap::new(),
            attached: BTreeSet::new(),
            groups: BTreeSet::new(),
            boundary: None,
            keys: BTreeMap::new(),
            credentials: BTreeMap::new(),
            tags: tags.clone(),
            sign_in: SignIn::default(),
        }));
    }
    let mut user = before.ok_or_else(|| Code::NoSuchEntity.because("The user cannot be found."))?;
    let missing = |what: &str| Code::NoSuchEntity.because(format!("The {what} cannot be found."));
    match step {
        UserStep::Create { .. } => {}
        UserStep::Tag { tags } => user.tags.extend(tags.clone()),
        UserStep::DeactivateKey { id } => {
            *user.keys.get_mut(id).ok_or_else(|| missing("access key"))? = false;
        }
        UserStep::DeleteKey { id } => {
            user.keys.remove(id).ok_or_else(|| missing("access key"))?;
        }
        UserStep::DeactivateCredential { credential } => {
            let found = user.credentials.get_mut(credential);
            *found.ok_or_else(|| missing(&credential.to_string()))? = false;
        }
        UserStep::DeleteCredential { credential } => {
            let found = user.credentials.remove(credential);
            found.ok_or_else(|| missing(&credential.to_string()))?;
        }
        UserStep::LeaveGroup { group } => {
            if !user.groups.remove(group) {
                return Err(missing("group"));
            }
        }
        UserStep::Detach { policy } => {
            if !user.attached.remove(policy) {
                return Err(missing("policy"));
            }
        }
        UserStep::PutInline { name, document } => {
            user.inline.insert(name.clone(), policy_document(document)?);
        }
        UserStep::DeleteInline { name } => {
            user.inline.remove(name).ok_or_else(|| missing("policy"))?;
        }
        UserStep::DeleteBoundary => user.boundary = None,
        UserStep::DeletePassword => {
            if !user.sign_in.has_password {
                return Err(missing("login profile"));
            }
            user.sign_in.has_password = false;
        }
        UserStep::DeactivateMfa { serial } => {
            if !user.sign_in.mfa_devices.remove(serial) {
                return Err(missing("MFA device"));
            }
        }
        UserStep::Delete if is_empty(&user) => return Ok(None),
        UserStep::Delete => {
            let message = "Cannot delete entity, must remove everything that is attached first.";
            return Err(Code::DeleteConflict.because(message));
        }
    }
    Ok(Some(user))
}

fn is_empty(user: &UserState) -> bool {
    let UserState {
        path: _,
        inline,
        attached,
        groups,
        boundary: _,
        keys,
        credentials,
        tags: _,
        sign_in,
    } = user;
    inline.is_empty()
        && attached.is_empty()
        && groups.is_empty()
        && keys.is_empty()
        && credentials.is_empty()
        && !sign_in.has_password
        && sign_in.mfa_devices.is_empty()
}
