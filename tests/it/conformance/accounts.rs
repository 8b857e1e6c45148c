//! Stories about accounts, OUs and listings.

use std::collections::BTreeSet;

use palisade::cloud::{Call, CloudErrorKind};
use palisade::org::{AccountId, OuId, ParentId, PolicyId, PolicyType, TargetId};

use crate::conformance::stage::{Stage, create_unit};

fn nowhere() -> ParentId {
    "ou-zzzz-00000000".parse().unwrap()
}

fn delete(unit: &OuId) -> Call {
    Call::DeleteOrganizationalUnit { unit: unit.clone() }
}

fn relocate(account: &AccountId, from: &ParentId, to: &ParentId) -> Call {
    Call::MoveAccount { account: account.clone(), from: from.clone(), to: to.clone() }
}

pub(crate) async fn identity(stage: &mut Stage<'_>) -> Option<()> {
    let cloud = stage.cloud;
    let management = stage.management.clone();
    let caller = cloud.caller().await.ok()?;
    stage.same("the caller is of the management account", &caller.account, &management);
    let organization = cloud.organization().await.ok()?;
    stage.same("all features are on", &organization.all_features, &true);
    let roots = stage.list(async |page| cloud.roots(page).await).await?;
    stage.same("there is one root", &roots.len(), &1);
    let accounts = stage.list(async |page| cloud.accounts(page).await).await?;
    let listed = accounts.iter().any(|account| account.id == management);
    stage.same("the management account is listed too", &listed, &true);
    Some(())
}

pub(crate) async fn units(stage: &mut Stage<'_>) -> Option<()> {
    let cloud = stage.cloud;
    let root = stage.root_as_parent();
    let top = stage.unit("create", &root, "units").await?;
    let scps = stage.scps_on(&TargetId::Ou(top.clone())).await?;
    let expected = BTreeSet::from(["FullAWSAccess".to_owned()]);
    stage.same("a new OU has full access", &scps, &expected);
    let (kind, code) = (CloudErrorKind::Exists, "DuplicateOrganizationalUnitException");
    stage.refused("create twice", create_unit(&root, "units"), kind, code).await;
    let (kind, code) = (CloudErrorKind::NotFound, "ParentNotFoundException");
    stage.refused("create in nothing", create_unit(&nowhere(), "units"), kind, code).await;

    let mut path = vec![top.clone()];
    for _ in 2..=5 {
        let above = ParentId::Ou(path.last()?.clone());
        path.push(stage.unit("the same name inside", &above, "units").await?);
    }
    let deepest = ParentId::Ou(path.last()?.clone());
    let (kind, code) = (CloudErrorKind::Limit, "ConstraintViolationException");
    stage.refused("a sixth level", create_unit(&deepest, "units"), kind, code).await;
    let inside = ParentId::Ou(top.clone());
    let inside = stage.list(async |page| cloud.units_in(inside.clone(), page).await).await?;
    let inside: Vec<_> = inside.into_iter().map(|unit| (unit.id, unit.name)).collect();
    let expected = vec![(path[1].clone(), "units".to_owned())];
    stage.same("an OU lists what lies in it", &inside, &expected);

    let (kind, code) = (CloudErrorKind::Limit, "OrganizationalUnitNotEmptyException");
    stage.refused("delete with an OU inside", delete(&top), kind, code).await;
    let account = stage.members[0].clone();
    stage.done("move an account in", relocate(&account, &root, &deepest)).await?;
    stage.refused("delete with an account inside", delete(path.last()?), kind, code).await;
    stage.done("move it out", relocate(&account, &deepest, &root)).await?;
    for unit in path.iter().rev() {
        stage.done("delete", delete(unit)).await?;
    }
    let (kind, code) = (CloudErrorKind::NotFound, "OrganizationalUnitNotFoundException");
    stage.refused("delete twice", delete(&top), kind, code).await;
    Some(())
}

pub(crate) async fn moves(stage: &mut Stage<'_>) -> Option<()> {
    let cloud = stage.cloud;
    let root = stage.root_as_parent();
    let unit = stage.unit("an OU", &root, "moves").await?;
    let other = stage.unit("another OU", &root, "moves-other").await?;
    let (here, there) = (ParentId::Ou(unit.clone()), ParentId::Ou(other.clone()));
    let account = stage.members[0].clone();
    stage.done("move", relocate(&account, &root, &here)).await?;
    let inside = stage.list(async |page| cloud.accounts_in(here.clone(), page).await).await?;
    let inside: Vec<_> = inside.into_iter().map(|account| (account.id, account.parent)).collect();
    let expected = vec![(account.clone(), Some(here.clone()))];
    stage.same("the OU lists the account", &inside, &expected);

    let (kind, code) = (CloudErrorKind::Exists, "DuplicateAccountException");
    stage.refused("move twice", relocate(&account, &root, &here), kind, code).await;
    let (kind, code) = (CloudErrorKind::NotFound, "AccountNotFoundException");
    stage.refused("move from where it is not", relocate(&account, &root, &there), kind, code).await;
    let nobody: AccountId = "999999999999".parse().unwrap();
    stage.refused("move an unknown account", relocate(&nobody, &root, &here), kind, code).await;
    let (kind, code) = (CloudErrorKind::NotFound, "SourceParentNotFoundException");
    stage.refused("move from nowhere", relocate(&account, &nowhere(), &there), kind, code).await;
    let (kind, code) = (CloudErrorKind::NotFound, "DestinationParentNotFoundException");
    stage.refused("move to nowhere", relocate(&account, &here, &nowhere()), kind, code).await;

    stage.done("move back", relocate(&account, &here, &root)).await?;
    stage.done("delete", delete(&unit)).await?;
    stage.done("delete the other", delete(&other)).await
}

pub(crate) async fn pages(stage: &mut Stage<'_>) -> Option<()> {
    let cloud = stage.cloud;
    let accounts = stage.list(async |page| cloud.accounts(page).await).await?;
    let ids: BTreeSet<AccountId> = accounts.iter().map(|account| account.id.clone()).collect();
    stage.same("every account once", &accounts.len(), &ids.len());
    stage.same("every account", &ids.len(), &(stage.members.len() + 1));
    stage.same("more accounts than fit on a page", &(ids.len() > 20), &true);

    let root = stage.root_as_parent();
    let parent = stage.unit("an OU", &root, "pages").await?;
    let above = ParentId::Ou(parent.clone());
    let mut created = BTreeSet::new();
    for number in 0..25 {
        created.insert(stage.unit("an OU inside", &above, &format!("pages-{number}")).await?);
    }
    let listed = stage.list(async |page| cloud.units_in(above.clone(), page).await).await?;
    let listed: BTreeSet<OuId> = listed.into_iter().map(|unit| unit.id).collect();
    stage.same("every OU", &listed, &created);
    let full: PolicyId = "p-FullAWSAccess".parse().unwrap();
    let targets = stage.targets(&full).await?.len();
    let entities = 1 + ids.len() + 1 + created.len();
    stage.same("every target", &targets, &entities);

    let forged = Call::ListAccounts { page: Some("forged".to_owned()) };
    let (kind, code) = (CloudErrorKind::Invalid, "InvalidInputException");
    stage.refused("a token nobody gave", forged, kind, code).await;
    for unit in created.iter().chain([&parent]) {
        stage.done("delete", delete(unit)).await?;
    }
    Some(())
}

pub(crate) async fn unknown_ids(stage: &mut Stage<'_>) -> Option<()> {
    let (parent, page) = (nowhere(), None);
    let policy: PolicyId = "p-nothing1".parse().unwrap();
    let policy_type = PolicyType::service_control();
    let target = TargetId::from(nowhere());
    let kind = CloudErrorKind::NotFound;
    for (step, call, code) in [
        (
            "accounts in nothing",
            Call::ListAccountsForParent { parent: parent.clone(), page: page.clone() },
            "ParentNotFoundException",
        ),
        (
            "OUs in nothing",
            Call::ListOrganizationalUnitsForParent { parent, page: page.clone() },
            "ParentNotFoundException",
        ),
        (
            "targets of nothing",
            Call::ListTargetsForPolicy { policy, page: page.clone() },
            "PolicyNotFoundException",
        ),
        (
            "policies on nothing",
            Call::ListPoliciesForTarget { target, policy_type, page: page.clone() },
            "TargetNotFoundException",
        ),
        (
            "tags of nothing",
            Call::ListTagsForResource { resource: nowhere().to_string(), page },
            "TargetNotFoundException",
        ),
    ] {
        stage.refused(step, call, kind, code).await;
    }
    Some(())
}
