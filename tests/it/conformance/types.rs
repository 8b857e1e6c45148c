//! Stories about switching policy types on and off.

use std::collections::{BTreeMap, BTreeSet};

use palisade::cloud::{Call, CloudErrorKind};
use palisade::org::{PolicyId, PolicyType, PolicyTypeStatus, TargetId};

use crate::conformance::stage::{Stage, attach, detach};

const DENY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}"#;

fn on(stage: &Stage<'_>, policy_type: &PolicyType) -> Call {
    Call::EnablePolicyType { root: stage.root.clone(), policy_type: policy_type.clone() }
}

fn off(stage: &Stage<'_>, policy_type: &PolicyType) -> Call {
    Call::DisablePolicyType { root: stage.root.clone(), policy_type: policy_type.clone() }
}

async fn enabled(stage: &mut Stage<'_>) -> Option<BTreeMap<PolicyType, PolicyTypeStatus>> {
    let cloud = stage.cloud;
    let roots = stage.list(async |page| cloud.roots(page).await).await?;
    roots.into_iter().next().map(|root| root.policy_types)
}

pub(crate) async fn switches(stage: &mut Stage<'_>) -> Option<()> {
    let tags = PolicyType::named("TAG_POLICY");
    let scp = PolicyType::service_control();
    let (kind, code) = (CloudErrorKind::NotFound, "PolicyTypeNotEnabledException");
    stage.refused("disable what is off", off(stage, &tags), kind, code).await;
    stage.done("enable", on(stage, &tags)).await?;
    let (kind, code) = (CloudErrorKind::Exists, "PolicyTypeAlreadyEnabledException");
    stage.refused("enable twice", on(stage, &tags), kind, code).await;
    let both = BTreeMap::from(
        [&scp, &tags].map(|policy_type| (policy_type.clone(), PolicyTypeStatus::Enabled)),
    );
    let types = enabled(stage).await?;
    stage.same("the root lists it", &types, &both);
    stage.done("disable", off(stage, &tags)).await?;
    let types = enabled(stage).await?.into_keys().collect();
    stage.same("the root lists it no more", &types, &BTreeSet::from([scp]));
    let elsewhere = Call::EnablePolicyType { root: "r-zzzz".parse().unwrap(), policy_type: tags };
    let (kind, code) = (CloudErrorKind::NotFound, "RootNotFoundException");
    stage.refused("enable in an unknown root", elsewhere, kind, code).await;
    Some(())
}

pub(crate) async fn scps_off_and_on(stage: &mut Stage<'_>) -> Option<()> {
    let scp = PolicyType::service_control();
    let target = TargetId::Account(stage.members[0].clone());
    let id = stage.policy("create", &scp, "off-and-on", DENY).await?;
    stage.done("attach", attach(&id, &target)).await?;
    stage.done("disable", off(stage, &scp)).await?;
    let targets = stage.targets(&id).await?;
    stage.same("every SCP is detached", &targets, &BTreeSet::new());
    let scps = stage.scps_on(&target).await?;
    stage.same("full access is detached too", &scps, &BTreeSet::new());
    stage.done("enable", on(stage, &scp)).await?;
    let scps = stage.scps_on(&target).await?;
    let expected = BTreeSet::from(["FullAWSAccess".to_owned()]);
    stage.same("only full access comes back", &scps, &expected);
    stage.done("delete", Call::DeletePolicy { policy: id }).await
}

pub(crate) async fn rcps(stage: &mut Stage<'_>) -> Option<()> {
    let rcp = PolicyType::resource_control();
    let default: PolicyId = "p-RCPFullAWSAccess".parse().unwrap();
    stage.done("enable", on(stage, &rcp)).await?;
    let targets = stage.targets(&default).await?;
    let mut everything: BTreeSet<TargetId> =
        stage.members.iter().cloned().map(TargetId::Account).collect();
    everything.extend([stage.root_as_target(), TargetId::Account(stage.management.clone())]);
    stage.same("full access is on everything", &targets, &everything);
    let (kind, code) = (CloudErrorKind::Invalid, "InvalidInputException");
    let root = stage.root_as_target();
    stage.refused("detach full access", detach(&default, &root), kind, code).await;
    stage.done("disable", off(stage, &rcp)).await
}
