//! Random objects in accounts, and random wishes for them.

use fastrand::Rng;
use palisade::compile::{ObjectRule, Spread};
use palisade::desired::DesiredTarget;
use palisade::org::{
    AccountId, DocumentRef, ListedObject, Mark, ObjectKey, ObjectKind, ObjectQuery, ObjectState,
    OrgSnapshot, OuPath, Part, RoleState, Tree,
};

const ROLES: &[&str] = &["BREAK-GLASS-ROLE", "BREAK-GLASS-READ", "somebody"];
const POLICIES: &[&str] = &["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/A"];

fn mark(owner: &str, prune: bool) -> Mark {
    let document = DocumentRef { kind: "BreakGlassRole".into(), name: "emergency".into() };
    Mark { owner: owner.into(), document, prune }
}

fn document(rng: &mut Rng) -> String {
    let action = ["sts:AssumeRole", "s3:GetObject"][rng.usize(0..2)];
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#
    )
}

fn role(rng: &mut Rng, mark: Option<&Mark>) -> RoleState {
    let description = ["For emergencies.", "Something."][rng.usize(0..2)];
    RoleState {
        path: "/".into(),
        description: mark.map_or(description.to_owned(), |mark| mark.describe(description)),
        max_session_seconds: [3600, 7200][rng.usize(0..2)],
        trust: document(rng),
        inline: (0..rng.usize(0..3)).map(|at| (format!("inline-{at}"), document(rng))).collect(),
        attached: POLICIES.iter().filter(|_| rng.bool()).map(|arn| (*arn).to_owned()).collect(),
        boundary: (rng.u8(0..6) == 0).then(|| POLICIES[0].to_owned()),
        tags: mark.map(Mark::tags).unwrap_or_default(),
    }
}

/// Roles that a document wants: everywhere, below an OU, in one account.
pub(crate) fn rules(rng: &mut Rng) -> Vec<ObjectRule> {
    let mut rules = Vec::new();
    for name in &ROLES[..2] {
        if rng.bool() {
            continue;
        }
        let spread = match rng.u8(0..3) {
            0 => Spread::Account("200000000001".parse().unwrap()),
            under => {
                let path =
                    if under == 1 { OuPath::root() } else { OuPath::root().child("Sandbox") };
                let except = ["200000000002".parse().unwrap()].into();
                Spread::Below { targets: [DesiredTarget::Unit(path)].into(), except }
            }
        };
        let mark = mark("acme", rng.u8(0..4) > 0);
        let state = RoleState { boundary: None, ..role(rng, Some(&mark)) };
        rules.push(ObjectRule {
            document: mark.document.clone(),
            mark,
            spread,
            region: None,
            kind: ObjectKind::Role,
            name: (*name).to_owned(),
            state: ObjectState::Role(state),
        });
    }
    rules
}

/// Puts random roles into the accounts of `snapshot`: ours, others', and such that only look like ours.
pub(crate) fn scatter(rng: &mut Rng, snapshot: &mut OrgSnapshot) {
    let accounts: Vec<AccountId> = snapshot
        .tree
        .known()
        .into_iter()
        .flat_map(|tree: &Tree| tree.accounts.keys().cloned())
        .collect();
    for account in accounts {
        let mut listed = Vec::new();
        for name in ROLES {
            let owner = ["acme", "acme", "somebody-else"][rng.usize(0..3)];
            let mark = (rng.u8(0..3) > 0).then(|| mark(owner, rng.u8(0..4) > 0));
            let state = rng.bool().then(|| role(rng, mark.as_ref()));
            let key = ObjectKey::global(ObjectKind::Role, account.clone(), name);
            if let Some(role) = &state {
                let description = role.description.clone();
                listed.push(ListedObject { key: key.clone(), description });
            }
            snapshot.objects.insert(key, Part::Known(state.map(ObjectState::Role)));
        }
        let query = ObjectQuery { account, region: None, kind: ObjectKind::Role };
        snapshot.listings.insert(query, Part::Known(listed));
    }
}
