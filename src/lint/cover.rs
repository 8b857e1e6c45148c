//! Which patterns and lists cover which. Answers no when it cannot be sure.

use crate::lint::statement::List;
use crate::policy::WildcardPattern;

/// How the texts of a list are compared.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    /// Names of actions.
    Folded,
    /// ARNs.
    Exact,
}

/// Does `pattern` match all that `other` matches?
///
/// `*` takes whatever the other has, its wildcards too. A `?` might meet a `*` of the other, which
/// stands for more than one character, so that together they are not sure.
pub(crate) fn covers(pattern: &str, other: &str, case: Case) -> bool {
    let (pattern, other) = match case {
        Case::Folded => (pattern.to_ascii_lowercase(), other.to_ascii_lowercase()),
        Case::Exact => (pattern.to_owned(), other.to_owned()),
    };
    if pattern == other {
        return true;
    }
    // A variable is another text in every request.
    if pattern.contains("${") || (pattern.contains('?') && other.contains('*')) {
        return false;
    }
    WildcardPattern::new(&pattern).matches(&other)
}

/// Does `list` hold everything that `other` holds?
pub(crate) fn list_covers(list: &List<'_>, other: &List<'_>, case: Case) -> bool {
    if list.is_everything() {
        return true;
    }
    let covered = |wide: &List<'_>, narrow: &List<'_>| {
        narrow.items.iter().all(|one| wide.items.iter().any(|by| covers(by.text, one.text, case)))
    };
    match (list.is_negated, other.is_negated) {
        (false, false) => covered(list, other),
        // All but a few holds all but more.
        (true, true) => covered(other, list),
        (false, true) => false,
        (true, false) => other.items.iter().all(|one| {
            let is_plain = !one.text.contains(['*', '?']) && !one.text.contains("${");
            is_plain
                && list.items.iter().all(|not| !not.text.contains("${"))
                && !list.items.iter().any(|not| covers(not.text, one.text, case))
        }),
    }
}
