//! What palisade's mark means to a comparison: it comes with the next real change, and is no reason for one.

use std::collections::BTreeMap;

use crate::org::Mark;

/// Do two descriptions say the same, mark aside? One of another mark does not.
pub(super) fn is_same_description(before: &str, after: &str) -> bool {
    let (text, mark) = Mark::read_description(before);
    let (wanted_text, wanted_mark) = Mark::read_description(after);
    text.trim_end() == wanted_text.trim_end() && (mark.is_none() || mark == wanted_mark)
}

/// The tags to write, if there is a reason to write any.
pub(super) fn tags_to_write(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    has_other_reason: bool,
) -> Option<BTreeMap<String, String>> {
    let mut missing = after.clone();
    missing.retain(|key, value| before.get(key) != Some(value));
    let is_mark = missing.keys().all(|key| key.starts_with("palisade:"));
    (!missing.is_empty() && (has_other_reason || !is_mark)).then_some(missing)
}
