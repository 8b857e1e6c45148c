//! A case beside the defaults of its document: who says what, and where it is written.

use crate::desired::problem::{Finding, ProblemCode};
use crate::desired::raw::{RawCase, RawOneOrMore};

/// Where the defaults are.
pub(super) const DEFAULTS: &str = "/spec/defaults";

/// A case and what it leaves to the defaults.
pub(super) struct Written<'a> {
    /// Where the case is.
    pub(super) pointer: &'a str,
    /// The case.
    pub(super) own: &'a RawCase,
    /// What it says if it does not say otherwise.
    pub(super) defaults: &'a RawCase,
}

/// A value, and where it is written.
pub(super) struct At<'a> {
    /// Where.
    pub(super) pointer: String,
    /// The value.
    pub(super) text: &'a str,
}

impl<'a> Written<'a> {
    /// Accounts, by name or id.
    pub(super) fn accounts(&self) -> Vec<At<'a>> {
        if self.own.ou.is_some() {
            return Vec::new(); // An OU of its own replaces the account of the defaults.
        }
        self.list("account", |case| case.account.as_ref(), |account| &account.0)
    }

    /// OUs, by path.
    pub(super) fn units(&self) -> Vec<At<'a>> {
        if self.own.account.is_some() {
            return Vec::new();
        }
        self.list("ou", |case| case.ou.as_ref(), |unit| &unit.0)
    }

    /// Who calls.
    pub(super) fn principals(&self) -> Vec<At<'a>> {
        self.list("principal", |case| case.principal.as_ref(), |principal| &principal.0)
    }

    /// What they call.
    pub(super) fn actions(&self) -> Vec<At<'a>> {
        self.list("action", |case| case.action.as_ref(), |action| &action.0)
    }

    /// On what.
    pub(super) fn resources(&self) -> Vec<At<'a>> {
        self.list("resource", |case| case.resource.as_ref(), |resource| &resource.0)
    }

    /// Whose that is, by name or id.
    pub(super) fn owners(&self) -> Vec<At<'a>> {
        let pick = |case: &'a RawCase| case.resource_account.as_ref();
        self.list("resourceAccount", pick, |account| &account.0)
    }

    /// How many combinations the lists have.
    pub(super) fn combinations(&self) -> usize {
        let lists = [
            self.accounts().len() + self.units().len(),
            self.principals().len(),
            self.actions().len(),
            self.resources().len(),
            self.owners().len(),
        ];
        lists.into_iter().fold(1, |product, count| product.saturating_mul(count.max(1)))
    }

    /// Fields that must be there and are not, lists that hold nothing, and fields that exclude each other.
    pub(super) fn missing_and_empty(&self) -> Vec<(String, Finding)> {
        let mut findings = Vec::new();
        for (name, is_there) in [
            ("principal", self.own.principal.is_some() || self.defaults.principal.is_some()),
            ("action", self.own.action.is_some() || self.defaults.action.is_some()),
        ] {
            if !is_there {
                let message = format!("the case lacks `{name}`");
                let finding = Finding::new(ProblemCode::MissingField, message)
                    .help("write it here or in `defaults`");
                findings.push((self.pointer.to_owned(), finding));
            }
        }
        for (pointer, case) in [(self.pointer, self.own), (DEFAULTS, self.defaults)] {
            if case.account.is_some() && case.ou.is_some() {
                let message = "`account` and `ou` exclude each other";
                let finding = Finding::new(ProblemCode::InvalidValue, message);
                findings.push((format!("{pointer}/ou"), finding));
            }
            for name in case.empty_lists() {
                let finding = Finding::new(ProblemCode::WrongCount, "an empty list makes no call")
                    .help("give it a value, or leave it out");
                findings.push((format!("{pointer}/{name}"), finding));
            }
        }
        findings
    }

    /// The values of a field, of the case or of the defaults.
    fn list<T: 'a>(
        &self,
        name: &str,
        pick: impl Fn(&'a RawCase) -> Option<&'a RawOneOrMore<T>>,
        text: impl Fn(&'a T) -> &'a str,
    ) -> Vec<At<'a>> {
        let own = pick(self.own).map(|values| (self.pointer, values));
        let Some((above, values)) = own.or_else(|| Some((DEFAULTS, pick(self.defaults)?))) else {
            return Vec::new();
        };
        match values {
            RawOneOrMore::One(value) => {
                vec![At { pointer: format!("{above}/{name}"), text: text(value) }]
            }
            RawOneOrMore::More(values) => values
                .iter()
                .enumerate()
                .map(|(index, value)| At {
                    pointer: format!("{above}/{name}/{index}"),
                    text: text(value),
                })
                .collect(),
        }
    }
}

/// The actions that a case names itself, and where.
pub(super) fn actions<'a>(pointer: &str, case: &'a RawCase) -> Vec<(String, &'a str)> {
    match &case.action {
        None => Vec::new(),
        Some(RawOneOrMore::One(action)) => vec![(format!("{pointer}/action"), &action.0)],
        Some(RawOneOrMore::More(actions)) => actions
            .iter()
            .enumerate()
            .map(|(index, action)| (format!("{pointer}/action/{index}"), action.0.as_str()))
            .collect(),
    }
}

impl RawCase {
    /// The fields that are lists and hold nothing.
    fn empty_lists(&self) -> Vec<&'static str> {
        fn is_empty<T>(values: Option<&RawOneOrMore<T>>) -> bool {
            matches!(values, Some(RawOneOrMore::More(values)) if values.is_empty())
        }
        let fields = [
            ("account", is_empty(self.account.as_ref())),
            ("ou", is_empty(self.ou.as_ref())),
            ("principal", is_empty(self.principal.as_ref())),
            ("action", is_empty(self.action.as_ref())),
            ("resource", is_empty(self.resource.as_ref())),
            ("resourceAccount", is_empty(self.resource_account.as_ref())),
        ];
        fields.into_iter().filter(|(_, is_empty)| *is_empty).map(|(name, _)| name).collect()
    }
}
