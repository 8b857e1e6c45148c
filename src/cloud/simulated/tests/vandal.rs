//! What a vandal can do.

use strum::IntoEnumIterator;

use super::{DENY, RCP, SCP, TAG, acme};
use crate::cloud::simulated::{Mischief, MischiefKind, SimulatedCloud, Vandal};
use crate::org::PolicyType;

fn victim() -> SimulatedCloud {
    let service = "guardduty.amazonaws.com";
    acme()
        .enable(RCP)
        .enable(TAG)
        .policy(TAG, "tags", r#"{"tags":{}}"#)
        .attach(TAG, "tags", "/")
        .policy(SCP, "deny-root", DENY)
        .attach(SCP, "deny-root", "/")
        .trust(service)
        .administrator(service, "audit")
        .build()
        .unwrap()
}

#[test]
fn every_kind_of_mischief_can_be_done_and_leaves_its_mark() {
    for kind in MischiefKind::iter() {
        let cloud = victim();
        let mut vandal = Vandal::new(&cloud, "dana", 3);
        if kind == MischiefKind::AttachForeign {
            assert_eq!(vandal.strike_with(&[kind]), None, "there is none yet");
            vandal.strike_with(&[MischiefKind::CreateForeignPolicy]).unwrap();
        }
        let before = cloud.truth();
        let done = vandal.strike_with(&[kind]).unwrap();
        assert_eq!(MischiefKind::from(&done), kind);
        assert_ne!(cloud.truth(), before, "{done}");
    }
}

#[test]
fn a_vandal_is_seen_in_the_history() {
    let cloud = victim();
    let mut vandal = Vandal::new(&cloud, "dana", 3);
    vandal.strike_with(&[MischiefKind::EditPolicy]).unwrap();
    assert_eq!(vandal.who(), "arn:aws:sts::111111111111:assumed-role/dana/dana");
    assert_eq!(cloud.history()[0].who, vandal.who());
}

#[test]
fn the_same_seed_does_the_same_things() {
    let spree = |seed| -> Vec<Option<Mischief>> {
        let mut vandal = Vandal::new(&victim(), "dana", seed);
        (0..30).map(|_| vandal.strike()).collect()
    };
    assert_eq!(spree(1), spree(1));
    assert_ne!(spree(1), spree(2));
}

#[test]
fn whatever_a_vandal_does_every_target_keeps_an_scp_while_they_are_on() {
    for seed in 0..50 {
        let cloud = victim();
        let mut vandal = Vandal::new(&cloud, "dana", seed);
        let kinds: Vec<_> =
            MischiefKind::iter().filter(|kind| *kind != MischiefKind::DisablePolicyType).collect();
        for _ in 0..20 {
            vandal.strike_with(&kinds);
        }
        cloud.inspect(|world| {
            for target in world.all_targets() {
                assert!(world.attached(&target, &PolicyType::service_control()).count() > 0);
            }
        });
    }
}
