//! One call: where its principal lives, and whose the resource is.

use crate::desired::cases::{Call, Place};
use crate::desired::model::DesiredOrg;
use crate::desired::problem::{Finding, ProblemCode, shown};
use crate::desired::validate::guardrail_test::facts::Facts;
use crate::desired::validate::guardrail_test::written::{At, Written};
use crate::desired::validate::names::Names;
use crate::org::{AccountId, OuPath};

/// What stands for the id of the resource's account.
const ACCOUNT: &str = "{account}";

/// The id of an account that nobody has made yet. AWS gives out none that begins so.
const UNMADE_ACCOUNT: &str = "000000000000";

/// Resolves the names of a case.
pub(super) struct Resolver<'a> {
    /// Accounts and OUs.
    pub(super) names: &'a Names,
    /// The organization, as far as it is known where its accounts lie.
    pub(super) org: Option<&'a DesiredOrg>,
}

type Findings = Vec<(String, Finding)>;

impl Resolver<'_> {
    /// Every call of a case.
    pub(super) fn calls(
        &self,
        written: &Written<'_>,
        facts: &Facts,
        findings: &mut Findings,
    ) -> Vec<Call> {
        let variations = facts.unfold();
        let mut calls = Vec::new();
        for Parties { caller, resource, owner } in self.parties(written, findings) {
            for action in written.actions() {
                calls.extend(variations.iter().map(|facts| Call {
                    principal: caller.principal.clone(),
                    caller: caller.place.clone(),
                    action: action.text.to_owned(),
                    resource: resource.clone(),
                    owner: owner.clone(),
                    context: facts.context.clone(),
                    absent: facts.absent.clone(),
                }));
            }
        }
        calls
    }

    /// Who calls on what, in every combination.
    fn parties(&self, written: &Written<'_>, findings: &mut Findings) -> Vec<Parties> {
        let mut parties = Vec::new();
        let places = self.places(written, findings);
        let owners = self.owners(written, findings);
        let resources = or_none(written.resources());
        for principal in written.principals() {
            for place in &places {
                let caller = self.caller(place.as_ref(), principal.text).map(Some);
                let Some(caller) = keep(&principal, caller, findings) else { continue };
                let here = caller.place.as_ref().or(place.as_ref());
                for resource in &resources {
                    for owner in &owners {
                        let found = self.owned(here, resource.as_ref(), owner.as_ref()).map(Some);
                        let at = resource.as_ref().unwrap_or(&principal);
                        let Some((resource, owner)) = keep(at, found, findings) else { continue };
                        parties.push(Parties { caller: caller.clone(), resource, owner });
                    }
                }
            }
        }
        parties
    }

    /// Where the calls come from; one nothing if the case does not say.
    fn places(&self, written: &Written<'_>, findings: &mut Findings) -> Vec<Option<Place>> {
        let mut places = Vec::new();
        let (accounts, units) = (written.accounts(), written.units());
        for at in &accounts {
            places.extend(keep(at, self.account(at.text), findings));
        }
        for at in &units {
            places.extend(keep(at, self.unit(at.text), findings));
        }
        if accounts.is_empty() && units.is_empty() { vec![None] } else { some(places) }
    }

    fn owners(&self, written: &Written<'_>, findings: &mut Findings) -> Vec<Option<Place>> {
        let accounts = written.owners();
        if accounts.is_empty() {
            return vec![None];
        }
        some(accounts.iter().filter_map(|at| keep(at, self.account(at.text), findings)).collect())
    }

    /// An account by name, or one outside the organization by id.
    fn account(&self, text: &str) -> Result<Option<Place>, Finding> {
        let id = text.parse::<AccountId>().ok().filter(|_| !self.names.has_account(text));
        let Some(id) = id else {
            let Some(id) = self.names.account(text)? else { return Ok(None) };
            return self.placed(id).map(Some);
        };
        if let Some(name) = self.names.name_of(&id) {
            let message = format!("{} is the account {}", shown(text), shown(name));
            let help = format!("write its name: `{name}`; an id means an account of others");
            return Err(Finding::new(ProblemCode::InvalidValue, message).help(help));
        }
        if self.is_management(&id) {
            Ok(Some(Place::Account(id)))
        } else {
            Ok(Some(Place::Outside(id)))
        }
    }

    fn unit(&self, text: &str) -> Result<Option<Place>, Finding> {
        let invalid = |error: &dyn std::fmt::Display| {
            Finding::new(ProblemCode::InvalidValue, error.to_string())
        };
        let path: OuPath = text.parse().map_err(|error| invalid(&error))?;
        self.names.check_unit(&path)?;
        let id = UNMADE_ACCOUNT.parse().map_err(|error| invalid(&error))?;
        Ok(Some(Place::Unit(path, id)))
    }

    /// An account of the organization; which guardrails it has is known only if it is placed.
    fn placed(&self, id: AccountId) -> Result<Place, Finding> {
        let is_placed = self.org.is_none_or(|org| org.placements.contains_key(&id));
        if is_placed || self.is_management(&id) {
            return Ok(Place::Account(id));
        }
        let name = self.names.name_of(&id).unwrap_or(id.as_str()).to_owned();
        let message = format!("nothing says in which OU {} lies", shown(&name));
        Err(Finding::new(ProblemCode::UnknownName, message).help(
            "place it in `organizationalUnits` of the `Organization` document, or test an OU with `ou`",
        ))
    }

    /// An account whose id is in an ARN.
    fn of_arn(&self, id: AccountId, field: &str) -> Result<Place, Finding> {
        if self.names.name_of(&id).is_some() || self.is_management(&id) {
            return self.placed(id);
        }
        let message = format!("no account has the id `{id}`");
        let help = format!(
            "name it in `accounts` of the `Organization` document; if it is outside the \
             organization, write `{field}: \"{id}\"`"
        );
        Err(Finding::new(ProblemCode::UnknownName, message).help(help))
    }

    fn caller(&self, place: Option<&Place>, principal: &str) -> Result<Caller, Finding> {
        if let Some(rest) = principal.strip_prefix("arn:") {
            let id = rest.split(':').nth(3).and_then(|id| id.parse::<AccountId>().ok());
            let id = id.ok_or_else(|| Finding::new(ProblemCode::InvalidValue, "no account id"))?;
            let place = match place {
                None => self.of_arn(id, "account")?,
                Some(Place::Unit(path, _)) if self.names.name_of(&id).is_none() => {
                    Place::Unit(path.clone(), id)
                }
                Some(place) if *place.account() == id => place.clone(),
                Some(place) => return Err(self.elsewhere("the principal lives", &id, place)),
            };
            return Ok(Caller { principal: principal.to_owned(), place: Some(place) });
        }
        let is_in_account = principal == "root" || principal.contains('/');
        if !is_in_account {
            return Ok(Caller { principal: principal.to_owned(), place: None });
        }
        let Some(place) = place else {
            let message = format!("in which account is {}?", shown(principal));
            let finding = Finding::new(ProblemCode::MissingField, message)
                .help("add `account` or `ou`, or write the whole ARN");
            return Err(finding);
        };
        let is_session =
            ["assumed-role/", "federated-user/"].iter().any(|kind| principal.starts_with(kind));
        let service = if is_session { "sts" } else { "iam" };
        let principal = format!("arn:aws:{service}::{}:{principal}", place.account());
        Ok(Caller { principal, place: Some(place.clone()) })
    }

    /// The resource and where its account is.
    fn owned(
        &self,
        here: Option<&Place>,
        resource: Option<&At<'_>>,
        owner: Option<&Place>,
    ) -> Result<(Option<String>, Place), Finding> {
        let text = resource.map(|at| at.text);
        let id = text.and_then(|arn| arn.split(':').nth(4)?.parse::<AccountId>().ok());
        let owner = match (owner, id) {
            (Some(owner), Some(id)) if *owner.account() != id => {
                return Err(self.elsewhere("the resource is", &id, owner));
            }
            (Some(owner), _) => owner.clone(),
            (None, Some(id)) => match here {
                Some(here) if *here.account() == id => here.clone(),
                Some(_) | None => self.of_arn(id, "resourceAccount")?,
            },
            (None, None) => here.cloned().ok_or_else(|| {
                Finding::new(ProblemCode::MissingField, "whose is the resource?")
                    .help("add `resourceAccount`: its guardrails decide too")
            })?,
        };
        let text = text.map(|text| text.replace(ACCOUNT, owner.account().as_str()));
        Ok((text, owner))
    }

    fn elsewhere(&self, what: &str, id: &AccountId, place: &Place) -> Finding {
        let name = |id: &AccountId| shown(self.names.name_of(id).unwrap_or(id.as_str()));
        let expected = match place {
            Place::Unit(path, _) => format!("the OU {}", shown(&path.to_string())),
            Place::Account(id) | Place::Outside(id) => name(id),
        };
        let message = format!("{what} in {}, not in {expected}", name(id));
        Finding::new(ProblemCode::InvalidValue, message).help("leave one of the two out")
    }

    fn is_management(&self, id: &AccountId) -> bool {
        self.names.is_management(id)
    }
}

/// Who calls on what.
struct Parties {
    caller: Caller,
    resource: Option<String>,
    owner: Place,
}

/// Who calls, whole, and where that is.
#[derive(Clone)]
struct Caller {
    principal: String,
    place: Option<Place>,
}

fn or_none<T>(values: Vec<T>) -> Vec<Option<T>> {
    if values.is_empty() { vec![None] } else { some(values) }
}

fn some<T>(values: Vec<T>) -> Vec<Option<T>> {
    values.into_iter().map(Some).collect()
}

fn keep<T>(at: &At<'_>, found: Result<Option<T>, Finding>, findings: &mut Findings) -> Option<T> {
    found.unwrap_or_else(|finding| {
        findings.push((at.pointer.clone(), finding));
        None
    })
}
