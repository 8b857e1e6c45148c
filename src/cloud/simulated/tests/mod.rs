//! The rules of the simulated organization, one by one: what AWS documents, and what it refuses.

mod rules;
mod trouble;
mod vandal;

use std::collections::BTreeMap;

use crate::cloud::simulated::{SimulatedCloud, SimulationBuilder};
use crate::cloud::{Call, Cloud, Reply};
use crate::org::{OuPath, ParentId, PolicyId, PolicyType, TargetId};

pub(super) const SCP: &str = "SERVICE_CONTROL_POLICY";
pub(super) const RCP: &str = "RESOURCE_CONTROL_POLICY";
pub(super) const TAG: &str = "TAG_POLICY";
pub(super) const DENY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}}"#;

/// Two OUs, two member accounts, SCPs on, one SCP attached to `/Workloads`.
pub(super) fn acme() -> SimulationBuilder {
    SimulatedCloud::builder(7)
        .account("shop-prod", "555555555555", "/Workloads/Prod")
        .account("audit", "333333333333", "/Security")
        .enable(SCP)
        .policy(SCP, "deny-leave", DENY)
        .attach(SCP, "deny-leave", "/Workloads")
}

/// The code `call` is refused with, or `OK`.
pub(super) async fn code(cloud: &SimulatedCloud, call: Call) -> String {
    match cloud.call(call).await {
        Ok(_) => "OK".to_owned(),
        Err(error) => error.code,
    }
}

pub(super) fn unit(cloud: &SimulatedCloud, path: &str) -> ParentId {
    let path: OuPath = path.parse().unwrap();
    cloud.inspect(|world| world.unit_at(&path)).unwrap()
}

pub(super) fn target(cloud: &SimulatedCloud, name: &str) -> TargetId {
    match name.strip_prefix("account:") {
        Some(account) => TargetId::Account(account.parse().unwrap()),
        None => unit(cloud, name).into(),
    }
}

pub(super) fn policy(cloud: &SimulatedCloud, policy_type: &str, name: &str) -> PolicyId {
    cloud.inspect(|world| {
        world.policy_named(&PolicyType::named(policy_type), name).map(|(id, _)| id.clone()).unwrap()
    })
}

pub(super) fn create(policy_type: &str, name: &str, content: &str) -> Call {
    Call::CreatePolicy {
        policy_type: PolicyType::named(policy_type),
        name: name.to_owned(),
        description: String::new(),
        content: content.to_owned(),
        tags: BTreeMap::new(),
    }
}

/// Every item of a listing, page by page.
pub(super) async fn all<T>(
    cloud: &SimulatedCloud,
    ask: impl Fn(Option<String>) -> Call,
    open: impl Fn(Reply) -> crate::cloud::Page<T>,
) -> Vec<T> {
    let (mut items, mut token) = (Vec::new(), None);
    loop {
        let page = open(cloud.call(ask(token)).await.unwrap().reply);
        items.extend(page.items);
        token = page.next;
        if token.is_none() {
            return items;
        }
    }
}
