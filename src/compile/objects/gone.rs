//! Where objects of documents that are gone may be left: the policies that came with such a document carry its
//! mark, so that they tell that there was one until the last of its objects has gone.

use crate::compile::{Estate, Resources};
use crate::org::{
    AccountId, AccountState, Mark, ObjectKind, ObjectQuery, ObservedPolicy, OrgSnapshot,
    PolicyType, Region, TargetId,
};

/// The kind of documents that bring policies for their objects.
const KIND: &str = "BreakGlassRole";

/// Where rules of such a document are looked for: where sign-ins land. Which others it named, nobody knows
/// any more.
const REGIONS: &[&str] = &["us-east-1", "us-east-2", "eu-north-1", "ap-southeast-2"];

/// Adds to `estate` where to look for what documents that are gone have left.
pub fn remember(estate: &mut Estate, resources: &Resources, snapshot: &OrgSnapshot) {
    let Some(tree) = snapshot.tree.known() else { return };
    let policies = snapshot.policies_of(&PolicyType::service_control());
    let left = policies.into_iter().flatten().map(|(_, policy)| policy);
    let mut query = |account: &AccountId, region: Option<&str>, kind| {
        let (account, region) = (account.clone(), region.map(Region::new));
        estate.queries.insert(ObjectQuery { account, region, kind });
    };
    for policy in left.filter(|policy| is_of_a_document_that_is_gone(policy, resources)) {
        let active = tree.accounts.iter();
        let active = active.filter(|(_, account)| account.state == AccountState::Active);
        for (account, _) in active {
            query(account, None, ObjectKind::Role);
        }
        for target in policy.targets.known().into_iter().flatten() {
            let TargetId::Account(account) = target else { continue };
            query(account, None, ObjectKind::User);
            query(account, None, ObjectKind::SamlProvider);
            for region in REGIONS {
                query(account, Some(region), ObjectKind::EventRule);
            }
        }
    }
}

fn is_of_a_document_that_is_gone(policy: &ObservedPolicy, resources: &Resources) -> bool {
    let mark = Mark::read_description(&policy.description).1;
    mark.is_some_and(|mark| {
        mark.owner == resources.installation
            && mark.document.kind == KIND
            && !resources.documents.contains_key(&mark.document)
    })
}
