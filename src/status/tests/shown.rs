//! What is shown, and what is not.

use crate::act::Outcome;
use crate::org::{DocumentRef, OuPath, PolicyType};
use crate::plan::{
    Action, BlockedReason, Change, Held, Plan, PolicyText, UnitRef, Unmanaged, UnmanagedKind,
};
use crate::status::tests::{
    TARGET, action, attach, blocked, circumstances, pass, pass_on, plan, policy_document, snapshot,
    tried,
};
use crate::status::{
    Circumstances, ConditionStatus, PassResult, Problem, Reason, Report, plan_view,
    without_desired_state,
};
use std::collections::BTreeMap;

#[test]
fn a_document_that_left_something_behind_is_shown() {
    let gone = DocumentRef { kind: "TagPolicy".into(), name: "old".into() };
    let leftover = Action { document: gone.clone(), ..action(attach(TARGET), &[]) };
    let report = pass(1, &plan(vec![leftover]), &tried(&[Outcome::Held]), None);
    let document = report.document(&gone).unwrap();
    assert_eq!(document.source, None);
    assert!(!document.in_sync);
}

#[test]
fn the_whole_says_what_its_worst_document_says() {
    let held = Held { hash: "cafe".into(), actions: 1, approved: false };
    let plan = Plan { held: Some(held), ..plan(vec![action(attach(TARGET), &[])]) };
    let report = pass(1, &plan, &tried(&[Outcome::Held]), None);
    let ready = &report.conditions[0];
    assert_eq!((ready.status, ready.reason), (ConditionStatus::False, Reason::AwaitingApproval));
    assert_eq!(ready.message, "1 of 2 documents: ServiceControlPolicy/deny-leave");
    assert_eq!(report.held.unwrap().approve, "palisade approve cafe");
}

#[test]
fn desired_state_that_does_not_load_shows_while_the_last_good_one_is_kept() {
    let problem = Problem { at: "a.yaml:3:5".into(), message: "`x` is unknown".into() };
    let invalid = Circumstances { problems: vec![problem], ..circumstances(2) };
    let report = pass_on(&snapshot(), &invalid, &plan(vec![]), &tried(&[]), None);
    assert!(!report.desired_state.valid);
    assert!(report.in_sync, "the one in force is kept");
    let reasons: Vec<_> = report.conditions.iter().map(|each| each.reason).collect();
    assert_eq!(reasons, [Reason::InvalidDesiredState, Reason::Idle, Reason::InvalidDesiredState]);
    assert!(report.conditions[0].message.starts_with("a.yaml:3:5: "));
}

#[test]
fn without_desired_state_nothing_is_claimed() {
    let report = without_desired_state(&circumstances(1), None);
    assert!(!report.in_sync);
    assert_eq!(report.last_pass.result, PassResult::NoDesiredState);
    assert_eq!(report.conditions[0].reason, Reason::NoDesiredState);
}

#[test]
fn no_address_name_or_policy_body_reaches_the_report_or_the_plan() {
    let text = |content: &str| PolicyText {
        name: "deny-leave".into(),
        description: "written by carol@example.com".into(),
        content: content.into(),
    };
    let update = Change::UpdatePolicy {
        policy_type: PolicyType::service_control(),
        id: "p-12345678".parse().unwrap(),
        before: text(r#"{"Statement":"secret-before"}"#),
        after: text(r#"{"Statement":"secret-after"}"#),
        tags: BTreeMap::new(),
    };
    let move_account = Change::MoveAccount {
        account: TARGET.parse().unwrap(),
        from: "r-ab12".parse().unwrap(),
        from_path: OuPath::root(),
        to: UnitRef { path: OuPath::root().child("Prod"), id: None },
    };
    let plan = Plan {
        blocked: vec![blocked(BlockedReason::Protected)],
        unmanaged: vec![Unmanaged {
            kind: UnmanagedKind::Account,
            id: TARGET.into(),
            name: "Dave's account".into(),
            note: "nobody places it".into(),
        }],
        ..plan(vec![action(update, &[]), action(move_account, &[])])
    };
    let refused = Outcome::Refused(r#"for dave@example.com: {"Statement":"secret"}"#.into());
    let report = pass(1, &plan, &tried(&[refused.clone(), refused]), None);
    let shown = format!("{}{}", serde_json::to_string(&report).unwrap(), plan_view(&plan).unwrap());
    for hidden in ["@example.com", "secret", "Dave's account"] {
        assert!(!shown.contains(hidden), "`{hidden}` in {shown}");
    }
    assert!(shown.contains("sha256"));
    assert_eq!(report.unmanaged[&UnmanagedKind::Account].ids, [TARGET]);
}

#[test]
fn the_report_reads_back_as_it_was_written() {
    let plan = Plan {
        blocked: vec![blocked(BlockedReason::LastPolicy)],
        ..plan(vec![action(attach(TARGET), &[])])
    };
    let report = pass(1, &plan, &tried(&[Outcome::Done]), None);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}

#[test]
fn shares_of_sizes_and_slots_are_measured() {
    let report = pass(1, &plan(vec![]), &tried(&[]), None);
    let used = report.policy_slots_used[&PolicyType::service_control()];
    assert!((used - 0.1).abs() < 1e-9, "one of ten: {used}");
    let size = report.document(&policy_document()).unwrap().size_used.unwrap();
    assert!((0.001..0.01).contains(&size), "{size}");
}
