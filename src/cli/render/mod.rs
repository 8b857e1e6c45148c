//! How things look: the only place that formats or colours.

mod applied;
mod bucket_diff;
mod catalog;
mod coverage_html;
mod coverage_text;
mod diff;
mod drill;
mod explanation;
mod object_diff;
mod object_fields;
mod packed;
mod paint;
mod plan_markdown;
mod plan_text;
mod problems;
mod replayed;
mod snapshot;
mod stack_set_diff;
mod status;
mod story;
mod tests_junit;
mod tests_text;
mod trail_diff;
mod words;

pub(crate) use crate::cli::render::applied::{applied_line, moved_text, outcome_line};
pub(crate) use crate::cli::render::catalog::{
    administrators, bound_text, catalog_text, commented, guardrail_text, profile_text,
};
pub(crate) use crate::cli::render::coverage_html::coverage_html;
pub(crate) use crate::cli::render::coverage_text::coverage_text;
pub(crate) use crate::cli::render::diff::Extent;
pub(crate) use crate::cli::render::drill::drill_text;
pub(crate) use crate::cli::render::explanation::explanation_text;
pub(crate) use crate::cli::render::paint::{Paint, counted};
pub(crate) use crate::cli::render::plan_markdown::plan_markdown;
pub(crate) use crate::cli::render::plan_text::plan_text;
pub(crate) use crate::cli::render::problems::{explanation, problems_json, problems_text};
pub(crate) use crate::cli::render::replayed::{replayed_markdown, replayed_text};
pub(crate) use crate::cli::render::snapshot::snapshot_text;
pub(crate) use crate::cli::render::status::status_text;
pub(crate) use crate::cli::render::story::{story_line, welcome_text};
pub(crate) use crate::cli::render::tests_junit::tests_junit;
pub(crate) use crate::cli::render::tests_text::{tests_json, tests_text};
pub(crate) use crate::cli::render::words::Effect;
