//! `BreakGlassRole`: rules in the emergency account that tell of every sign-in and every use.
//!
//! Every way in begins in the emergency account, and `CloudTrail` records there who assumed which role, or tried
//! to; so rules in that account hear of everything without one in every account.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::compile::objects::break_glass::document;
use crate::compile::objects::{ObjectRule, Spread};
use crate::desired::{DesiredBreakGlass, EmergencyAlerts};
use crate::org::{EventRuleState, EventTarget, Mark, ObjectKind, ObjectState, Region, RoleState};
use crate::policy;

/// `AssumeRole` only reads, and a rule that is merely `ENABLED` hears of no call that only reads
/// ("Rules for AWS service events delivered via CloudTrail", EventBridge User Guide).
const STATE: &str = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";

/// The inline policy of the role that delivers.
const DELIVER: &str = "deliver-alerts";

const SESSION_SECONDS: u32 = 3_600;

/// The objects that a document wants so that its use is told.
pub(super) fn rules(desired: &DesiredBreakGlass, mark: &Mark) -> Vec<ObjectRule> {
    let Some(alerts) = &desired.alerts else { return Vec::new() };
    let rule = |region: Option<&String>, kind, name: String, state| ObjectRule {
        document: desired.header.document.clone(),
        mark: mark.clone(),
        spread: Spread::Account(desired.emergency_account.clone()),
        region: region.map(|region| Region::new(region)),
        kind,
        name,
        state,
    };
    let listeners = alerts.regions.iter().map(|region| {
        let listener = ObjectState::EventRule(listener(desired, alerts, region, mark));
        rule(Some(region), ObjectKind::EventRule, desired.alert_rule_name(), listener)
    });
    let delivered: BTreeSet<&String> = alerts
        .regions
        .iter()
        .flat_map(|region| alerts.targets_in(region).filter(|arn| needs_role(desired, arn)))
        .collect();
    let courier = (!delivered.is_empty()).then(|| {
        let courier = ObjectState::Role(courier(desired, &delivered, mark));
        rule(None, ObjectKind::Role, desired.alert_role_name(), courier)
    });
    courier.into_iter().chain(listeners).collect()
}

fn listener(
    desired: &DesiredBreakGlass,
    alerts: &EmergencyAlerts,
    region: &str,
    mark: &Mark,
) -> EventRuleState {
    let role = |arn: &String| {
        let account = &desired.emergency_account;
        // The partition is the target's own.
        let partition = arn.split(':').nth(1).unwrap_or("aws");
        let name = desired.alert_role_name();
        needs_role(desired, arn).then(|| format!("arn:{partition}:iam::{account}:role/{name}"))
    };
    let target = |(number, arn): (usize, &String)| {
        let target = EventTarget { arn: arn.clone(), role: role(arn), is_rewritten: false };
        (format!("target-{}", number + 1), target)
    };
    EventRuleState {
        description: mark.describe("Tells of every sign-in and every use of emergency access."),
        pattern: policy::minify(&desired.alert_pattern()),
        state: STATE.to_owned(),
        targets: alerts.targets_in(region).enumerate().map(target).collect(),
        tags: mark.tags(),
    }
}

/// `EventBridge` needs a role to deliver to an event bus, and to anything in another account
/// ("Amazon EventBridge targets").
fn needs_role(desired: &DesiredBreakGlass, arn: &str) -> bool {
    let mut parts = arn.split(':').skip(2);
    let (service, account) = (parts.next(), parts.nth(1));
    service == Some("events") || account != Some(desired.emergency_account.as_str())
}

/// The role with which `EventBridge` delivers.
fn courier(desired: &DesiredBreakGlass, targets: &BTreeSet<&String>, mark: &Mark) -> RoleState {
    let account = desired.emergency_account.as_str();
    let trust = json!({
        "Sid": "EventBridge",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    });
    let mut by_action: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
    for arn in targets {
        let action = match arn.split(':').nth(2) {
            Some("sns") => "sns:Publish",
            Some("sqs") => "sqs:SendMessage",
            Some("lambda") => "lambda:InvokeFunction",
            Some(_) | None => "events:PutEvents",
        };
        by_action.entry(action).or_default().insert(arn);
    }
    let statements: Vec<Value> = by_action
        .into_iter()
        .map(|(action, arns)| json!({"Effect": "Allow", "Action": action, "Resource": arns}))
        .collect();
    RoleState {
        path: "/".to_owned(),
        description: mark.describe("Delivers alerts on the use of emergency access."),
        max_session_seconds: SESSION_SECONDS,
        trust: document(&[trust]),
        inline: BTreeMap::from([(DELIVER.to_owned(), document(&statements))]),
        attached: BTreeSet::new(),
        boundary: None,
        tags: mark.tags(),
    }
}
