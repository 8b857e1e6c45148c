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

    /// The page of `items` (by key) that `token` asks for, each shown by `show`. `listing` names the
    /// operation and its parameters: a token is good for the listing that gave it and for no other.
    ///
    /// A token stands for a position and not for a number of items, so that an item which stays is never
    /// skipped because another one goes.
    pub(super) fn page<'a, S, T>(
        self,
        listing: &str,
        items: impl IntoIterator<Item = (&'a str, S)>,
        token: &PageToken,
        show: impl Fn(S) -> T,
    ) -> Result<Page<T>, Refusal> {
        let after = match token {
            None => 0,
            Some(token) => self.position_in(listing, token)?,
        };
        let mut rest: Vec<(u64, S)> = items
            .into_iter()
            .map(|(key, item)| (self.position_of(key), item))
            .filter(|(position, _)| *position > after)
            .collect();
        let more = rest.len() > self.items_max;
        if more {
            // Only the page is sorted: a listing of 10,000 accounts has 500 pages.
            rest.select_nth_unstable_by_key(self.items_max, |(position, _)| *position);
            rest.truncate(self.items_max);
        }
        rest.sort_unstable_by_key(|(position, _)| *position);
        let last = rest.last().map_or(after, |(position, _)| *position);
        let next = more.then(|| self.token(listing, last));
        Ok(Page { items: rest.into_iter().map(|(_, item)| show(item)).collect(), next })
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

/// A digest that is the same on every platform and in every release of Rust: eight bytes at a time,
/// multiplied and folded, as in FNV-1a.
fn digest(seed: u64, text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for chunk in text.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        hash ^= hash >> 32;
    }
    hash.wrapping_mul(0xd6e8_feb8_6659_fd93) ^ (hash >> 29)
}

#[cfg(test)]
mod tests {
    use super::{PAGE_ITEMS_MAX, Pager};
    use crate::cloud::simulated::refusal::Code;

    fn items(count: usize) -> Vec<(String, usize)> {
        (0..count).map(|number| (format!("item-{number}"), number)).collect()
    }

    fn by_key(items: &[(String, usize)]) -> impl Iterator<Item = (&str, usize)> {
        items.iter().map(|(key, item)| (key.as_str(), *item))
    }

    fn walk(cut: impl Fn(usize) -> Pager, count: usize) -> (Vec<usize>, usize) {
        let (mut seen, mut walked, mut token) = (Vec::new(), 0, None);
        loop {
            let items = items(count);
            let page = cut(walked).page("list", by_key(&items), &token, |item| item).unwrap();
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
        let items = items(30);
        let page =
            |listing, token| Pager::full(7).page(listing, by_key(&items), &token, |item| item);
        let token = page("a", None).unwrap().next;
        assert!(page("a", token.clone()).is_ok());
        for forged in [token.as_deref(), Some("2"), Some(""), Some("é"), Some(&"0".repeat(32))] {
            let refused = page("b", forged.map(str::to_owned));
            assert_eq!(refused.unwrap_err().code, Code::InvalidInputException, "{forged:?}");
        }
    }
}
