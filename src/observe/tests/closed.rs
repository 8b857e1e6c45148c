//! What an observation makes of an account in which nothing may be but what is wanted.

use std::time::Duration;

use crate::cloud::Operation;
use crate::observe::tests::double::{Double, SHOP, account};
use crate::observe::tests::wanted;
use crate::observe::{Observer, WantedObjects};
use crate::org::{ObjectKind, ObjectQuery, Part};

/// A refusal was once read as an empty listing, so that an account passed for closed that nobody had looked into.
#[tokio::test(start_paused = true)]
async fn who_may_not_look_into_a_closed_place_has_not_seen_it_empty() {
    let query =
        ObjectQuery { account: account(SHOP), region: None, kind: ObjectKind::OidcProvider };
    for is_closed in [false, true] {
        let mut double = Double::new();
        double.deny(Operation::ListOidcProviders);
        let mut observer = Observer::new(Duration::ZERO);
        let mut snapshot = observer.observe(&double, &wanted()).await;
        let queries = [query.clone()].into();
        let closed = [query.clone()].into_iter().filter(|_| is_closed).collect();
        let objects = WantedObjects { queries, closed, ..WantedObjects::default() };
        observer.observe_objects(&double, &objects, &mut snapshot).await;
        let seen = &snapshot.listings[&query];
        assert_eq!(*seen == Part::Known(Vec::new()), !is_closed, "{seen:?}");
        assert_eq!(seen.unknown().is_some(), is_closed, "{seen:?}");
    }
}
