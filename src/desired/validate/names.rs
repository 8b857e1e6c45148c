//! The names that documents can use: accounts and OUs of the `Organization` document, read from its
//! tree, so that they are known even when something else in it is wrong.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use crate::desired::node::Node;
use crate::desired::problem::{Finding, ProblemCode, nearest, shown};
use crate::org::{AccountId, OuPath};

/// Names of accounts and OUs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Names {
    /// Is there an `Organization` document to take names from?
    is_known: bool,
    /// Accounts; an id that has not its form is nothing.
    accounts: BTreeMap<String, Option<AccountId>>,
    /// Accounts' names, by id.
    ids: BTreeMap<AccountId, String>,
    /// The management account, whether it has a name or not.
    management: Option<AccountId>,
    /// OUs, by path.
    units: BTreeSet<OuPath>,
    /// How often a nearest name has been looked for.
    searches: Cell<usize>,
}

/// More unknown names than this get no nearest name: with 10,000 accounts renamed, comparing each
/// with each would take minutes, and one comparison with all of them takes 10 milliseconds.
const SEARCHES_MAX: usize = 25;

impl Names {
    /// The names of an `Organization` document.
    pub(crate) fn read(organization: Option<&Node>) -> Self {
        let Some(spec) = organization.and_then(|node| node.get("spec")) else {
            return Self::default();
        };
        let accounts = spec.get("accounts").map(Node::entries).unwrap_or_default();
        let management = spec.get("managementAccountId").and_then(Node::as_str);
        let management = management.and_then(|id| id.parse().ok());
        let mut names = Self { is_known: true, management, ..Self::default() };
        for (key, account) in accounts {
            let id = account.as_str().or_else(|| account.get("id").and_then(Node::as_str));
            let id = id.and_then(|id| id.parse::<AccountId>().ok());
            if let Some(id) = &id {
                names.ids.entry(id.clone()).or_insert_with(|| key.text.clone());
            }
            names.accounts.insert(key.text.clone(), id);
        }
        names.read_units(&OuPath::root(), spec);
        names
    }

    fn read_units(&mut self, above: &OuPath, holder: &Node) {
        let units = holder.get("organizationalUnits").map(Node::entries).unwrap_or_default();
        for (key, unit) in units {
            let path = above.child(&key.text);
            self.read_units(&path, unit);
            self.units.insert(path);
        }
    }

    fn nearest<'a>(
        &self,
        found: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        self.searches.set(self.searches.get() + 1);
        if self.searches.get() > SEARCHES_MAX { None } else { nearest(found, candidates) }
    }

    /// The account's id. Nothing without a finding means that the problem is reported elsewhere.
    pub(crate) fn account(&self, name: &str) -> Result<Option<AccountId>, Finding> {
        if let Some(id) = self.accounts.get(name) {
            return Ok(id.clone());
        }
        if !self.is_known {
            return Ok(None);
        }
        let message = format!("no account is called {}", shown(name));
        let finding = Finding::new(ProblemCode::UnknownName, message);
        let near = self.nearest(name, self.accounts.keys().map(String::as_str));
        Err(match near {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("name it in `accounts` of the `Organization` document"),
        })
    }

    /// Is there an account of that name?
    pub(crate) fn has_account(&self, name: &str) -> bool {
        self.accounts.contains_key(name)
    }

    /// The name of an account.
    pub(crate) fn name_of(&self, id: &AccountId) -> Option<&str> {
        self.ids.get(id).map(String::as_str)
    }

    /// Is it the management account?
    pub(crate) fn is_management(&self, id: &AccountId) -> bool {
        self.management.as_ref() == Some(id)
    }

    /// Says what is wrong with the path of an OU, if anything is.
    pub(crate) fn check_unit(&self, path: &OuPath) -> Result<(), Finding> {
        if !self.is_known || *path == OuPath::root() || self.units.contains(path) {
            return Ok(());
        }
        let written = path.to_string();
        let message = format!("there is no OU {}", shown(&written));
        let finding = Finding::new(ProblemCode::UnknownName, message);
        let paths: Vec<String> = self.units.iter().map(ToString::to_string).collect();
        let same_name = self.units.iter().find(|unit| unit.name() == path.name());
        let near = self
            .nearest(&written, paths.iter().map(String::as_str))
            .map(str::to_owned)
            .or_else(|| same_name.map(ToString::to_string));
        Err(match near {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("name it in `organizationalUnits` of the `Organization` document"),
        })
    }
}
