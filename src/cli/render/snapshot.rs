//! An observed organization in a few lines: how big it is, and what is switched on.

use std::collections::BTreeMap;

use crate::cli::render::paint::{counted, inert};
use crate::org::{OrgSnapshot, Part, PolicyType};

/// What there is, part by part.
pub(crate) fn snapshot_text(snapshot: &OrgSnapshot) -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |name: &str, text: String| lines.push((name.to_owned(), text));
    line("caller", told(&snapshot.caller, |caller| inert(&caller.arn)));
    line(
        "organization",
        told(&snapshot.organization, |organization| {
            let features =
                if organization.all_features { "" } else { ", consolidated billing only" };
            format!("{}, managed by {}{features}", organization.id, organization.management_account)
        }),
    );
    line(
        "accounts and OUs",
        told(&snapshot.tree, |tree| {
            let accounts = counted(tree.accounts.len(), "account");
            format!("{accounts} in {}", counted(tree.units.len(), "OU"))
        }),
    );
    line(
        "policy types enabled",
        told(&snapshot.root, |root| {
            let types: Vec<&str> = root.policy_types.keys().map(PolicyType::as_str).collect();
            types.join(", ")
        }),
    );
    for (policy_type, part) in &snapshot.policies {
        line(
            policy_type.as_str(),
            told(part, |policies| {
                let own = policies.values().filter(|policy| !policy.aws_managed);
                let own: Vec<usize> = own
                    .filter_map(|policy| policy.targets.known())
                    .map(std::collections::BTreeSet::len)
                    .collect();
                let attachments = counted(own.iter().sum(), "attachment");
                format!("{} with {attachments}", policies_of_customers(own.len()))
            }),
        );
    }
    line(
        "trusted services",
        told(&snapshot.trusted_services, |services| services.len().to_string()),
    );
    let administrators: BTreeMap<&String, usize> = snapshot
        .delegated_administrators
        .iter()
        .filter_map(|(service, part)| Some((service, part.known()?.len())))
        .filter(|(_, count)| *count > 0)
        .collect();
    line("delegated services", administrators.len().to_string());
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines: Vec<String> =
        lines.iter().map(|(name, text)| format!("{name:<width$}  {text}\n")).collect();
    lines.concat()
}

fn policies_of_customers(count: usize) -> String {
    if count == 1 { "1 policy".to_owned() } else { format!("{count} policies") }
}

fn told<T>(part: &Part<T>, tell: impl Fn(&T) -> String) -> String {
    match part {
        Part::Known(value) => tell(value),
        Part::Unknown(why) => format!("not known: {}", inert(&why.to_string())),
    }
}
