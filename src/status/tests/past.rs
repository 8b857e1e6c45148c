//! What is remembered of the passes before, and the tree.

use std::collections::BTreeMap;

use crate::act::Outcome;
use crate::status::tests::{
    TARGET, action, attach, circumstances, pass, pass_on, plan, policy_document, snapshot, tried,
};
use crate::status::{Attribution, Circumstances, Force, Reason, Report};

/// A pass that finds the policy detached, or not.
fn look(minute: i64, drifted: bool, previous: Option<&Report>) -> Report {
    let actions = if drifted { vec![action(attach(TARGET), &[])] } else { Vec::new() };
    let outcomes = vec![Outcome::Done; actions.len()];
    pass(minute, &plan(actions), &tried(&outcomes), previous)
}

#[test]
fn quiet_passes_share_an_entry_and_what_happened_has_its_own() {
    let mut report = look(0, false, None);
    for minute in 1..500 {
        report = look(minute, false, Some(&report));
    }
    assert_eq!(report.passes.len(), 1);
    assert_eq!(report.passes[0].passes, 500);
    report = look(500, true, Some(&report));
    report = look(501, false, Some(&report));
    report = look(502, false, Some(&report));
    let told: Vec<_> = report
        .passes
        .iter()
        .map(|pass| (pass.passes, pass.detected, pass.done, pass.repaired))
        .collect();
    assert_eq!(told, [(1, 0, 0, 0), (1, 0, 0, 1), (1, 1, 1, 0), (500, 0, 0, 0)]);
}

#[test]
fn drift_is_told_from_its_first_sight_to_its_end() {
    let calm = look(0, false, None);
    let drifted = look(1, true, Some(&calm));
    assert_eq!(drifted.happenings.len(), 1);
    assert_eq!(drifted.happenings[0].until, None);
    let healed = look(3, false, Some(&drifted));
    let happening = &healed.happenings[0];
    assert!(happening.healed);
    assert_eq!(happening.until.unwrap().duration_since(happening.since).as_mins(), 2);
}

#[test]
fn memory_is_bounded_whatever_happens() {
    let mut report = look(0, false, None);
    for minute in 1..600 {
        report = look(minute, minute % 2 == 1, Some(&report));
    }
    assert_eq!(report.passes.len(), 50);
    assert_eq!(report.happenings.len(), 200);
    assert_eq!(report.document(&policy_document()).unwrap().history.len(), 20);
}

#[test]
fn a_document_tells_how_it_stood() {
    let calm = look(0, false, None);
    let drifted = look(1, true, Some(&calm));
    let again = look(2, false, Some(&look(2, false, Some(&drifted))));
    let history = &again.document(&policy_document()).unwrap().history;
    let reasons: Vec<Reason> = history.iter().map(|turn| turn.reason).collect();
    assert_eq!(reasons, [Reason::InSync, Reason::Progressing, Reason::InSync]);
}

#[test]
fn who_changed_what_is_kept_while_the_difference_is_there_and_after() {
    let calm = look(0, false, None);
    let object = attach(TARGET).object();
    let by = Attribution {
        principal: "arn:aws:iam::111111111111:user/dana".into(),
        call: "organizations:DetachPolicy".into(),
        at: calm.last_pass.at,
        from: None,
        event: "a1b2".into(),
    };
    let told =
        Circumstances { attributions: BTreeMap::from([(object, by.clone())]), ..circumstances(1) };
    let held = plan(vec![action(attach(TARGET), &[])]);
    let first = pass_on(&snapshot(), &told, &held, &tried(&[Outcome::Done]), Some(&calm));
    let later = look(2, true, Some(&first));
    let difference = &later.document(&policy_document()).unwrap().differences[0];
    assert_eq!(difference.by.as_ref(), Some(&by));
    let healed = look(3, false, Some(&later));
    assert_eq!(healed.happenings[0].by.as_ref(), Some(&by));
}

#[test]
fn the_tree_says_what_differs_where_and_calls_what_no_document_names_by_its_id() {
    use crate::org::{AccountState, ObservedAccount, ObservedUnit, Part};
    let mut observed = snapshot();
    let Part::Known(tree) = &mut observed.tree else { panic!("the tree is known") };
    let unit: crate::org::OuId = "ou-ab12-11111111".parse().unwrap();
    let name = "<secret name>".to_owned();
    let parent = crate::org::ParentId::Root(tree.root.clone());
    tree.units.insert(unit.clone(), ObservedUnit { name: name.clone(), parent });
    let parent = crate::org::ParentId::Ou(unit);
    let account = ObservedAccount { name, parent, state: AccountState::Active };
    tree.accounts.insert(TARGET.parse().unwrap(), account);
    let drifted = plan(vec![action(attach(TARGET), &[])]);
    let report = pass_on(&observed, &circumstances(1), &drifted, &tried(&[Outcome::Done]), None);
    assert!(!serde_json::to_string(&report).unwrap().contains("secret name"));
    let tree = report.tree.unwrap();
    let paths: Vec<&str> = tree.units.iter().map(|unit| unit.path.as_str()).collect();
    assert_eq!(paths, ["/", "/ou-ab12-11111111"]);
    let account = &tree.accounts[0];
    assert_eq!((account.id.as_str(), account.unit.as_str()), (TARGET, "/ou-ab12-11111111"));
    assert!(account.here.differing.contains(&policy_document()));
    assert!(
        tree.units.iter().all(|unit| unit
            .here
            .guardrails
            .iter()
            .all(|it| it.force == Force::InForce))
    );
}

#[test]
fn a_report_of_an_older_daemon_is_understood() {
    let mut value = serde_json::to_value(look(0, true, None)).unwrap();
    let fields = value.as_object_mut().unwrap();
    for new in ["tree", "passes", "happenings", "practices"] {
        fields.remove(new).unwrap();
    }
    for document in fields["documents"].as_array_mut().unwrap() {
        for new in ["targets", "history"] {
            document.as_object_mut().unwrap().remove(new).unwrap();
        }
    }
    assert!(serde_json::from_value::<Report>(value).is_ok());
}
