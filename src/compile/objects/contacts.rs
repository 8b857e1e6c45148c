//! `alternateContacts`: the same in every account, the management account included.

use crate::compile::objects::{ObjectRule, Spread};
use crate::desired::{DesiredOrg, DesiredTarget};
use crate::org::{Mark, ObjectKind, ObjectState, OuPath};

/// The contacts that the `Organization` document wants.
pub(in crate::compile) fn rules(desired: &DesiredOrg) -> impl Iterator<Item = ObjectRule> {
    desired.alternate_contacts.iter().map(|(contact_type, contact)| ObjectRule {
        document: desired.header.document.clone(),
        mark: Mark {
            owner: desired.installation().to_owned(),
            document: desired.header.document.clone(),
            prune: desired.header.prune,
        },
        spread: Spread::Below {
            targets: [DesiredTarget::Unit(OuPath::root())].into(),
            except: [].into(),
        },
        region: None,
        kind: ObjectKind::AlternateContact,
        name: contact_type.to_string(),
        state: ObjectState::AlternateContact(contact.clone()),
    })
}
