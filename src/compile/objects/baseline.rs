//! `Baseline`: a StackSet in the management account, and the accounts in which the tree wants its instances.

use std::collections::BTreeSet;

use crate::compile::Resources;
use crate::compile::objects::{ObjectRule, Spread};
use crate::desired::{DesiredBaseline, DesiredTarget, STACK_SETS_HOME, STACK_SETS_SERVICE};
use crate::org::{
    AccountId, AccountState, AutoDeployment, Mark, ObjectKind, ObjectQuery, ObjectState, OuPath,
    Reach, Region, StackSetPermissions, StackSetState, TargetId, Tree, stamp_template,
};

/// The StackSet that a document wants.
pub(in crate::compile) fn rule(
    desired: &DesiredBaseline,
    owner: &str,
    management_account: &AccountId,
) -> ObjectRule {
    let mark = Mark {
        owner: owner.to_owned(),
        document: desired.header.document.clone(),
        prune: desired.header.prune,
    };
    let mut paths: BTreeSet<OuPath> = BTreeSet::new();
    let mut only = BTreeSet::new();
    for target in &desired.targets {
        match target {
            DesiredTarget::Unit(path) => drop(paths.insert(path.clone())),
            DesiredTarget::Account(account) => drop(only.insert(account.clone())),
        }
    }
    let state = StackSetState {
        description: mark.describe(&stamp_template(&desired.description, &desired.template)),
        template: desired.template.clone(),
        parameters: desired.parameters.clone(),
        capabilities: desired.capabilities.clone(),
        tags: mark.tags(),
        permissions: StackSetPermissions::ServiceManaged,
        auto_deployment: if paths.is_empty() {
            AutoDeployment::Off
        } else {
            AutoDeployment::OnRetaining
        },
        managed_execution: true,
        reach: Some(Box::new(Reach {
            paths,
            only,
            regions: desired.regions.clone(),
            rollout: desired.rollout,
            adopts: desired.adopts,
            drift_check_days: desired.drift_check_days,
            ..Reach::of_nothing()
        })),
        deployed: None,
    };
    ObjectRule {
        document: desired.header.document.clone(),
        mark,
        spread: Spread::Account(management_account.clone()),
        region: Some(desired.home_region.clone()),
        kind: ObjectKind::StackSet,
        name: desired.stack_set.clone(),
        state: ObjectState::StackSet(state),
    }
}

impl Resources {
    /// Are StackSets looked for, also where no document wants one? What a document has left behind is found so.
    pub fn looks_for_stack_sets(&self) -> bool {
        self.trusted_services.contains(STACK_SETS_SERVICE)
    }
}

/// Where to look for StackSets of ours even when no document wants one any more: wherever StackSets can work.
pub(super) fn query(resources: &Resources, tree: &Tree, partition: &str) -> Option<ObjectQuery> {
    let account = resources.management_account.clone();
    let is_possible = partition == "aws"
        && resources.looks_for_stack_sets()
        && tree.accounts.contains_key(&account);
    let region = Some(Region::new(STACK_SETS_HOME));
    is_possible.then_some(ObjectQuery { account, region, kind: ObjectKind::StackSet })
}

/// Says which OUs and accounts of `tree` are meant.
pub(super) fn resolve(reach: &mut Reach, tree: &Tree, management_account: &AccountId) {
    let by_path = tree.by_path();
    let units: Vec<TargetId> = reach
        .paths
        .iter()
        .filter_map(|path| by_path.get(path).cloned())
        .map(TargetId::from)
        .collect();
    reach.units = units.iter().map(|unit| unit.as_str().to_owned()).collect();
    let above = units.iter().flat_map(|unit| tree.lineage(unit));
    reach.above = above.map(|unit| unit.as_str().to_owned()).collect();
    for (id, account) in &tree.accounts {
        // AWS deploys neither to the management account nor to what is suspended.
        if id == management_account || account.state != AccountState::Active {
            continue;
        }
        let lineage = tree.lineage(&TargetId::Account(id.clone()));
        let is_wanted = reach.only.contains(id) || units.iter().any(|unit| lineage.contains(unit));
        if is_wanted {
            let above = lineage.iter().skip(1);
            reach.above.extend(above.map(|unit| unit.as_str().to_owned()));
        }
        let list = if is_wanted { &mut reach.accounts } else { &mut reach.others };
        list.insert(id.clone(), account.parent.as_str().to_owned());
    }
}
