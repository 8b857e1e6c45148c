//! The files of the catalogue, embedded: the binary needs nothing beside it.

macro_rules! guardrails {
    ($($id:literal),+ $(,)?) => {
        /// The text of every entry.
        pub(crate) const GUARDRAILS: &[&str] =
            &[$(include_str!(concat!("guardrails/", $id, ".yaml"))),+];
    };
}

guardrails![
    "deny-account-settings-change",
    "deny-break-glass-access-keys",
    "deny-iam-users-and-keys",
    "deny-leave-organization",
    "deny-region-opt-in-change",
    "deny-root-access-keys",
    "deny-root-user",
    "deny-vpc-flow-log-deletion",
    "protect-access-analyzer",
    "protect-alert-routing",
    "protect-break-glass-roles",
    "protect-cloudtrail",
    "protect-config",
    "protect-governance-roles",
    "protect-guardduty",
    "protect-identity-providers",
    "protect-log-archive",
    "protect-security-hub",
    "region-allow-list",
];
