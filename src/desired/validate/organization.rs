//! The `Organization` document: accounts, OUs, placements, services, quotas.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::guardrail::GovernanceRoles;
use crate::desired::load::{Document, deserialize};
use crate::desired::model::{DesiredAccount, DesiredOrg, DesiredUnit, Packing, RootAccess};
use crate::desired::problem::{Finding, ProblemCode, did_you_mean, shown};
use crate::desired::raw::{
    PolicyTypeName, RawAccount, RawDescribedAccount, RawDocument, RawOrganization, RawPacking,
    RawQuota, RawRootAccess, RawUnit,
};
use crate::desired::validate::header::{self, Enforcement};
use crate::desired::validate::{Context, contacts, must_work, token};
use crate::org::{AccountId, OuPath, POLICY_TYPES, PolicyQuota, PolicyType};

/// OUs can be nested this deep under the root ("Quotas and service limits" of AWS Organizations).
const UNIT_DEPTH_MAX: usize = 5;

/// Reads the document; policies are still missing from what it gives.
pub(crate) fn read(document: &Document, context: &mut Context<'_>) -> Option<DesiredOrg> {
    let raw: RawDocument<RawOrganization> =
        deserialize(document, context.text(document), context.report)?;
    let spec = raw.spec;
    let enforcement = Enforcement { mode: spec.mode, suspend: spec.suspend, prune: spec.prune };
    let header = header::read(document, raw.metadata, enforcement, context);
    let management_account: AccountId = spec.management_account_id.0.parse().ok()?;
    let mut reader = Reader {
        document,
        context,
        management_account: &management_account,
        units: BTreeMap::new(),
        placements: BTreeMap::new(),
        placed_at: BTreeMap::new(),
    };
    let accounts = reader.accounts(&spec.accounts);
    reader.units(&OuPath::root(), "/spec/organizationalUnits", spec.organizational_units);
    let trusted_services: BTreeSet<String> =
        spec.trusted_services.into_iter().map(|service| service.0).collect();
    let delegated_administrators =
        reader.administrators(spec.delegated_administrators, &trusted_services);
    let policy_types = reader.policy_types(spec.policy_types);
    let Reader { units, placements, .. } = reader;
    let alternate_contacts =
        contacts::read(document, spec.alternate_contacts, &trusted_services, context);
    let root_access = spec.root_access.map(|raw| {
        let (pointer, service) = ("/spec/rootAccess", contacts::IAM_SERVICE);
        contacts::check_trusted(document, pointer, service, &trusted_services, context);
        let RawRootAccess { credentials_management, sessions } = raw;
        RootAccess { credentials_management, sessions }
    });
    let must_work = must_work::read(document, &header.document, spec.must_work, context);
    let accepted_lockouts =
        must_work::read_accepted(document, spec.accept_lockouts, &must_work, context);
    Some(DesiredOrg {
        header,
        organization_id: spec.organization_id.parse().ok()?,
        management_account,
        accounts,
        units,
        placements,
        policy_types,
        trusted_services,
        delegated_administrators,
        alternate_contacts,
        root_access: root_access.unwrap_or_default(),
        roles: spec.governance_roles.map(GovernanceRoles::read).unwrap_or_default(),
        reserved: spec.quotas.iter().filter_map(read_reserved).collect(),
        quotas: spec.quotas.into_iter().map(read_quota).collect(),
        packing: match spec.packing {
            Some(RawPacking::Never) => Packing::Never,
            Some(RawPacking::Needed) | None => Packing::Needed,
            Some(RawPacking::Always) => Packing::Always,
        },
        policies: Vec::new(),
        break_glass: Vec::new(),
        regions: Vec::new(),
        logging_trails: Vec::new(),
        baselines: Vec::new(),
        exclusions: Vec::new(),
        tests: Vec::new(),
        must_work,
        accepted_lockouts,
    })
}

fn read_quota((name, raw): (String, RawQuota)) -> (PolicyType, PolicyQuota) {
    let policy_type = PolicyType::named(&name);
    let published = policy_type.facts().quota;
    let or = |declared: Option<u32>, published: usize| {
        declared.and_then(|value| usize::try_from(value).ok()).unwrap_or(published)
    };
    let quota = PolicyQuota {
        characters_max: or(raw.characters, published.characters_max),
        attached_max: or(raw.attached, published.attached_max),
    };
    (policy_type, quota)
}

fn read_reserved((name, raw): (&String, &RawQuota)) -> Option<(PolicyType, usize)> {
    Some((PolicyType::named(name), usize::try_from(raw.reserved?).ok()?))
}

struct Reader<'a, 'b> {
    document: &'a Document,
    context: &'a mut Context<'b>,
    management_account: &'a AccountId,
    units: BTreeMap<OuPath, DesiredUnit>,
    placements: BTreeMap<AccountId, OuPath>,
    /// Where each account was placed first.
    placed_at: BTreeMap<String, String>,
}

impl Reader<'_, '_> {
    fn accounts(&mut self, raw: &BTreeMap<String, RawAccount>) -> BTreeMap<String, DesiredAccount> {
        let mut accounts = BTreeMap::new();
        // In the order of the file, so that the second of two equal ids is the one reported.
        let mut first_with: BTreeMap<AccountId, String> = BTreeMap::new();
        let names: Vec<String> =
            self.document.node.find("/spec/accounts").map_or_else(Vec::new, |node| {
                node.entries().iter().map(|(key, _)| key.text.clone()).collect()
            });
        for name in names {
            let Some(account) = raw.get(&name).and_then(read_account) else { continue };
            if let Some(first) = first_with.get(&account.id) {
                let message = format!("{} and {} have the same id", shown(&name), shown(first));
                let finding = Finding::new(ProblemCode::DuplicateName, message)
                    .help("an account has one name; use it everywhere");
                let pointer = format!("/spec/accounts/{}", token(&name));
                self.context.problem(self.document, &pointer, finding);
            } else {
                first_with.insert(account.id.clone(), name.clone());
            }
            accounts.insert(name, account);
        }
        accounts
    }

    fn units(&mut self, above: &OuPath, pointer: &str, raw: BTreeMap<String, Option<RawUnit>>) {
        for (name, unit) in raw {
            let path = above.child(&name);
            let pointer = format!("{pointer}/{}", token(&name));
            let RawUnit { purpose, accounts, organizational_units } = unit.unwrap_or_default();
            if path.depth() == UNIT_DEPTH_MAX + 1 {
                let message = format!(
                    "{} is {} levels deep; AWS allows {UNIT_DEPTH_MAX}",
                    shown(&path.to_string()),
                    path.depth()
                );
                let finding = Finding::new(ProblemCode::OverQuota, message);
                self.context.problem_at_key(self.document, &pointer, finding);
            }
            let span = self.document.node.locate_key(&pointer);
            let source = self.context.text(self.document).source(span);
            self.units.insert(path.clone(), DesiredUnit { purpose, source });
            for (index, account) in accounts.iter().enumerate() {
                self.place(account, &path, format!("{pointer}/accounts/{index}"));
            }
            self.units(&path, &format!("{pointer}/organizationalUnits"), organizational_units);
        }
    }

    fn place(&mut self, account: &str, path: &OuPath, pointer: String) {
        let id = match self.context.names.account(account) {
            Ok(Some(id)) => id,
            Ok(None) => return,
            Err(finding) => return self.context.problem(self.document, &pointer, finding),
        };
        if let Some(first) = self.placed_at.get(account) {
            let message = format!("account {} is placed twice", shown(account));
            let first = self.context.source(self.document, first);
            let finding = Finding::new(ProblemCode::DuplicateName, message)
                .help(format!("an account lies in one OU; the other place is {first}"));
            return self.context.problem(self.document, &pointer, finding);
        }
        if id == *self.management_account {
            let message = format!("{} is the management account", shown(account));
            let finding = Finding::new(ProblemCode::InvalidValue, message)
                .help("it can lie in an OU, but no service or resource control policy binds it");
            self.context.warning(self.document, &pointer, finding);
        }
        self.placed_at.insert(account.to_owned(), pointer);
        self.placements.insert(id, path.clone());
    }

    fn administrators(
        &mut self,
        raw: BTreeMap<String, String>,
        trusted_services: &BTreeSet<String>,
    ) -> BTreeMap<String, AccountId> {
        let mut administrators = BTreeMap::new();
        for (service, account) in raw {
            let pointer = format!("/spec/delegatedAdministrators/{}", token(&service));
            if !trusted_services.contains(&service) {
                let message = format!("{} has no trusted access here", shown(&service));
                let finding = Finding::new(ProblemCode::UnknownName, message)
                    .help("add it to `trustedServices`: a delegated administrator needs it");
                self.context.warning(self.document, &pointer, finding);
            }
            match self.context.names.account(&account) {
                Ok(Some(id)) if id == *self.management_account => {
                    let message = "the management account cannot be a delegated administrator";
                    let finding = Finding::new(ProblemCode::InvalidValue, message);
                    self.context.problem(self.document, &pointer, finding);
                }
                Ok(Some(id)) => {
                    administrators.insert(service, id);
                }
                Ok(None) => {}
                Err(finding) => self.context.problem(self.document, &pointer, finding),
            }
        }
        administrators
    }

    fn policy_types(&mut self, raw: Vec<PolicyTypeName>) -> BTreeSet<PolicyType> {
        for (index, PolicyTypeName(name)) in raw.iter().enumerate() {
            let mut known = POLICY_TYPES.iter().map(|facts| facts.name);
            if known.any(|known| known == name) {
                continue;
            }
            let message = format!("palisade does not know the policy type {}", shown(name));
            let near = did_you_mean(name, POLICY_TYPES.iter().map(|facts| facts.name));
            let finding = Finding { help: near, ..Finding::new(ProblemCode::UnknownName, message) };
            let pointer = format!("/spec/policyTypes/{index}");
            self.context.warning(self.document, &pointer, finding);
        }
        raw.into_iter().map(|name| PolicyType::named(&name.0)).collect()
    }
}

fn read_account(raw: &RawAccount) -> Option<DesiredAccount> {
    let (id, owner, purpose) = match raw {
        RawAccount::Id(id) => (id, None, None),
        RawAccount::Described(RawDescribedAccount { id, owner, purpose }) => {
            (id, owner.clone(), purpose.clone())
        }
    };
    Some(DesiredAccount { id: id.0.parse().ok()?, owner, purpose })
}
