//! Calls that no change may lock out, and lockouts that somebody accepts. Data, and nothing of how it is
//! proved.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::desired::model::DesiredTarget;
use crate::org::{AccountId, DocumentRef};

/// A call that must go on working in some accounts, whatever becomes of their policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MustWork {
    /// Its name, unique in desired state.
    pub name: String,
    /// The document that says so.
    pub document: DocumentRef,
    /// The OUs whose accounts are meant, and single accounts.
    pub places: BTreeSet<DesiredTarget>,
    /// Accounts in these places that are not meant.
    pub except: BTreeSet<AccountId>,
    /// `role/…` or `user/…` in the account itself, an ARN, or a service principal.
    pub principal: String,
    /// The actions.
    pub actions: Vec<String>,
    /// The resource, in which `{account}` stands for the account's id; `*` for actions without one.
    pub resource: String,
    /// Condition keys that come with the call.
    pub context: BTreeMap<String, Vec<String>>,
    /// Condition keys that do not.
    pub absent: BTreeSet<String>,
    /// What it means if that does not settle whether the call works.
    pub on_unknown: OnUnknown,
    /// Who says so.
    pub origin: ProbeOrigin,
}

/// Who says that a call must work, and with that how much is known of it beside what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeOrigin {
    /// Desired state, which says all there is to say.
    Declared,
    /// palisade, of a role or user that it keeps itself: nobody federates into it, and it has no tags.
    BuiltIn,
}

/// What it means if it is not known whether a call would work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnknown {
    /// It counts as locked out.
    Fail,
    /// It counts as working.
    Pass,
}

/// The calls that must work without anybody saying so, by the name under which their failing can be
/// accepted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::Display, strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum BuiltInProbe {
    /// What palisade calls for the organization, where it runs outside the management account.
    Palisade,
    /// The role that palisade, or whoever mends an account, assumes in it.
    MemberRole,
    /// The role that `StackSets` act with in an account.
    StacksetsRole,
    /// What operators do in an emergency: reach the roles of `BreakGlassRole` documents, and mend accounts.
    BreakGlass,
}

/// That a call may be locked out for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedLockout {
    /// The probe's name: one of [`MustWork`], or a [`BuiltInProbe`].
    pub probe: String,
    /// Where; everywhere if this is empty.
    pub places: BTreeSet<DesiredTarget>,
    /// The first day on which it may not any more (UTC).
    pub until: Date,
    /// Why.
    pub reason: String,
}
