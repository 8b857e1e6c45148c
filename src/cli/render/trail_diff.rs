//! What a change does to a trail, setting by setting.

use crate::cli::render::diff::Line;
use crate::cli::render::object_diff::{field, members};
use crate::org::{TrailCover, TrailState};

pub(super) fn trail_lines(before: Option<&TrailState>, after: Option<&TrailState>) -> Vec<Line> {
    let text = |of: fn(&TrailState) -> String| (before.map(of), after.map(of));
    let mut lines = field("records", text(|trail| yes_or_no(trail.is_logging)));
    lines.extend(field("bucket", text(|trail| trail.settings.bucket.clone())));
    lines.extend(field("prefix", text(|trail| trail.settings.prefix.clone().unwrap_or_default())));
    // A key that nobody asks for stays.
    if after.is_none_or(|after| after.settings.kms_key.is_some()) {
        let key = |trail: &TrailState| trail.settings.kms_key.clone().unwrap_or_default();
        lines.extend(field("KMS key", text(key)));
    }
    lines.extend(field("covers", text(covers)));
    let validation = |trail: &TrailState| yes_or_no(trail.settings.validates_files);
    lines.extend(field("log file validation", text(validation)));
    lines.extend(members("events", before, after, |trail| {
        trail.selectors.iter().map(ToString::to_string).collect()
    }));
    lines.extend(members("insight", before, after, |trail| trail.insights.clone()));
    lines
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

fn covers(trail: &TrailState) -> String {
    let words = trail.settings.covers.iter().map(|cover| match cover {
        TrailCover::Organization => "every account",
        TrailCover::Regions => "every Region",
        TrailCover::GlobalServices => "global services",
    });
    let words: Vec<&str> = words.collect();
    if words.is_empty() { "one account and Region".to_owned() } else { words.join(", ") }
}
