//! The policies that a line's request meets: those it brings, and those of the organization.

use std::collections::HashMap;
use std::rc::Rc;

use crate::cli::simulate::documents::Documents;
use crate::cli::simulate::wire::{Line, WrittenLevel};
use crate::effective::{Bindings, Effective, Unseen};
use crate::policy::{AttachedPolicy, ControlType, Hierarchy, Level, Request};

/// Pairs of accounts whose policies are remembered: an organization has at most 50,000 accounts, and
/// most requests stay inside one.
const REMEMBERED_PAIRS_MAX: usize = 50_000;

/// Where policies come from.
#[derive(Debug)]
pub(super) struct Policies {
    effective: Option<Effective>,
    documents: Documents,
    known: HashMap<(Option<String>, Option<String>), Rc<Bindings>>,
}

impl Policies {
    /// Policies of lines, and of an organization where a line leaves them out.
    pub(super) fn new(effective: Option<Effective>) -> Self {
        Self { effective, documents: Documents::default(), known: HashMap::new() }
    }

    /// The policies that the request of `line` meets.
    pub(super) fn of(
        &mut self,
        line: &Line<'_>,
        request: &Request,
    ) -> Result<Rc<Bindings>, String> {
        let (scps, rcps) = (&line.service_control_policies, &line.resource_control_policies);
        let mut bindings = match (self.effective.is_some(), scps, rcps) {
            (true, _, None) | (true, None, _) => self.remembered(request),
            (false, None, None) => {
                return Err(
                    "`serviceControlPolicies` and `resourceControlPolicies` are left out: \
                            give them, or say `--dir` or `--snapshot`"
                        .to_owned(),
                );
            }
            (false, _, _) | (true, Some(_), Some(_)) => {
                let unseen = scps.is_none().then(|| left_out(ControlType::ServiceControl));
                let unseen =
                    unseen.or(rcps.is_none().then(|| left_out(ControlType::ResourceControl)));
                Rc::new(Bindings {
                    hierarchy: Hierarchy::default(),
                    unseen: unseen.into_iter().collect(),
                })
            }
        };
        let has_scps = scps.iter().flatten().any(|level| !level.policies.is_empty());
        if has_scps && request.is_anonymous() {
            return Err("`serviceControlPolicies` are those of the principal's account, and `*` is a caller \
                        without credentials, whom none binds: name the principal, or leave them empty"
                .to_owned());
        }
        if scps.is_none() && rcps.is_none() && line.management_account.is_none() {
            return Ok(bindings);
        }
        let mut changed = Rc::unwrap_or_clone(std::mem::take(&mut bindings));
        if let Some(levels) = scps {
            changed.hierarchy.service_control = self.levels(ControlType::ServiceControl, levels)?;
            changed.unseen.retain(|unseen| unseen.policy_type != ControlType::ServiceControl);
        }
        if let Some(levels) = rcps {
            changed.hierarchy.resource_control =
                self.levels(ControlType::ResourceControl, levels)?;
            changed.unseen.retain(|unseen| unseen.policy_type != ControlType::ResourceControl);
        }
        if line.management_account.is_some() {
            changed.hierarchy.management_account.clone_from(&line.management_account);
        }
        Ok(Rc::new(changed))
    }

    fn remembered(&mut self, request: &Request) -> Rc<Bindings> {
        let (principal, resource) = (request.principal_account(), request.resource_account());
        let key = (principal.map(str::to_owned), resource.map(str::to_owned));
        if let Some(known) = self.known.get(&key) {
            return Rc::clone(known);
        }
        let Some(effective) = &self.effective else { return Rc::default() };
        if self.known.len() >= REMEMBERED_PAIRS_MAX {
            self.known.clear();
        }
        let bindings = Rc::new(effective.bindings(principal, resource));
        self.known.insert(key, Rc::clone(&bindings));
        bindings
    }

    fn levels(
        &mut self,
        policy_type: ControlType,
        written: &[WrittenLevel<'_>],
    ) -> Result<Vec<Level>, String> {
        let mut levels = Vec::with_capacity(written.len());
        for level in written {
            let mut policies = Vec::with_capacity(level.policies.len());
            for policy in &level.policies {
                let document =
                    self.documents.read(policy_type, &policy.name, policy.document.get())?;
                policies.push(AttachedPolicy { name: policy.name.clone(), document });
            }
            levels.push(Level { name: level.level.clone(), policies });
        }
        Ok(levels)
    }
}

/// Policies that nobody gave: an answer that could hang on them is unknown.
fn left_out(policy_type: ControlType) -> Unseen {
    let field = match policy_type {
        ControlType::ServiceControl => "serviceControlPolicies",
        ControlType::ResourceControl => "resourceControlPolicies",
    };
    Unseen {
        policy_type,
        key: None,
        reason: format!(
            "`{field}` is left out, and neither `--dir` nor `--snapshot` says which there are"
        ),
    }
}
