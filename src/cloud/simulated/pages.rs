//! Listings in pages: at most 20 items, in an order that is not sorted, with tokens that are checked.

use crate::cloud::simulated::refusal::{Refusal, invalid};
use crate::cloud::{Page, PageToken};

/// Items in a full page (`MaxResults`, API reference).
pub const PAGE_ITEMS_MAX: usize = 20;

/// How a listing is cut into pages.
#[derive(Debug, Clone, Copy)]
pub struct Pager {
    seed: u64,
    items_max: usize,
}

impl Pager {
    /// Full pages; `seed` decides the order of the items.
    pub fn full(seed: u64) -> Self {
        Self { seed, items_max: PAGE_ITEMS_MAX }
    }

    /// Pages of at most `items_max` items; none at all is legal and has a next page.
    #[must_use = "the pager is not changed in place"]
    pub fn cut_to(self, items_max: usize) -> Self {
        Self { items_max: items_max.min(PAGE_ITEMS_MAX), ..self }
    }

    /// The page of `items` (by key) that `token` asks for. `listing` names the operation and its
    /// parameters: a token is good for the listing that gave it and for no other.
    ///
    /// A token stands for a position and not for a number of items, so that an item which stays is never
    /// skipped because another one goes.
    pub(super) fn page<T>(
        self,
        listing: &str,
        items: impl IntoIterator<Item = (String, T)>,
        token: &PageToken,
    ) -> Result<Page<T>, Refusal> {
        let after = match token {
            None => 0,
            Some(token) => self.position_in(listing, token)?,
        };
        let mut rest: Vec<(u64, T)> = items
            .into_iter()
            .map(|(key, item)| (self.position_of(&key), item))
            .filter(|(position, _)| *position > after)
            .collect();
        rest.sort_by_key(|(position, _)| *position);
        let next = (rest.len() > self.items_max).then(|| {
            rest.truncate(self.items_max);
            self.token(listing, rest.last().map_or(after, |(position, _)| *position))
        });
        Ok(Page { items: rest.into_iter().map(|(_, item)| item).collect(), next })
    }

    /// Where an item stands in every listing; never 0, which stands for the beginning.
    fn position_of(self, key: &str) -> u64 {
        digest(self.seed, key) | 1
    }

    fn token(self, listing: &str, position: u64) -> String {
        let check = digest(self.seed ^ position, listing);
        format!("{check:016x}{position:016x}")
    }

    fn position_in(self, listing: &str, token: &str) -> Result<u64, Refusal> {
        token
            .get(16..)
            .and_then(|position| u64::from_str_radix(position, 16).ok())
            .filter(|position| self.token(listing, *position) == token)
            .ok_or_else(|| {
                invalid(
                    "INVALID_PAGINATION_TOKEN",
                    "Get the value for the NextToken parameter from the response to a previous call of the operation.",
                )
            })
    }
}

/// FNV-1a with a finishing mix: the same on every platform and in every release of Rust.
fn digest(seed: u64, text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash.wrapping_mul(0xd6e8_feb8_6659_fd93) ^ (hash >> 29)
}

#[cfg(test)]
mod tests {
    use super::{PAGE_ITEMS_MAX, Pager};
    use crate::cloud::simulated::refusal::Code;

    fn items(count: usize) -> Vec<(String, usize)> {
        (0..count).map(|number| (format!("item-{number}"), number)).collect()
    }

    fn walk(cut: impl Fn(usize) -> Pager, count: usize) -> (Vec<usize>, usize) {
        let (mut seen, mut walked, mut token) = (Vec::new(), 0, None);
        loop {
            let page = cut(walked).page("list", items(count), &token).unwrap();
            assert!(page.items.len() <= PAGE_ITEMS_MAX);
            seen.extend(page.items);
            walked += 1;
            token = page.next;
            if token.is_none() {
                seen.sort_unstable();
                return (seen, walked);
            }
        }
    }

    #[test]
    fn pages_hold_everything_once_and_end() {
        for (count, pages) in [(0, 1), (1, 1), (20, 1), (21, 2), (100, 5)] {
            assert_eq!(walk(|_| Pager::full(7), count), ((0..count).collect(), pages));
        }
    }

    #[test]
    fn an_empty_page_is_not_the_last() {
        let (seen, pages) =
            walk(|page| Pager::full(7).cut_to(if page % 2 == 0 { 0 } else { 5 }), 12);
        assert_eq!((seen, pages), ((0..12).collect(), 6));
    }

    #[test]
    fn a_token_is_good_for_its_own_listing_only() {
        let token = Pager::full(7).page("a", items(30), &None).unwrap().next;
        assert!(Pager::full(7).page("a", items(30), &token).is_ok());
        for forged in [token.as_deref(), Some("2"), Some(""), Some("é"), Some(&"0".repeat(32))] {
            let refused = Pager::full(7).page("b", items(30), &forged.map(str::to_owned));
            assert_eq!(refused.unwrap_err().code, Code::InvalidInputException, "{forged:?}");
        }
    }
}
