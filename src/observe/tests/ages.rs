//! What is read again and what is not.

use std::time::Duration;

use crate::cloud::{CloudError, CloudErrorKind, Operation};
use crate::observe::memory::SETTLE;
use crate::observe::tests::double::{
    Double, FULL_ACCESS, GUARDRAIL, PROD, SHOP, WORKLOADS, account, policy, unit,
};
use crate::observe::tests::{HOUR, informed, scp, wanted};
use crate::observe::{Observer, Touched, Wanted};
use crate::org::{Part, PolicyType, PolicyTypeStatus};

/// The operations of one more observation, without the identity, which is always asked for.
async fn reads(observer: &mut Observer, double: &Double) -> Vec<(Operation, usize)> {
    let snapshot = observer.observe(double, &wanted()).await;
    assert_eq!(snapshot.unknown_parts(), []);
    let mut counted = double.counted();
    assert_eq!(counted.remove(&Operation::GetCallerIdentity), Some(1));
    counted.into_iter().collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_fresh_and_untouched_is_not_read_again() {
    let double = Double::new();
    let mut observer = informed(&double).await;
    let first = observer.observe(&double, &wanted()).await;
    double.counted();
    tokio::time::advance(Duration::from_mins(59)).await;
    assert_eq!(reads(&mut observer, &double).await, []);
    assert_eq!(observer.observe(&double, &wanted()).await, first);
}

#[tokio::test(start_paused = true)]
async fn what_is_old_is_read_again() {
    let double = Double::new();
    let mut observer = informed(&double).await;
    tokio::time::advance(HOUR).await;
    let total: usize = reads(&mut observer, &double).await.iter().map(|(_, count)| count).sum();
    assert_eq!(total, 11, "all but the three pages of what AWS's own policy is attached to");
}

#[tokio::test(start_paused = true)]
async fn what_aws_attaches_is_kept_longer_and_read_anew_before_a_change() {
    let mut double = Double::new();
    let mut observer = informed(&double).await;
    let pages = [(Operation::ListTargetsForPolicy, 3)];
    assert!(!observer.forget_older(), "it is young");
    tokio::time::advance(HOUR).await;
    reads(&mut observer, &double).await;
    assert!(observer.forget_older());
    assert_eq!(reads(&mut observer, &double).await, pages);
    assert!(!observer.forget_older(), "once is enough");
    for _ in 0..12 {
        tokio::time::advance(HOUR).await;
        reads(&mut observer, &double).await;
    }
    assert!(!observer.forget_older(), "it was read by itself");
    tokio::time::advance(HOUR).await;
    double.put_account("666666666666", &unit(PROD));
    let reads = reads(&mut observer, &double).await;
    let targets = reads.iter().find(|(operation, _)| *operation == Operation::ListTargetsForPolicy);
    assert_eq!(targets, Some(&(Operation::ListTargetsForPolicy, 4)), "the tree has changed");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_fresh_for_an_observer_that_keeps_nothing() {
    let double = Double::new();
    let mut observer = Observer::new(Duration::ZERO);
    reads(&mut observer, &double).await;
    let total: usize = reads(&mut observer, &double).await.iter().map(|(_, count)| count).sum();
    assert_eq!(total, 14);
}

#[tokio::test(start_paused = true)]
async fn what_is_touched_is_read_again_and_nothing_else() {
    let scps = PolicyType::service_control;
    let service = "guardduty.amazonaws.com".to_owned();
    let cases = [
        (
            Touched::Tree,
            vec![(Operation::ListAccounts, 1), (Operation::ListOrganizationalUnitsForParent, 3)],
        ),
        (Touched::PolicyTypes, vec![(Operation::ListRoots, 1)]),
        (Touched::Policies(scps()), vec![(Operation::ListPolicies, 1)]),
        (Touched::Document(policy(GUARDRAIL)), vec![(Operation::DescribePolicy, 1)]),
        (Touched::Targets(policy(GUARDRAIL)), vec![(Operation::ListTargetsForPolicy, 1)]),
        (Touched::TrustedServices, vec![(Operation::ListAwsServiceAccessForOrganization, 1)]),
        (Touched::Administrators(service), vec![(Operation::ListDelegatedAdministrators, 1)]),
        (Touched::Document(policy("p-elsewhere1")), vec![]),
    ];
    for (touched, expected) in cases {
        let double = Double::new();
        let mut observer = informed(&double).await;
        observer.touch(&touched);
        assert_eq!(reads(&mut observer, &double).await, expected, "{touched:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_read_right_after_a_change_is_not_believed_for_long() {
    let double = Double::new();
    let mut observer = informed(&double).await;
    observer.touch(&Touched::Document(policy(GUARDRAIL)));
    let document = [(Operation::DescribePolicy, 1)];
    assert_eq!(reads(&mut observer, &double).await, document);
    tokio::time::advance(SETTLE / 2).await;
    assert_eq!(reads(&mut observer, &double).await, document);
    tokio::time::advance(SETTLE / 2).await;
    assert_eq!(reads(&mut observer, &double).await, document);
    assert_eq!(reads(&mut observer, &double).await, []);
}

#[tokio::test(start_paused = true)]
async fn after_forgetting_everything_is_read_again() {
    let double = Double::new();
    let mut observer = informed(&double).await;
    observer.forget();
    let total: usize = reads(&mut observer, &double).await.iter().map(|(_, count)| count).sum();
    assert_eq!(total, 14);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_failed_is_tried_again_and_the_rest_is_not() {
    let mut double = Double::new();
    double.deny(Operation::DescribePolicy);
    let mut observer = Observer::new(HOUR);
    let snapshot = observer.observe(&double, &wanted()).await;
    assert_eq!(snapshot.unknown_parts().len(), 1);
    double.counted();
    double.fault = Box::new(|_, _| None);
    assert_eq!(reads(&mut observer, &double).await, [(Operation::DescribePolicy, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_is_old_and_cannot_be_read_is_unknown() {
    let mut double = Double::new();
    let mut observer = informed(&double).await;
    tokio::time::advance(HOUR).await;
    double.deny(Operation::ListTargetsForPolicy);
    let snapshot = observer.observe(&double, &wanted()).await;
    assert!(scp(&snapshot, GUARDRAIL).targets.known().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_policy_with_another_description_is_read_whole() {
    let mut double = Double::new();
    let mut observer = informed(&double).await;
    let guardrail = double.policies.get_mut(&policy(GUARDRAIL)).unwrap();
    guardrail.0.description = "changed by hand".to_owned();
    guardrail.1 = "{\"changed\":true}".to_owned();
    double.put_policy("p-newcomer1", &[PROD]);
    observer.touch(&Touched::Policies(PolicyType::service_control()));
    let snapshot = observer.observe(&double, &wanted()).await;
    assert_eq!(scp(&snapshot, GUARDRAIL).document, Part::Known("{\"changed\":true}".to_owned()));
    assert_eq!(scp(&snapshot, "p-newcomer1").targets.known().unwrap().len(), 1);
    let counted = double.counted();
    assert_eq!(counted[&Operation::DescribePolicy], 2);
    assert_eq!(counted[&Operation::ListTargetsForPolicy], 2);
}

#[tokio::test(start_paused = true)]
async fn a_new_account_shows_what_aws_attached_to_it() {
    let mut double = Double::new();
    let mut observer = informed(&double).await;
    double.put_account("777777777777", &unit(WORKLOADS));
    let newcomer = crate::org::TargetId::Account(account("777777777777"));
    double.policies.get_mut(&policy(FULL_ACCESS)).unwrap().2.insert(newcomer.clone());
    observer.touch(&Touched::Tree);
    let snapshot = observer.observe(&double, &wanted()).await;
    assert!(scp(&snapshot, FULL_ACCESS).targets.known().unwrap().contains(&newcomer));
    assert_eq!(double.counted()[&Operation::ListTargetsForPolicy], 3);
}

#[tokio::test(start_paused = true)]
async fn what_was_attached_to_an_account_that_left_is_read_again() {
    let mut double = Double::new();
    double.put_policy("p-onshop001", &[SHOP]);
    let mut observer = informed(&double).await;
    double.tree.accounts.remove(&account(SHOP));
    for (_, _, targets) in double.policies.values_mut() {
        targets.remove(&crate::org::TargetId::Account(account(SHOP)));
    }
    observer.touch(&Touched::Tree);
    let snapshot = observer.observe(&double, &wanted()).await;
    assert!(scp(&snapshot, "p-onshop001").targets.known().unwrap().is_empty());
    assert_eq!(double.counted()[&Operation::ListTargetsForPolicy], 2 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_policy_type_that_was_switched_shows_its_attachments_anew() {
    let mut double = Double::new();
    let mut observer = informed(&double).await;
    double.root.policy_types.clear();
    observer.touch(&Touched::PolicyTypes);
    let snapshot = observer.observe(&double, &wanted()).await;
    assert!(scp(&snapshot, GUARDRAIL).targets.known().unwrap().is_empty());
    assert_eq!(double.counted().get(&Operation::ListTargetsForPolicy), None);

    for (_, _, targets) in double.policies.values_mut() {
        targets.clear();
    }
    let scps = PolicyType::service_control();
    double.root.policy_types.insert(scps, PolicyTypeStatus::Enabled);
    observer.touch(&Touched::PolicyTypes);
    let snapshot = observer.observe(&double, &wanted()).await;
    assert!(scp(&snapshot, FULL_ACCESS).targets.known().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_policy_type_on_its_way_out_is_still_asked_for_its_targets() {
    let mut double = Double::new();
    let scps = PolicyType::service_control();
    double.root.policy_types.insert(scps, PolicyTypeStatus::PendingDisable);
    let snapshot = Observer::new(HOUR).observe(&double, &wanted()).await;
    assert_eq!(scp(&snapshot, GUARDRAIL).targets.known().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_type_the_api_does_not_know_is_unknown_alone() {
    let mut double = Double::new();
    let novel = PolicyType::named("NOVEL_POLICY");
    let asked = novel.clone();
    double.fault = Box::new(move |call, _| match call {
        crate::cloud::Call::ListPolicies { policy_type, .. } if *policy_type == asked => {
            let code = "InvalidInputException";
            Some(Err(CloudError::new(CloudErrorKind::Invalid, call.operation(), code, "what?")))
        }
        _ => None,
    });
    let mut wanted = wanted();
    wanted.policy_types.insert(novel);
    let snapshot = Observer::new(HOUR).observe(&double, &wanted).await;
    let unknown: Vec<String> = snapshot.unknown_parts().into_iter().map(|(it, _)| it).collect();
    assert_eq!(unknown, ["policies of type NOVEL_POLICY"]);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_gone_when_asked_about_is_listed_again() {
    let mut double = Double::new();
    double.fault = Box::new(|call, _| {
        let operation = call.operation();
        let gone = || CloudError::new(CloudErrorKind::NotFound, operation, "PolicyNotFound", "");
        (operation == Operation::DescribePolicy).then(|| Err(gone()))
    });
    let mut observer = Observer::new(HOUR);
    let snapshot = observer.observe(&double, &wanted()).await;
    assert_eq!(snapshot.unknown_parts().len(), 1);
    double.policies.remove(&policy(GUARDRAIL));
    double.counted();
    assert_eq!(reads(&mut observer, &double).await, [(Operation::ListPolicies, 1)]);
}

#[tokio::test(start_paused = true)]
async fn only_the_tags_of_ous_nobody_names_are_read_and_rarely() {
    let mut double = Double::new();
    let mark = [("palisade:owner".to_owned(), "acme".to_owned())];
    double.tags.insert(PROD.to_owned(), mark.clone().into());
    let wanted = Wanted { units: ["/Workloads".parse().unwrap()].into(), ..wanted() };
    let mut observer = Observer::new(HOUR);
    let snapshot = observer.observe(&double, &wanted).await;
    assert_eq!(snapshot.tags, [(PROD.to_owned(), Part::Known(mark.into()))].into());
    assert_eq!(double.counted()[&Operation::ListTagsForResource], 1);

    tokio::time::advance(HOUR * 11).await;
    observer.observe(&double, &wanted).await;
    assert_eq!(double.counted().get(&Operation::ListTagsForResource), None);
    observer.touch(&Touched::Tags(PROD.to_owned()));
    observer.observe(&double, &wanted).await;
    assert_eq!(double.counted()[&Operation::ListTagsForResource], 1);
}
