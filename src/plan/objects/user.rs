//! IAM users, field by field.

use std::collections::BTreeMap;

use crate::org::{Credential, ObjectStep, UserState, UserStep};
use crate::plan::draft::Weight;
use crate::plan::objects::marked::tags_to_write;
use crate::plan::objects::role::meaning;

/// Why a key is not deleted without approval.
const KEY: &str =
    "it lets nobody in any more, and when and for what it was used cannot be asked once it is gone";

/// How far the user gets in one pass. A key or another credential is deactivated at once, since that closes the door and can be
/// undone; it is deleted when nothing else is left to do, and only with approval (BG-58).
pub(super) fn toward(before: &UserState, wanted: &UserState) -> (UserState, Weight) {
    let settled = UserState { sign_in: before.sign_in.clone(), ..wanted.clone() };
    let keys = before.keys.keys().map(|id| (id.clone(), false)).collect();
    let credentials = before.credentials.keys().map(|it| (it.clone(), false)).collect();
    let closed = UserState { keys, credentials, ..settled.clone() };
    let has_none = before.keys.is_empty() && before.credentials.is_empty();
    if has_none || !steps(Some(before), &closed).is_empty() {
        (closed, Weight::PLAIN)
    } else {
        (settled, Weight::dangerous(KEY))
    }
}

/// From `before` to `after`. What lets somebody in or gives rights goes before anything is added.
pub(super) fn steps(before: Option<&UserState>, after: &UserState) -> Vec<ObjectStep> {
    let Some(before) = before else { return create(after) };
    let mut steps = Vec::new();
    let closes = |id: &String| after.keys.get(id) != Some(&true);
    let open = before.keys.iter().filter(|(id, is_active)| **is_active && closes(id));
    steps.extend(open.map(|(id, _)| UserStep::DeactivateKey { id: id.clone() }));
    let stays_open = |it: &Credential| after.credentials.get(it) == Some(&true);
    let open = before.credentials.iter().filter(|(it, is_active)| **is_active && !stays_open(it));
    steps.extend(open.map(|(it, _)| UserStep::DeactivateCredential { credential: it.clone() }));
    let groups = before.groups.difference(&after.groups);
    steps.extend(groups.map(|group| UserStep::LeaveGroup { group: group.clone() }));
    let attached = before.attached.difference(&after.attached);
    steps.extend(attached.map(|policy| UserStep::Detach { policy: policy.clone() }));
    let surplus = before.inline.keys().filter(|name| !after.inline.contains_key(*name));
    steps.extend(surplus.map(|name| UserStep::DeleteInline { name: name.clone() }));
    steps.extend(inline(&before.inline, after));
    if before.boundary.is_some() && after.boundary.is_none() {
        steps.push(UserStep::DeleteBoundary);
    }
    let gone = before.keys.keys().filter(|id| !after.keys.contains_key(*id));
    steps.extend(gone.map(|id| UserStep::DeleteKey { id: id.clone() }));
    let gone = before.credentials.keys().filter(|it| !after.credentials.contains_key(*it));
    steps.extend(gone.map(|it| UserStep::DeleteCredential { credential: it.clone() }));
    if let Some(tags) = tags_to_write(&before.tags, &after.tags, !steps.is_empty()) {
        steps.insert(0, UserStep::Tag { tags });
    }
    steps.into_iter().map(ObjectStep::User).collect()
}

fn create(user: &UserState) -> Vec<ObjectStep> {
    let (path, tags) = (user.path.clone(), user.tags.clone());
    let created = UserStep::Create { path, tags };
    let filled = inline(&BTreeMap::new(), user);
    std::iter::once(created).chain(filled).map(ObjectStep::User).collect()
}

fn inline(before: &BTreeMap<String, String>, after: &UserState) -> Vec<UserStep> {
    let differs = |(name, document): &(&String, &String)| {
        before.get(*name).is_none_or(|before| meaning(before) != meaning(document))
    };
    let put = |(name, document): (&String, &String)| UserStep::PutInline {
        name: name.clone(),
        document: document.clone(),
    };
    after.inline.iter().filter(differs).map(put).collect()
}

/// AWS deletes no user that still has anything.
pub(super) fn remove(user: &UserState) -> Vec<ObjectStep> {
    let nothing = UserState {
        inline: BTreeMap::new(),
        attached: [].into(),
        groups: [].into(),
        keys: BTreeMap::new(),
        credentials: BTreeMap::new(),
        tags: BTreeMap::new(),
        ..user.clone()
    };
    let sign_in = &user.sign_in;
    let password = sign_in.has_password.then_some(UserStep::DeletePassword);
    let devices = sign_in.mfa_devices.iter();
    let devices = devices.map(|serial| UserStep::DeactivateMfa { serial: serial.clone() });
    let rest = devices.chain([UserStep::Delete]).map(ObjectStep::User);
    // The password first: with it somebody gets in.
    let password = password.into_iter().map(ObjectStep::User);
    password.chain(steps(Some(user), &nothing)).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::{remove, steps, toward};
    use crate::org::{Credential, CredentialKind, ObjectStep, SignIn, UserState};
    use crate::plan::draft::{Danger, Weight};

    fn user() -> UserState {
        UserState {
            path: "/".into(),
            inline: [(
                "assume".to_owned(),
                r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned(),
            )]
            .into(),
            attached: [].into(),
            groups: [].into(),
            boundary: None,
            keys: [].into(),
            credentials: [].into(),
            tags: [("palisade:owner".to_owned(), "acme".to_owned())].into(),
            sign_in: SignIn::default(),
        }
    }

    fn said(steps: &[ObjectStep]) -> Vec<String> {
        steps.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_missing_user_is_created_with_its_rights_and_nothing_to_sign_in_with() {
        assert_eq!(said(&steps(None, &user())), ["create", "write inline policy assume"]);
    }

    #[test]
    fn a_key_is_deactivated_at_once_and_deleted_only_with_approval() {
        let mut before = user();
        before.keys = [("AKIA1".to_owned(), true), ("AKIA2".to_owned(), false)].into();
        let (after, weight) = toward(&before, &user());
        assert_eq!(weight, Weight::PLAIN);
        assert_eq!(said(&steps(Some(&before), &after)), ["deactivate access key AKIA1"]);
        let (after, weight) = toward(&after, &user());
        assert!(matches!(weight.danger, Danger::Because(_)), "{weight:?}");
        before.keys = [("AKIA1".to_owned(), false)].into();
        assert_eq!(said(&steps(Some(&before), &after)), ["delete access key AKIA1"]);
    }

    /// An SSH key, a certificate and a service's own password open the same door as an access key.
    #[test]
    fn whatever_else_lets_somebody_in_is_closed_at_once_and_deleted_only_with_approval() {
        let mut before = user();
        before.credentials = [
            (Credential::new(CredentialKind::SshKey, "APKA1"), true),
            (Credential::new(CredentialKind::ServiceCredential, "ACCA1"), true),
            (Credential::new(CredentialKind::SigningCertificate, "CERT1"), false),
        ]
        .into();
        let (after, weight) = toward(&before, &user());
        assert_eq!(weight, Weight::PLAIN);
        assert_eq!(
            said(&steps(Some(&before), &after)),
            ["deactivate SSH public key APKA1", "deactivate service-specific credential ACCA1"]
        );
        let (settled, weight) = toward(&after, &user());
        assert!(matches!(weight.danger, Danger::Because(_)), "{weight:?}");
        assert_eq!(
            said(&steps(Some(&after), &settled)),
            [
                "delete SSH public key APKA1",
                "delete service-specific credential ACCA1",
                "delete signing certificate CERT1",
            ]
        );
        assert_eq!(said(&steps(Some(&settled), &toward(&settled, &user()).0)), [""; 0]);
    }

    #[test]
    fn what_an_operator_may_do_is_exactly_what_is_wanted_and_how_they_sign_in_is_theirs() {
        let mut before = user();
        before.attached = ["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()].into();
        before.groups = ["admins".to_owned()].into();
        before.inline = [("more".to_owned(), "{}".to_owned())].into();
        before.boundary = Some("arn:aws:iam::aws:policy/Nothing".into());
        before.sign_in = SignIn { has_password: true, ..SignIn::default() };
        let (after, weight) = toward(&before, &user());
        assert_eq!((weight, after.sign_in.has_password), (Weight::PLAIN, true));
        assert_eq!(
            said(&steps(Some(&before), &after)),
            [
                "take out of group admins",
                "detach arn:aws:iam::aws:policy/AdministratorAccess",
                "delete inline policy more",
                "write inline policy assume",
                "remove the permissions boundary",
            ]
        );
        let settled = UserState { sign_in: before.sign_in.clone(), ..user() };
        assert_eq!(said(&steps(Some(&settled), &toward(&settled, &user()).0)), [""; 0]);
    }

    #[test]
    fn a_user_is_locked_out_before_it_is_emptied_and_deleted() {
        let mut leaver = user();
        leaver.keys = [("AKIA1".to_owned(), true)].into();
        leaver.credentials = [(Credential::new(CredentialKind::SshKey, "APKA1"), true)].into();
        leaver.sign_in.has_password = true;
        leaver.sign_in.mfa_devices = ["arn:aws:iam::1:mfa/a".to_owned()].into();
        assert_eq!(
            said(&remove(&leaver)),
            [
                "delete the console password",
                "deactivate access key AKIA1",
                "deactivate SSH public key APKA1",
                "delete inline policy assume",
                "delete access key AKIA1",
                "delete SSH public key APKA1",
                "deactivate an MFA device",
                "delete",
            ]
        );
    }
}
