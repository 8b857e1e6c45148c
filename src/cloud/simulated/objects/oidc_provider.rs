//! OIDC providers: palisade makes none, so that somebody else made every one there is.

use std::collections::BTreeSet;

use crate::cloud::simulated::pages::Pager;
use crate::cloud::simulated::refusal::Refusal;
use crate::cloud::simulated::world::World;
use crate::cloud::{PageToken, Reply};
use crate::org::{AccountId, ListedObject, ObjectKey, ObjectKind, ObjectQuery};

impl World {
    /// Makes the IAM of an account trust an OIDC provider: what no palisade would do.
    pub fn add_oidc_provider(&mut self, account: &AccountId, name: &str) {
        self.oidc_providers.insert(ObjectKey::global(
            ObjectKind::OidcProvider,
            account.clone(),
            name,
        ));
    }

    pub(super) fn list_oidc_providers(
        &self,
        query: &ObjectQuery,
        page: &PageToken,
        pager: Pager,
    ) -> Result<Reply, Refusal> {
        let name = format!("ListOidcProviders {}", query.account);
        let items = self.oidc_providers.iter().filter(|key| key.account == query.account);
        let items = items.map(|key| (key.name.as_str(), key));
        pager.page(&name, items, page, listed).map(Reply::Objects)
    }

    pub(super) fn oidc_provider_listings(
        &self,
    ) -> impl Iterator<Item = (ObjectQuery, Vec<ListedObject>)> {
        let accounts: BTreeSet<&AccountId> =
            self.oidc_providers.iter().map(|key| &key.account).collect();
        accounts.into_iter().map(|account| {
            let kind = ObjectKind::OidcProvider;
            let query = ObjectQuery { account: account.clone(), region: None, kind };
            let all = self.oidc_providers.iter().filter(|key| key.account == *account);
            (query, all.map(listed).collect())
        })
    }
}

fn listed(key: &ObjectKey) -> ListedObject {
    ListedObject { key: key.clone(), description: String::new() }
}
