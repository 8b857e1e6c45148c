//! What desired state asks of a catalogue of ready-made guardrails. It does not know one: whoever
//! loads brings it, so that everything a `use` leads to is checked like what a person wrote.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::desired::model::DesiredOrg;
use crate::desired::node::Node;
use crate::desired::problem::ProblemCode;
use crate::desired::raw::{RawGovernanceRoles, RoleName};

/// A catalogue of ready-made guardrails.
pub trait Guardrails: fmt::Debug + Sync {
    /// The policy document of a guardrail for this organization, built-in exemptions in place.
    fn render(&self, wanted: &Wanted<'_>, site: &Site) -> Result<Value, Vec<Refusal>>;

    /// The arguments that name what AWS does not have, as far as is known.
    fn unknown_names(&self, wanted: &Wanted<'_>) -> Vec<UnknownName>;

    /// The names of the profiles there are.
    fn profiles(&self) -> Vec<String>;

    /// The policies of a profile; nothing when there is no such profile.
    fn profile(&self, name: &str) -> Option<Vec<ProfileEntry>>;

    /// What is known of Regions.
    fn regions(&self) -> RegionFacts;

    /// Does AWS have an action that `pattern` (`s3:Get*`) stands for, as far as is known?
    fn knows_action(&self, pattern: &str) -> bool;
}

/// What is known of Regions, and of services that have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionFacts {
    /// The version of the list of services without a Region.
    pub version: u32,
    /// The day (UTC) of that list.
    pub date: Date,
    /// Actions whose services answer in one Region for all of them.
    pub global: Vec<String>,
    /// Actions of detective services, which must work in every Region.
    pub detective: Vec<String>,
    /// Every Region known, and whether it is disabled in an account until somebody enables it.
    pub regions: BTreeMap<String, bool>,
}

/// A `use`: which guardrail, in which document, with what.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The kind of the document that uses it.
    pub kind: &'a str,
    /// Its id.
    pub guardrail: &'a str,
    /// Its arguments by parameter.
    pub with: &'a Map<String, Value>,
}

/// A policy that belongs to a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileEntry {
    /// The guardrail's id.
    pub guardrail: String,
    /// The kind of its document.
    pub kind: String,
    /// What it achieves, in a line.
    pub title: String,
    /// The practices it serves.
    pub practices: Vec<String>,
}

/// Why a guardrail cannot be had like that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The JSON pointer below `use`, such as `/with/regions/0`.
    pub pointer: String,
    /// The kind of problem.
    pub code: ProblemCode,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// An argument that names what AWS does not have, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// The JSON pointer below `use`, such as `/with/regions/0`.
    pub pointer: String,
    /// What it should be the name of.
    pub kind: NameKind,
    /// The name.
    pub name: String,
    /// What was probably meant.
    pub help: Option<String>,
}

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// An action, or a pattern of actions.
    Action,
    /// A Region.
    Region,
    /// A service, by the prefix of its actions.
    Service,
}

/// What guardrails may ask of the organization they are for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// Its id.
    pub organization_id: String,
    /// Its management account.
    pub management_account: String,
    /// Ids of accounts, by the name that desired state gives them.
    pub accounts: BTreeMap<String, String>,
    /// The delegated administrators of services, as desired state names their accounts.
    pub administrators: BTreeMap<String, String>,
    /// The roles that hold the organization together.
    pub roles: GovernanceRoles,
}

/// Names, or patterns of names, of the roles that guardrails exempt and protect.
///
/// A pattern exempts every role that matches it. That is safe as long as nobody else can make such
/// a role, which is what the guardrails `protect-governance-roles` and `protect-break-glass-roles`
/// see to: they cover exactly these names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GovernanceRoles {
    /// The roles palisade acts with in member accounts.
    pub palisade: Vec<String>,
    /// The roles with which service-managed `StackSets` deploy.
    pub stack_sets: Vec<String>,
    /// The roles of AWS Control Tower.
    pub control_tower: Vec<String>,
    /// The roles for emergencies.
    pub break_glass: Vec<String>,
}

impl Default for GovernanceRoles {
    /// The names that AWS gives these roles, and for emergencies the one the Security Pillar prints.
    fn default() -> Self {
        let only = |name: &str| vec![name.to_owned()];
        Self {
            palisade: only("OrganizationAccountAccessRole"),
            stack_sets: only("stacksets-exec-*"),
            control_tower: only("AWSControlTowerExecution"),
            break_glass: only("BREAK-GLASS-*"),
        }
    }
}

impl From<&DesiredOrg> for Site {
    fn from(org: &DesiredOrg) -> Self {
        let accounts = org.accounts.iter();
        let administrators = org.delegated_administrators.iter();
        Self {
            organization_id: org.organization_id.to_string(),
            management_account: org.management_account.to_string(),
            accounts: accounts.map(|(name, it)| (name.clone(), it.id.to_string())).collect(),
            administrators: administrators.map(|(it, id)| (it.clone(), id.to_string())).collect(),
            roles: org.roles.clone(),
        }
    }
}

impl Site {
    /// Reads an `Organization` document from its tree, so that guardrails can be checked even when
    /// something else in it is wrong.
    pub(crate) fn read(organization: Option<&Node>) -> Self {
        let text = |pointer: &str| {
            let found = organization.and_then(|node| node.find(pointer)).and_then(Node::as_str);
            found.unwrap_or_default().to_owned()
        };
        let accounts = organization.and_then(|node| node.find("/spec/accounts"));
        let accounts = accounts.map(Node::entries).unwrap_or_default().iter();
        let id = |account: &Node| {
            let id = account.as_str().or_else(|| account.get("id").and_then(Node::as_str));
            id.map(str::to_owned)
        };
        let administrators =
            organization.and_then(|node| node.find("/spec/delegatedAdministrators"));
        let administrators = administrators.map(Node::entries).unwrap_or_default().iter();
        Self {
            organization_id: text("/spec/organizationId"),
            management_account: text("/spec/managementAccountId"),
            accounts: accounts
                .filter_map(|(key, node)| Some((key.text.clone(), id(node)?)))
                .collect(),
            administrators: administrators
                .filter_map(|(key, node)| Some((key.text.clone(), node.as_str()?.to_owned())))
                .collect(),
            roles: GovernanceRoles::default(),
        }
    }
}

impl GovernanceRoles {
    /// The names declared, and the usual ones where none are.
    pub(crate) fn read(raw: RawGovernanceRoles) -> Self {
        let RawGovernanceRoles { palisade, stack_sets, control_tower, break_glass } = raw;
        let usual = Self::default();
        let or = |declared: Option<Vec<RoleName>>, usual: Vec<String>| {
            declared.map_or(usual, |names| names.into_iter().map(|name| name.0).collect())
        };
        Self {
            palisade: or(palisade, usual.palisade),
            stack_sets: or(stack_sets, usual.stack_sets),
            control_tower: or(control_tower, usual.control_tower),
            break_glass: or(break_glass, usual.break_glass),
        }
    }
}
