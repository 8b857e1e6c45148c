//! The kinds of which a part is only looked at, is other people's, or waits for approval: what is in the emergency
//! account, and keys.

use crate::org::{ObjectState, ObjectStep, SamlProviderState};
use crate::plan::draft::Weight;
use crate::plan::objects::{
    event_rule, kms_key, object_steps, password_policy, saml_provider, user,
};

/// The steps from `before` to `after`.
pub(super) fn steps(before: Option<&ObjectState>, after: Option<&ObjectState>) -> Vec<ObjectStep> {
    macro_rules! of_kind {
        ($kind:ident) => {
            match before {
                Some(ObjectState::$kind(before)) => Some(before),
                Some(_) | None => None,
            }
        };
    }
    match (before, after) {
        (Some(ObjectState::User(before)), None) => user::remove(before),
        (Some(ObjectState::PasswordPolicy(_)), None) => password_policy::remove(),
        (Some(ObjectState::SamlProvider(_)), None) => saml_provider::remove(),
        (Some(ObjectState::EventRule(before)), None) => event_rule::remove(before),
        (_, Some(ObjectState::User(after))) => user::steps(of_kind!(User), after),
        (_, Some(ObjectState::PasswordPolicy(after))) => {
            password_policy::steps(of_kind!(PasswordPolicy), after)
        }
        (_, Some(ObjectState::SamlProvider(after))) => {
            saml_provider::steps(of_kind!(SamlProvider), after)
        }
        (_, Some(ObjectState::EventRule(after))) => event_rule::steps(of_kind!(EventRule), after),
        (_, Some(ObjectState::KmsKey(after))) => kms_key::steps(of_kind!(KmsKey), after),
        // The other kinds have their own.
        (_, _) => Vec::new(),
    }
}

/// How far an object gets in one pass, and what that weighs where the kind says so. For most that is what is
/// wanted.
pub(super) fn next(
    before: Option<&ObjectState>,
    wanted: &ObjectState,
) -> (ObjectState, Option<Weight>) {
    match (before, wanted) {
        (Some(ObjectState::User(before)), ObjectState::User(wanted)) => {
            let (after, weight) = user::toward(before, wanted);
            (ObjectState::User(after), Some(weight))
        }
        (Some(ObjectState::PasswordPolicy(before)), ObjectState::PasswordPolicy(wanted)) => {
            (ObjectState::PasswordPolicy(before.at_least(wanted)), None)
        }
        (Some(ObjectState::SamlProvider(before)), ObjectState::SamlProvider(wanted)) => {
            let valid_until = before.valid_until;
            let after = SamlProviderState { valid_until, ..wanted.clone() };
            (ObjectState::SamlProvider(after), None)
        }
        (Some(ObjectState::KmsKey(before)), ObjectState::KmsKey(wanted)) => {
            (ObjectState::KmsKey(kms_key::toward(before, wanted)), None)
        }
        (_, wanted) => (wanted.clone(), None),
    }
}

/// Is an object as a document wants it?
pub fn is_as_wanted(before: Option<&ObjectState>, wanted: &ObjectState) -> bool {
    object_steps(before, Some(&next(before, wanted).0)).is_empty()
}
