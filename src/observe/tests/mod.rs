//! What an observation makes of good, bad and changing answers.

#![expect(clippy::wildcard_enum_match_arm, reason = "a double answers some calls its own way")]

mod ages;
mod closed;
mod double;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cloud::{Account, Call, Operation, Page, Reply};
use crate::observe::tests::double::{
    Double, FULL_ACCESS, GUARDRAIL, MANAGEMENT, PROD, SHOP, WORKLOADS, account, policy, unit,
};
use crate::observe::{Observer, Touched, Wanted};
use crate::org::{AccountState, ObservedPolicy, OrgSnapshot, Part, PolicyType};

/// Asked once a parent in every reading of the tree.
const READING: Operation = Operation::ListOrganizationalUnitsForParent;

const HOUR: Duration = Duration::from_hours(1);

fn wanted() -> Wanted {
    Wanted {
        policy_types: [PolicyType::service_control()].into(),
        services: ["guardduty.amazonaws.com".to_owned()].into(),
        units: ["/Workloads", "/Workloads/Prod"].map(|path| path.parse().unwrap()).into(),
    }
}

async fn observed(double: &Double) -> OrgSnapshot {
    Observer::new(Duration::ZERO).observe(double, &wanted()).await
}

/// An observer that has just read everything; the calls are not counted.
async fn informed(double: &Double) -> Observer {
    let mut observer = Observer::new(HOUR);
    assert_eq!(observer.observe(double, &wanted()).await.unknown_parts(), []);
    double.counted();
    observer
}

fn scps(snapshot: &OrgSnapshot) -> &Part<BTreeMap<crate::org::PolicyId, ObservedPolicy>> {
    &snapshot.policies[&PolicyType::service_control()]
}

fn scp<'a>(snapshot: &'a OrgSnapshot, id: &str) -> &'a ObservedPolicy {
    &scps(snapshot).known().unwrap()[&policy(id)]
}

fn why<T>(part: &Part<T>) -> String {
    part.unknown().expect("the part should be unknown").to_string()
}

fn unknown_parts(snapshot: &OrgSnapshot) -> Vec<String> {
    snapshot.unknown_parts().into_iter().map(|(part, _)| part).collect()
}

#[tokio::test(start_paused = true)]
async fn everything_is_seen_and_each_question_asked_once() {
    let double = Double::new();
    let snapshot = observed(&double).await;
    assert_eq!(snapshot.unknown_parts(), []);
    assert_eq!(snapshot.tree, Part::Known(double.tree.clone()));
    assert_eq!(snapshot.root, Part::Known(double.root.clone()));
    assert_eq!(scp(&snapshot, GUARDRAIL).document, Part::Known("{}".to_owned()));
    assert_eq!(scp(&snapshot, FULL_ACCESS).targets.known().unwrap().len(), 5);
    assert_eq!(snapshot.trusted_services, Part::Known(double.services.clone()));
    assert_eq!(
        double.counted(),
        BTreeMap::from([
            (Operation::GetCallerIdentity, 1),
            (Operation::DescribeOrganization, 1),
            (Operation::ListRoots, 1),
            (Operation::ListAccounts, 1),
            (Operation::ListOrganizationalUnitsForParent, 3),
            (Operation::ListPolicies, 1),
            (Operation::DescribePolicy, 1),
            (Operation::ListTargetsForPolicy, 4),
            (Operation::ListAwsServiceAccessForOrganization, 1),
            (Operation::ListDelegatedAdministrators, 1),
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn without_paths_the_tree_is_walked_and_comes_out_the_same() {
    let mut double = Double::new();
    for id in 600_000_000_000_u64..600_000_000_005 {
        double.put_account(&id.to_string(), &unit(WORKLOADS));
    }
    let with_paths = observed(&double).await;
    double.counted();
    double.has_paths = false;
    let without = observed(&double).await;
    assert_eq!(without.tree, with_paths.tree);
    let counted = double.counted();
    assert_eq!(counted[&Operation::ListAccounts], 1);
    assert_eq!(counted[&Operation::ListAccountsForParent], 5);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_makes_its_own_part_unknown_and_names_the_permission() {
    let cases = [
        (Operation::ListAccounts, vec!["tree"]),
        (Operation::ListOrganizationalUnitsForParent, vec!["tree"]),
        (Operation::ListPolicies, vec!["policies of type SERVICE_CONTROL_POLICY"]),
        (Operation::DescribePolicy, vec!["document of p-guardrail1"]),
        (
            Operation::ListTargetsForPolicy,
            vec!["targets of p-FullAWSAccess", "targets of p-guardrail1"],
        ),
        (Operation::ListAwsServiceAccessForOrganization, vec!["trusted services"]),
        (
            Operation::ListDelegatedAdministrators,
            vec!["delegated administrators of guardduty.amazonaws.com"],
        ),
    ];
    for (operation, unknown) in cases {
        let mut double = Double::new();
        double.deny(operation);
        let snapshot = observed(&double).await;
        assert_eq!(unknown_parts(&snapshot), unknown, "{operation}");
        for (_, why) in snapshot.unknown_parts() {
            let permission = format!("the caller needs the permission `organizations:{operation}`");
            assert!(why.to_string().contains(&permission), "{why}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_missing_or_old_are_no_missing_permission() {
    for code in ["NoCredentials", "ExpiredToken", "AWSOrganizationsNotInUseException"] {
        let kind = crate::cloud::CloudErrorKind::Denied;
        let error = crate::cloud::CloudError::new(kind, Operation::GetCallerIdentity, code, "no");
        let why = crate::observe::reader::unknown(&error).to_string();
        assert_eq!(why, format!("GetCallerIdentity failed: {code}: no"));
    }
}

#[tokio::test(start_paused = true)]
async fn without_identity_organization_or_root_nothing_is_known() {
    for operation in
        [Operation::GetCallerIdentity, Operation::DescribeOrganization, Operation::ListRoots]
    {
        let mut double = Double::new();
        double.deny(operation);
        let snapshot = observed(&double).await;
        for part in [
            "root",
            "tree",
            "trusted services",
            "delegated administrators of guardduty.amazonaws.com",
            "policies of type SERVICE_CONTROL_POLICY",
        ] {
            assert!(unknown_parts(&snapshot).contains(&part.to_owned()), "{operation}: {part}");
        }
        for (part, why) in snapshot.unknown_parts() {
            assert_eq!(why.operation, operation.name(), "{part}");
        }
        assert!(double.counted().len() <= 3, "asked on after {operation} failed");
    }
}

#[tokio::test(start_paused = true)]
async fn empty_answers_to_a_member_account_are_not_an_empty_organization() {
    let mut double = Double::new();
    double.caller = account(SHOP);
    double.tree.accounts.clear();
    double.tree.units.clear();
    double.policies.clear();
    double.services.clear();
    let snapshot = observed(&double).await;
    assert_eq!(
        unknown_parts(&snapshot),
        [
            "tree",
            "trusted services",
            "delegated administrators of guardduty.amazonaws.com",
            "policies of type SERVICE_CONTROL_POLICY"
        ]
    );
    assert!(why(&snapshot.tree).contains("account `555555555555` does not see the organization"));
    assert!(why(scps(&snapshot)).contains("lacks the policies that AWS manages"));

    double.fault = Box::new(|call, _| {
        let empty = Page { items: vec![], next: None };
        (call.operation() == Operation::ListRoots).then_some(Ok(Reply::Roots(empty)))
    });
    let snapshot = observed(&double).await;
    assert!(why(&snapshot.root).contains("these credentials do not see `o-a1b2c3d4e5`"));
    assert!(snapshot.tree.known().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_delegated_administrator_sees_all_that_the_management_account_sees() {
    let mut double = Double::new();
    let management = observed(&double).await;
    double.caller = account(SHOP);
    let delegated = observed(&double).await;
    assert_eq!(delegated.unknown_parts(), []);
    assert_eq!(delegated.tree, management.tree);
    assert_eq!(delegated.policies, management.policies);
}

#[tokio::test(start_paused = true)]
async fn a_tree_without_the_management_account_is_no_tree() {
    let mut double = Double::new();
    double.tree.accounts.remove(&account(MANAGEMENT));
    let snapshot = observed(&double).await;
    assert!(why(&snapshot.tree).contains("lacks the management account `111111111111`"));
}

#[tokio::test(start_paused = true)]
async fn other_credentials_or_another_organization_end_what_was_known() {
    let mut double = Double::new();
    let mut observer = informed(&double).await;
    double.caller = account(SHOP);
    observer.observe(&double, &wanted()).await;
    assert_eq!(double.counted()[&Operation::DescribePolicy], 1);

    observer.touch(&Touched::Tree);
    tokio::time::advance(HOUR).await;
    double.organization.id = "o-zzzzzzzzzz".parse().unwrap();
    double.deny(Operation::ListAccounts);
    let snapshot = observer.observe(&double, &wanted()).await;
    assert_eq!(snapshot.organization.known(), Some(&double.organization));
    assert!(snapshot.tree.known().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_never_ends_is_unknown() {
    type Next = fn(usize) -> String;
    let cases: [(Next, &str); 2] = [
        (|_| "same".to_owned(), "a page leads back to one before it"),
        (|before| before.to_string(), "it goes on after 10000 pages"),
    ];
    for (next, reason) in cases {
        let mut double = Double::new();
        double.fault = Box::new(move |call, before| {
            let page = Page { items: vec![], next: Some(next(before)) };
            (call.operation() == Operation::ListPolicies).then_some(Ok(Reply::Policies(page)))
        });
        let snapshot = observed(&double).await;
        assert!(why(scps(&snapshot)).contains(reason), "{}", why(scps(&snapshot)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_page_with_a_token_is_not_the_end() {
    let mut double = Double::new();
    double.fault = Box::new(|call, _| match call {
        Call::ListAccounts { page: None } => {
            Some(Ok(Reply::Accounts(Page { items: vec![], next: Some("0".into()) })))
        }
        Call::ListPolicies { page: None, .. } => {
            Some(Ok(Reply::Policies(Page { items: vec![], next: Some("0".into()) })))
        }
        _ => None,
    });
    let snapshot = observed(&double).await;
    assert_eq!(snapshot.unknown_parts(), []);
    assert_eq!(snapshot.tree, Part::Known(double.tree.clone()));
    assert_eq!(scps(&snapshot).known().unwrap().len(), 2);
}

/// Leaves out what is in `/Workloads/Prod` the first `times` the listing of OUs in `/Workloads` is
/// asked for: as if Prod had been created just behind the reader's back.
fn hide_prod(double: &mut Double, times: usize) {
    double.fault = Box::new(move |call, before| match call {
        // Each reading asks for the OUs of the root first, then for those of what it found there.
        Call::ListOrganizationalUnitsForParent { parent, .. }
            if *parent == unit(WORKLOADS) && before < 2 * times =>
        {
            Some(Ok(Reply::Units(Page { items: vec![], next: None })))
        }
        _ => None,
    });
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_changes_while_it_is_read_is_read_again_once() {
    let mut double = Double::new();
    hide_prod(&mut double, 1);
    assert_eq!(observed(&double).await.tree, Part::Known(double.tree.clone()));
    double.counted();

    hide_prod(&mut double, 2);
    let snapshot = observed(&double).await;
    assert!(why(&snapshot.tree).contains("RacedTree"), "{}", why(&snapshot.tree));
    assert_eq!(double.counted()[&READING], 2 * 2);
    assert_eq!(unknown_parts(&snapshot), ["tree"]);
}

#[tokio::test(start_paused = true)]
async fn a_walk_that_loses_an_account_is_walked_again() {
    let mut double = Double::new();
    double.has_paths = false;
    double.put_account("666666666666", &unit(PROD));
    let mut observer = informed(&double).await;
    observer.touch(&Touched::Tree);
    // The third account is not on the first page of all accounts: only memory misses it.
    double.fault = Box::new(|call, before| match call {
        Call::ListAccountsForParent { parent, .. } if *parent == unit(PROD) && before < 3 => {
            let shop = shop_in(PROD);
            Some(Ok(Reply::Accounts(Page { items: vec![shop], next: None })))
        }
        _ => None,
    });
    let snapshot = observer.observe(&double, &wanted()).await;
    assert_eq!(snapshot.tree, Part::Known(double.tree.clone()));
    assert_eq!(double.counted()[&READING], 2 * 3);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_left_is_gone_after_a_second_look() {
    let mut double = Double::new();
    double.has_paths = false;
    let mut observer = informed(&double).await;
    observer.touch(&Touched::Tree);
    double.tree.accounts.remove(&account(SHOP));
    double.put_policy(FULL_ACCESS, &["r-ab12", WORKLOADS, PROD, MANAGEMENT]);
    let snapshot = observer.observe(&double, &wanted()).await;
    assert_eq!(snapshot.tree, Part::Known(double.tree.clone()));
    assert_eq!(double.counted()[&READING], 2 * 3);
}

#[tokio::test(start_paused = true)]
async fn a_walk_in_which_an_account_moves_is_unknown_or_right() {
    let mut double = Double::new();
    double.has_paths = false;
    // Shop is found where it was and where it goes.
    double.fault = Box::new(|call, before| match call {
        Call::ListAccountsForParent { parent, .. } if *parent == unit(WORKLOADS) && before < 3 => {
            let shop = shop_in(WORKLOADS);
            Some(Ok(Reply::Accounts(Page { items: vec![shop], next: None })))
        }
        _ => None,
    });
    assert_eq!(observed(&double).await.tree, Part::Known(double.tree.clone()));
    assert_eq!(double.counted()[&READING], 2 * 3);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_the_tree_lacks_has_the_tree_read_again_once() {
    let mut double = Double::new();
    double.has_paths = false;
    double.put_account("666666666666", &unit(PROD));
    let everything = ["r-ab12", WORKLOADS, PROD, MANAGEMENT, SHOP, "666666666666"];
    double.put_policy(FULL_ACCESS, &everything);
    // The first walk misses the account, and nothing is remembered that would miss it.
    double.fault = Box::new(|call, before| match call {
        Call::ListAccountsForParent { parent, .. } if *parent == unit(PROD) && before < 3 => {
            let shop = shop_in(PROD);
            Some(Ok(Reply::Accounts(Page { items: vec![shop], next: None })))
        }
        _ => None,
    });
    let snapshot = observed(&double).await;
    assert_eq!(snapshot.tree, Part::Known(double.tree.clone()));
    double.counted();

    // A target that is never cleared away does not multiply every observation: the first looks again,
    // and again carefully.
    double.put_policy(GUARDRAIL, &["777777777777"]);
    double.fault = Box::new(|_, _| None);
    let mut observer = Observer::new(Duration::ZERO);
    for readings in [3, 1, 1] {
        let snapshot = observer.observe(&double, &wanted()).await;
        assert_eq!(snapshot.unknown_parts(), []);
        assert_eq!(double.counted()[&READING], 3 * readings);
    }
}

fn shop_in(parent: &str) -> Account {
    Account {
        id: account(SHOP),
        name: format!("account {SHOP}"),
        state: AccountState::Active,
        parent: Some(unit(parent)),
    }
}
