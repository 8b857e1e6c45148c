//! Condition keys: their names, some with a free part, and the types of their values.

/// A condition key.
#[derive(Debug, PartialEq, Eq)]
pub struct ConditionKey {
    /// Its name as AWS spells it; a part in `${…}` is free: `aws:RequestTag/${TagKey}`.
    pub name: String,
    /// The type of each of its values.
    pub value_type: KeyType,
    /// May it have several values, so that it needs `ForAnyValue` or `ForAllValues`?
    pub is_list: bool,
}

/// The type of a condition key's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
pub enum KeyType {
    /// Text.
    String,
    /// An ARN.
    #[strum(serialize = "ARN")]
    Arn,
    /// True or false.
    Bool,
    /// A number.
    Numeric,
    /// A moment.
    Date,
    /// An IP address.
    #[strum(serialize = "IPAddress")]
    IpAddress,
}

/// Is `name` what `template` stands for? A `${…}` of the template takes any text but none.
pub(crate) fn template_matches(template: &str, name: &str) -> bool {
    let Some((before, rest)) = template.split_once("${") else {
        return template.eq_ignore_ascii_case(name);
    };
    let after = rest.split_once('}').map_or("", |(_, after)| after);
    let Some((start, end)) = name.split_at_checked(before.len()) else { return false };
    if !start.eq_ignore_ascii_case(before) {
        return false;
    }
    if after.is_empty() {
        return !end.is_empty();
    }
    // What follows the free part may have free parts of its own: try every place, names are short.
    let mut places = end.char_indices().map(|(at, _)| at).skip(1);
    places.any(|at| end.get(at..).is_some_and(|rest| template_matches(after, rest)))
}
