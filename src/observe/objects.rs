//! Objects in accounts, account by account: some at once, and of thousands not all in every pass.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt};
use tokio::time::Instant;

use crate::cloud::{Cloud, CloudError, CloudErrorKind, Operation, PageToken};
use crate::observe::Observer;
use crate::observe::memory::Kept;
use crate::org::{
    AccountId, ListedObject, Mark, ObjectKey, ObjectKind, ObjectQuery, ObjectState, OrgSnapshot,
    Part, Unknown,
};

/// Accounts that are looked at side by side. IAM limits each account by itself, so that what bounds this is
/// the sockets and the memory of the machine; a thousand accounts take about a minute.
const IN_FLIGHT_MAX: usize = 32;

/// Accounts whose objects are read again in one pass because they have grown old. The ones that are older
/// come first, so that with the standard interval ten thousand accounts are seen every four hours and a
/// thousand every half hour. What was never seen, or has been touched, is read at once.
const REREAD_MAX: usize = 200;

/// Pages of one listing, at most: IAM allows 5,000 roles and gives 100 a page.
const PAGES_MAX: usize = 200;

/// Objects of one listing that are read because only reading shows whose they are. Such listings are asked for
/// in accounts that should hold next to nothing; whoever fills one must not fill every pass with reading.
const UNMARKED_MAX: usize = 100;

/// The objects that desired state speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WantedObjects {
    /// The owner in our marks: listed objects that carry it are read too.
    pub installation: String,
    /// Objects by name.
    pub keys: BTreeSet<ObjectKey>,
    /// Listings.
    pub queries: BTreeSet<ObjectQuery>,
    /// Those of them that must be seen, because nothing may be there but what is wanted.
    pub closed: BTreeSet<ObjectQuery>,
}

/// What is kept of one account.
#[derive(Default)]
pub(super) struct AccountMemory {
    listings: BTreeMap<ObjectQuery, Kept<Vec<ListedObject>>>,
    objects: BTreeMap<ObjectKey, Kept<Option<ObjectState>>>,
}

/// What one account is asked for.
#[derive(Default)]
struct Asked {
    keys: BTreeSet<ObjectKey>,
    queries: BTreeSet<ObjectQuery>,
    closed: BTreeSet<ObjectQuery>,
}

/// What one account said.
#[derive(Default)]
struct Seen {
    objects: BTreeMap<ObjectKey, Part<Option<ObjectState>>>,
    listings: BTreeMap<ObjectQuery, Part<Vec<ListedObject>>>,
}

impl Observer {
    /// Adds to `snapshot` the objects in accounts that are wanted. What cannot be read is unknown in it.
    pub async fn observe_objects(
        &mut self,
        cloud: &dyn Cloud,
        wanted: &WantedObjects,
        snapshot: &mut OrgSnapshot,
    ) {
        let asked = by_account(wanted);
        let fresh_for = self.fresh_for;
        let estate = &mut self.memory.estate;
        estate.retain(|account, _| asked.contains_key(account));
        for account in asked.keys() {
            estate.entry(account.clone()).or_default();
        }
        let due = due(estate, &asked, fresh_for);
        // Boxed, because the compiler cannot show of a stream of borrowing futures that it may be sent.
        let looks: Vec<BoxFuture<'_, Seen>> = estate
            .iter_mut()
            .filter_map(|(account, memory)| {
                let asked = asked.get(account)?;
                let fresh_for = if due.contains(account) { fresh_for } else { Duration::MAX };
                Some(memory.look(cloud, asked, &wanted.installation, fresh_for).boxed())
            })
            .collect();
        let seen: Vec<Seen> = stream::iter(looks).buffer_unordered(IN_FLIGHT_MAX).collect().await;
        for Seen { objects, listings } in seen {
            snapshot.objects.extend(objects);
            snapshot.listings.extend(listings);
        }
    }
}

fn by_account(wanted: &WantedObjects) -> BTreeMap<AccountId, Asked> {
    let mut asked: BTreeMap<AccountId, Asked> = BTreeMap::new();
    for key in &wanted.keys {
        asked.entry(key.account.clone()).or_default().keys.insert(key.clone());
    }
    for query in &wanted.queries {
        asked.entry(query.account.clone()).or_default().queries.insert(query.clone());
    }
    for query in &wanted.closed {
        asked.entry(query.account.clone()).or_default().closed.insert(query.clone());
    }
    asked
}

/// The accounts that are read again because of their age. The few that hold a trail, the archive, its key or a `StackSet`
/// do not wait for thousands of others: a trail that has been stopped records nothing until somebody looks.
fn due(
    estate: &BTreeMap<AccountId, AccountMemory>,
    asked: &BTreeMap<AccountId, Asked>,
    fresh_for: Duration,
) -> BTreeSet<AccountId> {
    let is_urgent = |account: &AccountId| {
        asked.get(account).is_some_and(|asked| asked.keys.iter().any(|key| is_central(key.kind)))
    };
    let mut old: Vec<(Instant, &AccountId)> = estate
        .iter()
        .filter_map(|(account, memory)| Some((memory.oldest()?, account)))
        .filter(|(asked, _)| asked.elapsed() >= fresh_for)
        .collect();
    old.sort_unstable();
    let (urgent, others): (Vec<_>, Vec<_>) =
        old.into_iter().map(|(_, account)| account).partition(|account| is_urgent(account));
    urgent.into_iter().chain(others.into_iter().take(REREAD_MAX)).cloned().collect()
}

/// Is it of a kind of which an organization has a few, in one or two accounts?
const fn is_central(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Trail | ObjectKind::Bucket | ObjectKind::KmsKey | ObjectKind::StackSet
    )
}

impl AccountMemory {
    /// When the oldest thing kept was asked for.
    fn oldest(&self) -> Option<Instant> {
        let listings = self.listings.values().filter_map(Kept::asked);
        listings.chain(self.objects.values().filter_map(Kept::asked)).min()
    }

    /// An object has changed, or may have; so may the listing it is in.
    pub(super) fn touch(&mut self, key: &ObjectKey) {
        self.objects.entry(key.clone()).or_default().touch();
        for (query, listing) in &mut self.listings {
            if query.kind == key.kind && query.region == key.region {
                listing.touch();
            }
        }
    }

    async fn look(
        &mut self,
        cloud: &dyn Cloud,
        asked: &Asked,
        installation: &str,
        fresh_for: Duration,
    ) -> Seen {
        let mut seen = Seen::default();
        let mut closed = None;
        self.listings.retain(|query, _| asked.queries.contains(query));
        for query in &asked.queries {
            let kept = self.listings.entry(query.clone()).or_default();
            let is_meant =
                asked.closed.contains(query) || asked.keys.iter().any(|key| key.kind == query.kind);
            let listing = async {
                let listed = listed(cloud, query).await;
                if is_meant { listed } else { listed.or_else(nothing_if_denied) }
            };
            let part = look(kept, &mut closed, fresh_for, listing).await;
            let moving = |listed: &ListedObject| {
                listed.state().as_ref().is_some_and(ObjectState::is_in_transition)
            };
            // What is about to change is looked at anew the next time.
            if part.known().is_some_and(|items| items.iter().any(moving)) {
                kept.touch();
            }
            seen.listings.insert(query.clone(), part);
        }
        let ours = seen.listings.values().filter_map(Part::known).flatten().filter(|listed| {
            let mark = Mark::read_description(&listed.description).1;
            mark.is_some_and(|mark| mark.owner == installation)
        });
        // Where a listing shows no marks, what is ours is only known by reading.
        let unmarked = seen.listings.values().filter_map(Part::known).flat_map(|listed| {
            listed
                .iter()
                .filter(|listed| listed.key.kind.is_unmarked_in_listing())
                .take(UNMARKED_MAX)
        });
        let keys: BTreeSet<ObjectKey> =
            ours.chain(unmarked).map(|listed| &listed.key).chain(&asked.keys).cloned().collect();
        let (told, keys): (BTreeSet<ObjectKey>, BTreeSet<ObjectKey>) =
            keys.into_iter().partition(|key| key.kind.is_told_by_listing());
        for key in told {
            if let Some(part) = in_listing(&seen.listings, &key) {
                seen.objects.insert(key, part);
            }
        }
        self.objects.retain(|key, _| keys.contains(key));
        for key in keys {
            let kept = self.objects.entry(key.clone()).or_default();
            let part = look(kept, &mut closed, fresh_for, cloud.object(&key)).await;
            // What is about to change is looked at anew the next time.
            if part.known().and_then(Option::as_ref).is_some_and(ObjectState::is_in_transition) {
                kept.touch();
            }
            seen.objects.insert(key, part);
        }
        seen
    }
}

/// What the listings say of an object that they say everything of.
fn in_listing(
    listings: &BTreeMap<ObjectQuery, Part<Vec<ListedObject>>>,
    key: &ObjectKey,
) -> Option<Part<Option<ObjectState>>> {
    let ObjectKey { account, region, kind, name: _ } = key.clone();
    Some(match listings.get(&ObjectQuery { account, region, kind })? {
        Part::Known(listed) => {
            let found = listed.iter().find(|listed| listed.key == *key);
            Part::Known(found.and_then(ListedObject::state))
        }
        Part::Unknown(why) => Part::Unknown(why.clone()),
    })
}

/// Looks at one part, unless the account has turned out to be closed: then every part of it is unknown for
/// that reason, and asking for each of them would only repeat it.
async fn look<T: Clone>(
    kept: &mut Kept<T>,
    closed: &mut Option<Unknown>,
    fresh_for: Duration,
    read: impl Future<Output = Result<T, CloudError>>,
) -> Part<T> {
    if let Some(why) = closed {
        return Part::Unknown(why.clone());
    }
    let part = kept.look(fresh_for, read).await.part;
    *closed = part.unknown().filter(|why| why.operation == Operation::AssumeRole.name()).cloned();
    part
}

/// Whoever wants no object of a kind looks for what a document that is gone may have left; who may not look has
/// left nothing, and need not be told so in every pass.
fn nothing_if_denied(error: CloudError) -> Result<Vec<ListedObject>, CloudError> {
    if error.kind == CloudErrorKind::Denied { Ok(Vec::new()) } else { Err(error) }
}

async fn listed(cloud: &dyn Cloud, query: &ObjectQuery) -> Result<Vec<ListedObject>, CloudError> {
    let mut items = Vec::new();
    let mut page: PageToken = None;
    for _ in 0..PAGES_MAX {
        let answer = cloud.objects(query.clone(), page).await?;
        items.extend(answer.items);
        page = answer.next;
        if page.is_none() {
            break;
        }
    }
    // AWS lists in any order; the same objects must give the same plan.
    items.sort_unstable();
    Ok(items)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::{AccountMemory, Asked, Kept, REREAD_MAX, due};
    use crate::org::{AccountId, ObjectKey, ObjectKind};

    /// With ten thousand accounts it once took four hours until a stopped trail was looked at again.
    #[tokio::test(start_paused = true)]
    async fn a_trail_does_not_wait_for_thousands_of_accounts() {
        let mut estate = BTreeMap::new();
        let mut asked = BTreeMap::new();
        let mut look_at = |account: AccountId, kind| {
            let key = ObjectKey { account, region: None, kind, name: "acme".to_owned() };
            let mut memory = AccountMemory::default();
            memory.objects.insert(key.clone(), Kept::new(None));
            estate.insert(key.account.clone(), memory);
            asked.insert(key.account.clone(), Asked { keys: [key].into(), ..Asked::default() });
        };
        for number in 0..2 * REREAD_MAX {
            look_at(format!("{:012}", 100_000_000_000 + number).parse().unwrap(), ObjectKind::Role);
        }
        tokio::time::advance(Duration::from_mins(1)).await;
        let trail: AccountId = "999999999999".parse().unwrap();
        look_at(trail.clone(), ObjectKind::Trail);
        assert!(due(&estate, &asked, Duration::from_mins(5)).is_empty());
        tokio::time::advance(Duration::from_mins(5)).await;
        let due = due(&estate, &asked, Duration::from_mins(5));
        assert!(due.contains(&trail), "the youngest of all");
        assert_eq!(due.len(), REREAD_MAX + 1);
    }
}
