//! Names for what AWS calls by free text: valid in desired state, unique, the same every time.

use std::collections::{BTreeMap, BTreeSet};

/// Longest `metadata.name`, and account name, that desired state allows.
const NAME_CHARACTERS_MAX: usize = 63;

/// A name for each item of `items`, made from its free text: small letters, digits and hyphens.
///
/// Items that would share a name all carry their id behind it, so that none of them looks like the
/// real one. `fallback` is for text that nothing is left of. Names in `reserved` are taken already.
pub(super) fn unique_names<K: Ord + Clone>(
    items: &BTreeMap<K, (String, String)>,
    fallback: &str,
    reserved: &BTreeSet<String>,
) -> BTreeMap<K, String> {
    let bases: BTreeMap<&K, String> =
        items.iter().map(|(key, (text, _))| (key, plain_name(text, fallback))).collect();
    let mut uses: BTreeMap<&str, usize> = reserved.iter().map(|name| (name.as_str(), 1)).collect();
    for base in bases.values() {
        *uses.entry(base).or_default() += 1;
    }
    let mut taken = reserved.clone();
    let mut names = BTreeMap::new();
    for (key, base) in &bases {
        let (_, id) = &items[*key];
        let is_shared = uses.get(base.as_str()).is_some_and(|uses| *uses > 1);
        let mut name = if is_shared { with_suffix(base, id) } else { base.clone() };
        let mut number = 2;
        while taken.contains(&name) || (is_shared && uses.contains_key(name.as_str())) {
            name = with_suffix(base, &format!("{id}-{number}"));
            number += 1;
        }
        taken.insert(name.clone());
        names.insert((*key).clone(), name);
    }
    names
}

/// `text` with nothing but small letters, digits and single hyphens.
pub(super) fn plain_name(text: &str, fallback: &str) -> String {
    let mut name = String::new();
    for character in text.chars() {
        let character = character.to_ascii_lowercase();
        if character.is_ascii_alphanumeric() {
            name.push(character);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    let name: String = name.trim_matches('-').chars().take(NAME_CHARACTERS_MAX).collect();
    let name = name.trim_end_matches('-');
    if name.is_empty() { fallback.to_owned() } else { name.to_owned() }
}

fn with_suffix(base: &str, suffix: &str) -> String {
    let suffix = plain_name(suffix, "x");
    let room = NAME_CHARACTERS_MAX.saturating_sub(suffix.len() + 1);
    let base: String = base.chars().take(room).collect();
    format!("{}-{suffix}", base.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{plain_name, unique_names};

    #[test]
    fn free_text_becomes_a_plain_name() {
        for (text, name) in [
            ("Shop Prod", "shop-prod"),
            ("  a//b__c ", "a-b-c"),
            ("Überraschung", "berraschung"),
            ("研究", "fallback"),
            ("", "fallback"),
        ] {
            assert_eq!(plain_name(text, "fallback"), name, "{text}");
        }
        assert_eq!(plain_name(&"x".repeat(200), "fallback").len(), 63);
    }

    /// Found in review: a policy with the name of a document took that name away.
    #[test]
    fn a_reserved_name_is_left_to_whom_it_belongs() {
        let items = BTreeMap::from([("1", ("My Policy".to_owned(), "1".to_owned()))]);
        let reserved = BTreeSet::from(["my-policy".to_owned()]);
        assert_eq!(unique_names(&items, "x", &reserved)["1"], "my-policy-1");
    }

    #[test]
    fn names_that_would_be_shared_carry_the_id() {
        let items = [("1", "Shop"), ("2", "shop"), ("3", "shop-1"), ("4", "other")];
        let items: BTreeMap<&str, (String, String)> =
            items.into_iter().map(|(id, text)| (id, (text.to_owned(), id.to_owned()))).collect();
        let names: Vec<String> =
            unique_names(&items, "x", &BTreeSet::new()).into_values().collect();
        assert_eq!(names, ["shop-1-2", "shop-2", "shop-1", "other"]);
    }
}
