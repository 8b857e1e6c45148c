//! The kinds of alternate contacts.

/// What AWS tells an alternate contact of, as the Account API names it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::Display,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ContactType {
    /// Security notices.
    Security,
    /// Operations.
    Operations,
    /// Billing.
    Billing,
}
