//! Promise 6: what must work goes on working, at every step and in every order.

use std::collections::BTreeSet;

use palisade::effective::{Answer, Effective};
use palisade::org::{AccountId, AccountState, OrgSnapshot, Part};
use palisade::plan::{BlockedReason, Guards, LockoutState, Plan, forecast, plan};
use palisade::policy::Request;

use super::examples::{Having, SCP, deny, observed, organization, planned, policy, resources};
use super::model::Model;
use super::{Approved, Case, schedule, seeds};

/// Accounts in which the member role may do what mending needs, as the whole policies say: asked of
/// the policies on every level together, not of single ones as the prover does.
fn working(snapshot: &OrgSnapshot) -> BTreeSet<(AccountId, &'static str)> {
    let effective = Effective::observed(snapshot, None);
    let mut working = BTreeSet::new();
    let tree = snapshot.tree.known().unwrap();
    let is_closed = |account: &AccountId| tree.accounts[account].state == AccountState::Closed;
    for (account, _) in effective.accounts().filter(|(account, _)| !is_closed(account)) {
        let bindings = effective.hierarchy(account);
        for action in ["iam:CreateRole", "iam:GetRole"] {
            let role = format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole");
            let request = Request::new(&role, action)
                .unwrap()
                .on(&format!("arn:aws:iam::{account}:role/example"))
                .with("aws:RequestedRegion", ["us-east-1"]);
            if bindings.decide(&request) == Answer::Allowed {
                working.insert((account.clone(), action));
            }
        }
    }
    working
}

/// The oracle: every step of a random order, decided by all policies of the account together.
#[test]
fn what_works_before_a_plan_works_at_every_step_of_it() {
    let mut blocked = 0;
    for seed in seeds() {
        for approved in [Approved::No, Approved::Yes] {
            let mut case = Case::of(seed);
            let plan = case.plan(&case.snapshot);
            blocked += reasons(&plan).iter().filter(|why| **why == BlockedReason::Lockout).count();
            let before = working(&case.snapshot);
            let mut model = Model::of(case.snapshot.clone());
            for index in schedule(&mut case.rng, &plan, approved) {
                let change = &plan.actions[index].change;
                model.apply(&case.resources, change).unwrap();
                let lost: Vec<_> = before.difference(&working(&model.snapshot)).cloned().collect();
                assert!(lost.is_empty(), "seed {seed}: {change:?} loses {lost:?}\n{plan:#?}");
            }
        }
    }
    assert!(blocked > 0, "these organizations lock nobody out");
}

fn reasons(plan: &Plan) -> Vec<BlockedReason> {
    plan.blocked.iter().map(|blocked| blocked.reason).collect()
}

fn kinds(plan: &Plan) -> Vec<&'static str> {
    plan.actions.iter().map(|action| action.change.kind()).collect()
}

const EXEMPT: &str =
    r#"except: {principals: ["arn:aws:iam::*:role/OrganizationAccountAccessRole"]}"#;

const STACKSETS: &str = "trustedServices: [member.org.stacksets.cloudformation.amazonaws.com]";

fn deny_iam(extra: &str) -> [String; 2] {
    [organization(), policy("deny-iam", r#""/""#, extra, "iam")]
}

/// The plan of documents for an organization with a policy of the name on the root.
fn planned_beside(documents: &[String], name: &str, description: &str) -> Plan {
    let cloud = observed().having(name, description, &deny("iam")).attach(SCP, name, "/");
    planned(documents, cloud)
}

#[test]
fn a_deny_of_what_must_work_is_blocked_and_the_rest_goes_on() {
    let [organization, deny_iam] = deny_iam("");
    let documents = [organization, deny_iam, policy("deny-ec2", r#""/""#, "", "ec2")];
    let plan = planned(&documents, observed());
    assert_eq!(kinds(&plan), ["CreatePolicy", "CreatePolicy", "AttachPolicy"]);
    assert_eq!(reasons(&plan), [BlockedReason::Lockout]);
    let message = &plan.blocked[0].message;
    for part in [
        "`member-role` could not call iam:AttachRolePolicy",
        "arn:aws:iam::222222222222:role/OrganizationAccountAccessRole",
        "accounts 222222222222, 333333333333",
        "statement 1 of `ServiceControlPolicy/deny-iam` denies it (all.yaml:",
        "add `arn:aws:iam::*:role/OrganizationAccountAccessRole` to `except.principals`",
        "`spec.acceptLockouts`",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn with_the_exemption_that_the_message_proposes_it_goes_through() {
    let plan = planned(&deny_iam(EXEMPT), observed());
    assert_eq!((kinds(&plan), reasons(&plan)), (vec!["CreatePolicy", "AttachPolicy"], vec![]));
}

#[test]
fn no_approval_lifts_the_block() {
    let documents = resources(&deny_iam(""));
    let snapshot = observed().build().unwrap().truth();
    let strict = Guards { max_changes: 0, max_deletes: 0, approved: BTreeSet::new() };
    let held = plan(&documents, &snapshot, &strict).held.unwrap();
    let approved = Guards { approved: BTreeSet::from([held.hash]), ..strict };
    let plan = plan(&documents, &snapshot, &approved);
    assert_eq!(
        (kinds(&plan), reasons(&plan)),
        (vec!["CreatePolicy"], vec![BlockedReason::Lockout])
    );
}

#[test]
fn an_account_does_not_move_to_where_it_would_be_locked_out() {
    let cloud = observed()
        .unit("/Other")
        .having("theirs", "", &deny("iam"))
        .attach(SCP, "theirs", "/Other");
    let moved = organization()
        .replace("Workloads: {accounts: [shop]}", "Workloads: {}, Other: {accounts: [shop]}");
    let plan = planned(&[moved], cloud);
    assert_eq!((kinds(&plan), reasons(&plan)), (vec![], vec![BlockedReason::Lockout]));
    assert!(!plan.blocked[0].message.contains("theirs"), "{}", plan.blocked[0].message);
}

#[test]
fn what_others_deny_already_is_told_and_blocks_nothing() {
    let documents = [organization(), policy("deny-ec2", r#""/""#, "", "ec2")];
    let plan = planned_beside(&documents, "theirs", "");
    assert_eq!((kinds(&plan), reasons(&plan)), (vec!["CreatePolicy", "AttachPolicy"], vec![]));
    let states: Vec<_> = plan.lockouts.iter().map(|lockout| &lockout.state).collect();
    assert_eq!(states, [&LockoutState::Before]);
}

/// Theirs may go any time; ours would stay.
#[test]
fn a_deny_beside_that_of_others_is_blocked_all_the_same() {
    let plan = planned_beside(&deny_iam(""), "theirs", "");
    assert_eq!(reasons(&plan), [BlockedReason::Lockout]);
}

#[test]
fn a_plan_that_heals_a_lockout_passes() {
    let plan = planned_beside(&deny_iam(EXEMPT), "deny-iam", "A guardrail.");
    assert_eq!((kinds(&plan), reasons(&plan)), (vec!["UpdatePolicy"], vec![]));
}

#[test]
fn what_ours_denies_already_may_be_said_anew() {
    let wider = deny_iam("").map(|document| document.replace("iam:*", "*"));
    let plan = planned_beside(&wider, "deny-iam", "");
    assert_eq!((kinds(&plan), reasons(&plan)), (vec!["UpdatePolicy"], vec![]));
}

/// Ours heals and another of ours would lock out again: only the second is blocked.
#[test]
fn healing_is_not_undone_by_the_same_plan() {
    let [organization, healed] = deny_iam(EXEMPT);
    let again = policy("again", r#""/""#, "", "iam").replace("iam:*", "iam:CreateRole");
    let documents = [organization, healed, again];
    let plan = planned_beside(&documents, "deny-iam", "A guardrail.");
    assert_eq!(kinds(&plan), ["CreatePolicy", "UpdatePolicy"]);
    assert_eq!(reasons(&plan), [BlockedReason::Lockout]);
}

/// An update that exempts comes before the attach that would lock out without it.
#[test]
fn the_order_of_a_plan_counts() {
    let cloud = observed().having("deny-iam", "A guardrail.", &deny("iam"));
    let plan = planned(&deny_iam(EXEMPT), cloud);
    assert_eq!((kinds(&plan), reasons(&plan)), (vec!["UpdatePolicy", "AttachPolicy"], vec![]));
}

/// The organization with more lines in its `spec`.
fn with_spec(line: &str) -> String {
    organization().replace("trustedServices: []", &format!("trustedServices: []\n  {line}"))
}

#[test]
fn a_declared_probe_is_proved_where_it_is_declared() {
    let probe = r#"mustWork: [{name: deploy, targets: [/Workloads], principal: role/deploy, actions: ["ec2:RunInstances"]}]"#;
    let here = [with_spec(probe), policy("deny-ec2", r#""/""#, "", "ec2")];
    let plan = planned(&here, observed());
    assert_eq!(reasons(&plan), [BlockedReason::Lockout]);
    let said = "`deploy` could not call ec2:RunInstances as arn:aws:iam::222222222222:role/deploy in account 222222222222:";
    assert!(plan.blocked[0].message.contains(said), "{}", plan.blocked[0].message);
    let elsewhere = [with_spec(probe), policy("deny-ec2", r#""account:bank""#, "", "ec2")];
    assert_eq!(reasons(&planned(&elsewhere, observed())), []);
}

#[test]
fn an_unknown_verdict_counts_as_a_lockout_unless_the_probe_says_otherwise() {
    for (on_unknown, expected) in [("fail", vec![BlockedReason::Lockout]), ("pass", vec![])] {
        let probe = format!(
            r#"mustWork: [{{name: deploy, principal: role/deploy, actions: ["ec2:RunInstances"], onUnknown: {on_unknown}}}]"#
        );
        let condition =
            r#"Resource: "*", Condition: {NotIpAddress: {"aws:SourceIp": "10.0.0.0/8"}}"#;
        let document =
            policy("deny-ec2", r#""/""#, "", "ec2").replace(r#"Resource: "*""#, condition);
        assert_eq!(reasons(&planned(&[with_spec(&probe), document], observed())), expected);
    }
}

/// 2026-01-01 is the day of these plans.
#[test]
fn an_accepted_lockout_is_carried_out_and_told() {
    let planned = |accept: &str| {
        let line =
            format!("acceptLockouts: [{{probe: member-role, {accept}, reason: winding down}}]");
        let [_, deny_iam] = deny_iam("");
        planned(&[with_spec(&line), deny_iam], observed())
    };
    let plan = planned("until: 2026-06-01");
    assert_eq!((kinds(&plan), reasons(&plan)), (vec!["CreatePolicy", "AttachPolicy"], vec![]));
    let until = "2026-06-01".parse().unwrap();
    assert_eq!(plan.lockouts[0].state, LockoutState::Accepted { until });
    assert_eq!(reasons(&planned("until: 2025-12-31")), [BlockedReason::Lockout]);
    let elsewhere = planned("targets: [/Workloads], until: 2026-06-01");
    assert!(elsewhere.blocked[0].message.contains("in account 333333333333:"), "{elsewhere:#?}");
}

/// Policies that nearly every organization has, and that lock nobody out.
#[test]
fn common_guardrails_raise_no_alarm() {
    for condition in [
        r#"Action: "*", Condition: {ArnLike: {"aws:PrincipalArn": "arn:aws:iam::*:root"}}"#,
        r#"NotAction: ["iam:*", "sts:*"], Condition: {StringNotEquals: {"aws:RequestedRegion": [eu-west-1]}}"#,
        r#"Action: "ec2:StopInstances", Condition: {BoolIfExists: {"aws:MultiFactorAuthPresent": "false"}}"#,
        r#"Action: "*", Condition: {StringEquals: {"aws:PrincipalTag/contractor": "yes"}}"#,
    ] {
        let statement = format!(r#"{{Effect: Deny, Resource: "*", {condition}}}"#);
        let document = policy("common", r#""/""#, "", "s3")
            .replace(r#"{Effect: Deny, Action: "s3:*", Resource: "*"}"#, &statement);
        let trusting = organization().replace("trustedServices: []", STACKSETS);
        assert_eq!(reasons(&planned(&[trusting, document], observed())), [], "{statement}");
    }
}

#[test]
fn the_stacksets_role_is_looked_after_where_stacksets_are_trusted() {
    let trusting = organization().replace("trustedServices: []", STACKSETS);
    let events = policy("deny-events", r#""/""#, "", "events");
    let plan = planned(&[trusting, events.clone()], observed());
    assert_eq!(reasons(&plan), [BlockedReason::Lockout]);
    assert_eq!(reasons(&planned(&[organization(), events], observed())), []);
}

/// They were once asked about `*`, which no Deny of stacks matches.
#[test]
fn a_deny_of_all_stacks_locks_stacksets_out_and_one_of_certain_stacks_does_not() {
    let trusting = organization().replace("trustedServices: []", STACKSETS);
    for (stack, expected) in [("*", vec![BlockedReason::Lockout]), ("payments-*", vec![])] {
        let resource = format!(r#"Resource: "arn:aws:cloudformation:*:*:stack/{stack}""#);
        let deny = policy("deny-stacks", r#""/""#, "", "cloudformation");
        let deny = deny.replace(r#"Resource: "*""#, &resource);
        assert!(deny.contains(&resource), "{deny}");
        assert_eq!(reasons(&planned(&[trusting.clone(), deny], observed())), expected);
    }
}

const EMERGENCY: &str = r#"---
apiVersion: palisade/v1
kind: BreakGlassRole
metadata: {name: emergency}
spec:
  emergencyAccount: bank
  targets: ["/"]
  operators: [{user: alice-break-glass, owner: alice}]
  roles: [{name: BREAK-GLASS-ROLE, managedPolicies: [AdministratorAccess], mfaMaxAge: 15m}]
"#;

fn lockouts(plan: &Plan) -> Vec<&str> {
    let blocked = plan.blocked.iter().filter(|one| one.reason == BlockedReason::Lockout);
    blocked.map(|one| one.message.as_str()).collect()
}

/// The way in, from the account of the operators; and what the role does once it is there.
#[test]
fn emergency_access_is_looked_after_wherever_there_is_a_document_for_it() {
    for (service, target, said) in [
        (
            "sts",
            r#""account:bank""#,
            "`break-glass` could not call sts:AssumeRole as arn:aws:iam::333333333333:user/alice-break-glass",
        ),
        (
            "cloudtrail",
            r#""/Workloads""#,
            "`break-glass` could not call cloudtrail:LookupEvents as arn:aws:iam::222222222222:role/BREAK-GLASS-ROLE",
        ),
    ] {
        let denying = policy("denying", target, "", service);
        let plan = planned(&[organization(), denying.clone(), EMERGENCY.to_owned()], observed());
        assert!(
            lockouts(&plan).iter().any(|message| message.contains(said)),
            "{:#?}",
            lockouts(&plan)
        );
        let without = planned(&[organization(), denying], observed());
        assert_eq!(lockouts(&without), [""; 0], "{service}");
    }
    let accepted =
        with_spec("acceptLockouts: [{probe: break-glass, until: 2026-06-01, reason: none here}]");
    let denying = policy("denying", r#""/Workloads""#, "", "cloudtrail");
    let plan = planned(&[accepted, denying, EMERGENCY.to_owned()], observed());
    assert_eq!(lockouts(&plan), [""; 0]);
}

/// A role that may do a few things has to be able to do them; what its policy names with a `*` is not proved.
#[test]
fn emergency_roles_with_a_policy_of_their_own_can_do_what_it_allows() {
    let own = EMERGENCY.replace(
        "managedPolicies: [AdministratorAccess]",
        r#"policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["ec2:StopInstances", "rds:*"], Resource: "*"}]}"#,
    );
    let planned = |service: &str| {
        let denying = policy("denying", r#""/Workloads""#, "", service);
        planned(&[organization(), denying, own.clone()], observed())
    };
    let plan = planned("ec2");
    let said = "`break-glass` could not call ec2:StopInstances as arn:aws:iam::222222222222:role/BREAK-GLASS-ROLE";
    assert!(lockouts(&plan).iter().any(|message| message.contains(said)), "{:?}", lockouts(&plan));
    assert_eq!(lockouts(&planned("rds")), [""; 0]);
    assert_eq!(lockouts(&planned("cloudtrail")), [""; 0]);
}

/// Failure mode 3: the way in through an identity provider ends in the same roles.
#[test]
fn the_way_in_through_an_identity_provider_is_looked_after() {
    let federated = format!(
        "{EMERGENCY}  saml: {{provider: emergency-idp, metadataFile: ./idp.xml, role: BREAK-GLASS-FEDERATED}}\n"
    );
    let denying = policy("denying", r#""account:bank""#, "", "s3").replace(
        r#"{Effect: Deny, Action: "s3:*", Resource: "*"}"#,
        r#"{Effect: Deny, Action: "sts:AssumeRole", Resource: "*", Condition: {ArnLike: {"aws:PrincipalArn": "arn:aws:iam::*:role/BREAK-GLASS-FEDERATED"}}}"#,
    );
    let plan = planned(&[organization(), denying.clone(), federated], observed());
    let said = "as arn:aws:iam::333333333333:role/BREAK-GLASS-FEDERATED";
    assert!(lockouts(&plan).iter().any(|message| message.contains(said)), "{:?}", lockouts(&plan));
    let without = planned(&[organization(), denying, EMERGENCY.to_owned()], observed());
    assert_eq!(lockouts(&without), [""; 0]);
}

/// What a Region restriction and a demand for MFA leave to operators.
#[test]
fn common_guardrails_leave_emergency_access_alone() {
    for condition in [
        r#"NotAction: ["iam:*", "sts:*", "cloudtrail:*"], Condition: {StringNotEquals: {"aws:RequestedRegion": [eu-west-1]}}"#,
        r#"Action: "sts:AssumeRole", Condition: {BoolIfExists: {"aws:MultiFactorAuthPresent": "false"}, ArnLike: {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}"#,
        r#"Action: "*", Condition: {StringEquals: {"aws:PrincipalTag/contractor": "yes"}}"#,
    ] {
        let statement = format!(r#"{{Effect: Deny, Resource: "*", {condition}}}"#);
        let document = policy("common", r#""/""#, "", "s3")
            .replace(r#"{Effect: Deny, Action: "s3:*", Resource: "*"}"#, &statement);
        let plan = planned(&[organization(), document, EMERGENCY.to_owned()], observed());
        assert_eq!(lockouts(&plan), [""; 0], "{statement}");
    }
}

/// The role that palisade enters accounts by is the one that is proved, whatever it is called.
#[test]
fn the_member_role_is_the_one_that_palisade_assumes() {
    let documents = resources(&deny_iam(EXEMPT));
    let mut snapshot = observed().build().unwrap().truth();
    let guards = Guards { max_changes: 100, max_deletes: 10, approved: BTreeSet::new() };
    assert_eq!(lockouts(&plan(&documents, &snapshot, &guards)), [""; 0]);
    if let Part::Known(caller) = &mut snapshot.caller {
        caller.member_role = Some("ops/Palisade".to_owned());
    }
    let plan = plan(&documents, &snapshot, &guards);
    let said = "add `arn:aws:iam::*:role/ops/Palisade` to `except.principals`";
    assert!(lockouts(&plan)[0].contains(said), "{:?}", lockouts(&plan));
    let named = with_spec("governanceRoles: {palisade: [Palisade, \"Pal*\"]}");
    let [_, deny_iam] = deny_iam(EXEMPT);
    let foreseen = forecast(&resources(&[named, deny_iam]));
    assert!(foreseen[0].help.contains("arn:aws:iam::*:role/Palisade"), "{foreseen:?}");
}

/// What `validate` says without AWS, plan by plan.
#[test]
fn what_is_foreseen_without_aws_is_what_is_blocked() {
    let foreseen = |documents: &[String]| forecast(&resources(documents));
    let [found] = &foreseen(&deny_iam(""))[..] else { panic!("one statement") };
    assert!(found.source.as_ref().is_some_and(|source| source.file == "all.yaml"), "{found:?}");
    let plan = planned(&deny_iam(""), observed());
    assert_eq!(lockouts(&plan), [format!("{}; {}", found.message, found.help)]);
    assert_eq!(foreseen(&deny_iam(EXEMPT)), []);
    assert_eq!(foreseen(&[organization(), policy("deny-ec2", r#""/""#, "", "ec2")]), []);
    let accepted =
        with_spec("acceptLockouts: [{probe: member-role, until: 2026-06-01, reason: x}]");
    assert_eq!(foreseen(&[accepted, deny_iam("")[1].clone()]), []);
    let observing = policy("deny-iam", r#""/""#, "mode: observe", "iam");
    assert_eq!(foreseen(&[organization(), observing]), []);
}

/// One account of two is exempt by its id: the other is not.
#[test]
fn accounts_that_a_policy_tells_apart_are_judged_apart() {
    let one = EXEMPT.replace("::*:", "::222222222222:");
    let plan = planned(&deny_iam(&one), observed());
    let message = &plan.blocked[0].message;
    assert!(message.contains("in account 333333333333:"), "{message}");
}
