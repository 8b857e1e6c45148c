//! What passes one after the other say.

use crate::act::Outcome;
use crate::desired::{DocumentHeader, Mode, Suspension};
use crate::org::{DocumentRef, OrgSnapshot, Part, PolicyType, Unknown};
use crate::plan::{BlockedReason, Plan, Reported};
use crate::status::tests::{
    TARGET, action, attach, blocked, circumstances, conditions, header, organization_document,
    pass, pass_on, plan, policy_document, resources, snapshot, tried,
};
use crate::status::{
    Abstention, Acted, Cause, Circumstances, ConditionStatus, ConditionType, DifferenceState, Pass,
    PassResult, PhaseSeconds, Reason, summarize,
};

#[test]
fn conditions_say_what_became_of_the_plan() {
    let one = || plan(vec![action(attach(TARGET), &[])]);
    let cases: Vec<(Plan, Acted, [&str; 3], PassResult)> = vec![
        (
            plan(vec![]),
            tried(&[]),
            ["Ready True InSync", "Reconciling False Idle", "Stalled False NotStalled"],
            PassResult::InSync,
        ),
        (
            one(),
            tried(&[Outcome::Done]),
            ["Ready False Progressing", "Reconciling True Progressing", "Stalled False NotStalled"],
            PassResult::Changed,
        ),
        (
            one(),
            tried(&[Outcome::Failed("throttled".into())]),
            [
                "Ready False ProgressingWithRetry",
                "Reconciling True ProgressingWithRetry",
                "Stalled False NotStalled",
            ],
            PassResult::Failed,
        ),
        (
            one(),
            tried(&[Outcome::Refused("denied".into())]),
            ["Ready False Refused", "Reconciling False Idle", "Stalled True Refused"],
            PassResult::Failed,
        ),
        (
            one(),
            tried(&[Outcome::Held]),
            [
                "Ready False AwaitingApproval",
                "Reconciling False Idle",
                "Stalled True AwaitingApproval",
            ],
            PassResult::Drifted,
        ),
        (
            one(),
            Acted::Abstained(Abstention::ObserveMode),
            ["Ready False Drifted", "Reconciling False Idle", "Stalled False NotStalled"],
            PassResult::Drifted,
        ),
        (
            Plan { blocked: vec![blocked(BlockedReason::SlotsFull)], ..plan(vec![]) },
            tried(&[]),
            ["Ready False Blocked", "Reconciling False Idle", "Stalled True Blocked"],
            PassResult::Drifted,
        ),
        (
            Plan { blocked: vec![blocked(BlockedReason::InProgress)], ..plan(vec![]) },
            tried(&[]),
            ["Ready False Progressing", "Reconciling True Progressing", "Stalled False NotStalled"],
            PassResult::Changed,
        ),
    ];
    for (plan, acted, expected, result) in cases {
        let report = pass(0, &plan, &acted, None);
        assert_eq!(conditions(&report), expected, "{acted:?}");
        assert_eq!(report.last_pass.result, result, "{acted:?}");
        assert_eq!(report.in_sync, result == PassResult::InSync, "{acted:?}");
    }
}

#[test]
fn what_aws_is_at_work_on_is_neither_drift_nor_a_failure() {
    let plan = plan(vec![action(attach(TARGET), &[])]);
    let report = pass(0, &plan, &tried(&[Outcome::Postponed("an operation runs".into())]), None);
    let document = report.document(&policy_document()).unwrap();
    assert_eq!(document.differences[0].state, DifferenceState::InProgress);
    assert_eq!((document.drifted().count(), document.oldest()), (0, None));
    assert_eq!((report.last_pass.result, report.in_sync), (PassResult::Changed, false));
}

#[test]
fn what_was_skipped_shares_the_fate_of_what_it_waits_for() {
    let plan = plan(vec![
        action(attach("222222222222"), &[]),
        action(attach("333333333333"), &[0]),
        action(attach("444444444444"), &[1]),
    ]);
    let skipped = || Outcome::Skipped("waits".into());
    for (first, expected) in [
        (Outcome::Refused("denied".into()), DifferenceState::Refused),
        (Outcome::Failed("busy".into()), DifferenceState::Retrying),
        (Outcome::Held, DifferenceState::AwaitingApproval),
    ] {
        let report = pass(0, &plan, &tried(&[first, skipped(), skipped()]), None);
        let document = report.document(&policy_document()).unwrap();
        let states: Vec<_> = document.differences.iter().map(|each| each.state).collect();
        assert_eq!(states, [expected; 3]);
    }
}

#[test]
fn a_suspended_document_still_reports_what_differs() {
    let until = "2026-12-24".parse().unwrap();
    let suspend = Some(Suspension { until, reason: "ask bob@example.com".into() });
    let suspended = DocumentHeader { suspend, ..header(policy_document()) };
    let observed = DocumentHeader { mode: Mode::Observe, ..header(policy_document()) };
    for (header, reason) in [(suspended, Reason::Suspended), (observed, Reason::ObserveOnly)] {
        let resources = resources(header);
        let reported = Reported {
            guardrails: [].into(),
            document: policy_document(),
            change: attach(TARGET),
            reason: "it is not attached".into(),
        };
        let report = summarize(
            &Pass {
                resources: &resources,
                snapshot: &snapshot(),
                plan: &Plan { reported: vec![reported], ..plan(vec![]) },
                acted: &tried(&[]),
                took: PhaseSeconds::default(),
            },
            &circumstances(0),
            None,
        );
        let document = report.document(&policy_document()).unwrap();
        assert_eq!(document.conditions[0].reason, reason);
        assert_eq!(document.suspended_until.is_some(), reason == Reason::Suspended);
        assert_eq!(document.differences.len(), 1);
        assert!(!document.in_sync);
    }
}

#[test]
fn a_difference_keeps_its_age_and_a_condition_its_transition() {
    let drifted = plan(vec![action(attach(TARGET), &[])]);
    let failed = tried(&[Outcome::Failed("busy".into())]);
    let first = pass(1, &plan(vec![]), &tried(&[]), None);
    let second = pass(2, &drifted, &failed, Some(&first));
    let third = pass(3, &drifted, &tried(&[Outcome::Done]), Some(&second));
    let document = third.document(&policy_document()).unwrap();
    assert_eq!(document.oldest(), Some(circumstances(2).now));
    let since: Vec<_> = document
        .conditions
        .iter()
        .map(|each| (each.condition_type, each.status, each.last_transition_time))
        .collect();
    assert_eq!(
        since,
        [
            (ConditionType::Ready, ConditionStatus::False, circumstances(2).now),
            (ConditionType::Reconciling, ConditionStatus::True, circumstances(2).now),
            (ConditionType::Stalled, ConditionStatus::False, circumstances(1).now),
        ]
    );
}

#[test]
fn drift_is_counted_once_when_it_appears_and_once_when_it_is_gone() {
    let drifted = plan(vec![action(attach(TARGET), &[])]);
    let failed = tried(&[Outcome::Failed("busy".into())]);
    let clean = pass(1, &plan(vec![]), &tried(&[]), None);
    let found = pass(2, &drifted, &failed, Some(&clean));
    let changed = pass(3, &drifted, &tried(&[Outcome::Done]), Some(&found));
    let healed = pass(4, &plan(vec![]), &tried(&[]), Some(&changed));
    let after = pass(5, &plan(vec![]), &tried(&[]), Some(&healed));
    let counts: Vec<_> = [&clean, &found, &changed, &healed, &after]
        .map(|report| (report.last_pass.detected.len(), report.last_pass.repaired.len()))
        .into();
    assert_eq!(counts, [(0, 0), (1, 0), (0, 0), (0, 1), (0, 0)]);
    assert_eq!(healed.last_pass.repaired[0].since, circumstances(2).now);
    assert_eq!(healed.last_pass.repaired[0].change.as_deref(), Some("AttachPolicy"));
}

#[test]
fn drift_that_somebody_else_undid_was_not_repaired() {
    let drifted = plan(vec![action(attach(TARGET), &[])]);
    let watching = Acted::Abstained(Abstention::ObserveMode);
    let clean = pass(1, &plan(vec![]), &watching, None);
    let found = pass(2, &drifted, &watching, Some(&clean));
    let gone = pass(3, &plan(vec![]), &watching, Some(&found));
    assert_eq!(found.last_pass.detected.len(), 1);
    assert_eq!(gone.last_pass.repaired, []);
}

#[test]
fn what_was_found_right_was_not_repaired() {
    let drifted = plan(vec![action(attach(TARGET), &[])]);
    let clean = pass(1, &plan(vec![]), &tried(&[]), None);
    let stale = pass(2, &drifted, &tried(&[Outcome::AlreadyDone]), Some(&clean));
    let seen = pass(3, &plan(vec![]), &tried(&[]), Some(&stale));
    assert_eq!(stale.last_pass.result, PassResult::Changed);
    assert_eq!(seen.last_pass.repaired, []);
}

#[test]
fn what_git_asks_for_is_no_drift() {
    let first = plan(vec![action(attach("222222222222"), &[])]);
    let second = plan(vec![action(attach("333333333333"), &[])]);
    let clean = pass(1, &plan(vec![]), &tried(&[]), None);
    let changed = Circumstances { digest: "d2".into(), ..circumstances(2) };
    let done = tried(&[Outcome::Done]);
    let asked = pass_on(&snapshot(), &changed, &first, &done, Some(&clean));
    // The second step of the same change, found only after the first was made.
    let later = Circumstances { digest: "d2".into(), ..circumstances(3) };
    let step = pass_on(&snapshot(), &later, &second, &done, Some(&asked));
    for report in [&asked, &step] {
        let document = report.document(&policy_document()).unwrap();
        assert_eq!(document.differences[0].cause, Cause::Change);
        assert_eq!(report.last_pass.detected, []);
    }
}

#[test]
fn what_cannot_be_seen_is_neither_right_nor_healed() {
    let unknown =
        || Part::Unknown(Unknown { operation: "ListAccounts".into(), reason: "denied".into() });
    let blind = OrgSnapshot { tree: unknown(), ..snapshot() };
    let clean = pass(1, &plan(vec![]), &tried(&[]), None);
    let drifted = plan(vec![action(attach(TARGET), &[])]);
    let changed = pass(2, &drifted, &tried(&[Outcome::Done]), Some(&clean));
    let unseen = pass_on(&blind, &circumstances(3), &plan(vec![]), &tried(&[]), Some(&changed));
    assert_eq!(
        conditions(&unseen),
        [
            "Ready Unknown ObservationIncomplete",
            "Reconciling True ProgressingWithRetry",
            "Stalled False NotStalled",
        ]
    );
    let document = unseen.document(&policy_document()).unwrap();
    assert_eq!(document.differences.len(), 1);
    assert_eq!(unseen.last_pass.repaired, []);
    assert_eq!(unseen.last_pass.result, PassResult::Incomplete);
    assert_eq!(unseen.last_success, changed.last_success);
    let healed = pass(4, &plan(vec![]), &tried(&[]), Some(&unseen));
    assert_eq!(healed.last_pass.repaired.len(), 1);
}

#[test]
fn a_document_that_was_never_seen_is_not_in_sync() {
    let blind = OrgSnapshot::unread();
    let report = pass_on(&blind, &circumstances(1), &plan(vec![]), &tried(&[]), None);
    assert!(!report.in_sync);
    assert_eq!(report.last_pass.result, PassResult::Unobserved);
    let seen = pass(2, &plan(vec![]), &tried(&[]), Some(&report));
    let again = pass_on(&blind, &circumstances(3), &plan(vec![]), &tried(&[]), Some(&seen));
    assert!(again.in_sync, "what is last known stays said until something else is known");
    // Alerts do not end because nobody can look.
    assert_eq!(seen.policy_types_enabled.len(), 1);
    assert_eq!(again.policy_types_enabled, seen.policy_types_enabled);
    assert_eq!(seen.policy_slots_used.len(), 1);
    assert_eq!(again.policy_slots_used, seen.policy_slots_used);
}

#[test]
fn only_what_concerns_a_document_makes_it_unknown() {
    let why = Unknown { operation: "ListTargetsForPolicy".into(), reason: "throttled".into() };
    let mut partial = snapshot();
    let Some(Part::Known(policies)) = partial.policies.get_mut(&PolicyType::service_control())
    else {
        panic!("the snapshot has policies")
    };
    for policy in policies.values_mut() {
        policy.targets = Part::Unknown(why.clone());
    }
    let report = pass_on(&partial, &circumstances(1), &plan(vec![]), &tried(&[]), None);
    let status = |document: &DocumentRef| report.document(document).unwrap().conditions[0].status;
    assert_eq!(status(&policy_document()), ConditionStatus::Unknown);
    assert_eq!(status(&organization_document()), ConditionStatus::True);
}

#[test]
fn what_blocks_for_want_of_knowledge_is_unknown_and_not_stalled() {
    let plan = Plan { blocked: vec![blocked(BlockedReason::Unknown)], ..plan(vec![]) };
    let report = pass(1, &plan, &tried(&[]), None);
    assert_eq!(conditions(&report)[0], "Ready Unknown ObservationIncomplete");
    assert_eq!(conditions(&report)[2], "Stalled False NotStalled");
}
