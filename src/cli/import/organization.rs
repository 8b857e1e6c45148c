//! The `Organization` document of an organization as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::cli::import::Names;
use crate::cli::import::yaml::{quoted, scalar};
use crate::org::{
    AccountId, OrgSnapshot, Organization, OuPath, ParentId, Part, PolicyTypeStatus, Root, Tree,
};

/// What the document says, in the order in which it says it.
struct Facts<'a> {
    names: &'a Names,
    organization: &'a Organization,
    root: &'a Root,
    tree: &'a Tree,
}

/// The document as YAML; what cannot be said is added to `left_out`.
pub(super) fn document(
    names: &Names,
    snapshot: &OrgSnapshot,
    organization: &Organization,
    root: &Root,
    tree: &Tree,
    left_out: &mut Vec<String>,
) -> String {
    let facts = Facts { names, organization, root, tree };
    let mut text = String::new();
    facts.head(&mut text);
    facts.accounts(&mut text);
    facts.units(&mut text, left_out);
    facts.policy_types(&mut text);
    trusted_services(snapshot, &mut text, left_out);
    delegated_administrators(names, snapshot, &mut text, left_out);
    text
}

impl Facts<'_> {
    fn head(&self, text: &mut String) {
        push(text, "apiVersion: palisade/v1");
        push(text, "kind: Organization");
        push(text, &format!("metadata: {{name: {}}}", self.names.installation));
        push(text, "spec:");
        push(text, &format!("  organizationId: {}", self.organization.id));
        push(text, &format!("  managementAccountId: \"{}\"", self.organization.management_account));
    }

    fn accounts(&self, text: &mut String) {
        push(text, "  accounts:");
        let by_name: BTreeMap<&String, &AccountId> =
            self.names.accounts.iter().map(|(id, name)| (name, id)).collect();
        for (name, id) in by_name {
            let observed = &self.tree.accounts[id].name;
            let note = if observed == name {
                String::new()
            } else {
                format!("  # {} in AWS", quoted(observed))
            };
            push(text, &format!("    {}: \"{id}\"{note}", scalar(name)));
        }
    }

    fn units(&self, text: &mut String, left_out: &mut Vec<String>) {
        let top = ParentId::Root(self.tree.root.clone());
        for (id, unit) in &self.tree.units {
            if !self.names.units.contains_key(&ParentId::Ou(id.clone())) {
                left_out.push(format!(
                    "OU {id} ({}): its name, or that of an OU above it, cannot be written in desired state",
                    quoted(&unit.name)
                ));
            }
        }
        if self.children(&top).is_empty() {
            return;
        }
        push(text, "  organizationalUnits:");
        self.units_in(&top, 4, text);
    }

    fn units_in(&self, parent: &ParentId, indent: usize, text: &mut String) {
        let pad = " ".repeat(indent);
        for (name, id) in self.children(parent) {
            let accounts = self.accounts_in(&id);
            let has_children = !self.children(&id).is_empty();
            if accounts.is_empty() && !has_children {
                push(text, &format!("{pad}{}: {{}}", scalar(name)));
                continue;
            }
            push(text, &format!("{pad}{}:", scalar(name)));
            if !accounts.is_empty() {
                push(text, &format!("{pad}  accounts:"));
                for account in accounts {
                    push(text, &format!("{pad}    - {}", scalar(account)));
                }
            }
            if has_children {
                push(text, &format!("{pad}  organizationalUnits:"));
                self.units_in(&id, indent + 4, text);
            }
        }
    }

    /// The OUs directly in `parent` whose names can be written, by name.
    fn children(&self, parent: &ParentId) -> BTreeMap<&str, ParentId> {
        let inside = self.tree.units.iter().filter(|(_, unit)| unit.parent == *parent);
        inside
            .map(|(id, unit)| (unit.name.as_str(), ParentId::Ou(id.clone())))
            .filter(|(_, id)| self.names.units.contains_key(id))
            .collect()
    }

    fn accounts_in(&self, parent: &ParentId) -> BTreeSet<&str> {
        let inside = self.tree.accounts.iter().filter(|(_, account)| account.parent == *parent);
        inside.filter_map(|(id, _)| self.names.accounts.get(id)).map(String::as_str).collect()
    }

    fn policy_types(&self, text: &mut String) {
        let enabled = self.root.policy_types.iter().filter(|(_, status)| match status {
            PolicyTypeStatus::Enabled | PolicyTypeStatus::PendingEnable => true,
            PolicyTypeStatus::PendingDisable => false,
        });
        let enabled: Vec<&str> = enabled.map(|(policy_type, _)| policy_type.as_str()).collect();
        list(text, "policyTypes", &enabled);
    }
}

fn trusted_services(snapshot: &OrgSnapshot, text: &mut String, left_out: &mut Vec<String>) {
    match &snapshot.trusted_services {
        Part::Known(services) => {
            let (good, odd): (Vec<&str>, Vec<&str>) =
                services.iter().map(String::as_str).partition(|service| is_service(service));
            list(text, "trustedServices", &good);
            left_out.extend(odd.iter().map(|service| {
                format!("trusted service {}: not a service principal", quoted(service))
            }));
        }
        Part::Unknown(why) => left_out.push(format!("trusted services: {why}")),
    }
}

fn delegated_administrators(
    names: &Names,
    snapshot: &OrgSnapshot,
    text: &mut String,
    left_out: &mut Vec<String>,
) {
    let mut lines = Vec::new();
    for (service, administrators) in &snapshot.delegated_administrators {
        let accounts: Vec<&AccountId> = match administrators {
            Part::Known(accounts) => accounts.iter().collect(),
            Part::Unknown(why) => {
                left_out.push(format!("administrator of {}: {why}", quoted(service)));
                continue;
            }
        };
        match accounts.as_slice() {
            [] => {}
            [account] if names.accounts.contains_key(*account) && is_service(service) => {
                lines.push(format!("    {service}: {}", scalar(&names.accounts[*account])));
            }
            several => left_out.push(format!(
                "administrators of {}: {} of them, and desired state names one account",
                quoted(service),
                several.len()
            )),
        }
    }
    if !lines.is_empty() {
        push(text, "  delegatedAdministrators:");
        for line in lines {
            push(text, &line);
        }
    }
}

fn is_service(text: &str) -> bool {
    let name = text.strip_suffix(".cn").unwrap_or(text).strip_suffix(".amazonaws.com");
    let is_label = |label: &str| {
        let is_harmless =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(is_harmless)
    };
    name.is_some_and(|name| name.split('.').all(is_label))
}

/// Can an OU of this name be written in desired state?
pub(super) fn is_writable(name: &str) -> bool {
    !name.is_empty()
        && name.trim_matches(' ') == name
        && !name.contains(['\t', '\r', '\n'])
        && name.chars().count() <= 128
}

/// The paths of the root and of every OU whose name, and the names above it, can be written.
pub(super) fn writable_units(tree: &Tree) -> BTreeMap<ParentId, OuPath> {
    let paths = tree.by_path().into_iter();
    paths
        .filter(|(path, _)| path.names().iter().all(|name| is_writable(name)))
        .map(|(path, id)| (id, path))
        .collect()
}

fn list(text: &mut String, key: &str, items: &[&str]) {
    if items.is_empty() {
        return;
    }
    push(text, &format!("  {key}:"));
    for item in items {
        push(text, &format!("    - {}", scalar(item)));
    }
}

fn push(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
