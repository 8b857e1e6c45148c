//! Times how 1,000 guardrails come to share policies: 40 OUs with 25 each, and all 1,000 on one.
//!
//! ```text
//! cargo bench --bench packing
//! ```
#![expect(clippy::print_stdout, reason = "what a bench prints is its result")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use palisade::compile::{Resources, compile};
use palisade::desired::load;

/// The aim: nobody notices that packing is part of a pass.
const COMPILE_TIME_MAX: Duration = Duration::from_millis(200);
const GUARDRAILS: usize = 1_000;

fn main() {
    let mut too_slow = false;
    for (label, units, slots) in [("25 on each of 40 OUs", 40, 10), ("1,000 on one OU", 1, 60)] {
        let (took, resources) = compiled(units, slots);
        let (packs, alone): (Vec<_>, Vec<_>) =
            resources.policies.values().partition(|policy| !policy.members.is_empty());
        println!(
            "compile, {label:<22} {took:>9.1?}   aim {COMPILE_TIME_MAX:?}   {} shared policies, {} alone",
            packs.len(),
            alone.len()
        );
        too_slow |= took > COMPILE_TIME_MAX;
    }
    assert!(!too_slow, "slower than the aim");
}

/// The best of a few runs: the others measure the neighbours.
fn compiled(units: usize, slots: usize) -> (Duration, Resources) {
    let mut text = String::from(
        "apiVersion: palisade/v1\nkind: Organization\nmetadata: {name: acme}\nspec:\n  \
         organizationId: o-a1b2c3d4e5\n  managementAccountId: \"111111111111\"\n  \
         policyTypes: [SERVICE_CONTROL_POLICY]\n",
    );
    writeln!(text, "  quotas: {{SERVICE_CONTROL_POLICY: {{attached: {slots}}}}}").unwrap();
    text.push_str("  organizationalUnits:\n");
    for unit in 0..units {
        writeln!(text, "    Unit{unit}: {{}}").unwrap();
    }
    for guardrail in 0..GUARDRAILS {
        write!(
            text,
            "---\napiVersion: palisade/v1\nkind: ServiceControlPolicy\nmetadata: {{name: guardrail-{guardrail}}}\n\
             spec:\n  targets: [/Unit{}]\n  document: {{Version: \"2012-10-17\", Statement: \
             [{{Sid: Deny, Effect: Deny, Action: [\"iam:Do{guardrail}\", \"iam:Undo{guardrail}\"], Resource: \"*\", \
             Condition: {{ArnNotLike: {{\"aws:PrincipalArn\": \"arn:aws:iam::*:role/Admin{guardrail}\"}}}}}}]}}\n",
            guardrail % units
        )
        .unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("all.yaml"), text).unwrap();
    let today = "2026-11-22".parse().unwrap();
    let loaded = load(directory.path(), today, palisade::catalog::built_in());
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems.first());
    let desired = loaded.org.unwrap();
    let timed = |_| {
        let start = Instant::now();
        let resources = compile(&desired, today);
        (start.elapsed(), resources)
    };
    (0..5).map(timed).min_by_key(|(took, _)| *took).unwrap()
}
