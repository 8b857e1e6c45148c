//! Is it recorded at all when somebody uses emergency access? `EventBridge` hears of calls from a trail that records
//! them, and of nothing without ("Events from AWS services", EventBridge User Guide): rules alone tell nobody.

use crate::compile::Estate;
use crate::org::{
    EventSelector, FieldSelector, ObjectKind, ObjectState, OrgSnapshot, Part, TrailCover,
    TrailState,
};
use crate::readiness::{Check, Verdict};

/// Whether one of the trails that documents declare records it; nothing where none is declared, of which
/// `palisade validate` warns.
pub(super) fn check(estate: &Estate, snapshot: &OrgSnapshot) -> Option<Check> {
    let trails = estate.objects.keys().filter(|key| key.kind == ObjectKind::Trail);
    let verdicts: Vec<Verdict> = trails
        .map(|key| match snapshot.objects.get(key) {
            Some(Part::Known(Some(ObjectState::Trail(trail)))) => verdict(&key.name, trail),
            Some(Part::Known(_)) => {
                Verdict::Fails(format!("the trail {} does not exist", key.name))
            }
            Some(Part::Unknown(why)) => Verdict::Unknown(why.to_string()),
            None => Verdict::Unknown("it was not read".to_owned()),
        })
        .collect();
    let best = verdicts.iter().find(|verdict| **verdict == Verdict::Holds);
    let best =
        best.or_else(|| verdicts.iter().find(|verdict| matches!(verdict, Verdict::Unknown(_))));
    let verdict = best.or(verdicts.first())?.clone();
    Some(Check { subject: "the record of its use".to_owned(), verdict })
}

fn verdict(name: &str, trail: &TrailState) -> Verdict {
    let lacking = if !trail.is_logging {
        "does not record"
    } else if !trail.settings.covers.contains(&TrailCover::Organization) {
        "does not cover the organization"
    } else if !trail.settings.covers.contains(&TrailCover::Regions) {
        "does not cover every Region"
    } else if !trail.selectors.iter().any(takes_every_call) {
        "does not record management events that only read, and `AssumeRole` is one"
    } else {
        return Verdict::Holds;
    };
    Verdict::Fails(format!("the trail {name} {lacking}, so that nobody would be told"))
}

/// Does a selector let every management event through, but for services that are left out?
fn takes_every_call(selector: &EventSelector) -> bool {
    let narrows = |field: &FieldSelector| field.field == "readOnly";
    EventSelector::management().fields.is_subset(&selector.fields)
        && !selector.fields.iter().any(narrows)
}

#[cfg(test)]
mod tests {
    use super::verdict;
    use crate::org::{EventSelector, FieldSelector, TrailCover, TrailSettings, TrailState};
    use crate::readiness::Verdict;

    fn trail() -> TrailState {
        TrailState {
            settings: TrailSettings {
                bucket: "logs".to_owned(),
                prefix: None,
                kms_key: None,
                covers: [TrailCover::Organization, TrailCover::Regions].into(),
                validates_files: true,
            },
            selectors: [EventSelector::management()].into(),
            insights: [].into(),
            is_logging: true,
            tags: [].into(),
            delivery: None,
        }
    }

    #[test]
    fn a_trail_that_misses_the_use_of_a_role_tells_nobody() {
        assert_eq!(verdict("trail", &trail()), Verdict::Holds);
        let stopped = TrailState { is_logging: false, ..trail() };
        let (mut small, mut narrow) = (trail(), trail());
        small.settings.covers.remove(&TrailCover::Organization);
        let mut writes = EventSelector::management();
        writes.fields.insert(FieldSelector::equals("readOnly", ["false"]));
        narrow.selectors = [writes].into();
        for (trail, why) in
            [(stopped, "not record"), (small, "the organization"), (narrow, "`AssumeRole` is one")]
        {
            let Verdict::Fails(said) = verdict("trail", &trail) else { panic!("{why}") };
            assert!(said.contains(why), "{said}");
        }
    }
}
