//! `rootAccess`: the features in the management account, and what root users may still have.

use crate::compile::objects::{ObjectRule, Spread};
use crate::desired::{DesiredOrg, DesiredTarget, RootAccess};
use crate::org::{
    Mark, ObjectKind, ObjectState, OuPath, RootCredentialsState, RootFeature, RootFeatureState,
};

/// What the `Organization` document wants of root access.
pub(in crate::compile) fn rules(desired: &DesiredOrg) -> Vec<ObjectRule> {
    let RootAccess { credentials_management, sessions } = desired.root_access;
    let management = &desired.management_account;
    let rule = |spread: Spread, kind: ObjectKind, name: &str, state: ObjectState| ObjectRule {
        document: desired.header.document.clone(),
        mark: Mark {
            owner: desired.installation().to_owned(),
            document: desired.header.document.clone(),
            prune: desired.header.prune,
        },
        spread,
        region: None,
        kind,
        name: name.to_owned(),
        state,
    };
    let features = [
        (RootFeature::RootCredentialsManagement, credentials_management),
        (RootFeature::RootSessions, sessions),
    ];
    let mut rules: Vec<ObjectRule> = features
        .into_iter()
        .filter_map(|(feature, enabled)| {
            let state = ObjectState::RootFeature(RootFeatureState { feature, enabled: enabled? });
            let spread = Spread::Account(management.clone());
            Some(rule(spread, ObjectKind::RootFeature, feature.into(), state))
        })
        .collect();
    if credentials_management == Some(true) {
        // Nobody can manage the root user of the management account but itself: it needs its password.
        let own = RootCredentialsState { password: true, ..RootCredentialsState::default() };
        let members = Spread::Below {
            targets: [DesiredTarget::Unit(OuPath::root())].into(),
            except: [management.clone()].into(),
        };
        for (spread, allowed) in
            [(Spread::Account(management.clone()), own), (members, RootCredentialsState::default())]
        {
            let state = ObjectState::RootCredentials(allowed);
            rules.push(rule(spread, ObjectKind::RootCredentials, "root", state));
        }
    }
    rules
}
