//! From guardrails to the concrete objects an organization should hold. Pure: the day is given.

mod objects;
mod pack;
mod probes;

pub use crate::compile::pack::describe;
pub use crate::compile::probes::MEMBER_ROLE;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

pub use crate::compile::objects::{
    ClosedPlace, Estate, ObjectResource, ObjectRule, PARTITION, Spread, estate, remember,
};
pub use crate::desired::{
    AcceptedLockout, BuiltInProbe, DesiredBreakGlass, DesiredTarget, DesiredTrail, MustWork,
    OnUnknown, ProbeOrigin, RegionList, Source, TemplateResource, template_resources,
};
use crate::desired::{DesiredOrg, DesiredPolicy, DocumentHeader, Mode, arrange};
use crate::org::{AccountId, DocumentRef, Mark, OrganizationId, OuPath, PolicyQuota, PolicyType};
use crate::policy;
use crate::policy::Canonical;

/// The objects an organization should hold, each with the document that wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct Resources {
    /// The owner in every mark.
    pub installation: String,
    /// The day they were compiled for (UTC).
    pub today: Date,
    /// The one organization these belong to.
    pub organization_id: OrganizationId,
    /// Its management account, which no policy binds.
    pub management_account: AccountId,
    /// The `Organization` document, which wants everything that is not a policy.
    pub organization_document: DocumentRef,
    /// Every document and how it is enforced today.
    pub documents: BTreeMap<DocumentRef, Document>,
    /// Accounts' names in desired state, for people.
    pub account_names: BTreeMap<AccountId, String>,
    /// OUs.
    pub units: BTreeSet<OuPath>,
    /// Where accounts must be.
    pub placements: BTreeMap<AccountId, OuPath>,
    /// Policy types that must be enabled.
    pub policy_types: BTreeSet<PolicyType>,
    /// Service principals with trusted access.
    pub trusted_services: BTreeSet<String>,
    /// Delegated administrators.
    pub delegated_administrators: BTreeMap<String, AccountId>,
    /// Policies by type and AWS name.
    pub policies: BTreeMap<PolicyKey, PolicyResource>,
    /// Objects in accounts; [`estate`] says in which.
    pub objects: Vec<ObjectRule>,
    /// Places in accounts in which nothing may be but what is wanted.
    pub closed: Vec<ClosedPlace>,
    /// Emergency access, as declared.
    pub break_glass: Vec<DesiredBreakGlass>,
    /// Trails of the organization, as declared.
    pub logging_trails: Vec<DesiredTrail>,
    /// The policies that guardrails would have if they shared none, and the ones they share.
    pub packed: BTreeMap<PolicyKey, PolicyKey>,
    /// Quotas of every policy type in use.
    pub quotas: BTreeMap<PolicyType, PolicyQuota>,
    /// Hashes of held plans that an annotation in git approves.
    pub approved: BTreeSet<String>,
    /// The list of services without a Region, if a document uses it, with the least age that one of them allows.
    pub region_list: Option<RegionList>,
    /// Calls that no plan may lock out, beside palisade's own.
    pub must_work: Vec<MustWork>,
    /// The role that palisade assumes in other accounts, where the connection does not say which.
    pub member_role: String,
    /// Lockouts that somebody accepted, as long as they do.
    pub accepted: Vec<AcceptedLockout>,
}

/// What a document says about its own enforcement.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// How it is enforced today.
    pub enforcement: Enforcement,
    /// Its mode, as written.
    pub mode: Mode,
    /// Where it is written.
    pub source: Source,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Is a document enforced today?
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Enforcement {
    /// Drift is healed.
    Enforced,
    /// `mode: observe`: drift is reported.
    Observed,
    /// Suspended until a day, with the reason given.
    Suspended {
        /// The first day on which it is enforced again.
        until: Date,
        /// Why.
        reason: String,
    },
}

/// A policy's identity in an organization: names are unique within a type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PolicyKey {
    /// Its type.
    pub policy_type: PolicyType,
    /// Its name.
    pub name: String,
}

/// A policy as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyResource {
    /// The document that wants it. A policy that guardrails share has the name of a document that
    /// nobody wrote: its own name in AWS.
    pub document: DocumentRef,
    /// Its mark.
    pub mark: Mark,
    /// The description with the mark.
    pub description: String,
    /// The text to send: minified, exceptions in place.
    pub content: String,
    /// What it means; compared instead of text.
    pub canonical: Canonical,
    /// What it is attached to.
    pub targets: BTreeSet<DesiredTarget>,
    /// Where the document is written.
    pub source: Source,
    /// What each statement of the content was made from, in their order.
    pub statements: Vec<StatementOrigin>,
    /// The guardrails that share it, in the order of their statements; none if it is one document's.
    pub members: Vec<Member>,
}

/// What a statement was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementOrigin {
    /// The document.
    pub document: DocumentRef,
    /// Where the statement is written.
    pub source: Source,
    /// Its Sid there; in a shared policy, where others may have the same, it can have a number more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
}

/// A guardrail in a policy that it shares.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its document.
    pub document: DocumentRef,
    /// The name its policy has in AWS when it shares none.
    pub policy_name: String,
    /// What it means.
    pub canonical: Canonical,
    /// Characters it would have as a policy of its own.
    pub characters: usize,
}

/// The annotation with which a commit approves a held plan, on the `Organization` document.
pub const APPROVED_PLAN_ANNOTATION: &str = "palisade/approved-plan";

/// Compiles desired state as of the day `today` (UTC).
pub fn compile(desired: &DesiredOrg, today: Date) -> Resources {
    let (policies, packed) = compile_policies(desired, today);
    let break_glass: Vec<DesiredBreakGlass> =
        desired.break_glass.iter().map(|document| document.as_of(today)).collect();
    let types = desired.policy_types.iter().chain(policies.keys().map(|key| &key.policy_type));
    Resources {
        installation: desired.installation().to_owned(),
        today,
        organization_id: desired.organization_id.clone(),
        management_account: desired.management_account.clone(),
        organization_document: desired.header.document.clone(),
        documents: desired
            .headers()
            .map(|header| (header.document.clone(), compile_document(header, today)))
            .collect(),
        account_names: desired
            .accounts
            .iter()
            .map(|(name, account)| (account.id.clone(), name.clone()))
            .collect(),
        units: desired.units.keys().cloned().collect(),
        placements: desired.placements.clone(),
        policy_types: desired.policy_types.clone(),
        trusted_services: desired.trusted_services.clone(),
        delegated_administrators: desired.delegated_administrators.clone(),
        quotas: types
            .map(|policy_type| (policy_type.clone(), desired.quota(policy_type)))
            .collect(),
        policies,
        objects: objects::rules(desired, &break_glass),
        closed: objects::closed(desired),
        logging_trails: desired.logging_trails.clone(),
        packed,
        approved: approved_plans(&desired.header),
        region_list: desired
            .regions
            .iter()
            .map(|regions| regions.list)
            .min_by_key(|list| list.age_days_max),
        must_work: desired
            .must_work
            .iter()
            .cloned()
            .chain(break_glass.iter().flat_map(probes::break_glass))
            .collect(),
        member_role: probes::member_role(&desired.roles),
        accepted: desired
            .accepted_lockouts
            .iter()
            .filter(|accepted| today < accepted.until)
            .cloned()
            .collect(),
        break_glass,
    }
}

fn compile_policies(
    desired: &DesiredOrg,
    today: Date,
) -> (BTreeMap<PolicyKey, PolicyResource>, BTreeMap<PolicyKey, PolicyKey>) {
    let all: Vec<&DesiredPolicy> = desired.policies.iter().collect();
    let packs = arrange(desired, &all, today);
    let shared: BTreeSet<usize> = packs.iter().flat_map(|pack| pack.members.clone()).collect();
    let alone = all.iter().enumerate().filter(|(at, _)| !shared.contains(at));
    let mut policies: BTreeMap<PolicyKey, PolicyResource> =
        alone.map(|(_, policy)| compile_policy(desired, policy)).collect();
    policies.extend(packs.iter().map(|pack| pack::compile_pack(desired, &all, pack)));
    let single = |key: &PolicyKey, name: &str| PolicyKey {
        policy_type: key.policy_type.clone(),
        name: name.to_owned(),
    };
    let packed = policies
        .iter()
        .flat_map(|(key, policy)| {
            policy.members.iter().map(|member| (single(key, &member.policy_name), key.clone()))
        })
        .collect();
    (policies, packed)
}

fn compile_policy(desired: &DesiredOrg, policy: &DesiredPolicy) -> (PolicyKey, PolicyResource) {
    let language = policy.policy_type.facts().language;
    let content = policy.document();
    let mark = Mark {
        owner: desired.installation().to_owned(),
        document: policy.header.document.clone(),
        prune: policy.header.prune,
    };
    let resource = PolicyResource {
        document: policy.header.document.clone(),
        description: mark.describe(&policy.description),
        mark,
        content: policy::minify(&content),
        canonical: policy::canonical(language, &content),
        targets: policy.targets.clone(),
        source: policy.content_source.clone(),
        statements: origins(policy),
        members: Vec::new(),
    };
    let key =
        PolicyKey { policy_type: policy.policy_type.clone(), name: policy.policy_name.clone() };
    (key, resource)
}

impl Resources {
    /// Does a document name the policy `key`, whether it has it for itself or shares another?
    pub fn names(&self, key: &PolicyKey) -> bool {
        self.policies.contains_key(key) || self.packed.contains_key(key)
    }
}

impl PolicyResource {
    /// The documents that the policy serves: its own, or those of all who share it.
    pub fn served(&self) -> Vec<&DocumentRef> {
        if self.members.is_empty() {
            vec![&self.document]
        } else {
            self.members.iter().map(|member| &member.document).collect()
        }
    }
}

/// Where each statement of a document is written.
fn origins(policy: &DesiredPolicy) -> Vec<StatementOrigin> {
    let statements = &policy.content["Statement"];
    let sid = |index: usize| {
        let statement = statements.get(index).unwrap_or(statements);
        statement.get("Sid").and_then(|sid| sid.as_str()).map(str::to_owned)
    };
    let origin = |(index, source): (usize, &Source)| StatementOrigin {
        document: policy.header.document.clone(),
        source: source.clone(),
        sid: sid(index),
    };
    policy.statement_sources.iter().enumerate().map(origin).collect()
}

fn compile_document(header: &DocumentHeader, today: Date) -> Document {
    let enforcement = match (&header.suspend, header.mode) {
        (Some(suspension), _) if today < suspension.until => {
            Enforcement::Suspended { until: suspension.until, reason: suspension.reason.clone() }
        }
        (_, Mode::Observe) => Enforcement::Observed,
        (_, Mode::Enforce) => Enforcement::Enforced,
    };
    Document {
        enforcement,
        mode: header.mode,
        source: header.source.clone(),
        annotations: header.annotations.clone(),
    }
}

fn approved_plans(header: &DocumentHeader) -> BTreeSet<String> {
    let listed = header.annotations.get(APPROVED_PLAN_ANNOTATION);
    listed
        .into_iter()
        .flat_map(|list| list.split([',', ' ']))
        .filter(|hash| !hash.is_empty())
        .map(str::to_owned)
        .collect()
}
