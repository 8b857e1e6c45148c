//! Trails of `CloudTrail`, setting by setting.

use std::collections::{BTreeMap, BTreeSet};

use crate::org::{
    EventSelector, FieldSelector, OWNER_TAG, ObjectStep, TrailSettings, TrailState, TrailStep,
};

/// From `before` to `after`. A trail that has been stopped records again before anything else is done: every
/// moment without it is lost for good.
pub(super) fn steps(before: Option<&TrailState>, after: &TrailState) -> Vec<ObjectStep> {
    let created = before.is_none();
    let new = created.then(|| TrailState {
        settings: after.settings.clone(),
        selectors: [EventSelector::management()].into(),
        insights: BTreeSet::new(),
        is_logging: false,
        tags: after.tags.clone(),
        delivery: None,
    });
    let Some(before) = before.or(new.as_ref()) else { return Vec::new() };
    let mut steps = Vec::new();
    if created {
        let (settings, tags) = (after.settings.clone(), after.tags.clone());
        steps.push(TrailStep::Create { settings, tags });
    }
    if after.is_logging && !before.is_logging {
        steps.push(TrailStep::Start);
    }
    if !is_set(&before.settings, &after.settings) {
        steps.push(TrailStep::Update { settings: after.settings.clone() });
    }
    if meaning(&before.selectors) != meaning(&after.selectors) {
        steps.push(TrailStep::PutSelectors { selectors: after.selectors.clone() });
    }
    if before.insights != after.insights {
        steps.push(TrailStep::PutInsights { insights: after.insights.clone() });
    }
    // The mark alone is no reason to write: it comes with the next real change.
    let mut missing = after.tags.clone();
    missing.retain(|key, value| before.tags.get(key) != Some(value));
    if !missing.is_empty() && (!steps.is_empty() || !is_mark(&missing)) {
        steps.push(TrailStep::Tag { tags: missing });
    }
    steps.into_iter().map(ObjectStep::Trail).collect()
}

/// What it has delivered stays where it is.
pub(super) fn remove() -> Vec<ObjectStep> {
    vec![ObjectStep::Trail(TrailStep::Delete)]
}

/// What a change leaves as it is: a key that no document names may be somebody else's, who could stop all reading
/// with it; nobody but a person knows.
pub(super) fn obstacle(before: &TrailState, wanted: &TrailState) -> Option<&'static str> {
    let is_unnamed = wanted.settings.kms_key.is_none() && before.settings.kms_key.is_some();
    is_unnamed.then_some(UNNAMED_KEY)
}

/// Why only a person decides about a key that no document names.
pub(super) const UNNAMED_KEY: &str = "it encrypts with a KMS key that the document does not name, and whoever owns that key can stop all reading: write its ARN into `archive.kmsKey` if it is yours; if not, take it off by hand, and find out who put it there";

/// Why it changes only with approval, if it does.
pub(super) fn danger(before: &TrailState, after: &TrailState) -> Option<&'static str> {
    let is_ours = before.tags.contains_key(OWNER_TAG);
    let everything = EventSelector::management();
    let records_all = |trail: &TrailState| meaning(&trail.selectors).contains(&everything.fields);
    // Nobody uses one that is stopped; and whoever takes our mark off a trail that he stops must not win time.
    if !is_ours && before.is_logging && before.settings.bucket != after.settings.bucket {
        Some("the trail is somebody else's so far, and would deliver to another bucket")
    } else if records_all(before) && !records_all(after) {
        Some("management events that are recorded now would not be recorded any more")
    } else if before.settings.validates_files && !after.settings.validates_files {
        Some("nobody could tell any more whether log files were changed")
    } else {
        None
    }
}

/// Why it has to be changed, in the words of whoever is woken by it.
pub(super) fn reason(before: &TrailState, after: &TrailState) -> String {
    if before.is_logging || !after.is_logging {
        return "it differs".to_owned();
    }
    match before.delivery.as_ref().and_then(|delivery| delivery.stopped) {
        Some(stopped) => format!("it does not record: stopped at {stopped}"),
        None => "it does not record".to_owned(),
    }
}

fn is_set(before: &TrailSettings, after: &TrailSettings) -> bool {
    let TrailSettings { bucket, prefix, kms_key, covers, validates_files } = after;
    before.bucket == *bucket
        && before.prefix == *prefix
        && (kms_key.is_none() || before.kms_key == *kms_key)
        && before.covers == *covers
        && before.validates_files == *validates_files
}

/// Names of selectors mean nothing, and several may say the same.
fn meaning(selectors: &BTreeSet<EventSelector>) -> BTreeSet<&BTreeSet<FieldSelector>> {
    selectors.iter().map(|selector| &selector.fields).collect()
}

fn is_mark(tags: &BTreeMap<String, String>) -> bool {
    tags.keys().all(|key| key.starts_with("palisade:"))
}

#[cfg(test)]
mod tests {
    use super::{danger, obstacle, reason, steps};
    use crate::org::{
        EventSelector, FieldSelector, TrailCover, TrailDelivery, TrailSettings, TrailState,
    };

    fn trail() -> TrailState {
        TrailState {
            settings: TrailSettings {
                bucket: "acme-logs".into(),
                prefix: None,
                kms_key: None,
                covers: [TrailCover::Organization, TrailCover::Regions].into(),
                validates_files: true,
            },
            selectors: [EventSelector::management()].into(),
            insights: ["ApiCallRateInsight".to_owned()].into(),
            is_logging: true,
            tags: [("palisade:owner".to_owned(), "acme".to_owned())].into(),
            delivery: None,
        }
    }

    fn check(before: Option<&TrailState>, after: &TrailState, expect: &[&str]) {
        let found: Vec<String> = steps(before, after).iter().map(ToString::to_string).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn a_missing_trail_is_created_and_records_at_once() {
        check(None, &trail(), &["create", "start logging", "write insight selectors"]);
    }

    #[test]
    fn a_trail_that_is_right_needs_nothing() {
        let mut named = trail();
        let selector = EventSelector { name: Some("mine".into()), ..EventSelector::management() };
        named.selectors = [selector].into();
        let mut encrypted = trail();
        encrypted.settings.kms_key = Some("arn:aws:kms:eu-west-1:2:key/1".into());
        let delivered = TrailState { delivery: Some(TrailDelivery::default()), ..trail() };
        let unmarked = TrailState { tags: [].into(), ..trail() };
        for before in [trail(), named, encrypted, delivered, unmarked] {
            check(Some(&before), &trail(), &[]);
        }
    }

    #[test]
    fn a_stopped_trail_records_before_anything_else_is_mended() {
        let writes = FieldSelector::equals("readOnly", ["false"]);
        let mut before = TrailState { is_logging: false, insights: [].into(), ..trail() };
        before.selectors = before
            .selectors
            .into_iter()
            .map(|mut selector| {
                selector.fields.insert(writes.clone());
                selector
            })
            .collect();
        before.settings.bucket = "elsewhere".into();
        let expect =
            ["start logging", "write settings", "write event selectors", "write insight selectors"];
        check(Some(&before), &trail(), &expect);
        assert_eq!(reason(&before, &trail()), "it does not record");
        let stopped = Some("2026-11-25T10:00:00Z".parse().unwrap());
        before.delivery = Some(TrailDelivery { stopped, ..TrailDelivery::default() });
        let expect = "it does not record: stopped at 2026-11-25T10:00:00Z";
        assert_eq!(reason(&before, &trail()), expect);
    }

    #[test]
    fn a_key_that_no_document_names_is_told() {
        let mut before = trail();
        before.settings.kms_key = Some("arn:aws:kms:eu-west-1:666666666666:key/evil".into());
        assert_eq!(obstacle(&before, &trail()).iter().count(), 1);
        assert_eq!(obstacle(&trail(), &trail()).iter().count(), 0);
    }

    #[test]
    fn recording_less_needs_approval() {
        let check = |change: fn(&mut TrailState), is_dangerous: bool| {
            let mut after = trail();
            change(&mut after);
            assert_eq!(danger(&trail(), &after).is_some(), is_dangerous, "{after:?}");
        };
        check(|_| {}, false);
        check(|trail| trail.selectors.clear(), true);
        check(|trail| trail.settings.validates_files = false, true);
        check(|trail| trail.settings.bucket = "acme-other".into(), false);
        check(|trail| trail.insights.clear(), false);
    }

    #[test]
    fn a_trail_of_somebody_else_is_redirected_only_with_approval() {
        let mut theirs = trail();
        theirs.tags.clear();
        assert!(danger(&theirs, &trail()).is_none());
        theirs.settings.bucket = "their-logs".into();
        assert!(danger(&theirs, &trail()).is_some());
        theirs.is_logging = false;
        assert!(danger(&theirs, &trail()).is_none(), "a stopped one records again at once");
        let mut turned = trail();
        turned.settings.bucket = "their-logs".into();
        assert!(danger(&turned, &trail()).is_none(), "what is ours is healed at once");
    }
}
