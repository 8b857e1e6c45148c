//! Stories about policies and what they are attached to.

use std::collections::BTreeSet;

use palisade::cloud::{Call, CloudErrorKind};
use palisade::org::{PolicyId, PolicyType, TargetId};

use crate::conformance::stage::{Stage, attach, create_policy, detach};

const DENY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"NobodyLeaves","Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}"#;
const TAGS: &str = r#"{"tags":{"team":{"tag_key":{"@@assign":"team"}}}}"#;

fn scp() -> PolicyType {
    PolicyType::service_control()
}

fn tag_policy() -> PolicyType {
    PolicyType::named("TAG_POLICY")
}

fn full_access() -> PolicyId {
    "p-FullAWSAccess".parse().unwrap()
}

fn update(policy: &PolicyId, name: Option<&str>, description: Option<&str>) -> Call {
    Call::UpdatePolicy {
        policy: policy.clone(),
        name: name.map(str::to_owned),
        description: description.map(str::to_owned),
        content: None,
    }
}

/// `DENY`, padded with white space to so many characters: AWS counts white space.
fn padded(characters: usize) -> String {
    format!("{DENY}{}", " ".repeat(characters - DENY.len()))
}

pub(crate) async fn life(stage: &mut Stage<'_>) -> Option<()> {
    let cloud = stage.cloud;
    let target = stage.root_as_target();
    let id = stage.policy("create", &scp(), "life", DENY).await?;
    let listed = stage.list(async |page| cloud.policies(scp(), page).await).await?;
    let summary = listed.into_iter().find(|policy| policy.id == id)?;
    let told = (summary.name.as_str(), summary.description.as_str(), summary.aws_managed);
    stage.same("a listing tells name and description", &told, &("life", "about life", false));
    let (described, content) = cloud.policy(id.clone()).await.ok()?;
    stage.same("a description tells the same", &described, &summary);
    stage.same("the document is kept as it was sent", &content.as_str(), &DENY);

    stage.done("attach", attach(&id, &target)).await?;
    let targets = stage.targets(&id).await?;
    stage.same("the policy knows its target", &targets, &BTreeSet::from([target.clone()]));
    let names = stage.scps_on(&target).await?;
    let expected = BTreeSet::from(["FullAWSAccess".to_owned(), "life".to_owned()]);
    stage.same("the target knows its policies", &names, &expected);

    stage.done("rename", update(&id, Some("renamed"), None)).await?;
    let (described, kept) = cloud.policy(id.clone()).await.ok()?;
    let told = (described.name.as_str(), described.description.as_str(), kept.as_str());
    stage.same("what an update leaves out stays", &told, &("renamed", "about life", DENY));
    let targets = stage.targets(&id).await?.len();
    stage.same("an update leaves attachments alone", &targets, &1);

    let delete = Call::DeletePolicy { policy: id.clone() };
    let (kind, code) = (CloudErrorKind::Limit, "PolicyInUseException");
    stage.refused("delete while attached", delete.clone(), kind, code).await;
    stage.done("detach", detach(&id, &target)).await?;
    stage.done("delete", delete.clone()).await?;
    let (kind, code) = (CloudErrorKind::NotFound, "PolicyNotFoundException");
    stage.refused("delete twice", delete, kind, code).await;
    stage.refused("describe what is gone", Call::DescribePolicy { policy: id }, kind, code).await;
    Some(())
}

pub(crate) async fn refused(stage: &mut Stage<'_>) -> Option<()> {
    let first = stage.policy("create", &scp(), "first", DENY).await?;
    let second = stage.policy("create another", &scp(), "second", DENY).await?;
    let other = stage.policy("the name in another type", &tag_policy(), "first", TAGS).await;
    let (kind, code) = (CloudErrorKind::Exists, "DuplicatePolicyException");
    stage.refused("create twice", create_policy(&scp(), "first", DENY), kind, code).await;
    stage.refused("rename to a taken name", update(&second, Some("first"), None), kind, code).await;
    stage.done("rename to the name it has", update(&second, Some("second"), None)).await;

    let (kind, code) = (CloudErrorKind::Invalid, "MalformedPolicyDocumentException");
    for (step, content) in [("not JSON", "{"), ("not an object", "[]"), ("no statements", "{}")] {
        stage.refused(step, create_policy(&scp(), "bad", content), kind, code).await;
    }
    let characters_max = scp().facts().quota.characters_max;
    let longest = padded(characters_max);
    let longest = stage.policy("the longest document", &scp(), "longest", &longest).await;
    let too_long = create_policy(&scp(), "too-long", &padded(characters_max + 1));
    let (kind, code) = (CloudErrorKind::Limit, "ConstraintViolationException");
    stage.refused("one character too long", too_long, kind, code).await;

    stage.done("the longest description", update(&second, None, Some(&"d".repeat(512)))).await;
    let too_long = update(&second, None, Some(&"d".repeat(513)));
    let (kind, code) = (CloudErrorKind::Invalid, "InvalidInputException");
    stage.refused("one character too much description", too_long, kind, code).await;

    for policy in [Some(first), Some(second), other, longest].into_iter().flatten() {
        stage.done("delete", Call::DeletePolicy { policy }).await;
    }
    Some(())
}

pub(crate) async fn of_aws(stage: &mut Stage<'_>) -> Option<()> {
    let cloud = stage.cloud;
    let (kind, code) = (CloudErrorKind::Invalid, "InvalidInputException");
    let policy = full_access();
    stage.refused("rename", update(&policy, Some("mine"), None), kind, code).await;
    stage.refused("delete", Call::DeletePolicy { policy }, kind, code).await;
    let listed = stage.list(async |page| cloud.policies(scp(), page).await).await?;
    let own: BTreeSet<&str> = listed
        .iter()
        .filter(|policy| policy.aws_managed)
        .map(|policy| policy.name.as_str())
        .collect();
    stage.same("are marked as such", &own, &BTreeSet::from(["FullAWSAccess"]));
    let targets = stage.targets(&full_access()).await?;
    let mut everything: BTreeSet<TargetId> =
        stage.members.iter().cloned().map(TargetId::Account).collect();
    everything.extend([stage.root_as_target(), TargetId::Account(stage.management.clone())]);
    stage.same("are on everything", &targets, &everything);
    Some(())
}

pub(crate) async fn attachments(stage: &mut Stage<'_>) -> Option<()> {
    let target = TargetId::Account(stage.members[0].clone());
    let id = stage.policy("create", &scp(), "attachments", DENY).await?;
    let off = stage.policy("of a type that is off", &tag_policy(), "off", TAGS).await;
    stage.done("attach", attach(&id, &target)).await?;
    let (kind, code) = (CloudErrorKind::Exists, "DuplicatePolicyAttachmentException");
    stage.refused("attach twice", attach(&id, &target), kind, code).await;
    stage.done("detach", detach(&id, &target)).await?;
    let (kind, code) = (CloudErrorKind::NotFound, "PolicyNotAttachedException");
    stage.refused("detach twice", detach(&id, &target), kind, code).await;

    let nowhere: TargetId = "ou-zzzz-00000000".parse().unwrap();
    let nobody = TargetId::Account("999999999999".parse().unwrap());
    let nothing: PolicyId = "p-nothing1".parse().unwrap();
    let (kind, code) = (CloudErrorKind::NotFound, "TargetNotFoundException");
    stage.refused("attach to an unknown OU", attach(&id, &nowhere), kind, code).await;
    stage.refused("attach to an unknown account", attach(&id, &nobody), kind, code).await;
    stage.refused("detach from an unknown OU", detach(&id, &nowhere), kind, code).await;
    let (kind, code) = (CloudErrorKind::NotFound, "PolicyNotFoundException");
    stage.refused("attach an unknown policy", attach(&nothing, &target), kind, code).await;
    stage.refused("detach an unknown policy", detach(&nothing, &target), kind, code).await;

    if let Some(policy) = off {
        let (kind, code) = (CloudErrorKind::NotFound, "PolicyTypeNotEnabledException");
        stage.refused("attach while the type is off", attach(&policy, &target), kind, code).await;
        stage.done("delete while the type is off", Call::DeletePolicy { policy }).await;
    }
    stage.done("delete", Call::DeletePolicy { policy: id }).await
}

pub(crate) async fn limits(stage: &mut Stage<'_>) -> Option<()> {
    let root = stage.root_as_parent();
    let unit = stage.unit("an OU to fill", &root, "limits").await?;
    let target = TargetId::Ou(unit.clone());
    let (kind, code) = (CloudErrorKind::Limit, "ConstraintViolationException");
    stage.refused("detach the last SCP", detach(&full_access(), &target), kind, code).await;
    let mut policies = Vec::new();
    for number in 1..scp().facts().quota.attached_max {
        let id = stage.policy("create", &scp(), &format!("limits-{number}"), DENY).await?;
        stage.done("attach", attach(&id, &target)).await?;
        policies.push(id);
    }
    let extra = stage.policy("create one more", &scp(), "limits-extra", DENY).await?;
    stage.refused("one more than fits", attach(&extra, &target), kind, code).await;
    stage.done("make room", detach(&full_access(), &target)).await?;
    stage.done("fill the room", attach(&extra, &target)).await?;
    stage
        .done("delete the OU with all attachments", Call::DeleteOrganizationalUnit { unit })
        .await?;
    policies.push(extra);
    for policy in policies {
        stage.done("delete, no longer attached", Call::DeletePolicy { policy }).await;
    }
    Some(())
}
